// SPDX-License-Identifier: MIT
// share: answers requests for tokens on a socket, for programs in a container that has no keyring. The wire is that of 'get -', one request
// and one answer a connection (core/shared-profiles.h). Only for the profiles that are named, and never a client secret.
#include "base/clock.h"
#include "base/confine.h"
#include "base/harden.h"
#include "base/peer.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/wire.h"
#include "core/commands.h"
#include "core/get-token.h"
#include "core/notice.h"
#include "core/question.h"
#include "core/server-options.h"
#include "core/server-socket.h"
#include "core/serving.h"
#include "core/share-limits.h"
#include "core/shared-profiles.h"
#include "model/profile-dir.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64
#define READ_MS		10000 // for a whole request, and for a whole answer
#define REAP_MS		500
#define DRAIN_MS	1000
#define ACCEPT_AGAIN_MS 1000
#define SHARE_LINES_MAX REQUEST_MAX
#define OPERATION_SIZE	16
#define CONNECTION_FDS	(1 + QUESTION_FDS)

const struct option share_options[] = {
	SERVER_OPTIONS,
	{ NULL, NULL, NULL },
};

enum share_state { SHARE_FREE, SHARE_READS, SHARE_ASKS, SHARE_WRITES, SHARE_DRAINS };

// One asker.
struct share_connection {
	enum share_state state;
	int fd;
	int64_t until; // CLOCK_BOOTTIME in ms: then it is closed, while it is read from or written to
	struct buf input, output;
	size_t written;
	struct question question;
	// what is asked of get, as lines; and what was said about a token that was refused
	struct buf lines, refusal;
	char refused_sha256[SHA256_HEX_SIZE]; // of that token; "" where it is known, or nothing was refused
	struct share_limits *limits;	      // of the profile that is asked for
	int64_t min_ttl; // how long the cached token must live, where no new one may be requested now; 0: it does not matter
	bool erases;
	bool asks_again; // the token in the cache is the refused one: this question is for the next one
};

_Static_assert(SERVER_PROFILES_MAX <= SHARED_PROFILES_MAX, "there is room for all profiles that are served");

struct share {
	const struct server_options *options;
	struct server_socket server;
	struct share_connection connections[CONNECTIONS_MAX];
	struct share_limits limits[SERVER_PROFILES_MAX]; // of the profiles that are served
	pid_t abandoned[CONNECTIONS_MAX];		 // what still runs for askers that have gone
	size_t abandoned_count;
	int64_t accept_at; // CLOCK_BOOTTIME in ms: there were too many open files
	struct serving serving;
	char last_notice[NOTICE_LAST_SIZE];
};

// --- the answer

static void share_end(struct share_connection *connection)
{
	if (connection->fd >= 0)
		close(connection->fd);
	question_forget(&connection->question);
	buf_free(&connection->input);
	buf_free(&connection->output);
	buf_free(&connection->lines);
	buf_free(&connection->refusal);
	*connection = (struct share_connection){ .fd = -1 };
	question_begin(&connection->question);
}

static void share_write(struct share_connection *connection)
{
	connection->state = SHARE_WRITES;
	connection->until = clock_now().boot + READ_MS;
	wire_end(&connection->output);
}

static void share_refuse(struct share_connection *connection, const struct err *err)
{
	char text[sizeof err->text];

	(void)snprintf(text, sizeof text, "%s", err->text);
	text_sanitize(text);
	buf_reset(&connection->output);
	wire_put(&connection->output, "status", status_word(err->status));
	wire_put(&connection->output, "message", text);
	share_write(connection);
}

// --- the questions

// Asks get or erase what is in lines; refused_token: and what was said of this one. NULL for none.
static enum status share_ask(struct share_connection *connection, const char *command, const char *refused_token,
			     struct err *err)
{
	struct buf *input = &connection->question.input;
	char asker[64];

