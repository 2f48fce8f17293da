#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the container's program is given: identity, environment, limits, scheduling, terminal, hooks; and exec.
. "${0%/*}/lib.sh"

start_sleeping() {
	args /bin/sleep 100
	husk create --bundle "$B" "$ID" >/dev/null 2>err </dev/null || fail "create: $(cat err)"
	husk start "$ID"
}

test_user_and_groups() {
	is_root || skip "one user only in this user namespace"
	bundle
	config '.process.user = {uid:1000,gid:1001,additionalGids:[5,6,1001]}'
	run_probe
	equal uid '1000 1000 1000' "$(seen '.uid | join(" ")')"
	equal gid '1001 1001 1001' "$(seen '.gid | join(" ")')"
	equal groups '5 6 1001' "$(seen '.groups | sort | join(" ")')"
	config '.process.user = {uid:1,gid:1}'
	run_probe
	equal "no groups" '' "$(seen '.groups | join(" ")')"
}

test_unmapped_user_is_refused() {
	is_root && skip "for a plain user's single mapping"
	bundle
	config '.process.user = {uid:7,gid:0}'
	refused uid run --bundle "$B" "$ID"
}

test_umask() {
	bundle
	run_probe
	equal default 0022 "$(seen .umask)"
	config '.process.user.umask = 63'
	run_probe
	equal umask 0077 "$(seen .umask)"
}

test_rlimits() {
	bundle
	config '.process.rlimits = [{type:"RLIMIT_NOFILE",soft:123,hard:456},{type:"RLIMIT_CORE",soft:0,hard:0}]'
	run_probe
	equal NOFILE '123 456' "$(seen .rlimits.NOFILE)"
	equal CORE '0 0' "$(seen .rlimits.CORE)"
	config '.process.rlimits = [{type:"RLIMIT_NOFILE",soft:1,hard:1},{type:"RLIMIT_NOFILE",soft:1,hard:1}]'
	refused 'rlimits[1]' run --bundle "$B" "$ID"
	config '.process.rlimits = [{type:"RLIMIT_NOSUCH",soft:1,hard:1}]'
	refused RLIMIT_NOSUCH run --bundle "$B" "$ID"
	config '.process.rlimits = [{type:"RLIMIT_NOFILE",soft:5,hard:1}]'
	refused rlimits run --bundle "$B" "$ID"
}

test_limits_of_the_caller_are_kept() {
	bundle
	config 'del(.process.rlimits)'
	(
		ulimit -n 321
		config_args_see
		husk run --bundle "$B" "$ID" >seen
	)
	equal NOFILE '321 321' "$(seen .rlimits.NOFILE)"
}

test_oom_score() {
	bundle
	config '.process.oomScoreAdj = 500'
	run_probe
	equal oom_score_adj 500 "$(seen .oom_score_adj)"
	config '.process.oomScoreAdj = 5000'
	refused oomScoreAdj run --bundle "$B" "$ID"
}

test_cwd() {
	bundle
	config '.process.cwd = "/etc"'
	run_probe
	equal cwd /etc "$(seen .cwd)"
	config '.process.cwd = "/new/dir"'
	run_probe
	equal "a missing one is made" /new/dir "$(seen .cwd)"
	config '.process.cwd = "relative"'
	refused cwd run --bundle "$B" "$ID"
	config '.process.cwd = "/etc/passwd"'
	refused '/etc/passwd' run --bundle "$B" "$ID"
}

test_environment() {
	bundle
	# shellcheck disable=SC2016
	config '.process.env = ["PATH=/bin","A=1","B=two words $X","A=2","EMPTY="]'
	export HUSK_CANARY=leaks
	run_probe
	equal env 'A=2|B=two words $X|EMPTY=|HOME=/root|PATH=/bin' "$(seen '.env | sort | join("|")')"
}

test_home() {
	bundle
	config '.process.env = ["PATH=/bin","HOME=/given"]'
	run_probe
	contains "$(seen '.env | join(" ")')" HOME=/given
	rm "$B/rootfs/etc/passwd"
	config '.process.env = ["PATH=/bin"]'
	run_probe
	contains "$(seen '.env | join(" ")')" HOME=/
	# what the passwd file is must not matter
	mkfifo "$B/rootfs/etc/passwd"
	run_probe
	contains "$(seen '.env | join(" ")')" HOME=/
	is_root || return 0
	rm "$B/rootfs/etc/passwd"
	printf '1000:x:0:0::/trap:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n' >"$B/rootfs/etc/passwd"
	config '.process.user = {uid:1000,gid:1000}'
	run_probe
	contains "$(seen '.env | join(" ")')" HOME=/home/user
	equal uid 1000 "$(seen '.uid[0]')"
}

