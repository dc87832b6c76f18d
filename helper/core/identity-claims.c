// SPDX-License-Identifier: MIT
#include "core/identity-claims.h"

#include "base/base64.h"
#include "base/json-read.h"

#include <math.h>
#include <string.h>

void identity_claims_free(struct identity_claims *claims)
{
	cJSON_Delete(claims->json);
	claims->json = NULL;
}

// RFC 7519 section 2, NumericDate. What is none, or is beyond all dates, is as good as not there.
static int64_t identity_claims_date(const cJSON *json, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);

	if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble) || item->valuedouble < 1 || item->valuedouble > 1e12)
		return 0;
	return (int64_t)item->valuedouble;
}

// "header.payload.signature": RFC 7515 section 3.1
static bool identity_claims_split(const char *token, const char **payload, size_t *len)
{
	const char *first = strchr(token, '.'), *second = first ? strchr(first + 1, '.') : NULL;

	if (!second || first == token || second == first + 1 || !second[1] || strchr(second + 1, '.'))
		return false;
	*payload = first + 1;
	*len = (size_t)(second - first) - 1;
	return true;
}

static int identity_claims_count(const cJSON *json, const char *name)
{
	const cJSON *item;
	int count = 0;

	cJSON_ArrayForEach(item, json)
	{
		count += item->string && !strcmp(item->string, name);
	}
	return count;
}

enum status identity_claims_read(const char *token, struct identity_claims *claims, struct err *err)
{
	BUF_AUTO(text, IDENTITY_TOKEN_MAX);
	const char *payload;
	size_t len;

	if (!identity_claims_split(token, &payload, &len) || !base64url_decode(&text, payload, len))
		return err_set(err, STATUS_POLICY,
			       "it is not a signed JWT, so it does not say whom it is for: nothing was sent");
	claims->json = json_object(&text);
	if (!claims->json)
		return err_set(err, STATUS_POLICY, "its claims are not a JSON object: nothing was sent");
	if (identity_claims_count(claims->json, "aud") > 1)
		return err_set(err, STATUS_POLICY,
			       "it names its audience (aud) twice, and programs differ in which one counts: nothing was sent");
	claims->issuer = json_text(claims->json, "iss");
	claims->subject = json_text(claims->json, "sub");
	claims->expires_at = identity_claims_date(claims->json, "exp");
	claims->not_before = identity_claims_date(claims->json, "nbf");
	return STATUS_OK;
}

// RFC 7519 section 4.1.3: a string, or an array of strings.
static bool identity_claims_are_for(const struct identity_claims *claims, const char *audience)
{
	const cJSON *aud = cJSON_GetObjectItemCaseSensitive(claims->json, "aud");
	const cJSON *list = cJSON_IsArray(aud) ? aud : NULL, *item;

	if (cJSON_IsString(aud))
		return !strcmp(aud->valuestring, audience);
	cJSON_ArrayForEach(item, list)
	{
		if (cJSON_IsString(item) && !strcmp(item->valuestring, audience))
			return true;
	}
	return false;
}

void identity_claims_put_audience(const struct identity_claims *claims, struct buf *out)
{
	const cJSON *aud = cJSON_GetObjectItemCaseSensitive(claims->json, "aud");
	const cJSON *list = cJSON_IsArray(aud) ? aud : NULL, *item;

	if (cJSON_IsString(aud))
		buf_adds(out, aud->valuestring);
	cJSON_ArrayForEach(item, list)
	{
		if (out->len)
			buf_adds(out, ", ");
		buf_adds(out, cJSON_IsString(item) ? item->valuestring : "?");
	}
}

enum status identity_claims_check(const struct identity_claims *claims, const char *audience, int64_t now, struct err *err)
{
	BUF_AUTO(named, IDENTITY_TOKEN_MAX);

	if (!identity_claims_are_for(claims, audience)) {
		identity_claims_put_audience(claims, &named);
		return err_set(
			err, STATUS_POLICY,
			"it is for '%.200s' (aud), and not for '%.200s': nothing was sent. Let the platform give one for "
			"that audience; or, if the server wants the one that it has, say so with --assertion-audience",
			named.len ? named.data : "nobody", audience);
	}
	if (!claims->expires_at)
		return err_set(err, STATUS_POLICY,
			       "it has no end (exp): nothing was sent. The platform must give one that ends");
	if (claims->expires_at <= now)
		return err_set(err, STATUS_POLICY, "it expired %lld s ago: nothing was sent. Does the platform still renew it?",
			       (long long)(now - claims->expires_at));
	if (claims->not_before > now + IDENTITY_WAIT_MAX)
		return err_set(err, STATUS_POLICY,
			       "it is not valid for another %lld s (nbf): nothing was sent. Is this machine's clock right?",
			       (long long)(claims->not_before - now));
	return STATUS_OK;
}
