#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Labels of SELinux (process.selinuxLabel, linux.mountLabel, exec --process-label), enforced: the lane vm-selinux has a policy by which a
# container may write to container_file_t and nothing else (tests/vm/selinux.cil).
. "${0%/*}/lib.sh"

needs_selinux() {
	[ "$(cat /sys/fs/selinux/enforce 2>/dev/null)" = 1 ] || skip "SELinux is not enforcing here; in the lane vm-selinux"
}
LABEL=system_u:system_r:container_t:s0:c1,c2
MOUNT=system_u:object_r:container_file_t:s0:c1,c2
labels() { config --arg l "$1" '.process.selinuxLabel = $l'; }
mount_labels() { config --arg l "$1" '.linux.mountLabel = $l'; }
# as run_probe, by way of a pipe: a file of the host's is closed to the container
see() {
	config_args_see
	husk run --bundle "$B" "$ID" | cat >"$S/seen"
	[ -s "$S/seen" ] || fail "the probe saw nothing"
}
# what writing to a file says, inside
written='for f in /file /dev/shm/file; do (echo x >$f) 2>/dev/null && echo "$f yes" || echo "$f no"; done'

test_process_label() {
	needs_selinux
	bundle
	equal "the control, without a label" 'system_u:system_r:kernel_t:s0 /file yes /dev/shm/file yes' \
		"$(run_shell "tr -d '\\0' </proc/self/attr/current; echo; $written" | xargs)"
	local privileges
	for privileges in true false; do
		config --argjson p $privileges '.process.noNewPrivileges = $p'
		labels $LABEL
		equal "with a label, noNewPrivileges $privileges" "$LABEL /file no /dev/shm/file no" \
			"$(run_shell "tr -d '\\0' </proc/self/attr/current; echo; $written" | xargs)"
	done
	# an empty one is none
	labels ''
	contains "$(run_shell 'cat /proc/self/attr/current')" kernel_t
}

test_mount_label() {
	needs_selinux
	bundle
	labels $LABEL
	config '.mounts += [{destination:"/scratch",type:"tmpfs",source:"tmpfs"}]'
	equal "the control, without" 'no' "$(run_shell '(echo x >/scratch/f) 2>/dev/null && echo yes || echo no')"
	mount_labels $MOUNT
	equal "with a label" 'yes /file no /dev/shm/file yes' "$(run_shell "echo x >/scratch/f && echo yes; $written" | xargs)"
	see
	local m
	for m in /dev /dev/shm /dev/pts /scratch; do
		mount_seen $m '.super | index("context=\"system_u:object_r:container_file_t:s0:c1") != null'
	done
	# the host's directories that are bound are not labelled
	mkdir bound
	config --arg s "$S/bound" '.mounts += [{destination:"/bound",type:"bind",source:$s,options:["bind"]}]'
	equal "a bound directory" no "$(run_shell '(echo x >/bound/f) 2>/dev/null && echo yes || echo no')"
	# one that says it itself keeps what it says
	config '.mounts += [{destination:"/own",type:"tmpfs",source:"tmpfs",options:["context=system_u:object_r:host_file_t:s0"]}]'
	equal "a context of its own" no "$(run_shell '(echo x >/own/f) 2>/dev/null && echo yes || echo no')"
}

test_mount_label_option() {
	needs_selinux
	bundle
	mount_labels $MOUNT
	local o
	# (defcontext: below; a file system takes it only where it keeps labels on a disk)
	for o in context fscontext rootcontext; do
		config --arg o $o '.annotations = {"run.oci.mount_context_type":$o}'
		see
		mount_seen /dev/shm ".super | any(startswith(\"$o=\"))"
	done
}

