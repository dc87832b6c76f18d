// SPDX-License-Identifier: MIT
#include "core/source-runner.h"

#include "base/clock.h"
#include "base/harden.h"
#include "base/text.h"
#include "base/wire.h"
#include "core/binding.h"
#include "core/change.h"
#include "core/commands.h"
#include "core/source-program.h"
#include "core/trust.h"
#include "model/identity-source.h"
#include "model/profile-dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOURCE_ARGS_MAX 64

static struct {
	pid_t pid;
	int socket;	      // -1: there is none
	struct change change; // what 'add' and 'set' are told on the command line
	int64_t began_at;
	bool changes; // for 'add' or 'set'
	bool asks;    // --prompt
	struct source_terminal terminal;
} runner = { .pid = -1, .socket = -1 };

// --- the child

// What 'add' and 'set' are told on the command line, for a profile that is not there yet. It is read as they read it: what is the value of
// another option, or comes behind "--", is no option.
static void runner_read_words(const struct option *options, char **words, bool takes_keys)
{
	const char *value;

	for (; *words && strcmp(*words, "--") != 0; words++) {
		const struct option *option = options_find(options, *words, &value);
		const struct profile_key *key = option ? command_option_key(option->name) : NULL;

		if (option && option->argument && !value && words[1])
			value = *++words;
		// what is wrong with it is told by the command, which then asks for nothing
		if (key && value && takes_keys)
			(void)profile_set(&runner.change.given, key->name, value, NULL);
		if (option && value && takes_keys && !strcmp(option->name, "--unset"))
			(void)change_add_unset(&runner.change, value, NULL);
		if (option && !strcmp(option->name, "--prompt"))
			runner.asks = true;
	}
}

// A caller that was taken over could write a profile of its own.
static bool runner_profile_is_new(const struct profile *profile)
{
	struct stat st;

	return stat(profile->path, &st) < 0 || st.st_ctim.tv_sec > runner.began_at;
}

static const char *runner_identity_command(const struct profile *profile)
{
	struct identity_source source;

	return identity_source_of(&source, profile->identity_token) && source.kind == IDENTITY_COMMAND ? source.value : NULL;
}

// A word is what has one space before and behind it: there are no quotes, and no shell.
static enum status runner_split(char *command, const char *args[SOURCE_ARGS_MAX + 1], struct err *err)
{
	size_t count = 0;

	for (char *word = command, *next; word; word = next) {
		next = strchr(word, ' ');
		if (next)
			*next++ = '\0';
		if (!*word)
			continue;
		if (count == SOURCE_ARGS_MAX)
			return err_set(err, STATUS_USAGE, "more than %d words", SOURCE_ARGS_MAX);
		args[count++] = word;
	}
	args[count] = NULL;
	return count ? STATUS_OK : err_set(err, STATUS_USAGE, "there is no program");
}

// The home that the profile is in; of one that is elsewhere, the user database's: HOME alone could lead to another configuration of the
// program's.
static void runner_find_home(const struct profile *profile, char home[PATH_MAX])
{
	const char *named = getenv("HOME");
	const struct passwd *user = getpwuid(geteuid());
	char place[PATH_MAX];

	(void)snprintf(place, sizeof place, "%s/.config/sk-helper/profiles/", named ? named : "");
	if (!named || *named != '/' || !profile->path || !text_starts(profile->path, place))
		named = user && user->pw_dir && *user->pw_dir == '/' ? user->pw_dir : "/";
	(void)snprintf(home, PATH_MAX, "HOME=%s", named);
}

static enum status runner_run_identity(const struct profile *profile, int caller, struct buf *output, struct err *err)
{
	const char *command = runner_identity_command(profile), *args[SOURCE_ARGS_MAX + 1];
	char home[PATH_MAX];
	struct source_program program = { .args = args,
					  .variables = profile->secret_env,
					  .variable_count = profile->secret_env_count,
					  .home = home,
					  .timeout_ms = SOURCE_SECONDS * 1000 };
	BUF_AUTO(words, PROFILE_FILE_MAX);
	enum status status;

	runner_find_home(profile, home);

	if (!command)
		return err_set(err, STATUS_POLICY, "the profile names no command");
	buf_adds(&words, command);
	status = runner_split(words.data, args, err);
	return status == STATUS_OK ? source_program_run(&program, caller, output, err) : status;
}

