// SPDX-License-Identifier: MIT
// What a token endpoint answered. Everything in it is the peer's: checked before it is believed, and never repeated where it
// repeats the client secret.
#include "oauth/token-endpoint.h"

#include "base/text.h"
#include "base/wire.h"
#include "model/token.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

// As much of a secret as this, in a peer's text, is too much of it.
#define ECHO_LENGTH 8

static bool repeats(const char *text, const char *secret)
{
	size_t len = strlen(secret);
	size_t part = len < ECHO_LENGTH ? len : ECHO_LENGTH;

	for (size_t i = 0; part && i + part <= len; i++) {
		for (const char *at = text; *at; at++) {
			if (!strncasecmp(at, secret + i, part))
				return true;
		}
	}
	return false;
}

// Whether text repeats the secret, in any of the forms that it was sent in, whole or in a part that is long enough to help
// somebody.
static bool repeats_secret(const char *text, const char *const *secrets)
{
	for (; *secrets; secrets++) {
		if (repeats(text, *secrets))
			return true;
	}
	return false;
}

// RFC 6749 section 5.2, RFC 8707, and what servers send besides; true: time can heal it.
static const struct {
	const char *code;
	bool temporary;
} codes[] = {
	{ "invalid_request", false },
	{ "invalid_client", false },
	{ "invalid_grant", false },
	{ "unauthorized_client", false },
	{ "unsupported_grant_type", false },
	{ "invalid_scope", false },
	{ "invalid_target", false },
	{ "access_denied", false },
	{ "unsupported_token_type", false },
	{ "temporarily_unavailable", true },
	{ "server_error", true },
	{ "slow_down", true },
	{ "too_many_requests", true },
	{ "rate_limit_exceeded", true },
};

static bool is_known_code(const char *code, bool *temporary)
{
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		if (!strcmp(code, codes[i].code)) {
			*temporary = codes[i].temporary;
			return true;
		}
	}
	return false;
}

static const char *string_of(const cJSON *json, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));

	return text ? text : "";
}

// "invalid_client: the secret is wrong", fit for a terminal.
static void describe_error(const cJSON *json, const char *const *secrets, char *text, size_t size)
{
	const char *code = string_of(json, "error"), *description = string_of(json, "error_description");
	bool temporary;

	if (!is_known_code(code, &temporary) && (strlen(code) > 64 || !text_is_graphic(code) || repeats_secret(code, secrets)))
		code = "an error";
	if (repeats_secret(description, secrets))
		description = "(in words that repeat a secret)";
	(void)snprintf(text, size, "%s%s%.300s", code, *description ? ": " : "", description);
	text_sanitize(text);
}

static enum status read_error(long code, const cJSON *json, const char *content_type, int64_t retry_after,
			      const char *const *secrets, struct err *err)
{
	bool temporary = false;
	char what[400] = "", when[64] = "";

	(void)is_known_code(string_of(json, "error"), &temporary);
	temporary = temporary || code >= 500 || code == 429 || code == 408;
	if (json && *string_of(json, "error"))
		describe_error(json, secrets, what, sizeof what);
	else if (code == 429)
		(void)snprintf(what, sizeof what, "too many requests");
	else if (!strncasecmp(content_type, "text/html", 9))
		(void)snprintf(what, sizeof what, "an HTML page: is this the token endpoint?");
	else
		(void)snprintf(what, sizeof what, "no OAuth error in it%s", code == 404 ? ": is this the token endpoint?" : "");
	if (temporary && retry_after >= 0)
		(void)snprintf(when, sizeof when, "; try again in %lld s", (long long)retry_after);
	return err_set(err, temporary ? STATUS_TEMPORARY : STATUS_REFUSED, "HTTP %ld %s%s", code, what, when);
}