# what is on a disk without a label
test_mount_label_as_the_default() {
	needs_selinux
	local loop
	bundle
	truncate -s 4M disk
	mkfs.ext4 -q disk
	loop=$(losetup --find --show disk)
	trap 'losetup --detach $loop' EXIT
	labels $LABEL
	# no tmpfs: it keeps no labels, and then the kernel refuses the option
	config --arg d "$loop" '.mounts |= map(select(.type == "proc")) | .mounts += [{destination:"/disk",type:"ext4",source:$d}] | .linux.maskedPaths = [] |
		.linux.resources.devices += [{allow:true,type:"b",access:"rw"}]'
	local try='echo x >/disk/f && echo yes || echo no'
	equal "the control, without" no "$(run_shell "$try" 2>/dev/null)"
	mount_labels $MOUNT
	config '.annotations = {"run.oci.mount_context_type":"defcontext"}'
	equal "with it" yes "$(run_shell "$try")"
	see
	mount_seen /disk '.super | any(startswith("defcontext="))'
	config '.mounts += [{destination:"/tmp",type:"tmpfs",source:"tmpfs"}]'
	refused "defcontext=$MOUNT" run --bundle "$B" "$ID"
}

test_exec_has_a_label() {
	needs_selinux
	bundle
	labels $LABEL
	args /bin/sleep 100
	husk create --bundle "$B" "$ID" >/dev/null 2>err </dev/null
	husk start "$ID"
	equal "its label is the container's" $LABEL "$(husk exec "$ID" cat /proc/self/attr/current | tr -d '\0')"
	equal "--process-label" system_u:system_r:other_container_t:s0:c3 \
		"$(husk exec --process-label system_u:system_r:other_container_t:s0:c3 "$ID" cat /proc/self/attr/current | tr -d '\0')"
	jq -n '{cwd:"/",args:["cat","/proc/self/attr/current"],env:["PATH=/bin"],selinuxLabel:"system_u:system_r:other_container_t:s0:c1"}' >process.json
	equal "process.json" system_u:system_r:other_container_t:s0:c1 "$(husk exec --process process.json "$ID" | tr -d '\0')"
	STATUS=255 refused 'no_such_t' exec --process-label system_u:system_r:no_such_t:s0 "$ID" true
	contains "$(cat "$S/refused.err")" '`/proc/thread-self/attr/'
	husk delete --force "$ID"
}

test_session_keyring_has_the_label() {
	needs_selinux
	bundle
	labels $LABEL
	config 'del(.linux.seccomp)'
	see
	equal "label of the keyring" $LABEL "$(seen .keyring_label)"
	labels ''
	see
	contains "$(seen .keyring_label)" kernel_t
}

test_unknown_labels_are_refused() {
	needs_selinux
	bundle
	labels system_u:system_r:no_such_t:s0
	refused 'process.selinuxLabel system_u:system_r:no_such_t:s0' run --bundle "$B" "$ID"
	contains "$(cat "$S/refused.err")" '`/proc/thread-self/attr/'
	refused 'process.selinuxLabel system_u:system_r:no_such_t:s0' run --no-new-keyring --bundle "$B" "$ID"
	contains "$(cat "$S/refused.err")" '`/proc/thread-self/attr/exec`'
	labels $LABEL
	mount_labels system_u:object_r:no_such_t:s0
	refused '/dev: mount tmpfs with context=system_u:object_r:no_such_t:s0' run --bundle "$B" "$ID"
}

test_live_mount_has_the_label() {
	needs_selinux
	bundle
	labels $LABEL
	mount_labels $MOUNT
	args /bin/sleep 100
	husk create --bundle "$B" "$ID" >/dev/null 2>err </dev/null
	husk start "$ID"
	jq -n '[{destination:"/live",type:"tmpfs",source:"tmpfs"}]' >live.json
	husk mounts add "$ID" live.json
	equal "writing to it" yes "$(husk exec "$ID" sh -c '(echo x >/live/f) 2>/dev/null && echo yes || echo no')"
	equal "the control" no "$(husk exec "$ID" sh -c '(echo x >/f) 2>/dev/null && echo yes || echo no')"
	husk delete --force "$ID"
}

run_tests "$@"
