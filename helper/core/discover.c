// SPDX-License-Identifier: MIT
#include "core/discover.h"

#include "base/text.h"
#include "core/ask-oauth.h"
#include "model/auth-method.h"
#include "model/grant.h"
#include "model/url.h"

#include <string.h>

static bool has(const char *words, const char *word)
{
	return text_has_word(words, word, strlen(word));
}

// The first of these that the server takes; methods is a list that ends with NULL.
static const char *first_of(const char *const *methods, const char *offered)
{
	for (; *methods; methods++) {
		if (has(offered, *methods))
			return *methods;
	}
	return NULL;
}

// RFC 8414 section 2: without a list it is client_secret_basic; a client that has no secret cannot do that, and tries its key.
static const char *choose_method(const struct profile *profile, bool has_key, const char *preferred, const char *offered)
{
	if (preferred && (!*offered || has(offered, preferred)))
		return preferred;
	if (!has_key)
		return *offered ?
			       first_of((const char *const[]){ "client_secret_post", "client_secret_basic", NULL }, offered) :
			       "client_secret_basic";
	if (!profile->certificate)
		return *offered ? first_of((const char *const[]){ "private_key_jwt", NULL }, offered) : "private_key_jwt";
	return *offered ? first_of((const char *const[]){ "tls_client_auth", "self_signed_tls_client_auth", NULL }, offered) :
			  "tls_client_auth";
}

// Pins how the key signs, where the server does not take what the key would do by itself.
static enum status choose_algorithm(struct profile *found, const char *key_algorithms, const char *taken, struct err *err)
{
	static const char *const names[] = { "PS256", NULL }; // the one that is not the usual one of its key
	size_t usual = strcspn(key_algorithms, " ");

	if (found->assertion_alg || !*key_algorithms || !*taken || text_has_word(taken, key_algorithms, usual))
		return STATUS_OK;
	for (const char *const *name = names; *name; name++) {
		if (has(key_algorithms, *name) && has(taken, *name)) {
			found->assertion_alg = *name;
			return STATUS_OK;
		}
	}
	return err_set(err, STATUS_POLICY,
		       "authorization server: it accepts signatures with %s, but the key can sign only with: %s", taken,
		       key_algorithms);
}

// Sets a key from the servers' metadata where the profile has no value. The value is checked as in a profile's file, so
// that the file can be read again.
static enum status discover_fill_in(struct profile *profile, const char *name, const char *value, struct err *err)
{
	enum status status;

	if (!*value || profile_get(profile, profile_key_find(name)))
		return STATUS_OK;
	status = profile_set(profile, name, value, err);
	if (status != STATUS_OK)
		err_prefix(err, "the servers' metadata");
	return status;
}

static enum status fill_in_all(struct profile *profile, const struct metadata *metadata, struct err *err)
{
	bool tls = auth_method_uses_certificate(profile->auth_method);
	const char *token_endpoint =
		tls && *metadata->mtls_token_endpoint ? metadata->mtls_token_endpoint : metadata->token_endpoint;
	const char *revocation_endpoint =
		tls && *metadata->mtls_revocation_endpoint ? metadata->mtls_revocation_endpoint : metadata->revocation_endpoint;
	const char *const found[][2] = {
		{ "issuer", metadata->issuer }, // as it spells itself: that is what a signature is for

		{ "token_endpoint", token_endpoint }, { "revocation_endpoint", revocation_endpoint },
		{ "resource", metadata->resource },   { "scope", metadata->scope },
	};
	enum status status = STATUS_OK;

	profile->issuer = NULL;
	for (size_t i = 0; i < sizeof found / sizeof found[0] && status == STATUS_OK; i++)
		status = discover_fill_in(profile, found[i][0], found[i][1], err);
	return status;
}

// Servers that list "none" alone, or nothing that fits, may take a secret all the same: only the user can know.
static enum status refuse_methods(const struct profile *profile, const char *key_algorithms, const char *offered,
				  struct err *err)
{
	const char *what = !key_algorithms ? "client secret" : profile->certificate ? "certificate" : "private key";

	return err_set(
		err, STATUS_POLICY,
		"authorization server: its metadata lists no way to use a %s (it lists: %.200s): if the server accepts one all the "
		"same, say how with --auth-method (%s)",
		what, offered,
		!key_algorithms	     ? "client_secret_post or client_secret_basic" :
		profile->certificate ? "tls_client_auth or self_signed_tls_client_auth" :
				       "private_key_jwt");
}

