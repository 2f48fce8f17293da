#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The ten longest functions and the ten longest files, for the eye: functions.sh FILE...
echo "  longest functions:"
awk 'FNR == 1 { inside = 0 }
	/^[a-zA-Z].*\(/ && !/;[[:space:]]*$/ { head = $0; line = FNR }
	/^{/ { start = FNR; inside = 1 }
	/^}/ && inside { n = FNR - start - 1; name = head; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name); printf "%5d %s:%d %s\n", n, FILENAME, line, name; inside = 0 }' \
	"$@" | sort -rn | head -10 | sed 's/^/  /'
echo "  longest files:"
wc -l "$@" | grep -v ' total$' | sort -rn | head -10 | sed 's/^/  /'
