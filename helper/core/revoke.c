// SPDX-License-Identifier: MIT
// revoke: takes a profile's cached tokens out of use at the authorization server (RFC 7009), and then forgets them.
#include "base/text.h"
#include "core/commands.h"
#include "core/oauth-client.h"
#include "core/obtain.h"
#include "core/stored-secret.h"
#include "keyring/keyring.h"
#include "model/profiles.h"

#include <stdio.h>
#include <string.h>

struct revocation {
	const struct profile *profile;
	const struct keyring *cache;
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

static void revoke_one(const struct keyring_key *key, void *context)
{
	struct revocation *revocation = context;
	BUF_AUTO(record, TOKEN_RECORD_MAX);
	enum status status = STATUS_OK;
	struct token token;
	struct err why, said;
	bool hopeless;

	// what makes one wait makes all of them wait
	if (!keyring_key_is_of(key, revocation->profile) || revocation->status == STATUS_TEMPORARY)
		return;
	status = revocation->cache->get(key, &record, &why);
	if (status == STATUS_OK && token_parse(&token, record.data, record.len) &&
	    is_of_this_server(&token, revocation->profile)) {
		status = oauth_revoke_token(revocation->profile, token.access_token, &revocation->secret, &why);
		revocation->revoked += status == STATUS_OK;
	} else if (status == STATUS_OK) {
		revocation->others++;
	}
	// RFC 7009 section 2.2.1: no other try will help
	hopeless = status == STATUS_REFUSED && strstr(why.text, "unsupported_token_type");
	if (hopeless) {
		said = why;
		err_set(&why, status, "%.500s: such tokens cannot be revoked: forgotten here, and good until they expire",
			said.text);
	}
	if (status == STATUS_OK || hopeless)
		(void)revocation->cache->del(key, NULL);
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
	struct profile profile;
	struct lock lock;
	enum status status = profiles_load(name, &text, &profile, err);

	if (status != STATUS_OK)
		return status;
	if (!profile.revocation_endpoint)
		return err_set(err, STATUS_USAGE,
			       "it has no revocation_endpoint: %s; 'sk-helper erase' forgets the tokens here",
			       profile.issuer ? "'sk-helper refresh' asks the server for one" :
						"'sk-helper add' with --issuer or --revocation-endpoint gives it one");
	revocation.profile = &profile;
	revocation.cache = keyring_find(profile.token_cache);
	if (!revocation.cache)
		return STATUS_OK; // none is kept
	status = stored_secret(&profile, &record, &revocation.secret, err);
	if (status != STATUS_OK)
		return status;
	// one that is on its way is to go, too
	if (!obtain_lock(&lock, &profile, (profile.timeout + 6) * 1000))
		return err_set(err, STATUS_TEMPORARY, "another sk-helper has been getting a token for too long: try again");
	status = revocation.cache->list(KEYRING_TOKEN, revoke_one, &revocation, err);
	lock_release(&lock);
	if (status == STATUS_OK)
		status = revocation.status;
	if (status == STATUS_OK)
		printf("profile '%s': %u token%s revoked\n", name, revocation.revoked, revocation.revoked == 1 ? "" : "s");
	if (status == STATUS_OK && revocation.others)
		printf("%u of another server only forgotten here: good until they expire\n", revocation.others);
	return status;
}

enum status command_revoke(char **args, struct err *err)
{
	enum status status;

	if (!args[0] || args[1])
		return err_set(err, STATUS_USAGE, "revoke takes the name of one profile");
	status = revoke(args[0], err);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		err_prefix(err, "profile '%s'", args[0]);
	return status;
}
