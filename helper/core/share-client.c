// SPDX-License-Identifier: MIT
#include "core/share-client.h"

#include "base/clock.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/wire.h"
#include "model/profile-dir.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CONNECT_TRIES	  6 // a server that is started again is waited for
#define CONNECT_PAUSE_MS  200
#define ANSWER_TIMEOUT_MS 75000

// --- the connection

// Not blocked by a server that takes no connections, because as many as it has room for wait already.
static int share_client_try(const struct sockaddr_un *address, int *fd)
{
	int error = 0;

	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0 || connect(*fd, (const struct sockaddr *)address, sizeof *address) < 0)
		error = errno;
	if (error && *fd >= 0)
		close(*fd);
	return error;
}

static enum status share_client_connect(int *fd, struct err *err)
{
	const struct timespec pause = { 0, CONNECT_PAUSE_MS * 1000000L };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = profile_dir_socket();
	int error = ENOENT;

	if (*path != '/' || strlen(path) >= sizeof address.sun_path)
		return err_set(err, STATUS_USAGE, SHARE_VARIABLE ": '%.150s' is not the absolute path of a socket", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	for (int i = 0; i < CONNECT_TRIES; i++) {
		error = share_client_try(&address, fd);
		if (!error)
			return STATUS_OK;
		if (error != ECONNREFUSED && error != ENOENT && error != EAGAIN)
			break;
		nanosleep(&pause, NULL);
	}
	return err_set(err, STATUS_UNAVAILABLE,
		       SHARE_VARIABLE ": nobody answers at '%s' (%s): is 'sk-helper share' running, outside of this container?",
		       path, strerror(error));
}

// Waits until the socket can be read from or written to. False when the time is over.
static bool share_client_wait(int fd, short events, int64_t end)
{
	int64_t left = end - clock_now().boot;

	return left > 0 && poll(&(struct pollfd){ .fd = fd, .events = events }, 1, (int)left) == 1;
}

static bool share_client_send(int fd, const struct buf *question, int64_t end)
{
	size_t sent = 0;

	while (buf_ok(question) && sent < question->len) {
		ssize_t put = -1;

		if (!share_client_wait(fd, POLLOUT, end))
			return false;
		put = send(fd, question->data + sent, question->len - sent, MSG_NOSIGNAL);
		if (put < 0 && errno != EINTR && errno != EAGAIN)
			return false;
		sent += put > 0 ? (size_t)put : 0;
	}
	return buf_ok(question);
}

// Until the other side has ended its answer; it may not have read all of the question. False when it does not in time, or says too much.
static bool share_client_receive(int fd, struct buf *answer, int64_t end)
{
	ssize_t got = 1;

	while (got > 0 && buf_ok(answer)) {
		size_t room;
		char *at;

		if (!share_client_wait(fd, POLLIN, end))
			return false;
		at = buf_reserve(answer, 4096, &room);
		got = at ? read(fd, at, room) : -1;
		if (got > 0)
			buf_extend(answer, (size_t)got);
	}
	return buf_ok(answer);
}

static bool share_client_is_whole(const struct buf *answer)
{
	static const char end[] = "end=yes\n";
	size_t len = strlen(end);

	return answer->len >= len && !strcmp(answer->data + answer->len - len, end);
}

// What the server says where it does not answer the question: status= and message=. STATUS_OK where it says nothing of the kind.
static enum status share_client_read_refusal(const struct buf *answer, struct err *err)
{
	BUF_AUTO(copy, MESSAGE_MAX);
	enum status status = STATUS_OK;
	struct wire_field field;
	struct wire wire;

	buf_add(&copy, answer->data, answer->len);
	wire = wire_message(copy.data, copy.len);
	err_set(err, STATUS_INTERNAL, "the server at " SHARE_VARIABLE " gave no reason");
	while (wire_next(&wire, &field, NULL) == WIRE_FIELD) {
		if (!strcmp(field.key, "status") && (!status_from_word(field.value, &status) || status == STATUS_OK))
			status = STATUS_INTERNAL;
		if (!strcmp(field.key, "message"))
			err_set(err, STATUS_INTERNAL, "%s", field.value);
	}
	if (err)
		err->status = status;
	return status;
}

static enum status share_client_ask(const struct buf *question, struct buf *answer, struct err *err)
{
	enum status status;
	int64_t end = clock_now().boot + ANSWER_TIMEOUT_MS;
	bool answered;
	int fd = -1;

	status = share_client_connect(&fd, err);
	if (status != STATUS_OK)
		return status;
	// who is refused may be answered before all is read
	(void)share_client_send(fd, question, end);
	answered = share_client_receive(fd, answer, end);
	close(fd);
	if (!answered || !share_client_is_whole(answer))
		return err_set(err, STATUS_UNAVAILABLE,
			       SHARE_VARIABLE
			       ": the server at '%s' gave no whole answer: is it 'sk-helper share', and not 'proxy'?",
			       profile_dir_socket());
	return share_client_read_refusal(answer, err);
}

// --- the questions

enum status share_client_profiles(struct shared_profiles *shared, struct buf *text, struct err *err)
{
	BUF_AUTO(question, MESSAGE_MAX);
	enum status status;

