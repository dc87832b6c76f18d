// SPDX-License-Identifier: MIT
#include "http/proxy.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *proxy_variable(const char *name, const char *in_capitals)
{
	const char *value = getenv(name);

	if (!value || !*value)
		value = getenv(in_capitals);
	return value && *value ? value : NULL;
}

// The bytes of an address, 4 or 16; 0 for what is none.
static size_t address_bytes(const char *text, unsigned char bytes[16])
{
	if (inet_pton(AF_INET, text, bytes) == 1)
		return 4;
	return inet_pton(AF_INET6, text, bytes) == 1 ? 16 : 0;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, size_t bits)
{
	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return bits % 8 == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - bits % 8) == 0;
}

// "10.0.0.0/8", "::1"
static bool block_has(const char *entry, const char *host)
{
	unsigned char block[16], address[16];
	size_t len = address_bytes(host, address);
	char text[64];
	const char *slash = strchr(entry, '/');
	int64_t bits = (int64_t)len * 8;

	(void)snprintf(text, sizeof text, "%.*s", slash ? (int)(slash - entry) : (int)strlen(entry), entry);
	if (len == 0 || address_bytes(text, block) != len || (slash && !text_to_number(slash + 1, 0, bits, &bits)))
		return false;
	return same_bits(block, address, (size_t)bits);
}

static bool domain_has(const char *entry, const char *host)
{
	size_t len, host_len = strlen(host);

	entry += *entry == '.';
	len = strlen(entry);
	if (len == 0 || host_len < len || strcasecmp(host + host_len - len, entry) != 0)
		return false;
	return host_len == len || host[host_len - len - 1] == '.';
}

bool proxy_list_has(const char *list, const struct url *url)
{
	bool bracketed = *url->host == '[';
	char host[256], entry[256];

	(void)snprintf(host, sizeof host, "%.*s", (int)url->host_len - (bracketed ? 2 : 0), url->host + bracketed);
	for (const char *at = list + strspn(list, " ,"); *at; at += strspn(at, " ,")) {
		size_t len = strcspn(at, " ,");

		if (len < sizeof entry) {
			(void)snprintf(entry, sizeof entry, "%.*s", (int)len, at);
			if (!strcmp(entry, "*") || domain_has(entry, host) || block_has(entry, host))
				return true;
		}
		at += len;
	}
	return false;
}

const char *proxy_for(const struct url *url, const char *wanted)
{
	const char *except = proxy_variable("no_proxy", "NO_PROXY"), *proxy;

	if (url_is_loopback(url))
		return NULL;
	if (wanted)
		return wanted;
	proxy = proxy_variable("https_proxy", "HTTPS_PROXY");
	if (!proxy)
		proxy = proxy_variable("all_proxy", "ALL_PROXY");
	return proxy && except && proxy_list_has(except, url) ? NULL : proxy;
}

unsigned proxy_port(const char *proxy)
{
	const char *scheme = strstr(proxy, "://"), *host = scheme ? scheme + 3 : proxy, *at, *colon;
	int64_t port = 0;
	char digits[8];

	at = strrchr(host, '@'); // user names and passwords
	host = at ? at + 1 : host;
	colon = strchr(*host == '[' && strchr(host, ']') ? strchr(host, ']') : host, ':');
	if (colon) {
		(void)snprintf(digits, sizeof digits, "%.*s", (int)strcspn(colon + 1, "/?#"), colon + 1);
		if (text_to_number(digits, 1, 65535, &port))
			return (unsigned)port;
	}
	// CURLOPT_PROXY(3)
	return !strncasecmp(proxy, "https://", 8) ? 443 : 1080;
}
