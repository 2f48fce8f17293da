#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What goes wrong around husk: processes that hang, end or are slow at the worst moment, and system calls that fail. The moment is
# chosen by tests/helpers/inject.c, system call by system call.
#
# SWEEP=all (make sweep): every call instead of one in $STRIDE; SEED=N: others of them.
. "${0%/*}/lib.sh"

: "${STRIDE:=9}"
[ "${SWEEP:-}" != all ] || STRIDE=1
INJECT=$TOOLS/inject
SENDMSG=46 SIGNALFD=289 # on x86-64, the one machine that inject knows
EXIT_GROUP=231

injects() { [ "$(uname -m)" = x86_64 ] || skip "inject is written for x86-64"; }
hook() { # KIND SCRIPT
	config --arg k "$1" --arg s "$2" '.hooks[$k] = [{path:"/bin/sh",args:["sh","-c",$s],env:["PATH=/bin:/usr/bin"]}]'
}
in_background() { # ARG...: husk ARG..., its pid in $pid
	"$HUSK" --root "$ROOT" "$@" >"$S/out" 2>"$S/err" </dev/null &
	pid=$!
}
exec_held() { # MS PROCESS CALL ARG...: husk exec ARG..., in the background, whose PROCESS is held at CALL for MS; inject is $pid, husk $command
	local delay=delay:$1 process=$2 call=$3
	shift 3
	rm -f "$S/log"
	"$INJECT" "$S/log" "$delay" "$process" "$call" "$HUSK" --root "$ROOT" exec "$@" </dev/null >"$S/out" 2>"$S/err" &
	pid=$!
	eventually 10 grep -q "fired $call" "$S/log"
	command=$(pgrep -o -P $pid)
}
ended_within() { # SECONDS: $pid; its status in $status
	local end=$((SECONDS + $1 * TIMEOUT_FACTOR))
	while [ -e "/proc/$pid" ] && [ "$(sed 's/.*) //; s/ .*//' "/proc/$pid/stat" 2>/dev/null)" != Z ]; do
		[ $SECONDS -lt $end ] || fail "husk has not ended within $1 s"
		sleep 0.02
	done
	status=0
	wait $pid || status=$?
}
# a container with a user namespace, which takes an intermediate process for exec; with a time namespace also for its start
user_namespace() {
	is_root || return 0
	config '.linux.namespaces += [{type:"user"}] | .linux.uidMappings = [{containerID:0,hostID:100000,size:1000}] | .linux.gidMappings = .linux.uidMappings'
	chmod 755 "$B" "$B/rootfs"
	chown -R 100000:100000 "$B/rootfs"
}

# ---- order ---------------------------------------------------------------------------------------

# Two processes talk to husk over one socket: what the second says may not be heard before it is known who it is. The stage of exec
# does not name it itself, and may end whenever it likes.
test_slow_stage_of_exec() {
	local status=0
	injects
	bundle
	args /bin/sleep 100
	husk run --detach --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null
	"$INJECT" "$S/log" delay:300 1 $EXIT_GROUP "$HUSK" --root "$ROOT" exec --pid-file pid "$ID" /bin/sh -c 'echo hello; exit 7' >out || status=$?
	contains "$(cat log)" "fired $EXIT_GROUP"
	equal output hello "$(cat out)"
	equal status 7 "$status"
	[ "$(cat pid)" -gt 1 ]
	husk delete --force "$ID"
}

# It works in the memory of husk, which covers its own arguments there, and has lent it its oom_score_adj, until the stage has ended.
test_husk_waits_for_the_stage_of_exec() {
	local pid command status setns=308
	injects
	bundle
	args /bin/sleep 100
	husk run --detach --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null
	jq '.process | .args = ["/bin/cat","/proc/self/oom_score_adj"] | .oomScoreAdj = 700' "$B/config.json" >p.json
	exec_held 500 1 $setns --process p.json "$ID"
	equal "oom_score_adj of husk" 700 "$(cat "/proc/$command/oom_score_adj")"
	equal "arguments of husk" 'husk init' "$(tr -d '\0' <"/proc/$command/cmdline")"
	ended_within 10
	equal "status of exec" 0 $status
	equal "oom_score_adj of the process" 700 "$(cat out)"
	husk delete --force "$ID"
}

test_slow_stage_of_run() {
	injects
	bundle
	user_namespace
	config '.linux.namespaces += [{type:"time"}] | .linux.timeOffsets = {monotonic:{secs:100}}'
	args /bin/echo hello
	equal output hello "$("$INJECT" "$S/log" delay:300 1 $SENDMSG "$HUSK" --root "$ROOT" run --bundle "$B" "$ID")"
	contains "$(cat log)" "fired $SENDMSG"
}

