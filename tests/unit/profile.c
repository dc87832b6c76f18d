// SPDX-License-Identifier: MIT
#include "model/profile.h"
#include "test.h"

#include <stdlib.h>

#define GOOD "token_endpoint=https://as.example.com/token\nclient_id=m2m_1\nsecret_store=kernel\n"

static enum status parse(struct profile *p, char *text, const char *source, struct err *err)
{
	strcpy(text, source);
	return profile_parse(p, "ci", text, strlen(text), err);
}

static void fills_in_defaults(void)
{
	char text[1024];
	struct profile p;
	struct err err;

	CHECK(parse(&p, text, "# a note\n\n" GOOD, &err) == STATUS_OK);
	CHECK_TEXT(p.auth_method, "client_secret_post");
	CHECK_TEXT(p.token_cache, "kernel");
	CHECK(p.timeout == 8 && p.default_ttl == 60 && !p.scope);
}

static void refuses_what_is_wrong(void)
{
	static const struct {
		const char *lines;
		enum status status;
		const char *says;
	} cases[] = {
		{ "client_id=1\nsecret_store=kernel\n", STATUS_USAGE, "token_endpoint is missing" },
		{ GOOD "token_endpoint=https://evil.example.com/\n", STATUS_USAGE, "given twice" },
		{ "token_endpoint=http://as.example.com/token\n", STATUS_POLICY, "plain http" },
		{ GOOD "auth_method=none\n", STATUS_USAGE, "auth_method" },
		{ GOOD "scope=a  b\n", STATUS_USAGE, "scope" },
		{ GOOD "scope=a\"b\n", STATUS_USAGE, "scope" },
		{ GOOD "resource=not-a-uri\n", STATUS_USAGE, "resource" },
		{ GOOD "resource=https://a.com/#x\n", STATUS_USAGE, "resource" },
		{ GOOD "url=https://a.com/?q\n", STATUS_USAGE, "url" },
		{ GOOD "ca_file=ca.pem\n", STATUS_USAGE, "absolute" },
		{ GOOD "proxy=http://user:password@proxy:3128\n", STATUS_USAGE, "proxy" },
		{ GOOD "timeout=0\n", STATUS_USAGE, "timeout" },
		{ GOOD "timeout=9e9\n", STATUS_USAGE, "timeout" },
		{ GOOD "secret_store=file\n", STATUS_USAGE, "secret_store" },
		{ GOOD "client_secret\n", STATUS_USAGE, "line 4" },
		{ GOOD "scop=a\n", STATUS_USAGE, "a profile has no key 'scop': did you mean 'scope'?" },
		{ GOOD "zzz=a\n", STATUS_USAGE, "a profile has no key 'zzz'" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct err err = { STATUS_OK, "" };
		char text[1024];
		struct profile p;

		CHECK(parse(&p, text, cases[i].lines, &err) == cases[i].status);
		if (!strstr(err.text, cases[i].says)) {
			fprintf(stderr, "case %zu: %s\n", i, err.text);
			CHECK(false);
		}
	}
}

static void names_are_file_names(void)
{
	static const char *const bad[] = {
		"",   ".",   "..",   "a/b",	 "-x",
		".x", "a b", "a\nb", "\xc3\xa4", "0123456789012345678901234567890123456789012345678901234567890123x"
	};

	CHECK(profile_name_ok("todo") && profile_name_ok("a.b-c_D9"));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		CHECK(!profile_name_ok(bad[i]));
}

static size_t covers(const struct profile *p, const char *text)
{
	struct url url;

	return url_parse(&url, text, NULL) == STATUS_OK ? profile_covers(p, &url) : 0;
}

static void writes_what_it_reads(void)
{
	static const char source[] =
		"token_endpoint=https://as.example.com/token\nclient_id=m2m_1\nscope=a b\nurl=https://a.com\n"
		"url=https://b.com/x\nauth_method=client_secret_basic\nsecret_store=kernel\ntoken_cache=none\n"
		"timeout=3\n";
	BUF_AUTO(b, PROFILE_FILE_MAX);
	char text[1024];
	struct profile p;

	CHECK(parse(&p, text, source, NULL) == STATUS_OK);
	profile_write(&p, &b);
	CHECK(buf_ok(&b));
	CHECK_TEXT(b.data, source);
	CHECK(covers(&p, "https://b.com/x/y") > covers(&p, "https://a.com/"));
	CHECK(covers(&p, "https://a.com/") > 0);
	CHECK(covers(&p, "https://c.com/") == 0);
}

int main(void)
{
	fills_in_defaults();
	refuses_what_is_wrong();
	names_are_file_names();
	writes_what_it_reads();
	TEST_END;
}
