#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Single MUSTs of the runtime specification that are easily missed.
. "${0%/*}/lib.sh"

hook() { # KIND SCRIPT
	config --arg k "$1" --arg s "$2" '.hooks[$k] += [{path:"/bin/sh",args:["sh","-c",$s],env:["PATH=/bin:/usr/bin"]}]'
}
create() { husk create --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null || fail "create: $(cat "$S/err")"; }

# config.md, POSIX process: "If rlimits contains duplicated entries with same type, the runtime MUST generate an error"
test_duplicate_rlimit_types_are_refused() {
	bundle
	args /bin/true
	config '.process.rlimits = [{type:"RLIMIT_CORE",soft:0,hard:0},{type:"RLIMIT_NOFILE",soft:64,hard:64}]'
	husk run --bundle "$B" "$ID"
	config '.process.rlimits += [{type:"RLIMIT_CORE",soft:0,hard:0}]'
	refused 'process.rlimits[2].type' run --bundle "$B" "$ID"
}

# config.md, Specification version: "MUST be in SemVer v2.0.0 format"
test_version_is_semver() {
	local v
	bundle
	args /bin/true
	for v in 1.0.0 1.2.0-rc.1+build.5 1.3.0 1.99.0; do
		config --arg v "$v" '.ociVersion = $v'
		husk run --bundle "$B" "$ID"
	done
	for v in '' 1 1.0 1.0.0.0 01.0.0 v1.0.0 1.0.0- 1.0.0-01 2.0.0 0.9.0 invalid; do
		config --arg v "$v" '.ociVersion = $v'
		refused ociVersion run --bundle "$B" "$ID"
	done
}

# runtime.md, start: "MUST generate an error if process was not set"; create need not
test_start_without_process_is_refused_and_changes_nothing() {
	bundle
	config 'del(.process)'
	create
	equal before created "$(status_of "$ID")"
	refused process start "$ID"
	husk delete --force "$ID"
}

# config-linux.md, Devices: "If a file already exists at path that does not match the requested device, the runtime MUST generate an error"
test_existing_file_that_is_no_device_is_refused() {
	is_root || skip "a plain user cannot make device nodes"
	local kind
	bundle
	mkdir "$B/rootfs/nodes"
	args /bin/true
	config '.linux.devices = [{path:"/nodes/x",type:"c",major:1,minor:5}]'
	for kind in file directory pipe block other; do
		case $kind in
		file) echo kept >"$B/rootfs/nodes/x" ;;
		directory) mkdir "$B/rootfs/nodes/x" ;;
		pipe) mkfifo "$B/rootfs/nodes/x" ;;
		block) mknod "$B/rootfs/nodes/x" b 1 5 ;;
		other) mknod "$B/rootfs/nodes/x" c 1 3 ;;
		esac
		refused '/nodes/x' run --bundle "$B" "$ID"
		[ $kind != file ] || equal "the file" kept "$(cat "$B/rootfs/nodes/x")"
		rm -r "$B/rootfs/nodes/x"
	done
	# the control: the same one is taken
	mknod "$B/rootfs/nodes/x" c 1 5
	husk run --bundle "$B" "$ID"
}

# runtime.md, Lifecycle 9: "If any poststart hook fails, the runtime MUST generate an error, stop the container, and continue the
# lifecycle at step 12", to destroy it; 13: its poststop hooks
test_failing_poststart_hook_stops_the_container() {
	local pid
	bundle
	hook poststart 'true'
	args /bin/sleep 100
	create
	husk start "$ID"
	equal "when it works" running "$(status_of "$ID")"
	husk delete --force "$ID"
	hook poststart 'exit 4'
	hook poststart "echo third >$S/third"
	hook poststop "echo stopped >$S/stopped"
	create
	pid=$(husk state "$ID" | jq .pid)
	refused 'hooks.poststart[1]' start "$ID"
	[ ! -e third ] || fail "the hook after the failed one ran"
	eventually 20 sh -c "! kill -0 $pid"
	refused 'does not exist' state "$ID"
	[ ! -e "$ROOT/$ID" ]
	equal "the poststop hook" stopped "$(cat stopped)"
	# and with run, which leaves nothing
	rm stopped
	refused 'hooks.poststart[1]' run --bundle "$B" "$ID"
	equal "the poststop hook of run" stopped "$(cat stopped)"
}

# runtime.md, Lifecycle 13: "If any poststop hook fails, the runtime MUST log a warning, but the remaining hooks ... continue"
test_failing_poststop_hook_is_a_warning_of_delete() {
	bundle
	hook poststop 'exit 4'
	hook poststop "echo second >$S/second"
	args /bin/true
	create
	husk start "$ID"
	eventually 20 sh -c "[ \"\$('$HUSK' --root '$ROOT' state $ID | jq -r .status)\" = stopped ]"
	husk --log-level warning delete "$ID" 2>err
	contains "$(cat err)" 'hooks.poststop[0]'
	equal "the next hook" second "$(cat second)"
	STATUS=1 refused "$ID" state "$ID"
}

# mount(2) ignores what is meant for the file system below a bind; a word that could be a misspelled flag is not ignored
test_bind_ignores_options_of_its_file_system_aloud() {
	bundle
	mkdir "$B/source" "$B/rootfs/target"
	config --arg s "$B/source" '.mounts += [{destination:"/target",source:$s,options:["bind","nosuid","mode=755","size=1k","ro"]}]'
	args /bin/probe see
	husk --log-level warning run --bundle "$B" "$ID" >seen 2>err
	contains "$(cat err)" "'mode=755' is ignored" "'size=1k' is ignored"
	mount_seen /target '.options | contains(["ro","nosuid"])'
	config '.mounts[-1].options = ["bind","nosuidd"]'
	refused nosuidd run --bundle "$B" "$ID"
}

# a filter that is loaded early may refuse getcwd, which husk asks where the working directory lies
test_filter_may_refuse_getcwd() {
	local action
	bundle
	config_args_see
	for action in '{action:"SCMP_ACT_ERRNO"}' '{action:"SCMP_ACT_ERRNO",errnoRet:0}'; do
		config --argjson a "$(jq -n "$action")" '.process.noNewPrivileges = false | .process.cwd = "/etc" |
			.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["getcwd"]} + $a]}'
		run_probe
		equal mode 2 "$(seen .seccomp)"
		run_shell 'cat passwd' | grep -q '^root:' || fail "the working directory is another"
	done
}

run_tests "$@"
