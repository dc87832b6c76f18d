// SPDX-License-Identifier: MIT
#include "oauth/token-endpoint.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "base/wire.h"
#include "model/grant.h"
#include "oauth/client-auth.h"
#include "oauth/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ATTEMPTS_MAX 3

static struct http_request to_endpoint(const struct oauth_request *request, const char *endpoint, int64_t timeout_ms)
{
	return (struct http_request){
		.url = endpoint,
		.ca_file = request->ca_file,
		.ca_file_sha256 = request->ca_file_sha256,
		.proxy = request->proxy,
		.timeout_ms = timeout_ms,
	};
}

static void write_params(const struct oauth_request *request, struct body *body)
{
	for (size_t i = 0; i < request->param_count; i++) {
		size_t len = strcspn(request->params[i], "=");
		char name[128];

		(void)snprintf(name, sizeof name, "%.*s", (int)len, request->params[i]);
		body_add(body, name, request->params[i] + len + 1);
	}
}

// RFC 6749 section 4.4.2, RFC 7523 section 2.1, RFC 8693 section 2.1
static void write_grant(const struct oauth_request *request, struct body *body)
{
	const struct grant_kind *grant = grant_find(request->grant);

	body_add(body, "grant_type", grant->type);
	if (grant->token_parameter)
		body_add(body, grant->token_parameter, request->identity_token);
	if (grant->token_parameter && !strcmp(grant->token_parameter, "subject_token"))
		body_add(body, "subject_token_type", grant_subject_token_type(request->subject_token_type));
	write_params(request, body);
	body_add(body, "scope", request->scope);
	body_add(body, "resource", request->resource);
	body_add(body, "audience", request->audience);
}

// RFC 7009 section 2.1
static void write_revocation(const struct oauth_request *request, struct body *body)
{
	body_add(body, "token", request->token);
	body_add(body, "token_type_hint", "access_token");
}

// What is asked of which endpoint, and what its answer means.
struct exchange {
	const char *endpoint;
	void (*write)(const struct oauth_request *request, struct body *body);
	enum status (*read)(const struct token_response *response, const char *const *secrets, struct buf *answer,
			    struct oauth_failure *failure, struct err *err);
};

// One request. What failure says is only of this one.
static enum status exchange_once(const struct oauth_request *request, const struct exchange *exchange, size_t attempt,
				 int64_t timeout_ms, struct oauth_failure *failure, struct buf *answer, struct err *err)
{
	__attribute__((cleanup(http_response_free))) struct http_response response = HTTP_RESPONSE_INIT;
	struct http_request http = to_endpoint(request, exchange->endpoint, timeout_ms);
	CLIENT_AUTH_AUTO(auth);
	// RFC 7009 knows only the form
	BODY_AUTO(body, request->token_request && !strcmp(request->token_request, "json") && !request->token);
	enum status status;

	exchange->write(request, &body);
	http.method = HTTP_POST;
	http.body = &body;
	status = client_auth_add(request, attempt, &auth, &body, &http, err);
	body_end(&body);
	if (status == STATUS_OK)
		status = http_send(&http, &response, err);
	*failure = (struct oauth_failure){ .retry_after = response.retry_after, .was_sent = response.was_sent };
	if (status != STATUS_OK)
		return status;
	return exchange->read(&(struct token_response){ response.code, response.content_type, &response.body,
							response.retry_after },
			      auth.secrets, answer, failure, err);
}

// Full jitter, so that those who failed together do not come back together.
static int64_t pause_ms(int attempts)
{
	return 100 + random_number() % (250U << attempts);
}

static void sleep_ms(int64_t ms)
{
	const struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

// Tries again by itself, within the time given, after temporary failures.
static enum status exchange_with_retries(const struct oauth_request *request, const struct exchange *exchange,
					 struct buf *answer, struct oauth_failure *failure, struct err *err)
{
	bool may_reuse = request->identity_token_reuse && !strcmp(request->identity_token_reuse, "yes");
	const struct grant_kind *grant = grant_find(request->grant);
	enum status status = STATUS_TEMPORARY;
	int64_t timeout = 0, end;

	if (!exchange->endpoint || !client_auth_is_complete(request) || !grant ||
	    (grant->token_parameter && !request->identity_token) || !text_to_number(request->timeout_ms, 1, 60000, &timeout))
		return err_set(err, STATUS_INTERNAL, "sk-oauth: its request is incomplete");
	end = clock_now().boot + timeout;
	for (int attempts = 1; attempts <= ATTEMPTS_MAX; attempts++) {
		int64_t left = end - clock_now().boot, wait;

		buf_reset(answer);
		status = exchange_once(request, exchange, (size_t)attempts - 1, left > 0 ? left : 1, failure, answer, err);
		if (status != STATUS_TEMPORARY)
			break;
		// the server may have used up what was sent
		if (failure->was_sent && ((request->identity_token && !may_reuse) ||
					  (request->assertion_count && (size_t)attempts >= request->assertion_count)))
			break;
		wait = failure->retry_after >= 0 ? failure->retry_after * 1000 : pause_ms(attempts);
		// half a second is the least that another try should have left
		if (attempts == ATTEMPTS_MAX || clock_now().boot + wait + 500 > end)
			break;
		sleep_ms(wait);
	}
	return status;
}

enum status token_endpoint_request(const struct oauth_request *request, struct buf *answer, struct oauth_failure *failure,
				   struct err *err)
{
	const struct exchange exchange = { request->token_endpoint, write_grant, token_response_read };
	enum status status = exchange_with_retries(request, &exchange, answer, failure, err);

	if (status != STATUS_OK)
		err_prefix(err, "token endpoint");
	return status;
}

enum status token_endpoint_revoke(const struct oauth_request *request, struct buf *answer, struct oauth_failure *failure,
				  struct err *err)
{
	const struct exchange exchange = { request->revocation_endpoint, write_revocation, revocation_response_read };
	enum status status = request->token ? exchange_with_retries(request, &exchange, answer, failure, err) :
					      err_set(err, STATUS_INTERNAL, "sk-oauth: its request is incomplete");

	if (status != STATUS_OK)
		err_prefix(err, "revocation endpoint");
	return status;
}

enum status token_endpoint_probe(const struct oauth_request *request, struct buf *answer, struct oauth_failure *failure,
				 struct err *err)
{
	__attribute__((cleanup(http_response_free))) struct http_response response = HTTP_RESPONSE_INIT;
	struct http_request http;
	CLIENT_AUTH_AUTO(auth);
	BODY_AUTO(body, false);
	int64_t timeout = 0;
	enum status status = STATUS_OK;

	(void)failure;
	if (!request->token_endpoint || !text_to_number(request->timeout_ms, 1, 60000, &timeout))
		return err_set(err, STATUS_INTERNAL, "sk-oauth: its request is incomplete");
	http = to_endpoint(request, request->token_endpoint, timeout);
	if (request->certificate && client_auth_is_complete(request))
		status = client_auth_add(request, 0, &auth, &body, &http, err);
	body_end(&body);
	if (status == STATUS_OK)
		status = http_send(&http, &response, err);
	if (status != STATUS_OK)
		return status;
	wire_put(answer, "status", "ok");
	wire_put_number(answer, "http_status", response.code);
	wire_put_number(answer, "date", response.date);
	wire_put(answer, "address", response.address);
	return STATUS_OK;
}
