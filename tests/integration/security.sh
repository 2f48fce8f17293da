#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Capabilities, no_new_privs, seccomp, masks, descriptors, husk's own binary, and links that a root file system lays out as traps.
#
# Each refusal has its control: the same thing done where it must work, so that a test which can no longer see the hole
# does not pass in silence.
. "${0%/*}/lib.sh"

caps() { config --argjson c "$1" '.process.capabilities = {bounding:$c,effective:$c,permitted:$c}'; }
set_of() { seen ".caps.$1 | join(\",\")"; }

# A directory outside the bundle that nobody may touch, and what it looked like.
lay_canary() {
	mkdir -p canary/sub
	echo untouched >canary/file
	touch canary/ptmx canary/null
	find canary -printf '%p %y %m %u %s %T@ %C@\n' | sort >canary.before
}
canary_is_untouched() {
	find canary -printf '%p %y %m %u %s %T@ %C@\n' | sort >canary.after
	diff canary.before canary.after >canary.diff || fail "the canary was touched: $(xargs <canary.diff)"
}

test_capability_sets_are_exactly_those() {
	bundle
	config '.process.capabilities = {bounding:["CAP_KILL","CAP_CHOWN","CAP_NET_RAW"],permitted:["CAP_KILL","CAP_CHOWN"],effective:["CAP_KILL","CAP_CHOWN"]}'
	run_probe
	equal bounding CAP_CHOWN,CAP_KILL,CAP_NET_RAW "$(set_of bounding)"
	equal permitted CAP_CHOWN,CAP_KILL "$(set_of permitted)"
	equal effective CAP_CHOWN,CAP_KILL "$(set_of effective)"
	equal inheritable '' "$(set_of inheritable)"
	equal ambient '' "$(set_of ambient)"
}

test_no_capabilities_object_is_no_capability() {
	bundle
	config 'del(.process.capabilities)'
	run_probe
	check '[.caps[]] | add == []'
}

test_ambient_capabilities() {
	bundle
	config '["CAP_NET_BIND_SERVICE"] as $c | .process.capabilities = {bounding:$c,effective:$c,permitted:$c,inheritable:$c,ambient:$c} |
		.process.user = {uid:0,gid:0}'
	is_root && config '.process.user = {uid:1000,gid:1000}'
	run_probe
	equal ambient CAP_NET_BIND_SERVICE "$(set_of ambient)"
	equal effective CAP_NET_BIND_SERVICE "$(set_of effective)"
}

# the default set with a user that is not root: nothing but the bounding set remains
test_plain_user_has_no_capabilities() {
	is_root || skip "one user only in this user namespace"
	bundle
	config '.process.user = {uid:1000,gid:1000}'
	run_probe
	check '.caps.effective == [] and .caps.permitted == [] and .caps.inheritable == [] and .caps.ambient == []'
	args /bin/sleep 100
	husk create --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null
	husk start "$ID"
	husk exec --cap CAP_KILL "$ID" /bin/probe see >seen
	equal "inheritable in exec --cap" '' "$(set_of inheritable)"
	husk delete --force "$ID"
}

test_unknown_capability_is_only_a_warning() {
	bundle
	caps '["CAP_CHOWN","CAP_NOSUCH"]'
	config_args_see
	husk --log-level warning run --bundle "$B" "$ID" >seen 2>err
	equal bounding CAP_CHOWN "$(set_of bounding)"
	contains "$(cat err)" CAP_NOSUCH
}

test_no_new_privs() {
	bundle
	run_probe
	equal "by default" 1 "$(seen .no_new_privs)"
	config '.process.noNewPrivileges = false'
	run_probe
	equal "when false" 0 "$(seen .no_new_privs)"
}

test_seccomp_denies_and_allows() {
	bundle
	config '.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",syscalls:[
		{names:["getcwd","nosuchcall"],action:"SCMP_ACT_ERRNO",errnoRet:64},
		{names:["sethostname"],action:"SCMP_ACT_ERRNO"},
		{names:["personality"],action:"SCMP_ACT_ERRNO",errnoRet:65,args:[{index:0,value:8,op:"SCMP_CMP_EQ"}]}]}'
	run_tries sys getcwd , sys sethostname 0 -1 , sys personality 8 , sys personality 0xffffffff , sys getpid
	tried '.arg == "getcwd" and .errno == "ENONET"'
	tried '.arg == "sethostname" and .errno == "EPERM"'
	tried '.arg == "personality" and .errno == "ENOPKG"'
	tried '.arg == "personality" and .errno == ""'
	tried '.arg == "getpid" and .result == 1'
	run_probe
	equal mode 2 "$(seen .seccomp)"
	# the control: without the filter it works
	config 'del(.linux.seccomp)'
	run_tries sys personality 8
	tried '.arg == "personality" and .errno == ""'
	run_probe
	equal "mode without" 0 "$(seen .seccomp)"
}

test_seccomp_with_and_without_no_new_privs() {
	local nnp
	bundle
	for nnp in true false; do
		config --argjson n $nnp '.process.noNewPrivileges = $n | .process.user = {uid:0,gid:0} |
			.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["acct"],action:"SCMP_ACT_ERRNO",errnoRet:64}]}'
		run_tries sys acct 0
		tried '.errno == "ENONET"'
	done
}

test_seccomp_unknown_calls_are_enosys() {
	bundle
	config '.linux.seccomp = {defaultAction:"SCMP_ACT_ERRNO",syscalls:[{names:(
		"read write writev open openat close fstat newfstatat stat lstat lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask rt_sigreturn ioctl pread64 access pipe " +
		"execve exit exit_group arch_prctl fcntl getdents64 getpid acct gettid getuid getgid geteuid getegid set_tid_address set_robust_list prlimit64 getrandom rseq " +
		"readlink readlinkat uname prctl poll wait4 kill futex close_range capget capset setgroups setresuid setresgid chdir getcwd umask dup dup2 dup3 sendmsg sendto recvmsg shutdown " +
		"faccessat2 statx clock_gettime sched_yield setuid setgid fchdir openat2 epoll_pwait2" | split(" ")),action:"SCMP_ACT_ALLOW"}]}'
	run_tries sys 9999 , sys acct 0
	tried '.arg == "9999" and .errno == "ENOSYS"'
	tried '.arg == "acct" and .errno == "EPERM"'
}

