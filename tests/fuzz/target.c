// SPDX-License-Identifier: MIT
// Whatever a program sends as a request's target: where it goes is what libcurl connects to, below the URL of one of the profiles. And what
// a server names as a Location leads back there.
#include "proxy/target.h"
#include "fuzz.h"

#include <curl/curl.h>
#include <strings.h>

static struct target_route routes[] = {
	{ .name = "api", .url = "https://api.example.com/v1" },
	{ .name = "root", .url = "https://example.com" },
	{ .name = "slash", .url = "https://example.com/a/b/" },
	{ .name = "query", .url = "http://127.0.0.1:8080/q?key=1" },
};
#define ROUTES (sizeof routes / sizeof routes[0])

static char *part_of(CURLU *curl, CURLUPart part, unsigned flags)
{
	char *text = NULL;

	MUST(curl_url_get(curl, part, &text, flags) == CURLUE_OK);
	return text;
}

// The URL as libcurl reads it, with dots resolved as a server might: is it below the route's?
static void check_below(const struct target_route *route, const char *url)
{
	CURLU *curl = curl_url();
	char *host, *raw, *path;
	size_t len = route->base.path_len;

	MUST(curl_url_set(curl, CURLUPART_URL, url, 0) == CURLUE_OK);
	host = part_of(curl, CURLUPART_HOST, 0);
	raw = part_of(curl, CURLUPART_PATH, 0);
	path = curl_easy_unescape(NULL, raw, 0, NULL);
	MUST(strlen(host) == route->base.host_len && !strncasecmp(host, route->base.host, route->base.host_len));
	while (len && route->base.path[len - 1] == '/')
		len--;
	MUST(!strncmp(path, route->base.path, len) && (path[len] == '\0' || path[len] == '/'));
	MUST(!strstr(path, "/../") && !strstr(path, "/./"));
	curl_free(host);
	curl_free(raw);
	curl_free(path);
	curl_url_cleanup(curl);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const prefixes[] = { "", "/0123456789abcdef0123456789abcdef" };
	char url[URL_MAX + 1], again[URL_MAX + 1], target[URL_MAX + TARGET_PREFIX_MAX + 66], *text = input_text(data, size);
	const char *query, *other;
	size_t route, same;

	for (size_t i = 0; i < ROUTES; i++)
		MUST(url_parse(&routes[i].base, routes[i].url, NULL) == STATUS_OK);
	for (size_t i = 0; i < 2; i++) {
		if (target_resolve(routes, ROUTES, prefixes[i], text, &route, url, &query) == TARGET_OK) {
			MUST(!strncmp(text, prefixes[i], strlen(prefixes[i])));
			MUST(!query || *query == '?');
			check_below(&routes[route], url);
			// what a server says of this very URL leads to it again
			MUST(target_of_url(&routes[route], prefixes[i], url, target, sizeof target));
			MUST(target_resolve(routes, ROUTES, prefixes[i], target, &same, again, &other) == TARGET_OK &&
			     same == route);
			check_below(&routes[same], again);
		}
		for (size_t j = 0; j < ROUTES; j++) {
			if (target_of_url(&routes[j], prefixes[i], text, target, sizeof target))
				MUST(!strncmp(target, prefixes[i], strlen(prefixes[i])));
		}
	}
	free(text);
	return 0;
}
