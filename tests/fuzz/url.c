// SPDX-License-Identifier: MIT
// What we take for a URL, libcurl takes for the same URL: one that we match to a profile is the one that is connected to.
#include "model/url.h"
#include "fuzz.h"

#include <curl/curl.h>
#include <strings.h>

static void check_part(CURLU *curl, CURLUPart part, unsigned flags, const char *text, size_t len)
{
	char *theirs = NULL;

	MUST(curl_url_get(curl, part, &theirs, flags) == CURLUE_OK);
	if (strlen(theirs) != len || strncasecmp(theirs, text, len) != 0) {
		fprintf(stderr, "libcurl: '%s', here: '%.*s'\n", theirs, (int)len, text);
		abort();
	}
	curl_free(theirs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = input_text(data, size), port[16];
	CURLU *curl = curl_url();
	struct url url, again;

	if (url_parse(&url, text, NULL) == STATUS_OK) {
		MUST(curl_url_set(curl, CURLUPART_URL, text, CURLU_PATH_AS_IS) == CURLUE_OK);
		(void)snprintf(port, sizeof port, "%u", url.port);
		check_part(curl, CURLUPART_SCHEME, 0, url.https ? "https" : "http", url.https ? 5 : 4);
		// libcurl shortens an IPv6 address
		if (*url.host != '[')
			check_part(curl, CURLUPART_HOST, 0, url.host, url.host_len);
		check_part(curl, CURLUPART_PORT, CURLU_DEFAULT_PORT, port, strlen(port));
		check_part(curl, CURLUPART_PATH, 0, url.path_len ? url.path : "/", url.path_len ? url.path_len : 1);
		MUST(url_covers(&url, &url));
		MUST(url_parse(&again, text, NULL) == STATUS_OK && again.path_len == url.path_len);
	}
	curl_url_cleanup(curl);
	free(text);
	return 0;
}
