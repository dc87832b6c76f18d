// SPDX-License-Identifier: MIT
#include "model/url.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Four decimal numbers from 0 to 255, no leading zeros: the one spelling of an IPv4 address that all resolvers agree on.
static bool is_ipv4(const char *s, size_t len)
{
	const char *end = s + len;

	for (int part = 0; part < 4; part++) {
		unsigned value = 0;
		int digits = 0;

		for (; s < end && is_digit(*s) && digits < 4; s++, digits++)
			value = value * 10 + (unsigned)(*s - '0');
		if (digits == 0 || value > 255 || (digits > 1 && s[-digits] == '0'))
			return false;
		if (part < 3 && (s == end || *s++ != '.'))
			return false;
	}
	return s == end;
}

// inet_aton(3) also takes "127.1", "0x7f000001" and "017700000001": a host whose last label looks like a number is an
// IPv4 address to some parsers, so it must be one in full.
static bool last_label_is_number(const char *host, size_t len)
{
	const char *label = host + len;

	while (label > host && label[-1] != '.')
		label--;
	if (label == host + len)
		return false;
	if (label[0] == '0' && host + len - label > 1 && (label[1] == 'x' || label[1] == 'X'))
		return true;
	for (const char *p = label; p < host + len; p++) {
		if (!is_digit(*p))
			return false;
	}
	return true;
}

static bool name_ok(const char *host, size_t len)
{
	if (len == 0 || len > 253)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool edge = i == 0 || i == len - 1 || host[i - 1] == '.' || host[i + 1] == '.';

		if (!is_letter(host[i]) && !is_digit(host[i]) && (edge || !strchr("-._", host[i])))
			return false;
	}
	return !last_label_is_number(host, len) || is_ipv4(host, len);
}

static bool ipv6_ok(const char *host, size_t len)
{
	const struct url url = { .host = host, .host_len = len };
	struct sockaddr_storage address;

	// no dots: an IPv4 address inside is a second spelling
	return len >= 4 && host[len - 1] == ']' && !memchr(host, '.', len) && url_address(&url, &address);
}

static bool is_escape(const char *s, size_t len, const char *hex)
{
	return len >= 3 && s[0] == '%' && s[1] == hex[0] && (s[2] | 0x20) == hex[1];
}

// An escaped control character or space, '?' or '#': some servers cut a path there.
static bool is_escaped_blank(const char *s, size_t len)
{
	return len >= 3 && s[0] == '%' &&
	       (s[1] == '0' || s[1] == '1' || is_escape(s, len, "20") || is_escape(s, len, "3f") || is_escape(s, len, "23"));
}

// One or two dots, plain or escaped, and then the segment's end, or a ';': what is behind that is a parameter to Java servers,
// which take "/a/..;/b" for "/b".
static bool segment_is_dots(const char *s, size_t len)
{
	size_t dots = 0;

	while (len > 0 && (*s == '.' || is_escape(s, len, "2e"))) {
		size_t one = *s == '.' ? 1 : 3;

		s += one;
		len -= one;
		dots++;
	}
	return (dots == 1 || dots == 2) && (len == 0 || *s == ';' || is_escape(s, len, "3b") || is_escaped_blank(s, len));
}

// An escape that no path needs, and that servers read differently: a NUL, a backslash, and the escaped escapes of these, of a dot
// and of a slash, which somebody may decode twice.
static bool escape_ok(const char *s, size_t len)
{
	static const char *const twice[] = { "00", "2e", "2f", "3b", "5c" };

	if (len < 3 || !text_is_hex(s[1]) || !text_is_hex(s[2]) || is_escape(s, len, "00") || is_escape(s, len, "5c"))
		return false;
	// no UTF-8 begins so: some take what follows for a dot or a slash
	if ((s[1] | 0x20) == 'c' && (s[2] == '0' || s[2] == '1'))
		return false;
	// an escaped '%' before digits that are escaped themselves
	if (is_escape(s, len, "25") && (memchr(s + 3, '%', len < 5 ? len - 3 : 2)))
		return false;
	for (size_t i = 0; is_escape(s, len, "25") && i < sizeof twice / sizeof twice[0]; i++) {
		if (len >= 5 && s[3] == twice[i][0] && (s[4] | 0x20) == (twice[i][1] | 0x20))
			return false;
	}
	return true;
}

// A server resolves "/a/../b" in its own way, so no prefix of it means anything. An escaped slash is part of a segment's name to
// most servers (GitLab: "/projects/group%2Fname"), and ends a segment to others: dots are dots in both readings.
static bool path_ok(const char *path, size_t len)
{
	size_t start = 0;

	for (size_t i = 0; i <= len; i++) {
		bool slash = i < len && (path[i] == '/' || is_escape(path + i, len - i, "2f"));

		if (i < len && path[i] == '%' && !escape_ok(path + i, len - i))
			return false;
		if (i < len && !slash)
			continue;
		if (segment_is_dots(path + start, i - start))
			return false;
		start = i + (i < len && path[i] == '%' ? 3 : 1);
	}
	return true;
}

