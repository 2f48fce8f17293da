#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The systemd cgroup manager: transient units of the system's systemd for root, of the user's own for a plain user. Where systemd
# runs, that is in the virtual machines.
. "${0%/*}/lib.sh"

needs_systemd() {
	[ -d /run/systemd/system ] || skip "systemd does not run here"
	[ -x "$BUILD/husk-scope" ] || fail "there is no husk-scope"
}
sysd() { husk --systemd-cgroup "$@"; }
ctl() { if is_root; then systemctl "$@"; else systemctl --user "$@"; fi; }
property() { ctl show --value -p "$1" "${2:-husk-$ID.scope}"; }
property_is() { # NAME VALUE
	equal "property $1" "$2" "$(property "$1")"
}
limits() { config --argjson r "$1" '.linux.resources += $r'; }
file_is() { # FILE VALUE
	equal "$1" "$2" "$(cat "$D/$1")"
}
unit_is_gone() { # [UNIT]
	equal "load state of the unit" not-found "$(property LoadState "${1:-husk-$ID.scope}")"
}
create_sleeping() {
	args /bin/sleep 1000
	sysd create --bundle "$B" "$ID" >/dev/null 2>"$S/err" </dev/null || fail "create: $(cat "$S/err")"
	D=/sys/fs/cgroup$(property ControlGroup)
}
nothing_is_left() {
	[ -z "$(ls "$ROOT")" ] || fail "state: $(ls "$ROOT")"
	unit_is_gone
}

test_limits_are_properties_and_files() {
	needs_systemd
	bundle
	limits '{"memory":{"limit":67108864,"swap":67108864,"reservation":33554432},"pids":{"limit":42},
		"cpu":{"shares":512,"quota":20500,"period":100000},"unified":{"memory.high":"60000000"}}'
	create_sleeping
	property_is MemoryMax 67108864
	property_is MemorySwapMax 0
	property_is MemoryLow 33554432
	property_is MemoryHigh 60000000
	property_is TasksMax 42
	property_is CPUWeight 59
	property_is CPUQuotaPerSecUSec 210ms
	property_is Delegate yes
	property_is DefaultDependencies no
	property_is ActiveState active
	file_is memory.max 67108864
	file_is memory.swap.max 0
	file_is memory.low 33554432
	file_is pids.max 42
	file_is cpu.weight 59
	# exact, where systemd can say it only roughly
	file_is cpu.max "20500 100000"
	equal "scope in the state" "husk-$ID.scope" "$(husk state "$ID" | jq -r '."systemd-scope"')"
	equal processes "$(husk state "$ID" | jq .pid)" "$(cat "$D/cgroup.procs")"
	husk delete --force "$ID"
	nothing_is_left
	[ ! -e "$D" ]
}

test_whole_life() {
	needs_systemd
	bundle
	limits '{"pids":{"limit":40}}'
	create_sleeping
	equal status created "$(status_of "$ID")"
	husk start "$ID"
	equal "cgroup seen by exec" "$(sed -n 's/^0:://p' "/proc/$(husk state "$ID" | jq .pid)/cgroup")" "${D#/sys/fs/cgroup}"
	# exec is never told of the manager
	contains "$(husk exec "$ID" /bin/grep . /proc/self/cgroup)" 0::/
	husk exec --detach --pid-file "$S/pid" "$ID" /bin/sleep 1000
	contains " $(tr '\n' ' ' <"$D/cgroup.procs")" " $(cat "$S/pid") "
	husk pause "$ID"
	equal status paused "$(status_of "$ID")"
	husk resume "$ID"
	husk update --pids-limit 50 --memory 99999744 "$ID"
	file_is pids.max 50
	file_is memory.max 99999744
	property_is TasksMax 50
	property_is MemoryMax 99999744
	# what systemd makes anew is what was asked for
	ctl daemon-reload
	file_is pids.max 50
	husk ps "$ID" | grep -q 'sleep 1000'
	husk kill "$ID" KILL
	eventually 20 eval '[ "$(status_of "$ID")" = stopped ]'
	husk delete "$ID"
	nothing_is_left
	# the same name again
	create_sleeping
	husk delete --force "$ID"
	nothing_is_left
}

