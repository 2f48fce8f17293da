#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# create, start, state, kill, delete, list, run: states, exit codes, texts, files.
. "${0%/*}/lib.sh"

created() { # PROGRAM...: a container of it, created
	bundle
	args "$@"
	husk create --bundle "$B" --pid-file "$S/pid" "$ID" >"$S/out" 2>"$S/err" </dev/null
}
is() { [ "$(status_of "$ID")" = "$1" ]; }

test_create_does_not_run_the_program() {
	created /bin/sh -c 'echo ran >/tmp/ran'
	equal status created "$(status_of "$ID")"
	sleep 0.2
	[ ! -e "$B/rootfs/tmp/ran" ]
	husk start "$ID"
	eventually 20 is stopped
	equal "what the program wrote" ran "$(cat "$B/rootfs/tmp/ran")"
	husk delete "$ID"
}

test_all_states_in_order() {
	created /bin/sleep 100
	equal status created "$(status_of "$ID")"
	husk start "$ID"
	equal status running "$(status_of "$ID")"
	husk kill "$ID" KILL
	eventually 20 is stopped
	equal "pid of a stopped one" 0 "$(husk state "$ID" | jq .pid)"
	husk delete "$ID"
	refused 'does not exist' state "$ID"
}

test_success_is_silent() {
	created /bin/sleep 100
	husk start "$ID" >>out 2>>err
	husk kill "$ID" KILL >>out 2>>err
	eventually 20 is stopped
	husk delete "$ID" >>out 2>>err
	equal output '' "$(cat out err)"
}

test_short_options() {
	bundle
	args /bin/sleep 100
	"$HUSK" -r "$ROOT" -l "$S/log" create -b "$B" -p "$S/pid" "$ID" >/dev/null 2>err </dev/null
	equal pid "$(husk state "$ID" | jq .pid)" "$(cat pid)"
	[ -e log ]
	husk delete --force "$ID"
	refused 'console' create -c "$S/nosocket" -b "$B" "$ID"
}

test_pid_file_has_no_newline() {
	created /bin/sleep 100
	equal "bytes of the pid file" "$(husk state "$ID" | jq -j .pid | wc -c)" "$(wc -c <pid)"
	equal pid "$(husk state "$ID" | jq .pid)" "$(cat pid)"
	[ -d "/proc/$(cat pid)" ]
	husk delete --force "$ID"
}

# however it is named: hooks and engines get the path that leads there without links
test_bundle_is_shown_absolute() {
	local name
	bundle
	args /bin/sleep 100
	ln -s "$(basename "$B")" link
	ln -s "$B/config.json" "$B/other.json"
	for name in "$B" "$B/" "$B//" "$B/." "$B/../$(basename "$B")" "$S/link" "$S/link/" "$(basename "$B")" "./link" "/$B"; do
		husk create --bundle "$name" "$ID" </dev/null >/dev/null 2>&1
		equal "bundle of $name" "$(realpath "$B")" "$(husk state "$ID" | jq -r .bundle)"
		husk delete --force "$ID"
	done
	(cd "$S/link" && husk create "$ID" </dev/null >/dev/null 2>&1)
	equal "bundle of ." "$(realpath "$B")" "$(husk state "$ID" | jq -r .bundle)"
	husk delete --force "$ID"
	refused 'No such file' create --bundle "$B/none" "$ID"
	refused 'Not a directory' create --bundle "$B/config.json" "$ID"
}

test_state_keys() {
	bundle
	config '.annotations = {"org.example.key": "a \"value\" \u00fc", "empty": ""}'
	args /bin/sleep 100
	husk create --bundle "$B" "$ID" </dev/null >/dev/null 2>&1
	husk state "$ID" >state.json
	jq -e --arg id "$ID" --arg b "$B" '.id == $id and .bundle == $b and .rootfs == $b + "/rootfs" and .status == "created" and
		(.ociVersion | startswith("1.")) and .pid > 1 and .annotations["org.example.key"] == "a \"value\" \u00fc" and .annotations.empty == "" and
		(.created | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\\.[0-9]+)?Z$"))' state.json >/dev/null
	husk delete --force "$ID"
}

