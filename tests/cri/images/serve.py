#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A registry to pull from, on 127.0.0.1, of what make.py wrote; any repository finds any blob:   serve.py DIR PORT"""
import json
import os
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DIR, PORT = sys.argv[1], int(sys.argv[2])
with open(DIR + '/tags.json') as f:
    TAGS = json.load(f)


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        path = self.path.split('?')[0]
        if path == '/v2/':
            return self.answer(200, b'{}', 'application/json')
        m = re.fullmatch(r'/v2/(.+)/(manifests|blobs)/([^/]+)', path)
        if not m:
            return self.answer(404, b'', 'text/plain')
        repo, kind, ref = m.groups()
        digest = ref if ref.startswith('sha256:') else TAGS.get(f'{repo}:{ref}')
        if not digest or not os.path.exists(f'{DIR}/blobs/{digest}'):
            return self.answer(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}', 'application/json')
        with open(f'{DIR}/blobs/{digest}', 'rb') as f:
            typ = 'application/vnd.oci.image.manifest.v1+json' if kind == 'manifests' else 'application/octet-stream'
            self.answer(200, f.read(), typ, digest)

    do_HEAD = do_GET

    def answer(self, code, data, typ, digest=None):
        self.send_response(code)
        self.send_header('Content-Type', typ)
        self.send_header('Content-Length', str(len(data)))
        if digest:
            self.send_header('Docker-Content-Digest', digest)
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(data)

    def log_message(self, form, *args):
        print(form % args, flush=True)


ThreadingHTTPServer(('127.0.0.1', PORT), Handler).serve_forever()
