#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the caller's service manager and shell pass on: notification sockets, sockets that are listened to, descriptors.
. "${0%/*}/lib.sh"

# a service manager that writes down what it is told
manager() {
	"$TOOLS/receive" info "$S/notify" dgram &
	MANAGER=$!
	eventually 20 grep -q listening info
	export NOTIFY_SOCKET=$S/notify
}
told() { sed 1d info | jq -r .data; }
end_manager() {
	kill "$MANAGER"
	wait "$MANAGER" 2>/dev/null || true
}
notifying_bundle() { # SCRIPT
	bundle
	cp "$TOOLS/notify" "$B/rootfs/bin/"
	args /bin/sh -c "$1"
}

test_notify_is_relayed_in_the_foreground() {
	manager
	notifying_bundle 'notify "STATUS=one" && notify "READY=1\nMAINPID=1\nSTATUS=two" barrier && notify "FDSTORE=1\nSTOPPING=1" && id -u'
	equal "output of the program" 0 "$(timeout 20 "$HUSK" --root "$ROOT" run --bundle "$B" "$ID")"
	contains "$(told)" STATUS=one READY=1 STATUS=two STOPPING=1
	lacks "$(told)" FDSTORE
	lacks "$(told)" 'MAINPID=1 '
	[[ $(sed 1d info | jq -r 'select(.data | contains("MAINPID")).data' | tr -d '\n') =~ MAINPID=[0-9]{2,} ]] ||
		[[ $(sed 1d info | jq -r .data) =~ MAINPID=[0-9]+ ]] || fail "no MAINPID: $(cat info)"
	end_manager
}

# The container's barrier opens when the manager has read what was said before it, and not when husk has passed it on.
test_notify_barrier_waits_for_the_manager() {
	manager
	notifying_bundle 'notify READY=1; notify STATUS=slow barrier && echo through >/tmp/through'
	kill -STOP "$MANAGER"
	husk run --bundle "$B" "$ID" &
	local running=$!
	eventually 20 eval '[ "$(status_of $ID)" = running ]'
	sleep 1
	[ ! -e "$B/rootfs/tmp/through" ] || fail "the barrier opened while the manager did not read"
	kill -CONT "$MANAGER"
	wait $running
	[ -e "$B/rootfs/tmp/through" ] || fail "the barrier did not open"
	contains "$(told)" STATUS=slow
	end_manager
}

test_notify_detached_run_waits_for_ready() {
	manager
	notifying_bundle 'sleep 1; notify READY=1; exec sleep 100'
	timeout 20 "$HUSK" --root "$ROOT" run -d --bundle "$B" "$ID" >/dev/null 2>err </dev/null
	contains "$(told)" READY=1 "MAINPID=$(husk state "$ID" | jq .pid)"
	equal status running "$(status_of "$ID")"
	husk delete --force "$ID"
	end_manager
}

test_notify_start_waits_for_ready() {
	manager
	# another word first: it is passed on and is not what is waited for
	notifying_bundle 'notify STATUS=begun; sleep 1; notify READY=1; exec sleep 100'
	husk create --bundle "$B" "$ID" >/dev/null 2>err </dev/null
	timeout 20 "$HUSK" --root "$ROOT" start "$ID"
	contains "$(told)" STATUS=begun READY=1 "MAINPID=$(husk state "$ID" | jq .pid)"
	husk delete --force "$ID"
	end_manager
}

test_notify_start_ends_with_the_container() {
	manager
	notifying_bundle 'sleep 1'
	husk create --bundle "$B" "$ID" >/dev/null 2>err </dev/null
	timeout 20 "$HUSK" --root "$ROOT" start "$ID"
	lacks "$(told)" READY=1
	husk delete "$ID"
	end_manager
}

# while start waits for READY, the container can be used and removed
test_notify_waiting_start_holds_nobody_up() {
	manager
	notifying_bundle 'exec sleep 100'
	husk create --bundle "$B" "$ID" >/dev/null 2>err </dev/null
	husk start "$ID" &
	local starting=$!
	eventually 20 eval '[ "$(status_of $ID)" = running ]'
	husk exec "$ID" /bin/true
	timeout 8 "$HUSK" --root "$ROOT" delete --force "$ID"
	wait $starting
	end_manager
}

test_notify_without_a_manager_changes_nothing() {
	notifying_bundle 'probe see; ls /run'
	"$HUSK" --root "$ROOT" run --bundle "$B" "$ID" >out
	lacks "$(cat out)" NOTIFY_SOCKET
	lacks "$(cat out)" notify
	# nobody behind the socket: the container runs all the same
	notifying_bundle 'notify READY=1'
	NOTIFY_SOCKET=$S/nobody "$HUSK" --root "$ROOT" --log log run --bundle "$B" "$ID"
	contains "$(cat log)" "NOTIFY_SOCKET $S/nobody"
}

