// SPDX-License-Identifier: MIT
#include "bridge/exchange.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RETRY_PRESET_MS	   1000
#define RETRY_LEAST_MS	   50
#define RESUMPTIONS_MAX	   10		       // that bring no event
#define OUTPUT_WAITING_MAX ((size_t)1 << 20)   // beyond it, the servers' answers are not read on
#define KEPT_MAX	   ((size_t)192 << 20) // of answers that are not complete, together
#define REFUSAL_READ_MAX   65536
#define REFUSAL_READ_MS	   5000
#define SHOWN_MAX	   200

// --- the list

// The ids of the requests in a message.
static bool exchange_collect_ids(struct exchange *exchange)
{
	struct json_value rest = exchange->message.whole, element;
	struct message message;
	size_t count = exchange->message.kind == MESSAGE_REQUEST ? 1 : 0;

	while (exchange->message.kind == MESSAGE_BATCH && json_next(&rest, NULL, &element)) {
		message_read(&message, element.at, element.len);
		count += message.kind == MESSAGE_REQUEST;
	}
	exchange->ids = count ? calloc(count, sizeof *exchange->ids) : NULL;
	if (count && !exchange->ids)
		return false;
	if (exchange->message.kind == MESSAGE_REQUEST)
		exchange->ids[exchange->id_count++] = exchange->message.id;
	rest = exchange->message.whole;
	while (exchange->message.kind == MESSAGE_BATCH && json_next(&rest, NULL, &element)) {
		message_read(&message, element.at, element.len);
		if (message.kind == MESSAGE_REQUEST)
			exchange->ids[exchange->id_count++] = message.id;
	}
	return true;
}

struct exchange *exchange_new(struct bridge *bridge, enum exchange_role role, const char *line, size_t len)
{
	struct exchange *exchange = calloc(1, sizeof *exchange);

	if (!exchange)
		return NULL;
	exchange->bridge = bridge;
	exchange->role = role;
	exchange->line = BUF_INIT(MESSAGE_SIZE_MAX);
	exchange->body = BUF_INIT(MESSAGE_SIZE_MAX);
	exchange->retry_ms = RETRY_PRESET_MS;
	sse_begin(&exchange->sse, MESSAGE_SIZE_MAX, "");
	if (line) {
		buf_add(&exchange->line, line, len);
		message_read(&exchange->message, exchange->line.data, exchange->line.len);
	}
	if (!buf_ok(&exchange->line) || !exchange_collect_ids(exchange)) {
		buf_free(&exchange->line);
		free(exchange);
		return NULL;
	}
	exchange->previous = bridge->last;
	if (bridge->last)
		bridge->last->next = exchange;
	else
		bridge->first = exchange;
	bridge->last = exchange;
	return exchange;
}

void exchange_free(struct exchange *exchange)
{
	struct bridge *bridge = exchange->bridge;

	upstream_cancel(&bridge->upstream, &exchange->transfer);
	if (exchange->previous)
		exchange->previous->next = exchange->next;
	else
		bridge->first = exchange->next;
	if (exchange->next)
		exchange->next->previous = exchange->previous;
	else
		bridge->last = exchange->previous;
	buf_free(&exchange->line);
	buf_free(&exchange->body);
	sse_free(&exchange->sse);
	free(exchange->ids);
	free(exchange);
}

// --- its answers

bool exchange_wants_answer(const struct exchange *exchange)
{
	return exchange->id_count > 0 && !exchange->answered_at && !exchange->cancelled;
}

bool exchange_is_subscription(const struct exchange *exchange)
{
	return exchange->role == ROLE_EVENTS || (exchange->modern && message_is(&exchange->message, "subscriptions/listen"));
}

bool exchange_needs_session(const struct exchange *exchange)
{
	return exchange->state == EXCHANGE_HELD && exchange->role == ROLE_CLIENT && !exchange->modern &&
	       !message_is(&exchange->message, "initialize");
}

struct json_value *exchange_find_id(struct exchange *exchange, struct json_value id)
{
	for (size_t i = 0; i < exchange->id_count; i++) {
		if (exchange->ids[i].len && json_same(exchange->ids[i], id))
			return &exchange->ids[i];
	}
	return NULL;
}

void exchange_mark_answered(struct exchange *exchange, struct json_value *id)
{
	id->len = 0;
	for (size_t i = 0; i < exchange->id_count; i++) {
		if (exchange->ids[i].len)
			return;
	}
	exchange->answered_at = clock_now().boot;
}

