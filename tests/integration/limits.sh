#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every limit of linux.resources: the file that it is written to, and that the kernel then does what was asked for. Each test has its
# control: the same without the limit, or below it. What needs controllers in the cgroup2 tree runs in the virtual machines.
# (Conversions at their edges: tests/unit/cgroup_limits.c and cgroup_settings.c. Device rules: they need no controller.)
. "${0%/*}/lib.sh"

resources() { config --argjson r "$1" '.linux.resources = $r'; } # JSON: these and no others
needs() { # CONTROLLER...
	has_controllers "$@" || skip "the controllers $* are not in this host's cgroup2 tree, or not ours"
}
needs_root() { is_root || skip "$1 takes root"; }
create() { # [ID]: created, not started; $D is its cgroup
	local id=${1:-$ID}
	husk create --bundle "$B" "$id" >"$S/out.$id" 2>"$S/err" </dev/null || fail "create: $(cat "$S/err")"
	D=$(cgroup_mount)$(sed -n 's/^0:://p' "/proc/$(husk state "$id" | jq .pid)/cgroup")
}
# shellcheck disable=SC2120
sleeping() {
	args /bin/sleep 1000
	create
}
file_is() { # FILE VALUE
	equal "$1" "$2" "$(cat "$D/$1")"
}
from() { # FILE KEY: the number behind KEY in a file of the cgroup
	awk -v k="$2" '$1 == k { print $2 }' "$D/$1"
}
at_least() { # WHAT LEAST FOUND
	[ "$3" -ge "$2" ] || fail "$1: wanted at least $2, found $3"
}
at_most() { # WHAT MOST FOUND
	[ "$3" -le "$2" ] || fail "$1: wanted at most $2, found $3"
}
stopped() { [ "$(status_of "${1:-$ID}")" = stopped ]; }
done_with() { husk delete --force "${1:-$ID}"; }

# ---- pids ------------------------------------------------------------------------------------------

test_pids() {
	needs pids
	bundle
	resources '{"pids":{"limit":20}}'
	sleeping
	file_is pids.max 20
	done_with
	args /bin/probe try fork 40
	create
	husk start "$ID"
	eventually 10 stopped
	jq -e '.errno == "EAGAIN" and .children == 19' "$S/out.$ID" >/dev/null || fail "$(cat "$S/out.$ID")"
	done_with
	# zero is a limit, and not "none"
	resources '{"pids":{"limit":0}}'
	sleeping
	file_is pids.max 1
	done_with
	resources '{"pids":{"limit":-1}}'
	sleeping
	file_is pids.max max
	done_with
	run_tries fork 40
	tried '.result == 0 and .children == 40'
}

# the processes that see to its entering a pid namespace count, too: where there is no room for them, it is entered at once
test_pids_in_a_joined_pid_namespace() {
	local limit pid
	needs pids
	needs_root "a pid namespace without a user namespace"
	bundle first
	args /bin/sleep 1000
	husk run --detach --bundle "$B" "$ID-1" >"$S/out" 2>"$S/err" </dev/null
	pid=$(husk state "$ID-1" | jq .pid)
	bundle
	config --arg p "/proc/$pid/ns/pid" '.linux.namespaces |= map(if .type == "pid" then .path = $p else . end)'
	args /bin/true
	for limit in 1 2 3; do
		config --argjson n $limit '.linux.resources = {pids:{limit:$n}}'
		husk --log-level warning run --bundle "$B" "$ID" 2>"$S/warned" </dev/null || fail "limit $limit: $(cat "$S/warned")"
		case $limit in
		3) lacks "$(cat "$S/warned")" 'can take over' ;;
		*) contains "$(cat "$S/warned")" 'pids.limit leaves no room' ;;
		esac
	done
	husk delete --force "$ID-1"
}

# ---- memory ----------------------------------------------------------------------------------------

