#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# root, mounts and their options, propagation, devices, masks, overlay roots.
. "${0%/*}/lib.sh"

add_mount() { # DESTINATION TYPE SOURCE OPTION...
	local d=$1 t=$2 s=$3
	shift 3
	config --arg d "$d" --arg t "$t" --arg s "$s" \
		'.mounts += [{destination:$d,type:$t,source:$s,options:$ARGS.positional}]' --args "$@"
}

test_readonly_root() {
	bundle
	config '.root.readonly = true'
	run_tries create /new , create /dev/new
	tried '.arg == "/new" and .errno == "EROFS"'
	tried '.arg == "/dev/new" and .result == 0'
	config '.root.readonly = false'
	run_tries create /new
	tried '.arg == "/new" and .result == 0'
}

test_absolute_root_path_and_odd_names() {
	bundle 'a b,c=d:e'
	config --arg p "$B/rootfs" '.root.path = $p'
	args /bin/echo fine
	equal output fine "$(husk run --bundle "$B" "$ID")"
}

test_root_path_is_not_in_sight() {
	bundle
	run_probe
	check --arg s "$S" '[.mounts[] | select(.point != "/") | .root | contains($s)] | any | not'
	equal root / "$(seen .root)"
	equal "mounts outside" 0 "$(seen --arg t "$TOP" '[.mounts[] | select(.point | startswith($t))] | length')"
}

# the table of flags, each on a tmpfs and on a bind of one that has the opposite
test_mount_flags() {
	local flag
	bundle
	mkdir src
	# in a user namespace the atime flags of the host's mounts are locked
	local binds='ro nosuid nodev noexec'
	! is_root || binds+=' noatime nodiratime'
	for flag in ro nosuid nodev noexec noatime nodiratime; do add_mount "/t-$flag" tmpfs tmpfs $flag; done
	for flag in $binds; do add_mount "/b-$flag" bind "$S/src" rbind $flag; done
	add_mount /t-strictatime tmpfs tmpfs strictatime
	add_mount /t-nosymfollow tmpfs tmpfs nosymfollow
	add_mount /t-sync tmpfs tmpfs sync
	add_mount /t-defaults tmpfs tmpfs defaults
	add_mount /t-size tmpfs tmpfs size=64k mode=1711
	run_probe
	for flag in ro nosuid nodev noexec noatime nodiratime; do
		mount_seen "/t-$flag" "(.options + .super) | index(\"$flag\") != null"
	done
	for flag in $binds; do mount_seen "/b-$flag" ".options | index(\"$flag\") != null"; done
	mount_seen /t-strictatime '.options | index("relatime") == null and index("noatime") == null'
	mount_seen /t-nosymfollow '.options | index("nosymfollow") != null'
	mount_seen /t-sync '.super | index("sync") != null'
	mount_seen /t-defaults '.options | index("rw") != null and index("nosuid") == null and index("noexec") == null'
	mount_seen /t-size '.super | index("size=64k") != null and index("mode=1711") != null'
}