# unified comes behind the fields of a configuration, but not behind what is asked for later; systemd is told all of it each time
test_update_is_newer_than_unified() {
	needs_systemd
	bundle
	limits '{"unified":{"pids.max":"20","memory.max":"50000000","memory.high":"40000000"}}'
	create_sleeping
	property_is TasksMax 20
	husk update --pids-limit 30 --memory 60002304 "$ID"
	file_is pids.max 30
	file_is memory.max 60002304
	property_is TasksMax 30
	property_is MemoryMax 60002304
	# what was not asked for is as it was
	property_is MemoryHigh 40000000
	ctl daemon-reload
	file_is pids.max 30
	husk delete --force "$ID"
	nothing_is_left
}

# an idle cgroup has no weight, and the kernel refuses to write one; systemd is told neither more nor less
test_update_to_idle_and_back() {
	needs_systemd
	bundle
	limits '{"unified":{"cpu.weight":"50"}}'
	create_sleeping
	property_is CPUWeight 50
	husk update --cpu-idle 1 "$ID"
	file_is cpu.idle 1
	property_is CPUWeight idle
	# a limit of something else leaves it so, though all is said again
	husk update --pids-limit 30 "$ID"
	file_is cpu.idle 1
	ctl daemon-reload
	file_is cpu.idle 1
	husk update --cpu-idle 0 "$ID"
	file_is cpu.idle 0
	file_is cpu.weight 50
	property_is CPUWeight 50
	husk delete --force "$ID"
	nothing_is_left
	# without a weight of its own it goes back to none
	config 'del(.linux.resources.unified)'
	create_sleeping
	husk update --cpu-idle 1 "$ID"
	property_is CPUWeight idle
	husk update --cpu-idle 0 "$ID"
	property_is CPUWeight '[not set]'
	ctl daemon-reload
	file_is cpu.idle 0
	file_is cpu.weight 100
	husk delete --force "$ID"
	nothing_is_left
}

# cpu.max is two: what is newer wins for the half that it says
test_update_of_half_of_cpu_max() {
	needs_systemd
	bundle
	limits '{"unified":{"cpu.max":"20000 100000"}}'
	create_sleeping
	file_is cpu.max "20000 100000"
	husk update --cpu-period 50000 "$ID"
	file_is cpu.max "20000 50000"
	property_is CPUQuotaPerSecUSec 400ms
	property_is CPUQuotaPeriodUSec 50ms
	# as docker says it: no quota is no change of the quota, and takes none away
	husk update --resources - "$ID" <<<'{"cpu":{"quota":0,"period":40000}}'
	file_is cpu.max "20000 40000"
	ctl daemon-reload
	file_is cpu.max "20000 40000"
	husk update --cpu-quota 30000 "$ID"
	file_is cpu.max "30000 40000"
	property_is CPUQuotaPerSecUSec 750ms
	husk delete --force "$ID"
	nothing_is_left
}

test_run_in_the_foreground() {
	needs_systemd
	bundle
	args /bin/sh -c 'cat /proc/self/cgroup; exit 7'
	local status=0
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	sysd run --bundle "$B" "$ID" >"$S/out" || status=$?
	equal status 7 $status
	contains "$(cat "$S/out")" "/husk-$ID.scope"
	nothing_is_left
}

test_names_of_units() {
	needs_systemd
	bundle
	config --arg p "husktest-$$.slice:pre:$ID" '.linux.cgroupsPath = $p'
	args /bin/sleep 1000
	sysd create --bundle "$B" "$ID" >/dev/null </dev/null
	equal scope "pre-$ID.scope" "$(husk state "$ID" | jq -r '."systemd-scope"')"
	contains "$(property ControlGroup "pre-$ID.scope")" "/husktest.slice/husktest-$$.slice/pre-$ID.scope"
	husk delete --force "$ID"
	unit_is_gone "pre-$ID.scope"
	ctl stop husktest.slice
	config '.linux.cgroupsPath = "/a/b"'
	refused 'must be "slice:prefix:name"' --systemd-cgroup create --bundle "$B" "$ID"
	config '.linux.cgroupsPath = "a--b.slice:x:y"'
	refused 'is no name of a systemd slice' --systemd-cgroup create --bundle "$B" "$ID"
	[ -z "$(ls "$ROOT")" ]
}

