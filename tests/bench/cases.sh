# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# The cases: case_NAME adds entries to the plan of tests/bench/interleave for each runtime in NAMES, with entry, or measures by
# itself. Results are files in $RESULTS; CASE is the name that they carry.
# shellcheck disable=SC2016 # the dollars in jq's filters are its own

# The plan of one runtime; the lines on standard input have {rt} for it (with its --root), {root} for the shared root.
entry() { # NAME [STATE-DIRECTORY [RUNTIME]]: RUNTIME when NAME is not its name
	local runtime=${3:-$1}
	echo "entry $1"
	[ -z "${ENVIRONMENT[$runtime]}" ] || echo "env ${ENVIRONMENT[$runtime]}"
	sed "s|{rt}|${PROGRAM[$runtime]} --root ${2:-$STATE/$1}|g; s|{floor}|${PROGRAM[floor]}|g; s|{bundles}|$BUNDLES|g; s|{root}|$BUNDLES/root|g; s|{tmp}|$SCRATCH|g"
}

# measure CASE: runs the plan on standard input, back to back and, when asked for, with pauses
measure() {
	local name=$1 plan=$RESULTS/$1.plan way ms
	cat >"$plan"
	for way in $WAYS; do
		ms=0
		[ "$way" = busy ] || ms=$IDLE_MS
		"$TOOLS/interleave" "$plan" "$RESULTS/$name.$way" "$N" "$ms" "$WARM" "$CASE_SECONDS" || {
			[ $? = 3 ] && echo "bench: $name ($way): stopped after $CASE_SECONDS s"
		}
	done
}

run_entries() { # BUNDLE FLOOR-OPTIONS [RUN-OPTIONS]
	local name
	for name in "${NAMES[@]}"; do
		if [ "$name" = floor ]; then
			entry floor <<<"time run {floor} $2 {root} /bin/true"
		else
			# shellcheck disable=SC2086
			entry "$name" <<-P
				time run {rt} run --bundle {bundles}/$1 ${3:-} {id}
				after {rt} delete --force {id}
			P
		fi
	done
}

case_run() { run_entries seccomp '' | measure run; }
case_run_plain() { run_entries plain -c | measure run_plain; }
case_run_user() { run_entries user '' | measure run_user; }
case_run_mounts() { run_entries mounts '' | measure run_mounts; }
case_run_engine() {
	[ -d "$BUNDLES/engine" ] || { skip "no engine's configuration" && return; }
	run_entries engine '' | measure run_engine
}

# husk's own option; nothing to compare with in the others, whose engines mount the overlay before
case_run_overlay() {
	local NAMES=(floor husk)
	run_entries seccomp '' '--overlay tmpfs' | measure run_overlay
}

case_run_cold() {
	local name
	for name in "${NAMES[@]}"; do
		if [ "$name" = floor ]; then
			entry floor <<<"time run {floor} {root} /bin/true"
		else
			entry "$name" <<-P
				before $HERE/cold_profile {bundles}/cold/config.json {bundles}/cold-$name/config.json {n}
				time run {rt} run --bundle {bundles}/cold-$name {id}
				after {rt} delete --force {id}
			P
		fi
	done | measure run_cold
}

case_run_rootless() {
	local name
	for name in "${NAMES[@]}"; do
		[ "$name" != floor ] || { entry floor <<<"time run {floor} {root} /bin/true" && continue; }
		install -d -o "$PLAIN_USER" -g "$PLAIN_USER" -m 700 "$STATE/user-$name"
		entry "$name" "$STATE/user-$name/husk-bench" <<-P
			uid $PLAIN_USER
			env XDG_RUNTIME_DIR=$STATE/user-$name
			time run {rt} run --bundle {bundles}/rootless {id}
			after {rt} delete --force {id}
		P
	done | measure run_rootless
}

case_lifecycle() { # create, start, delete
	local name
	for name in "${NAMES[@]}"; do
		if [ "$name" = floor ]; then
			entry floor <<-P
				time create {floor} -W {tmp}/{id} {root} /bin/true
				time start {floor} -R {tmp}/{id}
				time delete {floor} -D {out}
			P
		else
			entry "$name" <<-P
				time create {rt} create --bundle {bundles}/seccomp {id}
				time start {rt} start {id}
				time delete {rt} delete --force {id}
				after {rt} delete --force {id}
			P
		fi
	done | measure lifecycle
}

case_kill() { # a running container, until nothing of it is left
	local name
	for name in "${NAMES[@]}"; do
		if [ "$name" = floor ]; then
			entry floor <<-P
				before {floor} -k {root} /bin/idle
				time kill+delete {floor} -D {out}
			P
		else
			entry "$name" <<-P
				before {rt} run --detach --bundle {bundles}/idle {id}
				time kill {rt} kill {id} KILL
				time delete {rt} delete --force {id}
				after {rt} delete --force {id}
			P
		fi
	done | measure kill
}