test_clearing_flags_undoes_inherited_ones() {
	is_root || skip "a plain user may not clear locked flags"
	bundle
	mkdir src
	mount -t tmpfs -o nosuid,nodev,noexec,noatime src src
	add_mount /kept bind "$S/src" bind ro
	add_mount /cleared bind "$S/src" bind suid dev exec relatime
	run_probe
	mount_seen /kept '.options | index("nosuid") and index("nodev") and index("noexec") and index("ro")'
	mount_seen /cleared '.options | index("nosuid") == null and index("nodev") == null and index("noexec") == null and index("relatime") != null'
	# each by itself
	local word flag
	umount src
	mount -t tmpfs -o ro,noatime,nodiratime,nosymfollow src src
	for word in rw:ro atime:noatime diratime:nodiratime symfollow:nosymfollow; do add_mount "/only-${word%:*}" bind "$S/src" bind ${word%:*}; done
	mkdir -p base2/strict
	mount -t tmpfs -o strictatime strict base2/strict
	for word in norelatime nostrictatime; do add_mount "/only-$word" bind "$S/base2/strict" bind $word; done
	add_mount /strict bind "$S/base2/strict" bind
	run_probe
	for word in rw:ro atime:noatime diratime:nodiratime symfollow:nosymfollow; do
		mount_seen "/only-${word%:*}" ".options | index(\"${word#*:}\") == null"
		for flag in ro noatime nodiratime nosymfollow; do
			[ $flag = ${word#*:} ] || mount_seen "/only-${word%:*}" ".options | index(\"$flag\") != null"
		done
	done
	# back to the kernel's rule
	for word in norelatime nostrictatime; do mount_seen "/only-$word" '.options | index("relatime") != null'; done
	mount_seen /strict '.options | index("relatime") == null'
	umount src base2/strict
}

test_recursive_readonly() {
	bundle
	mkdir -p "$S/src/sub"
	if is_root; then mount -t tmpfs sub src/sub; fi
	add_mount /top bind "$S/src" rbind ro
	add_mount /all bind "$S/src" rbind rro
	run_tries create /top/x , create /top/sub/x , create /all/x , create /all/sub/x
	tried '.arg == "/top/x" and .errno == "EROFS"'
	if is_root; then tried '.arg == "/top/sub/x" and .result == 0'; fi
	tried '.arg == "/all/x" and .errno == "EROFS"'
	tried '.arg == "/all/sub/x" and .errno == "EROFS"'
	if is_root; then umount src/sub; fi
}

test_bind_of_a_file_and_a_missing_target() {
	bundle
	echo content >file
	add_mount /a/b/c/file bind "$S/file" bind ro
	add_mount /d/e bind "$S" rbind ro
	equal content content "$(run_shell 'cat /a/b/c/file')"
	[ -f "$B/rootfs/a/b/c/file" ]
	[ -d "$B/rootfs/d/e" ]
}

test_relative_bind_source_is_of_the_bundle() {
	bundle
	mkdir "$B/data"
	echo here >"$B/data/f"
	add_mount /data bind data bind
	equal content here "$(run_shell 'cat /data/f')"
}

test_mounts_are_made_in_order() {
	bundle
	mkdir src
	echo below >src/f
	add_mount /m bind "$S/src" bind
	add_mount /m tmpfs tmpfs
	add_mount /m/n bind "$S/src" bind
	equal content "n below" "$(run_shell 'cd /m; ls; cat n/f' | xargs)"
}

test_missing_bind_source_is_refused() {
	bundle
	add_mount /x bind "$S/nosuch" bind
	refused "nosuch" run --bundle "$B" "$ID"
	contains "$(cat refused.err)" 'mounts[' 'No such file or directory'
}

test_unknown_filesystem_and_option_are_refused() {
	bundle
	add_mount /x nosuchfs nosuchfs
	refused nosuchfs run --bundle "$B" "$ID"
	bundle b2
	add_mount /x tmpfs tmpfs nosuchoption
	refused '/x' run --bundle "$B" "$ID"
	contains "$(cat refused.err)" 'nosuchoption'
}

test_options_of_mount8_only_are_dropped() {
	bundle
	add_mount /x tmpfs tmpfs x-systemd.automount _netdev noauto nofail comment=x size=64k
	run_probe
	mount_seen /x '.super | index("size=64k") != null'
}

test_tmpfs_takes_the_mode_of_what_it_covers() {
	bundle
	mkdir "$B/rootfs/m"
	chmod 1750 "$B/rootfs/m"
	add_mount /m tmpfs tmpfs
	run_tries stat /m
	tried '.arg == "/m" and .mode == "041750"'
}

test_tmpcopyup() {
	bundle
	mkdir -p "$B/rootfs/m/d"
	echo one >"$B/rootfs/m/f"
	echo two >"$B/rootfs/m/d/g"
	ln -s f "$B/rootfs/m/l"
	chmod 640 "$B/rootfs/m/f"
	touch -d '2001-02-03 04:05:06 UTC' "$B/rootfs/m/f"
	! is_root || chown -h 7:8 "$B/rootfs/m/d" "$B/rootfs/m/d/g" "$B/rootfs/m/l"
	add_mount /m tmpfs tmpfs tmpcopyup
	equal copied "one two one 640 981173106" "$(run_shell 'cat /m/f /m/d/g /m/l; stat -c "%a %Y" /m/f; echo changed >/m/f' | xargs)"
	! is_root || equal "owners" '7:8 7:8 7:8' "$(run_shell 'stat -c %u:%g /m/d /m/d/g /m/l' | xargs)"
	equal original one "$(cat "$B/rootfs/m/f")"
	# a file of 1 GiB with 4 KiB in its middle, and one that is a hole to its end
	truncate -s 1G "$B/rootfs/m/holes" "$B/rootfs/m/hole"
	printf middle | dd of="$B/rootfs/m/holes" bs=1M seek=500 conv=notrunc 2>/dev/null
	[ "$(stat -c %b "$B/rootfs/m/holes")" -lt 100 ] || skip "the files of tests are on a file system without holes"
	equal holes 'middle 1073741824 small 1073741824 0' \
		"$(run_shell 'dd if=/m/holes bs=1M skip=500 count=1 2>/dev/null | tr -d "\0"; stat -c " %s" /m/holes; [ "$(stat -c %b /m/holes)" -lt 100 ] && echo small; stat -c "%s %b" /m/hole' | xargs)"
	rm "$B/rootfs/m/holes" "$B/rootfs/m/hole"
	bundle b2
	add_mount /m bind "$S" bind tmpcopyup
	refused tmpcopyup run --bundle "$B" "$ID"
}

test_tmpcopyup_of_deep_trees() {
	local path
	bundle
	path=$B/rootfs/m$(printf '/d%.0s' $(seq 250))
	mkdir -p "$path"
	echo deep >"$path/f"
	add_mount /m tmpfs tmpfs tmpcopyup
	equal copied "250 deep" "$(run_shell 'n=0; cd /m; while cd d 2>/dev/null; do n=$((n + 1)); done; echo $n $(cat f)')"
	mkdir -p "$path$(printf '/d%.0s' $(seq 20))"
	refused 'tmpcopyup' run --bundle "$B" "$ID"
	contains "$(cat refused.err)" '.../d/d/' 'more than 256 directories deep'
	[ "$(wc -c <refused.err)" -lt 400 ] || fail "the message is long: $(cat refused.err)"
	rm -r "$B/rootfs/m"
}

test_mounts_that_cannot_be_say_why() {
	bundle
	mkdir -p "$B/rootfs/plain"
	config '.mounts += [{destination:"/plain",type:"none",options:["remount","ro"]}]'
	refused '/plain: remount: nothing is mounted there' run --bundle "$B" "$ID"
	config '.mounts[-1].options = ["bind","remount","ro"]'
	refused '/plain: remount: nothing is mounted there' run --bundle "$B" "$ID"
	config '.mounts[-1] = {destination:"/missing",type:"tmpfs"}'
	chmod 555 "$B/rootfs"
	if is_root; then
		# root of a user namespace that does not own the directory
		config '.linux.namespaces += [{type:"user"}] | .linux.uidMappings = [{containerID:0,hostID:100000,size:1000}] | .linux.gidMappings = .linux.uidMappings'
	fi
	is_root && refused 'make mount point, which is not there: Permission denied' run --bundle "$B" "$ID"
	chmod 755 "$B/rootfs"
	config '.process.cwd = "/a/b" | del(.mounts[-1])'
	ln -s b "$B/rootfs/a" && ln -s a "$B/rootfs/b"
	refused 'which are not followed' run --bundle "$B" "$ID"
}

test_propagation_of_mounts() {
	local p
	is_root || skip "a plain user cannot make shared mounts to start from"
	bundle
	mkdir src
	mount -t tmpfs src src
	mount --make-shared src
	add_mount /private bind "$S/src" bind private
	add_mount /slave bind "$S/src" bind slave
	add_mount /shared bind "$S/src" bind shared
	add_mount /unbindable bind "$S/src" bind unbindable
	run_probe
	mount_seen /private '.propagation == []'
	mount_seen /slave '.propagation | map(startswith("master:")) | any'
	mount_seen /shared '.propagation | map(startswith("shared:")) | any'
	mount_seen /unbindable '.propagation == ["unbindable"]'
	# the words with an r: what is mounted below, too; those without leave it as it was
	mkdir src/sub
	mount -t tmpfs sub src/sub
	mount --make-shared src/sub
	for p in private slave shared unbindable; do
		add_mount "/r$p" bind "$S/src" rbind r$p
		[ $p = unbindable ] || add_mount "/top-$p" bind "$S/src" rbind rshared $p
	done
	run_probe
	mount_seen /rprivate/sub '.propagation == []'
	mount_seen /rslave/sub '.propagation | map(startswith("master:")) | any'
	mount_seen /rslave/sub '.propagation | map(startswith("shared:")) | any | not'
	mount_seen /rshared/sub '.propagation | map(startswith("shared:")) | any'
	mount_seen /runbindable/sub '.propagation == ["unbindable"]'
	for p in private slave shared; do mount_seen "/top-$p/sub" '.propagation | map(startswith("shared:")) | any'; done
	mount_seen /top-private '.propagation == []'
	mount_seen /top-slave '.propagation | map(startswith("shared:")) | any | not'
	umount src/sub src
}

test_mounts_do_not_leak_to_the_host() {
	is_root || skip "a plain user cannot make shared mounts to start from"
	local before
	bundle
	mount --bind "$B" "$B"
	mount --make-shared "$B"
	before=$(mounts_now "$S" | wc -l)
	add_mount /x tmpfs tmpfs
	args /bin/sleep 100
	husk create --bundle "$B" "$ID" >"$S/out" 2>"$S/err" </dev/null
	equal mounts "$before" "$(mounts_now "$S" | wc -l)"
	husk delete --force "$ID"
	umount "$B"
}

test_rootfs_propagation() {
	local p
	is_root || skip "a plain user cannot make shared mounts to start from"
	mkdir base
	mount -t tmpfs base base
	mount --make-shared base
	bundle base/b
	for p in private rprivate slave rslave shared rshared; do
		config --arg p $p '.linux.rootfsPropagation = $p'
		run_probe
		case $p in
		*private) mount_seen / '.propagation == []' ;;
		*slave) mount_seen / '.propagation | map(startswith("shared:")) | any | not' && mount_seen / '.propagation | map(startswith("master:")) | any' ;;
		*shared) mount_seen / '.propagation | map(startswith("shared:")) | any' ;;
		esac
	done
	config '.linux.rootfsPropagation = "sideways"'
	refused sideways run --bundle "$B" "$ID"
	umount base
}

