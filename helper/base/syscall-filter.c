// SPDX-License-Identifier: MIT
#include "base/syscall-filter.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LOW_HALF 4
#else
#define LOW_HALF 0
#endif

#define FILTER_MAX 1024

struct filter {
	struct sock_filter code[FILTER_MAX];
	unsigned short len;
	bool too_long;
};

static void filter_add(struct filter *filter, struct sock_filter instruction)
{
	filter->too_long = filter->too_long || filter->len == FILTER_MAX;
	if (!filter->too_long)
		filter->code[filter->len++] = instruction;
}

static void filter_load(struct filter *filter, uint32_t offset)
{
	filter_add(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
}

static void filter_return(struct filter *filter, uint32_t action)
{
	filter_add(filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

// The number is loaded before each rule, and after it.
static void filter_add_rule(struct filter *filter, const struct syscall_rule *rule)
{
	uint32_t action = rule->error ? SECCOMP_RET_ERRNO | (uint32_t)rule->error : SECCOMP_RET_ALLOW;
	uint32_t argument = (uint32_t)offsetof(struct seccomp_data, args) + 8 * (uint32_t)rule->argument + LOW_HALF;

	if (rule->argument < 0) {
		filter_add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)rule->number, 0, 1));
		filter_return(filter, action);
		return;
	}
	filter_add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)rule->number, 0, 5));
	filter_load(filter, argument);
	filter_add(filter, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, rule->bits));
	filter_add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, rule->value, 0, 1));
	filter_return(filter, action);
	filter_load(filter, offsetof(struct seccomp_data, nr));
}

// NULL where there is none.
static const struct filter *filter_make(const struct syscall_rule *rules, size_t count, enum syscall_default otherwise)
{
#ifdef ARCHITECTURE
	static struct filter filter;

	filter.len = 0;
	filter.too_long = false;
	filter_load(&filter, offsetof(struct seccomp_data, arch));
	filter_add(&filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
	filter_return(&filter, SECCOMP_RET_KILL_PROCESS);
	filter_load(&filter, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
	// the x32 numbers are a second door to the same calls
	filter_add(&filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1));
	filter_return(&filter, SECCOMP_RET_ERRNO | EPERM); // not killed: -1 is what a tracer makes of a call that it takes away
#endif
	for (size_t i = 0; i < count; i++)
		filter_add_rule(&filter, &rules[i]);
	filter_return(&filter, otherwise == SYSCALLS_ALLOWED ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | EPERM);
	return filter.too_long ? NULL : &filter;
#else
	(void)rules;
	(void)count;
	(void)otherwise;
	return NULL;
#endif
}

bool syscall_filter_enter(const struct syscall_rule *rules, size_t count, enum syscall_default otherwise)
{
	const struct filter *filter = filter_make(rules, count, otherwise);
	struct sock_fprog program = { 0 };

	if (!filter)
		return false;
	program.filter = (struct sock_filter *)(uintptr_t)filter->code;
	program.len = filter->len;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

const void *syscall_filter_code(const struct syscall_rule *rules, size_t count, enum syscall_default otherwise, size_t *len)
{
	const struct filter *filter = filter_make(rules, count, otherwise);

	*len = filter ? filter->len * sizeof filter->code[0] : 0;
	return filter ? filter->code : NULL;
}
