// SPDX-License-Identifier: MIT
// The options of a command: one table says which there are, for the parser, the usage and the completions.
#ifndef SK_OPTIONS_H
#define SK_OPTIONS_H

#include "base/status.h"

#include <stdbool.h>

struct option {
	const char *name;     // "--format"
	const char *argument; // what its value is called; NULL for an option without one
	const char *help;
};

// A letter is short for the same option in each command that has it: "-f" is "--format". NULL for none.
const char *option_of_letter(char letter);
char option_letter(const char *name); // '\0' for none

// Whether the word is -h or --help, which each command has.
bool option_is_help(const char *word);

struct options {
	const char *command;	    // for errors
	const struct option *table; // ends with a NULL name; may be NULL
	bool stop_at_word;	    // the first word that is no option ends the options: it and the rest are left in args
};

// Takes one option with its value (NULL where it has none), or, where option is NULL, a word that is no option.
typedef enum status options_visitor(void *context, const char *option, const char *value, struct err *err);

// The option that word is, "--format=json" or "-f"; NULL for none. *value is what follows its '=', or NULL.
const struct option *options_find(const struct option *table, const char *word, const char **value);

// Calls take for each word of args, which ends with NULL; *args is then where it stopped. A value follows its option after '=' or
// as the next word; "--" ends the options; "-" is a word; --debug is an option of each command. STATUS_USAGE for an option that is not in the table, one whose value is
// missing, or one that takes none and is given one; else what take returned.
enum status options_parse(const struct options *options, char ***args, options_visitor *take, void *context, struct err *err);

#endif
