# SPDX-License-Identifier: Apache-2.0
# One makefile, no configure, no recursion. `make help` lists the targets.
#
# Variables: CC, CFLAGS, LDFLAGS (added to ours), PREFIX, DESTDIR, BUILD (output directory),
#   DEVELOPER=1                  warnings are errors
#   V=1                          show the commands
#   SANITIZE=address,undefined   into build/san-address-undefined, dynamically linked
#   T="spec cgroup"              check, integration, vm-check: only these files; TEST=name: only this test
#   VM=no                        check: without the virtual machines; VM=yes: they must run
#   LANE=vm-systemd              vm-check: in this lane (tests/vm/lane --list); integration: native-root -user -unified -hybrid
#   FUZZ_SECONDS=60              fuzz: seconds a target

VERSION := 0.1.0
COMMIT := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec/husk
MANDIR ?= $(PREFIX)/share/man
SHAREDIR ?= $(PREFIX)/share
DATADIR ?= $(PREFIX)/share/husk
FUZZ_SECONDS ?= 60

comma := ,
ifneq ($(filter coverage,$(MAKECMDGOALS)),)
BUILD ?= build/coverage
COVERAGE := 1
endif
ifdef SANITIZE
BUILD ?= build/san-$(subst $(comma),-,$(SANITIZE))
endif
BUILD ?= build
B := $(BUILD)

# ---- sources ----------------------------------------------------------------------------------

