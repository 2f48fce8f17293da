#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# linux.netDevices. All devices are made in a network namespace of the test's own, which stands for the host.
. "${0%/*}/lib.sh"

# from here on husk and ip run in a new network namespace
own_network() {
	is_root && can CAP_SYS_ADMIN || skip "a plain user has no network namespace to take devices from"
	unshare -n sleep 1000 &
	HOLDER=$!
	eventually 20 eval '[ "$(readlink /proc/$HOLDER/ns/net)" != "$(readlink /proc/self/ns/net)" ]'
	ip() { nsenter --net="/proc/$HOLDER/ns/net" ip "$@"; }
	husk() { nsenter --net="/proc/$HOLDER/ns/net" "$HUSK" --root "$ROOT" "$@"; }
	PEERS=0
}
device() { # NAME [SETTING...]
	PEERS=$((PEERS + 1))
	ip link add "$@" type veth peer name "peer$PEERS"
}
end_network() {
	kill "$HOLDER"
	wait "$HOLDER" 2>/dev/null || true
}
# prints `ip ARG...` as a container sees it that has these netDevices
ip_inside() {
	args /bin/busybox ip -o "$@"
	husk run --bundle "$B" "$ID"
}

test_a6_device_is_moved_with_its_addresses() {
	own_network
	bundle
	device dev0 address 02:00:00:00:00:07 mtu 1400
	ip addr add 10.1.2.3/24 brd 10.1.2.255 dev dev0
	ip addr add 10.1.2.4/32 dev dev0
	ip addr add fd00::7/64 dev dev0
	ip addr add 10.1.3.5/24 dev dev0 metric 4321 noprefixroute
	ip addr add 10.9.9.9/32 scope link dev dev0
	ip addr add 10.8.8.8/32 dev dev0 valid_lft 1000 preferred_lft 1000
	config '.linux.netDevices = {dev0:{}}'
	ip_inside addr show dev dev0 >out
	contains "$(cat out)" '10.1.2.3/24' 10.1.2.255 '10.1.2.4/32' 'fd00::7/64' '10.1.3.5/24'
	# of another scope, or with an end
	lacks "$(cat out)" 10.9.9.9
	lacks "$(cat out)" 10.8.8.8
	! ip link show dev0 2>/dev/null || fail "dev0 is still on the host"
	device dev0 address 02:00:00:00:00:07 mtu 1400
	contains "$(ip_inside link show dev dev0)" 'mtu 1400' 02:00:00:00:00:07 ',UP'
	# with their flags and metrics: busybox does not show these, the host's ip does
	device dev1
	ip addr add 10.1.3.5/24 dev dev1 metric 4321 noprefixroute
	config '.linux.netDevices = {dev1:{}}'
	args /bin/sleep 100
	husk create --bundle "$B" "$ID" >/dev/null 2>err </dev/null || fail "create: $(cat err)"
	contains "$(nsenter --net="/proc/$(husk state "$ID" | jq .pid)/ns/net" ip addr show dev dev1)" '10.1.3.5/24' 'metric 4321' noprefixroute
	husk delete --force "$ID"
	end_network
}

test_a6_device_is_renamed() {
	own_network
	bundle
	device dev0
	device veth-a
	config '.linux.netDevices = {dev0:{name:"eth0"},"veth-a":{name:"up%d"}}'
	ip_inside link >out
	contains "$(cat out)" ' eth0@' ' up0@'
	lacks "$(cat out)" dev0
	# a template takes the first number that is free
	device dev1
	device dev2
	config '.linux.netDevices = {dev1:{name:"eth0"},dev2:{name:"eth%d"}}'
	contains "$(ip_inside link)" ' eth0@' ' eth1@'
	end_network
}

test_a6_device_is_there_for_hooks_and_sysctls() {
	own_network
	bundle
	device dev0
	config '.linux.netDevices = {dev0:{name:"eth0"}} | .linux.sysctl = {"net.ipv4.conf.eth0.forwarding":"1"}'
	config --arg s 'pid=$(sed "s/.*\"pid\":\([0-9]*\).*/\1/"); grep -c eth0 /proc/$pid/net/dev >'"$S/hook" \
		'.hooks = {createRuntime:[{path:"/bin/sh",args:["sh","-c",$s],env:["PATH=/usr/bin:/bin"]}]}'
	equal sysctl 1 "$(run_shell 'cat /proc/sys/net/ipv4/conf/eth0/forwarding')"
	equal hook 1 "$(cat hook)"
	end_network
}

test_a6_joined_namespace() {
	own_network
	bundle
	unshare -n sleep 1000 &
	local other=$!
	eventually 20 eval '[ "$(readlink /proc/'$other'/ns/net)" != "$(readlink /proc/self/ns/net)" ]'
	device dev0
	config --arg p "/proc/$other/ns/net" '.linux.netDevices = {dev0:{name:"eth0"}} |
		(.linux.namespaces[] | select(.type == "network")) += {path:$p}'
	contains "$(ip_inside link)" ' eth0@'
	# what was moved belongs to that namespace now, and husk leaves it there
	contains "$(nsenter --net=/proc/$other/ns/net ip -o link)" ' eth0@'
	device dev0
	refused 'linux.netDevices["dev0"]: the name eth0 is taken' run --bundle "$B" "$ID"
	contains "$(ip -o link show dev0)" dev0
	# the first device comes back when the second fails: index and name
	device aaa
	ip addr add 10.3.3.3/24 dev aaa
	config '.linux.netDevices = {aaa:{name:"free"},lo:{name:"loop"}}'
	refused 'linux.netDevices["lo"]' run --bundle "$B" "$ID"
	contains "$(ip -o addr show dev aaa)" 10.3.3.3/24
	kill $other
	wait $other 2>/dev/null || true
	end_network
}

