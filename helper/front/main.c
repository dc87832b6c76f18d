// SPDX-License-Identifier: MIT
// sk-helper, the front door. Answers a get from the token cache in the kernel keyring, and hands everything else, errors
// included, to sk-core with the same arguments. It never opens a socket, parses JSON, or sees a client secret.
#include "base/debug.h"
#include "base/harden.h"
#include "base/options.h"
#include "base/text.h"
#include "base/wire.h"
#include "front/exec.h"
#include "front/handover.h"
#include "front/hit.h"
#include "front/tool.h"
#include "model/profile-dir.h"
#include "protocols/askers.h"
#include "protocols/protocols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// For a hook that is run once for each connection: whether its token is not one that it was given before. If it was, that may mean that
// the token was refused, which is sk-core's to decide.
static bool is_first_for_asker(const struct protocol *protocol, const struct hit *hit)
{
	const char *server;

	if (!protocol->connection_variable || !askers_count(&hit->profile))
		return true;
	server = getenv(protocol->connection_variable);
	return askers_was_given(&hit->profile, server, hit->token.access_token) == RENEWAL_NONE;
}

// True when the whole request has been answered.
static bool answer_from_cache(struct request *request, const struct protocol *protocol)
{
	struct buf text = arena_take(), out;
	struct err err = { 0 };
	const char *warning;
	bool answered;
	struct hit hit;

	if (profile_dir_for(request, &text, &hit.profile, NULL, NULL) != STATUS_OK)
		return false;
	arena_keep(&text);
	request->long_lived = protocol->connection_variable != NULL;
	if (!hit_find(&hit, request) || !is_first_for_asker(protocol, &hit)) {
		debug_say("the kernel keyring has no token that answers this: sk-core goes on");
		return false;
	}
	debug_say("the kernel keyring has a token with %lld s left", (long long)hit.answer.left);
	out = arena_take();
	answered = protocol_answer(protocol, &hit.answer, &out, &err) == STATUS_OK;
	// something of it may have been written: sk-core must not begin again
	if (!answered && err.status == STATUS_INTERNAL) {
		dprintf(STDERR_FILENO, "sk-helper: %s\n", err.text);
		arena_wipe();
		_exit(status_exit_code(err.status));
	}
	warning = answered ? protocol_warning(request) : NULL;
	if (warning && isatty(STDOUT_FILENO))
		dprintf(STDERR_FILENO, "sk-helper: warning: %s\n", warning);
	if (answered && hit.freshness == TOKEN_AGING)
		start_renewal(hit.profile.name, request);
	buf_reset(&out);
	arena_wipe();
	return answered;
}

static int become_core_for_get(int argc, char **argv)
{
	(void)argc;
	return become_core(argv);
}

// argv[1] is "get".
static int get(char **argv)
{
	const struct protocol *protocol;
	struct request request;
	struct buf text, copy;

	// tokens come from a socket, which is sk-core's to ask
	if (profile_dir_socket() || request_from_args(&request, argv + 2, NULL) != STATUS_OK ||
	    !(protocol = protocol_of(&request)) || protocol_take_url(protocol, &request, NULL) != STATUS_OK)
		return become_core(argv);
	if (!request.from_stdin)
		return answer_from_cache(&request, protocol) ? 0 : become_core(argv);

	if (isatty(STDIN_FILENO))
		dprintf(STDERR_FILENO,
			"sk-helper: 'get -' reads key=value lines, such as url=https://api.example.com, up to an empty line\n");
	text = arena_take();
	text.max = REQUEST_MAX;
	if (wire_read(&text, STDIN_FILENO, NULL) != STATUS_OK) {
		dprintf(STDERR_FILENO, "sk-helper: standard input: it cannot be read, or is longer than %d bytes\n",
			REQUEST_MAX);
		return 2;
	}
	arena_keep(&text);
	copy = arena_take();
	buf_add(&copy, text.data, text.len);
	arena_keep(&copy);
	if (request_parse(&request, text.data, text.len, NULL) == STATUS_OK && answer_from_cache(&request, protocol))
		return 0;
	return become_core_with_input(become_core_for_get, 0, argv, &copy);
}

// Tools that can be told the name of a program, or only where it is, run us by a name of their own: a link to us.
static bool is_other_name(const char *name)
{
	return !text_starts(base_name(name), "sk-helper");
}

static int front(int argc, char **argv)
{
	bool has_command = argc > 1;

	if (argc < 1) // before Linux 5.18 there may be no argv[0], and what is behind it is the environment
		return status_exit_code(STATUS_USAGE);
	if (has_command && !strcmp(argv[1], "--debug") && !is_other_name(argv[0])) {
		setenv(DEBUG_VARIABLE, "1", 1);
		argv[1] = argv[0];
		return front(argc - 1, argv + 1);
	}
	if (has_command && !strcmp(argv[1], "exec") && argc > 2 && !option_is_help(argv[2]) && !is_other_name(argv[0]))
		return exec_run(argv + 2, get);
	harden_process_but(STDERR_FILENO + (has_command ? harden_count_sockets(argv[1]) : 0));
	if (is_other_name(argv[0]))
		return tool_front(argc, argv);
	return has_command && !strcmp(argv[1], "get") ? get(argv) : become_core(argv);
}

int main(int argc, char **argv)
{
	// not return: nothing is registered for the exit, and looking costs a page
	_exit(front(argc, argv));
}