test_notify_in_a_user_namespace() {
	is_root || skip "a plain user's containers always have one"
	manager
	notifying_bundle 'notify "READY=1"'
	config '.process.user = {uid:1000,gid:1000} | .linux.namespaces += [{type:"user"}] |
		.linux.uidMappings = [{containerID:0,hostID:100000,size:65536}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$B/rootfs"
	husk run --bundle "$B" "$ID"
	eventually 20 grep -q READY=1 info
	contains "$(told)" READY=1
	end_manager
}

test_notify_socket_is_no_way_to_the_host() {
	manager
	notifying_bundle 'ls -a /run/notify; touch /run/notify/new 2>&1; rm /run/notify/notify.sock 2>&1; true'
	husk run --bundle "$B" "$ID" >out
	contains "$(cat out)" notify.sock Read-only
	equal entries 3 "$(grep -c '^\.\|^notify.sock' out)"
	end_manager
}

test_listen_variables() {
	bundle
	config_args_see
	exec 3</dev/zero 4</dev/full 5</dev/null
	LISTEN_FDS=2 LISTEN_FDNAMES=a:b husk run --bundle "$B" "$ID" >seen </dev/null 2>/dev/null
	equal descriptors '0 1 2 3 4' "$(seen '.fds | keys | join(" ")')"
	contains "$(seen '.env | join(" ")')" LISTEN_FDS=2 LISTEN_PID=1 LISTEN_FDNAMES=a:b
	# those of --preserve-fds come behind them
	LISTEN_FDS=2 husk run --preserve-fds 1 --bundle "$B" "$ID" >seen </dev/null 2>/dev/null
	equal descriptors '0 1 2 3 4 5' "$(seen '.fds | keys | join(" ")')"
	# meant for another process
	LISTEN_FDS=2 LISTEN_PID=1 husk run --bundle "$B" "$ID" >seen </dev/null 2>/dev/null
	equal descriptors '0 1 2' "$(seen '.fds | keys | join(" ")')"
	lacks "$(seen '.env | join(" ")')" LISTEN
	exec 3<&- 4<&- 5<&-
	LISTEN_FDS=many refused LISTEN_FDS run --bundle "$B" "$ID"
	LISTEN_FDS=4294967295 refused LISTEN_FDS run --bundle "$B" "$ID"
	# create and start: what create was given
	exec 3</dev/zero
	LISTEN_FDS=1 husk create --bundle "$B" "$ID" >seen </dev/null 2>/dev/null
	exec 3<&-
	husk start "$ID"
	eventually 20 eval '[ "$(status_of $ID)" = stopped ]'
	husk delete "$ID"
	contains "$(seen '.env | join(" ")')" LISTEN_FDS=1 LISTEN_PID=1
	equal descriptors '0 1 2 3' "$(seen '.fds | keys | join(" ")')"
}

test_listen_variables_of_exec() {
	bundle
	args /bin/sleep 100
	husk create --bundle "$B" "$ID" >/dev/null 2>err </dev/null
	husk start "$ID"
	exec 3</dev/zero 4</dev/full
	LISTEN_FDS=1 husk exec --preserve-fds 1 "$ID" /bin/probe see >seen </dev/null 2>/dev/null
	exec 3<&- 4<&-
	equal descriptors '0 1 2 3 4' "$(seen '.fds | keys | join(" ")')"
	contains "$(seen '.env | join(" ")')" LISTEN_FDS=1 "LISTEN_PID=$(seen .pid)"
	husk delete --force "$ID"
}

test_preserved_descriptors_of_exec_with_holes() {
	bundle
	args /bin/sleep 100
	husk create --bundle "$B" "$ID" >/dev/null 2>err </dev/null
	husk start "$ID"
	exec 9</dev/zero 40</dev/full 41</etc
	husk exec --preserve-fds 38 "$ID" /bin/probe see >seen </dev/null 2>/dev/null
	exec 9<&- 40<&- 41<&-
	# (whoever runs this test may have opened others in between)
	check '.fds | .["9"] == "/dev/zero" and .["40"] == "/dev/full" and (has("41") or has("8") | not)'
	husk delete --force "$ID"
}

# nothing of husk's own, and nothing of its caller
test_variables_of_the_caller_stay_outside() {
	bundle
	config '.process.env = ["PATH=/bin"]'
	config_args_see
	_OCI_X=1 _LIBCONTAINER_X=1 LISTEN_FDS='' LISTEN_PID=$$ XDG_RUNTIME_DIR=/x husk run --bundle "$B" "$ID" >seen
	equal env 'HOME=/root PATH=/bin' "$(seen '.env | sort | join(" ")')"
}

test_pidfd_socket_of_exec() {
	bundle
	args /bin/sleep 100
	husk create --bundle "$B" "$ID" >/dev/null 2>err </dev/null
	husk start "$ID"
	"$TOOLS/receive" info "$S/socket" &
	eventually 20 grep -q listening info
	husk exec -d --pidfd-socket "$S/socket" "$ID" /bin/sleep 1 </dev/null >/dev/null 2>&1
	wait
	sed -n 2p info | jq -e '.fds == 1 and .data == "setns" and (.target | contains("pidfd"))' >/dev/null
	husk delete --force "$ID"
}

run_tests "$@"