test_memory_limit() {
	needs memory
	bundle
	resources '{"memory":{"limit":33554432,"swap":33554432}}'
	args /bin/sh -c 'probe try eat 64; exec sleep 1000'
	create
	file_is memory.max 33554432
	file_is memory.swap.max 0
	equal 'kills before' 0 "$(from memory.events oom_kill)"
	husk start "$ID"
	eventually 20 eval '[ "$(from memory.events oom_kill)" = 1 ]'
	equal 'output of what was killed' '' "$(cat "$S/out.$ID")"
	done_with
	resources '{"memory":{"limit":134217728,"swap":134217728}}'
	run_tries eat 64
	tried '.result == 64'
	resources '{"memory":{"limit":-1}}'
	sleeping
	file_is memory.max max
	file_is memory.swap.max max
	done_with
}

# a program without a library, and everything that a start makes, in half a MiB; below what it takes the reason is said
test_least_memory() { # limit 120
	local i
	needs memory
	bundle
	args /bin/true
	resources '{"memory":{"limit":524288,"swap":524288}}'
	for i in 1 2 3; do
		husk run --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null || fail "with 512 KiB, run $i: $(cat "$S/err")"
	done
	resources '{"memory":{"limit":32768,"swap":32768}}'
	! husk run --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null || fail 'it started with 32 KiB'
	equal 'lines of the error' 1 "$(wc -l <"$S/err")"
	grep -q 'memory' "$S/err" || fail "the error does not name the memory: $(cat "$S/err")"
	! husk state "$ID" 2>/dev/null || fail 'something of it is left'
}

swap_on() { # MIB
	SWAP=/var/tmp/swap-$ID
	dd if=/dev/zero of="$SWAP" bs=1M count="$1" status=none
	chmod 600 "$SWAP"
	trap 'swapoff "$SWAP"; rm -f "$SWAP"' EXIT
	mkswap -q "$SWAP"
	swapon "$SWAP"
}

test_swap() { # limit 60
	needs memory
	needs_root "a swap file"
	swap_on 64
	bundle
	# swap is what is beyond the memory limit: 24 MiB of memory, 40 of swap
	resources '{"memory":{"limit":25165824,"swap":67108864}}'
	args /bin/sh -c 'probe try eat 48 , sleep 1000'
	create
	file_is memory.max 25165824
	file_is memory.swap.max 41943040
	husk start "$ID"
	eventually 30 grep -q '"result":48' "$S/out.$ID"
	at_least 'bytes in swap' 20000000 "$(cat "$D/memory.swap.current")"
	equal kills 0 "$(from memory.events oom_kill)"
	done_with
	# the same without swap
	resources '{"memory":{"limit":25165824,"swap":25165824}}'
	create
	file_is memory.swap.max 0
	husk start "$ID"
	eventually 30 eval '[ "$(from memory.events oom_kill)" = 1 ]'
	equal 'bytes in swap' 0 "$(cat "$D/memory.swap.current")"
	done_with
}

