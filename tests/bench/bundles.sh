# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# The bundles that are measured: make_bundles DIR. The base is what `husk spec` writes (it carries the default profile), without a
# terminal, marked 1.0.2 since older runtimes refuse what they do not know; every runtime gets the very same files.
# shellcheck disable=SC2016 # the dollars are jq's

make_root() { # DIR
	mkdir -p "$1"/{bin,dev,etc,proc,sys,run,tmp,data}
	cp "$TOOLS/true" "$1/bin/true"
	ln -f "$1/bin/true" "$1/bin/idle"
}

derive() { # NAME FROM [JQ-OPTION...] FILTER: bundle NAME is FROM with FILTER applied to its configuration; the root is shared
	local name=$1 from=$2
	shift 2
	mkdir -p "$BUNDLES/$name"
	[ -e "$BUNDLES/$name/rootfs" ] || ln -s "$BUNDLES/root" "$BUNDLES/$name/rootfs"
	jq "$@" "$BUNDLES/$from/config.json" >"$BUNDLES/$name/config.json"
}

make_bundles() { # DIR
	BUNDLES=$1
	make_root "$BUNDLES/root"
	mkdir -p "$BUNDLES/spec"
	"$HUSK" spec --bundle "$BUNDLES/spec"
	derive seccomp spec --arg root "$BUNDLES/root" '.ociVersion = "1.0.2" | .process.terminal = false | .process.args = ["/bin/true"] |
		.root.path = $root'
	derive plain seccomp 'del(.linux.seccomp)'
	derive idle seccomp '.process.args = ["/bin/idle"]'
	# so does the floor: its network and cgroup namespaces are new, too
	derive user seccomp '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings'
	make_mounts
	make_engine
	make_rootless
	make_cold
}

make_mounts() {
	local i
	mkdir -p "$BUNDLES/data"
	for i in {0..63}; do mkdir -p "$BUNDLES/data/$i" "$BUNDLES/root/data/$i"; done
	derive mounts seccomp --arg from "$BUNDLES/data" '.mounts += [range(64) | {destination: "/data/\(.)", type: "bind",
		source: "\($from)/\(.)", options: ["bind", "ro", "nosuid", "nodev"]}]'
}

# what podman wrote, without the limits that a cgroup without controllers or a user without CAP_SYS_RESOURCE cannot set
make_engine() {
	local from=$TOP/tests/integration/configs/podman-4.3-root.json files=$BUNDLES/engine-files
	[ -r "$from" ] || return 0
	mkdir -p "$BUNDLES/engine" "$files/shm" "$BUNDLES/root/run" && : >"$files/.containerenv"
	echo bench >"$files/hostname" && echo '127.0.0.1 localhost' >"$files/hosts"
	touch "$BUNDLES"/root/run/.containerenv "$BUNDLES"/root/etc/{hosts,hostname}
	jq --arg files "$files" --arg root "$BUNDLES/root" --argjson limit "$(ulimit -Hn)" '
		(.mounts[] | select(.source | startswith("/run/bundle/userdata")) | .source) |= sub("^/run/bundle/userdata"; $files) |
		.ociVersion = "1.0.2" | .root.path = $root | .process.args = ["/bin/true"] | del(.linux.cgroupsPath) |
		.linux.namespaces += [{type: "cgroup"}] | del(.linux.resources.pids, .linux.resources.memory, .linux.resources.cpu) |
		.process.rlimits = [{type: "RLIMIT_NOFILE", soft: ([$limit, 1024] | min), hard: ([$limit, 1024] | min)}]' \
		"$from" >"$BUNDLES/engine/config.json"
}

# for a plain user: his own id is root inside, and there is no cgroup of his own
make_rootless() {
	derive rootless seccomp --argjson id "$PLAIN_USER" '.linux.namespaces |= map(select(.type != "network")) |
		.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: $id, size: 1}] |
		.linux.gidMappings = .linux.uidMappings | del(.linux.resources) |
		.mounts |= map(select(.type != "cgroup") | if .type == "sysfs" then {destination: "/sys", type: "none", source: "/sys",
			options: ["rbind", "nosuid", "noexec", "nodev", "ro"]} else . end | .options |= map(select(startswith("gid=") | not)))'
}

# a profile that nobody has seen before: cold_profile FROM TO NUMBER puts the number in as the error of refused calls
make_cold() {
	derive cold seccomp .
	local name
	for name in "${NAMES[@]}"; do derive "cold-$name" cold .; done
}
