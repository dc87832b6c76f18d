// SPDX-License-Identifier: MIT
// get: a token, in the words of whoever asks. What the front door could answer by itself never comes here.
#include "commands.h"
#include "harden.h"
#include "obtain.h"
#include "profiles.h"
#include "protocols.h"
#include "request.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct option get_options[] = {
	{ "--format", "FORMAT", "how to print it" },
	{ "--scope", "SCOPES", "ask for these scopes instead of the profile's" },
	{ "--min-ttl", "SECONDS", "a token with at least so much life left" },
	{ "--fresh", NULL, "a new token, whatever is cached" },
	{ NULL, NULL, NULL },
};

static enum status answer(const struct request *request, const struct profile *profile, const struct obtained *obtained,
			  struct err *err)
{
	BUF_AUTO(out, 65536);
	struct answer answer = { .profile = profile->name, .token = &obtained->token, .now = clock_now() };

	answer.left = token_left(&obtained->token, answer.now, obtained->boot_id);
	return protocol_answer(request->protocol, &answer, &out, err);
}

// In a process of its own that holds nothing of the caller's: "$(...)" waits for the last holder of its pipe.
static void renew_detached(const struct profile *profile, const char *scope)
{
	if (fork() != 0)
		return;
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		close(fd);
	if (open("/dev/null", O_RDONLY) != 0 || open("/dev/null", O_WRONLY) != 1 || open("/dev/null", O_WRONLY) != 2)
		_exit(1);
	setsid();
	(void)obtain_renew(profile, scope, NULL);
	_exit(0);
}

static enum status get(const struct request *request, struct err *err)
{
	__attribute__((cleanup(obtained_free))) struct obtained obtained = OBTAINED_INIT;
	BUF_AUTO(text, PROFILE_FILE_MAX);
	struct profile profile;
	enum status status = profiles_for(request->profile, request->url, &text, &profile, err);

	if (status != STATUS_OK)
		return status;
	// two flights' time: a wait for another's, and our own
	harden_deadline((unsigned)profile.timeout * 2 + 15);
	status = obtain_token(&profile, request, &obtained, err);
	if (status != STATUS_OK) {
		err_prefix(err, "profile '%s'", profile.name);
		return status;
	}
	status = answer(request, &profile, &obtained, err);
	if (status != STATUS_OK)
		return status;
	if (*obtained.warning.text) {
		err_prefix(&obtained.warning, "profile '%s'", profile.name);
		warn(&obtained.warning);
	}
	if (token_freshness(&obtained.token, clock_now(), obtained.boot_id, 0) == TOKEN_AGING)
		renew_detached(&profile, request->scope);
	return STATUS_OK;
}

enum status command_get(char **args, struct err *err)
{
	BUF_AUTO(text, REQUEST_MAX);
	struct request request;
	enum status status = request_from_args(&request, args, err);

	if (status == STATUS_OK && request.from_stdin) {
		status = request_read(&text, STDIN_FILENO, err);
		if (status == STATUS_OK)
			status = request_parse(&request, text.data, text.len, err);
	}
	return status == STATUS_OK ? get(&request, err) : status;
}

// Behind a get whose token was near its end: nobody waits for this one, and nobody reads what it says.
enum status command_renew(char **args, struct err *err)
{
	BUF_AUTO(text, PROFILE_FILE_MAX);
	struct profile profile;
	enum status status;

	if (!args[0])
		return err_set(err, STATUS_USAGE, "renew: of which profile?");
	status = profiles_load(args[0], &text, &profile, err);
	if (status == STATUS_OK) {
		harden_deadline((unsigned)profile.timeout + 10);
		status = obtain_renew(&profile, args[1], err);
	}
	return status;
}
