#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `make install` and `make uninstall`, into folders of the test's own, and the README's first lines with what was installed. (The Debian
# package and the lines for engines: tests/engines/packaging.sh.)
. "${0%/*}/lib.sh"

# make ARG... with a copy of what is built, so that only what names the place of the installation is made anew, with the same flags
built() {
	[ -e "$TOP/Makefile" ] || skip "the sources are not here"
	mkdir "$S/build"
	cp -a "$BUILD"/{flags,version,generated,libcontainer,runtime,spec,husk,husk-*,libhusk.a} "$S/build/"
}
made() {
	local set=''
	[[ ${MAKEFLAGS:-} != *'-- '* ]] || set=${MAKEFLAGS#*-- }
	env -u MAKELEVEL -u MFLAGS MAKEFLAGS="$set" make -s -C "$TOP" BUILD="$S/build" "$@" >make.log 2>&1 || fail "make $*: $(cat make.log)"
}
# the lines of the README's block NAME
lines_of() { # NAME
	awk -v mark="<!-- tested: $1 -->" '$0 == mark { on = 1; next } on && /^```/ { if (inside) exit; inside = 1; next } inside' "$TOP/README.md"
}

test_files_and_modes() { # limit 120
	built
	local helper page
	# the caller's mask is for his files, not for these
	(umask 077 && made install DESTDIR="$S/stage" PREFIX=/opt/husk)
	{
		echo '755 bin/husk'
		for helper in "$BUILD"/husk-*; do echo "755 libexec/husk/${helper##*/}"; done
		echo '644 share/husk/seccomp.json'
		for helper in bash-completion/completions/husk zsh/site-functions/_husk fish/vendor_completions.d/husk.fish; do echo "644 share/$helper"; done
		for page in "$TOP"/man/*.[1-9]; do echo "644 share/man/man${page##*.}/${page##*/}"; done
	} | sort >wanted
	(cd stage/opt/husk && find . ! -type d -printf '%m %P\n') | sort >found
	equal "modes and files" '' "$(diff wanted found)"
	equal "folders that not everybody can enter" '' "$(find stage/opt -type d ! -perm 755)"
	cmp "$TOP/seccomp-profiles/default.json" stage/opt/husk/share/husk/seccomp.json
	bash -c '. "$1" && complete -p husk' - stage/opt/husk/share/bash-completion/completions/husk >/dev/null
	# once more over what is there, then away again
	made install DESTDIR="$S/stage" PREFIX=/opt/husk
	made uninstall DESTDIR="$S/stage" PREFIX=/opt/husk
	equal "what stays" '' "$(find stage ! -type d)"
}
test_installed_program_works() { # limit 120
	built
	made install PREFIX="$S/prefix"
	HUSK=$S/prefix/bin/husk
	bundle
	args /bin/echo installed
	equal output installed "$(husk run --bundle "$B" "$ID")"
	equal version "$("$BUILD/husk" --version)" "$("$HUSK" --version)"
	# its programs are found in their place, and nowhere else
	is_root || return 0
	config '.linux.netDevices = {nosuch0: {}}'
	refused 'there is no such device' run --bundle "$B" "$ID"
	rm prefix/libexec/husk/husk-link
	refused husk-link run --bundle "$B" "$ID"
}
test_first_lines_of_the_readme() { # limit 120
	built
	made install PREFIX="$S/prefix"
	local lines
	lines=$(lines_of first-container)
	[ -n "$lines" ] || fail "the README has no such lines"
	# (a plain user's state is there, and the directory of it stays)
	mkdir -m 700 runtime
	# at a terminal, and somebody leaves the shell that he is given
	export PATH=$S/prefix/bin:$PATH XDG_RUNTIME_DIR=$S/runtime
	contains "$( (sleep 1; echo 'echo inside-$((40+2)); touch /new; exit') | script -qec "set -e; $lines" /dev/null)" inside-42
	[ -e box/rootfs/bin/busybox ] && [ ! -e box/rootfs/new ] || fail "the root file system was written to"
	equal "left behind" '' "$(find runtime -mindepth 2 ! -path '*/@filters*')"
}

run_tests "$@"
