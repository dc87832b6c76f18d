// SPDX-License-Identifier: MIT
#include "oauth/token-endpoint.h"
#include "test.h"

#define TOKEN  "\"access_token\":\"tok\",\"token_type\":\"Bearer\""
#define SECRET "s3cr3t-value-of-the-client"

static enum status read_body(long code, const char *type, const char *text, size_t len, struct buf *answer,
			     struct oauth_failure *failure, struct err *err)
{
	BUF_AUTO(body, 262144);

	buf_add(&body, text, len);
	return token_response_read(&(struct token_response){ code, type, &body, -1 }, (const char *[]){ SECRET, NULL }, answer,
				   failure, err);
}

static void reads_what_servers_say(void)
{
	static const struct {
		long code;
		const char *type, *body;
		enum status status;
		const char *says; // in the answer, or in the error
	} cases[] = {
		{ 200, "application/json", "{" TOKEN ",\"expires_in\":3600}", STATUS_OK, "expires_in=3600\n" },
		{ 200, "", "{" TOKEN ",\"expires_in\":\"3600\"}", STATUS_OK, "expires_in=3600\n" },
		{ 200, "", "{" TOKEN ",\"expires_in\":3599.9}", STATUS_OK, "expires_in=3599\n" },
		{ 200, "", "{" TOKEN "}", STATUS_OK, "expires_in=0\n" },
		{ 200, "", "{" TOKEN ",\"expires_in\":0}", STATUS_OK, "expires_in=0\n" },
		{ 200, "", "{" TOKEN ",\"expires_in\":-5}", STATUS_OK, "expires_in=0\n" },
		{ 200, "", "{" TOKEN ",\"expires_in\":1e308}", STATUS_OK, "expires_in=2592000\n" },
		{ 200, "", "{" TOKEN ",\"expires_in\":\"99999999999\"}", STATUS_OK, "expires_in=2592000\n" },
		{ 200, "", "{" TOKEN ",\"expires_in\":\"1e9\"}", STATUS_OK, "expires_in=0\n" },
		{ 200, "", "{" TOKEN ",\"expires_in\":null}", STATUS_OK, "expires_in=0\n" },
		{ 200, "", "{" TOKEN ",\"expires_in\":[1]}", STATUS_OK, "expires_in=0\n" },
		{ 200, "", "{" TOKEN ",\"scope\":\"a b\"}", STATUS_OK, "scope=a b\n" },
		{ 200, "", "{" TOKEN ",\"scope\":\"a\\nb\"}", STATUS_OK, "access_token=tok\n" },
		{ 200, "", "{\"access_token\":\"tok\",\"token_type\":\"bEARER\"}", STATUS_OK, "access_token=tok\n" },
		{ 200, "", "{\"access_token\":\"tok\",\"token_type\":\"DPoP\"}", STATUS_POLICY, "DPoP" },
		{ 200, "", "{\"access_token\":\"tok\",\"token_type\":\"" SECRET "\"}", STATUS_POLICY, "'(a secret)'" },
		{ 200, "", "{\"access_token\":\"tok\"}", STATUS_POLICY, "token_type" },
		{ 200, "", "{\"access_token\":\"t\\nok\",\"token_type\":\"Bearer\"}", STATUS_POLICY, "printable" },
		{ 200, "", "{\"access_token\":\"t ok\",\"token_type\":\"Bearer\"}", STATUS_POLICY, "printable" },
		{ 200, "", "{\"access_token\":\"t\\u0000ok\",\"token_type\":\"Bearer\"}", STATUS_POLICY, "not a JSON object" },
		{ 200, "", "{\"access_token\":\"\",\"token_type\":\"Bearer\"}", STATUS_POLICY, "no access_token" },
		{ 200, "", "{\"access_token\":7,\"token_type\":\"Bearer\"}", STATUS_POLICY, "no access_token" },
		{ 200, "", "", STATUS_POLICY, "the body is empty" },
		{ 200, "", "[]", STATUS_POLICY, "not a JSON object" },
		{ 200, "", "{" TOKEN "} trailing", STATUS_POLICY, "not a JSON object" },
		{ 200, "text/html; charset=utf-8", "<html>", STATUS_POLICY, "HTML" },
		{ 200, "", "{\"error\":\"invalid_client\"}", STATUS_REFUSED, "invalid_client" },
		{ 200, "", "{" TOKEN ",\"error\":null}", STATUS_OK, "access_token=tok\n" },
		{ 200, "", "{\"error\":{\"code\":7}}", STATUS_REFUSED, "an error" },
		{ 200, "", "{\"error\":\"slow_down\"}", STATUS_TEMPORARY, "slow_down" },
		{ 401, "", "{\"error\":\"invalid_client\",\"error_description\":\"no \\u001b[31mway\"}", STATUS_REFUSED,
		  "HTTP 401 invalid_client: no ?[31mway" },
		{ 403, "", "", STATUS_REFUSED, "HTTP 403" },
		{ 404, "text/html", "<html>", STATUS_REFUSED, "HTML" },
		{ 400, "", "{\"error\":\"temporarily_unavailable\"}", STATUS_TEMPORARY, "temporarily_unavailable" },
		{ 429, "", "", STATUS_TEMPORARY, "too many" },
		{ 503, "text/html", "<html>", STATUS_TEMPORARY, "HTTP 503" },
		{ 307, "", "", STATUS_POLICY, "redirect" },
		{ 201, "", "{" TOKEN "}", STATUS_REFUSED, "HTTP 201" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct err err = { STATUS_OK, "" };
		BUF_AUTO(answer, 65536);
		struct oauth_failure failure = { 0 };
		enum status status =
			read_body(cases[i].code, cases[i].type, cases[i].body, strlen(cases[i].body), &answer, &failure, &err);

		if (status != cases[i].status || !strstr(status == STATUS_OK ? answer.data : err.text, cases[i].says)) {
			fprintf(stderr, "case %zu: %d %s %s\n", i, status, err.text, answer.data);
			CHECK(false);
		}
		CHECK(status == STATUS_OK || answer.len == 0);
		CHECK(!strstr(answer.data, "\nb"));
	}
}

static void tells_the_error_as_data(void)
{
	static const struct {
		const char *body;
		enum oauth_error error;
	} cases[] = {
		{ "{\"error\":\"invalid_client\"}", OAUTH_INVALID_CLIENT },
		{ "{\"error\":\"invalid_scope\",\"error_description\":\"not an invalid_client thing\"}", OAUTH_INVALID_SCOPE },
		{ "{\"error\":\"invalid_client \"}", OAUTH_ERROR_OTHER },
		{ "{\"error\":\"\"}", OAUTH_ERROR_OTHER },
		{ "{\"error_description\":\"invalid_client\"}", OAUTH_ERROR_NONE },
		{ "invalid_client", OAUTH_ERROR_NONE },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct oauth_failure failure = { 0 };
		BUF_AUTO(answer, 65536);

		CHECK(read_body(401, "", cases[i].body, strlen(cases[i].body), &answer, &failure, NULL) == STATUS_REFUSED);
		CHECK(failure.error == cases[i].error && failure.http_status == 401);
	}
}

static void does_not_repeat_the_secret(void)
{
	static const char *const bodies[] = {
		"{\"error\":\"invalid_client\",\"error_description\":\"wrong secret " SECRET "\"}",
		"{\"error\":\"invalid_client\",\"error_description\":\"wrong secret S3CR3T-VALUE\"}",
		"{\"error\":\"" SECRET "\"}",
	};

	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		struct err err = { STATUS_OK, "" };
		BUF_AUTO(answer, 65536);
		struct oauth_failure failure = { 0 };

		CHECK(read_body(401, "", bodies[i], strlen(bodies[i]), &answer, &failure, &err) == STATUS_REFUSED);
		CHECK(!strstr(err.text, "s3cr3t") && !strstr(err.text, "S3CR3T"));
		CHECK(i == 2 || strstr(err.text, "invalid_client"));
	}
}

static void takes_tokens_of_16_kib(void)
{
	static char body[40000];
	struct oauth_failure failure;
	struct err err;
	BUF_AUTO(answer, 65536);
	int used = snprintf(body, sizeof body, "{\"token_type\":\"Bearer\",\"access_token\":\"");

	memset(body + used, 'x', 16384);
	strcpy(body + used + 16384, "\"}");
	CHECK(read_body(200, "", body, strlen(body), &answer, &failure, &err) == STATUS_OK && answer.len > 16384);
	memset(body + used, 'x', 24577);
	strcpy(body + used + 24577, "\"}");
	buf_reset(&answer);
	CHECK(read_body(200, "", body, strlen(body), &answer, &failure, &err) == STATUS_POLICY);
	CHECK(read_body(200, "", "{\0}", 3, &answer, &failure, &err) == STATUS_POLICY);
}

int main(void)
{
	reads_what_servers_say();
	tells_the_error_as_data();
	does_not_repeat_the_secret();
	takes_tokens_of_16_kib();
	TEST_END;
}