	// what did not fit is empty now: asked like that, it would be for the default profile
	if (!buf_ok(&connection->lines) || !buf_ok(&connection->refusal))
		return err_set(err, STATUS_USAGE, "the request is too long");
	question_forget(&connection->question);
	buf_add(input, connection->lines.data, connection->lines.len);
	peer_describe(connection->fd, asker);
	wire_put(input, "asker", asker);
	if (refused_token) {
		buf_add(input, connection->refusal.data, connection->refusal.len);
		wire_put(input, "credential", refused_token);
	}
	buf_addc(input, '\n');
	connection->state = SHARE_ASKS;
	return question_ask(&connection->question, command, err);
}

// The value of a key in an answer of get, which is not cut up; key: with the line end before it and "=" behind it. False where it is not there,
// or too long.
static bool share_find_value(const struct buf *answer, const char *key, char *value, size_t size)
{
	const char *at = strstr(answer->data, key);
	size_t len;

	if (!at)
		return false;
	at += strlen(key);
	len = strcspn(at, "\n");
	if (len >= size)
		return false;
	memcpy(value, at, len);
	value[len] = '\0';
	return true;
}

// How long the token in an answer of get lives, in seconds.
static int64_t share_find_life(const struct buf *answer)
{
	int64_t life = 0;
	char text[24];

	if (share_find_value(answer, "\nexpires_in=", text, sizeof text))
		(void)text_to_number(text, 0, TOKEN_LIFETIME_MAX, &life);
	return life;
}

// Whether the answer is the token that was refused.
static bool share_is_refused_token(const struct share_connection *connection, const char *token)
{
	char hex[SHA256_HEX_SIZE];

	sha256_hex(token, strlen(token), hex, SHA256_HEX_SIZE - 1);
	return !strcmp(hex, connection->refused_sha256);
}

// Get has given a token: whether it is one that the asker may have. asks_for_next: it is the one that was refused.
static enum status share_check_token(struct share_connection *connection, const char *token, bool *asks_for_next,
				     struct err *err)
{
	int64_t life = share_find_life(&connection->question.answer);

	share_limits_note(connection->limits, token);
	if (life < connection->min_ttl)
		return err_set(err, STATUS_TEMPORARY,
			       "profile '%s': new tokens were asked for too often, and the cached one has %lld s left",
			       connection->limits->name, (long long)life);
	*asks_for_next = !connection->asks_again && *connection->refused_sha256 && share_is_refused_token(connection, token);
	return STATUS_OK;
}

static void share_give_answer(struct share *share, struct share_connection *connection)
{
	const char *warning = question_warning(&connection->question);

	// there is a token, though not all is well
	if (*warning)
		notice_print_new(share->last_notice, "share", warning);
	if (!connection->erases)
		buf_add(&connection->output, connection->question.answer.data, connection->question.answer.len);
	share_write(connection);
}

static void share_take_answer(struct share *share, struct share_connection *connection)
{
	char token[TOKEN_MAX + 1] = "";
	struct err err = { STATUS_INTERNAL, "" };
	bool asks_for_next = false;
	const char *why;
	enum status status = question_end(&connection->question, &why);

	if (status != STATUS_OK)
		err_set(&err, status, "%s", why);
	else if (!connection->erases && share_find_value(&connection->question.answer, "\ncredential=", token, sizeof token))
		status = share_check_token(connection, token, &asks_for_next, &err);
	if (asks_for_next) {
		connection->asks_again = true;
		status = share_ask(connection, "get", token, &err);
	}
	explicit_bzero(token, sizeof token);
	if (asks_for_next && status == STATUS_OK)
		return;
	if (status == STATUS_OK)
		share_give_answer(share, connection);
	else
		share_refuse(connection, &err);
	question_forget(&connection->question);
}

// --- the request

struct share_texts {
	struct buf text[SERVER_PROFILES_MAX];
};

static void share_texts_free(struct share_texts *texts)
{
	for (size_t i = 0; i < SERVER_PROFILES_MAX; i++)
		buf_free(&texts->text[i]);
}

