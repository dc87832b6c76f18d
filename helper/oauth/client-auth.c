// SPDX-License-Identifier: MIT
#include "oauth/client-auth.h"

#include "base/base64.h"
#include "base/percent.h"
#include "model/auth-method.h"
#include "model/grant.h"

#include <stdio.h>
#include <string.h>

void client_auth_free(struct client_auth *auth)
{
	buf_free(&auth->user);
	buf_free(&auth->password);
	buf_free(&auth->header);
	buf_free(&auth->pem);
}

bool client_auth_is_complete(const struct oauth_request *request)
{
	const struct auth_method *method = request->auth_method ? auth_method_find(request->auth_method) : NULL;

	if (!method)
		return false;
	if (!method->has_secret)
		return !method->uses_identity || request->identity_token;
	if (!request->client_id)
		return false;
	if (method->uses_certificate)
		return request->private_key && request->certificate;
	return method->uses_key ? request->assertion_count > 0 : request->client_secret != NULL;
}

// --- RFC 6749 section 2.3.1

static void add_basic(const struct oauth_request *request, struct client_auth *auth, struct http_request *http)
{
	percent_put(&auth->user, request->client_id, PERCENT_FORM);
	http->user = auth->user.data;
	http->password = auth->password.data;
}

// What a server that repeats a client secret would repeat: it as it is, form-encoded, and as Basic has it.
static void note_secrets(const struct oauth_request *request, struct client_auth *auth)
{
	BUF_AUTO(both, 65536);

	percent_put(&both, request->client_id, PERCENT_FORM);
	buf_addc(&both, ':');
	percent_put(&auth->password, request->client_secret, PERCENT_FORM);
	buf_add(&both, auth->password.data, auth->password.len);
	// as far as its last whole group: what follows depends on nothing else, but padding is not repeated by all
	base64_encode(&auth->header, both.data, both.len - both.len % 3);
	if (!buf_ok(&both))
		buf_fail(&auth->header);
	auth->secrets[0] = request->client_secret;
	auth->secrets[1] = auth->password.data;
	auth->secrets[2] = auth->header.data;
}

// --- RFC 7523 section 2.2

static void add_assertion(const struct oauth_request *request, struct client_auth *auth, size_t attempt, struct body *body)
{
	const char *assertion =
		request->assertions[attempt < request->assertion_count ? attempt : request->assertion_count - 1];
	const char *signature = strrchr(assertion, '.');

	body_add(body, "client_id", request->client_id);
	body_add(body, "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
	body_add(body, "client_assertion", assertion);
	// an assertion without its signature is useless, so only the signature is a secret
	auth->secrets[0] = signature ? signature + 1 : assertion;
}

// --- RFC 8705

static void add_certificate(const struct oauth_request *request, struct client_auth *auth, struct body *body,
			    struct http_request *http)
{
	body_add(body, "client_id", request->client_id);
	buf_adds(&auth->pem, "-----BEGIN PRIVATE KEY-----\n");
	// as it is kept: PKCS#8 in base64, and behind a space its id
	for (size_t at = 0, len = strcspn(request->private_key, " "); at < len; at += 64) {
		buf_add(&auth->pem, request->private_key + at, len - at < 64 ? len - at : 64);
		buf_addc(&auth->pem, '\n');
	}
	buf_adds(&auth->pem, "-----END PRIVATE KEY-----\n");
	http->certificate = request->certificate;
	http->key = &auth->pem;
}

// --- RFC 7521 section 4.2: what a third party has issued about the client; and no authentication at all

static void add_identity(const struct oauth_request *request, const struct auth_method *method, struct body *body)
{
	body_add(body, "client_id", request->client_id);
	if (!method->uses_identity)
		return;
	body_add(body, "client_assertion_type", grant_assertion_type(request->assertion_type));
	body_add(body, "client_assertion", request->identity_token);
}

// As with an assertion of our own, only the signature is a secret.
static const char *identity_signature(const char *identity_token)
{
	const char *dot = strrchr(identity_token, '.');

	return dot ? dot + 1 : identity_token;
}

enum status client_auth_add(const struct oauth_request *request, size_t attempt, struct client_auth *auth, struct body *body,
			    struct http_request *http, struct err *err)
{
	const struct auth_method *method = auth_method_find(request->auth_method);
	size_t count = 0;

	if (method->uses_certificate) {
		add_certificate(request, auth, body, http);
	} else if (method->uses_key) {
		add_assertion(request, auth, attempt, body);
	} else if (!method->has_secret) {
		add_identity(request, method, body);
	} else {
		note_secrets(request, auth);
		if (!strcmp(request->auth_method, "client_secret_basic")) {
			add_basic(request, auth, http);
		} else {
			body_add(body, "client_id", request->client_id);
			body_add(body, "client_secret", request->client_secret);
		}
	}
	while (auth->secrets[count])
		count++;
	if (request->identity_token)
		auth->secrets[count++] = identity_signature(request->identity_token);
	auth->secrets[count] = request->token; // which is to be revoked, and is good until then
	if (!buf_ok(&body->text) || !buf_ok(&auth->user) || !buf_ok(&auth->header) || !buf_ok(&auth->pem))
		return err_set(err, STATUS_INTERNAL, "the request is too long");
	return STATUS_OK;
}
