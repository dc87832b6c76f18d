// SPDX-License-Identifier: MIT
// The session of the server: its stream of events, how it is confirmed, and how another one takes its place when it is lost.
#include "base/clock.h"
#include "bridge/bridge.h"
#include "bridge/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_DELAY_MS	   1000
#define EVENTS_DELAY_MAX   30000
#define EVENTS_DELAY_LEAST 100

// --- messages of the bridge's own

// A message with an id of ours in the place of its own.
struct exchange *bridge_send_as_own(struct bridge *bridge, enum exchange_role role, const struct message *message)
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

void bridge_send_own(struct bridge *bridge, enum exchange_role role, const char *line)
{
	struct exchange *exchange = exchange_new(bridge, role, line, line ? strlen(line) : 0);

	if (exchange)
		exchange_send(exchange);
}

// --- the session

void bridge_open_events(struct bridge *bridge)
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

void bridge_close_events(struct bridge *bridge)
{
	if (bridge->sse) // where the answers come
		return;
	bridge->session.events_at = 0;
	for (struct exchange *exchange = bridge->first; exchange; exchange = exchange->next) {
		if (exchange->role == ROLE_EVENTS)
			exchange->state = EXCHANGE_DONE;
	}
}

void bridge_start_renewal(struct bridge *bridge)
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
	enum session_stage stage = bridge->session.stage;
	bool begun = stage == SESSION_RENEWS || stage == SESSION_LOST || stage == SESSION_BEGINS || stage == SESSION_CONNECTS;

	exchange->session_renewed = true;
	// the confirmation of the lost session is of no use for the next one; where there is none to be had, the others fail when they
	// are sent again
	exchange->state =
		message_is(&exchange->message, "notifications/initialized") ? EXCHANGE_DONE : EXCHANGE_WAITS_FOR_SESSION;
	// that of another exchange may have been noticed before
	if (!begun && exchange->generation == bridge->session.generation && bridge->session.initialize.len)
		bridge_start_renewal(bridge);
}

// Whether an exchange waits for the session: it was refused, or not sent yet.
static bool bridge_waits_for_session(const struct exchange *exchange)
{
	return exchange->state == EXCHANGE_WAITS_FOR_SESSION || exchange_needs_session(exchange);
}

// All that waits is answered: the next message tries again, and not the bridge by itself.
void bridge_session_failed(struct bridge *bridge, const char *why)
{
	bridge->session.stage = SESSION_LOST;
	bridge_notice(bridge, "%s does not know the session any more, and a new one could not be started: %s",
		      bridge->upstream.host, why);
	for (struct exchange *exchange = bridge->first; exchange; exchange = exchange->next) {
		if (bridge_waits_for_session(exchange))
			exchange_fail(
				exchange, MESSAGE_INTERNAL_ERROR, 0,
				"sk-helper: %s does not know the session any more, and a new one could not be started: %s",
				bridge->upstream.host, why);
	}
}

// There is a session again: what the client had asked the old one for is asked for again.
void bridge_session_renewed(struct bridge *bridge)
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
	       url_parse(&url, text, NULL) == STATUS_OK && url_same_origin(&bridge->upstream.policy.target, &url);
	buf_reset(&session->endpoint);
	if (good)
		buf_adds(&session->endpoint, text);
	else
		bridge_notice(
			bridge,
			"%s named an endpoint at another server (HTTP+SSE): nothing is sent there, because the token is for %s alone",
			bridge->upstream.host, bridge->upstream.host);
	curl_free(text);
	curl_url_cleanup(parts);
	if (good && session->stage == SESSION_CONNECTS) {
		session->stage = SESSION_NONE;
		if (session->initialize.len && *session->version)
			bridge_start_renewal(bridge);
	}
	return good;
}

// --- what follows when an exchange has got on

static void bridge_events_ended(struct bridge *bridge, const struct exchange *exchange)
{
	struct session *session = &bridge->session;
	long status = exchange->transfer.status;

	if (bridge->sse) {
		session->stage = SESSION_CONNECTS;
		bridge->stream_number++; // what was sent while it was open gets no answer any more
		buf_reset(&session->endpoint);
		for (struct exchange *other = bridge->first; other; other = other->next) {
			if (other->state == EXCHANGE_WAITS_FOR_EVENT)
				exchange_fail(other, MESSAGE_INTERNAL_ERROR, 0,
					      "sk-helper: %s ended the stream without an answer", bridge->upstream.host);
			else if (other->state == EXCHANGE_HELD && (!exchange->delivered || exchange->leads_elsewhere))
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

void bridge_confirm_session(struct bridge *bridge)
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
		if (exchange->state == EXCHANGE_WAITS_FOR_EVENT)
			return;
		if (!exchange->answered_at && bridge->session.stage == SESSION_RENEWS)
			bridge_session_failed(bridge, "'initialize' got no response");
		break;
	case ROLE_INITIALIZED:
		if (bridge->session.stage == SESSION_RENEWS)
			bridge_session_renewed(bridge);
		break;
	case ROLE_REPLAY:
		if (exchange->state == EXCHANGE_WAITS_FOR_SESSION || exchange->state == EXCHANGE_WAITS_FOR_EVENT)
			return;
		break;
	default:
		break;
	}
	exchange->state = EXCHANGE_DONE;
}
