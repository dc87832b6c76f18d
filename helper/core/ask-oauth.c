// SPDX-License-Identifier: MIT
#include "core/ask-oauth.h"

#include "base/clock.h"
#include "base/debug.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "base/wire.h"
#include "core/client-assertion.h"
#include "model/auth-method.h"
#include "model/token.h"
#include "model/url.h"

#include <stdio.h>
#include <string.h>

// Not http_proxy: what goes over plain http goes to this machine itself.
const char *const oauth_environment[] = {
	"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY", NULL
};

// One that was started before its request was known.
static struct child oauth_child;
static bool oauth_started;

void oauth_start(void)
{
	const struct subprocess what = { .program = "sk-oauth", .environment = oauth_environment, .setting = OAUTH_SETTING };

	// a failure is told by the one who asks
	if (!oauth_started)
		oauth_started = subprocess_start(&what, &oauth_child, NULL) == STATUS_OK;
}

void oauth_stop(void)
{
	if (oauth_started)
		subprocess_stop(&oauth_child);
	oauth_started = false;
}

static void oauth_put_endpoint(struct buf *request, const char *operation, const struct profile *profile)
{
	wire_put(request, "operation", operation);
	wire_put(request, "token_endpoint", profile->token_endpoint);
	wire_put(request, "revocation_endpoint", profile->revocation_endpoint);
	wire_put(request, "ca_file", profile->ca_file);
	wire_put(request, "proxy", profile->proxy);
	wire_put_number(request, "timeout_ms", profile->timeout * 1000);
}

static void oauth_put_client(struct buf *request, const struct profile *profile, const struct secret *secret,
			     const char *identity_token)
{
	wire_put(request, "auth_method", profile->auth_method);
	wire_put(request, "client_id", profile->client_id);
	// what a key signs comes as an assertion: the key itself is for TLS alone
	if (!secret->is_key || auth_method_uses_certificate(profile->auth_method))
		wire_put(request, secret->is_key ? "private_key" : "client_secret", secret->value);
	wire_put(request, "identity_token", identity_token);
	wire_put(request, "identity_token_reuse", profile->identity_token_reuse);
	wire_put(request, "assertion_type", profile->assertion_type);
	wire_put(request, "ca_file_sha256", secret->ca_file_sha256);
	if (auth_method_uses_certificate(profile->auth_method))
		wire_put(request, "certificate", profile->certificate);
}

static enum status oauth_ask(const struct buf *request, const struct profile *profile, struct buf *answer,
			     void (*take)(const struct wire_field *field, void *context), void *context, struct err *err)
{
	const struct subprocess what = {
		.program = "sk-oauth",
		.environment = oauth_environment,
		.setting = OAUTH_SETTING,
		.input = request,
		.timeout_ms = profile->timeout * 1000 + 1500, // it keeps its own time; this is for the case that it hangs
	};

	struct child *started = oauth_started ? &oauth_child : NULL;
	enum status status;
	int64_t began_at;

	if (!buf_ok(request))
		return err_set(err, STATUS_INTERNAL, "the request to the server is too long");
	oauth_started = false;
	began_at = clock_now().boot;
	status = subprocess_ask(&what, started, answer, take, context, err);
	debug_say("sk-oauth answered after %lld ms: %s", (long long)(clock_now().boot - began_at), status_word(status));
	return status;
}

static void take_failure(const struct wire_field *field, struct endpoint_failure *failure)
{
	if (!strcmp(field->key, "error"))
		failure->error = oauth_error_find(field->value);
	else if (!strcmp(field->key, "http_status"))
		(void)text_to_number(field->value, 0, 999, &failure->http_status);
	else if (!strcmp(field->key, "was_sent"))
		failure->was_kept_back = !strcmp(field->value, "no");
	else if (!strcmp(field->key, "retry_after"))
		(void)text_to_number(field->value, 0, 86400, &failure->retry_after);
}

struct granting {
	struct grant *grant;
	struct endpoint_failure *failure;
};

static void take_grant(const struct wire_field *field, void *context)
{
	const struct granting *granting = context;

	if (!strcmp(field->key, "access_token"))
		granting->grant->access_token = field->value;
	else if (!strcmp(field->key, "scope"))
		granting->grant->scope = field->value;
	else if (!strcmp(field->key, "expires_in"))
		(void)text_to_number(field->value, 0, TOKEN_LIFETIME_MAX, &granting->grant->expires_in);
	else
		take_failure(field, granting->failure);
}

static void oauth_put_grant(struct buf *request, const struct profile *profile)
{
	wire_put(request, "grant", profile->grant);
	wire_put(request, "subject_token_type", profile->subject_token_type);
	wire_put(request, "token_request", profile->token_request);
	for (size_t i = 0; i < profile->param_count; i++)
		wire_put(request, "param", profile->params[i]);
}

enum status oauth_request_token(const struct profile *profile, const struct request *request, const struct secret *secret,
				const char *identity_token, struct buf *answer, struct grant *grant,
				struct endpoint_failure *failure, struct err *err)
{
	struct granting granting = { grant, failure };
	BUF_AUTO(message, MESSAGE_MAX);
	enum status status;