# What is made while init works is complete before anything of the container runs, however long it takes.
test_slow_while_init_works() {
	local setns=308 unshare=272 bpf=321 call
	is_root || skip "only root makes the network namespace and the device rules beside init"
	injects
	bundle
	config '.linux.namespaces |= (map(select(.type != "network")) + [{type:"network"}]) |
		.process.capabilities.bounding += ["CAP_MKNOD"] | .process.capabilities.effective += ["CAP_MKNOD"] | .process.capabilities.permitted += ["CAP_MKNOD"]'
	args /bin/sh -c 'cat /sys/class/net/lo/flags; mknod /dev/x c 1 13; (: </dev/x) 2>&1 | grep -o "not permitted"'
	for call in $unshare $setns $bpf; do
		equal "with $call held up" '0x9 not permitted' "$("$INJECT" "$S/log" delay:300 0 $call "$HUSK" --root "$ROOT" run --bundle "$B" "$ID" | xargs)"
		contains "$(cat log)" "fired $call"
	done
}
# The record names init before that is ready: who joined it then would be in the host's network, or find the host's root.
has_pid() { [ "$(husk state "$ID" 2>/dev/null | jq .pid)" -gt 0 ]; }
test_nobody_joins_what_is_not_ready() {
	local creator pivot_root=155
	injects
	bundle
	config '.linux.namespaces |= (map(select(.type != "network")) + [{type:"network"}])'
	args /bin/sleep 100
	"$INJECT" "$S/log" delay:1000 1 $pivot_root "$HUSK" --root "$ROOT" create --bundle "$B" "$ID" </dev/null >/dev/null 2>&1 &
	creator=$!
	eventually 10 has_pid
	equal "status during create" creating "$(status_of "$ID")"
	STATUS=255 refused 'is not running' exec "$ID" /bin/true
	# (inject stays with init, which has executed nothing)
	eventually 10 eval '[ "$(status_of "$ID")" = created ]'
	! is_root || husk exec "$ID" /bin/true
	husk delete --force "$ID"
	wait $creator || true
	# one that runs at once is waited for
	"$INJECT" "$S/log" delay:1000 1 $pivot_root "$HUSK" --root "$ROOT" run --detach --bundle "$B" "$ID" </dev/null >/dev/null 2>&1 &
	creator=$!
	eventually 10 has_pid
	husk exec "$ID" /bin/sh -c 'readlink /proc/self/ns/net; ls -d /bin/probe' >out
	contains "$(cat out)" /bin/probe
	lacks "$(cat out)" "$(readlink /proc/self/ns/net)"
	wait $creator
	husk delete --force "$ID"
	"$INJECT" "$S/log" delay:6000 1 $pivot_root "$HUSK" --root "$ROOT" run --detach --bundle "$B" "$ID" </dev/null >/dev/null 2>&1 &
	creator=$!
	eventually 10 has_pid
	STATUS=255 refused 'its program does not run yet' exec "$ID" /bin/true
	husk delete --force "$ID"
	wait $creator || true
}
# (these run before init says that it is ready)
test_device_rules_hold_for_create_container_hooks() {
	local bpf=321
	is_root || skip "a plain user may not set device rules"
	injects
	bundle
	args /bin/true
	hook createContainer 'mknod x c 1 13; (: <x) 2>err; rm x'
	"$INJECT" "$S/log" delay:300 0 $bpf "$HUSK" --root "$ROOT" run --bundle "$B" "$ID"
	contains "$(cat log)" "fired $bpf"
	contains "$(cat "$B/err")" 'not permitted'
	config '.linux.resources.devices += [{allow:true,type:"c",major:1,minor:13,access:"rwm"}]'
	husk run --bundle "$B" "$ID"
	contains "$(cat "$B/err")" 'No such device'
}
# (the kernel asks them when it opens the device of a file system)
test_device_rules_hold_for_mounts() {
	local bpf=321
	is_root || skip "a plain user may not set device rules"
	injects
	bundle
	mknod disk b 7 0
	config --arg d "$S/disk" '.mounts += [{destination:"/disk",type:"ext4",source:$d}]'
	args /bin/true
	! "$INJECT" "$S/log" delay:300 0 $bpf "$HUSK" --root "$ROOT" run --bundle "$B" "$ID" 2>err || fail "a device that is not allowed was mounted"
	contains "$(cat log)" "fired $bpf"
	contains "$(cat err)" 'mounts[' 'not permitted'
	config '.linux.resources.devices += [{allow:true,type:"b",major:7,minor:0,access:"rwm"}]'
	! husk run --bundle "$B" "$ID" 2>err || fail "there is no file system on it"
	contains "$(cat err)" 'mounts['
	lacks "$(cat err)" 'not permitted'
}
test_no_network_namespace() {
	local setns=308 unshare=272 status call
	is_root || skip "only root makes it beside init"
	injects
	bundle
	config '.linux.namespaces |= (map(select(.type != "network")) + [{type:"network"}])'
	for call in $unshare $setns; do
		status=0
		"$INJECT" "$S/log" errno:28 0 "1/$call" "$HUSK" --root "$ROOT" create --bundle "$B" "$ID" 2>err || status=$?
		contains "$(cat log)" "fired $call"
		equal status 1 $status
		equal lines 1 "$(wc -l <err)"
		contains "$(cat err)" "$([ $call = $unshare ] && echo 'make a network namespace (a limit is reached: see /proc/sys/user/max_net_namespaces): No space' ||
			echo "return to the caller's network namespace")"
		equal "what is left" '' "$(husk list --quiet)"
	done
}

