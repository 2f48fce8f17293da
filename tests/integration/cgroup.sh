#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Where the cgroup is and what is refused. What limits do: limits.sh, update.sh.
. "${0%/*}/lib.sh"

limits() { config --argjson r "$1" '.linux.resources += $r'; }
needs() { # CONTROLLER...
	has_controllers "$@" || skip "the controllers $* are not in this host's cgroup2 tree"
}
directory() { # of the container
	local pid
	pid=$(husk state "$ID" | jq .pid)
	echo "$(cgroup_mount)$(sed -n 's/^0:://p' "/proc/$pid/cgroup")"
}
start_sleeping() {
	args /bin/sleep 100
	start_sleeping_as_it_is
}
start_sleeping_as_it_is() {
	husk create --bundle "$B" "$ID" >/dev/null 2>err </dev/null || fail "create: $(cat err)"
	D=$(directory)
}
file_is() { # FILE VALUE
	equal "$1" "$2" "$(cat "$D/$1")"
}

test_has_a_cgroup_of_its_own() {
	has_cgroup || skip "a plain user has no cgroup here to divide"
	bundle
	start_sleeping
	contains "$D" "$ID"
	equal processes "$(husk state "$ID" | jq .pid)" "$(cat "$D/cgroup.procs")"
	husk delete --force "$ID"
	[ ! -e "$D" ]
}

test_absolute_path_and_its_parents() {
	is_root || skip "a plain user cannot make cgroups at the top"
	bundle
	config --arg p "/$ID-a/b/c" '.linux.cgroupsPath = $p'
	start_sleeping
	equal directory "$(cgroup_mount)/$ID-a/b/c" "$D"
	husk delete --force "$ID"
	# the parents that were made for it go with it
	[ ! -e "$(cgroup_mount)/$ID-a" ]
}

test_dots_in_the_path_are_refused() {
	bundle
	config '.linux.cgroupsPath = "/../x"'
	refused cgroupsPath run --bundle "$B" "$ID"
	config '.linux.cgroupsPath = "/a/../../x"'
	refused cgroupsPath run --bundle "$B" "$ID"
}

test_one_in_use_is_refused() {
	is_root || skip "a plain user cannot make cgroups at the top"
	local d pid
	d=$(cgroup_mount)/$ID-used
	mkdir "$d"
	sleep 100 &
	pid=$!
	echo $pid >"$d/cgroup.procs"
	bundle
	config --arg p "/$ID-used" '.linux.cgroupsPath = $p'
	refused "container's cgroup is not empty" run --bundle "$B" "$ID"
	[ -d "$d" ] || fail "it removed a cgroup that it had not made"
	kill $pid
	wait $pid || true
	eventually 20 rmdir "$d"
}

test_cgroup_namespace_shows_the_root() {
	has_cgroup || skip "a plain user has no cgroup here to divide"
	bundle
	config '.linux.namespaces |= (map(select(.type != "cgroup")) + [{type:"cgroup"}])'
	run_probe
	equal cgroup '0::/' "$(seen '[.cgroup[] | select(startswith("0::"))][0]')"
	# a mount of type cgroup shows the same tree, and takes writes when it is not "ro"
	config '.mounts |= map(select(.destination != "/sys/fs/cgroup")) | .mounts += [{destination:"/cg",type:"cgroup",source:"cgroup",options:["nosuid","ro"]}]'
	run_probe
	mount_seen /cg '.type == "cgroup2" and (.options | index("ro") != null and index("nosuid") != null)'
	equal "its processes" 1 "$(run_shell 'head -1 /cg/cgroup.procs')"
	# without a cgroup namespace it is everybody's, which is not to be written to unless that is asked for
	config '.linux.namespaces |= map(select(.type != "cgroup")) | .mounts[-1].options = ["nosuid"]'
	run_probe
	mount_seen /cg '.type == "cgroup2" and (.options | index("ro") != null)'
	is_root || return 0
	config '.mounts[-1].options = ["nosuid","rw"]'
	run_probe
	mount_seen /cg '.type == "cgroup2" and (.options | index("rw") != null)'
}

