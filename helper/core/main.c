// SPDX-License-Identifier: MIT
// sk-core: every command; run by sk-helper, the front door. It does not talk to the network or to D-Bus: sk-oauth and
// sk-secret-service do. Only this file prints errors and chooses the exit status.
#include "base/confine.h"
#include "base/harden.h"
#include "base/text.h"
#include "core/audit-asker.h"
#include "core/audit.h"
#include "core/commands.h"
#include "core/source-runner.h"
#include "core/terminal.h"
#include "model/profile-dir.h"

#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void print_line(const char *prefix, const struct err *err)
{
	char text[sizeof err->text];

	memcpy(text, err->text, sizeof text);
	text_sanitize(text);
	(void)fprintf(stderr, "sk-helper: %s", prefix);
	terminal_print_wrapped(stderr, text, (int)(strlen("sk-helper: ") + strlen(prefix)), terminal_width(stderr));
}

void warn(const struct err *warning)
{
	print_line("warning: ", warning);
}

// Sets HOME from the user database where it is not set: in cron, and in hooks that clear the environment.
static void find_home(void)
{
	const struct passwd *user;

	if (getenv("HOME") && *getenv("HOME"))
		return;
	user = getpwuid(geteuid());
	if (user && user->pw_dir)
		setenv("HOME", user->pw_dir, 1);
}

// Whether one of the words is -h or --help, and not the value of an option, nor behind "--".
static bool asks_for_help(const struct command *command, char **words)
{
	const char *value;

	for (; *words && strcmp(*words, "--") != 0; words++) {
		const struct option *option = options_find(command_options(command), *words, &value);

		if (option_is_help(*words))
			return true;
		if (option && option->argument && !value && words[1])
			words++;
	}
	return false;
}

// The front door tells a renewal in the background who has asked.
static int main_asker(const struct command *command, char **words)
{
	int64_t pid = 0;
	size_t count = 0;

	while (words[count])
		count++;
	if (!strcmp(command->name, "renew") && count > 3)
		(void)text_to_number(words[3], 1, INT32_MAX, &pid);
	return (int)pid;
}

// What was refused for safety is written down, whatever the command, with the profile that it names.
static enum status main_tell(enum status status, char **words, const struct err *err)
{
	struct request request = { 0 };

	if (status == STATUS_OK || profile_dir_socket())
		return status;
	for (; *words && !request.profile; words++) {
		if (profile_name_ok(*words) && profile_dir_exists(*words))
			request.profile = *words;
	}
	audit_say_failure(NULL, &request, err);
	return status;
}

static enum status run(char **argv, struct err *err)
{
	const struct command *command;
	const char *name = argv[1];

	if (!name)
		return err_set(err, STATUS_USAGE, "the command is missing: 'sk-helper help' lists the commands");
	if (!strcmp(name, "--version") || !strcmp(name, "-V"))
		name = "version";
	if (option_is_help(name))
		name = "help";
	command = command_find(name);
	if (!command)
		return command_unknown(name, err);
	if (!command->internal && asks_for_help(command, argv + 2))
		return command_help((char *[]){ (char *)(uintptr_t)command->name, NULL }, err);
	if (profile_dir_socket() && !command->asks_socket)
		return err_set(err, STATUS_USAGE,
			       "'%s' does not work where " SHARE_VARIABLE
			       " is set: run it outside, where 'sk-helper share' runs",
			       command->name);
	audit_set_command(command->name);
	audit_asker_look(main_asker(command, argv + 2));
	// what a tool asks for is known only when it was read; forking costs a miss as much as a keyring does
	if (command->runs_sources && !profile_dir_socket() &&
	    (command->internal || command->takes_keys || source_runner_may_be_needed(argv + 2)))
		source_runner_start(command_options(command), argv + 2, command->takes_keys);
	if (command->serves)
		confine_server(source_runner_is_needed(argv + 2));
	else if (!command->runs_programs)
		confine_runner(command->asks_itself && source_runner_is_needed(argv + 2));
	return main_tell(command->run(argv + 2, err), argv + 2, err);
}

int main(int argc, char **argv)
{
	struct err err = { STATUS_INTERNAL, "no reason given" };
	enum status status;

	if (argc < 1) // before Linux 5.18 there may be no argv[0], and what is behind it is the environment
		return status_exit_code(STATUS_USAGE);
	harden_process_but(STDERR_FILENO + harden_count_sockets(argv[1]));
	umask(077);
	harden_runner();
	find_home();
	status = run(argv, &err);
	source_runner_stop();
	if (fflush(stdout) != 0 && status == STATUS_OK)
		status = err_set(&err, STATUS_INTERNAL, "standard output: cannot be written");
	if (status != STATUS_OK && *err.text) // a tool's "nothing" is no error to anybody else
		print_line("", &err);
	return status_exit_code(status);
}
