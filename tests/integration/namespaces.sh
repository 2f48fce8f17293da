#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# linux.namespaces, mappings, time offsets, host and domain name, sysctl, loopback.
. "${0%/*}/lib.sh"

ns_of() { readlink "/proc/${2:-self}/ns/$1"; }

test_new_ones_differ_from_the_hosts() {
	local n
	bundle
	config '.linux.namespaces |= (map(select(.type != "network" and .type != "cgroup")) + [{type:"network"},{type:"cgroup"}])'
	run_probe
	for n in mnt pid ipc uts net cgroup; do
		[ "$(seen ".ns.$n")" != "$(ns_of $n)" ] || fail "$n is the host's"
	done
	equal pid 1 "$(seen .pid)"
}

test_unlisted_ones_are_kept() {
	local n
	bundle
	config '.linux.namespaces |= map(select(.type == "mount" or .type == "pid" or .type == "user")) | del(.hostname)'
	is_root || config '.mounts |= map(select(.type != "mqueue"))'
	run_probe
	for n in ipc uts net cgroup time; do
		equal "$n" "$(ns_of $n)" "$(seen ".ns.$n")"
	done
}

test_hostname_and_domainname() {
	bundle
	config '.hostname = "ahost" | .domainname = "adomain"'
	run_probe
	equal hostname ahost "$(seen .hostname)"
	equal domainname adomain "$(seen .domainname)"
}

test_hostname_without_uts_is_refused() {
	bundle
	config '.hostname = "x" | .linux.namespaces |= map(select(.type != "uts"))'
	refused hostname run --bundle "$B" "$ID"
}

test_loopback_is_up() {
	bundle
	config '.linux.namespaces |= (map(select(.type != "network")) + [{type:"network"}])'
	run_probe
	check '[.net[] | select(.name == "lo")][0].up == 1'
	equal "interfaces" lo "$(seen '[.net[] | select(.up == 1) | .name] | join(" ")')"
}

# root's is made beside init, which mounts meanwhile what shows nothing of it; the caller's has its lo down here, to tell them apart
test_what_is_mounted_shows_the_new_network() {
	local caller=()
	bundle
	! is_root || caller=(unshare --net)
	config '.linux.namespaces |= (map(select(.type != "network")) + [{type:"network"}]) | .root.readonly = false |
		.mounts |= ([{destination:"/fib",type:"bind",source:"/proc/net/fib_trie",options:["bind"]}] + .)'
	args /bin/sh -c 'cat /sys/class/net/lo/flags; grep -c " 127.0.0.1$" /fib /proc/net/fib_trie'
	"${caller[@]}" "$HUSK" --root "$ROOT" run --bundle "$B" "$ID" >out
	contains "$(cat out)" 0x9 '/fib:2' '/proc/net/fib_trie:2'
	config '.mounts |= .[1:] | .linux.namespaces |= map(select(.type != "network"))'
	is_root || return 0
	# the control: the caller's, when it is kept
	args /bin/sh -c 'grep -c " 127.0.0.1$" /proc/net/fib_trie || true'
	equal "the caller's" 0 "$("${caller[@]}" "$HUSK" --root "$ROOT" run --bundle "$B" "$ID")"
}

# /sys may be mounted when the host's tree is gone; not while a hook is to see both
test_what_has_waited_for_the_network() {
	local caller=()
	bundle
	! is_root || caller=(unshare --net)
	config '.linux.namespaces |= (map(select(.type != "network")) + [{type:"network"}]) | .root.readonly = false | .process.cwd = "/sys/kernel"'
	args /bin/sh -c 'pwd; cat /sys/class/net/lo/flags; grep -c " /sys sysfs" /proc/mounts'
	"${caller[@]}" "$HUSK" --root "$ROOT" run --bundle "$B" "$ID" >out
	equal 'with /sys' '/sys/kernel 0x9 1' "$(tr '\n' ' ' <out | sed 's/ $//')"
	[ ! -e "$B/rootfs/sys/kernel" ] || fail "the working directory was made below what /sys covers"
	config --arg s 'pid=$(sed "s/.*\"pid\":\([0-9]*\).*/\1/"); grep -c "/rootfs/sys .* sysfs " "/proc/$pid/mountinfo" >'"$S/seen" \
		'.process.cwd = "/" | .hooks = {createRuntime:[{path:"/bin/sh",args:["sh","-c",$s],env:["PATH=/usr/bin:/bin"]}]}'
	"$HUSK" --root "$ROOT" run --bundle "$B" "$ID" >out
	equal 'a hook sees it' 1 "$(cat "$S/seen")"
}

