// SPDX-License-Identifier: Apache-2.0
// See filter_names.h.
//
// libseccomp's tables first. What the linked version does not know yet comes from a table of our own:
// since number 424 (Linux 5.1) new system calls have the same number on every architecture,
// apart from the constant that MIPS and x32 add to all of theirs.
//
// Calls that are also reachable through socketcall(2) or ipc(2) have pseudo numbers in libseccomp:
// -101.. for socketcall, -201.. for ipc; the rest of the division is the sub-call.
#include "libcontainer/security/filter_names.h"

#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>

#include "libcontainer/base/text.h"

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

static bool resolve_newer(const struct filter_architecture *architecture, const char *name,
			  struct filter_numbers *numbers)
{
	for (size_t i = 0; i < array_size(newer); i++) {
		if (!text_equal(newer[i].name, name))
			continue;
		numbers->direct_set = !newer[i].x86_64 || architecture->token == SCMP_ARCH_X86_64;
		numbers->direct = architecture->base + newer[i].number;
		return true;
	}
	return false;
}

// The own numbers of the i386 calls behind the pseudo numbers -101.. and -201..; 0 = it has none.
static const uint16_t i386_socket[] = {0,   359, 361, 362, 363, 0,   367, 368, 360, 0,  0,
				       369, 371, 373, 366, 365, 370, 372, 364, 337, 345};
static const uint16_t i386_ipc[] = {0, 0, 393, 394, 0, 0,   0,   0,   0,  0,   0,   400, 401,
				    399, 402, 0, 0, 0, 0, 0, 0, 397, 398, 395, 396};

static bool find_direct_i386(int pseudo, uint32_t *number)
{
	uint32_t place = (uint32_t)-pseudo % 100;
	if (pseudo > -200)
		*number = place < array_size(i386_socket) ? i386_socket[place] : 0;
	else
		*number = place < array_size(i386_ipc) ? i386_ipc[place] : 0;
	return *number != 0;
}

// libseccomp translates the own numbers of such calls to names, but not the other way. A search takes
// some 10 us a name, which is why i386, part of every profile on x86-64, has its table.
static bool find_direct(const struct filter_architecture *architecture, const char *name,
			uint32_t *number)
{
	for (uint32_t n = 0; n < 512; n++) {
		char *found = seccomp_syscall_resolve_num_arch(architecture->token,
							       (int)(architecture->base + n));
		bool equal = found && text_equal(found, name);
		free(found);
		if (equal) {
			*number = architecture->base + n;
			return true;
		}
	}
	return false;
}

static bool resolve_multiplexed(const struct filter_architecture *architecture, const char *name,
				int pseudo, struct filter_numbers *numbers)
{
	bool socket_call = pseudo > -200;
	int multiplexer = seccomp_syscall_resolve_name_arch(architecture->token,
							    socket_call ? "socketcall" : "ipc");
	if (multiplexer >= 0) {
		numbers->multiplexer_set = true;
		numbers->multiplexer = (uint32_t)multiplexer;
		numbers->selector = (uint32_t)-pseudo % 100;
	}
	numbers->direct_set = architecture->token == SCMP_ARCH_X86
				      ? find_direct_i386(pseudo, &numbers->direct)
				      : find_direct(architecture, name, &numbers->direct);
	return true;
}

bool filter_names_resolve(const struct filter_architecture *architecture, const char *name,
			  struct filter_numbers *numbers)
{
	*numbers = (struct filter_numbers){.direct_set = false};
	int number = seccomp_syscall_resolve_name_arch(architecture->token, name);
	if (number >= 0) {
		numbers->direct_set = true;
		numbers->direct = (uint32_t)number;
		return true;
	}
	if (architecture->multiplexed && number <= -100 && number > -300)
		return resolve_multiplexed(architecture, name, number, numbers);
	if (number == __NR_SCMP_ERROR)
		return resolve_newer(architecture, name, numbers);
	return true;
}
