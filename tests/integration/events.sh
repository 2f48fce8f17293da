#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# husk events: the shape of the statistics everywhere, their values where the controllers are, and the life of the stream.
. "${0%/*}/lib.sh"

limits() { config --argjson r "$1" '.linux.resources += $r'; }
needs() { # CONTROLLER...
	has_controllers "$@" || skip "the controllers $* are not in this host's cgroup2 tree"
}
needs_cgroup() {
	is_root || has_controllers || skip "a plain user has no cgroup here to divide"
}
start() { # PROGRAM ARG...
	args "$@"
	husk create --bundle "$B" "$ID" >/dev/null 2>"$S/err" </dev/null || fail "create: $(cat "$S/err")"
	husk start "$ID"
}
true_of() { # FILE FILTER...
	local file=$1 filter
	shift
	for filter in "$@"; do jq -e "$filter" "$file" >/dev/null || fail "not true: $filter of $(cat "$file")"; done
}
ended() { # PID: of a background job
	! kill -0 "$1" 2>/dev/null
}

test_wrong_intervals_are_refused() {
	local wrong
	for wrong in 0 0s -5s x 5 1m30 '5 s' 1d s . 1..5s 9999999999999h; do
		refused "option --interval" events --interval "$wrong" "$ID"
		contains "$(cat "$S/refused.err")" "\"$wrong\""
	done
	refused 'requires an argument' events --interval
	# the control: it is the container that is missing
	for wrong in 1ns 100ms 5s 1m30s 1.5h 1h2m3.5s; do refused 'does not exist' events --interval "$wrong" "$ID"; done
}

test_stopped_is_refused() {
	bundle
	args /bin/true
	husk run --detach --bundle "$B" "$ID" </dev/null >"$S/out" 2>&1
	eventually 20 eval '[ "$(status_of "$ID")" = stopped ]'
	refused "container with id $ID is not running" events "$ID"
	refused "container with id $ID is not running" events --stats "$ID"
	husk delete "$ID"
	refused 'does not exist' events --stats "$ID"
}

test_without_a_cgroup_is_refused() {
	bundle
	config 'del(.linux.resources, .linux.cgroupsPath)'
	args /bin/sleep 100
	husk --cgroup-manager disabled create --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null
	refused 'has no cgroup' events --stats "$ID"
	husk delete --force "$ID"
}

# what readers rely on, whatever the host has
test_shape_of_the_statistics() {
	needs_cgroup
	bundle
	start /bin/sleep 1000
	husk events --stats "$ID" >stats 2>err
	equal "standard error" '' "$(cat err)"
	equal lines 1 "$(wc -l <stats)"
	true_of stats 'keys == ["data","id","type"]' '.type == "stats"' ".id == \"$ID\"" \
		'.data | has("cpu") and has("cpuset") and has("memory") and has("pids") and has("blkio")' \
		'.data.hugetlb | type == "object"' '.data.intel_rdt == {}' \
		'.data | has("network_interfaces") and .network_interfaces == null' \
		'.data.cpuset | [.cpu_exclusive,.mem_hardwall,.mem_exclusive,.memory_migrate,.memory_spread_page,.memory_spread_slab,
			.memory_pressure,.sched_load_balance,.sched_relax_domain_level] == [0,0,0,0,0,0,0,0,0]' \
		'.data.memory.usage | (.limit | type == "number") and (.failcnt | type == "number")' \
		'.data.memory.swap | (.limit | type == "number") and (.failcnt | type == "number")' \
		'[.data.cpu.usage | .total, .kernel, .user | type] == ["number","number","number"]'
	husk delete --force "$ID"
}

# the kernel counts the processor's time without any controller
test_processor_time_is_counted() { # limit 60
	needs_cgroup
	bundle
	start /bin/sleep 1000
	local before after
	before=$(husk events --stats "$ID" | jq .data.cpu.usage.total)
	husk exec "$ID" /bin/probe try burn 300 >burnt
	after=$(husk events --stats "$ID" | jq .data.cpu.usage.total)
	jq -se --argjson b "$before" --argjson a "$after" '.[0].cpu_ms as $ms | ($a - $b) / 1e6 | . >= $ms * 0.5 and . < $ms * 20 + 2000' \
		burnt >/dev/null || fail "before $before, after $after nanoseconds, burnt $(cat burnt)"
	husk delete --force "$ID"
}

