// SPDX-License-Identifier: MIT
#include "base/subprocess.h"

#include "base/installed.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENVIRONMENT_MAX 24

extern char **environ;

static void close_pair(int pair[2])
{
	for (int i = 0; i < 2; i++) {
		if (pair[i] >= 0)
			close(pair[i]);
	}
}

// The entries of our environment whose names are listed, behind the count that are picked already.
static size_t pick_variables(char *picked[ENVIRONMENT_MAX], size_t count, const char *const *names)
{
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
	return count;
}

static void make_environment(char *environment[ENVIRONMENT_MAX], const struct subprocess *what)
{
	size_t count = 0;
#ifdef SK_SANITIZE
	static const char *const sanitizer_variables[] = { "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", NULL };

	count = pick_variables(environment, count, sanitizer_variables);
#endif
	if (what->setting)
		environment[count++] = (char *)what->setting;
	pick_variables(environment, count, what->environment);
}

// For developers, in a build that is for them ('make debug').
static bool keeps_stderr(void)
{
#ifdef SK_DEBUG
	const char *debug = getenv("SK_HELPER_DEBUG");

	return debug && *debug == '1';
#else
	return false;
#endif
}

static void add_descriptors(posix_spawn_file_actions_t *actions, const struct spawn *spawn)
{
	for (int fd = 0; fd < SUBPROCESS_FDS; fd++) {
		if (spawn->fds[fd] >= 0)
			posix_spawn_file_actions_adddup2(actions, spawn->fds[fd], fd);
		else if (fd <= STDERR_FILENO)
			posix_spawn_file_actions_addopen(actions, fd, "/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY, 0);
	}
}

enum status subprocess_spawn(const struct spawn *spawn, pid_t *pid, struct err *err)
{
	short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t signals;
	int error;

	posix_spawn_file_actions_init(&actions);
	add_descriptors(&actions, spawn);
	posix_spawnattr_init(&attributes);
	sigfillset(&signals);
	posix_spawnattr_setsigdefault(&attributes, &signals);
	sigemptyset(&signals);
	posix_spawnattr_setsigmask(&attributes, &signals);
	posix_spawnattr_setpgroup(&attributes, 0);
	if (spawn->own_session)
		flags = (short)(flags | POSIX_SPAWN_SETSID);
	else if (spawn->own_group)
		flags = (short)(flags | POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setflags(&attributes, flags);
	error = posix_spawn(pid, spawn->path, &actions, &attributes, spawn->args, spawn->environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	errno = error;
	if (error)
		return err_set(err, STATUS_INTERNAL, "cannot run '%s': %s: is sk-helper installed completely? ('make install')",
			       spawn->path, strerror(error));
	return STATUS_OK;
}

// A program of our libexec directory. What its libraries print is not our user's business; what it has to say comes in its answer.
static enum status spawn_program(const struct subprocess *what, struct spawn *spawn, pid_t *pid, struct err *err)
{
	char path[INSTALLED_PATH_MAX], *args[] = { path, NULL }, *environment[ENVIRONMENT_MAX];
	enum status status = installed_program(path, what->program, err);

	if (status != STATUS_OK)
		return status;
	make_environment(environment, what);
	spawn->path = path;
	spawn->args = args;
	spawn->environment = environment;
	spawn->fds[STDERR_FILENO] = keeps_stderr() ? STDERR_FILENO : -1;
	return subprocess_spawn(spawn, pid, err);
}

enum status subprocess_start(const struct subprocess *what, struct child *child, struct err *err)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 };
	enum status status;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0) {
		status = err_set(err, STATUS_INTERNAL, "cannot run '%s': %s", what->program, strerror(errno));
	} else {
		// own process group: Ctrl-C must not kill it in the middle of a keyring write; it ends when we do (die_with_parent)
		struct spawn spawn = { .fds = { in[0], out[1], -1, -1, -1 }, .own_group = true };

		status = spawn_program(what, &spawn, &child->pid, err);
	}
	if (status != STATUS_OK) {
		close_pair(in);
		close_pair(out);
		return status;
	}
	close(in[0]);
	close(out[1]);
	child->in = in[1];
	child->out = out[0];
	// the pipe is empty: it has room for this
	(void)!write(child->in, WIRE_VERSION, strlen(WIRE_VERSION));
	fcntl(child->in, F_SETFL, O_NONBLOCK);
	fcntl(child->out, F_SETFL, O_NONBLOCK);
	return STATUS_OK;
}

