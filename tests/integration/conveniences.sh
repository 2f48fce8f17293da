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
	eventually 20 eval '[ "$(status_of $ID-a1)" = stopped ]'
	eventually 20 eval '[ "$(status_of $ID-a2)" = stopped ]'
	equal "one that does not match" running "$(status_of "$ID-b1")"
	# those that have stopped are passed over, and that nothing matches is no failure
	husk kill --regex "$ID" 0
	husk kill -r nothing-is-called-so KILL
	refused '--regex' kill --regex '(' KILL
	refused '--regex: the expression is empty' kill --regex '' KILL
	refused '--regex: the expression is empty' delete --regex ''
	refused 'unknown signal' kill --regex "$ID" NOSUCH
	husk delete -f -r "$ID"
}

test_delete_by_expression() {
	several a1 a2 b1
	husk kill "$ID-a1" KILL
	eventually 20 eval '[ "$(status_of $ID-a1)" = stopped ]'
	# all are tried, also after a failure
	refused "$ID-a2" delete --regex "$ID-a"
	refused 'does not exist' state "$ID-a1"
	equal "one that runs" running "$(status_of "$ID-a2")"
	husk delete --force --regex "^$ID-[ab]"
	equal "left" '' "$(husk list -q)"
	husk delete --regex nothing-is-called-so
}