void exchange_fail(struct exchange *exchange, int code, long http_status, const char *format, ...)
{
	struct bridge *bridge = exchange->bridge;
	char text[1024];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	text_sanitize(text);
	exchange->state = EXCHANGE_DONE;
	(void)snprintf(exchange->failure, sizeof exchange->failure, "%.255s", text);
	if (exchange->role != ROLE_CLIENT || exchange->cancelled)
		return;
	for (size_t i = 0; i < exchange->id_count; i++) {
		if (exchange->ids[i].len)
			message_put_error(&bridge->output.text, exchange->ids[i], code, text, http_status);
		exchange->ids[i].len = 0;
	}
	// without what the server says, which may repeat the token
	if (exchange->id_count == 0 && http_status)
		bridge_notice(bridge, "a notification or response was not delivered: HTTP %ld from %s", http_status,
			      bridge->upstream.host);
	else if (exchange->id_count == 0)
		bridge_notice(bridge, "a notification or response was not delivered: %s", text);
	exchange->answered_at = clock_now().boot;
}

// --- its request

static void exchange_add_header(struct curl_slist **headers, const char *name, const char *value)
{
	header_add_text(headers, name, value, strlen(value));
}

// As it came from the server.
static void exchange_add_raw_header(struct curl_slist **headers, const char *name, const char *value)
{
	char line[SESSION_ID_MAX + 32];

	(void)snprintf(line, sizeof line, "%s: %s", name, value);
	(void)header_append(headers, line);
}

// MCP 2026-07-28, "Streamable HTTP": what the message says is said in headers, too.
static void exchange_add_modern_headers(struct exchange *exchange, struct curl_slist **headers)
{
	const struct message *message = &exchange->message;
	bool is_call = message_is(message, "tools/call");

	if (message->version.len)
		header_add_string(headers, "MCP-Protocol-Version", message->version);
	else if (*exchange->bridge->modern_version)
		exchange_add_header(headers, "MCP-Protocol-Version", exchange->bridge->modern_version);
	header_add_string(headers, "Mcp-Method", message->method);
	if (is_call || message_is(message, "prompts/get"))
		header_add_string(headers, "Mcp-Name", message_param(message, "name"));
	else if (message_is(message, "resources/read"))
		header_add_string(headers, "Mcp-Name", message_param(message, "uri"));
	if (is_call)
		tool_list_add_headers(&exchange->bridge->tools, message_param(message, "name"),
				      message_param(message, "arguments"), headers);
}

static bool exchange_begins_session(const struct exchange *exchange)
{
	return exchange->role == ROLE_INITIALIZE ||
	       (exchange->role == ROLE_CLIENT && !exchange->modern && message_is(&exchange->message, "initialize"));
}

static void exchange_add_session_headers(struct exchange *exchange, bool resumes, struct curl_slist **headers)
{
	const struct session *session = &exchange->bridge->session;
	bool begins = exchange_begins_session(exchange) && !resumes;

	exchange->generation = session->generation;
	exchange->in_session = *session->id && !begins;
	if (begins)
		return;
	if (*session->id)
		exchange_add_raw_header(headers, "Mcp-Session-Id", session->id);
	if (session_sends_version(session))
		exchange_add_header(headers, "MCP-Protocol-Version", session->version);
}

static void exchange_on_header(struct transfer *transfer, const char *name, const char *value);
static void exchange_on_response(struct transfer *transfer);
static enum transfer_flow exchange_on_data(struct transfer *transfer, const char *data, size_t len);
static void exchange_on_end(struct transfer *transfer, enum transfer_end end, const char *why);

// What can be asked twice without an effect. A call of a tool, an answer and what we do not know may have one each time.
static bool exchange_is_repeatable(const struct exchange *exchange)
{
	static const char *const methods[] = { "ping",
					       "tools/list",
					       "resources/list",
					       "resources/templates/list",
					       "resources/read",
					       "prompts/list",
					       "prompts/get",
					       "completion/complete",
					       "logging/setLevel",
					       "server/discover",
					       "resources/subscribe",
					       "resources/unsubscribe" };

	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
		if (message_is(&exchange->message, methods[i]))
			return true;
	}
	return false;
}