test_created_and_paused_have_statistics() {
	needs_cgroup
	bundle
	args /bin/sleep 1000
	husk create --bundle "$B" "$ID" >/dev/null 2>"$S/err" </dev/null
	husk events --stats "$ID" >stats
	true_of stats '.type == "stats"'
	husk start "$ID"
	husk pause "$ID"
	husk events --stats "$ID" >stats
	true_of stats '.type == "stats"'
	husk resume "$ID"
	husk delete --force "$ID"
}

test_stream_ends_with_the_container() {
	needs_cgroup
	bundle
	start /bin/sleep 1000
	husk events --interval 50ms "$ID" >events 2>err &
	local stream=$!
	eventually 10 eval '[ $(wc -l <events) -ge 3 ]'
	husk kill "$ID" KILL
	eventually 10 ended $stream
	wait $stream
	equal "standard error" '' "$(cat err)"
	jq -se --arg id "$ID" 'length >= 3 and all(.[]; .type == "stats" and .id == $id and (.data | type) == "object")' events >/dev/null ||
		fail "$(cat events)"
	husk delete --force "$ID"
}

# the first comes after an interval, and a long one is no reason to miss the end
test_interval_is_kept() {
	needs_cgroup
	bundle
	start /bin/sleep 1000
	"$HUSK" --root "$ROOT" events --interval 1m "$ID" >events &
	local stream=$!
	eventually 10 sits_still $stream
	equal "events of the first moments" '' "$(cat events)"
	husk kill "$ID" KILL
	eventually 20 ended $stream
	wait $stream
	husk delete --force "$ID"
}

test_stream_ends_with_its_reader() {
	needs_cgroup
	bundle
	start /bin/sleep 1000
	mkfifo pipe
	"$HUSK" --root "$ROOT" events --interval 1h "$ID" >pipe &
	local stream=$!
	exec 9<pipe
	eventually 10 sits_still $stream
	exec 9<&-
	eventually 20 ended $stream
	wait $stream
	husk delete --force "$ID"
}

# it sleeps in between
switches() { sed -n 's/^voluntary_ctxt_switches:\s*//p' "/proc/$1/status"; }
# PID: it has begun, and waits for something to happen
sits_still() {
	local before
	before=$(switches "$1")
	grep -q husk "/proc/$1/comm" && sleep 0.2 && grep -q '^State:.S' "/proc/$1/status" && [ "$(switches "$1")" = "$before" ]
}

test_waiting_costs_nothing() {
	needs_cgroup
	bundle
	start /bin/sleep 1000
	"$HUSK" --root "$ROOT" events --interval 1h "$ID" >events &
	local stream=$! before after
	eventually 10 sits_still $stream
	before=$(switches $stream)
	sleep 0.5
	after=$(switches $stream)
	equal "wake-ups" "$before" "$after"
	# and holds up nobody
	husk pause "$ID"
	husk resume "$ID"
	husk delete --force "$ID"
	wait $stream
}

# ---- with controllers --------------------------------------------------------------------------------

