// SPDX-License-Identifier: MIT
// JSON that is passed on as it came: a value is the piece of text that it is, and is only looked into. Nothing is copied, no number is
// converted, and what a parser that builds a tree refuses (half of a surrogate pair, deep nesting) is no error.
#ifndef SK_JSON_VALUE_H
#define SK_JSON_VALUE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

// Without blanks around it. len 0: there is none.
struct json_value {
	const char *at;
	size_t len;
};

#define JSON_DEPTH_MAX 65536 // of arrays and objects in each other

// The value that this text is, with blanks around it and nothing else; len 0 when it is not JSON (RFC 8259). All other functions want
// values that came from here. UTF-8 is not checked.
struct json_value json_value_of(const char *text, size_t len);

bool json_is_object(struct json_value value);
bool json_is_array(struct json_value value);
bool json_is_string(struct json_value value);
bool json_is_number(struct json_value value);

// A member of an object; the last one of that name, as JavaScript has it. len 0 where there is none, and for what is no object.
struct json_value json_member(struct json_value object, const char *name);

// Steps through an object's members or an array's elements. Begins with rest = the container; false at the end, and for other values.
// name may be NULL; for an array it has len 0.
bool json_next(struct json_value *rest, struct json_value *name, struct json_value *value);

// The same for an object of which only the beginning is there, unchecked: begins with rest = that, and ends where a member is not complete.
bool json_next_of_beginning(struct json_value *rest, struct json_value *name, struct json_value *value);

// Appends the text of a string, decoded, in UTF-8; half of a surrogate pair becomes U+FFFD. False for what is no string.
bool json_string_put(struct buf *out, struct json_value string);

// Whether it is the string that has this text.
bool json_string_is(struct json_value string, const char *text);

// Whether two strings have the same text, or two numbers the same value.
bool json_same(struct json_value a, struct json_value b);

// Whether it is a number without fraction and exponent; *number is then its value. False beyond 2^53, where programs disagree.
bool json_integer(struct json_value value, long long *number);

#endif
