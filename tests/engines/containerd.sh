#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# containerd, by way of its runc shim whose BinaryName is the runtime, and ctr. Each test has its own containerd, and a namespace named $ID,
# which is also the cgroup above the containers.
. "${0%/*}/lib.sh"

setup() {
	needs containerd ctr containerd-shim-runc-v2
	cat >containerd.toml <<-C
		version = 2
		root = "$S/root"
		state = "$S/run"
		disabled_plugins = ["io.containerd.grpc.v1.cri"]
		[grpc]
		  address = "$S/socket"
		[plugins."io.containerd.internal.v1.opt"]
		  path = "$S/opt"
	C
	trap_end finish
	start_daemon
	ct image import --snapshotter overlayfs "$IMAGES/box.tar" >import.log
	IMAGE=localhost/box:latest
}
start_daemon() {
	daemon containerd containerd --config "$S/containerd.toml" --log-level debug
	eventually 30 ctr --address "$S/socket" version
}
ct() { ctr --address "$S/socket" --namespace "$ID" "$@"; }
# a container of the image: run [OPTION...] NAME [COMMAND...]
run() {
	local options=()
	while [[ $1 = -* ]]; do
		case $1 in
		-d | -t | --rm | --read-only | --net-host | --privileged | --seccomp | --allow-new-privs | --runc-systemd-cgroup) ;;
		*) options+=("$1") && shift ;;
		esac
		options+=("$1") && shift
	done
	# (ctr asks for 1024 shares by itself, and without the controller that is an error for some runtimes)
	[[ $LANE = vm-* ]] || options+=(--cpu-shares 0)
	local name=$1 lasting=()
	shift
	[ -z "${LASTS:-}" ] || lasting=("${LASTING[@]}")
	ct run --runc-binary "$RUNTIME" "${options[@]}" "$IMAGE" "$name" "${lasting[@]}" "$@" </dev/null
}
# On a busy machine ctr 1.6 loses what a process of milliseconds has said, with status 0 (3 of 900 with two runtimes alike; of 900
# that live for 0.1 s none): where it counts, the command lasts.
# shellcheck disable=SC2016  # for the shell in the container
LASTING=(sh -c '"$@"; s=$?; sleep 0.2; exit $s' -)
output_of() { LASTS=1 run --rm "$@"; } # [OPTION...] NAME COMMAND...
output_of_exec() {                     # EXEC-ID [OPTION VALUE...] NAME COMMAND...
	local options=(--exec-id "$1")
	shift
	while [[ $1 = -* ]]; do options+=("$1" "$2") && shift 2; done
	ct tasks exec "${options[@]}" "$1" "${LASTING[@]}" "${@:2}"
}
# the processes of our shims (they are children of our subreaper, once containerd is away)
shims() { pgrep -f "containerd-shim-runc-v2 -namespace $ID " || true; }
finish() {
	local status=$? c i
	trap - EXIT ERR
	set +e
	if [ $status = 0 ]; then
		[ -z "$(ct tasks ls -q)" ] || { echo "# tasks are left: $(ct tasks ls)" >&2 && status=1; }
		[ -z "$(ct containers ls -q)" ] || { echo "# containers are left" >&2 && status=1; }
		for i in $(seq $((30 * TIMEOUT_FACTOR))); do
			[ -n "$(shims)" ] || break
			sleep 0.1
		done
		[ -z "$(shims)" ] || { echo "# a shim is left" >&2 && status=1; }
		[ -z "$(ls -A "/run/containerd/runc/$ID" 2>/dev/null)" ] || { echo "# the runtime's state is left" >&2 && status=1; }
	else
		grep -h level=error containerd.log | tail -n 5 | sed 's/^/# /' >&2
		for c in $(ct containers ls -q 2>/dev/null); do
			ct tasks kill -s KILL "$c" && sleep 0.3
			ct tasks rm -f "$c"
			ct containers rm "$c"
		done >/dev/null 2>&1
	fi
	end_daemons
	find "$(cgroup_mount)/$ID" -depth -type d -exec rmdir {} + 2>/dev/null
	find "$S/run" -type d -name 'rootfs' -exec umount {} + 2>/dev/null
	rm -rf "/run/containerd/runc/$ID" "/run/containerd/fifo" "$S"/tmp/*
	exit $status
}
gone() { # NAME: kills it and takes it away
	ct tasks kill -s KILL "$1"
	eventually 10 eval "ct tasks ls | grep -q '^$1 .*STOPPED'"
	ct tasks rm "$1" >/dev/null 2>&1 || [ -z "$(ct tasks ls -q)" ]
	ct containers rm "$1"
}
update() { "$HERE/shim.py" "$S/run/io.containerd.runtime.v2.task/$ID/$1" "$1" update "$2"; } # NAME RESOURCES
pid_of() { ct tasks ls | awk -v n="$1" '$1 == n { print $2 }'; }
cgroup_of() { echo "$(cgroup_mount)$(sed -n 's/^0:://p' "/proc/$(pid_of "$1")/cgroup")"; }

test_run() {
	setup
	equal output hello "$(output_of one echo hello)"
	contains "$(output_of one cat /proc/1/cgroup)" 0::/
}
test_exit_status() {
	setup
	local status=0
	run --rm one sh -c 'exit 7' || status=$?
	equal status 7 $status
	status=0
	run --rm one /nothing/there 2>err || status=$?
	[ $status != 0 ] || fail "what is not there was run"
	contains "$(cat err)" 'OCI runtime create failed' /nothing/there 'no such file or directory'
	status=0
	run --rm one nothing-there 2>err || status=$?
	contains "$(cat err)" 'executable file not found'
	status=0
	run --rm one /etc/passwd 2>err || status=$?
	contains "$(cat err)" 'ermission denied'
	[ -z "$(ct containers ls -q)" ] || ct containers rm one 2>/dev/null || true
}
test_exec() {
	setup
	run -d one sleep 1000
	equal output in "$(output_of_exec e1 one echo in)"
	equal user 'uid=1000 gid=1000' "$(output_of_exec e2 --user 1000:1000 one id | sed 's/(user)//g; s/ groups.*//')"
	equal directory /tmp "$(output_of_exec e3 --cwd /tmp one pwd)"
	local status=0
	ct tasks exec --exec-id e4 one sh -c 'exit 5' || status=$?
	equal status 5 $status
	status=0
	ct tasks exec --exec-id e5 one nothing-there 2>err || status=$?
	[ $status != 0 ] || fail "what is not there was executed"
	contains "$(cat err)" 'executable file not found'
	ct tasks exec -d --exec-id e6 one sh -c 'echo x >/tmp/detached; sleep 1000'
	sleep 0.5
	ct tasks exec --exec-id e7 one test -e /tmp/detached
	gone one
}
test_terminal() {
	setup
	contains "$(script -qec "stty rows 33 cols 77; ctr --address '$S/socket' --namespace '$ID' run --rm -t --runc-binary '$RUNTIME' --cpu-shares 0 $IMAGE one \
		sh -c 'tty; sleep 0.5; stty size'" /dev/null </dev/null)" /dev/pts/0 '33 77'
	run -d one sleep 1000
	contains "$( (sleep 1; echo 'echo typed-$((40+2))'; sleep 1; echo exit) | script -qec "ctr --address '$S/socket' --namespace '$ID' tasks exec -t --exec-id e one sh" /dev/null)" typed-42
	gone one
}
test_attach() {
	setup
	local ctr="timeout $((20 * TIMEOUT_FACTOR)) ctr --address '$S/socket' --namespace '$ID'"
	# behind, with a terminal, and then taken up
	script -qec "$ctr run -d -t --fifo-dir '$S/fifos' --runc-binary '$RUNTIME' --cpu-shares 0 $IMAGE one sh" /dev/null </dev/null
	contains "$(ct tasks ls)" RUNNING
	contains "$( (sleep 1; echo 'echo typed-$((40+2))'; echo tty; sleep 1; echo 'exit 3'; sleep 3) | script -qec "$ctr tasks attach one" /dev/null)" typed-42 /dev/pts/0
	# (attach takes the task away when it is over)
	eventually 10 eval '[ -z "$(ct tasks ls -q)" ]'
	ct containers rm one
}
test_logs() {
	setup
	run -d --log-uri "file://$S/log" one sh -c 'echo out; echo err >&2'
	eventually 10 eval "ct tasks ls | grep -q STOPPED"
	equal lines 'err out' "$(sort log | xargs)"
	ct tasks rm one >/dev/null 2>&1 || true
	ct containers rm one
}
test_pause() {
	setup
	run -d one sleep 1000
	ct tasks pause one
	contains "$(ct tasks ls)" PAUSED
	local status=0
	ct tasks exec --exec-id e one true 2>err || status=$?
	[ $status != 0 ] || fail "something was executed in a paused container"
	ct tasks resume one
	contains "$(ct tasks ls)" RUNNING
	equal "exec afterwards" x "$(output_of_exec e2 one echo x)"
	gone one
}
test_kill_and_stop() {
	setup
	run -d --log-uri "file://$S/log" one sh -c 'trap "echo usr1" USR1; trap "exit 3" TERM; echo ready; while :; do sleep 0.05; done'
	eventually 10 grep -q ready log
	ct tasks kill -s USR1 one
	eventually 10 grep -q usr1 log
	ct tasks kill -s TERM one
	eventually 10 eval 'ct tasks ls | grep -q STOPPED'
	# a second signal finds nobody, and says so
	local status=0
	ct tasks kill -s TERM one 2>err || status=$?
	[ $status != 0 ] || fail "a stopped container was signalled"
	contains "$(cat err)" 'not found'
	contains "$(ct tasks rm one 2>&1)" 'exit code 3'
	ct containers rm one
}
test_kill_all() {
	setup
	run -d one sh -c 'sleep 1001 & sleep 1002 & exec sleep 1000'
	eventually 10 eval "[ \$(wc -l <'$(cgroup_of one)/cgroup.procs') = 3 ]"
	ct tasks kill -a -s KILL one
	eventually 10 eval 'ct tasks ls | grep -q STOPPED'
	ct tasks rm one >/dev/null 2>&1 || true
	ct containers rm one
}
test_delete_by_force() {
	setup
	run -d one sleep 1000
	ct tasks rm -f one >/dev/null 2>&1 || true
	eventually 10 eval '[ -z "$(ct tasks ls -q)" ]'
	ct containers rm one
}
test_top() {
	setup
	run -d one sleep 1000
	contains "$(ct tasks ps one)" "$(pid_of one)"
	gone one
}
test_stats() {
	setup
	needs_controllers
	run -d --memory-limit 67108864 one sleep 1000
	local seen
	seen=$(ct tasks metrics --format json one)
	equal limit 67108864 "$(jq -r '.memory.usage_limit // .usage_limit' <<<"$seen")"
	[ "$(jq -r '.pids.current' <<<"$seen")" = 1 ] || fail "pids: $seen"
	gone one
}
test_limits() {
	setup
	needs_controllers
	run -d --memory-limit 67108864 --cpus 0.5 one sleep 1000
	equal memory 67108864 "$(cat "$(cgroup_of one)/memory.max")"
	equal cpu '50000 100000' "$(cat "$(cgroup_of one)/cpu.max")"
	gone one
	# the kernel's kill is seen as the end it is
	local status=0
	run --rm --memory-limit 16777216 two sh -c 'dd if=/dev/zero of=/dev/shm/x bs=1M count=60' >/dev/null 2>&1 || status=$?
	[ $status != 0 ] || fail "60 MiB fitted into 16"
}
test_update() {
	setup
	needs_controllers
	run -d --memory-limit 67108864 one sleep 1000
	local dir status=0
	dir=$(cgroup_of one)
	update one '{"memory":{"limit":83886080},"cpu":{"quota":25000,"period":100000},"pids":{"limit":44}}'
	equal memory 83886080 "$(cat "$dir/memory.max")"
	equal cpu '25000 100000' "$(cat "$dir/cpu.max")"
	equal pids 44 "$(cat "$dir/pids.max")"
	# what cannot be is said, and changes nothing
	update one '{"pids":{"limit":55},"cpu":{"cpus":"4000"}}' 2>err || status=$?
	[ $status != 0 ] || fail "a processor that is not there was given"
	contains "$(cat err)" cpus
	equal "pids afterwards" 44 "$(cat "$dir/pids.max")"
	gone one
}
test_events() {
	setup
	ct events >events.log &
	echo $! >>daemons
	sleep 0.5
	run -d one true
	# (in no order; not of a container that is deleted at once, for the shim ends then and may take its last events with it: seen with
	# containerd 2.4 and any runtime)
	local topic
	for topic in /tasks/create /tasks/start /tasks/exit; do eventually 20 grep -q $topic events.log; done
	ct tasks rm one >/dev/null 2>&1 || true
	ct containers rm one
}
test_checkpoint_refused() {
	setup
	is_husk || skip "the other runtime may be able to"
	run -d one sleep 1000
	local status=0
	ct tasks checkpoint one 2>err || status=$?
	[ $status != 0 ] || fail "a checkpoint was said to be made"
	contains "$(cat err)" checkpoint
	contains "$(ct tasks ls)" RUNNING
	equal "it goes on" x "$(output_of_exec e one echo x)"
	gone one
}
test_userns() {
	# with a user namespace this ctr forgets --runc-binary, so the runtime has to be what containerd finds as runc
	mkdir bin
	ln -s "$RUNTIME" bin/runc
	PATH=$S/bin:$PATH setup
	equal map '0 100000 65536' "$(output_of --uidmap 0:100000:65536 --gidmap 0:100000:65536 one cat /proc/self/uid_map | xargs)"
	equal owner 0 "$(output_of --uidmap 0:100000:65536 --gidmap 0:100000:65536 two stat -c %u /bin/busybox)"
}
test_mount() {
	setup
	mkdir dir
	echo there >dir/file
	equal bind there "$(output_of --mount "type=bind,src=$S/dir,dst=/d,options=rbind:ro" one cat /d/file)"
	local status=0
	run --rm --mount "type=bind,src=$S/dir,dst=/d,options=rbind:ro" one touch /d/x 2>/dev/null || status=$?
	[ $status != 0 ] || fail "a read-only mount is writable"
	contains "$(output_of --mount "type=tmpfs,src=tmpfs,dst=/t,options=size=64k" one grep ' /t ' /proc/mounts)" size=64k
}
test_read_only() {
	setup
	local status=0
	run --rm --read-only one touch /x 2>err || status=$?
	[ $status != 0 ] || fail "the root is writable"
	run --rm two touch /x
}
test_capabilities() {
	setup
	local plain more less
	plain=$(output_of one grep CapEff /proc/self/status)
	more=$(output_of --cap-add CAP_SYS_ADMIN one grep CapEff /proc/self/status)
	less=$(output_of --cap-drop CAP_CHOWN one grep CapEff /proc/self/status)
	equal more $((16#${plain##*[^0-9a-f]} | 1 << 21)) $((16#${more##*[^0-9a-f]}))
	equal less $((16#${plain##*[^0-9a-f]} & ~1)) $((16#${less##*[^0-9a-f]}))
}
test_seccomp() {
	setup
	equal "containerd's own filter" 2 "$(value "$(output_of --seccomp one grep Seccomp: /proc/self/status)" Seccomp | xargs)"
	equal without 0 "$(value "$(output_of one grep Seccomp: /proc/self/status)" Seccomp | xargs)"
}
test_no_new_privileges() {
	setup
	contains "$(output_of one grep NoNewPrivs /proc/self/status)" 1
	contains "$(output_of --allow-new-privs one grep NoNewPrivs /proc/self/status)" 0
}
test_privileged() {
	setup
	equal capabilities "$(grep CapBnd /proc/self/status)" "$(output_of --privileged one grep CapBnd /proc/self/status)"
}
test_device() {
	setup
	equal type '1:5' "$(output_of --device /dev/zero one stat -c %t:%T /dev/zero)"
	run --rm --device /dev/full one sh -c '! echo x >/dev/full' 2>/dev/null
}
test_environment() {
	setup
	equal directory /tmp "$(output_of --cwd /tmp one pwd)"
	contains "$(output_of --env A=b one env)" A=b PATH=
}
test_namespaces_joined() {
	setup
	run -d one sleep 1000
	equal network "$(readlink "/proc/$(pid_of one)/ns/net")" "$(output_of --with-ns "network:/proc/$(pid_of one)/ns/net" two readlink /proc/self/ns/net)"
	equal pid "$(readlink "/proc/$(pid_of one)/ns/pid")" "$(output_of --with-ns "pid:/proc/$(pid_of one)/ns/pid" two readlink /proc/self/ns/pid)"
	equal "the host's" "$(readlink /proc/self/ns/net)" "$(output_of --net-host two readlink /proc/self/ns/net)"
	gone one
}
test_config_file() {
	setup
	run -d one sleep 1000
	gone one
	cp -a "$IMAGES/rootfs" "$S/rootfs"
	equal rootfs in "$(ct run --rm --runc-binary "$RUNTIME" --cpu-shares 0 --rootfs "$S/rootfs" two /bin/sh -c '/bin/echo in; sleep 0.2' </dev/null)"
}
test_restart_of_the_engine() { # limit 60
	setup
	run -d --log-uri "file://$S/log" one sh -c 'trap "exit 3" TERM; echo ready; while :; do sleep 0.05; done'
	run -d two sleep 1000
	eventually 10 grep -q ready log
	local pid
	pid=$(pid_of one)
	end_daemon $DAEMON KILL
	kill -0 "$pid" || fail "the container ended with containerd"
	rm -f daemons
	start_daemon
	equal "the same process" "$pid" "$(pid_of one)"
	equal exec in "$(output_of_exec e one echo in)"
	ct tasks kill -s TERM one
	eventually 10 eval 'ct tasks ls | grep -q "^one .*STOPPED"'
	contains "$(ct tasks rm one 2>&1)" 'exit code 3'
	ct containers rm one
	gone two
}
test_end_while_the_engine_is_away() { # limit 60
	setup
	run -d one sleep 1000
	local pid
	pid=$(pid_of one)
	end_daemon $DAEMON KILL
	rm -f daemons
	kill -9 "$pid"
	start_daemon
	eventually 10 eval '[ "$(ct tasks ls | grep -c RUNNING)" = 0 ]'
	ct tasks rm one >/dev/null 2>&1 || true
	ct containers rm one
}
wait_for_all() { # but for the daemon
	local pids
	mapfile -t pids < <(jobs -p | grep -vxF "$DAEMON")
	wait "${pids[@]}"
}
test_a_hundred_eight_at_a_time() { # limit 200
	setup
	one_of_many() { # NUMBER
		local i said status
		for i in $(seq "$1" 8 100); do
			status=0
			said=$(run --rm "c$i" sh -c "echo number $i; sleep 1" 2>"err.$i") || status=$?
			[ "$said" = "number $i" ] || echo "failed: $i: status $status, said '$said': $(cat "err.$i")"
		done
	}
	local n
	for n in 1 2 3 4 5 6 7 8; do one_of_many $n >"many.$n" 2>&1 & done
	wait_for_all
	equal failures '' "$(cat many.*)"
	equal left '' "$(ct containers ls -q)"
}
test_a_hundred_alive() { # limit 200
	setup
	local n i
	some() {
		local i
		for i in $(seq "$1" 8 100); do run -d "c$i" sleep 1000 2>"err.$i" || echo "failed: $i: $(cat "err.$i")"; done
	}
	for n in 1 2 3 4 5 6 7 8; do some $n >"many.$n" 2>&1 & done
	wait_for_all
	equal failures '' "$(cat many.*)"
	equal running 100 "$(ct tasks ls | grep -c RUNNING)"
	less() {
		local i
		for i in $(seq "$1" 8 100); do { ct tasks rm -f "c$i" || true; ct containers rm "c$i"; } >/dev/null 2>&1; done
	}
	for n in 1 2 3 4 5 6 7 8; do less $n & done
	wait_for_all
	equal left '' "$(ct containers ls -q)"
}
test_systemd_cgroup() {
	[[ $LANE = vm-systemd ]] || skip "needs systemd; in its virtual machine"
	setup
	run -d --runc-systemd-cgroup --cgroup "system.slice:$ID:one" --memory-limit 67108864 one sleep 1000
	equal limit 67108864 "$(systemctl show -P MemoryMax "$ID-one.scope")"
	equal cgroup "/system.slice/$ID-one.scope" "$(sed -n 's/^0:://p' "/proc/$(pid_of one)/cgroup")"
	gone one
	equal unit inactive "$(systemctl is-active "$ID-one.scope" || true)"
}

run_tests "$@"