test_default_devices() {
	local d
	bundle
	run_tries stat /dev/null , stat /dev/zero , stat /dev/full , stat /dev/random , stat /dev/urandom , stat /dev/tty , \
		open /dev/null rw , open /dev/zero r , stat /dev/ptmx , stat /dev/fd , stat /dev/stdin , stat /dev/console
	for d in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
		IFS=: read -r name major minor <<<$d
		tried ".arg == \"/dev/$name\" and .mode == \"020666\" and .major == $major and .minor == $minor"
	done
	tried '.op == "open" and .arg == "/dev/null" and .result == 0'
	tried '.arg == "/dev/ptmx" and (.mode | startswith("12"))'
	tried '.arg == "/dev/fd" and (.mode | startswith("12"))'
	tried '.arg == "/dev/console" and .errno == "ENOENT"'
}

# they lie on what is mounted there last, whatever of it comes after /sys
test_devices_and_the_order_of_mounts() {
	local order
	bundle
	config '.linux.namespaces |= (map(select(.type != "network")) + [{type:"network"}]) | .root.readonly = false'
	cp "$B/config.json" before.json
	for order in '.' 'sort_by(.destination | startswith("/dev"))' '. + [{destination:"/dev",type:"tmpfs",source:"tmpfs"}]' \
		'. + [{destination:"/also-dev",type:"tmpfs",source:"tmpfs"}]'; do
		ln -sfn /dev "$B/rootfs/also-dev"
		cp before.json "$B/config.json"
		config ".mounts |= ($order)"
		equal "with $order" 1:3 "$(run_shell 'stat -c %t:%T /dev/null')"
	done
}

