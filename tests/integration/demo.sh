#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What `make demo` prints: every line of it is what the program inside has seen, and must be true on each kind of host.
. "${0%/*}/lib.sh"

# row NAME: what the demo says of it
row() { sed -n "s/^  $1  *//p" "$S/said"; }

test_every_line_is_true() {
	local n own
	TMPDIR=$S "$TOP/tests/demo.sh" >"$S/said" 2>"$S/err" </dev/null || fail "the demo has failed: $(cat "$S/err")"
	equal 'standard error' '' "$(cat "$S/err")"
	contains "$(row who)" "uid 0 as 'husk-demo', process 1 of"
	own="$(row namespaces) "
	own=${own%%;*}
	for n in pid mnt net uts ipc cgroup $(is_root || echo user); do contains "$own " " $n "; done
	equal network 'lo ' "$(row network)"
	equal 'overlay root' "/etc/motd now says 'written inside', /etc/passwd is gone" "$(row 'overlay root')"
	equal 'lower layer' "/etc/motd still says 'the lower layer'" "$(row 'lower layer')"
	equal capabilities 'bounding 0000000000000020 effective 0000000000000020' "$(row capabilities)"
	equal 'no new privs' 1 "$(row 'no new privs')"
	equal seccomp 'mode 2, 1 filter; unshare -m: refused; mount: refused' "$(row seccomp)"
	contains "$(row masks)" ' has 0 bytes, writing /proc/sysrq-trigger: refused'
	equal 'left behind' '0 state entries, 0 cgroups' "$(row 'left behind')"
	if grep -q '^  no limits' "$S/said"; then
		! { is_root && has_controllers memory pids cpu; } || fail "limits could be set here: $(row 'no limits')"
		lacks "$(row cgroup)" memory.max
	else
		equal cgroup '/, memory.max 67108864, pids.max 32, cpu.max 50000 100000' "$(row cgroup)"
	fi
}

run_tests "$@"
