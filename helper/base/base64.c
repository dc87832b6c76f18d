// SPDX-License-Identifier: MIT
#include "base/base64.h"

#include <stdint.h>

void base64_encode(struct buf *b, const void *data, size_t len)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *at = data;

	for (; len; at += 3) {
		size_t part = len < 3 ? len : 3;
		uint32_t group = (uint32_t)at[0] << 16 | (part > 1 ? (uint32_t)at[1] << 8 : 0) | (part > 2 ? at[2] : 0U);

		for (size_t i = 0; i < 4; i++) {
			if (i <= part)
				buf_addc(b, letters[group >> (18 - 6 * i) & 63]);
			else
				buf_addc(b, '=');
		}
		len -= part;
	}
}
