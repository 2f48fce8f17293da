# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Which runtimes are measured, and where they are: find_runtimes fills the arrays PROGRAM, VERSION, ENVIRONMENT (one variable or
# nothing) and MISSING, by name. Names: floor, husk, crun and runc (those of the distribution), runc-new and youki (built once from
# their newest releases into CACHE, with what the machine has: nice 19, bounded by BUILD_SECONDS); NAME=PROGRAM is any other, an older
# husk for example.
# shellcheck disable=SC2034 # tests/bench/run reads the arrays

CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/husk-bench
BUILD_SECONDS=${BUILD_SECONDS:-1200}
declare -A PROGRAM=() VERSION=() ENVIRONMENT=() MISSING=()

build_once() { # NAME COMMAND...: leaves CACHE/NAME; a failure is remembered with its reason until the cache is removed
	local name=$1 status=0
	shift
	[ ! -x "$CACHE/$name" ] || return 0
	if [ -s "$CACHE/$name.failed" ]; then
		MISSING[$name]="$(cat "$CACHE/$name.failed") (remove $CACHE/$name.failed to try again)"
		return 1
	fi
	mkdir -p "$CACHE"
	echo "bench: building $name, once ($CACHE/$name.log)"
	nice -n 19 timeout "$BUILD_SECONDS" "$@" >"$CACHE/$name.log" 2>&1 || status=$?
	if [ $status = 124 ]; then
		MISSING[$name]="not built within $BUILD_SECONDS s (BUILD_SECONDS; the next time goes on from there)"
		return 1
	fi
	[ -x "$CACHE/$name" ] || echo "could not be built: $(grep -m1 -iE 'error|cannot|fail' "$CACHE/$name.log" || tail -n 1 "$CACHE/$name.log")" >"$CACHE/$name.failed"
	[ -x "$CACHE/$name" ] || { MISSING[$name]=$(cat "$CACHE/$name.failed") && false; }
}

build_runc() {
	env GOBIN="$CACHE/runc-new.d" CGO_ENABLED=1 GOFLAGS=-modcacherw go install -tags seccomp -ldflags '-s -w' \
		github.com/opencontainers/runc@latest && ln -sf runc-new.d/runc "$CACHE/runc-new"
}
build_youki() {
	env CARGO_TARGET_DIR="$CACHE/youki.target" cargo install youki --locked --jobs 2 --features v2,seccomp,cgroupsv2_devices --root "$CACHE/youki.d" &&
		rm -rf "$CACHE/youki.target" && ln -sf youki.d/bin/youki "$CACHE/youki"
}
export CACHE
export -f build_runc build_youki

find_peer() { # NAME
	case $1 in
	*=*) PROGRAM[${1%%=*}]=$(command -v "${1#*=}") || MISSING[${1%%=*}]="there is no program ${1#*=}" ;;
	crun | runc) PROGRAM[$1]=$(command -v "$1") || MISSING[$1]="not installed" ;;
	runc-new)
		command -v go >/dev/null || [ -x "$CACHE/runc-new" ] || { MISSING[$1]="no Go toolchain" && return; }
		! build_once runc-new bash -c build_runc || PROGRAM[$1]=$CACHE/runc-new
		;;
	youki)
		command -v cargo >/dev/null || [ -x "$CACHE/youki" ] || { MISSING[$1]="no Rust toolchain" && return; }
		! build_once youki bash -c build_youki || PROGRAM[$1]=$CACHE/youki
		;;
	*) MISSING[$1]="not a name that is known here" ;;
	esac
}

find_runtimes() { # TOOLS HUSK PEER...
	local tools=$1 name
	PROGRAM[floor]=$tools/floor PROGRAM[husk]=$2
	shift 2
	for name; do find_peer "$name"; done
	for name in "${!PROGRAM[@]}"; do
		[ -n "${PROGRAM[$name]}" ] || { unset "PROGRAM[$name]" && continue; }
		PROGRAM[$name]=$(readlink -f "${PROGRAM[$name]}")
		# the cache of root's home is closed to the plain user of one case
		[[ ${PROGRAM[$name]} != "$CACHE"/* ]] || { cp "${PROGRAM[$name]}" "$tools/$name" && PROGRAM[$name]=$tools/$name; }
		VERSION[$name]=$([ "$name" = floor ] || "${PROGRAM[$name]}" --version 2>/dev/null | head -n 1)
		ENVIRONMENT[$name]=''
	done
}

# Can NAME run a container at all? If it only minds its memory lock limit, it gets the library that lets that pass.
try_runtime() { # NAME BUNDLE
	local name=$1 said
	said=$(cd "$2" && "${PROGRAM[$name]}" run "try-$name" 2>&1 >/dev/null </dev/null) && return 0
	if [[ $said == *MEMLOCK* || $said == *RLimit* ]]; then
		ENVIRONMENT[$name]=LD_PRELOAD=${TOOLS:?}/allow_memlock.so
		said=$(cd "$2" && env "${ENVIRONMENT[$name]}" "${PROGRAM[$name]}" run "try-$name" 2>&1 >/dev/null </dev/null) && return 0
	fi
	MISSING[$name]="cannot run the default bundle: $(head -n 1 <<<"$said" | cut -c1-200)"
	unset "PROGRAM[$name]"
}