test_bundle_is_the_current_directory() {
	bundle
	args /bin/echo here
	cd "$B"
	equal output here "$(husk run "$ID")"
}

test_list_in_three_forms() {
	created /bin/sleep 100
	husk list --format json | jq -e --arg id "$ID" 'length == 1 and .[0].id == $id and .[0].status == "created" and (.[0].owner | type) == "string"' >/dev/null
	equal "list -q" "$ID" "$(husk list -q)"
	equal "header" "ID PID STATUS BUNDLE CREATED OWNER" "$(husk list | head -1 | xargs)"
	equal "row" "$ID created $(id -un)" "$(husk list | awk 'NR == 2 { print $1, $3, $6 }')"
	equal owner "$(id -un)" "$(husk list -f json | jq -r '.[0].owner')"
	husk delete --force "$ID"
	equal "list after delete" '[]' "$(husk list --format json)"
}

test_list_without_root_directory() {
	ROOT=$S/none
	equal "list" '[]' "$(husk list --format json)"
}

test_double_create() {
	created /bin/sleep 100
	refused 'container with given ID already exists' create --bundle "$B" "$ID"
	equal "status of the first" created "$(status_of "$ID")"
	husk delete --force "$ID"
}

test_double_start() {
	created /bin/sleep 100
	husk start "$ID"
	refused 'cannot start an already running container' start "$ID"
	equal status running "$(status_of "$ID")"
	husk delete --force "$ID"
}

test_start_stopped() {
	created /bin/true
	husk start "$ID"
	eventually 20 is stopped
	refused 'cannot start a container that has stopped' start "$ID"
	husk delete "$ID"
}

test_delete_running_is_refused() {
	created /bin/sleep 100
	husk start "$ID"
	refused "cannot delete container $ID that is not stopped: running" delete "$ID"
	equal status running "$(status_of "$ID")"
	husk delete --force "$ID"
}

# runtime-spec, Delete: a container that is not stopped MUST be left alone
test_delete_created_is_refused() {
	created /bin/sleep 100
	refused 'that is not stopped: created' delete "$ID"
	equal status created "$(status_of "$ID")"
	husk delete --force "$ID"
	[ ! -e "$ROOT/$ID" ]
}

test_unknown_container() {
	refused "container \`$ID\` does not exist" state "$ID"
	refused "container \`$ID\` does not exist" start "$ID"
	refused "container \`$ID\` does not exist" kill "$ID" TERM
	refused "container \`$ID\` does not exist" delete "$ID"
	refused "container \`$ID\` does not exist" pause "$ID"
	husk delete --force "$ID"
}

test_kill_stopped() {
	created /bin/true
	husk start "$ID"
	eventually 20 is stopped
	refused 'container not running' kill "$ID" TERM
	contains "$(cat refused.err)" 'No such process'
	husk kill --all "$ID" KILL
	husk delete "$ID"
}

test_kill_spellings() {
	local s
	created /bin/probe try await 10 7
	husk start "$ID"
	eventually 20 grep -q ready out
	for s in 0 SIG0x nosuch 99 ''; do
		[ "$s" = 0 ] || refused "unknown signal" kill "$ID" "$s"
	done
	equal status running "$(status_of "$ID")"
	husk kill "$ID" sigusr1
	eventually 20 is stopped
	husk delete "$ID"
	bundle b2
	args /bin/probe try await 37 7
	husk create --bundle "$B" "$ID" >out 2>&1 </dev/null
	husk start "$ID"
	eventually 20 grep -q ready out
	husk kill "$ID" RTMIN+3
	eventually 20 is stopped
	husk delete "$ID"
}

test_default_signal_is_term() {
	created /bin/probe try await 15 7
	husk start "$ID"
	eventually 20 grep -q ready out
	husk kill "$ID"
	eventually 20 is stopped
	husk delete "$ID"
}

test_kill_created() {
	created /bin/sleep 100
	husk kill "$ID" KILL
	eventually 20 is stopped
	husk delete "$ID"
}