# ---- the end -------------------------------------------------------------------------------------

# husk cannot stay with a process that runs already: then that process must not run on alone
test_exec_that_cannot_wait() {
	local last status=0
	injects
	bundle
	args /bin/sleep 100
	husk run --detach --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null
	"$INJECT" "$S/log" list - - "$HUSK" --root "$ROOT" exec "$ID" /bin/true
	# (how many others come before it depends on how long it waits)
	last=$(awk -v c=$SIGNALFD '$1 == 0 && $3 == c { n++ } END { print n }' log)
	"$INJECT" "$S/log" errno:24 0 "$last/$SIGNALFD" "$HUSK" --root "$ROOT" exec "$ID" /bin/sleep 4711 2>err || status=$?
	contains "$(cat log)" "fired $SIGNALFD"
	equal status 255 $status
	contains "$(cat err)" 'Too many open files'
	lacks "$(husk exec "$ID" /bin/ps)" 'sleep 4711'
	# and it is seen there when it runs
	husk exec --detach "$ID" /bin/sleep 4711 </dev/null >/dev/null 2>&1
	contains "$(husk exec "$ID" /bin/ps)" 'sleep 4711'
	husk delete --force "$ID"
}

# the program runs, and husk has not looked yet: a signal is for the program then
test_signal_when_the_program_runs_already() {
	local kind injecting status poll=7
	injects
	bundle
	args /bin/probe try await 15 9
	for kind in run exec; do
		rm -f log out
		if [ $kind = exec ]; then
			args /bin/sleep 100
			husk run --detach --bundle "$B" "$ID" </dev/null >"$S/out-run" 2>"$S/err"
			set -- exec "$ID" /bin/probe try await 15 9
		else
			set -- run --bundle "$B" "$ID"
		fi
		"$INJECT" "$S/log" delay:500 0 $poll "$HUSK" --root "$ROOT" "$@" >out 2>err </dev/null &
		injecting=$!
		eventually 10 grep -q ready out
		kill -TERM "$(pgrep -o -P $injecting)"
		status=0
		wait $injecting || status=$?
		equal "status of $kind ($(cat err))" 9 $status
	done
	husk delete --force "$ID"
}

# what is created is not reported as failed by a signal in the last moment
test_signal_behind_a_created_container() {
	local kind pid injecting status
	injects
	bundle
	args /bin/sleep 100
	for kind in create 'run --detach'; do
		rm -f log
		# shellcheck disable=SC2086  # two words
		"$INJECT" "$S/log" delay:1500 0 $EXIT_GROUP "$HUSK" --root "$ROOT" $kind --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null &
		injecting=$!
		eventually 10 eval 'grep -q "fired $EXIT_GROUP" log'
		pid=$(pgrep -o -P $injecting)
		# (a process that has come this far dies of no signal any more; a moment earlier it would)
		equal "signals that $kind holds back at its end" 4007 "$(printf %x $((0x$(sed -n 's/^SigBlk:\t//p' "/proc/$pid/status") & 0x4007)))"
		kill -TERM "$pid"
		# (it stays with init until that executes its program)
		[ "$kind" != create ] || eventually 10 husk start "$ID"
		status=0
		wait $injecting || status=$?
		equal "status of $kind" 0 $status
		equal "after $kind" running "$(status_of "$ID")"
		husk delete --force "$ID"
	done
}

# somebody else kills the container's cgroup at any moment of its life
test_cgroup_is_killed_at_any_moment() { # limit 300
	local i n=20 pid status killed dir
	has_cgroup || skip "no cgroup to kill"
	[ "${SWEEP:-}" != all ] || n=300
	bundle
	args /bin/sh -c 'sleep 100 & exec sleep 100'
	for i in $(seq $n); do
		in_background run --bundle "$B" "$ID-$i"
		sleep "0.0$(printf %03d $((RANDOM % 400)))"
		killed=
		while [ -z "$killed" ] && [ -e "/proc/$pid" ]; do
			for dir in "$(cgroup_mount)/$ID-$i" "$(cgroup_above)"/*"$ID-$i"*; do
				{ echo 1 >"$dir/cgroup.kill"; } 2>/dev/null && killed=$dir && break
			done
		done
		ended_within 10
		[ $status = 137 ] || contains "$(cat err)" 'killed by signal 9'
		[ ! -e "$ROOT/$ID-$i" ] || fail "run $i: state is left"
	done
}

test_caller_ignores_sigchld() {
	bundle
	hook prestart 'exit 0'
	args /bin/true
	env --ignore-signal=CHLD "$HUSK" --root "$ROOT" create --bundle "$B" "$ID" </dev/null >out 2>err
	env --ignore-signal=CHLD "$HUSK" --root "$ROOT" delete --force "$ID"
	# it does reach programs
	(((0x$(env --ignore-signal=CHLD sed -n 's/^SigIgn:\s*//p' /proc/self/status) >> 16) & 1)) || fail "env does not ignore it"
}