test_devices() {
	is_root || skip "a plain user cannot make device nodes"
	bundle
	config '.linux.devices = [{path:"/dev/sub/fuse",type:"c",major:10,minor:229,fileMode:432,uid:5,gid:6},
		{path:"/dev/pipe",type:"p",fileMode:384},{path:"/dev/u",type:"u",major:1,minor:3}]'
	run_tries stat /dev/sub/fuse , stat /dev/pipe , stat /dev/u
	tried '.arg == "/dev/sub/fuse" and .mode == "020660" and .uid == 5 and .gid == 6 and .major == 10 and .minor == 229'
	tried '.arg == "/dev/pipe" and .mode == "010600"'
	tried '.arg == "/dev/u" and .mode == "020666"'
	config '.linux.devices = [{path:"dev/x",type:"c",major:1,minor:3}]'
	refused 'linux.devices[0]' run --bundle "$B" "$ID"
	config '.linux.devices = [{path:"/dev/x",type:"z",major:1,minor:3}]'
	refused 'linux.devices[0]' run --bundle "$B" "$ID"
}

test_device_that_is_another_already_is_refused() {
	is_root || skip "a plain user cannot make device nodes"
	bundle
	mkdir "$B/rootfs/nodes"
	mknod "$B/rootfs/nodes/x" c 1 5
	config '.linux.devices = [{path:"/nodes/x",type:"c",major:1,minor:5}]'
	args /bin/true
	husk run --bundle "$B" "$ID"
	config '.linux.devices = [{path:"/nodes/x",type:"c",major:1,minor:3}]'
	refused '/nodes/x' run --bundle "$B" "$ID"
}

