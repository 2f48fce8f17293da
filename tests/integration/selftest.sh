#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The watchdog of lib.sh watched: a test that leaves something behind must fail and say what. Each test here writes a small suite with one
# deliberate leak and runs it with a copy of the real runner.
. "${0%/*}/lib.sh"

# what is looked for all over the machine has a name that no other run of this file gives
export UNIQUE=$RANDOM$RANDOM

suite() { # writes the test file from standard input
	mkdir -p "$S/suite/skips"
	cp "$HERE/run" "$HERE/lib.sh" "$HERE/rows" "$S/suite/"
	{
		# shellcheck disable=SC2016  # for the other file
		echo '. "${0%/*}/lib.sh"'
		cat
		# shellcheck disable=SC2016
		echo 'run_tests "$@"'
	} >"$S/suite/leaky.sh"
}
# runs it; the output is in $SAID
run_suite() { # STATUS
	local status=0
	SAID=$(env -u TEST_SCRATCH -u TEST_ID -u TEST HUSK_LANE_READY=1 LANE="${LANE/vm-/native-}" BUILD="$BUILD" "$S/suite/run" leaky 2>&1 </dev/null) || status=$?
	equal "status ($SAID)" "$1" $status
}
caught() { # TEXT...: the one test of the suite has failed, with this
	run_suite 1
	contains "$SAID" 'not ok 1 - leaky:leak' ' 0 passed, 1 failed, 0 skipped' "$@"
}

test_clean_one_passes() {
	suite <<-'T'
		test_leak() { sleep 0.1 & touch "$S/x"; true; }
	T
	run_suite 0
	contains "$SAID" 'ok 1 - leaky:leak' '1..1' ' 1 passed, 0 failed, 0 skipped'
}

test_process() {
	suite <<-'T'
		test_leak() { sleep 1004.$UNIQUE & }
	T
	caught 'left behind: process' '(sleep)'
	[ -z "$(pgrep -f "sleep 1004.$UNIQUE")" ] || fail "it lives on"
}

test_process_that_has_detached_itself() {
	suite <<-'T'
		test_leak() { (setsid sh -c 'sleep 1005.$UNIQUE & sleep 0.1' &) >/dev/null 2>&1; sleep 0.5; }
	T
	caught 'left behind: process' '(sleep)'
	[ -z "$(pgrep -f "sleep 1005.$UNIQUE")" ] || fail "it lives on"
}

test_process_in_namespaces() {
	suite <<-'T'
		test_leak() { unshare --user --map-root-user --pid --mount --fork sleep 1006.$UNIQUE & sleep 0.5; disown; }
	T
	caught 'left behind: process'
	[ -z "$(pgrep -f "sleep 1006.$UNIQUE")" ] || fail "it lives on"
}

test_container() {
	suite <<-'T'
		test_leak() { bundle; args /bin/sleep 1007; husk create --bundle "$B" "$ID" >/dev/null 2>&1 </dev/null; }
	T
	caught 'left behind: process'
}

test_state() {
	suite <<-'T'
		test_leak() { mkdir "$ROOT/$ID"; }
	T
	caught 'left behind: state '
}

test_file() {
	suite <<-'T'
		test_leak() { touch "$TMPDIR/x"; }
	T
	caught 'left behind: file '
	suite <<-'T'
		test_leak() { touch "/dev/shm/$UNIQUE-$ID"; }
	T
	caught 'left behind: file /dev/shm/'
	rm /dev/shm/$UNIQUE-*
}

test_mount() {
	is_root || skip "a plain user's mounts end with their namespace"
	suite <<-'T'
		test_leak() { mkdir "$S/m"; mount -t tmpfs tmpfs "$S/m"; }
	T
	caught 'left behind: mount '
	lacks "$(cat /proc/self/mountinfo)" "$S/"
}

test_namespace() {
	is_root || skip "a plain user's mounts end with their namespace"
	suite <<-'T'
		test_leak() { touch "$S/ns"; unshare --uts="$S/ns" true; }
	T
	caught 'left behind: namespace '
	lacks "$(cat /proc/self/mountinfo)" "$S/"
}

test_cgroup() {
	has_cgroup || skip "a plain user has no cgroup here to divide"
	suite <<-'T'
		test_leak() { mkdir "$(cgroup_above)/left-$UNIQUE-$ID"; }
	T
	caught 'left behind: cgroup '
	[ -z "$(find "$(cgroup_mount)" -name "left-$UNIQUE-*")" ] || fail "it is still there"
}

test_time_is_bounded() {
	suite <<-'T'
		test_leak() { # limit 1
			sleep 1008.$UNIQUE
		}
	T
	caught 'not finished after'
	[ -z "$(pgrep -f "sleep 1008.$UNIQUE")" ] || fail "it lives on"
}

test_failures_are_failures() {
	suite <<-'T'
		test_leak() { false; true; }
	T
	caught '# line 2 of leaky.sh: false'
	suite <<-'T'
		test_leak() { equal 'the answer' 42 41; }
	T
	caught "the answer: wanted '42', found '41'"
	suite <<-'T'
		test_leak() { bundle; args /bin/true; refused nothing run --bundle "$B" "$ID"; }
	T
	caught 'succeeded; wanted a failure'
}

test_skips_must_be_listed() {
	suite <<-'T'
		test_leak() { skip "no reason at all"; }
	T
	caught 'skipped without leave'
	echo 'leaky:leak no reason at all' >"$S/suite/skips/${LANE/vm-/native-}"
	run_suite 0
	contains "$SAID" 'ok 1 - leaky:leak # SKIP no reason at all' ' 0 passed, 0 failed, 1 skipped'
}

test_file_that_ends_early() {
	suite <<-'T'
		echo 1..2
		echo "ok 1 - one"
		exit 0
	T
	run_suite 1
	contains "$SAID" 'leaky.sh ended before its last test'
}

run_tests "$@"
