// SPDX-License-Identifier: MIT
// seccomp filters, from a table of rules: which system calls a process can make from here on. They hold for whatever it runs, too.
#ifndef SK_SYSCALL_FILTER_H
#define SK_SYSCALL_FILTER_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

// The first rule that applies decides.
struct syscall_rule {
	int number;
	int error; // 0: allowed; else it fails with this errno
	int argument; // -1: whatever its arguments are; else the rule applies where the lower half of this one, with only these bits,
	uint32_t bits; // is this value
	uint32_t value;
};

#define SOCK_TYPE 0xfU // of socket(2)'s type, without its flags

#define ALLOW(name)                                                                                                            \
	{                                                                                                                      \
		SYS_##name, 0, -1, 0, 0                                                                                        \
	}
#define ALLOW_ARGUMENT(name, argument, is)                                                                                     \
	{                                                                                                                      \
		SYS_##name, 0, (argument), UINT32_MAX, (uint32_t)(is)                                                          \
	}
#define ALLOW_BITS(name, argument, bits, is)                                                                                   \
	{                                                                                                                      \
		SYS_##name, 0, (argument), (uint32_t)(bits), (uint32_t)(is)                                                    \
	}
#define FORBID(name, error)                                                                                                    \
	{                                                                                                                      \
		SYS_##name, (error), -1, 0, 0                                                                                  \
	}

#define FORBID_BITS(name, argument, bits, is, error)                                                                           \
	{                                                                                                                      \
		SYS_##name, (error), (argument), (uint32_t)(bits), (uint32_t)(is)                                              \
	}

// What is done with calls that no rule is for.
enum syscall_default { SYSCALLS_ALLOWED, SYSCALLS_REFUSED /* with EPERM */ };

// False where the kernel or the architecture has no filters: nothing is forbidden then. Needs no_new_privs.
bool syscall_filter_enter(const struct syscall_rule *rules, size_t count, enum syscall_default otherwise);

// The same as a program for the kernel, struct sock_filter after struct sock_filter, for others to enter; good until the next call. NULL for none.
const void *syscall_filter_code(const struct syscall_rule *rules, size_t count, enum syscall_default otherwise, size_t *len);

#endif
