#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Options of commands and words of the configuration that no other file shows: each with what it does, and what is without it.
. "${0%/*}/lib.sh"

add_mount() { # DESTINATION TYPE SOURCE OPTION...
	local d=$1 t=$2 s=$3
	shift 3
	config --arg d "$d" --arg t "$t" --arg s "$s" \
		'.mounts += [{destination:$d,type:$t,source:$s,options:$ARGS.positional}]' --args "$@"
}
running() { # [PROGRAM ARG...]
	[ $# -gt 0 ] || set -- /bin/sleep 100
	args "$@"
	husk create --bundle "$B" "$ID" >out 2>err </dev/null || fail "create: $(cat err)"
	husk start "$ID"
}

test_exec_cgroup() {
	has_cgroup || skip "a plain user has no cgroup here to divide"
	local own
	bundle
	running
	own=$(sed -n 's/^0:://p' "/proc/$(husk state "$ID" | jq .pid)/cgroup")
	mkdir "$(cgroup_mount)$own/sub"
	place() { # OPTION...: of a process that exec has made
		husk exec -d --pid-file pid "$@" "$ID" /bin/sleep 100 </dev/null >/dev/null 2>&1
		sed -n 's/^0:://p' "/proc/$(cat pid)/cgroup"
	}
	equal "without the option" "$own" "$(place)"
	equal "below it" "$own/sub" "$(place --cgroup sub)"
	equal "with controllers" "$own/sub" "$(place --cgroup cpu,memory:/sub)"
	equal "the container's own" "$own" "$(place --cgroup /)"
	STATUS=255 refused 'may not leave' exec --cgroup ../x "$ID" /bin/true
	STATUS=255 refused 'may not leave' exec --cgroup cpu:/sub/../../x "$ID" /bin/true
	STATUS=255 refused '--cgroup nosuch' exec --cgroup nosuch "$ID" /bin/true
	husk delete --force "$ID"
}

test_exec_ignore_paused() {
	has_cgroup || skip "a plain user has no cgroup here to freeze"
	bundle
	running
	husk pause "$ID"
	STATUS=255 refused 'cannot exec in a paused container' exec "$ID" /bin/true
	husk exec --ignore-paused "$ID" /bin/echo finished >late 2>late.err </dev/null &
	sleep 0.5
	equal "while it is frozen" '' "$(cat late)"
	husk resume "$ID"
	wait $! || fail "exec --ignore-paused: $(cat late.err)"
	equal "afterwards" finished "$(cat late)"
	husk delete --force "$ID"
}

# a profile that takes the network away; where the kernel has no AppArmor, it is refused in words
test_exec_apparmor_and_labels() {
	bundle
	if [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ] && command -v apparmor_parser >/dev/null && is_root; then
		printf 'profile husk-%s flags=(attach_disconnected) {\n  file,\n  capability,\n  signal,\n  mount,\n  unix,\n}\n' "$ID" >profile
		apparmor_parser -r profile
		running
		equal "without the option" unconfined "$(husk exec "$ID" cat /proc/self/attr/current)"
		equal "with it" "husk-$ID (enforce)" "$(husk exec --apparmor "husk-$ID" "$ID" cat /proc/self/attr/current)"
		STATUS=255 refused 'attr' exec --apparmor "husk-$ID-nosuch" "$ID" /bin/true
		husk delete --force "$ID"
		config --arg p "husk-$ID" '.process.apparmorProfile = $p'
		args /bin/cat /proc/self/attr/current
		equal "of init" "husk-$ID (enforce)" "$(husk run --bundle "$B" "$ID")"
		apparmor_parser -R profile
	else
		running
		STATUS=255 refused pparmor exec --apparmor aprofile "$ID" /bin/true
		husk delete --force "$ID"
	fi
	[ ! -d /sys/fs/selinux/class ] || return 0
	config 'del(.process.apparmorProfile)'
	running
	STATUS=255 refused elinux exec --process-label system_u:system_r:container_t:s0 "$ID" /bin/true
	husk exec "$ID" /bin/true
	husk delete --force "$ID"
}

# who takes over the orphans of a container without a pid namespace
test_run_no_subreaper() {
	is_root || skip "without a pid namespace a plain user cannot mount /proc"
	local option husk_pid orphan parent
	bundle
	config '.linux.namespaces |= map(select(.type != "pid")) | .linux.cgroupsPath = null'
	args /bin/sh -c '(sleep 101 & echo $! >/tmp/orphan); sleep 100'
	for option in '' --no-subreaper; do
		rm -f "$B/rootfs/tmp/orphan"
		# shellcheck disable=SC2086  # an option or nothing
		"$HUSK" --root "$ROOT" run $option --bundle "$B" "$ID" </dev/null >/dev/null 2>err &
		husk_pid=$!
		eventually 20 [ -s "$B/rootfs/tmp/orphan" ]
		orphan=$(cat "$B/rootfs/tmp/orphan")
		parent() { awk '{ print $4 }' "/proc/$orphan/stat"; }
		# (its first parent is a shell in the container, and ends)
		eventually 20 eval '[ "$(parent)" = 1 ] || [ "$(sed -n "s/^Name:\t//p" "/proc/$(parent)/status")" != sh ]'
		if [ -z "$option" ]; then
			equal "parent of an orphan" $husk_pid "$(parent)"
		else
			[ "$(parent)" != $husk_pid ] || fail "run $option has adopted an orphan"
		fi
		husk kill --all "$ID" KILL
		wait $husk_pid || true
		eventually 20 eval '! [ -d /proc/$orphan ] || [ "$(awk "{ print \$3 }" /proc/$orphan/stat)" = Z ]'
	done
}

test_mount_words() {
	bundle
	add_mount /lazy tmpfs tmpfs lazytime
	add_mount /lazynot tmpfs tmpfs lazytime nolazytime
	add_mount /dirsync tmpfs tmpfs dirsync
	add_mount /rsync tmpfs tmpfs rsync rmand
	add_mount /rdirsync tmpfs tmpfs rsync rdirsync rasync rnomand
	add_mount /async tmpfs tmpfs sync async
	add_mount /quiet tmpfs tmpfs silent loud mand nomand noiversion
	add_mount /again tmpfs tmpfs rw
	add_mount /again tmpfs tmpfs remount ro nosuid
	add_mount /symlinks tmpfs tmpfs nosymfollow symfollow
	add_mount /mq mqueue mqueue nosuid noexec nodev
	run_probe
	mount_seen /lazy '.super | index("lazytime") != null'
	mount_seen /lazynot '.super | index("lazytime") == null'
	mount_seen /dirsync '.super | index("dirsync") != null'
	mount_seen /rsync '.super | index("sync") != null'
	mount_seen /rdirsync '.super | index("dirsync") != null and index("sync") == null'
	mount_seen /async '.super | index("sync") == null'
	mount_seen /quiet '.type == "tmpfs"'
	mount_seen /again '.options | index("ro") and index("nosuid")'
	check '[.mounts[] | select(.point == "/again")] | length == 1'
	mount_seen /symlinks '.options | index("nosymfollow") == null'
	mount_seen /mq '.type == "mqueue"'
	mount_seen /sys '.type == "sysfs"'
}

# the words with r, each on a bind that has a mount below it
test_recursive_words() {
	is_root || skip "a plain user cannot mount below its source"
	local w
	bundle
	mkdir -p src/sub
	mount -t tmpfs -o mode=755 sub src/sub
	for w in rnosuid rnodev rnoexec rnoatime rnodiratime rnosymfollow; do add_mount "/$w" bind "$S/src" rbind $w; done
	add_mount /plain bind "$S/src" rbind nosuid
	run_probe
	for w in nosuid nodev noexec noatime nodiratime nosymfollow; do
		mount_seen "/r$w/sub" ".options | index(\"$w\") != null"
	done
	mount_seen /plain '.options | index("nosuid") != null'
	mount_seen /plain/sub '.options | index("nosuid") == null'
	umount src/sub
	mount -t tmpfs -o ro,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow,mode=755 sub src/sub
	for w in rrw rsuid rdev rexec ratime rrelatime rstrictatime rdiratime rnorelatime rnostrictatime rsymfollow; do add_mount "/$w" bind "$S/src" rbind $w; done
	run_probe
	mount_seen /rrw/sub '.options | index("rw") != null'
	mount_seen /rsuid/sub '.options | index("nosuid") == null'
	mount_seen /rdev/sub '.options | index("nodev") == null'
	mount_seen /rexec/sub '.options | index("noexec") == null'
	for w in ratime rrelatime rstrictatime rnorelatime rnostrictatime; do mount_seen "/$w/sub" '.options | index("noatime") == null'; done
	mount_seen /rstrictatime/sub '.options | index("relatime") == null'
	mount_seen /rdiratime/sub '.options | index("nodiratime") == null and index("noatime") != null'
	mount_seen /rsymfollow/sub '.options | index("nosymfollow") == null and index("nosuid") != null'
	umount src/sub
}

test_links_as_sources_and_targets() {
	bundle
	echo told >file
	ln -s /etc/passwd link
	ln -s file "$B/rootfs/etc/pointer"
	add_mount /copied bind "$S/link" bind copy-symlink
	add_mount /followed bind "$S/file" bind copy-symlink
	add_mount /etc/pointer bind "$S/file" bind dest-nofollow
	equal "what is there" "/etc/passwd told told" "$(run_shell 'readlink /copied; cat /followed /etc/pointer' | xargs)"
	[ ! -e "$B/rootfs/etc/file" ] || fail "the link of the destination was followed"
	add_mount /link bind "$S/link" bind src-nofollow
	husk run --bundle "$B" "$ID" >seen 2>err || true
	lacks "$(cat seen)" root:x
	# what is not followed is the link itself, in the container too
	ln -s "$S/file" link2
	config '.mounts |= map(select(.destination | test("^/(copied|followed|etc|link)") | not))'
	add_mount /plain bind "$S/link2" bind
	equal "followed without the word" told "$(run_shell 'cat /plain')"
	config '.mounts |= map(select(.destination != "/plain"))'
	add_mount /plain2 bind "$S/link2" bind src-nofollow
	args /bin/cat /plain2
	if husk run --bundle "$B" "$ID" >seen 2>err; then
		lacks "$(cat seen)" told
	fi
}

test_idmapped_mounts() {
	is_root || skip "a plain user cannot map mounts"
	mappable
	local maps='[{containerID:0,hostID:400000,size:65536}]'
	bundle
	mkdir -p "$MAPPABLE/src/sub"
	touch "$MAPPABLE/src/f"
	config ".linux.namespaces += [{type:\"user\"}] | .linux.uidMappings = $maps | .linux.gidMappings = $maps"
	chown -R 400000:400000 "$B/rootfs"
	add_mount /plain bind "$MAPPABLE/src" rbind
	add_mount /own bind "$MAPPABLE/src" rbind idmap
	add_mount /all bind "$MAPPABLE/src" rbind ridmap
	add_mount /line bind "$MAPPABLE/src" bind 'idmap=uids=0-400007-1;gids=0-400008-1'
	# what is mounted below it is mapped by the word with the r only
	# (of the same file system: an older kernel cannot map a tmpfs)
	mkdir "$MAPPABLE/below"
	touch "$MAPPABLE/below/g"
	mount --bind "$MAPPABLE/below" "$MAPPABLE/src/sub"
	equal "owners below" "65534:65534 0:0" "$(run_shell 'stat -c %u:%g /own/sub/g /all/sub/g' | xargs)"
	umount "$MAPPABLE/src/sub"
	equal "owners" "65534:65534 0:0 0:0 7:8" "$(run_shell 'stat -c %u:%g /plain/f /own/f /all/f /line/f' | xargs)"
	# mappings without the word are taken as well
	config '.mounts |= map(select(.destination != "/line")) | .mounts += [{destination:"/given",type:"bind",source:"'"$MAPPABLE"'/src",options:["rbind"],
		uidMappings:[{containerID:0,hostID:400009,size:1}],gidMappings:[{containerID:0,hostID:400009,size:1}]}]'
	equal "owner" 9 "$(run_shell 'stat -c %u /given/f')"
	config '.mounts[-1] |= del(.gidMappings)'
	refused 'gidMappings: is required beside uidMappings' run --bundle "$B" "$ID"
	config 'del(.mounts[-1], .linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(select(.type != "user"))'
	refused 'needs uidMappings and gidMappings or a user namespace' run --bundle "$B" "$ID"
}