# a permission for a call that husk does not know may be left out, a refusal not without a word
test_seccomp_unknown_names() {
	bundle
	args /bin/true
	config '.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["nosuchcall","sethostname"],action:"SCMP_ACT_ERRNO"}]}'
	# (each time: that one is not kept)
	config '.linux.seccomp.syscalls += [range(60) | {names:["swapon"],action:"SCMP_ACT_ERRNO",errnoRet:64,args:[{index:0,value:.,op:"SCMP_CMP_EQ"}]}]'
	husk run --bundle "$B" "$ID" 2>err
	husk --log log run --bundle "$B" "$ID"
	contains "$(cat log)" 'level=warning' 'linux.seccomp.syscalls[0]: unknown system call nosuchcall is left out'
	config '.linux.seccomp.syscalls = [{names:["nosuchcall"],action:"SCMP_ACT_ALLOW"}]'
	rm log
	husk --log log run --bundle "$B" "$ID"
	equal "a permission" '' "$(cat log)"
}

# A profile that was seen before is not compiled again; what it does is the same, and another one is another one.
test_seccomp_filters_are_kept() {
	local entry other errno damage unique="no such call, but of test $ID $RANDOM$RANDOM" kept=$S/cache/husk/filters
	# a directory of its own: the machine's is emptied when it is full, by whatever runs beside this
	mkdir -p "$S/cache/husk"
	if is_root; then
		mkdir -p /var/cache/husk
		husk() {
			unshare --mount --propagation private sh -c 'mount --bind "$1" /var/cache/husk && shift && exec "$@"' - "$S/cache/husk" \
				"$HUSK" --root "$ROOT" "$@"
		}
	else
		export XDG_CACHE_HOME=$S/cache
	fi
	bundle
	for errno in 64 64 65; do
		config --argjson e $errno --arg u "$unique" '.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",syscalls:([{names:["acct"],action:"SCMP_ACT_ERRNO",errnoRet:$e},{names:[$u],action:"SCMP_ACT_ALLOW"}] +
			[range(60) | {names:["swapon"],action:"SCMP_ACT_ERRNO",errnoRet:64,args:[{index:0,value:.,op:"SCMP_CMP_EQ"}]}])}'
		run_tries sys acct 0 , sys getpid
		tried '.arg == "acct" and .errno == "'"$([ $errno = 64 ] && echo ENONET || echo ENOPKG)"'"'
		tried '.arg == "getpid" and .result == 1'
		entry=$(grep -la "$unique" "$kept"/*)
		equal profiles $((errno - 63)) "$(wc -l <<<"$entry")"
	done
	# one that had been compiled anew would be a new file
	entry=$(grep -la "$unique" "$kept"/* | xargs ls -i)
	run_tries sys getpid
	equal "files of the same profile" "$entry" "$(grep -la "$unique" "$kept"/* | xargs ls -i)"
	# what is damaged or another profile's is not used
	entry=$(grep -la "$unique" "$kept"/* | xargs grep -la '"errnoRet": *65')
	other=$(grep -la "$unique" "$kept"/* | grep -vxF "$entry")
	for damage in "truncate -s 700 $entry" "cp $other $entry"; do
		$damage
		run_tries sys acct 0
		tried '.arg == "acct" and .errno == "ENOPKG"'
	done
	# exec takes it, too
	args /bin/sleep 1000
	husk run --detach --bundle "$B" "$ID" </dev/null >out 2>err
	equal mode 2 "$(husk exec "$ID" /bin/sh -c 'while read -r k v; do [ "$k" != Seccomp: ] || echo $v; done </proc/self/status')"
	husk delete --force "$ID"
	rm -f "$entry" "$other"
}

# What the first exec found out is there for the next one, which needs no configuration then; damaged, or of another build, it does not count.
test_exec_recalls() {
	local memo config refusal='.op == "sys" and .arg == "acct" and .errno == "ENONET"'
	bundle
	config '.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",syscalls:([{names:["acct"],action:"SCMP_ACT_ERRNO",errnoRet:64}] +
		[range(60) | {names:["swapon"],action:"SCMP_ACT_ERRNO",errnoRet:64,args:[{index:0,value:.,op:"SCMP_CMP_EQ"}]}])}'
	args /bin/sleep 1000
	husk run --detach --bundle "$B" "$ID" </dev/null >out 2>err
	memo=$ROOT/$ID/exec config=$ROOT/$ID/config.json
	[ ! -e "$memo" ] || fail "there is one before the first exec"
	husk exec "$ID" /bin/probe try sys acct 0 | jq -e "$refusal" >/dev/null
	equal "mode of it" 600 "$(stat -c %a "$memo")"
	mv "$config" config.away
	husk exec "$ID" /bin/probe try sys acct 0 | jq -e "$refusal" >/dev/null
	# --debug has something to say about the profile
	STATUS=255 refused 'configuration' --debug exec "$ID" /bin/true
	# a bit of the filter, the build, and the end
	for damage in 'printf "\377" | dd of="$memo" bs=1 seek=200 conv=notrunc' 'printf x | dd of="$memo" bs=1 seek=8 conv=notrunc' \
		'truncate -s -1 "$memo"' ': >"$memo"'; do
		cp "$memo" whole
		eval "$damage" 2>/dev/null
		STATUS=255 refused 'configuration' exec "$ID" /bin/true
		# the control: it was that
		cp whole "$memo"
		husk exec "$ID" /bin/true
		eval "$damage" 2>/dev/null
		# and it is made anew
		mv config.away "$config"
		husk exec "$ID" /bin/probe try sys acct 0 | jq -e "$refusal" >/dev/null
		mv "$config" config.away
		husk exec "$ID" /bin/probe try sys acct 0 | jq -e "$refusal" >/dev/null
	done
	husk delete --force "$ID"
	[ ! -e "$ROOT/$ID" ] || fail "the directory is left"
}

# init may go into a user namespace of its own, and with it into mounts that it makes as it likes: exec goes there, too, and does not
# stay behind with the rights of the host's
test_exec_follows_init_into_its_user_namespace() {
	local pid before
	bundle
	config '.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",syscalls:[range(60) | {names:["swapon"],action:"SCMP_ACT_ERRNO",errnoRet:64,args:[{index:0,value:.,op:"SCMP_CMP_EQ"}]}]}'
	# (to map root)
	caps '["CAP_SETFCAP"]'
	args /bin/sh -c 'until [ -e /tmp/go ]; do sleep 0.05; done; exec unshare -U -r -m sleep 1000'
	husk run --detach --pid-file pid --bundle "$B" "$ID" </dev/null >out 2>err
	pid=$(cat pid)
	# the control: with all that the first one leaves
	for _ in 1 2; do
		equal "before" "$(readlink "/proc/$pid/ns/user")" "$(husk exec "$ID" /bin/readlink /proc/self/ns/user)"
	done
	before=$(readlink "/proc/$pid/ns/user")
	: >"$B/rootfs/tmp/go"
	eventually 20 eval '[ "$(readlink "/proc/$pid/ns/user")" != "$before" ] && [ "$(cat "/proc/$pid/comm")" = sleep ]'
	equal "behind it" "$(readlink "/proc/$pid/ns/user") $(readlink "/proc/$pid/ns/mnt")" \
		"$(husk exec "$ID" /bin/sh -c 'echo $(readlink /proc/self/ns/user) $(readlink /proc/self/ns/mnt)')"
	husk delete --force "$ID"
}

test_seccomp_bad_profiles_are_refused() {
	bundle
	config '.linux.seccomp = {defaultAction:"SCMP_ACT_NOSUCH"}'
	refused SCMP_ACT_NOSUCH run --bundle "$B" "$ID"
	config '.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",architectures:["SCMP_ARCH_NOSUCH"]}'
	refused SCMP_ARCH_NOSUCH run --bundle "$B" "$ID"
	config '.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",defaultErrnoRet:5}'
	refused defaultErrnoRet run --bundle "$B" "$ID"
	config '.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["read"],action:"SCMP_ACT_ERRNO",args:[{index:6,value:1,op:"SCMP_CMP_EQ"}]}]}'
	refused index run --bundle "$B" "$ID"
	config '.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",flags:["SECCOMP_FILTER_FLAG_NOSUCH"]}'
	refused SECCOMP_FILTER_FLAG_NOSUCH run --bundle "$B" "$ID"
}

test_seccomp_notify() {
	bundle
	"$TOOLS/receive" info "$S/listener" &
	eventually 20 grep -q listening info
	config --arg p "$S/listener" '.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",listenerPath:$p,listenerMetadata:"meta",
		syscalls:[{names:["acct"],action:"SCMP_ACT_NOTIFY"}]}'
	run_tries sys acct 0
	tried '.arg == "acct" and .errno == "ENOANO"'
	contains "$(cat info)" notification
	sed -n 2p info | jq -e '.fds == 1 and (.target | contains("seccomp"))' >/dev/null
	sed -n 2p info | jq -r .data | jq -e --arg id "$ID" '.fds == ["seccompFd"] and .metadata == "meta" and .state.id == $id and .pid > 1' >/dev/null
	wait
}

# an agent that answers everything: SYSCALL... are notified, acct gets an error and all others go on
seccomp_agent() {
	"$TOOLS/receive" info "$S/listener" agent &
	AGENT=$!
	eventually 20 grep -q listening info
	config --arg p "$S/listener" '.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",listenerPath:$p,
		syscalls:[{names:($ARGS.positional + ["acct"]),action:"SCMP_ACT_NOTIFY"}]}' --args "$@"
}
end_agent() {
	kill "$AGENT"
	wait "$AGENT" 2>/dev/null || true
}
states() { sed 1d info | jq -c 'select(.data) | .data | fromjson'; }

# a8 listenerPath: the calls that husk itself makes on the way may be among those that are notified
test_seccomp_notify_of_our_own_calls() { # limit 60
	bundle
	seccomp_agent sendmsg recvmsg sendto recvfrom close wait4 dup3 fcntl execve prctl rt_sigaction rt_sigprocmask setresuid setgroups capset \
		getcwd chdir accept4 close_range openat writev pwrite64 clone clone3 nanosleep clock_nanosleep exit_group futex
	local privileges command
	for privileges in true false; do
		config --argjson p $privileges '.process.noNewPrivileges = $p'
		run_tries sys acct 0
		tried '.arg == "acct" and .errno == "ENOANO"'
		husk create --bundle "$B" "$ID" >/dev/null 2>err </dev/null
		husk start "$ID"
		eventually 20 eval '[ "$(status_of $ID)" = stopped ]'
		husk delete "$ID"
	done
	end_agent
}

# one that is left no room for a further process
test_seccomp_notify_with_one_process() {
	bundle
	seccomp_agent
	config '.process.rlimits = [{type:"RLIMIT_NPROC",soft:1,hard:1}] | .process.user = {uid:1000,gid:1000} | .process.noNewPrivileges = true'
	is_root || config '.process.user = {uid:0,gid:0}'
	run_tries sys acct 0
	tried '.arg == "acct" and .errno == "ENOANO"'
	end_agent
}

# a8 ContainerProcessState: of init and of every exec
test_seccomp_notify_tells_who() {
	bundle
	seccomp_agent
	config '.linux.seccomp.listenerMetadata = "meta data" | .annotations = {a:"b"} | .process.noNewPrivileges = true'
	args /bin/sleep 100
	husk create --bundle "$B" "$ID" >/dev/null 2>err </dev/null
	local pid
	pid=$(husk state "$ID" | jq .pid)
	eventually 5 eval '[ "$(states | wc -l)" = 1 ]'
	states | jq -e --arg id "$ID" --argjson pid "$pid" --arg b "$B" '.ociVersion and .fds == ["seccompFd"] and .pid == $pid and
		.metadata == "meta data" and .state.id == $id and .state.status == "creating" and .state.pid == $pid and
		.state.bundle == $b and .state.annotations.a == "b" and .state.ociVersion' >/dev/null
	husk start "$ID"
	husk exec "$ID" /bin/probe try sys acct 0 >"$S/tried"
	tried '.arg == "acct" and .errno == "ENOANO"'
	husk exec --detach --pid-file pid "$ID" /bin/sleep 5 </dev/null >/dev/null 2>&1
	eventually 5 eval '[ "$(states | wc -l)" = 3 ]'
	states | tail -1 | jq -e --argjson pid "$pid" --argjson own "$(cat pid)" '.pid == $own and .state.pid == $pid and .state.status == "running"' >/dev/null
	husk delete --force "$ID"
	end_agent
}

test_seccomp_notify_without_an_agent_is_refused() {
	bundle
	config --arg p "$S/nobody" '.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",listenerPath:$p,
		syscalls:[{names:["sendmsg"],action:"SCMP_ACT_NOTIFY"}]}'
	refused "linux.seccomp.listenerPath: connect to $S/nobody" run --bundle "$B" "$ID"
	config '.linux.seccomp.syscalls[0].names = ["write"]'
	refused 'SCMP_ACT_NOTIFY cannot be used for write' run --bundle "$B" "$ID"
	config '.linux.seccomp.syscalls = [] | .linux.seccomp.defaultAction = "SCMP_ACT_NOTIFY"'
	refused SCMP_ACT_NOTIFY run --bundle "$B" "$ID"
}

# the shipped profile: what it denies, and that an ordinary program does not notice it
test_default_profile() {
	local profile=$TOP/seccomp-profiles/default.json
	[ -e "$profile" ] || profile=$BUILD/../seccomp-profiles/default.json
	[ -e "$profile" ] || { husk spec; jq .linux.seccomp config.json >profile; profile=$S/profile; }
	bundle
	config --slurpfile p "$profile" '.linux.seccomp = ($p[0] | if .linux then .linux.seccomp else . end)'
	run_tries sys keyctl 0 -3 0 , sys add_key , sys bpf 0 0 0 , sys kexec_load , sys userfaultfd 0 , sys perf_event_open , \
		sys init_module , sys open_by_handle_at , sys unshare 0x10000000 , sys getpid , sys clone3 0 0
	local call
	for call in keyctl add_key bpf kexec_load perf_event_open init_module open_by_handle_at unshare; do
		tried ".arg == \"$call\" and (.errno == \"EPERM\" or .errno == \"ENOSYS\")"
	done
	tried '.arg == "getpid" and .result == 1'
	equal "ordinary work" 100 "$(run_shell 'for i in $(busybox seq 100); do echo $i; done | sort | wc -l')"
}

# With the flag the kernel logs what a filter refuses, under the name of the program; it may drop lines when there are many
test_seccomp_flag_log() {
	local plain=plain-$$ flagged=log-$$
	is_root || skip "the kernel's log is root's to read"
	bundle
	config '.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["acct"],action:"SCMP_ACT_ERRNO",errnoRet:64}]}'
	refused_call() { # NAME: whether its call was refused and is in the log
		cp -f "$TOOLS/probe" "$B/rootfs/bin/$1"
		args "/bin/$1" try sys acct 0
		husk run --bundle "$B" "$ID" >out 2>err </dev/null || fail "$(cat err)"
		jq -e '.errno == "ENONET"' out >/dev/null || fail "not refused: $(cat out)"
		dmesg | grep "type=1326 .*comm=\"$1\"" >log
	}
	# the control
	! refused_call "$plain" || fail "$(cat log)"
	config '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_LOG"]'
	eventually 10 refused_call "$flagged"
	contains "$(cat log)" 'code=0x50000' # SECCOMP_RET_ERRNO
	! dmesg | grep "comm=\"$plain\"" || fail "what has no flag is logged, too"
}

# nothing of the host may be reached through a descriptor, whatever the caller leaks
test_descriptors_of_the_caller_are_closed() {
	bundle
	exec 7</ 9<"$S" 60</etc
	config_args_see
	husk run --bundle "$B" "$ID" >seen </dev/null 2>/dev/null
	exec 7<&- 9<&- 60<&-
	equal "open descriptors" '0 1 2' "$(seen '.fds | keys | join(" ")')"
	# the control: the probe does see what is passed on
	exec 3</dev/zero
	husk run --preserve-fds 1 --bundle "$B" "$ID" >seen </dev/null 2>/dev/null
	exec 3<&-
	equal "with --preserve-fds" '0 1 2 3' "$(seen '.fds | keys | join(" ")')"
}

# CVE-2024-21626
test_cwd_through_a_descriptor_is_refused() { # limit 60
	local n status
	bundle
	args /bin/ls .
	cp "$TOOLS/true" outside
	exec 7</
	for n in $(seq 3 16) 7/../..; do
		config --arg c "/proc/self/fd/$n" '.process.cwd = $c'
		status=0
		husk run --bundle "$B" "$ID" >out 2>err </dev/null || status=$?
		[ $status != 0 ] || lacks "$(cat out)" boot
		[ $status != 0 ] || fail "cwd /proc/self/fd/$n was accepted"
		config --arg a "/proc/self/fd/$n$S/outside" '.process.cwd = "/" | .process.args = [$a]'
		status=0
		husk run --bundle "$B" "$ID" >out 2>err </dev/null || status=$?
		[ $status != 0 ] || fail "args[0] /proc/self/fd/$n$S/outside was executed"
		args /bin/ls .
	done
	exec 7<&-
}

# A descriptor that is passed on is open when the working directory is entered: it may lead out, and its owner may hold it, but nothing
# starts out there. (What is created follows no such link at all.) The filter is loaded late, and early, when it refuses to tell where that is,
# and clone, so that the process is in its pid namespace and has a /proc/self by then.
test_cwd_of_exec_outside_is_refused() {
	local nnp said
	bundle
	config '.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["clone","getcwd"],action:"SCMP_ACT_ERRNO"}]}'
	mkdir -p outside/sub
	args /bin/sleep 100
	husk run --detach --bundle "$B" "$ID" </dev/null >out 2>err || fail "$(cat err)"
	exec 4<outside
	for nnp in true false; do
		in_directory() { jq --arg d "$1" --argjson n $nnp '.process | .cwd = $d | .noNewPrivileges = $n | .args = ["/bin/readlink", "/proc/self/cwd"]' "$B/config.json" >process.json; }
		in_directory /proc/self/fd/4/sub
		STATUS=255 refused 'process.cwd `/proc/self/fd/4/sub`: it is outside of the container' exec --preserve-fds 2 --process process.json "$ID"
		# the control: a link that leads to where the container is
		in_directory /proc/self/root/tmp
		equal "cwd" /tmp "$(husk exec --preserve-fds 2 --process process.json "$ID" 2>&1)"
	done
	exec 4<&-
	# so deep that the kernel does not tell where it is
	in_directory /proc/self/fd/4
	cat >deep.py <<-'P'
		import os, sys
		os.chdir("outside")
		for _ in range(20):
		    os.mkdir("d" * 250)
		    os.chdir("d" * 250)
		os.dup2(os.open(".", os.O_RDONLY), 4)
		os.chdir(sys.argv[1])
		os.execv(sys.argv[2], sys.argv[2:])
	P
	! said=$(python3 deep.py "$S" "$HUSK" --root "$ROOT" exec --preserve-fds 2 --process process.json "$ID" 2>&1) || fail "it runs: $said"
	contains "$said" 'process.cwd `/proc/self/fd/4`: see that it is inside of the container: '
	husk delete --force "$ID"
}

# CVE-2019-5736: a program of the container that is /proc/self/exe, or a script of it, must not be husk, and
# nobody inside may open husk for writing while it enters
test_own_binary_as_entry_point() {
	local status sum copy
	bundle
	copy=$S/husk
	cp "$HUSK" "$copy"
	sum=$(sha256sum <"$copy")
	args /proc/self/exe --version
	status=0
	"$copy" --root "$ROOT" run --bundle "$B" "$ID" >out 2>&1 || status=$?
	lacks "$(cat out)" 'husk version'
	printf '#!/proc/self/exe\n' >"$B/rootfs/bin/trap-script"
	chmod 755 "$B/rootfs/bin/trap-script"
	args /bin/trap-script
	"$copy" --root "$ROOT" run --bundle "$B" "$ID" >out 2>&1 || status=$?
	lacks "$(cat out)" 'husk'
	equal "the binary" "$sum" "$(sha256sum <"$copy")"
}

test_own_binary_raced_by_exec() { # limit 120
	local i sum copy
	bundle
	copy=$S/husk
	cp "$HUSK" "$copy"
	sum=$(sha256sum <"$copy")
	caps '["CAP_SYS_PTRACE","CAP_DAC_OVERRIDE","CAP_DAC_READ_SEARCH"]'
	args /bin/probe try exe_race $((6000 * TIMEOUT_FACTOR))
	"$copy" --root "$ROOT" create --bundle "$B" "$ID" >out 2>&1 </dev/null
	"$copy" --root "$ROOT" start "$ID"
	eventually 20 grep -q racing out
	for i in $(seq 200); do
		"$copy" --root "$ROOT" exec "$ID" /bin/true 2>/dev/null || break
	done
	eventually 20 grep -q opened out
	note "$(tail -1 out)"
	tail -1 out | jq -e '.opened == 0' >/dev/null || fail "$(tail -1 out)"
	equal "the binary" "$sum" "$(sha256sum <"$copy")"
	husk delete --force "$ID"
}

# the control of the race: a program of the host that is seen inside while it runs is found, and can be opened
test_race_can_see_a_hole() {
	local pid enter=(nsenter --pid)
	is_root || enter+=(--user --preserve-credentials)
	bundle
	mkdir host
	cp "$(command -v busybox)" host/sh
	chmod 777 host/sh
	caps '["CAP_SYS_PTRACE","CAP_DAC_OVERRIDE","CAP_DAC_READ_SEARCH"]'
	args /bin/probe try exe_race 3000
	husk run --detach --pid-file pid --bundle "$B" "$ID" >out 2>&1 </dev/null
	pid=$(cat pid)
	eventually 20 grep -q racing out
	"${enter[@]}" --target "$pid" host/sh -c 'sleep 0.1; :'
	eventually 20 grep -q opened out
	tail -1 out | jq -e '.found > 0 and .opened > 0' >/dev/null || fail "not found: $(tail -1 out)"
	husk delete --force "$ID"
}

test_links_for_proc_sys_and_dev() {
	local d
	lay_canary
	for d in proc sys dev; do
		bundle "b-$d"
		rmdir "$B/rootfs/$d"
		ln -s "$S/canary" "$B/rootfs/$d"
		args /bin/true
		husk run --bundle "$B" "$ID" >/dev/null 2>err </dev/null && fail "/$d as a link to the host was accepted"
		canary_is_untouched
		# to a place inside: must be refused too, for what is masked there would be elsewhere
		rm "$B/rootfs/$d"
		mkdir "$B/rootfs/elsewhere"
		ln -s /elsewhere "$B/rootfs/$d"
		if [ $d != dev ]; then
			refused "$d" run --bundle "$B" "$ID"
		fi
		# the control: a directory is fine
		rm "$B/rootfs/$d"
		mkdir "$B/rootfs/$d"
		husk run --bundle "$B" "$ID" </dev/null
	done
}

# CVE-2026-41579, CVE-2026-47766: no mount on /dev, which is a link to the host
test_link_for_dev_without_a_mount() {
	lay_canary
	bundle
	config '.mounts |= map(select(.destination | startswith("/dev") | not))'
	rmdir "$B/rootfs/dev"
	ln -s "$S/canary" "$B/rootfs/dev"
	args /bin/true
	husk run --bundle "$B" "$ID" >/dev/null 2>err </dev/null || true
	canary_is_untouched
}

# every file that the runtime may make, as a link to the canary
test_links_for_devices_and_mount_targets() {
	local l
	is_root || skip "device nodes in a plain directory need root"
	lay_canary
	bundle
	config '.mounts |= map(select(.destination | startswith("/dev") | not))'
	for l in null zero full random urandom tty ptmx fd stdin stdout stderr console core; do ln -s "$S/canary/file" "$B/rootfs/dev/$l"; done
	ln -s "$S/canary" "$B/rootfs/m"
	ln -s "$S/canary/new" "$B/rootfs/n"
	echo x >x
	config --arg s "$S/x" '.mounts += [{destination:"/m/sub/deep",type:"tmpfs",source:"tmpfs"},{destination:"/n",type:"bind",source:$s,options:["bind"]}]'
	args /bin/sh -c 'true </dev/null'
	husk run --bundle "$B" "$ID" >/dev/null 2>err </dev/null || true
	canary_is_untouched
}

test_relative_links_cannot_climb_out() {
	lay_canary
	bundle
	local up
	up=$(printf '../%.0s' $(seq 40))
	ln -s "$up${S#/}/canary" "$B/rootfs/m"
	config '.mounts += [{destination:"/m/sub",type:"tmpfs",source:"tmpfs"}]'
	run_probe
	canary_is_untouched
	check --arg p "$S/canary/sub" '[.mounts[] | select(.type == "tmpfs") | .point] | index($p) != null'
}

# the first run plants links, the second must not follow them (CVE-2015-3629)
test_links_planted_by_the_first_run() {
	lay_canary
	bundle
	config '.mounts += [{destination:"/srv/x",type:"tmpfs",source:"tmpfs"}]'
	run_shell "rm -rf /var /tmp; ln -s $S/canary /var; ln -s $S/canary /tmp"
	config '.mounts += [{destination:"/var/sub",type:"tmpfs",source:"tmpfs"},{destination:"/tmp/new/dir",type:"tmpfs",source:"tmpfs"}]'
	args /bin/true
	husk run --bundle "$B" "$ID" 2>err || true # refusing is as good as staying inside
	canary_is_untouched
}

# CVE-2025-31133: masks come from a /dev/null of our own, not from what the container has there
test_masks_do_not_use_the_containers_dev_null() {
	bundle
	mkdir "$B/rootfs/olddev"
	config '.mounts |= map(select(.destination != "/dev" and (.destination | startswith("/dev/") | not)))'
	echo content >"$B/rootfs/secret"
	echo fake >"$B/rootfs/dev/null"
	config '.linux.maskedPaths = ["/secret"]'
	local status=0
	args /bin/cat /secret
	husk run --bundle "$B" "$ID" >out 2>err </dev/null || status=$?
	lacks "$(cat out)" content
	lacks "$(cat out)" fake
	# nor what somebody has put in the place of the host's
	is_root || return 0
	bundle b2
	echo content >"$B/rootfs/secret"
	config '.linux.maskedPaths = ["/secret"]'
	args /bin/cat /secret
	: >"$S/empty" # (where nothing could be read that is not masked)
	unshare --mount --propagation private sh -c 'mount --bind "$1" /dev/null && shift && "$@"' - "$S/empty" \
		"$HUSK" --root "$ROOT" run --bundle "$B" "$ID" >out 2>err && fail "that ran"
	contains "$(cat err)" 'is not character device 1:3'
}

test_mounts_over_proc_are_refused() {
	local d
	mkdir fake
	touch fakefile
	for d in /proc/self /proc/self/attr/exec /proc/sys /proc/sys/kernel/core_pattern /proc/1 /proc/../proc; do
		bundle "b$((RANDOM))"
		config --arg d "$d" --arg s "$S/$([ "${d##*/}" = exec ] || [ "${d##*/}" = core_pattern ] && echo fakefile || echo fake)" \
			'.mounts += [{destination:$d,type:"bind",source:$s,options:["bind"]}]'
		refused "${d#/proc/..}" run --bundle "$B" "$ID"
	done
	# nor by another name, which the image makes of it
	bundle b-link
	ln -s /proc/sys "$B/rootfs/plain"
	ln -s /proc "$B/rootfs/deep"
	for d in /plain /plain/kernel /deep/self/attr; do
		config --arg d "$d" --arg s "$S/fake" '.mounts = (.mounts | map(select(.source != $s))) + [{destination:$d,type:"bind",source:$s,options:["bind"]}]'
		refused 'leads into procfs' run --bundle "$B" "$ID"
	done
	# the control: those of the list are allowed
	bundle
	echo 'cpu none' >cpuinfo
	config --arg s "$S/cpuinfo" '.mounts += [{destination:"/proc/cpuinfo",type:"bind",source:$s,options:["bind","ro"]}]'
	equal "what /proc/cpuinfo shows" 'cpu none' "$(run_shell 'cat /proc/cpuinfo')"
	# and a directory of the image instead of proc is none
	bundle b-fake
	config --arg s "$S/fake" '.mounts |= map(if .destination == "/proc" then {destination:"/proc",type:"bind",source:$s,options:["bind"]} else . end)'
	refused /proc run --bundle "$B" "$ID"
}

