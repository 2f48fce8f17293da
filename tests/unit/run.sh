#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs unit test programs (libcheck) one after the other, each with a time limit, shows what fails, and
# closes with the counts.   tests/unit/run.sh build/tests/NAME...
set -uo pipefail
limit=${UNIT_TIMEOUT:-120}
passed=0 failed=0
for program in "$@"; do
	name=${program##*/}
	output=$(CK_VERBOSITY=normal timeout -k 5 "$limit" "$program" </dev/null 2>&1)
	status=$?
	# "88%: Checks: 9, Failures: 1, Errors: 0"
	read -r checks bad < <(sed -n 's/.*Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2 \3/p' \
		<<<"$output" | awk '{ c += $1; b += $2 + $3 } END { print c + 0, b + 0 }')
	[ "$status" != 124 ] || output+=$'\n'"not finished after $limit s"
	if [ "$status" = 0 ] && [ "$checks" -gt 0 ] && [ "$bad" = 0 ]; then
		echo "ok $name ($checks)"
	else
		[ "$bad" -gt 0 ] || bad=1
		[ "$checks" -gt 0 ] || output+=$'\n'"no check was reported"
		echo "not ok $name (status $status)"
		sed 's/^/# /' <<<"$output"
	fi
	failed=$((failed + bad))
	passed=$((passed + (checks > bad ? checks - bad : 0)))
done
[ $# -gt 0 ] || { echo "no unit tests found"; failed=1; }
echo "unit: $passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