case_exec() {
	local name
	for name in "${NAMES[@]}"; do
		if [ "$name" = floor ]; then
			# to a file: a pipe would not end before the container
			"${PROGRAM[floor]}" -k "$BUNDLES/root" /bin/idle </dev/null >"$SCRATCH/floor" 2>&1 || continue
			entry floor <<<"time exec {floor} -X $(cat "$SCRATCH/floor") . /bin/true"
		else
			runtime "$name" run --detach --bundle "$BUNDLES/idle" "exec-$name" || continue
			entry "$name" <<<"time exec {rt} exec exec-$name /bin/true"
		fi
	done >"$RESULTS/exec.entries"
	measure exec <"$RESULTS/exec.entries"
}

case_parallel() { # $PARALLEL at once
	local name N=$((N < 50 ? 2 : 5)) WARM=0 WAYS=busy
	for name in "${NAMES[@]}"; do
		if [ "$name" = floor ]; then
			entry floor <<-P
				many run $PARALLEL {floor} {root} /bin/true
				many create $PARALLEL {floor} -W {tmp}/{id}-{k} {root} /bin/idle
				each $PARALLEL {floor} -D {out}
			P
		else
			entry "$name" <<-P
				many run $PARALLEL {rt} run --bundle {bundles}/seccomp {id}-r{k}
				many create $PARALLEL {rt} create --bundle {bundles}/idle {id}-{k}
				each $PARALLEL {rt} delete --force {id}-{k}
			P
		fi
	done | measure parallel
}

# ---- many live containers ----------------------------------------------------------------------------------------

# starts up to LIVE idle containers of one runtime within LIVE_SECONDS, and prints how many there are
fill() { # NAME
	local name=$1
	if [ "$name" = floor ]; then
		entry floor <<<"many fill 50 {floor} -k {root} /bin/idle"
	else
		entry "$name" <<<"many fill 50 {rt} run --detach --bundle {bundles}/idle live-{n}-{k}"
	fi >"$RESULTS/fill.plan"
	"$TOOLS/interleave" "$RESULTS/fill.plan" "$RESULTS/fill-$name" $((LIVE / 50)) 0 0 "$LIVE_SECONDS"
	awk -F '\t' '$10 == 0 { n += $9 } END { print n + 0 }' "$RESULTS/fill-$name"
}

case_live() {
	local name count all=("${NAMES[@]}")
	for name in "${all[@]}"; do
		if ! memory_for "$LIVE"; then skip "$name: too little free memory for $LIVE containers" && continue; fi
		count=$(fill "$name")
		[ "$count" -gt 0 ] || { skip "$name: no container could be kept" && continue; }
		note "live: $name: $count containers"
		echo "$count" >"$RESULTS/live-$name.count"
		local NAMES=("$name") WAYS=busy WARM=2
		[ "$name" = floor ] || NAMES=(floor "$name") # the floor beside it, for what the host itself got slower
		run_entries seccomp '' | measure "live-$name"
		sweep
	done
}
memory_for() { # CONTAINERS: a MiB each is free
	[ "$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)" -gt "$1" ]
}

# ---- what a waiting or idle container keeps ----------------------------------------------------------------------

# appends a line "NAME WHEN RSS PSS PRIVATE DIRTY" (KiB); what is private and not dirty is pages of files that nobody else has mapped
rollup() { # NAME WHEN PID
	awk -v name="$1" -v when="$2" '/^Rss:/ { rss = $2 } /^Pss:/ { pss = $2 } /^Private_(Clean|Dirty):/ { p += $2 }
		/^Private_Dirty:/ { dirty = $2 } END { if (rss != "") print name, when, rss, pss, p, dirty }' "/proc/$3/smaps_rollup" 2>/dev/null >>"$RESULTS/memory"
}

case_memory() {
	local name i pid out
	: >"$RESULTS/memory"
	for name in "${NAMES[@]}"; do
		for i in 1 2 3 4 5; do
			if [ "$name" = floor ]; then
				"${PROGRAM[floor]}" -W "$SCRATCH/memory-$i" "$BUNDLES/root" /bin/idle </dev/null >"$SCRATCH/floor" 2>&1
				out=$(cat "$SCRATCH/floor") pid=${out%,*}
				settle && rollup floor created "$pid"
				"${PROGRAM[floor]}" -R "$SCRATCH/memory-$i"
				settle && rollup floor started "$pid"
				"${PROGRAM[floor]}" -D "$out"
			else
				runtime "$name" create --bundle "$BUNDLES/idle" --pid-file "$SCRATCH/pid" "memory-$i" || break
				pid=$(cat "$SCRATCH/pid")
				settle && rollup "$name" created "$pid"
				runtime "$name" start "memory-$i"
				settle && rollup "$name" started "$pid"
				runtime "$name" delete --force "memory-$i"
			fi
		done
	done
}
settle() { sleep 0.1; }