# what is reserved stays when memory is taken back, the neighbour's goes
test_memory_reservation() { # limit 60
	needs memory
	needs_root "a swap file"
	local with without parent
	swap_on 64
	bundle
	args /bin/probe try eat 24 , sleep 1000
	config --arg p "/$ID-low/with" '.linux.cgroupsPath = $p | .linux.resources = {memory:{reservation:67108864}}'
	create "$ID-a"
	with=$D
	file_is memory.low 67108864
	config --arg p "/$ID-low/without" '.linux.cgroupsPath = $p | .linux.resources = {}'
	create "$ID-b"
	without=$D parent=${D%/*}
	file_is memory.low 0
	[ -e "$parent/memory.reclaim" ] || fail "this kernel has no memory.reclaim"
	husk start "$ID-a"
	husk start "$ID-b"
	eventually 20 grep -q '"result":24' "$S/out.$ID-a"
	eventually 20 grep -q '"result":24' "$S/out.$ID-b"
	echo 12M >"$parent/memory.reclaim"
	at_least 'taken from the one without' 8000000 "$(cat "$without/memory.swap.current")"
	at_most 'taken from the one with a reservation' 1000000 "$(cat "$with/memory.swap.current")"
	done_with "$ID-a"
	done_with "$ID-b"
}

# ---- cpu -------------------------------------------------------------------------------------------

test_cpu_quota() {
	needs cpu
	bundle
	resources '{"cpu":{"quota":20000,"period":100000}}'
	sleeping
	file_is cpu.max '20000 100000'
	done_with
	args /bin/probe try burn 2000 , sleep 1000
	create
	husk start "$ID"
	eventually 20 grep -q cpu_ms "$S/out.$ID"
	at_most 'cpu_ms of 2000 at a fifth' 1000 "$(jq .cpu_ms "$S/out.$ID")"
	at_least 'periods in which it was throttled' 5 "$(from cpu.stat nr_throttled)"
	done_with
	resources '{"cpu":{"quota":-1}}'
	create
	file_is cpu.max 'max 100000'
	husk start "$ID"
	eventually 20 grep -q cpu_ms "$S/out.$ID"
	equal 'periods in which it was throttled' 0 "$(from cpu.stat nr_throttled)"
	done_with
	resources '{"cpu":{"period":50000}}'
	sleeping
	file_is cpu.max 'max 50000'
	done_with
}

# what was not used in the past may be used on top
test_cpu_burst() {
	needs cpu
	bundle
	resources '{"cpu":{"quota":20000,"period":100000,"burst":20000}}'
	args /bin/probe try sleep 1 , burn 600 , sleep 1000
	create
	file_is cpu.max.burst 20000
	husk start "$ID"
	eventually 20 grep -q cpu_ms "$S/out.$ID"
	at_least bursts 1 "$(from cpu.stat nr_bursts)"
	done_with
	resources '{"cpu":{"quota":20000,"period":100000}}'
	create
	file_is cpu.max.burst 0
	husk start "$ID"
	eventually 20 grep -q cpu_ms "$S/out.$ID"
	equal bursts 0 "$(from cpu.stat nr_bursts)"
	done_with
}

# two on one processor, side by side: the first with the resources $1, the second with $2; the processor time that they got while both
# were at work to $FIRST and $SECOND
compete() {
	local first second
	args /bin/sh -c 'while :; do :; done'
	resources "$1"
	create "$ID-a"
	FIRST_D=$D
	resources "$2"
	create "$ID-b"
	SECOND_D=$D
	# (the heavier one last: what starts beside it may have to wait)
	husk start "$ID-b"
	husk start "$ID-a"
	first=$(used "$FIRST_D") second=$(used "$SECOND_D")
	sleep 2
	FIRST=$(($(used "$FIRST_D") - first)) SECOND=$(($(used "$SECOND_D") - second))
	note "microseconds: $FIRST and $SECOND"
}
used() { awk '$1 == "usage_usec" { print $2 }' "$1/cpu.stat"; }
done_competing() {
	done_with "$ID-a"
	done_with "$ID-b"
}

test_cpu_shares() { # limit 60
	needs cpu cpuset
	bundle
	compete '{"cpu":{"shares":4096,"cpus":"0"}}' '{"cpu":{"shares":256,"cpus":"0"}}'
	equal weight 303 "$(cat "$FIRST_D/cpu.weight")"
	equal weight 35 "$(cat "$SECOND_D/cpu.weight")"
	at_least 'processor time of the heavier' $((SECOND * 3)) "$FIRST"
	done_competing
	compete '{"cpu":{"shares":1024,"cpus":"0"}}' '{"cpu":{"shares":1024,"cpus":"0"}}'
	equal weight 100 "$(cat "$FIRST_D/cpu.weight")"
	at_most 'processor time, with the same weight' $((SECOND * 2)) "$FIRST"
	at_most 'processor time, with the same weight' $((FIRST * 2)) "$SECOND"
	done_competing
}

test_cpu_idle() { # limit 60
	needs cpu cpuset
	bundle
	compete '{"cpu":{"cpus":"0"}}' '{"cpu":{"idle":1,"shares":1024,"cpus":"0"}}'
	equal idle 0 "$(cat "$FIRST_D/cpu.idle")"
	equal idle 1 "$(cat "$SECOND_D/cpu.idle")"
	at_least 'processor time of the other' $((SECOND * 3)) "$FIRST"
	done_competing
}

test_cpuset() {
	needs cpuset
	[ "$(nproc)" -ge 2 ] || skip "there is one processor"
	bundle
	resources '{"cpu":{"cpus":"1","mems":"0"}}'
	sleeping
	file_is cpuset.cpus 1
	file_is cpuset.cpus.effective 1
	file_is cpuset.mems 0
	done_with
	run_tries processors 500
	tried '.processors == [1]'
	resources '{}'
	run_tries processors 500
	tried '.result >= 2'
	resources '{"cpu":{"cpus":"99"}}'
	refused cpuset.cpus run --bundle "$B" "$ID"
}

# ---- io --------------------------------------------------------------------------------------------

# the machine's disk NAME (run in tests/vm names them) as major:minor, and in the container as /dev/disk
disk() {
	local d
	for d in /sys/block/vd*; do
		[ "$(cat "$d/serial" 2>/dev/null)" = "$1" ] || continue
		DISK=${d##*/}
		IFS=: read -r MAJOR MINOR <"$d/dev"
		config --argjson a "$MAJOR" --argjson i "$MINOR" '.linux.devices = [{path:"/dev/disk",type:"b",major:$a,minor:$i}]'
		return
	done
	skip "there is no disk of the virtual machine here"
}
throttled() { # KIND RATE
	config --arg k "throttle$1Device" --argjson a "$MAJOR" --argjson i "$MINOR" --argjson r "$2" \
		'.linux.resources = {blockIO:{($k):[{major:$a,minor:$i,rate:$r}]}}'
}
timed_dd() { # ARG...: how long dd itself takes in a container, to $MS
	args /bin/sh -c "read a b </proc/uptime; dd $* || exit; read c d </proc/uptime; echo \$a \$c"
	create
	husk start "$ID"
	eventually 60 stopped
	MS=$(awk 'NF == 2 { printf "%d", ($2 - $1) * 1000 }' "$S/out.$ID")
	[ -n "$MS" ] || fail "dd: $(cat "$S/err")"
	done_with
}

