#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# mounts add and mounts remove: what comes to a container that runs, and goes; what is refused; what a container can do against it.
. "${0%/*}/lib.sh"

# a container that waits; $B is its bundle, $S/src what is to be shown to it
running() {
	mkdir -p src/sub
	echo hello >src/file
	[ -n "${B:-}" ] || bundle
	args /bin/sleep 100
	husk create --bundle "$B" "$ID" >/dev/null 2>err </dev/null || fail "create: $(cat err)"
	husk start "$ID"
}
inside() { husk exec "$ID" "$@"; }
mounted_on() { # POINT: the lines of mountinfo
	inside cat /proc/self/mountinfo | awk -v p="$1" '$5 == p'
}
bind() { # DESTINATION [OPTION...]: prints an entry for src
	local to=$1
	shift
	jq -cn --arg d "$to" --arg s "$S/src" '{destination:$d,type:"bind",source:$s,options:(["bind"] + $ARGS.positional)}' --args "$@"
}
add() { printf '[%s]' "$(IFS=, && echo "$*")" >list && husk mounts add "$ID" list; } # ENTRY...
remove() { # DESTINATION...
	jq -n '[$ARGS.positional[] | {destination:.}]' --args "$@" >list
	husk mounts remove "$ID" list
}
add_refused() { # TEXT ENTRY...
	local text=$1
	shift
	printf '[%s]' "$(IFS=, && echo "$*")" >list
	refused "$text" mounts add "$ID" list
}
remove_refused() { # TEXT DESTINATION
	jq -n '[{destination:$d}]' --arg d "$2" >list
	refused "$1" mounts remove "$ID" list
}

test_add_and_remove() {
	running
	equal "before" '' "$(mounted_on /data)"
	add "$(bind /data)" '{"destination":"/new/deep","type":"tmpfs","source":"tmpfs","options":["size=64k","mode=700"]}'
	equal "through the bind" hello "$(inside cat /data/file)"
	inside sh -c 'echo from inside >/data/back'
	equal "and back" 'from inside' "$(cat src/back)"
	contains "$(mounted_on /new/deep)" ' - tmpfs tmpfs ' size=64k mode=700
	# what is mounted there is the container's affair
	! grep -q "$S/bundle" /proc/self/mountinfo || fail "the host sees a mount"
	# another list, as an object, from standard input
	jq -cn --argjson m "$(bind /file)" '{mounts:[$m | .source += "/file"]}' | husk mounts add "$ID" -
	equal "a file" hello "$(inside cat /file)"
	remove /data /new/deep /file
	equal "after" '' "$(mounted_on /data)$(mounted_on /new/deep)$(mounted_on /file)"
	remove_refused 'mounts[0] /data: nothing is mounted there' /data
	husk delete --force "$ID"
}

test_options_hold() {
	running
	add "$(bind /rw)" "$(bind /ro ro nosuid nodev noexec)" '{"destination":"/t","type":"tmpfs","options":["ro","noexec"]}'
	inside touch /rw/x
	! inside touch /ro/x 2>/dev/null || fail "a read-only bind was written to"
	! inside touch /t/x 2>/dev/null || fail "a read-only tmpfs was written to"
	contains ",$(mounted_on /ro | cut -d' ' -f6)," ,ro, ,nosuid, ,nodev, ,noexec,
	lacks ",$(mounted_on /rw | cut -d' ' -f6)," ,ro,
	husk delete --force "$ID"
}

test_all_or_nothing() {
	local before
	running
	before=$(inside wc -l /proc/self/mountinfo)
	add_refused 'mounts[2] /data/file/no: open mount point' "$(bind /data)" \
		'{"destination":"/t","type":"tmpfs"}' '{"destination":"/data/file/no","type":"tmpfs"}'
	equal "mounts afterwards" "$before" "$(inside wc -l /proc/self/mountinfo)"
	# nor are the mount points left that were made; what was there is
	ln -s nowhere src/link
	inside sh -c 'mkdir -p /mine/empty && : >/mine/file'
	add_refused 'mounts[6]' "$(bind /new/a/b)" "$(bind /mine/empty)" "$(bind /mine/other)" "$(bind /mine/file | jq -c '.source += "/file"')" \
		"$(bind /new/f | jq -c '.source += "/file"')" "$(bind /new/link copy-symlink | jq -c '.source += "/link"')" '{"destination":"/t2","type":"nosuchfs"}'
	equal "mounts after another" "$before" "$(inside wc -l /proc/self/mountinfo)"
	equal "what is left" '/mine /mine/empty /mine/file' "$(cd "$B/rootfs" && find data t t2 new mine 2>/dev/null | sed 's,^,/,' | sort | xargs)"
	add "$(bind /data)" '{"destination":"/t","type":"tmpfs"}'
	[ "$before" != "$(inside wc -l /proc/self/mountinfo)" ] || fail "nothing was mounted that could have been undone"
	husk delete --force "$ID"
}