# what a shell offers for the end of a command line, sorted, on one line
offered_by_bash() { # LINE
	local words last=${1##* }
	# (it takes --name=value for three words)
	[[ $last != *=* ]] || set -- "${1%=*} = ${last#*=}"
	read -ra words <<<"$(sed 's/=/ = /' <<<"${1% *}")"
	bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { COMPREPLY+=("<files>"); }; _husk; printf "%s\n" "${COMPREPLY[@]}"' - \
		"$S/completion" "${words[@]}" "${1##* }"
}
# (in a terminal; what it offers is what it gives to compadd)
offered_by_zsh() { # LINE
	mkdir -p functions
	cat >setup.zsh <<-'END'
		PS1=
		LISTMAX=1000
		setopt auto_list
		unsetopt zle_bracketed_paste beep auto_menu
		autoload -Uz compinit
		[[ $WAY = fresh ]] || compinit -u -D
		if [[ $WAY = fpath ]]; then
			cp $SCRIPT $HOME/functions/_husk
			fpath=($HOME/functions $fpath)
			compinit -u -D
		else
			source $SCRIPT
			(( ! $? )) || print "hit:it fails"
		fi
		_files() { print 'hit:<files>' }
		compadd() { local -a hits; builtin compadd -O hits "$@"; print -r -- hit:${^hits}; builtin compadd "$@" }
		# when the terminal is the line editor's
		zle-line-init() { print ready }
		zle -N zle-line-init
	END
	zsh -f -c '
		zmodload zsh/zpty
		zpty z "TERM=dumb HOME=$PWD SCRIPT=$1 WAY=${3-} COLUMNS=1000 exec zsh -f -i"
		zpty -w z "source ./setup.zsh"
		zpty -r z out "*ready*"
		zpty -w -n z "$2"$'\''\t'\''
		zpty -w z $'\''\C-u print fin""ished'\''
		zpty -r z out "*finished*"
		print -r -- $out
		zpty -d z' - "$S/completion" "$1" "${WAY:-}" | tr ' \r' '\n\n' | sed -n 's/.*hit://p'
}
offered_by_fish() { # LINE
	HOME=$PWD fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$S/completion" "$1" | sed "s/\t.*//; s/^--[a-z-]*=//; s,^$S.*,<files>,"
}
offers() { # LINE WORD...: exactly these
	local line=$1
	shift
	equal "$SHELL_HERE: $line" "$(printf '%s\n' "$@" | sort | xargs)" "$("offered_by_$SHELL_HERE" "$line" | sort -u | xargs)"
}

completes() { # SHELL
	SHELL_HERE=$1
	"$HUSK" completion "$1" >completion
	# what is asked for ids is the program at the start of the line
	mkdir -p bin
	ln -sf "$HUSK" bin/husk
	local PATH=$PWD/bin:$PATH
	offers 'husk sta' start state
	offers 'husk --cgroup-manager disabled sta' start state
	offers 'husk mounts ' add remove
	offers 'husk mounts re' remove
	offers 'husk completion ' bash zsh fish
	offers 'husk help upd' update
	offers 'husk run --pid' --pid-file --pidfd-socket
	offers 'husk --root /x run --det' --detach
	offers 'husk --roo' --root --rootless
	offers 'husk update --cpu-q' --cpu-quota
	# the words that an option's value is one of
	offers 'husk --log-format ' json text
	offers 'husk --log-format=j' json
	offers 'husk --log-level w' warning
	offers 'husk --cgroup-manager ' cgroupfs disabled systemd
	offers 'husk list --format ' json table
	offers 'husk list -f j' json
	offers 'husk ps --format t' table
	# (no word of a list, and no file either)
	offers 'husk run --preserve-fds '
	offers "husk run --console-socket $S/compl" '<files>'
	several a run
	offers "husk --root $ROOT kill " "$ID-a" "$ID-run"
	offers "husk --root=$ROOT kill --all $ID-r" "$ID-run"
	offers "husk --root $ROOT kill $ID-a ST" STOP
	offers "husk --root $ROOT kill --regex $ID-a ST" STOP
	offers "husk --root $ROOT update --memory 1m " "$ID-a" "$ID-run"
	offers "husk --root $ROOT mounts add " "$ID-a" "$ID-run"
	offers "husk --root $ROOT mounts add $ID-a $S/compl" '<files>'
	offers "husk --root $ROOT exec --tty " "$ID-a" "$ID-run"
	# that of a new one is nobody's yet
	lacks "$("offered_by_$SHELL_HERE" "husk --root $ROOT run ")" "$ID-a"
	# from here on the line is another program's
	lacks "$("offered_by_$SHELL_HERE" "husk --root $ROOT exec $ID-a ls --de")" --detach
	lacks "$("offered_by_$SHELL_HERE" "husk --root $S/nosuch kill ")" "$ID"
	husk delete --force --regex "$ID"
}
test_completion_of_bash() { completes bash; }
test_completion_of_zsh() { # limit 180
	command -v zsh >/dev/null || skip "there is no zsh here"
	completes zsh
	# and as a file that the shell loads when it needs it; and without compinit before
	WAY=fpath offers 'husk --cgroup-manager disabled sta' start state
	WAY=fpath offers 'husk list --format ' json table
	WAY=fresh offers 'husk sta' start state
}
test_completion_of_fish() { # limit 60
	command -v fish >/dev/null || skip "there is no fish here"
	completes fish
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

info() { # [ARG...] NAME: what info says of it, in its JSON form
	husk "${@:1:$#-1}" info --format json | jq -r --arg n "${!#}" '.[$n] // "nothing"'
}

test_info() {
	local controllers
	equal kernel "Linux $(uname -r) $(uname -m)" "$(info kernel)"
	equal processors "$(nproc --all)" "$(info processors)"
	equal memory "$(awk '$1 == "MemTotal:" { print $2 " kB" }' /proc/meminfo)" "$(info memory)"
	equal "state root" "$ROOT" "$(info 'state root')"
	controllers=$(cat "$(cgroup_mount)/cgroup.controllers" 2>/dev/null | tr ' ' '\n' | grep -xE 'cpuset|cpu|io|memory|hugetlb|pids|rdma|misc|dmem' | sort | xargs)
	[ -z "$(cgroup_mount)" ] || equal controllers "${controllers:-none}" "$(info controllers | tr ' ' '\n' | sort | xargs)"
	if has_cgroup; then
		[ -d "$(dirname "$(info 'cgroup of a container')")" ] || fail "$(info 'cgroup of a container')"
	else
		contains "$(info 'cgroup of a container')" none:
	fi
	equal privileges "$(is_root && echo 'root of the host' || echo 'rootless: a plain user, or in a user namespace')" "$(info privileges)"
	contains "$(info namespaces)" "cgroup ipc mnt net pid" "user uts"
	contains "$(info 'seccomp actions')" user_notif
	equal "what it says in two forms" "$(husk info --format json | jq -r 'to_entries[] | .key + " " + .value' | sort)" "$(husk info | sed 's/   */ /' | sort)"
	if is_root; then
		lacks "$(info capabilities)" CAP_SYS_CHROOT
		contains "$(setpriv --bounding-set -sys_chroot --inh-caps -all "$HUSK" info | grep ^capabilities)" 'all but' CAP_SYS_CHROOT
	fi
	refused 'invalid format' info --format yaml
}

run_tests "$@"