test_io_max() { # limit 180
	needs io
	needs_root "a disk"
	local kind file free limited try
	bundle
	# (8 GiB into it: there is nothing, and what the run gives back is at its front)
	local reading=(if=/dev/disk of=/dev/null iflag=direct bs=64k count=48 skip=131072)
	local writing=(if=/dev/zero of=/dev/disk oflag=direct conv=notrunc bs=64k count=48 seek=131072)
	for kind in ReadBps:rbps WriteBps:wbps ReadIOPS:riops WriteIOPS:wiops; do
		case $kind in
		Read*) disk job && command=("${reading[@]}") ;;
		*) disk out && command=("${writing[@]}") ;;
		esac
		case $kind in *Bps*) throttled "${kind%:*}" 1048576 ;; *) throttled "${kind%:*}" 16 ;; esac
		sleeping
		file=$(cat "$D/io.max")
		contains "$file" "$MAJOR:$MINOR " "${kind#*:}=$(jq ".linux.resources.blockIO[][0].rate" "$B/config.json")"
		done_with
		# 3 MiB at 1 MiB/s, or 48 operations at 16 a second: three seconds, less the first slice
		timed_dd "${command[@]}"
		limited=$MS
		# a busy host can hold up one of them, but not each
		resources '{}'
		for try in 1 2 3 4 5; do
			timed_dd "${command[@]}"
			free=$MS
			[ "$free" -gt $((limited / 2)) ] || break
		done
		note "$kind: $free ms in run $try, limited $limited ms"
		at_least "$kind, in ms" 2000 "$limited"
		at_most "$kind without a limit, in ms" $((limited / 2)) "$free"
		throttled "${kind%:*}" 0
		sleeping
		file_is io.max ''
		done_with
	done
}

test_io_weight() {
	needs io
	needs_root "a disk"
	bundle
	disk out
	resources '{"blockIO":{"weight":500}}'
	sleeping
	if [ -e "$D/io.bfq.weight" ]; then
		file_is io.bfq.weight 'default 500'
	else
		file_is io.weight 'default 4950'
	fi
	done_with
	modprobe bfq || fail "this kernel has no bfq"
	echo bfq >"/sys/block/$DISK/queue/scheduler"
	config --argjson a "$MAJOR" --argjson i "$MINOR" '.linux.resources.blockIO.weightDevice = [{major:$a,minor:$i,weight:300}]'
	sleeping
	equal io.bfq.weight "default 500
$MAJOR:$MINOR 300" "$(cat "$D/io.bfq.weight")"
	done_with
	resources '{"blockIO":{"weight":5}}'
	refused blockIO.weight run --bundle "$B" "$ID"
}

# ---- hugetlb, rdma ---------------------------------------------------------------------------------

