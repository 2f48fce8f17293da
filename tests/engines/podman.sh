#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# podman: as root with the cgroupfs manager, or in the lanes with systemd with that; as a plain user in the lane session.
. "${0%/*}/lib.sh"
# shellcheck source=tests/engines/client.sh
. "${0%/*}/client.sh"
INIT=podman-init BUILD_WITH=(--isolation oci)

# podman with folders of its own. The image is "box".
setup() {
	needs podman conmon
	cp -a "$IMAGES/podman" "$S/storage"
	mkdir -p "$S/run" "$S/tmp/podman" "$S/volumes"
	export CONTAINERS_CONF=$IMAGES/containers.conf
	CLIENT=(podman --root "$S/storage" --runroot "$S/run" --tmpdir "$S/tmp/podman" --volumepath "$S/volumes" --runtime "$(basename "$RUNTIME")"
		--events-backend file --cgroup-manager "$(case $LANE in vm-systemd | vm-session) echo systemd ;; *) echo cgroupfs ;; esac)")
	trap_end finish
}
client() { "${CLIENT[@]}" "$@"; }
# conmon ends after it has had podman clean up
finish() {
	local status=$? i
	trap - EXIT ERR
	set +e
	end_daemons
	client rm --all --force --time 0 >"$S/rm.log" 2>&1 || { sed 's/^/# rm: /' "$S/rm.log" >&2; status=1; }
	client pod rm --all --force >/dev/null 2>&1
	for i in $(seq $((50 * TIMEOUT_FACTOR))); do
		pgrep -f "conmon.*$S/" >/dev/null || break
		sleep 0.1
	done
	# podman keeps the folder of the network namespaces as a mount
	! is_root || umount /run/netns "$S/storage/overlay" 2>/dev/null
	[ -z "${BOUND:-}" ] || umount /etc/subuid /etc/subgid
	# a plain user's files are of the ids of his podman's user namespace, which a process keeps
	if is_root; then
		rm -rf "$S"/tmp/*
	else
		local keeper
		keeper=$(cat "$S/tmp/podman/pause.pid")
		client unshare rm -rf "$S/storage" "$S/run" "$S/volumes" 2>/dev/null
		[ -z "$keeper" ] || kill "$keeper"
		rm -rf "$S"/tmp/*
	fi
	exit $status
}

test_run() {
	setup
	equal output hello "$(run --rm box echo hello)"
	equal "standard input" through "$(echo through | run --rm -i box cat)"
	equal runtime "$(basename "$RUNTIME")" "$(run -d --name one box true >/dev/null; client inspect --format '{{.OCIRuntime}}' one)"
	equal "one of all" 1 "$(client ps -aq | wc -l)"
}
test_top() {
	setup
	started one box sh -c 'sleep 1001 & exec sleep 1000'
	eventually 5 eval 'client top one args | grep -q "sleep 1001"'
	contains "$(client top one pid user args)" 'sleep 1000'
	contains "$(client top one -ef 2>&1)" sleep
}
test_stats() {
	setup
	needs_controllers
	started one --memory 64m box sh -c 'dd if=/dev/zero of=/dev/shm/x bs=1M count=8 2>/dev/null; sleep 1000'
	eventually 10 eval '[ "$(client stats --no-stream --format "{{.PIDs}}" one)" -ge 1 ]'
	contains "$(client stats --no-stream --format '{{.MemUsage}}' one)" '/ 67.11MB'
}
health_of() { # NAME (other versions have another word for it)
	client inspect --format '{{.State.Healthcheck.Status}}' "$1" 2>/dev/null || client inspect --format '{{.State.Health.Status}}' "$1"
}
test_healthcheck() {
	setup
	started one --health-cmd 'test -e /tmp/well' --health-interval disable --health-retries 1 box sleep 1000
	local status=0
	client healthcheck run one >/dev/null 2>&1 || status=$?
	equal "not well" 1 $status
	client exec one touch /tmp/well
	client healthcheck run one >/dev/null
	equal state healthy "$(health_of one)"
}
test_pod_shares_namespaces() {
	setup
	client pod create --name p --infra-image box --infra-command 'sleep 1000' --network none --share net,ipc,uts >/dev/null
	client run -d --pod p --name a box sleep 1000 >/dev/null
	client run -d --pod p --name b box sleep 1000 >/dev/null
	local n
	for n in net ipc uts; do
		equal "namespace $n" "$(client exec a readlink /proc/self/ns/$n)" "$(client exec b readlink /proc/self/ns/$n)"
	done
	[ "$(client exec a readlink /proc/self/ns/mnt)" != "$(client exec b readlink /proc/self/ns/mnt)" ] || fail "one mount namespace for both"
	client pod rm -f -t 0 p >/dev/null
}
# that others could take over a process, the runtime warns of; an engine's log of it has warnings only with --debug
with_warnings() { CLIENT+=(--runtime-flag debug); }
warnings() { find "$S/run" -name oci-log -exec cat {} + | jq -r 'select(.level == "warning") | .msg | select(test("take over"))' | sort -u; }
test_pod_shares_processes() { # limit 60
	setup
	with_warnings
	client pod create --name p --infra-image box --infra-command 'sleep 1000' --network none --share pid,net,ipc,uts >/dev/null
	client run -d --pod p --name a box sleep 1001 >/dev/null
	client run -d --pod p --name b -v "$TOOLS:/tools:ro" box sleep 1002 >/dev/null
	equal namespace "$(client exec a readlink /proc/self/ns/pid)" "$(client exec b readlink /proc/self/ns/pid)"
	contains "$(client exec b ps -o args)" 'sleep 1000' 'sleep 1001' 'sleep 1002'
	equal "filter and capabilities" "$(run --rm box grep -E '^(Cap|Seccomp:|NoNewPrivs)' /proc/self/status)" \
		"$(client exec b sh -c "grep -E '^(Cap|Seccomp:|NoNewPrivs)' /proc/\$(ps -o pid,args | awk '/[s]leep 1002/ { print \$1 }')/status")"
	# one of a pod ends, the others go on
	client stop -t 0 a >/dev/null 2>&1
	status_is a exited
	lacks "$(client exec b ps -o args)" 'sleep 1001'
	local status=0
	client run --rm --pod p box sh -c 'exit 6' || status=$?
	equal "status of another one" 6 $status
	client restart -t 0 b >/dev/null 2>&1
	contains "$(client exec b ps -o args)" 'sleep 1002'
	! is_husk || equal warnings '' "$(warnings)"
	client pod rm -f -t 0 p >/dev/null
}
test_pid_of_another() { # limit 60
	setup
	with_warnings
	started one --cap-add sys_ptrace box sleep 1001
	# (not --rm: what the runtime warned of goes away with it)
	beside() { run --pid container:one "$@"; }
	equal namespace "$(client exec one readlink /proc/self/ns/pid)" "$(beside box readlink /proc/self/ns/pid)"
	# as people look into one: everything allowed, the capability to trace, a user, a terminal
	contains "$(beside --cap-add sys_ptrace box ps -o args)" 'sleep 1001'
	contains "$(beside --privileged box ps -o args)" 'sleep 1001'
	equal user 1000 "$(beside --user user box id -u)"
	contains "$(script -qec "${CLIENT[*]} run --network none --pid container:one -t box tty" /dev/null </dev/null)" /dev/pts/0
	beside --security-opt seccomp=unconfined --read-only --tmpfs /t box sh -c 'touch /t/x; kill -0 1'
	local status=0 own
	beside box /nothing/there 2>err || status=$?
	equal "a program that is not there" 127 $status
	contains "$(cat err)" /nothing/there
	run -d --name two --pid container:one box sleep 1002 >/dev/null
	contains "$(client exec two ps -o args)" 'sleep 1001' 'sleep 1002'
	equal "the host's" "$(readlink /proc/self/ns/pid)" "$(run --rm --pid host box readlink /proc/self/ns/pid)"
	# what it cannot do for a hook, it says: so there is something to be seen
	if is_root && is_husk; then
		equal warnings '' "$(warnings)"
		mkdir hooks.d
		echo '{"version":"1.0.0","hook":{"path":"/bin/true"},"when":{"always":true},"stages":["createRuntime"]}' >hooks.d/h.json
		client --hooks-dir "$S/hooks.d" run --network none --pid container:one box true
		contains "$(warnings)" 'hooks have to be told'
	fi
	# (first: `rm --all` takes them in no order, and refuses one that another depends on)
	own=$(inspect one '{{.Id}}')
	client ps -aq --no-trunc | grep -vx "$own" | xargs "${CLIENT[@]}" rm -f -t 0 >/dev/null
}
test_pod_has_devices() {
	setup
	client pod create --name p --infra-image box --infra-command 'sleep 1000' --network none >/dev/null
	equal "/dev/null" written "$(client run --rm --pod p box sh -c 'echo x >/dev/null && echo written')"
	client pod rm -f -t 0 p >/dev/null
}
# root's ranges for --userns auto are those of the user "containers"
ranges() {
	! is_root || grep -q ^containers: /etc/subuid || {
		{ cat /etc/subuid; echo containers:3000000:1000000; } >ids
		mount --bind ids /etc/subuid
		mount --bind ids /etc/subgid
		BOUND=1
	}
}
test_userns_auto() {
	setup
	ranges
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
test_userns_of_another() {
	setup
	ranges
	started one --userns auto:size=4096 box sleep 1000
	local theirs
	theirs=$(client exec one readlink /proc/self/ns/user)
	equal namespace "$theirs" "$(run --rm --userns container:one box readlink /proc/self/ns/user)"
	[ "$(run --rm box readlink /proc/self/ns/user)" != "$theirs" ] || fail "it is the same without the option"
	equal map "$(client exec one cat /proc/self/uid_map | xargs)" "$(run --rm --userns container:one box cat /proc/self/uid_map | xargs)"
	# what makes one of it a container: its files are its root's, proc and a tmpfs can be mounted, another user is let in, and exec finds it
	equal owner 0 "$(run --rm --userns container:one box stat -c %u /bin/busybox)"
	equal user 1000 "$(run --rm --userns container:one --user 1000 --tmpfs /t box id -u)"
	started two --userns container:one box sleep 1000
	equal "of exec" "$theirs" "$(client exec two readlink /proc/self/ns/user)"
	# (first: `rm --all` takes them in no order, and refuses one that another depends on; and podman 4.3 finds its /dev/shm busy now and then,
	# also over runc)
	client rm -f -t 0 two >/dev/null || client rm -f -t 0 two >/dev/null
}
test_uidmap() {
	setup
	is_root || skip "for root: a plain user has podman's own map"
	equal map '0 100000 5000' "$(run --rm --uidmap 0:100000:5000 --gidmap 0:100000:5000 box cat /proc/self/uid_map | xargs)"
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
	contains "$(client exec one cat /proc/self/mountinfo)" ' /d/sub '
	umount shared/sub
	lacks "$(client exec one cat /proc/self/mountinfo)" ' /d/sub '
	client rm -f -t 0 one >/dev/null
	umount shared
}
test_privileged() {
	setup
	equal capabilities "$(grep CapBnd /proc/self/status)" "$(run --rm --privileged box grep CapBnd /proc/self/status)"
	started one box sleep 1000
	equal "of a privileged exec" "$(grep CapBnd /proc/self/status)" "$(client exec --privileged one grep CapBnd /proc/self/status)"
	run --rm --privileged box sh -c 'mount -t tmpfs none /mnt 2>/dev/null || { mkdir -p /m && mount -t tmpfs none /m; }'
}
test_cgroups_disabled() {
	setup
	# the shell's cgroup is that of its caller: podman must know that the runtime can do it
	local own
	its() { run --rm "$@" --cgroupns host box sed -n 's/^0:://p' /proc/self/cgroup; }
	own=$(sed -n 's/^0:://p' /proc/self/cgroup)
	# (a plain user's podman moves to a scope of its own first)
	if is_root; then
		equal cgroup "$own" "$(its --cgroups disabled)"
	else
		contains "$(its --cgroups disabled)" "/user@$(id -u).service/" /podman-
	fi
	contains "$(its)" libpod
	started one --cgroups disabled box sleep 1000
	equal exec x "$(client exec one echo x)"
	client stop -t 0 one >/dev/null 2>&1
}
test_preserve_fds() {
	setup
	echo handed >file
	equal "descriptor 3" handed "$(run --rm --preserve-fds 1 box sh -c 'cat <&3' 3<file)"
	started one box sleep 1000
	equal "in exec" handed "$(client exec --preserve-fds 1 one sh -c 'cat <&3' 3<file)"
}
test_sdnotify() {
	setup
	"$TOOLS/receive" heard "$S/sock" dgram &
	echo $! >>daemons
	eventually 5 test -e heard
	# (where podman leaves the relay to the runtime, its start waits until then; 4.3 has its own)
	NOTIFY_SOCKET=$S/sock run -d --name one --sdnotify container -v "$TOOLS/notify:/bin/notify:ro" box sh -c \
		'sleep 1; touch /said; notify "READY=1"; sleep 1000' >/dev/null
	eventually 10 client exec one test -e /said
	eventually 5 grep -q READY=1 heard
	contains "$(cat heard)" "MAINPID="
}
test_sdnotify_conmon() {
	setup
	"$TOOLS/receive" heard "$S/sock" dgram &
	echo $! >>daemons
	eventually 5 test -e heard
	# podman itself says it, of conmon; the container has no part in it
	NOTIFY_SOCKET=$S/sock run -d --name one --sdnotify conmon box sleep 1000 >/dev/null
	eventually 5 grep -q READY=1 heard
	contains "$(cat heard)" "MAINPID=$(inspect one '{{.State.ConmonPid}}')"
	contains "$(client exec one env)" PATH=
	lacks "$(client exec one sh -c 'cat /proc/1/environ; cat /proc/1/mounts')" NOTIFY_SOCKET /run/notify
	local said
	said=$(wc -l <heard)
	NOTIFY_SOCKET=$S/sock run -d --name two --sdnotify ignore box sleep 1000 >/dev/null
	equal "said although it was to be ignored" "$said" "$(wc -l <heard)"
}
needs_systemd() { [[ $LANE = vm-systemd || $LANE = vm-session ]] || skip "needs systemd; in its virtual machine"; }
ctl() { if is_root; then systemctl "$@"; else systemctl --user "$@"; fi; }
# service NAME HOW: the service podman-$ID runs the container NAME with --sdnotify HOW, as `podman generate systemd` writes it
service() {
	local user=()
	is_root || user=(--user)
	systemd-run "${user[@]}" --quiet --no-block --collect --unit "podman-$ID" --service-type notify -p NotifyAccess=all -p TimeoutStartSec=120 \
		--setenv CONTAINERS_CONF="$CONTAINERS_CONF" "${CLIENT[@]}" run --network none --cgroups no-conmon --rm --sdnotify "$2" -d --name "$1" \
		-v "$TOOLS/notify:/bin/notify:ro" box sh -c 'until test -e /go; do sleep 0.1; done; notify READY=1; exec sleep 1000'
}
service_is() { [ "$(ctl is-active "podman-$ID")" = "$1" ]; }
service_ends() { # NAME
	client stop -t 0 "$1" >/dev/null 2>&1
	eventually 20 eval '! service_is active && ! service_is deactivating'
	equal "after its end" '' "$(client ps -aq)"
}
test_service_is_ready_with_conmon() { # limit 60
	needs_systemd
	setup
	service one conmon
	eventually 30 service_is active
	equal "its main process" conmon "$(cat "/proc/$(ctl show -P MainPID "podman-$ID")/comm")"
	client exec one true
	service_ends one
}
test_service_is_ready_when_the_container_says_it() { # limit 60
	needs_systemd
	setup
	service one container
	eventually 30 client exec one true
	sleep 1
	equal before activating "$(ctl is-active "podman-$ID" || true)"
	client exec one touch /go
	eventually 30 service_is active
	service_ends one
}
test_healthcheck_by_timer() { # limit 120
	needs_systemd
	setup
	# the timer's podman has the configuration from systemd, and nothing else from here
	printf '[storage]\ndriver = "overlay"\ngraphroot = "%s"\nrunroot = "%s"\n' "$S/storage" "$S/run" >storage.conf
	ctl set-environment CONTAINERS_CONF="$CONTAINERS_CONF" CONTAINERS_STORAGE_CONF="$S/storage.conf"
	trap_end 'ctl unset-environment CONTAINERS_CONF CONTAINERS_STORAGE_CONF; finish'
	started one --health-cmd 'test -e /tmp/well' --health-interval 2s --health-retries 1 box sleep 1000
	local id
	id=$(inspect one '{{.Id}}')
	contains "$(ctl list-timers --all)" "$id"
	eventually 30 eval '[ "$(health_of one)" = unhealthy ]'
	client exec one touch /tmp/well
	eventually 30 eval '[ "$(health_of one)" = healthy ]'
	client exec one rm /tmp/well
	eventually 30 eval '[ "$(health_of one)" = unhealthy ]'
	client rm -f -t 0 one >/dev/null
	eventually 10 eval '! ctl list-timers --all | grep -q "$id"'
}
test_hooks_and_oci_annotations() {
	setup
	is_root || skip "hooks' directories are root's"
	mkdir hooks.d
	printf '#!/bin/sh\ncat >%s/state.json\n' "$S" >hook
	chmod +x hook
	echo "{\"version\":\"1.0.0\",\"hook\":{\"path\":\"$S/hook\"},\"when\":{\"always\":true},\"stages\":[\"createRuntime\"]}" >hooks.d/h.json
	client --hooks-dir "$S/hooks.d" run --rm --network none --annotation some.key=value box true
	equal annotation value "$(jq -r '.annotations["some.key"]' state.json)"
	equal status created "$(jq -r .status state.json | sed s/creating/created/)"
}
test_network_namespace() {
	setup
	equal "the loopback is up" 1 "$(run --rm box sh -c 'ip link show lo | grep -c LOWER_UP')"
	equal "the host's" "$(readlink /proc/self/ns/net)" "$(client run --rm --network host box readlink /proc/self/ns/net)"
}
test_bridge_network() { # limit 60
	setup
	is_root || skip "for root: a plain user's network is that of slirp4netns"
	client run -d --name one --network podman box httpd -f -p 80 -h /etc >/dev/null
	local ip
	ip=$(client inspect --format '{{.NetworkSettings.IPAddress}}' one)
	eventually 10 client run --rm --network podman box wget -q -O /dev/null "http://$ip/passwd"
	client rm -f -t 0 one >/dev/null
}
test_rootfs_without_image() {
	setup
	cp -a "$IMAGES/rootfs" .
	equal output in "$(run --rm --rootfs "$S/rootfs" echo in)"
	equal "not written to" in2 "$(run --rm --rootfs "$S/rootfs:O" sh -c 'touch /new; echo in2')"
	[ ! -e rootfs/new ] || fail "the overlay was written through"
}
test_options_of_mounts() {
	setup
	mkdir dir
	contains "$(run --rm -v "$S/dir:/d:noexec" box grep ' /d ' /proc/self/mountinfo)" noexec
	lacks "$(run --rm -v "$S/dir:/d" box grep ' /d ' /proc/self/mountinfo)" noexec
	# what a read-only container may write to
	run --rm --read-only box sh -c 'touch /tmp/x /run/x /dev/shm/x'
}
test_unmask() {
	setup
	run --rm box grep -q ' /proc/timer_list ' /proc/mounts
	run --rm --security-opt unmask=/proc/timer_list box sh -c '! grep -q " /proc/timer_list " /proc/mounts'
}
test_directory_that_is_a_file() {
	setup
	local status=0
	run --rm --workdir /etc/passwd box true 2>err || status=$?
	[ $status != 0 ] || fail "a file was taken for the working directory"
	equal "nothing is left" '' "$(client ps -aq)"
}

run_tests "$@"
