#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# start and run tell the truth: what fails between "go" and the program's first instruction is their failure.
. "${0%/*}/lib.sh"

is() { [ "$(status_of "$ID")" = "$1" ]; }
create() { husk create --bundle "$B" "$ID" >out 2>err </dev/null || fail "create: $(cat err)"; }
ends_stopped() {
	eventually 20 is stopped
	husk delete "$ID"
}

test_failing_startcontainer_hook() {
	bundle
	config '.hooks.startContainer = [{path:"/bin/sh",args:["sh","-c","echo the reason >&2; exit 3"],env:["PATH=/bin"]}]'
	args /bin/sh -c 'echo ran >/tmp/ran'
	create
	refused startContainer start "$ID"
	contains "$(cat refused.err)" 'status 3' 'the reason'
	[ ! -e "$B/rootfs/tmp/ran" ]
	# runtime.md, Lifecycle 7, 12 and 13: destroyed, and its poststop hooks have run
	refused 'does not exist' state "$ID"
	refused 'does not exist' delete "$ID"
	config --arg s "cat >$S/poststop" '.hooks.poststop = [{path:"/bin/sh",args:["sh","-c",$s],env:["PATH=/bin:/usr/bin"]}]'
	create
	refused startContainer start "$ID"
	equal "what the poststop hook is told" '["stopped","'"$ID"'"]' "$(jq -c '[.status,.id]' poststop)"
	[ ! -e "$ROOT/$ID" ]
	# and with run
	refused startContainer run --bundle "$B" "$ID"
	[ ! -e "$ROOT/$ID" ]
}

test_wrong_format() {
	bundle
	printf '\177ELF garbage' >"$B/rootfs/bin/garbage"
	chmod 755 "$B/rootfs/bin/garbage"
	args /bin/garbage
	create
	refused 'Exec format error' start "$ID"
	contains "$(cat refused.err)" /bin/garbage
	ends_stopped
	refused 'Exec format error' run --bundle "$B" "$ID"
}

test_wrong_architecture() {
	bundle
	# the machine number of an ELF file is at 18: one that nobody has
	cp "$B/rootfs/bin/true" "$B/rootfs/bin/other"
	printf '\377\177' | dd of="$B/rootfs/bin/other" bs=1 seek=18 conv=notrunc 2>/dev/null
	args /bin/other
	create
	refused /bin/other start "$ID"
	ends_stopped
}

test_missing_interpreter() {
	bundle
	printf '#!/bin/nosuch\n' >"$B/rootfs/bin/script"
	chmod 755 "$B/rootfs/bin/script"
	args /bin/script
	create
	refused /bin/script start "$ID"
	contains "$(cat refused.err)" interpreter
	ends_stopped
}

test_carriage_return_in_the_first_line() {
	bundle
	printf '#!/bin/sh\r\necho x\n' >"$B/rootfs/bin/script"
	chmod 755 "$B/rootfs/bin/script"
	args /bin/script
	refused /bin/script run --bundle "$B" "$ID"
}

test_program_removed_after_create() {
	bundle
	cp "$B/rootfs/bin/true" "$B/rootfs/bin/short"
	args /bin/short
	create
	rm "$B/rootfs/bin/short"
	refused /bin/short start "$ID"
	ends_stopped
}

test_noexec_mount() {
	bundle
	mkdir "$S/src"
	cp "$B/rootfs/bin/true" "$S/src/prog"
	config --arg s "$S/src" '.mounts += [{destination:"/m",type:"bind",source:$s,options:["bind","noexec"]}]'
	args /m/prog
	refused 'ermission denied' run --bundle "$B" "$ID"
}