# CVE-2014 "shocker": a file of the host by its handle
test_open_by_handle_is_denied() {
	bundle
	run_tries handle /etc/passwd
	tried '.result == -1 and (.errno == "EPERM" or .errno == "ENOSYS")'
	# without the filter the kernel wants a capability that no user namespace gives
	config 'del(.linux.seccomp)'
	run_tries handle /etc/passwd
	tried '.result == -1 and .errno == "EPERM"'
	is_root || return 0
	# without the capability the filter alone
	caps '["CAP_DAC_READ_SEARCH"]'
	config '.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["open_by_handle_at"],action:"SCMP_ACT_ERRNO",errnoRet:71}]}'
	run_tries handle /etc/passwd
	tried '.result == -1 and .errno == "EPROTO"'
	# the control: with the one, and without the other, it can be done
	config 'del(.linux.seccomp)'
	run_tries handle /etc/passwd
	tried '.result >= 0'
}

test_proc_and_sys_cannot_be_written() {
	bundle
	run_tries write /proc/sys/kernel/core_pattern x , write /proc/sysrq-trigger h , mkdir /sys/fs/cgroup/x , write /proc/sys/vm/drop_caches 1 , \
		open /proc/kcore r , create /proc/sys/x , write /dev/null x
	tried '.arg == "/proc/sys/kernel/core_pattern" and .result == -1'
	tried '.arg == "/proc/sysrq-trigger" and .result == -1'
	tried '.arg == "/sys/fs/cgroup/x" and .result == -1'
	tried '.arg == "/proc/sys/vm/drop_caches" and .result == -1'
	tried '.arg == "/dev/null" and .result == 1'
	args /bin/sh -c 'head -c 1 /proc/kcore | wc -c'
	equal "bytes of /proc/kcore" 0 "$(husk run --bundle "$B" "$ID" 2>/dev/null)"
}

