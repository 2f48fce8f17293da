# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What every integration test file begins with:   . "${0%/*}/lib.sh"   and ends with:   run_tests "$@"
#
# A test is a function test_NAME. It runs in a shell of its own with `set -e`, so a command that fails fails the test; skip REASON
# ends it without a verdict (the reason must stand in skips/LANE). It has a scratch directory ($S, removed afterwards), a state root
# ($ROOT) and ids that begin with $ID. When it is over, nothing may be left: no process (build/tests/guard looks), mount,
# cgroup, state entry or file.
#
# Output is TAP. Environment: BUILD (where husk and tests/ are), LANE, TEST (only this function, or these), TIMEOUT_FACTOR, TIMES=1 (how long
# each test took, as a comment).
set -uo pipefail

HERE=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
TOP=${HERE%/*/*}
BUILD=${BUILD:-build}
[[ $BUILD = /* ]] || BUILD=$TOP/$BUILD
HUSK=$BUILD/husk
TOOLS=$BUILD/tests
LANE=${LANE:-native-$([ "$(id -u)" = 0 ] && echo root || echo user)}
FILE=${0##*/} FILE=${FILE%.sh}
# where its tests stand: what it includes may add to it
TEST_FILES=("$0")
: "${TIMEOUT_FACTOR:=1}"
export LC_ALL=C

# Debian's jq takes thirty milliseconds to start, and half a second in a virtual machine; a test calls it ten times.
if command -v gojq >/dev/null; then
	jq() { # (it sorts keys anyway, and knows no option for it)
		[ "$1" != -S ] || shift
		gojq "$@"
	}
	export -f jq
fi

# ---- verdicts ------------------------------------------------------------------------------------

fail() { # TEXT: this test has failed
	echo "# $*" >&2
	trap - ERR
	exit 1
}
skip() { # REASON
	echo "$*" >"$S.skip"
	trap - ERR
	exit 77
}
note() { echo "# $*"; }

equal() { # WHAT WANTED FOUND
	[ "$2" = "$3" ] || fail "$1: wanted '$2', found '$3'"
}
contains() { # TEXT PART...
	local text=$1 part
	shift
	for part in "$@"; do [[ $text == *"$part"* ]] || fail "'$part' is not in: $text"; done
}
lacks() { # TEXT PART
	[[ $1 != *"$2"* ]] || fail "'$2' is in: $1"
}
# SECONDS COMMAND...: repeats it until it succeeds. The seconds are for a machine that is busy with other things: few only where a
# later success would be none.
eventually() {
	local end=$((SECONDS + $1 * TIMEOUT_FACTOR))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || fail "did not come about: $*"
		sleep 0.02
	done
}

# ---- husk ----------------------------------------------------------------------------------------

husk() { "$HUSK" --root "$ROOT" "$@"; }

# refused TEXT ARG...: husk ARG... must fail with status 1 (or $STATUS), say TEXT in one line on standard error, and nothing else
refused() {
	local text=$1 status=0
	shift
	husk "$@" >"$S/refused.out" 2>"$S/refused.err" </dev/null || status=$?
	[ $status -ne 0 ] || fail "husk $* succeeded; wanted a failure with '$text'"
	equal "status of husk $*" "${STATUS:-1}" $status
	equal "lines of the message ($(cat "$S/refused.err"))" 1 "$(wc -l <"$S/refused.err")"
	contains "$(cat "$S/refused.err")" "$text"
	equal "standard output of a failure" '' "$(cat "$S/refused.out")"
}
status_of() { husk state "$1" | jq -r .status; }

# sets MAPPABLE: a directory on a file system whose mounts can be id-mapped. tmpfs can since Linux 6.3; before, one on a disk serves.
mappable() {
	MAPPABLE=$S
	[ "$(stat -fc %T "$S")" = tmpfs ] || return 0
	[ "$(uname -r | awk -F. '{ print $1 * 1000 + $2 }')" -lt 6003 ] || return 0
	[ "$(stat -fc %T /var/tmp)" != tmpfs ] || skip "Linux $(uname -r) cannot map tmpfs, and /var/tmp is one, too"
	MAPPABLE=/var/tmp/husk-$ID
	mkdir "$MAPPABLE"
	trap 'rm -rf "$MAPPABLE"' EXIT
}

