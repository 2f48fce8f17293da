#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What people at a shell get beyond what engines ask for: regular expressions, completion.
. "${0%/*}/lib.sh"

several() { # SUFFIX...: containers that sleep
	bundle
	args /bin/sleep 100
	local s
	for s in "$@"; do
		husk create --bundle "$B" "$ID-$s" >/dev/null 2>err </dev/null
		husk start "$ID-$s"
	done
}

test_kill_by_expression() {
	several a1 a2 b1
	husk kill --regex "^$ID-a[0-9]$" KILL
	eventually 5 eval '[ "$(status_of $ID-a1)" = stopped ]'
	eventually 5 eval '[ "$(status_of $ID-a2)" = stopped ]'
	equal "one that does not match" running "$(status_of "$ID-b1")"
	# those that have stopped are passed over, and that nothing matches is no failure
	husk kill --regex "$ID" 0
	husk kill -r nothing-is-called-so KILL
	refused '--regex' kill --regex '(' KILL
	refused 'unknown signal' kill --regex "$ID" NOSUCH
	husk delete -f -r "$ID"
}

test_delete_by_expression() {
	several a1 a2 b1
	husk kill "$ID-a1" KILL
	eventually 5 eval '[ "$(status_of $ID-a1)" = stopped ]'
	# all are tried, also after a failure
	refused "$ID-a2" delete --regex "$ID-a"
	refused 'does not exist' state "$ID-a1"
	equal "one that runs" running "$(status_of "$ID-a2")"
	husk delete --force --regex "^$ID-[ab]"
	equal "left" '' "$(husk list -q)"
	husk delete --regex nothing-is-called-so
}

# COMPREPLY for a command line, the last word being completed
completed() { # WORD...
	bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _husk; printf "%s\n" "${COMPREPLY[@]}"' - \
		"$S/completion" "$@" 2>/dev/null | sort | tr '\n' ' '
}

test_completion_of_bash() {
	"$HUSK" completion bash >completion
	bash -n completion
	contains " $(completed husk '')" ' run ' ' exec ' ' completion '
	equal commands 'start state ' "$(completed husk sta)"
	equal options '--pid-file --pidfd-socket ' "$(completed husk run --pid)"
	equal "behind a global option" '--detach ' "$(completed husk --root /x run --det)"
	equal "global ones" '--root --rootless ' "$(completed husk --roo)"
	equal "a value" ' ' "$(completed husk run --preserve-fds '')"
	several a b
	equal ids "$ID-a $ID-b " "$(completed "$HUSK" --root "$ROOT" kill '')"
	husk delete --force --regex "$ID"
}

# every option of every command is in every script, and the shells that are here read them
test_completion_has_every_option() {
	local command option shell
	for shell in bash zsh fish; do
		"$HUSK" completion $shell >completion.$shell
		if command -v $shell >/dev/null; then $shell -n completion.$shell; fi
		for command in $("$HUSK" help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
			grep -qw "$command" completion.$shell || fail "$shell: no $command"
			for option in $("$HUSK" help "$command" | sed -n 's/^  .*--\([a-z][a-z0-9-]*\).*/\1/p'); do
				[ "$option" != help ] || continue
				grep -qE -e "(--| -l )$option([^a-z-]|\$)" completion.$shell || fail "$shell: no --$option of $command"
			done
		done
	done
	refused 'bash, zsh and fish' completion csh
}

run_tests "$@"