# ---- instructions ------------------------------------------------------------------------------------------------

case_count() {
	local name
	: >"$RESULTS/count"
	for name in "${NAMES[@]}"; do
		if [ "$name" = floor ]; then
			set -- "${PROGRAM[floor]}" "$BUNDLES/root" /bin/true
		else
			set -- "${PROGRAM[$name]}" --root "$STATE/$name" run --bundle "$BUNDLES/seccomp" "count-$name"
		fi
		echo "$name $(env ${ENVIRONMENT[$name]:+"${ENVIRONMENT[$name]}"} "$TOOLS/count" "$COUNT_SECONDS" "$@" 2>/dev/null </dev/null | tail -n 1)" \
			>>"$RESULTS/count"
		[ "$name" = floor ] || runtime "$name" delete --force "count-$name"
	done
}

# ---- does it grow with the host? ---------------------------------------------------------------------------------

# each is husk against husk in the same rounds, and the floor where the host is what is larger
case_scale() {
	local NAMES=(floor husk) WAYS=busy
	scale_bundles
	{
		entry floor <<<"time run {floor} {root} /bin/true"
		for name in seccomp masked long-profile large; do
			entry "$name" "$STATE/husk" husk <<-P
				time run {rt} run --bundle {bundles}/$name {id}
				after {rt} delete --force {id}
			P
		done
	} | measure scale
	mkdir -p "$SCRATCH/mounts" "$SCRATCH/empty"
	mount -t tmpfs -o nr_inodes=0 mounts "$SCRATCH/mounts"
	"$TOOLS/many_mounts" "$SCRATCH/empty" "$SCRATCH/mounts" "$HOST_MOUNTS" || skip "$HOST_MOUNTS mounts could not be made"
	run_entries seccomp '' | measure scale_mounts
	umount -l "$SCRATCH/mounts" # takes those below it along, at once; --recursive would read the list of mounts for each
}

scale_bundles() {
	local i
	mkdir -p "$BUNDLES/root/masked"
	for i in {0..499}; do : >"$BUNDLES/root/masked/$i"; done
	derive masked seccomp '.linux.maskedPaths += [range(500) | "/masked/\(.)"]'
	derive long-profile seccomp '[.linux.seccomp.syscalls[] | select(.action == "SCMP_ACT_ALLOW" and (has("args") | not)) | .names[]] as $names |
		.linux.seccomp.syscalls += [range(5000) | {names: [$names[. % ($names | length)]], action: "SCMP_ACT_ALLOW"}]'
	derive large seccomp '.annotations = ([range(8192) | {key: "org.example.key\(.)", value: ("x" * 96)}] | from_entries)'
}

# not a measurement: which instructions the commands execute, for `make layout`
case_layout() {
	local out=$RESULTS/touched low high husk=(${PROGRAM[husk]} --root "$STATE/husk")
	rm -rf "$out" && mkdir "$out" || return
	read -r low high < <(readelf -lW "$HUSK" | awk '$1 == "LOAD" && $8 == "E" { print $3, $6 }')
	high=$(printf %x $((low + high)))
	[ "$high" != 0 ] || { note "layout: no text in $HUSK" && return; }
	touched() { # NAME ARG...
		timeout "$CASE_SECONDS" "$TOOLS/touched" "$out/$1" "$low" "$high" "${husk[@]}" "${@:2}" </dev/null >/dev/null 2>&1 ||
			note "layout: $1 failed"
	}
	runtime husk run --bundle "$BUNDLES/seccomp" layout-0
	touched run run --bundle "$BUNDLES/seccomp" layout-1
	touched create create --bundle "$BUNDLES/idle" layout-2
	runtime husk delete --force layout-2
	runtime husk create --bundle "$BUNDLES/idle" layout-3
	touched start start layout-3
	runtime husk exec layout-3 /bin/true
	touched exec exec layout-3 /bin/true
	runtime husk delete --force layout-3
	runtime husk run --detach --bundle "$BUNDLES/idle" layout-4
	touched delete delete --force layout-4
	"$HERE/cold_profile" "$BUNDLES/cold/config.json" "$BUNDLES/cold-husk/config.json" $$
	touched cold run --bundle "$BUNDLES/cold-husk" layout-5
}