# a filter may end the process wherever it is about to say what went wrong: it stays a failure
filter() { # JSON of linux.seccomp, loaded right before execve
	config --argjson filter "$1" '.process.noNewPrivileges = true | .linux.seccomp = $filter'
}
killing() { printf '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["%s"],"action":"SCMP_ACT_KILL_PROCESS"}]}' "${1// /'","'}"; }
test_filter_that_forbids_to_explain() {
	local names
	bundle
	printf '\177ELF garbage' >"$B/rootfs/bin/garbage"
	chmod 755 "$B/rootfs/bin/garbage"
	args /bin/garbage
	for names in 'openat' 'openat newfstatat' 'read pread64'; do
		filter "$(killing "$names")"
		refused 'exec /bin/garbage: Exec format error' run --bundle "$B" "$ID"
		create
		refused 'exec /bin/garbage: Exec format error' start "$ID"
		ends_stopped
	done
}
test_filter_that_forbids_to_speak() {
	local json
	bundle
	printf '\177ELF garbage' >"$B/rootfs/bin/garbage"
	chmod 755 "$B/rootfs/bin/garbage"
	for json in "$(killing 'sendto sendmsg write openat')" "$(killing execve)" \
		'{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["execve"],"action":"SCMP_ACT_ALLOW"}]}'; do
		args /bin/garbage
		filter "$json"
		refused linux.seccomp run --bundle "$B" "$ID"
		[ ! -e "$ROOT/$ID" ]
		create
		refused linux.seccomp start "$ID"
		ends_stopped
	done
	# the control: with the same filter a program that can be executed is, whatever becomes of it
	args /bin/true
	husk run --bundle "$B" "$ID" >/dev/null 2>err || :
	equal message '' "$(cat err)"
}
test_filter_that_forbids_exec_to_speak() {
	local json status
	bundle
	printf '\177ELF garbage' >"$B/rootfs/bin/garbage"
	chmod 755 "$B/rootfs/bin/garbage"
	args /bin/sleep 100
	# (killed, or ended with a status that a program could have, too)
	for json in "$(killing 'sendto sendmsg openat')" '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["sendto","sendmsg","openat"],"action":"SCMP_ACT_ERRNO"}]}'; do
		filter "$json"
		create
		husk start "$ID"
		STATUS=255 refused linux.seccomp exec "$ID" /bin/garbage
		STATUS=255 refused linux.seccomp exec --detach "$ID" /bin/garbage
		husk exec "$ID" /bin/true
		for status in 0 1 2 255; do
			equal "status of the program" $status "$(husk exec "$ID" /bin/sh -c "exit $status" >err 2>&1 || echo $?)$([ $status != 0 ] || echo 0)"
			equal message '' "$(cat err)"
		done
		husk delete --force "$ID"
	done
}

# the control: success is success only once the program runs
test_start_returns_after_execve() {
	local i pid
	bundle
	args /bin/sleep 100
	for i in $(seq 10); do
		create
		pid=$(husk state "$ID" | jq .pid)
		husk start "$ID"
		equal "command line after start" '/bin/sleep 100' "$(tr '\0' ' ' <"/proc/$pid/cmdline" | sed 's/ $//')"
		husk delete --force "$ID"
	done
}

# start must not hang when init is killed meanwhile
test_init_killed_during_start() {
	local pid status=0
	bundle
	config '.hooks.startContainer = [{path:"/bin/sh",args:["sh","-c","sleep 100"],env:["PATH=/bin"]}]'
	args /bin/true
	create
	pid=$(husk state "$ID" | jq .pid)
	timeout 20 "$HUSK" --root "$ROOT" start "$ID" 2>start.err &
	eventually 20 is running
	kill -KILL "$pid"
	wait $! || status=$?
	[ $status != 0 ] && [ $status != 124 ] || fail "start: status $status"
	equal lines 1 "$(wc -l <start.err)"
	husk delete --force "$ID"
}

# delete --force must not wait for it either
test_delete_while_a_hook_hangs() {
	local status=0
	bundle
	config '.hooks.startContainer = [{path:"/bin/sh",args:["sh","-c","sleep 100"],env:["PATH=/bin"]}]'
	args /bin/true
	create
	timeout 20 "$HUSK" --root "$ROOT" start "$ID" 2>start.err &
	eventually 20 is running
	husk delete --force "$ID"
	[ ! -e "$ROOT/$ID" ]
	wait $! || status=$?
	[ $status = 1 ] || fail "start: status $status"
	equal lines 1 "$(wc -l <start.err)"
}

# somebody else's connection to the start socket, silent or with another word, does not release the container
test_only_start_starts() {
	local i socket pids=()
	bundle
	args /bin/sh -c 'echo ran >/tmp/ran; sleep 100'
	create
	socket=$(find "$ROOT/$ID" -type s)
	(cd "${socket%/*}" && "$TOOLS/probe" try call "${socket##*/}" 0 , call "${socket##*/}" 0 no) >calls
	equal "calls that came through" 2 "$(jq -s 'map(select(.result == 0)) | length' calls)"
	for i in $(seq 40); do
		(cd "${socket%/*}" && exec "$TOOLS/probe" try call "${socket##*/}" 400) >/dev/null &
		pids+=($!)
	done
	sleep 0.2
	is created
	wait "${pids[@]}"
	is created
	[ ! -e "$B/rootfs/tmp/ran" ]
	# the control: with the right word it is what start does
	(cd "${socket%/*}" && "$TOOLS/probe" try call "${socket##*/}" 100 go) >/dev/null
	eventually 20 test -s "$B/rootfs/tmp/ran"
	husk delete --force "$ID"
}

run_tests "$@"
