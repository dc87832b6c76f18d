// SPDX-License-Identifier: MIT
#include "base/percent.h"

#include <stdbool.h>
#include <string.h>

static bool percent_keeps(unsigned char c, enum percent how)
{
	if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_')
		return true;
	switch (how) {
	case PERCENT_UNRESERVED:
		return c == '~';
	case PERCENT_FORM:
		return false;
	case PERCENT_PATH:
		return c > ' ' && c < 0x7f && !strchr("%?#\"<>\\^`{|}", c);
	}
	return false;
}

void percent_put(struct buf *b, const char *s, enum percent how)
{
	static const char hex[] = "0123456789ABCDEF";

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (percent_keeps(c, how)) {
			buf_addc(b, *s);
		} else if (c == ' ' && how == PERCENT_FORM) {
			buf_addc(b, '+');
		} else {
			buf_addc(b, '%');
			buf_addc(b, hex[c >> 4]);
			buf_addc(b, hex[c & 15]);
		}
	}
}
