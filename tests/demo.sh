#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# make demo: a container that shows from inside what isolates it. Works as root and as a plain user, on hosts whose cgroups
# are unified or not; says what this host cannot give. Nothing is left afterwards.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
BUILD=${BUILD:-build}
[[ $BUILD = /* ]] || BUILD=$top/$BUILD
husk=$BUILD/husk
work=$(mktemp -d "${TMPDIR:-/tmp}/husk-demo.XXXXXX")
id=demo-$$
trap '"$husk" --root "$work/state" delete --force $id >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
mkdir -p "$work/bundle/rootfs"/{bin,dev,etc,proc,sys,tmp} "$work/state"
chmod 755 "$work"

bold='' dim='' off=''
[ ! -t 1 ] || { bold=$(printf '\033[1m') dim=$(printf '\033[2m') off=$(printf '\033[0m'); }
say() { printf '%s%s%s\n' "$dim" "$*" "$off"; }

# a root file system of one program
cp "$(command -v busybox)" "$work/bundle/rootfs/bin/busybox"
for applet in sh cat id hostname ps grep cut mount ls touch rm mkdir unshare wc tr sed head dd sleep; do ln -s busybox "$work/bundle/rootfs/bin/$applet"; done
printf 'root:x:0:0:root:/:/bin/sh\n' >"$work/bundle/rootfs/etc/passwd"
echo 'the lower layer' >"$work/bundle/rootfs/etc/motd"

cat >"$work/bundle/rootfs/bin/show" <<'SHOW'
#!/bin/sh
# runs inside
row() { printf '  %-14s %s\n' "$1" "$2"; }
refused() { if "$@" >/dev/null 2>&1; then echo "worked (!)"; else echo "refused"; fi; }
field() { grep "^$1:" /proc/self/status | cut -f2; }
same() { [ "$(cut -d= -f2 /etc/host-ns | grep "^$1:")" = "$(ls -l /proc/self/ns/"$1" | sed 's/.*-> //')" ]; }
own=''; shared=''
for n in user pid mnt net uts ipc cgroup time; do if same $n; then shared="$shared $n"; else own="$own $n"; fi; done
row "who" "uid $(id -u) as '$(hostname)', process $$ of $(ls -d /proc/[0-9]* | wc -l | tr -d ' ')"
row "namespaces" "own:$own${shared:+; the host's:$shared}"
row "uid map" "$(sed 's/  */ /g; s/^ //' /proc/self/uid_map | head -1) (inside, outside, how many)"
row "network" "$(sed -n 's/^ *\([^ ]*\):.*/\1/p' /proc/net/dev | tr '\n' ' ')"
echo "written inside" >/etc/motd && rm -f /etc/passwd
row "overlay root" "/etc/motd now says '$(cat /etc/motd)', /etc/passwd is $([ -e /etc/passwd ] && echo there || echo gone)"
row "capabilities" "bounding $(field CapBnd) effective $(field CapEff)"
row "no new privs" "$(field NoNewPrivs)"
row "seccomp" "mode $(field Seccomp), $(field Seccomp_filters) filter; unshare -m: $(refused unshare -m true); mount: $(refused mount -t tmpfs none /tmp)"
masked=$(for f in /proc/kcore /proc/keys /proc/timer_list /proc/interrupts; do [ ! -e "$f" ] || { echo "$f" && break; }; done)
row "masks" "$masked has $(head -c 1 "$masked" | wc -c | tr -d ' ') bytes, writing /proc/sysrq-trigger: $(refused sh -c 'echo h >/proc/sysrq-trigger')"
row "cgroup" "$(grep ^0:: /proc/self/cgroup | cut -d: -f3-)$(for f in memory.max pids.max cpu.max; do [ -r /sys/fs/cgroup/$f ] && printf ', %s %s' "$f" "$(cat /sys/fs/cgroup/$f)"; done; true)"
SHOW
chmod 755 "$work/bundle/rootfs/bin/show"
for n in user pid mnt net uts ipc cgroup time; do echo "$n=$(readlink /proc/self/ns/$n)"; done >"$work/bundle/rootfs/etc/host-ns"

say "husk spec"
if [ "$(id -u)" = 0 ]; then "$husk" spec --bundle "$work/bundle"; else "$husk" spec --rootless --bundle "$work/bundle"; fi

# what this host's cgroups can limit
limits='null' reason=''
if [ "$(stat -fc %T /sys/fs/cgroup)" != cgroup2fs ]; then
	reason="this host's controllers are bound to cgroup v1"
elif ! grep -qw memory /sys/fs/cgroup/cgroup.controllers; then
	reason="the memory controller is not in this host's cgroup tree"
elif [ "$(id -u)" != 0 ] && ! [ -w "/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup | tail -1)/.." ]; then
	reason="no cgroup is delegated to this user here"
else
	limits='{"memory":{"limit":67108864,"swap":67108864},"pids":{"limit":32},"cpu":{"quota":50000,"period":100000}}'
fi
jq --argjson limits "$limits" '.process.args = ["/bin/show"] | .process.terminal = false | .hostname = "husk-demo" | .root.readonly = false |
	.process.capabilities |= with_entries(.value = ["CAP_KILL"]) | .process.capabilities.inheritable = [] | .process.capabilities.ambient = [] |
	.linux.namespaces |= (map(select(.type != "network" and .type != "cgroup")) + [{type:"network"},{type:"cgroup"}]) |
	if $limits then .linux.resources += $limits else . end |
	if $limits and all(.mounts[]; .destination != "/sys/fs/cgroup") then
		.mounts += [{destination:"/sys/fs/cgroup", type:"cgroup", source:"cgroup", options:["nosuid","noexec","nodev","ro"]}] else . end' "$work/bundle/config.json" >"$work/config.json"
mv "$work/config.json" "$work/bundle/config.json"
grep -q SCMP "$work/bundle/config.json" || {
	jq --slurpfile p "$top/seccomp-profiles/default.json" '.linux.seccomp = ($p[0] | .linux.seccomp? // .)' "$work/bundle/config.json" >"$work/config.json"
	mv "$work/config.json" "$work/bundle/config.json"
}

say "husk run --overlay tmpfs $id"
printf '\n%sinside, as it looks to the program:%s\n' "$bold" "$off"
start=$(date +%s%N)
"$husk" --root "$work/state" run --overlay tmpfs --bundle "$work/bundle" $id
end=$(date +%s%N)
printf '\n%soutside:%s\n' "$bold" "$off"
printf '  %-14s %s\n' "lower layer" "/etc/motd still says '$(cat "$work/bundle/rootfs/etc/motd")'"
printf '  %-14s %s\n' "time" "$(((end - start) / 1000000)) ms for all of it, the shell script included"
printf '  %-14s %s\n' "left behind" "$(find "$work/state" -mindepth 1 | wc -l) state entries, $(find /sys/fs/cgroup -type d -name "*$id*" 2>/dev/null | wc -l) cgroups"
[ -z "$reason" ] || printf '  %-14s %s\n' "no limits" "$reason; on a host with cgroup v2 this demo sets memory.max, pids.max and cpu.max"
