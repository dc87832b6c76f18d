// SPDX-License-Identifier: MIT
// help: printed from the tables of commands, options and formats, so that it always agrees with them.
#include "core/commands.h"
#include "core/terminal.h"
#include "model/profile.h"
#include "protocols/protocols.h"
#include "protocols/tools.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define HELP_COLUMN 30
#define HELP_WIDTH  80

static int help_width(void)
{
	return terminal_width(stdout) ? terminal_width(stdout) : HELP_WIDTH;
}

static void print_row(const char *name, const char *argument, const char *help)
{
	char letter = option_letter(name), left[80];

	(void)snprintf(left, sizeof left, letter ? "%s%s%s, -%c" : "%s%s%s", name, argument ? " " : "",
		       argument ? argument : "", letter);
	printf("  %-*s", HELP_COLUMN - 2, left);
	if (strlen(left) > HELP_COLUMN - 4)
		printf("\n%*s", HELP_COLUMN, "");
	terminal_print_wrapped(stdout, help, HELP_COLUMN, help_width());
}

static void print_group(enum command_group group)
{
	printf("\n%s:\n", command_groups[group]);
	for (size_t i = 0; i < command_count; i++) {
		if (!commands[i].internal && commands[i].group == group)
			printf("  %-11s %s\n", commands[i].name, commands[i].summary);
	}
}

static void print_all(void)
{
	int seen = -1;

	puts("usage: sk-helper COMMAND [ARGUMENT]...\n\n"
	     "Access tokens of OAuth clients whose secrets are in the keyring. For example:\n"
	     "  sk-helper add                                        make a profile\n"
	     "  sk-helper get todo --format header | curl -H @- URL  call an API\n"
	     "  sk-helper hook vscode todo                           set up an agent");
	for (int group = 0; group < GROUPS; group++)
		print_group((enum command_group)group);
	puts("\n'sk-helper help COMMAND', or COMMAND -h, shows its options and an example;\n"
	     "--debug shows what it does. 'man sk-helper' is the manual.\n\nexit status:");
	for (int i = 0; i < STATUS_COUNT; i++) {
		if (status_exit_code((enum status)i) == seen)
			continue;
		seen = status_exit_code((enum status)i);
		printf("  %d  %s\n", seen, status_help((enum status)i));
	}
}

// What most profiles need, in the order in which it is explained.
static const char *const common_options[] = { "--url",	 "--issuer",   "--token-endpoint", "--client-id",
					      "--scope", "--resource", "--audience",	   "--secret-store",
					      "--unset", "--default",  "--missing",	   "--dry-run",
					      "--yes" };
#define COMMON_OPTIONS (sizeof common_options / sizeof common_options[0])

static bool help_is_common(const char *option)
{
	for (size_t i = 0; i < COMMON_OPTIONS; i++) {
		if (!strcmp(option, common_options[i]))
			return true;
	}
	return false;
}

static bool help_is_for_keys(const char *option)
{
	static const char *const keys[] = { "--private-key", "--generate-key",	"--key-id",
					    "--certificate", "--assertion-alg", "--assertion-audience" };

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		if (!strcmp(option, keys[i]))
			return true;
	}
	return false;
}

// The options, the common ones first and in their order.
static const struct option *help_options(const struct command *command)
{
	static struct option options[OPTIONS_MAX];
	const struct option *all = command_options(command);
	const char *value;
	size_t count = 0;

	for (size_t i = 0; i < COMMON_OPTIONS; i++) {
		const struct option *option = options_find(all, common_options[i], &value);

		if (option)
			options[count++] = *option;
	}
	for (; all->name; all++) {
		if (!help_is_common(all->name))
			options[count++] = *all;
	}
	options[count] = (struct option){ 0 };
	return options;
}

enum help_part { HELP_COMMON, HELP_KEYS, HELP_REST, HELP_PARTS };

static void print_options(const struct command *command)
{
	static const char *const titles[HELP_PARTS] = { "usual options", "with a private key instead of a secret",
							"other options" };
	const struct option *options = help_options(command);

	for (int part = 0; part < HELP_PARTS; part++) {
		bool begun = false;

		for (const struct option *option = options; option->name; option++) {
			int its = !command->takes_keys || help_is_common(option->name) ? HELP_COMMON :
				  help_is_for_keys(option->name)		       ? HELP_KEYS :
											 HELP_REST;

			if (its != part)
				continue;
			if (!begun)
				printf("\n%s:\n", command->takes_keys ? titles[part] : "options");
			begun = true;
			print_row(option->name, option->argument, option->help);
		}
	}
}

static void print_command(const struct command *command)
{
	bool options = command->options || command->takes_keys;

	printf("usage: sk-helper %s%s%s%s\n\n", command->name, *command->arguments ? " " : "", command->arguments,
	       options && !strstr(command->arguments, "COMMAND...") ? " [OPTION]..." : "");
	terminal_print_wrapped(stdout, command->summary, 0, help_width());
	printf("\nexample:\n  %s\n", command->example);
	print_options(command);
	if (command->has_formats)
		puts("\nformats:");
	for (size_t i = 0; command->has_formats && i < protocol_count; i++)
		print_row(protocols[i].name, NULL, protocols[i].help);
	for (size_t i = 0; command->has_formats && i < tool_count; i++) {
		if (!tools[i].program)
			print_row(tools[i].name, NULL, tools[i].help);
	}
}

enum status command_version(char **args, struct err *err)
{
	if (args[0])
		return err_set(err, STATUS_USAGE, "version takes no '%s'", args[0]);
	puts("sk-helper " SK_VERSION);
	return STATUS_OK;
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
		return command_unknown(args[0], err);
	print_command(command);
	return STATUS_OK;
}