// resumes: asks for the rest of a stream, instead of sending the message.
static void exchange_start(struct exchange *exchange, bool resumes)
{
	struct bridge *bridge = exchange->bridge;
	bool posts = exchange->role != ROLE_EVENTS && exchange->role != ROLE_DELETE_SESSION && !resumes;
	struct curl_slist *headers = NULL;

	exchange_add_header(&headers, "Accept", posts ? "application/json, text/event-stream" : "text/event-stream");
	if (posts)
		exchange_add_header(&headers, "Content-Type", "application/json");
	if (exchange->modern)
		exchange_add_modern_headers(exchange, &headers);
	else
		exchange_add_session_headers(exchange, resumes, &headers);
	if (*exchange->last_event && (resumes || exchange->role == ROLE_EVENTS))
		exchange_add_raw_header(&headers, "Last-Event-ID", exchange->last_event);
	exchange->transfer = (struct transfer){
		.method = posts					? "POST" :
			  exchange->role == ROLE_DELETE_SESSION ? "DELETE" :
								  "GET",
		.url = bridge->sse && posts ? bridge->session.endpoint.data : NULL,
		.headers = headers,
		.body = posts ? exchange->line.data : NULL,
		.body_len = posts ? exchange->line.len : 0,
		.repeatable = !posts || exchange_is_repeatable(exchange),
		.on_header = exchange_on_header,
		.on_response = exchange_on_response,
		.on_data = exchange_on_data,
		.on_end = exchange_on_end,
		.owner = exchange,
	};
	exchange->is_stream = false;
	exchange->stream_number = bridge->stream_number;
	buf_free(&exchange->body);
	exchange->state = EXCHANGE_SENT;
	upstream_send(&bridge->upstream, &exchange->transfer);
}

void exchange_send(struct exchange *exchange)
{
	exchange_start(exchange, exchange->state == EXCHANGE_WAITS_TO_RESUME && exchange->role == ROLE_CLIENT);
}

// --- its response

static bool is_success(long status)
{
	return status >= 200 && status < 300;
}

static void exchange_on_header(struct transfer *transfer, const char *name, const char *value)
{
	struct exchange *exchange = transfer->owner;

	if (exchange_begins_session(exchange) && is_success(transfer->status) && !strcasecmp(name, "mcp-session-id"))
		session_take_id(&exchange->bridge->session, value);
}

static bool is_type(const char *content_type, const char *type)
{
	size_t len = strlen(type);

	return !strncasecmp(content_type, type, len) && strchr("; \t", content_type[len]); // NUL, too
}

static void exchange_on_response(struct transfer *transfer)
{
	struct exchange *exchange = transfer->owner;

	exchange->is_stream = is_success(transfer->status) && is_type(transfer->content_type, "text/event-stream");
	if (exchange->is_stream) {
		sse_free(&exchange->sse);
		sse_begin(&exchange->sse, MESSAGE_SIZE_MAX, exchange->last_event);
	}
	exchange->response_at = clock_now().boot;
	if (!is_success(transfer->status))
		return;
	exchange->delivered = true;
	// a server may keep the stream of its response open
	bridge_was_delivered(exchange->bridge, exchange);
}

static size_t exchange_kept(const struct exchange *exchange)
{
	return exchange->body.len + exchange->sse.data.len + exchange->sse.line.len;
}

static size_t bridge_kept(const struct bridge *bridge)
{
	size_t kept = 0;

	for (const struct exchange *exchange = bridge->first; exchange; exchange = exchange->next)
		kept += exchange_kept(exchange);
	return kept;
}

bool exchange_may_put(const struct bridge *bridge)
{
	return client_output_left(&bridge->output) <= OUTPUT_WAITING_MAX && bridge_kept(bridge) <= KEPT_MAX;
}

// The first one that has something goes on in any case: else all would wait for each other.
static bool exchange_may_keep(const struct exchange *exchange)
{
	const struct exchange *first = exchange->bridge->first;

	if (client_output_left(&exchange->bridge->output) > OUTPUT_WAITING_MAX)
		return false;
	if (bridge_kept(exchange->bridge) <= KEPT_MAX)
		return true;
	while (first && !exchange_kept(first))
		first = first->next;
	return first == exchange;
}

static bool exchange_take_event(void *context, const char *name, const struct buf *data)
{
	struct exchange *exchange = context;
	struct bridge *bridge = exchange->bridge;

	exchange->resumed = 0;
	exchange->had_event = true;
	if (!data->len)
		return true;
	if (!*name)
		(void)bridge_take_message(bridge, exchange, data->data, data->len);
	else if (bridge->sse && exchange->role == ROLE_EVENTS && !strcmp(name, "endpoint"))
		exchange->leads_elsewhere = !bridge_take_endpoint(bridge, data->data);
	return !exchange->leads_elsewhere;
}

static enum transfer_flow exchange_on_data(struct transfer *transfer, const char *data, size_t len)
{
	struct exchange *exchange = transfer->owner;

