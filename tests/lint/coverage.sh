#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Lines that the tests reached, by file, least covered first: coverage.sh BUILD
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
find "$1/spec" "$1/libcontainer" "$1/runtime" -name '*.gcno' 2>/dev/null | while read -r notes; do
	gcov -n -o "$notes" "$(sed "s|^$1/||; s|\.gcno$|.c|" <<<"$notes")" 2>/dev/null
done | awk -F"'" '/^File / { file = $2 } /^Lines executed:/ { split($0, a, /[:% ]+/); if (file ~ /\.c$/) { pct = a[3]; n = $0; sub(/.* of /, "", n); printf "%6.1f%% of %5d  %s\n", pct, n, file; total += n; hit += n * pct / 100 } file = "" }
	END { if (total) printf "%6.1f%% of %5d  (all)\n", 100 * hit / total, total }' | sort -n | uniq
