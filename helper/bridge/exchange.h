// SPDX-License-Identifier: MIT
// One message of the client's, or of the bridge's own, from the moment it is read until it has its answer: it is sent, sent again where
// that is safe, and answered with an error where no answer comes. Each request is answered exactly once.
#ifndef SK_EXCHANGE_H
#define SK_EXCHANGE_H

#include "bridge/bridge.h"
#include "bridge/sse.h"

#include <stdbool.h>
#include <stdint.h>

enum exchange_state {
	EXCHANGE_HELD,		    // not sent yet: something else must come first
	EXCHANGE_SENT,		    // its transfer is under way
	EXCHANGE_WAITS_FOR_EVENT,   // HTTP+SSE: its answer comes on the stream of events
	EXCHANGE_WAITS_TO_RESUME,   // its stream was cut off, and is asked for again at wait_until
	EXCHANGE_WAITS_FOR_SESSION, // it is sent again once there is a new one
	EXCHANGE_WAITS_FOR_TOOLS,   // or once the tools are known
	EXCHANGE_DONE,
};

struct exchange {
	struct bridge *bridge;
	enum exchange_role role;
	enum exchange_state state;
	struct buf line;
	struct message message; // in line
	bool modern;		// MCP 2026-07-28
	bool cancelled;
	struct json_value *ids; // of its requests that are not answered yet
	size_t id_count;
	int64_t answered_at;		    // CLOCK_BOOTTIME in ms: when the last one was; 0: not yet
	unsigned generation;		    // of the session that it was sent in
	bool in_session;		    // it was sent with a session's id
	bool delivered;			    // the server has taken it: it must not be sent again, unless it can be asked twice
	bool session_renewed, tools_listed; // it was sent again for that
	// its response
	struct transfer transfer;
	bool is_stream;
	struct sse sse;
	struct buf body;
	char last_event[SESSION_ID_MAX + 1];
	int64_t retry_ms, wait_until;
	unsigned stream_number; // HTTP+SSE: that of the stream on which its answer comes
	bool had_event;
	bool leads_elsewhere; // HTTP+SSE: it names another server to send messages to
	int64_t response_at;  // CLOCK_BOOTTIME in ms: when its headers were there
	unsigned resumed;     // so often, without an event
	unsigned resumptions; // in all
	char failure[256];    // why the stream of events could not be had
	struct exchange *next, *previous;
};

// Makes one, at the end of the list; line may be NULL. NULL where there is no memory.
struct exchange *exchange_new(struct bridge *bridge, enum exchange_role role, const char *line, size_t len);
void exchange_free(struct exchange *exchange);

// Whether it is a request that is not answered yet, or several.
bool exchange_wants_answer(const struct exchange *exchange);

// Whether it is a message of the client's that is not sent yet and goes to a session.
bool exchange_needs_session(const struct exchange *exchange);

// Whether it is one that stays open, and is not waited for.
bool exchange_is_subscription(const struct exchange *exchange);

// Whether there is room for more on standard output: if not, transfers are paused, until upstream_resume.
bool exchange_may_put(const struct bridge *bridge);

// Takes a refusal whose body does not end for what it is.
void exchange_end_refusal(struct exchange *exchange);

// Sends it, or sends it again.
void exchange_send(struct exchange *exchange);

// Answers all that is unanswered with an error.
void exchange_fail(struct exchange *exchange, int code, long http_status, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

// The request with this id that is not answered yet, in this exchange; NULL for none.
struct json_value *exchange_find_id(struct exchange *exchange, struct json_value id);
void exchange_mark_answered(struct exchange *exchange, struct json_value *id);

#endif