test_mounting_and_escaping_is_denied() {
	bundle
	run_tries mount tmpfs /tmp tmpfs , umount /proc , mknod /tmp/sda b 8 0 , sys chroot 0 , sys sethostname 0 0 , sys setns 0 0
	tried '.op == "mount" and .errno == "EPERM"'
	tried '.op == "umount" and .errno == "EPERM"'
	is_root || tried '.op == "mknod" and .errno == "EPERM"'
	# the control: CAP_SYS_ADMIN without a filter may
	caps '["CAP_SYS_ADMIN"]'
	config 'del(.linux.seccomp)'
	run_tries mount tmpfs /tmp tmpfs
	tried '.op == "mount" and .result == 0'
}

# what exec enters must be as confined as init (rkt's CVE-2019-10144 and its sisters)
test_exec_is_as_confined_as_init() {
	local f
	bundle
	config '.process.rlimits = [{type:"RLIMIT_NOFILE",soft:100,hard:200}] |
		.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["getcwd"],action:"SCMP_ACT_ERRNO",errnoRet:64}]}'
	args /bin/sh -c 'probe see >/tmp/init; exec sleep 100'
	husk create --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null
	husk start "$ID"
	eventually 20 [ -s "$B/rootfs/tmp/init" ]
	eventually 20 jq -e . "$B/rootfs/tmp/init"
	husk exec "$ID" /bin/probe see >exec.json 2>/dev/null
	for f in .caps .no_new_privs .seccomp .ns .rlimits .cgroup .umask .oom_score_adj .root .uid .gid .groups; do
		equal "$f of exec" "$(jq -cS "$f" "$B/rootfs/tmp/init")" "$(jq -cS "$f" exec.json)"
	done
	equal "descriptors" '0 1 2' "$(jq -r '.fds | keys | join(" ")' exec.json)"
	husk delete --force "$ID"
}

