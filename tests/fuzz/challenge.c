// SPDX-License-Identifier: MIT
// Whatever a WWW-Authenticate header says: what is taken from it is bounded and fit to be sent on, or there is nothing.
#include "model/challenge.h"
#include "base/text.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = input_text(data, size);
	struct challenge challenge;

	if (challenge_parse(&challenge, text)) {
		MUST(!*challenge.scope || text_is_scope(challenge.scope));
		MUST(!*challenge.error || text_is_graphic(challenge.error));
		MUST(strlen(challenge.resource_metadata) <= URL_MAX);
	} else {
		MUST(!*challenge.scope && !*challenge.error && !*challenge.resource_metadata);
	}
	free(text);
	return 0;
}