test_program_is_found_along_path() {
	bundle
	config '.process.env = ["PATH=/nosuch:/usr/bin:/bin"]'
	args echo found
	equal output found "$(husk run --bundle "$B" "$ID")"
	config '.process.cwd = "/bin"'
	args ./echo relative
	equal output relative "$(husk run --bundle "$B" "$ID")"
}

test_texts_for_a_program_that_cannot_run() {
	bundle
	args foo
	refused 'executable file not found in $PATH' create --bundle "$B" "$ID"
	contains "$(cat refused.err)" 'exec: "foo"' 'executable file `foo` not found in $PATH: No such file or directory'
	args ''
	refused 'cannot find `` in $PATH' create --bundle "$B" "$ID"
	args /nosuch/prog
	refused 'no such file or directory' create --bundle "$B" "$ID"
	contains "$(cat refused.err)" '`/nosuch/prog` not found'
	args /etc
	refused 'is a directory' create --bundle "$B" "$ID"
	args /etc/passwd
	refused 'permission denied' create --bundle "$B" "$ID"
	config '.process.args = []'
	refused args create --bundle "$B" "$ID"
}

test_terminal_with_console_socket() {
	bundle
	config '.process.terminal = true | .process.consoleSize = {height:33,width:99}'
	config_args_see
	"$TOOLS/receive" info "$S/console" >seen </dev/null &
	eventually 5 grep -q listening info
	husk create --bundle "$B" --console-socket "$S/console" --pid-file pid "$ID"
	husk start "$ID"
	wait $!
	equal "descriptors sent" 1 "$(sed -n 2p info | jq .fds)"
	contains "$(sed -n 2p info | jq -r .target)" ptmx
	[ "$(sed -n 2p info | jq -r '.data | length')" -gt 0 ]
	equal "size" '33 99' "$(seen '.tty["0"] | "\(.rows) \(.columns)"')"
	equal "controlling terminal" 1 "$(seen .tty.controlling)"
	equal "onlcr" 0 "$(seen '.tty["0"].onlcr')"
	check '.tty["0"].path == .tty["2"].path and .fds == {"0":.fds["0"],"1":.fds["0"],"2":.fds["0"]} and .sid == .pid'
	mount_seen /dev/console '.type == "devpts"'
	eventually 5 eval '[ "$(status_of "$ID")" = stopped ]'
	husk delete "$ID"
}

test_terminal_rules() {
	bundle
	args /bin/true
	config '.process.terminal = true'
	refused 'console socket' create --bundle "$B" "$ID"
	config '.process.terminal = false'
	refused 'console socket' create --bundle "$B" --console-socket "$S/x" "$ID"
	config '.process.terminal = true'
	refused "$S/nosuch" create --bundle "$B" --console-socket "$S/nosuch" "$ID"
}

test_long_console_socket_path() {
	local dir
	dir=$S/$(printf 'd%.0s' $(seq 120))
	mkdir "$dir"
	bundle
	config '.process.terminal = true'
	args /bin/echo through
	(cd "$dir" && exec "$TOOLS/receive" "$S/info" console >"$S/out" </dev/null) &
	eventually 5 grep -q listening info
	husk run --detach --bundle "$B" --console-socket "$dir/console" "$ID"
	wait $!
	contains "$(cat out)" through
	husk delete --force "$ID"
}

test_terminal_in_the_foreground() {
	bundle
	config '.process.terminal = true'
	args /bin/sh -c 'tty; stty size; echo done'
	printf '%q ' "$HUSK" --root "$ROOT" run --bundle "$B" "$ID" >cmd
	# an input that does not end: script would end the session with it
	mkfifo quiet && exec 8<>quiet
	script -qec "stty rows 21 cols 77; sh $S/cmd" /dev/null >out <&8
	exec 8<&-
	contains "$(tr -d '\r' <out)" '/dev/pts/0' '21 77' 'done'
}

