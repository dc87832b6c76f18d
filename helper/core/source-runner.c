// SPDX-License-Identifier: MIT
#include "core/source-runner.h"

#include "base/clock.h"
#include "base/harden.h"
#include "base/text.h"
#include "base/wire.h"
#include "core/source-program.h"
#include "model/identity-source.h"
#include "model/profile-dir.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
	pid_t pid;
	int socket;	    // -1: there is none
	const char *option; // --identity-token of 'add' and 'set'; NULL for none
	int64_t began_at;
} runner = { -1, -1, NULL, 0 };

// --- the child

// What 'add' and 'set' are told on the command line, for a profile that is not there yet; NULL for nothing. It is read as they read it: what is
// the value of another option, or comes behind "--", is no option.
static const char *runner_option(const struct option *options, char **words)
{
	const char *found = NULL, *value;

	for (; words && *words && strcmp(*words, "--") != 0; words++) {
		const struct option *option = options_find(options, *words, &value);

		if (option && option->argument && !value && words[1])
			value = *++words;
		if (option && !strcmp(option->name, "--identity-token"))
			found = value;
	}
	return found;
}

// A caller that was taken over could write a profile of its own.
static bool runner_profile_is_new(const struct profile *profile)
{
	struct stat st;

	return stat(profile->path, &st) < 0 || st.st_ctim.tv_sec > runner.began_at;
}

// What the command line or the profile of this name says is run, whatever the caller has become meanwhile.
static enum status runner_run(const char *name, int caller, struct buf *output, struct err *err)
{
	const char *named = runner.option;
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	struct identity_source source;
	struct profile profile = { .identity_token = named };
	enum status status = named ? STATUS_OK : profile_dir_load(name, &text, &profile, err);

	if (status != STATUS_OK)
		return status;
	if (!named && runner_profile_is_new(&profile))
		return err_set(err, STATUS_TEMPORARY, "the profile was changed at this very moment: try again");
	if (!identity_source_of(&source, profile.identity_token) || source.kind != IDENTITY_COMMAND)
		return err_set(err, STATUS_POLICY, "the profile names no command");
	return source_program_run(source.value, caller, SOURCE_SECONDS * 1000, output, err);
}

_Noreturn static void runner_serve(int socket)
{
	char name[PROFILE_NAME_MAX + 1];
	ssize_t got;

	while ((got = recv(socket, name, sizeof name - 1, 0)) > 0) {
		BUF_AUTO(output, SOURCE_OUTPUT_MAX);
		BUF_AUTO(answer, SOURCE_OUTPUT_MAX + 4096);
		struct err err = { STATUS_OK, "" };
		enum status status;

		name[got] = '\0';
		status = runner_run(name, socket, &output, &err);
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
	struct identity_source source;
	struct profile profile;

	return profile_dir_load(name, &text, &profile, NULL) == STATUS_OK &&
	       identity_source_of(&source, profile.identity_token) && source.kind == IDENTITY_COMMAND;
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

void source_runner_start(const struct option *options, char **words)
{
	int pair[2], room = WIRE_PACKET_MAX;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return;
	runner.option = options ? runner_option(options, words) : NULL;
	runner.began_at = clock_now().wall;
	(void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	runner.pid = fork();
	if (runner.pid == 0) {
		close(pair[0]);
		harden_leave_terminal();
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

enum status source_runner_ask(const struct profile *profile, struct buf *output, struct err *err)
{
	BUF_AUTO(answer, SOURCE_OUTPUT_MAX + 8192);
	size_t room;
	char *data = buf_reserve(&answer, SOURCE_OUTPUT_MAX + 4096, &room);
	enum status status;
	ssize_t got;

	if (runner.socket < 0 || !data)
		return err_set(err, STATUS_INTERNAL, "the command cannot be run: there is no process for it");
	if (send(runner.socket, profile->name, strlen(profile->name), MSG_NOSIGNAL) < 0)
		return err_set(err, STATUS_INTERNAL, "the command cannot be run: %s", strerror(errno));
	while ((got = recv(runner.socket, data, room, 0)) < 0 && errno == EINTR)
		;
	if (got <= 0)
		return err_set(err, STATUS_INTERNAL, "what runs the command has ended");
	buf_extend(&answer, (size_t)got);
	status = runner_read_answer(answer.data, answer.len, output, err);
	if (status == STATUS_OK && !buf_ok(output))
		return err_set(err, STATUS_POLICY, "the command printed more than a token can be");
	return status;
}