static bool take_port(const char **at, unsigned *port)
{
	const char *s = *at;
	unsigned value = 0;

	for (; is_digit(*s); s++) {
		value = value * 10 + (unsigned)(*s - '0');
		if (value > 65535)
			return false;
	}
	if (s == *at || value == 0)
		return false;
	*at = s;
	*port = value;
	return true;
}

// What looks like a host, in small letters, is shown with what is missing; anything else may be a secret in the wrong place.
static enum status url_without_scheme(const char *text, struct err *err)
{
	size_t host_len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-");

	if (memchr(text, '.', host_len) && host_len < 100 && strchr("/:", text[host_len]) && !strstr(text, "://")) // NUL, too
		return err_set(err, STATUS_USAGE,
			       "URL: it does not begin with https:// or http://: did you mean 'https://%.*s%s'?", (int)host_len,
			       text, text[host_len] ? "..." : "");
	return err_set(err, STATUS_USAGE, "URL: it does not begin with https:// or http://");
}

enum status url_parse(struct url *url, const char *text, struct err *err)
{
	struct url u = { 0 };
	const char *at, *why = NULL;

	if (strlen(text) > URL_MAX)
		return err_set(err, STATUS_USAGE, "URL: longer than %d bytes", URL_MAX);
	if (!text_is_graphic(text) || strpbrk(text, "\\\"<>^`{|}"))
		return err_set(err, STATUS_USAGE,
			       "URL: it is empty, or has a space or another character that a URL cannot have");
	if (!strncasecmp(text, "https://", 8))
		u.https = true;
	else if (strncasecmp(text, "http://", 7) != 0)
		return url_without_scheme(text, err);
	u.host = text + (u.https ? 8 : 7);
	u.host_len = strcspn(u.host, *u.host == '[' ? "/?#@" : "/?#:@");
	if (*u.host == '[') {
		const char *bracket = memchr(u.host, ']', u.host_len);

		if (bracket)
			u.host_len = (size_t)(bracket - u.host) + 1;
	}
	at = u.host + u.host_len;
	u.port = u.https ? 443 : 80;

	if (!(*u.host == '[' ? ipv6_ok(u.host, u.host_len) : name_ok(u.host, u.host_len)))
		why = "its host is not a host name or an IP address";
	else if (*at == ':' && (at++, !take_port(&at, &u.port)))
		why = "its port is not a number from 1 to 65535";
	else if (*at && !strchr("/?#", *at))
		why = "it has a user name, a password or another character that is not accepted behind its host";
	u.path = at;
	u.path_len = strcspn(at, "?#");
	if (!why && strchr(at, '#'))
		why = "it has a fragment";
	if (!why && !path_ok(u.path, u.path_len))
		why = "its path has dot segments, or escapes that servers read in different ways";
	if (why)
		return err_set(err, STATUS_USAGE, "URL: %s", why);
	u.has_query = u.path[u.path_len] == '?';
	*url = u;
	return STATUS_OK;
}

static bool host_is(const struct url *url, const char *host)
{
	return url->host_len == strlen(host) && !strncasecmp(url->host, host, url->host_len);
}

bool url_is_loopback(const struct url *url)
{
	if (host_is(url, "localhost") || host_is(url, "[::1]"))
		return true;
	return url->host_len > 4 && !strncmp(url->host, "127.", 4) && is_ipv4(url->host, url->host_len);
}

bool url_address(const struct url *url, struct sockaddr_storage *address)
{
	struct sockaddr_in *v4 = (void *)address;
	struct sockaddr_in6 *v6 = (void *)address;
	bool bracketed = *url->host == '[';
	size_t len = url->host_len - (bracketed ? 2 : 0);
	char host[INET6_ADDRSTRLEN];

	memset(address, 0, sizeof *address);
	if (len >= sizeof host)
		return false;
	memcpy(host, url->host + bracketed, len);
	host[len] = '\0';
	address->ss_family = bracketed ? AF_INET6 : AF_INET;
	return bracketed ? inet_pton(AF_INET6, host, &v6->sin6_addr) == 1 : inet_pton(AF_INET, host, &v4->sin_addr) == 1;
}

bool url_may_be_loopback(const struct url *url)
{
	static const char name[] = ".localhost"; // RFC 6761 section 6.3
	size_t len = strlen(name);
	struct sockaddr_storage address;

	if (url_is_loopback(url) || (url->host_len > len && !strncasecmp(url->host + url->host_len - len, name, len)))
		return true;
	return *url->host == '[' && url_address(url, &address) &&
	       IN6_IS_ADDR_LOOPBACK(&((struct sockaddr_in6 *)(void *)&address)->sin6_addr);
}

bool url_is_safe(const struct url *url)
{
	return url->https || url_is_loopback(url);
}

bool url_same_origin(const struct url *a, const struct url *b)
{
	return a->https == b->https && a->port == b->port && a->host_len == b->host_len &&
	       !strncasecmp(a->host, b->host, a->host_len);
}

bool url_covers(const struct url *base, const struct url *url)
{
	size_t len = base->path_len;

	if (!url_same_origin(base, url))
		return false;
	while (len > 0 && base->path[len - 1] == '/')
		len--;
	if (url->path_len < len || memcmp(base->path, url->path, len) != 0)
		return false;
	return url->path_len == len || url->path[len] == '/';
}

int url_shown(const char *text)
{
	return (int)strcspn(text, "?");
}
