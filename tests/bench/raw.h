/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls and a few words of C without a C library, for programs whose own size and start-up must not show in what is measured.
 * x86-64 only. Build with -nostdlib -static -ffreestanding; the program defines `int run(int argc, char **argv, char **envp)`
 * and puts RAW_START once at file level. Calls return -errno, as the kernel does.
 */
#ifndef HUSK_BENCH_RAW_H
#define HUSK_BENCH_RAW_H

#include <asm/unistd.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <stddef.h>
#include <stdint.h>

#ifndef __x86_64__
#error "the benchmark's programs without a C library are written for x86-64"
#endif

static inline long raw_call(long n, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	long r;
	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return r;
}
/* RAW(name, arguments...): up to six, of any integer or pointer type */
#define RAW_N(n, a, b, c, d, e, f, ...)                                                            \
	raw_call(__NR_##n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define RAW(...) RAW_N(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

/* the compiler emits calls to these two */
void *memset(void *to, int byte, size_t count);
void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memset(void *to, int byte, size_t count)
{
	char *p = to;
	while (count--)
		*p++ = (char)byte;
	return to;
}
void *memcpy(void *restrict to, const void *restrict from, size_t count)
{
	char *p = to;
	const char *q = from;
	while (count--)
		*p++ = *q++;
	return to;
}

static inline size_t raw_length(const char *s)
{
	size_t n = 0;
	while (s[n])
		n++;
	return n;
}

static inline int raw_equal(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

/* appends and returns the new end, which holds a NUL */
static inline char *raw_put(char *end, const char *s)
{
	while (*s)
		*end++ = *s++;
	*end = 0;
	return end;
}
static inline char *raw_put_number(char *end, unsigned long value)
{
	char digits[24];
	int n = 0;
	do
		digits[n++] = (char)('0' + value % 10);
	while (value /= 10);
	while (n)
		*end++ = digits[--n];
	*end = 0;
	return end;
}

static inline long raw_number(const char *s)
{
	long v = 0;
	while (*s >= '0' && *s <= '9')
		v = v * 10 + *s++ - '0';
	return v;
}

static inline void raw_say(const char *s)
{
	RAW(write, 2, s, raw_length(s));
}

static inline uint64_t raw_now_ns(void)
{
	uint64_t t[2] = {0, 0};
	RAW(clock_gettime, 1, t);
	return t[0] * 1000000000u + t[1];
}

/* clone3 whose child runs function() on its own stack: needed with CLONE_VM; function must not return */
static inline long raw_clone(struct clone_args *args, void (*function)(void))
{
	long r;
	register long r8 __asm__("r8") = (long)function;
	__asm__ volatile(
		"syscall\n\ttest %%eax, %%eax\n\tjnz 1f\n\txor %%ebp, %%ebp\n\tcall *%%r8\n1:"
		: "=a"(r)
		: "a"(__NR_clone3), "D"(args), "S"(sizeof(*args)), "r"(r8)
		: "rcx", "r11", "memory");
	return r;
}

#define RAW_START                                                                                  \
	__attribute__((used)) void raw_start(long *sp);                                            \
	void raw_start(long *sp)                                                                   \
	{                                                                                          \
		RAW(exit_group, run((int)sp[0], (char **)(sp + 1), (char **)(sp + 2 + sp[0])));    \
	}                                                                                          \
	__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, "         \
		"%rsp\n\tcall raw_start\n");

#endif
