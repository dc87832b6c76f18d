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

void base64url_encode(struct buf *b, const void *data, size_t len)
{
	size_t start = b->len;

	base64_encode(b, data, len);
	for (size_t i = start; i < b->len; i++) {
		if (b->data[i] == '+')
			b->data[i] = '-';
		else if (b->data[i] == '/')
			b->data[i] = '_';
	}
	while (b->len > start && b->data[b->len - 1] == '=')
		b->data[--b->len] = '\0';
}

// The number that a character stands for; -1 for none.
static int base64_value(char c, bool url)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == (url ? '-' : '+'))
		return 62;
	return c == (url ? '_' : '/') ? 63 : -1;
}

// One group of up to four characters; false for what is none.
static bool base64_decode_group(struct buf *b, const char *group, size_t len, bool url)
{
	uint32_t bits = 0;

	if (len < 2)
		return false;
	for (size_t i = 0; i < 4; i++) {
		int value = i < len ? base64_value(group[i], url) : 0;

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
	}
	for (size_t i = 0; i < len - 1; i++)
		buf_addc(b, (char)(bits >> (16 - 8 * i)));
	return true;
}

static bool base64_decode_all(struct buf *b, const char *text, size_t len, bool url)
{
	bool ok = true;

	for (size_t i = 0; i < len && ok; i += 4)
		ok = base64_decode_group(b, text + i, len - i < 4 ? len - i : 4, url);
	if (!ok)
		buf_fail(b);
	return ok && buf_ok(b);
}

bool base64_decode(struct buf *b, const char *text, size_t len)
{
	for (int i = 0; i < 2 && len % 4 != 1 && len && text[len - 1] == '='; i++)
		len--;
	return base64_decode_all(b, text, len, false);
}

bool base64url_decode(struct buf *b, const char *text, size_t len)
{
	return base64_decode_all(b, text, len, true);
}
