// SPDX-License-Identifier: MIT
#include "core/get-token.h"

#include "base/text.h"
#include "core/audit.h"
#include "core/obtain.h"
#include "core/share-client.h"
#include "core/source-runner.h"
#include "protocols/askers.h"

#include <stdlib.h>
#include <string.h>

void get_result_free(struct get_result *result)
{
	buf_free(&result->text);
	buf_free(&result->scope);
	cached_token_free(&result->obtained);
}

enum status get_find_profile(const struct request *request, struct buf *text, struct profile *profile, bool *uncovered,
			     struct err *err)
{
	return profile_dir_socket() ? share_client_profile_for(request, text, profile, uncovered, err) :
				      profile_dir_for(request, text, profile, uncovered, err);
}

// From the cache or the authorization server, or from where they are.
static enum status get_obtain(const struct profile *profile, const struct request *request, struct cached_token *obtained,
			      struct err *err)
{
	return profile_dir_socket() ? share_client_get(profile, request, obtained, err) :
				      obtain_token(profile, request, obtained, err);
}

static enum status get_forget_here(const struct profile *profile, const struct request *request, unsigned *count,
				   struct err *err)
{
	unsigned forgotten = 0;
	enum status status = token_cache_forget(profile, request->credential, request->credential_sha256, &forgotten, err);

	if (status == STATUS_OK && forgotten)
		audit_say(&(struct audit_event){ .kind = AUDIT_ERASED, .profile = profile, .request = request });
	if (count)
		*count = forgotten;
	return status;
}

enum status get_forget(const struct profile *profile, const struct request *request, unsigned *count, struct err *err)
{
	if (!profile_dir_socket())
		return get_forget_here(profile, request, count, err);
	if (!request->credential && !request->credential_sha256)
		return err_set(
			err, STATUS_USAGE,
			"erase NAME: run it outside, where 'sk-helper share' runs; here, 'erase -' with credential=TOKEN forgets a token "
			"that was refused");
	return share_client_erase(profile, request, err);
}

enum status get_profile(const struct request *request, struct get_result *result, bool *uncovered, struct err *err)
{
	enum status status;

	result->request = *request;
	// request->url points into request->joined: let the copy point into its own joined
	if (request->url == request->joined)
		request_set_url(&result->request, result->request.joined);
	status = get_find_profile(&result->request, &result->text, &result->profile, uncovered, err);
	if (status != STATUS_OK && err)
		audit_say_failure(NULL, &result->request, err);
	return status;
}

unsigned get_deadline_seconds(const struct get_result *result)
{
	return (unsigned)result->profile.timeout * (result->profile.identity_token ? 8 : 4) + 15 +
	       (result->profile.identity_token ? 4 * SOURCE_SECONDS : 0) +
	       (profile_secret_is_elsewhere(&result->profile) ? 4 * (unsigned)result->profile.secret_timeout : 0) +
	       (result->request.prompts ? SOURCE_PROMPT_SECONDS : 0);
}

// --- what a server said to the asker

// The scopes of the last request and those of the challenge. The length is bounded, so that a server that demands one
// more scope each time is refused in the end.
static enum status unite_scopes(const char *before, const char *more, struct buf *both, struct err *err)
{
	buf_adds(both, before ? before : "");
	for (const char *word = more; *word; word = text_next_word(word)) {
		size_t len = strcspn(word, " ");

		if (text_has_word(both->data, word, len))
			continue;
		if (both->len)
			buf_addc(both, ' ');
		buf_add(both, word, len);
	}
	return buf_ok(both) ? STATUS_OK :
			      err_set(err, STATUS_POLICY, "the server asks for more and more scopes: no token was requested");
}

enum status get_check_scope(const struct profile *profile, const char *scope, const char *who, struct err *err)
{
	const char *limit = profile->scope_limit ? profile->scope_limit : profile->scope ? profile->scope : "";
	BUF_AUTO(beyond, CHALLENGE_SCOPE_MAX);

	if (!strcmp(limit, "*"))
		return STATUS_OK;
	for (const char *word = scope; *word; word = text_next_word(word)) {
		size_t len = strcspn(word, " ");

		if (text_has_word(limit, word, len))
			continue;
		if (beyond.len)
			buf_addc(&beyond, ' ');
		buf_add(&beyond, word, len);
	}
	if (beyond.len == 0)
		return STATUS_OK;
	return err_set(err, STATUS_POLICY,
		       "%s asks for scopes that the profile does not allow: '%.300s': if it may have them, add them to "
		       "scope_limit: 'sk-helper set %s --scope-limit SCOPES'",
		       who, beyond.data, profile->name);
}

