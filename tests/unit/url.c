// SPDX-License-Identifier: MIT
#include "model/url.h"
#include "test.h"

static void parses_or_refuses(void)
{
	static const struct {
		const char *text;
		bool ok, safe;
	} cases[] = {
		{ "https://example.com", true, true },
		{ "https://example.com/", true, true },
		{ "HTTPS://EXAMPLE.com:8443/a/b?q=1", true, true },
		{ "http://example.com/", true, false },
		{ "http://localhost:8080/mcp", true, true },
		{ "http://127.0.0.1/", true, true },
		{ "http://127.8.9.10/", true, true },
		{ "http://[::1]:8/", true, true },
		{ "http://127.0.0.1.example.com/", true, false },
		{ "http://localhost.example.com/", true, false },
		{ "https://[2001:db8::1]/", true, true },
		{ "", false, false },
		{ "example.com", false, false },
		{ "ftp://example.com/", false, false },
		{ "https://", false, false },
		{ "https:///path", false, false },
		{ "https://user@example.com/", false, false },
		{ "https://user:pass@example.com/", false, false },
		{ "https://example.com@evil.com/", false, false },
		{ "https://example.com\\@evil.com/", false, false },
		{ "https://example.com:0/", false, false },
		{ "https://example.com:65536/", false, false },
		{ "https://example.com:/", false, false },
		{ "https://example.com:80a/", false, false },
		{ "https://127.1/", false, false },
		{ "https://0x7f000001/", false, false },
		{ "https://0x7f.1/", false, false },
		{ "https://2130706433/", false, false },
		{ "https://127.0.0.01/", false, false },
		{ "https://256.0.0.1/", false, false },
		{ "https://example.com/a/../b", false, false },
		{ "https://example.com/a/%2e%2E/b", false, false },
		{ "https://example.com/a/.", false, false },
		{ "https://example.com/a%2fb", true, true },
		{ "https://gitlab.example.com/api/v4/projects/group%2Fname", true, true },
		{ "https://example.com/a%2f..%2fb", false, false },
		{ "https://example.com/a%2f%2e%2E/b", false, false },
		{ "https://example.com/a/..;/b", false, false },
		{ "https://example.com/a/.;x=1/b", false, false },
		{ "https://example.com/a/%2e%2e%3b/b", false, false },
		{ "https://example.com/a/..b/...;", true, true },
		{ "https://example.com/a%5cb", false, false },
		{ "https://example.com/a%00", false, false },
		{ "https://example.com/a%252e%252e%252fb", false, false },
		{ "https://example.com/a/..%20/b", false, false },
		{ "https://example.com/a/..%0d", false, false },
		{ "https://example.com/a/%2e%2e%3fb", false, false },
		{ "https://example.com/a/%c0%ae%c0%ae/b", false, false },
		{ "https://example.com/a%20b", true, true },
		{ "https://example.com/%c3%a4", true, true },
		{ "https://example.com/a%2500", false, false },
		{ "https://example.com/a/%25%32%65%25%32%65/b", false, false },
		{ "https://example.com/a/%252%65%252%65/b", false, false },
		{ "https://example.com/a/..%25%32fb", false, false },
		{ "https://example.com/a/..%253bb", false, false },
		{ "https://example.com/a/%25%", false, false },
		{ "https://example.com/100%25", true, true },
		{ "https://example.com/a%5cb", false, false },
		{ "https://example.com/a%zz", false, false },
		{ "https://example.com/a b", false, false },
		{ "https://example.com/#fragment", false, false },
		{ "https://ex%61mple.com/", false, false },
		{ "https://-example.com/", false, false },
		{ "https://example..com/", false, false },
		{ "https://example.com./", false, false },
		{ "https://[::1/", false, false },
		{ "https://[:::]/", false, false },
		{ "https://[::127.0.0.1]/", false, false },
		{ "https://[fe80::1%25eth0]/", false, false },
		{ "https://\xc3\xa9xample.com/", false, false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct url url;
		bool ok = url_parse(&url, cases[i].text, NULL) == STATUS_OK;

		if (ok != cases[i].ok || (ok && url_is_safe(&url) != cases[i].safe)) {
			fprintf(stderr, "%s\n", cases[i].text);
			CHECK(false);
		}
	}
}

static void covers_at_a_boundary(void)
{
	static const struct {
		const char *base, *url;
		bool covers;
	} cases[] = {
		{ "https://a.com", "https://a.com", true },
		{ "https://a.com", "https://a.com/x/y", true },
		{ "https://a.com/", "https://a.com", true },
		{ "https://a.com/x", "https://a.com/x", true },
		{ "https://a.com/x", "https://a.com/x/", true },
		{ "https://a.com/x/", "https://a.com/x/y", true },
		{ "https://a.com/x/", "https://a.com/x", true },
		{ "https://a.com/x", "https://a.com/x?q=/..", true },
		{ "https://A.com:443/x", "HTTPS://a.COM/x", true },
		{ "https://a.com/x", "https://a.com/xy", false },
		{ "https://a.com/x", "https://a.com/X", false },
		{ "https://a.com/x", "https://a.com/", false },
		{ "https://a.com", "http://a.com", false },
		{ "https://a.com", "https://a.com:8443", false },
		{ "https://g.com/api/v4", "https://g.com/api/v4/projects/group%2Fname", true },
		{ "https://g.com/api", "https://g.com/api%2fv4", false },
		{ "https://a.com", "https://a.com.evil.com", false },
		{ "https://a.com", "https://b.a.com", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct url base, url;

		CHECK(url_parse(&base, cases[i].base, NULL) == STATUS_OK);
		CHECK(url_parse(&url, cases[i].url, NULL) == STATUS_OK);
		if (url_covers(&base, &url) != cases[i].covers) {
			fprintf(stderr, "%s %s\n", cases[i].base, cases[i].url);
			CHECK(false);
		}
	}
}

int main(void)
{
	parses_or_refuses();
	covers_at_a_boundary();
	TEST_END;
}