// The profiles as they are now: their files may have been changed meanwhile.
static void share_load(const struct share *share, struct shared_profiles *shared, struct share_texts *texts)
{
	*shared = (struct shared_profiles){ 0 };
	for (size_t i = 0; i < share->options->name_count; i++) {
		texts->text[i] = (struct buf)BUF_INIT(PROFILE_TEXT_MAX);
		if (profile_dir_load(share->options->names[i], &texts->text[i], &shared->profiles[shared->count], NULL) ==
		    STATUS_OK)
			shared->count++;
	}
}

// "operation=", which only share knows. The message is not cut up yet.
static enum status share_read_operation(const struct buf *input, char operation[OPERATION_SIZE], struct err *err)
{
	BUF_AUTO(copy, REQUEST_MAX);
	struct wire_field field;
	struct wire wire;

	(void)snprintf(operation, OPERATION_SIZE, SHARE_GET);
	buf_add(&copy, input->data, input->len);
	wire = wire_message(copy.data, copy.len);
	while (wire_next(&wire, &field, NULL) == WIRE_FIELD) {
		if (!strcmp(field.key, "operation"))
			(void)snprintf(operation, OPERATION_SIZE, "%s", field.value);
	}
	if (strcmp(operation, SHARE_GET) != 0 && strcmp(operation, SHARE_ERASE) != 0 && strcmp(operation, SHARE_PROFILES) != 0)
		return err_set(err, STATUS_USAGE, "operation: it must be get, erase or profiles");
	return STATUS_OK;
}

static struct share_limits *share_limits_of(struct share *share, const char *name)
{
	size_t i = 0;

	while (strcmp(share->options->names[i], name) != 0)
		i++;
	return &share->limits[i];
}

static void share_put_lines(struct share_connection *connection, const struct request *request, const struct profile *profile)
{
	struct buf *lines = &connection->lines, *refusal = &connection->refusal;

	wire_put(lines, "profile", profile->name);
	wire_put(lines, "url", request->url);
	if (connection->erases) {
		wire_put(lines, "credential_sha256", request->credential ? NULL : request->credential_sha256);
		wire_put(lines, "credential", request->credential);
	} else {
		wire_put(lines, "scope", request->scope);
		wire_put(lines, "resource", request->resource);
		if (request->min_ttl)
			wire_put_number(lines, "min_ttl", request->min_ttl);
		wire_put(lines, "fresh", request->fresh ? "yes" : NULL);
		for (size_t i = 0; i < request->wwwauth_count; i++)
			wire_put(refusal, "wwwauth[]", request->wwwauth[i]);
		if (request->http_status || *connection->refused_sha256)
			wire_put_number(refusal, "http_status", request->http_status ? request->http_status : 401);
	}
}

// How often that may be. Where no new token may be requested now, the cached one is given, if it lives long enough.
static enum status share_check_limits(struct share_connection *connection, struct request *request,
				      const struct profile *profile, struct err *err)
{
	enum status status = share_limits_check_kind(connection->limits, request, profile, err);

	if (status == STATUS_OK && (connection->erases || request->credential || request->credential_sha256 || request->fresh))
		return share_limits_check_renewal(connection->limits, request->fresh, err);
	if (status == STATUS_OK && request->min_ttl &&
	    share_limits_check_renewal(connection->limits, false, NULL) != STATUS_OK) {
		connection->min_ttl = request->min_ttl;
		request->min_ttl = 0;
	}
	return status;
}