# the kernel keeps from the first process of a pid namespace what that does not catch; other runtimes' init ends all the same
test_signals_end_a_created_one() {
	local signal
	# (a job of a shell script ignores INT and QUIT)
	for signal in TERM HUP USR1 RTMIN+3; do
		created /bin/sleep 100
		husk kill "$ID" $signal
		eventually 20 is stopped
		refused 'cannot start a container that has stopped' start "$ID"
		husk delete "$ID"
	done
	# those that end nobody do not, and the program finds nothing of it
	bundle
	args /bin/probe see
	husk create --bundle "$B" "$ID" >seen 2>&1 </dev/null
	for signal in CHLD WINCH CONT 0; do husk kill "$ID" $signal; done
	sleep 0.2
	equal status created "$(status_of "$ID")"
	husk start "$ID"
	eventually 20 is stopped
	equal 'caught, ignored, blocked' '0000000000000000 0000000000000000 0000000000000000' \
		"$(jq -r '.signals | "\(.caught) \(.ignored) \(.blocked)"' seen)"
	husk delete "$ID"
}

# a caller that ignores a signal means it for what he starts
test_ignored_signals_of_a_created_one() {
	bundle
	args /bin/sleep 100
	env --ignore-signal=HUP "$HUSK" --root "$ROOT" create --bundle "$B" "$ID" >out 2>&1 </dev/null
	husk kill "$ID" HUP
	sleep 0.2
	equal status created "$(status_of "$ID")"
	husk kill "$ID" TERM
	eventually 20 is stopped
	husk delete "$ID"
}

test_run_gives_the_programs_status() {
	local s status
	bundle
	for s in 0 1 7 255; do
		args /bin/sh -c "exit $s"
		status=0
		husk run --bundle "$B" "$ID" || status=$?
		equal status $s $status
	done
	args /bin/probe try raise 9
	status=0
	husk run --bundle "$B" "$ID" || status=$?
	# the first process of a pid namespace ignores a signal that it sends to itself
	config '.linux.namespaces |= map(select(.type != "pid"))'
	is_root || return 0
	status=0
	husk run --bundle "$B" "$ID" || status=$?
	equal "status of a killed one" 137 $status
}

test_run_passes_stdio() {
	bundle
	args /bin/sh -c 'cat; echo error >&2'
	equal output "hello" "$(echo hello | husk run --bundle "$B" "$ID" 2>err)"
	equal error error "$(cat err)"
}

test_run_forwards_signals() {
	local pid status=0
	bundle
	args /bin/probe try await 15 9
	"$HUSK" --root "$ROOT" run --bundle "$B" "$ID" >out &
	pid=$!
	eventually 20 grep -q ready out
	kill -TERM $pid
	wait $pid || status=$?
	equal status 9 $status
	[ ! -e "$ROOT/$ID" ]
}

test_run_detached() {
	bundle
	args /bin/sleep 100
	husk run --detach --bundle "$B" --pid-file pid "$ID" >out 2>err </dev/null
	equal output '' "$(cat out err)"
	equal status running "$(status_of "$ID")"
	husk delete --force "$ID"
}

test_run_keep() {
	bundle
	args /bin/true
	husk run --keep --bundle "$B" "$ID"
	equal status stopped "$(status_of "$ID")"
	husk delete "$ID"
}

test_delete_force_ends_every_process() {
	created /bin/sh -c 'sleep 100 & sleep 100 & wait'
	husk start "$ID"
	sleep 0.3
	husk delete --force "$ID"
}

test_ps() {
	local own
	created /bin/sleep 100
	husk start "$ID"
	equal "ps --format json" "[$(cat pid)]" "$(husk ps --format json "$ID")"
	contains "$(husk ps "$ID")" PID 'sleep 100'
	contains "$(husk ps --format table "$ID" '-o pid,cmd')" 'sleep 100'
	refused 'invalid format option' ps --format xml "$ID"
	if ! has_cgroup; then
		husk exec --detach --pid-file pid2 "$ID" /bin/sleep 101 </dev/null >/dev/null 2>&1
		equal "with another" 2 "$(husk ps --format json "$ID" | jq length)"
		husk delete --force "$ID"
		return 0
	fi
	# nor is one forgotten that is in a cgroup below, or shown that is not the container's
	own=$(cgroup_mount)$(sed -n 's/^0:://p' "/proc/$(cat pid)/cgroup")
	mkdir "$own/below"
	husk exec --detach --pid-file pid2 --cgroup below "$ID" /bin/sleep 101 </dev/null >/dev/null 2>&1
	equal "with one below" "$(sort -n pid <(echo) pid2 <(echo) | xargs)" "$(husk ps --format json "$ID" | jq -r 'sort | map(tostring) | join(" ")')"
	equal "lines of the table" 3 "$(husk ps "$ID" | wc -l)"
	husk delete --force "$ID"
}

