// SPDX-License-Identifier: MIT
// Percent-encoding (RFC 3986 section 2.1) for the places that it is needed in.
#ifndef SK_PERCENT_H
#define SK_PERCENT_H

#include "base/buf.h"

enum percent {
	PERCENT_UNRESERVED, // all but letters, digits and "-._~": a user name in a URL
	PERCENT_FORM,	    // application/x-www-form-urlencoded: a space becomes '+'
	PERCENT_PATH, // a path that is decoded and may have slashes: what would end it, or be read as an escape, is encoded
};

// Appends s, encoded.
void percent_put(struct buf *b, const char *s, enum percent how);

#endif
