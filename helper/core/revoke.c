// SPDX-License-Identifier: MIT
// revoke: takes a profile's cached tokens out of use at the authorization server (RFC 7009), and then forgets them.
#include "base/text.h"
#include "core/ask-oauth.h"
#include "core/audit.h"
#include "core/commands.h"
#include "core/flight.h"
#include "core/identity-token.h"
#include "core/stored-secret.h"
#include "core/terminal.h"
#include "core/token-cache.h"
#include "model/auth-method.h"
#include "model/profile-dir.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct revocation {
	const struct profile *profile;
	struct secret secret;
	unsigned revoked, others; // forgotten only: of another server, or damaged
	enum status status;	  // of the first that failed
	struct err *err;
};

// A token of another server's, from before the profile was changed, is not shown to this one.
static bool is_of_this_server(const struct token *token, const struct profile *profile)
{
	return text_same(token->token_endpoint, profile->token_endpoint) && text_same(token->client_id, profile->client_id);
}

// When it ends is all that protects such a token.
static void revoke_explain(const struct token *token, struct err *why)
{
	time_t at = (time_t)token->expires_at;
	char text[64] = "";
	struct tm parts;

	if (gmtime_r(&at, &parts))
		(void)strftime(text, sizeof text, ", at %Y-%m-%d %H:%M UTC", &parts);
	err_suffix(why,
		   ". The server cannot revoke such tokens. It was removed from the cache, and is valid until it expires%s",
		   text);
}

// A client whose identity token is its assertion shows one more of them here.
static enum status revoke_at_server(const struct revocation *revocation, const char *access_token,
				    struct endpoint_failure *failure, struct err *why)
{
	const struct profile *profile = revocation->profile;
	bool shows = auth_method_find(profile->auth_method)->uses_identity;
	IDENTITY_TOKEN_AUTO(identity);
	enum status status = shows ? identity_token_take(profile, &identity, why) : STATUS_OK;

	if (status != STATUS_OK)
		return status;
	status = oauth_revoke_token(profile, access_token, &revocation->secret, identity.text.data, failure, why);
	if (status != STATUS_OK && failure->was_kept_back)
		identity_token_put_back(&identity);
	return status;
}

static void revoke_one(const struct keyring *cache, const struct keyring_key *key, void *context)
{
	struct revocation *revocation = context;
	struct endpoint_failure failure = { 0 };
	BUF_AUTO(record, TOKEN_RECORD_MAX);
	enum status status = STATUS_OK;
	bool never_revocable = false;
	struct token token;
	struct err why;

	// what makes one wait makes all of them wait
	if (revocation->status == STATUS_TEMPORARY)
		return;
	status = cache->get(key, &record, &why);
	if (status == STATUS_OK && token_parse(&token, record.data, record.len) &&
	    is_of_this_server(&token, revocation->profile)) {
		status = revoke_at_server(revocation, token.access_token, &failure, &why);
		revocation->revoked += status == STATUS_OK;
		if (status == STATUS_OK)
			audit_say(&(struct audit_event){
				.kind = AUDIT_REVOKED, .profile = revocation->profile, .token = &token });
		// RFC 7009 section 2.2.1: no other try will help
		never_revocable = status == STATUS_REFUSED && failure.error == OAUTH_UNSUPPORTED_TOKEN_TYPE;
	} else if (status == STATUS_OK) {
		revocation->others++;
	}
	if (never_revocable)
		revoke_explain(&token, &why);
	if (status == STATUS_OK || never_revocable)
		(void)cache->del(key, NULL);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND && revocation->status == STATUS_OK) {
		revocation->status = status;
		*revocation->err = why;
	}
}

static enum status revoke(const char *name, struct err *err)
{
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	BUF_AUTO(record, SECRET_RECORD_MAX);
	struct revocation revocation = { .err = err };
	struct request request;
	struct profile profile;
	struct flight flight;
	enum status status = profile_dir_load(name, &text, &profile, err);

	if (status != STATUS_OK)
		return status;
	if (!profile.revocation_endpoint)
		return err_set(
			err, STATUS_USAGE,
			profile.issuer ?
				"it has no revocation_endpoint: 'sk-helper refresh %s' asks the server for one, 'sk-helper erase "
				"%s' only forgets the tokens here" :
				"it has no revocation_endpoint: 'sk-helper set %s --revocation-endpoint URL' gives it one, "
				"'sk-helper erase %s' only forgets the tokens here",
			name, name);
	revocation.profile = &profile;
	status = client_secret_get(&profile, &record, &revocation.secret, err);
	if (status != STATUS_OK)
		return status;
	// wait for a request in another process, so that its token is revoked, too
	request = request_of(&profile);
	status = flight_begin(&flight, &profile, &request, (profile.timeout + 6) * 1000, err);
	if (status != STATUS_OK)
		return status;
	terminal_wait_begin("the authorization server");
	status = token_cache_each(&profile, revoke_one, &revocation, err);
	terminal_wait_end();
	flight_end(&flight);
	if (status == STATUS_OK)
		status = revocation.status;
	if (status == STATUS_OK)
		printf("profile '%s': %u token%s revoked\n", name, revocation.revoked, revocation.revoked == 1 ? "" : "s");
	if (status == STATUS_OK && revocation.others)
		printf("%u of another server were only removed from the cache, and are valid until they expire\n",
		       revocation.others);
	return status;
}

enum status command_revoke(char **args, struct err *err)
{
	const char *name;
	enum status status = command_take_profile("revoke", args, &name, err);

	if (status != STATUS_OK)
		return status;
	status = revoke(name, err);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		err_prefix(err, "profile '%s'", name);
	return status;
}
