#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# husk update: what is refused, what stays as it is, and, where the controllers are, what is in force afterwards.
. "${0%/*}/lib.sh"

limits() { config --argjson r "$1" '.linux.resources += $r'; }
needs() { # CONTROLLER...
	has_controllers "$@" || skip "the controllers $* are not in this host's cgroup2 tree"
}
needs_cgroup() {
	is_root || has_controllers || skip "a plain user has no cgroup here to divide"
}
start_sleeping() { # created, not started; $D is its cgroup
	args /bin/sleep 1000
	husk create --bundle "$B" "$ID" >/dev/null 2>"$S/err" </dev/null || fail "create: $(cat "$S/err")"
	D=$(cgroup_mount)$(sed -n 's/^0:://p' "/proc/$(husk state "$ID" | jq .pid)/cgroup")
}
file_is() { # FILE VALUE
	equal "$1" "$2" "$(cat "$D/$1")"
}
update() { # ARG...: succeeds and says nothing
	local said
	said=$(husk update "$@" "$ID" 2>&1 </dev/null) || fail "update $*: $said"
	equal "what update $* says" '' "$said"
}
update_json() { # JSON
	local said
	said=$(husk update --resources - "$ID" 2>&1 <<<"$1") || fail "update of $1: $said"
	equal "what update says" '' "$said"
}
json_refused() { # TEXT JSON
	echo "$2" >"$S/bad.json"
	refused "$1" update --resources "$S/bad.json" "$ID"
}

test_wrong_values_are_refused() {
	needs_cgroup
	bundle
	start_sleeping
	refused 'option --memory: invalid value "x"' update --memory x "$ID"
	refused 'option --memory: invalid value "-2"' update --memory -2 "$ID"
	refused 'option --memory-swap: invalid value "1q"' update --memory-swap 1q "$ID"
	refused 'option --memory: invalid value "9999999p"' update --memory 9999999p "$ID"
	refused 'option --pids-limit: invalid value "many"' update --pids-limit many "$ID"
	refused 'option --cpu-shares: the value is empty' update --cpu-shares= "$ID"
	refused 'option --cpu-share: invalid value "-5"' update --cpu-shares -5 "$ID"
	refused 'cpu.idle' update --cpu-idle 2 "$ID"
	refused 'blockIO.weight' update --blkio-weight 5 "$ID"
	refused 'cpu.cpus' update --cpuset-cpus a-b "$ID"
	refused 'cpu.burst: must not be above the quota' update --cpu-quota 1000 --cpu-burst 2000 "$ID"
	refused 'memory.swap' update --memory 64m --memory-swap 32m "$ID"
	refused 'was made without linux.intelRdt' update --l3-cache-schema L3:0=f "$ID"
	refused 'was made without linux.intelRdt' update --mem-bw-schema MB:0=50 --pids-limit 5 "$ID"
	refused 'must be one line that begins with MB:' update --mem-bw-schema L3:0=f "$ID"
	refused 'realtimeRuntime' update --cpu-rt-runtime 5000 "$ID"
	refused 'unknown option "--nosuch"' update --nosuch 1 "$ID"
	husk delete --force "$ID"
}

test_wrong_files_are_refused() {
	needs_cgroup
	bundle
	start_sleeping
	refused 'No such file or directory' update --resources nosuch "$ID"
	json_refused 'resources: ' 'no json'
	json_refused 'memory.limit' '{"memory":{"limit":"64m"}}'
	json_refused 'memory.limit' '{"memory":{"limit":-2}}'
	json_refused 'resources: ' '[]'
	refused 'resources: ' update --resources - "$ID" # standard input is empty
	echo '{}' >"$S/empty.json"
	refused 'option --pids-limit: cannot be combined with --resources' update --pids-limit 5 -r "$S/empty.json" "$ID"
	# the control
	husk update -r "$S/empty.json" "$ID"
	husk update --resources=<(echo '{"pids":{"limit":-1}}') "$ID"
	husk delete --force "$ID"
}

test_unknown_and_stopped_are_refused() {
	refused 'does not exist' update --pids-limit -1 "$ID"
	bundle
	args /bin/true
	husk run --detach --bundle "$B" "$ID" </dev/null >"$S/out" 2>&1
	eventually 20 eval '[ "$(status_of "$ID")" = stopped ]'
	refused 'container not running' update --pids-limit -1 "$ID"
	husk delete "$ID"
}