test_masked_and_readonly_paths() {
	bundle
	mkdir "$B/rootfs/secret" "$B/rootfs/fixed"
	echo x >"$B/rootfs/secret/f"
	echo x >"$B/rootfs/secretfile"
	config '.linux.maskedPaths = ["/secret", "/secretfile", "/proc/cmdline", "/nosuch"] | .linux.readonlyPaths = ["/fixed", "/proc/sys", "/nosuch"]'
	equal "what is seen" "[] [] []" "$(run_shell 'echo "[$(ls /secret)] [$(cat /secretfile)] [$(cat /proc/cmdline)]"')"
	run_probe
	mount_seen /secret '.type == "tmpfs" and (.options | index("ro") and index("nosuid") and index("nodev") and index("noexec"))'
	mount_seen /secretfile '.type == "devtmpfs" or .type == "tmpfs"'
	run_tries stat /secretfile , create /secret/x , create /fixed/x , write /proc/sys/kernel/shmmni 4096 , create /x , write /secretfile x
	tried '.arg == "/secretfile" and .mode[:2] == "02" and .major == 1 and .minor == 3'
	tried '.arg == "/secret/x" and .errno == "EROFS"'
	tried '.arg == "/fixed/x" and .errno == "EROFS"'
	tried '.op == "write" and .arg == "/proc/sys/kernel/shmmni" and .errno == "EROFS"'
	# the control: elsewhere it works
	tried '.arg == "/x" and .result == 0'
	equal "the file itself" x "$(cat "$B/rootfs/secretfile")"
	config '.linux.maskedPaths = ["relative"]'
	refused relative run --bundle "$B" "$ID"
}

# nothing can be laid over the root, by whatever name
test_the_root_among_masked_and_readonly_paths() {
	bundle
	ln -s / "$B/rootfs/itself"
	for path in / //. /itself; do
		config --arg p "$path" '.linux.maskedPaths = [] | .linux.readonlyPaths = [$p]'
		run_tries create /x , create /dev/shm/x
		tried '.arg == "/x" and .errno == "EROFS"'
		tried '.arg == "/dev/shm/x" and .result == 0'
		config --arg p "$path" '.linux.readonlyPaths = [] | .linux.maskedPaths = [$p]'
		refused "the root cannot be masked" run --bundle "$B" "$ID"
	done
}