test_values_are_the_kernels() { # limit 60
	needs memory pids cpu cpuset io
	bundle
	limits '{"memory":{"limit":67108864,"swap":100663296},"pids":{"limit":42},"cpu":{"quota":50000,"period":100000,"cpus":"0","mems":"0"}}'
	start /bin/sh -c 'dd if=/dev/zero of=/tmp/x bs=1M count=8 conv=fsync 2>/dev/null; probe try burn 300 >/dev/null; echo >/tmp/ready; exec sleep 1000'
	eventually 30 [ -e "$B/rootfs/tmp/ready" ]
	local d
	d=$(cgroup_mount)$(sed -n 's/^0:://p' "/proc/$(husk state "$ID" | jq .pid)/cgroup")
	husk events --stats "$ID" >stats
	true_of stats '.data.memory.usage.limit == 67108864' '.data.memory.usage.usage > 4096' \
		'.data.memory.swap.limit == 100663296' '.data.memory.swap.usage >= .data.memory.usage.usage' \
		'.data.pids == {"current":1,"limit":42}' '.data.cpuset.cpus == [0]' '.data.cpuset.mems == [0]' \
		'.data.cpu.usage.total > 0 and .data.cpu.usage.user + .data.cpu.usage.kernel <= .data.cpu.usage.total + 1000000' \
		'.data.cpu.throttling.periods > 0' '.data.memory.cache > 0' '.data.memory.raw.file == .data.memory.cache'
	equal "lines of memory.stat" "$(wc -l <"$d/memory.stat")" "$(jq '.data.memory.raw | length' stats)"
	equal "page sizes" "$(cd "$d" && ls hugetlb.*.events 2>/dev/null | wc -l)" "$(jq '.data.hugetlb | length' stats)"
	[ ! -e "$d/memory.peak" ] || true_of stats '.data.memory.usage.max >= .data.memory.usage.usage'
	if cat "$d/cpu.pressure" >/dev/null 2>&1; then
		true_of stats '.data | [.cpu.psi, .memory.psi, .blkio.psi | .some | .avg10, .avg60, .avg300, .total | numbers] | length == 12'
	fi
	if grep -q 'wbytes=[1-9]' "$d/io.stat"; then
		true_of stats '[.data.blkio.ioServiceBytesRecursive[] | select(.op == "Write") | .value // 0] | max > 0' \
			'[.data.blkio.ioServicedRecursive[] | .op] | unique == ["Read","Write"]'
	fi
	# without limits: the largest number there is, and no limit of processes
	husk update --memory -1 --pids-limit -1 "$ID"
	husk events --stats "$ID" >stats
	contains "$(cat stats)" '"limit":18446744073709551615'
	true_of stats '.data.pids == {"current":1}'
	husk delete --force "$ID"
}