# ---- hooks that hang -------------------------------------------------------------------------------

# every kind of hook, on the host and in the container: a signal ends husk, and with it the hook and the container
test_signal_while_a_hook_hangs() { # limit 120
	local kind signal where pid status
	for kind in prestart createRuntime createContainer startContainer poststart; do
		bundle "b-$kind"
		where=$S/begun-$kind
		[ $kind != startContainer ] || where=/tmp/begun
		hook $kind "echo begun >$where; sleep 1000; true"
		hook poststop "echo $kind >>$S/poststop"
		args /bin/sleep 100
		signal=TERM
		# (a shell makes its background jobs ignore SIGINT and SIGQUIT)
		[ $kind != createRuntime ] || signal=HUP
		in_background run --bundle "$B" "$ID-$kind"
		[ $kind != startContainer ] || where=$B/rootfs/tmp/begun
		eventually 10 test -s "$where"
		kill -$signal $pid
		ended_within 10
		equal "status of run ($kind)" 1 $status
		contains "$(cat err)" 'interrupted by signal'
		[ ! -e "$ROOT/$ID-$kind" ] || fail "$kind: state is left"
	done
	equal "poststop hooks ran" 5 "$(wc -l <poststop)"
}

# init has been let go and runs its hooks before husk has heard that it was ready
test_signal_before_husk_hears_of_a_start_hook() {
	local injecting status=0 poll=7
	injects
	bundle
	hook startContainer "echo begun >/tmp/begun; sleep 1000; true"
	hook poststop "echo ran >>$S/poststop"
	args /bin/true
	"$INJECT" "$S/log" delay:500 0 $poll "$HUSK" --root "$ROOT" run --bundle "$B" "$ID" >out 2>err </dev/null &
	injecting=$!
	eventually 10 test -s "$B/rootfs/tmp/begun"
	kill -TERM "$(pgrep -o -P $injecting)"
	wait $injecting || status=$?
	equal status 1 $status
	contains "$(cat err)" 'interrupted by signal'
	equal "poststop hooks" ran "$(cat poststop)"
	[ ! -e "$ROOT/$ID" ] || fail "state is left"
}

# and those of create and of a detached run, in which nobody waits for the program
test_signal_while_a_hook_of_create_hangs() { # limit 120
	local kind command pid status
	for command in create 'run --detach'; do
		for kind in prestart createRuntime createContainer; do
			bundle "b-$kind"
			hook $kind "echo begun >$S/begun-$kind; sleep 1000; true"
			hook poststop "echo $kind >>$S/poststop"
			args /bin/sleep 100
			rm -f "begun-$kind"
			in_background $command --bundle "$B" "$ID-$kind"
			eventually 10 test -s "begun-$kind"
			kill -TERM $pid
			ended_within 10
			equal "status of $command ($kind)" 1 $status
			equal "lines of the message" 1 "$(wc -l <err)"
			contains "$(cat err)" 'interrupted by signal 15'
			[ ! -e "$ROOT/$ID-$kind" ] || fail "$kind: state is left"
		done
	done
	equal "poststop hooks ran" 6 "$(wc -l <poststop)"
}

# whenever it comes: there is a container and success, or neither; or it came before anything was held back, and nothing was begun
test_signal_at_any_moment_of_create() { # limit 120
	local i pid status made=0 undone=0
	bundle
	args /bin/sleep 100
	# (on a quiet machine a create is over in three milliseconds: half of the signals come within two, and there are more where none was in time)
	for ((i = 1; i <= 60 || (i <= 300 && undone == 0); i++)); do
		in_background create --bundle "$B" "$ID-$i"
		sleep "0.0$(printf %03d $((i % 2 ? RANDOM % 150 + i : RANDOM % 20)))"
		kill -TERM $pid 2>/dev/null || true
		ended_within 10
		if [ $status = 0 ]; then
			equal "status of $i" created "$(status_of "$ID-$i")"
			equal "message of $i" '' "$(cat err)"
			husk delete --force "$ID-$i"
			made=$((made + 1))
			continue
		fi
		[ $status = 143 ] || contains "$(cat err)" 'interrupted by signal 15'
		[ $status = 143 ] || undone=$((undone + 1))
		[ ! -e "$ROOT/$ID-$i" ] || fail "create $i (status $status): state is left"
	done
	note "$made made, $undone undone"
	[ $undone -gt 0 ] || fail "no signal came while anything was there"
}

is_alone() { [ "$(husk ps --format json "$ID" | jq length)" = 1 ]; }