static enum status share_begin_question(struct share *share, struct share_connection *connection, struct request *request,
					const struct shared_profiles *shared, struct err *err)
{
	const struct profile *profile;
	enum status status = STATUS_OK;
	bool uncovered;

	profile = shared_profiles_choose(shared, request, &uncovered, err);
	if (!profile)
		return err->status;
	if (connection->erases && !request->credential && !request->credential_sha256)
		return err_set(err, STATUS_USAGE, "erase needs credential= or credential_sha256=: the token that was refused");
	if (request->scope && !text_same(request->scope, profile->scope))
		status = get_check_scope(profile, request->scope, "the request", err);
	connection->limits = share_limits_of(share, profile->name);
	if (status == STATUS_OK)
		status = share_check_limits(connection, request, profile, err);
	if (status != STATUS_OK)
		return status;
	share_put_lines(connection, request, profile);
	// a challenge without a token says which scope is wanted
	if (!*connection->refused_sha256 && !request->credential)
		buf_add(&connection->lines, connection->refusal.data, connection->refusal.len);
	return connection->erases ? share_ask(connection, "erase", NULL, err) :
				    share_ask(connection, "get", request->credential, err);
}

static void share_take_request(struct share *share, struct share_connection *connection)
{
	__attribute__((cleanup(share_texts_free))) struct share_texts texts = { 0 };
	struct err err = { STATUS_INTERNAL, "" };
	struct request request = { 0 };
	struct shared_profiles shared;
	char operation[OPERATION_SIZE];
	enum status status;

	serving_note_use(&share->serving);
	share_load(share, &shared, &texts);
	status = share_read_operation(&connection->input, operation, &err);
	if (status == STATUS_OK && !strcmp(operation, SHARE_PROFILES)) {
		for (size_t i = 0; i < shared.count; i++)
			shared_profile_write(&shared.profiles[i], &connection->output);
		share_write(connection);
		return;
	}
	connection->erases = !strcmp(operation, SHARE_ERASE);
	if (status == STATUS_OK)
		status = request_parse(&request, connection->input.data, connection->input.len, &err);
	if (status == STATUS_OK && request.credential_sha256)
		memcpy(connection->refused_sha256, request.credential_sha256, SHA256_HEX_SIZE);
	if (status == STATUS_OK)
		status = share_begin_question(share, connection, &request, &shared, &err);
	if (status != STATUS_OK)
		share_refuse(connection, &err);
}

// A message ends with an empty line, or where the asker ends it.
static bool share_request_is_whole(const struct buf *input, bool ended)
{
	// the second form is somebody's who speaks HTTP, and is told that it is not understood
	return ended || (input->len && input->data[0] == '\n') || strstr(input->data, "\n\n") ||
	       strstr(input->data, "\r\n\r\n");
}

static void share_read(struct share *share, struct share_connection *connection)
{
	char chunk[4096];
	ssize_t got = read(connection->fd, chunk, sizeof chunk);
	struct err err;

	if (got < 0) {
		if (errno != EAGAIN && errno != EINTR)
			share_end(connection);
		return;
	}
	buf_add(&connection->input, chunk, (size_t)got);
	explicit_bzero(chunk, sizeof chunk);
	if (got == 0 && !connection->input.len) {
		share_end(connection);
	} else if (!buf_ok(&connection->input)) {
		err_set(&err, STATUS_USAGE, "the request is longer than %d bytes", REQUEST_MAX);
		share_refuse(connection, &err);
	} else if (share_request_is_whole(&connection->input, got == 0)) {
		share_take_request(share, connection);
	}
}

// What an asker has still to say is read for a while: a socket that is closed with something unread takes the answer with it.
static void share_drain(struct share_connection *connection)
{
	char chunk[4096];
	ssize_t got;

	got = read(connection->fd, chunk, sizeof chunk);
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		share_end(connection);
}

static void share_flush(struct share_connection *connection)
{
	const struct buf *output = &connection->output;
	ssize_t put = send(connection->fd, output->data + connection->written, output->len - connection->written,
			   MSG_NOSIGNAL | MSG_DONTWAIT);

	if (put > 0)
		connection->written += (size_t)put;
	if (put < 0 && errno != EAGAIN && errno != EINTR) {
		share_end(connection);
	} else if (connection->written == output->len) {
		(void)shutdown(connection->fd, SHUT_WR);
		connection->state = SHARE_DRAINS;
		connection->until = clock_now().boot + DRAIN_MS;
		share_drain(connection);
	}
}

// --- the loop