LIB_SOURCES := $(wildcard spec/*.c libcontainer/*/*.c)
RUNTIME_SOURCES := $(wildcard runtime/*.c)
LINK_SOURCES := $(wildcard runtime/link/*.c)
# where there is no libsystemd-dev, husk comes without the systemd cgroup manager
HAVE_SYSTEMD := $(shell echo "\#include <systemd/sd-bus.h>" | $(CC) $(CPPFLAGS) -E -x c - >/dev/null 2>&1 && echo 1)
SCOPE_SOURCES := $(if $(HAVE_SYSTEMD),$(wildcard runtime/scope/*.c))
UNIT_SOURCES := $(wildcard tests/unit/*.c)
HELPER_SOURCES := $(wildcard tests/helpers/*.c)
FUZZ_SOURCES := $(wildcard tests/fuzz/*.c)
HEADERS := $(wildcard spec/*.h libcontainer/*.h libcontainer/*/*.h runtime/*.h runtime/*/*.h tests/*/*.h)
SOURCES := $(LIB_SOURCES) $(RUNTIME_SOURCES) $(LINK_SOURCES) $(SCOPE_SOURCES)

NAMES := $B/generated/syscall_names
LIB_OBJECTS := $(LIB_SOURCES:%.c=$B/%.o) $(NAMES).o
RUNTIME_OBJECTS := $(RUNTIME_SOURCES:%.c=$B/%.o)
LINK_OBJECTS := $(LINK_SOURCES:%.c=$B/%.o)
SCOPE_OBJECTS := $(SCOPE_SOURCES:%.c=$B/%.o)
UNIT_OBJECTS := $(UNIT_SOURCES:%.c=$B/%.o)
UNIT_PROGRAMS := $(UNIT_SOURCES:tests/unit/%.c=$B/tests/%)
HELPER_PROGRAMS := $(HELPER_SOURCES:tests/helpers/%.c=$B/tests/%)
OBJECTS := $(LIB_OBJECTS) $(RUNTIME_OBJECTS) $(LINK_OBJECTS) $(SCOPE_OBJECTS) $(UNIT_OBJECTS)

PROGRAMS := $B/husk $B/husk-link $(if $(HAVE_SYSTEMD),$B/husk-scope)

# ---- flags ------------------------------------------------------------------------------------

# a flag, when the compiler knows it
cc_option = $(shell $(CC) -Werror $1 -c -x c /dev/null -o /dev/null 2>/dev/null && echo "$1")

WARNINGS := -Wall -Wextra -Wformat=2 -Wshadow -Wvla -Wconversion -Wsign-conversion -Wcast-qual \
	-Wimplicit-fallthrough -Wswitch-enum -Wstrict-prototypes -Wmissing-prototypes -Wnull-dereference -Wundef
# the name of what is made instead of its command; V=1 shows the commands
Q := $(if $(V),,@)
show = $(if $(V),,@printf '  %-5s %s\n' $1 $@)
HARDENING := -fstack-protector-strong -fno-strict-aliasing -fno-delete-null-pointer-checks -fwrapv \
	-fno-common $(call cc_option,-fstack-clash-protection) $(call cc_option,-fcf-protection=full) \
	$(call cc_option,-fstrict-flex-arrays=3)
LIBRARIES := seccomp cap yajl
CPPFLAGS_ALL = -I. -D_GNU_SOURCE $(CPPFLAGS)
CFLAGS_ALL = -std=gnu11 -O2 -g $(WARNINGS) $(if $(DEVELOPER),-Werror) $(HARDENING) $(MODE) $(CFLAGS)

ifdef SANITIZE
# (the virtual machines have no sanitizer's libraries)
VM ?= no
MODE := -DHUSK_INSTRUMENTED -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=undefined
LINK_MODE := -fsanitize=$(SANITIZE)
LIBS := -lcap -lyajl
CHECK_LIBS := -lseccomp -lcheck -lsubunit -lm -lrt -lpthread
else
# Static and at a fixed address: half the start-up time of a dynamic program. Randomising the address of a program that
# holds no secrets and reads no network would cost a second relocation pass on every page it touches.
MODE := -fno-pie -ffunction-sections -fdata-sections -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
LINK_MODE := -static -Wl,--gc-sections -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code
# what a start touches stands together, see the file
LAYOUT := -Wl,-T,runtime/layout.ld
ifndef COVERAGE
# the start of the C library without its questions about the processor, and without what the linker can do for it: only for the
# version that runtime/entry.c knows
ENTRY := $(shell printf '\#include <features.h>\n\#if defined(__x86_64__) && __GLIBC__ == 2 && __GLIBC_MINOR__ == 36\nyes\n\#endif\n' | \
	$(CC) $(CPPFLAGS) -E -P -x c - 2>/dev/null | grep -q yes && echo -Wl,-e,entry,-T,runtime/entry.ld,-z,norelro)
endif
LIBS := -l:libcap.a -l:libyajl_s.a
CHECK_LIBS := -l:libseccomp.a -lcheck -lsubunit -lm -lrt -lpthread
endif
ifdef COVERAGE
MODE += -DHUSK_INSTRUMENTED --coverage -fprofile-update=atomic
LINK_MODE += --coverage
endif

# ---- building ---------------------------------------------------------------------------------

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all programs layout check vm-check vm-shell setup unit unit-programs helpers integration sweep lint demo install uninstall \
	clean fuzz coverage bench conformance peers spec-coverage engines critest deb help FORCE

all: programs
programs: $(PROGRAMS)
	$(if $(HAVE_SYSTEMD),,@echo "  husk-scope is left out (no systemd cgroup manager): systemd/sd-bus.h is missing (Debian: libsystemd-dev)")

# an archive, so that a unit test takes in only what it uses
$B/libhusk.a: $(LIB_OBJECTS) $(filter-out $B/runtime/main.o,$(RUNTIME_OBJECTS))
	$(call show,AR)
	@rm -f $@
	$(Q)$(AR) rcsD $@ $^

$B/husk: $B/runtime/main.o $B/libhusk.a $(if $(SANITIZE),,runtime/layout.ld runtime/entry.ld runtime/hot.ld runtime/hot_constants.ld)
	$(call show,LINK)
	$(Q)$(CC) $(CFLAGS_ALL) $(LINK_MODE) $(LAYOUT) $(LDFLAGS) $(ENTRY) -o $@ $(filter-out %.ld,$^) $(LIBS)

# dynamic: Debian has no static libmnl
$B/husk-link: $(LINK_OBJECTS) $B/libhusk.a
	$(call show,LINK)
	$(Q)$(CC) $(CFLAGS_ALL) $(if $(SANITIZE),$(LINK_MODE),-no-pie -Wl,--gc-sections -Wl,-z,relro,-z,now) \
		$(if $(COVERAGE),--coverage) $(LDFLAGS) -o $@ $^ -lmnl

# dynamic: libsystemd comes as a shared library only
$B/husk-scope: $(SCOPE_OBJECTS) $B/libhusk.a
	$(call show,LINK)
	$(Q)$(CC) $(CFLAGS_ALL) $(if $(SANITIZE),$(LINK_MODE),-no-pie -Wl,--gc-sections -Wl,-z,relro,-z,now) \
		$(if $(COVERAGE),--coverage) $(LDFLAGS) -o $@ $^ $(LIBS) -lsystemd

$B/%.o: %.c $B/flags
	$(call show,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(VERSION_FLAGS) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# Numbers of system calls: libseccomp is asked here and is no part of husk. HOSTCC: a compiler for this machine.
HOSTCC ?= $(CC)
$B/generated/generate: libcontainer/security/generate/syscall_names.c $B/flags
	$(call show,CC)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -I. -D_GNU_SOURCE -std=gnu11 -O1 $(WARNINGS) $(if $(DEVELOPER),-Werror) -MD -MP -MF $@.d -o $@ $< -lseccomp
$(NAMES).c: $B/generated/generate
	$(call show,GEN)
	$(Q)echo '#include <seccomp.h>' | $(CC) $(CPPFLAGS_ALL) -E -dM -x c - | \
		sed -n 's/^#define __SNR_\([a-z0-9_]*\) .*/\1/p' | $< >$@
$(NAMES).o: $(NAMES).c $B/flags
	$(call show,CC)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# those that carry the version or a place of the installation, and those that take a file in with .incbin
VERSIONED := $(patsubst %.c,$B/%.o,$(if $(SOURCES),$(shell grep -lE 'HUSK_(VERSION|COMMIT|LIBEXECDIR)' $(SOURCES))))
WITH_PROFILE := $(patsubst %.c,$B/%.o,$(if $(SOURCES),$(shell grep -l '\.incbin' $(SOURCES))))
$(VERSIONED): VERSION_FLAGS := -DHUSK_VERSION='"$(VERSION)"' -DHUSK_COMMIT='"$(COMMIT)"' \
	-DHUSK_LIBEXECDIR='"$(LIBEXECDIR)"'
$(VERSIONED): $B/version
$(WITH_PROFILE): $(wildcard seccomp-profiles/default.json)

# Files that change when the flags do. Also the place where a missing library is noticed, once, in words.
stamp = @mkdir -p $(@D); echo '$(subst ','\'',$1)' | cmp -s - $@ || echo '$(subst ','\'',$1)' >$@
$B/flags: FORCE
	@for h in seccomp.h sys/capability.h yajl/yajl_parse.h libmnl/libmnl.h; do \
		echo "#include <$$h>" | $(CC) $(CPPFLAGS_ALL) -E -x c - >/dev/null 2>&1 || \
		{ echo "$$h is missing: '.ci/setup build' installs what is needed" >&2; exit 1; }; done
	$(call stamp,$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LINK_MODE))