# the end of the caller's input stays the end: for a shell that was editing a line or waiting for a program when it came, and for each
# program that reads
test_terminal_and_the_end_of_input() { # limit 60
	local i script
	bundle
	config '.process.terminal = true'
	args /bin/sh
	for script in 'echo hi; sleep 0.3' 'sleep 0.2; echo hi' 'echo hi'; do
		for i in 1 2 3; do
			printf '%s\n' "$script" | timeout -k 2 10 "$HUSK" --root "$ROOT" run --bundle "$B" "$ID" >out || fail "run $i of '$script': status $?"
			contains "$(tr -d '\r' <out)" $'\nhi'
		done
	done
	(sleep 0.5 && echo 'echo hi' && sleep 0.5) | timeout -k 2 10 "$HUSK" --root "$ROOT" run --bundle "$B" "$ID" >out || fail "slow input: status $?"
	contains "$(tr -d '\r' <out)" $'\nhi'
	args /bin/sh -c 'cat; cat; echo over'
	timeout -k 2 10 "$HUSK" --root "$ROOT" run --bundle "$B" "$ID" </dev/null >out || fail "two readers: status $?"
	equal "two readers" over "$(tr -d '\r' <out)"
}

test_no_tiocsti_to_the_callers_terminal() {
	bundle
	args /bin/probe try tiocsti , open /dev/tty rw
	printf '%q ' "$HUSK" --root "$ROOT" run --bundle "$B" "$ID" >cmd
	# an input that does not end: script would end the session with it
	mkfifo quiet && exec 8<>quiet
	script -qec "sh $S/cmd" /dev/null >out <&8
	exec 8<&-
	contains "$(cat out)" '"op":"tiocsti","arg":"","result":-1'
}

test_pidfd_socket() {
	bundle
	args /bin/sleep 100
	"$TOOLS/receive" info "$S/socket" &
	eventually 5 grep -q listening info
	husk create --bundle "$B" --pidfd-socket "$S/socket" "$ID" >"$S/out" 2>"$S/err" </dev/null
	wait $!
	sed -n 2p info | jq -e '.fds == 1 and (.target | contains("pidfd"))' >/dev/null
	husk delete --force "$ID"
}

test_preserved_descriptors_with_holes() {
	bundle
	config_args_see
	exec 4</dev/zero
	husk run --preserve-fds 3 --bundle "$B" "$ID" >seen </dev/null 2>/dev/null
	exec 4<&-
	equal descriptors '0 1 2 4' "$(seen '.fds | keys | join(" ")')"
}

# passed on as ever, for engines do it; but not without a word
test_preserved_directory_is_warned_of() {
	local command
	bundle
	mkdir outside
	echo secret >outside/file
	exec 3</dev/zero 4<outside
	args /bin/cat /proc/self/fd/4/file
	equal "what is reached through it" secret "$(husk --log log --log-level warning run --preserve-fds 2 --bundle "$B" "$ID")"
	equal "warnings" 1 "$(grep -c 'descriptor 4 .* directory' log)"
	equal "lines of the log" 1 "$(wc -l <log)"
	equal "LISTEN_FDS" secret "$(LISTEN_FDS=2 husk --log log2 --log-level warning run --bundle "$B" "$ID")"
	contains "$(cat log2)" 'descriptor 4 '
	start_sleeping
	equal "exec" secret "$(husk --log log3 --log-level warning exec --preserve-fds 2 "$ID" cat /proc/self/fd/4/file)"
	contains "$(cat log3)" 'descriptor 4 '
	husk delete --force "$ID"
	exec 4<&-
	args /bin/true
	husk --log log4 --log-level warning run --preserve-fds 1 --bundle "$B" "$ID" </dev/null
	exec 3<&-
	lacks "$(cat log4)" descriptor
}

test_listen_fds() {
	bundle
	config_args_see
	exec 3</dev/zero 4</dev/full
	LISTEN_FDS=2 husk run --bundle "$B" "$ID" >seen </dev/null 2>/dev/null
	exec 3<&- 4<&-
	equal descriptors '0 1 2 3 4' "$(seen '.fds | keys | join(" ")')"
	contains "$(seen '.env | join(" ")')" LISTEN_FDS=2 LISTEN_PID=1
}

test_exec_simple() {
	local status=0
	bundle
	start_sleeping
	equal output hello "$(echo hello | husk exec "$ID" /bin/cat)"
	husk exec "$ID" /bin/sh -c 'exit 9' || status=$?
	equal status 9 $status
	status=0
	husk exec "$ID" /bin/sh -c 'kill -9 $$' || status=$?
	equal "status of a killed one" 137 $status
	husk delete --force "$ID"
}

