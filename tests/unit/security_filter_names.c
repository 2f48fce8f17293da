// SPDX-License-Identifier: Apache-2.0
// The tables of names that were written at build time, against libseccomp, which is asked for every name on every
// architecture. How its answers are to be read is written down here a second time.
#include <check.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/base/text.h"
#include "libcontainer/security/filter_names.h"

#define NAMES_MAX 2000

static char *known[NAMES_MAX];
static size_t known_count;

static void know(char *name)
{
	for (size_t i = 0; name && i < known_count; i++)
		if (text_equal(known[i], name)) {
			free(name);
			return;
		}
	ck_assert_uint_lt(known_count, NAMES_MAX);
	if (name)
		known[known_count++] = name;
}

// Every name that libseccomp gives for any number, the pseudo numbers included.
static void collect(void)
{
	const struct filter_architecture *a;
	for (size_t i = 0; (a = filter_architecture_at(i)); i++) {
		for (int n = 0; n < 1000; n++)
			know(seccomp_syscall_resolve_num_arch(a->token, (int)a->base + n));
		for (int n = 0; a->apart != UINT32_MAX && n < 64; n++)
			know(seccomp_syscall_resolve_num_arch(a->token, (int)a->apart + n));
	}
	for (int n = -1; n > -11000; n = n == -400 ? -9900 : n - 1)
		know(seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, n));
	ck_assert_uint_gt(known_count, 400);
}

static uint32_t own_number(const struct filter_architecture *a, const char *name)
{
	uint32_t result = UINT32_MAX;
	for (uint32_t n = 0; n < 1000 && result == UINT32_MAX; n++) {
		char *found = seccomp_syscall_resolve_num_arch(a->token, (int)(a->base + n));
		if (found && text_equal(found, name))
			result = a->base + n;
		free(found);
	}
	return result;
}

static uint32_t number_in(const struct filter_names_column *column, const struct filter_architecture *a, int slot)
{
	uint16_t place = column->places[slot];
	return place == FILTER_NAMES_NONE ? UINT32_MAX : filter_names_number(a, place);
}

static size_t compare_name(const struct filter_architecture *a, const char *name)
{
	const struct filter_names_column *column = filter_names_column(&filter_names_all, a);
	ck_assert_ptr_nonnull(column);
	int slot = filter_names_find(&filter_names_all, name);
	ck_assert_msg(slot >= 0, "%s is missing", name);
	int number = seccomp_syscall_resolve_name_arch(a->token, name);
	uint32_t ours = number_in(column, a, slot), call = column->calls ? column->calls[slot] : 0;
	if (number == __NR_SCMP_ERROR)
		return 0;  // newer than the library: see newer_names
	bool pseudo = a->multiplexed && number <= -100 && number > -300;
	uint32_t theirs = number >= 0 ? (uint32_t)number : pseudo ? own_number(a, name) : UINT32_MAX;
	ck_assert_msg(ours == theirs, "%s %s: %#x, libseccomp %#x (%d)", a->name, name, ours, theirs, number);
	const char *carrier = number > -200 ? "socketcall" : "ipc";
	if (!pseudo || seccomp_syscall_resolve_name_arch(a->token, carrier) < 0) {
		ck_assert_msg(call == 0, "%s %s: sub-call %u", a->name, name, call);
		return theirs != UINT32_MAX;
	}
	ck_assert_msg((call & ~FILTER_NAMES_IPC) == (uint32_t)-number % 100, "%s %s: sub-call %u", a->name, name, call);
	ck_assert_int_eq((call & FILTER_NAMES_IPC) != 0, number <= -200);
	uint32_t place = call & FILTER_NAMES_IPC ? column->ipc : column->socketcall;
	ck_assert_uint_eq(filter_names_number(a, place), (uint32_t)seccomp_syscall_resolve_name_arch(a->token, carrier));
	return 1;
}

