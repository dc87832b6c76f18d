// SPDX-License-Identifier: MIT
#include "core/broker.h"

#include "base/clock.h"
#include "base/debug.h"
#include "base/text.h"
#include "base/wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void broker_begin(struct broker *broker, const char *command, int socket)
{
	*broker = (struct broker){ .command = command, .socket = socket };
}

void broker_add(struct broker *broker, const char *profile, const char *url)
{
	struct broker_profile *added = &broker->profiles[broker->count++];

	*added = (struct broker_profile){ .name = profile, .url = url };
	question_begin(&added->question);
}

void broker_end(struct broker *broker)
{
	for (size_t i = 0; i < broker->count; i++)
		question_forget(&broker->profiles[i].question);
	if (broker->socket >= 0)
		close(broker->socket);
	broker->socket = -1;
}

// --- the answer

static void broker_send(const struct broker *broker, const char *profile, enum status status, const char *message,
			const char *credential)
{
	BUF_AUTO(packet, WIRE_PACKET_MAX);

	wire_put(&packet, "answer", status_word(status));
	wire_put(&packet, "profile", profile);
	if (status != STATUS_OK)
		wire_put(&packet, "message", message);
	wire_put(&packet, "credential", credential);
	if (buf_ok(&packet))
		(void)send(broker->socket, packet.data, packet.len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

// There is a token, though not all is well: said once.
static void broker_warn(const struct broker *broker, struct broker_profile *profile)
{
	const struct buf *errors = &profile->question.errors;
	const char *warning = question_warning(&profile->question);

	if (debug_is_on())
		(void)!write(STDERR_FILENO, errors->data, errors->len);
	if (*warning)
		notice_print_new(profile->last_warning, broker->command, warning);
}

static void broker_answer(const struct broker *broker, struct broker_profile *profile)
{
	struct wire wire = wire_message(profile->question.answer.data, profile->question.answer.len);
	const char *credential = "", *scope = "";
	struct wire_field field;

	while (wire_next(&wire, &field, NULL) == WIRE_FIELD) {
		if (!strcmp(field.key, "credential"))
			credential = field.value;
		else if (!strcmp(field.key, "requested_scope"))
			scope = field.value;
	}
	// from now on, all questions are for what the server has wanted
	if (profile->steps_up)
		(void)snprintf(profile->scope, sizeof profile->scope, "%s", scope);
	broker_warn(broker, profile);
	broker_send(broker, profile->name, *credential ? STATUS_OK : STATUS_INTERNAL, "'sk-helper get' gave no token",
		    credential);
}

static void broker_finish(const struct broker *broker, struct broker_profile *profile)
{
	const char *why;
	enum status status = question_end(&profile->question, &why);

	if (status == STATUS_OK)
		broker_answer(broker, profile);
	else
		broker_send(broker, profile->name, status, why, NULL);
	question_forget(&profile->question);
}

// --- the question

// Of what the relay says, only what a server said about the token: which URL and scope is not its to choose.
static void broker_write_question(struct broker_profile *profile, struct wire *wire)
{
	struct buf *input = &profile->question.input;
	struct wire_field field;

	profile->steps_up = false;
	wire_put(input, "profile", profile->name);
	wire_put(input, "url", profile->url);
	wire_put(input, "scope", profile->scope);
	while (wire_next(wire, &field, NULL) == WIRE_FIELD) {
		if (strcmp(field.key, "credential") != 0 && strcmp(field.key, "http_status") != 0 &&
		    strcmp(field.key, "wwwauth[]") != 0)
			continue;
		wire_put(input, field.key, field.value);
		profile->steps_up = profile->steps_up || !strcmp(field.key, "wwwauth[]");
	}
	buf_addc(input, '\n');
}

static void broker_ask(struct broker *broker, const char *name, struct wire *wire)
{
	struct err err = { STATUS_OK, "" };
	struct broker_profile *profile = NULL;

	for (size_t i = 0; i < broker->count; i++) {
		if (!strcmp(broker->profiles[i].name, name))
			profile = &broker->profiles[i];
	}
	if (!profile)
		broker_send(broker, NULL, STATUS_POLICY, "this profile is not served", NULL);
	if (!profile || profile->question.pid)
		return;
	broker->used_at = clock_now().boot;
	broker_write_question(profile, wire);
	if (question_ask(&profile->question, "get", &err) != STATUS_OK)
		broker_send(broker, profile->name, err.status, err.text, NULL);
}

// False when the relay is gone.
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
	wire = wire_message(packet.data, packet.len);
	if (wire_next(&wire, &field, NULL) != WIRE_FIELD)
		return true;
	if (!strcmp(field.key, "notice"))
		notice_print(broker->command, field.value);
	else if (!strcmp(field.key, "ask"))
		broker_ask(broker, field.value, &wire);
	return true;
}

// --- the loop's part

void broker_fill(const struct broker *broker, struct pollfd fds[BROKER_FDS])
{
	fds[0] = (struct pollfd){ .fd = broker->socket, .events = POLLIN };
	for (size_t i = 0; i < BROKER_PROFILES_MAX * QUESTION_FDS; i++)
		fds[1 + i] = (struct pollfd){ .fd = -1 };
	for (size_t i = 0; i < broker->count; i++)
		question_fill(&broker->profiles[i].question, fds + 1 + i * QUESTION_FDS);
}

bool broker_step(struct broker *broker, const struct pollfd fds[BROKER_FDS])
{
	for (size_t i = 0; i < broker->count; i++) {
		if (question_step(&broker->profiles[i].question, fds + 1 + i * QUESTION_FDS))
			broker_finish(broker, &broker->profiles[i]);
	}
	return !fds[0].revents || broker_receive(broker);
}