test_states() {
	mkdir src
	bundle
	args /bin/sh -c 'cat /data/file; sleep 100'
	echo hello >src/file
	husk create --bundle "$B" "$ID" >out 2>err </dev/null || fail "create: $(cat err)"
	if is_root; then
		add "$(bind /data)"
	else
		# nobody but root can look at an init that is husk still
		add_refused 'has not been started' "$(bind /data)"
		mkdir "$B/rootfs/data"
		echo hello >"$B/rootfs/data/file"
	fi
	husk start "$ID"
	eventually 20 grep -q hello out
	if has_cgroup; then
		husk pause "$ID"
		add "$(bind /paused)"
		equal "the container is" paused "$(status_of "$ID")"
		husk resume "$ID"
		equal "mounted while it was paused" hello "$(inside cat /paused/file)"
	fi
	husk kill "$ID" KILL
	eventually 20 eval '[ "$(status_of "$ID")" = stopped ]'
	add_refused 'container not running' "$(bind /data)"
	remove_refused 'container not running' /data
	husk delete "$ID"
	add_refused 'does not exist' "$(bind /data)"
}

test_what_cannot_be_is_refused() {
	local before
	running
	before=$(inside wc -l /proc/self/mountinfo)
	add_refused 'mounts[0] /p: proc is for the configuration' '{"destination":"/p","type":"proc"}'
	add_refused 'cgroup is for the configuration' '{"destination":"/c","type":"cgroup"}'
	add_refused 'overlay is for the configuration' '{"destination":"/o","type":"overlay","options":["lowerdir=/a:/b"]}'
	add_refused 'a remount is for the configuration' '{"destination":"/proc","options":["remount","rw"]}'
	add_refused 'cannot be replaced' "$(bind /)"
	add_refused 'inside of /proc is refused' '{"destination":"/proc/sys","type":"tmpfs"}'
	add_refused 'mounts[0].source /nowhere/at/all: No such file' '{"destination":"/x","type":"bind","source":"/nowhere/at/all"}'
	add_refused "mounts[0] /x: a bind takes no file system option: 'rdonly'" "$(bind /x rdonly)"
	add_refused 'No such device' '{"destination":"/x","type":"nofs"}'
	add_refused 'mounts[0].destination: is required' '{"type":"tmpfs"}'
	add_refused 'mounts[0]: expected an object' 5
	refused 'open /nowhere/at/all: No such file' mounts add "$ID" /nowhere/at/all
	refused 'takes add or remove, not "put"' mounts put "$ID" list
	refused 'requires exactly 3' mounts add "$ID"
	echo '{}' >list
	refused 'mounts: is required' mounts add "$ID" list
	echo '[{' >list
	refused 'mounts: line 2, column 1: parse error' mounts add "$ID" list
	equal "mounts afterwards" "$before" "$(inside wc -l /proc/self/mountinfo)"
	husk delete --force "$ID"
}

test_without_a_mount_namespace_is_refused() {
	is_root || skip "a plain user's container always has a mount namespace"
	bundle
	config 'del(.mounts, .linux.maskedPaths, .linux.readonlyPaths) | .linux.namespaces |= map(select(.type != "mount" and .type != "pid"))'
	running
	add_refused 'has no mount namespace of its own' "$(bind /data)"
	husk delete --force "$ID"
}