$B/version: FORCE
	$(call stamp,$(VERSION) $(COMMIT) $(LIBEXECDIR))

-include $(OBJECTS:.o=.d) $B/generated/generate.d $(HELPER_PROGRAMS:%=%.d) $(wildcard $B/fuzz/*/*.d $B/fuzz/*/*/*.d)

# ---- tests ------------------------------------------------------------------------------------

# The packages come first, whatever -j says.
ifneq ($(filter check demo setup,$(MAKECMDGOALS)),)
$B/flags: | setup
endif
setup:
	@.ci/setup build $(if $(filter check,$(MAKECMDGOALS)),test) $(if $(filter demo,$(MAKECMDGOALS)),demo)
	@$(if $(filter check,$(MAKECMDGOALS)),[ '$(VM)' = no ] || .ci/setup vm || echo 'the tests in virtual machines are left out')

# unit tests, integration tests here, and those in the virtual machines of tests/vm
check: $(PROGRAMS) $(UNIT_PROGRAMS) $(HELPER_PROGRAMS)
	@BUILD='$B' VM='$(VM)' TEST='$(TEST)' tests/check $(T)

vm-check: $(PROGRAMS) $(UNIT_PROGRAMS) $(HELPER_PROGRAMS)
	@bad=; for lane in $(or $(LANE),vm-minimal vm-systemd vm-user vm-session); do \
		BUILD='$B' TEST='$(TEST)' tests/vm/lane $$lane $(T) || bad=1; \
	done; [ -z "$$bad" ]

vm-shell: $(PROGRAMS) $(UNIT_PROGRAMS) $(HELPER_PROGRAMS)
	@tests/vm/run --build '$B' $(MACHINE) --shell

$(UNIT_PROGRAMS): $B/tests/%: $B/tests/unit/%.o $B/libhusk.a
	$(call show,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) $(LINK_MODE) $(LDFLAGS) -o $@ $^ $(CHECK_LIBS) $(LIBS)

# with the start of the program itself
$B/tests/runtime_entry: override LDFLAGS += $(ENTRY)
$B/tests/unit/runtime_entry.o: VERSION_FLAGS := $(if $(ENTRY),-DHUSK_ENTRY)

# helpers depend on nothing of ours: what they say about a container is their own finding
$(HELPER_PROGRAMS): $B/tests/%: tests/helpers/%.c $B/flags
	$(call show,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) -std=gnu11 -O2 -g $(WARNINGS) $(if $(DEVELOPER),-Werror) -fno-pie -static $(HELPER_FLAGS) \
		-MMD -MP -MF $@.d -o $@ $<
$B/tests/true: HELPER_FLAGS := -nostdlib

unit-programs: $(UNIT_PROGRAMS)
helpers: $(HELPER_PROGRAMS)
unit: $(UNIT_PROGRAMS)
	tests/unit/run.sh $^

integration: $(PROGRAMS) $(HELPER_PROGRAMS)
	BUILD=$B tests/integration/run $(T)

# every system call of create, run, exec and delete fails once, and is the last one once; some of them fail in `integration`, too
sweep: $(PROGRAMS) $(HELPER_PROGRAMS)
	BUILD=$B SWEEP=all TIMEOUT_FACTOR=2 tests/integration/run faults

lint:
	CC='$(CC)' tests/lint/run

demo: $(PROGRAMS)
	@BUILD=$B tests/demo.sh

coverage: unit integration
	tests/lint/coverage.sh $B

# make bench N=20 CASES="run exec" PEERS="crun runc" WAYS=busy; what they mean, and the others, stands in tests/bench/run
bench: $B/husk
	@BUILD='$B' CC='$(CC)' tests/bench/run

# runtime/hot.ld and hot_constants.ld anew: what stands in front in the program, from what its commands execute (as root; minutes)
layout: $B/husk
	$(Q)BUILD='$B' CC='$(CC)' CASES=layout PEERS= tests/bench/run >/dev/null
	$(Q)$(CC) $(CFLAGS_ALL) $(LINK_MODE) $(LAYOUT) $(LDFLAGS) $(ENTRY) -Wl,-Map,$B/bench/husk.map -o $B/bench/husk.mapped $B/runtime/main.o $B/libhusk.a $(LIBS)
	$(Q)cmp $B/husk $B/bench/husk.mapped
	$(Q)tests/bench/layout.py $B/husk $B/bench/husk.map $B/bench/hot.ld $B/bench/hot_constants.ld $(addprefix $B/bench/touched/,exec run create start delete cold)
	$(Q)mv $B/bench/hot.ld $B/bench/hot_constants.ld runtime/

# what husk and other runtimes can do, found out by doing it; tests/peers/run has the variables. TABLE=FILE: where the table goes
peers: $(PROGRAMS) $(HELPER_PROGRAMS)
	@BUILD='$B' CC='$(CC)' TEST='$(TEST)' TABLE='$(or $(TABLE),tests/peers/FEATURES.md)' tests/peers/run

# the validation programs of OCI runtime-tools, in the test machine and here; tests/conformance/run has the variables
conformance: $(PROGRAMS) $(HELPER_PROGRAMS)
	@BUILD=$B tests/conformance/run $(T)

# engines that run husk: make engines E=podman TEST=exec, LANE=vm-minimal (tests/engines/vm has the lanes), RUNTIME=/usr/sbin/runc
engines: $(PROGRAMS) $(HELPER_PROGRAMS)
	@$(if $(filter vm-%,$(LANE)),,.ci/setup engines)
	@$(if $(filter vm-%,$(LANE))$(if $(E),$(if $(filter packaging,$(E)),,1)),,$(MAKE) --no-print-directory deb >/dev/null)
	@BUILD='$B' RUNTIME='$(RUNTIME)' TEST='$(TEST)' $(if $(filter vm-%,$(LANE)),tests/engines/vm $(LANE),tests/engines/run) $(E)

# Kubernetes' conformance programs for the runtime interface; tests/cri/run has the variables
critest: $(PROGRAMS) $(HELPER_PROGRAMS)
	@.ci/setup cri vm
	@BUILD='$B' FOCUS='$(FOCUS)' WHERE='$(WHERE)' RUNTIME='$(RUNTIME)' tests/cri/run

# spec/coverage.md, made anew; CHECK=1: only whether it is up to date
spec-coverage: $B/tests/spec_coverage/keys
	@CC='$(CC)' tests/spec_coverage/run $< spec/coverage.md $(CHECK)
$B/tests/spec_coverage/keys: $B/tests/spec_coverage/keys.o $B/libhusk.a
	$(call show,LINK)
	$(Q)$(CC) $(CFLAGS_ALL) $(LINK_MODE) $(LDFLAGS) -o $@ $^ $(LIBS)

# every library source again, with the fuzzer's instruments, by clang
FUZZ_FLAGS := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
FUZZ_PROGRAMS := $(FUZZ_SOURCES:tests/fuzz/%.c=$B/fuzz/%)
FUZZ_OBJECTS := $(patsubst %.c,$B/fuzz/%.o,$(LIB_SOURCES) $(NAMES).c $(filter-out runtime/main.c,$(RUNTIME_SOURCES)))
$B/fuzz/%.o: %.c
	$(call show,CC)
	@mkdir -p $(@D)
	$(Q)clang $(CPPFLAGS_ALL) -DHUSK_VERSION='"$(VERSION)"' -DHUSK_COMMIT='"fuzz"' -DHUSK_LIBEXECDIR='"$(LIBEXECDIR)"' -std=gnu11 -O1 -g $(FUZZ_FLAGS) \
		-MMD -MP -c -o $@ $<
$B/fuzz/libhusk.a: $(FUZZ_OBJECTS)
	@rm -f $@
	$(Q)$(AR) rcsD $@ $^
$(FUZZ_PROGRAMS): $B/fuzz/%: tests/fuzz/%.c $B/fuzz/libhusk.a
	$(call show,LINK)
	$(Q)clang $(CPPFLAGS_ALL) -std=gnu11 -O1 -g -fsanitize=fuzzer,address,undefined -o $@ $^ -lcap -lyajl
fuzz: $(FUZZ_PROGRAMS)
	@for f in $^; do \
		name=$${f##*/}; mkdir -p "$B/fuzz/corpus/$$name"; \
		seeds=$$(ls -d tests/fuzz/corpus/$$name 2>/dev/null); \
		echo "fuzz: $$name, $(FUZZ_SECONDS) s"; \
		$$f -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=2048 -timeout=10 -verbosity=0 -print_final_stats=1 \
			-artifact_prefix="$B/fuzz/$$name-" "$B/fuzz/corpus/$$name" $$seeds || exit 1; \
	done

