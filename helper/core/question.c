// SPDX-License-Identifier: MIT
#include "core/question.h"

#include "base/installed.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "base/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ERRORS_MAX 16384

extern char **environ;

void question_begin(struct question *question)
{
	*question = (struct question){ .in = -1,
				       .out = -1,
				       .error = -1,
				       .input = BUF_INIT(WIRE_PACKET_MAX),
				       .answer = BUF_INIT(ANSWER_MAX),
				       .errors = BUF_INIT(ERRORS_MAX) };
}

static void question_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void question_forget(struct question *question)
{
	question_close(&question->in);
	question_close(&question->out);
	question_close(&question->error);
	buf_free(&question->input);
	buf_free(&question->answer);
	buf_free(&question->errors);
	question_begin(question);
}

// --- asking

static bool question_make_pipes(int pipes[3][2])
{
	for (int i = 0; i < 3; i++)
		pipes[i][0] = pipes[i][1] = -1;
	for (int i = 0; i < 3; i++) {
		if (pipe2(pipes[i], O_CLOEXEC) < 0)
			return false;
	}
	return true;
}

static enum status question_run(struct question *question, const char *command, struct err *err)
{
	char *args[] = { "sk-helper", (char *)(uintptr_t)command, "-", NULL };
	char path[INSTALLED_PATH_MAX];
	struct spawn spawn = { .path = path, .args = args, .environment = environ, .own_group = true };
	enum status status = installed_program(path, "sk-helper", err);
	int pipes[3][2];

	if (status != STATUS_OK)
		return status;
	status = STATUS_INTERNAL;
	if (question_make_pipes(pipes)) {
		spawn.fds[0] = pipes[0][0];
		spawn.fds[1] = pipes[1][1];
		spawn.fds[2] = pipes[2][1];
		spawn.fds[3] = spawn.fds[4] = -1;
		status = subprocess_spawn(&spawn, &question->pid, err);
	} else {
		err_set(err, status, "'sk-helper %s' could not be started: %s", command, strerror(errno));
	}
	question->in = pipes[0][1];
	question->out = pipes[1][0];
	question->error = pipes[2][0];
	question_close(&pipes[0][0]);
	question_close(&pipes[1][1]);
	question_close(&pipes[2][1]);
	if (status == STATUS_OK)
		fcntl(question->in, F_SETFL, O_NONBLOCK);
	return status;
}

enum status question_ask(struct question *question, const char *command, struct err *err)
{
	enum status status;

	if (!buf_ok(&question->input))
		status = err_set(err, STATUS_INTERNAL, "the question for a token is too long");
	else
		status = question_run(question, command, err);
	if (status != STATUS_OK)
		question_forget(question);
	return status;
}

// --- the loop's part

void question_fill(const struct question *question, struct pollfd fds[QUESTION_FDS])
{
	fds[0] = (struct pollfd){ .fd = question->in, .events = POLLOUT };
	fds[1] = (struct pollfd){ .fd = question->out, .events = POLLIN };
	fds[2] = (struct pollfd){ .fd = question->error, .events = POLLIN };
}

static void question_write_input(struct question *question)
{
	const struct buf *input = &question->input;
	ssize_t put = write(question->in, input->data + question->written, input->len - question->written);

	if (put > 0)
		question->written += (size_t)put;
	// whoever does not want all of it says why
	if (question->written == input->len || (put < 0 && errno != EAGAIN && errno != EINTR))
		question_close(&question->in);
}

static void question_read_output(int *fd, struct buf *output)
{
	char chunk[4096];
	ssize_t got = read(*fd, chunk, sizeof chunk);

	if (got > 0)
		buf_add(output, chunk, (size_t)got);
	if (got == 0 || (got < 0 && errno != EINTR))
		question_close(fd);
	explicit_bzero(chunk, sizeof chunk);
}

bool question_step(struct question *question, const struct pollfd fds[QUESTION_FDS])
{
	if (fds[0].revents && question->in >= 0)
		question_write_input(question);
	if (fds[1].revents && question->out >= 0)
		question_read_output(&question->out, &question->answer);
	if (fds[2].revents && question->error >= 0)
		question_read_output(&question->error, &question->errors);
	return question->pid && question->out < 0 && question->error < 0;
}

// --- the answer

// What get printed last on standard error, without our name before it; "" for nothing.
static const char *question_last_error(struct question *question)
{
	static const char prefix[] = "sk-helper: ";
	struct buf *errors = &question->errors;
	char *text = errors->data, *last;

	while (errors->len && text[errors->len - 1] == '\n')
		text[--errors->len] = '\0';
	last = strrchr(text, '\n');
	last = last ? last + 1 : text;
	return text_starts(last, prefix) ? last + strlen(prefix) : last;
}

const char *question_warning(struct question *question)
{
	const char *text = question_last_error(question);

	return text_starts(text, "debug: ") ? "" : text;
}

enum status question_end(struct question *question, const char **why)
{
	enum status status;
	int how = 0;

	while (waitpid(question->pid, &how, 0) < 0 && errno == EINTR)
		;
	question->pid = 0;
	status = WIFEXITED(how) ? status_from_exit_code(WEXITSTATUS(how)) : STATUS_INTERNAL;
	*why = status != STATUS_OK && question->errors.len ? question_last_error(question) :
							     "sk-helper, which was run for it, has failed";
	return status;
}
