// SPDX-License-Identifier: MIT
#include "base/json.h"

void json_put(struct buf *b, const char *before, const char *s)
{
	static const char hex[] = "0123456789abcdef";

	buf_adds(b, before);
	buf_addc(b, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_addc(b, '\\');
		if ((unsigned char)*s < 0x20) {
			buf_adds(b, "\\u00");
			buf_addc(b, hex[*s >> 4]);
			buf_addc(b, hex[*s & 15]);
		} else {
			buf_addc(b, *s);
		}
	}
	buf_addc(b, '"');
}