# ---- installing -------------------------------------------------------------------------------

COMPLETIONS := bash-completion/completions/husk zsh/site-functions/_husk fish/vendor_completions.d/husk.fish
MAN_PAGES := $(wildcard man/*.[1-9])
install: $(PROGRAMS)
	install -d '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(LIBEXECDIR)' '$(DESTDIR)$(DATADIR)'
	install -m 0755 $B/husk '$(DESTDIR)$(BINDIR)'
	install -m 0755 $(filter-out $B/husk,$(PROGRAMS)) '$(DESTDIR)$(LIBEXECDIR)'
	install -m 0644 seccomp-profiles/default.json '$(DESTDIR)$(DATADIR)/seccomp.json'
	@install -d $(addprefix '$(DESTDIR)$(SHAREDIR)'/,$(dir $(COMPLETIONS)))
	$B/husk completion bash | install -m 0644 /dev/stdin '$(DESTDIR)$(SHAREDIR)/$(word 1,$(COMPLETIONS))'
	$B/husk completion zsh | install -m 0644 /dev/stdin '$(DESTDIR)$(SHAREDIR)/$(word 2,$(COMPLETIONS))'
	$B/husk completion fish | install -m 0644 /dev/stdin '$(DESTDIR)$(SHAREDIR)/$(word 3,$(COMPLETIONS))'
	@for page in $(MAN_PAGES); do \
		dir='$(DESTDIR)$(MANDIR)'/man$${page##*.}; \
		install -d "$$dir" && install -m 0644 $$page "$$dir" || exit 1; \
	done

# a Debian package, of programs built for /usr
deb:
	@.ci/setup build deb
	@rm -rf '$B/deb/tree'
	@$(MAKE) --no-print-directory BUILD='$B/deb/build' PREFIX=/usr DESTDIR='$(abspath $B/deb/tree)' install >/dev/null
	@SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2>/dev/null) runtime/packaging/deb '$B/deb/tree' '$(VERSION)' \
		'$B/husk_$(VERSION)_$(shell dpkg --print-architecture 2>/dev/null).deb'

uninstall:
	rm -f '$(DESTDIR)$(BINDIR)/husk' '$(DESTDIR)$(LIBEXECDIR)/husk-link' \
		'$(DESTDIR)$(LIBEXECDIR)/husk-scope' '$(DESTDIR)$(DATADIR)/seccomp.json'
	rm -f $(addprefix '$(DESTDIR)$(SHAREDIR)'/,$(COMPLETIONS))
	@for page in $(notdir $(MAN_PAGES)); do rm -f '$(DESTDIR)$(MANDIR)'/man$${page##*.}/$$page; done
	@rmdir '$(DESTDIR)$(DATADIR)' '$(DESTDIR)$(LIBEXECDIR)' 2>/dev/null || true

clean:
	rm -rf build $(filter-out build,$(filter build/%,$B))

help:
	@sed -n '3,13s/^# \{0,1\}//p' Makefile
	@printf '  %-12s %s\n' all 'build/husk (and build/husk-link, husk-scope)' check 'set-up, all tests here and in virtual machines' \
		vm-check 'only those in virtual machines' vm-shell 'a shell in one; MACHINE="--init=systemd --user dev"' \
		unit 'unit tests' integration 'integration tests; T="NAME..." for some' sweep 'every system call fails once' lint 'style, static analysis, layers' \
		demo 'a container, shown from inside' install 'to DESTDIR PREFIX' uninstall '' deb 'a Debian package, in build/' fuzz 'libFuzzer, tests/fuzz' \
		bench 'against the floor and other runtimes; N=20 is quick' \
		conformance 'the OCI validation programs; needs Go 1.24' spec-coverage 'make spec/coverage.md; needs Go 1.24' \
		engines 'podman, conmon, containerd, docker over husk; E=podman' critest 'with containerd 2; needs Go 1.26' \
		peers 'what husk and other runtimes can do: tests/peers/FEATURES.md' \
		coverage 'line coverage of unit and integration tests' clean ''