enum status subprocess_start_with_socket(const struct subprocess *what, int listener, pid_t *pid, int *socket, struct err *err)
{
	struct spawn spawn = { .fds = { STDIN_FILENO, STDOUT_FILENO, -1, -1, listener } };
	int pair[2] = { -1, -1 }, room = WIRE_PACKET_MAX;
	enum status status;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(err, STATUS_INTERNAL, "cannot run '%s': %s", what->program, strerror(errno));
	for (int i = 0; i < 2; i++)
		(void)setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	spawn.fds[3] = pair[1];
	if (listener >= 0) {
		// out of the way of what is put below it
		spawn.fds[4] = fcntl(listener, F_DUPFD_CLOEXEC, 10);
		spawn.fds[STDIN_FILENO] = spawn.fds[STDOUT_FILENO] = -1;
		if (spawn.fds[4] < 0) {
			close_pair(pair);
			return err_set(err, STATUS_INTERNAL, "cannot run '%s': %s", what->program, strerror(errno));
		}
		spawn.own_group = true; // Ctrl-C is ours to pass on
	}
	status = spawn_program(what, &spawn, pid, err);
	if (spawn.fds[4] >= 0)
		close(spawn.fds[4]);
	if (status != STATUS_OK) {
		close_pair(pair);
		return status;
	}
	close(pair[1]);
	*socket = pair[0];
	return STATUS_OK;
}

void subprocess_stop(struct child *child)
{
	int how;

	kill(child->pid, SIGKILL);
	close(child->in);
	close(child->out);
	while (waitpid(child->pid, &how, 0) < 0 && errno == EINTR)
		;
}

static void write_input(struct child *child, const struct buf *input, size_t *done)
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
static bool read_output(struct child *child, struct buf *output)
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
static bool subprocess_converse(struct child *child, const struct subprocess *what, struct buf *output)
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
			write_input(child, what->input, &done);
		if (fds[0].revents && !read_output(child, output))
			return true;
	}
}

// An answer that ends as one does: its program has nothing more to say, and is not waited for.
static bool is_complete(const struct buf *output)
{
	static const char end[] = "end=yes\n";
	size_t len = sizeof end - 1;

	return buf_ok(output) && output->len > len && !memcmp(output->data + output->len - len, end, len);
}

static enum status explain_end(const struct subprocess *what, bool ended, int how, const struct buf *output, struct err *err)
{
	if (!ended || (WIFSIGNALED(how) && WTERMSIG(how) == SIGALRM))
		return err_set(err, STATUS_TEMPORARY, "%s did not answer within %lld ms", what->program,
			       (long long)what->timeout_ms);
	if (!buf_ok(output))
		return err_set(err, STATUS_INTERNAL, "%s answered too much", what->program);
	return err_set(err, STATUS_INTERNAL, "%s ended without a complete answer (%s %d)", what->program,
		       WIFEXITED(how) ? "status" : "signal", WIFEXITED(how) ? WEXITSTATUS(how) : WTERMSIG(how));
}

// Appends what the program wrote to output.
static enum status subprocess_finish(const struct subprocess *what, struct child *child, struct buf *output, struct err *err)
{
	bool ended = subprocess_converse(child, what, output);
	bool whole = ended && is_complete(output);
	int how = 0;

	if (!ended)
		kill(child->pid, SIGKILL);
	if (child->in >= 0)
		close(child->in);
	close(child->out);
#ifdef SK_SANITIZE
	whole = whole && waitpid(child->pid, &how, 0) == child->pid && how == 0;
#endif
	if (whole) {
		(void)waitpid(child->pid, &how, WNOHANG);
		return STATUS_OK;
	}
	while (waitpid(child->pid, &how, 0) < 0 && errno == EINTR)
		;
	return explain_end(what, ended, how, output, err);
}

enum status subprocess_ask(const struct subprocess *what, struct child *started, struct buf *answer,
			   void (*take)(const struct wire_field *field, void *context), void *context, struct err *err)
{
	enum status said = STATUS_INTERNAL, status = STATUS_OK;
	const char *message = "no answer";
	enum wire_result result;
	struct wire_field field;
	struct child child;
	struct wire wire;

	if (started)
		child = *started;
	else
		status = subprocess_start(what, &child, err);
	if (status == STATUS_OK)
		status = subprocess_finish(what, &child, answer, err);
	if (status != STATUS_OK)
		return status;
	wire = wire_message(answer->data, answer->len);
	while ((result = wire_next(&wire, &field, NULL)) == WIRE_FIELD) {
		if (!strcmp(field.key, "status") && !status_from_word(field.value, &said))
			said = STATUS_INTERNAL;
		else if (!strcmp(field.key, "message"))
			message = field.value;
		else if (strcmp(field.key, "end") != 0)
			take(&field, context);
	}
	if (result == WIRE_BAD)
		return err_set(err, STATUS_INTERNAL, "%s: its answer cannot be understood", what->program);
	return err_set(err, said, "%s", message);
}
