#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/integration/rows: every line has a row, once, and tests; every test that it names is there; every file of integration tests that
# is about the runtime is named.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
list=tests/integration/rows
bad=0 number=0
complain() {
	echo "rows: $*" >&2
	bad=1
}
declare -A have named rows
while IFS=: read -r file name; do have[$file:$name]=1; done < <(
	for f in tests/integration/*.sh; do sed -n "s/^test_\([a-z0-9_]*\)() {.*/$(basename "$f" .sh):\1/p" "$f"; done
	for f in tests/unit/*.c; do sed -n "s/^START_TEST(\(.*\))$/unit\/$(basename "$f" .c):\1/p" "$f"; done)
while IFS= read -r line; do
	number=$((number + 1))
	[[ $line == \#* || -z $line ]] && continue
	row=${line%% | *} tests=${line#* | }
	[ "$row" != "$line" ] || { complain "$list:$number: no ' | '" && continue; }
	[ -z "${rows[$row]:-}" ] || complain "$list:$number: '$row' is there twice"
	rows[$row]=1
	for test in $tests; do
		[ -n "${have[$test]:-}" ] || complain "$list:$number: there is no test $test"
		named[${test%%:*}]=1
	done
done <"$list"
for f in tests/integration/*.sh; do
	name=$(basename "$f" .sh)
	case $name in lib | selftest | many | demo) continue ;; esac # about the tests, or about all of it
	[ -n "${named[$name]:-}" ] || complain "no row of $list names a test of $f"
done
[ $bad = 0 ] && echo "rows: ${#rows[@]}"
exit $bad