# The container's program tries OP on what enters for 5 s; what it found is the last line of out.
race_entering() { # OP [OPTION-OF-HUSK...]
	local op=$1 i
	args /bin/probe try "$op" $((5000 * TIMEOUT_FACTOR))
	husk create --bundle "$B" "$ID" >out 2>&1 </dev/null
	husk start "$ID"
	eventually 20 grep -q racing out
	for i in $(seq 60); do husk "${@:2}" exec "$ID" /bin/true 2>"exec.$i" || true; done
	eventually 20 eval 'tail -1 out | jq -e .result'
	note "$(tail -1 out)"
	husk delete --force "$ID"
}

# A process inside cannot trace one that enters (CVE-2016-9962). That the race was run at all is seen by the refusals.
test_entering_process_cannot_be_traced() { # limit 60
	bundle
	caps '["CAP_KILL"]'
	config 'del(.linux.seccomp)'
	race_entering enter_race
	tail -1 out | jq -e '.foreign == 0 and .refused > 0' >/dev/null || fail "$(tail -1 out)"
}

# the control: a program from outside that does not protect itself is traced, and that is noticed
test_entered_process_can_be_traced() {
	bundle
	caps '["CAP_KILL"]'
	cp "$TOOLS/probe" outside
	config --arg s "$S/outside" 'del(.linux.seccomp) | .mounts += [{destination:"/outside",type:"bind",source:$s,options:["bind"]}]'
	args /bin/probe try enter_race 2000
	husk create --bundle "$B" "$ID" >out 2>&1 </dev/null
	husk start "$ID"
	eventually 20 grep -q racing out
	husk exec "$ID" /outside try sleep 1 >/dev/null || true
	eventually 20 grep -q foreign out
	tail -1 out | jq -e '.foreign > 0' >/dev/null || fail "$(tail -1 out)"
	husk delete --force "$ID"
}

