#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Functions that a header declares and nothing of the program calls, whatever tests of them there are: used.sh FILE...
# Each name stands once in the sources where it is defined; a second time where it is used (a caller, a table, an attribute of a header).
set -euo pipefail
exec awk '
	{ sub(/\/\/.*/, "") }
	FILENAME ~ /\.h$/ {
		declared = $0
		if (declared ~ /^[a-z].*[ *][a-z_0-9]+\(/ && declared !~ /^(static|extern|typedef)/) {
			sub(/\(.*/, "", declared)
			sub(/.*[ *]/, "", declared)
			where[declared] = FILENAME ":" FNR
			count[declared]--
		}
	}
	{
		while (match($0, /[a-zA-Z_][a-zA-Z_0-9]*/)) {
			count[substr($0, RSTART, RLENGTH)]++
			$0 = substr($0, RSTART + RLENGTH)
		}
	}
	END {
		for (name in where)
			if (count[name] < 2) {
				print where[name] ": nothing calls " name "()"
				status = 1
			}
		exit status
	}' "$@"
