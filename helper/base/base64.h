// SPDX-License-Identifier: MIT
// Base64, and base64url without padding (RFC 4648 sections 4 and 5).
#ifndef SK_BASE64_H
#define SK_BASE64_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

void base64_encode(struct buf *b, const void *data, size_t len);
void base64url_encode(struct buf *b, const void *data, size_t len);

// Appends what so much of text stands for. False, and b failed, when it is not that.
bool base64_decode(struct buf *b, const char *text, size_t len);
bool base64url_decode(struct buf *b, const char *text, size_t len);

#endif