# the device dev0 as it was made: name, addresses, up
as_before() { # WHAT
	contains "$1: $(ip -o addr show dev dev0 2>&1)" 10.1.2.3/24 fd00::7/64
	contains "$1: $(ip -o link show dev dev0)" ',UP' 02:00:00:00:00:07 'mtu 1400'
}
hook() { # KIND SCRIPT
	config --arg k "$1" --arg s "$2" '.hooks = {($k):[{path:"/bin/sh",args:["sh","-c",$s],env:["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}]}'
}

test_a6_device_comes_back_when_create_fails() {
	own_network
	bundle
	device dev0 address 02:00:00:00:00:07 mtu 1400
	device dev1
	ip addr add 10.1.2.3/24 dev dev0
	ip addr add fd00::7/64 dev dev0
	ip link set dev0 up
	config '.linux.netDevices = {dev0:{name:"eth0"},dev1:{}}'
	# (the control: it had moved)
	hook createRuntime 'pid=$(sed "s/.*\"pid\":\([0-9]*\).*/\1/"); grep -c eth0 /proc/$pid/net/dev >'"$S/hook"'; exit 3'
	refused 'hooks.createRuntime[0]' create --bundle "$B" "$ID"
	equal "seen by the hook" 1 "$(cat hook)"
	as_before "hook of create"
	contains "$(ip -o link show dev1)" dev1@
	lacks "$(ip -o link show dev1)" ',UP'
	config 'del(.hooks)'
	args /no/such/program
	refused '/no/such/program' create --bundle "$B" "$ID"
	as_before "no program"
	refused '/no/such/program' run --bundle "$B" "$ID"
	as_before "no program to run"
	# the program ran already
	args /bin/sleep 100
	hook poststart 'exit 3'
	refused 'hooks.poststart[0]' run --detach --bundle "$B" "$ID"
	as_before poststart
	# its own name is taken meanwhile: any name is better than none
	hook createRuntime 'ip link add dev0 type veth peer name other; exit 3'
	refused 'hooks.createRuntime[0]' --log log create --bundle "$B" "$ID"
	contains "$(cat log)" ': it is back on the host, but not under its name: File exists'
	contains "$(ip -o addr)" 10.1.2.3/24
	end_network
}

test_a6_device_comes_back_from_a_joined_namespace() {
	own_network
	bundle
	unshare -n sleep 1000 &
	local other=$!
	eventually 20 eval '[ "$(readlink /proc/'$other'/ns/net)" != "$(readlink /proc/self/ns/net)" ]'
	device dev0 address 02:00:00:00:00:07 mtu 1400
	ip addr add 10.1.2.3/24 dev dev0
	ip addr add fd00::7/64 dev dev0
	ip link set dev0 up
	config --arg p "/proc/$other/ns/net" '.linux.netDevices = {dev0:{name:"eth0"}} |
		(.linux.namespaces[] | select(.type == "network")) += {path:$p}'
	args /no/such/program
	refused '/no/such/program' create --bundle "$B" "$ID"
	as_before "failed create"
	lacks "$(nsenter --net=/proc/$other/ns/net ip -o link)" eth0
	# whoever makes the container dies while a hook hangs
	args /bin/true
	hook createRuntime "echo \$PPID >$S/pid; exec sleep 1000"
	nsenter --net="/proc/$HOLDER/ns/net" "$HUSK" --root "$ROOT" create --bundle "$B" "$ID" >/dev/null 2>&1 </dev/null &
	local creating=$!
	eventually 20 test -s pid
	contains "$(nsenter --net=/proc/$other/ns/net ip -o link)" ' eth0@'
	kill -KILL "$(cat pid)"
	wait $creating 2>/dev/null || true
	eventually 20 ip -o link show dev dev0 >/dev/null 2>&1
	eventually 20 eval 'ip -o link show dev dev0 | grep -q ,UP'
	as_before "killed create"
	husk delete --force "$ID"
	kill $other
	wait $other 2>/dev/null || true
	end_network
}

test_a6_what_cannot_be_is_refused() {
	own_network
	bundle
	config '.linux.netDevices = {nosuch0:{}}'
	refused 'linux.netDevices["nosuch0"]: there is no such device' run --bundle "$B" "$ID"
	device dev0
	config '.linux.netDevices = {dev0:{name:"lo"}}'
	refused 'the name lo is taken' run --bundle "$B" "$ID"
	config '.linux.netDevices = {dev0:{name:"sixteen-letters-"}}'
	refused 'linux.netDevices["dev0"].name' run --bundle "$B" "$ID"
	device dev1
	config '.linux.netDevices = {dev0:{name:"same"},dev1:{name:"same"}}'
	refused 'the name same is also given to dev0' run --bundle "$B" "$ID"
	config '.linux.netDevices = {dev0:{}} | del(.linux.namespaces[] | select(.type == "network"))'
	refused 'linux.netDevices' run --bundle "$B" "$ID"
	config --arg p "/proc/$HOLDER/ns/net" '.linux.namespaces += [{type:"network",path:$p}]'
	refused "the host's network namespace" run --bundle "$B" "$ID"
	contains "$(ip -o link)" ' dev0@' ' dev1@'
	end_network
}

test_a6_plain_user_is_refused() {
	is_root && skip "for a plain user"
	bundle
	config '.linux.netDevices = {lo:{name:"x"}} | .linux.namespaces += [{type:"network"}]'
	refused "only the host's root" run --bundle "$B" "$ID"
}

run_tests "$@"