# a new bundle in $S/NAME (default: bundle): busybox, the probe, and husk's own default configuration without a terminal and with a writable root
bundle() {
	B=$S/${1:-bundle}
	mkdir -p "$B"
	rm -f "$B/config.json"
	if [ -d "${BUNDLE_TEMPLATE:-}" ]; then
		cp -a "$BUNDLE_TEMPLATE/." "$B"
	else
		make_bundle "$B"
	fi
}
make_bundle() { # DIR
	make_new_rootfs "$1/rootfs"
	if is_root; then "$HUSK" spec --bundle "$1"; else "$HUSK" spec --rootless --bundle "$1"; fi
	B=$1 config '.process.terminal = false | .root.readonly = false'
}
make_rootfs() { # DIR
	if [ -d "${BUNDLE_TEMPLATE:-}" ]; then
		mkdir -p "$1"
		cp -a "$BUNDLE_TEMPLATE/rootfs/." "$1"
	else
		make_new_rootfs "$1"
	fi
}
make_new_rootfs() { # DIR
	local applet
	mkdir -p "$1"/{bin,dev,etc,proc,sys,tmp,run,root,var,usr/bin}
	cp "$(command -v busybox)" "$1/bin/busybox"
	cp "$TOOLS/probe" "$TOOLS/true" "$1/bin/"
	for applet in sh cat echo ls sleep mount umount id env pwd mkdir rm ln touch stat kill test chmod chown head wc grep ps \
		hostname printf dd sync readlink mknod false sha256sum tr sort stty tee trap find; do
		ln -sf busybox "$1/bin/$applet"
	done
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n1000:x:0:0:a trap:/trap:/bin/sh\n' \
		>"$1/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\n' >"$1/etc/group"
}
config() { # [JQ-OPTION...] FILTER: edits $B/config.json
	jq "$@" <"$B/config.json" >"$B/config.new"
	mv "$B/config.new" "$B/config.json"
}
args() { # PROGRAM ARG...: the container's program
	# (an x in front, for jq takes what begins with - for an option of its own)
	config '.process.args = [$ARGS.positional[] | .[1:]]' --args "${@/#/x}"
}
config_args_see() { args /bin/probe see "$@"; }

# runs the probe in a container with the bundle at hand; what it saw is then asked with `seen`
run_probe() { # [SYSCTL...]
	config_args_see "$@"
	husk run --bundle "$B" "$ID" >"$S/seen" || fail "husk run: status $?"
	# (jq finds nothing untrue of nothing)
	[ -s "$S/seen" ] || fail "the probe saw nothing"
}
seen() { # FILTER: what the probe saw, raw
	jq -r "$@" "$S/seen"
}
check() { # FILTER that must be true of what the probe saw
	jq -e "$@" "$S/seen" >/dev/null || fail "not true of what was seen: $*"
}
# runs `probe try ARG...` in a container; the lines are in $S/tried
run_tries() {
	args /bin/probe try "$@"
	husk run --bundle "$B" "$ID" >"$S/tried" || fail "husk run: status $?"
}
tried() { # FILTER that must be true of one of the lines
	jq -se "any(.[]; $1)" "$S/tried" >/dev/null || fail "no try was: $1 (tried: $(cat "$S/tried"))"
}
run_shell() { # SCRIPT: prints what it prints
	args /bin/sh -c "$1"
	husk run --bundle "$B" "$ID"
}
mount_seen() { # POINT FILTER: of the uppermost mount there, must be true
	local found
	found=$(jq -c '[.mounts[] | select(.point == $p)] | last' --arg p "$1" "$S/seen")
	jq -e "$2" <<<"$found" >/dev/null || fail "not true of the mount on $1: $2: $found"
}

# ---- where we are --------------------------------------------------------------------------------

is_root() { [ $EUID = 0 ]; }
# where the cgroup2 tree is (asked once, by the runner)
if [ -z "${CGROUPS:-}" ]; then
	CGROUPS=/sys/fs/cgroup
	[ "$(stat -fc %T $CGROUPS)" = cgroup2fs ] || CGROUPS=/sys/fs/cgroup/unified
	export CGROUPS
