#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Many containers, one after the other and side by side, leave the machine as it was.
. "${0%/*}/lib.sh"

: "${MANY:=1000}"
[ "$TIMEOUT_FACTOR" = 1 ] || MANY=$((MANY / 10))

counts() { # what must not grow
	echo "mounts $(mounts_now "$S" | wc -l)" # (without those of other files)
	echo "cgroups $(find "$(cgroup_mount)" -type d -name "*$ID*" 2>/dev/null | wc -l)"
	echo "state $(find "$ROOT" -mindepth 1 | wc -l)"
	echo "descriptors $(find /proc/$$/fd | wc -l)"
}

test_a_thousand_runs() { # limit 200
	local i before
	bundle
	args /bin/true
	before=$(counts)
	for i in $(seq "$MANY"); do
		"$HUSK" --root "$ROOT" run --bundle "$B" "$ID-$i" </dev/null || fail "run $i: status $?"
	done
	equal counts "$before" "$(counts)"
}

test_parallel_creates_of_one_rootfs() { # limit 120
	local i pids=() before bad=0
	bundle
	args /bin/sleep 1000
	before=$(counts)
	for i in $(seq 64); do
		husk create --bundle "$B" "$ID-$i" >/dev/null 2>"err-$i" </dev/null &
		pids+=($!)
	done
	for i in $(seq 64); do wait "${pids[$((i - 1))]}" || { bad=$((bad + 1)) && cat "err-$i"; }; done
	equal "failed creates" 0 $bad
	equal "containers" 64 "$(husk list -q | wc -l)"
	equal "all created" 64 "$(husk list --format json | jq '[.[] | select(.status == "created")] | length')"
	equal "different processes" 64 "$(husk list --format json | jq '[.[].pid] | unique | length')"
	for i in $(seq 64); do husk delete --force "$ID-$i" & done
	wait
	equal counts "$before" "$(counts)"
}

test_one_name_wanted_by_many() { # limit 60
	local i round won
	bundle
	args /bin/sleep 1000
	for round in 1 2 3; do
		for i in $(seq 16); do
			(husk create --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null && echo won >"won-$round-$i") &
		done
		wait
		won=$(find . -maxdepth 1 -name "won-$round-*" | wc -l)
		equal "winners" 1 "$won"
		equal status created "$(status_of "$ID")"
		husk delete --force "$ID"
	done
}

test_execs_side_by_side() { # limit 60
	local i pids=() bad=0
	bundle
	args /bin/sleep 1000
	husk run --detach --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null
	for i in $(seq 32); do
		husk exec "$ID" /bin/echo "$i" >"out-$i" 2>&1 &
		pids+=($!)
	done
	for i in $(seq 32); do
		wait "${pids[$((i - 1))]}" || bad=$((bad + 1))
		equal "output $i" "$i" "$(cat "out-$i")"
	done
	equal failures 0 $bad
	husk delete --force "$ID"
}

test_commands_at_random() { # limit 120
	local i
	bundle
	args /bin/sleep 1000
	for i in $(seq 150); do
		case $((RANDOM % 7)) in
		0 | 1) husk create --bundle "$B" "$ID" ;;
		2) husk start "$ID" ;;
		3) husk kill "$ID" KILL ;;
		4) husk delete "$ID" ;;
		5) husk exec "$ID" /bin/true ;;
		6) husk state "$ID" ;;
		esac >/dev/null 2>&1 </dev/null &
		[ $((i % 4)) != 0 ] || wait
	done
	wait
	husk delete --force "$ID"
	[ ! -e "$ROOT/$ID" ]
	args /bin/echo fine
	equal afterwards fine "$(husk run --bundle "$B" "$ID")"
}

run_tests "$@"
