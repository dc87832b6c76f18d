// SPDX-License-Identifier: MIT
#include "oauth/base64.h"

#include <openssl/evp.h>
#include <string.h>

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

// One group of up to four characters; false for what is none. EVP_DecodeBlock takes '=' for a zero byte, and spaces too.
static bool decode_group(struct buf *b, const char *group, size_t len, bool url)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	unsigned char four[4] = { 'A', 'A', 'A', 'A' }, three[3];

	if (len < 2)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!strchr(letters, group[i]) && group[i] != (url ? '-' : '+') && group[i] != (url ? '_' : '/'))
			return false;
		four[i] = (unsigned char)(group[i] == '-' ? '+' : group[i] == '_' ? '/' : group[i]);
	}
	EVP_DecodeBlock(three, four, 4);
	buf_add(b, three, len - 1);
	explicit_bzero(three, sizeof three);
	explicit_bzero(four, sizeof four);
	return true;
}

static bool decode(struct buf *b, const char *text, size_t len, bool url)
{
	bool ok = true;

	for (size_t i = 0; i < len && ok; i += 4)
		ok = decode_group(b, text + i, len - i < 4 ? len - i : 4, url);
	if (!ok)
		buf_fail(b);
	return ok && buf_ok(b);
}

bool base64_decode(struct buf *b, const char *text, size_t len)
{
	for (int i = 0; i < 2 && len % 4 != 1 && len && text[len - 1] == '='; i++)
		len--;
	return decode(b, text, len, false);
}

bool base64url_decode(struct buf *b, const char *text, size_t len)
{
	return decode(b, text, len, true);
}