// How an identity token becomes an access token, where the profile does not say it: as MCP's workload identity federation (SEP-1933) where
// the metadata offers that, which is without client authentication. Nothing else is tried: servers may count a wrong grant as an attack.
static void choose_grant(struct profile *found, const struct metadata *metadata, struct err *warning)
{
	const char *jwt_bearer = grant_find("jwt-bearer")->type, *type;

	if (!found->grant && has(metadata->grant_types, jwt_bearer) &&
	    (!*metadata->auth_methods || has(metadata->auth_methods, "none")))
		found->grant = "jwt-bearer";
	type = grant_find(found->grant)->type;
	if (*metadata->grant_types && !has(metadata->grant_types, type))
		err_set(warning, STATUS_OK, "the server's metadata does not list the grant '%s' (it lists: %.300s)", type,
			metadata->grant_types);
}

enum status discover(struct profile *profile, const char *key_algorithms, const char *preferred, struct buf *answer,
		     struct err *warning, struct err *err)
{
	struct profile asking = *profile, found = *profile;
	struct metadata metadata;
	enum status status;

	warning->text[0] = '\0';

	asking.token_endpoint = NULL;
	if (!asking.timeout)
		asking.timeout = 8;
	status = oauth_discover(&asking, profile->url_count ? profile->urls[0] : NULL, answer, &metadata, err);
	if (status != STATUS_OK)
		return status;
	if (found.identity_token)
		choose_grant(&found, &metadata, warning);
	else if (!found.auth_method)
		found.auth_method = choose_method(&found, key_algorithms != NULL, preferred, metadata.auth_methods);
	if (!found.auth_method && !found.identity_token)
		return refuse_methods(&found, key_algorithms, metadata.auth_methods, err);
	if (profile->auth_method && profile_has_secret(profile) && *metadata.auth_methods &&
	    !has(metadata.auth_methods, profile->auth_method))
		err_set(warning, STATUS_OK, "the server's metadata does not list auth_method '%s' (it lists: %.200s)",
			profile->auth_method, metadata.auth_methods);
	if (key_algorithms && !strcmp(found.auth_method, "private_key_jwt"))
		status = choose_algorithm(&found, key_algorithms, metadata.signing_algs, err);
	if (status == STATUS_OK)
		status = fill_in_all(&found, &metadata, err);
	if (status == STATUS_OK)
		*profile = found;
	return status;
}

static void discover_put_line(struct buf *lines, const char *what, const char *value, const char *method)
{
	if (!value || !*value)
		return;
	buf_adds(lines, what);
	buf_adds(lines, ": ");
	buf_adds(lines, value);
	if (method) {
		buf_adds(lines, ", with ");
		buf_adds(lines, method);
	}
	buf_addc(lines, '\n');
}

void discover_describe(const struct profile *profile, struct buf *lines)
{
	discover_put_line(lines, "authorization server", profile->issuer, NULL);
	discover_put_line(lines, "token endpoint", profile->token_endpoint,
			  profile_has_secret(profile) ? profile->auth_method : NULL);
	discover_put_line(lines, "revocation endpoint", profile->revocation_endpoint, NULL);
	discover_put_line(lines, "resource", profile->resource, NULL);
	discover_put_line(lines, "scope", profile->scope, NULL);
}

// The host that a credential for revocation goes to, where it is another one than that of the token endpoint.
static const char *other_revocation_endpoint(const struct profile *profile)
{
	struct url token, revocation;

	if (!profile->revocation_endpoint || url_parse(&token, profile->token_endpoint, NULL) != STATUS_OK ||
	    url_parse(&revocation, profile->revocation_endpoint, NULL) != STATUS_OK || url_same_origin(&token, &revocation))
		return NULL;
	return profile->revocation_endpoint;
}

void discover_intent(const struct profile *profile, struct buf *words)
{
	const char *revocation = other_revocation_endpoint(profile);

	buf_adds(words, !profile_has_secret(profile)		   ? "send the platform's identity token to '" :
			auth_method_uses_key(profile->auth_method) ? "authenticate with the client's private key to '" :
								     "send the client secret to '");
	buf_adds(words, profile->token_endpoint);
	buf_adds(words, "'");
	if (revocation) {
		buf_adds(words, " and, to revoke tokens, to '");
		buf_adds(words, revocation);
		buf_adds(words, "'");
	}
}