// MCP, "Scope Selection Strategy", and RFC 6750 section 3.1: the scope of a 401 is what to ask for; a 403's insufficient_scope is
// asked for on top of what was. scope_given: the asker has named scopes itself.
static enum status apply_challenge(struct get_result *result, const struct challenge *challenge, bool scope_given,
				   struct err *err)
{
	struct request *request = &result->request;
	bool step_up = !strcmp(challenge->error, "insufficient_scope");
	enum status status = STATUS_OK;

	if (!strcmp(challenge->error, "invalid_token")) {
		request->renewal = RENEWAL_REFUSED;
		request->refused_token = request->credential;
	}
	if (!*challenge->scope || request->keep_scope || (scope_given && !step_up))
		return STATUS_OK;
	status = get_check_scope(&result->profile, challenge->scope, "the server", err);
	if (status == STATUS_OK)
		status = unite_scopes(step_up ? request->scope : "", challenge->scope, &result->scope, err);
	request->scope = result->scope.data;
	return status;
}

static enum status apply_challenges(struct get_result *result, bool scope_given, struct err *err)
{
	struct request *request = &result->request;
	struct challenge challenge;

	// a server that takes no notice of RFC 6750 says it with the status alone
	if (request->http_status == 401 && request->credential) {
		request->renewal = RENEWAL_REFUSED;
		request->refused_token = request->credential;
	}
	for (size_t i = 0; i < result->request.wwwauth_count; i++) {
		if (challenge_parse(&challenge, result->request.wwwauth[i]))
			return apply_challenge(result, &challenge, scope_given, err);
	}
	return STATUS_OK;
}

// --- hooks that are run once for each connection

// The hook is not told why it is run again. When it asks again for a token that it was given before, that token may
// have been refused.
static enum status get_for_connection(struct get_result *result, const char *server, struct err *err)
{
	const struct profile *profile = &result->profile;
	bool renews = askers_count(profile);
	struct request again = result->request;
	CACHED_TOKEN_AUTO(renewed);
	enum status status;

	again.long_lived = true;
	status = get_obtain(profile, &again, &result->obtained, err);
	if (status != STATUS_OK || !renews)
		return status;
	again.renewal = askers_was_given(profile, server, result->obtained.token.access_token);
	if (again.renewal == RENEWAL_NONE)
		return STATUS_OK;
	again.refused_token = result->obtained.token.access_token;
	// where there is no new one, the old one may be good after all
	if (get_obtain(profile, &again, &renewed, NULL) == STATUS_OK) {
		cached_token_move(&result->obtained, &renewed);
		renewed = CACHED_TOKEN_INIT;
	}
	askers_note(profile, server, result->obtained.token.access_token);
	return STATUS_OK;
}

enum status get_token(struct get_result *result, const struct protocol *protocol, struct err *err)
{
	bool scope_given = result->request.scope != NULL;
	enum status status;

	audit_begin_request();
	status = request_resolve(&result->request, &result->profile, err);

	if (status == STATUS_OK)
		status = apply_challenges(result, scope_given, err);
	if (status == STATUS_OK && protocol && protocol->connection_variable)
		status = get_for_connection(result, getenv(protocol->connection_variable), err);
	else if (status == STATUS_OK)
		status = get_obtain(&result->profile, &result->request, &result->obtained, err);
	// what is shared with us says it already
	if (status != STATUS_OK && !(profile_dir_socket() && err && text_starts(err->text, "profile '")))
		err_prefix(err, "profile '%s'", result->profile.name);
	// what is shared with us is told of where it comes from
	if (status == STATUS_OK && !profile_dir_socket())
		audit_say_served(&result->profile, &result->request, &result->obtained.token);
	else if (err && !profile_dir_socket())
		audit_say_failure(&result->profile, &result->request, err);
	return status;
}

struct answer get_answer(const struct get_result *result)
{
	struct moment now = clock_now();

	return (struct answer){ .profile = &result->profile,
				.token = &result->obtained.token,
				.now = now,
				.left = cached_token_left(&result->obtained, now) };
}
