// SPDX-License-Identifier: MIT
// What the program that talks to the network cannot do any more.
#include "http/sandbox.h"
#include "base/harden.h"
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#define REFUSED(call) CHECK((call) < 0 && errno == EPERM)

static void what_any_build_refuses(void)
{
	char *args[] = { "/bin/false", NULL }; // if it could be run, the test would fail by that
	int fd;

	CHECK(open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES);
	CHECK(open("/tmp/sk-helper-sandbox-test", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0 && errno == EACCES);
	CHECK(open("/etc/hosts", O_RDONLY | O_CLOEXEC) >= 0);
	REFUSED(syscall(SYS_keyctl, 0, -4, 0, 0, 0));
	REFUSED(syscall(SYS_add_key, "user", "x", "y", 1, -4));
	REFUSED(syscall(SYS_request_key, "user", "x", NULL, -4));
	CHECK(execv(args[0], args) < 0 && (errno == EPERM || errno == EACCES));
	// the way to the Secret Service; the network is open
	CHECK(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 && errno == EAFNOSUPPORT);
	CHECK(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) < 0 && errno == EAFNOSUPPORT);
	CHECK(socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 && errno == EAFNOSUPPORT);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(fd >= 0);
	close(fd);
}

#ifndef SK_SANITIZE
static void what_an_exchange_does_not_need(const char *file)
{
	int pair[2], fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(9) };
	void *memory;

	// files of the user's: Landlock has no right for these
	REFUSED(chmod(file, 0666));
	REFUSED(syscall(SYS_fchmodat, AT_FDCWD, file, 0666));
	REFUSED(chown(file, 0, 0));
	REFUSED(setxattr(file, "user.x", "y", 1, 0));
	REFUSED(utimensat(AT_FDCWD, file, NULL, 0));
	REFUSED(truncate(file, 0));
	REFUSED(unlink(file));
	// other processes
	REFUSED(kill(getppid(), 0));
	REFUSED(syscall(SYS_tgkill, getppid(), getppid(), 0));
	REFUSED(syscall(SYS_pidfd_open, getppid(), 0));
	REFUSED(syscall(SYS_ptrace, 16, getppid(), 0, 0));
	REFUSED(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
	REFUSED(fcntl(fd, F_SETOWN, getppid()));
	REFUSED(syscall(SYS_setsid));
	REFUSED(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
	CHECK(syscall(SYS_clone3, NULL, 0) < 0 && errno == ENOSYS);
	REFUSED(unshare(CLONE_NEWUSER));
	// other ways in and out
	REFUSED(listen(fd, 1));
	REFUSED(bind(fd, (struct sockaddr *)&address, sizeof address));
	REFUSED(socketpair(AF_TIPC, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	REFUSED(syscall(SYS_io_uring_setup, 1, NULL));
	REFUSED(syscall(SYS_bpf, 0, NULL, 0));
	REFUSED(syscall(SYS_userfaultfd, 0));
	REFUSED(syscall(SYS_memfd_create, "x", 0));
	REFUSED(syscall(SYS_shmget, 1, 1, 0));
	REFUSED(syscall(SYS_inotify_init1, 0));
	// memory that is written to and run
	CHECK(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
	      errno == EPERM);
	memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED);
	REFUSED(mprotect(memory, 4096, PROT_READ | PROT_EXEC));
}

// Only where the kernel can forbid it.
static void other_ports(int landlock)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(9) };
	struct msghdr message = { .msg_name = &address, .msg_namelen = sizeof address };
	struct mmsghdr messages = { .msg_hdr = message };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (landlock < 4)
		return;
	CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno == EACCES);
	// what Landlock does not see
	CHECK(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 262 /* IPPROTO_MPTCP */) < 0 && errno == EPROTONOSUPPORT);
	REFUSED(sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&address, sizeof address));
	REFUSED(sendmsg(fd, &message, MSG_FASTOPEN));
	REFUSED(sendmmsg(fd, &messages, 1, MSG_FASTOPEN));
	address.sin_port = htons(1);
	CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno == ECONNREFUSED);
}
#endif

int main(void)
{
	char file[] = "/tmp/sk-helper-sandbox-XXXXXX";
	struct sandbox_report report;
	int fd = mkstemp(file);

	CHECK(fd >= 0 && open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0);
	harden_runner(); // no_new_privs, without which users may not enter it
	report = sandbox_enter(&(struct sandbox){ .ports = { 1 }, .port_count = 1 });
	CHECK(report.seccomp && report.landlock > 0);
	what_any_build_refuses();
#ifndef SK_SANITIZE
	what_an_exchange_does_not_need(file);
	other_ports(report.landlock);
#endif
	TEST_END;
}
