#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The rules of the source tree that a compiler does not know, checked on #include lines and on calls:
#
#   layers     runtime > lifecycle > init > {state namespaces rootfs cgroup security process network} > kernel > base > spec;
#              includes only point down, and none of the seven includes another
#   the face   runtime/ sees libcontainer/container.h, base/, spec/ and what other exceptions are listed below
#   calls      path-taking system calls and ENOSYS fallbacks are in libcontainer/kernel/, and elsewhere only where it is listed why
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
bad=0
complain() {
	echo "layers: $*" >&2
	bad=1
}

# ---- includes --------------------------------------------------------------------------------------
declare -A rank=([spec]=0 [libcontainer/base]=1 [libcontainer/kernel]=2 [libcontainer/init]=4 [libcontainer/lifecycle]=5 [runtime]=6 [runtime/link]=6)
for peer in state namespaces rootfs cgroup security process network; do rank[libcontainer/$peer]=3; done

# FILE INCLUDED REASON: what may look past its layer
exceptions=(
	"runtime/main.c:libcontainer/kernel/own_strings.h the arguments and variables of the process are the program's to take"
	"libcontainer/container.h:libcontainer/base the public header is made of the base types"
	"runtime/features.c:libcontainer/ the words that each part knows are the answer of features"
	"runtime/scope/:libcontainer/ a program of its own that shares the lower layers"
	"runtime/link/:libcontainer/ a program of its own that shares the lower layers"
	"runtime/:libcontainer/base options, errors and text are the common ground"
	"runtime/:libcontainer/kernel/process.h signal names are an option's syntax"
	"runtime/main.c:libcontainer/kernel/own_strings.h what the kernel gave main is taken there"
	"runtime/:libcontainer/kernel/fd.h files named by options are read as everywhere"
)
excepted() { # FILE INCLUDED
	local e
	for e in "${exceptions[@]}"; do
		e=${e%% *}
		[[ $1 == "${e%%:*}"* && $2 == "${e#*:}"* ]] && return 0
	done
	return 1
}
while IFS=: read -r file _ line; do
	[[ $line =~ \"([^\"]+)\" ]] || continue
	included=${BASH_REMATCH[1]}
	from=${file%/*} to=${included%/*}
	[ -e "$included" ] || complain "$file includes \"$included\", which is no path from the top"
	[ "$from" != "$to" ] || continue
	excepted "$file" "$included" && continue
	if [ "$from" = libcontainer ]; then
		complain "$file includes $included: the public header stands alone"
	elif [[ $from == runtime* ]]; then
		[[ $included == libcontainer/container.h || $included == spec/* || $included == runtime/* ]] ||
			complain "$file includes $included: runtime/ sees the public header"
	elif [ "$included" = libcontainer/container.h ]; then
		[ "$from" = libcontainer/lifecycle ] || complain "$file includes $included, which only lifecycle/ implements"
	elif [ -z "${rank[$from]:-}" ] || [ -z "${rank[$to]:-}" ]; then
		complain "$file includes $included: no layer of this table"
	elif [ "${rank[$to]}" -ge "${rank[$from]}" ]; then
		complain "$file includes $included: not below it"
	fi
done < <(grep -nH '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' spec/*.[ch] libcontainer/*.h libcontainer/*/*.[ch] runtime/*.[ch] runtime/*/*.[ch] 2>/dev/null)

# with angle brackets nothing of ours is included
grep -nHE '^[[:space:]]*#[[:space:]]*include[[:space:]]*<(libcontainer|runtime|spec)/' spec/*.[ch] libcontainer/*.h libcontainer/*/*.[ch] runtime/*.[ch] runtime/*/*.[ch] 2>/dev/null &&
	complain "files of ours are included with quotation marks"

# spec/ knows JSON and the C library
grep -nE '#[[:space:]]*include[[:space:]]*<(seccomp|sys/capability|libmnl)' spec/*.[ch] 2>/dev/null && complain "spec/ includes a library other than yajl"

# ---- calls -------------------------------------------------------------------------------------------
# calls that take a path, which a hostile root file system could bend
calls='open|openat|creat|mkdir|mkdirat|mknod|mknodat|symlink|symlinkat|link|linkat|unlink|unlinkat|rename|renameat|rmdir|chmod|fchmodat|chown|lchown|fchownat|truncate|mount|umount|umount2|chdir|chroot|pivot_root|sys_mount|sys_umount2|sys_pivot_root|sys_open_tree|sys_openat2|sys_fspick|readlink|realpath|opendir|fopen'
list=tests/lint/path-calls
declare -A allowed used
while read -r file names _; do
	[[ $file == \#* || -z $file ]] && continue
	for call in ${names//,/ }; do allowed[$file:$call]=1; done
done <"$list"
while IFS=: read -r file number text; do
	# (a line that begins with a star is a comment only when there is a blank behind it: `*fd = open(...)` is none)
	[[ $text =~ ^[[:space:]]*(//|/\*|\*([[:space:]/]|$)) || $file == libcontainer/kernel/* ]] && continue
	rest=${text%%//*}
	while [[ $rest =~ (^|[^a-zA-Z0-9_.\>\"])($calls)\((.*)$ ]]; do
		call=${BASH_REMATCH[2]} rest=${BASH_REMATCH[3]}
		used[$file:$call]=1
		[ -n "${allowed[$file:$call]:-}" ] ||
			complain "$file:$number: $call() takes a path; use libcontainer/kernel/path.h, or add a line with the reason to $list"
	done
	[[ $text =~ (^|[^a-zA-Z_])ENOSYS([^a-zA-Z_]|$) && ! $text =~ //.*ENOSYS ]] || continue
	used[$file:ENOSYS]=1
	[ -n "${allowed[$file:ENOSYS]:-}" ] ||
		complain "$file:$number: ENOSYS: what old kernels lack is dealt with in libcontainer/kernel/"
done < <(grep -nHE "(^|[^a-zA-Z0-9_.>\"])($calls)\(|ENOSYS" spec/*.c libcontainer/*/*.c runtime/*.c runtime/*/*.c 2>/dev/null)
# a permission that is not needed any more is removed
for entry in "${!allowed[@]}"; do
	[ -n "${used[$entry]:-}" ] || complain "$list: ${entry%:*} has no ${entry#*:}()"
done

# ---- names -------------------------------------------------------------------------------------------
for f in $(git ls-files '*.c' '*.h'); do
	case ${f##*/} in linux.* | utils.* | util.* | common.* | misc.* | helpers.*) complain "$f: a name that says nothing" ;; esac
	[ -e "$f" ] || continue
	head -1 "$f" | grep -q 'SPDX-License-Identifier: Apache-2.0' || complain "$f: the first line names the licence"
done
[ $bad = 0 ] && echo "layers: fine"
exit $bad
