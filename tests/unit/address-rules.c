// SPDX-License-Identifier: MIT
// Which addresses may be connected to, when there is a proxy, and whose server listens here.
#include "http/address-rules.h"
#include "http/loopback.h"
#include "http/proxy.h"
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

static void addresses(void)
{
	static const struct {
		const char *host;
		bool elsewhere, here; // allowed where loopback is not, and where it is
	} cases[] = {
		{ "93.184.216.34", true, true },
		{ "10.1.2.3", true, true },
		{ "169.254.169.254", false, false },
		{ "0.0.0.0", false, false },
		{ "224.0.0.1", false, false },
		{ "255.255.255.255", false, false },
		{ "127.0.0.1", false, true },
		{ "127.9.9.9", false, true },
		{ "[::1]", false, true },
		{ "[2001:db8::1]", true, true },
		{ "[fe80::1]", false, false },
		{ "[fd00:ec2::254]", false, false },
		{ "[::]", false, false },
		{ "[ff02::1]", false, false },
		{ "[::ffff:7f00:1]", false, false },
		{ "[64:ff9b::a9fe:a9fe]", false, false },
		{ "[2002:a9fe:a9fe::1]", false, false },
		{ "[64:ff9b::7f00:1]", false, false },
		{ "[64:ff9b::5db8:d822]", true, true },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[80];
		struct url url;

		(void)snprintf(text, sizeof text, "https://%s/", cases[i].host);
		CHECK(url_parse(&url, text, NULL) == STATUS_OK);
		if (!address_why_url_refused(&url, false) != cases[i].elsewhere ||
		    !address_why_url_refused(&url, true) != cases[i].here) {
			fprintf(stderr, "%s\n", cases[i].host);
			CHECK(false);
		}
	}
}

static bool list_has(const char *list, const char *text)
{
	struct url url;

	return url_parse(&url, text, NULL) == STATUS_OK && proxy_list_has(list, &url);
}

static void proxies(void)
{
	struct url url;

	CHECK(list_has("example.com", "https://example.com/") && list_has("example.com", "https://a.example.com:8443/"));
	CHECK(list_has("a, .Example.com", "https://x.example.COM/") && list_has("*", "https://any.test/"));
	CHECK(!list_has("example.com", "https://notexample.com/") && !list_has("", "https://a.test/") &&
	      !list_has(",, ", "https://a.test/"));
	CHECK(list_has("10.0.0.0/8", "https://10.1.2.3/") && !list_has("10.0.0.0/8", "https://11.1.2.3/"));
	CHECK(list_has("2001:db8::/32", "https://[2001:db8::1]/") && !list_has("10.0.0.0/33", "https://10.0.0.0/"));
	CHECK(list_has("192.0.2.1", "https://192.0.2.1/") && !list_has("192.0.2.1", "https://192.0.2.10/"));
	CHECK(proxy_port("http://proxy:3128") == 3128 && proxy_port("proxy") == 1080 && proxy_port("https://proxy/") == 443);
	CHECK(proxy_port("http://u:p@[::1]:8080/") == 8080 && proxy_port("socks5h://[::1]") == 1080);
	setenv("https_proxy", "http://one:1", 1);
	setenv("no_proxy", "direct.test", 1);
	CHECK(url_parse(&url, "https://a.test/", NULL) == STATUS_OK);
	CHECK_TEXT(proxy_for(&url, NULL), "http://one:1");
	CHECK_TEXT(proxy_for(&url, "http://mine:2"), "http://mine:2");
	CHECK(url_parse(&url, "https://direct.test/", NULL) == STATUS_OK && !proxy_for(&url, NULL));
	CHECK(url_parse(&url, "https://localhost/", NULL) == STATUS_OK && !proxy_for(&url, "http://mine:2"));
}

static void servers_on_this_machine(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof address;
	char why[200] = "";
	unsigned port;

	loopback_prepare();
	CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 1) == 0);
	CHECK(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
	port = ntohs(address.sin_port);
	CHECK(loopback_is_ours("127.0.0.1", port, 1, why));
	loopback_forget(1);
	CHECK(!loopback_is_ours("127.0.0.2", port, 1, why) && strstr(why, "is not known"));
	CHECK(!loopback_is_ours("::1", port, 1, why));
	// a connection that was good is not looked up again, until it ends
	CHECK(loopback_is_ours("127.0.0.1", port, 2, why));
	close(fd);
	CHECK(loopback_is_ours("127.0.0.1", port, 2, why));
	loopback_forget(2);
	CHECK(!loopback_is_ours("127.0.0.1", port, 2, why));
}

int main(void)
{
	addresses();
	proxies();
	servers_on_this_machine();
	TEST_END;
}