test_without_a_cgroup_is_refused() {
	bundle
	config 'del(.linux.resources, .linux.cgroupsPath)'
	args /bin/sleep 100
	husk --cgroup-manager disabled create --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null
	refused 'has no cgroup' update --pids-limit 5 "$ID"
	husk delete --force "$ID"
}

# created, running and paused
test_states_that_allow_it() {
	needs_cgroup
	bundle
	start_sleeping
	update --pids-limit -1
	husk start "$ID"
	update --pids-limit -1
	husk pause "$ID"
	update --pids-limit -1
	equal status paused "$(status_of "$ID")"
	husk resume "$ID"
	husk delete --force "$ID"
}

# no limit may be dropped silently
test_without_controller_is_refused() {
	has_controllers memory && skip "this host has the controllers"
	needs_cgroup
	bundle
	start_sleeping
	refused memory update --memory 64m "$ID"
	refused pids update --pids-limit 20 "$ID"
	refused cpu update --cpu-quota 20000 "$ID"
	refused cpu update --cpu-shares 512 "$ID"
	refused io update --blkio-weight 100 "$ID"
	refused cpuset update --cpuset-cpus 0 "$ID"
	json_refused memory.high '{"unified":{"memory.high":"1000000"}}'
	# what is no limit needs no controller
	update --memory -1 --pids-limit -1 --cpu-quota -1
	husk delete --force "$ID"
}

test_kernel_memory_is_ignored_with_a_warning() {
	needs_cgroup
	bundle
	start_sleeping
	update --kernel-memory 10m --kernel-memory-tcp 10m
	husk --log-level warning update --kernel-memory 10m --kernel-memory-tcp 10m "$ID" 2>"$S/warned"
	contains "$(cat "$S/warned")" '--kernel-memory: ignored' '--kernel-memory-tcp: ignored'
	husk delete --force "$ID"
}

test_devices_are_never_touched() {
	is_root && can CAP_BPF || skip "attaching a device program needs privileges"
	# nobody drives this number: who may open it is told so
	local open_it='[ -e /dev/x ] || mknod /dev/x c 1 13; : </dev/x'
	bundle
	config '.process.capabilities |= with_entries(.value += ["CAP_MKNOD"])'
	config '.linux.resources.devices = [{allow:false,access:"rwm"}]'
	start_sleeping
	husk start "$ID"
	update_json '{"devices":[{"allow":true,"type":"c","major":1,"minor":13,"access":"rwm"}]}'
	husk exec --cap CAP_MKNOD "$ID" /bin/sh -c "$open_it" 2>"$S/said" && fail "an update allowed a device"
	contains "$(cat "$S/said")" 'not permitted'
	husk delete --force "$ID"
	# the other way round, which is also the control
	config '.linux.resources.devices += [{allow:true,type:"c",major:1,minor:13,access:"rwm"}]'
	start_sleeping
	husk start "$ID"
	update_json '{"devices":[{"allow":false,"access":"rwm"}]}'
	husk exec --cap CAP_MKNOD "$ID" /bin/sh -c "$open_it" 2>"$S/said" || true
	contains "$(cat "$S/said")" 'No such device'
	husk delete --force "$ID"
}

# ---- with controllers --------------------------------------------------------------------------------

test_every_flag() {
	needs memory pids cpu cpuset io
	bundle
	start_sleeping
	husk start "$ID"
	update --memory 128m --memory-swap 192m --memory-reservation 32M --pids-limit 55
	file_is memory.max 134217728
	file_is memory.swap.max 67108864
	file_is memory.low 33554432
	file_is pids.max 55
	update --memory 0.125gib
	file_is memory.max 134217728
	update --cpu-period 50000 --cpu-quota 20000 --cpu-burst 10000 --cpu-share 512
	file_is cpu.max '20000 50000'
	file_is cpu.max.burst 10000
	file_is cpu.weight 59
	update --cpu-shares 1024
	file_is cpu.weight 100
	update --cpuset-cpus 0 --cpuset-mems 0
	file_is cpuset.cpus 0
	file_is cpuset.mems 0
	update --cpu-idle 1
	file_is cpu.idle 1
	update --cpu-idle 0 --cpu-rt-period 0 --cpu-rt-runtime 0
	file_is cpu.idle 0
	update --blkio-weight 500
	if [ -e "$D/io.bfq.weight" ]; then
		contains "$(cat "$D/io.bfq.weight")" 500
	elif [ -e "$D/io.weight" ]; then
		file_is io.weight 'default 4950'
	fi
	update --pids-limit -1 --memory -1
	file_is pids.max max
	file_is memory.max max
	husk delete --force "$ID"
}