static void share_accept(struct share *share)
{
	struct share_connection *connection = share->connections;
	struct err err;
	int fd = accept4(share->server.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0) {
		// too many open files, most probably: it would be so again at once
		share->accept_at =
			errno == EAGAIN || errno == EINTR || errno == ECONNABORTED ? 0 : clock_now().boot + ACCEPT_AGAIN_MS;
		return;
	}
	while (connection->state != SHARE_FREE)
		connection++;
	*connection = (struct share_connection){ .state = SHARE_READS,
						 .fd = fd,
						 .until = clock_now().boot + READ_MS,
						 .input = BUF_INIT(REQUEST_MAX),
						 .output = BUF_INIT(MESSAGE_MAX),
						 .lines = BUF_INIT(SHARE_LINES_MAX),
						 .refusal = BUF_INIT(SHARE_LINES_MAX) };
	question_begin(&connection->question);
	if (server_socket_check_peer(&share->server, fd, &err) != STATUS_OK) {
		notice_print_new(share->last_notice, "share", err.text);
		share_refuse(connection, &err);
	}
}

static bool share_has_room(const struct share *share)
{
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		if (share->connections[i].state == SHARE_FREE)
			return true;
	}
	return false;
}

// The asker has gone. What was asked goes on, because others may wait for the same token, but keeps nobody else's place.
static void share_abandon(struct share *share, struct share_connection *connection)
{
	if (share->abandoned_count == CONNECTIONS_MAX)
		return;
	share->abandoned[share->abandoned_count++] = connection->question.pid;
	share_end(connection);
}

static void share_reap(struct share *share)
{
	for (size_t i = 0; i < share->abandoned_count;) {
		if (waitpid(share->abandoned[i], NULL, WNOHANG) == 0)
			i++;
		else
			share->abandoned[i] = share->abandoned[--share->abandoned_count];
	}
}

// may_leave: whether there is room for one more that has gone.
static void share_fill(const struct share_connection *connection, bool may_leave, struct pollfd fds[CONNECTION_FDS])
{
	// one whose question is being answered may go away
	short events = connection->state == SHARE_WRITES ? POLLOUT : connection->state == SHARE_ASKS ? 0 : POLLIN;

	fds[0] = (struct pollfd){ .fd = connection->state == SHARE_ASKS && !may_leave ? -1 : connection->fd, .events = events };
	for (int i = 1; i < CONNECTION_FDS; i++)
		fds[i].fd = -1;
	if (connection->state == SHARE_ASKS)
		question_fill(&connection->question, fds + 1);
}

static void share_step(struct share *share, struct share_connection *connection, const struct pollfd fds[CONNECTION_FDS])
{
	if (connection->state == SHARE_ASKS && (fds[0].revents & (POLLHUP | POLLERR)))
		share_abandon(share, connection);
	if (connection->state == SHARE_ASKS && question_step(&connection->question, fds + 1))
		share_take_answer(share, connection);
	if (connection->state == SHARE_DRAINS && fds[0].revents)
		share_drain(connection);
	if (connection->state == SHARE_READS && fds[0].revents)
		share_read(share, connection);
	if (connection->state == SHARE_WRITES)
		share_flush(connection);
	if (connection->state != SHARE_FREE && connection->state != SHARE_ASKS && connection->until < clock_now().boot)
		share_end(connection);
}

static bool share_is_busy(const struct share *share)
{
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		if (share->connections[i].state != SHARE_FREE)
			return true;
	}
	return false;
}

// In how many milliseconds there is something to do without an event; -1: never.
static int share_timeout(const struct share *share)
{
	int64_t now = clock_now().boot, soonest = share_is_busy(share) ? 0 : serving_idle_at(&share->serving);

	if (share->abandoned_count)
		soonest = soonest && soonest < now + REAP_MS ? soonest : now + REAP_MS;
	if (share->accept_at > now && (!soonest || share->accept_at < soonest))
		soonest = share->accept_at;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		const struct share_connection *connection = &share->connections[i];

		if (connection->state != SHARE_FREE && connection->state != SHARE_ASKS &&
		    (!soonest || connection->until < soonest))
			soonest = connection->until;
	}
	return !soonest ? -1 : soonest <= now ? 0 : (int)(soonest - now) + 1;
}

