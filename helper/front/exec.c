// SPDX-License-Identifier: MIT
// The command gets what we were given: descriptors, limits, signals. So it is not this process that is hardened, but one for
// each token, which hands it over through a pipe.
#include "front/exec.h"

#include "base/debug.h"
#include "base/harden.h"
#include "base/options.h"
#include "base/text.h"
#include "front/handover.h"
#include "model/identity-source.h"
#include "model/profile-dir.h"
#include "model/request.h"
#include "model/token.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define VARIABLES_MAX 16
#define NAME_SIZE     128

struct variable {
	const char *profile;		       // NULL for the usual one
	char entry[NAME_SIZE + TOKEN_MAX + 3]; // "NAME=", and then the token
};

__attribute__((section(".bss.zz_variables"))) static struct variable variables[VARIABLES_MAX];

static int exec_fail(int code, const char *why, const char *what)
{
	char text[256];

	// what is ours is ASCII; the rest is an argument, which may have a terminal's escape sequences in it
	(void)snprintf(text, sizeof text, "%s%.100s%s%s", what ? "'" : "", what ? what : "", what ? "': " : "", why);
	text_sanitize(text);
	dprintf(STDERR_FILENO, "sk-helper: exec: %s\n", text);
	return code;
}

static bool is_variable_name(const char *name, size_t len)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

	return len > 0 && len < NAME_SIZE && !(name[0] >= '0' && name[0] <= '9') && strspn(name, letters) >= len;
}

// "VARIABLE=NAME", or VARIABLE alone for the usual profile.
static bool take_variable(struct variable *variable, const char *text)
{
	size_t len = strcspn(text, "=");

	if (!is_variable_name(text, len))
		return false;
	memcpy(variable->entry, text, len);
	variable->entry[len] = '=';
	variable->entry[len + 1] = '\0';
	variable->profile = text[len] ? text + len + 1 : NULL;
	// an empty one is somebody's variable that is not set; get would take the other for an option of its own
	return !variable->profile || (*variable->profile && *variable->profile != '-');
}

static enum status exec_take_option(void *context, const char *option, const char *value, struct err *err)
{
	int *count = context;

	(void)option;
	if (*count == VARIABLES_MAX)
		return err_set(err, STATUS_USAGE, "exec: at most %d variables", VARIABLES_MAX);
	if (!take_variable(&variables[(*count)++], value))
		return err_set(err, STATUS_USAGE, "exec: --env needs VARIABLE or VARIABLE=NAME, and not '%.100s'", value);
	return STATUS_OK;
}

// The exit status, negative: there are no variables.
static int exec_refuse(struct err *err)
{
	text_sanitize(err->text);
	dprintf(STDERR_FILENO, "sk-helper: %s\n", err->text);
	return -status_exit_code(err->status);
}

static bool exec_has_end_of_options(char **words)
{
	while (*words && strcmp(*words, "--") != 0)
		words++;
	return *words != NULL;
}

// "exec NAME [--env VARIABLE]... -- COMMAND": the first word is the profile where options and a "--" follow it. What follows is *args
// then; it is untouched for a word that is the command. Negative, and said, for options that are wrong.
static int exec_take_profile(char ***args, const struct options *options, int *count)
{
	char **rest = *args + 1;
	int more = *count;
	struct err err;

	// a command's own options are the command's
	if (!*rest || **rest != '-' || !exec_has_end_of_options(rest))
		return 0;
	if (options_parse(options, &rest, exec_take_option, &more, &err) != STATUS_OK)
		return exec_refuse(&err);
	if (strcmp(rest[-1], "--") != 0)
		return 0;
	*count = more;
	*args = rest;
	return 1;
}

// Whether tokens come from a socket, and there is a profile of this name there: sk-core asks.
static bool exec_is_shared(const char *name)
{
	static char names[4096];
	char *args[] = { "sk-helper", "list", "--names", NULL };
	size_t len = 0;
	ssize_t got;
	int pair[2];
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return false;
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		if (null < 0 || dup2(pair[1], STDOUT_FILENO) < 0 || dup2(null, STDIN_FILENO) < 0 ||
		    dup2(null, STDERR_FILENO) < 0)
			_exit(1);
		harden_process();
		_exit(become_core(args));
	}
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return false;
	}
	while (len < sizeof names - 1 &&
	       ((got = read(pair[0], names + len, sizeof names - 1 - len)) > 0 || (got < 0 && errno == EINTR)))
		len += got > 0 ? (size_t)got : 0;
	close(pair[0]);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	for (char *rest = names, *line; (line = strsep(&rest, "\n"));) {
		if (!strcmp(line, name))
			return true;
	}
	return false;
}

// The profile that is meant where none is named, or an error that says how to name one.
static int exec_choose_profile(char name[PROFILE_NAME_MAX + 1], int count)
{
	struct err err;
	bool needed = false;

	// which one that is, is known elsewhere
	if (profile_dir_socket())
		return 0;

	for (int i = 0; i < count; i++)
		needed = needed || !variables[i].profile;
	if (!needed || profile_dir_choose(name, NULL, "exec NAME -- COMMAND", &err) == STATUS_OK)
		return 0;
	return exec_refuse(&err);
}