test_user_namespace_maps() {
	bundle
	if is_root; then
		config '.linux.namespaces += [{type:"user"}] | .linux.uidMappings = [{containerID:0,hostID:100000,size:1000},{containerID:1000,hostID:200000,size:1}] |
			.linux.gidMappings = [{containerID:0,hostID:100000,size:1000}]'
		chmod 755 "$B" "$B/rootfs"
		chown -R 100000:100000 "$B/rootfs"
	fi
	run_probe
	[ "$(seen .ns.user)" != "$(ns_of user)" ]
	equal uid 0 "$(seen '.uid[0]')"
	if is_root; then
		equal uid_map '0 100000 1000,1000 200000 1' "$(seen '.uid_map | map(gsub(" +"; " ") | ltrimstr(" ")) | join(",")')"
	else
		equal uid_map "0 $(id -u) 1" "$(seen '.uid_map | map(gsub(" +"; " ") | ltrimstr(" ")) | join(",")')"
		equal setgroups deny "$(seen .setgroups)"
	fi
}

# several ranges need newuidmap and the caller's subordinate ids
test_subordinate_ids() {
	is_root && skip "for a plain user"
	command -v newuidmap >/dev/null || skip "there is no newuidmap"
	local first
	first=$(sed -n "s/^$(id -un):\([0-9]*\):.*/\1/p" /etc/subuid | head -1)
	[ -n "$first" ] || skip "this user has no subordinate ids"
	bundle
	config --argjson u "$(id -u)" --argjson g "$(id -g)" --argjson f "$first" '.linux.uidMappings = [{containerID:0,hostID:$u,size:1},{containerID:1,hostID:$f,size:65536}] |
		.linux.gidMappings = [{containerID:0,hostID:$g,size:1},{containerID:1,hostID:$f,size:65536}] | .process.user = {uid:7,gid:8,additionalGids:[9]}'
	run_probe
	equal uid 7 "$(seen '.uid[0]')"
	equal gid 8 "$(seen '.gid[0]')"
	equal groups 9 "$(seen '.groups | join(" ")')"
}

test_mappings_without_user_namespace_are_refused() {
	is_root || skip "a plain user's container always has a user namespace"
	bundle
	config '.linux.uidMappings = [{containerID:0,hostID:0,size:1}]'
	refused 'user namespace' run --bundle "$B" "$ID"
}

test_more_mappings_than_the_kernel_takes() {
	is_root || skip "a plain user's ranges are another matter"
	bundle
	config '.linux.namespaces += [{type:"user"}] | .linux.gidMappings = [{containerID:0,hostID:100000,size:1000}]'
	config '.linux.uidMappings = [range(341) | {containerID:.,hostID:(2 * . + 1000),size:1}]'
	refused '341 mappings; the kernel takes no more than 340' run --bundle "$B" "$ID"
	# not too many lines, but too many bytes
	config '.linux.uidMappings = [range(330) | {containerID:.,hostID:(2 * . + 100000),size:1}]'
	refused 'bytes of text' run --bundle "$B" "$ID"
	config '.linux.uidMappings |= .[:300] | .process.args = ["/bin/echo", "fine"]'
	chown -R 100000:100000 "$B/rootfs"
	chmod 755 "$B" "$B/rootfs"
	equal "fewer of them" fine "$(husk run --bundle "$B" "$ID")"
}