test_masks_without_mount_namespace_are_refused() {
	is_root || skip "a plain user's container always has a mount namespace"
	bundle
	config '.linux.namespaces |= map(select(.type != "mount"))'
	refused mount run --bundle "$B" "$ID"
}

# what the caller has mounted on root.path stays, and what husk mounted goes, also after a start that failed
test_without_mount_namespace_the_host_is_as_before() {
	is_root || skip "a plain user's container always has a mount namespace"
	bundle
	mount --bind "$B/rootfs" "$B/rootfs"
	config 'del(.linux.maskedPaths, .linux.readonlyPaths) | .linux.namespaces |= map(select(.type != "mount"))'
	equal "mounted inside" 1 "$(run_shell 'grep -c " /dev/pts " /proc/self/mounts')"
	equal "mounts after a run" 1 "$(grep -c " $B/rootfs" /proc/self/mountinfo)"
	config '.mounts += [{destination:"/x",type:"nosuchfs",source:"x"}]'
	refused nosuchfs run --bundle "$B" "$ID"
	equal "mounts after a failure" 1 "$(grep -c " $B/rootfs" /proc/self/mountinfo)"
	config '.mounts = []'
	args /bin/true
	husk run --bundle "$B" "$ID"
	equal "mounts when nothing was mounted" 1 "$(grep -c " $B/rootfs" /proc/self/mountinfo)"
	umount "$B/rootfs"
}

test_no_pivot() {
	bundle
	config_args_see
	husk run --no-pivot --bundle "$B" "$ID" >seen
	equal root / "$(seen .root)"
	equal "what the root holds" 'bin dev etc proc root run sys tmp usr var' "$(args /bin/ls / && husk run --no-pivot --bundle "$B" "$ID" | xargs)"
}

test_overlay_tmpfs() {
	bundle
	args /bin/sh -c 'echo new >/file; rm /etc/passwd; ls /etc'
	equal output group "$(husk run --overlay tmpfs --bundle "$B" "$ID")"
	[ ! -e "$B/rootfs/file" ]
	[ -e "$B/rootfs/etc/passwd" ]
	args /bin/sh -c 'dd if=/dev/zero of=/big bs=1M count=20 2>/dev/null || echo full'
	equal "with a size" full "$(husk run --overlay tmpfs:size=4m --bundle "$B" "$ID")"
}

test_overlay_directory_keeps_changes() {
	bundle
	mkdir changes
	args /bin/sh -c 'echo new >/file'
	husk run --overlay "$S/changes" --bundle "$B" "$ID"
	[ ! -e "$B/rootfs/file" ]
	args /bin/cat /file
	equal "second run" new "$(husk run --overlay "$S/changes" --bundle "$B" "$ID")"
	equal "upper layer" new "$(cat changes/upper/file)"
	# overlayfs makes its work directory unreadable
	chmod -R u+rwx changes 2>/dev/null || true
}

# as long as one lives, no other; and nothing stays of one that did not come about
test_overlay_directory_is_one_containers() { # limit 60
	bundle
	mkdir changes
	args /bin/sleep 100
	husk create --overlay "$S/changes" --bundle "$B" "$ID" </dev/null >out 2>err || fail "$(cat err)"
	ln -s changes same
	refused 'in use' run --overlay "$S/same" --bundle "$B" "$ID-2"
	husk start "$ID"
	refused 'in use' run --overlay "$S/changes" --bundle "$B" "$ID-2"
	husk delete --force "$ID"
	# at once afterwards it is free, many times
	args /bin/sh -c 'echo x >>/file; grep -c x /file'
	for i in 1 2 3 4 5; do equal "run $i" $i "$(husk run --overlay "$S/changes" --bundle "$B" "$ID")"; done
	chmod -R u+rwx changes 2>/dev/null || true
}

