// SPDX-License-Identifier: MIT
// The Bearer challenge of a WWW-Authenticate header, which a resource server sends with a 401 or 403 (RFC 9110 section
// 11.6.1, RFC 6750 section 3, RFC 9728 section 5.1). The values come from the server: only their form is checked here,
// and callers must not trust them.
#ifndef SK_CHALLENGE_H
#define SK_CHALLENGE_H

#include "model/url.h"

#include <stdbool.h>

#define CHALLENGE_SCOPE_MAX 2048

struct challenge {
	char scope[CHALLENGE_SCOPE_MAX + 1]; // "" where it says none
	char error[65];			     // "invalid_token", "insufficient_scope"; "" for none
	char resource_metadata[URL_MAX + 1]; // "" for none; not yet checked to be a URL
};

// Finds the first Bearer challenge among those of this header value. False, and challenge empty, where there is none or it
// is malformed: a parameter that is there twice or is too long, an open quote, characters that it cannot have.
bool challenge_parse(struct challenge *challenge, const char *header);

#endif