test_exec_options() {
	local user=0
	bundle
	start_sleeping
	is_root && user=1000:1001
	husk exec --cwd /etc --env X=1 --env Y=2 --user $user --no-new-privs --pid-file pid "$ID" /bin/probe see -x >seen
	equal cwd /etc "$(seen .cwd)"
	contains " $(seen '.env | join(" ")') " ' X=1 ' ' Y=2 '
	equal args '/bin/probe see -x' "$(seen '.args | join(" ")')"
	if is_root; then
		equal ids '1000 1001' "$(seen '"\(.uid[0]) \(.gid[0])"')"
		husk exec --additional-gids 7 --additional-gids 8 --cap CAP_SYS_TIME "$ID" /bin/probe see >seen
		equal groups '7 8' "$(seen '.groups | sort | join(" ")')"
		check '.caps.bounding | index("CAP_SYS_TIME") != null'
	fi
	equal "bytes of the pid file" "$(tr -d '\n' <pid | wc -c)" "$(wc -c <pid)"
	husk delete --force "$ID"
}

test_exec_process_file() {
	bundle
	start_sleeping
	jq '.process | .args = ["/bin/probe","see"] | .cwd = "/tmp" | .env = ["ONLY=this"] | .user.umask = 55 | .oomScoreAdj = 700' "$B/config.json" >p.json
	husk exec --process p.json "$ID" >seen
	equal cwd /tmp "$(seen .cwd)"
	equal umask 0067 "$(seen .umask)"
	contains "$(seen '.env | join(" ")')" ONLY=this
	equal oom_score_adj 700 "$(seen .oom_score_adj)"
	STATUS=255 refused '--process /dev/null: no regular file' exec --process /dev/null "$ID"
	STATUS=255 refused 'option --cgroup: the value is empty' exec --cgroup '' "$ID" /bin/true
	husk delete --force "$ID"
}

test_exec_detached() {
	bundle
	start_sleeping
	husk exec --detach --pid-file pid "$ID" /bin/sleep 100 >out 2>&1 </dev/null
	equal output '' "$(cat out)"
	contains "$(tr '\0' ' ' <"/proc/$(cat pid)/cmdline")" sleep
	equal "pid namespace" "$(readlink "/proc/$(husk state "$ID" | jq .pid)/ns/pid")" "$(readlink "/proc/$(cat pid)/ns/pid")"
	husk delete --force "$ID"
}

# numbers that are none were once read as 0: root
test_exec_user_is_strict() {
	local u
	bundle
	start_sleeping
	for u in ' 1' +1 -1 1x 4294967295 4294967296 1: :1 root '' 1:x; do
		husk exec --user "$u" "$ID" /bin/id -u >out 2>/dev/null && fail "--user '$u' was accepted as $(cat out)"
		equal output '' "$(cat out)"
	done
	equal "--user 0" 0 "$(husk exec --user 0 "$ID" /bin/id -u)"
	husk delete --force "$ID"
}

test_exec_failures() {
	bundle
	start_sleeping
	STATUS=255 refused 'executable file not found in $PATH' exec "$ID" nosuch
	STATUS=255 refused '/nosuch' exec "$ID" /nosuch
	husk kill "$ID" KILL
	eventually 5 eval '[ "$(status_of "$ID")" = stopped ]'
	STATUS=255 refused 'cannot exec in a stopped container' exec "$ID" /bin/true
	husk delete "$ID"
	STATUS=255 refused 'does not exist' exec "$ID" /bin/true
}

test_exec_with_a_terminal() {
	bundle
	start_sleeping
	"$TOOLS/receive" info "$S/console" >out </dev/null &
	eventually 5 grep -q listening info
	husk exec --detach --tty --console-socket "$S/console" "$ID" /bin/sh -c 'tty; echo done'
	wait $!
	contains "$(cat out)" /dev/pts/ 'done'
	husk delete --force "$ID"
}

hook() { # KIND SCRIPT
	config --arg k "$1" --arg s "$2" '.hooks[$k] += [{path:"/bin/sh",args:["sh","-c",$s],env:["PATH=/bin:/usr/bin"]}]'
}

