#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compares what `husk help` and `husk help COMMAND` say with the manual pages: every command has a page and husk.8
# names it; every option stands in both, with the same letter, and takes a value in both or in neither.
#
# usage: tests/lint/options-in-man.sh [HUSK [MAN-DIRECTORY]]
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
husk=${1:-$top/build/husk}
man=${2:-$top/man}
failed=0

complain() {
	echo "options-in-man: $*" >&2
	failed=1
}

# "  -b, --bundle DIR     text" -> "-b --bundle ="; a line a option, sorted
options_of_help() {
	sed -nE 's/^  (-.,|   ) (--[a-z][a-z0-9-]*)( [^ ]+)?(  .*)?$/\1 \2 \3/p' |
		sed -E 's/, / /; s/^ +//; s/  [^ ]+$/ =/; s/ +$//' | sort
}

# ".It Fl b , Fl -bundle Ar dir" -> the same form
options_of_page() {
	sed -nE 's/^\.It (Fl ([^ -]) , )?Fl -([a-z][a-z0-9-]*)( (Ar|Oo) .*)?$/-\2 --\3 \4/p' "$1" |
		sed -E 's/^- //; s/  (Ar|Oo) .*$/ =/; s/ +$//' | sort
}

compare() { # page, text of help
	printf '%s\n' "$2" | options_of_help >"$scratch/help"
	options_of_page "$1" >"$scratch/page"
	diff "$scratch/help" "$scratch/page" >"$scratch/diff" ||
		complain "$1 differs from husk help (<: help, >: page):
$(grep '^[<>]' "$scratch/diff")"
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

overview=$("$husk" help)
commands=$(printf '%s\n' "$overview" | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
[ -n "$commands" ] || complain "husk help lists no commands"
[ -n "$(printf '%s\n' "$overview" | options_of_help)" ] || complain "husk help lists no options"
compare "$man/husk.8" "$overview"

for command in $commands; do
	page=$man/husk-$command.8
	if [ ! -f "$page" ]; then
		complain "$page is missing"
		continue
	fi
	compare "$page" "$("$husk" help "$command")"
	grep -q "^\.It Xr husk-$command 8" "$man/husk.8" || complain "husk.8 does not list husk-$command"
done

for page in "$man"/husk-*.8; do
	name=${page##*/husk-}
	printf '%s\n' "$commands" | grep -qx "${name%.8}" || complain "$page is about no command"
done
exit "$failed"
