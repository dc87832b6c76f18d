// SPDX-License-Identifier: MIT
// The bridge: an MCP client on standard input and output, an MCP server behind HTTPS. What comes from the client is a struct exchange
// each; what they have in common is here.
#ifndef SK_BRIDGE_H
#define SK_BRIDGE_H

#include "bridge/client-io.h"
#include "bridge/message.h"
#include "bridge/session.h"
#include "bridge/tool-headers.h"
#include "relay/upstream.h"

#include <stdbool.h>
#include <stdint.h>

struct exchange;

enum exchange_role {
	ROLE_CLIENT,	     // a message of the client's
	ROLE_EVENTS,	     // the stream of what the server says by itself
	ROLE_INITIALIZE,     // the client's initialize, sent again for a new session
	ROLE_INITIALIZED,    // and what follows it
	ROLE_REPLAY,	     // what the client had asked the old session for
	ROLE_LIST_TOOLS,     // for the headers of a tool that is not known
	ROLE_DELETE_SESSION, // the end of the session
};

enum bridge_end {
	BRIDGE_GOES_ON,
	BRIDGE_INPUT_ENDED,	// what is under way is waited for, for a while
	BRIDGE_DELETES_SESSION, // the session is being deleted
	BRIDGE_ENDED,
};

struct bridge {
	const char *profile;
	const char *problem; // why nothing can be carried; NULL for nothing
	bool sse;	     // HTTP+SSE, the transport of MCP 2024-11-05
	struct client_input input;
	struct client_output output;
	struct upstream upstream;
	struct session session;
	struct tool_list tools;
	char modern_version[64];       // the last one that a message named; "" for none
	struct exchange *first, *last; // in the order in which they came
	bool was_busy;		       // there were many at once, whose memory can be given back
	unsigned stream_number;	       // HTTP+SSE: counts the streams of events
	unsigned own_requests;	       // how many there have been: they need ids
	enum bridge_end end;
	bool core_is_gone;
	int64_t end_at; // CLOCK_BOOTTIME in ms: the next step to the end is made then
	char last_notice[256];
	int64_t last_notice_at, notices_since;
	unsigned notice_count;
	bool refused_a_line;
};

// Carries messages until the client is gone. signal_fd: of signalfd(2). With problem, each request is answered with it. False when standard
// output could not be written though somebody reads it: the disk is full, for example.
bool bridge_run(struct bridge *bridge, int signal_fd);

// What a person must know, on standard error: not the same again and again.
void bridge_notice(struct bridge *bridge, const char *format, ...) __attribute__((format(printf, 2, 3)));

// --- answers.c: what the server says

// Takes a message of the server's, which came in the response to exchange. False where it is none.
bool bridge_take_message(struct bridge *bridge, struct exchange *exchange, const char *text, size_t len);

// The server wants headers for a tool that is not known: exchange waits for the list of tools.
void bridge_list_tools(struct bridge *bridge, struct exchange *exchange);

// --- dispatch.c: what the client says

// Reads what is there of the client's messages.
void bridge_read_client(struct bridge *bridge);

// Whether an exchange is one of those of which there are only so many at once; whether one may be sent now, while so many run; sends it.
bool bridge_counts(const struct exchange *exchange);
bool bridge_may_send(const struct bridge *bridge, const struct exchange *exchange, size_t running);
void bridge_dispatch(struct bridge *bridge, struct exchange *exchange);

// --- renewal.c: the session, and the messages of the bridge's own

// How long what holds the other messages is waited for.
#define SESSION_WAIT_MS 10000

// How the ids of the bridge's own requests begin.
#define OWN_ID "sk-helper-bridge-"

// Sends a message of the bridge's own; line NULL: one without a body. The second one gives a request an id of ours.
void bridge_send_own(struct bridge *bridge, enum exchange_role role, const char *line);
struct exchange *bridge_send_as_own(struct bridge *bridge, enum exchange_role role, const struct message *message);

// The stream of what the server says by itself.
void bridge_open_events(struct bridge *bridge);
void bridge_close_events(struct bridge *bridge);

// HTTP+SSE: where messages go. False where that is not at the same server.
bool bridge_take_endpoint(struct bridge *bridge, const char *uri);

// The server does not know the session that exchange was sent in: it waits for a new one, which is begun where that has not been done.
void bridge_renew_session(struct bridge *bridge, struct exchange *exchange);

// The steps of it, and how they end; and the confirmation of the client's own.
void bridge_start_renewal(struct bridge *bridge);
void bridge_session_failed(struct bridge *bridge, const char *why);
void bridge_session_renewed(struct bridge *bridge);
void bridge_confirm_session(struct bridge *bridge);

// The server has taken an exchange, though its response may go on; its transfer has ended.
void bridge_was_delivered(struct bridge *bridge, const struct exchange *exchange);
void bridge_exchange_ended(struct bridge *bridge, struct exchange *exchange);

#endif