# its processes live below the cgroup that the other commands, and its own namespace, have as its root
test_delegated_cgroup() {
	has_cgroup || skip "a plain user has no cgroup here to divide"
	local above
	bundle
	config '.annotations = {"run.oci.delegate-cgroup":"/inner/most"} | .linux.namespaces |= (map(select(.type != "cgroup")) + [{type:"cgroup"}])'
	args /bin/sh -c 'cat /proc/self/cgroup >/seen; exec sleep 100'
	start_sleeping_as_it_is
	contains "$D" "$ID/inner/most"
	above=${D%/inner/most}
	equal "processes above" '' "$(cat "$above/cgroup.procs" "$above/inner/cgroup.procs")"
	husk start "$ID"
	eventually 20 test -s "$B/rootfs/seen"
	equal "what the program sees" 0::/inner/most "$(grep ^0:: "$B/rootfs/seen")"
	equal "processes listed" 1 "$(husk ps --format json "$ID" | jq length)"
	husk exec --detach "$ID" /bin/sleep 101
	equal "with that of exec" 2 "$(husk ps --format json "$ID" | jq length)"
	husk pause "$ID"
	equal status paused "$(status_of "$ID")"
	husk resume "$ID"
	husk delete --force "$ID"
	[ ! -e "$above" ] || fail "$above is left"
	# the control: without the annotation they live in it, and so does an empty name
	config '.annotations["run.oci.delegate-cgroup"] = "/"'
	start_sleeping
	equal "without" "$above" "$D"
	husk delete --force "$ID"
	local wrong
	for wrong in .. a/../.. a/.. cgroup.procs $'a\nb'; do
		config --arg w "$wrong" '.annotations["run.oci.delegate-cgroup"] = $w'
		refused 'annotations["run.oci.delegate-cgroup"]' run --bundle "$B" "$ID"
	done
	config '.annotations["run.oci.delegate-cgroup"] = "a"'
	refused 'run.oci.delegate-cgroup: it needs a cgroup' --cgroup-manager disabled run --bundle "$B" "$ID"
}

# in a threaded subtree everything works but what needs controllers for whole processes
test_threaded_parent() {
	is_root || skip "a plain user cannot make cgroups at the top"
	local d
	d=$(cgroup_mount)/$ID-domain
	mkdir -p "$d/t"
	echo threaded >"$d/t/cgroup.type"
	bundle
	config --arg p "/$ID-domain/t/c" '.linux.cgroupsPath = $p'
	! has_controllers pids || limits '{"pids":{"limit":20}}'
	start_sleeping
	equal directory "$d/t/c" "$D"
	file_is cgroup.type threaded
	! has_controllers pids || file_is pids.max 20
	husk start "$ID"
	husk exec --detach "$ID" /bin/sleep 101
	husk exec "$ID" /bin/true
	equal processes 2 "$(husk ps --format json "$ID" | jq length)"
	husk pause "$ID"
	equal status paused "$(status_of "$ID")"
	husk resume "$ID"
	husk events --stats "$ID" >stats
	husk kill --all "$ID" KILL
	eventually 20 eval '[ "$(status_of $ID)" = stopped ]'
	husk delete "$ID"
	[ ! -e "$d/t/c" ] || fail "$d/t/c is left"
	limits '{"hugepageLimits":[{"pageSize":"2MB","limit":0}]}'
	refused linux.resources.hugepageLimits run --bundle "$B" "$ID"
	rmdir "$d/t" "$d"
}

# a namespace that is joined shows its own part of the tree, too, and not the host's
test_joined_cgroup_namespace_shows_its_root() {
	is_root || skip "only root may join it"
	local path holder
	bundle
	start_sleeping
	holder=$(husk state "$ID" | jq .pid)
	path=/proc/$holder/ns/cgroup
	bundle other
	config --arg p "$path" '.linux.namespaces |= (map(select(.type != "cgroup")) + [{type:"cgroup",path:$p}]) |
		.mounts |= map(select(.destination != "/sys/fs/cgroup")) |
		.mounts += [{destination:"/sys/fs/cgroup",type:"cgroup",source:"cgroup",options:["rw"]}]'
	equal "processes in the namespace's root" 1 "$(ID=$ID-b run_shell 'wc -l </sys/fs/cgroup/cgroup.procs')"
	husk delete --force "$ID"
}

# a command that cannot see the tree neither runs a program outside of the container's limits nor calls it removed
test_cgroup_out_of_sight_is_no_cgroup_gone() {
	is_root || skip "a plain user has no cgroup that could be out of sight"
	bundle
	start_sleeping
	husk start "$ID"
	unseen() { # ARG...: what husk ARG... says where no cgroup2 is mounted
		unshare -m sh -c 'mount -t tmpfs none /sys/fs/cgroup; exec "$@"' sh "$HUSK" --root "$ROOT" "$@" 2>&1 && fail "husk $* succeeded"
	}
	contains "$(unseen exec "$ID" /bin/true)" "cannot be found"
	contains "$(unseen delete --force "$ID")" "no cgroup2 is mounted here"
	[ -d "$D" ] || fail "the cgroup went"
	husk delete --force "$ID"
	[ ! -d "$D" ]
}