# the container's user namespace is another container's: its mappings are taken all the same
test_idmapped_mounts_in_a_joined_user_namespace() {
	is_root || skip "a plain user cannot map mounts"
	mappable
	local init maps='[{containerID:0,hostID:100000,size:65536}]'
	bundle
	mkdir -p "$MAPPABLE/src/sub"
	touch "$MAPPABLE/src/f"
	chown 1000:1001 "$MAPPABLE/src/f"
	cp -a "$B" other
	chown -R 100000:100000 "$B/rootfs" other/rootfs
	config ".linux.namespaces += [{type:\"user\"}] | .linux.uidMappings = $maps | .linux.gidMappings = $maps"
	args /bin/sleep 100
	husk run --detach --bundle "$B" "$ID" </dev/null >out 2>err
	init=$(husk state "$ID" | jq .pid)
	B=$S/other
	config --arg p "/proc/$init/ns/user" '.linux.namespaces += [{type:"user",path:$p}]'
	add_mount /plain bind "$MAPPABLE/src" rbind
	add_mount /own bind "$MAPPABLE/src" rbind idmap
	add_mount /all bind "$MAPPABLE/src" rbind ridmap
	equal "owners" "65534:65534 1000:1001 1000:1001" "$(ID=$ID-2 run_shell 'stat -c %u:%g /plain/f /own/f /all/f' | xargs)"
	equal "idmapped" "/all /own" "$(ID=$ID-2 run_shell 'grep idmapped /proc/self/mountinfo' | awk '{ print $5 }' | sort | xargs)"
	# a mapping relative to the container's is relative to what the configuration says of it
	add_mount /line bind "$MAPPABLE/src" bind 'idmap=uids=@1000-5-1;gids=@1001-6-1'
	refused "@ needs linux.uidMappings and linux.gidMappings" run --bundle "$B" "$ID-2"
	config '.linux.uidMappings = [{containerID:0,hostID:0,size:1}] | .linux.gidMappings = .linux.uidMappings | .mounts[-1].options = ["bind","idmap=uids=@1000-0-1;gids=@1001-0-1"]'
	refused "@ needs linux.uidMappings and linux.gidMappings" run --bundle "$B" "$ID-2"
	config ".linux.uidMappings = $maps | .linux.gidMappings = $maps | .mounts[-1].options = [\"bind\",\"idmap=uids=@1000-5-1;gids=@1001-6-1\"]"
	equal "owner" 5:6 "$(ID=$ID-2 run_shell 'stat -c %u:%g /line/f')"
	husk delete --force "$ID"
	# the host's own cannot be taken
	config --arg p /proc/self/ns/user 'del(.linux.uidMappings, .linux.gidMappings, .mounts[-1]) | .linux.namespaces[-1].path = $p'
	refused 'idmap' run --bundle "$B" "$ID-2"
}

