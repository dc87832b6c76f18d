// SPDX-License-Identifier: MIT
// The configurations that make tools ask sk-helper.
#ifndef SK_HOOK_TEXTS_H
#define SK_HOOK_TEXTS_H

#include <stdbool.h>
#include <stddef.h>

// The words in braces are filled in: the values that hook.c lists. {sk} and {bin} are words of a shell, in quotes where they need
// them; {raw-sk} and {raw-bin} are not.
struct hook {
	const char *tool, *help;
	const char *where; // where the text belongs
	const char *text;
	bool has_comments; // where goes into the text as a comment; else it is said on standard error
	enum { ANY_URL, ONLY_HOST, ONLY_HTTPS } only; // what the tool sends, and so what the profile's url must be
};

extern const struct hook hooks[];
extern const size_t hook_count;

#endif
