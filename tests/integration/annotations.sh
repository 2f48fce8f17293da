#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Annotations that change what husk does.
. "${0%/*}/lib.sh"

test_hooks_files() {
	bundle
	cp "$(command -v busybox)" "$S/busybox"
	config --arg sh "$S/busybox" --arg o "$S/out" --arg e "$S/err2" '
		def hook($p; $n): {path:$p,args:["sh","-c","echo out-\($n); echo err-\($n) >&2"]};
		.annotations = {"run.oci.hooks.stdout":$o,"run.oci.hooks.stderr":$e} |
		.hooks = {createRuntime:[hook($sh;"createRuntime")],createContainer:[hook($sh;"createContainer")],
			startContainer:[hook("/bin/busybox";"startContainer")],poststart:[hook($sh;"poststart")],poststop:[hook($sh;"poststop")]}'
	args /bin/sleep 0
	echo before >out
	husk run --bundle "$B" "$ID"
	equal stdout 'before out-createRuntime out-createContainer out-startContainer out-poststart out-poststop' "$(tr '\n' ' ' <out | sed 's/ $//')"
	equal stderr 'err-createRuntime err-createContainer err-startContainer err-poststart err-poststop' "$(tr '\n' ' ' <err2 | sed 's/ $//')"
	# create and start are two processes
	: >out
	husk create --bundle "$B" "$ID" >/dev/null 2>&1 </dev/null
	husk start "$ID"
	husk delete --force "$ID"
	equal "stdout of create, start, delete" 'out-createRuntime out-createContainer out-startContainer out-poststart out-poststop' "$(tr '\n' ' ' <out | sed 's/ $//')"
	# without: in the message of a failing hook only
	config 'del(.annotations) | .hooks = {createRuntime:[.hooks.createRuntime[0] | .args[2] += "; exit 3"]}'
	: >out
	refused 'out-createRuntime' run --bundle "$B" "$ID"
	equal "without the annotation" '' "$(cat out)"
	config --arg o "$S/nosuch/out" '.annotations = {"run.oci.hooks.stdout":$o}'
	refused 'run.oci.hooks.stdout' run --bundle "$B" "$ID"
	config '.annotations = {"run.oci.hooks.stdout":"relative"}'
	refused 'not an absolute path' run --bundle "$B" "$ID"
}

test_hooks_files_are_not_the_programs() {
	bundle
	config --arg o "$S/out" '.annotations = {"run.oci.hooks.stdout":$o}'
	run_probe
	lacks "$(seen -c .fds)" "$S/out"
}

# many descriptors of the caller with holes among them, in which husk's own come to lie
test_preserved_descriptors_and_the_start_gate() {
	bundle
	args /bin/true
	local n
	for n in 3 4 5 6 7; do
		husk create --preserve-fds $n --bundle "$B" "$ID" >/dev/null 2>err </dev/null || fail "$n: $(cat err)"
		husk start "$ID"
		eventually 20 eval '[ "$(status_of $ID)" = stopped ]'
		husk delete "$ID"
	done
}

test_pidfd_receiver() {
	bundle
	"$TOOLS/receive" info "$S/socket" &
	eventually 20 grep -q listening info
	config --arg p "$S/socket" '.annotations = {"run.oci.pidfd_receiver":$p}'
	args /bin/true
	husk run --bundle "$B" "$ID"
	wait
	sed -n 2p info | jq -e '.fds == 1 and (.target | contains("pidfd"))' >/dev/null
	config --arg p "$S/nobody" '.annotations = {"run.oci.pidfd_receiver":$p}'
	refused 'run.oci.pidfd_receiver' run --bundle "$B" "$ID"
}

test_mount_context_type() {
	bundle
	args /bin/true
	config '.annotations = {"run.oci.mount_context_type":"rootcontext"}'
	husk run --bundle "$B" "$ID"
	config '.annotations = {"run.oci.mount_context_type":"nosuch"}'
	refused 'run.oci.mount_context_type' run --bundle "$B" "$ID"
}

# A = acct (x86_64): answered with ENOANO; everything else allowed
bpf() {
	printf '\x20\0\0\0\0\0\0\0\x15\0\0\x01\xa3\0\0\0\x06\0\0\0\x37\0\x05\0\x06\0\0\0\0\0\xff\x7f' | base64 -w0
}