# a file system of its own is mapped, too, and its mode is that of what it covers; in a user namespace it belongs to the caller
test_idmapped_file_systems() {
	local init maps='[{containerID:0,hostID:400000,size:65536}]'
	bundle
	mkdir "$B/rootfs/new"
	chmod 1750 "$B/rootfs/new"
	if ! is_root; then
		add_mount /new tmpfs tmpfs idmap
		refused "/new: mount tmpfs: Operation not permitted: an idmapped file system belongs to the caller, and takes root's rights" run --bundle "$B" "$ID"
		return
	fi
	cp -a "$B" other
	chown -R 400000:400000 "$B/rootfs" other/rootfs
	config ".linux.namespaces += [{type:\"user\"}] | .linux.uidMappings = $maps | .linux.gidMappings = $maps"
	add_mount /new mqueue mqueue idmap
	refused '/new: idmap: this file system cannot' run --bundle "$B" "$ID"
	config '.mounts[-1] = {destination:"/new",type:"sysfs",options:["idmap"]}'
	refused '/new: only a bind or a file system with owners can be idmapped' run --bundle "$B" "$ID"
	config '.mounts[-1] = {destination:"/new",type:"tmpfs",options:["idmap"]}'
	if [ "$(uname -r | awk -F. '{ print $1 * 1000 + $2 }')" -lt 6003 ]; then
		refused '/new: idmap: this file system cannot' run --bundle "$B" "$ID"
		return
	fi
	add_mount /plain tmpfs tmpfs
	add_mount /line tmpfs tmpfs 'idmap=uids=0-400007-1;gids=0-400008-1' mode=711 ro
	args /bin/sleep 100
	husk run --detach --bundle "$B" "$ID" </dev/null >out 2>err || fail "run: $(cat err)"
	equal "idmapped" "/line /new" "$(husk exec "$ID" grep idmapped /proc/self/mountinfo | awk '{ print $5 }' | sort | xargs)"
	equal "what they look like" "0:0,1750 7:8,711 0:0,755" "$(husk exec "$ID" stat -c %u:%g,%a /new /line /plain | xargs)"
	husk exec "$ID" touch /new/file
	equal "a file of the container's root" 0:0 "$(husk exec "$ID" stat -c %u:%g /new/file)"
	! husk exec "$ID" touch /line/file 2>err || fail "what is read-only was written to"
	contains "$(cat err)" 'Read-only file system'
	# ... and into one that runs
	echo '[{"destination":"/live","type":"tmpfs","options":["idmap=uids=0-400009-1;gids=0-400009-1"]}]' >list
	husk mounts add "$ID" list
	equal "added" 9:9,755 "$(husk exec "$ID" stat -c %u:%g,%a /live)"
	# who is not there can be given no mode
	echo '[{"destination":"/none","type":"tmpfs","options":["idmap=uids=0-7-1;gids=0-7-1"]}]' >list
	refused 'mounts[0] /none: give it the mode of the directory that it covers' mounts add "$ID" list
	# the namespace is another container's
	init=$(husk state "$ID" | jq .pid)
	B=$S/other
	config --arg p "/proc/$init/ns/user" '.linux.namespaces += [{type:"user",path:$p}]'
	add_mount /new tmpfs tmpfs idmap
	equal "joined" "idmapped 0:0,1750" "$(ID=$ID-2 run_shell 'grep -o idmapped /proc/self/mountinfo; stat -c %u:%g,%a /new' | xargs)"
	husk delete --force "$ID"
}

