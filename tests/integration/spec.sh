#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# husk spec, features, --version, help: what needs no container.
. "${0%/*}/lib.sh"

test_writes_config() {
	mkdir b
	husk spec --bundle b >out
	equal "standard output" '' "$(cat out)"
	jq -e '.ociVersion and .process.args and .root.path == "rootfs" and (.mounts | length > 4) and .linux.namespaces' \
		b/config.json >/dev/null
}

test_writes_in_current_directory() {
	husk spec
	[ -s config.json ]
}

test_refuses_to_overwrite() {
	husk spec
	sha256sum config.json >sum
	refused 'config.json exists. Remove it first' spec
	sha256sum -c --quiet sum
}

test_default_has_no_inheritable_or_ambient_capabilities() {
	husk spec
	jq -e '(.process.capabilities.inheritable // [] | length) == 0 and (.process.capabilities.ambient // [] | length) == 0 and
		.process.noNewPrivileges == true' config.json >/dev/null
}

test_default_masks_and_readonly_paths() {
	local p
	husk spec
	for p in /proc/acpi /proc/asound /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats /proc/sched_debug /proc/scsi \
		/proc/timer_list /proc/timer_stats /sys/firmware /sys/devices/virtual/powercap; do
		jq -e --arg p $p '.linux.maskedPaths | index($p)' config.json >/dev/null || fail "$p is not masked"
	done
	for p in /proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger; do
		jq -e --arg p $p '.linux.readonlyPaths | index($p)' config.json >/dev/null || fail "$p is not read-only"
	done
}

test_rootless_maps_the_caller_to_root() {
	husk spec --rootless
	jq -e --argjson u "$(id -u)" --argjson g "$(id -g)" '.linux.uidMappings[0] == {containerID:0,hostID:$u,size:1} and
		.linux.gidMappings[0] == {containerID:0,hostID:$g,size:1} and
		([.linux.namespaces[].type] | index("user") != null and index("network") == null) and
		.linux.resources == null' config.json >/dev/null
	# /sys is the host's, with all below it and not to be written to; ids that are not mapped are not asked for
	jq -e '([.mounts[] | select(.destination == "/sys")] | length == 1 and .[0].source == "/sys" and
		(.[0].options | (index("rbind") and index("nosuid") and index("noexec") and index("nodev") and index("ro")))) and
		([.mounts[].options[]?] | map(select(startswith("uid=") or startswith("gid="))) == [])' config.json >/dev/null
}

test_features_says_what_callers_need() {
	husk features >f
	jq -e '.ociVersionMin == "1.0.0" and (.ociVersionMax | startswith("1."))' f >/dev/null
	jq -e '.hooks == ["prestart","createRuntime","createContainer","startContainer","poststart","poststop"]' f >/dev/null
	jq -e '.mountOptions | index("rro") and index("ro") and index("bind") and index("rnosuid") and index("tmpcopyup")' f >/dev/null
	jq -e '.linux.namespaces | sort == ["cgroup","ipc","mount","network","pid","time","user","uts"]' f >/dev/null
	jq -e '.linux.cgroup.v1 == false and .linux.cgroup.v2 == true and (.linux.cgroup.systemd | type == "boolean")' f >/dev/null
	jq -e '.linux.seccomp.enabled == true and (.linux.seccomp.actions | index("SCMP_ACT_ERRNO")) and
		(.linux.seccomp.operators | length) == 7 and (.linux.seccomp.archs | index("SCMP_ARCH_X86_64"))' f >/dev/null
	jq -e '.linux.mountExtensions.idmap.enabled == true and (.linux.capabilities | index("CAP_CHOWN"))' f >/dev/null
	jq -e '[.annotations // {} | .[] | type] | all(. == "string")' f >/dev/null
	jq -e '.potentiallyUnsafeConfigAnnotations == ["org.husk.","org.systemd.property.","run.oci."]' f >/dev/null
}

test_version() {
	local out
	out=$(husk --version)
	contains "$out" 'husk version ' 'commit: ' 'spec: 1.'
	equal "-v" "$out" "$(husk -v)"
}

test_help_is_on_standard_output() {
	local c
	contains "$(husk --help 2>err)" create run exec kill delete
	equal "standard error" '' "$(cat err)"
	for c in create run start exec kill delete state list ps pause resume update events spec features; do
		contains "$(husk $c --help)" "$c"
	done
}

test_usage_errors() {
	refused 'no-such' no-such
	refused 'no-such' --no-such list
	refused 'no-such' run --no-such x
	refused '"state" requires exactly 1 argument' state
	refused '"start" requires exactly 1 argument' start a b
	refused 'xml' --log-format xml list
	refused 'pid-file' create --pid-file
}

# what `checkpoint --help` answers is how podman finds out
test_commands_that_are_not_there_are_unknown() {
	refused checkpoint checkpoint --help
	refused restore restore --help
}

test_options_in_all_their_spellings() {
	husk list --format=json >a
	husk list --format json >b
	husk list -f json >c
	husk list -format=json >d
	equal spellings "$(cat a a a)" "$(cat b c d)"
	equal "an empty list" '[]' "$(cat a)"
}

run_tests "$@"