# With CAP_SYS_PTRACE it can, and gets no more than what it has: all is given up before the process is in its pid namespace.
# $1: what else the configuration says
take_over() {
	bundle
	caps '["CAP_SYS_PTRACE"]'
	config "$1"
	race_entering takeover --log-level warning
}
test_taking_over_what_enters_gains_nothing() { # limit 60
	take_over 'del(.linux.seccomp)'
	tail -1 out | jq -e '.stronger == 0' >/dev/null || fail "$(tail -1 out)"
	! is_root || tail -1 out | jq -e '.foreign > 0' >/dev/null || fail "nothing was taken over: $(tail -1 out)"
	! grep . exec.1 || fail "a warning: $(cat exec.1)"
}

# the control: where a filter lets nothing be cloned, the process is there before it has given up anything, and husk says so
test_taking_over_where_clone_is_refused() { # limit 60
	take_over '.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["clone"],action:"SCMP_ACT_ERRNO"}]} |
		.process.noNewPrivileges = false'
	if ! is_root; then
		# in a user namespace of its own the capability says nothing about what began outside
		tail -1 out | jq -e '.foreign == 0 and .stronger == 0' >/dev/null || fail "$(tail -1 out)"
		return 0
	fi
	tail -1 out | jq -e '.stronger > 0' >/dev/null || fail "$(tail -1 out)"
	contains "$(cat exec.1)" 'CAP_SYS_PTRACE' 'linux.seccomp refuses clone'
}