	if (!exchange_may_keep(exchange))
		return FLOW_PAUSE;
	if (!exchange->is_stream) {
		buf_add(&exchange->body, data, len);
		// of a refusal, no more than that is of use
		if (!is_success(transfer->status) && exchange->body.len > REFUSAL_READ_MAX)
			return FLOW_STOP;
		return buf_ok(&exchange->body) ? FLOW_GO_ON : FLOW_STOP;
	}
	if (!sse_read(&exchange->sse, data, len, exchange_take_event, exchange))
		return FLOW_STOP;
	(void)snprintf(exchange->last_event, sizeof exchange->last_event, "%s", exchange->sse.id);
	if (exchange->sse.retry_ms >= 0)
		exchange->retry_ms = exchange->sse.retry_ms;
	return FLOW_GO_ON;
}

// --- its end

// The first line of what a server says, for people.
static void shown_line(struct bridge *bridge, struct buf *body, char shown[SHOWN_MAX + 1])
{
	upstream_redact(&bridge->upstream, body);
	(void)snprintf(shown, SHOWN_MAX + 1, "%.*s", (int)strcspn(body->data, "\r\n"), body->data);
	text_sanitize(shown);
}

static void exchange_refused_token(struct exchange *exchange)
{
	struct bridge *bridge = exchange->bridge;
	const char *host = bridge->upstream.host, *profile = bridge->profile;
	const struct transfer *transfer = &exchange->transfer;
	char scope[sizeof transfer->scope + 16];

	if (transfer->status == 401) {
		bridge_notice(bridge, "%s refused the token of profile '%s' (401): run 'sk-helper doctor %s'", host, profile,
			      profile);
		exchange_fail(exchange, MESSAGE_INTERNAL_ERROR, 401,
			      "sk-helper: %s refused the token of profile '%s' (401): run 'sk-helper doctor %s'", host, profile,
			      profile);
		return;
	}
	(void)snprintf(scope, sizeof scope, "%s%s%s", *transfer->scope ? "the scope '" : "more scope", transfer->scope,
		       *transfer->scope ? "'" : "");
	bridge_notice(bridge, "%s needs %s (403 insufficient_scope), which the token of profile '%s' does not have", host,
		      scope, profile);
	exchange_fail(
		exchange, MESSAGE_INTERNAL_ERROR, 403,
		"sk-helper: %s needs %s (403 insufficient_scope), which the token of profile '%s' does not have: if the authorization "
		"server grants it to this client, add it to scope and scope_limit: 'sk-helper set %s --scope SCOPES --scope-limit SCOPES'",
		host, scope, profile, profile);
}

// A JSON-RPC error, and not an error object of some other protocol.
static bool is_error_object(struct json_value error)
{
	return json_is_object(error) && json_is_number(json_member(error, "code")) &&
	       json_is_string(json_member(error, "message"));
}

static bool exchange_wants_tools(struct exchange *exchange, const struct message *body)
{
	long long code = 0;

	return exchange->modern && exchange->transfer.status == 400 && !exchange->tools_listed &&
	       message_is(&exchange->message, "tools/call") && json_integer(json_member(body->error, "code"), &code) &&
	       code == -32020 && !tool_list_knows(&exchange->bridge->tools, message_param(&exchange->message, "name"));
}

static bool exchange_lost_session(struct exchange *exchange, const struct message *body)
{
	bool may_be_sent = !exchange->delivered || exchange_is_repeatable(exchange);

	// what has the message's own id is its answer
	return exchange->in_session && !exchange->session_renewed && may_be_sent &&
	       exchange->role == ROLE_CLIENT && // a replay that is refused would begin one session after the other
	       !(body->id.len && exchange_find_id(exchange, body->id)) &&
	       session_is_lost(exchange->transfer.status, &exchange->body);
}

// The HTTP status is not 2xx.
static void exchange_refused(struct exchange *exchange)
{
	struct bridge *bridge = exchange->bridge;
	const struct transfer *transfer = &exchange->transfer;
	bool may_be_sse =
		exchange_begins_session(exchange) && !bridge->sse && (transfer->status == 404 || transfer->status == 405);
	char shown[SHOWN_MAX + 1];
	struct message body;

	message_read(&body, exchange->body.data, exchange->body.len);
	if (exchange_lost_session(exchange, &body)) {
		bridge_renew_session(bridge, exchange);
	} else if (transfer->status == 401 || transfer->wants_scope) {
		exchange_refused_token(exchange);
	} else if (exchange_wants_tools(exchange, &body)) {
		bridge_list_tools(bridge, exchange);
	} else if (exchange->role == ROLE_CLIENT && exchange->id_count == 1 && exchange_wants_answer(exchange) &&
		   is_error_object(body.error)) {
		message_put_error_object(&bridge->output.text, exchange->ids[0], body.error);
		exchange_mark_answered(exchange, &exchange->ids[0]);
		exchange->state = EXCHANGE_DONE;
	} else {
		shown_line(bridge, &exchange->body, shown);
		exchange_fail(
			exchange, MESSAGE_INTERNAL_ERROR, transfer->status, "sk-helper: HTTP %ld from %s%s%s%s",
			transfer->status, bridge->upstream.host, *shown ? ": " : "", shown,
			may_be_sse ?
				": if this server speaks the HTTP+SSE transport of MCP 2024-11-05, start the bridge with --sse" :
				"");
	}
}

