// SPDX-License-Identifier: MIT
#include "proxy/headers.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

// Between neighbours; the body's length is said anew on each way.
static const char *const between_neighbours[] = { "Connection",
						  "Keep-Alive",
						  "Proxy-Connection",
						  "Transfer-Encoding",
						  "TE",
						  "Trailer",
						  "Upgrade",
						  "Content-Length",
						  "HTTP2-Settings",
						  "Proxy-Authenticate",
						  "Proxy-Authorization",
						  "Proxy-Authentication-Info" };

// Who asks is the proxy's to say: the token is. A cookie could be another way to be somebody. A browser's Origin has been checked, and is
// not the server's to judge.
static const char *const of_asker[] = {
	"Authorization",
	"Cookie",
	"Cookie2",
	"Host",
	"Expect",
	"Origin",
	"Referer",
	"Forwarded",
	"X-Forwarded-For",
	"X-Forwarded-Host",
	"X-Forwarded-Proto",
	"X-Forwarded-Port",
	"X-Forwarded-Prefix",
	"X-Forwarded-Server",
	"X-Forwarded-User",
	"X-Real-IP",
	"X-Host",
	"X-Original-Host",
	"X-Original-URL",
	"X-Rewrite-URL",
	"X-Remote-User",
	"Remote-User",
	"CF-Connecting-IP",
	"True-Client-IP",
	"Via",
};

// A session of the proxy's, how to get a token, and ways around the proxy, are not for whoever asks.
static const char *const of_server[] = {
	"Set-Cookie", "Set-Cookie2",	  "WWW-Authenticate", "Authentication-Info", "Alt-Svc", "Strict-Transport-Security",
	"Location",   "Content-Location", "Refresh",	      "Public-Key-Pins"
};

// Some servers make no difference between "-" and "_".
static bool header_is(const char *name, const char *other)
{
	for (; *name && *other; name++, other++) {
		if (tolower((unsigned char)(*name == '_' ? '-' : *name)) != tolower((unsigned char)*other))
			return false;
	}
	return !*name && !*other;
}

static bool header_is_one_of(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (header_is(name, names[i]))
			return true;
	}
	return false;
}

#define IS_ONE_OF(name, names) header_is_one_of((name), (names), sizeof(names) / sizeof(names)[0])

bool header_list_has(const char *list, const char *word)
{
	size_t len = strlen(word);

	while (*list) {
		size_t item;

		list += strspn(list, ", \t");
		item = strcspn(list, ",");
		while (item > 0 && strchr(" \t", list[item - 1]))
			item--;
		if (item == len && !strncasecmp(list, word, len))
			return true;
		list += strcspn(list, ",");
	}
	return false;
}

bool header_of_request_passes(const char *name, const char *connection)
{
	return !IS_ONE_OF(name, between_neighbours) && !IS_ONE_OF(name, of_asker) && !header_list_has(connection, name);
}

bool header_of_response_passes(const char *name, const char *connection)
{
	return !IS_ONE_OF(name, between_neighbours) && !IS_ONE_OF(name, of_server) && !header_list_has(connection, name);
}

bool header_name_ok(const char *name)
{
	static const char letters[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	return *name && strspn(name, letters) == strlen(name);
}

bool header_value_ok(const char *value)
{
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static bool host_is(const char *host, size_t len, const char *name)
{
	return strlen(name) == len && !strncasecmp(host, name, len);
}

bool header_host_ok(const char *host, const char *const *allowed, size_t count)
{
	size_t len = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	const char *port;

	if (len > strlen(host))
		return false;
	port = host + len;
	if (*port && (*port != ':' || !port[1] || strspn(port + 1, "0123456789") != strlen(port + 1)))
		return false;
	if (host_is(host, len, "localhost") || host_is(host, len, "127.0.0.1") || host_is(host, len, "[::1]"))
		return true;
	for (size_t i = 0; i < count; i++) {
		if (host_is(host, len, allowed[i]))
			return true;
	}
	return false;
}
