// SPDX-License-Identifier: MIT
// What a platform gives as an identity token, and what a profile says of its source: anything.
#include "core/identity-claims.h"
#include "fuzz.h"
#include "model/identity-source.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	IDENTITY_CLAIMS_AUTO(claims);
	BUF_AUTO(audience, IDENTITY_TOKEN_MAX);
	struct identity_source source;
	char *text = malloc(size + 1);
	struct err err;

	MUST(text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (identity_claims_read(text, &claims, &err) == STATUS_OK) {
		identity_claims_put_audience(&claims, &audience);
		// what may be sent is for its audience, has an end that is to come, and began
		if (identity_claims_check(&claims, "https://as.example.com", 1800000000, &err) == STATUS_OK)
			MUST(strstr(audience.data, "https://as.example.com") && claims.expires_at > 1800000000 &&
			     claims.not_before <= 1800000000 + IDENTITY_WAIT_MAX);
	}
	if (identity_source_parse(&source, text, &err) == STATUS_OK)
		MUST(source.kind < IDENTITY_KINDS && identity_source_of(&source, text));
	free(text);
	return 0;
}