# without a cgroup they are told by their pid namespace
test_kill_all_without_a_cgroup() {
	local pids bystander
	sleep 100 &
	bystander=$!
	bundle
	config 'del(.linux.resources, .linux.cgroupsPath)'
	args /bin/sh -c 'busybox setsid sleep 101 & busybox setsid sleep 102 & exec sleep 103'
	husk --cgroup-manager disabled create --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null
	husk start "$ID"
	eventually 20 eval '[ "$(husk ps --format json "$ID" | jq length)" = 3 ]'
	pids=$(husk ps --format json "$ID" | jq -r '.[]')
	states() { xargs -n 1 <<<"$pids" | xargs -I{} sed -n 's/^State:\t\(.\).*/\1/p' /proc/{}/status | sort -u | xargs; }
	all_stopped() { [ "$(states)" = T ]; }
	husk kill "$ID" STOP
	eventually 20 eval '[ "$(states)" = "S T" ]'
	sleep 0.2
	equal "who hears it without the option" 'S T' "$(states)"
	husk kill --all "$ID" CONT
	equal "and goes on" S "$(eventually 20 eval '[ "$(states)" = S ]' && states)"
	husk kill --all "$ID" STOP
	eventually 20 all_stopped
	equal "one that is not the container's" S "$(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$bystander/status")"
	husk kill --all "$ID" KILL
	eventually 20 is stopped
	husk kill --all "$ID" TERM
	husk delete "$ID"
	kill $bystander
}

test_pause_and_resume() {
	is_root || skip "a plain user has no cgroup here to freeze"
	created /bin/sleep 100
	husk start "$ID"
	husk pause "$ID"
	equal status paused "$(status_of "$ID")"
	STATUS=255 refused paused exec "$ID" /bin/true
	refused 'already paused' pause "$ID"
	refused "cannot delete container $ID that is not stopped: paused" delete "$ID"
	refused 'cannot start a paused container' start "$ID"
	equal "status after these" paused "$(status_of "$ID")"
	husk resume "$ID"
	equal status running "$(status_of "$ID")"
	refused 'not paused' resume "$ID"
	husk pause "$ID"
	husk kill "$ID" KILL
	eventually 20 is stopped
	refused 'container not running' pause "$ID"
	refused 'container not running' resume "$ID"
	husk delete "$ID"
	# one that was not started can be paused, too, and starts when it goes on
	created /bin/sleep 100
	husk pause "$ID"
	equal "status of a created one" paused "$(status_of "$ID")"
	husk resume "$ID"
	equal "status of a created one that goes on" created "$(status_of "$ID")"
	husk start "$ID"
	husk pause "$ID"
	husk delete --force "$ID"
	[ ! -e "$ROOT/$ID" ]
}

# until it executes its program init is husk, and shows nothing of itself to a plain user
test_one_whose_program_does_not_run_yet() {
	local pid status=0
	bundle
	config '.hooks.startContainer = [{path:"/bin/sh",args:["sh","-c","until [ -e /tmp/go ]; do sleep 0.05; done"],env:["PATH=/bin"]}]'
	args /bin/sleep 100
	husk create --pid-file pid --bundle "$B" "$ID" >out 2>&1 </dev/null
	equal "processes of a created one" "[$(cat pid)]" "$(husk ps --format json "$ID")"
	husk start "$ID" &
	pid=$!
	eventually 20 eval '[ "$(status_of "$ID")" = running ]'
	if has_cgroup; then
		contains "$(husk ps "$ID")" "$(cat pid)"
	else
		refused 'does not run yet, and until then only root can see its processes' ps "$ID"
	fi
	if is_root; then
		husk exec "$ID" /bin/true
	else
		STATUS=255 refused 'does not run yet, and until then only root can enter it' exec "$ID" /bin/true
	fi
	: >"$B/rootfs/tmp/go"
	wait $pid
	contains "$(husk ps "$ID")" "$(cat pid)"
	husk exec "$ID" /bin/true
	husk delete --force "$ID"
}

