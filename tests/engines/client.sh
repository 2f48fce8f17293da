# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# The tests that podman and docker have in common: a file that includes this gives the client and runs them beside its own.
#
#   setup                          begins a test; the image is "box"
#   client ARG...                  the engine's client, its connection and folders included; the same as words: ${CLIENT[@]}
#   run [OPTION...], started NAME  a container without a network, in the foreground and behind
#   INIT                           what --init puts before the program
#   BUILD_WITH                     options of build
TEST_FILES+=("${BASH_SOURCE[0]}")

run() { client run --network none "$@"; }
started() { run -d --name "$@" >/dev/null; } # NAME OPTION... IMAGE COMMAND
inspect() { client inspect --format "$2" "$1"; } # NAME FORMAT
status_is() { equal "status of $1" "$2" "$(inspect "$1" '{{.State.Status}}')"; }
# the cgroup of a container, as a folder
cgroup_of() { echo "$(cgroup_mount)$(sed -n 's/^0:://p' "/proc/$(inspect "$1" '{{.State.Pid}}')/cgroup")"; }

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
	equal "nothing is left" '' "$(client ps -aq)"
}
test_exec() {
	setup
	started one box sleep 1000
	contains "$(client exec -u user one id)" 'uid=1000(user) gid=1000(user)'
	equal environment x "$(client exec -e A=x one sh -c 'echo $A')"
	equal directory /tmp "$(client exec -w /tmp one pwd)"
	equal input in "$(echo in | client exec -i one cat)"
	local status=0
	client exec one sh -c 'exit 5' || status=$?
	equal status 5 $status
	status=0
	client exec one nothing-there >out 2>&1 || status=$?
	case $status in 126 | 127) ;; *) fail "status of what is not there: $status" ;; esac
	client exec -d one sh -c 'echo detached >/tmp/d'
	eventually 5 client exec one grep -q detached /tmp/d
}
test_terminal() {
	setup
	contains "$(script -qec "stty rows 33 cols 77; ${CLIENT[*]} run --rm --network none -t box sh -c 'tty; sleep 1; stty size'" /dev/null </dev/null)" \
		/dev/pts/0 '33 77'
	started one box sleep 1000
	contains "$( (sleep 1; echo 'echo typed-$((40+2)); stty size'; sleep 1; echo exit) |
		script -qec "stty rows 33 cols 77; ${CLIENT[*]} exec -it one sh" /dev/null)" typed-42 '33 77'
}
test_logs() {
	setup
	started one box sh -c 'echo out; echo err >&2; for i in 1 2 3; do echo $i; done'
	client wait one >/dev/null
	equal "standard output" 'out 1 2 3' "$(client logs one 2>/dev/null | xargs)"
	equal "standard error" err "$(client logs one 2>&1 >/dev/null)"
}
test_attach() {
	setup
	started one -i box sh -c 'while read -r l; do echo "got $l"; [ "$l" != end ] || exit 4; done'
	{ printf 'a\nend\n'; sleep 2; } | timeout $((20 * TIMEOUT_FACTOR)) "${CLIENT[@]}" attach one >out || true
	equal status 4 "$(client wait one)"
	equal output 'got a got end' "$(xargs <out)"
}
test_pause() {
	setup
	started one box sh -c 'while :; do date +%s%N >/tmp/t; sleep 0.05; done'
	client pause one >/dev/null
	status_is one paused
	local status=0 before
	client exec one true 2>err || status=$?
	[ $status != 0 ] || fail "something was executed in a paused container"
	client unpause one >/dev/null
	status_is one running
	before=$(client exec one cat /tmp/t)
	eventually 5 eval "[ \"\$(client exec one cat /tmp/t)\" != '$before' ]"
}
test_kill_and_stop() {
	setup
	started one box sh -c 'trap "echo usr1" USR1; trap "exit 3" TERM; echo ready; while :; do sleep 0.05; done'
	eventually 5 eval 'client logs one | grep -q ready'
	client kill -s USR1 one >/dev/null
	eventually 5 eval 'client logs one | grep -q usr1'
	client stop -t 10 one >/dev/null
	equal "status after stop" 3 "$(inspect one '{{.State.ExitCode}}')"
	started two box sleep 1000
	client stop -t 1 two >/dev/null 2>&1
	equal "status after the deadline" 137 "$(inspect two '{{.State.ExitCode}}')"
	started three box sleep 1000
	client kill three >/dev/null
	equal "status of kill" 137 "$(client wait three)"
}
test_restart_policy() {
	setup
	started one --restart on-failure:2 box sh -c 'echo run; exit 1'
	eventually 30 eval '[ "$(inspect one "{{.RestartCount}} {{.State.Status}}")" = "2 exited" ]'
	equal runs 3 "$(client logs one | grep -c run)"
	started two box sleep 1000
	local before
	before=$(inspect two '{{.State.Pid}}')
	client restart -t 0 two >/dev/null
	status_is two running
	[ "$(inspect two '{{.State.Pid}}')" != "$before" ] || fail "the same process after restart"
}
test_limits() {
	setup
	needs_controllers
	started one --memory 64m --pids-limit 33 --cpus 0.5 --cpu-shares 512 box sleep 1000
	local dir status=0
	dir=$(cgroup_of one)
	equal memory 67108864 "$(cat "$dir/memory.max")"
	equal pids 33 "$(cat "$dir/pids.max")"
	equal cpu '50000 100000' "$(cat "$dir/cpu.max")"
	[ "$(cat "$dir/cpu.weight")" != 100 ] || fail "cpu.weight is the kernel's own"
	run --rm --memory 16m --memory-swap 16m box sh -c 'dd if=/dev/zero of=/dev/shm/x bs=1M count=40' >/dev/null 2>&1 || status=$?
	[ $status != 0 ] || fail "40 MiB fitted into 16"
}
test_update() {
	setup
	needs_controllers
	started one --memory 64m --memory-swap 64m box sleep 1000
	client update --memory 80m --memory-swap 160m --cpus 0.25 one >/dev/null
	local dir
	dir=$(cgroup_of one)
	equal memory 83886080 "$(cat "$dir/memory.max")"
	equal swap 83886080 "$(cat "$dir/memory.swap.max")"
	equal cpu '25000 100000' "$(cat "$dir/cpu.max")"
}
test_cp() {
	setup
	started one box sleep 1000
	echo data >file
	client cp file one:/tmp/file
	equal "in the container" data "$(client exec one cat /tmp/file)"
	client exec one sh -c 'echo back >/root/b'
	client cp one:/root/b back
	equal "out of it" back "$(cat back)"
}
test_init() {
	setup
	contains "$(run --rm --init box cat /proc/1/cmdline | tr '\0' ' ')" "$INIT"
	# who has been left by his parent is reaped
	equal zombies 0 "$(run --rm --init box sh -c '(sleep 0.1 &) ; sleep 0.5; grep -l "State:.Z" /proc/[0-9]*/status | wc -l')"
}
test_namespaces_joined() {
	setup
	started one --ipc shareable box sleep 1000
	equal pid "$(client exec one readlink /proc/self/ns/pid)" "$(run --rm --pid container:one box readlink /proc/self/ns/pid)"
	equal "what is seen" 1 "$(run --rm --pid container:one box ps | grep -c 'sleep 1000')"
	equal ipc "$(client exec one readlink /proc/self/ns/ipc)" "$(run --rm --ipc container:one box readlink /proc/self/ns/ipc)"
	equal network "$(client exec one readlink /proc/self/ns/net)" "$(client run --rm --network container:one box readlink /proc/self/ns/net)"
	equal "the host's" "$(readlink /proc/self/ns/uts)" "$(run --rm --uts host box readlink /proc/self/ns/uts)"
	equal "the host's network" "$(readlink /proc/self/ns/net)" "$(client run --rm --network host box readlink /proc/self/ns/net)"
}
test_read_only() {
	setup
	local status=0
	run --rm --read-only box touch /x 2>err || status=$?
	[ $status != 0 ] || fail "the root is writable"
	contains "$(cat err)" 'Read-only file system'
	run --rm --read-only --tmpfs /t box touch /t/x
	run --rm box touch /x
}
test_tmpfs() {
	setup
	contains "$(run --rm --tmpfs /t:rw,size=1m,mode=1770 box sh -c 'grep " /t " /proc/mounts; stat -c %a /t')" 'tmpfs' 'size=1024k' 1770
}
test_mount() {
	setup
	mkdir -p dir/sub
	echo there >dir/file
	equal bind there "$(run --rm --mount "type=bind,src=$S/dir,dst=/d,readonly" box cat /d/file)"
	local status=0
	run --rm --mount "type=bind,src=$S/dir,dst=/d,readonly" box touch /d/x 2>/dev/null || status=$?
	[ $status != 0 ] || fail "a read-only mount is writable"
	run --rm -v "$S/dir:/d" box touch /d/written
	[ -e dir/written ] || fail "nothing came out"
	client volume create vol >/dev/null
	run --rm -v vol:/v box sh -c 'echo kept >/v/f'
	equal volume kept "$(run --rm -v vol:/v box cat /v/f)"
	contains "$(run --rm --mount type=tmpfs,dst=/m,tmpfs-size=64k box grep ' /m ' /proc/mounts)" size=64k
}
test_device() {
	setup
	equal type '1:5' "$(run --rm --device /dev/zero:/dev/mine box stat -c %t:%T /dev/mine)"
	run --rm --device /dev/zero:/dev/mine:r box dd if=/dev/mine of=/dev/null bs=1 count=1 2>/dev/null
	run --rm box sh -c '! test -e /dev/mine'
}
test_sysctl() {
	setup
	equal value 12345 "$(run --rm --sysctl kernel.msgmax=12345 box cat /proc/sys/kernel/msgmax)"
	equal "of the network" 1 "$(run --rm --sysctl net.ipv4.ip_forward=1 box cat /proc/sys/net/ipv4/ip_forward)"
	[ "$(run --rm box cat /proc/sys/kernel/msgmax)" != 12345 ] || fail "it is that without, too"
}
test_ulimit() {
	setup
	equal soft 100 "$(run --rm --ulimit nofile=100:200 --ulimit nproc=1000 box sh -c 'ulimit -Sn')"
	equal hard 200 "$(run --rm --ulimit nofile=100:200 --ulimit nproc=1000 box sh -c 'ulimit -Hn')"
}
test_capabilities() {
	setup
	of() { value "$(run --rm "$@" box grep CapEff /proc/self/status)" CapEff | xargs; }
	equal none 0000000000000000 "$(of --cap-drop all)"
	equal one 0000000000002000 "$(of --cap-drop all --cap-add net_raw)"
	[ "$(of)" != 0000000000000000 ] || fail "there are none without the option"
	equal "of a user" 0000000000000000 "$(of --user user)"
}
test_seccomp() {
	setup
	of() { value "$(run --rm "$@" box grep Seccomp: /proc/self/status)" Seccomp | xargs; }
	equal "the engine's own filter" 2 "$(of)"
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":7}]}' >filter.json
	contains "$(run --rm --security-opt seccomp="$S/filter.json" box mkdir /x 2>&1 || true)" 'Argument list too long'
	run --rm --security-opt seccomp=unconfined box mkdir /x
	equal unconfined 0 "$(of --security-opt seccomp=unconfined)"
}
test_no_new_privileges() {
	setup
	contains "$(run --rm --security-opt no-new-privileges box grep NoNewPrivs /proc/self/status)" 1
	contains "$(run --rm box grep NoNewPrivs /proc/self/status)" 0
}
test_masked_paths() {
	setup
	equal hidden '' "$(run --rm box sh -c 'cat /proc/kcore /proc/timer_list 2>/dev/null | head -c 10')"
	local status=0
	run --rm box sh -c 'echo 1 >/proc/sysrq-trigger' 2>/dev/null || status=$?
	[ $status != 0 ] || fail "/proc/sysrq-trigger could be written"
}
test_user_and_groups() {
	setup
	equal user 'uid=1000(user) gid=1000(user) groups=1000(user)' "$(run --rm --user user box id)"
	contains "$(run --rm --user 1234:55 --group-add 77 box id)" uid=1234 gid=55 77
	equal directory /tmp "$(run --rm -w /tmp box pwd)"
	equal hostname box.example "$(run --rm --hostname box.example box hostname)"
	contains "$(run --rm -e X=y box env)" X=y
}
test_shm_size() {
	setup
	contains "$(run --rm --shm-size 3m box grep /dev/shm /proc/mounts)" size=3072k
}
test_commit_and_build() {
	setup
	started one box sh -c 'echo c >/committed'
	client wait one >/dev/null
	client commit one made >/dev/null 2>&1
	equal commit c "$(run --rm made cat /committed)"
	mkdir ctx
	printf 'FROM box\nRUN echo built >/built\n' >ctx/Dockerfile
	client build -q --network none "${BUILD_WITH[@]}" -t built ctx >/dev/null
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
	equal left '' "$(client ps -aq)"
}
