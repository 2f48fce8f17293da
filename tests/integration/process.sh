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
	# also when the caller has some: they are not handed down
	equal "groups of the caller" '5 6' "$(setpriv --groups 5,6 id -G | xargs -n 1 | grep -x '[56]' | xargs)"
	setpriv --groups 5,6 "$HUSK" --root "$ROOT" run --bundle "$B" "$ID" >seen
	equal "groups without the caller's" '' "$(seen '.groups | join(" ")')"
}

test_unmapped_user_is_refused() {
	is_root && skip "for a plain user's single mapping"
	bundle
	config '.process.user = {uid:7,gid:0}'
	refused uid run --bundle "$B" "$ID"
}

# Between the word of `start` and its program, init shows its user nothing of itself: exec waits a while
test_exec_while_it_starts() {
	local status=0
	bundle
	config '.hooks.startContainer = [{path:"/bin/sleep",args:["sleep","1"]}]'
	args /bin/sleep 100
	husk create --bundle "$B" "$ID" >out 2>&1 </dev/null
	husk start "$ID" &
	eventually 20 eval '[ "$(status_of "$ID")" = running ]'
	equal "output" hello "$(husk exec "$ID" /bin/echo hello)"
	wait $!
	husk delete --force "$ID"
	is_root && return
	# and no longer than that
	config '.hooks.startContainer[0].args[1] = "100"'
	husk create --bundle "$B" "$ID" >out 2>&1 </dev/null
	husk start "$ID" 2>start.err &
	eventually 20 eval '[ "$(status_of "$ID")" = running ]'
	husk exec "$ID" /bin/echo hello 2>err || status=$?
	equal status 255 $status
	contains "$(cat err)" 'does not run yet'
	husk delete --force "$ID"
	wait || true
}

test_umask() {
	bundle
	run_probe
	equal default 0022 "$(seen .umask)"
	config '.process.user.umask = 63'
	run_probe
	equal umask 0077 "$(seen .umask)"
	# the caller's is nobody's, neither of what is made nor of what runs
	config 'del(.process.user.umask) | .process.cwd = "/made"'
	(umask 0077 && exec "$HUSK" --root "$ROOT" run --bundle "$B" "$ID") >seen
	equal "default, when the caller has another" 0022 "$(seen .umask)"
	equal "mode of the working directory" 755 "$(stat -c %a "$B/rootfs/made")"
	start_sleeping
	(umask 0077 && exec "$HUSK" --root "$ROOT" exec "$ID" /bin/probe see) >seen
	equal "of exec" 0022 "$(seen .umask)"
	husk delete --force "$ID"
}

# Who makes files that he may not use himself still has containers. What others may is his to say.
test_umask_that_takes_everything() {
	mine() { (umask 0777 && exec "$HUSK" --root "$S/made/state" --log log "$@") >out 2>err </dev/null || fail "$(cat err)"; }
	bundle
	args /bin/sleep 1000
	mkdir cache
	: >out
	: >err
	export XDG_CACHE_HOME=$S/cache
	mine run --detach --pid-file pid --bundle "$B" "$ID"
	equal "directories" '700 700 700' "$(stat -c %a made made/state "made/state/$ID" | xargs)"
	equal "files of the state" 600 "$(find "made/state/$ID" -type f -printf '%m\n' | sort -u)"
	equal "log and pid file" '600 600' "$(stat -c %a log pid | xargs)"
	is_root || equal "cache" '700 700 600' "$(find cache/* -printf '%m ' | sed 's/ $//')"
	mine exec "$ID" /bin/probe see
	equal "of the process" 0022 "$(jq -r .umask out)"
	mine delete --force "$ID"
}