test_events_stats() {
	is_root || skip "a plain user has no cgroup here to ask"
	created /bin/sleep 100
	husk start "$ID"
	husk events --stats "$ID" | jq -e --arg id "$ID" '.type == "stats" and .id == $id and .data.pids and .data.hugetlb and
		(.data | has("network_interfaces"))' >/dev/null
	husk delete --force "$ID"
}

test_config_is_frozen_at_create() {
	bundle
	args /bin/echo first
	husk create --bundle "$B" "$ID" >out 2>&1 </dev/null
	args /bin/echo second
	husk start "$ID"
	eventually 20 is stopped
	equal output first "$(cat out)"
	husk delete "$ID"
}

test_create_without_process() {
	bundle
	config 'del(.process)'
	husk create --bundle "$B" "$ID"
	equal status created "$(status_of "$ID")"
	refused process start "$ID"
	husk delete --force "$ID"
}

test_init_killed_while_created() {
	created /bin/sleep 100
	kill -KILL "$(cat pid)"
	eventually 20 is stopped
	refused 'cannot start a container that has stopped' start "$ID"
	husk delete "$ID"
}

# the creator is killed at some moment: delete --force must put everything right, and a new one of that name work
# The number of a container's init is another process' by now: that one is let alone, whatever is done to the container.
test_pid_of_another_process() {
	local other how began
	for how in start_time boot_id; do
		# (where the kernel gives each boot's cgroup hierarchy a number of its own, that is the boot)
		created /bin/sleep 100
		husk start "$ID"
		equal "the control" running "$(status_of "$ID")"
		cp "$ROOT/$ID/state" record
		husk kill "$ID" KILL
		eventually 20 is stopped
		sleep 100 &
		other=$!
		# (field 22 of its stat is when it began)
		began=$(cut -d' ' -f22 "/proc/$other/stat")
		if [ $how = start_time ]; then
			jq -c --argjson p $other --argjson t "$began" '.pid = $p | .start_time = $t + 1' record
		else
			jq -c --argjson p $other --argjson t "$began" '.pid = $p | .start_time = $t | del(.number) |
				.boot_id = "00000000-0000-0000-0000-000000000000" | if .hierarchy then .hierarchy = 1 else . end' record
		fi | tr -d '\n' >"$ROOT/$ID/state"
		equal "status ($how)" stopped "$(status_of "$ID")"
		equal pid 0 "$(husk state "$ID" | jq .pid)"
		refused 'container not running' kill "$ID" KILL
		STATUS=255 refused 'cannot exec in a stopped container' exec "$ID" /bin/true
		husk kill --all "$ID" KILL
		husk delete "$ID"
		[ ! -e "$ROOT/$ID" ]
		kill -0 $other || fail "another process was killed"
		kill $other
		wait $other 2>/dev/null || true
	done
}

test_creator_killed_anywhere() { # limit 120
	local i pid
	bundle
	args /bin/sleep 100
	for i in 0 1 2 3 5 7 10 15 20 30 50; do
		"$HUSK" --root "$ROOT" create --bundle "$B" "$ID" </dev/null >/dev/null 2>&1 &
		pid=$!
		sleep "0.0$(printf '%02d' $i)"
		kill -KILL $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		husk delete --force "$ID"
		[ ! -e "$ROOT/$ID" ] || fail "state is left when killed after $i ms"
	done
	args /bin/echo fine
	equal "afterwards" fine "$(husk run --bundle "$B" "$ID")"
}

test_two_starts_at_once() {
	local i a b
	for i in 1 2 3 4 5; do
		created /bin/sleep 100
		a=0 b=0
		husk start "$ID" 2>/dev/null &
		husk start "$ID" 2>/dev/null || b=$?
		wait $! || a=$?
		equal "one of two starts fails" 1 $((a + b))
		husk delete --force "$ID"
	done
}

