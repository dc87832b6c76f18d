// SPDX-License-Identifier: MIT
// sk-helper, the front door. Answers a get from the token cache in the kernel keyring, and hands everything else, errors
// included, to sk-core with the same arguments. It never opens a socket, parses JSON, or sees a client secret.
#include "base/clock.h"
#include "base/harden.h"
#include "base/text.h"
#include "base/wire.h"
#include "front/exec.h"
#include "keyring/kernel-read.h"
#include "model/profile-dir.h"
#include "model/request.h"
#include "model/token.h"
#include "protocols/protocols.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ARGS_MAX 64

#define CORE SK_LIBEXECDIR "/sk-helper/sk-core"

extern char **environ;

// include/uapi/linux/memfd.h: hardened systems insist on it (vm.memfd_noexec=2).
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif

// Static, because malloc(3) costs more system calls than all the rest.
static char request_text[REQUEST_MAX + 1], request_copy[REQUEST_MAX + 1];
static char profile_text[PROFILE_TEXT_MAX + 1];
static char record_text[TOKEN_RECORD_MAX + 1];
static char answer_text[2 * TOKEN_MAX + 4096];

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

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int become_core(char **argv)
{
	harden_runner();
	scrub_environment();
	execv(CORE, argv);
	dprintf(STDERR_FILENO, "sk-helper: cannot run '%s': is sk-helper installed whole? ('make install')\n", CORE);
	return 1;
}

// Tools that can be told the name of a program, or only where it is, run us by a name of their own: a link to us.
static bool is_other_name(const char *name)
{
	return !text_starts(base_name(name), "sk-helper");
}

static int become_tool(int argc, char **argv)
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

// What was read of standard input, given back to whoever reads it next.
static bool give_back(const char *text, size_t len)
{
	struct buf b = { .data = (char *)(uintptr_t)text, .len = len };
	int fd = memfd_create("request", MFD_NOEXEC_SEAL);
	bool ok;

	if (fd < 0)
		fd = memfd_create("request", 0); // before Linux 6.3
	ok = fd >= 0 && buf_write(&b, fd) && lseek(fd, 0, SEEK_SET) == 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO;

	if (fd > STDERR_FILENO)
		close(fd);
	return ok;
}

static void renew_behind(char **argv, const char *profile, const struct request *request)
{
	const char *scope = request->scope ? request->scope : "", *resource = request->resource ? request->resource : "";
	char *args[] = { argv[0], "renew", (char *)(uintptr_t)profile, (char *)(uintptr_t)scope, (char *)(uintptr_t)resource,
			 NULL };

	if (!fork_detached())
		return;
	harden_runner();
	scrub_environment();
	execv(CORE, args);
	_exit(1);
}

// True when the whole request has been answered.
static bool answer_from_cache(char **argv, struct request *request, const struct protocol *protocol)
{
	struct buf text = BUF_FIXED(profile_text), record = BUF_FIXED(record_text), out = BUF_FIXED(answer_text);
	char slot[TOKEN_SLOT_SIZE];
	enum freshness freshness;
	struct keyring_key key;
	struct profile profile;
	struct answer answer;
	struct token token;
	struct err err = { 0 };
	const char *warning;
	bool answered;

	if (request->fresh || request->wwwauth_count || protocol->connection_variable ||
	    profile_dir_for(request, &text, &profile, NULL, NULL) != STATUS_OK || strcmp(profile.token_cache, "kernel") != 0)
		return false;
	if (request_resolve(request, &profile, NULL) != STATUS_OK)
		return false;
	token_slot(slot, &profile, request);
	key = keyring_key(KEYRING_TOKEN, &profile, slot);
	if (kernel_get(&key, &record, NULL) != STATUS_OK || !token_parse(&token, record.data, record.len) ||
	    !token_is_for(&token, &profile, request))
		return false;
	// no boot id: nothing in the kernel keyring is older than the boot
	answer = (struct answer){ .profile = &profile, .token = &token, .now = clock_now() };
	answer.left = token_left(&token, answer.now, NULL);
	freshness = token_freshness(&token, answer.now, NULL, request->min_ttl);
	if (freshness == TOKEN_STALE)
		return false;
	answered = protocol_answer(protocol, &answer, &out, &err) == STATUS_OK;
	// something of it may have been written: sk-core must not begin again
	if (!answered && err.status == STATUS_INTERNAL) {
		dprintf(STDERR_FILENO, "sk-helper: %s\n", err.text);
		explicit_bzero(record_text, record.len);
		_exit(status_exit_code(err.status));
	}
	warning = answered ? protocol_warning(request) : NULL;
	if (warning && isatty(STDOUT_FILENO))
		dprintf(STDERR_FILENO, "sk-helper: warning: %s\n", warning);
	if (answered && freshness == TOKEN_AGING)
		renew_behind(argv, profile.name, request);
	buf_reset(&out);
	explicit_bzero(record_text, record.len);
	return answered;
}

// argv[1] is "get".
static int get(char **argv)
{
	struct buf text = BUF_FIXED(request_text);
	const struct protocol *protocol;
	struct request request;
	bool answered;

	if (request_from_args(&request, argv + 2, NULL) != STATUS_OK || !(protocol = protocol_of(&request)) ||
	    protocol_take_url(protocol, &request, NULL) != STATUS_OK)
		return become_core(argv);
	if (!request.from_stdin)
		return answer_from_cache(argv, &request, protocol) ? 0 : become_core(argv);

	if (wire_read(&text, STDIN_FILENO, NULL) != STATUS_OK) {
		dprintf(STDERR_FILENO, "sk-helper: standard input: it cannot be read, or is longer than %d bytes\n",
			REQUEST_MAX);
		return 2;
	}
	memcpy(request_copy, request_text, text.len);
	answered = request_parse(&request, request_text, text.len, NULL) == STATUS_OK &&
		   answer_from_cache(argv, &request, protocol);
	if (answered)
		return 0;
	harden_runner(); // a file size limit counts for what is handed on, too
	if (give_back(request_copy, text.len))
		return become_core(argv);
	dprintf(STDERR_FILENO, "sk-helper: standard input cannot be handed on: %s\n", strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	bool has_command = argc > 1;

	if (has_command && !strcmp(argv[1], "exec") && argc > 2 && strcmp(argv[2], "--help") != 0 && !is_other_name(argv[0]))
		return exec_run(argv + 2, get);
	harden_process();
	if (argc > 0 && is_other_name(argv[0]))
		return become_tool(argc, argv);
	return has_command && !strcmp(argv[1], "get") ? get(argv) : become_core(argv);
}