test_annotations() {
	needs_systemd
	bundle
	config '.annotations += {"org.systemd.property.TimeoutStopSec": "7", "org.systemd.property.DefaultDependencies": "true",
		"org.systemd.property.After": "[\"timers.target\"]", "org.systemd.property.CollectMode": "\u0027inactive\u0027"}'
	create_sleeping
	property_is TimeoutStopUSec 7s
	property_is DefaultDependencies yes
	property_is CollectMode inactive
	contains "$(property After)" timers.target
	husk delete --force "$ID"
	nothing_is_left
	config '.annotations["org.systemd.property.TimeoutStopSec"] = "soon"'
	refused 'annotations["org.systemd.property.TimeoutStopSec"]' --systemd-cgroup create --bundle "$B" "$ID"
	config 'del(.annotations["org.systemd.property.TimeoutStopSec"]) | .annotations["org.systemd.property.NoSuchThing"] = "true"'
	refused NoSuchThing --systemd-cgroup create --bundle "$B" "$ID"
	nothing_is_left
}

# whatever is wrong with one: which annotation it was, why, and nothing stays
test_wrong_annotations_are_named() { # limit 60
	needs_systemd
	local p='org.systemd.property.'
	bundle
	args /bin/sleep 1000
	annotation_is_refused() { # PART JSON-OF-ANNOTATIONS
		config --argjson a "$2" '.annotations = ($a | with_entries(.key |= "'$p'" + .))'
		refused "$1" --systemd-cgroup create --bundle "$B" "$ID"
		nothing_is_left
	}
	annotation_is_refused "annotations[\"${p}MemoryMax\"]: systemd wants uint64, and the value is int32" '{"CPUWeight":"uint64 5","MemoryMax":"5"}'
	annotation_is_refused "annotations[\"${p}After\"]: systemd wants array of string, and the value is string" '{"After":"\u0027x.target\u0027"}'
	annotation_is_refused "annotations[\"${p}After\"]: StartTransientUnit: Invalid unit name" '{"CPUWeight":"uint64 5","After":"[\u0027x y\u0027]"}'
	annotation_is_refused "annotations[\"${p}CPUWeight\"]: StartTransientUnit: Value" '{"CPUWeight":"uint64 99999999"}'
	annotation_is_refused "annotations[\"${p}Requires\"]: StartTransientUnit: Unit" '{"CPUWeight":"uint64 5","Requires":"[\u0027no-such.service\u0027]"}'
	annotation_is_refused "annotations[\"${p}Documentation\"]: the bus does not take" '{"Documentation":"objectpath \u0027a b\u0027"}'
	annotation_is_refused "annotations[\"${p}TasksMax\"]: must be at least 2" '{"TasksMax":"uint64 1"}'
	# the unit's first process, which asks systemd, is killed with what is asked for
	annotation_is_refused "killed by signal 9 (out of memory?); asked for: annotations[\"${p}MemoryMax\"] = uint64 100" '{"MemoryMax":"uint64 100"}'
	annotation_is_refused "annotations[\"${p}RuntimeMaxUSec\"] = uint64 1" \
		'{"RuntimeMaxUSec":"uint64 1","CollectMode":"\u0027inactive\u0027"}' # (systemd would keep such a unit)
	# the same with values that can be
	config '.annotations = {"'$p'CPUWeight": "uint64 5", "'$p'MemoryMax": "uint64 90001408", "'$p'TasksMax": "uint64 2"}'
	create_sleeping
	property_is MemoryMax 90001408
	property_is TasksMax 2
	husk delete --force "$ID"
	nothing_is_left
}

