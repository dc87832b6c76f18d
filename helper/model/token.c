// SPDX-License-Identifier: MIT
#include "model/token.h"

#include "base/text.h"
#include "base/wire.h"
#include "model/request.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *key;
	size_t offset;
} texts[] = {
	{ "profile", offsetof(struct token, profile) },
	{ "token_endpoint", offsetof(struct token, token_endpoint) },
	{ "issuer", offsetof(struct token, issuer) },
	{ "client_id", offsetof(struct token, client_id) },
	{ "auth_method", offsetof(struct token, auth_method) },
	{ "resource", offsetof(struct token, resource) },
	{ "audience", offsetof(struct token, audience) },
	{ "requested_scope", offsetof(struct token, requested_scope) },
	{ "binding", offsetof(struct token, binding) },
	{ "boot_id", offsetof(struct token, boot_id) },
	{ "scope", offsetof(struct token, granted_scope) },
	{ "access_token", offsetof(struct token, access_token) },
}, numbers[] = {
	{ "issued_at", offsetof(struct token, issued_at) },
	{ "expires_at", offsetof(struct token, expires_at) },
	{ "boot_expires_ms", offsetof(struct token, boot_expires_ms) },
	{ "renew_after", offsetof(struct token, renew_after) },
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

void token_slot(char slot[TOKEN_SLOT_SIZE], const struct profile *profile, const struct request *request)
{
	uint64_t hash;

	slot[0] = '\0';
	if (text_same(profile->scope, request->scope) && text_same(profile->resource, request->resource))
		return;
	hash = text_hash(request->scope ? request->scope : "");
	if (!text_same(profile->resource, request->resource))
		hash = hash * 31 + text_hash(request->resource ? request->resource : "");
	(void)snprintf(slot, TOKEN_SLOT_SIZE, "%016" PRIx64, hash);
}

static bool take(struct token *token, const struct wire_field *field)
{
	for (size_t i = 0; i < COUNT(texts); i++) {
		if (!strcmp(field->key, texts[i].key))
			*(const char **)((char *)token + texts[i].offset) = field->value;
	}
	for (size_t i = 0; i < COUNT(numbers); i++) {
		if (!strcmp(field->key, numbers[i].key))
			return text_to_number(field->value, 0, INT64_MAX / 2000,
					      (int64_t *)((char *)token + numbers[i].offset));
	}
	return true;
}

bool token_parse(struct token *token, char *record, size_t len)
{
	struct wire wire = wire_message(record, len);
	struct wire_field field;
	enum wire_result result;

	*token = (struct token){ 0 };
	// a record that was cut off does not end so
	if (len == 0 || record[len - 1] != '\n')
		return false;
	for (size_t i = 0; i < COUNT(texts); i++)
		*(const char **)((char *)token + texts[i].offset) = "";
	while ((result = wire_next(&wire, &field, NULL)) == WIRE_FIELD) {
		if (!take(token, &field))
			return false;
	}
	return result == WIRE_END && token_text_ok(token->access_token) && token->expires_at > token->issued_at &&
	       token->expires_at - token->issued_at <= TOKEN_LIFETIME_MAX;
}

void token_write(const struct token *token, struct buf *b)
{
	for (size_t i = 0; i < COUNT(numbers); i++)
		wire_put_number(b, numbers[i].key, *(const int64_t *)((const char *)token + numbers[i].offset));
	for (size_t i = 0; i < COUNT(texts); i++)
		wire_put(b, texts[i].key, *(const char *const *)((const char *)token + texts[i].offset));
}

void token_bind(struct token *token, const struct profile *profile, const struct request *request)
{
	token->profile = profile->path;
	token->token_endpoint = profile->token_endpoint;
	token->issuer = profile->issuer;
	token->client_id = profile->client_id;
	token->auth_method = profile->auth_method;
	token->resource = request->resource;
	token->audience = profile->audience;
	token->requested_scope = request->scope;
	token->binding = profile->token_binding;
}

bool token_is_for(const struct token *token, const struct profile *profile, const struct request *request)
{
	return text_same(token->profile, profile->path) && text_same(token->token_endpoint, profile->token_endpoint) &&
	       text_same(token->issuer, profile->issuer) && text_same(token->client_id, profile->client_id) &&
	       text_same(token->auth_method, profile->auth_method) && text_same(token->resource, request->resource) &&
	       text_same(token->audience, profile->audience) && text_same(token->requested_scope, request->scope) &&
	       text_same(token->binding, profile->token_binding);
}

bool token_text_ok(const char *access_token)
{
	return strlen(access_token) <= TOKEN_MAX && text_is_graphic(access_token);
}

int64_t token_left(const struct token *token, struct moment now, const char *boot_id)
{
	int64_t wall = token->expires_at - now.wall;
	int64_t boot = (token->boot_expires_ms - now.boot) / 1000;

	if (boot_id && strcmp(boot_id, token->boot_id) != 0)
		return wall;
	return wall < boot ? wall : boot;
}

int64_t token_margin(const struct token *token)
{
	int64_t tenth = (token->expires_at - token->issued_at) / 10;

	return tenth < 10 ? 10 : tenth > 60 ? 60 : tenth;
}

// Between which ages of a token it is renewed. The later one leaves as much again as the margin. Of a token that then would be renewed in
// the first half of its life, none: it is replaced when it is not served any more (both are its whole life).
struct renewal_window {
	int64_t first, last;
};

static struct renewal_window renewal_window(const struct token *token)
{
	int64_t lifetime = token->expires_at - token->issued_at, latest = lifetime - 2 * token_margin(token);
	struct renewal_window window = { lifetime / 10, lifetime - lifetime / 10 };

	if (latest < lifetime / 2)
		return (struct renewal_window){ lifetime, lifetime };
	if (window.last > latest)
		window.last = latest;
	return window;
}

static int64_t token_unplanned_renewal(const struct token *token)
{
	struct renewal_window window = renewal_window(token);

	return window.first < window.last ? window.last * 8 / 9 : window.last;
}

static int64_t renewal_due_ms(const struct token *token)
{
	return token->boot_expires_ms - (token->expires_at - token->issued_at - token->renew_after) * 1000;
}

void token_plan_renewal(struct token *token, const struct token *previous, uint32_t random)
{
	struct renewal_window window = renewal_window(token);
	int64_t period = window.last - window.first, late;

	token->renew_after = window.last;
	if (period <= 0)
		return;
	if (!previous || !previous->renew_after || strcmp(previous->boot_id, token->boot_id) != 0) {
		token->renew_after = window.first + (int64_t)(random % (uint32_t)period);
		return;
	}
	late = (token->boot_expires_ms - (token->expires_at - token->issued_at) * 1000 - renewal_due_ms(previous)) / 1000 %
	       period;
	// it was renewed early, because it was refused, or by --fresh
	if (late < 0)
		late += period;
	token->renew_after = period - late;
	if (token->renew_after < window.first)
		token->renew_after += period;
}

int64_t token_renewal_pause_ms(int64_t left, uint32_t random)
{
	int64_t span_ms = (left > 40 ? left < 4800 ? left : 4800 : 40) * 1000;

	return span_ms / 4 + (int64_t)(random % (uint32_t)(span_ms / 2));
}

enum freshness token_freshness(const struct token *token, struct moment now, const char *boot_id, int64_t min_ttl)
{
	int64_t lifetime = token->expires_at - token->issued_at;
	int64_t margin = token_margin(token);
	int64_t left = token_left(token, now, boot_id);
	// one that was kept by an older version has no plan
	int64_t renew_after = token->renew_after ? token->renew_after : token_unplanned_renewal(token);

	if (min_ttl > margin)
		margin = min_ttl;
	// more than all its life left: the clock was set back, and there is no telling
	if (left < margin || left <= 0 || left > lifetime)
		return TOKEN_STALE;
	return lifetime - left >= renew_after ? TOKEN_AGING : TOKEN_FRESH;
}

int64_t token_expiry_for_tools(const struct token *token, struct moment now)
{
	int64_t early = token->expires_at - token_margin(token);

	return early > now.wall ? early : token->expires_at;
}

bool token_issued_since(const struct token *token, struct moment since, const char *boot_id)
{
	return !strcmp(boot_id, token->boot_id) &&
	       token->boot_expires_ms - (token->expires_at - token->issued_at) * 1000 >= since.boot;
}