test_time_offsets() {
	bundle
	config '.linux.namespaces += [{type:"time"}] | .linux.timeOffsets = {monotonic:{secs:100000,nanosecs:0},boottime:{secs:200000,nanosecs:5}}'
	run_probe
	[ "$(seen .ns.time)" != "$(ns_of time)" ]
	local now
	now=$(cut -d. -f1 /proc/uptime)
	[ "$(seen .boottime)" -ge $((now + 199990)) ] || fail "boottime is $(seen .boottime), the host's $now"
	check '.timens | map(gsub(" +"; " ")) | (index("monotonic 100000 0") != null) and (index("boottime 200000 5") != null)'
	# of further processes, too
	args /bin/sleep 100
	husk create --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null
	husk start "$ID"
	husk exec "$ID" /bin/probe see >seen
	equal "time namespace of exec" "$(readlink "/proc/$(husk state "$ID" | jq .pid)/ns/time")" "$(seen .ns.time)"
	[ "$(seen .boottime)" -ge $((now + 199990)) ] || fail "boottime of exec is $(seen .boottime), the host's $now"
	husk delete --force "$ID"
}

test_time_offsets_without_namespace_are_refused() {
	bundle
	config '.linux.timeOffsets = {monotonic:{secs:1}}'
	refused time run --bundle "$B" "$ID"
}

test_join_by_path() {
	is_root || skip "a plain user owns no namespace to join"
	local holder n
	unshare --net --uts --ipc sleep 100 &
	holder=$!
	eventually 20 eval "[ \$(readlink /proc/$holder/ns/net) != $(ns_of net) ]"
	bundle
	config --arg p "/proc/$holder/ns/" '.linux.namespaces |= (map(select(.type == "mount" or .type == "pid")) +
		[{type:"network",path:($p + "net")},{type:"uts",path:($p + "uts")},{type:"ipc",path:($p + "ipc")}])'
	run_probe
	for n in net uts ipc; do equal $n "$(ns_of $n $holder)" "$(seen ".ns.$n")"; done
	kill $holder
	wait $holder || true
}

# one that others join, with a user namespace of its own; its init's pid is in $init
run_one_with_users() {
	config '.linux.namespaces += [{type:"user"}] | .linux.uidMappings = [{containerID:0,hostID:100000,size:1000}] | .linux.gidMappings = .linux.uidMappings'
	chown 100000:100000 "$B/rootfs"
	args /bin/sleep 100
	husk run --detach --bundle "$B" "$ID" </dev/null >out 2>err
	init=$(husk state "$ID" | jq .pid)
}

# all that one container is in, by a second; in the joined mount namespace /proc knows no process of the first kind
test_join_everything_of_a_container() {
	is_root || skip "a plain user owns no namespace to join"
	local init n
	bundle
	cp -a "$B" other
	run_one_with_users
	B=$S/other
	chown -R 100000:100000 "$B/rootfs"
	for n in user pid mnt net uts ipc; do readlink "/proc/$init/ns/$n"; done >wanted
	config --arg p "/proc/$init/ns/" 'del(.mounts, .linux.maskedPaths, .linux.readonlyPaths, .linux.rootfsPropagation, .linux.resources.devices, .hostname) | .root.readonly = false |
		.linux.namespaces = [{type:"user",path:($p + "user")},{type:"pid",path:($p + "pid")},{type:"mount",path:($p + "mnt")},{type:"network",path:($p + "net")},
			{type:"uts",path:($p + "uts")},{type:"ipc",path:($p + "ipc")}]'
	args /bin/sleep 100
	husk run --detach --bundle "$B" "$ID-2" </dev/null >out 2>err || fail "$(cat err)"
	init=$(husk state "$ID-2" | jq .pid)
	for n in user pid mnt net uts ipc; do readlink "/proc/$init/ns/$n"; done >found
	equal "namespaces" "$(cat wanted)" "$(cat found)"
	husk delete --force "$ID-2"
	husk delete --force "$ID"
}

