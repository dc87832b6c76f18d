// SPDX-License-Identifier: MIT
#include "base/json.h"

void json_put_part(struct buf *b, const char *s)
{
	static const char hex[] = "0123456789abcdef";

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
}

void json_put(struct buf *b, const char *before, const char *s)
{
	buf_adds(b, before);
	buf_addc(b, '"');
	json_put_part(b, s);
	buf_addc(b, '"');
}