static enum status runner_run_secret(const struct profile *profile, int caller, struct buf *output, struct err *err)
{
	char home[PATH_MAX];
	struct source_program program = { .args = profile->secret_command,
					  .variables = profile->secret_env,
					  .variable_count = profile->secret_env_count,
					  .home = home,
					  .timeout_ms = profile_secret_timeout(profile) * 1000,
					  .terminal = runner.asks ? &runner.terminal : NULL };

	if (!profile->secret_command_count)
		return err_set(err, STATUS_POLICY, "the profile names no command");
	runner_find_home(profile, home);
	if (program.terminal && program.timeout_ms < SOURCE_PROMPT_SECONDS * 1000)
		program.timeout_ms = SOURCE_PROMPT_SECONDS * 1000;
	return source_program_run(&program, caller, output, err);
}

// The profile as it was loaded here, which may be another one than the caller has looked at. 'add' and 'set' prove a changed one again.
static enum status runner_check(enum source_use use, const struct profile *profile, struct err *err)
{
	if (runner_profile_is_new(profile))
		return err_set(err, STATUS_TEMPORARY, "the profile was changed at this very moment: try again");
	if (runner.changes)
		return trust_source(profile, err);
	return use == SOURCE_SECRET ? binding_check(profile, err) : trust_profile(profile, err);
}

static enum status runner_load(enum source_use use, const char *name, struct buf *text, struct profile *profile,
			       char path[PROFILE_PATH_MAX], struct err *err)
{
	const struct profile *given = &runner.change.given;
	bool named = use == SOURCE_SECRET ? given->secret_command_count > 0 : given->identity_token != NULL;
	enum status status = profile_dir_load(name, text, profile, err);

	if (status == STATUS_OK && !named)
		status = runner_check(use, profile, err);
	else if (status == STATUS_OK)
		(void)change_begin(&runner.change, profile);
	if (status == STATUS_OK || !named)
		return status;
	// what the user has typed is for a profile that is not there yet, or that does not work
	*profile = (struct profile){ 0 };
	memcpy(profile->name, name, strlen(name) + 1);
	return profile_dir_make_own(profile, path, err);
}

// What the command line or the profile of this name says is run, whatever the caller has become meanwhile.
static enum status runner_run(enum source_use use, const char *name, int caller, struct buf *output, struct err *err)
{
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	char path[PROFILE_PATH_MAX];
	struct profile profile;
	enum status status = runner_load(use, name, &text, &profile, path, err);

	if (status == STATUS_OK)
		status = change_apply(&runner.change, &profile, err);
	if (status != STATUS_OK)
		return status;
	return use == SOURCE_SECRET ? runner_run_secret(&profile, caller, output, err) :
				      runner_run_identity(&profile, caller, output, err);
}

_Noreturn static void runner_serve(int socket)
{
	char name[PROFILE_NAME_MAX + 2]; // behind one letter
	ssize_t got;

	while ((got = recv(socket, name, sizeof name - 1, 0)) > 0) {
		BUF_AUTO(output, SOURCE_OUTPUT_MAX);
		BUF_AUTO(answer, SOURCE_OUTPUT_MAX + 4096);
		struct err err = { STATUS_OK, "" };
		enum status status;

		name[got] = '\0';
		status = runner_run(*name == 's' ? SOURCE_SECRET : SOURCE_IDENTITY, name + 1, socket, &output, &err);
		text_sanitize(err.text);
		wire_put(&answer, "status", status_word(status));
		wire_put(&answer, "message", err.text);
		buf_addc(&answer, '\n');
		if (status == STATUS_OK)
			buf_add(&answer, output.data, output.len);
		if (!buf_ok(&answer) || send(socket, answer.data, answer.len, MSG_NOSIGNAL) < 0)
			_exit(1);
	}
	_exit(0);
}

static bool runner_is_for(const char *name)
{
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	struct profile profile;

	return profile_dir_load(name, &text, &profile, NULL) == STATUS_OK &&
	       (profile.secret_command_count || runner_identity_command(&profile));
}

static bool runner_visit(const char *name, void *context)
{
	bool *needed = context;

	*needed = runner_is_for(name);
	return !*needed;
}

bool source_runner_is_needed(char **words)
{
	char usual[PROFILE_NAME_MAX + 1];
	bool named = false, needed = false;

	for (; *words; words++) {
		// any of them may cover the URL
		if (strstr(*words, "://") && profile_dir_each(runner_visit, &needed, NULL) == STATUS_OK && needed)
			return true;
		if (!profile_name_ok(*words) || !profile_dir_exists(*words))
			continue;
		named = true;
		needed = needed || runner_is_for(*words);
	}
	if (named || profile_dir_choose(usual, NULL, NULL, NULL) != STATUS_OK)
		return needed;
	return runner_is_for(usual);
}