test_keep_original_groups() {
	is_root || skip "a plain user has its own groups only"
	bundle
	config_args_see
	setpriv --groups 7,8 "$HUSK" --root "$ROOT" run --bundle "$B" "$ID" >seen
	equal "groups without the annotation" '' "$(seen '.groups | join(" ")')"
	config '.annotations["run.oci.keep_original_groups"] = "1"'
	setpriv --groups 7,8 "$HUSK" --root "$ROOT" run --bundle "$B" "$ID" >seen
	equal "groups with it" '7 8' "$(seen '.groups | sort | join(" ")')"
	# of further processes: what their own caller has
	start_kept() { args /bin/sleep 100 && husk create --bundle "$B" "$ID" >/dev/null 2>err </dev/null && husk start "$ID"; }
	start_kept
	setpriv --groups 9 "$HUSK" --root "$ROOT" exec "$ID" /bin/probe see >seen
	equal "groups of exec" 9 "$(seen '.groups | join(" ")')"
	husk delete --force "$ID"
	config_args_see
	config '.annotations[] = "0"'
	setpriv --groups 7,8 "$HUSK" --root "$ROOT" run --bundle "$B" "$ID" >seen
	equal "groups with it switched off" '' "$(seen '.groups | join(" ")')"
	config '.annotations[] = "true"'
	setpriv --groups 7,8 "$HUSK" --root "$ROOT" run --bundle "$B" "$ID" >seen
	equal "groups with another word for it" '7 8' "$(seen '.groups | sort | join(" ")')"
}

test_dev_that_is_bound_is_left_alone() {
	is_root || skip "device nodes in a plain directory need root"
	bundle
	mkdir -p nodes/pts nodes/shm
	mknod nodes/null c 1 3
	config '.mounts |= map(select(.destination | startswith("/dev") | not))'
	add_mount /dev bind "$S/nodes" bind
	equal "entries inside" "null pts shm" "$(run_shell 'ls /dev' | xargs)"
	equal "entries outside" "null pts shm" "$(cd nodes && echo *)"
}

test_another_root_by_a_mount() {
	bundle
	make_rootfs "$S/other"
	echo other >other/etc/which
	config --arg s "$S/other" '.mounts = [{destination:"/",type:"bind",source:$s,options:["rbind"]}] + .mounts'
	equal "the root" other "$(run_shell 'cat /etc/which')"
	[ ! -e "$B/rootfs/etc/which" ]
}

run_tests "$@"