test_join_wrong_type_is_refused() {
	bundle
	config '.linux.namespaces |= (map(select(.type != "ipc")) + [{type:"ipc",path:"/proc/self/ns/uts"}])'
	refused 'ipc' run --bundle "$B" "$ID"
	config '.linux.namespaces |= (map(select(.type != "ipc")) + [{type:"ipc",path:"ns/ipc"}])'
	refused 'ipc' run --bundle "$B" "$ID"
	config '.linux.namespaces |= (map(select(.type != "ipc")) + [{type:"ipc",path:"/nosuch"}])'
	refused '/nosuch' run --bundle "$B" "$ID"
}

# The whole life in the pid namespace of another container: that is entered last
test_joined_pid_namespace() {
	local pid second=$ID-2 own
	is_root || skip "without a pid namespace of his own a plain user cannot mount /proc"
	bundle
	args /bin/sleep 1000
	husk run --detach --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null
	pid=$(husk state "$ID" | jq .pid)
	cp -a "$B" "$B-2"
	B=$B-2
	config --arg p "/proc/$pid/ns/pid" '.linux.namespaces |= map(if .type == "pid" then .path = $p else . end) |
		.process.rlimits = [{type:"RLIMIT_NPROC",soft:4000,hard:4000}]'
	args /bin/probe see
	husk --log-level warning run --bundle "$B" "$second" >seen.json 2>err </dev/null || fail "$(cat err)"
	equal "what it says" '' "$(cat err)"
	equal "number, as it sees it" 1 "$(jq '.pid > 1 and .sid == .pid' seen.json | grep -c true)"
	equal "limit of processes" '4000 4000' "$(jq -r .rlimits.NPROC seen.json)"
	# /proc is that of the joined namespace, with the options of the configuration
	args /bin/sh -c 'readlink /proc/self/ns/pid; ps; grep " /proc " /proc/self/mountinfo'
	husk create --pid-file pid --bundle "$B" "$second" >out 2>err </dev/null || fail "$(cat err)"
	equal status created "$(status_of "$second")"
	own=$(cat pid)
	equal "pid" "$own" "$(husk state "$second" | jq .pid)"
	equal "its namespace" "$(readlink "/proc/$pid/ns/pid")" "$(readlink "/proc/$own/ns/pid")"
	husk start "$second"
	eventually 20 eval '[ "$(status_of "$second")" = stopped ]'
	contains "$(cat out)" "$(readlink "/proc/$pid/ns/pid")" 'sleep 1000' 'nosuid,nodev,noexec' ' - proc '
	husk delete "$second"
	# what goes wrong on either side of the clone leaves nothing
	args /bin/nosuch
	refused /bin/nosuch run --bundle "$B" "$second"
	config '.process.cwd = "/proc/self/fd/nosuch"'
	refused 'chdir to `/proc/self/fd/nosuch' run --bundle "$B" "$second"
	config '.process.cwd = "/" | .mounts += [{destination:"/nosuch",source:"/nosuch/source",type:"bind",options:["bind"]}]'
	refused /nosuch/source run --bundle "$B" "$second"
	# a terminal, a process beside it, an end by force
	config 'del(.mounts[-1]) | .process.terminal = true'
	args /bin/sh -c 'tty; ps -o pid,tty; sleep 1001'
	"$TOOLS/receive" info "$S/console" >console.out </dev/null &
	eventually 20 [ -S "$S/console" ]
	husk run --detach --console-socket "$S/console" --bundle "$B" "$second" >out 2>err </dev/null || fail "$(cat err)"
	eventually 20 eval 'husk exec "$second" /bin/ps | grep "sleep 1001"'
	equal "the other one still runs" running "$(status_of "$ID")"
	husk delete --force "$second"
	equal "the other one still runs" running "$(status_of "$ID")"
	husk delete --force "$ID"
	wait
}