test_seccomp_bpf_data() {
	[ "$(uname -m)" = x86_64 ] || skip "the filter of this test is for x86_64"
	bundle
	config --arg f "$(bpf)" '.annotations = {"run.oci.seccomp_bpf_data":$f}'
	run_tries sys acct 0
	tried '.arg == "acct" and .errno == "ENOANO"'
	# the control: without it there is another answer
	config 'del(.annotations)'
	run_tries sys acct 0
	tried '.arg == "acct" and .errno != "ENOANO"'
	# it is for exec, too
	config --arg f "$(bpf)" '.annotations = {"run.oci.seccomp_bpf_data":$f}'
	args /bin/sleep 100
	husk create --bundle "$B" "$ID" >/dev/null 2>err </dev/null
	husk start "$ID"
	husk exec "$ID" /bin/probe try sys acct 0 >"$S/tried"
	tried '.arg == "acct" and .errno == "ENOANO"'
	husk delete --force "$ID"
}

test_wrong_seccomp_bpf_data_is_refused() {
	local data
	bundle
	for data in '' x 'AAA=AAAA' '####' AAAA 'AAAAAAAA' "$(head -c 40000 /dev/zero | base64 -w0)"; do
		config --arg f "$data" '.annotations = {"run.oci.seccomp_bpf_data":$f}'
		refused 'run.oci.seccomp_bpf_data' run --bundle "$B" "$ID"
	done
	# well formed, but no program that the kernel takes
	config '.annotations = {"run.oci.seccomp_bpf_data":"AAAAAAAAAAA="}'
	refused 'seccomp filter' run --bundle "$B" "$ID"
}

# the hierarchy of cgroup v1 that old versions of systemd want, where the host has it
test_named_hierarchy() {
	is_root || skip "a plain user cannot mount it"
	bundle
	config '.mounts |= (map(select(.type != "cgroup")) + [{destination:"/sys/fs/cgroup",type:"cgroup",source:"cgroup",options:["ro"]}])'
	config '.annotations = {"run.oci.systemd.force_cgroup_v1":"/sys/fs/cgroup"}'
	if ! grep -q :name=systemd: /proc/self/cgroup; then
		mkdir named
		mount -t cgroup cgroup named -o none,name=systemd,xattr || skip "this kernel has no cgroup v1"
		trap 'umount named' EXIT
	fi
	run_probe
	mount_seen /sys/fs/cgroup '.type == "tmpfs"'
	mount_seen /sys/fs/cgroup/systemd '.type == "cgroup" and (.super | index("name=systemd") != null)'
	equal "its files" cgroup.procs "$(run_shell 'cd /sys/fs/cgroup/systemd && echo cgroup.proc?')"
	# the control
	config 'del(.annotations)'
	run_probe
	mount_seen /sys/fs/cgroup '.type == "cgroup2"'
	config '.annotations = {"run.oci.systemd.force_cgroup_v1":"/elsewhere"}'
	refused 'annotations["run.oci.systemd.force_cgroup_v1"]: wants the destination' run --bundle "$B" "$ID"
}

# what would be less than was asked for, were it passed over
test_foreign_handlers_are_refused() {
	bundle
	local a
	for a in run.oci.handler=krun run.oci.handler=wasm run.oci.seccomp.plugins=libagent.so; do
		config --arg k "${a%%=*}" --arg v "${a#*=}" '.annotations = {($k):$v}'
		refused "annotations[\"${a%%=*}\"]" run --bundle "$B" "$ID"
	done
	config '.annotations = {"run.oci.handle":"krun","run.oci":"x"}'
	equal "the control, names that nobody knows" fine "$(run_shell 'echo fine')"
}

test_unknown_system_call_can_be_refused() {
	bundle
	config '.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["acct","no_such_call"],action:"SCMP_ACT_ERRNO"}]}'
	equal "the control, without" fine "$(run_shell 'echo fine')"
	config '.annotations = {"run.oci.seccomp_fail_unknown_syscall":"1"}'
	refused 'linux.seccomp.syscalls[0]: unknown system call no_such_call' run --bundle "$B" "$ID"
	config '.annotations[] = "0"'
	equal "switched off" fine "$(run_shell 'echo fine')"
	config '.annotations[] = "true"'
	refused 'unknown system call no_such_call' run --bundle "$B" "$ID"
	# one of another processor is known
	config '.linux.seccomp.syscalls[0].names = ["acct","arm_fadvise64_64"]'
	equal "all are known" fine "$(run_shell 'echo fine')"
	# also in a profile that was compiled before, for one who did not ask
	bundle
	config '.linux.seccomp.syscalls += [{names:["no_such_call"],action:"SCMP_ACT_ERRNO"}]'
	equal "twice" 'fine fine' "$(run_shell 'echo fine') $(husk run --bundle "$B" "$ID")"
	config '.annotations = {"run.oci.seccomp_fail_unknown_syscall":"1"}'
	refused 'unknown system call no_such_call' run --bundle "$B" "$ID"
}