fi
is_unified() { [ $CGROUPS = /sys/fs/cgroup ]; }
# the cgroup that a container without a path is made in: the parent of our own
cgroup_above() {
	local own
	own=$(sed -n 's/^0:://p' /proc/self/cgroup)
	own=${own%/*}
	echo "$(cgroup_mount)$own"
}
# can limits be set here: the controllers are in the cgroup2 tree, and the place for the container is ours
has_controllers() { # [CONTROLLER...]
	local c where
	where=$(cgroup_mount)
	if ! is_root; then
		where=$(cgroup_above)
		[ -w "$where/cgroup.procs" ] || return 1
	fi
	for c in "${@:-memory}"; do grep -qw "$c" "$where/cgroup.controllers" || return 1; done
}
# can a cgroup be made, with limits or without
has_cgroup() { is_root || [ -w "$(cgroup_above)/cgroup.procs" ]; }
cgroup_mount() { echo $CGROUPS; }
# a build with sanitizers, which takes more of everything
instrumented() { grep -q __asan_init "$HUSK"; }
can() { # CAP_X: this process has it
	local n
	case $1 in
	CAP_SYS_ADMIN) n=21 ;; CAP_SYS_NICE) n=23 ;; CAP_SYS_RESOURCE) n=24 ;; CAP_MKNOD) n=27 ;; CAP_BPF) n=39 ;;
	esac
	(((0x$(sed -n 's/^CapEff:\s*//p' /proc/self/status) >> n) & 1))
}

# ---- the runner ----------------------------------------------------------------------------------

# Everything a test could leave behind, but processes (guard looks for these). A namespace that outlives its processes is one that
# something was mounted on or that a process holds open. (Files run side by side in one mount namespace: another test's scratch
# directory is its own affair. Few programs here and below: each costs a tenth of a second in a virtual machine.)
mounts_now() { # SCRATCH
	local lines line field what
	mapfile -t lines </proc/self/mountinfo
	for line in "${lines[@]}"; do
		read -ra field <<<"$line"
		# (other tests have theirs in $S, or in what mappable makes)
		[[ ${field[4]} != *husk-t* || ${field[4]} == *"$1"* || ${field[4]} == *"husk-$TEST_ID/"* ]] || continue
		what=mount
		[[ $line != *' - nsfs '* ]] || what=namespace
		echo "$what ${field[4]}"
	done
}
left_behind() { # ID SCRATCH MOUNTS-BEFORE
	local now
	now=$(mounts_now "$2")
	[ "$now" = "$3" ] || comm -13 <(sort <<<"$3") <(sort <<<"$now")
	find "$CGROUPS" "$2/state" "$2/tmp" -mindepth 1 '(' -path "$2/state/*" -printf 'state %p\n' -o -path "$2/tmp/*" -printf 'file %p\n' -o \
		-name "*$1*" -type d -printf 'cgroup %p\n' ')' 2>/dev/null
	find /run/husk "${XDG_RUNTIME_DIR:-/run}/husk" /dev/shm /tmp /var/tmp /run -maxdepth 2 -path "${2%/*}" -prune -o \
		-name "*$1*" -printf 'file %p\n' 2>/dev/null
}

# one test, in the process that guard watches
run_one() { # NAME
	S=$TEST_SCRATCH ID=$TEST_ID ROOT=$TEST_SCRATCH/state
	cd "$S" || exit 1
	export TMPDIR=$S/tmp
	declare -F "$1" >/dev/null || { echo "# $FILE.sh has no test of this name" && exit 1; }
	set -eE
	trap 'echo "# line $LINENO of $FILE.sh: $BASH_COMMAND" >&2; [ ! -s "$S/err" ] || sed "s/^/# err: /" "$S/err" >&2' ERR
	"$1"
	set +eE
	trap - ERR
}

# makes room again after a test that failed: only what has its name
sweep() { # SCRATCH ID
	local dir i
	for dir in "$1"/state/*/; do
		[ ! -d "$dir" ] || timeout 10 "$HUSK" --root "$1/state" delete --force "$(basename "$dir")" >/dev/null 2>&1
	done
	awk '{ print $5 }' /proc/self/mountinfo | grep -F "$1" | sort -r | while read -r dir; do umount -l "$dir" 2>/dev/null; done
	for i in 1 2 3; do
		find "$(cgroup_mount)" -depth -type d -name "*$2*" 2>/dev/null | while read -r dir; do
			[ ! -e "$dir/cgroup.kill" ] || echo 1 >"$dir/cgroup.kill"
			find "$dir" -depth -type d -exec rmdir {} + 2>/dev/null
		done
		sleep 0.0$i
	done
}

run_tests() {
	local tests t n=0 start before after status reason bad=0 scratch limit skips=$HERE/skips/$LANE
	if [ "${1:-}" = --one ]; then
		run_one "$2"
		exit $?
	fi
	[ -e "$HUSK" ] || { echo "Bail out! there is no $HUSK: run make first"; exit 2; }
	mapfile -t tests < <(sed -n 's/^\(test_[a-z0-9_]*\)() {.*/\1/p' "${TEST_FILES[@]}")
	if [ -n "${TEST:-}" ]; then
		read -ra tests <<<"$TEST"
		tests=("${tests[@]#test_}") && tests=("${tests[@]/#/test_}")
	fi
	echo "1..${#tests[@]}"
	for t in "${tests[@]}"; do
		n=$((n + 1))
		scratch=${TMPDIR:-/tmp}/husk-test.$$-$n-$RANDOM$RANDOM
		# (a name that no other test has, nor one of an earlier run whose process had the same number, nor a part of one: what is left
		# behind is found by it)
		printf -v TEST_ID 't%d-%d-%04x' $$ $n $RANDOM
		export TEST_SCRATCH=$scratch/s TEST_ID
		(umask 022 && mkdir "$scratch" "$scratch/s" "$scratch/s/tmp" && mkdir -m 700 "$scratch/s/state") || exit 2
		# a test may ask for more time in the comment of its first line:   test_x() { # limit 120
		limit=$(sed -n "s/^$t() {.*# limit \([0-9]*\).*/\1/p" "${TEST_FILES[@]}")
		limit=$((${limit:-30} * TIMEOUT_FACTOR))
		before=$(mounts_now "$TEST_SCRATCH")
		start=${EPOCHREALTIME/./}
		"$TOOLS/guard" "$limit" bash "$0" --one "$t" >"$scratch/log" 2>&1 </dev/null
		status=$?
		after=$(left_behind "$TEST_ID" "$TEST_SCRATCH" "$before")
		reason=''
		if [ $status = 77 ] && [ -e "$TEST_SCRATCH.skip" ]; then
			reason=$(<"$TEST_SCRATCH.skip")
			grep -q "^$FILE:${t#test_} " "$skips" 2>/dev/null || {
				echo "# skipped without leave: no line '$FILE:${t#test_} ...' in skips/$LANE ($reason)" >>"$scratch/log"
				status=1
			}
		fi
		if [ -n "$after" ] && [[ $status = 0 || $status = 77 ]]; then
			sed 's/^/# left behind: /' <<<"$after" >>"$scratch/log"
			status=99
		fi
		case $status in
		0) echo "ok $n - ${t#test_}" ;;
		77) echo "ok $n - ${t#test_} # SKIP $reason" ;;
		*)
			echo "not ok $n - ${t#test_}"
			tail -n 40 "$scratch/log" | sed 's/^# //; s/^/# /'
			bad=1
			sweep "$TEST_SCRATCH" "$TEST_ID" >/dev/null 2>&1
			;;
		esac
		[ -z "${TIMES:-}" ] || echo "# $FILE:${t#test_} took $(((${EPOCHREALTIME/./} - start) / 1000)) ms"
		# a rootless container may have made files of its own users
		rm -rf "$scratch" 2>/dev/null || unshare -r -m rm -rf "$scratch" 2>/dev/null ||
			{ chmod -R u+rwX "$scratch" && rm -rf "$scratch"; } 2>/dev/null
	done
	exit $bad
}
