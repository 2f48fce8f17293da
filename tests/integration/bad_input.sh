#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Bad input gets one clear line and leaves nothing behind (the runner looks), and the machine's memory is not at its mercy.
. "${0%/*}/lib.sh"

# every case: status 1, one line that contains TEXT, no state
bad() { # TEXT [FILTER]: with the configuration changed by FILTER
	[ $# = 1 ] || config "$2"
	refused "$1" create --bundle "$B" "$ID"
	[ ! -e "$ROOT/$ID" ] || fail "state is left"
}
raw() { printf '%b' "$1" >"$B/config.json"; }

test_config_is_missing_or_empty() {
	bundle
	rm "$B/config.json"
	bad 'JSON specification file config.json not found'
	: >"$B/config.json"
	bad config.json
	raw '   \n'
	bad config.json
	refused 'nosuch' create --bundle "$S/nosuch" "$ID"
	touch file
	refused 'file' create --bundle "$S/file" "$ID"
}

test_config_is_truncated_anywhere() { # limit 120
	local size n
	bundle
	cp "$B/config.json" whole
	size=$(wc -c <whole)
	for n in 1 2 10 $(seq 100 $((size / 25)) $((size - 3))); do
		head -c "$n" whole >"$B/config.json"
		bad config.json
	done
}

test_config_is_no_json() {
	bundle
	for t in '[]' 'null' '1' '"x"' 'true' '{' '}' '{"a"}' "{'a':1}" '{"ociVersion":}' '\x00\x00' '{"a":1}garbage{'; do
		raw "$t"
		bad config.json
	done
}

test_config_is_enormous() {
	bundle
	rm "$B/config.json"
	truncate -s 2G "$B/config.json"
	bad config.json
	"$TOOLS/measure" m "$HUSK" --root "$ROOT" create --bundle "$B" "$ID" 2>/dev/null
	jq -e --argjson most "$(if instrumented; then echo 65536; else echo 8192; fi)" '.status == 1 and .peak_kb < $most and .ms < 5000' m >/dev/null || fail "$(cat m)"
}

test_config_is_deep() {
	bundle
	for open in '[' '{"a":'; do
		awk -v o="$open" 'BEGIN { printf "{\"x\":"; for (i = 0; i < 200000; i++) printf "%s", o }' >"$B/config.json"
		bad config.json
	done
	# the control: depth below the bound is fine
	bundle b2
	config '.annotations = {} | .unknown = [[[[[[[[[["deep"]]]]]]]]]]'
	args /bin/true
	husk run --bundle "$B" "$ID"
}

test_config_is_not_utf8() {
	bundle
	sed -i 's/"ociVersion"/"x": "\xff\xfe\x80", "ociVersion"/' "$B/config.json"
	bad config.json
	bundle b2
	config '.hostname = "a"'
	sed -i 's/"hostname": *"a"/"hostname": "\xc3\x28"/' "$B/config.json"
	bad config.json
}

test_config_is_no_regular_file() { # limit 60
	bundle
	rm "$B/config.json"
	mkdir "$B/config.json"
	bad config.json
	rmdir "$B/config.json"
	mkfifo "$B/config.json"
	bad config.json
	rm "$B/config.json"
	ln -s /dev/zero "$B/config.json"
	bad config.json
	ln -sf /dev/null "$B/config.json"
	bad config.json
	ln -sf config.json "$B/config.json"
	bad config.json
	rm "$B/config.json"
	is_root || {
		touch "$B/config.json"
		chmod 0 "$B/config.json"
		bad 'Permission denied'
	}
}

test_wrong_types() { # limit 120
	local f
	bundle
	cp "$B/config.json" whole
	for f in '.process = []' '.process.args = "sh"' '.process.args = [1]' '.process.env = {}' '.process.cwd = 1' '.process.user = 0' \
		'.process.user.uid = "0"' '.process.terminal = "no"' '.process.capabilities = []' '.process.rlimits = {}' '.root = "rootfs"' \
		'.root.path = 1' '.root.readonly = 1' '.mounts = {}' '.mounts[0] = "x"' '.mounts[0].options = "ro"' '.mounts[0].destination = null' \
		'.linux = []' '.linux.namespaces = {}' '.linux.namespaces[0] = "pid"' '.linux.resources = []' '.linux.maskedPaths = "/x"' \
		'.linux.sysctl = []' '.linux.sysctl = {"a":1}' '.linux.seccomp = []' '.hooks = []' '.hooks = {"prestart":{}}' '.hooks = {"prestart":[{}]}' \
		'.annotations = []' '.annotations = {"a":1}' '.hostname = 1' '.ociVersion = 1' '.linux.devices = [{}]' '.linux.cgroupsPath = 1'; do
		cp whole "$B/config.json"
		config "$f"
		# the place is named: the last key of the filter
		key=$(sed 's/ = .*//; s/.*\.//; s/\[.*//' <<<"$f")
		bad "$key"
	done
}

test_unknown_words() { # limit 60
	bundle
	cp "$B/config.json" whole
	for f in '.linux.namespaces[0].type = "nosuch"' '.process.rlimits = [{type:"nosuch",soft:1,hard:1}]' '.linux.rootfsPropagation = "nosuch"' \
		'.linux.seccomp = {defaultAction:"nosuch"}' '.process.scheduler = {policy:"nosuch"}' '.process.ioPriority = {class:"nosuch",priority:1}' \
		'.linux.personality = {domain:"nosuch"}' '.linux.memoryPolicy = {mode:"nosuch"}' '.ociVersion = "nosuch"' '.ociVersion = "2.0.0-nosuch"' \
		'.linux.devices = [{path:"/dev/x",type:"nosuch"}]'; do
		cp whole "$B/config.json"
		bad nosuch "$f"
	done
}

test_numbers_out_of_range() { # limit 60
	bundle
	cp "$B/config.json" whole
	for f in '.process.user.uid = -1' '.process.user.uid = 4294967296' '.process.user.gid = 1.5' '.process.user.umask = 4096' \
		'.process.user.additionalGids = [-1]' '.process.rlimits = [{type:"RLIMIT_NOFILE",soft:-1,hard:1}]' '.process.oomScoreAdj = 1001' \
		'.linux.devices = [{path:"/dev/x",type:"c",major:-2,minor:1}]' '.linux.devices = [{path:"/dev/x",type:"c",major:1,minor:99999999999}]'; do
		cp whole "$B/config.json"
		key=$(sed 's/ = \([0-9.-]*$\|.*[{,]\([a-z]*\):-.*\|.*,\([a-z]*\):9.*\|.*\)//; s/.*\.//' <<<"$f")
		case $f in *major:-2*) key=major ;; *minor:9*) key=minor ;; *soft:-1*) key=soft ;; esac
		bad "$key" "$f"
	done
	# jq rounds large numbers, so these are written by hand
	for f in 18446744073709551616 99999999999999999999999999 1e3 0x10 -0 01; do
		sed 's/"uid": *[0-9]*/"uid": '"$f"'/' whole >"$B/config.json"
		[ "$f" = 1e3 ] || [ "$f" = -0 ] || bad ''
	done
	# the control: the largest value is not lost in a double
	cp whole "$B/config.json"
	config '.process.rlimits = [{type:"RLIMIT_CORE",soft:0,hard:1}] | .process.args = ["/bin/true"]'
	sed -i 's/"hard": *1$/"hard": 18446744073709551615/; s/"hard": *1,/"hard": 18446744073709551615,/' "$B/config.json"
	[ "$(ulimit -Hc)" != unlimited ] || husk run --bundle "$B" "$ID"
}

