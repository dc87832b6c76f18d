// SPDX-License-Identifier: MIT
#include "oauth/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READ_FILE LANDLOCK_ACCESS_FS_READ_FILE
#define READ_TREE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

// All that ABI 1 (Linux 5.13) can forbid, which is all that touches files as we could.
#define HANDLED                                                                                                                \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |                           \
	 LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |                        \
	 LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |                            \
	 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |                         \
	 LANDLOCK_ACCESS_FS_MAKE_SYM)

static void allow(int ruleset, const char *path)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = READ_TREE };
	struct stat st;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return;
	if (fstat(rule.parent_fd, &st) == 0) {
		if (!S_ISDIR(st.st_mode))
			rule.allowed_access = READ_FILE;
		syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	}
	close(rule.parent_fd);
}

static void wall_off_files(const char *ca_file, const char *certificate)
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
	struct landlock_ruleset_attr attributes = { .handled_access_fs = HANDLED };
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);

	if (ruleset < 0)
		return;
	for (size_t i = 0; i < sizeof readable / sizeof readable[0]; i++)
		allow(ruleset, readable[i]);
	if (ca_file)
		allow(ruleset, ca_file);
	if (certificate)
		allow(ruleset, certificate);
	syscall(SYS_landlock_restrict_self, ruleset, 0);
	close(ruleset);
}

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

static void wall_off_keyrings(void)
{
#ifdef ARCHITECTURE
#define FORBID(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#ifdef __x86_64__
		// the x32 numbers are a second door to the same calls
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
#endif
		FORBID(SYS_add_key),
		FORBID(SYS_keyctl),
		FORBID(SYS_request_key),
#ifndef SK_SANITIZE // whose leak checker traces its own process
		FORBID(SYS_ptrace),
#endif
		FORBID(SYS_process_vm_readv),
		FORBID(SYS_process_vm_writev),
		FORBID(SYS_execve),
		FORBID(SYS_execveat),
		FORBID(SYS_io_uring_setup),
		FORBID(SYS_truncate), // which Landlock knows of only since ABI 3
		// no bus, and so no Secret Service: Landlock does not know of connect(2)
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0]) + LOW_HALF),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof filter / sizeof filter[0], filter };

	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
#endif
}

void sandbox_enter(const char *ca_file, const char *certificate)
{
	wall_off_files(ca_file, certificate);
	wall_off_keyrings();
}