test_overlay_directories_that_cannot_be() {
	bundle
	args /bin/true
	mkdir changes
	refused 'lies in root.path' run --overlay "$B/rootfs" --bundle "$B" "$ID"
	refused 'lies in root.path' run --overlay "$B/rootfs/var" --bundle "$B" "$ID"
	equal "in the root" '' "$(find "$B/rootfs" -name upper -o -name work)"
	ln -s /etc changes/work
	refused 'overlay: work: Not a directory' run --overlay "$S/changes" --bundle "$B" "$ID"
	equal "what is left" work "$(ls changes)"
	rm changes/work
	args /nosuch
	refused /nosuch run --overlay "$S/changes" --bundle "$B" "$ID"
	equal "what is left of a container that could not be made" '' "$(ls changes)"
	mkdir -p changes/upper
	mv "$B/rootfs" changes/upper/rootfs
	config --arg r "$S/changes/upper/rootfs" '.root.path = $r'
	refused 'lies in its upper' run --overlay "$S/changes" --bundle "$B" "$ID"
	equal "what is left" upper "$(ls changes)"
	# beside it is as good as anywhere else
	mv changes/upper/rootfs "$B/rootfs"
	config '.root.path = "rootfs"'
	args /bin/echo works
	equal "beside the root" works "$(husk run --overlay "$B" --bundle "$B" "$ID")"
	chmod -R u+rwx "$B/work"
}

# the kernel empties its work directory: not one with somebody's files
# among mounts[]; the kernel says of one directory alone no more than EINVAL
test_overlay_mount_of_one_directory() {
	local long d
	long=$S/$(printf '%0250d' 0)
	one() { # OPTION...
		config '.mounts |= map(select(.destination != "/o")) + [{destination:"/o",type:"overlay",source:"overlay",options:$ARGS.positional}]' --args "$@"
	}
	bundle
	args /bin/cat /o/file
	mkdir a b 'a:b' "$long"
	echo works >b/file
	for d in "$S/a" "$S/a\\:b" "$long"; do
		one "lowerdir=$d"
		refused 'two lowerdirs or more' run --bundle "$B" "$ID"
		contains "$(cat refused.err)" '/o: mount overlay: Invalid argument' bind
	done
	# the controls: two, and what else it does not take, which is not blamed on their number
	one "lowerdir=$S/a:$S/b"
	equal "two" works "$(husk run --bundle "$B" "$ID")"
	one "lowerdir=$S/nosuch"
	refused 'No such file' run --bundle "$B" "$ID"
	one "lowerdir=$S/a" "upperdir=$S/b" # and no workdir
	refused 'mount overlay' run --bundle "$B" "$ID"
	! grep -q 'two lowerdirs' refused.err || fail "$(cat refused.err)"
}

test_overlay_spares_what_is_in_work() {
	local inner=own/work  # and in the directory that it is given, the kernel makes its own of the same name
	inner+=/work
	bundle
	args /bin/true
	mkdir -p own/upper "$inner/precious" own2/work
	echo kept >"$inner/precious/file"
	(cd own2/work && echo kept >file)
	refused 'precious' run --overlay "$S/own" --bundle "$B" "$ID"
	refused '`file`' run --overlay "$S/own2" --bundle "$B" "$ID"
	equal files 'kept kept' "$(cat "$inner/precious/file" "$S"/own2/*/file | paste -sd ' ')"
	equal "what was made" work "$(ls own2)"
	refused 'root directory is refused' run --overlay / --bundle "$B" "$ID"
	# the control: what a container leaves there is no hindrance, also an unclean one
	mkdir -p own3
	husk run --overlay "$S/own3" --bundle "$B" "$ID"
	husk run --overlay "$S/own3" --bundle "$B" "$ID"
	equal "of the kernel" work "$(ls own3/work)"
	chmod -R u+rwx own3/work
}

test_overlay_by_annotation() {
	bundle
	config '.annotations["org.husk.overlay"] = "tmpfs"'
	run_shell 'echo new >/file'
	[ ! -e "$B/rootfs/file" ]
}

