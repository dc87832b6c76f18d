// SPDX-License-Identifier: MIT
// What a token endpoint answered. Everything in it is the peer's: checked before it is believed, and never repeated where it
// repeats the client secret.
#include "oauth/token-endpoint.h"

#include "base/json-read.h"
#include "base/text.h"
#include "base/wire.h"
#include "model/token.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

// As much of a secret as this, in a peer's text, is too much of it.
#define ECHO_LENGTH 8

// As much of a server's words as is shown; and of a scope, which is looked through for the secret.
#define DESCRIPTION_MAX 301
#define SEARCHED_MAX	2048
#define SCOPE_MAX	4096

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

// "invalid_client: the secret is wrong", fit for a terminal.
static void describe_error(const cJSON *json, enum oauth_error error, const char *const *secrets, char *text, size_t size)
{
	// some APIs have an object of their own there: {"error":{"type":"authentication_error","message":"..."}}
	const cJSON *object = cJSON_GetObjectItemCaseSensitive(json, "error");
	bool is_object = cJSON_IsObject(object);
	const char *code = is_object ? json_text(object, "type") : json_text(json, "error");
	char description[SEARCHED_MAX];

	// cut before it is searched for the secret: it may be as long as the body
	(void)snprintf(description, sizeof description, "%s",
		       is_object ? json_text(object, "message") : json_text(json, "error_description"));
	if (error != OAUTH_ERROR_OTHER || strlen(code) > 64 || !text_is_graphic(code) || repeats_secret(code, secrets))
		code = oauth_error_code(error);
	if (repeats_secret(description, secrets))
		(void)snprintf(description, sizeof description, "(its words repeat a secret)");
	(void)snprintf(text, size, "%s%s%.*s", code, *description ? ": " : "", DESCRIPTION_MAX - 1, description);
	text_sanitize(text);
}

static bool is_html(const struct token_response *response)
{
	return !strncasecmp(response->content_type, "text/html", 9);
}

// An answer that is an error, with or without an OAuth error in it.
static enum status read_error(const struct token_response *response, const cJSON *json, const char *const *secrets,
			      struct oauth_failure *failure, struct err *err)
{
	bool has_error = json && cJSON_GetObjectItemCaseSensitive(json, "error");
	char what[DESCRIPTION_MAX + 80] = "", when[64] = "";
	bool temporary;

	failure->http_status = response->code;
	failure->error = has_error ? oauth_error_find(json_text(json, "error")) : OAUTH_ERROR_NONE;
	if (has_error && failure->error == OAUTH_ERROR_NONE)
		failure->error = OAUTH_ERROR_OTHER; // not a string, or an empty one
	temporary = oauth_error_is_temporary(failure->error) || response->code >= 500 || response->code == 429 ||
		    response->code == 408;
	if (has_error)
		describe_error(json, failure->error, secrets, what, sizeof what);
	else if (response->code == 429)
		(void)snprintf(what, sizeof what, "too many requests");
	else if (is_html(response))
		(void)snprintf(what, sizeof what, "the answer is an HTML page: is this the token endpoint?");
	else
		(void)snprintf(what, sizeof what, "the answer has no OAuth error in it%s",
			       response->code == 404 ? ": is this the token endpoint?" : "");
	if (temporary && response->retry_after >= 0)
		(void)snprintf(when, sizeof when, "; try again in %lld s", (long long)response->retry_after);
	return err_set(err, temporary ? STATUS_TEMPORARY : STATUS_REFUSED, "HTTP %ld %s%s", response->code, what, when);
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
	const char *token = json_text(json, "access_token"), *type = json_text(json, "token_type");
	const char *scope = json_text(json, "scope");
	int64_t lifetime = read_lifetime(cJSON_GetObjectItemCaseSensitive(json, "expires_in"));

	if (!*token)
		return err_set(err, STATUS_POLICY, "the answer has no access_token");
	if (strlen(token) > TOKEN_MAX)
		return err_set(err, STATUS_POLICY, "the access token is larger than %d bytes", TOKEN_MAX);
	if (!token_text_ok(token))
		return err_set(err, STATUS_POLICY, "the access token is not one line of printable ASCII");
	if (strcasecmp(type, "bearer") != 0) {
		char shown[33];

		(void)snprintf(shown, sizeof shown, "%s", type);
		if (repeats_secret(shown, secrets))
			(void)snprintf(shown, sizeof shown, "(a secret)");
		text_sanitize(shown);
		return err_set(err, STATUS_POLICY, "the token_type is '%s', and sk-helper understands only Bearer", shown);
	}
	wire_put(answer, "status", "ok");
	wire_put(answer, "access_token", token);
	wire_put_number(answer, "expires_in", lifetime);
	// RFC 6749 section 3.3's characters; anything else is not repeated
	if (strlen(scope) <= SCOPE_MAX && text_is_scope(scope) && !repeats_secret(scope, secrets))
		wire_put(answer, "scope", scope);
	return STATUS_OK;
}

static enum status refuse_redirect(const struct token_response *response, struct err *err)
{
	return err_set(err, STATUS_POLICY,
		       "HTTP %ld is a redirect, which is not followed: it would take along what the client proves itself with",
		       response->code);
}

enum status revocation_response_read(const struct token_response *response, const char *const *secrets, struct buf *answer,
				     struct oauth_failure *failure, struct err *err)
{
	enum status status;
	cJSON *json;

	if (response->code >= 300 && response->code < 400)
		return refuse_redirect(response, err);
	// RFC 7009 section 2.2: the body says nothing, and a token that is not known is as good as revoked
	if (response->code == 200) {
		wire_put(answer, "status", "ok");
		return STATUS_OK;
	}
	json = json_object(response->body);
	status = read_error(response, json, secrets, failure, err);
	cJSON_Delete(json);
	return status;
}

enum status token_response_read(const struct token_response *response, const char *const *secrets, struct buf *answer,
				struct oauth_failure *failure, struct err *err)
{
	enum status status;
	cJSON *json;

	if (response->code >= 300 && response->code < 400)
		return refuse_redirect(response, err);
	json = json_object(response->body);
	// some servers answer 200 to everything
	if (response->code != 200 || (json && cJSON_GetObjectItemCaseSensitive(json, "error") &&
				      !cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(json, "error")))) {
		status = read_error(response, json, secrets, failure, err);
	} else if (!json) {
		status = err_set(err, STATUS_POLICY, "HTTP 200, but %s",
				 response->body->len == 0 ? "the body is empty" :
				 is_html(response)	  ? "the answer is an HTML page: is this the token endpoint?" :
							    "the answer is not a JSON object");
	} else {
		status = read_grant(json, secrets, answer, err);
	}
	cJSON_Delete(json);
	return status;
}
