// SPDX-License-Identifier: MIT
// help: printed from the tables of commands, options and formats, so that it always agrees with them.
#include "core/commands.h"
#include "model/profile.h"
#include "protocols/protocols.h"
#include "protocols/tools.h"

#include <stdio.h>
#include <string.h>

static void print_row(const char *name, const char *argument, const char *help)
{
	char left[64];

	(void)snprintf(left, sizeof left, "%s%s%s", name, argument ? " " : "", argument ? argument : "");
	printf("  %-26s %s\n", left, help);
}

static void print_all(void)
{
	int seen = -1;

	puts("usage: sk-helper COMMAND [ARGUMENT]...\n\nTokens for OAuth clients whose secrets are in the keyring.\n");
	for (size_t i = 0; i < command_count; i++) {
		char name[32];

		if (commands[i].internal)
			continue;
		(void)snprintf(name, sizeof name, "%s", commands[i].name);
		print_row(name, NULL, commands[i].summary);
	}
	puts("\n'sk-helper help COMMAND' shows a command's options; 'sk-helper --version' the version.\n\nexit status:");
	for (int i = 0; i < STATUS_COUNT; i++) {
		if (status_exit_code((enum status)i) == seen)
			continue;
		seen = status_exit_code((enum status)i);
		printf("  %d  %s\n", seen, status_help((enum status)i));
	}
}

static void print_command(const struct command *command)
{
	bool options = command->options || command->takes_keys;

	printf("usage: sk-helper %s%s%s%s\n\n%s\n", command->name, *command->arguments ? " " : "", command->arguments,
	       options ? " [OPTION]..." : "", command->summary);
	if (options)
		puts("\noptions:");
	for (const struct option *option = command_options(command); option->name; option++)
		print_row(option->name, option->argument, option->help);
	if (command->has_formats)
		puts("\nformats:");
	for (size_t i = 0; command->has_formats && i < protocol_count; i++)
		print_row(protocols[i].name, NULL, protocols[i].help);
	for (size_t i = 0; command->has_formats && i < tool_count; i++) {
		if (!tools[i].program)
			print_row(tools[i].name, NULL, tools[i].help);
	}
	printf("\nexample:\n  %s\n", command->example);
}

enum status command_help(char **args, struct err *err)
{
	const struct command *command;

	if (!args[0]) {
		print_all();
		return STATUS_OK;
	}
	if (args[1])
		return err_set(err, STATUS_USAGE, "help takes one command, not also '%s'", args[1]);
	command = command_find(args[0]);
	if (!command || command->internal)
		return err_set(err, STATUS_USAGE, "there is no command '%s': 'sk-helper help' lists the commands", args[0]);
	print_command(command);
	return STATUS_OK;
}