// A server may have its streams asked for again at once, and bring one event each time.
static int64_t exchange_resume_delay(struct exchange *exchange)
{
	int64_t delay = exchange->retry_ms > RETRY_LEAST_MS ? exchange->retry_ms : RETRY_LEAST_MS;

	if (++exchange->resumptions > RESUMPTIONS_MAX && delay < RETRY_PRESET_MS)
		return RETRY_PRESET_MS;
	return delay;
}

// The stream has ended, and there are requests without an answer.
static void exchange_resume_or_fail(struct exchange *exchange, const char *why)
{
	if (!exchange->modern && exchange->is_stream && *exchange->last_event && exchange->resumed++ < RESUMPTIONS_MAX) {
		exchange->wait_until = clock_now().boot + exchange_resume_delay(exchange);
		exchange->state = EXCHANGE_WAITS_TO_RESUME;
		return;
	}
	exchange_fail(exchange, MESSAGE_INTERNAL_ERROR, 0,
		      "sk-helper: %s ended its response before it answered this request%s%s", exchange->bridge->upstream.host,
		      *why ? ": " : "", why);
}

static void exchange_succeeded(struct exchange *exchange)
{
	struct bridge *bridge = exchange->bridge;

	if (!exchange->is_stream && exchange->body.len && !bridge->sse)
		(void)bridge_take_message(bridge, exchange, exchange->body.data, exchange->body.len);
	buf_free(&exchange->body);
	// HTTP+SSE: the stream that the answer comes on may have ended meanwhile
	if (bridge->sse && exchange_wants_answer(exchange) && exchange->stream_number == bridge->stream_number)
		exchange->state = EXCHANGE_WAITS_FOR_EVENT;
	else if (exchange_wants_answer(exchange))
		exchange_resume_or_fail(exchange, "");
	else
		exchange->state = EXCHANGE_DONE;
}

static void exchange_on_end(struct transfer *transfer, enum transfer_end end, const char *why)
{
	struct exchange *exchange = transfer->owner;

	if (exchange->state == EXCHANGE_DONE) {
		; // there is nothing more to be said
	} else if (exchange->answered_at && exchange->role == ROLE_CLIENT) {
		exchange->state = EXCHANGE_DONE;
	} else if (end == END_RESPONSE && is_success(transfer->status)) {
		exchange_succeeded(exchange);
	} else if (end == END_RESPONSE || (end == END_STOPPED && !is_success(transfer->status))) {
		exchange_refused(exchange);
	} else if (end == END_CUT_OFF && exchange->role != ROLE_EVENTS) {
		exchange_resume_or_fail(exchange, why);
	} else if (exchange->leads_elsewhere) {
		exchange_fail(exchange, MESSAGE_INTERNAL_ERROR, 0,
			      "sk-helper: %s named an endpoint at another server (HTTP+SSE): nothing is sent there",
			      exchange->bridge->upstream.host);
	} else if (end == END_STOPPED) {
		exchange_fail(exchange, MESSAGE_INTERNAL_ERROR, 0, "sk-helper: the response is larger than %zu bytes",
			      MESSAGE_SIZE_MAX);
	} else {
		if (end == END_NO_TOKEN)
			bridge_notice(exchange->bridge, "%s", why);
		exchange_fail(exchange, MESSAGE_INTERNAL_ERROR, 0, "sk-helper: %s", why);
	}
	bridge_exchange_ended(exchange->bridge, exchange);
}

void exchange_end_refusal(struct exchange *exchange)
{
	struct transfer *transfer = &exchange->transfer;

	if (exchange->state != EXCHANGE_SENT || transfer->state != TRANSFER_RUNS || !transfer->status || transfer->again ||
	    is_success(transfer->status) || transfer->status < 200 ||
	    clock_now().boot - exchange->response_at < REFUSAL_READ_MS)
		return;
	upstream_cancel(&exchange->bridge->upstream, transfer);
	exchange_on_end(transfer, END_RESPONSE, "");
}