test_rlimits() {
	bundle
	config '.process.rlimits = [{type:"RLIMIT_NOFILE",soft:123,hard:456},{type:"RLIMIT_CORE",soft:0,hard:0}]'
	run_probe
	equal NOFILE '123 456' "$(seen .rlimits.NOFILE)"
	equal CORE '0 0' "$(seen .rlimits.CORE)"
	# for further processes, too; a process file has its own
	start_sleeping
	husk exec "$ID" /bin/probe see >seen
	equal "NOFILE of exec" '123 456' "$(seen .rlimits.NOFILE)"
	jq '.process | .args = ["/bin/probe","see"] | .rlimits = [{type:"RLIMIT_NOFILE",soft:99,hard:101},{type:"RLIMIT_NPROC",soft:77,hard:88}]' "$B/config.json" >p.json
	husk exec --process p.json "$ID" >seen
	equal "of a process file" '99 101, 77 88' "$(seen '.rlimits | "\(.NOFILE), \(.NPROC)"')"
	husk delete --force "$ID"
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

home() { seen '.env[] | select(startswith("HOME="))'; }
test_home() {
	bundle
	config '.process.env = ["PATH=/bin","HOME=/given"]'
	run_probe
	equal HOME HOME=/given "$(home)"
	# an empty one is none
	config '.process.env = ["PATH=/bin","HOME="]'
	run_probe
	equal "HOME for an empty one" HOME=/root "$(home)"
	rm "$B/rootfs/etc/passwd"
	config '.process.env = ["PATH=/bin"]'
	run_probe
	equal "HOME without a file" HOME=/ "$(home)"
	# what the passwd file is must not matter
	mkfifo "$B/rootfs/etc/passwd"
	run_probe
	equal "HOME with a file that is none" HOME=/ "$(home)"
	is_root || return 0
	rm "$B/rootfs/etc/passwd"
	printf '1000:x:0:0::/trap:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n' >"$B/rootfs/etc/passwd"
	config '.process.user = {uid:1000,gid:1000}'
	run_probe
	equal "HOME of another user" HOME=/home/user "$(home)"
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
	eventually 20 grep -q listening info
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
	eventually 20 eval '[ "$(status_of "$ID")" = stopped ]'
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
	eventually 20 grep -q listening info
	husk run --detach --bundle "$B" --console-socket "$dir/console" "$ID"
	wait $!
	contains "$(cat out)" through
	husk delete --force "$ID"
}

# HUSK-ARGUMENT... on a terminal of its own that $SIZE (stty's words) was said to; its input does not end: script would end the session with it
on_terminal() {
	local cmd=$S/cmd-$BASHPID
	printf '%q ' "$HUSK" --root "$ROOT" "$@" >"$cmd"
	[ -e quiet ] || mkfifo quiet
	script -qfec "${SIZE:+stty $SIZE; }sh $cmd" /dev/null 8<>quiet <&8
}

test_terminal_in_the_foreground() {
	bundle
	config '.process.terminal = true'
	args /bin/sh -c 'tty; stty size; echo done'
	SIZE='rows 21 cols 77' on_terminal run --bundle "$B" "$ID" >out
	contains "$(tr -d '\r' <out)" '/dev/pts/0' '21 77' 'done'
}

# the program may look at once; poststart hooks run before husk serves the terminal
test_terminal_has_its_size_from_the_beginning() {
	bundle
	config '.process.terminal = true | .hooks.poststart = [{path: "/bin/sleep", args: ["sleep", "0.3"]}]'
	args /bin/sh -c 'stty size; exec sleep 100'
	SIZE='rows 21 cols 77' on_terminal run --bundle "$B" "$ID" >out &
	eventually 20 grep -q '21 77' out
	SIZE='rows 22 cols 78' on_terminal exec --tty "$ID" stty size >of_exec
	contains "$(cat of_exec)" '22 78'
	husk kill "$ID" KILL
	wait $! || true
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
	on_terminal run --bundle "$B" "$ID" >out
	contains "$(cat out)" '"op":"tiocsti","arg":"","result":-1'
}

test_pidfd_socket() {
	bundle
	args /bin/sleep 100
	"$TOOLS/receive" info "$S/socket" &
	eventually 20 grep -q listening info
	husk create --bundle "$B" --pidfd-socket "$S/socket" "$ID" >"$S/out" 2>"$S/err" </dev/null
	wait $!
	sed -n 2p info | jq -e '.fds == 1 and .data == "standard" and (.target | contains("pidfd"))' >/dev/null
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

# init waits for start without what husk opened where the caller's are not
test_nothing_of_husk_lies_in_the_holes() {
	is_root || skip "init hides its descriptors from its user, too"
	bundle
	args /bin/true
	exec 5</dev/zero
	husk create --preserve-fds 5 --bundle "$B" "$ID" >/dev/null 2>err </dev/null
	exec 5<&-
	readlink "/proc/$(husk state "$ID" | jq .pid)"/fd/* | sed 's/:.*//' | sort >seen
	# the socket is the one of start
	equal 'while init waits' "/dev/null /dev/null /dev/zero $S/err socket" "$(tr '\n' ' ' <seen | sed 's/ $//')"
	husk delete --force "$ID"
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
	config '.process.noNewPrivileges = false'
	start_sleeping
	equal "privileges without the option" 0 "$(husk exec "$ID" /bin/probe see | jq .no_new_privs)"
	is_root && user=1000:1001
	husk exec --cwd /etc --env X=1 --env Y=2 --user $user --no-new-privs --pid-file pid "$ID" /bin/probe see -x >seen
	equal cwd /etc "$(seen .cwd)"
	contains " $(seen '.env | join(" ")') " ' X=1 ' ' Y=2 '
	equal args '/bin/probe see -x' "$(seen '.args | join(" ")')"
	equal no_new_privs 1 "$(seen .no_new_privs)"
	if is_root; then
		equal ids '1000 1001' "$(seen '"\(.uid[0]) \(.gid[0])"')"
		husk exec --additional-gids 7 --additional-gids 8 --cap CAP_SYS_TIME "$ID" /bin/probe see >seen
		equal groups '7 8' "$(seen '.groups | sort | join(" ")')"
		check '.caps | [.bounding, .permitted, .effective] | all(index("CAP_SYS_TIME") != null)'
		check '.caps | [.inheritable, .ambient] | all(index("CAP_SYS_TIME") == null)'
		husk exec "$ID" /bin/probe see >seen
		equal "groups without the option" '' "$(seen '.groups | join(" ")')"
		check '.caps.bounding | index("CAP_SYS_TIME") == null'
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
	# husk's own is what it was, and it shows what it was called with
	jq '.args = ["/bin/sleep","1000"]' p.json >sleep.json
	local own
	own=$(cat /proc/self/oom_score_adj)
	"$HUSK" --root "$ROOT" exec --process sleep.json "$ID" </dev/null &
	eventually 20 pgrep -P $! sleep
	equal "husk's own oom_score_adj" "$own" "$(cat /proc/$!/oom_score_adj)"
	contains "$(tr '\0' ' ' <"/proc/$!/cmdline")" "exec --process sleep.json $ID"
	is_root || [ -r "/proc/$!/environ" ] || fail "nobody may look at it any more"
	pkill -KILL -P $!
	wait $! || true
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
	eventually 20 eval '[ "$(status_of "$ID")" = stopped ]'
	STATUS=255 refused 'cannot exec in a stopped container' exec "$ID" /bin/true
	husk delete "$ID"
	STATUS=255 refused 'does not exist' exec "$ID" /bin/true
}

test_exec_with_a_terminal() {
	bundle
	start_sleeping
	"$TOOLS/receive" info "$S/console" >out </dev/null &
	eventually 20 grep -q listening info
	husk exec --detach --tty --console-socket "$S/console" "$ID" /bin/sh -c 'tty; echo done'
	wait $!
	contains "$(cat out)" /dev/pts/ 'done'
	# of a process file: with its size, and the user's own
	is_root && config '.process.user = {uid:1000,gid:1000}'
	jq '.process | .terminal = true | .args = ["/bin/probe","see"] | .consoleSize = {height:31,width:97}' "$B/config.json" >p.json
	"$TOOLS/receive" info2 "$S/console2" >seen </dev/null &
	eventually 20 grep -q listening info2
	husk exec --detach --process p.json --console-socket "$S/console2" "$ID"
	wait $!
	equal size '31 97' "$(seen '.tty["0"] | "\(.rows) \(.columns)"')"
	if is_root; then
		"$TOOLS/receive" info3 "$S/console3" >owner </dev/null &
		eventually 20 grep -q listening info3
		jq '.args = ["/bin/sh","-c","stat -c %u $(tty)"]' p.json >p2.json
		husk exec --detach --process p2.json --console-socket "$S/console3" "$ID"
		wait $!
		equal "owner of the terminal" 1000 "$(tr -d '\r\n' <owner)"
	fi
	husk delete --force "$ID"
}

hook() { # KIND SCRIPT
	config --arg k "$1" --arg s "$2" '.hooks[$k] += [{path:"/bin/sh",args:["sh","-c",$s],env:["PATH=/bin:/usr/bin"]}]'
}

test_hooks_run_in_order() {
	local k pid
	bundle
	for k in prestart createRuntime createContainer poststart poststop; do
		hook $k "echo $k >>$S/order; cat >$S/stdin-$k"
	done
	hook prestart "echo prestart2 >>$S/order"
	config '.annotations = {"a.b/c":"d \"e\""}'
	config '.hooks.startContainer = [{path:"/bin/sh",args:["sh","-c","echo startContainer >>/tmp/order; cat >/tmp/stdin"]}]'
	mkdir "$B/rootfs/data"
	args /bin/sleep 100
	husk create --bundle "$B" "$ID" >/dev/null 2>err </dev/null || fail "create: $(cat err)"
	equal "after create" 'prestart prestart2 createRuntime createContainer' "$(xargs <order)"
	[ ! -e "$B/rootfs/tmp/order" ]
	pid=$(husk state "$ID" | jq .pid)
	husk start "$ID"
	equal "after start" poststart "$(tail -1 order)"
	equal "inside" startContainer "$(cat "$B/rootfs/tmp/order")"
	husk delete --force "$ID"
	equal "after delete" poststop "$(tail -1 order)"
	for k in prestart createRuntime createContainer poststart poststop; do
		jq -e --arg id "$ID" --arg b "$B" '.id == $id and .bundle == $b and .ociVersion and .status and
			.root == $b + "/rootfs" and .annotations == {"a.b/c":"d \"e\""}' "stdin-$k" >/dev/null || fail "state of $k: $(cat "stdin-$k")"
	done
	equal "status for prestart" created "$(jq -r .status stdin-prestart)"
	equal "status for createContainer" creating "$(jq -r .status stdin-createContainer)"
	equal "status for createRuntime" creating "$(jq -r .status stdin-createRuntime)"
	equal "status for poststart" running "$(jq -r .status stdin-poststart)"
	equal "status for poststop" stopped "$(jq -r .status stdin-poststop)"
	jq -e --argjson pid "$pid" '.pid == $pid' stdin-prestart stdin-createRuntime stdin-poststart >/dev/null
	# in the container's namespaces it is seen as that
	equal "pid for createContainer and startContainer" '1 1' "$(jq .pid stdin-createContainer "$B/rootfs/tmp/stdin" | xargs)"
	jq -e 'has("pid") | not' stdin-poststop >/dev/null
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
	hook poststart "cat $S/pid >$S/pid.seen; exit 4"
	args /bin/sleep 100
	refused poststart run --pid-file "$S/pid" --bundle "$B" "$ID"
	[ -s pid.seen ] || fail "there was no pid file"
	[ ! -e pid ] || fail "the pid file of what failed is there still"
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
	refused 'hook ran past specified timeout of 1.0s' create --bundle "$B" "$ID"
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
	# without a list: of startContainer the program's own, of the others nothing
	config --arg s "$S" '.process.env = ["PATH=/bin","OF_THE=program"] | .hooks = {
		createRuntime: [{path:"/bin/sh",args:["sh","-c",("/usr/bin/env >" + $s + "/env; umask >" + $s + "/mask")]}],
		startContainer: [{path:"/bin/sh",args:["sh","-c","env >/tmp/env"]}]}'
	(umask 0077 && exec "$HUSK" --root "$ROOT" run --bundle "$B" "$ID") >out
	lacks "$(cat env)" CANARY
	lacks "$(cat env)" OF_THE
	contains "$(cat "$B/rootfs/tmp/env")" OF_THE=program PATH=/bin HOME=/root
	equal umask 0022 "$(cat mask)"
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

# also where a filter is loaded that could refuse the call
test_affinity_of_exec_is_not_the_callers() {
	[ "$(nproc)" -gt 1 ] || skip "one processor only"
	local all profile no_new
	all=$("$TOOLS/probe" see | jq -c .affinity)
	for profile in .linux.seccomp null; do
		for no_new in true false; do
			bundle
			config ".process.noNewPrivileges = $no_new | .linux.seccomp = ($profile // {defaultAction: \"SCMP_ACT_ALLOW\"})"
			start_sleeping
			taskset -c 0 "$HUSK" --root "$ROOT" exec "$ID" /bin/probe see >seen
			equal "with $profile, $no_new" "$all" "$(seen -c .affinity)"
			husk delete --force "$ID"
		done
	done
}

test_exec_affinity() {
	[ "$(nproc)" -gt 1 ] || skip "one processor only"
	bundle
	config '.process.execCPUAffinity = {initial:"0",final:"1"}'
	start_sleeping
	husk exec "$ID" /bin/probe see >seen
	equal affinity '[1]' "$(seen -c .affinity)"
	# a process of a file has what the container says, or what it says itself
	jq '.process | .args = ["/bin/probe","see"] | del(.execCPUAffinity)' "$B/config.json" >p.json
	husk exec --process p.json "$ID" >seen
	equal "of a process file" '[1]' "$(seen -c .affinity)"
	jq '.execCPUAffinity = {initial:"0"}' p.json >p2.json
	husk exec --process p2.json "$ID" >seen
	check '.affinity | length > 1' # where it ends without a word about that: everywhere
	# the way there is taken where it says, before anything else
	jq '.execCPUAffinity = {initial:"8000",final:"1"}' p.json >p3.json
	STATUS=255 refused 'sched_setaffinity' exec --process p3.json "$ID"
	husk delete --force "$ID"
	config '.process.execCPUAffinity = {final:"1-"}'
	refused execCPUAffinity run --bundle "$B" "$ID"
}

test_memory_policy() {
	bundle
	config '.linux.memoryPolicy = {mode:"MPOL_BIND",nodes:"0"}'
	run_probe
	equal mempolicy '2 1' "$(seen '.mempolicy | "\(.mode) \(.nodes)"')"
	config '.linux.memoryPolicy.flags = ["MPOL_F_STATIC_NODES"]'
	run_probe
	equal "with a flag" "$((2 | 1 << 15)) 1" "$(seen '.mempolicy | "\(.mode) \(.nodes)"')"
	start_sleeping
	husk exec "$ID" /bin/probe see >seen
	equal "of exec" "$((2 | 1 << 15)) 1" "$(seen '.mempolicy | "\(.mode) \(.nodes)"')"
	husk delete --force "$ID"
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
	start_sleeping
	equal "of exec" 8 "$(husk exec "$ID" /bin/probe see | jq .personality)"
	husk delete --force "$ID"
	config '.linux.personality = {domain:"BSD"}'
	refused BSD run --bundle "$B" "$ID"
}

test_session_keyring() {
	"$TOOLS/probe" see | jq -e .keyring >/dev/null || skip "this kernel has no keyrings"
	bundle
	config 'del(.linux.seccomp)'
	run_probe
	contains "$(seen .keyring)" "_ses.$ID"
	# its user may search it: without that, nothing in it is found
	(((0x$(seen .keyring | cut -d';' -f4) & 0x00080000) != 0)) || fail "permissions: $(seen .keyring)"
	start_sleeping
	contains "$(husk exec "$ID" /bin/probe see | jq -r .keyring)" "_ses.$ID"
	husk delete --force "$ID"
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
	eventually 20 eval '! kill -0 $! 2>/dev/null'
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
	eventually 20 grep -q listening info
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
