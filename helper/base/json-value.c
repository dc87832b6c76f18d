// SPDX-License-Identifier: MIT
#include "base/json-value.h"

#include "base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define INTEGER_MAX (1LL << 53)

// --- where a value ends

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
		at++;
	return at;
}

// Each of these returns what is behind, or NULL for what is malformed. at is at the opening quote.
static const char *skip_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++) {
		if ((unsigned char)*at < ' ')
			return NULL;
		if (*at != '\\')
			continue;
		if (++at == end || !*at || !strchr("\"\\/bfnrtu", *at))
			return NULL;
		for (int digits = 0; *at == 'u' && digits < 4; digits++) {
			if (at + digits + 1 >= end || !text_is_hex(at[digits + 1]))
				return NULL;
		}
		at += *at == 'u' ? 4 : 0;
	}
	return at < end ? at + 1 : NULL;
}

static const char *skip_digits(const char *at, const char *end)
{
	const char *start = at;

	while (at < end && *at >= '0' && *at <= '9')
		at++;
	return at > start ? at : NULL;
}

static const char *skip_number(const char *at, const char *end)
{
	at += *at == '-';
	if (at < end && *at == '0')
		at++;
	else
		at = skip_digits(at, end);
	if (at && at < end && *at == '.')
		at = skip_digits(at + 1, end);
	if (at && at < end && (*at == 'e' || *at == 'E')) {
		at++;
		at += at < end && (*at == '+' || *at == '-');
		at = skip_digits(at, end);
	}
	return at;
}

static const char *skip_word(const char *at, const char *end)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		size_t len = strlen(words[i]);

		if ((size_t)(end - at) >= len && !memcmp(at, words[i], len))
			return at + len;
	}
	return NULL;
}

static const char *skip_scalar(const char *at, const char *end)
{
	if (at == end)
		return NULL;
	if (*at == '"')
		return skip_string(at, end);
	return *at == '-' || (*at >= '0' && *at <= '9') ? skip_number(at, end) : skip_word(at, end);
}

// Which of the containers that are open are objects: one bit for each.
struct nesting {
	unsigned char objects[JSON_DEPTH_MAX / 8];
	size_t depth;
};

static bool in_object(const struct nesting *nesting)
{
	size_t top = nesting->depth - 1;

	return nesting->objects[top / 8] & (1U << top % 8);
}

static bool nesting_open(struct nesting *nesting, bool is_object)
{
	size_t top = nesting->depth;

	if (top == JSON_DEPTH_MAX)
		return false;
	nesting->objects[top / 8] =
		(unsigned char)((nesting->objects[top / 8] & ~(1U << top % 8)) | (unsigned)is_object << top % 8);
	nesting->depth++;
	return true;
}

// A name and its colon, where one must stand; at is behind them and the blanks.
static const char *skip_name(const char *at, const char *end)
{
	if (at == end || *at != '"')
		return NULL;
	at = skip_string(at, end);
	at = at ? skip_blanks(at, end) : NULL;
	return at && at < end && *at == ':' ? skip_blanks(at + 1, end) : NULL;
}

// Behind a value: the containers that end here, and then what is before the next value of the one that is still open.
static const char *skip_ends(struct nesting *nesting, const char *at, const char *end)
{
	const char *next = skip_blanks(at, end);

	while (nesting->depth && next < end && *next == (in_object(nesting) ? '}' : ']')) {
		nesting->depth--;
		at = next + 1;
		next = skip_blanks(at, end);
	}
	if (nesting->depth == 0)
		return at;
	if (next == end || *next != ',')
		return NULL;
	next = skip_blanks(next + 1, end);
	return in_object(nesting) ? skip_name(next, end) : next;
}

