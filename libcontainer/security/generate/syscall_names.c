// SPDX-License-Identifier: Apache-2.0
// Runs while husk is built, and writes the tables of libcontainer/security/filter_names.h as a C source:
//   generate <names >syscall_names.c
//
// Names come from standard input, one a line (the Makefile takes them from libseccomp's header), from libseccomp by number, for a
// library newer than its header, and from a table here. Numbers are libseccomp's. What the library does not know yet comes from
// the table: since number 424 (Linux 5.1) new system calls have the same number on every architecture, apart from the
// constant that MIPS and x32 add to all of theirs.
//
// Calls that are also reachable through socketcall(2) or ipc(2) have pseudo numbers in libseccomp: -101.. for socketcall,
// -201.. for ipc; the rest of the division is the sub-call. Their own numbers it translates to names, but not the other way.
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/security/filter_names.h"
// a program of one file
#include "libcontainer/security/filter_architectures.c"

#define NAMES_MAX 2048
#define BUCKETS 256U
#define SLOTS_MAX (NAMES_MAX * 2)

static const struct {
	const char *name;
	uint16_t number;
	bool x86_64;  // there only, and not even as x32
} newer[] = {
	{"uretprobe", 335, true},  // 6.11
	{"uprobe", 336, true},     // 6.18
	{"futex_waitv", 449, false},
	{"set_mempolicy_home_node", 450, false},
	{"cachestat", 451, false},
	{"fchmodat2", 452, false},
	{"map_shadow_stack", 453, false},
	{"futex_wake", 454, false},
	{"futex_wait", 455, false},
	{"futex_requeue", 456, false},
	{"statmount", 457, false},
	{"listmount", 458, false},
	{"lsm_get_self_attr", 459, false},
	{"lsm_set_self_attr", 460, false},
	{"lsm_list_modules", 461, false},
	{"mseal", 462, false},
	{"setxattrat", 463, false},
	{"getxattrat", 464, false},
	{"listxattrat", 465, false},
	{"removexattrat", 466, false},
	{"open_tree_attr", 467, false},
	{"file_getattr", 468, false},
	{"file_setattr", 469, false},
	{"listns", 470, false},            // 6.19
	{"rseq_slice_yield", 471, false},  // 7.0
};

// One kernel sees only architectures of one family; these are the compiler's words for the families.
static const struct {
	char family;
	const char *condition;
} families[] = {
	{'x', "defined(__x86_64__) || defined(__i386__)"},
	{'a', "defined(__aarch64__) || defined(__arm__)"},
	{'m', "defined(__mips__) && !defined(__MIPSEL__)"},
	{'e', "defined(__mips__) && defined(__MIPSEL__)"},
	{'p', "defined(__powerpc__) && !defined(__LITTLE_ENDIAN__)"},
	{'l', "defined(__powerpc__) && defined(__LITTLE_ENDIAN__)"},
	{'s', "defined(__s390__)"},
	{'h', "defined(__hppa__)"},
	{'r', "defined(__riscv)"},
	{'o', "defined(__loongarch__)"},
	{'k', "defined(__m68k__)"},
	{'q', "defined(__sh__) && !defined(__BIG_ENDIAN__)"},
	{'Q', "defined(__sh__) && defined(__BIG_ENDIAN__)"},
};

static char *names[NAMES_MAX];
static size_t names_count;
static uint8_t shifts[BUCKETS];
static int slots[SLOTS_MAX];  // index of a name, -1 = free
static uint32_t slots_count;

static void fail(const char *what, const char *name)
{
	fprintf(stderr, "generate/syscall_names: %s: %s\n", what, name);
	exit(1);
}

// ---- names ---------------------------------------------------------------------------------------

static void add_name(const char *name)
{
	if (!*name || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(name))
		fail("not the name of a system call", name);
	for (size_t i = 0; i < names_count; i++)
		if (strcmp(names[i], name) == 0)
			return;
	char *copy = strdup(name);
	if (!copy || names_count == NAMES_MAX)
		fail("no room", name);
	names[names_count++] = copy;
}

static void add_by_number(uint32_t token, uint32_t from, uint32_t count)
{
	for (uint32_t n = from; n - from < count; n++) {
		char *name = seccomp_syscall_resolve_num_arch(token, (int)n);
		if (name)
			add_name(name);
		free(name);
	}
}

