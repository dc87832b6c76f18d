// SPDX-License-Identifier: MIT
// What the program that talks to the network cannot do any more.
#include "http/sandbox.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	char *args[] = { "/bin/true", NULL };
	int fd;

	CHECK(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0);
	(void)sandbox_enter(&(struct sandbox){ .port_count = 0 });
	CHECK(open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES);
	CHECK(open("/tmp/sk-helper-sandbox-test", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0 && errno == EACCES);
	CHECK(syscall(SYS_truncate, "/tmp/sk-helper-sandbox-test", 0L) < 0 && errno == EPERM);
	CHECK(open("/etc/hosts", O_RDONLY | O_CLOEXEC) >= 0);
	CHECK(syscall(SYS_keyctl, 0, -4, 0, 0, 0) < 0 && errno == EPERM);
	CHECK(syscall(SYS_add_key, "user", "x", "y", 1, -4) < 0 && errno == EPERM);
	CHECK(execv(args[0], args) < 0 && (errno == EPERM || errno == EACCES));
	// the way to the Secret Service; the network is open
	CHECK(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 && errno == EAFNOSUPPORT);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(fd >= 0);
	close(fd);
	TEST_END;
}
