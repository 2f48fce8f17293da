#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# linux.intelRdt. What is done on a machine that has it, the unit test cgroup_resctrl shows on a directory.
. "${0%/*}/lib.sh"

test_a9_absent_is_refused() {
	[ "$(stat -fc %t /sys/fs/resctrl 2>/dev/null)" != 7655821 ] || skip "resctrl is mounted here"
	bundle
	local rdt
	for rdt in '{l3CacheSchema:"L3:0=f"}' '{memBwSchema:"MB:0=50"}' '{schemata:["L3:0=f"]}' '{closID:"group"}' '{enableMonitoring:true}'; do
		config ".linux.intelRdt = $rdt"
		refused 'linux.intelRdt: resctrl is not mounted' run --bundle "$B" "$ID"
		refused 'linux.intelRdt: resctrl is not mounted' run --dry-run --bundle "$B" "$ID"
	done
	# fields that are gone ask for nothing
	config 'del(.linux.intelRdt)'
	equal "the control" fine "$(run_shell 'echo fine')"
}

test_a9_features() {
	"$HUSK" features | jq -e '.linux.intelRdt == {enabled:true,schemata:true,monitoring:true} and .linux.netDevices.enabled' >/dev/null
}

run_tests "$@"
