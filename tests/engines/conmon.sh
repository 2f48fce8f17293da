#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# conmon, called as podman and CRI-O call it: it creates the container, holds its terminal or pipes, writes the log and the exit file.
. "${0%/*}/lib.sh"

setup() {
	needs conmon python3
	mkdir -p exits "$S/run" sockets
	trap_end finish
	bundle
	config --arg p "/$ID" '.linux.cgroupsPath = $p | .linux.seccomp = null | del(.linux.seccomp)'
	is_root || config 'del(.linux.cgroupsPath)'
}
rt() { "$RUNTIME" --root "$S/run" "$@"; }
finish() {
	local status=$? i
	trap - EXIT ERR
	set +e
	rt delete --force "$ID" >/dev/null 2>&1
	for i in $(seq $((10 * TIMEOUT_FACTOR))); do
		pgrep -f "conmon .*$S" >/dev/null || break
		sleep 0.1
	done
	end_daemons
	find "$S/run" -mindepth 1 | sed 's/^/# left: /' >&2
	[ -z "$(ls -A "$S/run")" ] || status=1
	# conmon makes a folder for itself
	find "$(cgroup_mount)" -maxdepth 1 -type d -name "$ID*" -exec rmdir {} + 2>/dev/null
	exit $status
}
# monitor [OPTION...]: the container $ID of the bundle, as podman creates it; what conmon tells is in the file "sync"
monitor() {
	: >sync
	_OCI_SYNCPIPE=7 conmon --api-version 1 -c "$ID" -u "$ID" -r "$RUNTIME" -b "$B" -p "$S/pid" -n name --exit-dir "$S/exits" --full-attach \
		-l "k8s-file:$S/log" --log-level warn --conmon-pidfile "$S/conmon.pid" --runtime-arg --root --runtime-arg "$S/run" \
		--runtime-arg --log-format=json --runtime-arg --log --runtime-arg "$S/oci-log" "$@" 7>>sync </dev/null
}
created() { eventually 10 grep -q '"data": *[1-9]' sync; }
ended() { # STATUS
	eventually 10 test -s "exits/$ID"
	equal "exit file" "$1" "$(cat "exits/$ID")"
}
lines_of() { # stdout|stderr: what the log has of it
	sed -n "s/^[^ ]* $1 [FP] //p" log
}

