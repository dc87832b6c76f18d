// SPDX-License-Identifier: MIT
// The body of a token request: application/x-www-form-urlencoded (RFC 6749 section 4.4.2), or JSON where a server wants that.
#ifndef SK_BODY_H
#define SK_BODY_H

#include "base/buf.h"

#include <stdbool.h>

struct body {
	struct buf text;
	bool is_json;
};

#define BODY_MAX	      131072
#define BODY_INIT(json)	      ((struct body){ .text = BUF_INIT(BODY_MAX), .is_json = (json) })
#define BODY_AUTO(name, json) __attribute__((cleanup(body_free))) struct body name = BODY_INIT(json)

void body_free(struct body *body);

// Appends a parameter, unless value is NULL.
void body_add(struct body *body, const char *name, const char *value);

// After the last one.
void body_end(struct body *body);

#endif
