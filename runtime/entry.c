// SPDX-License-Identifier: Apache-2.0
// Where the static program begins: the start of the C library without its questions about the processor.
//
// glibc chooses string functions and thresholds by some eighty CPUID instructions. Below a hypervisor each leaves the virtual
// machine: together they take longer than everything else that most commands do. husk moves a few kilobytes;
// the functions that every x86-64 has are as good. So this does what glibc's own start does, in its order and through
// its own functions, and leaves that part out: all its features stay unknown, and its choosers take the baseline.
//
// These functions are not an interface. The Makefile takes this entry for the very version of glibc that it was written
// for and checked with (tests/unit/entry.c), and the library's own otherwise. What the library does only for shared objects,
// threads, profiling and tunables is not done: there are none. A privileged (set-user-ID) start and one with GLIBC_TUNABLES go to the library's.
#include <features.h>

#if defined(__x86_64__) && defined(__GLIBC__) && __GLIBC__ == 2 && __GLIBC_MINOR__ == 36
#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

// The guard of the stack lies in memory that the functions here set up.
#define UNGUARDED __attribute__((no_stack_protector))
// from where on copies go around the caches; glibc has no value of its own for it before it has asked the processor
#define NON_TEMPORAL_THRESHOLD 0xc0000L

extern void _dl_aux_init(const ElfW(auxv_t) * values);
extern void __libc_setup_tls(void);
extern void __libc_early_init(_Bool initial);
extern void __init_misc(int argc, char **argv, char **envp);
extern int main(int argc, char **argv, char **envp);
extern void *__libc_stack_end;
extern long __x86_shared_non_temporal_threshold, __x86_rep_movsb_stop_threshold;
extern const ElfW(Rela) __rela_iplt_start[], __rela_iplt_end[];
extern void (*__init_array_start[])(int, char **, char **);
extern void (*__init_array_end[])(int, char **, char **);

bool entry_is_plain(char **envp, const ElfW(auxv_t) * values);
_Noreturn void entry_begin(uintptr_t *stack);
void entry(void);

// Before its choices are made no string function can be called: words are compared by hand.
UNGUARDED static bool is_tunables(const char *variable)
{
	static const char name[] = "GLIBC_TUNABLES=";
	for (size_t i = 0; i < sizeof name - 1; i++)
		if (variable[i] != name[i])
			return false;
	return true;
}

// Whether nothing of this start needs what is left out here.
UNGUARDED bool entry_is_plain(char **envp, const ElfW(auxv_t) * values)
{
	for (; *envp; envp++)
		if (is_tunables(*envp))
			return false;
	bool headers = false, random = false;
	for (; values->a_type != AT_NULL; values++) {
		if (values->a_type == AT_SECURE && values->a_un.a_val != 0)
			return false;
		headers |= values->a_type == AT_PHDR && values->a_un.a_val != 0;
		random |= values->a_type == AT_RANDOM && values->a_un.a_val != 0;
	}
	return headers && random;
}

// (runtime/entry.ld leaves none to be chosen that it knows of)
UNGUARDED static void choose_functions(void)
{
	__x86_shared_non_temporal_threshold = NON_TEMPORAL_THRESHOLD;
	__x86_rep_movsb_stop_threshold = NON_TEMPORAL_THRESHOLD;
	for (const ElfW(Rela) *r = __rela_iplt_start; r < __rela_iplt_end; r++) {
		uintptr_t (*choose)(void) = (uintptr_t(*)(void))(uintptr_t)r->r_addend;
		*(uintptr_t *)r->r_offset = choose();
	}
}

// The canary and the key of stored code addresses, at their places in the thread's block.
UNGUARDED static void set_guards(const ElfW(auxv_t) * values)
{
	while (values->a_type != AT_RANDOM)
		values++;
	const uint64_t *random = (const uint64_t *)values->a_un.a_val;
	// its lowest byte is 0, so that no string runs over it
	__asm__ volatile("movq %0, %%fs:0x28" ::"r"(random[0] & ~(uint64_t)0xff));
	__asm__ volatile("movq %0, %%fs:0x30" ::"r"(random[1]));
}

UNGUARDED _Noreturn void entry_begin(uintptr_t *stack)
{
	int argc = (int)stack[0];
	char **argv = (char **)(stack + 1), **envp = argv + argc + 1, **end = envp;
	while (*end)
		end++;
	const ElfW(auxv_t) *values = (const ElfW(auxv_t) *)(end + 1);
	environ = envp;
	__libc_stack_end = stack;
	_dl_aux_init(values);
	choose_functions();
	__libc_setup_tls();
	set_guards(values);
	__libc_early_init(true);
	__init_misc(argc, argv, envp);
	for (void (**function)(int, char **, char **) = __init_array_start;
	     function < __init_array_end; function++)
		(*function)(argc, argv, envp);
	exit(main(argc, argv, envp));
}

// The kernel's first instruction: everything it has to say lies on the stack.
__asm__(".text\n"
	".globl entry\n"
	".type entry, @function\n"
	"entry:\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rbx\n"
	"	mov %rdx, %r12\n"
	"	mov (%rsp), %rax\n"
	"	lea 16(%rsp,%rax,8), %rdi\n"  // the environment
	"	mov %rdi, %rsi\n"
	"1:	add $8, %rsi\n"
	"	cmpq $0, -8(%rsi)\n"
	"	jne 1b\n"  // behind its end: the auxiliary vector
	"	and $-16, %rsp\n"
	"	call entry_is_plain\n"
	"	test %al, %al\n"
	"	jz 2f\n"
	"	mov %rbx, %rdi\n"
	"	call entry_begin\n"
	"	hlt\n"
	"2:	mov %rbx, %rsp\n"
	"	mov %r12, %rdx\n"
	"	jmp _start\n"
	".size entry, .-entry\n");
#else
// the library's own start is taken
extern int entry_unused;
#endif