test_hooks_run_in_order() {
	local k
	bundle
	for k in prestart createRuntime createContainer poststart poststop; do
		hook $k "echo $k >>$S/order; cat >$S/stdin-$k"
	done
	hook prestart "echo prestart2 >>$S/order"
	config '.hooks.startContainer = [{path:"/bin/sh",args:["sh","-c","echo startContainer >>/tmp/order; cat >/tmp/stdin"]}]'
	mkdir "$B/rootfs/data"
	args /bin/sleep 100
	husk create --bundle "$B" "$ID" >/dev/null 2>err </dev/null || fail "create: $(cat err)"
	equal "after create" 'prestart prestart2 createRuntime createContainer' "$(xargs <order)"
	[ ! -e "$B/rootfs/tmp/order" ]
	husk start "$ID"
	equal "after start" poststart "$(tail -1 order)"
	equal "inside" startContainer "$(cat "$B/rootfs/tmp/order")"
	husk delete --force "$ID"
	equal "after delete" poststop "$(tail -1 order)"
	for k in prestart createRuntime createContainer poststart poststop; do
		jq -e --arg id "$ID" --arg b "$B" '.id == $id and .bundle == $b and .ociVersion and .status' "stdin-$k" >/dev/null || fail "state of $k: $(cat "stdin-$k")"
	done
	equal "status for prestart" created "$(jq -r .status stdin-prestart)"
	equal "status for createContainer" creating "$(jq -r .status stdin-createContainer)"
	equal "status for createRuntime" creating "$(jq -r .status stdin-createRuntime)"
	equal "status for poststart" running "$(jq -r .status stdin-poststart)"
	equal "status for poststop" stopped "$(jq -r .status stdin-poststop)"
	jq -e '.pid > 1' stdin-createRuntime >/dev/null
	equal "status for startContainer" created "$(jq -r .status "$B/rootfs/tmp/stdin")"
}

test_failing_hooks_undo_everything() {
	local k
	for k in prestart createRuntime createContainer; do
		bundle "b-$k"
		hook $k 'echo the reason >&2; exit 3'
		hook poststop "echo ran >>$S/poststop"
		args /bin/sleep 100
		refused "$k" create --bundle "$B" "$ID"
		contains "$(cat refused.err)" 'the reason' 'status 3'
		refused 'does not exist' state "$ID"
	done
	equal "poststop ran" 3 "$(wc -l <poststop)"
}

test_failing_poststart_is_a_failure_of_start() {
	bundle
	hook poststart 'exit 4'
	args /bin/sleep 100
	husk create --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null
	refused poststart start "$ID"
	refused 'does not exist' delete "$ID"
	husk delete --force "$ID"
}

test_failing_poststop_is_a_warning() {
	bundle
	hook poststop 'exit 4'
	hook poststop "echo second >$S/second"
	args /bin/true
	husk --log-level warning run --bundle "$B" "$ID" 2>err
	equal "the next hook ran" second "$(cat second)"
	contains "$(cat err)" poststop
}

test_hook_timeout() {
	local start=$SECONDS
	bundle
	config '.hooks.prestart = [{path:"/bin/sh",args:["sh","-c","sleep 60 & wait"],env:["PATH=/bin:/usr/bin"],timeout:1}]'
	args /bin/true
	refused timeout create --bundle "$B" "$ID"
	[ $((SECONDS - start)) -lt $((10 * TIMEOUT_FACTOR)) ]
	config '.hooks.prestart[0].timeout = 0'
	refused timeout create --bundle "$B" "$ID"
	config '.hooks.prestart[0] = {path:"relative"}'
	refused path create --bundle "$B" "$ID"
	config '.hooks.prestart[0] = {path:"/nosuch"}'
	refused /nosuch create --bundle "$B" "$ID"
}

test_hook_environment_is_what_is_given() {
	bundle
	export HUSK_CANARY=leaks
	config --arg s "$S" '.hooks.prestart = [{path:"/usr/bin/env",args:["env"],env:["A=1"]}] | .hooks.createRuntime = [{path:"/bin/sh",args:["sh","-c",("/usr/bin/env >" + $s + "/env; pwd >" + $s + "/cwd")],env:["A=1"]}]'
	args /bin/true
	husk run --bundle "$B" "$ID" >out
	equal "standard output of run" '' "$(cat out)"
	contains "$(cat env)" A=1
	lacks "$(cat env)" CANARY
	equal cwd "$B" "$(cat cwd)"
}