# no limit may be dropped silently
test_limit_without_controller_is_refused() {
	has_controllers memory && skip "this host has the controllers"
	bundle
	limits '{"memory":{"limit":67108864}}'
	refused memory run --bundle "$B" "$ID"
	bundle b2
	limits '{"pids":{"limit":20}}'
	refused pids run --bundle "$B" "$ID"
	bundle b3
	limits '{"cpu":{"quota":20000,"period":100000}}'
	refused cpu run --bundle "$B" "$ID"
	bundle b4
	config '.linux.resources.unified = {"memory.high":"1000000"}'
	refused memory.high run --bundle "$B" "$ID"
}

test_cgroup_manager_disabled() {
	local own
	own=$(sed -n 's/^0:://p' /proc/self/cgroup)
	bundle
	config 'del(.linux.resources, .linux.cgroupsPath)'
	args /bin/sleep 100
	husk --cgroup-manager disabled create --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null
	equal cgroup "$own" "$(sed -n 's/^0:://p' "/proc/$(husk state "$ID" | jq .pid)/cgroup")"
	husk delete --force "$ID"
	# podman --cgroups=disabled: the device rules are still there, a limit is not
	config '.linux.resources.devices = [{allow:false,access:"rwm"}] | .process.capabilities.bounding -= ["CAP_MKNOD"]'
	args /bin/echo through
	equal "device rules" through "$(husk --cgroup-manager disabled run --bundle "$B" "$ID" 2>/dev/null)"
	contains "$(husk --cgroup-manager disabled --log-level warning run --bundle "$B" "$ID" 2>&1)" \
		'devices: not limited by a cgroup: --cgroup-manager is disabled'
	# the plan does not claim them
	husk --cgroup-manager disabled run --dry-run --bundle "$B" "$ID" >plan
	contains "$(cat plan)" 'cgroup
  none' 'devices: not limited by a cgroup: --cgroup-manager is disabled'
	lacks "$(cat plan)" 'deny all'
	# one device, or a part of the access: nothing else brings that about
	config '.linux.resources.devices += [{allow:true,type:"c",major:10,minor:229,access:"r"}]'
	refused 'only a cgroup' --cgroup-manager disabled run --bundle "$B" "$ID"
	# a list that allows everything loses nothing
	config '.linux.resources.devices = [{allow:true,access:"rwm"}]'
	equal "nothing to say" through "$(husk --cgroup-manager disabled --log-level warning run --bundle "$B" "$ID" 2>&1)"
	if is_root; then
		config '.linux.resources.devices = [{allow:false,access:"rwm"}] | .process.capabilities.bounding += ["CAP_MKNOD"]'
		# podman's root has it so: it is his word, and its price is named
		equal "with CAP_MKNOD" through "$(husk --cgroup-manager disabled run --bundle "$B" "$ID" 2>/dev/null)"
		contains "$(husk --cgroup-manager disabled --log-level warning run --bundle "$B" "$ID" 2>&1)" 'can make and use every device of the host'
		config 'del(.linux.resources.devices)'
	fi
	config '.linux.resources.pids.limit = 5'
	refused 'limits need a cgroup' --cgroup-manager disabled run --bundle "$B" "$ID"
}

