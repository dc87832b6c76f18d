// SPDX-License-Identifier: MIT
// Base64 (RFC 4648 section 4), written. Reading it is oauth/base64.h's.
#ifndef SK_BASE_BASE64_H
#define SK_BASE_BASE64_H

#include "base/buf.h"

#include <stddef.h>

void base64_encode(struct buf *b, const void *data, size_t len);

#endif
