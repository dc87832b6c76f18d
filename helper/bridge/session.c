// SPDX-License-Identifier: MIT
#include "bridge/session.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define INITIALIZE_MAX ((size_t)1 << 20)
#define REPLAY_MAX     65536
#define LOOKED_AT_MAX  4096

void session_begin(struct session *session)
{
	*session = (struct session){ .initialize = BUF_INIT(INITIALIZE_MAX),
				     .log_level = BUF_INIT(REPLAY_MAX),
				     .endpoint = BUF_INIT(4096) };
}

static void session_forget_replays(struct session *session)
{
	buf_free(&session->log_level);
	while (session->subscription_count)
		buf_free(&session->subscriptions[--session->subscription_count]);
}

void session_free(struct session *session)
{
	session_forget_replays(session);
	buf_free(&session->initialize);
	buf_free(&session->endpoint);
	explicit_bzero(session->id, sizeof session->id);
}

void session_start(struct session *session, const struct message *initialize, bool sse)
{
	session_forget_replays(session);
	buf_free(&session->initialize);
	buf_add(&session->initialize, initialize->whole.at, initialize->whole.len);
	session->stage = sse && !session->endpoint.len ? SESSION_CONNECTS : SESSION_BEGINS;
	session->generation++;
	session->id[0] = session->version[0] = session->last_event[0] = '\0';
	session->no_events = session->tells_tool_changes = false;
	session->events_at = session->events_delay = 0;
}

bool session_take_answer(struct session *session, const struct message *answer)
{
	BUF_AUTO(version, SESSION_VERSION_MAX - 1);
	struct json_value tools;

	if (!json_is_object(answer->result))
		return false;
	json_string_put(&version, json_member(answer->result, "protocolVersion"));
	if (!buf_ok(&version) || (version.len && !text_is_graphic(version.data)))
		return false;
	if (session->stage == SESSION_RENEWS && strcmp(session->version, version.data) != 0)
		return false;
	(void)snprintf(session->version, sizeof session->version, "%s", version.data);
	tools = json_member(json_member(answer->result, "capabilities"), "tools");
	session->tells_tool_changes = json_is_object(tools) && json_member(tools, "listChanged").len == 4; // true
	return true;
}

void session_take_id(struct session *session, const char *id)
{
	// visible ASCII (MCP, "Session Management"); it is sent back as it is
	if (strlen(id) <= SESSION_ID_MAX && text_is_graphic(id))
		(void)snprintf(session->id, sizeof session->id, "%s", id);
}

bool session_holds(const struct session *session)
{
	return session->stage == SESSION_LOST || session->stage == SESSION_CONNECTS || session->stage == SESSION_BEGINS ||
	       session->stage == SESSION_CONFIRMS || session->stage == SESSION_RENEWS;
}

// --- what a new session is asked for again

static void session_forget_subscription(struct session *session, struct json_value uri)
{
	for (size_t i = 0; i < session->subscription_count; i++) {
		struct buf *known = &session->subscriptions[i];
		struct message message;

		message_read(&message, known->data, known->len);
		if (!json_same(message_param(&message, "uri"), uri))
			continue;
		buf_free(known);
		*known = session->subscriptions[--session->subscription_count];
		return;
	}
}

void session_remember(struct session *session, const struct message *request)
{
	struct buf copy = BUF_INIT(REPLAY_MAX);
	bool subscribes = message_is(request, "resources/subscribe");

	if (subscribes || message_is(request, "resources/unsubscribe"))
		session_forget_subscription(session, message_param(request, "uri"));
	if (!(subscribes && session->subscription_count < SESSION_REPLAYS_MAX) && !message_is(request, "logging/setLevel"))
		return;
	buf_add(&copy, request->whole.at, request->whole.len);
	if (!buf_ok(&copy))
		return;
	if (subscribes) {
		session->subscriptions[session->subscription_count++] = copy;
	} else {
		buf_free(&session->log_level);
		session->log_level = copy;
	}
}

bool session_sends_version(const struct session *session)
{
	// dates: the order of the text is that of time
	return *session->version && strcmp(session->version, "2025-06-18") >= 0;
}

// --- whether it is lost

static bool says(const struct buf *body, const char *word)
{
	size_t len = strlen(word), end = body->len < LOOKED_AT_MAX ? body->len : LOOKED_AT_MAX;

	for (size_t i = 0; end >= len && i <= end - len; i++) {
		if (!strncasecmp(body->data + i, word, len))
			return true;
	}
	return false;
}

bool session_is_lost(long http_status, const struct buf *body)
{
	static const char *const words[] = { "session id",	"session-id",	   "session not",
					     "session has",	"session expired", "invalid session",
					     "unknown session", "session is not",  "not initialized" };

	if (http_status == 404 || http_status == 410)
		return true;
	// The specification wants 404, but the servers that are made after its SDKs' examples answer 400, as JSON or as plain text, and there
	// is no code for it: nothing but the text says that the session is meant, and not the request.
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if ((http_status == 400 || http_status == 409 || http_status == 503) && says(body, words[i]))
			return true;
	}
	return false;
}
