// SPDX-License-Identifier: MIT
#include "bridge/bridge.h"

#include "base/clock.h"
#include "base/text.h"
#include "bridge/exchange.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define REQUESTS_AT_ONCE   32 // that wait for an answer; answers of the client's never wait behind them
#define BUSY		   8
#define NOTICE_AGAIN_MS	   30000
#define NOTICES_MAX	   20 // in a period
#define NOTICES_PERIOD_MS  60000
#define HELD_MAX	   1024
#define PROBE_MAX_MS	   5000
#define LINGER_MS	   2000 // a stream is read on for so long after the answer
#define INPUT_ENDED_MS	   2000 // what is under way is waited for
#define GOODBYE_MS	   1000
#define SESSION_WAIT_MS	   10000
#define GOODBYE_HURRIED_MS 100 // clients kill soon after a signal
#define EVENTS_DELAY_MS	   1000
#define EVENTS_DELAY_MAX   30000
#define EVENTS_DELAY_LEAST 100
#define WAITING_INPUT_MAX  ((size_t)128 << 20)

#define OWN_ID "sk-helper-bridge-"

void bridge_notice(struct bridge *bridge, const char *format, ...)
{
	int64_t now = clock_now().boot;
	char text[sizeof bridge->last_notice];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	text_sanitize(text);
	if (!strcmp(text, bridge->last_notice) && now - bridge->last_notice_at < NOTICE_AGAIN_MS)
		return;
	// a server can give reasons for new ones as fast as it likes
	if (now - bridge->notices_since > NOTICES_PERIOD_MS) {
		bridge->notices_since = now;
		bridge->notice_count = 0;
	}
	if (++bridge->notice_count > NOTICES_MAX)
		return;
	(void)snprintf(bridge->last_notice, sizeof bridge->last_notice, "%s", text);
	bridge->last_notice_at = now;
	core_notice(text);
}

// --- messages of the bridge's own

// A message with an id of ours in the place of its own.
static struct exchange *bridge_send_as_own(struct bridge *bridge, enum exchange_role role, const struct message *message)
{
	BUF_AUTO(line, MESSAGE_SIZE_MAX);
	size_t before = (size_t)(message->id.at - message->whole.at);
	struct exchange *exchange;

	buf_add(&line, message->whole.at, before);
	buf_addf(&line, "\"" OWN_ID "%u\"", ++bridge->own_requests);
	buf_add(&line, message->id.at + message->id.len, message->whole.len - before - message->id.len);
	exchange = exchange_new(bridge, role, line.data, line.len);
	if (exchange)
		exchange_send(exchange);
	return exchange;
}

static void bridge_send_own(struct bridge *bridge, enum exchange_role role, const char *line)
{
	struct exchange *exchange = exchange_new(bridge, role, line, line ? strlen(line) : 0);

	if (exchange)
		exchange_send(exchange);
}

// --- the session

static void bridge_open_events(struct bridge *bridge)
{
	struct exchange *exchange;

	bridge->session.events_at = 0;
	bridge->stream_number++;
	exchange = exchange_new(bridge, ROLE_EVENTS, NULL, 0);
	if (!exchange)
		return;
	(void)snprintf(exchange->last_event, sizeof exchange->last_event, "%s", bridge->session.last_event);
	exchange_send(exchange);
}

static void bridge_close_events(struct bridge *bridge)
{
	if (bridge->sse) // where the answers come
		return;
	bridge->session.events_at = 0;
	for (struct exchange *exchange = bridge->first; exchange; exchange = exchange->next) {
		if (exchange->role == ROLE_EVENTS)
			exchange->state = EXCHANGE_DONE;
	}
}

static void bridge_start_renewal(struct bridge *bridge)
{
	struct message initialize;

	message_read(&initialize, bridge->session.initialize.data, bridge->session.initialize.len);
	bridge->session.stage = SESSION_RENEWS;
	bridge->session.wait_until = clock_now().boot + SESSION_WAIT_MS;
	bridge->session.id[0] = '\0';
	bridge->session.last_event[0] = '\0';
	bridge_close_events(bridge);
	(void)bridge_send_as_own(bridge, ROLE_INITIALIZE, &initialize);
}