# the same for a process of exec, which a signal to husk must not leave alone
test_signal_at_any_moment_of_exec() { # limit 120
	local i pid status made=0 undone=0
	bundle
	args /bin/sleep 1000
	husk run --detach --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null
	for ((i = 1; i <= 60 || (i <= 300 && undone == 0); i++)); do
		in_background exec --detach --pid-file "pid.$i" "$ID" /bin/sleep 100
		sleep "0.00$((RANDOM % 10))$((RANDOM % 10))"
		kill -TERM $pid 2>/dev/null || true
		ended_within 10
		if [ $status = 0 ]; then
			equal "message of $i" '' "$(cat err)"
			kill -KILL "$(cat "pid.$i")" || fail "exec $i succeeded and there is no process"
			made=$((made + 1))
			continue
		fi
		[ $status = 143 ] || contains "$(cat err)" 'interrupted by signal 15'
		[ $status = 143 ] || undone=$((undone + 1))
		[ ! -e "pid.$i" ] || fail "exec $i (status $status): its pid file is left"
	done
	note "$made made, $undone undone"
	eventually 20 is_alone
	[ $undone -gt 0 ] || fail "no signal came while anything was there"
	husk delete --force "$ID"
}

# what husk holds back for itself is not held back in the container
test_signals_of_a_created_container() {
	bundle
	args /bin/sleep 100
	husk create --bundle "$B" "$ID" </dev/null >out 2>err
	local init
	init=$(husk state "$ID" | jq .pid)
	equal "blocked while it waits" "$(sed -n 's/^SigBlk:\s*//p' /proc/self/status)" "$(sed -n 's/^SigBlk:\s*//p' "/proc/$init/status")"
	husk start "$ID"
	equal "blocked in the program" 0000000000000000 "$(sed -n 's/^SigBlk:\s*//p' "/proc/$init/status")"
	husk delete --force "$ID"
}

test_signal_while_a_poststop_hook_hangs() {
	local pid status
	bundle
	hook poststop "echo begun >$S/begun; sleep 1000; true"
	args /bin/true
	in_background --log-level warning run --bundle "$B" "$ID"
	eventually 10 test -s begun
	kill -TERM $pid
	ended_within 10
	equal "status of run" 0 $status
	contains "$(cat err)" 'interrupted by signal 15'
	[ ! -e "$ROOT/$ID" ]
}

# who ignores a signal (nohup, a job of a shell script) is not ended by it
test_ignored_signal_while_a_hook_waits() {
	local pid status
	bundle
	hook prestart "echo begun >$S/begun; sleep 1; echo over >$S/over"
	args /bin/true
	env --ignore-signal=HUP "$HUSK" --root "$ROOT" run --bundle "$B" "$ID" >out 2>err </dev/null &
	pid=$!
	eventually 10 test -s begun
	kill -HUP $pid
	ended_within 10
	equal "status of run" 0 $status
	equal "the hook has come to its end" over "$(cat over)"
}

# who waits for the freezer holds the container: it hears that its processes have ended meanwhile, and lets go
test_pause_of_a_container_that_ends() {
	local pid status pread=17
	injects
	has_cgroup || skip "no cgroup of ours"
	bundle
	args /bin/sleep 100
	husk run --detach --bundle "$B" "$ID" </dev/null >out 2>err
	# (it reads cgroup.events when everything is over)
	"$INJECT" "$S/fired" delay:1500 0 $pread "$HUSK" --root "$ROOT" pause "$ID" </dev/null >out 2>err &
	pid=$!
	eventually 10 grep -q 1 "$(cgroup_above)/$ID/cgroup.freeze"
	SECONDS=0
	husk delete --force "$ID"
	[ $SECONDS -lt $((6 * TIMEOUT_FACTOR)) ] || fail "delete waited for $SECONDS s"
	ended_within 10
	grep -q fired "$S/fired" || fail "pause was not held up"
	[ $status -ne 0 ] || fail "pause succeeded"
	contains "$(cat err)" 'container not running'
}

# husk is killed while its process in the container follows a path, which may take for ever: it ends with husk
test_process_of_exec_ends_with_a_killed_husk() {
	local pid command status chdir=80 order
	injects
	bundle
	for order in late early; do
		# (with a filter that refuses clone it is cloned at the beginning)
		[ $order = late ] || config '.process.noNewPrivileges = false |
			.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["clone"],action:"SCMP_ACT_ERRNO"}]}'
		args /bin/sleep 100
		husk run --detach --bundle "$B" "$ID" </dev/null >out 2>err
		exec_held 20000 2 $chdir "$ID" /bin/true
		# (the command, and what it has cloned)
		[ "$(pgrep -c -P "$command")" -ge 1 ] || fail "$order: nothing is there to end"
		kill -KILL "$command"
		# inject stays as long as one of them lives
		ended_within 12
		husk delete --force "$ID"
	done
}

# the stage of exec hangs in the command's own memory: a signal, or the end of the container, ends both, and nothing is left
test_stage_of_exec_that_hangs() {
	local pid command status what setns=308
	injects
	for what in signal end; do
		bundle b-$what
		args /bin/sleep 100
		husk run --detach --bundle "$B" "$ID-$what" </dev/null >out 2>err
		exec_held 20000 1 $setns "$ID-$what" /bin/true
		if [ $what = signal ]; then
			kill -TERM "$command"
		else
			husk kill "$ID-$what" KILL
		fi
		ended_within 12
		[ $status -ne 0 ] || fail "$what: exec succeeded"
		if [ $what = signal ]; then
			contains "$(cat err)" 'interrupted by signal 15'
		else
			contains "$(cat err)" 'not running'
		fi
		husk delete --force "$ID-$what"
	done
	# who ignores a signal is not ended by it
	bundle
	args /bin/sleep 100
	husk run --detach --bundle "$B" "$ID" </dev/null >out 2>err
	trap '' HUP
	exec_held 1000 1 $setns "$ID" /bin/echo over
	trap - HUP
	kill -HUP "$command"
	ended_within 12
	equal "status of exec" 0 $status
	equal "the program has run" over "$(cat out)"
	husk delete --force "$ID"
}