bool source_runner_may_be_needed(char **words)
{
	for (char **word = words; *word; word++) {
		if (!strcmp(*word, "-") || strstr(*word, "://"))
			return true;
	}
	return source_runner_is_needed(words);
}

// The terminal is kept, for programs that ask; without one, nobody can be asked.
static void runner_keep_terminal(void)
{
	char name[64] = "";

	runner.terminal.fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	runner.asks = runner.terminal.fd >= 0;
	for (int fd = 0; fd <= STDERR_FILENO && !*name; fd++) {
		if (ttyname_r(fd, name, sizeof name) != 0)
			name[0] = '\0';
	}
	(void)snprintf(runner.terminal.variable, sizeof runner.terminal.variable, "GPG_TTY=%s", *name ? name : "/dev/tty");
}

void source_runner_start(const struct option *options, char **words, bool takes_keys)
{
	int pair[2], room = WIRE_PACKET_MAX;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return;
	runner.changes = takes_keys;
	runner_read_words(options, words, takes_keys);
	runner.began_at = clock_now().wall;
	(void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	runner.pid = fork();
	if (runner.pid == 0) {
		close(pair[0]);
		if (runner.asks)
			runner_keep_terminal();
		if (runner.asks)
			harden_leave_descriptors();
		else
			harden_leave_terminal();
		// nothing of where the caller is can be taken for a program's own (python3 -m, a configuration file)
		if (chdir("/") < 0)
			_exit(1);
		runner_serve(pair[1]);
	}
	close(pair[1]);
	if (runner.pid < 0)
		close(pair[0]);
	else
		runner.socket = pair[0];
}

// --- its caller

void source_runner_leave(void)
{
	if (runner.socket >= 0)
		close(runner.socket);
	runner.socket = -1;
}

void source_runner_stop(void)
{
	if (runner.socket < 0)
		return;
	close(runner.socket);
	runner.socket = -1;
	while (waitpid(runner.pid, NULL, 0) < 0 && errno == EINTR)
		;
}

// The answer: "status=...", "message=...", an empty line, and what the program printed.
static enum status runner_read_answer(char *answer, size_t len, struct buf *output, struct err *err)
{
	char *end = memmem(answer, len, "\n\n", 2);
	enum status status = STATUS_INTERNAL;
	const char *message = "";
	struct wire_field field;
	struct wire wire;

	if (!end)
		return err_set(err, STATUS_INTERNAL, "what runs the command has given no answer");
	buf_add(output, end + 2, len - (size_t)(end + 2 - answer));
	end[1] = '\0';
	wire = wire_message(answer, (size_t)(end + 1 - answer));
	while (wire_next(&wire, &field, NULL) == WIRE_FIELD) {
		if (!strcmp(field.key, "status") && !status_from_word(field.value, &status))
			status = STATUS_INTERNAL;
		else if (!strcmp(field.key, "message"))
			message = field.value;
	}
	return err_set(err, status, "%s", message);
}

enum status source_runner_ask(const struct profile *profile, enum source_use use, struct buf *output, struct err *err)
{
	char question[PROFILE_NAME_MAX + 2];
	BUF_AUTO(answer, SOURCE_OUTPUT_MAX + 8192);
	size_t room;
	char *data = buf_reserve(&answer, SOURCE_OUTPUT_MAX + 4096, &room);
	enum status status;
	ssize_t got;

	if (runner.socket < 0 || !data)
		return err_set(err, STATUS_INTERNAL, "the command cannot be run: there is no process for it");
	(void)snprintf(question, sizeof question, "%c%s", use == SOURCE_SECRET ? 's' : 'i', profile->name);
	if (send(runner.socket, question, strlen(question), MSG_NOSIGNAL) < 0)
		return err_set(err, STATUS_INTERNAL, "the command cannot be run: %s", strerror(errno));
	while ((got = recv(runner.socket, data, room, 0)) < 0 && errno == EINTR)
		;
	if (got <= 0)
		return err_set(err, STATUS_INTERNAL, "what runs the command has ended");
	buf_extend(&answer, (size_t)got);
	status = runner_read_answer(answer.data, answer.len, output, err);
	if (status == STATUS_OK && !buf_ok(output))
		return err_set(err, STATUS_POLICY, "the command printed more than a secret or a token can be");
	return status;
}