test_hugetlb() {
	needs hugetlb
	needs_root "a pool of huge pages"
	local before
	before=$(cat /proc/sys/vm/nr_hugepages)
	# shellcheck disable=SC2064  # the value of now
	trap "echo $before >/proc/sys/vm/nr_hugepages" EXIT
	echo $((before + 8)) >/proc/sys/vm/nr_hugepages
	at_least 'huge pages' $((before + 8)) "$(cat /proc/sys/vm/nr_hugepages)"
	bundle
	resources '{"hugepageLimits":[{"pageSize":"2MB","limit":4194304}]}'
	sleeping
	file_is hugetlb.2MB.max 4194304
	file_is hugetlb.2MB.rsvd.max 4194304
	done_with
	run_tries hugepages 4
	tried '.errno == "ENOMEM" and .pages == 2'
	resources '{}'
	run_tries hugepages 4
	tried '.result == 4'
	resources '{"hugepageLimits":[{"pageSize":"7MB","limit":0}]}'
	refused 'hugepageLimits[0]' run --bundle "$B" "$ID"
}

test_rdma_of_no_device_is_refused() {
	needs rdma
	needs_root "the controller"
	bundle
	resources '{"rdma":{"nosuch0":{"hcaHandles":2,"hcaObjects":10}}}'
	refused 'linux.resources.rdma.nosuch0' run --bundle "$B" "$ID"
}

# ---- unified ---------------------------------------------------------------------------------------

test_unified() {
	needs memory pids
	bundle
	# it comes last, and so wins
	resources '{"pids":{"limit":30},"unified":{"pids.max":"10","memory.high":"16777216","memory.swap.max":"0"}}'
	args /bin/sh -c 'probe try fork 40; dd if=/dev/zero of=/tmp/x bs=1M count=24 2>/dev/null; rm /tmp/x; exec sleep 1000'
	create
	file_is pids.max 10
	file_is memory.high 16777216
	file_is memory.max max
	husk start "$ID"
	eventually 20 grep -q '"errno":"EAGAIN"' "$S/out.$ID"
	at_most children 10 "$(jq .children "$S/out.$ID")"
	eventually 30 eval '[ "$(from memory.events high)" -gt 0 ]'
	done_with
	for key in 'memory.max/../x' ../pids.max cgroup.procs nothing.max; do
		config --arg k "$key" '.linux.resources = {unified:{($k):"1"}}'
		refused "$key" run --bundle "$B" "$ID"
	done
	resources '{"unified":{"pids.max":"many"}}'
	refused 'pids.max' run --bundle "$B" "$ID"
}

# ---- devices ---------------------------------------------------------------------------------------

# kmsg is none of those that every container may use, and reads and writes are told apart
test_device_rules_are_the_kernels() {
	is_root && can CAP_BPF && can CAP_MKNOD || skip "attaching a device program needs privileges"
	local node='{"destination":"/d","type":"tmpfs","source":"tmpfs","options":["nosuid"]}'
	# shellcheck disable=SC2054
	local try=(/bin/probe try mknod /d/x c 1 11 , open /d/kmsg r , open /d/kmsg w , open /dev/null rw)
	bundle
	config --argjson m "$node" '.mounts += [$m] | .linux.devices = [] |
		.process.capabilities[] += ["CAP_MKNOD", "CAP_SYSLOG"]'
	args /bin/sh -c "busybox mknod /d/kmsg c 1 11 && exec ${try[*]}"
	resources '{"devices":[{"allow":false,"access":"rwm"}]}'
	husk run --bundle "$B" "$ID" >"$S/tried"
	tried '.op == "open" and .arg == "/d/kmsg" and .errno == "EPERM"'
	tried '.arg == "/dev/null" and .result == 0'
	equal 'denied' 2 "$(grep -c EPERM "$S/tried")"
	resources '{"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":1,"minor":11,"access":"rm"}]}'
	husk run --bundle "$B" "$ID" >"$S/tried"
	equal 'what may only be read' '0 EPERM' "$(jq -r 'select(.arg == "/d/kmsg") | if .result == 0 then "0" else .errno end' "$S/tried" | xargs)"
	# a later rule overrides an earlier one, also one of the kernel's other lists
	resources '{"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":1,"minor":11,"access":"rwm"}]}'
	husk run --bundle "$B" "$ID" >"$S/tried"
	equal 'what may be read and written' '0 0' "$(jq -r 'select(.arg == "/d/kmsg") | if .result == 0 then "0" else .errno end' "$S/tried" | xargs)"
	resources '{"devices":[{"allow":true,"access":"rwm"},{"allow":false,"type":"c","major":1,"minor":11,"access":"rw"}]}'
	husk run --bundle "$B" "$ID" >"$S/tried"
	equal 'what is denied in an open list' 'EPERM EPERM' "$(jq -r 'select(.arg == "/d/kmsg") | if .result == 0 then "0" else .errno end' "$S/tried" | xargs)"
}