# husk is killed, which it cannot know before: its hooks end with it
test_hooks_end_with_a_killed_husk() {
	local kind pid hook_pid
	for kind in prestart createRuntime createContainer; do
		bundle "b-$kind"
		hook $kind "readlink /proc/self >$S/pid-$kind; exec sleep 1000"
		args /bin/sleep 100
		in_background create --bundle "$B" "$ID-$kind"
		eventually 10 test -s "$S/pid-$kind"
		# (of createContainer's it is init that is husk's child)
		[ $kind = createContainer ] || eventually 10 pgrep -P "$pid" sleep
		hook_pid=$(pgrep -P "$pid" sleep || true)
		kill -KILL $pid
		wait $pid 2>/dev/null || true
		[ -z "$hook_pid" ] || eventually 20 test ! -e "/proc/$hook_pid"
		husk delete --force "$ID-$kind"
	done
}

test_delete_while_a_creator_hangs() {
	local pid status start=$SECONDS command
	for command in create run; do
		bundle "b-$command"
		hook createRuntime "echo begun >$S/begun-$command; exec sleep 1000"
		args /bin/sleep 100
		in_background $command --bundle "$B" "$ID-$command"
		eventually 10 test -s "begun-$command"
		equal "status of the container" creating "$(status_of "$ID-$command")"
		husk delete --force "$ID-$command"
		[ ! -e "$ROOT/$ID-$command" ] || fail "$command: state is left"
		ended_within 5
		[ $status != 0 ] || fail "$command has succeeded"
	done
	[ $((SECONDS - start)) -lt $((9 * TIMEOUT_FACTOR)) ] || fail "it took $((SECONDS - start)) s"
}

test_delete_while_a_poststart_hook_hangs() {
	local pid status start=$SECONDS ended
	for ended in no yes; do
		bundle "b-$ended"
		hook poststart "readlink /proc/self >$S/hook-$ended; exec sleep 1000"
		args /bin/sleep 100
		husk create --bundle "$B" "$ID-$ended" >out 2>&1 </dev/null
		in_background start "$ID-$ended"
		eventually 10 test -s "hook-$ended"
		# (init need not be there any more)
		[ $ended = no ] || husk kill "$ID-$ended" KILL
		husk delete --force "$ID-$ended"
		[ ! -e "$ROOT/$ID-$ended" ] || fail "$ended: state is left"
		ended_within 5
		[ $status != 0 ] || fail "$ended: start has succeeded"
		eventually 20 test ! -d "/proc/$(cat "hook-$ended")"
	done
	[ $((SECONDS - start)) -lt $((9 * TIMEOUT_FACTOR)) ] || fail "it took $((SECONDS - start)) s"
	# what is noted for that is gone when the hooks are over
	bundle
	hook poststart "cp -P $ROOT/$ID/holder $S/during"
	args /bin/sleep 100
	husk create --bundle "$B" "$ID" >out 2>&1 </dev/null
	husk start "$ID"
	[ -L during ] || fail "nothing was noted"
	[ ! -L "$ROOT/$ID/holder" ] || fail "the note is left"
	husk delete --force "$ID"
}

# one that is only slow is not disturbed
test_delete_while_a_creator_is_slow() {
	local pid status
	bundle
	hook createRuntime "echo begun >$S/begun; sleep 0.3; echo over >$S/over"
	args /bin/sleep 100
	in_background create --bundle "$B" "$ID"
	eventually 10 test -s begun
	husk delete --force "$ID"
	[ ! -e "$ROOT/$ID" ]
	ended_within 5
	equal "status of create" 0 $status
	equal "the hook has come to its end" over "$(cat over)"
}

# ---- every system call -------------------------------------------------------------------------------