// A number, or a number in a string. What makes no sense is as good as absent: 0.
static int64_t read_lifetime(const cJSON *item)
{
	int64_t seconds = 0;

	if (cJSON_IsNumber(item) && isfinite(item->valuedouble) && item->valuedouble >= 1)
		return item->valuedouble > TOKEN_LIFETIME_MAX ? TOKEN_LIFETIME_MAX : (int64_t)item->valuedouble;
	if (cJSON_IsString(item) && text_to_number(item->valuestring, 1, INT64_MAX, &seconds))
		return seconds > TOKEN_LIFETIME_MAX ? TOKEN_LIFETIME_MAX : seconds;
	return 0;
}

static enum status read_grant(const cJSON *json, const char *const *secrets, struct buf *answer, struct err *err)
{
	const char *token = string_of(json, "access_token"), *type = string_of(json, "token_type");
	const char *scope = string_of(json, "scope");
	int64_t lifetime = read_lifetime(cJSON_GetObjectItemCaseSensitive(json, "expires_in"));

	if (!*token)
		return err_set(err, STATUS_POLICY, "an answer without an access_token");
	if (strlen(token) > TOKEN_MAX)
		return err_set(err, STATUS_POLICY, "the access token is larger than %d bytes", TOKEN_MAX);
	if (!token_text_ok(token))
		return err_set(err, STATUS_POLICY, "the access token is not one line of printable ASCII");
	if (strcasecmp(type, "bearer") != 0) {
		char shown[33];

		(void)snprintf(shown, sizeof shown, "%s", repeats_secret(type, secrets) ? "(a secret)" : type);
		text_sanitize(shown);
		return err_set(err, STATUS_POLICY, "token_type '%s', and only Bearer is understood", shown);
	}
	wire_put(answer, "status", "ok");
	wire_put(answer, "access_token", token);
	wire_put_number(answer, "expires_in", lifetime);
	// RFC 6749 section 3.3's characters; anything else is not repeated
	if (text_is_scope(scope) && !repeats_secret(scope, secrets))
		wire_put(answer, "scope", scope);
	return STATUS_OK;
}

// NULL for what is none. A NUL, raw or escaped, would end a string of cJSON's early.
static cJSON *parse_json(const struct buf *body)
{
	if (memchr(body->data, '\0', body->len) || strstr(body->data, "\\u0000"))
		return NULL;
	return cJSON_ParseWithOpts(body->data, NULL, 1);
}

static enum status refuse_redirect(long code, struct err *err)
{
	return err_set(err, STATUS_POLICY, "HTTP %ld, a redirect: not followed, it would carry the client secret along", code);
}

enum status revocation_response_read(long code, const char *content_type, struct buf *body, int64_t retry_after,
				     const char *const *secrets, struct buf *answer, struct err *err)
{
	enum status status;
	cJSON *json;

	if (code >= 300 && code < 400)
		return refuse_redirect(code, err);
	// RFC 7009 section 2.2: the body says nothing, and a token that is not known is as good as revoked
	if (code == 200) {
		wire_put(answer, "status", "ok");
		return STATUS_OK;
	}
	json = parse_json(body);
	status = read_error(code, json, content_type, retry_after, secrets, err);
	cJSON_Delete(json);
	return status;
}

enum status token_response_read(long code, const char *content_type, struct buf *body, int64_t retry_after,
				const char *const *secrets, struct buf *answer, struct err *err)
{
	enum status status;
	cJSON *json;

	if (code >= 300 && code < 400)
		return refuse_redirect(code, err);
	json = parse_json(body);
	if (code != 200 || *string_of(json, "error")) {
		status = read_error(code, json, content_type, retry_after, secrets, err);
	} else if (!cJSON_IsObject(json)) {
		status = err_set(err, STATUS_POLICY, "HTTP 200, but %s",
				 body->len == 0					? "an empty body" :
				 strncasecmp(content_type, "text/html", 9) == 0 ? "an HTML page: is this the token endpoint?" :
										  "not a JSON object");
	} else {
		status = read_grant(json, secrets, answer, err);
	}
	cJSON_Delete(json);
	return status;
}
