// SPDX-License-Identifier: Apache-2.0
// See filter_architectures.h.
//
// libseccomp's token of an architecture is its AUDIT_ARCH_* value, except for x32, which the kernel
// shows as x86-64 with bit 30 set in the number of the system call.
#include "libcontainer/security/filter_architectures.h"

#include <seccomp.h>

#include "libcontainer/base/text.h"

#define NOWHERE UINT32_MAX
#define X32_BIT 0x40000000U

// What seccomp_arch_native() of libseccomp would say, without the library.
#if defined(__x86_64__) && defined(__ILP32__)
#define NATIVE SCMP_ARCH_X32
#elif defined(__x86_64__)
#define NATIVE SCMP_ARCH_X86_64
#elif defined(__i386__)
#define NATIVE SCMP_ARCH_X86
#elif defined(__aarch64__)
#define NATIVE SCMP_ARCH_AARCH64
#elif defined(__arm__)
#define NATIVE SCMP_ARCH_ARM
#elif defined(__mips__) && defined(__MIPSEL__)
#define NATIVE                                                                                     \
	(_MIPS_SIM == _ABI64    ? SCMP_ARCH_MIPSEL64                                               \
	 : _MIPS_SIM == _ABIN32 ? SCMP_ARCH_MIPSEL64N32                                            \
				: SCMP_ARCH_MIPSEL)
#elif defined(__mips__)
#define NATIVE                                                                                     \
	(_MIPS_SIM == _ABI64    ? SCMP_ARCH_MIPS64                                                 \
	 : _MIPS_SIM == _ABIN32 ? SCMP_ARCH_MIPS64N32                                              \
				: SCMP_ARCH_MIPS)
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define NATIVE SCMP_ARCH_PPC64LE
#elif defined(__powerpc64__)
#define NATIVE SCMP_ARCH_PPC64
#elif defined(__powerpc__)
#define NATIVE SCMP_ARCH_PPC
#elif defined(__s390x__)
#define NATIVE SCMP_ARCH_S390X
#elif defined(__s390__)
#define NATIVE SCMP_ARCH_S390
#elif defined(__hppa64__)
#define NATIVE SCMP_ARCH_PARISC64
#elif defined(__hppa__)
#define NATIVE SCMP_ARCH_PARISC
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE SCMP_ARCH_RISCV64
#elif defined(__loongarch__) && defined(SCMP_ARCH_LOONGARCH64)
#define NATIVE SCMP_ARCH_LOONGARCH64
#else
#define NATIVE 0  // no architecture's token
#endif

static const struct filter_architecture architectures[] = {
	{"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64, SCMP_ARCH_X86_64, 'x', true, false, false, 0,
	 NOWHERE},
	{"SCMP_ARCH_X86", SCMP_ARCH_X86, SCMP_ARCH_X86, 'x', false, false, true, 0, NOWHERE},
	{"SCMP_ARCH_X32", SCMP_ARCH_X32, SCMP_ARCH_X86_64, 'x', false, false, false, X32_BIT,
	 X32_BIT + 512},
	{"SCMP_ARCH_ARM", SCMP_ARCH_ARM, SCMP_ARCH_ARM, 'a', false, false, false, 0, 0xf0000},
	{"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64, SCMP_ARCH_AARCH64, 'a', true, false, false, 0,
	 NOWHERE},
	{"SCMP_ARCH_MIPS", SCMP_ARCH_MIPS, SCMP_ARCH_MIPS, 'm', false, true, true, 4000, NOWHERE},
	{"SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64, SCMP_ARCH_MIPS64, 'm', true, true, false, 5000,
	 NOWHERE},
	{"SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32, SCMP_ARCH_MIPS64N32, 'm', false, true, false,
	 6000, NOWHERE},
	{"SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL, SCMP_ARCH_MIPSEL, 'e', false, false, true, 4000,
	 NOWHERE},
	{"SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64, SCMP_ARCH_MIPSEL64, 'e', true, false, false,
	 5000, NOWHERE},
	{"SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32, SCMP_ARCH_MIPSEL64N32, 'e', false, false,
	 false, 6000, NOWHERE},
	{"SCMP_ARCH_PPC", SCMP_ARCH_PPC, SCMP_ARCH_PPC, 'p', false, true, true, 0, NOWHERE},
	{"SCMP_ARCH_PPC64", SCMP_ARCH_PPC64, SCMP_ARCH_PPC64, 'p', true, true, true, 0, NOWHERE},
	{"SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE, SCMP_ARCH_PPC64LE, 'l', true, false, true, 0,
	 NOWHERE},
	{"SCMP_ARCH_S390", SCMP_ARCH_S390, SCMP_ARCH_S390, 's', false, true, true, 0, NOWHERE},
	{"SCMP_ARCH_S390X", SCMP_ARCH_S390X, SCMP_ARCH_S390X, 's', true, true, true, 0, NOWHERE},
	{"SCMP_ARCH_PARISC", SCMP_ARCH_PARISC, SCMP_ARCH_PARISC, 'h', false, true, false, 0,
	 NOWHERE},
	{"SCMP_ARCH_PARISC64", SCMP_ARCH_PARISC64, SCMP_ARCH_PARISC64, 'h', true, true, false, 0,
	 NOWHERE},
	{"SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64, SCMP_ARCH_RISCV64, 'r', true, false, false, 0,
	 NOWHERE},
// libseccomp 2.6
#ifdef SCMP_ARCH_LOONGARCH64
	{"SCMP_ARCH_LOONGARCH64", SCMP_ARCH_LOONGARCH64, SCMP_ARCH_LOONGARCH64, 'o', true, false,
	 false, 0, NOWHERE},
#endif
#ifdef SCMP_ARCH_M68K
	{"SCMP_ARCH_M68K", SCMP_ARCH_M68K, SCMP_ARCH_M68K, 'k', false, true, true, 0, NOWHERE},
#endif
#ifdef SCMP_ARCH_SH
	{"SCMP_ARCH_SH", SCMP_ARCH_SH, SCMP_ARCH_SH, 'q', false, false, true, 0, NOWHERE},
#endif
#ifdef SCMP_ARCH_SHEB
	{"SCMP_ARCH_SHEB", SCMP_ARCH_SHEB, SCMP_ARCH_SHEB, 'Q', false, true, true, 0, NOWHERE},
#endif
};

const struct filter_architecture *filter_architecture_find(const char *name)
{
	for (size_t i = 0; i < array_size(architectures); i++)
		if (text_equal(architectures[i].name, name))
			return &architectures[i];
	return NULL;
}

const struct filter_architecture *filter_architecture_of(uint32_t token)
{
	for (size_t i = 0; i < array_size(architectures); i++)
		if (architectures[i].token == token)
			return &architectures[i];
	return NULL;
}

const struct filter_architecture *filter_architecture_native(void)
{
	return filter_architecture_of(NATIVE);
}

const struct filter_architecture *filter_architecture_at(size_t index)
{
	return index < array_size(architectures) ? &architectures[index] : NULL;
}
