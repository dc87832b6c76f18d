// SPDX-License-Identifier: MIT
// One table: the error code, and the server's kind, which its URL tells. What a server says in words is not looked at.
#include "core/advice.h"

#include "base/text.h"
#include "model/auth-method.h"
#include "model/url.h"

#include <stdio.h>
#include <string.h>

enum server { SERVER_ANY, SERVER_AUTH0, SERVER_COGNITO, SERVER_ENTRA, SERVER_KEYCLOAK, SERVER_OKTA };

static const struct {
	enum server server;
	const char *host_end; // NULL: any host
	const char *path_part;
} servers[] = {
	{ SERVER_AUTH0, ".auth0.com", NULL },
	{ SERVER_COGNITO, ".amazoncognito.com", NULL },
	{ SERVER_ENTRA, "login.microsoftonline.com", NULL },
	{ SERVER_OKTA, ".okta.com", NULL },
	{ SERVER_OKTA, ".oktapreview.com", NULL },
	{ SERVER_KEYCLOAK, NULL, "/protocol/openid-connect/token" },
};

static enum server advice_server(const struct profile *profile)
{
	struct url url;

	if (url_parse(&url, profile->token_endpoint, NULL) != STATUS_OK)
		return SERVER_ANY;
	for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
		const char *end = servers[i].host_end;

		if (end ? url.host_len >= strlen(end) && !strncmp(url.host + url.host_len - strlen(end), end, strlen(end)) :
			  strstr(profile->token_endpoint, servers[i].path_part) != NULL)
			return servers[i].server;
	}
	return SERVER_ANY;
}

// What must be so for a row, besides the error and the server.
enum condition {
	ALWAYS,
	WITH_IDENTITY,
	WITH_KEY,
	ELSEWHERE,
	WITH_BASIC,
	STORED,
	WITH_SCOPE,
	WITH_COMMA,
	WITH_RESOURCE,
	WITHOUT_SCOPE,
	WITHOUT_AUDIENCE
};

static bool advice_is_so(enum condition condition, const struct profile *profile, bool is_stored)
{
	switch (condition) {
	case WITH_IDENTITY:
		return profile->identity_token != NULL;
	case WITH_KEY:
		return auth_method_uses_key(profile->auth_method);
	case ELSEWHERE:
		return profile_secret_is_elsewhere(profile);
	case WITH_BASIC:
		return text_same(profile->auth_method, "client_secret_basic");
	case STORED:
		return is_stored;
	case WITH_SCOPE:
		return profile->scope != NULL;
	case WITH_COMMA:
		return profile->scope && strchr(profile->scope, ',');
	case WITH_RESOURCE:
		return profile->resource != NULL;
	case WITHOUT_SCOPE:
		return !profile->scope;
	case WITHOUT_AUDIENCE:
		return !profile->audience;
	default:
		return true;
	}
}

#define IDENTITY_REFUSED                                                                                                                \
	"The server does not accept the identity token: no rule there fits its issuer and subject, it wants another audience, or this " \
	"one was used before ('sk-helper doctor {name}' shows whose it is and whom it is for)"