// One value, whatever is in it, checked. Without recursion: a peer chooses how deep it is.
static const char *skip_value(const char *at, const char *end)
{
	struct nesting nesting;

	nesting.depth = 0;
	do {
		if (at < end && (*at == '{' || *at == '[')) {
			bool is_object = *at == '{';
			const char *next = skip_blanks(at + 1, end);

			if (!nesting_open(&nesting, is_object))
				return NULL;
			if (next == end || *next != (is_object ? '}' : ']')) {
				at = is_object ? skip_name(next, end) : next;
				continue;
			}
			at = skip_ends(&nesting, at + 1, end);
		} else {
			at = skip_scalar(at, end);
			at = at ? skip_ends(&nesting, at, end) : NULL;
		}
	} while (at && nesting.depth);
	return at;
}

struct json_value json_value_of(const char *text, size_t len)
{
	const char *end = text + len, *start = skip_blanks(text, end), *behind = skip_value(start, end);

	if (!behind || skip_blanks(behind, end) != end)
		return (struct json_value){ text, 0 };
	return (struct json_value){ start, (size_t)(behind - start) };
}

// --- looking into it

bool json_is_object(struct json_value value)
{
	return value.len && *value.at == '{';
}

bool json_is_array(struct json_value value)
{
	return value.len && *value.at == '[';
}

bool json_is_string(struct json_value value)
{
	return value.len && *value.at == '"';
}

bool json_is_number(struct json_value value)
{
	return value.len && (*value.at == '-' || (*value.at >= '0' && *value.at <= '9'));
}

// The end of a value that is known to be well formed: without the checks, which are half of the work.
static const char *value_end(const char *at, const char *end)
{
	size_t depth = 0;

	if (*at != '"' && *at != '{' && *at != '[')
		return skip_scalar(at, end);
	do {
		if (*at == '"') {
			for (at++; *at != '"'; at++)
				at += *at == '\\';
		} else if (*at == '{' || *at == '[') {
			depth++;
		} else if (*at == '}' || *at == ']') {
			depth--;
		}
		at++;
	} while (depth);
	return at;
}

bool json_next(struct json_value *rest, struct json_value *name, struct json_value *value)
{
	const char *end = rest->at + rest->len, *at = rest->at;
	bool is_object;

	// the last character says what the container is, also when its beginning is cut off
	if (rest->len < 2 || (end[-1] != '}' && end[-1] != ']'))
		return false;
	is_object = end[-1] == '}';
	at = skip_blanks(at + 1, end); // '{', '[' or ','
	if (at == end - 1)
		return false;
	if (name)
		*name = (struct json_value){ at, 0 };
	if (is_object) {
		const char *name_end = value_end(at, end);

		if (name)
			name->len = (size_t)(name_end - at);
		at = skip_blanks(skip_blanks(name_end, end) + 1, end);
	}
	value->at = at;
	at = value_end(at, end);
	value->len = (size_t)(at - value->at);
	at = skip_blanks(at, end);
	*rest = (struct json_value){ at, at == end - 1 ? 0 : (size_t)(end - at) };
	return true;
}

bool json_next_of_beginning(struct json_value *rest, struct json_value *name, struct json_value *value)
{
	const char *end = rest->at + rest->len, *at = skip_blanks(rest->at, end);

	if (at == end || (*at != '{' && *at != ','))
		return false;
	name->at = skip_blanks(at + 1, end);
	at = name->at < end && *name->at == '"' ? skip_string(name->at, end) : NULL;
	if (!at)
		return false;
	name->len = (size_t)(at - name->at);
	at = skip_name(name->at, end);
	value->at = at;
	at = at ? skip_value(at, end) : NULL;
	// a number at the very end may go on
	if (!at || at == end)
		return false;
	value->len = (size_t)(at - value->at);
	*rest = (struct json_value){ at, (size_t)(end - at) };
	return true;
}

struct json_value json_member(struct json_value object, const char *name)
{
	struct json_value rest = object, key, value, found = { object.at, 0 };

	while (json_is_object(object) && json_next(&rest, &key, &value)) {
		if (json_string_is(key, name))
			found = value;
	}
	return found;
}

// --- strings and numbers