# A container whose program does OP with CAP_SYS_PTRACE, and the bundle $B-2 of others in its pid namespace
watch_neighbours() { # FILTER-OF-THEIR-CONFIGURATION OP...
	local pid
	is_root || skip "a plain user's containers have user namespaces, and there the capability says nothing about what began outside"
	bundle
	caps '["CAP_SYS_PTRACE"]'
	config 'del(.linux.seccomp)'
	cp -a "$B" "$B-2"
	args /bin/probe try "${@:2}"
	husk create --bundle "$B" "$ID" >out 2>&1 </dev/null
	husk start "$ID"
	eventually 20 grep -q racing out
	pid=$(husk state "$ID" | jq .pid)
	B=$B-2 config --arg p "/proc/$pid/ns/pid" '.linux.namespaces |= map(if .type == "pid" then .path = $p else . end)'"$1"
	B=$B-2 args /bin/true
}

# It takes over what it can while they are created. $1: as above
take_over_neighbours() {
	local i
	echo host >marker
	watch_neighbours "$1" takeover $((8000 * TIMEOUT_FACTOR)) "$S/marker"
	for i in $(seq 40); do
		husk --log-level warning create --bundle "$B-2" "$ID-2" >/dev/null 2>"create.$i" </dev/null || true
		husk delete --force "$ID-2" 2>/dev/null || true
	done
	eventually 30 eval 'tail -1 out | jq -e .result'
	note "$(tail -1 out)"
	husk delete --force "$ID"
}
test_taking_over_what_is_created_gains_nothing() { # limit 90
	take_over_neighbours ''
	tail -1 out | jq -e '.stronger == 0 and .foreign > 0' >/dev/null || fail "$(tail -1 out)"
	! grep 'can take' create.1 || fail "a warning"
}

# the control: a hook is told the process, so that it has to be there from the beginning; husk says what that means
test_taking_over_what_is_created_with_hooks() { # limit 90
	take_over_neighbours ' | .hooks.createContainer = [{path:"/bin/true"}]'
	tail -1 out | jq -e '.stronger > 0' >/dev/null || fail "$(tail -1 out)"
	contains "$(cat create.1)" 'CAP_SYS_PTRACE' 'hooks have to be told its pid before'
}

# The process that asks for their /proc can be kept, also when it has answered and when it is dead. That takes a creation some seconds and
# not for ever.
test_holding_what_asks_for_proc() { # limit 150
	local i status
	watch_neighbours '' hold $((140000 * TIMEOUT_FACTOR))
	for i in $(seq 100); do
		status=0
		timeout $((30 * TIMEOUT_FACTOR)) "$HUSK" --root "$ROOT" create --bundle "$B-2" "$ID-2" >/dev/null 2>err </dev/null || status=$?
		[ $status = 0 ] || contains "$(cat err)" 'it has not answered'
		husk delete --force "$ID-2" 2>/dev/null || true
		! grep -q 'killed\|ended' out || break
	done
	note "after $i creations: status $status, $(tail -1 out)"
	contains "$(cat out)" killed
	husk delete --force "$ID"
}

test_stdio_is_not_given_away() {
	local before
	bundle
	is_root && config '.process.user = {uid:1000,gid:1000}'
	before=$(stat -c '%u %a' /dev/null)
	args /bin/true
	husk run --bundle "$B" "$ID" </dev/null >/dev/null 2>/dev/null
	equal "owner of /dev/null" "$before" "$(stat -c '%u %a' /dev/null)"
}

# pipes and files are the user's: he can open them anew (/dev/stdout)
test_stdio_is_the_users() {
	is_root || skip "one user only in this user namespace"
	bundle
	config '.process.user = {uid:1000,gid:1000}'
	args /bin/sh -c 'echo out >/dev/stdout && echo err >/dev/stderr'
	equal "of run" 'out' "$(husk run --bundle "$B" "$ID" </dev/null 2> >(cat >said))"
	eventually 20 grep -q err said
	: >file && chmod 600 file
	husk run --bundle "$B" "$ID" </dev/null >file 2>&1
	equal "owner of a file" 1000 "$(stat -c %u file)"
	args /bin/sleep 100
	husk create --bundle "$B" "$ID" >/dev/null 2>err </dev/null
	husk start "$ID"
	equal "of exec" 'out' "$(husk exec "$ID" /bin/sh -c 'echo out >/dev/stdout' </dev/null | cat)"
	husk delete --force "$ID"
}

