// SPDX-License-Identifier: MIT
#include "http/sandbox.h"

#include "base/syscall-filter.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/landlock.h>
#include <sched.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// --- files, ports, signals: Landlock

#define READ_FILE LANDLOCK_ACCESS_FS_READ_FILE
#define READ_TREE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

// linux/landlock.h of the kernel that we run on may be newer than the one that we are built with; numbers do not change.
#define FS_ABI_1	((1ULL << 13) - 1)
#define FS_REFER	(1ULL << 13) // 2 (Linux 5.19)
#define FS_TRUNCATE	(1ULL << 14) // 3 (6.2)
#define FS_IOCTL_DEV	(1ULL << 15) // 5 (6.10)
#define NET_BIND_TCP	(1ULL << 0)  // 4 (6.7)
#define NET_CONNECT_TCP (1ULL << 1)
#define SCOPE_ALL	3ULL // 6 (6.12): abstract Unix sockets, and signals
#define RULE_NET_PORT	2

struct ruleset {
	uint64_t fs, net, scoped;
};

struct net_port_rule {
	uint64_t allowed_access, port;
};

static void allow_path(int ruleset, const char *path, bool directories)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = READ_TREE };
	struct stat st;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return;
	if (fstat(rule.parent_fd, &st) == 0 && (directories || !S_ISDIR(st.st_mode))) {
		if (!S_ISDIR(st.st_mode))
			rule.allowed_access = READ_FILE;
		syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	}
	close(rule.parent_fd);
}

static void allow_port(int ruleset, unsigned port)
{
	struct net_port_rule rule = { NET_CONNECT_TCP, port };

	syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0);
}

// All that this version of the interface can forbid.
static struct ruleset everything(int abi, bool any_port)
{
	struct ruleset rights = { FS_ABI_1, 0, 0 };

	if (abi >= 2)
		rights.fs |= FS_REFER;
	if (abi >= 3)
		rights.fs |= FS_TRUNCATE;
	if (abi >= 4)
		rights.net = NET_BIND_TCP | (any_port ? 0 : NET_CONNECT_TCP);
	if (abi >= 5)
		rights.fs |= FS_IOCTL_DEV;
	if (abi >= 6)
		rights.scoped = SCOPE_ALL;
	return rights;
}

static size_t ruleset_size(int abi)
{
	return abi >= 6 ? sizeof(struct ruleset) : abi >= 4 ? offsetof(struct ruleset, scoped) : offsetof(struct ruleset, net);
}

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
		"/lib",
		"/lib64",
		"/etc/ld.so.cache",
		"/dev/null",
		"/dev/urandom",
#ifdef SK_SANITIZE
		"/proc",
#endif
	};
	int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, 1U), ruleset;
	struct ruleset rights;

	if (abi < 1)
		return 0;
	rights = everything(abi, sandbox->port_count == 0);
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &rights, ruleset_size(abi), 0U);
	if (ruleset < 0)
		return 0;
	for (size_t i = 0; i < sizeof readable / sizeof readable[0]; i++)
		allow_path(ruleset, readable[i], true);
	if (sandbox->ca_file)
		allow_path(ruleset, sandbox->ca_file, true);
	if (sandbox->certificate)
		allow_path(ruleset, sandbox->certificate, false);
	for (size_t i = 0; i < sandbox->port_count && rights.net & NET_CONNECT_TCP; i++)
		allow_port(ruleset, sandbox->ports[i]);
	if (rights.net & NET_CONNECT_TCP)
		allow_port(ruleset, 53); // DNS, for answers that UDP has no room for
	if (syscall(SYS_landlock_restrict_self, ruleset, 0U) < 0)
		abi = 0;
	close(ruleset);
	return abi;
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
	ALLOW_ARGUMENT(socket, 0, AF_INET),
	ALLOW_ARGUMENT(socket, 0, AF_INET6),
	FORBID(socket, EAFNOSUPPORT),
	ALLOW_BITS(socketpair, 1, SOCK_TYPE, SOCK_STREAM),
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

struct sandbox_report sandbox_enter(const struct sandbox *sandbox)
{
	struct sandbox_report report = { .landlock = sandbox_landlock(sandbox) };

#ifdef SK_SANITIZE
	(void)rules;
	report.seccomp =
		syscall_filter_enter(sanitizer_rules, sizeof sanitizer_rules / sizeof sanitizer_rules[0], SYSCALLS_ALLOWED);
#else
	report.seccomp = syscall_filter_enter(rules, sizeof rules / sizeof rules[0], SYSCALLS_REFUSED);
#endif
	return report;
}
