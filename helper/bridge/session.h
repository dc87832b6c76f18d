// SPDX-License-Identifier: MIT
// A session of MCP before 2026-07-28: how far its beginning is, and what is needed to begin another one in its place when the server
// has lost it.
#ifndef SK_SESSION_H
#define SK_SESSION_H

#include "base/buf.h"
#include "bridge/message.h"

#include <stdbool.h>
#include <stdint.h>

#define SESSION_ID_MAX	    1024
#define SESSION_VERSION_MAX 64
#define SESSION_REPLAYS_MAX 64

enum session_stage {
	SESSION_NONE,
	SESSION_CONNECTS, // HTTP+SSE: the server has not said yet where messages go
	SESSION_BEGINS,	  // initialize is on its way
	SESSION_ANSWERED, // and was answered
	SESSION_CONFIRMS, // notifications/initialized is on its way
	SESSION_READY,
	SESSION_RENEWS, // another one is begun in the place of one that is lost
	SESSION_LOST,	// and that has failed: it is tried again when there is something to be sent
};

struct session {
	enum session_stage stage;
	int64_t wait_until;  // CLOCK_BOOTTIME in ms: so long what holds the other messages is waited for (session_holds)
	unsigned generation; // counts the sessions
	char id[SESSION_ID_MAX + 1];	   // "" where the server keeps none
	char version[SESSION_VERSION_MAX]; // that was agreed on
	struct buf initialize;		   // the client's own message
	bool tells_tool_changes;
	// what the client has asked for, and a new session must be asked for again
	struct buf log_level, subscriptions[SESSION_REPLAYS_MAX];
	size_t subscription_count;
	// the stream of events
	bool no_events;	   // the server has none
	int64_t events_at; // CLOCK_BOOTTIME in ms: it is to be opened then; 0: it is open, or not wanted
	int64_t events_delay;
	char last_event[SESSION_ID_MAX + 1];
	struct buf endpoint; // HTTP+SSE: where messages go
};

void session_begin(struct session *session);
void session_free(struct session *session);

// The client has sent initialize: whatever there was is over.
void session_start(struct session *session, const struct message *initialize, bool sse);

// The server's answer to it, or to the one that was sent in its place. False where it is none that a session can have: in the second
// case, also where it is of another version.
bool session_take_answer(struct session *session, const struct message *answer);
// The Mcp-Session-Id header of that answer.
void session_take_id(struct session *session, const char *id);

// Whether messages other than initialize must wait.
bool session_holds(const struct session *session);

// A request that succeeded, of those that a new session must be asked for again.
void session_remember(struct session *session, const struct message *request);

// Whether messages carry the version in a header: from 2025-06-18 on.
bool session_sends_version(const struct session *session);

// Whether this response to a message with a session's id, which is not an answer with the message's own id, means that the server does
// not know the session any more.
bool session_is_lost(long http_status, const struct buf *body);

#endif
