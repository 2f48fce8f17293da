#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# docker: dockerd with the runtime as its default, and a containerd of its own, both started by the test.
. "${0%/*}/lib.sh"

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
	sed -i "s|/d/|$DIR/|g; /\"containerd\"/d" daemon.json
	trap_end finish
	daemon dockerd dockerd --config-file "$S/daemon.json"
	eventually 60 dk version
	dk import "$IMAGES/rootfs.tar" box >/dev/null
}
dk() { docker --config "$S/client" --host "unix://$DIR/sock" "$@"; }
run() { dk run --network none "$@"; }
started() { run -d --name "$@" >/dev/null; }
inspect() { dk inspect --format "$2" "$1"; }
finish() {
	local status=$? i
	trap - EXIT ERR
	set +e
	[ $status = 0 ] || grep -h level=error dockerd.log | tail -n 5 | sed 's/^/# /' >&2
	dk ps -aq 2>/dev/null | xargs -r docker --config "$S/client" --host "unix://$DIR/sock" rm -f >/dev/null 2>&1
	end_daemons
	for i in $(seq $((20 * TIMEOUT_FACTOR))); do
		pgrep -f "$DIR" >/dev/null || break
		sleep 0.1
	done
	awk '{ print $5 }' /proc/self/mountinfo | grep -F "$DIR" | sort -r | xargs -r umount
	rm -rf "$DIR" "$S"/tmp/*
	find "$(cgroup_mount)/$ID" -depth -type d -exec rmdir {} + 2>/dev/null
	[[ $LANE != vm-systemd ]] || systemctl stop "$ID.slice" 2>/dev/null
	exit $status
}

test_run() {
	setup
	equal runtime "$(basename "$RUNTIME")" "$(dk info --format '{{.DefaultRuntime}}')"
	equal output hello "$(run --rm box echo hello)"
	equal "standard input" through "$(echo through | run --rm -i box cat)"
	started one box sleep 1000
	equal "of the container" "$(basename "$RUNTIME")" "$(inspect one '{{.HostConfig.Runtime}}')"
}
test_exit_status() {
	setup
	local status=0
	run --rm box sh -c 'exit 7' || status=$?
	equal "own status" 7 $status
	status=0
	run --rm box /nothing/there 2>err || status=$?
	equal "a program that is not there" 127 $status
	contains "$(cat err)" /nothing/there
	status=0
	run --rm box nothing-there 2>err || status=$?
	equal "a name that is not there" 127 $status
	status=0
	run --rm box /etc/passwd 2>err || status=$?
	equal "a file that cannot be executed" 126 $status
	equal "nothing is left" '' "$(dk ps -aq)"
}
test_exec() {
	setup
	started one box sleep 1000
	contains "$(dk exec -u user one id)" 'uid=1000(user) gid=1000(user)'
	equal environment x "$(dk exec -e A=x one sh -c 'echo $A')"
	equal directory /tmp "$(dk exec -w /tmp one pwd)"
	equal input in "$(echo in | dk exec -i one cat)"
	local status=0
	dk exec one sh -c 'exit 5' || status=$?
	equal status 5 $status
	status=0
	dk exec one nothing-there >out 2>&1 || status=$?
	case $status in 126 | 127) ;; *) fail "status of what is not there: $status" ;; esac
	dk exec -d one touch /tmp/d
	eventually 5 dk exec one test -e /tmp/d
}
test_terminal() {
	setup
	contains "$(script -qec "stty rows 33 cols 77; docker --config '$S/client' --host 'unix://$DIR/sock' run --rm --network none -t box \
		sh -c 'tty; sleep 1; stty size'" /dev/null </dev/null)" /dev/pts/0 '33 77'
	started one box sleep 1000
	contains "$( (sleep 1; echo 'echo typed-$((40+2))'; sleep 1; echo exit) | script -qec "docker --config '$S/client' --host 'unix://$DIR/sock' exec -it one sh" /dev/null)" typed-42
}
test_logs() {
	setup
	started one box sh -c 'echo out; echo err >&2; for i in 1 2 3; do echo $i; done'
	dk wait one >/dev/null
	equal "standard output" 'out 1 2 3' "$(dk logs one 2>/dev/null | xargs)"
	equal "standard error" err "$(dk logs one 2>&1 >/dev/null)"
}
test_attach() {
	setup
	started one -i box sh -c 'while read -r l; do echo "got $l"; [ "$l" != end ] || exit 4; done'
	{ printf 'a\nend\n'; sleep 2; } | dk attach one >out || true
	equal status 4 "$(dk wait one)"
	equal output 'got a got end' "$(xargs <out)"
}
test_pause() {
	setup
	started one box sleep 1000
	dk pause one >/dev/null
	equal state paused "$(inspect one '{{.State.Status}}')"
	local status=0
	dk exec one true 2>/dev/null || status=$?
	[ $status != 0 ] || fail "something was executed in a paused container"
	dk unpause one >/dev/null
	equal "exec afterwards" x "$(dk exec one echo x)"
}
test_kill_and_stop() {
	setup
	started one box sh -c 'trap "echo usr1" USR1; trap "exit 3" TERM; echo ready; while :; do sleep 0.05; done'
	eventually 5 eval 'dk logs one | grep -q ready'
	dk kill -s USR1 one >/dev/null
	eventually 5 eval 'dk logs one | grep -q usr1'
	dk stop -t 10 one >/dev/null
	equal "status after stop" 3 "$(inspect one '{{.State.ExitCode}}')"
	started two box sleep 1000
	dk stop -t 1 two >/dev/null
	equal "status after the deadline" 137 "$(inspect two '{{.State.ExitCode}}')"
	started three box sleep 1000
	dk kill three >/dev/null
	equal "status of kill" 137 "$(dk wait three)"
}
test_restart_policy() {
	setup
	started one --restart on-failure:2 box sh -c 'echo run; exit 1'
	eventually 30 eval '[ "$(inspect one "{{.RestartCount}} {{.State.Status}}")" = "2 exited" ]'
	equal runs 3 "$(dk logs one | grep -c run)"
	started two box sleep 1000
	local before
	before=$(inspect two '{{.State.Pid}}')
	dk restart -t 0 two >/dev/null
	[ "$(inspect two '{{.State.Pid}}')" != "$before" ] || fail "the same process after restart"
}
test_top() {
	setup
	started one box sh -c 'sleep 1001 & exec sleep 1000'
	eventually 5 eval 'dk top one | grep -q "sleep 1001"'
	contains "$(dk top one -o pid,args)" 'sleep 1000'
}
test_stats() {
	setup
	needs_controllers
	started one --memory 64m box sleep 1000
	contains "$(dk stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' one)" '/ 64MiB 1'
}
test_limits() {
	setup
	needs_controllers
	started one --memory 64m --pids-limit 33 --cpus 0.5 --cpu-shares 512 box sleep 1000
	local dir
	dir=$(cgroup_mount)$(sed -n 's/^0:://p' "/proc/$(inspect one '{{.State.Pid}}')/cgroup")
	equal memory 67108864 "$(cat "$dir/memory.max")"
	equal pids 33 "$(cat "$dir/pids.max")"
	equal cpu '50000 100000' "$(cat "$dir/cpu.max")"
	[ "$(cat "$dir/cpu.weight")" != 100 ] || fail "cpu.weight is the kernel's own"
	dk run -d --name two --network none --memory 16m --memory-swap 16m box sh -c 'dd if=/dev/zero of=/dev/shm/x bs=1M count=40' >/dev/null 2>&1
	dk wait two >/dev/null
	equal "out of memory" true "$(inspect two '{{.State.OOMKilled}}')"
}
test_update() {
	setup
	needs_controllers
	started one --memory 64m box sleep 1000
	dk update --memory 80m --memory-swap 160m --pids-limit 44 --cpus 0.25 one >/dev/null
	local dir
	dir=$(cgroup_mount)$(sed -n 's/^0:://p' "/proc/$(inspect one '{{.State.Pid}}')/cgroup")
	equal memory 83886080 "$(cat "$dir/memory.max")"
	equal pids 44 "$(cat "$dir/pids.max")"
	equal cpu '25000 100000' "$(cat "$dir/cpu.max")"
}
test_cp() {
	setup
	started one box sleep 1000
	echo data >file
	dk cp file one:/tmp/file
	equal "in the container" data "$(dk exec one cat /tmp/file)"
	dk cp one:/tmp/file back
	equal "out of it" data "$(cat back)"
}
test_healthcheck() { # limit 60
	setup
	started one --health-cmd 'test -e /tmp/well' --health-interval 1s --health-retries 1 box sleep 1000
	eventually 20 eval '[ "$(inspect one "{{.State.Health.Status}}")" = unhealthy ]'
	dk exec one touch /tmp/well
	eventually 20 eval '[ "$(inspect one "{{.State.Health.Status}}")" = healthy ]'
}
test_init() {
	setup
	contains "$(run --rm --init box cat /proc/1/cmdline | tr '\0' ' ')" docker-init
}
test_namespaces_joined() {
	setup
	started one --ipc shareable box sleep 1000
	equal pid "$(dk exec one readlink /proc/self/ns/pid)" "$(run --rm --pid container:one box readlink /proc/self/ns/pid)"
	equal ipc "$(dk exec one readlink /proc/self/ns/ipc)" "$(run --rm --ipc container:one box readlink /proc/self/ns/ipc)"
	equal network "$(dk exec one readlink /proc/self/ns/net)" "$(dk run --rm --network container:one box readlink /proc/self/ns/net)"
	equal "the host's" "$(readlink /proc/self/ns/uts)" "$(run --rm --uts host box readlink /proc/self/ns/uts)"
	equal "the host's network" "$(readlink /proc/self/ns/net)" "$(dk run --rm --network host box readlink /proc/self/ns/net)"
}
test_compose_like_network() { # limit 60
	setup
	dk network create back >/dev/null
	dk volume create data >/dev/null
	dk run -d --name web --network back -v data:/srv box sh -c 'echo served >/srv/page; exec httpd -f -p 80 -h /srv' >/dev/null
	eventually 20 eval '[ "$(dk run --rm --network back box wget -q -O - http://web/page)" = served ]'
	equal "the volume" served "$(run --rm -v data:/d box cat /d/page)"
	dk run -d --name published -p 127.0.0.1:8080:80 -v data:/srv:ro box httpd -f -p 80 -h /srv >/dev/null
	contains "$(dk port published)" 8080
	dk rm -f web published >/dev/null
	dk network rm back >/dev/null
	dk volume rm data >/dev/null
}
test_mount() {
	setup
	mkdir dir
	echo there >dir/file
	equal bind there "$(run --rm --mount "type=bind,src=$S/dir,dst=/d,readonly" box cat /d/file)"
	local status=0
	run --rm --mount "type=bind,src=$S/dir,dst=/d,readonly" box touch /d/x 2>/dev/null || status=$?
	[ $status != 0 ] || fail "a read-only mount is writable"
	contains "$(run --rm --tmpfs /t:size=64k,mode=1770 box grep ' /t ' /proc/mounts)" size=64k
}
test_read_only() {
	setup
	local status=0
	run --rm --read-only box touch /x 2>err || status=$?
	[ $status != 0 ] || fail "the root is writable"
	run --rm --read-only --tmpfs /tmp box touch /tmp/x
}
test_device() {
	setup
	equal type '1:5' "$(run --rm --device /dev/zero:/dev/mine box stat -c %t:%T /dev/mine)"
}
test_sysctl() {
	setup
	equal value 12345 "$(run --rm --sysctl kernel.msgmax=12345 box cat /proc/sys/kernel/msgmax)"
}
test_ulimit() {
	setup
	equal soft 100 "$(run --rm --ulimit nofile=100:200 box sh -c 'ulimit -Sn')"
	equal hard 200 "$(run --rm --ulimit nofile=100:200 box sh -c 'ulimit -Hn')"
}
test_capabilities() {
	setup
	equal none "0000000000000000" "$(value "$(run --rm --cap-drop all box grep CapEff /proc/self/status)" CapEff | xargs)"
	equal one "0000000000002000" "$(value "$(run --rm --cap-drop all --cap-add net_raw box grep CapEff /proc/self/status)" CapEff | xargs)"
}
test_seccomp() {
	setup
	equal "docker's own filter" 2 "$(value "$(run --rm box grep Seccomp: /proc/self/status)" Seccomp | xargs)"
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":7}]}' >filter.json
	contains "$(run --rm --security-opt seccomp="$S/filter.json" box mkdir /x 2>&1 || true)" 'Argument list too long'
	equal unconfined 0 "$(value "$(run --rm --security-opt seccomp=unconfined box grep Seccomp: /proc/self/status)" Seccomp | xargs)"
}
test_no_new_privileges() {
	setup
	contains "$(run --rm --security-opt no-new-privileges box grep NoNewPrivs /proc/self/status)" 1
	contains "$(run --rm box grep NoNewPrivs /proc/self/status)" 0
}
test_masked_paths() {
	setup
	equal hidden '' "$(run --rm box sh -c 'cat /proc/kcore /proc/timer_list 2>/dev/null | head -c 10')"
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
test_user_and_groups() {
	setup
	contains "$(run --rm --user 1234:55 --group-add 77 box id)" uid=1234 gid=55 77
	equal directory /a/b "$(run --rm -w /a/b box pwd)"
	equal hostname box "$(run --rm --hostname box box hostname)"
}
test_shm_size() {
	setup
	contains "$(run --rm --shm-size 3m box grep /dev/shm /proc/mounts)" size=3072k
}
test_commit_and_build() {
	setup
	started one box sh -c 'echo c >/committed'
	dk wait one >/dev/null
	dk commit one made >/dev/null
	equal commit c "$(run --rm made cat /committed)"
	mkdir ctx
	printf 'FROM box\nRUN echo built >/built\n' >ctx/Dockerfile
	DOCKER_BUILDKIT=0 dk build -q --network none -t built ctx >/dev/null
	equal build built "$(run --rm built cat /built)"
}
test_twenty_at_a_time() { # limit 120
	setup
	local i pids=()
	for i in $(seq 20); do
		run --rm box echo "number $i" >"out.$i" 2>&1 &
		pids+=($!)
		[ $((i % 5)) != 0 ] || { wait "${pids[@]}"; pids=(); }
	done
	equal outputs 20 "$(cat out.* | grep -c '^number')"
	equal left '' "$(dk ps -aq)"
}

run_tests "$@"
