// SPDX-License-Identifier: MIT
#include "base/text.h"

#include <string.h>

bool text_has_no_control(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return false;
	}
	return true;
}

bool text_is_graphic(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++) {
		if (*s < 0x21 || *s > 0x7e)
			return false;
	}
	return true;
}

bool text_is_scope(const char *s)
{
	const char *word = s;

	for (;; s++) {
		if ((*s == ' ' || *s == '\0') && s == word)
			return false;
		if (*s == '\0')
			return true;
		if (*s == ' ')
			word = s + 1;
		else if (*s < 0x21 || *s > 0x7e || *s == '"' || *s == '\\')
			return false;
	}
}

bool text_is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool text_is_variable(const char *s)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

	return *s && !(*s >= '0' && *s <= '9') && !s[strspn(s, letters)];
}

bool text_to_number(const char *s, int64_t min, int64_t max, int64_t *out)
{
	int64_t value = 0;

	if (!*s)
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || value > (INT64_MAX - 9) / 10)
			return false;
		value = value * 10 + (*s - '0');
	}
	if (value < min || value > max)
		return false;
	*out = value;
	return true;
}

void text_sanitize(char *s)
{
	for (; *s; s++) {
		if (*s < 0x20 || *s > 0x7e)
			*s = '?';
	}
}

uint64_t text_hash(const char *s)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *s; s++)
		hash = (hash ^ (unsigned char)*s) * 0x100000001b3;
	return hash;
}

bool text_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool text_same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

const char *text_next_word(const char *word)
{
	word += strcspn(word, " ");
	return *word ? word + 1 : word;
}

bool text_has_word(const char *words, const char *word, size_t len)
{
	for (const char *at = words ? words : ""; *at; at = text_next_word(at)) {
		if (strcspn(at, " ") == len && !strncmp(at, word, len))
			return true;
	}
	return false;
}