# What fails is one call of husk or of the processes that it clones, until these execute the program. Then: husk ends; it has either
# done all it should (what the program sees is what it always sees), or says in a line what went wrong and leaves nothing
# behind. What it cannot take back because the failing call is the one that removes it, delete --force removes.
calls_of() { # ARG...: husk ARG... as a list "PROCESS N CALL", without calls whose failure means nothing
	timeout 60 "$INJECT" "$S/calls.all" list - - "$HUSK" --root "$ROOT" "$@" >/dev/null 2>&1 </dev/null || true
	# 3 close, 9 mmap, 10 mprotect, 11 munmap, 12 brk, 15 rt_sigreturn, 59 execve, 231 exit_group; 95 umask always succeeds; 158
	# arch_prctl is the C library's, before anybody could say a word
	awk -v stride=$STRIDE -v seed="${SEED:-0}" 'NF == 3 && $3 !~ /^(3|9|10|11|12|15|59|95|158|231)$/ && ++n % stride == seed % stride' calls.all >calls
	[ -s calls ] || fail "no system call of husk $* is known"
}
injected() { # MODE PROCESS N ARG...: as calls_of; standard output to $S/seen.now, its status in $status
	local mode=$1 process=$2 n=$3
	shift 3
	status=0
	timeout -k 5 20 "$INJECT" "$S/fired" "$mode" "$process" "$n" "$HUSK" --root "$ROOT" "$@" >seen.now 2>err </dev/null || status=$?
	[ $status != 124 ] || fail "$mode at $process $n ($call): husk $* hangs"
}
remains() { # what of the container is left
	[ ! -e "$ROOT/$ID" ] || echo "state"
	find "$(cgroup_mount)" -depth -type d -name "*$ID*" -printf 'cgroup %p\n' 2>/dev/null
	awk -v s="$S/" 'index($5, s) == 1 && !index($5, s "tmp") { print "mount " $5 }' /proc/self/mountinfo
}
gone() { [ -z "$(remains)" ]; }
# what differs from run to run, and numbers of things, are left out; and HOME, which is / when no passwd file can be read
normal() {
	jq -S '(.pid, .ppid, .fds, .monotonic, .boottime, .timens) = null | .ns |= map_values("") | .pgid = null | .sid = null | .keyring = null |
		.mounts |= map(del(.id, .parent, .dev, .source) | .propagation = null) | .env |= map(select(startswith("HOME=") | not))' "$1" 2>/dev/null || cat "$1"
}
same_seen() {
	local difference
	difference=$(diff <(normal seen.first) <(normal seen.now) | grep '^[<>]' | tr -s ' \n' ' ' | head -c 400 || true)
	[ -z "$difference" ] || fail "$what: the program sees something else: $difference"
}
said_why() { # after a failure
	local lines
	lines=$(wc -l <err)
	[ "$lines" -ge 1 ] || fail "$what: status $status and not a word"
	[ "$lines" -le 2 ] || fail "$what: $lines lines: $(cat err)"
}

sweep_run() { # ERRNO...
	local what process n call status=0 e
	config_args_see
	"$HUSK" --root "$ROOT" run --bundle "$B" "$ID" >seen.first </dev/null
	calls_of run --bundle "$B" "$ID"
	for e in "$@"; do
		while read -r process n call; do
			# (mknodat with EPERM: what cannot be made is bound from the host, and looks like it)
			[ "$e/$call" != 1/259 ] || continue
			what="errno $e at call $n ($call) of process $process"
			injected "errno:$e" "$process" "$n" run --bundle "$B" "$ID"
			if [ $status = 0 ]; then
				same_seen
			else
				said_why
			fi
			[ -z "$(remains)" ] || {
				[ $status != 0 ] || fail "$what: success, and it leaves $(remains)"
				note "$what leaves $(remains | xargs): $(head -c 200 err)"
				husk delete --force "$ID"
				gone || fail "$what: delete leaves $(remains)"
			}
		done <calls
	done
}

test_errors_of_run() { # limit 900
	injects
	bundle
	if [ "${SWEEP:-}" = all ]; then sweep_run 1 2 5 12 28; else sweep_run 5; fi
}

test_errors_of_run_with_a_user_namespace() { # limit 900
	injects
	bundle
	user_namespace
	config '.linux.namespaces += [{type:"time"}] | .linux.timeOffsets = {monotonic:{secs:100}}'
	if [ "${SWEEP:-}" = all ]; then sweep_run 1 12; else sweep_run 1; fi
}

# a bundle whose container joins the pid namespace that $holder has made, of which $first is the first process
bundle_in_a_pid_namespace() {
	unshare --pid --fork --kill-child sleep 1000 &
	holder=$!
	eventually 20 pgrep -P $holder sleep
	first=$(pgrep -P $holder sleep)
	bundle
	config --arg p "/proc/$first/ns/pid" '.linux.namespaces |= map(if .type == "pid" then .path = $p else . end)'
}

# where init is cloned last, by a process that has asked for its /proc through another one
test_errors_of_run_in_a_joined_pid_namespace() { # limit 900
	local holder first
	is_root || skip "a plain user's containers have user namespaces, and with one it is cloned first"
	injects
	bundle_in_a_pid_namespace
	if [ "${SWEEP:-}" = all ]; then sweep_run 1 5 12; else sweep_run 5; fi
	kill -KILL "$first"
	wait $holder || true
}