test_one_half_keeps_the_other() {
	needs memory cpu pids
	bundle
	limits '{"memory":{"limit":67108864,"swap":134217728},"cpu":{"quota":20000,"period":50000,"shares":512},"pids":{"limit":33}}'
	start_sleeping
	update --cpu-quota 30000
	file_is cpu.max '30000 50000'
	update --cpu-period 60000
	file_is cpu.max '30000 60000'
	update_json '{"cpu":{"quota":0,"period":70000}}'
	file_is cpu.max '30000 70000'
	# the memory limit alone leaves how much swap there is
	update --memory 128m
	file_is memory.max 134217728
	file_is memory.swap.max 67108864
	# the swap limit alone is for memory and swap together
	update --memory-swap 160m
	file_is memory.max 134217728
	file_is memory.swap.max 33554432
	refused 'memory.swap' update --memory-swap 64m "$ID"
	# no memory limit: none of swap
	update --memory -1
	file_is memory.max max
	file_is memory.swap.max max
	refused 'without memory limit' update --memory-swap 64m "$ID"
	# and again with one, from nothing that is left of before
	update --memory 64m --memory-swap 64m
	file_is memory.swap.max 0
	# what nobody spoke of
	file_is pids.max 33
	file_is cpu.weight 59
	husk delete --force "$ID"
}

# the kernel forgets the weight of an idle cgroup; husk does not
test_idle_and_back() {
	needs cpu
	bundle
	limits '{"cpu":{"shares":512}}'
	start_sleeping
	update --cpu-idle 1
	update --cpu-idle 0
	file_is cpu.weight 59
	update --cpu-shares 2048
	update --cpu-idle 1
	update --cpu-idle 0
	file_is cpu.weight 174
	update --cpu-idle 1
	update --cpu-shares 256
	file_is cpu.idle 1
	update --cpu-idle 0
	file_is cpu.weight 35
	husk delete --force "$ID"
}

# nor does it of one that unified has said; cpu.max is of two halves, and a new one leaves the other
test_beside_unified() {
	needs cpu memory
	bundle
	limits '{"unified":{"cpu.weight":"50","cpu.max":"20000 100000"}}'
	start_sleeping
	update --cpu-idle 1
	file_is cpu.idle 1
	update --cpu-idle 0
	file_is cpu.weight 50
	update --cpu-idle 1
	update_json '{"unified":{"cpu.idle":"0"}}'
	file_is cpu.weight 50
	update --cpu-idle 1
	update_json '{"unified":{"cpu.weight":"70"}}'
	file_is cpu.idle 1
	update --cpu-idle 0
	file_is cpu.weight 70
	update --cpu-period 50000
	file_is cpu.max "20000 50000"
	update --cpu-quota 30000
	file_is cpu.max "30000 50000"
	husk delete --force "$ID"
	# both at once: idle until that is taken back
	limits '{"cpu":{"idle":1},"unified":{"cpu.weight":"50"}}'
	start_sleeping
	file_is cpu.idle 1
	update --cpu-idle 0
	file_is cpu.weight 50
	update --cpu-idle 1
	json_refused 'unified["cpu.weight"]: write' '{"cpu":{"idle":0},"unified":{"cpu.weight":"0"}}'
	file_is cpu.idle 1
	# (an idle cgroup has no weight that could be put back)
	json_refused 'unified["memory.max"]' '{"cpu":{"idle":0,"shares":512},"unified":{"memory.max":"nonsense"}}'
	lacks "$(cat "$S/refused.err")" 'could not put'
	file_is cpu.idle 1
	husk delete --force "$ID"
}