test_subgroup() {
	needs_systemd
	bundle
	config '.annotations["run.oci.systemd.subgroup"] = "inner"'
	limits '{"pids":{"limit":30}}'
	create_sleeping
	equal "processes of the unit itself" '' "$(cat "$D/cgroup.procs")"
	equal "processes below" "$(husk state "$ID" | jq .pid)" "$(cat "$D/inner/cgroup.procs")"
	equal pids.max 30 "$(cat "$D/inner/pids.max")"
	property_is TasksMax 30
	husk start "$ID"
	husk exec "$ID" /bin/true
	husk delete --force "$ID"
	nothing_is_left
	# and one below that, without limits
	config '.annotations["run.oci.delegate-cgroup"] = "own"'
	create_sleeping
	equal "processes of the subgroup" '' "$(cat "$D/inner/cgroup.procs")"
	equal "processes of the delegated cgroup" "$(husk state "$ID" | jq .pid)" "$(cat "$D/inner/own/cgroup.procs")"
	equal "limits of the subgroup" 30 "$(cat "$D/inner/pids.max")"
	equal "limits of the delegated cgroup" max "$(cat "$D/inner/own/pids.max")"
	husk start "$ID"
	husk exec "$ID" /bin/true
	husk delete --force "$ID"
	nothing_is_left
	config 'del(.annotations["run.oci.delegate-cgroup"])'
	config '.annotations["run.oci.systemd.subgroup"] = "../x"'
	refused 'run.oci.systemd.subgroup' --systemd-cgroup create --bundle "$B" "$ID"
}

# the program that keeps the unit alive until init is there must not need the place
test_limit_of_one_process() {
	needs_systemd
	bundle
	limits '{"pids":{"limit":1}}'
	is_root || limits '{"pids":{"limit":2}}' # a plain user's container begins with two
	create_sleeping
	file_is pids.max "$(is_root && echo 1 || echo 2)"
	property_is TasksMax "$(is_root && echo 1 || echo 2)"
	husk delete --force "$ID"
	nothing_is_left
}

test_devices_outlive_a_reload() {
	needs_systemd
	is_root || skip "a user's systemd has no say in devices"
	bundle
	config '.linux.resources.devices = [{allow:false,access:"rwm"},{allow:true,type:"c",major:10,minor:229,access:"rw"}] |
		.linux.devices = [{path:"/dev/kmsg",type:"c",major:1,minor:11},{path:"/dev/fuse",type:"c",major:10,minor:229}]'
	create_sleeping
	property_is DevicePolicy strict
	contains "$(property DeviceAllow)" "/dev/char/10:229 rw" "/dev/char/1:3 rwm"
	husk start "$ID"
	local before after
	before=$(husk exec "$ID" /bin/probe try open /dev/null rw , open /dev/kmsg r , open /dev/fuse rw | jq -c '[.arg, .errno]')
	contains "$before" '["/dev/null",""]' '["/dev/kmsg","EPERM"]' '["/dev/fuse",""]'
	ctl daemon-reload
	after=$(husk exec "$ID" /bin/probe try open /dev/null rw , open /dev/kmsg r , open /dev/fuse rw | jq -c '[.arg, .errno]')
	equal "what can be opened after a reload" "$before" "$after"
	husk delete --force "$ID"
}

test_name_in_use() {
	needs_systemd
	bundle
	local user=()
	is_root || user=(--user)
	# somebody else's unit that lives is left alone
	systemd-run "${user[@]}" --scope --quiet --unit="husk-$ID.scope" sleep 1000 &
	local pid=$!
	eventually 20 eval '[ "$(property ActiveState)" = active ]'
	args /bin/sleep 1000
	refused "husk-$ID.scope" --systemd-cgroup create --bundle "$B" "$ID"
	property_is ActiveState active
	[ -z "$(ls "$ROOT")" ]
	kill $pid
	wait $pid || true
	eventually 20 eval '[ "$(property ActiveState)" != active ]'
	# one that failed and is only remembered gives its name away
	systemd-run "${user[@]}" --scope --quiet --unit="husk-$ID.scope" -p RuntimeMaxSec=1 sleep 1000 || true
	property_is ActiveState failed
	create_sleeping
	property_is ActiveState active
	husk delete --force "$ID"
	nothing_is_left
}

test_killed_create_leaves_nothing_lasting() {
	needs_systemd
	bundle
	printf '#!/bin/sh\nexec kill -KILL $PPID\n' >"$S/hook"
	chmod 755 "$S/hook"
	config --arg h "$S/hook" '.hooks.createRuntime = [{path: $h}]'
	args /bin/sleep 1000
	sysd create --bundle "$B" "$ID" >/dev/null 2>&1 </dev/null && fail "create was not killed"
	husk delete --force "$ID"
	nothing_is_left
	config 'del(.hooks)'
	create_sleeping
	husk delete --force "$ID"
	nothing_is_left
}

