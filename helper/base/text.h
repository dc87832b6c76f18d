// SPDX-License-Identifier: MIT
// Small questions about strings.
#ifndef SK_TEXT_H
#define SK_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// No byte below 0x20 (NUL included), no DEL.
bool text_has_no_control(const char *s, size_t len);

// One or more of 0x21-0x7e: what a token, and a word of a request, may consist of.
bool text_is_graphic(const char *s);

// RFC 6749 section 3.3: one or more words of 0x21, 0x23-0x5b, 0x5d-0x7e, with one space between them.
bool text_is_scope(const char *s);

bool text_is_hex(char c);

// Whether it can be the name of an environment variable.
bool text_is_variable(const char *s);

// Decimal digits alone, between min and max; *out is untouched otherwise.
bool text_to_number(const char *s, int64_t min, int64_t max, int64_t *out);

// Makes peer text fit for a terminal, in place: everything but printable ASCII becomes '?'.
void text_sanitize(char *s);

// FNV-1a. To spread and to tell apart, never to protect.
uint64_t text_hash(const char *s);

// Whether word, of that length, is one of these words with one space between them. words may be NULL.
bool text_has_word(const char *words, const char *word, size_t len);

// The next of words with one space between them; "" at the end.
const char *text_next_word(const char *word);

bool text_starts(const char *s, const char *prefix);

// Equal, where NULL and "" are the same.
bool text_same(const char *a, const char *b);

#endif