test_user_namespace_with_a_private_source() {
	is_root || skip "a plain user cannot hide a directory from itself"
	mappable
	bundle
	config '.linux.namespaces += [{type:"user"}] | .linux.uidMappings = [{containerID:0,hostID:300000,size:65536}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 300000:300000 "$B/rootfs"
	running
	# the way there is closed to the container's root, not to the caller
	mkdir "$MAPPABLE/closed"
	mv src "$MAPPABLE/closed/"
	chmod 700 "$MAPPABLE/closed"
	jq -cn --arg s "$MAPPABLE/closed/src" '[{destination:"/data",type:"bind",source:$s,options:["rbind"]},
		{destination:"/mapped",type:"bind",source:$s,options:["rbind","idmap"]}]' >list
	husk mounts add "$ID" list
	equal "through the bind" hello "$(inside cat /data/file)"
	equal "owner without a mapping" 65534 "$(inside stat -c %u /data/file)"
	equal "owner with the container's mapping" 0 "$(inside stat -c %u /mapped/file)"
	remove /data /mapped
	husk delete --force "$ID"
}

test_links_lead_nowhere_else() {
	bundle
	mkdir -p canary "$B/rootfs/a"
	ln -s "$S/canary" "$B/rootfs/absolute"
	ln -s ../../../../../../../../../../../../../../..$S/canary "$B/rootfs/relative"
	ln -s a "$B/rootfs/link"
	running
	add "$(bind /absolute/x)" "$(bind /relative/y)" "$(bind /link/z)"
	equal "what came to the host" '' "$(ls -A canary)"
	# the same places, seen from the container's root
	equal "inside the root" "hello hello hello" \
		"$(inside cat "$S/canary/x/file" "$S/canary/y/file" /a/z/file | xargs)"
	remove_refused 'a part of the path is a symbolic link' /link/z
	equal "after the refusal" hello "$(inside cat /a/z/file)"
	remove /a/z
	inside ln -s /sys /elsewhere
	remove_refused 'a part of the path is a symbolic link' /elsewhere/firmware
	husk delete --force "$ID"
}

test_masks_stay() {
	bundle
	mkdir -p "$B/rootfs/x/secret" "$B/rootfs/y/other"
	touch "$B/rootfs/x/key"
	config '.linux.maskedPaths += ["/x/secret","/x/key"]'
	running
	remove_refused 'the configuration has /proc/' /proc
	remove_refused 'the configuration has /x/secret masked' /x/secret
	remove_refused 'the configuration has /sys/firmware masked' /sys/../sys/firmware
	# a directory on the way gets another name, and the mask comes along
	inside sh -c 'ls -A /x/secret && exec busybox mv /x /z'
	remove_refused 'what is there masks something' /z/secret
	remove_refused 'what is there masks something' /z/key
	add '{"destination":"/z/more","type":"tmpfs"}'
	remove /z/more
	husk delete --force "$ID"
}

# A container that changes the way to the destination as fast as it can: whatever comes of it, it comes inside.
test_race_of_renames() { # limit 90
	local i done_=0
	mkdir -p canary/d/data src
	echo hello >src/file
	bundle
	mkdir -p "$B/rootfs/w/d/data"
	ln -s "$S/canary/d" "$B/rootfs/w/l"
	find canary -printf '%p %y %C@\n' >canary.before
	args /bin/probe exchange /w/d /w/l
	husk create --bundle "$B" "$ID" >/dev/null 2>err </dev/null || fail "create: $(cat err)"
	husk start "$ID"
	# until both ways were taken, so that it was a race
	for ((i = 0; i < 200; i++)); do
		printf '[{"destination":"/w/d/data/%d","type":"bind","source":"%s/src","options":["bind"]}]' $i "$S" >list
		! husk mounts add "$ID" list 2>>errors || done_=$((done_ + 1))
		((i % 20 == 19)) || continue
		inside cat /proc/self/mountinfo >table
		! grep -q ' /w/[dl]/data/' table || ! grep -q " $S/canary/d/data/" table || break
	done
	[ $i -lt 200 ] || fail "one way was never taken: $(grep -c ' /w/[dl]/data/' table) $(grep -c " $S/canary/d/data/" table)"
	equal "mounts inside" $done_ "$(grep -c '/data/[0-9]* ' table)"
	find canary -printf '%p %y %C@\n' | diff canary.before - >canary.diff || fail "the host was touched: $(xargs <canary.diff)"
	! grep -q "$S/canary" /proc/self/mountinfo || fail "the host sees a mount"
	[ ! -s errors ] || fail "$(sort -u errors)"
	husk delete --force "$ID"
}

run_tests "$@"