# labels that the kernel cannot give must not be dropped silently
test_labels_without_support_are_refused() {
	bundle
	if [ ! -d /sys/module/apparmor ] || ! grep -q Y /sys/module/apparmor/parameters/enabled 2>/dev/null; then
		config '.process.apparmorProfile = "aprofile"'
		refused pparmor run --bundle "$B" "$ID"
		config 'del(.process.apparmorProfile)'
	fi
	if [ ! -d /sys/fs/selinux/class ]; then
		config '.process.selinuxLabel = "system_u:system_r:container_t:s0"'
		refused elinux run --bundle "$B" "$ID"
		# also when there is no mount that would take it
		config 'del(.process.selinuxLabel) | .linux.mountLabel = "system_u:object_r:container_file_t:s0" |
			.mounts |= map(select(.type == "proc"))'
		refused mountLabel run --bundle "$B" "$ID"
	fi
}

# The capability for it opens what a created container's init has mapped, husk among it: but not to write (compare CVE-2019-5736)
test_mappings_of_init_cannot_be_written() {
	local pivot maps
	is_root || skip "a plain user's container has a user namespace, and there nobody may open them"
	cp "$HUSK" "$S/husk"
	for pivot in '' --no-pivot --hook; do
		bundle "b$pivot"
		config '.process.capabilities |= map_values(["CAP_SYS_PTRACE","CAP_CHECKPOINT_RESTORE","CAP_SYS_ADMIN","CAP_DAC_OVERRIDE"]) | del(.linux.seccomp)'
		args /bin/true
		if [ "$pivot" = --hook ]; then
			# what writes to the host's tree in the container's mount namespace: a mount in use for that cannot become read-only
			config --arg f "$S/written" '.hooks.createContainer = [{path: "/bin/sh", args: ["sh", "-c", "exec 9>\($f); sleep 20 </dev/null >/dev/null 2>&1 &"]}]'
			pivot=
		fi
		"$S/husk" --root "$ROOT" create $pivot --bundle "$B" "$ID" </dev/null >out 2>err || fail "create: $(cat err)"
		"$S/husk" --root "$ROOT" exec "$ID" /bin/sh -c 'cd /proc/1/map_files; for m in *; do
			to=$(readlink $m) || continue
			case $to in *husk*) echo "seen $to" ;; *) continue ;; esac
			{ echo x >>$m; } 2>/dev/null && echo "written: $to"
			true; done' >maps 2>err || fail "exec: $(cat err)"
		husk delete --force "$ID"
		lacks "$(cat maps)" written
		cmp "$HUSK" "$S/husk"
	done
	# the control: the same capabilities, and a mapping of a file that may be written
	bundle control
	config '.process.capabilities |= map_values(["CAP_SYS_PTRACE","CAP_CHECKPOINT_RESTORE","CAP_SYS_ADMIN","CAP_DAC_OVERRIDE"]) | del(.linux.seccomp)'
	args /bin/sleep 1000
	husk run --detach --bundle "$B" "$ID" </dev/null >out 2>err
	maps=$(husk exec "$ID" /bin/sh -c 'cd /proc/1/map_files; for m in *; do readlink $m; done; for m in *; do { echo x >>$m; } 2>&1; done; true')
	contains "$maps" /bin/busybox 'Text file busy'
	husk delete --force "$ID"
}

# what can be written to in a process
memory_of() { # PID
	local from to access rest
	while read -r from access rest; do
		to=0x${from#*-} from=0x${from%-*}
		[[ $access = rw* ]] || continue
		dd if="/proc/$1/mem" bs=4096 skip=$((from / 4096)) count=$(((to - from) / 4096)) 2>/dev/null
	done <"/proc/$1/maps"
}

# Variables and arguments of whoever called husk: not in a created container's init, and not in a process that joins.
test_callers_variables_are_not_shown() {
	local secret=confidential-$ID pid cgroup
	export SECRET=$secret
	bundle
	config '.process.capabilities |= map_values(["CAP_SYS_PTRACE","CAP_DAC_OVERRIDE"]) | del(.linux.seccomp)'
	args /bin/sleep 1000
	husk create --bundle "$B" "$ID" </dev/null >out 2>err || fail "create: $(cat err)"
	pid=$(husk state "$ID" | jq .pid)
	equal "command line" 'husk init' "$(tr -d '\0' <"/proc/$pid/cmdline")"
	if is_root; then
		equal "as it is seen inside" 'husk init' "$(husk exec "$ID" /bin/cat /proc/1/cmdline /proc/1/environ | tr -d '\0')"
		# nowhere else in its memory either; the control: that of a process which has it, and another word in init's
		memory_of $pid >memory
		grep -aqF "$B" memory || fail "the search of the memory finds nothing at all"
		! grep -aqF "$secret" memory || fail "the secret is in the memory of init"
		memory_of $$ >memory
		grep -aqF "$secret" memory || fail "the search does not find the secret where it is"
	fi
	husk start "$ID"
	if has_cgroup && ! instrumented; then
		# one that is kept from executing its program
		cgroup=$(cgroup_mount)$(sed -n 's/^0:://p' /proc/$pid/cgroup)
		husk pause "$ID"
		husk exec --ignore-paused --env PASSWORD="$secret" "$ID" /bin/true </dev/null >out 2>err &
		eventually 20 eval '[ $(wc -l <"$cgroup/cgroup.procs") = 2 ]'
		pid=$(grep -vx "$pid" "$cgroup/cgroup.procs")
		equal "command line" 'husk init' "$(tr -d '\0' <"/proc/$pid/cmdline")"
		! is_root || equal "variables" '' "$(tr -d '\0' <"/proc/$pid/environ")"
		husk resume "$ID"
		wait $! || fail "exec: $(cat err)"
	fi
	husk delete --force "$ID"
	# who looks at the list of processes sees husk as it was called
	args /bin/sleep 1000
	husk run --bundle "$B" "$ID" </dev/null >out 2>err &
	pid=$!
	eventually 20 eval '[ "$(status_of "$ID")" = running ]'
	contains "$(tr '\0' ' ' <"/proc/$(pgrep -P "$pid" husk || echo "$pid")/cmdline")" "run --bundle $B $ID"
	husk kill "$ID" KILL
	wait $pid || true
}

run_tests "$@"