// How many variables there are; negative, the exit status, when the words are wrong. *args then is the command.
static int take_options(char ***args)
{
	const struct options options = { "exec", exec_options, true };
	static char name[PROFILE_NAME_MAX + 1];
	char **begin = *args, *first;
	int count = 0, found = 0;
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	struct profile profile;
	struct err err;

	if (options_parse(&options, args, exec_take_option, &count, &err) != STATUS_OK)
		return exec_refuse(&err);
	first = **args;
	// behind "--" there is the command, whatever it is called
	if (first && (*args == begin || strcmp((*args)[-1], "--") != 0) &&
	    (profile_dir_socket() ? exec_has_end_of_options(*args + 1) && exec_is_shared(first) : profile_dir_exists(first)))
		found = exec_take_profile(args, &options, &count);
	if (found < 0)
		return found;
	if (!**args)
		return exec_fail(-2, "the command is missing: see 'sk-helper help exec'", NULL);
	if (count == 0)
		(void)take_variable(&variables[count++], "ACCESS_TOKEN");
	// a word before "--" that is no profile's name was meant as one, where there is no other
	if (!found && !profile_dir_socket() && first && (*args)[1] && !strcmp((*args)[1], "--") &&
	    profile_dir_choose(name, NULL, NULL, NULL) != STATUS_OK &&
	    profile_dir_load(first, &text, &profile, &err) != STATUS_OK)
		return exec_refuse(&err);
	if (!found && (found = exec_choose_profile(name, count)) < 0)
		return found;
	for (int i = 0; i < count; i++)
		variables[i].profile = variables[i].profile ? variables[i].profile : found ? first : *name ? name : NULL;
	return count;
}

static void become_get(const struct variable *variable, int out, int (*get)(char **argv))
{
	char *args[] = { "sk-helper", "get", (char *)(uintptr_t)variable->profile, NULL };
	int null = open("/dev/null", O_RDONLY);

	// one that is where it belongs already would be closed with the rest
	if (out == STDOUT_FILENO)
		fcntl(out, F_SETFD, 0);
	if (null < 0 || (out != STDOUT_FILENO && dup2(out, STDOUT_FILENO) < 0) || dup2(null, STDIN_FILENO) < 0)
		_exit(1);
	harden_process();
	_exit(get(args));
}

// Appends what comes through the pipe to the entry, without its line end. False when it is too long.
static bool read_token(struct variable *variable, int in)
{
	size_t len = strlen(variable->entry);
	ssize_t got;

	while ((got = read(in, variable->entry + len, sizeof variable->entry - 1 - len)) != 0) {
		if (got < 0 && errno != EINTR)
			return false;
		if (got > 0)
			len += (size_t)got;
		if (len == sizeof variable->entry - 1)
			return false;
	}
	while (len && variable->entry[len - 1] == '\n')
		len--;
	variable->entry[len] = '\0';
	return true;
}

// 0, or the exit status of the get, which has said why.
static int exec_fill_in(struct variable *variable, int (*get)(char **argv))
{
	int pair[2], how = 0;
	bool whole;
	pid_t pid, ended;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return exec_fail(1, strerror(errno), NULL);
	pid = fork();
	if (pid < 0)
		return exec_fail(1, strerror(errno), NULL);
	if (pid == 0)
		become_get(variable, pair[1], get);
	close(pair[1]);
	whole = read_token(variable, pair[0]);
	close(pair[0]);
	while ((ended = waitpid(pid, &how, 0)) < 0 && errno == EINTR)
		;
	if (ended != pid || !WIFEXITED(how))
		return exec_fail(1, "getting the token failed", NULL);
	if (WEXITSTATUS(how))
		return WEXITSTATUS(how);
	return whole && strchr(variable->entry, '=')[1] ? 0 : exec_fail(1, "the token is empty or too long", NULL);
}

// The command gets an access token, and so not also what that was got with.
static void exec_forget_identity(const struct variable *variable)
{
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	struct identity_source source;
	struct profile profile;

	if (!variable->profile || profile_dir_load(variable->profile, &text, &profile, NULL) != STATUS_OK ||
	    !identity_source_of(&source, profile.identity_token))
		return;
	if (source.kind == IDENTITY_ENV)
		(void)unsetenv(source.value);
	if (source.kind == IDENTITY_GITHUB_ACTIONS)
		(void)unsetenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN");
}

int exec_run(char **args, int (*get)(char **argv))
{
	const struct sigaction usual = { .sa_handler = SIG_DFL };
	struct sigaction given;
	int count = take_options(&args), error;

	if (count < 0)
		return -count;
	// the tokens are got by others
	if (debug_is_on())
		setenv(DEBUG_VARIABLE, "1", 1);
	// only until execvp, which makes the command dumpable again
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	// ignored, as some daemons leave it, no exit status would be had
	sigaction(SIGCHLD, &usual, &given);
	for (int i = 0; i < count; i++) {
		int code = exec_fill_in(&variables[i], get);

		if (code)
			return code;
	}
	for (int i = 0; i < count; i++)
		exec_forget_identity(&variables[i]);
	for (int i = 0; i < count; i++) {
		if (putenv(variables[i].entry) != 0)
			return exec_fail(1, strerror(errno), NULL);
	}
	sigaction(SIGCHLD, &given, NULL);
	execvp(args[0], args);
	error = errno;
	if ((error == ENOENT || error == EACCES) && args[1] && !strcmp(args[1], "--"))
		return exec_fail(127, "there is no profile and no command of this name", args[0]);
	if ((error == ENOENT || error == EACCES) && profile_dir_exists(args[0]))
		return exec_fail(127, "it is a profile, and no command: sk-helper exec NAME -- COMMAND", args[0]);
	return exec_fail(error == ENOENT ? 127 : 126, strerror(error), args[0]);
}