# A filter without no_new_privs is there before the clone: whether that lets it pass is asked with the arguments that it will have. The
# third is an address in this order, and not for a program that forks.
test_filter_and_the_clone_into_a_joined_pid_namespace() {
	local pid second=$ID-2
	is_root || skip "a plain user's containers have user namespaces, and with one it is cloned first"
	bundle
	args /bin/sleep 1000
	husk run --detach --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null
	pid=$(husk state "$ID" | jq .pid)
	config --arg p "/proc/$pid/ns/pid" '.linux.namespaces |= map(if .type == "pid" then .path = $p else . end) | .process.noNewPrivileges = false |
		.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["clone"],action:"SCMP_ACT_ERRNO",args:[{index:2,value:0,op:"SCMP_CMP_NE"}]}]}'
	args /bin/sh -c 'echo "$(/bin/echo hello)"'
	husk --log-level warning run --bundle "$B" "$second" >out 2>err </dev/null || fail "$(cat err)"
	equal output hello "$(cat out)"
	contains "$(cat err)" 'linux.seccomp refuses clone'
	# the other way round it passes, and the program cannot fork
	config '.linux.seccomp.syscalls[0].args[0].op = "SCMP_CMP_EQ"'
	args /bin/probe try fork 1
	husk --log-level warning run --bundle "$B" "$second" >out 2>err </dev/null || fail "$(cat err)"
	equal "what it says" '' "$(cat err)"
	contains "$(cat out)" EPERM
	husk delete --force "$ID"
}

# nothing leads to the processes of such a container: whoever asks for it has to know
test_neither_a_cgroup_nor_a_pid_namespace() {
	local lost='neither a cgroup nor a pid namespace of its own'
	bundle
	args /bin/true
	config 'del(.linux.resources)'
	lacks "$(husk --cgroup-manager disabled --log-level warning run --bundle "$B" "$ID" 2>&1)" "$lost"
	lacks "$(husk --cgroup-manager disabled run --dry-run --bundle "$B" "$ID")" 'leaves behind'
	config '.linux.namespaces |= map(select(.type != "pid")) | del(.mounts[] | select(.destination == "/proc"))'
	if has_cgroup; then
		lacks "$(husk --log-level warning run --bundle "$B" "$ID" 2>&1)" "$lost"
	fi
	contains "$(husk --cgroup-manager disabled --log-level warning run --bundle "$B" "$ID" 2>&1)" "$lost"
	contains "$(husk --cgroup-manager disabled run --dry-run --bundle "$B" "$ID")" 'leaves behind'
}

test_shared_pid_namespace() {
	is_root || skip "without a pid namespace a plain user cannot mount /proc"
	bundle
	config '.linux.namespaces |= map(select(.type != "pid"))'
	args /bin/sh -c 'sleep 100 & wait'
	husk create --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null
	husk start "$ID"
	eventually 20 eval '[ "$(husk ps --format json "$ID" | jq length)" = 2 ]'
	pids=$(husk ps --format json "$ID" | jq -r '.[]')
	husk kill "$ID" KILL
	eventually 20 eval '[ "$(status_of "$ID")" = stopped ]'
	# all that began with it, and not only the first
	all_gone() { local p; for p in $pids; do ! grep -q '^State:[[:space:]]*[^ZX]' "/proc/$p/status" 2>/dev/null || return 1; done; }
	eventually 20 all_gone
	husk delete "$ID"
}

