// SPDX-License-Identifier: MIT
// Two URLs, a line each: the first covers the second only if they have the same origin, by libcurl's parser, and the second's
// path begins with the first's.
#include "fuzz.h"
#include "model/url.h"

#include <curl/curl.h>
#include <strings.h>

// "https://host:443", in small letters
static char *origin_of(const char *text)
{
	CURLU *curl = curl_url();
	char *scheme = NULL, *host = NULL, *port = NULL, *origin = NULL;

	MUST(curl_url_set(curl, CURLUPART_URL, text, CURLU_PATH_AS_IS) == CURLUE_OK);
	MUST(curl_url_get(curl, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK);
	MUST(curl_url_get(curl, CURLUPART_HOST, &host, 0) == CURLUE_OK);
	MUST(curl_url_get(curl, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK);
	MUST(asprintf(&origin, "%s://%s:%s", scheme, host, port) > 0);
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(curl);
	return origin;
}

static int hex_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

// In place, as a server does it.
static size_t decode(char *path, size_t len)
{
	size_t out = 0;

	for (size_t i = 0; i < len; i++) {
		if (path[i] == '%' && i + 2 < len && hex_value(path[i + 1]) >= 0 && hex_value(path[i + 2]) >= 0) {
			path[out++] = (char)(hex_value(path[i + 1]) * 16 + hex_value(path[i + 2]));
			i += 2;
		} else {
			path[out++] = path[i];
		}
	}
	return out;
}

// However a server reads the path, decoded not at all, once or twice, with slashes or backslashes, with or without what is behind
// a ';' in a segment: no segment leads upwards, and no NUL ends it.
static void must_not_lead_upwards(const struct url *url)
{
	char *path = malloc(url->path_len + 1);
	size_t len = url->path_len;

	memcpy(path, url->path, len);
	for (int times = 0; times < 3; times++) {
		size_t start = 0;

		MUST(!memchr(path, '\0', len));
		for (size_t i = 0; i <= len; i++) {
			size_t end;

			if (i < len && path[i] != '/' && path[i] != '\\')
				continue;
			for (end = start; end < i && path[end] != ';'; end++)
				;
			MUST(!(end - start == 1 && path[start] == '.') &&
			     !(end - start == 2 && !strncmp(path + start, "..", 2)));
			start = i + 1;
		}
		len = decode(path, len);
	}
	free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = input_text(data, size), *second = strchr(text, '\n');
	struct url base, url;

	if (second) {
		*second++ = '\0';
		if (url_parse(&base, text, NULL) == STATUS_OK && url_parse(&url, second, NULL) == STATUS_OK &&
		    url_covers(&base, &url)) {
			char *one = origin_of(text), *other = origin_of(second);
			size_t len = base.path_len;

			while (len && base.path[len - 1] == '/')
				len--;
			MUST(!strcasecmp(one, other));
			MUST(url.path_len >= len && !strncmp(base.path, url.path, len));
			MUST(url.path_len == len || url.path[len] == '/');
			must_not_lead_upwards(&url);
			free(one);
			free(other);
		}
	}
	free(text);
	return 0;
}
