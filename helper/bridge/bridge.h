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

enum bridge_end {
	BRIDGE_GOES_ON,
	BRIDGE_INPUT_ENDED,  // what is under way is waited for, for a while
	BRIDGE_SAYS_GOODBYE, // the session is being deleted
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

// Carries messages until the client is gone. signal_fd: of signalfd(2). With problem, each request is answered with it.
void bridge_run(struct bridge *bridge, int signal_fd);

// What a person must know, on standard error: not the same again and again.
void bridge_notice(struct bridge *bridge, const char *format, ...) __attribute__((format(printf, 2, 3)));

// --- for exchanges

// Takes a message of the server's, which came in the response to exchange. False where it is none.
bool bridge_take_message(struct bridge *bridge, struct exchange *exchange, const char *text, size_t len);

// HTTP+SSE: where messages go. False where that is not at the same server.
bool bridge_take_endpoint(struct bridge *bridge, const char *uri);

// The server does not know the session that exchange was sent in: it waits for a new one, which is begun where that has not been done.
void bridge_renew_session(struct bridge *bridge, struct exchange *exchange);

// The server wants headers for a tool that is not known: exchange waits for the list of tools.
void bridge_list_tools(struct bridge *bridge, struct exchange *exchange);

// The server has taken it, though its response may go on.
void bridge_was_delivered(struct bridge *bridge, const struct exchange *exchange);

// Its transfer has ended.
void bridge_exchange_ended(struct bridge *bridge, struct exchange *exchange);

#endif
