#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Images of our own making under the names that critest 1.36 pulls:   make.py PARTS DIR

PARTS: the programs pause, nnp and tools, and what the Debian packages busybox-static, busybox and nginx unpack to. Writes
DIR/blobs/DIGEST and DIR/tags.json {"repository:tag": digest}, for serve.py."""
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile

PARTS, OUT = sys.argv[1:]
BUSYBOX, SHELL = PARTS + '/busybox-static/bin/busybox', PARTS + '/busybox/bin/busybox'
NGINX = PARTS + '/nginx'
LIBDIR = 'lib/x86_64-linux-gnu'
TOOLS, E2E = 'k8s-staging-cri-tools/', 'e2e-test-images/'
PASSWD = (b'root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\n'
          b'www-data:x:33:33:www-data:/var/www:/bin/false\nnobody:x:65534:65534:nobody:/home:/bin/false\n')
GROUP = b'root:x:0:\ndaemon:x:1:\nwww-data:x:33:\nnobody:x:65534:\n'
tags = {}


def say(*cmd, **env):
    return subprocess.run(cmd, stdout=subprocess.PIPE, text=True, check=True, env={**os.environ, **env}).stdout


def blob(data):
    digest = 'sha256:' + hashlib.sha256(data).hexdigest()
    with open(f'{OUT}/blobs/{digest}', 'wb') as f:
        f.write(data)
    return {'digest': digest, 'size': len(data)}


class Layer:
    def __init__(self):
        self.buf = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.buf, mode='w', format=tarfile.PAX_FORMAT)

    def add(self, name, data=b'', mode=0o644, typ=tarfile.REGTYPE, link=''):
        i = tarfile.TarInfo(name)
        i.mode, i.type, i.linkname, i.size = mode, typ, link, len(data)
        self.tar.addfile(i, io.BytesIO(data))

    def dirs(self, *names, mode=0o755):
        for n in names:
            self.add(n, mode=mode, typ=tarfile.DIRTYPE)

    def program(self, name, path, mode=0o755):
        with open(path, 'rb') as f:
            self.add(name, f.read(), mode)

    def libraries(self, program, *path):
        """what PROGRAM is linked with, from the folders PATH first, then from this machine"""
        for line in say('ldd', program, LD_LIBRARY_PATH=':'.join(path)).splitlines():
            w = line.split()
            lib = w[2] if '=>' in w else w[0]
            if lib.startswith('/'):
                name = os.path.basename(lib)
                self.program(('lib64/' if name.startswith('ld-linux') else LIBDIR + '/') + name, lib)
            elif 'not' in w:
                sys.exit(f'make.py: {program}: {line.strip()}')

    def done(self):
        self.tar.close()
        return self.buf.getvalue()


def image(names, layers, **config):
    config.setdefault('Env', ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'])
    oci = 'application/vnd.oci.image.'
    conf = {'architecture': 'amd64', 'os': 'linux', 'config': config,
            'rootfs': {'type': 'layers', 'diff_ids': ['sha256:' + hashlib.sha256(x).hexdigest() for x in layers]}}
    manifest = {'schemaVersion': 2, 'mediaType': oci + 'manifest.v1+json',
                'config': {'mediaType': oci + 'config.v1+json', **blob(json.dumps(conf).encode())},
                'layers': [{'mediaType': oci + 'layer.v1.tar+gzip', **blob(gzip.compress(x, 6, mtime=0))} for x in layers]}
    digest = blob(json.dumps(manifest).encode())['digest']
    for n in names:
        tags[n] = digest


def base(passwd=PASSWD, group=GROUP):
    l = Layer()
    l.dirs('bin', 'etc', 'dev', 'proc', 'sys', 'root', 'home', 'usr', 'usr/bin', 'usr/sbin', 'usr/share', 'var', 'var/run',
           'var/log', 'var/www', 'var/lib', 'mnt', 'run', 'lib64', 'lib', LIBDIR)
    l.dirs('tmp', mode=0o1777)
    l.program('bin/busybox', BUSYBOX)
    # hard links, so that a path which the runtime masks takes away that one applet
    for a in say(BUSYBOX, '--list').split():
        if a not in ('busybox', 'sh'):
            l.add('bin/' + a, typ=tarfile.LNKTYPE, link='bin/busybox', mode=0o755)
    # busybox-static's shell runs its own applets whatever PATH and the file system say; that of package busybox does not
    l.program('bin/sh', SHELL)
    l.libraries(SHELL)
    l.program('bin/brctl', PARTS + '/tools')
    for a in ('ipcs', 'pgrep'):
        l.add('bin/' + a, typ=tarfile.LNKTYPE, link='bin/brctl', mode=0o755)
    l.add('etc/passwd', passwd)
    l.add('etc/group', group)
    return l.done()


def one(name, data=b'x\n', mode=0o644):
    l = Layer()
    l.add(name, data, mode)
    return l.done()


def program(name, mode=0o755):
    l = Layer()
    l.program(name, f'{PARTS}/{name}', mode)
    return l.done()


def nginx(port):
    l = Layer()
    l.dirs('etc/nginx', 'usr/share/nginx', 'usr/share/nginx/html', 'var/log/nginx', 'var/lib/nginx')
    l.dirs(*('var/lib/nginx/' + s for s in ('body', 'fastcgi', 'proxy', 'scgi', 'uwsgi')), mode=0o777)
    l.program('usr/sbin/nginx', NGINX + '/usr/sbin/nginx')
    l.libraries(NGINX + '/usr/sbin/nginx', f'{NGINX}/usr/{LIBDIR}', f'{NGINX}/{LIBDIR}')
    l.add('etc/nginx/nginx.conf', b'''user www-data;
worker_processes 1;
pid /var/run/nginx.pid;
error_log /dev/stderr;
events { worker_connections 64; }
http { access_log /dev/stdout; server { listen %d; location / { root /usr/share/nginx/html; index index.html; } } }
''' % port)
    l.add('usr/share/nginx/html/index.html', b'<html>self-made nginx image</html>\n')
    return l.done()


os.makedirs(OUT + '/blobs', exist_ok=True)
B = base()
image([E2E + 'busybox:1.29-2'], [B], Cmd=['sh'])
P = program('pause')
image(['pause:3.10.2'], [P], Entrypoint=['/pause'], User='65535:65535')
image(['pause:3.9'], [P, one('v', b'3.9\n')], Entrypoint=['/pause'], User='65535:65535')
image([E2E + 'nonewprivs:1.3'], [program('nnp', 0o4755)], Entrypoint=['/nnp'])
image([E2E + 'nginx:1.14-2'], [B, nginx(80)], Cmd=['nginx', '-g', 'daemon off;'])
image([TOOLS + 'hostnet-nginx-amd64:latest'], [B, nginx(12003)], Cmd=['nginx', '-g', 'daemon off;'])
image([E2E + 'httpd:2.4.39-4'], [B, one('var/www/index.html', b'It works\n')],
      Cmd=['sh', '-c', 'echo httpd: starting; exec httpd -f -v -p 80 -h /var/www'])
# for the image service
image([TOOLS + 'test-image-latest:latest'], [B, one('latest')], Cmd=['sh'])
for t in ('test', 'all'):
    image([TOOLS + 'test-image-tag:' + t], [B, one(t)], Cmd=['sh'])
image([TOOLS + f'test-image-tags:{i}' for i in (1, 2, 3)], [B, one('tags')], Cmd=['sh'])
for i in (1, 2, 3):
    image([TOOLS + f'test-image-{i}:latest'], [B, one(str(i))], Cmd=['sh'])
for n, u in (('uid', '1002'), ('username', 'www-data'), ('uid-group', '1003:1003'), ('username-group', 'www-data:www-data')):
    image([TOOLS + f'test-image-user-{n}:latest'], [B], Cmd=['sh'], User=u)
image([TOOLS + 'test-image-predefined-group:latest'],
      [base(PASSWD + b'default-user:x:1000:1000::/home:/bin/sh\n',
            GROUP + b'default-user:x:1000:\ngroup-defined-in-image:x:50000:default-user\n')], Cmd=['sh'], User='1000')
with open(OUT + '/tags.json', 'w') as f:
    json.dump(tags, f, indent=1)
print(len(tags), 'names,', sum(os.path.getsize(f'{OUT}/blobs/{b}') for b in os.listdir(OUT + '/blobs')), 'bytes')
