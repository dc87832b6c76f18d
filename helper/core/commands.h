// SPDX-License-Identifier: MIT
// What sk-helper can do: the one list. Usage, help, man page and completions are checked against it.
#ifndef SK_COMMANDS_H
#define SK_COMMANDS_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

struct option {
	const char *name;
	const char *argument; // NULL for a flag
	const char *help;
};

struct command {
	const char *name;
	const char *arguments;
	const char *summary;
	// args: the words after the command's name, NULL-terminated. Prints its answer; an error is the caller's to print.
	enum status (*run)(char **args, struct err *err);
	const struct option *options; // ends with a NULL name; may be NULL
	const char *example;
	bool takes_keys; // the profile's keys are options, too
	bool has_formats;
	bool internal; // not for people
};

extern const struct command commands[];
extern const size_t command_count;

const struct command *command_find(const char *name);

// Whether **args is this option; its value, after '=' or the next word, is then *value, and *args at its last word. *missing:
// there is none.
bool command_option(char ***args, const char *name, const char **value, bool *missing);

extern const struct option exec_options[], get_options[], add_options[], list_options[], refresh_options[], rotate_options[];

enum status command_add(char **args, struct err *err);
enum status command_doctor(char **args, struct err *err);
enum status command_erase(char **args, struct err *err);
enum status command_exec(char **args, struct err *err);
enum status command_get(char **args, struct err *err);
enum status command_help(char **args, struct err *err);
enum status command_hook(char **args, struct err *err);
enum status command_list(char **args, struct err *err);
enum status command_public_key(char **args, struct err *err);
enum status command_refresh(char **args, struct err *err);
enum status command_remove(char **args, struct err *err);
enum status command_renew(char **args, struct err *err);
enum status command_revoke(char **args, struct err *err);
enum status command_rotate(char **args, struct err *err);
enum status command_store(char **args, struct err *err);
enum status command_tool(char **args, struct err *err);

// Standard error, one line, for what went not quite as it should though there is an answer.
void warn(const struct err *warning);

#endif