test_failure_changes_nothing() {
	needs memory pids cpu cpuset
	local before
	bundle
	limits '{"memory":{"limit":67108864,"swap":67108864},"pids":{"limit":33},"cpu":{"quota":20000,"period":50000,"shares":512}}'
	start_sleeping
	husk start "$ID"
	everything() { (cd "$D" && grep -s . memory.max memory.swap.max memory.low memory.high pids.max cpu.max cpu.max.burst cpu.idle \
		cpu.weight cpuset.cpus cpuset.mems io.max io.weight || true; [ ! -e "$ROOT/$ID/resources" ] || cat "$ROOT/$ID/resources"); }
	before=$(everything)
	# the last write fails, behind all others
	json_refused 'unified["memory.max"]' '{"memory":{"limit":134217728,"swap":201326592,"reservation":1048576},"pids":{"limit":99},
		"cpu":{"quota":90000,"period":100000,"burst":5000,"idle":1},"unified":{"memory.high":"60000000","memory.max":"nonsense"}}'
	equal "limits after a failed update" "$before" "$(everything)"
	refused 'cpuset.cpus' update --memory 128m --memory-swap 128m --pids-limit 99 --cpuset-cpus 1000 "$ID"
	equal "limits after a failed update" "$before" "$(everything)"
	# the control: without the fault it is taken
	update --memory 128m --memory-swap 128m --pids-limit 99 --cpuset-cpus 0
	file_is pids.max 99
	[ ! -e "$ROOT/$ID/resources.next" ]
	husk delete --force "$ID"
}

test_memory_in_use_is_checked() {
	needs memory pids
	bundle
	limits '{"memory":{"limit":134217728,"swap":134217728},"pids":{"limit":33}}'
	args /bin/sh -c 'dd if=/dev/zero of=/dev/shm/x bs=1M count=40 2>/dev/null; echo done >/tmp/ready; exec sleep 1000'
	husk create --bundle "$B" "$ID" >/dev/null 2>"$S/err" </dev/null || fail "create: $(cat "$S/err")"
	D=$(cgroup_mount)$(sed -n 's/^0:://p' "/proc/$(husk state "$ID" | jq .pid)/cgroup")
	husk start "$ID"
	eventually 20 [ -e "$B/rootfs/tmp/ready" ]
	json_refused 'in use (checkBeforeUpdate)' '{"memory":{"limit":16777216,"swap":16777216,"checkBeforeUpdate":true},"pids":{"limit":44}}'
	file_is memory.max 134217728
	file_is pids.max 33
	equal status running "$(status_of "$ID")"
	update_json '{"memory":{"limit":100663296,"swap":100663296,"checkBeforeUpdate":true},"pids":{"limit":44}}'
	file_is memory.max 100663296
	file_is pids.max 44
	husk delete --force "$ID"
}

test_limits_are_felt() {
	needs pids
	bundle
	start_sleeping
	husk start "$ID"
	husk exec "$ID" /bin/probe try fork 30 >"$S/tried"
	tried '.result == 0'
	update --pids-limit 10
	husk exec "$ID" /bin/probe try fork 30 >"$S/tried" || true
	tried '.errno == "EAGAIN"'
	husk delete --force "$ID"
}

# files with a line for each device: only the line that was written is put back
test_failure_puts_lines_of_devices_back() {
	needs memory io
	local disk before
	disk=$(cat /sys/block/*/dev 2>/dev/null | grep -v ^7: | head -1 || true)
	[ -n "$disk" ] || skip "no disk"
	bundle
	start_sleeping
	update_json "{\"unified\":{\"io.max\":\"$disk rbps=1048576\"}}"
	before=$(cat "$D/io.max")
	contains "$before" 'rbps=1048576 wbps=max'
	json_refused 'unified["memory.max"]' "{\"blockIO\":{\"weight\":200,\"throttleReadBpsDevice\":[{\"major\":${disk%:*},\"minor\":${disk#*:},\"rate\":5000000}]},
		\"unified\":{\"io.max\":\"$disk wbps=4096 riops=max\",\"memory.max\":\"nonsense\"}}"
	lacks "$(cat "$S/refused.err")" 'could not put'
	equal io.max "$before" "$(cat "$D/io.max")"
	# and one that was not there before
	update_json "{\"unified\":{\"io.max\":\"$disk rbps=max\"}}"
	equal io.max '' "$(cat "$D/io.max")"
	json_refused 'unified["memory.max"]' "{\"unified\":{\"io.max\":\"$disk wbps=4096\",\"memory.max\":\"nonsense\"}}"
	lacks "$(cat "$S/refused.err")" 'could not put'
	equal io.max '' "$(cat "$D/io.max")"
	husk delete --force "$ID"
}

run_tests "$@"
