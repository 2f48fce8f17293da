#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The Debian package, and the lines of the README for each engine: installed and executed as they stand there, with /usr, /etc and /var
# covered by overlays, so that nothing reaches the machine. The engines are those of the machine, with their own configuration.
. "${0%/*}/lib.sh"

DEB=${DEB:-$(compgen -G "$BUILD/husk_*.deb" || true)}

setup() {
	is_husk || skip "it is husk's package"
	[ -e "$DEB" ] || fail "there is no package: make deb"
	local d
	mkdir "$S/over"
	mount -t tmpfs tmpfs "$S/over"
	for d in usr etc var; do
		mkdir -p "$S/over/$d" "$S/over/$d.work"
		mount -t overlay overlay -o "lowerdir=/$d,upperdir=$S/over/$d,workdir=$S/over/$d.work" "/$d"
	done
	mkdir -p /var/lib/{containerd,containers,docker}
	for d in containerd containers docker; do mount -t tmpfs tmpfs "/var/lib/$d"; done
	trap_end finish
	rm -f /usr/bin/husk /usr/local/bin/husk
	dpkg --install --force-confnew "$DEB" >dpkg.log 2>&1
	# what this machine needs beyond the README: no limit above the caller's own, none without a controller
	printf '[containers]\npids_limit = 0\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n' >/etc/containers/containers.conf.d/00-here.conf
}
finish() {
	local status=$? p
	trap - EXIT ERR
	set +e
	end_daemons
	sleep 0.5
	for p in /var/lib/containerd /var/lib/containers /var/lib/docker /var /etc /usr "$S/over"; do
		umount -l "$p"
	done 2>/dev/null
	umount /run/netns 2>/dev/null
	rm -rf "$S"/tmp/*
	exit $status
}
# the lines of the README's block NAME
lines_of() { # NAME
	awk -v mark="<!-- tested: $1 -->" '$0 == mark { on = 1; next } on && /^```/ { if (inside) exit; inside = 1; next } inside' "$TOP/README.md"
}
executed() { # NAME: prints what its lines print
	local lines
	lines=$(lines_of "$1")
	[ -n "$lines" ] || fail "the README has no lines for $1"
	bash -e -c "$lines" 2>"$S/err"
}

test_deb() {
	setup
	equal status 'install ok installed' "$(dpkg-query -Wf '${Status}' husk)"
	contains "$(/usr/bin/husk --version)" "husk version $(dpkg-query -Wf '${Version}' husk)"
	[ -e /usr/libexec/husk/husk-scope ] && [ -e /usr/share/man/man8/husk.8.gz ] || fail "files are missing"
	# it works, and finds its programs where they are
	bundle
	args /bin/echo packaged
	equal output packaged "$(/usr/bin/husk --root "$ROOT" run --bundle "$B" "$ID")"
	grep -qa /usr/libexec/husk /usr/bin/husk
	# every library is named
	lacks "$(ldd /usr/libexec/husk/*)" 'not found'
	(cd / && md5sum --quiet -c /var/lib/dpkg/info/husk.md5sums)
	dpkg --purge husk >>dpkg.log 2>&1
	[ ! -e /usr/bin/husk ] && [ ! -e /usr/libexec/husk ] && [ ! -e /etc/containers/containers.conf.d/50-husk.conf ] || fail "something stayed"
}
test_lines_for_podman() {
	setup
	podman --storage-driver vfs import -q "$IMAGES/rootfs.tar" busybox >/dev/null
	export STORAGE_DRIVER=vfs
	contains "$(executed podman)" hello
	equal "known by name" husk "$(podman --runtime husk info --format '{{.Host.OCIRuntime.Name}}')"
}
test_lines_for_containerd() {
	setup
	printf 'version = 2\noom_score = 0\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n' >/etc/containerd/config.toml
	daemon containerd containerd
	eventually 30 ctr version
	ctr image import "$IMAGES/box.tar" >/dev/null
	ctr image tag localhost/box:latest localhost/busybox:latest >/dev/null
	contains "$(executed containerd)" hello
}
test_lines_for_docker() {
	setup
	rm -f /etc/docker/daemon.json
	executed docker-configuration
	daemon dockerd dockerd --storage-driver vfs
	eventually 60 docker version
	docker import "$IMAGES/rootfs.tar" busybox >/dev/null
	contains "$(executed docker)" hello
	contains "$(docker info --format '{{json .Runtimes}}')" /usr/bin/husk
}
test_lines_for_kubernetes() {
	setup
	printf 'version = 2\n' >/etc/containerd/config.toml
	executed kubernetes >dump
	contains "$(cat dump)" 'BinaryName = "/usr/bin/husk"'
	# what kubectl would be given names the handler that containerd has
	grep -q '^handler: husk$' /usr/share/doc/husk/examples/runtimeclass.yaml
}

run_tests "$@"