static void collect_names(void)
{
	char line[256];
	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = '\0';
		add_name(line);
	}
	// less than libseccomp had in its first years: what came in is not the list
	if (names_count < 300)
		fail("standard input", "too few names");
	const struct filter_architecture *a;
	for (size_t i = 0; (a = filter_architecture_at(i)); i++) {
		add_by_number(a->token, a->base, FILTER_NAMES_APART);
		if (a->apart != UINT32_MAX)
			add_by_number(a->token, a->apart, FILTER_NAMES_PLACES - FILTER_NAMES_APART);
	}
	for (size_t i = 0; i < array_size(newer); i++)
		add_name(newer[i].name);
}

// ---- numbers -------------------------------------------------------------------------------------

static uint16_t place_of(const struct filter_architecture *a, uint32_t number, const char *name)
{
	if (number - a->base < FILTER_NAMES_APART)
		return (uint16_t)(number - a->base);
	if (a->apart != UINT32_MAX && number - a->apart < FILTER_NAMES_PLACES - FILTER_NAMES_APART)
		return (uint16_t)(FILTER_NAMES_APART + (number - a->apart));
	fail("the number is out of order", name);
	return FILTER_NAMES_NONE;
}

static uint16_t own_number(const struct filter_architecture *a, const char *name)
{
	for (uint32_t n = 0; n < FILTER_NAMES_APART; n++) {
		char *found = seccomp_syscall_resolve_num_arch(a->token, (int)(a->base + n));
		bool equal = found && strcmp(found, name) == 0;
		free(found);
		if (equal)
			return place_of(a, a->base + n, name);
	}
	return FILTER_NAMES_NONE;
}

static uint16_t newer_number(const struct filter_architecture *a, const char *name)
{
	for (size_t i = 0; i < array_size(newer); i++)
		if (strcmp(newer[i].name, name) == 0 &&
		    (!newer[i].x86_64 || a->token == SCMP_ARCH_X86_64))
			return place_of(a, a->base + newer[i].number, name);
	return FILTER_NAMES_NONE;
}

// *call: as in struct filter_names_column.
static uint16_t resolve(const struct filter_architecture *a, const char *name, unsigned *call)
{
	int number = seccomp_syscall_resolve_name_arch(a->token, name);
	*call = 0;
	if (number >= 0)
		return place_of(a, (uint32_t)number, name);
	if (number == __NR_SCMP_ERROR)
		return newer_number(a, name);
	if (!a->multiplexed || number > -100 || number <= -300)
		return FILTER_NAMES_NONE;
	bool socket_call = number > -200;
	unsigned sub_call = (unsigned)-number % 100;
	if (sub_call == 0 || sub_call >= FILTER_NAMES_IPC)
		fail("no sub-call", name);
	if (seccomp_syscall_resolve_name_arch(a->token, socket_call ? "socketcall" : "ipc") >= 0)
		*call = socket_call ? sub_call : FILTER_NAMES_IPC | sub_call;
	return own_number(a, name);
}

// ---- the perfect hash ----------------------------------------------------------------------------

// Places the names of one bucket, none on top of another.
static bool try_shift(uint32_t bucket, uint32_t shift)
{
	uint32_t taken[NAMES_MAX];
	size_t count = 0;
	bool free_slots = true;
	for (size_t i = 0; i < names_count && free_slots; i++) {
		uint32_t hash = filter_names_hash(names[i]);
		if (filter_names_bucket(hash, BUCKETS) != bucket)
			continue;
		uint32_t slot = filter_names_slot(hash, shift, slots_count);
		free_slots = slots[slot] < 0;
		if (!free_slots)
			continue;
		slots[slot] = (int)i;
		taken[count++] = slot;
	}
	while (!free_slots && count > 0)
		slots[taken[--count]] = -1;
	return free_slots;
}

static bool place_bucket(uint32_t bucket)
{
	for (uint32_t shift = 0; shift < 256; shift++)
		if (try_shift(bucket, shift)) {
			shifts[bucket] = (uint8_t)shift;
			return true;
		}
	return false;
}

static bool place_all(void)
{
	size_t sizes[BUCKETS] = {0}, largest = 0;
	for (size_t i = 0; i < names_count; i++) {
		size_t size = ++sizes[filter_names_bucket(filter_names_hash(names[i]), BUCKETS)];
		largest = size > largest ? size : largest;
	}
	for (size_t i = 0; i < SLOTS_MAX; i++)
		slots[i] = -1;
	// the full ones first, while there is room
	for (size_t size = largest; size > 0; size--)
		for (uint32_t bucket = 0; bucket < BUCKETS; bucket++)
			if (sizes[bucket] == size && !place_bucket(bucket))
				return false;
	return true;
}