test_run() {
	setup
	args /bin/sh -c 'echo out; echo err >&2; exit 5'
	monitor
	created
	equal "the pid file" "$(sed -n 's/.*"data": *\([0-9]*\).*/\1/p' sync)" "$(cat pid)"
	equal created created "$(rt state "$ID" | jq -r .status)"
	rt start "$ID"
	ended 5
	equal stopped stopped "$(rt state "$ID" | jq -r .status)"
	equal "the runtime's log" '' "$(cat oci-log)"
	rt delete "$ID"
}
test_logs() {
	setup
	args /bin/sh -c 'echo out; echo err >&2; printf "no end of line"; exec 1>&-; exit 0'
	monitor
	created
	rt start "$ID"
	ended 0
	equal "standard output" 'out no end of line' "$(lines_of stdout | xargs)"
	equal "standard error" err "$(lines_of stderr)"
	rt delete "$ID"
}
test_exit_status() {
	setup
	args /bin/sleep 1000
	monitor
	created
	rt start "$ID"
	rt kill "$ID" 9
	ended 137
	rt delete "$ID"
}
test_errors() {
	setup
	args /nothing/there
	local status=0
	monitor || status=$?
	eventually 5 test -s sync
	contains "$(cat sync)" '"data": -1'
	# the text that podman shows is the one record of the runtime's log
	equal records 1 "$(wc -l <oci-log)"
	contains "$(jq -r .msg oci-log)" /nothing/there 'no such file or directory'
	equal level error "$(jq -r .level oci-log)"
}
test_errors_without_a_log() {
	setup
	args /nothing/there
	: >sync
	_OCI_SYNCPIPE=7 conmon --api-version 1 -c "$ID" -u "$ID" -r "$RUNTIME" -b "$B" -p "$S/pid" -n name --exit-dir "$S/exits" --full-attach \
		-l "k8s-file:$S/log" --runtime-arg --root --runtime-arg "$S/run" 7>>sync </dev/null || true
	eventually 5 test -s sync
	# conmon hands on what was said on standard error
	contains "$(cat sync)" /nothing/there 'no such file or directory'
}
test_attach() {
	setup
	args /bin/sh -c 'while read -r l; do echo "got $l"; [ "$l" != end ] || exit 4; done'
	monitor -i
	created
	rt start "$ID"
	equal output 'got a got end' "$(printf 'a\nend\n' | "$HERE/attach.py" "$B/attach" | xargs)"
	ended 4
	rt delete "$ID"
}
test_terminal() {
	setup
	config '.process.terminal = true'
	args /bin/sh -c 'trap "stty size; exit 6" WINCH; tty; echo ready; while :; do sleep 0.05; done'
	monitor -t
	created
	rt start "$ID"
	eventually 10 grep -q ready log
	contains "$(lines_of stdout)" /dev/pts/0
	# the size, through the control file: type 1, rows and columns
	echo '1 33 77' >"$B/ctl"
	ended 6
	contains "$(lines_of stdout)" '33 77'
	rt delete "$ID"
}
test_terminal_attach() {
	setup
	config '.process.terminal = true'
	args /bin/sh
	monitor -t -i
	created
	rt start "$ID"
	# what is typed comes back, as from a terminal
	contains "$( (echo 'echo typed-$((40+2))'; echo 'exit 3') | "$HERE/attach.py" "$B/attach" | tr -d '\r')" 'echo typed-$((40+2))' typed-42
	ended 3
	rt delete "$ID"
}
test_exec() {
	setup
	args /bin/sleep 1000
	monitor
	created
	rt start "$ID"
	jq '.process | .args = ["/bin/sh", "-c", "echo exec-out; exit 7"] | .terminal = false' "$B/config.json" >process.json
	# as CRI-O calls it: in the foreground, the status comes through the pipe
	: >sync
	_OCI_SYNCPIPE=7 conmon --sync -c "$ID" -n name -r "$RUNTIME" -p "$S/exec-pid" -e -l "$S/exec-log" --socket-dir-path "$S/sockets" --log-level warn \
		--exec-process-spec "$S/process.json" --runtime-arg --root --runtime-arg "$S/run" 7>>sync </dev/null || true
	eventually 10 grep -q '"exit_code": *7' sync
	contains "$(cat exec-log)" exec-out
	rt delete --force "$ID"
}
test_exec_timeout() {
	setup
	args /bin/sleep 1000
	monitor
	created
	rt start "$ID"
	jq '.process | .args = ["/bin/sh", "-c", "sleep 500"] | .terminal = false' "$B/config.json" >process.json
	: >sync
	_OCI_SYNCPIPE=7 conmon --sync -c "$ID" -n name -r "$RUNTIME" -p "$S/exec-pid" -e -l "$S/exec-log" --socket-dir-path "$S/sockets" -T 1 \
		--exec-process-spec "$S/process.json" --runtime-arg --root --runtime-arg "$S/run" 7>>sync </dev/null || true
	eventually 10 grep -q 'command timed out' sync
	eventually 5 eval '! pgrep -f "^sleep 500"'
	rt delete --force "$ID"
}
test_exec_terminal() {
	setup
	args /bin/sleep 1000
	monitor
	created
	rt start "$ID"
	jq '.process | .args = ["/bin/sh", "-c", "tty; echo in-exec; sleep 0.5"] | .terminal = true' "$B/config.json" >process.json
	mkdir session
	: >sync
	_OCI_SYNCPIPE=7 conmon --api-version 1 -c "$ID" -u session -r "$RUNTIME" -b "$S/session" -p "$S/exec-pid" -n name --exit-dir "$S/exits" \
		--full-attach -l "k8s-file:$S/exec-log" -e -t --exec-process-spec "$S/process.json" --runtime-arg --root --runtime-arg "$S/run" 7>>sync </dev/null
	eventually 10 grep -q in-exec exec-log
	contains "$(cat exec-log)" /dev/pts/0
	eventually 10 test -s exits/"$ID"
	rt delete --force "$ID"
}
test_exec_errors() {
	setup
	args /bin/sleep 1000
	monitor
	created
	rt start "$ID"
	jq '.process | .args = ["nothing-there"] | .terminal = false' "$B/config.json" >process.json
	: >sync
	_OCI_SYNCPIPE=7 conmon --sync -c "$ID" -n name -r "$RUNTIME" -p "$S/exec-pid" -e -l "$S/exec-log" --socket-dir-path "$S/sockets" \
		--exec-process-spec "$S/process.json" --runtime-arg --root --runtime-arg "$S/run" 7>>sync </dev/null || true
	eventually 10 grep -q 'executable file' sync
	contains "$(cat sync)" 'executable file not found' nothing-there
	rt delete --force "$ID"
}
test_options_handed_on() {
	setup
	args /bin/sh -c 'exit 0'
	monitor --no-pivot --no-new-keyring
	created
	rt start "$ID"
	ended 0
	rt delete "$ID"
}
test_systemd_cgroup() {
	[[ $LANE = vm-systemd ]] || skip "needs systemd; in its virtual machine"
	setup
	config --arg id "$ID" '.linux.cgroupsPath = "system.slice:test:\($id)"'
	args /bin/sleep 1000
	monitor --systemd-cgroup
	created
	equal cgroup "/system.slice/test-$ID.scope" "$(sed -n 's/^0:://p' "/proc/$(cat pid)/cgroup")"
	rt start "$ID"
	rt --systemd-cgroup kill "$ID" KILL
	ended 137
	rt --systemd-cgroup delete "$ID"
}

run_tests "$@"