# Everything that there can be on cgroup v2, each with a value that something has caused
test_every_key_with_a_live_value() { # limit 60
	needs memory pids cpu cpuset io hugetlb
	local d disk='' major minor wanted
	for d in /sys/block/vd*; do [ "$(cat "$d/serial" 2>/dev/null)" != out ] || disk=${d##*/}; done
	is_root && [ -n "$disk" ] || skip "there is no disk of the virtual machine here"
	trap 'echo 0 >/proc/sys/vm/nr_hugepages' EXIT
	echo 4 >/proc/sys/vm/nr_hugepages
	bundle
	limits '{"memory":{"limit":134217728,"swap":167772160},"pids":{"limit":42},"hugepageLimits":[{"pageSize":"2MB","limit":4194304}],
		"cpu":{"quota":10000,"period":100000,"cpus":"0","mems":"0"}}'
	IFS=: read -r major minor <"/sys/block/$disk/dev"
	config --argjson a "$major" --argjson i "$minor" '.linux.resources.devices += [{allow:true,type:"b",major:$a,minor:$i,access:"rwm"}] |
		.linux.devices += [{path:"/dev/disk",type:"b",major:$a,minor:$i}]'
	# (8 GiB into it: there is nothing)
	start /bin/sh -c 'dd if=/dev/disk of=/tmp/block iflag=direct bs=64k skip=131072 count=4 && dd if=/tmp/block of=/dev/disk oflag=direct conv=notrunc bs=64k seek=131072 count=4
		probe try burn 300 && echo >/tmp/ready; exec probe try hugepages 2 , sleep 1000'
	eventually 30 [ -e "$B/rootfs/tmp/ready" ]
	eventually 10 eval 'husk events --stats "$ID" | jq -e ".data.hugetlb.\"2MB\".usage == 4194304"'
	# the third is refused, which is counted
	husk exec "$ID" /bin/probe try hugepages 1 >/dev/null || true
	husk events --stats "$ID" >stats
	wanted='["blkio.ioServiceBytesRecursive.[].major","blkio.ioServiceBytesRecursive.[].minor","blkio.ioServiceBytesRecursive.[].op",
		"blkio.ioServiceBytesRecursive.[].value","blkio.ioServicedRecursive.[].major","blkio.ioServicedRecursive.[].minor",
		"blkio.ioServicedRecursive.[].op","blkio.ioServicedRecursive.[].value",
		"cpu.throttling.periods","cpu.throttling.throttledPeriods","cpu.throttling.throttledTime",
		"cpu.usage.kernel","cpu.usage.total","cpu.usage.user",
		"cpuset.cpu_exclusive","cpuset.cpus.[]","cpuset.mem_exclusive","cpuset.mem_hardwall","cpuset.memory_migrate","cpuset.memory_pressure",
		"cpuset.memory_spread_page","cpuset.memory_spread_slab","cpuset.mems.[]","cpuset.sched_load_balance","cpuset.sched_relax_domain_level",
		"hugetlb.2MB.failcnt","hugetlb.2MB.usage","memory.cache",
		"memory.swap.failcnt","memory.swap.limit","memory.swap.usage",
		"memory.usage.failcnt","memory.usage.limit","memory.usage.max","memory.usage.usage","network_interfaces","pids.current","pids.limit"] +
		[("cpu","memory","blkio") + ".psi." + ("some","full") + "." + ("avg10","avg60","avg300","total")]'
	jq -c "($wanted | sort) as \$wanted | [.data | paths(type != \"object\" and type != \"array\") | map(if type == \"number\" then \"[]\" else . end)
		| join(\".\") | select((startswith(\"memory.raw.\") or test(\"^hugetlb.1GB\")) | not)] | unique |
		{missing: (\$wanted - .), more: (. - \$wanted)}" stats >keys
	equal "keys of $(cat stats)" '{"missing":[],"more":[]}' "$(cat keys)"
	true_of stats '.data.intel_rdt == {}' '.data.memory.raw | length > 30 and .file > 0 and .pgfault > 0' \
		'.data.cpu.throttling | .periods > 0 and .throttledPeriods > 0 and .throttledTime > 0' \
		'.data.cpu.usage | .total > 100000000 and .user > 0 and .kernel > 0' '.data.cpu.psi.some.total > 0' \
		'.data.hugetlb."2MB" | .usage == 4194304 and .failcnt >= 1' '.data.memory.usage | .max >= .usage and .usage > 65536' \
		".data.blkio.ioServiceBytesRecursive[] | select(.op == \"Write\" and .major == $major) | .value >= 262144" \
		".data.blkio.ioServicedRecursive[] | select(.op == \"Read\" and .major == $major) | .value >= 4"
	husk delete --force "$ID"
}

test_oom_is_told_once_and_before_the_end() { # limit 60
	needs memory
	bundle
	limits '{"memory":{"limit":33554432,"swap":33554432}}'
	args /bin/probe try eat 200
	husk create --bundle "$B" "$ID" >/dev/null 2>"$S/err" </dev/null
	"$HUSK" --root "$ROOT" events --interval 1h "$ID" >events &
	local stream=$!
	eventually 10 sits_still $stream
	husk start "$ID"
	eventually 20 ended $stream
	wait $stream
	equal events "{\"type\":\"oom\",\"id\":\"$ID\"}" "$(cat events)"
	husk delete --force "$ID"
}

test_oom_of_another_process() { # limit 60
	needs memory
	bundle
	limits '{"memory":{"limit":33554432,"swap":33554432}}'
	start /bin/sleep 1000
	"$HUSK" --root "$ROOT" events --interval 1h "$ID" >events &
	local stream=$!
	eventually 10 sits_still $stream
	husk exec "$ID" /bin/probe try eat 200 >/dev/null 2>&1 || true
	eventually 10 [ -s events ]
	equal events "{\"type\":\"oom\",\"id\":\"$ID\"}" "$(cat events)"
	kill -0 $stream
	husk delete --force "$ID"
	wait $stream
}

run_tests "$@"