# podman of a plain user runs everything in a user namespace of its own: the configuration has none, the host's pid namespace is out of
# reach once it is left, and bpf(2) is not permitted
test_below_a_rootless_engine() {
	bundle
	config 'del(.linux.uidMappings, .linux.gidMappings, .linux.cgroupsPath, .process.user.additionalGids) | .mounts |= map(.options |= (. // [] | map(select(. != "gid=5")))) | .linux.namespaces |= map(select(.type != "user"))
		| .linux.resources = {devices: [{allow: false, access: "rwm"}]} | .process.args = ["/bin/sleep", "1000"]'
	cp -a "$B" "$S/second"
	B=$S/second config '.process.args = ["/bin/sh", "-c", "readlink /proc/self/ns/pid; ps | grep -c \"[s]leep 1000\""]'
	cp -a "$S/second" "$S/third"
	B=$S/third config '.process.args = ["/bin/cat", "/proc/self/timens_offsets"] | .linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {boottime: {secs: 7}}'
	cat >engine <<-'E'
		set -e
		husk() { "$HUSK" --root "$ROOT" "$@"; }
		trap 'husk delete --force "$ID"' EXIT
		husk create --bundle "$B" "$ID" </dev/null >out 2>&1 || { cat out; exit 1; }
		husk start "$ID"
		husk exec "$ID" sh -c 'readlink /proc/self/ns/pid; readlink /proc/self/ns/user' >joined
		status=0
		husk exec "$ID" sh -c 'exit 5' || status=$?
		echo $status >status
		pid=$(husk state "$ID" | jq .pid)
		readlink "/proc/$pid/ns/pid" /proc/self/ns/user >wanted
		jq --arg p "/proc/$pid/ns/pid" '.linux.namespaces |= map(if .type == "pid" then .path = $p else . end)' second/config.json >new
		mv new second/config.json
		husk run --bundle "$S/second" "$ID-2" >second.out
		husk run --bundle "$S/third" "$ID-3" >third.out
	E
	export HUSK ROOT B S ID
	unshare -r bash engine >engine.out 2>&1 || fail "$(cat engine.out)"
	equal "namespaces of exec" "$(cat wanted)" "$(cat joined)"
	equal "status of exec" 5 "$(cat status)"
	[ "$(tail -n 1 wanted)" != "$(ns_of user)" ] || fail "there was no user namespace around"
	equal "joined by path" "$(head -n 1 wanted) 1" "$(xargs <second.out)"
	contains "$(xargs <third.out)" 'boottime 7 0'
}

test_duplicate_and_unknown_types_are_refused() {
	bundle
	config '.linux.namespaces += [{type:"pid"}]'
	refused 'pid' run --bundle "$B" "$ID"
	bundle b2
	config '.linux.namespaces += [{type:"pidd"}]'
	refused 'pidd' run --bundle "$B" "$ID"
}

test_sysctl() {
	bundle
	config '.linux.namespaces |= (map(select(.type != "network")) + [{type:"network"}]) |
		.linux.sysctl = {"net.ipv4.ip_forward":"1","kernel.shmmni":"1234","net/ipv4/ping_group_range":"0 0"}'
	# the kernel lets only the first root write it, whoever owns the namespace
	is_root && config '.linux.sysctl["kernel.domainname"] = "adomain"'
	run_probe net.ipv4.ip_forward kernel.shmmni net.ipv4.ping_group_range
	equal ip_forward 1 "$(seen '.sysctls["net.ipv4.ip_forward"]')"
	equal shmmni 1234 "$(seen '.sysctls["kernel.shmmni"]')"
	! is_root || equal domainname adomain "$(seen .domainname)"
}

test_sysctls_of_the_host_are_refused() {
	local key
	for key in kernel.core_pattern vm.swappiness fs.file-max kernel.hostname net.ipv4.ip_forward nosuch ../kernel.shmmni net.ipv4..x; do
		bundle "b$key"
		# net.* belongs to the host when there is no network namespace
		config --arg k "$key" '.linux.sysctl = {($k):"1"} | .linux.namespaces |= map(select(.type != "network"))'
		refused "$key" run --bundle "$B" "$ID"
	done
}