test_log_file_is_json() {
	bundle
	"$HUSK" --root "$ROOT" --log log --log-format json state nosuch 2>err || true
	equal "records" 1 "$(wc -l <log)"
	jq -e '.level == "error" and (.msg | contains("does not exist")) and (.time | test("Z$"))' log >/dev/null
	[ -s err ]
	args /bin/true
	"$HUSK" --root "$ROOT" --log empty --log-format json run --bundle "$B" "$ID"
	[ -e empty ]
	equal "bytes when all is well" 0 "$(wc -c <empty)"
	# callers parse the file as a whole: what would be a warning is not there beside the error, nor without one
	config '.process.capabilities.bounding += ["CAP_NOBODY_KNOWS"]'
	"$HUSK" --root "$ROOT" --log empty --log-format json run --bundle "$B" "$ID"
	equal "bytes with a warning" 0 "$(wc -c <empty)"
	config '.root.path = "nosuch\u0001\"dir"'
	! "$HUSK" --root "$ROOT" --log one --log-format json run --bundle "$B" "$ID" 2>err || fail "that ran"
	equal "records with a warning and an error" 1 "$(wc -l <one)"
	jq -se 'length == 1 and .[0].level == "error" and (.[0] | keys) == ["level","msg","time"]' one >/dev/null
	# (the control: there is one)
	config '.root.path = "rootfs"'
	"$HUSK" --root "$ROOT" --log warned run --bundle "$B" "$ID"
	contains "$(cat warned)" level=warning CAP_NOBODY_KNOWS
}

# (a socket in the place of the system's, in a mount namespace of our own)
system_log() { # DIRECTORY SOCKET WHERE: what arrives when a container is not there
	export HUSK ROOT
	mkdir -p over
	: >received
	# shellcheck disable=SC2016  # for the inner shell
	unshare --mount --propagation private bash -c '
		mount --bind over "$1" && mkdir -p "$(dirname "$2")" || exit 1
		python3 -c "import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
s.settimeout(20)
print(\"listening\", flush=True)
print(s.recv(65536).decode())" "$2" >received &
		until grep -q listening received; do sleep 0.02; done
		"$HUSK" --root "$ROOT" --log "$3" --log-format json state nosuch >out 2>err && exit 1
		wait' - "$1" "$2" "$3"
	sed 1d received
}
test_log_of_the_system() {
	is_root || skip "its sockets are root's to make"
	local text='container `nosuch` does not exist: No such file or directory' found
	found=$(system_log /run /run/systemd/journal/socket journald:boxes)
	equal "a record of the journal" "PRIORITY=3 SYSLOG_IDENTIFIER=boxes MESSAGE=$text" \
		"$(sed '/^SYSLOG_PID=[1-9][0-9]*$/d' <<<"$found" | xargs -d '\n')"
	equal "standard error" "$text" "$(cat err)"
	rm -rf over
	mkdir over
	mknod -m 666 over/null c 1 3
	found=$(system_log /dev /dev/log syslog:boxes)
	equal "a record of syslog" "<11>boxes[]: $text" "$(sed 's/\[[1-9][0-9]*\]/[]/' <<<"$found")"
	rm -rf over
	# nobody listens, no name, and a file that is called so
	[ -e /dev/log ] || refused 'connect to /dev/log' --log syslog:boxes list
	refused 'needs a name' --log journald: list
	refused 'needs a name' --log 'syslog:a b' list
	husk --log file:journald:boxes list
	[ -e journald:boxes ] || fail "no file"
}

test_default_root() {
	local dir=/run/husk
	if ! is_root; then
		export XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-$S}
		dir=$XDG_RUNTIME_DIR/husk
	fi
	bundle
	args /bin/sleep 100
	"$HUSK" create --bundle "$B" "$ID" >/dev/null 2>&1 </dev/null
	[ -d "$dir/$ID" ]
	equal "mode of the root" 700 "$(stat -c %a "$dir" | tail -c 4)"
	"$HUSK" delete --force "$ID"
	[ ! -e "$dir/$ID" ]
}

test_dry_run_does_nothing() {
	bundle
	args /bin/sh -c 'echo ran >/tmp/ran'
	husk run --dry-run --bundle "$B" "$ID" >plan
	[ "$(wc -l <plan)" -gt 10 ]
	[ ! -e "$ROOT/$ID" ]
	[ ! -e "$B/rootfs/tmp/ran" ]
}

run_tests "$@"
