// SPDX-License-Identifier: MIT
#include "base/confine.h"

#include "base/installed.h"
#include "base/landlock.h"
#include "base/syscall-filter.h"

#include <elf.h>
#include <link.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/socket.h>

#ifndef SK_SANITIZE // whose leak checker traces its own process

// Calls that change, or look into, what is not ours. mmap and mprotect: memory is never writable and executable.
#define FORBIDDEN_TO_ALL                                                                                                       \
	FORBID(ptrace, EPERM), FORBID(process_vm_readv, EPERM), FORBID(process_vm_writev, EPERM), FORBID(pidfd_getfd, EPERM),  \
		FORBID(kcmp, EPERM), FORBID(bpf, EPERM), FORBID(perf_event_open, EPERM), FORBID(userfaultfd, EPERM),           \
		FORBID(io_uring_setup, EPERM), FORBID(io_uring_enter, EPERM), FORBID(io_uring_register, EPERM),                \
		FORBID(mount, EPERM), FORBID(umount2, EPERM), FORBID(move_mount, EPERM), FORBID(open_tree, EPERM),             \
		FORBID(fsopen, EPERM), FORBID(pivot_root, EPERM), FORBID(chroot, EPERM), FORBID(unshare, EPERM),               \
		FORBID(setns, EPERM), FORBID(open_by_handle_at, EPERM), FORBID(init_module, EPERM),                            \
		FORBID(finit_module, EPERM), FORBID(kexec_load, EPERM), FORBID(listen, EPERM), FORBID(accept, EPERM),          \
		FORBID(accept4, EPERM), FORBID_BITS(mmap, 2, PROT_WRITE | PROT_EXEC, PROT_WRITE | PROT_EXEC, EPERM),           \
		FORBID_BITS(mprotect, 2, PROT_WRITE | PROT_EXEC, PROT_WRITE | PROT_EXEC, EPERM),                               \
		FORBID_BITS(clone, 0, CLONE_NEWUSER, CLONE_NEWUSER, EPERM), FORBID(clone3, ENOSYS)

// The dynamic linker of this program, which is that of the others, too: execve(2) opens it to run them. NULL for a static program.
static const char *interpreter(void)
{
	const ElfW(Phdr) *header = (const void *)getauxval(AT_PHDR); // NOLINT(performance-no-int-to-ptr)
	const char *offset = NULL, *found = NULL;

	for (unsigned long i = 0; header && i < getauxval(AT_PHNUM); i++) {
		if (header[i].p_type == PT_PHDR)
			offset = (const char *)header - header[i].p_vaddr;
		if (header[i].p_type == PT_INTERP)
			found = offset + header[i].p_vaddr;
	}
	return found;
}

#define SOCKETS_OF_PROGRAMS                                                                                                    \
	ALLOW_ARGUMENT(socket, 0, AF_UNIX), ALLOW_ARGUMENT(socket, 0, AF_INET), ALLOW_ARGUMENT(socket, 0, AF_INET6),           \
		FORBID(socket, EAFNOSUPPORT)

static void confine_runs(void)
{
	struct landlock landlock = { .runs = true };
	char path[INSTALLED_PATH_MAX];

	landlock_begin(&landlock);
	installed_path(path, "");
	landlock_allow_running(&landlock, path);
	installed_path(path, "sk-helper");
	landlock_allow_running(&landlock, path);
	if (interpreter())
		landlock_allow_running(&landlock, interpreter());
	(void)landlock_enter(&landlock);
}

void confine_runner(bool runs_others)
{
	static const struct syscall_rule rules[] = { FORBIDDEN_TO_ALL, SOCKETS_OF_PROGRAMS };

	if (!runs_others)
		confine_runs();
	(void)syscall_filter_enter(rules, sizeof rules / sizeof rules[0], SYSCALLS_ALLOWED);
}

void confine_server(bool runs_others)
{
	static const struct syscall_rule rules[] = { ALLOW(listen), ALLOW(accept4), FORBIDDEN_TO_ALL, SOCKETS_OF_PROGRAMS };

	if (!runs_others)
		confine_runs();
	(void)syscall_filter_enter(rules, sizeof rules / sizeof rules[0], SYSCALLS_ALLOWED);
}

void confine_listening_ends(void)
{
	static const struct syscall_rule rules[] = { FORBID(listen, EPERM) };

	(void)syscall_filter_enter(rules, sizeof rules / sizeof rules[0], SYSCALLS_ALLOWED);
}

void confine_bus_client(void)
{
	static const struct syscall_rule rules[] = {
		FORBIDDEN_TO_ALL,
		FORBID(execve, EPERM),
		FORBID(execveat, EPERM),
		FORBID(add_key, EPERM),
		FORBID(keyctl, EPERM),
		FORBID(request_key, EPERM),
		ALLOW_ARGUMENT(socket, 0, AF_UNIX),
		FORBID(socket, EAFNOSUPPORT),
	};
	struct landlock landlock = { .writes = true, .runs = true, .binds = true, .connects = true };

	landlock_begin(&landlock);
	(void)landlock_enter(&landlock);
	(void)syscall_filter_enter(rules, sizeof rules / sizeof rules[0], SYSCALLS_ALLOWED);
}

void confine_computing(void)
{
	static const struct syscall_rule rules[] = {
		ALLOW(read),
		ALLOW(write),
		ALLOW(close),
		ALLOW(brk),
		ALLOW_BITS(mmap, 2, PROT_EXEC, 0),
		ALLOW_BITS(mprotect, 2, PROT_EXEC, 0),
		ALLOW(munmap),
		ALLOW(mremap),
		ALLOW(madvise),
		ALLOW(futex),
		ALLOW(getrandom),
		ALLOW(clock_gettime),
		ALLOW(gettimeofday),
		ALLOW(getpid),
		ALLOW(rt_sigaction),
		ALLOW(rt_sigprocmask),
		ALLOW(rt_sigreturn),
		ALLOW(sched_getaffinity),
		ALLOW(sched_yield),
		ALLOW(exit),
		ALLOW(exit_group),
		// that there is no such file is an answer that libraries know
		FORBID(openat, ENOENT),
#ifdef SYS_open
		FORBID(open, ENOENT),
#endif
	};

	(void)syscall_filter_enter(rules, sizeof rules / sizeof rules[0], SYSCALLS_REFUSED);
}

#else

void confine_computing(void)
{
}

void confine_runner(bool runs_others)
{
	(void)runs_others;
}

void confine_server(bool runs_others)
{
	(void)runs_others;
}

void confine_listening_ends(void)
{
}

void confine_bus_client(void)
{
}

#endif
