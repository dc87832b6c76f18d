// SPDX-License-Identifier: MIT
// What 'add' asks a person for, where its options do not say it.
#ifndef SK_ADD_ASK_H
#define SK_ADD_ASK_H

#include "base/buf.h"
#include "base/status.h"
#include "core/add-options.h"

#define ADD_ASKED_MAX 8

// The answers, which the options then point into.
struct add_asked {
	struct buf answers[ADD_ASKED_MAX];
	unsigned count;
};
void add_asked_free(struct add_asked *asked);

// Asks for the name, the URL and the client id that a new profile needs. STATUS_USAGE where there is no terminal to ask on; err then says
// which options are missing.
enum status add_ask(struct add_options *options, struct add_asked *asked, struct err *err);

// Asks for the token endpoint or the issuer of a profile whose server does not name one.
enum status add_ask_endpoint(struct profile *profile, struct add_options *options, struct add_asked *asked, struct err *err);

// A word for a shell, in quotes where it needs them.
void add_ask_print_word(const char *word);

// The command that does the same without a question.
void add_ask_print_command(const struct add_options *options);

#endif
