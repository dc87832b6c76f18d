// SPDX-License-Identifier: MIT
// What the client says: read, held back while something else must come first, and sent.
#include "base/clock.h"
#include "bridge/bridge.h"
#include "bridge/exchange.h"

#include <stdio.h>
#include <string.h>

#define REQUESTS_AT_ONCE 32   // that wait for an answer; answers of the client's never wait behind them
#define INPUT_ENDED_MS	 2000 // what is under way is waited for

// --- messages of the client's

// MCP before 2026-07-28: the server is told. Since then, the end of the request's stream says it.
static void bridge_cancel(struct bridge *bridge, struct exchange *cancel)
{
	struct json_value id = message_param(&cancel->message, "requestId");
	enum session_stage stage = bridge->session.stage;
	bool forward = !cancel->modern && stage != SESSION_RENEWS && stage != SESSION_LOST;

	for (struct exchange *exchange = bridge->first; exchange && id.len; exchange = exchange->next) {
		bool unsent =
			exchange->state == EXCHANGE_SENT ? exchange->transfer.state != TRANSFER_RUNS : !exchange->delivered;

		if (exchange->role != ROLE_CLIENT || exchange->answered_at || !exchange_find_id(exchange, id) ||
		    exchange->message.kind != MESSAGE_REQUEST)
			continue;
		// MCP: "the initialize request MUST NOT be cancelled"
		if (message_is(&exchange->message, "initialize")) {
			forward = false;
			break;
		}
		exchange->cancelled = true;
		exchange->answered_at = clock_now().boot; // a server may not end its stream: it is ended a little later
		if (exchange->modern || unsent) {
			exchange->state = EXCHANGE_DONE;
			forward = false;
		}
		break;
	}
	if (forward)
		exchange_send(cancel);
	else
		cancel->state = EXCHANGE_DONE;
}

static void bridge_start_session(struct bridge *bridge, struct exchange *initialize)
{
	if (*bridge->session.id)
		bridge_send_own(bridge, ROLE_DELETE_SESSION, NULL);
	bridge_close_events(bridge);
	session_start(&bridge->session, &initialize->message, bridge->sse);
	exchange_send(initialize);
}

void bridge_dispatch(struct bridge *bridge, struct exchange *exchange)
{
	const struct message *message = &exchange->message;

	if (message_is(message, "notifications/cancelled")) {
		bridge_cancel(bridge, exchange);
	} else if (!exchange->modern && message_is(message, "initialize") && message->kind == MESSAGE_REQUEST) {
		bridge_start_session(bridge, exchange);
	} else {
		if (!exchange->modern && message_is(message, "notifications/initialized") &&
		    bridge->session.stage == SESSION_ANSWERED) {
			bridge->session.stage = SESSION_CONFIRMS;
			bridge->session.wait_until = clock_now().boot + SESSION_WAIT_MS;
		}
		exchange_send(exchange);
	}
}

// Whether it is one of those of which there are only so many at once. The client's answers are not: the server may wait for one before it
// answers a request.
bool bridge_counts(const struct exchange *exchange)
{
	return exchange->role == ROLE_CLIENT && !exchange->answered_at && !exchange_is_subscription(exchange) &&
	       exchange->message.kind != MESSAGE_RESPONSE && !message_is(&exchange->message, "notifications/cancelled");
}

// Whether a message may be sent now. running: the requests that wait for an answer.
bool bridge_may_send(const struct bridge *bridge, const struct exchange *exchange, size_t running)
{
	enum session_stage stage = bridge->session.stage;
	if (bridge_counts(exchange) && running >= REQUESTS_AT_ONCE)
		return false;
	if (exchange->modern)
		return true;
	if (message_is(&exchange->message, "initialize"))
		return stage != SESSION_CONNECTS;
	// the server may wait for these before it answers what holds the others
	if (message_is(&exchange->message, "notifications/cancelled"))
		return stage != SESSION_CONNECTS;
	if (exchange->message.kind == MESSAGE_RESPONSE)
		return stage != SESSION_CONNECTS && stage != SESSION_RENEWS && stage != SESSION_LOST;
	return !session_holds(&bridge->session);
}

// There is no id to answer under. A client that does this again is told on standard error.
static void bridge_refuse_line(struct bridge *bridge, int code, const char *why)
{
	BUF_AUTO(text, 256);

	buf_addf(&text, "sk-helper: %s", why);
	if (bridge->refused_a_line)
		bridge_notice(bridge, "a line from the client was ignored: %s", why);
	else
		message_put_error(&bridge->output.text, (struct json_value){ 0 }, code, text.data, 0);
	bridge->refused_a_line = true;
}

static void bridge_refuse_long_line(struct bridge *bridge, const struct buf *beginning)
{
	struct json_value id = message_early_id(beginning->data, beginning->len);

	if (id.len)
		message_put_error(&bridge->output.text, id, MESSAGE_INVALID_REQUEST,
				  "sk-helper: a message is longer than 64 MiB", 0);
	else
		bridge_refuse_line(bridge, MESSAGE_INVALID_REQUEST, "a message is longer than 64 MiB");
}

static void bridge_take_line(struct bridge *bridge, struct buf *line)
{
	struct exchange *exchange;
	struct message message;

	message_read(&message, line->data, line->len);
	if (message.kind == MESSAGE_NONE) {
		bridge_refuse_line(bridge, message.is_json ? MESSAGE_INVALID_REQUEST : MESSAGE_PARSE_ERROR,
				   message.is_json ? "this is not a JSON-RPC message" : "this is not JSON");
		return;
	}
	exchange = exchange_new(bridge, ROLE_CLIENT, line->data, line->len);
	if (!exchange) {
		message_put_error(&bridge->output.text, message.id, MESSAGE_INTERNAL_ERROR, "sk-helper: no memory", 0);
		return;
	}
	exchange->modern = message.version.len > 0 || (message.kind != MESSAGE_REQUEST &&
						       bridge->session.stage == SESSION_NONE && *bridge->modern_version);
	if (message.version.len && message.version.len < sizeof bridge->modern_version) {
		BUF_AUTO(version, sizeof bridge->modern_version - 1);

		json_string_put(&version, message.version);
		(void)snprintf(bridge->modern_version, sizeof bridge->modern_version, "%s", version.data);
	}
	if (bridge->problem)
		exchange_fail(exchange, MESSAGE_INTERNAL_ERROR, 0, "sk-helper: %s", bridge->problem);
}

void bridge_read_client(struct bridge *bridge)
{
	enum client_line kind;

	if (!client_input_fill(&bridge->input) && bridge->end == BRIDGE_GOES_ON) {
		bridge->end = BRIDGE_INPUT_ENDED;
		bridge->end_at = clock_now().boot + INPUT_ENDED_MS;
	}
	do {
		BUF_AUTO(line, MESSAGE_SIZE_MAX);

		kind = client_input_next(&bridge->input, &line);
		if (kind == CLIENT_LINE)
			bridge_take_line(bridge, &line);
		else if (kind == CLIENT_LINE_TOO_LONG)
			bridge_refuse_long_line(bridge, &line);
	} while (kind != CLIENT_NO_LINE);
}