START_TEST(every_name_on_every_architecture)
{
	const struct filter_architecture *a;
	size_t compared = 0, architectures = 0;
	collect();
	for (size_t i = 0; (a = filter_architecture_at(i)); i++, architectures++)
		for (size_t k = 0; k < known_count; k++)
			compared += compare_name(a, known[k]);
	printf("%zu names, %zu numbers on %zu architectures\n", known_count, compared, architectures);
	ck_assert_uint_gt(architectures, 15);
	ck_assert_uint_gt(compared, 300 * architectures);
	for (size_t k = 0; k < known_count; k++)
		free(known[k]);
}
END_TEST

// One number may have two names, of which libseccomp gives only one for the number.
START_TEST(second_names)
{
	static const char *const arm[] = {"sync_file_range2", "arm_sync_file_range", "fadvise64_64", "arm_fadvise64_64"};
	const struct filter_architecture *a = filter_architecture_find("SCMP_ARCH_ARM");
	for (size_t i = 0; i < array_size(arm); i++)
		compare_name(a, arm[i]);
}
END_TEST

static uint32_t number_of(const char *architecture, const char *name)
{
	const struct filter_architecture *a = filter_architecture_find(architecture);
	int slot = filter_names_find(&filter_names_all, name);
	ck_assert_int_ge(slot, 0);
	return number_in(filter_names_column(&filter_names_all, a), a, slot);
}

START_TEST(newer_names)
{
	ck_assert_uint_eq(number_of("SCMP_ARCH_X86_64", "listns"), 470);
	ck_assert_uint_eq(number_of("SCMP_ARCH_X86", "listns"), 470);
	ck_assert_uint_eq(number_of("SCMP_ARCH_X32", "listns"), 0x40000000 + 470);
	ck_assert_uint_eq(number_of("SCMP_ARCH_MIPS64", "mseal"), 5462);
	ck_assert_uint_eq(number_of("SCMP_ARCH_AARCH64", "fchmodat2"), 452);
	ck_assert_uint_eq(number_of("SCMP_ARCH_X86_64", "uretprobe"), 335);
	ck_assert_uint_eq(number_of("SCMP_ARCH_X86", "uretprobe"), UINT32_MAX);
	ck_assert_uint_eq(number_of("SCMP_ARCH_ARM", "set_tls"), 0xf0005);
}
END_TEST

START_TEST(unknown_names)
{
	static const char *const unknown[] = {"", "r", "rea", "readx", "Read", "no_such_call", "read ", "socketcal"};
	for (size_t i = 0; i < array_size(unknown); i++)
		ck_assert_int_eq(filter_names_find(&filter_names_native, unknown[i]), -1);
	ck_assert_int_ge(filter_names_find(&filter_names_native, "read"), 0);
	// of another architecture, but a name
	ck_assert_int_ge(filter_names_find(&filter_names_native, "s390_pci_mmio_read"), 0);
}
END_TEST

START_TEST(native_architectures)
{
	const struct filter_architecture *a, *native = filter_architecture_native();
	ck_assert_ptr_nonnull(native);
	ck_assert_uint_eq(native->token, seccomp_arch_native());
	for (size_t i = 0; (a = filter_architecture_at(i)); i++) {
		const struct filter_names_column *ours = filter_names_column(&filter_names_native, a);
		const struct filter_names_column *all = filter_names_column(&filter_names_all, a);
		ck_assert_msg((ours != NULL) == (a->family == native->family), "%s", a->name);
		ck_assert_msg(!ours || (ours->places == all->places && ours->calls == all->calls), "%s", a->name);
	}
	ck_assert_ptr_eq(filter_names_native.text, filter_names_all.text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("security_filter_names");
	TCase *tc = tcase_create("names");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, every_name_on_every_architecture);
	tcase_add_test(tc, second_names);
	tcase_add_test(tc, newer_names);
	tcase_add_test(tc, unknown_names);
	tcase_add_test(tc, native_architectures);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
