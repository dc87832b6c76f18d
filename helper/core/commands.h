// SPDX-License-Identifier: MIT
// What sk-helper can do: the one list. Usage, help, man page and completions are checked against it.
#ifndef SK_COMMANDS_H
#define SK_COMMANDS_H

#include "base/options.h"
#include "base/status.h"
#include "model/profile-dir.h"

#include <stdbool.h>
#include <stddef.h>

#define OPTIONS_MAX 64 // of one command

// How the help groups them.
enum command_group { GROUP_USE, GROUP_SETUP, GROUP_TROUBLE, GROUP_PROGRAMS, GROUPS };
extern const char *const command_groups[GROUPS];

struct command {
	enum command_group group;
	const char *name;
	const char *arguments;
	const char *summary;
	// args: the words after the command's name, NULL-terminated. Prints its answer; an error is the caller's to print.
	enum status (*run)(char **args, struct err *err);
	const struct option *options; // ends with a NULL name; may be NULL
	const char *example;
	bool takes_keys; // the profile's keys are options, too
	bool has_formats;
	bool runs_programs; // that are not sk-helper's
	bool runs_sources;  // those that profiles name as the source of their identity tokens
	bool serves;	    // it listens on a socket
	bool asks_itself;   // it runs 'sk-helper get', which may have to run such a program
	bool asks_socket;   // it works where SK_HELPER_SOCKET names a socket, and there are no profiles
	bool internal;	    // not for people
};

extern const struct command commands[];
extern const size_t command_count;

const struct command *command_find(const char *name);

// STATUS_USAGE: there is no such command; err names the one that was meant, most probably.
enum status command_unknown(const char *name, struct err *err);

// All options that a command takes: a profile's keys first, where it takes those, then its own. Ends with a NULL name. What the next
// call returns may take its place.
const struct option *command_options(const struct command *command);

// The key of a profile that an option stands for ("--token-endpoint" is token_endpoint); NULL for none.
const struct profile_key *command_option_key(const char *option);

// For a command that takes the name of one profile, and no options. STATUS_USAGE for anything else.
enum status command_take_profile(const char *command, char **args, const char **name, struct err *err);
// What it then says where none is given: STATUS_USAGE.
enum status command_needs_profile(const char *command, struct err *err);
// The same as command_take_profile; name is NULL where none is given, and the usual profile is meant.
enum status command_take_usual_profile(const char *command, char **args, const char **name, struct err *err);

extern const struct option add_options[], bridge_options[], doctor_options[], hook_options[], list_options[], log_options[],
	proxy_options[], refresh_options[], remove_options[], rotate_options[], set_options[], share_options[];

enum status command_add(char **args, struct err *err);
enum status command_bridge(char **args, struct err *err);
enum status command_doctor(char **args, struct err *err);
enum status command_edit(char **args, struct err *err);
enum status command_erase(char **args, struct err *err);
enum status command_exec(char **args, struct err *err);
enum status command_get(char **args, struct err *err);
enum status command_help(char **args, struct err *err);
enum status command_hook(char **args, struct err *err);
enum status command_keyring_filter(char **args, struct err *err);
enum status command_list(char **args, struct err *err);
enum status command_log(char **args, struct err *err);
enum status command_proxy(char **args, struct err *err);
enum status command_public_key(char **args, struct err *err);
enum status command_refresh(char **args, struct err *err);
enum status command_remove(char **args, struct err *err);
enum status command_renew(char **args, struct err *err);
enum status command_revoke(char **args, struct err *err);
enum status command_rotate(char **args, struct err *err);
enum status command_set(char **args, struct err *err);
enum status command_share(char **args, struct err *err);
enum status command_show(char **args, struct err *err);
enum status command_store(char **args, struct err *err);
enum status command_tool(char **args, struct err *err);

enum status command_version(char **args, struct err *err);

// The path of the profile's file, as it can be printed: it comes from the environment.
void command_show_path(const struct profile *profile, char shown[PROFILE_PATH_MAX]);

// Standard error, one line, for what went not quite as it should though there is an answer.
void warn(const struct err *warning);

#endif