void bridge_renew_session(struct bridge *bridge, struct exchange *exchange)
{
	exchange->session_renewed = true;
	exchange->state = EXCHANGE_WAITS_FOR_SESSION; // where there is none to be had, it fails when it is sent again
	// that of another exchange may have been noticed before
	if (!session_holds(&bridge->session) && exchange->generation == bridge->session.generation &&
	    bridge->session.initialize.len)
		bridge_start_renewal(bridge);
}

static void bridge_session_failed(struct bridge *bridge, const char *why)
{
	bridge->session.stage = SESSION_LOST;
	bridge_notice(bridge, "%s has lost the session, and no new one could be begun: %s", bridge->upstream.host, why);
	for (struct exchange *exchange = bridge->first; exchange; exchange = exchange->next) {
		if (exchange->state == EXCHANGE_WAITS_FOR_SESSION)
			exchange_fail(exchange, MESSAGE_INTERNAL_ERROR, 0,
				      "sk-helper: %s has lost the session, and no new one could be begun: %s",
				      bridge->upstream.host, why);
	}
}

// There is a session again: what the client had asked the old one for is asked for again.
static void bridge_session_renewed(struct bridge *bridge)
{
	struct session *session = &bridge->session;
	struct message replay;

	session->stage = SESSION_READY;
	for (size_t i = 0; i < session->subscription_count; i++) {
		message_read(&replay, session->subscriptions[i].data, session->subscriptions[i].len);
		(void)bridge_send_as_own(bridge, ROLE_REPLAY, &replay);
	}
	if (session->log_level.len) {
		message_read(&replay, session->log_level.data, session->log_level.len);
		(void)bridge_send_as_own(bridge, ROLE_REPLAY, &replay);
	}
	if (!session->no_events && !bridge->sse)
		session->events_at = clock_now().boot;
	// the server that comes back may have other tools
	if (session->tells_tool_changes)
		buf_adds(&bridge->output.text, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n");
}

bool bridge_take_endpoint(struct bridge *bridge, const char *uri)
{
	struct session *session = &bridge->session;
	CURLU *parts = curl_url();
	char *text = NULL;
	struct url url;
	bool good;

	good = parts && curl_url_set(parts, CURLUPART_URL, bridge->upstream.policy.url, 0) == CURLUE_OK &&
	       curl_url_set(parts, CURLUPART_URL, uri, 0) == CURLUE_OK &&
	       curl_url_get(parts, CURLUPART_URL, &text, 0) == CURLUE_OK && strlen(text) <= URL_MAX &&
	       url_parse(&url, text, NULL) == STATUS_OK && url_same_origin(&bridge->upstream.base, &url);
	buf_reset(&session->endpoint);
	if (good)
		buf_adds(&session->endpoint, text);
	else
		bridge_notice(bridge, "%s wants messages to be sent to another server: they are not", bridge->upstream.host);
	curl_free(text);
	curl_url_cleanup(parts);
	if (good && session->stage == SESSION_CONNECTS) {
		session->stage = SESSION_NONE;
		if (session->initialize.len && *session->version)
			bridge_start_renewal(bridge);
	}
	return good;
}

// --- tools

void bridge_list_tools(struct bridge *bridge, struct exchange *exchange)
{
	BUF_AUTO(line, MESSAGE_SIZE_MAX);
	struct json_value rest = message_param(&exchange->message, "_meta"), name, value;
	const char *before = "";

	exchange->tools_listed = true;
	exchange->state = EXCHANGE_WAITS_FOR_TOOLS;
	buf_addf(&line, "{\"jsonrpc\":\"2.0\",\"id\":\"" OWN_ID "%u\",\"method\":\"tools/list\",\"params\":{\"_meta\":",
		 ++bridge->own_requests);
	buf_addc(&line, '{');
	// what the call says of the client, but not what is its own, such as a token for its progress
	while (json_next(&rest, &name, &value)) {
		if (json_string_is(name, "progressToken"))
			continue;
		buf_adds(&line, before);
		buf_add(&line, name.at, name.len);
		buf_addc(&line, ':');
		buf_add(&line, value.at, value.len);
		before = ",";
	}
	buf_adds(&line, "}}}");
	exchange = exchange_new(bridge, ROLE_LIST_TOOLS, line.data, line.len);
	if (!exchange)
		return;
	exchange->modern = true;
	exchange_send(exchange);
}

// The answer to a tools/list as the client may have it.
static void bridge_put_tools(struct bridge *bridge, const struct exchange *exchange, const struct message *answer, bool own)
{
	bool first_page = !message_param(&exchange->message, "cursor").len;
	BUF_AUTO(kept, MESSAGE_SIZE_MAX + 1024);
	BUF_AUTO(left_out, 4096);

	if (!tool_list_take(&bridge->tools, first_page, answer->whole, answer->result, &kept, &left_out)) {
		if (!own)
			message_put_line(&bridge->output.text, answer->whole.at, answer->whole.len);
		return;
	}
	bridge_notice(bridge, "%s offers tools whose x-mcp-header is not valid, so they are left out: %s",
		      bridge->upstream.host, buf_ok(&left_out) ? left_out.data : "many");
	if (!own)
		message_put_line(&bridge->output.text, kept.data, kept.len);
}

// --- messages of the server's

static void bridge_take_own_answer(struct bridge *bridge, struct exchange *exchange, const struct message *answer)
{
	if (exchange->role == ROLE_LIST_TOOLS && answer->result.len)
		bridge_put_tools(bridge, exchange, answer, true);
	if (exchange->role != ROLE_INITIALIZE)
		return;
	if (!session_take_answer(&bridge->session, answer)) {
		bridge_session_failed(bridge, "its answer to 'initialize' is an error, or of another version");
		return;
	}
	bridge->session.generation++;
	bridge_send_own(bridge, ROLE_INITIALIZED, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
}

// What is learned from an answer that the client gets.
static void bridge_learn(struct bridge *bridge, const struct exchange *exchange, const struct message *answer)
{
	if (exchange->modern)
		return;
	if (message_is(&exchange->message, "initialize"))
		bridge->session.stage = session_take_answer(&bridge->session, answer) ? SESSION_ANSWERED : SESSION_NONE;
	else if (answer->result.len)
		session_remember(&bridge->session, &exchange->message);
}

static struct exchange *bridge_find_request(struct bridge *bridge, struct exchange *from, const struct message *answer,
					    struct json_value **id)
{
	*id = exchange_find_id(from, answer->id);
	if (*id)
		return from;
	for (struct exchange *exchange = bridge->first; exchange; exchange = exchange->next) {
		*id = exchange->state == EXCHANGE_HELD ? NULL : exchange_find_id(exchange, answer->id);
		if (*id)
			return exchange;
	}
	return NULL;
}

static bool bridge_take_answer(struct bridge *bridge, struct exchange *from, const struct message *answer)
{
	struct json_value *id;
	struct exchange *exchange = bridge_find_request(bridge, from, answer, &id);
	bool nameless = !json_is_string(answer->id) && !json_is_number(answer->id);

	if (!exchange && nameless && from->role == ROLE_CLIENT && from->id_count == 1 && exchange_wants_answer(from) &&
	    answer->error.len) {
		// an error that does not say whose it is, in the response to one request
		message_put_error_object(&bridge->output.text, from->ids[0], answer->error);
		bridge_learn(bridge, from, answer);
		exchange_mark_answered(from, &from->ids[0]);
		return true;
	}
	if (!exchange)
		return false;
	if (exchange->role != ROLE_CLIENT) {
		bridge_take_own_answer(bridge, exchange, answer);
	} else {
		bridge_learn(bridge, exchange, answer);
		if (exchange->modern && message_is(&exchange->message, "tools/list") && answer->result.len)
			bridge_put_tools(bridge, exchange, answer, false);
		else
			message_put_line(&bridge->output.text, answer->whole.at, answer->whole.len);
	}
	exchange_mark_answered(exchange, id);
	if (exchange->state == EXCHANGE_AWAITS)
		exchange->state = EXCHANGE_DONE;
	return true;
}

// Whether the client may have this element of a batch.
static bool bridge_takes_element(struct bridge *bridge, struct exchange *from, struct json_value element)
{
	struct exchange *exchange;
	struct message message;
	struct json_value *id;

	message_read(&message, element.at, element.len);
	if (message.kind != MESSAGE_RESPONSE)
		return message.kind == MESSAGE_REQUEST || message.kind == MESSAGE_NOTIFICATION;
	exchange = bridge_find_request(bridge, from, &message, &id);
	if (!exchange || exchange->role != ROLE_CLIENT)
		return false;
	bridge_learn(bridge, exchange, &message);
	exchange_mark_answered(exchange, id);
	return true;
}

// MCP 2025-03-26: as it is, but without what nobody waits for.
static bool bridge_take_batch(struct bridge *bridge, struct exchange *from, const struct message *batch)
{
	struct json_value rest = batch->whole, element;
	BUF_AUTO(kept, MESSAGE_SIZE_MAX + 1024);
	bool all = true;

	while (json_next(&rest, NULL, &element)) {
		if (!bridge_takes_element(bridge, from, element)) {
			all = false;
			continue;
		}
		buf_addc(&kept, kept.len ? ',' : '[');
		buf_add(&kept, element.at, element.len);
	}
	if (!kept.len)
		return false;
	buf_addc(&kept, ']');
	if (all)
		message_put_line(&bridge->output.text, batch->whole.at, batch->whole.len);
	else
		message_put_line(&bridge->output.text, kept.data, kept.len);
	return true;
}

bool bridge_take_message(struct bridge *bridge, struct exchange *exchange, const char *text, size_t len)
{
	struct message message;
	bool taken = false;

	message_read(&message, text, len);
	if (message.kind == MESSAGE_RESPONSE) {
		taken = bridge_take_answer(bridge, exchange, &message);
	} else if (message.kind == MESSAGE_BATCH) {
		taken = bridge_take_batch(bridge, exchange, &message);
	} else if (message.kind != MESSAGE_NONE) {
		message_put_line(&bridge->output.text, message.whole.at, message.whole.len);
		taken = true;
	}
	if (!taken)
		bridge_notice(bridge, "%s sent %s, which was dropped", bridge->upstream.host,
			      message.kind == MESSAGE_RESPONSE ? "an answer that nobody waits for" : "what is no message");
	return taken;
}

// --- what follows when a transfer has ended

static void bridge_events_ended(struct bridge *bridge, const struct exchange *exchange)
{
	struct session *session = &bridge->session;
	long status = exchange->transfer.status;

	if (bridge->sse) {
		session->stage = SESSION_CONNECTS;
		buf_reset(&session->endpoint);
		for (struct exchange *other = bridge->first; other; other = other->next) {
			if (other->state == EXCHANGE_AWAITS)
				exchange_fail(other, MESSAGE_INTERNAL_ERROR, 0,
					      "sk-helper: %s ended the stream without an answer", bridge->upstream.host);
			else if (other->state == EXCHANGE_HELD && !exchange->delivered)
				exchange_fail(other, MESSAGE_INTERNAL_ERROR, status, "%s", exchange->failure);
		}
	} else if (session->stage != SESSION_READY || exchange->generation != session->generation) {
		return;
	}
	// it has none (405), or it does not know the session, which the next request will find out
	if (!bridge->sse && (status == 405 || status == 404 || status == 400 || status == 501)) {
		session->no_events = status != 404 || !*session->id;
		return;
	}
	if (*exchange->last_event)
		(void)snprintf(session->last_event, sizeof session->last_event, "%s", exchange->last_event);
	// one that was open for long, or brought something, has not failed
	if (exchange->had_event || (exchange->delivered && clock_now().boot - exchange->transfer.sent_at > EVENTS_DELAY_MAX))
		session->events_delay = exchange->retry_ms > EVENTS_DELAY_LEAST ? exchange->retry_ms : EVENTS_DELAY_LEAST;
	else
		session->events_delay = session->events_delay ? session->events_delay * 2 : EVENTS_DELAY_MS;
	if (session->events_delay > EVENTS_DELAY_MAX && session->events_delay > exchange->retry_ms)
		session->events_delay = EVENTS_DELAY_MAX;
	// not all clients of a server that was started anew at once
	session->events_at = clock_now().boot + session->events_delay + (int64_t)(random() % (session->events_delay / 5 + 1));
}

static void bridge_confirm_session(struct bridge *bridge)
{
	bridge->session.stage = SESSION_READY;
	bridge->session.events_at = bridge->sse ? 0 : clock_now().boot;
}

void bridge_was_delivered(struct bridge *bridge, const struct exchange *exchange)
{
	bool initialized = !exchange->modern && message_is(&exchange->message, "notifications/initialized");

	if (initialized && exchange->role == ROLE_CLIENT && bridge->session.stage == SESSION_CONFIRMS)
		bridge_confirm_session(bridge);
	if (exchange->role == ROLE_INITIALIZED && bridge->session.stage == SESSION_RENEWS)
		bridge_session_renewed(bridge);
}

static void bridge_client_message_ended(struct bridge *bridge, const struct exchange *exchange)
{
	struct session *session = &bridge->session;

	if (exchange->modern || exchange->state != EXCHANGE_DONE)
		return;
	if (message_is(&exchange->message, "initialize") && session->stage == SESSION_BEGINS)
		session->stage = SESSION_NONE; // it has failed
	// also where the server has refused it: what follows will show whether there is a session
	if (message_is(&exchange->message, "notifications/initialized") && session->stage == SESSION_CONFIRMS)
		bridge_confirm_session(bridge);
}

void bridge_exchange_ended(struct bridge *bridge, struct exchange *exchange)
{
	switch (exchange->role) {
	case ROLE_CLIENT:
		bridge_client_message_ended(bridge, exchange);
		return;
	case ROLE_EVENTS:
		bridge_events_ended(bridge, exchange);
		break;
	case ROLE_INITIALIZE:
		if (exchange->state == EXCHANGE_AWAITS)
			return;
		if (!exchange->answered_at && bridge->session.stage == SESSION_RENEWS)
			bridge_session_failed(bridge, "the server did not answer");
		break;
	case ROLE_INITIALIZED:
		if (bridge->session.stage == SESSION_RENEWS)
			bridge_session_renewed(bridge);
		break;
	case ROLE_REPLAY:
		if (exchange->state == EXCHANGE_WAITS_FOR_SESSION || exchange->state == EXCHANGE_AWAITS)
			return;
		break;
	default:
		break;
	}
	exchange->state = EXCHANGE_DONE;
}

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
		bridge_send_own(bridge, ROLE_GOODBYE, NULL);
	bridge_close_events(bridge);
	session_start(&bridge->session, &initialize->message, bridge->sse);
	exchange_send(initialize);
}

static void bridge_dispatch(struct bridge *bridge, struct exchange *exchange)
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
static bool bridge_counts(const struct exchange *exchange)
{
	return exchange->role == ROLE_CLIENT && !exchange->answered_at && !exchange_is_subscription(exchange) &&
	       exchange->message.kind != MESSAGE_RESPONSE && !message_is(&exchange->message, "notifications/cancelled");
}

// Whether a message may be sent now. running: the requests that wait for an answer.
static bool bridge_may_send(const struct bridge *bridge, const struct exchange *exchange, size_t running)
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
		bridge_notice(bridge, "the client has sent a line that was dropped: %s", why);
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

static void bridge_read_client(struct bridge *bridge)
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

// --- what is due

// A server that does not know MCP 2026-07-28 may not answer the question for it at all: then the client must go on without.
static bool bridge_probe_is_late(const struct exchange *exchange, int64_t now)
{
	return exchange->modern && exchange->role == ROLE_CLIENT && message_is(&exchange->message, "server/discover") &&
	       exchange->transfer.sent_at && !exchange->answered_at && now - exchange->transfer.sent_at > PROBE_MAX_MS;
}

static bool bridge_lingers(const struct exchange *exchange, int64_t now)
{
	return exchange->answered_at && now - exchange->answered_at > LINGER_MS;
}

static size_t bridge_count_running(const struct bridge *bridge)
{
	size_t count = 0;

	for (const struct exchange *exchange = bridge->first; exchange; exchange = exchange->next)
		count += exchange->state != EXCHANGE_HELD && exchange->state != EXCHANGE_DONE && bridge_counts(exchange);
	return count;
}

static void bridge_step_exchange(struct bridge *bridge, struct exchange *exchange, size_t *running)
{
	int64_t now = clock_now().boot;

	exchange_end_refusal(exchange);
	// another stream may have brought the answer meanwhile
	if (exchange->answered_at && exchange->state != EXCHANGE_SENT && exchange->state != EXCHANGE_DONE) {
		exchange->state = EXCHANGE_DONE;
		return;
	}
	if (exchange->state == EXCHANGE_HELD && exchange->role == ROLE_CLIENT && bridge_may_send(bridge, exchange, *running)) {
		*running += bridge_counts(exchange);
		bridge_dispatch(bridge, exchange);
	} else if (exchange->state == EXCHANGE_WAITS_TO_RESUME && exchange->wait_until <= now) {
		exchange_send(exchange);
	} else if (exchange->state == EXCHANGE_WAITS_FOR_SESSION && !session_holds(&bridge->session)) {
		exchange_send(exchange);
	} else if (bridge_probe_is_late(exchange, now)) {
		exchange_fail(exchange, MESSAGE_METHOD_NOT_FOUND, 0, "sk-helper: %s did not answer in time",
			      bridge->upstream.host);
	} else if (bridge_lingers(exchange, now)) {
		exchange->state = EXCHANGE_DONE;
	}
}

// What holds the other messages does not hold them for ever.
static void bridge_step_session(struct bridge *bridge)
{
	struct session *session = &bridge->session;
	bool late = clock_now().boot >= session->wait_until;

	if (session->stage == SESSION_CONFIRMS && late)
		bridge_confirm_session(bridge);
	if (session->stage == SESSION_RENEWS && late)
		bridge_session_failed(bridge, "the server did not answer in time");
	for (struct exchange *exchange = bridge->first; exchange && session->stage == SESSION_LOST; exchange = exchange->next) {
		if (exchange->role == ROLE_CLIENT && exchange->state == EXCHANGE_HELD && !exchange->modern &&
		    !message_is(&exchange->message, "initialize"))
			bridge_start_renewal(bridge);
	}
}

static void bridge_step(struct bridge *bridge)
{
	size_t running;
	bool lists_tools = false;

	bridge_step_session(bridge);
	running = bridge_count_running(bridge);

	if (bridge->session.events_at && bridge->session.events_at <= clock_now().boot)
		bridge_open_events(bridge);
	for (struct exchange *exchange = bridge->first; exchange; exchange = exchange->next) {
		bridge_step_exchange(bridge, exchange, &running);
		lists_tools = lists_tools || (exchange->role == ROLE_LIST_TOOLS && exchange->state != EXCHANGE_DONE);
	}
	for (struct exchange *exchange = bridge->first, *next; exchange; exchange = next) {
		next = exchange->next;
		if (exchange->state == EXCHANGE_WAITS_FOR_TOOLS && !lists_tools)
			exchange_send(exchange);
		else if (exchange->state == EXCHANGE_DONE)
			exchange_free(exchange);
	}
}

static void bridge_shrink(struct bridge *bridge)
{
	size_t running = bridge_count_running(bridge);

	bridge->was_busy = bridge->was_busy || running >= BUSY;
	if (!bridge->was_busy || running || bridge->problem)
		return;
	bridge->was_busy = false;
	upstream_shrink(&bridge->upstream);
}

// --- the end

// Nothing more is read or sent, but the end of the session.
static void bridge_say_goodbye(struct bridge *bridge, int64_t patience_ms)
{
	for (struct exchange *exchange = bridge->first; exchange; exchange = exchange->next) {
		if (exchange_wants_answer(exchange))
			exchange_fail(exchange, MESSAGE_INTERNAL_ERROR, 0,
				      "sk-helper: the bridge was ended before the answer came");
		exchange->state = EXCHANGE_DONE;
	}
	bridge->session.events_at = 0;
	bridge->end = BRIDGE_SAYS_GOODBYE;
	bridge->upstream.tokens.last = true; // there may be nobody left to ask for another one
	bridge->end_at = clock_now().boot + patience_ms;
	if (*bridge->session.id)
		bridge_send_own(bridge, ROLE_GOODBYE, NULL);
}

static bool bridge_is_busy(const struct bridge *bridge)
{
	for (const struct exchange *exchange = bridge->first; exchange; exchange = exchange->next) {
		bool waits = exchange->role == ROLE_GOODBYE || exchange->id_count == 0 || exchange_wants_answer(exchange);

		if (exchange->state != EXCHANGE_DONE && exchange->role != ROLE_EVENTS && !exchange_is_subscription(exchange) &&
		    waits)
			return true;
	}
	return false;
}

static void bridge_step_to_end(struct bridge *bridge)
{
	int64_t now = clock_now().boot;

	if (bridge->end == BRIDGE_INPUT_ENDED && (!bridge_is_busy(bridge) || now >= bridge->end_at))
		bridge_say_goodbye(bridge, GOODBYE_MS);
	if (bridge->end == BRIDGE_SAYS_GOODBYE &&
	    (now >= bridge->end_at || (!bridge_is_busy(bridge) && !client_output_left(&bridge->output))))
		bridge->end = BRIDGE_ENDED;
}

// Whoever sent a signal kills soon.
static void bridge_end_now(struct bridge *bridge)
{
	int64_t end_at = clock_now().boot + GOODBYE_HURRIED_MS;

	if (bridge->end != BRIDGE_SAYS_GOODBYE)
		bridge_say_goodbye(bridge, GOODBYE_HURRIED_MS);
	else if (end_at < bridge->end_at)
		bridge->end_at = end_at;
}

// --- the loop

static void sooner(int64_t *timeout, int64_t at, int64_t now)
{
	int64_t wait = at > now ? at - now : 0;

	if (at && (*timeout < 0 || wait < *timeout))
		*timeout = wait;
}

static int bridge_timeout(const struct bridge *bridge)
{
	int64_t now = clock_now().boot, timeout = bridge->problem ? -1 : upstream_timeout(&bridge->upstream);

	sooner(&timeout, bridge->session.events_at, now);
	if (bridge->session.stage == SESSION_CONFIRMS || bridge->session.stage == SESSION_RENEWS)
		sooner(&timeout, bridge->session.wait_until, now);
	if (bridge->end != BRIDGE_GOES_ON)
		sooner(&timeout, bridge->end_at, now);
	for (const struct exchange *exchange = bridge->first; exchange; exchange = exchange->next) {
		if (exchange->state == EXCHANGE_WAITS_TO_RESUME)
			sooner(&timeout, exchange->wait_until, now);
		if (exchange->state == EXCHANGE_SENT && exchange->transfer.status >= 300)
			sooner(&timeout, now + 1000, now);
		if (exchange->answered_at)
			sooner(&timeout, exchange->answered_at + LINGER_MS + 1, now);
		if (exchange->modern && exchange->transfer.sent_at && !exchange->answered_at &&
		    message_is(&exchange->message, "server/discover"))
			sooner(&timeout, exchange->transfer.sent_at + PROBE_MAX_MS + 1, now);
	}
	return timeout < 0 ? 60000 : (int)timeout;
}

// For more of what is read and not sent yet.
static bool bridge_has_room(const struct bridge *bridge)
{
	size_t bytes = 0, count = 0;

	for (const struct exchange *exchange = bridge->first; exchange; exchange = exchange->next) {
		bytes += exchange->state == EXCHANGE_HELD ? exchange->line.len : 0;
		count += exchange->state == EXCHANGE_HELD;
	}
	return bytes < WAITING_INPUT_MAX && count < HELD_MAX;
}

enum { FD_SIGNAL, FD_CORE, FD_OUTPUT, FD_INPUT, FDS };

static void bridge_wait(struct bridge *bridge, struct pollfd fds[FDS], int signal_fd)
{
	bool reads = bridge->end == BRIDGE_GOES_ON && bridge_has_room(bridge);
	struct curl_waitfd extra[FDS];
	unsigned count = 0;

	fds[FD_SIGNAL] = (struct pollfd){ .fd = signal_fd, .events = POLLIN };
	fds[FD_CORE] = (struct pollfd){ .fd = bridge->core_is_gone ? -1 : CORE_FD, .events = POLLIN };
	fds[FD_OUTPUT] = (struct pollfd){ .fd = bridge->output.broken ? -1 : STDOUT_FILENO };
	fds[FD_OUTPUT].events = client_output_left(&bridge->output) ? POLLOUT : 0;
	fds[FD_INPUT] = (struct pollfd){ .fd = reads ? STDIN_FILENO : -1, .events = POLLIN };
	for (int i = 0; i < FDS; i++) {
		short events = (short)((fds[i].events & POLLIN ? CURL_WAIT_POLLIN : 0) |
				       (fds[i].events & POLLOUT ? CURL_WAIT_POLLOUT : 0));

		if (fds[i].fd >= 0)
			extra[count++] = (struct curl_waitfd){ .fd = fds[i].fd, .events = events };
	}
	if (bridge->problem) {
		(void)poll(fds, FDS, bridge_timeout(bridge));
		return;
	}
	// which says nothing of an end that was closed
	curl_multi_poll(bridge->upstream.multi, extra, count, bridge_timeout(bridge), NULL);
	(void)poll(fds, FDS, 0);
}

static void bridge_take_answers(struct bridge *bridge)
{
	struct core_answer answer;
	BUF_AUTO(packet, WIRE_PACKET_MAX);

	if (!core_receive(&packet)) {
		bridge->upstream.tokens.last = true;
		bridge->core_is_gone = true;
		bridge_end_now(bridge);
	}
	if (packet.len && core_read_answer(&packet, &answer) && !bridge->problem)
		upstream_take_answer(&bridge->upstream, &answer);
}

static void bridge_take_events(struct bridge *bridge, const struct pollfd fds[FDS])
{
	struct signalfd_siginfo signal;

	if (fds[FD_SIGNAL].revents && read(fds[FD_SIGNAL].fd, &signal, sizeof signal) > 0)
		bridge_end_now(bridge);
	if (fds[FD_CORE].revents)
		bridge_take_answers(bridge);
	if (fds[FD_INPUT].revents)
		bridge_read_client(bridge);
	if (fds[FD_OUTPUT].revents & (POLLERR | POLLHUP | POLLNVAL))
		bridge->output.broken = true;
}

void bridge_run(struct bridge *bridge, int signal_fd)
{
	struct pollfd fds[FDS];

	client_input_begin(&bridge->input);
	client_output_begin(&bridge->output);
	session_begin(&bridge->session);
	if (bridge->sse && !bridge->problem) {
		bridge->session.stage = SESSION_CONNECTS;
		bridge_open_events(bridge);
	}
	while (bridge->end != BRIDGE_ENDED) {
		if (!bridge->problem)
			upstream_step(&bridge->upstream);
		bridge_step(bridge);
		bridge_shrink(bridge);
		client_output_flush(&bridge->output);
		if (!bridge->problem && exchange_may_put(bridge))
			upstream_resume(&bridge->upstream);
		if (bridge->output.broken && bridge->end != BRIDGE_SAYS_GOODBYE)
			bridge_end_now(bridge);
		bridge_step_to_end(bridge);
		if (bridge->end == BRIDGE_ENDED)
			break;
		bridge_wait(bridge, fds, signal_fd);
		bridge_take_events(bridge, fds);
	}
#ifdef SK_SANITIZE // where leaks are looked for; else the kernel takes all of it, sooner
	while (bridge->first)
		exchange_free(bridge->first);
#endif
	session_free(&bridge->session);
	tool_list_free(&bridge->tools);
	client_input_free(&bridge->input);
	client_output_free(&bridge->output);
}