test_scheduler_and_nice() {
	bundle
	config '.process.scheduler = {policy:"SCHED_BATCH",nice:5}'
	run_probe
	equal scheduler '3 5' "$(seen '.scheduler | "\(.policy) \(.nice)"')"
	config '.process.scheduler = {policy:"SCHED_IDLE"}'
	run_probe
	equal policy 5 "$(seen .scheduler.policy)"
	config '.process.scheduler = {policy:"SCHED_NOSUCH"}'
	refused SCHED_NOSUCH run --bundle "$B" "$ID"
	config '.process.scheduler = {policy:"SCHED_OTHER",nice:50}'
	refused nice run --bundle "$B" "$ID"
}

test_realtime_scheduler() {
	is_root && can CAP_SYS_NICE && chrt -f 1 true 2>/dev/null || skip "this host gives no real-time scheduling"
	bundle
	config '.process.scheduler = {policy:"SCHED_FIFO",priority:10,flags:["SCHED_FLAG_RESET_ON_FORK"]}'
	run_probe
	equal scheduler '1 10 1' "$(seen '.scheduler | "\(.policy) \(.priority) \(.flags)"')"
}

test_io_priority() {
	bundle
	config '.process.ioPriority = {class:"IOPRIO_CLASS_BE",priority:6}'
	run_probe
	equal ioprio '2 6' "$(seen '.ioprio | join(" ")')"
	config '.process.ioPriority = {class:"IOPRIO_CLASS_BE",priority:8}'
	refused ioPriority run --bundle "$B" "$ID"
}

test_affinity_of_the_caller_does_not_leak() {
	[ "$(nproc)" -gt 1 ] || skip "one processor only"
	local all
	bundle
	all=$("$TOOLS/probe" see | jq -c .affinity)
	config_args_see
	taskset -c 0 "$HUSK" --root "$ROOT" run --bundle "$B" "$ID" >seen
	equal affinity "$all" "$(seen -c .affinity)"
}

test_exec_affinity() {
	[ "$(nproc)" -gt 1 ] || skip "one processor only"
	bundle
	config '.process.execCPUAffinity = {initial:"0",final:"1"}'
	start_sleeping
	husk exec "$ID" /bin/probe see >seen
	equal affinity '[1]' "$(seen -c .affinity)"
	husk delete --force "$ID"
	config '.process.execCPUAffinity = {final:"1-"}'
	refused execCPUAffinity run --bundle "$B" "$ID"
}

test_memory_policy() {
	bundle
	config '.linux.memoryPolicy = {mode:"MPOL_BIND",nodes:"0"}'
	run_probe
	equal mempolicy '2 1' "$(seen '.mempolicy | "\(.mode) \(.nodes)"')"
	config '.linux.memoryPolicy = {mode:"MPOL_NOSUCH"}'
	refused MPOL_NOSUCH run --bundle "$B" "$ID"
	config '.linux.memoryPolicy = {mode:"MPOL_DEFAULT",nodes:"0"}'
	refused memoryPolicy run --bundle "$B" "$ID"
}

test_personality() {
	bundle
	config '.linux.personality = {domain:"LINUX32"}'
	run_probe
	equal personality 8 "$(seen .personality)"
	contains "$(seen .machine)" 86
	config '.linux.personality = {domain:"BSD"}'
	refused BSD run --bundle "$B" "$ID"
}

test_session_keyring() {
	"$TOOLS/probe" see | jq -e .keyring >/dev/null || skip "this kernel has no keyrings"
	bundle
	config 'del(.linux.seccomp)'
	run_probe
	contains "$(seen .keyring)" "_ses.$ID"
	config_args_see
	husk run --no-new-keyring --bundle "$B" "$ID" >seen
	lacks "$(seen .keyring)" "_ses.$ID"
}

# nor does a process of exec see the keys of who calls it; in the container's keyring it does, and with --no-new-keyring as before
test_session_keyring_of_exec() {
	"$TOOLS/probe" see | jq -e .keyring >/dev/null || skip "this kernel has no keyrings"
	bundle
	config 'del(.linux.seccomp)'
	args /bin/sleep 100
	husk run --detach --bundle "$B" "$ID" </dev/null >"$S/out" 2>"$S/err"
	husk exec "$ID" /bin/probe see >seen
	contains "$(seen .keyring)" "_ses.$ID"
	husk delete --force "$ID"
	husk run --detach --no-new-keyring --bundle "$B" "$ID" </dev/null >"$S/out" 2>"$S/err"
	husk exec "$ID" /bin/probe see >seen
	lacks "$(seen .keyring)" "_ses.$ID"
	husk delete --force "$ID"
}