test_seccomp_receiver() {
	bundle
	"$TOOLS/receive" info "$S/listener" &
	eventually 20 grep -q listening info
	config --arg p "$S/listener" '.annotations = {"run.oci.seccomp.receiver":$p} |
		.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["acct"],action:"SCMP_ACT_NOTIFY"}]}'
	run_tries sys acct 0
	tried '.arg == "acct" and .errno == "ENOANO"'
	contains "$(cat info)" notification
	wait
	config '.annotations = {"run.oci.seccomp.receiver":"listener"}'
	refused 'not an absolute path' run --bundle "$B" "$ID"
	config 'del(.annotations)'
	refused 'needs a listenerPath' run --bundle "$B" "$ID"
}

# the same from the environment of the caller, for profiles that name nobody; the container keeps it
test_seccomp_receiver_of_the_environment() {
	bundle
	"$TOOLS/receive" info "$S/listener" &
	eventually 20 grep -q listening info
	export RUN_OCI_SECCOMP_RECEIVER=$S/listener
	config '.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["acct"],action:"SCMP_ACT_NOTIFY"}]}'
	run_tries sys acct 0
	tried '.arg == "acct" and .errno == "ENOANO"'
	contains "$(cat info)" notification
	wait
	# exec, without the variable
	"$TOOLS/receive" info2 "$S/listener2" &
	"$TOOLS/receive" info3 "$S/listener3" &
	eventually 20 grep -q listening info2
	eventually 20 grep -q listening info3
	export RUN_OCI_SECCOMP_RECEIVER=$S/listener2
	args /bin/sleep 100
	husk create --bundle "$B" "$ID" >/dev/null 2>err </dev/null
	unset RUN_OCI_SECCOMP_RECEIVER
	mv listener3 listener2
	husk start "$ID"
	husk exec "$ID" /bin/probe try sys acct 0 >"$S/tried"
	tried '.arg == "acct" and .errno == "ENOANO"'
	husk delete --force "$ID"
	wait
	# who is named in the configuration comes first, and who needs nobody has none
	export RUN_OCI_SECCOMP_RECEIVER=$S/nobody
	refused "$S/nobody" run --bundle "$B" "$ID"
	config '.annotations = {"run.oci.seccomp.receiver":"/no/such"}'
	refused /no/such run --bundle "$B" "$ID"
	config 'del(.annotations) | .linux.seccomp.syscalls[0].action = "SCMP_ACT_ERRNO"'
	equal "without a notification" fine "$(run_shell 'echo fine')"
	export RUN_OCI_SECCOMP_RECEIVER=relative
	equal "not looked at" fine "$(run_shell 'echo fine')"
	config '.linux.seccomp.syscalls[0].action = "SCMP_ACT_NOTIFY"'
	refused 'RUN_OCI_SECCOMP_RECEIVER is "relative"' run --bundle "$B" "$ID"
	unset RUN_OCI_SECCOMP_RECEIVER
	refused 'needs a listenerPath' run --bundle "$B" "$ID"
}

test_timens_offset() {
	bundle
	config '.linux.namespaces += [{type:"time"}] | .annotations = {"run.oci.timens_offset":"7 200000 5\nmonotonic -3 0"}'
	run_probe
	check '.timens | map(gsub(" +"; " ")) | (index("monotonic -3 0") != null) and (index("boottime 200000 5") != null)'
	# the field wins
	config '.linux.timeOffsets = {boottime:{secs:100000}}'
	run_probe
	check '.timens | map(gsub(" +"; " ")) | (index("monotonic -3 0") != null) and (index("boottime 100000 0") != null)'
	local wrong
	for wrong in '' 7 'boottime' 'boottime 1' 'boottime x 0' 'boottime 1 1000000000' 'boottime 1 -1' 'uptime 1 0' '2 1 0' 'boottime 99999999999999999999 0' \
		'boottime 1 0 0' $'boottime 1 0\nx'; do
		config --arg w "$wrong" '.annotations = {"run.oci.timens_offset":$w}'
		refused 'run.oci.timens_offset' run --bundle "$B" "$ID"
	done
}

run_tests "$@"
