// SPDX-License-Identifier: MIT
// get: a token, in the words of whoever asks. What the front door could answer by itself never comes here.
#include "core/get.h"

#include "base/harden.h"
#include "base/text.h"
#include "core/askers.h"
#include "core/commands.h"
#include "core/obtain.h"
#include "core/tool.h"
#include "model/challenge.h"
#include "model/profiles.h"
#include "model/request.h"
#include "protocols/protocols.h"
#include "protocols/tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct option get_options[] = {
	{ "--format", "FORMAT", "how to print it" },
	{ "--scope", "SCOPES", "ask for these scopes instead of the profile's" },
	{ "--min-ttl", "SECONDS", "a token with at least so much life left" },
	{ "--fresh", NULL, "a new token, whatever is cached" },
	{ "--quiet", NULL, "no warning that the token is on the terminal" },
	{ NULL, NULL, NULL },
};

static enum status answer(const struct request *request, const struct profile *profile, const struct obtained *obtained,
			  struct err *err)
{
	BUF_AUTO(out, 65536);
	struct answer answer = { .profile = profile, .token = &obtained->token, .now = clock_now() };

	answer.left = token_left(&obtained->token, answer.now, obtained->boot_id);
	return protocol_answer(request->protocol, &answer, &out, err);
}

// What was asked for before, and what is asked for now. The most that a challenge may have bounds it, so that a server that
// always wants one more does not get its way for ever.
static enum status unite_scopes(const char *before, const char *now, struct buf *both, struct err *err)
{
	buf_adds(both, before ? before : "");
	for (const char *word = now; *word; word += strcspn(word, " ") + (word[strcspn(word, " ")] == ' ')) {
		size_t len = strcspn(word, " ");

		if (text_has_word(both->data, word, len))
			continue;
		if (both->len)
			buf_addc(both, ' ');
		buf_add(both, word, len);
	}
	return buf_ok(both) ? STATUS_OK :
			      err_set(err, STATUS_POLICY, "the server wants ever more scopes: nothing was asked for");
}

// MCP, "Scope Selection Strategy" and RFC 6750 section 3.1: the scope of a 401 is what to ask for; a 403's insufficient_scope
// is asked for on top of what was.
static enum status heed_challenge(const struct request *request, const struct challenge *challenge, struct wanted *wanted,
				  struct demand *demand, struct buf *scope, struct err *err)
{
	demand->refused = !strcmp(challenge->error, "invalid_token");
	if (!*challenge->scope || request->keep_scope)
		return STATUS_OK;
	if (!strcmp(challenge->error, "insufficient_scope")) {
		enum status status = unite_scopes(wanted->scope, challenge->scope, scope, err);

		wanted->scope = scope->data;
		return status;
	}
	if (!request->scope) {
		buf_adds(scope, challenge->scope);
		wanted->scope = scope->data;
	}
	return STATUS_OK;
}

static enum status heed_challenges(const struct request *request, const struct profile *profile, struct wanted *wanted,
				   struct demand *demand, struct buf *scope, struct err *err)
{
	struct challenge challenge;
	enum status status = STATUS_OK;
	bool found = false;
	unsigned count = 0;

	for (size_t i = 0; i < request->wwwauth_count && !found; i++) {
		found = challenge_parse(&challenge, request->wwwauth[i]);
		if (found)
			status = heed_challenge(request, &challenge, wanted, demand, scope, err);
	}
	if (status == STATUS_OK && demand->refused && request->credential) {
		// known by its value: a newer one that is cached meanwhile stays
		demand->refused = false;
		status = obtain_forget(profile, request->credential, &count, err);
	}
	return status;
}

// A hook that is run once for each connection, and is not told why it is run again.
static enum status obtain_for_connection(const struct protocol *protocol, const struct profile *profile,
					 const struct wanted *wanted, struct demand *demand, struct obtained *obtained,
					 struct err *err)
{
	const char *server = getenv(protocol->connection_variable);
	bool heed = !profile->renew_on_repeat || strcmp(profile->renew_on_repeat, "no") != 0;
	enum status status;

