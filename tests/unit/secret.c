// SPDX-License-Identifier: MIT
#include "model/secret.h"
#include "test.h"

static void is_bound_to_where_it_goes(void)
{
	const struct profile given = { .token_endpoint = "https://as.example.com/token", .client_id = "m2m_1" };
	struct profile now = given;
	BUF_AUTO(b, SECRET_RECORD_MAX);
	struct secret secret;
	struct err err;

	secret_write(&(struct secret){ .value = "pass=word" }, &given, &b);
	CHECK(buf_ok(&b) && secret_parse(&secret, b.data, b.len, &err) == STATUS_OK);
	CHECK_TEXT(secret.value, "pass=word");
	CHECK(secret_check(&secret, &now, &err) == STATUS_OK);
	now.path = "/elsewhere/todo.conf";
	CHECK(secret_check(&secret, &now, &err) == STATUS_POLICY);
	now = given;
	now.scope = "more";
	CHECK(secret_check(&secret, &now, &err) == STATUS_OK);
	now.client_id = "m2m_2";
	CHECK(secret_check(&secret, &now, &err) == STATUS_POLICY);
	now = given;
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
	now = given;
	now.revocation_endpoint = "https://evil.example.com/revoke";
	CHECK(secret_check(&secret, &now, &err) == STATUS_POLICY);
	now = given;
	now.assertion_audience = "https://evil.example.com";
	CHECK(secret_check(&secret, &now, &err) == STATUS_POLICY);
}

// A key that was sent as if it were a client secret would be the server's.
static void is_not_used_as_what_it_is_not(void)
{
	struct profile profile = { .token_endpoint = "https://as.example.com/token", .auth_method = "private_key_jwt" };
	BUF_AUTO(key, SECRET_RECORD_MAX);
	BUF_AUTO(password, SECRET_RECORD_MAX);
	struct secret secret;
	struct err err;

	secret_write(&(struct secret){ .is_key = true, .value = "MIG= kid", .previous = "MIH=" }, &profile, &key);
	secret_write(&(struct secret){ .value = "x" }, &profile, &password);
	CHECK(secret_parse(&secret, key.data, key.len, &err) == STATUS_OK && secret.is_key);
	CHECK_TEXT(secret.value, "MIG= kid");
	CHECK_TEXT(secret.previous, "MIH=");
	CHECK(secret_check(&secret, &profile, &err) == STATUS_OK);
	profile.auth_method = "client_secret_post";
	CHECK(secret_check(&secret, &profile, &err) == STATUS_POLICY && strstr(err.text, "needs a client secret"));
	profile.auth_method = NULL;
	CHECK(secret_check(&secret, &profile, &err) == STATUS_POLICY);
	profile.auth_method = "tls_client_auth";
	CHECK(secret_check(&secret, &profile, &err) == STATUS_OK);
	CHECK(secret_parse(&secret, password.data, password.len, &err) == STATUS_OK && !secret.is_key);
	CHECK(secret_check(&secret, &profile, &err) == STATUS_POLICY && strstr(err.text, "needs a private key"));
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
	secret_write(&(struct secret){ .value = "a\nclient_id=x" }, &profile, &b);
	CHECK(!buf_ok(&b));
}

int main(void)
{
	is_bound_to_where_it_goes();
	is_not_used_as_what_it_is_not();
	refuses_what_is_no_secret();
	TEST_END;
}
