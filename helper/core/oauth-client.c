// SPDX-License-Identifier: MIT
#include "core/oauth-client.h"

#include "base/subprocess.h"
#include "base/text.h"
#include "base/wire.h"
#include "core/terminal.h"
#include "model/auth-method.h"
#include "model/token.h"

#include <string.h>

// Not http_proxy: what goes over plain http goes to this machine itself.
static const char *const environment[] = { "https_proxy",
					   "HTTPS_PROXY",
					   "all_proxy",
					   "ALL_PROXY",
					   "no_proxy",
					   "NO_PROXY",
#ifdef SK_SANITIZE
					   "ASAN_OPTIONS",
					   "UBSAN_OPTIONS",
					   "LSAN_OPTIONS",
#endif
					   NULL };

static void put_endpoint(struct buf *request, const char *operation, const struct profile *profile)
{
	wire_put(request, "operation", operation);
	wire_put(request, "token_endpoint", profile->token_endpoint);
	wire_put(request, "revocation_endpoint", profile->revocation_endpoint);
	wire_put(request, "ca_file", profile->ca_file);
	wire_put(request, "proxy", profile->proxy);
	wire_put_number(request, "timeout_ms", profile->timeout * 1000);
}

static void put_client(struct buf *request, const struct profile *profile, const struct secret *secret)
{
	wire_put(request, "auth_method", profile->auth_method);
	wire_put(request, "client_id", profile->client_id);
	wire_put(request, secret->is_key ? "private_key" : "client_secret", secret->value);
	wire_put(request, "certificate", profile->certificate);
	wire_put(request, "assertion_alg", profile->assertion_alg);
	wire_put(request, "assertion_audience", profile->assertion_audience ? profile->assertion_audience : profile->issuer);
}

static enum status converse(const struct buf *request, const struct profile *profile, struct buf *answer,
			    void (*take)(const struct wire_field *field, void *context), void *context, struct err *err)
{
	const struct subprocess what = {
		.program = "sk-oauth",
		.environment = environment,
		.input = request,
		.timeout_ms = profile->timeout * 1000 + 1500, // it keeps its own time; this is for the case that it hangs
	};

	enum status status;

	if (!buf_ok(request))
		return err_set(err, STATUS_INTERNAL, "token request: too long");
	terminal_wait_begin("the server");
	status = subprocess_ask(&what, answer, take, context, err);
	terminal_wait_end();
	return status;
}

static void take_grant(const struct wire_field *field, void *context)
{
	struct grant *grant = context;

	if (!strcmp(field->key, "access_token"))
		grant->access_token = field->value;
	else if (!strcmp(field->key, "scope"))
		grant->scope = field->value;
	else if (!strcmp(field->key, "expires_in"))
		(void)text_to_number(field->value, 0, TOKEN_LIFETIME_MAX, &grant->expires_in);
	else if (!strcmp(field->key, "invalid_client"))
		grant->invalid_client = true;
	else if (!strcmp(field->key, "retry_after"))
		(void)text_to_number(field->value, 0, 86400, &grant->retry_after);
}

enum status oauth_request_token(const struct profile *profile, const struct wanted *wanted, const struct secret *secret,
				struct buf *answer, struct grant *grant, struct err *err)
{
	BUF_AUTO(request, 65536);
	struct grant got = { .access_token = "", .scope = "" };
	enum status status;

	put_endpoint(&request, "token", profile);
	put_client(&request, profile, secret);
	wire_put(&request, "scope", wanted->scope);
	wire_put(&request, "resource", wanted->resource);
	wire_put(&request, "audience", profile->audience);
	status = converse(&request, profile, answer, take_grant, &got, err);
	if (status == STATUS_OK && !token_text_ok(got.access_token))
		status = err_set(err, STATUS_POLICY, "token endpoint: the token is not one line of printable ASCII");
	*grant = got;
	return status;
}

static void take_nothing(const struct wire_field *field, void *context)
{
	(void)field;
	(void)context;
}

enum status oauth_revoke_token(const struct profile *profile, const char *access_token, const struct secret *secret,
			       struct err *err)
{
	BUF_AUTO(request, 65536);
	BUF_AUTO(answer, 4096);

	put_endpoint(&request, "revoke", profile);
	put_client(&request, profile, secret);
	wire_put(&request, "token", access_token);
	return converse(&request, profile, &answer, take_nothing, NULL, err);
}

