#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# docker: dockerd with the runtime as its default, and a containerd of its own, both started by the test.
. "${0%/*}/lib.sh"
# shellcheck source=tests/engines/client.sh
. "${0%/*}/client.sh"
INIT=docker-init BUILD_WITH=()
export DOCKER_BUILDKIT=0

setup() {
	needs dockerd docker containerd iptables
	local name
	name=$(basename "$RUNTIME")
	mkdir "$S/docker"
	# runc is the name of a runtime that docker has by itself
	jq -n --arg n "$name" --arg p "$RUNTIME" --arg id "$ID" '{"data-root": "/d/root", "exec-root": "/d/run", "pidfile": "/d/pid", "cgroup-parent": "/\($id)",
		"hosts": ["unix:///d/sock"], "containerd": "", "storage-driver": "overlay2", "userland-proxy": false,
		"exec-opts": ["native.cgroupdriver=\(if env.LANE == "vm-systemd" then "systemd" else "cgroupfs" end)"], "default-runtime": $n}
		| if .["exec-opts"][0] == "native.cgroupdriver=systemd" then .["cgroup-parent"] = "\($id).slice" else . end
		| if $n == "runc" then . else .runtimes = {($n): {path: $p}} end' >daemon.json
	# paths of sockets are short, those of the scratch directory are not
	DIR=$(mktemp -d /run/dk.XXXX)
	CLIENT=(docker --config "$S/client" --host "unix://$DIR/sock")
	sed -i "s|/d/|$DIR/|g; /\"containerd\"/d" daemon.json
	trap_end finish
	local into=()
	if [[ $LANE = vm-minimal ]]; then
		# docker looks in its own cgroup whether there are limits of swap, and the root has none
		mkdir "$(cgroup_mount)/$ID.daemon"
		# shellcheck disable=SC2016  # for the inner shell
		into=(bash -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' - "$(cgroup_mount)/$ID.daemon")
	fi
	daemon dockerd "${into[@]}" dockerd --config-file "$S/daemon.json"
	eventually 60 client version
	client import "$IMAGES/rootfs.tar" box >/dev/null
}
client() { "${CLIENT[@]}" "$@"; }
finish() {
	local status=$? i
	trap - EXIT ERR
	set +e
	[ $status = 0 ] || grep -h level=error dockerd.log | tail -n 5 | sed 's/^/# /' >&2
	client ps -aq 2>/dev/null | xargs -r "${CLIENT[@]}" rm -f >/dev/null 2>&1
	end_daemons
	for i in $(seq $((20 * TIMEOUT_FACTOR))); do
		pgrep -f "$DIR" >/dev/null || break
		sleep 0.1
	done
	awk '{ print $5 }' /proc/self/mountinfo | grep -F "$DIR" | sort -r | xargs -r umount
	rm -rf "$DIR" "$S"/tmp/*
	find "$(cgroup_mount)/$ID" "$(cgroup_mount)/$ID.daemon" -depth -type d -exec rmdir {} + 2>/dev/null
	[[ $LANE != vm-systemd ]] || systemctl stop "$ID.slice" 2>/dev/null
	exit $status
}

test_run() {
	setup
	equal runtime "$(basename "$RUNTIME")" "$(client info --format '{{.DefaultRuntime}}')"
	equal output hello "$(run --rm box echo hello)"
	equal "standard input" through "$(echo through | run --rm -i box cat)"
	started one box sleep 1000
	equal "of the container" "$(basename "$RUNTIME")" "$(inspect one '{{.HostConfig.Runtime}}')"
}
test_top() {
	setup
	started one box sh -c 'sleep 1001 & exec sleep 1000'
	eventually 5 eval 'client top one | grep -q "sleep 1001"'
	contains "$(client top one -o pid,args)" 'sleep 1000'
}
test_stats() {
	setup
	needs_controllers
	started one --memory 64m box sleep 1000
	contains "$(client stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' one)" '/ 64MiB 1'
}
test_healthcheck() { # limit 60
	setup
	started one --health-cmd 'test -e /tmp/well' --health-interval 1s --health-retries 1 box sleep 1000
	eventually 20 eval '[ "$(inspect one "{{.State.Health.Status}}")" = unhealthy ]'
	client exec one touch /tmp/well
	eventually 20 eval '[ "$(inspect one "{{.State.Health.Status}}")" = healthy ]'
}
test_compose_like_network() { # limit 60
	setup
	client network create back >/dev/null
	client volume create data >/dev/null
	client run -d --name web --network back -v data:/srv box sh -c 'echo served >/srv/page; exec httpd -f -p 80 -h /srv' >/dev/null
	eventually 20 eval '[ "$(client run --rm --network back box wget -q -O - http://web/page)" = served ]'
	equal "the volume" served "$(run --rm -v data:/d box cat /d/page)"
	client run -d --name published -p 127.0.0.1:8080:80 -v data:/srv:ro box httpd -f -p 80 -h /srv >/dev/null
	contains "$(client port published)" 8080
	equal "by its port here" served "$(busybox wget -q -O - http://127.0.0.1:8080/page)"
	client rm -f web published >/dev/null
	client network rm back >/dev/null
	client volume rm data >/dev/null
}
# docker gives each container a hook that must be told init's pid, so init is there early: it is confined all the same
test_pid_of_another() { # limit 60
	setup
	local status=0 id seen='^(Cap|Seccomp:|NoNewPrivs)'
	client network create back >/dev/null
	started one --cap-add sys_ptrace box sleep 1001
	client run -d --name two --network back --pid container:one box httpd -f -p 80 -h /etc >/dev/null
	id=$(inspect two '{{.Id}}')
	contains "$(jq -c '.hooks.prestart[].args' "$DIR"/run/containerd/daemon/io.containerd.runtime.v2.task/moby/"$id"/config.json)" libnetwork-setkey
	equal namespace "$(client exec one readlink /proc/self/ns/pid)" "$(client exec two readlink /proc/self/ns/pid)"
	contains "$(client exec two ps -o args)" 'sleep 1001' 'httpd -f'
	# what the hook is for
	contains "$(run --rm --pid container:one --cap-add sys_ptrace box ps -o args)" 'sleep 1001' 'httpd -f'
	eventually 10 client run --rm --network back --pid container:one box wget -q -O /dev/null http://two/passwd
	equal "filter and capabilities" "$(run --rm box grep -E "$seen" /proc/self/status)" "$(run --rm --pid container:one box grep -E "$seen" /proc/self/status)"
	equal "of exec" "$(run --rm box grep -E "$seen" /proc/self/status)" "$(client exec two grep -E "$seen" /proc/self/status)"
	contains "$(script -qec "${CLIENT[*]} run --rm --network none --pid container:one -t box tty" /dev/null </dev/null)" /dev/pts/0
	run --rm --pid container:one box sh -c 'exit 6' || status=$?
	equal status 6 $status
	status=0
	run --rm --pid container:one box /nothing/there 2>err || status=$?
	equal "a program that is not there" 127 $status
	# one ends, the other goes on; with the first the namespace ends, and the runtime sees it
	client restart -t 0 two >/dev/null
	contains "$(client exec two ps -o args)" 'sleep 1001' 'httpd -f'
	client kill one >/dev/null
	equal "of who was killed with the namespace" 137 "$(client wait two)"
	client rm -f one two >/dev/null
	client network rm back >/dev/null
}
test_privileged() {
	setup
	local own its
	own=$(value "$(cat /proc/self/status)" CapBnd | xargs)
	its=$(value "$(run --rm --privileged box cat /proc/self/status)" CapBnd | xargs)
	# (those that this docker knows)
	equal capabilities $((16#$own & 0x3fffffffff)) $((16#$its))
	lacks "$(run --rm box grep CapBnd /proc/self/status)" "$its"
}
test_out_of_memory() {
	setup
	needs_controllers
	# (the container outlives it: of a cgroup that systemd takes away at once the engine reads nothing)
	run --name two --memory 16m --memory-swap 16m box sh -c 'dd if=/dev/zero of=/dev/shm/x bs=1M count=40; sleep 2' >/dev/null 2>&1 || true
	equal "the kernel's kill is seen as the end it is" true "$(inspect two '{{.State.OOMKilled}}')"
	run --name three --memory 64m box true
	equal "another end" false "$(inspect three '{{.State.OOMKilled}}')"
}
test_update_of_processes() {
	setup
	needs_controllers
	started one --pids-limit 33 box sleep 1000
	client update --pids-limit 44 one >/dev/null
	equal pids 44 "$(cat "$(cgroup_of one)/pids.max")"
}

run_tests "$@"