// The first row that fits counts. {name}, {client_id}, {scope}, {resource} and {store} are the profile's.
static const struct advice {
	enum oauth_error error;
	int http_status; // 0: any
	enum server server;
	enum condition condition;
	const char *text;
} advices[] = {
	{ OAUTH_INVALID_CLIENT, 0, SERVER_ANY, WITH_IDENTITY, IDENTITY_REFUSED },
	{ OAUTH_INVALID_GRANT, 0, SERVER_ANY, WITH_IDENTITY, IDENTITY_REFUSED },
	{ OAUTH_UNAUTHORIZED_CLIENT, 0, SERVER_ANY, WITH_IDENTITY, IDENTITY_REFUSED },
	{ OAUTH_ERROR_OTHER, 401, SERVER_ANY, WITH_IDENTITY, IDENTITY_REFUSED },
	{ OAUTH_ERROR_OTHER, 403, SERVER_ANY, WITH_IDENTITY, IDENTITY_REFUSED },
	{ OAUTH_ERROR_NONE, 401, SERVER_ANY, WITH_IDENTITY, IDENTITY_REFUSED },
	{ OAUTH_ERROR_NONE, 403, SERVER_ANY, WITH_IDENTITY, IDENTITY_REFUSED },
	{ OAUTH_UNSUPPORTED_GRANT_TYPE, 0, SERVER_ANY, WITH_IDENTITY,
	  "The server does not take an identity token in this way: choose another --grant (client_credentials, jwt-bearer or "
	  "token-exchange), or check the token endpoint" },
	{ OAUTH_INVALID_CLIENT, 0, SERVER_ANY, WITH_KEY,
	  "The server does not accept what the private key signed: is its public key registered there? ('sk-helper public-key {name}' "
	  "prints it)" },
	{ OAUTH_INVALID_CLIENT, 0, SERVER_ANY, ELSEWHERE,
	  "The server does not accept the client id '{client_id}' with the secret that was read (secret_store {store}): check both where they "
	  "are kept" },
	{ OAUTH_INVALID_CLIENT, 0, SERVER_ANY, STORED,
	  "If the client has a new secret, 'sk-helper rotate {name}' asks for it" },
	{ OAUTH_INVALID_CLIENT, 0, SERVER_ENTRA, ALWAYS,
	  "The server does not accept this client id with this secret: in Entra, copy the secret's value and not its id, and look at the "
	  "date when it ends" },
	{ OAUTH_INVALID_CLIENT, 0, SERVER_KEYCLOAK, ALWAYS,
	  "The server does not accept this client id with this secret: check both; in Keycloak, 'Client authentication' must be on" },
	{ OAUTH_INVALID_CLIENT, 0, SERVER_ANY, WITH_BASIC,
	  "The server does not accept the client id '{client_id}' with this secret: check both; if both are right, it may want "
	  "--auth-method client_secret_post (of 'sk-helper add' or 'set')" },
	{ OAUTH_INVALID_CLIENT, 0, SERVER_ANY, ALWAYS,
	  "The server does not accept the client id '{client_id}' with this secret: check both; if both are right, it may want "
	  "--auth-method client_secret_basic (of 'sk-helper add' or 'set')" },
	{ OAUTH_INVALID_SCOPE, 0, SERVER_ENTRA, ALWAYS,
	  "Entra wants one scope that ends with /.default, such as --scope 'api://APP_ID/.default'" },
	{ OAUTH_INVALID_SCOPE, 0, SERVER_ANY, WITH_COMMA,
	  "The scope '{scope}' was requested: scopes are separated by blanks, not by commas" },
	{ OAUTH_INVALID_SCOPE, 0, SERVER_COGNITO, ALWAYS,
	  "Cognito's scopes are 'RESOURCE_SERVER/SCOPE', and the app client must be allowed to use them" },
	{ OAUTH_INVALID_SCOPE, 0, SERVER_ANY, WITH_SCOPE,
	  "The scope '{scope}' was requested: ask the server's owner which scopes this client may have" },
	{ OAUTH_INVALID_SCOPE, 0, SERVER_ANY, ALWAYS,
	  "The server has no scope of its own for this client: name one with --scope" },
	{ OAUTH_ACCESS_DENIED, 0, SERVER_AUTH0, WITHOUT_AUDIENCE, "Auth0 wants the API's identifier: name it with --audience" },
	{ OAUTH_ACCESS_DENIED, 0, SERVER_AUTH0, ALWAYS,
	  "In Auth0, authorize the application for this API, and for each of the scopes" },
	{ OAUTH_ACCESS_DENIED, 0, SERVER_OKTA, ALWAYS,
	  "In Okta, an access policy of the authorization server must allow this client and these scopes" },
	{ OAUTH_ACCESS_DENIED, 0, SERVER_ANY, ALWAYS,
	  "The server knows the client, but does not allow it this: ask the server's owner" },
	{ OAUTH_UNAUTHORIZED_CLIENT, 0, SERVER_ENTRA, ALWAYS,
	  "Entra does not know this client in this tenant: check the tenant in the URL, and the client id" },
	{ OAUTH_UNAUTHORIZED_CLIENT, 0, SERVER_KEYCLOAK, ALWAYS,
	  "Check the secret; in Keycloak, 'Service accounts roles' must be on for this client" },
	{ OAUTH_UNAUTHORIZED_CLIENT, 0, SERVER_ANY, ALWAYS,
	  "The client exists, but it may not use the client credentials grant: turn that on at the server" },
	{ OAUTH_UNSUPPORTED_GRANT_TYPE, 0, SERVER_ANY, ALWAYS,
	  "The server does not offer the client credentials grant here: check the token endpoint" },
	{ OAUTH_INVALID_TARGET, 0, SERVER_ANY, WITH_RESOURCE,
	  "The server does not know the resource '{resource}': check --resource" },
	{ OAUTH_INVALID_TARGET, 0, SERVER_ANY, ALWAYS,
	  "The server wants to know what the token is for: name it with --resource" },
	{ OAUTH_INVALID_REQUEST, 0, SERVER_ENTRA, WITHOUT_SCOPE,
	  "Entra wants a scope, such as --scope 'api://APP_ID/.default'" },
	{ OAUTH_INVALID_REQUEST, 0, SERVER_AUTH0, WITHOUT_AUDIENCE,
	  "Auth0 wants the API's identifier: name it with --audience" },
	{ OAUTH_INVALID_REQUEST, 0, SERVER_ANY, WITHOUT_SCOPE,
	  "Something is missing in the request: many servers want --scope, --audience or --resource" },
	{ OAUTH_ERROR_NONE, 404, SERVER_ANY, ALWAYS,
	  "Usual paths are /oauth/token, /oauth2/token and /protocol/openid-connect/token; --issuer finds the right one" },
	{ OAUTH_ERROR_NONE, 401, SERVER_ANY, ALWAYS, "The server may not know this client id with this secret" },
};

