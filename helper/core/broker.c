// SPDX-License-Identifier: MIT
#include "core/broker.h"

#include "base/debug.h"
#include "base/installed.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "base/wire.h"
#include "core/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ERRORS_MAX 16384

extern char **environ;

void broker_begin(struct broker *broker, const char *profile, const char *url, int socket)
{
	*broker = (struct broker){ .profile = profile,
				   .url = url,
				   .socket = socket,
				   .in = -1,
				   .out = -1,
				   .error = -1,
				   .input = BUF_INIT(WIRE_PACKET_MAX),
				   .answer = BUF_INIT(ANSWER_MAX),
				   .errors = BUF_INIT(ERRORS_MAX) };
}

static void broker_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void broker_forget_question(struct broker *broker)
{
	broker_close(&broker->in);
	broker_close(&broker->out);
	broker_close(&broker->error);
	buf_free(&broker->input);
	buf_free(&broker->answer);
	buf_free(&broker->errors);
	broker->written = 0;
	broker->pid = 0;
}

void broker_end(struct broker *broker)
{
	broker_forget_question(broker);
	broker_close(&broker->socket);
}

// --- the answer

static void broker_send(const struct broker *broker, enum status status, const char *message, const char *credential)
{
	BUF_AUTO(packet, WIRE_PACKET_MAX);

	wire_put(&packet, "answer", status_word(status));
	if (status != STATUS_OK)
		wire_put(&packet, "message", message);
	wire_put(&packet, "credential", credential);
	if (buf_ok(&packet))
		(void)send(broker->socket, packet.data, packet.len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

// What get said, without our name before it.
static const char *broker_last_error(struct broker *broker)
{
	static const char prefix[] = "sk-helper: ";
	char *text = broker->errors.data, *last;

	while (broker->errors.len && text[broker->errors.len - 1] == '\n')
		text[--broker->errors.len] = '\0';
	last = strrchr(text, '\n');
	last = last ? last + 1 : text;
	return text_starts(last, prefix) ? last + strlen(prefix) : last;
}

// There is a token, though not all is well: said once.
static void broker_warn(struct broker *broker)
{
	const char *text = broker_last_error(broker);

	if (debug_is_on())
		(void)write(STDERR_FILENO, broker->errors.data, broker->errors.len);
	if (!*text || text_starts(text, "debug: ") || !strncmp(broker->last_warning, text, sizeof broker->last_warning - 1))
		return;
	(void)snprintf(broker->last_warning, sizeof broker->last_warning, "%s", text);
	broker_print(text);
}

static void broker_answer(struct broker *broker)
{
	struct wire wire = wire_message(broker->answer.data, broker->answer.len);
	const char *credential = "", *scope = "";
	struct wire_field field;

	while (wire_next(&wire, &field, NULL) == WIRE_FIELD) {
		if (!strcmp(field.key, "credential"))
			credential = field.value;
		else if (!strcmp(field.key, "requested_scope"))
			scope = field.value;
	}
	// from now on, all questions are for what the server has wanted
	if (broker->steps_up)
		(void)snprintf(broker->scope, sizeof broker->scope, "%s", scope);
	broker_warn(broker);
	broker_send(broker, *credential ? STATUS_OK : STATUS_INTERNAL, "'sk-helper get' gave no token", credential);
}

static void broker_finish(struct broker *broker)
{
	enum status status;
	int how = 0;

	while (waitpid(broker->pid, &how, 0) < 0 && errno == EINTR)
		;
	status = WIFEXITED(how) ? status_from_exit_code(WEXITSTATUS(how)) : STATUS_INTERNAL;
	if (status == STATUS_OK)
		broker_answer(broker);
	else
		broker_send(broker, status, broker->errors.len ? broker_last_error(broker) : "'sk-helper get' has failed",
			    NULL);
	broker_forget_question(broker);
}

// --- the question

// Of what sk-bridge says, only what a server said about the token: which profile, URL and scope is not its to choose.
static void broker_write_question(struct broker *broker, struct buf *packet)
{
	struct wire wire = wire_message(packet->data, packet->len);
	struct wire_field field;

	broker->steps_up = false;
	wire_put(&broker->input, "profile", broker->profile);
	wire_put(&broker->input, "url", broker->url);
	wire_put(&broker->input, "scope", broker->scope);
	while (wire_next(&wire, &field, NULL) == WIRE_FIELD) {
		if (strcmp(field.key, "credential") != 0 && strcmp(field.key, "http_status") != 0 &&
		    strcmp(field.key, "wwwauth[]") != 0)
			continue;
		wire_put(&broker->input, field.key, field.value);
		broker->steps_up = broker->steps_up || !strcmp(field.key, "wwwauth[]");
	}
	buf_addc(&broker->input, '\n');
}

static bool broker_make_pipes(int pipes[3][2])
{
	for (int i = 0; i < 3; i++)
		pipes[i][0] = pipes[i][1] = -1;
	for (int i = 0; i < 3; i++) {
		if (pipe2(pipes[i], O_CLOEXEC) < 0)
			return false;
	}
	return true;
}

static enum status broker_run_get(struct broker *broker, struct err *err)
{
	char *args[] = { "sk-helper", "get", "-", NULL };
	char path[INSTALLED_PATH_MAX];
	struct spawn spawn = { .path = path, .args = args, .environment = environ, .own_group = true };
	enum status status = installed_program(path, "sk-helper", err);
	int pipes[3][2];

	if (status != STATUS_OK)
		return status;
	status = STATUS_INTERNAL;
	if (broker_make_pipes(pipes)) {
		spawn.fds[0] = pipes[0][0];
		spawn.fds[1] = pipes[1][1];
		spawn.fds[2] = pipes[2][1];
		spawn.fds[3] = -1;
		status = subprocess_spawn(&spawn, &broker->pid, err);
	} else {
		err_set(err, status, "'sk-helper get' could not be started: %s", strerror(errno));
	}
	broker->in = pipes[0][1];
	broker->out = pipes[1][0];
	broker->error = pipes[2][0];
	broker_close(&pipes[0][0]);
	broker_close(&pipes[1][1]);
	broker_close(&pipes[2][1]);
	if (status == STATUS_OK)
		fcntl(broker->in, F_SETFL, O_NONBLOCK);
	return status;
}

static void broker_ask(struct broker *broker, struct buf *packet)
{
	struct err err = { STATUS_OK, "" };
	enum status status = STATUS_INTERNAL;

	broker_write_question(broker, packet);
	if (!buf_ok(&broker->input))
		err_set(&err, status, "the server's WWW-Authenticate headers are too long");
	else
		status = broker_run_get(broker, &err);
	if (status == STATUS_OK)
		return;
	broker_send(broker, status, err.text, NULL);
	broker_forget_question(broker);
}

void broker_print(const char *text)
{
	char line[1024];
	size_t len;

	(void)snprintf(line, sizeof line, "sk-helper: bridge: %s", text);
	text_sanitize(line);
	len = strlen(line);
	line[len] = '\n';
	// the client may not read it: better lost than waited for (pipe(7): there is room for a whole line)
	if (poll(&(struct pollfd){ .fd = STDERR_FILENO, .events = POLLOUT }, 1, 0) == 1)
		(void)!write(STDERR_FILENO, line, len + 1);
}

// False when sk-bridge is gone.
static bool broker_receive(struct broker *broker)
{
	BUF_AUTO(packet, WIRE_PACKET_MAX);
	struct wire_field field;
	struct wire wire;
	ssize_t got;
	size_t room;
	char *at = buf_reserve(&packet, WIRE_PACKET_MAX, &room);

	got = at ? recv(broker->socket, at, room, MSG_DONTWAIT) : 0;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (got <= 0)
		return false;
	buf_extend(&packet, (size_t)got);
	if (text_starts(packet.data, "notice=")) {
		wire = wire_message(packet.data, packet.len);
		if (wire_next(&wire, &field, NULL) == WIRE_FIELD)
			broker_print(field.value);
	} else if (text_starts(packet.data, "ask=") && !broker->pid) {
		broker_ask(broker, &packet);
	}
	return true;
}

// --- the loop's part

void broker_fill(const struct broker *broker, struct pollfd fds[BROKER_FDS])
{
	fds[0] = (struct pollfd){ .fd = broker->socket, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = broker->in, .events = POLLOUT };
	fds[2] = (struct pollfd){ .fd = broker->out, .events = POLLIN };
	fds[3] = (struct pollfd){ .fd = broker->error, .events = POLLIN };
}

static void broker_write_input(struct broker *broker)
{
	ssize_t put = write(broker->in, broker->input.data + broker->written, broker->input.len - broker->written);

	if (put > 0)
		broker->written += (size_t)put;
	// whoever does not want all of it says why
	if (broker->written == broker->input.len || (put < 0 && errno != EAGAIN && errno != EINTR))
		broker_close(&broker->in);
}

static void broker_read_output(int *fd, struct buf *output)
{
	char chunk[4096];
	ssize_t got = read(*fd, chunk, sizeof chunk);

	if (got > 0)
		buf_add(output, chunk, (size_t)got);
	if (got == 0 || (got < 0 && errno != EINTR))
		broker_close(fd);
	explicit_bzero(chunk, sizeof chunk);
}

bool broker_step(struct broker *broker, const struct pollfd fds[BROKER_FDS])
{
	if (fds[1].revents && broker->in >= 0)
		broker_write_input(broker);
	if (fds[2].revents && broker->out >= 0)
		broker_read_output(&broker->out, &broker->answer);
	if (fds[3].revents && broker->error >= 0)
		broker_read_output(&broker->error, &broker->errors);
	if (broker->pid && broker->out < 0 && broker->error < 0)
		broker_finish(broker);
	return !fds[0].revents || broker_receive(broker);
}