test_cpu_shares_table() { # limit 60
	needs cpu
	local pair
	bundle
	for pair in 2:1 10:4 100:17 256:35 1024:100 2048:174 65536:3023 262144:10000; do
		config --argjson s ${pair%:*} '.linux.resources.cpu = {shares:$s}'
		start_sleeping
		file_is cpu.weight ${pair#*:}
		husk delete --force "$ID"
	done
}

test_contradictions_are_refused() {
	needs memory
	bundle
	limits '{"memory":{"limit":67108864,"swap":33554432}}'
	refused swap run --bundle "$B" "$ID"
	bundle b2
	limits '{"memory":{"swap":33554432}}'
	refused swap run --bundle "$B" "$ID"
	bundle b3
	limits '{"hugepageLimits":[{"pageSize":"../../x","limit":1}]}'
	refused pageSize run --bundle "$B" "$ID"
}

# device rules need no controller, only the right to attach a program
test_device_rules() {
	is_root && can CAP_BPF || skip "attaching a device program needs privileges"
	bundle
	config '.linux.devices = [{path:"/dev/fuse",type:"c",major:10,minor:229}] |
		.linux.resources.devices = [{allow:false,access:"rwm"},{allow:true,type:"c",major:10,minor:229,access:"r"}] |
		.process.capabilities.bounding += ["CAP_MKNOD"] | .process.capabilities.effective += ["CAP_MKNOD"] | .process.capabilities.permitted += ["CAP_MKNOD"]'
	run_tries open /dev/null rw , mknod /dev/msg c 1 11 , open /dev/fuse rw , open /dev/urandom r
	tried '.arg == "/dev/null" and .result == 0'
	# that it is listed does not widen what its rule allows
	tried '.arg == "/dev/fuse" and .errno == "EPERM"'
	tried '.arg == "/dev/urandom" and .result == 0'
	run_shell 'mknod /dev/msg c 1 11; cat /dev/msg' >/dev/null 2>err || true
	contains "$(cat err)" 'not permitted'
	# what engines count on: a tunnel (without its driver it is another error)
	equal tunnel 0 "$(run_shell 'mkdir -p /dev/net; mknod /dev/net/tun c 10 200; (: </dev/net/tun) 2>&1 | grep -c permitted || true')"
	# the control: with the rule it can be opened (nobody drives this number, and so it says)
	equal "without its rule" 1 "$(run_shell 'mknod /dev/x c 1 13; (: </dev/x) 2>&1 | grep -c permitted')"
	config '.linux.resources.devices += [{allow:true,type:"c",major:1,minor:13,access:"rwm"}]'
	equal "with it" 1 "$(run_shell 'mknod /dev/x c 1 13; (: </dev/x) 2>&1 | grep -c "No such device"')"
}

# what a user namespace does not take away by itself is not passed over; what it does take is said to be no rule
test_device_rules_without_a_cgroup() {
	is_root && skip "root has a cgroup"
	has_controllers && skip "this user has one, too"
	bundle
	# as docker writes it: the last rule takes nothing away that was given
	config '.linux.resources.devices = [{allow:false,access:"rwm"},{allow:true,type:"c",major:1,minor:3,access:"rwm"},
		{allow:false,type:"c",major:10,minor:229,access:"rwm"}]'
	args /bin/echo through
	equal "nothing on standard error that an engine would hand on" through "$(husk run --bundle "$B" "$ID" 2>&1)"
	husk --log "$S/log" run --bundle "$B" "$ID" >/dev/null
	contains "$(cat log)" 'level=warning' 'linux.resources.devices: not limited by a cgroup' 'make cgroup'
	husk run --dry-run --bundle "$B" "$ID" >plan
	contains "$(cat plan)" 'cgroup
  none' 'devices: not limited by a cgroup: make cgroup'
	lacks "$(cat plan)" 'deny all'
	# that is the truth: what is mounted is not denied
	config '.linux.resources.devices = [{allow:false,access:"rwm"}] |
		.mounts += [{destination:"/dev/ptp",type:"bind",source:"/dev/full",options:["bind"]}]'
	run_tries open /dev/ptp rw , mknod /tmp/null c 1 3
	tried '.arg == "/dev/ptp" and .result == 0'
	tried '.arg == "/tmp/null" and .errno == "EPERM"'
	args /bin/true
	config '.linux.resources.devices += [{allow:true,type:"c",major:10,minor:229,access:"r"}]'
	refused 'only a cgroup' run --bundle "$B" "$ID"
	refused 'only a cgroup' run --dry-run --bundle "$B" "$ID"
	config '.linux.resources.devices = [{allow:true,access:"rwm"},{allow:false,type:"c",major:10,minor:229,access:"rwm"}]'
	refused 'only a cgroup' run --bundle "$B" "$ID"
	# and who asks for a cgroup is told
	config '.linux.resources.devices = [{allow:false,access:"rwm"}] | .linux.cgroupsPath = "/mine"'
	refused 'make cgroup /mine' run --bundle "$B" "$ID"
	refused 'make cgroup /mine' run --dry-run --bundle "$B" "$ID"
}

# a cgroup of one's own does not bring the right to attach a program
test_device_rules_of_a_plain_user_with_a_cgroup() {
	is_root && skip "root may attach programs"
	has_cgroup || skip "this user has no cgroup"
	bundle
	config '.linux.resources.devices = [{allow:false,access:"rwm"}]'
	args /bin/true
	husk --log "$S/log" run --bundle "$B" "$ID"
	contains "$(cat log)" 'linux.resources.devices: not limited by a cgroup: bpf(2) is not permitted'
	contains "$(husk run --dry-run --bundle "$B" "$ID")" 'devices: not limited by a cgroup: bpf(2)'
	config '.linux.resources.devices += [{allow:true,type:"c",major:10,minor:229,access:"r"}]'
	refused 'linux.resources.devices' run --bundle "$B" "$ID"
	contains "$(husk run --dry-run --bundle "$B" "$ID")" 'devices: the rules will be refused: bpf(2)'
}

run_tests "$@"