	*grant = (struct grant){ .access_token = "", .scope = "" };
	*failure = (struct endpoint_failure){ .was_kept_back = true };
	status = client_assertion_put(profile, secret, &message, err);
	if (status != STATUS_OK)
		return status;
	*failure = (struct endpoint_failure){ .was_asked = true };
	debug_say("a token is requested from %.*s with %s%s%s", url_shown(profile->token_endpoint), profile->token_endpoint,
		  profile->auth_method, request->scope ? ", scope " : "", request->scope ? request->scope : "");
	oauth_put_endpoint(&message, "token", profile);
	oauth_put_client(&message, profile, secret, identity_token);
	oauth_put_grant(&message, profile);
	wire_put(&message, "scope", request->scope);
	wire_put(&message, "resource", request->resource);
	wire_put(&message, "audience", profile->audience);
	status = oauth_ask(&message, profile, answer, take_grant, &granting, err);
	if (status == STATUS_OK && !token_text_ok(grant->access_token))
		status = err_set(err, STATUS_POLICY, "token endpoint: the token is not one line of printable ASCII");
	return status;
}

static void take_revocation(const struct wire_field *field, void *context)
{
	take_failure(field, context);
}

static void take_identity_token(const struct wire_field *field, void *context)
{
	if (!strcmp(field->key, "identity_token"))
		buf_adds(context, field->value);
}

enum status oauth_actions_token(const struct profile *profile, const char *url, const char *bearer, const char *audience,
				struct buf *token, struct err *err)
{
	BUF_AUTO(message, MESSAGE_MAX);
	BUF_AUTO(answer, MESSAGE_MAX);

	wire_put(&message, "operation", "identity-token");
	wire_put(&message, "url", url);
	wire_put(&message, "token", bearer);
	wire_put(&message, "audience", audience);
	wire_put(&message, "proxy", profile->proxy);
	wire_put_number(&message, "timeout_ms", profile->timeout * 1000);
	return oauth_ask(&message, profile, &answer, take_identity_token, token, err);
}

enum status oauth_revoke_token(const struct profile *profile, const char *access_token, const struct secret *secret,
			       const char *identity_token, struct endpoint_failure *failure, struct err *err)
{
	BUF_AUTO(message, MESSAGE_MAX);
	BUF_AUTO(answer, 4096);
	enum status status;

	*failure = (struct endpoint_failure){ .was_kept_back = true };
	status = client_assertion_put(profile, secret, &message, err);
	if (status != STATUS_OK)
		return status;
	*failure = (struct endpoint_failure){ 0 };
	oauth_put_endpoint(&message, "revoke", profile);
	oauth_put_client(&message, profile, secret, identity_token);
	wire_put(&message, "token", access_token);
	return oauth_ask(&message, profile, &answer, take_revocation, failure, err);
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
	else if (!strcmp(field->key, "landlock"))
		(void)text_to_number(field->value, 0, 1000, &report->landlock);
	else if (!strcmp(field->key, "seccomp"))
		report->seccomp = !strcmp(field->value, "yes");
}

enum status oauth_probe_endpoint(const struct profile *profile, const struct secret *secret, struct buf *answer,
				 struct endpoint_report *report, struct err *err)
{
	BUF_AUTO(request, ANSWER_MAX);

	*report = (struct endpoint_report){ .address = "" };
	oauth_put_endpoint(&request, "look", profile);
	if (secret && auth_method_uses_certificate(profile->auth_method))
		oauth_put_client(&request, profile, secret, NULL);
	return oauth_ask(&request, profile, answer, take_report, report, err);
}

static void take_libraries(const struct wire_field *field, void *context)
{
	const char **libraries = context;

	if (!strcmp(field->key, "libraries"))
		*libraries = field->value;
}

void oauth_libraries(struct buf *answer, char *text, size_t size)
{
	const struct profile nobody = { .timeout = 5 };
	const char *libraries = "";
	BUF_AUTO(request, 1024);

	wire_put(&request, "operation", "libraries");
	wire_put_number(&request, "timeout_ms", 5000);
	(void)oauth_ask(&request, &nobody, answer, take_libraries, &libraries, NULL);
	(void)snprintf(text, size, "%s", libraries);
}

// Stores a field of the answer in the member of the same name, which is a string.
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
		MEMBER(grant_types),
	};
#undef MEMBER

	take_member(field, members, COUNT(members), context);
}

enum status oauth_discover(const struct profile *profile, const char *url, struct buf *answer, struct metadata *metadata,
			   struct err *err)
{
	BUF_AUTO(request, ANSWER_MAX);

	*metadata = (struct metadata){ "", "", "", "", "", "", "", "", "", "" };
	debug_say("metadata is requested for %.*s", url_shown(url ? url : profile->issuer), url ? url : profile->issuer);
	oauth_put_endpoint(&request, "discover", profile);
	wire_put(&request, "url", url);
	wire_put(&request, "issuer", profile->issuer);
	return oauth_ask(&request, profile, answer, take_metadata, metadata, err);
}