# husk in namespaces that stand for the host's: what the configuration sets would be set there. Joining somebody else's is fine.
test_settings_of_a_joined_host_namespace_are_refused() {
	is_root || skip "a plain user owns no namespace to join"
	local n key
	bundle
	cat >inside <<-'E'
		set -e
		echo host >/proc/sys/kernel/hostname
		echo 0 >/proc/sys/net/ipv4/ip_forward
		echo 4000 >/proc/sys/kernel/shmmni
		status=0
		"$HUSK" --root "$ROOT" run --bundle "$B" "$ID" </dev/null >out 2>err || status=$?
		echo "$status $(cat /proc/sys/kernel/hostname /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmni | xargs)"
	E
	export HUSK ROOT B ID
	args /bin/true
	cp "$B/config.json" plain
	inside() { # NAMESPACE FILTER
		config --arg t "$1" ".linux.namespaces |= (map(select(.type != \$t)) + [{type:\$t,path:\$p}]) | $2" --arg p "$3"
		unshare --net --uts --ipc bash inside
	}
	for n in /proc/self/ns /proc/thread-self/ns; do
		for key in net.ipv4.ip_forward net/ipv4/ip_forward; do
			cp plain "$B/config.json"
			equal "$n $key" '1 host 0 4000' "$(inside network ".linux.sysctl = {\"$key\":\"1\"}" "$n/net")"
			contains "$(cat err)" "linux.sysctl[\"$key\"]: sysctl \"$key\" not allowed in host network namespace" "$n/net"
		done
	done
	cp plain "$B/config.json"
	equal ipc '1 host 0 4000' "$(inside ipc '.linux.sysctl = {"kernel.shmmni":"1234"}' /proc/self/ns/ipc)"
	contains "$(cat err)" 'not allowed in host ipc namespace'
	cp plain "$B/config.json"
	equal hostname '1 host 0 4000' "$(inside uts '.hostname = "changed"' /proc/self/ns/uts)"
	contains "$(cat err)" 'hostname: not allowed in host uts namespace'
	cp plain "$B/config.json"
	equal domainname '1 host 0 4000' "$(inside uts 'del(.hostname) | .domainname = "changed"' /proc/self/ns/uts)"
	contains "$(cat err)" 'domainname: not allowed in host uts namespace'
	# without such settings the host's may be joined; and those of others may be set
	cp plain "$B/config.json"
	equal 'nothing set' '0 host 0 4000' "$(inside uts 'del(.hostname)' /proc/self/ns/uts)"
	unshare --net sleep 100 &
	local holder=$!
	eventually 20 eval "[ \$(readlink /proc/$holder/ns/net) != $(ns_of net) ]"
	cp plain "$B/config.json"
	equal "another's" '0 host 0 4000' "$(inside network '.linux.sysctl = {"net.ipv4.ip_forward":"1"}' "/proc/$holder/ns/net")"
	equal "the other's value" 1 "$(nsenter --net="/proc/$holder/ns/net" cat /proc/sys/net/ipv4/ip_forward)"
	kill $holder
	wait $holder || true
}

# a user namespace that is joined has its mappings: the configuration may say the same, and nothing else
test_mappings_of_a_joined_user_namespace() {
	is_root || skip "a plain user owns no namespace to join"
	local init
	bundle
	cp -a "$B" other
	run_one_with_users
	B=$S/other
	args /bin/cat /proc/self/uid_map
	config --arg p "/proc/$init/ns/user" '.linux.namespaces += [{type:"user",path:$p}]'
	cp "$B/config.json" plain
	equal 'none' '0 100000 1000' "$(husk run --bundle "$B" "$ID-2" | xargs)"
	config '.linux.uidMappings = [{containerID:0,hostID:100000,size:10},{containerID:10,hostID:100010,size:990}] | .linux.gidMappings = [{containerID:0,hostID:100000,size:1000}]'
	equal 'the same' '0 100000 1000' "$(husk run --bundle "$B" "$ID-2" | xargs)"
	config '.linux.gidMappings[0].hostID = 200000'
	refused "linux.gidMappings: not those of the user namespace that is joined, /proc/$init/ns/user" run --bundle "$B" "$ID-2"
	config '.linux.uidMappings = [{containerID:0,hostID:100000,size:10}]'
	refused 'linux.uidMappings: not those' run --bundle "$B" "$ID-2"
	# what engines put there because runc once wanted something
	config '.linux.uidMappings = [{containerID:0,hostID:0,size:1}] | .linux.gidMappings = .linux.uidMappings'
	equal 'a placeholder' '0 100000 1000' "$(husk run --bundle "$B" "$ID-2" | xargs)"
	husk delete --force "$ID"
}

run_tests "$@"