# ---- freezer, kill, pressure -----------------------------------------------------------------------

test_freezer() {
	has_cgroup || skip "a plain user has no cgroup here to divide"
	bundle
	args /bin/sh -c 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; done'
	create
	husk start "$ID"
	eventually 10 test -s "$S/out.$ID"
	husk pause "$ID"
	file_is cgroup.freeze 1
	equal frozen 1 "$(from cgroup.events frozen)"
	local before
	before=$(wc -l <"$S/out.$ID")
	sleep 1
	equal 'lines written while frozen' "$before" "$(wc -l <"$S/out.$ID")"
	husk resume "$ID"
	file_is cgroup.freeze 0
	after() { [ "$(wc -l <"$S/out.$ID")" -gt "$before" ]; }
	eventually 10 after
	done_with
}

# also what has left the process group, the session, and its parent
test_kill_reaches_everything() {
	is_root || skip "without a pid namespace a plain user cannot mount /proc"
	bundle
	config '.linux.namespaces |= map(select(.type != "pid"))'
	config 'del(.mounts[] | select(.destination == "/proc"))'
	args /bin/sh -c 'busybox setsid sleep 1001 & (busybox setsid sh -c "sleep 1002 & sleep 1003" &) ; exec sleep 1000'
	create
	husk start "$ID"
	eventually 10 eval '[ "$(wc -l <"$D/cgroup.procs")" -ge 4 ]'
	# another signal than KILL goes to each by itself, also to those in cgroups below
	mkdir "$D/below"
	husk exec --detach --cgroup below --pid-file pid "$ID" /bin/sleep 1004 </dev/null >/dev/null 2>&1
	equal "processes below" "$(cat pid)" "$(cat "$D/below/cgroup.procs")"
	husk kill --all "$ID" STOP
	all_stopped() { [ "$(cat "$D/cgroup.procs" "$D/below/cgroup.procs" | xargs -I{} sed -n 's/^State:\t\(.\).*/\1/p' /proc/{}/status | sort -u)" = T ]; }
	eventually 10 all_stopped
	husk kill --all "$ID" KILL
	eventually 10 eval '[ "$(from cgroup.events populated)" = 0 ]'
	husk delete "$ID"
}

test_pressure() {
	needs cpu memory
	bundle
	resources '{"cpu":{"quota":10000,"period":100000},"memory":{"limit":67108864}}'
	args /bin/probe try burn 1500 , sleep 1000
	create
	[ -e "$D/cpu.pressure" ] || fail "this kernel shows no pressure"
	husk start "$ID"
	eventually 20 grep -q cpu_ms "$S/out.$ID"
	# who is throttled waits for most of these 1.5 s; who is not, on a busy host at most
	husk events --stats "$ID" >"$S/stats"
	jq -e '.data.cpu.psi.some.total > 500000 and (.data.memory.psi.some | has("avg10")) and .data.cpu.throttling.throttledPeriods > 0' \
		"$S/stats" >/dev/null || fail "$(cat "$S/stats")"
	done_with
	resources '{}'
	sleeping
	husk start "$ID"
	husk events --stats "$ID" >"$S/stats"
	jq -e '.data.cpu.psi.some.total < 500000' "$S/stats" >/dev/null || fail "$(cat "$S/stats")"
	done_with
}

# ---- delegation ------------------------------------------------------------------------------------

