// SPDX-License-Identifier: MIT
#include "front/handover.h"

#include "base/harden.h"
#include "base/installed.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ARGS_MAX 64

extern char **environ;

// include/uapi/linux/memfd.h: hardened systems insist on it (vm.memfd_noexec=2).
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif

// Variables that change what the programs after us do before their first line runs. They have no use here.
static void scrub_environment(void)
{
	static const char *const prefixes[] = { "LD_",
						"GCONV_PATH=",
						"MALLOC_",
						"GLIBC_TUNABLES=",
						"NLSPATH=",
						"LOCPATH=",
						"SSLKEYLOGFILE=",
						"OPENSSL_",
						"G_MESSAGES_DEBUG=",
						"SECRET_BACKEND=",
						"SECRET_FILE_TEST_" };
	char **out = environ;

	for (char **in = environ; *in; in++) {
		bool keep = true;

		for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
			keep = keep && !text_starts(*in, prefixes[i]);
		if (keep)
			*out++ = *in;
	}
	*out = NULL;
}

const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int become_core(char **argv)
{
	char core[INSTALLED_PATH_MAX];
	struct err err;

	harden_runner();
	scrub_environment();
	if (installed_program(core, "sk-core", &err) != STATUS_OK) {
		dprintf(STDERR_FILENO, "sk-helper: %s\n", err.text);
		return status_exit_code(err.status);
	}
	execv(core, argv);
	dprintf(STDERR_FILENO, "sk-helper: cannot run '%s': %s: is sk-helper installed completely? ('make install')\n", core,
		strerror(errno));
	return 1;
}

int become_core_for_tool(int argc, char **argv)
{
	char *args[ARGS_MAX + 3] = { "sk-helper", "tool", (char *)(uintptr_t)base_name(argv[0]) };

	if (argc > ARGS_MAX) {
		dprintf(STDERR_FILENO, "sk-helper: more than %d arguments\n", ARGS_MAX);
		return 2;
	}
	for (int i = 1; i < argc; i++)
		args[i + 2] = argv[i];
	args[argc + 2] = NULL;
	return become_core(args);
}

// A pipe with all of it, or -1 where it has no room for that.
static int fill_pipe(const struct buf *input)
{
	int fds[2];

	if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) < 0)
		return -1;
	fcntl(fds[0], F_SETFL, 0);
	if (write(fds[1], input->data, input->len) != (ssize_t)input->len) {
		close(fds[0]);
		fds[0] = -1;
	}
	close(fds[1]);
	return fds[0];
}

// A file in memory with all of it, or -1: a file size limit counts for it.
static int fill_memory(const struct buf *input)
{
	int fd = memfd_create("request", MFD_NOEXEC_SEAL | MFD_CLOEXEC);

	if (fd < 0)
		fd = memfd_create("request", MFD_CLOEXEC); // before Linux 6.3
	if (fd >= 0 && !(buf_write(input, fd) && lseek(fd, 0, SEEK_SET) == 0)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

// What was read of standard input, given back to whoever reads it next.
static bool give_back(const struct buf *input)
{
	int fd = fill_pipe(input);

	if (fd < 0)
		fd = fill_memory(input);
	return fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO;
}

int become_core_with_input(int (*become)(int argc, char **argv), int argc, char **argv, const struct buf *input)
{
	harden_runner(); // a file size limit counts for what is handed on, too
	if (give_back(input))
		return become(argc, argv);
	dprintf(STDERR_FILENO, "sk-helper: standard input cannot be handed on: %s\n", strerror(errno));
	return 1;
}

void start_renewal(const char *profile, const struct request *request)
{
	const char *scope = request->scope ? request->scope : "", *resource = request->resource ? request->resource : "";
	char asker[16];
	char *args[] = {
		"sk-helper", "renew", (char *)(uintptr_t)profile, (char *)(uintptr_t)scope, (char *)(uintptr_t)resource,
		asker,	     NULL
	};

	(void)snprintf(asker, sizeof asker, "%d", (int)getppid());

	if (fork_detached())
		_exit(become_core(args));
}