	wire_put(&question, "operation", SHARE_PROFILES);
	buf_addc(&question, '\n');
	status = share_client_ask(&question, text, err);
	if (status == STATUS_OK)
		status = shared_profiles_read(shared, text->data, text->len, profile_dir_socket(), err);
	return status;
}

enum status share_client_profile_for(const struct request *request, struct buf *text, struct profile *profile, bool *uncovered,
				     struct err *err)
{
	const char *variable = getenv(PROFILE_VARIABLE);
	struct request named = *request;
	struct shared_profiles shared;
	const struct profile *found;
	bool is_uncovered = false;
	struct err why = { STATUS_INTERNAL, "" };
	enum status status = share_client_profiles(&shared, text, &why);

	if (request->url == request->joined)
		named.url = named.joined;
	if (!named.profile && !named.url && variable && *variable)
		named.profile = variable;
	found = status == STATUS_OK ? shared_profiles_choose(&shared, &named, &is_uncovered, &why) : NULL;
	if (uncovered)
		*uncovered = is_uncovered;
	if (found)
		*profile = *found;
	else if (err)
		*err = why;
	return found ? STATUS_OK : why.status;
}

static void share_client_put_refused(struct buf *question, const char *token)
{
	char hex[SHA256_HEX_SIZE];

	sha256_hex(token, strlen(token), hex, SHA256_HEX_SIZE - 1);
	wire_put(question, "credential_sha256", hex);
}

// Without its query, where people put secrets.
static void share_client_put_url(struct buf *question, const struct request *request)
{
	BUF_AUTO(url, URL_MAX);

	if (!request->url)
		return;
	buf_add(&url, request->url, (size_t)url_shown(request->url));
	wire_put(question, "url", url.data);
}

// The answer's lines as a token, which lives as long from now on as it says.
static enum status share_client_read_token(const struct profile *profile, const struct request *request,
					   struct cached_token *obtained, struct err *err)
{
	struct wire wire = wire_message(obtained->record.data, obtained->record.len);
	struct token *token = &obtained->token;
	struct moment now = clock_now();
	int64_t left = 0, lifetime = 0;
	enum wire_result result;
	struct wire_field field;

	*token = (struct token){ .access_token = "", .granted_scope = "", .boot_id = "" };
	while ((result = wire_next(&wire, &field, NULL)) == WIRE_FIELD) {
		if (!strcmp(field.key, "credential"))
			token->access_token = field.value;
		else if (!strcmp(field.key, "scope"))
			token->granted_scope = field.value;
		else if (!strcmp(field.key, "expires_in"))
			(void)text_to_number(field.value, 0, TOKEN_LIFETIME_MAX, &left);
		else if (!strcmp(field.key, "lifetime"))
			(void)text_to_number(field.value, 0, TOKEN_LIFETIME_MAX, &lifetime);
	}
	if (result == WIRE_BAD || !*token->access_token || !token_text_ok(token->access_token) || left <= 0 || lifetime < left)
		return err_set(err, STATUS_INTERNAL, SHARE_VARIABLE ": the answer of the server at '%s' has no token",
			       profile_dir_socket());
	token_bind(token, profile, request);
	clock_boot_id(obtained->boot_id);
	token->boot_id = obtained->boot_id;
	token->expires_at = now.wall + left;
	token->issued_at = token->expires_at - lifetime;
	token->boot_expires_ms = now.boot + left * 1000;
	return STATUS_OK;
}

enum status share_client_get(const struct profile *profile, const struct request *request, struct cached_token *obtained,
			     struct err *err)
{
	BUF_AUTO(question, MESSAGE_MAX);
	enum status status;

	// an empty value cannot be told from none
	if (request->scope && !*request->scope)
		return err_set(err, STATUS_USAGE, SHARE_VARIABLE ": a token without a scope cannot be asked for over a socket");
	wire_put(&question, "operation", SHARE_GET);
	wire_put(&question, "profile", profile->name);
	share_client_put_url(&question, request);
	wire_put(&question, "scope", request->scope);
	wire_put(&question, "resource", request->resource);
	if (request->min_ttl)
		wire_put_number(&question, "min_ttl", request->min_ttl);
	wire_put(&question, "fresh", request->fresh ? "yes" : NULL);
	if (request->renewal != RENEWAL_NONE && request->refused_token)
		share_client_put_refused(&question, request->refused_token);
	buf_addc(&question, '\n');
	status = share_client_ask(&question, &obtained->record, err);
	return status == STATUS_OK ? share_client_read_token(profile, request, obtained, err) : status;
}

// Whether what a tool wants forgotten is the token that it would be given. git says so, too, of a password that a person has mistyped: not
// even its SHA-256 is for whoever listens at the socket.
static bool share_client_is_token(const struct profile *profile, const struct request *request)
{
	const struct request plain = { .scope = profile->scope, .resource = profile->resource };
	CACHED_TOKEN_AUTO(cached);

	return request->credential && share_client_get(profile, &plain, &cached, NULL) == STATUS_OK &&
	       !strcmp(cached.token.access_token, request->credential);
}

enum status share_client_erase(const struct profile *profile, const struct request *request, struct err *err)
{
	BUF_AUTO(question, MESSAGE_MAX);
	BUF_AUTO(answer, ANSWER_MAX);

	if (request->keep_scope && !share_client_is_token(profile, request))
		return STATUS_OK;
	wire_put(&question, "operation", SHARE_ERASE);
	wire_put(&question, "profile", profile->name);
	if (request->credential)
		share_client_put_refused(&question, request->credential);
	else
		wire_put(&question, "credential_sha256", request->credential_sha256);
	buf_addc(&question, '\n');
	return share_client_ask(&question, &answer, err);
}