# the container's own cgroup is its to divide only where it has a cgroup namespace and may write there
test_container_divides_its_own_cgroup() {
	needs memory pids
	needs_root "other users' mappings"
	bundle
	resources '{"memory":{"limit":67108864},"pids":{"limit":50}}'
	config '.linux.namespaces += [{type:"user"}] | .linux.namespaces |= (map(select(.type != "cgroup")) + [{type:"cgroup"}]) |
		.linux.uidMappings = [{containerID:0,hostID:100000,size:65536}] | .linux.gidMappings = .linux.uidMappings |
		(.mounts[] | select(.type == "cgroup") | .options) -= ["ro"]'
	chmod 755 "$S" "$B"
	chown -R 100000:100000 "$B/rootfs"
	run_shell 'mkdir /sys/fs/cgroup/leaf && echo 0 >/sys/fs/cgroup/leaf/cgroup.procs && echo +pids >/sys/fs/cgroup/cgroup.subtree_control &&
		cat /sys/fs/cgroup/leaf/pids.max && (echo 99 >/sys/fs/cgroup/pids.max) 2>/dev/null || echo "its own limit stays"' >"$S/divided"
	equal 'inside' 'max its own limit stays' "$(xargs <"$S/divided")"
}

# the program need not move itself before it divides what it has got; the limits are above it
test_delegated_cgroup_has_controllers() {
	needs memory pids
	bundle
	resources '{"pids":{"limit":50}}'
	config '.linux.namespaces |= (map(select(.type != "cgroup")) + [{type:"cgroup"}]) |
		.mounts |= (map(select(.type != "cgroup")) + [{destination:"/sys/fs/cgroup",type:"cgroup",source:"cgroup",options:["nosuid","noexec","nodev"]}])'
	config '.annotations["run.oci.delegate-cgroup"] = "inner"'
	local script='cd /sys/fs/cgroup/inner && cat pids.max ../pids.max && mkdir a b && echo 0 >a/cgroup.procs && echo +pids >cgroup.subtree_control &&
		echo 7 >b/pids.max && cat b/pids.max'
	equal 'inside' 'max 50 7' "$(run_shell "$script" | xargs)"
	# the control: where it lives beside the limits it has nothing to hand down
	config 'del(.annotations)'
	equal 'without' 50 "$(run_shell 'cat /sys/fs/cgroup/pids.max; echo +pids >/sys/fs/cgroup/cgroup.subtree_control' 2>/dev/null | xargs)"
}

# A cgroup that hands controllers down holds no processes: init has gone to one below, as systemd does in a container, and exec goes where it is.
test_exec_follows_init_into_a_divided_cgroup() {
	needs memory pids
	bundle
	config '.linux.namespaces |= (map(select(.type != "cgroup")) + [{type:"cgroup"}]) |
		.mounts |= (map(select(.type != "cgroup")) + [{destination:"/sys/fs/cgroup",type:"cgroup",source:"cgroup",options:["nosuid","noexec","nodev"]}]) |
		.linux.resources.pids = {limit:50}'
	args /bin/sh -c 'cd /sys/fs/cgroup && mkdir leaf && echo 0 >leaf/cgroup.procs && cat /tmp/go >/dev/null; echo +pids >cgroup.subtree_control; exec sleep 1000'
	mkfifo "$B/rootfs/tmp/go"
	create
	husk start "$ID"
	eventually 10 grep -q . "$D/leaf/cgroup.procs"
	place() { husk exec "$ID" /bin/busybox sed -n 's/^0:://p' /proc/self/cgroup </dev/null; }
	equal "before it is divided" / "$(place)"
	: >"$B/rootfs/tmp/go"
	eventually 10 grep -q pids "$D/cgroup.subtree_control"
	equal "of exec" /leaf "$(place)"
	husk exec --detach --pid-file pid "$ID" /bin/sleep 1001 </dev/null >/dev/null 2>&1
	contains "$(husk ps "$ID")" 'sleep 1000' 'sleep 1001'
	husk update --pids-limit 60 "$ID"
	file_is pids.max 60
	husk pause "$ID"
	equal paused paused "$(status_of "$ID")"
	husk resume "$ID"
	STATUS=255 refused 'busy' exec --cgroup / "$ID" /bin/true
	husk kill --all "$ID" KILL
	eventually 10 stopped
	husk delete "$ID"
	[ ! -e "$D" ]
}

run_tests "$@"
