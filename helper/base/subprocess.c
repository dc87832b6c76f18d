// SPDX-License-Identifier: MIT
#include "base/subprocess.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENVIRONMENT_MAX 24

extern char **environ;

struct child {
	pid_t pid;
	int in, out;
};

static void close_pair(int pair[2])
{
	for (int i = 0; i < 2; i++) {
		if (pair[i] >= 0)
			close(pair[i]);
	}
}

// The entries of our environment whose names are listed.
static void pick_environment(char *picked[ENVIRONMENT_MAX], const char *const *names)
{
	size_t count = 0;

	for (; *names; names++) {
		size_t len = strlen(*names);

		for (char **entry = environ; *entry && count < ENVIRONMENT_MAX - 1; entry++) {
			if (!strncmp(*entry, *names, len) && (*entry)[len] == '=') {
				picked[count++] = *entry;
				break;
			}
		}
	}
	picked[count] = NULL;
}

static enum status start(const struct subprocess *what, struct child *child, struct err *err)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, error = 0;
	char path[4096], *args[] = { path, NULL }, *environment[ENVIRONMENT_MAX];
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t signals;

	(void)snprintf(path, sizeof path, "%s/%s", SK_LIBEXECDIR "/sk-helper", what->program);
	pick_environment(environment, what->environment);
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0) {
		error = errno;
		close_pair(in);
		return err_set(err, STATUS_INTERNAL, "cannot run '%s': %s", path, strerror(error));
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	// what its libraries print is not our user's business; what it has to say comes in its answer
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_init(&attributes);
	sigfillset(&signals);
	posix_spawnattr_setsigdefault(&attributes, &signals);
	sigemptyset(&signals);
	posix_spawnattr_setsigmask(&attributes, &signals);
	// Ctrl-C is for us, who may be in the midst of what must be whole; it ends when we do (harden_child)
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	error = posix_spawn(&child->pid, path, &actions, &attributes, args, environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (error) {
		close_pair(in);
		close_pair(out);
		return err_set(err, STATUS_INTERNAL, "cannot run '%s': %s: is sk-helper installed whole? ('make install')",
			       path, strerror(error));
	}
	close(in[0]);
	close(out[1]);
	child->in = in[1];
	child->out = out[0];
	fcntl(child->in, F_SETFL, O_NONBLOCK);
	fcntl(child->out, F_SETFL, O_NONBLOCK);
	return STATUS_OK;
}

static void feed(struct child *child, const struct buf *input, size_t *done)
{
	ssize_t put = 0;

	if (*done < input->len)
		put = write(child->in, input->data + *done, input->len - *done);
	if (put > 0)
		*done += (size_t)put;
	// a child that does not want all of it (EPIPE) says why in its answer
	if (*done == input->len || (put < 0 && errno != EAGAIN && errno != EINTR)) {
		close(child->in);
		child->in = -1;
	}
}

// False when the child has closed its output.
static bool collect(struct child *child, struct buf *output)
{
	char chunk[4096];
	ssize_t got = read(child->out, chunk, sizeof chunk);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	if (got > 0) {
		buf_add(output, chunk, (size_t)got);
		explicit_bzero(chunk, (size_t)got);
	}
	return got > 0;
}

// False when the deadline came first.
static bool converse(struct child *child, const struct subprocess *what, struct buf *output)
{
	int64_t end = clock_now().boot + what->timeout_ms;
	size_t done = 0;

	for (;;) {
		struct pollfd fds[2] = { { .fd = child->out, .events = POLLIN }, { .fd = child->in, .events = POLLOUT } };
		int64_t left = end - clock_now().boot;

		if (left <= 0)
			return false;
		if (poll(fds, 2, (int)left) < 0 && errno != EINTR)
			return false;
		if (fds[1].revents && child->in >= 0)
			feed(child, what->input, &done);
		if (fds[0].revents && !collect(child, output))
			return true;
	}
}

// Appends what the program wrote to output.
static enum status run(const struct subprocess *what, struct buf *output, struct err *err)
{
	struct child child;
	enum status status = start(what, &child, err);
	bool ended;
	int how = 0;

	if (status != STATUS_OK)
		return status;
	ended = converse(&child, what, output);
	if (!ended)
		kill(child.pid, SIGKILL);
	if (child.in >= 0)
		close(child.in);
	close(child.out);
	while (waitpid(child.pid, &how, 0) < 0 && errno == EINTR)
		;
	if (!ended || (WIFSIGNALED(how) && WTERMSIG(how) == SIGALRM))
		return err_set(err, STATUS_TEMPORARY, "%s did not answer within %lld ms", what->program,
			       (long long)what->timeout_ms);
	if (!WIFEXITED(how) || WEXITSTATUS(how) != 0)
		return err_set(err, STATUS_INTERNAL, "%s failed (%s %d)", what->program, WIFEXITED(how) ? "status" : "signal",
			       WIFEXITED(how) ? WEXITSTATUS(how) : WTERMSIG(how));
	if (!buf_ok(output))
		return err_set(err, STATUS_INTERNAL, "%s answered too much", what->program);
	return STATUS_OK;
}

enum status subprocess_ask(const struct subprocess *what, struct buf *answer,
			   void (*take)(const struct wire_field *field, void *context), void *context, struct err *err)
{
	enum status said = STATUS_INTERNAL, status = run(what, answer, err);
	const char *message = "no answer";
	enum wire_result result;
	struct wire_field field;
	struct wire wire;

	if (status != STATUS_OK)
		return status;
	wire = wire_message(answer->data, answer->len);
	while ((result = wire_next(&wire, &field, NULL)) == WIRE_FIELD) {
		if (!strcmp(field.key, "status") && !status_from_word(field.value, &said))
			said = STATUS_INTERNAL;
		else if (!strcmp(field.key, "message"))
			message = field.value;
		else
			take(&field, context);
	}
	if (result == WIRE_BAD)
		return err_set(err, STATUS_INTERNAL, "%s: its answer is not understood", what->program);
	return err_set(err, said, "%s", message);
}
