// SPDX-License-Identifier: MIT
#include "secret.h"
#include "test.h"

static void is_bound_to_where_it_goes(void)
{
	const struct profile given = { .token_endpoint = "https://as.example.com/token", .client_id = "m2m_1" };
	struct profile now = given;
	BUF_AUTO(b, SECRET_RECORD_MAX);
	struct secret secret;
	struct err err;

	secret_write("pass=word", NULL, &given, &b);
	CHECK(buf_ok(&b) && secret_parse(&secret, b.data, b.len, &err) == STATUS_OK);
	CHECK_TEXT(secret.client_secret, "pass=word");
	CHECK(secret_check(&secret, &now, &err) == STATUS_OK);
	now.client_id = "m2m_2";
	now.scope = "more";
	CHECK(secret_check(&secret, &now, &err) == STATUS_OK);
	now.token_endpoint = "https://evil.example.com/token";
	CHECK(secret_check(&secret, &now, &err) == STATUS_POLICY && strstr(err.text, "evil.example.com"));
	now = given;
	now.proxy = "http://evil:1";
	CHECK(secret_check(&secret, &now, &err) == STATUS_POLICY);
	now = given;
	now.ca_file = "/tmp/ca.pem";
	CHECK(secret_check(&secret, &now, &err) == STATUS_POLICY);
	now = given;
	now.issuer = "https://evil.example.com";
	CHECK(secret_check(&secret, &now, &err) == STATUS_POLICY);
}

static void refuses_what_is_no_secret(void)
{
	char record[] = "token_endpoint=https://as.example.com/\n";
	struct secret secret;
	struct err err;
	BUF_AUTO(b, SECRET_RECORD_MAX);
	const struct profile profile = { .token_endpoint = "https://as.example.com/" };

	CHECK(secret_parse(&secret, record, strlen(record), &err) == STATUS_INTERNAL);
	CHECK(secret_text_check("", &err) == STATUS_USAGE);
	CHECK(secret_text_check("a\rb", &err) == STATUS_USAGE);
	CHECK(secret_text_check("a b\xc3\xbc", &err) == STATUS_OK);
	secret_write("a\nclient_id=x", NULL, &profile, &b);
	CHECK(!buf_ok(&b));
}

int main(void)
{
	is_bound_to_where_it_goes();
	refuses_what_is_no_secret();
	TEST_END;
}
