// SPDX-License-Identifier: MIT
#include "token-endpoint.h"

#include "clock.h"
#include "http.h"
#include "text.h"
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define ATTEMPTS_MAX 3

static void add_parameter(struct buf *form, const char *name, const char *value)
{
	if (!value)
		return;
	if (form->len)
		buf_addc(form, '&');
	buf_adds(form, name);
	buf_addc(form, '=');
	http_form_encode(form, value);
}

// The parameters of RFC 6749 section 4.4.2. One way to authenticate, and never the secret in the URL.
static void write_form(const struct oauth_request *request, bool basic, struct buf *form)
{
	add_parameter(form, "grant_type", "client_credentials");
	if (!basic) {
		add_parameter(form, "client_id", request->client_id);
		add_parameter(form, "client_secret", request->client_secret);
	}
	add_parameter(form, "scope", request->scope);
	add_parameter(form, "resource", request->resource);
	add_parameter(form, "audience", request->audience);
}

static void add_base64(struct buf *b, const struct buf *data)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i + 2 < data->len; i += 3) {
		const unsigned char *d = (const unsigned char *)data->data + i;

		buf_addc(b, letters[d[0] >> 2]);
		buf_addc(b, letters[(d[0] & 3) << 4 | d[1] >> 4]);
		buf_addc(b, letters[(d[1] & 15) << 2 | d[2] >> 6]);
		buf_addc(b, letters[d[2] & 63]);
	}
}

// What a server that repeats the Authorization header would repeat; as far as its last whole group, to look for.
static void write_basic(struct buf *basic, const struct buf *user, const struct buf *password)
{
	BUF_AUTO(both, 65536);

	buf_add(&both, user->data, user->len);
	buf_addc(&both, ':');
	buf_add(&both, password->data, password->len);
	add_base64(basic, &both);
}

static struct http_request to_endpoint(const struct oauth_request *request, int64_t timeout_ms)
{
	return (struct http_request){
		.url = request->token_endpoint,
		.ca_file = request->ca_file,
		.proxy = request->proxy,
		.timeout_ms = timeout_ms,
	};
}

// One request. What failure says is only of this one.
static enum status attempt(const struct oauth_request *request, int64_t timeout_ms, struct oauth_failure *failure,
			   struct buf *answer, struct err *err)
{
	__attribute__((cleanup(http_response_free))) struct http_response response = HTTP_RESPONSE_INIT;
	struct http_request http = to_endpoint(request, timeout_ms);
	bool basic = strcmp(request->auth_method, "client_secret_basic") == 0;
	BUF_AUTO(form, 65536);
	BUF_AUTO(user, 65536);
	BUF_AUTO(password, 65536);
	BUF_AUTO(header, 131072);
	enum status status;

	write_form(request, basic, &form);
	http.method = HTTP_POST_FORM;
	http.form = &form;
	// RFC 6749 section 2.3.1: form-encoded first, then Basic's base64
	http_form_encode(&user, request->client_id);
	http_form_encode(&password, request->client_secret);
	write_basic(&header, &user, &password);
	if (basic) {
		http.user = user.data;
		http.password = password.data;
	}
	if (!buf_ok(&form) || !buf_ok(&header))
		return err_set(err, STATUS_INTERNAL, "the request is too long");
	status = http_send(&http, &response, err);
	failure->retry_after = response.retry_after;
	if (status != STATUS_OK)
		return status;
	status = token_response_read(response.code, response.content_type, &response.body, response.retry_after,
				     (const char *[]){ request->client_secret, password.data, header.data, NULL }, answer, err);
	failure->invalid_client = status == STATUS_REFUSED && (response.code == 401 || strstr(err->text, " invalid_client"));
	return status;
}

// Full jitter, so that those who failed together do not come back together.
static int64_t pause_ms(int attempts)
{
	unsigned random = 0;

	if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
		random = (unsigned)clock_now().boot;
	return 100 + random % (250U << attempts);
}

static void sleep_ms(int64_t ms)
{
	const struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

enum status token_endpoint_request(const struct oauth_request *request, struct buf *answer, struct oauth_failure *failure,
				   struct err *err)
{
	enum status status = STATUS_TEMPORARY;
	int64_t timeout = 0, end;

	if (!request->token_endpoint || !request->client_id || !request->client_secret || !request->auth_method ||
	    !text_to_number(request->timeout_ms, 1, 60000, &timeout))
		return err_set(err, STATUS_INTERNAL, "sk-oauth: its request is not whole");
	end = clock_now().boot + timeout;
	for (int attempts = 1; attempts <= ATTEMPTS_MAX; attempts++) {
		int64_t left = end - clock_now().boot, wait;

		buf_reset(answer);
		status = attempt(request, left > 0 ? left : 1, failure, answer, err);
		if (status != STATUS_TEMPORARY)
			break;
		wait = failure->retry_after >= 0 ? failure->retry_after * 1000 : pause_ms(attempts);
		// half a second is the least that another try should have left
		if (attempts == ATTEMPTS_MAX || clock_now().boot + wait + 500 > end)
			break;
		sleep_ms(wait);
	}
	if (status != STATUS_OK)
		err_prefix(err, "token endpoint");
	return status;
}

enum status token_endpoint_look(const struct oauth_request *request, struct buf *answer, struct oauth_failure *failure,
				struct err *err)
{
	__attribute__((cleanup(http_response_free))) struct http_response response = HTTP_RESPONSE_INIT;
	struct http_request http;
	int64_t timeout = 0;
	enum status status;

	(void)failure;
	if (!request->token_endpoint || !text_to_number(request->timeout_ms, 1, 60000, &timeout))
		return err_set(err, STATUS_INTERNAL, "sk-oauth: its request is not whole");
	http = to_endpoint(request, timeout);
	status = http_send(&http, &response, err);
	if (status != STATUS_OK)
		return status;
	wire_put(answer, "status", "ok");
	wire_put_number(answer, "http_status", response.code);
	wire_put_number(answer, "date", response.date);
	wire_put(answer, "address", response.address);
	return STATUS_OK;
}
