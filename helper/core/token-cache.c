// SPDX-License-Identifier: MIT
#include "core/token-cache.h"

#include "base/random.h"
#include "base/sha256.h"

#include <string.h>

void cached_token_free(struct cached_token *cached)
{
	buf_free(&cached->record);
}

void cached_token_move(struct cached_token *to, const struct cached_token *from)
{
	cached_token_free(to);
	*to = *from;
	if (from->token.boot_id == from->boot_id)
		to->token.boot_id = to->boot_id;
}

int64_t cached_token_left(const struct cached_token *cached, struct moment now)
{
	return token_left(&cached->token, now, cached->boot_id);
}

enum freshness cached_token_freshness(const struct cached_token *cached, struct moment now, int64_t min_ttl)
{
	return token_freshness(&cached->token, now, cached->boot_id, min_ttl);
}

bool token_cache_get(const struct profile *profile, const struct request *request, struct cached_token *cached)
{
	const struct keyring *cache = keyring_find(profile->token_cache);
	char slot[TOKEN_SLOT_SIZE];
	struct keyring_key key;
	struct err err;
	enum status status;

	if (!cache)
		return false;
	clock_boot_id(cached->boot_id);
	token_slot(slot, profile, request);
	key = keyring_key(KEYRING_TOKEN, profile, slot);
	buf_reset(&cached->record);
	status = cache->get(&key, &cached->record, &err);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		err_set(&cached->warning, status, "token cache: %s", err.text);
	return status == STATUS_OK && token_parse(&cached->token, cached->record.data, cached->record.len) &&
	       token_is_for(&cached->token, profile, request);
}

void token_cache_put(const struct profile *profile, struct cached_token *cached)
{
	const struct keyring *cache = keyring_find(profile->token_cache);
	const struct request request = { .scope = cached->token.requested_scope, .resource = cached->token.resource };
	int64_t left = cached_token_left(cached, clock_now());
	CACHED_TOKEN_AUTO(previous);
	BUF_AUTO(record, TOKEN_RECORD_MAX);
	char slot[TOKEN_SLOT_SIZE];
	struct keyring_key key;
	struct err err;
	enum status status;

	if (!cache || left <= 0)
		return;
	token_slot(slot, profile, &request);
	key = keyring_key(KEYRING_TOKEN, profile, slot);
	token_plan_renewal(&cached->token, token_cache_get(profile, &request, &previous) ? &previous.token : NULL,
			   random_number());
	token_write(&cached->token, &record);
	if (!buf_ok(&record))
		status = err_set(&err, STATUS_FULL, "the token is too large to be kept");
	else
		status = cache->put(&key, &record, left, &err);
	if (status != STATUS_OK)
		err_set(&cached->warning, status, "the token was not cached, so the next get asks the server again: %s",
			err.text);
	if (status == STATUS_UNAVAILABLE && cache == &keyring_kernel && keyring_runtime.probe(NULL) == STATUS_OK)
		err_suffix(&cached->warning, ". 'sk-helper set %s --token-cache runtime' keeps tokens in files in memory",
			   profile->name);
}

struct token_listing {
	const struct profile *profile;
	const struct keyring *cache;
	void (*visit)(const struct keyring *cache, const struct keyring_key *key, void *context);
	void *context;
};

static void token_cache_visit(const struct keyring_key *key, void *context)
{
	const struct token_listing *listing = context;

	if (keyring_key_is_of(key, listing->profile))
		listing->visit(listing->cache, key, listing->context);
}

enum status token_cache_each(const struct profile *profile,
			     void (*visit)(const struct keyring *cache, const struct keyring_key *key, void *context),
			     void *context, struct err *err)
{
	struct token_listing listing = { profile, keyring_find(profile->token_cache), visit, context };

	return listing.cache ? listing.cache->list(KEYRING_TOKEN, token_cache_visit, &listing, err) : STATUS_OK;
}

struct forgetting {
	const char *credential, *credential_sha256;
	unsigned count;
	enum status status;
	struct err *err;
};

static bool token_cache_is_meant(const struct forgetting *forgetting, const char *access_token)
{
	const char *credential = forgetting->credential;
	char hex[SHA256_HEX_SIZE];

	if (credential)
		return secret_equal(access_token, strlen(access_token), credential, strlen(credential));
	sha256_hex(access_token, strlen(access_token), hex, SHA256_HEX_SIZE - 1);
	return !strcmp(hex, forgetting->credential_sha256);
}

static void token_cache_forget_one(const struct keyring *cache, const struct keyring_key *key, void *context)
{
	struct forgetting *forgetting = context;
	BUF_AUTO(record, TOKEN_RECORD_MAX);
	struct token token;
	enum status status;

	if ((forgetting->credential || forgetting->credential_sha256) &&
	    (cache->get(key, &record, NULL) != STATUS_OK || !token_parse(&token, record.data, record.len) ||
	     !token_cache_is_meant(forgetting, token.access_token)))
		return;
	status = cache->del(key, forgetting->err);
	if (status == STATUS_OK)
		forgetting->count++;
	else if (status != STATUS_NOT_FOUND)
		forgetting->status = status;
}

enum status token_cache_forget(const struct profile *profile, const char *credential, const char *credential_sha256,
			       unsigned *count, struct err *err)
{
	struct forgetting forgetting = { credential, credential_sha256, 0, STATUS_OK, err };
	enum status status = token_cache_each(profile, token_cache_forget_one, &forgetting, err);

	if (count)
		*count = forgetting.count;
	return status == STATUS_OK ? forgetting.status : status;
}
