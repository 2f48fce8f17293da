#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Configurations that engines wrote, with only their bind sources, cgroup and program adapted; what the hosts's cgroups
# cannot do is taken out where they cannot.
. "${0%/*}/lib.sh"

engine() { # FILE
	B=$S/bundle
	mkdir -p "$B/userdata/shm"
	make_rootfs "$B/rootfs"
	echo ahost >"$B/userdata/hostname"
	echo '127.0.0.1 localhost' >"$B/userdata/hosts"
	: >"$B/userdata/.containerenv"
	jq --arg b "$B" --arg p "/$ID" '(.mounts[] | select(.source | startswith("/run/bundle")) | .source) |= sub("^/run/bundle"; $b) | .linux.cgroupsPath = $p' \
		"$HERE/configs/$1" >"$B/config.json"
	has_controllers memory pids cpu || config 'del(.linux.resources.cpu, .linux.resources.pids, .linux.resources.memory)'
	# a limit above the caller's own needs CAP_SYS_RESOURCE
	can CAP_SYS_RESOURCE || config --argjson n "$(ulimit -Hn)" '.process.rlimits |= map(select(.type == "RLIMIT_NOFILE") | .soft = $n | .hard = $n)'
}

test_containerd() {
	is_root || skip "a configuration for root"
	engine containerd-1.6-ctr.json
	config '.process.args = ["/bin/probe","see"]'
	husk run --bundle "$B" "$ID" >seen
	equal capabilities 14 "$(seen '.caps.bounding | length')"
	equal no_new_privs 1 "$(seen .no_new_privs)"
	mount_seen /run '.type == "tmpfs"'
	mount_seen /proc/kcore 'true'
	check '.ns.net != $n' --arg n "$(readlink /proc/self/ns/net)"
	# as the shim calls it
	config '.process.args = ["/bin/sleep","1000"]'
	"$HUSK" --root "$ROOT" --log log.json --log-format json create --bundle "$B" --pid-file pid "$ID" >/dev/null 2>&1 </dev/null
	"$HUSK" --root "$ROOT" --log log.json --log-format json start "$ID"
	jq '.process | .args = ["/bin/id","-u"] | .terminal = false' "$B/config.json" >p.json
	equal "exec" 0 "$("$HUSK" --root "$ROOT" --log log.json --log-format json exec --process p.json "$ID")"
	"$HUSK" --root "$ROOT" --log log.json --log-format json kill --all "$ID" 9
	eventually 20 eval '[ "$(status_of "$ID")" = stopped ]'
	"$HUSK" --root "$ROOT" --log log.json --log-format json delete "$ID"
	equal "log" 0 "$(wc -c <log.json)"
}

test_podman() {
	is_root || skip "a configuration for root"
	engine podman-4.3-root.json
	args /bin/probe see net.ipv4.ping_group_range
	husk run --bundle "$B" "$ID" >seen
	equal hostname 834e21ac69fe "$(seen .hostname)"
	equal seccomp 2 "$(seen .seccomp)"
	equal capabilities 11 "$(seen '.caps.effective | length')"
	mount_seen /etc/hosts '.options | index("rw") != null'
	mount_seen /sys/fs/cgroup '.options | index("ro") and index("nosuid") and index("noexec") and index("nodev")'
	equal 'ping_group_range' '0	0' "$(seen '.sysctls["net.ipv4.ping_group_range"]')"
	args /bin/sh -c 'echo through >/run/.containerenv; cat /etc/hosts'
	equal hosts '127.0.0.1 localhost' "$(husk run --bundle "$B" "$ID")"
	equal containerenv through "$(cat "$B/userdata/.containerenv")"
}

# the same file from a plain user: his own default configuration's namespaces, the engine's filter
test_engines_filter_for_a_plain_user() {
	bundle
	config --slurpfile p "$HERE/configs/podman-4.3-root.json" '.linux.seccomp = $p[0].linux.seccomp'
	run_probe
	equal seccomp 2 "$(seen .seccomp)"
	equal "ordinary work" 'a b c' "$(run_shell 'printf "c\\nb\\na\\n" | sort' | xargs)"
}

run_tests "$@"