# a limit of processes that is used up already stops nobody from entering: execve makes none
test_exec_at_the_limit_of_processes() {
	bundle
	config '.process.rlimits = [{type:"RLIMIT_NPROC",soft:2,hard:2}]'
	! is_root || config '.process.user = {uid:54321,gid:54321}'
	args /bin/sleep 100
	husk run --detach --bundle "$B" "$ID" </dev/null >"$S/out" 2>"$S/err"
	equal limits '2 2' "$(husk exec "$ID" /bin/sh -c 'while read -r a b s h x; do [ "$a $b" != "Max processes" ] || echo $s $h; done </proc/self/limits')"
	equal hello hello "$(husk exec "$ID" /bin/echo hello)"
	husk delete --force "$ID"
}

# paths through /proc/self are the new process' own
test_exec_through_proc_self() {
	bundle
	args /bin/sleep 100
	husk run --detach --bundle "$B" "$ID" </dev/null >"$S/out" 2>"$S/err"
	equal cwd /etc "$(husk exec --cwd /proc/self/root/etc "$ID" /bin/pwd)"
	contains "$(husk exec --cwd /proc/self/task "$ID" /bin/pwd)" /proc/ /task
	equal PATH hello "$(husk exec --env PATH=/proc/self/root/bin "$ID" echo hello)"
	local status=0
	husk exec --preserve-fds 1 "$ID" /proc/self/fd/3 try exit 7 3<"$TOOLS/probe" >out || status=$?
	equal descriptor 7 $status
	husk delete --force "$ID"
}

# who waits in a paused container hears of its end
test_exec_in_a_paused_container_that_ends() {
	has_cgroup || skip "no cgroup of ours"
	bundle
	args /bin/sleep 100
	husk run --detach --bundle "$B" "$ID" </dev/null >"$S/out" 2>"$S/err"
	husk pause "$ID"
	husk exec --ignore-paused "$ID" /bin/echo hello </dev/null >out 2>err &
	sleep 0.5
	husk kill "$ID" KILL
	eventually 5 eval '! kill -0 $! 2>/dev/null'
	! wait $! || fail "exec succeeded"
	contains "$(cat err)" 'container not running'
	husk delete --force "$ID"
}

test_signals_are_reset() {
	bundle
	config_args_see
	(
		trap '' PIPE USR1 HUP
		exec "$HUSK" --root "$ROOT" run --bundle "$B" "$ID" >seen
	)
	equal ignored 0000000000000000 "$(seen .signals.ignored)"
	equal blocked 0000000000000000 "$(seen .signals.blocked)"
}

test_init_is_a_session_leader_without_parent_inside() {
	bundle
	run_probe
	equal 'pid ppid sid' '1 0 1' "$(seen '"\(.pid) \(.ppid) \(.sid)"')"
}

test_sd_notify() {
	bundle
	"$TOOLS/receive" info "$S/notify" dgram &
	local receiver=$!
	eventually 5 grep -q listening info
	args /bin/sh -c 'probe see; [ -n "$NOTIFY_SOCKET" ] && [ -S "$NOTIFY_SOCKET" ]'
	NOTIFY_SOCKET=$S/notify timeout 10 "$HUSK" --root "$ROOT" run --bundle "$B" "$ID" >seen
	contains "$(seen '.env | join(" ")')" NOTIFY_SOCKET=/run/notify/notify.sock
	kill $receiver
	wait $receiver || true
}

# HOME is never guessed: a file that cannot be read (this one gives EIO at its beginning) is no missing file
test_passwd_that_cannot_be_read() {
	is_root || skip "a plain user's bind of that file is as good as none"
	bundle
	args /bin/sh -c 'echo $HOME'
	equal "the control" /root "$(husk run --bundle "$B" "$ID")"
	config '.mounts += [{destination:"/etc/passwd",type:"bind",source:"/proc/self/mem",options:["bind"]}]'
	refused 'HOME: read /etc/passwd of the container: Input/output error' run --bundle "$B" "$ID"
	config '.process.env += ["HOME=/mine"]'
	equal "with one of its own" /mine "$(husk run --bundle "$B" "$ID")"
}

run_tests "$@"