# the command line has the last word; a configuration that asks for both gets both
test_overlay_and_a_readonly_root() {
	bundle
	config '.root.readonly = true'
	equal "by the option" writable "$(args /bin/sh -c 'echo x >/file && echo writable' && husk run --overlay tmpfs --bundle "$B" "$ID")"
	config '.annotations["org.husk.overlay"] = "tmpfs"'
	contains "$(run_shell 'echo x >/file; grep " / / " /proc/self/mountinfo' 2>&1)" 'Read-only file system' ' ro,' 'overlay'
	contains "$(husk run --dry-run --bundle "$B" "$ID")" '(read-only)'
}

test_overlay_relative_directory() {
	bundle
	mkdir -p here/layer "$B/layer"
	args /bin/sh -c 'echo x >/file'
	(cd here && husk run --overlay layer --bundle "$B" "$ID")
	[ -e here/layer/upper/file ] || fail "an option is not below the current directory"
	config '.annotations["org.husk.overlay"] = "layer"'
	[ ! -e "$B/layer/upper" ]
	(cd here && husk run --bundle "$B" "$ID-2")
	[ -e "$B/layer/upper/file" ] || fail "an annotation is not below the bundle"
	chmod -R u+rwx here/layer "$B/layer"
}

test_overlay_among_mounts() {
	bundle
	mkdir lower upper work
	echo low >lower/f
	local more=()
	is_root || more=(userxattr)
	add_mount /o overlay overlay "lowerdir=$S/lower" "upperdir=$S/upper" "workdir=$S/work" "${more[@]}"
	equal content low "$(run_shell 'cat /o/f; echo up >/o/f')"
	equal upper up "$(cat upper/f)"
	chmod -R u+rwx work
}

test_dev_links_and_shm() {
	bundle
	run_probe
	mount_seen /dev/shm '.type == "tmpfs" and (.options | index("nosuid") and index("noexec") and index("nodev"))'
	mount_seen /dev/pts '.type == "devpts"'
	mount_seen /proc '.type == "proc"'
	local core=''
	[ ! -e /proc/kcore ] || core=' /proc/kcore'
	equal links "pts/ptmx /proc/self/fd /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2$core" \
		"$(run_shell 'cd /dev && for i in ptmx fd stdin stdout stderr core; do readlink $i; done' | xargs)"
	# of a /dev that the image brings: terminals come from the container's own devpts, whatever is there
	config 'del(.mounts[] | select(.destination == "/dev"))'
	mkdir "$B/rootfs/dev/pts" "$B/rootfs/dev/shm" "$B/rootfs/dev/mqueue"
	: >"$B/rootfs/dev/ptmx"
	ln -s /proc/self/fd "$B/rootfs/dev/fd"
	equal "links of an image" 'pts/ptmx /proc/self/fd' "$(run_shell 'readlink /dev/ptmx; readlink /dev/fd' | xargs)"
}

test_idmapped_bind() {
	is_root || skip "a plain user cannot map mounts"
	bundle
	mappable
	mkdir "$MAPPABLE/src"
	touch "$MAPPABLE/src/f"
	chown 1000:1000 "$MAPPABLE/src" "$MAPPABLE/src/f"
	config --arg s "$MAPPABLE/src" '.mounts += [{destination:"/m",type:"bind",source:$s,options:["rbind","idmap"],
		uidMappings:[{containerID:1000,hostID:0,size:1}],gidMappings:[{containerID:1000,hostID:0,size:1}]}]'
	args /bin/stat -c '%u %g' /m/f
	equal "owner inside" "0 0" "$(husk run --bundle "$B" "$ID")"
}

test_a_file_and_a_directory_do_not_cover_each_other() {
	bundle
	echo text >file
	config --arg s "$S" '.mounts += [{destination:"/tmp",type:"bind",source:($s + "/file"),options:["bind"]}]'
	refused 'the source is a file, and what it is to cover is a directory' run --bundle "$B" "$ID"
	config --arg s "$S" '.mounts[-1] = {destination:"/etc/passwd",type:"bind",source:$s,options:["bind"]}'
	refused 'no directory' run --bundle "$B" "$ID"
	config --arg s "$S" '.mounts[-1] = {destination:"/etc/passwd",type:"bind",source:($s + "/file"),options:["bind"]}'
	equal "a file over a file" text "$(run_shell 'cat /etc/passwd')"
}

run_tests "$@"
