// SPDX-License-Identifier: MIT
#include "http/sandbox.h"

#include "base/landlock.h"
#include "base/syscall-filter.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262 // glibc before 2.32
#endif

// --- files, ports, signals: Landlock

// The version that is enforced now; 0 for none.
static int sandbox_landlock(const struct sandbox *sandbox)
{
	// the resolver loads its NSS modules and the TLS library its providers only when they are first used: hence the libraries
	static const char *const readable[] = {
		"/etc/ssl",
		"/etc/pki",
		"/etc/ca-certificates",
		"/usr/share/ca-certificates",
		"/usr/local/share/ca-certificates",
		"/etc/resolv.conf",
		"/etc/hosts",
		"/etc/host.conf",
		"/etc/nsswitch.conf",
		"/etc/gai.conf",
		"/etc/services",
		"/etc/localtime",
		"/etc/crypto-policies",
		"/run/systemd/resolve",
		"/run/resolvconf",
		"/run/NetworkManager",
		"/usr/lib",
		"/usr/lib64",
		"/nix/store", // where NixOS and Guix have their libraries
		"/gnu/store",
		"/lib",
		"/lib64",
		"/etc/ld.so.cache",
		"/dev/null",
		"/dev/urandom",
#ifdef SK_SANITIZE
		"/proc",
#endif
	};
	struct landlock landlock = { .reads = true, .writes = true, .runs = true, .binds = true, .others = true };

	landlock.connects = sandbox->port_count > 0;
	landlock_begin(&landlock);
	for (size_t i = 0; i < sizeof readable / sizeof readable[0]; i++)
		landlock_allow_reading(&landlock, readable[i], true);
	for (size_t i = 0; i < sandbox->ca_file_count; i++)
		landlock_allow_reading(&landlock, sandbox->ca_files[i], true);
	if (sandbox->certificate)
		landlock_allow_reading(&landlock, sandbox->certificate, false);
	for (size_t i = 0; i < sandbox->port_count; i++)
		landlock_allow_connecting(&landlock, sandbox->ports[i]);
	if (sandbox->port_count)
		landlock_allow_connecting(&landlock, 53); // DNS, for answers that UDP has no room for
	return landlock_enter(&landlock);
}

// --- system calls: seccomp

