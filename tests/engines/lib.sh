# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What every file of tests here begins with:   . "${0%/*}/lib.sh"   and ends with:   run_tests "$@"
#
# The tests are those of tests/integration/lib.sh (scratch, guard, nothing left, TAP), but they drive an engine, and the
# engine drives $RUNTIME: husk, or with RUNTIME=/usr/sbin/runc another one, as a control. A test is a feature of the engine; its
# name is the table's. Daemons are started by the test (`daemon`), with folders and sockets in its scratch directory, and end with it.
# tests/engines/run brings us into namespaces of our own and makes the image in $IMAGES.
# shellcheck source=tests/integration/lib.sh
. "${BASH_SOURCE[0]%/*}/../integration/lib.sh"
HERE=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
RUNTIME=${RUNTIME:-$HUSK}
is_husk() { [ "$RUNTIME" = "$HUSK" ]; }

needs() { # PROGRAM...: (tests/engines/run has looked whether the engine is there)
	local p
	for p in "$@"; do command -v "$p" >/dev/null || fail "$p is missing: .ci/setup engines installs it"; done
}
needs_controllers() { [[ $LANE = vm-* ]] || has_controllers memory pids cpu || skip "needs controllers in cgroup2; in the virtual machines"; }

# daemon NAME COMMAND...: runs in the background until the test ends; its output is NAME.log, its process $DAEMON
daemon() {
	local name=$1
	shift
	"$@" >"$S/$name.log" 2>&1 </dev/null &
	DAEMON=$!
	echo $DAEMON >>"$S/daemons"
}
end_daemon() { # PID [SIGNAL]
	kill "-${2:-TERM}" "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
}
# the last first; a test that fails ends here too
end_daemons() {
	local pid
	[ -e "$S/daemons" ] || return 0
	while read -r pid; do end_daemon "$pid"; done < <(tac "$S/daemons")
	rm -f "$S/daemons"
}
trap_end() { # COMMAND...: to be run when the test ends, whatever its verdict
	# shellcheck disable=SC2064  # now
	trap "$*" EXIT
}

# the lines of `mount` in the engine's container, or of any program: a value by key
value() { # TEXT KEY: of lines "key value"
	sed -n "s/^$2[ =:]*//p" <<<"$1" | head -1
}
# no cgroup of ours is left, once the one that the engine made as the parent of all is away too
end_cgroup() { # NAME
	find "$(cgroup_mount)/$1" -maxdepth 0 -type d -exec rmdir {} + 2>/dev/null || true
}
