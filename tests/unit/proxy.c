// SPDX-License-Identifier: MIT
#include "proxy/headers.h"
#include "proxy/target.h"
#include "test.h"

static void targets(void)
{
	struct target_route routes[] = {
		{ .name = "api", .url = "https://api.example.com/v1" },
		{ .name = "root", .url = "https://example.com" },
		{ .name = "slash", .url = "https://example.com/a/" },
		{ .name = "query", .url = "https://example.com/q?key=1" },
	};
	static const struct {
		const char *prefix, *target;
		enum target_result result;
		const char *url, *query;
	} cases[] = {
		{ "", "/api", TARGET_OK, "https://api.example.com/v1", NULL },
		{ "", "/api/", TARGET_OK, "https://api.example.com/v1/", NULL },
		{ "", "/api/x/y?a=b", TARGET_OK, "https://api.example.com/v1/x/y", "?a=b" },
		{ "", "/api?a=b", TARGET_OK, "https://api.example.com/v1", "?a=b" },
		{ "", "/root/x", TARGET_OK, "https://example.com/x", NULL },
		{ "", "/slash", TARGET_OK, "https://example.com/a/", NULL },
		{ "", "/slash/x", TARGET_OK, "https://example.com/a/x", NULL },
		{ "", "/query", TARGET_OK, "https://example.com/q?key=1", NULL },
		{ "", "/query?b", TARGET_OK, "https://example.com/q", "?b" },
		{ "", "/api/a%2Fb", TARGET_OK, "https://api.example.com/v1/a%2Fb", NULL },
		{ "", "/api/../x", TARGET_MALFORMED, NULL, NULL },
		{ "", "/api/..%20/x", TARGET_MALFORMED, NULL, NULL },
		{ "", "/api/..%2f..%2fx", TARGET_MALFORMED, NULL, NULL },
		{ "", "/api/%c0%ae%c0%ae/x", TARGET_MALFORMED, NULL, NULL },
		{ "", "/api/x#y", TARGET_MALFORMED, NULL, NULL },
		{ "", "https://api.example.com/v1", TARGET_MALFORMED, NULL, NULL },
		{ "", "*", TARGET_MALFORMED, NULL, NULL },
		{ "", "", TARGET_MALFORMED, NULL, NULL },
		{ "", "/", TARGET_UNKNOWN, NULL, NULL },
		{ "", "/apix", TARGET_UNKNOWN, NULL, NULL },
		{ "", "/API", TARGET_UNKNOWN, NULL, NULL },
		{ "/secret", "/api", TARGET_UNKNOWN, NULL, NULL },
		{ "/secret", "/secret", TARGET_UNKNOWN, NULL, NULL },
		{ "/secret", "/secretapi", TARGET_UNKNOWN, NULL, NULL },
		{ "/secret", "/secret/api/x", TARGET_OK, "https://api.example.com/v1/x", NULL },
	};
	char url[URL_MAX + 1], target[200];
	const char *query;
	size_t route;

	for (size_t i = 0; i < 4; i++)
		CHECK(url_parse(&routes[i].base, routes[i].url, NULL) == STATUS_OK);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		enum target_result result = target_resolve(routes, 4, cases[i].prefix, cases[i].target, &route, url, &query);

		if (result != cases[i].result)
			fprintf(stderr, "%s\n", cases[i].target);
		CHECK(result == cases[i].result);
		if (cases[i].result != TARGET_OK || result != TARGET_OK)
			continue;
		CHECK_TEXT(url, cases[i].url);
		CHECK_TEXT(query ? query : "", cases[i].query ? cases[i].query : "");
	}
	CHECK(target_of_url(&routes[0], "/secret", "https://api.example.com/v1/new?x=1", target, sizeof target));
	CHECK_TEXT(target, "/secret/api/new?x=1");
	CHECK(!target_of_url(&routes[0], "", "https://api.example.com/v2", target, sizeof target));
	CHECK(!target_of_url(&routes[0], "", "http://api.example.com/v1", target, sizeof target));
}

static void headers(void)
{
	CHECK(header_of_request_passes("Accept", ""));
	CHECK(!header_of_request_passes("authorization", ""));
	CHECK(!header_of_request_passes("X_Forwarded_For", ""));
	CHECK(!header_of_request_passes("X-Mine", ",close, X-MINE "));
	CHECK(header_of_request_passes("X-Mine", ",X-Mine2"));
	CHECK(header_of_response_passes("Content-Type", ""));
	CHECK(!header_of_response_passes("set-cookie", ""));
	CHECK(header_name_ok("X-a_b") && !header_name_ok("") && !header_name_ok("a b") && !header_name_ok("a:"));
	CHECK(header_value_ok("a\tb") && !header_value_ok("a\rb") && !header_value_ok("a\x7f"));
}

static void hosts(void)
{
	static const char *const allowed[] = { "box.internal" };
	static const char *const good[] = { "localhost", "LOCALHOST:80", "127.0.0.1",	  "127.0.0.1:8080",
					    "[::1]",	 "[::1]:1",	 "Box.Internal:9" };
	static const char *const bad[] = { "",
					   "example.com",
					   "localhost.example.com",
					   "localhost:",
					   "localhost:x",
					   "localhost:80:80",
					   "127.0.0.2",
					   "[::1",
					   "[::1]x",
					   "user@localhost",
					   "localhost@evil",
					   "127.0.0.1.nip.io",
					   "0",
					   "xlocalhost" };

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		CHECK(header_host_ok(good[i], allowed, 1));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		CHECK(!header_host_ok(bad[i], allowed, 1));
}

int main(void)
{
	targets();
	headers();
	hosts();
	TEST_END;
}