# That process is seen in the joined pid namespace, and with it its root: nothing of the new container is there to be written to, whose
# root is read-only
test_root_of_the_process_that_asks_for_proc() {
	local holder creating
	is_root || skip "a plain user's containers have user namespaces, and with one it is cloned first"
	injects
	bundle
	config 'del(.linux.seccomp) | .root.readonly = true |
		.process.capabilities |= with_entries(select(.key | IN("bounding", "effective", "permitted")) | .value += ["CAP_SYS_PTRACE"])'
	args /bin/sleep 1000
	husk run --detach --bundle "$B" "$ID" </dev/null >out 2>err
	holder=$(husk state "$ID" | jq .pid)
	cp -a "$B" "$B-2"
	B=$B-2 config --arg p "/proc/$holder/ns/pid" '.linux.namespaces |= map(if .type == "pid" then .path = $p else . end)'
	B=$B-2 args /bin/true
	"$INJECT" "$S/log" delay:2000 3 $SENDMSG "$HUSK" --root "$ROOT" run --bundle "$B-2" "$ID-2" </dev/null >out 2>err &
	creating=$!
	eventually 10 grep -q "fired $SENDMSG" log
	husk exec "$ID" /bin/sh -c 'for p in /proc/[0-9]*; do
		[ $p = /proc/$$ ] || [ $p = /proc/1 ] || { cd $p/root && echo "entered $(pwd) $(ls | wc -l)"; echo x >written; }; done; true' </dev/null >tried 2>&1
	contains "$(cat tried)" 'root 0' 'Read-only file system'
	[ ! -e "$B-2/rootfs/written" ] || fail "it was written to the root of the new container"
	wait $creating || fail "$(cat err)"
	husk delete --force "$ID"
}

# Who stops that process for ever does not stop the creation for ever
test_process_that_asks_for_proc_is_stopped() { # limit 60
	local holder first status=0 fsopen=430
	is_root || skip "a plain user's containers have user namespaces, and with one it is cloned first"
	injects
	bundle_in_a_pid_namespace
	# longer than this test may take; and the control, a short time
	timeout 40 "$INJECT" "$S/log" delay:100000 3 $fsopen "$HUSK" --root "$ROOT" run --bundle "$B" "$ID" </dev/null >out 2>err || status=$?
	contains "$(cat log)" "fired $fsopen"
	equal status 1 "$status"
	contains "$(cat err)" 'procfs of the joined pid namespace' 'it has not answered'
	args /bin/echo hello
	"$INJECT" "$S/log" delay:1000 3 $fsopen "$HUSK" --root "$ROOT" run --bundle "$B" "$ID" </dev/null >out 2>err || fail "$(cat err)"
	contains "$(cat log)" "fired $fsopen"
	equal output hello "$(cat out)"
	kill -KILL "$first"
	wait $holder || true
}

test_errors_of_exec() { # limit 600
	local what process n call status e errors=5
	injects
	[ "${SWEEP:-}" != all ] || errors='1 2 5 12'
	bundle
	args /bin/sleep 1000
	husk run --detach --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null
	husk exec "$ID" /bin/probe see >seen.first </dev/null
	calls_of exec "$ID" /bin/probe see
	for e in $errors; do
		while read -r process n call; do
			what="errno $e at call $n ($call) of process $process"
			injected "errno:$e" "$process" "$n" exec "$ID" /bin/probe see
			if [ $status = 0 ]; then
				same_seen
			else
				said_why
			fi
			equal "$what: processes" 3 "$(husk exec "$ID" /bin/ps | wc -l)"
		done <calls
	done
	husk delete --force "$ID"
}

test_errors_of_delete() { # limit 600
	local what process n call status e errors=5
	injects
	[ "${SWEEP:-}" != all ] || errors='1 5 12' # (not ENOENT: a container that is not there is what --force wants)
	bundle
	args /bin/sleep 1000
	husk create --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null
	calls_of delete --force "$ID"
	for e in $errors; do
		while read -r process n call; do
			what="errno $e at call $n ($call) of process $process"
			[ -e "$ROOT/$ID" ] || husk create --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null
			injected "errno:$e" "$process" "$n" delete --force "$ID"
			if [ $status = 0 ]; then
				gone || fail "$what: success, and it leaves $(remains)"
			else
				said_why
				husk delete --force "$ID"
				gone || fail "$what: the next delete leaves $(remains)"
			fi
		done <calls
	done
	husk delete --force "$ID"
}

# husk, or a process that it has cloned, is killed at a system call
test_killed_at_every_call() { # limit 900
	local what process n call status=0 mode command
	injects
	[ $STRIDE = 1 ] || STRIDE=$((STRIDE * 3))
	bundle
	args /bin/sleep 1000
	for command in create 'run --detach'; do
		# shellcheck disable=SC2086  # two words
		calls_of $command --bundle "$B" "$ID"
		husk delete --force "$ID"
		for mode in kill kill-first; do
			while read -r process n call; do
				[ $mode = kill ] || [ "$process" != 0 ] || continue
				what="$command: $mode at call $n ($call) of process $process"
				injected $mode "$process" "$n" $command --bundle "$B" "$ID"
				[ $status != 0 ] || [ $mode != kill ] || husk state "$ID" >/dev/null 2>&1 || fail "$what: success without a container"
				[ $status -ge 128 ] || [ $status = 0 ] || said_why
				husk delete --force "$ID" || fail "$what: delete: status $?"
				gone || fail "$what: delete leaves $(remains)"
			done <calls
		done
	done
}

run_tests "$@"
