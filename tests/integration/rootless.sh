#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a plain user has from the system: a delegated cgroup (systemd-run --user --scope -p Delegate=yes), and ids from /etc/subuid by way of
# newuidmap. And where that is missing, that husk says so and starts nothing.
. "${0%/*}/lib.sh"

user_only() { ! is_root || skip "for a plain user"; }
resources() { config --argjson r "$1" '.linux.resources = $r'; }
undelegated() { ! has_cgroup || skip "a cgroup is delegated"; }
delegated() { has_controllers memory pids cpu || skip "no cgroup is delegated"; }
subordinate() { # sets $FIRST and $COUNT
	command -v newuidmap >/dev/null || skip "no newuidmap"
	FIRST=$(sed -n "s/^$(id -un):\([0-9]*\):.*/\1/p" /etc/subuid) COUNT=$(sed -n "s/^$(id -un):[0-9]*:\([0-9]*\)$/\1/p" /etc/subuid)
	[ -n "$FIRST" ] || skip "no subordinate ids"
}
map_all() {
	config --argjson u "$(id -u)" --argjson g "$(id -g)" --argjson f "$FIRST" --argjson n "$COUNT" \
		'.linux.uidMappings = [{containerID:0,hostID:$u,size:1},{containerID:1,hostID:$f,size:$n}] |
		.linux.gidMappings = [{containerID:0,hostID:$g,size:1},{containerID:1,hostID:$f,size:$n}]'
}

test_limits_in_a_delegated_cgroup() {
	user_only
	delegated
	bundle
	config 'del(.linux.cgroupsPath)'
	resources '{"memory":{"limit":33554432,"swap":33554432},"pids":{"limit":20},"cpu":{"quota":50000,"period":100000,"shares":512}}'
	args /bin/sh -c 'probe try fork 40; probe try eat 64; exec sleep 1000'
	husk create --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null
	D=$(cgroup_mount)$(sed -n 's/^0:://p' "/proc/$(husk state "$ID" | jq .pid)/cgroup")
	# below what was delegated, beside the caller
	equal 'its place' "$(cgroup_above)" "${D%/*}"
	contains "$D" "/user@$(id -u).service/"
	equal memory.max 33554432 "$(cat "$D/memory.max")"
	equal memory.swap.max 0 "$(cat "$D/memory.swap.max")"
	equal pids.max 20 "$(cat "$D/pids.max")"
	equal cpu.max '50000 100000' "$(cat "$D/cpu.max")"
	equal cpu.weight 59 "$(cat "$D/cpu.weight")"
	equal owner "$(id -u)" "$(stat -c %u "$D")"
	husk start "$ID"
	eventually 20 grep -q '"errno":"EAGAIN"' "$S/out"
	killed() { [ "$(awk '$1 == "oom_kill" { print $2 }' "$D/memory.events")" -ge 1 ]; }
	eventually 20 killed
	husk update --pids-limit 33 "$ID"
	equal pids.max 33 "$(cat "$D/pids.max")"
	husk pause "$ID"
	equal status paused "$(status_of "$ID")"
	husk resume "$ID"
	husk delete --force "$ID"
	[ ! -e "$D" ]
}

# what was not delegated (hugetlb never is) is an error and not a missing limit
test_controller_that_is_not_delegated() {
	user_only
	delegated
	has_controllers hugetlb && fail "hugetlb is delegated"
	bundle
	resources '{"hugepageLimits":[{"pageSize":"2MB","limit":2097152}]}'
	refused hugetlb run --bundle "$B" "$ID"
}

test_limits_without_delegation_are_refused() {
	user_only
	undelegated
	local limit
	for limit in memory:'{"memory":{"limit":67108864}}' pids:'{"pids":{"limit":20}}' cpu:'{"cpu":{"quota":20000}}' \
		cpu.cpus:'{"cpu":{"cpus":"0"}}' memory.high:'{"unified":{"memory.high":"1000000"}}'; do
		bundle
		resources "${limit#*:}"
		refused "${limit%%:*}" run --bundle "$B" "$ID"
		contains "$(cat "$S/refused.err")" cgroup
		note "$(cat "$S/refused.err")"
	done
	# the control: without limits it runs
	resources '{}'
	equal 'what it says' works "$(run_shell 'echo works')"
}

test_devices_without_privileges() {
	user_only
	bundle
	# what the user namespace denies anyway may be asked for
	resources '{"devices":[{"allow":false,"access":"rwm"}]}'
	equal 'what it says' works "$(run_shell 'echo works >/dev/null && echo works')"
}

# more ids than one: root in the container is the user, the others come from /etc/subuid
test_subordinate_ids() {
	user_only
	subordinate
	bundle
	map_all
	run_probe
	equal uid_map "0 $(id -u) 1 1 $FIRST $COUNT" "$(seen '.uid_map[]' | xargs)"
	equal gid_map "0 $(id -g) 1 1 $FIRST $COUNT" "$(seen '.gid_map[]' | xargs)"
	config '.process.capabilities[] += ["CAP_CHOWN"]'
	args /bin/sh -c 'busybox chown 1000:1000 /tmp/x && ls -ln /tmp/x'
	touch "$B/rootfs/tmp/x"
	contains "$(husk run --bundle "$B" "$ID" | xargs)" ' 1000 1000 '
	equal 'outside' "$((FIRST + 999))" "$(stat -c %u "$B/rootfs/tmp/x")"
	config '.process.user = {uid:1000,gid:1000,additionalGids:[5]}'
	run_shell 'id -u; id -G; touch /tmp/mine 2>/dev/null || echo denied' >"$S/ids"
	contains "$(xargs <"$S/ids")" '1000 1000 5'
	# and those are limited to what the user was given
	config --argjson f "$((FIRST + COUNT))" '.linux.uidMappings[1].hostID = $f'
	refused newuidmap run --bundle "$B" "$ID"
}

test_ids_of_others_are_refused() {
	user_only
	command -v newuidmap >/dev/null || skip "no newuidmap"
	bundle
	config --argjson u "$(id -u)" '.linux.uidMappings = [{containerID:0,hostID:$u,size:1},{containerID:1,hostID:1,size:1}]'
	refused uid run --bundle "$B" "$ID"
	[[ $(cat refused.err) != *[[:space:]] ]] || fail "a message that ends in a blank: '$(cat refused.err)'"
}

run_tests "$@"