test_rootfs_is_missing() {
	bundle
	mv "$B/rootfs" "$B/away"
	bad rootfs
	touch "$B/rootfs"
	bad rootfs
	rm "$B/rootfs"
	ln -s "$S/nosuch" "$B/rootfs"
	bad rootfs
	bad root 'del(.root)'
	bad path '.root = {}'
	bad path '.root = {path:""}'
}

test_ids() {
	local id
	bundle
	args /bin/true
	for id in . .. a/b ../x 'a b' 'a;b' $'a\nb' 'é' 'a:b' "$(printf 'x%.0s' $(seq 300))"; do
		refused 'invalid container ID format' create --bundle "$B" -- "$id"
		refused 'invalid container ID format' state -- "$id"
	done
	refused 'container id cannot be empty' create --bundle "$B" ''
	refused 'container id cannot be empty' delete ''
	for id in "$ID.a_B+c-9" "${ID}$(printf 'x%.0s' $(seq 200))"; do
		husk run --bundle "$B" "$id"
	done
	# the longest
	id=$ID$(printf 'x%.0s' $(seq $((255 - ${#ID}))))
	husk create --bundle "$B" "$id" </dev/null >out 2>err || fail "$(cat err)"
	equal "status" created "$(status_of "$id")"
	husk delete --force "$id"
	refused 'invalid container ID format' create --bundle "$B" "${id}x"
}

test_limit_of_descriptors() {
	bundle
	args /bin/true
	config '.process.rlimits = [{type:"RLIMIT_NOFILE",soft:5,hard:5}]'
	bad 'RLIMIT_NOFILE, process.rlimits) is 5, and until'
	config '.process.rlimits = [{type:"RLIMIT_NOFILE",soft:64,hard:64}]'
	husk run --bundle "$B" "$ID"
	refused 'is 64, and until the program is executed 100' run --preserve-fds 1000 --bundle "$B" "$ID"
	refused 'more than there can be' run --preserve-fds 2147483647 --bundle "$B" "$ID"
}

# a configuration is not to command the terminal of whoever reads the message
test_messages_command_no_terminal() {
	bundle
	args $'/no\e]0;title\a\xc2\x9b2Jsuch'
	refused '/no\x1b]0;title\x07\xc2\x9b2Jsuch' run --bundle "$B" "$ID"
	! husk --log log --log-format json run --bundle "$B" "$ID" 2>err || fail "it ran"
	contains "$(cat log)" '/no\u001b]0;title\u0007\u009b2Jsuch'
	config '.hooks.createContainer = [{path:"/no\u001bhook"}]'
	refused '/no\x1bhook' run --bundle "$B" "$ID"
	refused 'invalid container ID format: "a\x1b[2J"' state $'a\e[2J'
	# a plan too, where it is a terminal that gets it; else it is as it is
	config 'del(.hooks)'
	contains "$(husk run --dry-run --bundle "$B" --overlay $'/x\ey' "$ID")" $'/x\ey'
	script -qec "$HUSK --root $ROOT run --dry-run --bundle $B --overlay \"\$(printf '/x\\033y')\" $ID" /dev/null </dev/null >plan
	contains "$(cat plan)" '/x\x1by'
	lacks "$(cat plan)" $'\e'
}

test_words_and_numbers_that_mean_nothing() {
	bundle
	args /bin/true
	bad 'process.env[1]: must be NAME=VALUE' '.process.env = ["A=1", "B"]'
	bad 'linux.timeOffsets: has no member "foo"' '.process.env = ["A=1"] | .linux.namespaces += [{type:"time"}] | .linux.timeOffsets = {foo:{}}'
	bad 'linux.resources.pids.limit: -9 is out of range' 'del(.linux.timeOffsets) | .linux.resources.pids.limit = -9'
	bad 'linux.resources.cpu.quota: -7 is out of range' 'del(.linux.resources.pids) | .linux.resources.cpu.quota = -7'
	config 'del(.linux.resources)'
	args /bin/sleep 100
	husk run --detach --bundle "$B" "$ID" </dev/null >out 2>err
	STATUS=255 refused '--cap CAP_BOGUS: unknown capability' exec --cap CAP_BOGUS "$ID" /bin/true
	STATUS=255 refused '--env B: must be NAME=VALUE' exec --env B "$ID" /bin/true
	equal "the control" 1 "$(husk exec --cap CAP_KILL --env B=1 "$ID" /bin/sh -c 'echo $B')"
	husk delete --force "$ID"
}

test_state_root_that_is_a_link() {
	bundle
	mkdir -m 700 real
	ln -s real link
	ROOT=$S/link refused "state root $S/link: is a symbolic link: name the directory itself" run --bundle "$B" "$ID"
	equal "what is in it" '' "$(ls real)"
}

# a container that waits for its start and is killed is not, on its way out, one that runs
test_state_of_one_that_is_being_killed() {
	local i status
	bundle
	args /bin/true
	for i in $(seq 20); do
		husk create --bundle "$B" "$ID" </dev/null >out 2>err
		kill -9 "$(husk state "$ID" | jq .pid)"
		while :; do
			status=$(status_of "$ID")
			[ "$status" != running ] || fail "it is said to run"
			[ "$status" != stopped ] || break
		done
		husk delete "$ID"
	done
}

test_program_is_missing() {
	bundle
	args /nosuch
	bad '/nosuch'
	args nosuch
	bad 'executable file not found in $PATH'
}

# a limit of the size of files comes with a signal that would end husk in the middle of its work
limited() { # LIMIT ARG...: husk with it (what it prints goes through a pipe, for that has no size)
	{ (ulimit -f "$1" && shift && husk "$@" </dev/null 2>&1) || true; } | cat
}
test_limit_of_file_size() {
	local limit how
	bundle
	args /bin/sh -c 'echo through; { busybox dd if=/dev/zero of=/tmp/large bs=1024 count=200; } 2>/dev/null; echo $?'
	for limit in 0 4; do
		for how in run create 'run --detach'; do
			# shellcheck disable=SC2086  # words
			contains "$(limited $limit $how --bundle "$B" "$ID")" 'File too large: the limit of the size of files (ulimit -f) is too low'
			equal "state" '' "$(ls "$ROOT")"
		done
	done
	# what husk has in memory is no such file; and the program is ended by the signal, as without husk: 128 + 25
	contains "$(limited 100 run --bundle "$B" "$ID" | xargs)" 'through 153'
	args /bin/sleep 100
	husk run --detach --bundle "$B" "$ID" </dev/null >out 2>err
	if is_root; then
		for limit in 0 4; do
			equal "exec" through "$(limited $limit exec "$ID" /bin/echo through)"
		done
	else
		# a copy of husk itself is larger than that, and it is a file
		contains "$(limited 4 exec "$ID" /bin/echo through)" 'protect own binary: copy it to memory: File too large'
	fi
	husk delete --force "$ID"
}

test_state_on_a_full_disk() {
	is_root || skip "a plain user cannot mount a small file system"
	mkdir small
	mount -t tmpfs -o mode=700,size=16k,nr_inodes=12 small small
	dd if=/dev/zero of=small/fill bs=1k 2>/dev/null || true
	bundle
	args /bin/true
	ROOT=$S/small refused "state directory $S/small/$ID: No space left" create --bundle "$B" "$ID"
	equal "what is left in it" fill "$(ls small)"
	umount small
	# no inodes
	mount -t tmpfs -o mode=700,nr_inodes=3 small small
	touch small/a small/b 2>/dev/null || true
	ROOT=$S/small refused 'No space left' create --bundle "$B" "$ID"
	umount small
}

test_root_directory_is_unusable() {
	bundle
	args /bin/true
	touch file
	ROOT=$S/file refused "$S/file" create --bundle "$B" "$ID"
	ROOT=/ refused root create --bundle "$B" "$ID"
	is_root || ROOT=/sys/x refused '/sys/x' create --bundle "$B" "$ID"
	mkdir target
	ln -s target link
	ROOT=$S/link refused link create --bundle "$B" "$ID" 2>/dev/null || true
}

test_state_is_damaged() {
	local f command pid
	bundle
	args /bin/sleep 100
	for f in empty garbage missing 'running garbage'; do
		command=create
		[ "${f%% *}" != running ] || command='run --detach'
		husk $command --pid-file "$S/pid" --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null
		pid=$(cat "$S/pid")
		[ -e "/proc/$pid" ]
		case ${f##* } in
		empty) : >"$ROOT/$ID/state" ;;
		garbage) echo '{"pid":-5,"id":[]}' >"$ROOT/$ID/state" ;;
		missing) rm "$ROOT/$ID/state" ;;
		esac
		husk state "$ID" >out 2>err && [ "$(jq -r .status out)" != creating ] && fail "a damaged state ($f) was read: $(cat out)"
		husk list >list.out 2>list.err
		for command in state 'delete'; do
			contains "$(husk $command "$ID" 2>&1 || true)" "\`$ID\`" "husk delete --force $ID"
		done
		contains "$(cat list.err)" "\`$ID\`" "husk delete --force $ID"
		husk delete --force "$ID"
		[ ! -e "$ROOT/$ID" ]
		# its init is gone as well: its cgroup leads to it, or the note beside the record
		eventually 20 test ! -e "/proc/$pid"
	done
}

# create was killed before the copy of the configuration was there: a stopped container that can be seen and deleted
test_state_is_half_made() {
	local pid
	bundle
	args /bin/sleep 100
	husk create --bundle "$B" "$ID" </dev/null >out 2>err
	cp -a "$ROOT/$ID" half
	pid=$(husk state "$ID" | jq .pid)
	husk delete --force "$ID"
	mkdir -m 700 "$ROOT/$ID"
	jq -c '.pid = 0' half/state >"$ROOT/$ID/state"
	equal state stopped "$(status_of "$ID")"
	equal "list" "$ID" "$(husk list -q 2>list.err)"
	equal "message of list" '' "$(cat list.err)"
	refused "already exists" create --bundle "$B" "$ID"
	husk delete "$ID"
	[ ! -e "$ROOT/$ID" ]
	# one with a process had one
	cp -a half "$ROOT/$ID"
	rm "$ROOT/$ID/config.json"
	refused "husk delete --force $ID" state "$ID"
	husk list >list.out 2>list.err
	contains "$(cat list.err)" "\`$ID\`" "husk delete --force $ID"
	husk delete --force "$ID"
}

# whatever number of descriptors is too low: nothing is left
test_few_descriptors() { # limit 60
	local n status failed=0
	bundle
	args /bin/true
	for n in $(seq 5 24); do
		status=0
		(ulimit -n $n && exec "$HUSK" --root "$ROOT" run --bundle "$B" "$ID-$n" </dev/null >out 2>err) || status=$?
		[ $status = 0 ] || failed=$((failed + 1))
		[ ! -e "$ROOT/$ID-$n" ] || fail "limit $n (status $status, $(cat err)): state is left"
	done
	[ $failed -gt 3 ] || fail "no limit was too low"
	# what cannot be read for want of descriptors is not taken for damaged
	args /bin/sleep 100
	husk create --bundle "$B" "$ID" </dev/null >out 2>err
	for n in 5 6 7 8; do
		(ulimit -n $n && exec "$HUSK" --root "$ROOT" delete --force "$ID" </dev/null >out 2>err) || continue
		break
	done
	[ -e "$ROOT/$ID" ] || equal "cgroups that are left" '' "$(find "$(cgroup_mount)" -depth -type d -name "*$ID*")"
	husk delete --force "$ID"
}

test_fields_that_must_not_matter() {
	bundle
	config '.vendor = {"x":[1,2,{"y":null}]} | .process.unknown = 1 | .linux.unknown = {} | .mounts[0].unknown = true | .windows = {} | .process.user.username = "x" |
		.linux.devices = null | .hooks = null | .linux.seccomp = null | .annotations = null | .process.rlimits = null'
	args /bin/echo fine
	equal output fine "$(husk run --bundle "$B" "$ID")"
}

# a stack on which no message can be put together, and not even the program start
test_stack_limit_is_too_small() {
	local status=0
	! instrumented || skip "instrumented programs take more"
	(ulimit -S -s 16 && exec "$HUSK" --root "$ROOT" list) >out 2>err || status=$?
	equal status 1 $status
	equal message 'husk: the limit of the stack (ulimit -s) is below 64 KiB: too small to start a container' "$(cat err)"
	(ulimit -S -s 64 && exec "$HUSK" --root "$ROOT" list) >out
}
test_duplicate_keys_last_wins() {
	bundle
	args /bin/echo fine
	sed -i '0,/{/s//{"hostname":"first",/' "$B/config.json"
	equal output fine "$(husk run --bundle "$B" "$ID")"
}

test_large_but_right() {
	bundle
	config '.process.env += [range(3000) | "VARIABLE_\(.)=\("x" * 200)"] | .annotations = ([range(1000) | {key:"k\(.)",value:("v" * 100)}] | from_entries)'
	args /bin/sh -c 'env | wc -l'
	[ "$(husk run --bundle "$B" "$ID")" -gt 3000 ]
	config '.annotations = {} | .process.env = ["PATH=/bin"] | .mounts += [range(200) | {destination:"/m/\(.)",type:"tmpfs",source:"tmpfs",options:["size=4k"]}]'
	equal mounts 200 "$(run_shell 'grep -c " /m/" /proc/self/mountinfo')"
}

test_caller_without_stdio() {
	bundle
	args /bin/sh -c 'echo ran >/tmp/ran'
	husk run --bundle "$B" "$ID" <&- >&- 2>&- || true
	# whatever it says, no descriptor of its own may have become the container's standard output
	if [ -e "$B/rootfs/tmp/ran" ]; then equal file ran "$(cat "$B/rootfs/tmp/ran")"; fi
}

test_caller_in_a_removed_directory() {
	bundle
	args /bin/echo fine
	mkdir gone
	cd gone
	rmdir ../gone
	equal output fine "$(husk run --bundle "$B" "$ID")"
	cd "$S"
}

test_empty_environment() {
	bundle
	args /bin/echo fine
	equal output fine "$(env -i "$HUSK" --root "$ROOT" run --bundle "$B" "$ID")"
}

run_tests "$@"
