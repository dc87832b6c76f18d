// SPDX-License-Identifier: MIT
// What a client shows to get a token (RFC 6749 section 4.4, RFC 7523 section 2.1, RFC 8693), and what the requests' words are: the one list.
#ifndef SK_GRANT_H
#define SK_GRANT_H

#include <stddef.h>

struct grant_kind {
	const char *name; // in a profile
	const char *type; // grant_type in the request
	// the parameter that the identity token goes into; NULL: it is the client's assertion (client_assertion)
	const char *token_parameter;
};

#define GRANTS "client_credentials jwt-bearer token-exchange"

extern const struct grant_kind grant_kinds[];
extern const size_t grant_kind_count;

// NULL is client_credentials, too; NULL for a name that is none.
const struct grant_kind *grant_find(const char *name);

#define ASSERTION_TYPES "jwt-bearer jwt-spiffe"

// client_assertion_type for a name of ASSERTION_TYPES, NULL for jwt-bearer, too.
const char *grant_assertion_type(const char *name);

#define SUBJECT_TOKEN_TYPES "jwt id_token access_token"

// subject_token_type for a name of SUBJECT_TOKEN_TYPES, NULL for jwt, too; a server's own type, which is a URI, is its own.
const char *grant_subject_token_type(const char *name);

#endif
