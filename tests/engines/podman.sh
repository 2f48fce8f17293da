#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# podman: as root with the cgroupfs manager, or in the lanes with systemd with that; as a plain user in the lane session.
. "${0%/*}/lib.sh"

# podman with folders of its own. The image is "box".
setup() {
	needs podman conmon
	cp -a "$IMAGES/podman" "$S/storage"
	mkdir -p "$S/run" "$S/tmp/podman" "$S/volumes"
	export CONTAINERS_CONF=$IMAGES/containers.conf
	podman_options=(--root "$S/storage" --runroot "$S/run" --tmpdir "$S/tmp/podman" --volumepath "$S/volumes" --runtime "$(basename "$RUNTIME")"
		--events-backend file --cgroup-manager "$(case $LANE in vm-systemd | vm-session) echo systemd ;; *) echo cgroupfs ;; esac)")
	trap_end finish
}
pod() {
	podman "${podman_options[@]}" "$@"
}
# conmon ends after it has had podman clean up
finish() {
	local status=$? i
	trap - EXIT ERR
	set +e
	end_daemons
	pod rm --all --force --time 0 >"$S/rm.log" 2>&1 || { sed 's/^/# rm: /' "$S/rm.log" >&2; status=1; }
	pod pod rm --all --force >/dev/null 2>&1
	for i in $(seq $((50 * TIMEOUT_FACTOR))); do
		pgrep -f "conmon.*$S/" >/dev/null || break
		sleep 0.1
	done
	# podman keeps the folder of the network namespaces as a mount
	! is_root || umount /run/netns 2>/dev/null
	[ -z "${BOUND:-}" ] || umount /etc/subuid /etc/subgid
	# a plain user's files are of the ids of his podman's user namespace, which a process keeps
	if is_root; then
		rm -rf "$S"/tmp/*
	else
		local keeper
		keeper=$(cat "$S/tmp/podman/pause.pid")
		pod unshare rm -rf "$S/storage" "$S/run" "$S/volumes" 2>/dev/null
		[ -z "$keeper" ] || kill "$keeper"
		rm -rf "$S"/tmp/*
	fi
	exit $status
}
run() { pod run --network none "$@"; }
started() { run -d --name "$@" >/dev/null; } # NAME OPTION... IMAGE COMMAND
status_is() { equal "status of $1" "$2" "$(pod inspect --format '{{.State.Status}}' "$1")"; }

test_run() {
	setup
	equal output hello "$(run --rm box echo hello)"
	equal "standard input" through "$(echo through | run --rm -i box cat)"
	equal runtime "$(basename "$RUNTIME")" "$(run -d --name one box true >/dev/null; pod inspect --format '{{.OCIRuntime}}' one)"
	equal "one of all" 1 "$(pod ps -aq | wc -l)"
}
test_exit_status() {
	setup
	local status=0
	run --rm box sh -c 'exit 7' || status=$?
	equal "own status" 7 $status
	status=0
	run --rm box /nothing/there 2>err || status=$?
	equal "a program that is not there" 127 $status
	contains "$(cat err)" /nothing/there 'not found'
	status=0
	run --rm box nothing-there 2>err || status=$?
	equal "a name that is not there" 127 $status
	status=0
	run --rm box /etc/passwd 2>err || status=$?
	equal "a file that cannot be executed" 126 $status
	status=0
	run --rm --workdir /etc/passwd box true 2>err || status=$?
	[ $status != 0 ] || fail "a file was taken for the working directory"
	equal "nothing is left" '' "$(pod ps -aq)"
}
test_exec() {
	setup
	started one box sleep 1000
	equal "as another user" 'uid=1000(user) gid=1000(user)' "$(pod exec -u user one id)"
	equal environment x "$(pod exec -e A=x one sh -c 'echo $A')"
	equal directory /tmp "$(pod exec -w /tmp one pwd)"
	equal input in "$(echo in | pod exec -i one cat)"
	local status=0
	pod exec one sh -c 'exit 5' || status=$?
	equal status 5 $status
	status=0
	pod exec one nothing-there 2>err || status=$?
	equal "status of what is not there" 127 $status
	pod exec -d one sh -c 'echo detached >/tmp/d'
	eventually 5 pod exec one grep -q detached /tmp/d
	equal "capabilities of a privileged one" "$(grep CapBnd /proc/self/status)" "$(pod exec --privileged one grep CapBnd /proc/self/status)"
}
test_terminal() {
	setup
	contains "$(run --rm -t box sh -c 'tty; stty size')" /dev/pts/0
	started one box sleep 1000
	contains "$(pod exec -t one tty)" /dev/pts/0
	# what is typed goes in, a size that is set comes through
	contains "$(echo 'echo typed-$((40+2)); stty size; exit' | script -qec "stty rows 33 cols 77; podman ${podman_options[*]} exec -it one sh" /dev/null)" typed-42 '33 77'
}
test_logs() {
	setup
	started one box sh -c 'echo out; echo err >&2; for i in 1 2 3; do echo $i; done'
	pod wait one >/dev/null
	equal "standard output" 'out 1 2 3' "$(pod logs one 2>/dev/null | xargs)"
	equal "standard error" err "$(pod logs one 2>&1 >/dev/null)"
}
test_attach() {
	setup
	started one -i box sh -c 'while read -r l; do echo "got $l"; [ "$l" != end ] || exit 4; done'
	printf 'a\nend\n' | timeout $((20 * TIMEOUT_FACTOR)) podman "${podman_options[@]}" attach one >out || true
	equal status 4 "$(pod wait one)"
	equal output 'got a got end' "$(xargs <out)"
}
test_pause() {
	setup
	started one box sh -c 'while :; do date +%s%N >/tmp/t; sleep 0.05; done'
	pod pause one >/dev/null
	status_is one paused
	local status=0
	pod exec one true 2>err || status=$?
	[ $status != 0 ] || fail "something was executed in a paused container"
	pod unpause one >/dev/null
	status_is one running
	local before
	before=$(pod exec one cat /tmp/t)
	eventually 5 eval "[ \"\$(pod exec one cat /tmp/t)\" != '$before' ]"
}
test_kill_and_stop() {
	setup
	started one box sh -c 'trap "echo usr1" USR1; trap "exit 3" TERM; echo ready; while :; do sleep 0.05; done'
	eventually 5 eval 'pod logs one | grep -q ready'
	pod kill -s USR1 one >/dev/null
	eventually 5 eval 'pod logs one | grep -q usr1'
	pod stop -t 10 one >/dev/null
	equal "status after stop" 3 "$(pod inspect --format '{{.State.ExitCode}}' one)"
	started two box sleep 1000
	pod stop -t 1 two >/dev/null 2>&1
	equal "status after the deadline" 137 "$(pod inspect --format '{{.State.ExitCode}}' two)"
	started three box sleep 1000
	pod kill three >/dev/null
	equal "status of kill" 137 "$(pod wait three)"
}
test_restart_policy() {
	setup
	started one --restart on-failure:2 box sh -c 'echo run; exit 1'
	eventually 20 eval '[ "$(pod inspect --format "{{.RestartCount}} {{.State.Status}}" one)" = "2 exited" ]'
	equal runs 3 "$(pod logs one | grep -c run)"
	started two box sleep 1000
	local before
	before=$(pod inspect --format '{{.State.Pid}}' two)
	pod restart -t 0 two >/dev/null
	status_is two running
	[ "$(pod inspect --format '{{.State.Pid}}' two)" != "$before" ] || fail "the same process after restart"
}
test_top() {
	setup
	started one box sh -c 'sleep 1001 & exec sleep 1000'
	eventually 5 eval 'pod top one args | grep -q "sleep 1001"'
	contains "$(pod top one pid user args)" 'sleep 1000'
	contains "$(pod top one -ef 2>&1)" sleep
}
test_stats() {
	setup
	needs_controllers
	started one --memory 64m box sh -c 'dd if=/dev/zero of=/dev/shm/x bs=1M count=8 2>/dev/null; sleep 1000'
	eventually 10 eval '[ "$(pod stats --no-stream --format "{{.PIDs}}" one)" -ge 1 ]'
	contains "$(pod stats --no-stream --format '{{.MemUsage}}' one)" '/ 67.11MB'
}
test_limits() {
	setup
	needs_controllers
	started one --memory 64m --pids-limit 33 --cpus 0.5 --cpu-shares 512 box sleep 1000
	local dir
	dir=$(cgroup_mount)$(sed -n 's/^0:://p' "/proc/$(pod inspect --format '{{.State.Pid}}' one)/cgroup")
	equal memory 67108864 "$(cat "$dir/memory.max")"
	equal pids 33 "$(cat "$dir/pids.max")"
	equal cpu '50000 100000' "$(cat "$dir/cpu.max")"
	[ "$(cat "$dir/cpu.weight")" != 100 ] || fail "cpu.weight is the kernel's own"
	local status=0
	run --rm --memory 16m --memory-swap 16m box sh -c 'dd if=/dev/zero of=/dev/shm/x bs=1M count=40' >/dev/null 2>&1 || status=$?
	[ $status != 0 ] || fail "40 MiB fitted into 16"
}
test_update() {
	setup
	needs_controllers
	started one --memory 64m box sleep 1000
	pod update --memory 80m --cpus 0.25 one >/dev/null
	local dir
	dir=$(cgroup_mount)$(sed -n 's/^0:://p' "/proc/$(pod inspect --format '{{.State.Pid}}' one)/cgroup")
	equal memory 83886080 "$(cat "$dir/memory.max")"
	equal cpu '25000 100000' "$(cat "$dir/cpu.max")"
}
test_cp() {
	setup
	started one box sleep 1000
	echo data >file
	pod cp file one:/tmp/file
	equal "in the container" data "$(pod exec one cat /tmp/file)"
	pod exec one sh -c 'echo back >/root/b'
	pod cp one:/root/b back
	equal "out of it" back "$(cat back)"
}
test_healthcheck() {
	setup
	started one --health-cmd 'test -e /tmp/well' --health-interval disable --health-retries 1 box sleep 1000
	local status=0
	pod healthcheck run one >/dev/null 2>&1 || status=$?
	equal "not well" 1 $status
	pod exec one touch /tmp/well
	pod healthcheck run one >/dev/null
	equal state healthy "$(pod inspect --format '{{.State.Healthcheck.Status}}' one 2>/dev/null || pod inspect --format '{{.State.Health.Status}}' one)"
}
test_init() {
	setup
	contains "$(run --rm --init box cat /proc/1/cmdline | tr '\0' ' ')" podman-init
	# who has been left by his parent is reaped
	equal zombies 0 "$(run --rm --init box sh -c '(sleep 0.1 &) ; sleep 0.5; grep -l "State:.Z" /proc/[0-9]*/status | wc -l')"
}
test_pod_shares_namespaces() {
	setup
	pod pod create --name p --infra-image box --infra-command 'sleep 1000' --network none --share net,ipc,uts >/dev/null
	pod run -d --pod p --name a box sleep 1000 >/dev/null
	pod run -d --pod p --name b box sleep 1000 >/dev/null
	local n
	for n in net ipc uts; do
		equal "namespace $n" "$(pod exec a readlink /proc/self/ns/$n)" "$(pod exec b readlink /proc/self/ns/$n)"
	done
	[ "$(pod exec a readlink /proc/self/ns/mnt)" != "$(pod exec b readlink /proc/self/ns/mnt)" ] || fail "one mount namespace for both"
	pod pod rm -f -t 0 p >/dev/null
}
test_pod_has_devices() {
	setup
	pod pod create --name p --infra-image box --infra-command 'sleep 1000' --network none >/dev/null
	equal "/dev/null" written "$(pod run --rm --pod p box sh -c 'echo x >/dev/null && echo written')"
	pod pod rm -f -t 0 p >/dev/null
}
test_namespaces_joined() {
	setup
	started one box sleep 1000
	equal pid "$(pod exec one readlink /proc/self/ns/pid)" "$(run --rm --pid container:one box readlink /proc/self/ns/pid)"
	equal "what is seen" 1 "$(run --rm --pid container:one box ps | grep -c 'sleep 1000')"
	equal ipc "$(pod exec one readlink /proc/self/ns/ipc)" "$(run --rm --ipc container:one box readlink /proc/self/ns/ipc)"
	equal "the host's" "$(readlink /proc/self/ns/uts)" "$(run --rm --uts host box readlink /proc/self/ns/uts)"
}
test_userns_auto() {
	setup
	# root's ranges are those of the user "containers"
	if is_root && ! grep -q ^containers: /etc/subuid; then
		{ cat /etc/subuid; echo containers:3000000:1000000; } >ids
		mount --bind ids /etc/subuid
		mount --bind ids /etc/subgid
		BOUND=1
	fi
	local map
	map=$(run --rm --userns auto:size=4096 box cat /proc/self/uid_map | xargs)
	equal "size of the map" 4096 "${map##* }"
	[ "$(cut -d' ' -f2 <<<"$map")" != 0 ] || fail "root is root outside: $map"
	# files of the image are the container's root's
	equal owner 0 "$(run --rm --userns auto:size=4096 box stat -c %u /bin/busybox)"
}
test_userns_keep_id() {
	setup
	! is_root || skip "for a plain user"
	equal id "$(id -u)" "$(run --rm --userns keep-id box id -u)"
	echo mine >mine
	equal owner "$(id -u)" "$(run --rm --userns keep-id -v "$S/mine:/mine" box stat -c %u /mine)"
}
test_uidmap() {
	setup
	is_root || skip "for root: a plain user has podman's own map"
	equal map '0 100000 5000' "$(run --rm --uidmap 0:100000:5000 --gidmap 0:100000:5000 box cat /proc/self/uid_map | xargs)"
}
test_read_only() {
	setup
	local status=0
	run --rm --read-only box touch /x 2>err || status=$?
	[ $status != 0 ] || fail "the root is writable"
	contains "$(cat err)" 'Read-only file system'
	run --rm --read-only box sh -c 'touch /tmp/x /run/x /dev/shm/x'
	run --rm box touch /x
}
test_tmpfs() {
	setup
	local seen
	seen=$(run --rm --tmpfs /t:rw,size=1m,mode=1770 box sh -c 'grep " /t " /proc/mounts; stat -c %a /t')
	contains "$seen" 'tmpfs' 'size=1024k' 1770
}
test_mount() {
	setup
	mkdir -p dir/sub
	echo there >dir/file
	equal bind there "$(run --rm --mount type=bind,src="$S/dir",dst=/d,ro box cat /d/file)"
	local status=0
	run --rm --mount type=bind,src="$S/dir",dst=/d,ro box touch /d/x 2>/dev/null || status=$?
	[ $status != 0 ] || fail "a read-only mount is writable"
	run --rm -v "$S/dir:/d" box touch /d/written
	[ -e dir/written ] || fail "nothing came out"
	pod volume create vol >/dev/null
	run --rm -v vol:/v box sh -c 'echo kept >/v/f'
	equal volume kept "$(run --rm -v vol:/v box cat /v/f)"
	contains "$(run --rm --mount type=tmpfs,dst=/m,tmpfs-size=64k box grep ' /m ' /proc/mounts)" size=64k
	contains "$(run --rm -v "$S/dir:/d:noexec" box grep ' /d ' /proc/self/mountinfo)" noexec
}
test_mount_propagation() {
	setup
	is_root || skip "for root: mounts are made outside"
	mkdir shared
	mount -t tmpfs none shared
	mount --make-shared shared
	mkdir shared/sub
	contains "$(run --rm -v "$S/shared:/d:rslave" box grep ' /d ' /proc/self/mountinfo)" master:
	contains "$(run --rm -v "$S/shared:/d:rshared" box grep ' /d ' /proc/self/mountinfo)" shared:
	started one -v "$S/shared:/d:rslave" box sleep 1000
	mount -t tmpfs none shared/sub
	contains "$(pod exec one cat /proc/self/mountinfo)" ' /d/sub '
	umount shared/sub
	lacks "$(pod exec one cat /proc/self/mountinfo)" ' /d/sub '
	pod rm -f -t 0 one >/dev/null
	umount shared
}
test_device() {
	setup
	is_root || skip "for root: a plain user's devices are bind mounts of the host's"
	equal type '1:5' "$(run --rm --device /dev/zero:/dev/mine box stat -c %t:%T /dev/mine)"
	run --rm --device /dev/zero:/dev/mine:r box dd if=/dev/mine of=/dev/null bs=1 count=1 2>/dev/null
}
test_sysctl() {
	setup
	equal value 12345 "$(run --rm --sysctl kernel.msgmax=12345 box cat /proc/sys/kernel/msgmax)"
	equal "of the network" 1 "$(run --rm --sysctl net.ipv4.ip_forward=1 box cat /proc/sys/net/ipv4/ip_forward)"
	[ "$(run --rm box cat /proc/sys/kernel/msgmax)" != 12345 ] || fail "it is that without, too"
}
test_ulimit() {
	setup
	equal soft 100 "$(run --rm --ulimit nofile=100:200 --ulimit nproc=1000 box sh -c 'ulimit -Sn')"
	equal hard 200 "$(run --rm --ulimit nofile=100:200 --ulimit nproc=1000 box sh -c 'ulimit -Hn')"
}
test_capabilities() {
	setup
	local all none some
	all=$(run --rm box grep CapEff /proc/self/status)
	none=$(run --rm --cap-drop all box grep CapEff /proc/self/status)
	some=$(run --rm --cap-drop all --cap-add net_raw box grep CapEff /proc/self/status)
	equal none "0000000000000000" "$(value "$none" CapEff | xargs)"
	equal "one" "0000000000002000" "$(value "$some" CapEff | xargs)"
	[ "$all" != "$none" ] || fail "there are none without the option"
	equal "of a user" "0000000000000000" "$(value "$(run --rm --user user box grep CapEff /proc/self/status)" CapEff | xargs)"
}
test_seccomp() {
	setup
	equal "podman's own filter" 2 "$(value "$(run --rm box grep Seccomp: /proc/self/status)" Seccomp | xargs)"
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":7}]}' >filter.json
	local said
	said=$(run --rm --security-opt seccomp="$S/filter.json" box mkdir /x 2>&1 || true)
	contains "$said" 'Argument list too long'
	run --rm --security-opt seccomp=unconfined box mkdir /x
	equal unconfined 0 "$(value "$(run --rm --security-opt seccomp=unconfined box grep Seccomp: /proc/self/status)" Seccomp | xargs)"
}
test_no_new_privileges() {
	setup
	contains "$(run --rm --security-opt no-new-privileges box grep NoNewPrivs /proc/self/status)" 1
	contains "$(run --rm box grep NoNewPrivs /proc/self/status)" 0
}
test_masked_paths() {
	setup
	equal hidden '' "$(run --rm box sh -c 'cat /proc/kcore /proc/timer_list 2>/dev/null | head -c 10')"
	local status=0
	run --rm box sh -c 'echo 1 >/proc/sysrq-trigger' 2>/dev/null || status=$?
	[ $status != 0 ] || fail "/proc/sysrq-trigger could be written"
	run --rm --security-opt unmask=/proc/timer_list box sh -c '! grep -q " /proc/timer_list " /proc/mounts'
}
test_privileged() {
	setup
	equal capabilities "$(grep CapBnd /proc/self/status)" "$(run --rm --privileged box grep CapBnd /proc/self/status)"
	run --rm --privileged box sh -c 'mount -t tmpfs none /mnt 2>/dev/null || { mkdir -p /m && mount -t tmpfs none /m; }'
}
test_cgroups_disabled() {
	setup
	# the shell's cgroup is that of its caller: podman must know that the runtime can do it
	local own
	own=$(sed -n 's/^0:://p' /proc/self/cgroup)
	equal cgroup "$own" "$(run --rm --cgroups disabled --cgroupns host box sed -n 's/^0:://p' /proc/self/cgroup)"
	[ "$(run --rm --cgroupns host box sed -n 's/^0:://p' /proc/self/cgroup)" != "$own" ] || fail "it is that without, too"
	started one --cgroups disabled box sleep 1000
	equal exec x "$(pod exec one echo x)"
	pod stop -t 0 one >/dev/null 2>&1
}
test_preserve_fds() {
	setup
	echo handed >file
	equal "descriptor 3" handed "$(run --rm --preserve-fds 1 box sh -c 'cat <&3' 3<file)"
	started one box sleep 1000
	equal "in exec" handed "$(pod exec --preserve-fds 1 one sh -c 'cat <&3' 3<file)"
}
test_sdnotify() {
	setup
	"$TOOLS/receive" heard "$S/sock" dgram &
	echo $! >>daemons
	eventually 5 test -e heard
	# (where podman leaves the relay to the runtime, its start waits until then; 4.3 has its own)
	NOTIFY_SOCKET=$S/sock run -d --name one --sdnotify container -v "$TOOLS/notify:/bin/notify:ro" box sh -c \
		'sleep 1; touch /said; notify "READY=1"; sleep 1000' >/dev/null
	eventually 10 pod exec one test -e /said
	eventually 5 grep -q READY=1 heard
	contains "$(cat heard)" "MAINPID="
}
test_hooks_and_oci_annotations() {
	setup
	is_root || skip "hooks' directories are root's"
	mkdir hooks.d
	printf '#!/bin/sh\ncat >%s/state.json\n' "$S" >hook
	chmod +x hook
	echo "{\"version\":\"1.0.0\",\"hook\":{\"path\":\"$S/hook\"},\"when\":{\"always\":true},\"stages\":[\"createRuntime\"]}" >hooks.d/h.json
	pod --hooks-dir "$S/hooks.d" run --rm --network none --annotation some.key=value box true
	equal annotation value "$(jq -r '.annotations["some.key"]' state.json)"
	equal status created "$(jq -r .status state.json | sed s/creating/created/)"
}
test_network_namespace() {
	setup
	equal "the loopback is up" 1 "$(run --rm box sh -c 'ip link show lo | grep -c LOWER_UP')"
	equal "the host's" "$(readlink /proc/self/ns/net)" "$(pod run --rm --network host box readlink /proc/self/ns/net)"
}
test_bridge_network() { # limit 60
	setup
	is_root || skip "for root: a plain user's network is that of slirp4netns"
	pod run -d --name one --network podman box httpd -f -p 80 -h /etc >/dev/null
	local ip
	ip=$(pod inspect --format '{{.NetworkSettings.IPAddress}}' one)
	eventually 10 pod run --rm --network podman box wget -q -O /dev/null "http://$ip/passwd"
	pod rm -f -t 0 one >/dev/null
}
test_user_and_groups() {
	setup
	equal user 'uid=1000(user) gid=1000(user) groups=1000(user)' "$(run --rm --user user box id)"
	contains "$(run --rm --user 1234:55 --group-add 77 box id)" uid=1234 gid=55 77
	equal directory /tmp "$(run --rm -w /tmp box pwd)"
	equal hostname box.example "$(run --rm --hostname box.example box hostname)"
	contains "$(run --rm --env-host=false -e X=y box env)" X=y container=podman
}
test_shm_size() {
	setup
	contains "$(run --rm --shm-size 3m box grep /dev/shm /proc/mounts)" size=3072k
}
test_rootfs_without_image() {
	setup
	cp -a "$IMAGES/rootfs" .
	equal output in "$(run --rm --rootfs "$S/rootfs" echo in)"
	equal "not written to" in2 "$(run --rm --rootfs "$S/rootfs:O" sh -c 'touch /new; echo in2')"
	[ ! -e rootfs/new ] || fail "the overlay was written through"
}
test_commit_and_build() {
	setup
	started one box sh -c 'echo c >/committed'
	pod wait one >/dev/null
	pod commit -q one made >/dev/null
	equal commit c "$(run --rm made cat /committed)"
	mkdir ctx
	printf 'FROM box\nRUN echo built >/built\n' >ctx/Containerfile
	pod build -q --network none --isolation oci ctx -t built >/dev/null
	equal build built "$(run --rm built cat /built)"
}
test_twenty_at_a_time() { # limit 120
	setup
	local i pids=()
	for i in $(seq 20); do
		run --rm box echo "number $i" >"out.$i" 2>&1 &
		pids+=($!)
		[ $((i % 5)) != 0 ] || { wait "${pids[@]}"; pids=(); }
	done
	equal outputs 20 "$(cat out.* | grep -c '^number')"
	equal left '' "$(pod ps -aq)"
}

run_tests "$@"
