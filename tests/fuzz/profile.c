// SPDX-License-Identifier: MIT
// A profile that is read, written and read again is the same profile; and what it holds is fit to be used.
#include "model/profile.h"
#include "base/text.h"
#include "fuzz.h"
#include "model/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BUF_AUTO(first, 1 << 20);
	BUF_AUTO(second, 1 << 20);
	char *text = input_text(data, size), *again;
	struct profile profile, same;
	struct url url;
	struct err err;

	if (profile_parse(&profile, "fuzz", text, size, &err) != STATUS_OK) {
		free(text);
		return 0;
	}
	MUST(profile.timeout >= 1 && profile.timeout <= 60);
	MUST(profile.auth_method && profile.secret_store && profile.token_cache);
	MUST(url_parse(&url, profile.token_endpoint, NULL) == STATUS_OK && url_is_safe(&url));
	for (size_t i = 0; i < profile.url_count; i++)
		MUST(url_parse(&url, profile.urls[i], NULL) == STATUS_OK && url_is_safe(&url));
	profile_write(&profile, &first);
	MUST(buf_ok(&first));
	again = input_text((const uint8_t *)first.data, first.len);
	MUST(profile_parse(&same, "fuzz", again, first.len, &err) == STATUS_OK);
	profile_write(&same, &second);
	MUST(first.len == second.len && !memcmp(first.data, second.data, first.len));
	free(text);
	free(again);
	return 0;
}