enum { FD_SIGNAL, FD_SERVER, FD_CONNECTIONS, FDS = FD_CONNECTIONS + CONNECTIONS_MAX * CONNECTION_FDS };

// poll(2) takes no more descriptors than may be open, so those that are none are left out. False when it cannot be waited.
static bool share_wait(struct pollfd fds[FDS], int timeout)
{
	static struct pollfd open[FDS];
	static size_t places[FDS];
	nfds_t count = 0;
	int ready;

	for (size_t i = 0; i < FDS; i++) {
		fds[i].revents = 0;
		if (fds[i].fd < 0)
			continue;
		places[count] = i;
		open[count++] = fds[i];
	}
	ready = poll(open, count, timeout);
	for (nfds_t i = 0; i < count && ready > 0; i++)
		fds[places[i]].revents = open[i].revents;
	return ready >= 0 || errno == EINTR;
}

static void share_serve(struct share *share, int signal_fd)
{
	static struct pollfd fds[FDS];

	while (share_is_busy(share) || !serving_is_idle(&share->serving)) {
		bool accepts = share_has_room(share) && share->accept_at <= clock_now().boot;

		fds[FD_SIGNAL] = (struct pollfd){ .fd = signal_fd, .events = POLLIN };
		fds[FD_SERVER] = (struct pollfd){ .fd = accepts ? share->server.fd : -1, .events = POLLIN };
		for (size_t i = 0; i < CONNECTIONS_MAX; i++)
			share_fill(&share->connections[i], share->abandoned_count < CONNECTIONS_MAX,
				   fds + FD_CONNECTIONS + i * CONNECTION_FDS);
		if (!share_wait(fds, share_timeout(share)) || fds[FD_SIGNAL].revents)
			break;
		for (size_t i = 0; i < CONNECTIONS_MAX; i++)
			share_step(share, &share->connections[i], fds + FD_CONNECTIONS + i * CONNECTION_FDS);
		share_reap(share);
		if (fds[FD_SERVER].revents && share_has_room(share))
			share_accept(share);
	}
}

static enum status share_take_word(void *context, const char *option, const char *value, struct err *err)
{
	return server_options_take(context, "share", option, value, err);
}

enum status command_share(char **args, struct err *err)
{
	const struct options parser = { "share", share_options, false };
	struct server_options options = { 0 };
	static struct share share;
	bool returns;
	int signal_fd;
	enum status status = options_parse(&parser, &args, share_take_word, &options, err);

	if (status == STATUS_OK)
		status = server_options_check(&options, "share", err);
	if (status != STATUS_OK)
		return status;
	// a signal that comes from now on takes the socket away
	signal_fd = harden_take_signals();
	if (signal_fd < 0)
		return err_set(err, STATUS_INTERNAL, "share: signals cannot be read");
	harden_open_files();
	status = server_options_open(&options, "share", &share.server, err);
	if (status != STATUS_OK)
		return status;
	share.options = &options;
	for (size_t i = 0; i < options.name_count; i++)
		share.limits[i].name = options.names[i];
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		share.connections[i].fd = -1;
		question_begin(&share.connections[i].question);
	}
	confine_listening_ends();
	for (size_t i = 0; i < options.name_count; i++)
		printf("%s: " SHARE_VARIABLE "=%s\n", options.names[i], share.server.path);
	status = server_options_go_on(&options, &returns, err);
	if (status != STATUS_OK)
		server_socket_close(&share.server);
	if (status != STATUS_OK || returns)
		return status;
	serving_begin(&share.serving, "share", &options, &share.server);
	share_serve(&share, signal_fd);
	serving_end(&share.serving);
	server_socket_close(&share.server);
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		share_end(&share.connections[i]);
	return STATUS_OK;
}