static void make_hash(void)
{
	for (slots_count = (uint32_t)(names_count + names_count / 16); slots_count < SLOTS_MAX;
	     slots_count += 8)
		if (place_all())
			return;
	fail("no perfect hash was found", "names");
}

// ---- writing -------------------------------------------------------------------------------------

static void write_number(size_t index, unsigned number)
{
	printf("%s%u,", index % 16 ? " " : "\n\t", number);
}

static void write_names(void)
{
	size_t start = 1;
	uint16_t starts[SLOTS_MAX] = {0};
	printf("static const char text[] =\n\t\"\\0\"\n");
	for (size_t i = 0; i < slots_count; i++) {
		if (slots[i] < 0)
			continue;
		const char *name = names[slots[i]];
		if (start > UINT16_MAX)
			fail("too many names", name);
		starts[i] = (uint16_t)start;
		start += strlen(name) + 1;
		printf("\t\"%s\\0\"\n", name);
	}
	printf("\t;\nstatic const uint16_t starts[] = {");
	for (size_t i = 0; i < slots_count; i++)
		write_number(i, starts[i]);
	printf("\n};\nstatic const uint8_t shifts[] = {");
	for (size_t i = 0; i < BUCKETS; i++)
		write_number(i, shifts[i]);
	printf("\n};\n");
}

static bool write_column(const struct filter_architecture *a)
{
	uint8_t calls[SLOTS_MAX] = {0};
	bool any = false;
	printf("static const uint16_t places_%x[] = {", a->token);
	for (size_t i = 0; i < slots_count; i++) {
		unsigned call = 0, place = FILTER_NAMES_NONE;
		if (slots[i] >= 0)
			place = resolve(a, names[slots[i]], &call);
		calls[i] = (uint8_t)call;
		any = any || call != 0;
		write_number(i, place);
	}
	printf("\n};\n");
	if (!any)
		return false;
	printf("static const uint8_t calls_%x[] = {", a->token);
	for (size_t i = 0; i < slots_count; i++)
		write_number(i, calls[i]);
	printf("\n};\n");
	return true;
}

// One column's line, as a macro: the tables name it twice.
static void define_column(const struct filter_architecture *a)
{
	unsigned call;
	bool any = write_column(a);
	printf("#define COLUMN_%x {0x%xU, %u, %u, places_%x, ", a->token, a->token,
	       resolve(a, "socketcall", &call), resolve(a, "ipc", &call), a->token);
	if (any)
		printf("calls_%x},\n", a->token);
	else
		printf("NULL},\n");
}

static void write_columns(char family)
{
	const struct filter_architecture *a;
	for (size_t i = 0; (a = filter_architecture_at(i)); i++)
		if (!family || a->family == family)
			printf("\tCOLUMN_%x\n", a->token);
}

static void write_table(const char *name)
{
	printf("const struct filter_names filter_names_%s = {text, starts, shifts, %u, %u, "
	       "columns_%s,\n"
	       "\tsizeof columns_%s / sizeof *columns_%s};\n",
	       name, slots_count, BUCKETS, name, name, name);
}

static void write_all(void)
{
	const struct filter_architecture *a;
	printf("// Written by generate/syscall_names.c with libseccomp %u.%u.%u.\n"
	       "#include \"libcontainer/security/filter_names.h\"\n\n",
	       seccomp_version()->major, seccomp_version()->minor, seccomp_version()->micro);
	write_names();
	for (size_t i = 0; (a = filter_architecture_at(i)); i++)
		define_column(a);
	printf("static const struct filter_names_column columns_native[] = {\n");
	for (size_t i = 0; i < array_size(families); i++) {
		printf("#%s %s\n", i ? "elif" : "if", families[i].condition);
		write_columns(families[i].family);
	}
	printf("#else\n#error \"no table of system calls for this architecture\"\n#endif\n};\n"
	       "static const struct filter_names_column columns_all[] = {\n");
	write_columns('\0');
	printf("};\n");
	write_table("native");
	write_table("all");
}

int main(void)
{
	collect_names();
	make_hash();
	write_all();
	if (fflush(stdout) != 0 || ferror(stdout))
		fail("write", strerror(errno));
	return 0;
}