static void advice_put(const char *text, const struct profile *profile, struct buf *out)
{
	const struct {
		const char *name, *value;
	} values[] = { { "{name}", profile->name },
		       { "{client_id}", profile->client_id },
		       { "{scope}", profile->scope },
		       { "{store}", profile->secret_store },
		       { "{resource}", profile->resource } };
	const size_t count = sizeof values / sizeof values[0];

	while (*text) {
		size_t i = 0;

		while (i < count && strncmp(text, values[i].name, strlen(values[i].name)) != 0)
			i++;
		if (i == count) {
			buf_addc(out, *text++);
			continue;
		}
		buf_addf(out, "%.120s", values[i].value ? values[i].value : "");
		text += strlen(values[i].name);
	}
}

static bool advice_secret_has_blanks(const struct secret *secret)
{
	size_t len = strlen(secret->value);

	return !secret->is_key && len && (secret->value[0] == ' ' || secret->value[len - 1] == ' ');
}

void advice_append(const struct profile *profile, const struct secret *secret, bool is_stored,
		   const struct endpoint_failure *failure, struct err *err)
{
	enum server server = advice_server(profile);
	BUF_AUTO(text, 1024);

	if (failure->http_status < 400 || failure->http_status >= 500)
		return;
	for (size_t i = 0; i < sizeof advices / sizeof advices[0] && !text.len; i++) {
		const struct advice *advice = &advices[i];

		if (advice->error == failure->error && (!advice->http_status || advice->http_status == failure->http_status) &&
		    (advice->server == SERVER_ANY || advice->server == server) &&
		    advice_is_so(advice->condition, profile, is_stored))
			advice_put(advice->text, profile, &text);
	}
	if (failure->error == OAUTH_INVALID_CLIENT && !secret->is_key && *secret->value && strchr("{\"'", *secret->value))
		err_suffix(err,
			   ". What was read begins with %c: is it JSON, or a word in quotes? One field of it alone is wanted",
			   *secret->value);
	if (failure->error == OAUTH_INVALID_CLIENT && advice_secret_has_blanks(secret))
		err_suffix(err, ". The client secret that was given begins or ends with a blank");
	if (text.len)
		err_suffix(err, ". %s", text.data);
}
