// SPDX-License-Identifier: MIT
// Where a platform's identity token (a JWT) comes from, as a profile names it: "file:/path", "env:NAME", "github-actions[:HOST]",
// "command:/path word word". The list; what reads them is core/identity-token.c.
#ifndef SK_IDENTITY_SOURCE_H
#define SK_IDENTITY_SOURCE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

enum identity_kind { IDENTITY_FILE, IDENTITY_ENV, IDENTITY_GITHUB_ACTIONS, IDENTITY_COMMAND, IDENTITY_KINDS };

struct identity_source {
	enum identity_kind kind;
	const char *value; // the path, the variable's name, the host, or the command's words; "" for none; points into the text
};

// What a kind can do.
struct identity_kind_row {
	const char *name;
	const char *value; // what follows the ':'
	bool needs_value;
	bool is_new_each_time; // another token each time that it is asked for
};

extern const struct identity_kind_row identity_kinds[IDENTITY_KINDS];

// STATUS_USAGE for what is none, with what it should be.
enum status identity_source_parse(struct identity_source *source, const char *text, struct err *err);

// The source of a profile that has been checked; text may be NULL, then false.
bool identity_source_of(struct identity_source *source, const char *text);

#endif