# systemd's bus: not there, and there but silent
test_no_answer() { # limit 60
	needs_systemd
	bundle
	args /bin/sleep 1000
	local variable=DBUS_SYSTEM_BUS_ADDRESS begin
	is_root || variable=DBUS_SESSION_BUS_ADDRESS
	export "$variable=unix:path=$S/no-such-bus" HUSK_SYSTEMD_TIMEOUT=2
	refused "connect to the bus unix:path=$S/no-such-bus" --systemd-cgroup create --bundle "$B" "$ID"
	[ -z "$(ls "$ROOT")" ]
	python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(9)
time.sleep(1000)' "$S/bus" &
	local pid=$!
	eventually 20 [ -S "$S/bus" ]
	export "$variable=unix:path=$S/bus"
	begin=$SECONDS
	refused "did not answer within 2 s" --systemd-cgroup create --bundle "$B" "$ID"
	[ $((SECONDS - begin)) -ge 2 ]
	[ $((SECONDS - begin)) -le $((8 * TIMEOUT_FACTOR)) ] || fail "it took $((SECONDS - begin)) s"
	[ -z "$(ls "$ROOT")" ]
	unset "$variable"
	# a container that lives goes on living, and a change of its limits is all or nothing
	HUSK_SYSTEMD_TIMEOUT='' create_sleeping
	local pids
	pids=$(cat "$D/pids.max")
	export "$variable=unix:path=$S/bus"
	refused "did not answer within 2 s" update --pids-limit 33 "$ID"
	file_is pids.max "$pids"
	refused "did not answer within 2 s" delete --force "$ID"
	unset "$variable"
	kill $pid
	wait $pid || true
	HUSK_SYSTEMD_TIMEOUT='' husk delete --force "$ID"
	nothing_is_left
}

test_stopped_systemd() { # limit 60
	needs_systemd
	is_root && skip "the first process cannot be stopped"
	bundle
	args /bin/sleep 1000
	local manager
	manager=$(pgrep -u "$(id -u)" -x systemd | head -n 1)
	kill -STOP "$manager"
	HUSK_SYSTEMD_TIMEOUT=2 husk --systemd-cgroup create --bundle "$B" "$ID" >out 2>err </dev/null && fail "created"
	kill -CONT "$manager"
	contains "$(cat err)" "did not answer within 2 s"
	[ -z "$(ls "$ROOT")" ]
	eventually 20 unit_is_gone
	create_sleeping
	husk delete --force "$ID"
	nothing_is_left
}

test_oom_kill_leaves_no_failed_unit() {
	needs_systemd
	bundle
	limits '{"memory":{"limit":20000000,"swap":20000000}}'
	args /bin/dd if=/dev/zero of=/dev/null bs=100M count=1
	local status=0
	sysd run --bundle "$B" "$ID" >/dev/null 2>&1 || status=$?
	equal status 137 $status
	nothing_is_left
}

test_features_say_so() {
	local built=false
	[ ! -x "$BUILD/husk-scope" ] || built=true
	[ -e /usr/local/libexec/husk/husk-scope ] && built=true
	equal systemd "$built $built" "$("$HUSK" features | jq -r '.linux.cgroup | "\(.systemd) \(.systemdUser)"')"
	# alone it cannot
	cp "$HUSK" "$S/husk"
	[ -e /usr/local/libexec/husk/husk-scope ] ||
		"$S/husk" features | jq -e '.linux.cgroup | (.systemd or .systemdUser) | not' >/dev/null
}

test_without_systemd_is_refused() {
	[ ! -d /run/systemd/system ] || skip "systemd runs here"
	bundle
	refused "systemd does not run here" --systemd-cgroup create --bundle "$B" "$ID"
	refused "systemd does not run here" --cgroup-manager systemd run --bundle "$B" "$ID"
	[ -z "$(ls "$ROOT")" ]
}

run_tests "$@"
