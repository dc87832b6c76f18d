// SPDX-License-Identifier: MIT
// JSON, written. Reading it is cJSON's.
#ifndef SK_JSON_H
#define SK_JSON_H

#include "base/buf.h"

// Appends before as it is, and then s as a JSON string, with its quotes. s must be UTF-8.
void json_put(struct buf *b, const char *before, const char *s);

// Appends s as a part of a string, without quotes.
void json_put_part(struct buf *b, const char *s);

#endif
