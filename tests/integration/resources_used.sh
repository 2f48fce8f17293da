#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What husk itself takes: memory, time, and what stays behind of it while a container runs.
. "${0%/*}/lib.sh"

[[ $BUILD != */san-* && $BUILD != */coverage ]] || export INSTRUMENTED=1

test_memory_of_run_is_below_one_mebibyte() {
	! instrumented || skip "instrumented programs take more"
	bundle
	args /bin/true
	"$TOOLS/measure" m "$HUSK" --root "$ROOT" run --bundle "$B" "$ID" </dev/null
	note "$(cat m)"
	jq -e '.status == 0 and .peak_kb > 0 and .peak_kb < 1024' m >/dev/null || fail "$(cat m)"
	# what wait4 says, with everything that husk waited for
	jq -e '.tree_peak_kb < 1024' m >/dev/null || fail "with children: $(cat m)"
	# the control: a program that takes more is seen to take more
	"$TOOLS/measure" m "$TOOLS/probe" try eat 5 >/dev/null
	jq -e '.peak_kb > 5000' m >/dev/null
}

# other files run their husk at the same time: this one is a copy
own_processes() {
	local p
	for p in /proc/[0-9]*; do [ "$(readlink "$p/exe" 2>/dev/null)" != "$S/husk" ] || echo "$p"; done
}
own_process_is() { [ "$(own_processes)" = "/proc/$1" ]; }

test_nobody_stays_with_a_detached_container() {
	cp "$HUSK" "$S/husk"
	bundle
	args /bin/sleep 1000
	./husk --root "$ROOT" create --bundle "$B" --pid-file pid "$ID" >"$S/out" 2>"$S/err" </dev/null
	./husk --root "$ROOT" start "$ID"
	equal "processes of husk" '' "$(own_processes)"
	husk delete --force "$ID"
	# the control: one that stays is found
	./husk --root "$ROOT" run --bundle "$B" "$ID" </dev/null &
	eventually 20 own_process_is $!
	husk kill "$ID" KILL
	wait $! || true
}

test_pipes_of_the_caller_close_with_the_container() { # limit 20
	bundle
	args /bin/sh -c 'exec >&- 2>&-; sleep 1000'
	# husk must not keep the writing end: cat ends when the container closes its own
	(husk run --detach --bundle "$B" "$ID" </dev/null 2>&1) | timeout $((10 * TIMEOUT_FACTOR)) cat >/dev/null
	husk delete --force "$ID"
}

test_a_run_takes_less_than_a_second() {
	local i
	bundle
	args /bin/true
	# (the best of three: one may have had to wait for a processor)
	for i in 1 2 3; do
		"$TOOLS/measure" "m$i" "$HUSK" --root "$ROOT" run --bundle "$B" "$ID" </dev/null
	done
	jq -se --argjson f "$TIMEOUT_FACTOR" 'map(.ms) | min < 1000 * $f' m1 m2 m3 >/dev/null || fail "$(cat m1 m2 m3)"
}

run_tests "$@"