	demand->good_part = true;
	status = obtain_token(profile, wanted, demand, obtained, err);
	if (status == STATUS_OK && heed && askers_was_given(profile, server, obtained->token.access_token)) {
		struct obtained again = OBTAINED_INIT;
		struct err why;

		demand->refused = true;
		// where there is no new one, the old one may be good after all
		if (obtain_token(profile, wanted, demand, &again, &why) == STATUS_OK) {
			obtained_move(obtained, &again);
		} else {
			obtained_free(&again);
		}
	}
	if (status == STATUS_OK && heed)
		askers_note(profile, server, obtained->token.access_token);
	return status;
}

void got_free(struct got *got)
{
	buf_free(&got->text);
	buf_free(&got->scope);
	obtained_free(&got->obtained);
}

static enum status find_profile(const struct request *request, struct got *got, struct demand *demand, struct err *err)
{
	enum status status = profiles_for(request->profile, request->url, &got->text, &got->profile, err);

	if (status == STATUS_OK)
		status = request_wanted(request, &got->profile, &got->wanted, err);
	if (status == STATUS_OK)
		status = heed_challenges(request, &got->profile, &got->wanted, demand, &got->scope, err);
	return status;
}

enum status get_token(const struct request *request, struct got *got, struct err *err)
{
	struct demand demand = { .min_ttl = request->min_ttl, .fresh = request->fresh };
	enum status status = find_profile(request, got, &demand, err);

	if (status != STATUS_OK)
		return status;
	// the time of two flights, a wait for another's and our own; and for a hook whose token was refused, once more
	harden_deadline((unsigned)got->profile.timeout * 4 + 15);
	if (request->protocol && request->protocol->connection_variable)
		status = obtain_for_connection(request->protocol, &got->profile, &got->wanted, &demand, &got->obtained, err);
	else
		status = obtain_token(&got->profile, &got->wanted, &demand, &got->obtained, err);
	if (status != STATUS_OK)
		err_prefix(err, "profile '%s'", got->profile.name);
	return status;
}

void get_renew_behind(const struct got *got)
{
	if (token_freshness(&got->obtained.token, clock_now(), got->obtained.boot_id, 0) != TOKEN_AGING || !fork_detached())
		return;
	(void)obtain_renew(&got->profile, &got->wanted, NULL);
	_exit(0);
}

static enum status get(const struct request *request, struct err *err)
{
	__attribute__((cleanup(got_free))) struct got got = GOT_INIT;
	enum status status = get_token(request, &got, err);
	const char *warning;
	struct err shown;

	if (status == STATUS_OK)
		status = answer(request, &got.profile, &got.obtained, err);
	if (status != STATUS_OK)
		return status;
	warning = protocol_warning(request);
	if (warning) {
		err_set(&shown, STATUS_OK, "%s", warning);
		warn(&shown);
	}
	if (*got.obtained.warning.text) {
		err_prefix(&got.obtained.warning, "profile '%s'", got.profile.name);
		warn(&got.obtained.warning);
	}
	get_renew_behind(&got);
	return STATUS_OK;
}

// A format that is a tool's own protocol.
static enum status get_for_tool(struct request *request, struct err *err)
{
	const struct tool *tool = tool_find_format(request->format);

	if (!tool)
		return err_set(err, STATUS_USAGE, "no format '%s': 'sk-helper help get' lists them", request->format);
	return tool_answer(tool, request, err);
}

enum status command_get(char **args, struct err *err)
{
	BUF_AUTO(text, REQUEST_MAX);
	struct request request;
	enum status status = request_from_args(&request, args, err);

	if (status == STATUS_OK && request.format && !request.protocol)
		return get_for_tool(&request, err);
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
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	struct profile profile;
	struct wanted wanted;
	enum status status;

	if (!args[0])
		return err_set(err, STATUS_USAGE, "renew: of which profile?");
	status = profiles_load(args[0], &text, &profile, err);
	if (status == STATUS_OK) {
		wanted.scope = args[1] ? args[1] : profile.scope;
		wanted.resource = args[1] && args[2] ? args[2] : profile.resource;
		harden_deadline((unsigned)profile.timeout * 2 + 10); // a request, and one with the previous secret
		status = obtain_renew(&profile, &wanted, err);
	}
	return status;
}