static void take_report(const struct wire_field *field, void *context)
{
	struct endpoint_report *report = context;

	if (!strcmp(field->key, "http_status"))
		(void)text_to_number(field->value, 0, 999, &report->http_status);
	else if (!strcmp(field->key, "date"))
		(void)text_to_number(field->value, 0, INT32_MAX * 4LL, &report->date);
	else if (!strcmp(field->key, "address"))
		report->address = field->value;
}

enum status oauth_look(const struct profile *profile, const struct secret *secret, struct buf *answer,
		       struct endpoint_report *report, struct err *err)
{
	BUF_AUTO(request, 65536);

	*report = (struct endpoint_report){ 0, 0, "" };
	put_endpoint(&request, "look", profile);
	if (secret && auth_method_uses_certificate(profile->auth_method))
		put_client(&request, profile, secret);
	return converse(&request, profile, answer, take_report, report, err);
}

// What is answered, by name, into a struct whose members are strings of the same names.
struct member {
	const char *name;
	size_t offset;
};

static void take_member(const struct wire_field *field, const struct member *members, size_t count, void *noun)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(field->key, members[i].name))
			*(const char **)((char *)noun + members[i].offset) = field->value;
	}
}

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void take_metadata(const struct wire_field *field, void *context)
{
#define MEMBER(name)                                                                                                           \
	{                                                                                                                      \
#name, offsetof(struct metadata, name)                                                                         \
	}
	static const struct member members[] = {
		MEMBER(issuer),
		MEMBER(token_endpoint),
		MEMBER(revocation_endpoint),
		MEMBER(mtls_token_endpoint),
		MEMBER(mtls_revocation_endpoint),
		MEMBER(resource),
		MEMBER(scope),
		MEMBER(auth_methods),
		MEMBER(signing_algs),
	};
#undef MEMBER

	take_member(field, members, COUNT(members), context);
}

enum status oauth_discover(const struct profile *profile, const char *url, struct buf *answer, struct metadata *metadata,
			   struct err *err)
{
	BUF_AUTO(request, 65536);

	*metadata = (struct metadata){ "", "", "", "", "", "", "", "", "" };
	put_endpoint(&request, "discover", profile);
	wire_put(&request, "url", url);
	wire_put(&request, "issuer", profile->issuer);
	return converse(&request, profile, answer, take_metadata, metadata, err);
}

static void take_key(const struct wire_field *field, void *context)
{
#define MEMBER(name)                                                                                                           \
	{                                                                                                                      \
#name, offsetof(struct client_key, name)                                                                       \
	}
	static const struct member members[] = { MEMBER(private_key), MEMBER(public_jwk), MEMBER(algorithms) };
#undef MEMBER

	take_member(field, members, COUNT(members), context);
}

static enum status ask_for_key(const struct buf *request, struct buf *answer, struct client_key *key, struct err *err)
{
	const struct profile profile = { .timeout = 20 }; // RSA keys take their time to be made

	*key = (struct client_key){ "", "", "" };
	return converse(request, &profile, answer, take_key, key, err);
}

enum status oauth_public_key(const char *private_key, struct buf *answer, struct client_key *key, struct err *err)
{
	BUF_AUTO(request, 65536);

	wire_put(&request, "operation", "public-key");
	wire_put_number(&request, "timeout_ms", 20000);
	wire_put(&request, "private_key", private_key);
	return ask_for_key(&request, answer, key, err);
}

enum status oauth_import_key(const struct buf *text, const char *id, struct buf *answer, struct client_key *key,
			     struct err *err)
{
	BUF_AUTO(request, 65536);

	wire_put(&request, "operation", "import-key");
	wire_put(&request, "key_id", id);
	wire_put_number(&request, "timeout_ms", 20000);
	buf_addc(&request, '\n');
	buf_add(&request, text->data, text->len);
	return ask_for_key(&request, answer, key, err);
}

enum status oauth_generate_key(const char *algorithm, const char *id, struct buf *answer, struct client_key *key,
			       struct err *err)
{
	BUF_AUTO(request, 1024);

	wire_put(&request, "operation", "generate-key");
	wire_put_number(&request, "timeout_ms", 20000);
	wire_put(&request, "assertion_alg", algorithm);
	wire_put(&request, "key_id", id);
	return ask_for_key(&request, answer, key, err);
}
