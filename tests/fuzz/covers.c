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
			free(one);
			free(other);
		}
	}
	free(text);
	return 0;
}