static unsigned read_hex(const char *at)
{
	char digits[5] = { at[0], at[1], at[2], at[3], '\0' };

	return (unsigned)strtoul(digits, NULL, 16);
}

static void put_utf8(struct buf *out, unsigned c)
{
	if (c < 0x80) {
		buf_addc(out, (char)c);
	} else if (c < 0x800) {
		buf_addc(out, (char)(0xc0 | c >> 6));
		buf_addc(out, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		buf_addc(out, (char)(0xe0 | c >> 12));
		buf_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_addc(out, (char)(0x80 | (c & 0x3f)));
	} else {
		buf_addc(out, (char)(0xf0 | c >> 18));
		buf_addc(out, (char)(0x80 | (c >> 12 & 0x3f)));
		buf_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_addc(out, (char)(0x80 | (c & 0x3f)));
	}
}

// The character of \uXXXX, and of the second half behind it, where this is the first of a pair. at is at the digits; *used: how many
// bytes of text it is from there.
static unsigned read_escape(const char *at, const char *end, size_t *used)
{
	unsigned c = read_hex(at), low;

	*used = 4;
	if (c < 0xd800 || c > 0xdfff)
		return c;
	if (c < 0xdc00 && end - at >= 10 && at[4] == '\\' && at[5] == 'u') {
		low = read_hex(at + 6);
		if (low >= 0xdc00 && low <= 0xdfff) {
			*used = 10;
			return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		}
	}
	return 0xfffd;
}

bool json_string_put(struct buf *out, struct json_value string)
{
	static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
	const char *at, *end;

	if (!json_is_string(string))
		return false;
	at = string.at + 1;
	end = string.at + string.len - 1;
	while (at < end) {
		const char *escape = memchr(at, '\\', (size_t)(end - at)), *letter;
		size_t used;

		buf_add(out, at, (size_t)((escape ? escape : end) - at));
		if (!escape)
			break;
		at = escape + 2;
		letter = strchr(letters, escape[1]);
		if (escape[1] == 'u') {
			put_utf8(out, read_escape(at, end, &used));
			at += used;
		} else {
			buf_addc(out, letter ? meanings[letter - letters] : escape[1]);
		}
	}
	return true;
}

bool json_string_is(struct json_value string, const char *text)
{
	size_t len = strlen(text);

	if (!json_is_string(string))
		return false;
	if (!memchr(string.at, '\\', string.len))
		return string.len == len + 2 && !memcmp(string.at + 1, text, len);
	BUF_AUTO(decoded, string.len);
	json_string_put(&decoded, string);
	return buf_ok(&decoded) && decoded.len == len && !memcmp(decoded.data, text, len);
}

static double json_number_of(struct json_value value)
{
	char text[64] = "";

	if (value.len < sizeof text)
		memcpy(text, value.at, value.len);
	return strtod(text, NULL);
}

bool json_same(struct json_value a, struct json_value b)
{
	if (a.len == b.len && !memcmp(a.at, b.at, a.len))
		return true;
	if (json_is_number(a) && json_is_number(b)) {
		double one = json_number_of(a), other = json_number_of(b);

		return a.len < 64 && b.len < 64 && one <= other && one >= other && one < (double)INTEGER_MAX &&
		       one > -(double)INTEGER_MAX;
	}
	if (!json_is_string(a) || !json_is_string(b))
		return false;
	// a string cannot become longer when it is decoded
	BUF_AUTO(one, a.len);
	BUF_AUTO(other, b.len);
	json_string_put(&one, a);
	json_string_put(&other, b);
	return one.len == other.len && !memcmp(one.data, other.data, one.len);
}

bool json_integer(struct json_value value, long long *number)
{
	char text[24] = "";
	char *end;

	if (!json_is_number(value) || value.len >= sizeof text)
		return false;
	memcpy(text, value.at, value.len);
	*number = strtoll(text, &end, 10);
	return !*end && *number >= -INTEGER_MAX && *number <= INTEGER_MAX;
}