// What libcurl, OpenSSL, glibc's resolver with its modules, and our own code use in an exchange. Each was seen in a trace, or is the
// form of one that another libc or architecture has for it.
static const struct syscall_rule rules[] = {
	ALLOW(read),
	ALLOW(write),
	ALLOW(readv),
	ALLOW(writev),
	ALLOW(pread64),
	ALLOW(close),
	ALLOW(lseek),
	ALLOW(fstat),
	ALLOW(newfstatat),
	ALLOW(statx),
	ALLOW(openat),
	ALLOW(getdents64),
	ALLOW(faccessat),
	ALLOW(readlinkat),
#ifdef SYS_open
	ALLOW(open),
	ALLOW(access),
	ALLOW(stat),
	ALLOW(lstat),
	ALLOW(readlink),
	ALLOW(poll),
	ALLOW(time),
	ALLOW(select),
	ALLOW(pipe),
#endif
	ALLOW(ppoll),
	ALLOW(pselect6),
	ALLOW(pipe2),
	ALLOW(eventfd2),
	// not F_SETOWN, which has signals sent to others
	ALLOW_ARGUMENT(fcntl, 1, F_GETFD),
	ALLOW_ARGUMENT(fcntl, 1, F_SETFD),
	ALLOW_ARGUMENT(fcntl, 1, F_GETFL),
	ALLOW_ARGUMENT(fcntl, 1, F_SETFL),
	ALLOW_ARGUMENT(fcntl, 1, F_DUPFD_CLOEXEC),
	ALLOW_ARGUMENT(ioctl, 1, FIONREAD),
	ALLOW_ARGUMENT(ioctl, 1, FIONBIO),
	// memory is never writable and executable; what is executable comes from a file
	ALLOW_BITS(mmap, 2, PROT_EXEC, 0),
	ALLOW_BITS(mmap, 2, PROT_WRITE, 0),
	ALLOW_BITS(mprotect, 2, PROT_EXEC, 0),
	ALLOW(munmap),
	ALLOW(mremap),
	ALLOW(madvise),
	ALLOW(brk),
	// threads, which libcurl's resolver uses, and no processes
	ALLOW_BITS(clone, 0, CLONE_THREAD | CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET, CLONE_THREAD),
	FORBID(clone3, ENOSYS), // its flags are in memory, where no filter sees them: glibc then takes clone
	ALLOW(set_robust_list),
	ALLOW(rseq),
	ALLOW(futex),
	ALLOW(exit),
	ALLOW(exit_group),
	ALLOW(sched_yield),
	ALLOW(sched_getaffinity),
	ALLOW(gettid),
	ALLOW(getpid),
	ALLOW(getuid),
	ALLOW(geteuid),
	ALLOW(getgid),
	ALLOW(getegid),
	ALLOW(sysinfo),
	ALLOW(uname),
	ALLOW(restart_syscall),
	ALLOW(rt_sigaction),
	ALLOW(rt_sigprocmask),
	ALLOW(rt_sigreturn),
	ALLOW(sigaltstack),
	ALLOW_ARGUMENT(prctl, 0, PR_SET_NAME),
	ALLOW_ARGUMENT(prctl, 0, PR_GET_DUMPABLE),
	ALLOW(getrandom),
	ALLOW(clock_gettime),
	ALLOW(clock_nanosleep),
	ALLOW(nanosleep),
	ALLOW(gettimeofday),
	// streams and datagrams of the internet, and pairs of connected streams within the process: no bus, no other family
	// Landlock's rules for ports do not know of MPTCP, nor of a connection that is made by sending (MSG_FASTOPEN)
	FORBID_BITS(socket, 2, UINT32_MAX, IPPROTO_MPTCP, EPROTONOSUPPORT),
	ALLOW_ARGUMENT(socket, 0, AF_INET),
	ALLOW_ARGUMENT(socket, 0, AF_INET6),
	FORBID(socket, EAFNOSUPPORT),
	ALLOW_ARGUMENT(socketpair, 0, AF_UNIX),
	FORBID_BITS(sendto, 3, MSG_FASTOPEN, MSG_FASTOPEN, EPERM),
	FORBID_BITS(sendmsg, 2, MSG_FASTOPEN, MSG_FASTOPEN, EPERM),
	FORBID_BITS(sendmmsg, 3, MSG_FASTOPEN, MSG_FASTOPEN, EPERM),
	ALLOW(connect),
	ALLOW(getsockname),
	ALLOW(getpeername),
	ALLOW(getsockopt),
	ALLOW(setsockopt),
	ALLOW(sendto),
	ALLOW(recvfrom),
	ALLOW(sendmsg),
	ALLOW(recvmsg),
	ALLOW(sendmmsg),
	ALLOW(recvmmsg),
	ALLOW(shutdown),
};

// For what needs more than an exchange does: the sanitizers' own calls.
#ifdef SK_SANITIZE
static const struct syscall_rule sanitizer_rules[] = {
	FORBID(add_key, EPERM),
	FORBID(keyctl, EPERM),
	FORBID(request_key, EPERM),
	FORBID(execve, EPERM),
	FORBID(execveat, EPERM),
	ALLOW_ARGUMENT(socket, 0, AF_INET),
	ALLOW_ARGUMENT(socket, 0, AF_INET6),
	FORBID(socket, EAFNOSUPPORT),
};
#endif

#if !defined(SK_COVERAGE) && !defined(SK_SANITIZE)
static bool sandbox_filter(const struct sandbox *sandbox)
{
	static const struct syscall_rule serving[] = {
		ALLOW(accept4),
		ALLOW(epoll_ctl),
		ALLOW(epoll_pwait),
#ifdef SYS_epoll_wait
		ALLOW(epoll_wait),
#endif
	};
	struct syscall_rule all[sizeof rules / sizeof rules[0] + sizeof serving / sizeof serving[0]];
	size_t count = sizeof rules / sizeof rules[0];

	memcpy(all, rules, sizeof rules);
	if (sandbox->serves) {
		memcpy(all + count, serving, sizeof serving);
		count += sizeof serving / sizeof serving[0];
	}
	return syscall_filter_enter(all, count, SYSCALLS_REFUSED);
}
#endif

struct sandbox_report sandbox_enter(const struct sandbox *sandbox)
{
#ifdef SK_COVERAGE // whose counts are written to files
	struct sandbox_report report = { 0 };

	(void)sandbox_landlock, (void)sandbox, (void)rules;
#elif defined(SK_SANITIZE)
	struct sandbox_report report = { .landlock = sandbox_landlock(sandbox) };

	(void)rules;
	report.seccomp =
		syscall_filter_enter(sanitizer_rules, sizeof sanitizer_rules / sizeof sanitizer_rules[0], SYSCALLS_ALLOWED);
#else
	struct sandbox_report report = { .landlock = sandbox_landlock(sandbox) };

	report.seccomp = sandbox_filter(sandbox);
#endif
	return report;
}
