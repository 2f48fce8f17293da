# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Lanes of tests, some side by side, and one sum of what they counted. For `make check` and .ci/run:
#
#   lane TRACK NAME SECONDS COMMAND...   notes a lane; TRACK is "here" or "beside", SECONDS the most that it may take
#   lanes_run TITLE                      runs them and prints "TITLE: N passed, N failed, N skipped"; status 0 when none failed
#
# The lanes of a track run one after the other, the tracks side by side: a virtual machine leaves much of two processors idle.
# What "here" does is printed as it happens, what ran beside when it is over. A lane that fails does not stop the others. One
# that prints no counts is one test; status 77 is a skip that the lane has explained. lanes_limit: seconds for all of it; a lane
# that has no time left fails.
: "${lanes_limit:=3000}"
lanes_here=() lanes_beside=()
lanes_logs=$(mktemp -d) || exit 1
trap 'lanes_end; rm -rf "$lanes_logs"' EXIT
trap 'exit 130' INT TERM

lane() { # TRACK NAME SECONDS COMMAND...
	local track=$1
	shift
	case $track in
	here) lanes_here+=("$(printf '%q ' "$@")") ;;
	beside) lanes_beside+=("$(printf '%q ' "$@")") ;;
	esac
}

# Stops the machines when we are interrupted: the one that runs, and whatever was to follow. (What runs "here" is in our process
# group and has had the terminal's signal.)
lanes_end() {
	local running
	[ -n "${lanes_background:-}" ] || return 0
	running=$(pgrep -P "$lanes_background")
	kill "$lanes_background" 2>/dev/null
	[ -z "$running" ] || kill "$running" 2>/dev/null
}

# The sums of the last lines of each suite in a log; a suite of suites says "check: ..." and that is all that counts
lanes_count() { # LOG
	local a b c p=0 f=0 s=0 lines
	lines=$(sed -n 's/^check: \([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$1")
	[ -n "$lines" ] || lines=$(sed -n 's/^\([a-z-]*: \)\{0,1\}\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\2 \3 \4/p' "$1")
	while read -r a b c; do
		p=$((p + a)) f=$((f + b)) s=$((s + c))
	done <<<"${lines:-0 0 0}"
	echo "$p $f $s"
}

# runs one lane; its verdict goes to the file NAME.counts
lanes_one() { # live|held NAME SECONDS COMMAND...
	local how=$1 name=$2 most=$3 start=$SECONDS status log=$lanes_logs/$2 p f s left=$((lanes_limit - SECONDS))
	shift 3
	[ "$most" -le $left ] || most=$left
	echo "==== $name: $*" >"$log"
	if [ $left -le 0 ]; then
		echo "$name: no time is left" >>"$log"
		status=1
		[ $how = held ] || cat "$log"
	elif [ $how = live ]; then
		cat "$log"
		timeout --foreground -k 10 "$most" "$@" </dev/null 2>&1 | tee -a "$log"
		status=${PIPESTATUS[0]}
	else
		timeout -k 10 "$most" "$@" </dev/null >>"$log" 2>&1
		status=$?
	fi
	[ $status != 124 ] || echo "$name: not finished after $most s" | if [ $how = live ]; then tee -a "$log"; else cat >>"$log"; fi
	read -r p f s < <(lanes_count "$log")
	[ $((p + f + s)) -gt 0 ] || [ $status != 0 ] || p=1
	if [ $status = 77 ]; then
		s=$((s + 1)) status=0
	fi
	# one that fails although its counts do not say so is one failure more
	[ $status = 0 ] || [ "$f" -gt 0 ] || f=1
	echo "$((SECONDS - start)) $p $f $s" >"$log.counts.new"
	mv "$log.counts.new" "$log.counts"
}

# prints what ran beside and has ended since the last time
lanes_show() {
	local l name
	for l in "${lanes_beside[@]}"; do
		name=${l%% *}
		[ -e "$lanes_logs/$name.counts" ] && [ ! -e "$lanes_logs/$name.shown" ] || continue
		cat "$lanes_logs/$name"
		: >"$lanes_logs/$name.shown"
	done
}

lanes_run() { # TITLE
	local l name seconds p f s passed=0 failed=0 skipped=0
	lanes_background=''
	if [ ${#lanes_beside[@]} -gt 0 ]; then
		(
			trap - EXIT INT TERM
			for l in "${lanes_beside[@]}"; do eval "lanes_one held $l"; done
		) &
		lanes_background=$!
	fi
	for l in "${lanes_here[@]}"; do
		eval "lanes_one live $l"
		lanes_show
	done
	while [ -n "$lanes_background" ] && kill -0 "$lanes_background" 2>/dev/null; do
		lanes_show
		sleep 0.3
	done
	lanes_show
	lanes_background=''
	echo
	for l in "${lanes_here[@]}" "${lanes_beside[@]}"; do
		name=${l%% *}
		read -r seconds p f s <"$lanes_logs/$name.counts" || read -r seconds p f s <<<'0 0 1 0'
		passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
		printf '# %-16s %4d s  %5d passed %4d failed %4d skipped%s\n' "$name" "$seconds" "$p" "$f" "$s" "$([ "$f" = 0 ] || echo '   FAILED')"
	done
	echo "# $((${#lanes_here[@]} + ${#lanes_beside[@]})) lanes in $((SECONDS / 60)) min $((SECONDS % 60)) s"
	echo "$1: $passed passed, $failed failed, $skipped skipped"
	[ $failed = 0 ] && [ $((passed + skipped)) -gt 0 ]
}
