// SPDX-License-Identifier: MIT
#include "proxy/exchange.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "proxy/headers.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BODY_MAX	65536 // of a request, kept for a new token, and until it is sent; and of a response, until it is taken
#define DISCARD_MAX	(16 << 20)
#define STALL_MS	10000 // a server that has answered is waited for so long to take more of the request
#define CONNECTION_MAX	1024
#define ERROR_TEXT_SIZE 700

// A response of our own.
struct answer {
	unsigned status; // 0: none
	char text[ERROR_TEXT_SIZE];
};

struct exchange {
	struct proxy *proxy;
	struct asker *asker;
	struct MHD_Connection *connection;
	char *target; // as it came
	bool begun, suspended;
	bool is_head;
	size_t route;
	char url[URL_MAX + 1];
	char *method;
	struct answer answer; // instead of the server's
	struct transfer transfer;
	bool sent; // the transfer was begun
	// the request's body: what has come, and how much of it has gone
	struct buf body;
	size_t body_sent, discarded;
	bool body_ended;
	int64_t moved_at;  // CLOCK_BOOTTIME in ms: when something of the body last went on
	bool body_dropped; // its beginning is gone: it cannot be sent again
	// the response: its headers, as lines; and what has come of its body, and how much of that is taken
	struct buf head;
	char connection_header[CONNECTION_MAX];
	bool head_too_long;
	char location[URL_MAX + TARGET_PREFIX_MAX + 66]; // where it leads, for whoever asks through us; "" for nowhere
	struct buf data;
	size_t data_taken;
	bool responded, ended;
	enum transfer_end how;
};

// --- waiting

static void exchange_suspend(struct exchange *exchange)
{
	// whoever has gone is not waited for: the library does not look at a suspended connection
	if (exchange->suspended || exchange->asker->gone)
		return;
	exchange->suspended = true;
	MHD_suspend_connection(exchange->connection);
}

static void exchange_wake(struct exchange *exchange)
{
	if (!exchange->suspended)
		return;
	exchange->suspended = false;
	MHD_resume_connection(exchange->connection);
}

bool exchange_has_begun(const struct exchange *exchange)
{
	return exchange->begun;
}

void exchange_lost(struct exchange *exchange)
{
	exchange_wake(exchange);
}

// --- answers of our own

static void exchange_answer(struct exchange *exchange, unsigned status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void exchange_answer(struct exchange *exchange, unsigned status, const char *format, ...)
{
	va_list args;

	if (exchange->answer.status)
		return;
	exchange->answer.status = status;
	va_start(args, format);
	(void)vsnprintf(exchange->answer.text, sizeof exchange->answer.text, format, args);
	va_end(args);
	text_sanitize(exchange->answer.text);
}

static enum MHD_Result exchange_send_answer(struct exchange *exchange)
{
	BUF_AUTO(json, 8 * ERROR_TEXT_SIZE);
	struct MHD_Response *response;
	enum MHD_Result result;

	json_put(&json, "{\"error\":\"sk-helper proxy\",\"message\":", exchange->answer.text);
	buf_adds(&json, "}\n");
	response = MHD_create_response_from_buffer(json.len, json.data, MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	(void)MHD_add_response_header(response, "Content-Type", "application/json");
	if (exchange->answer.status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)MHD_add_response_header(response, "Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
	result = MHD_queue_response(exchange->connection, exchange->answer.status, response);
	MHD_destroy_response(response);
	return result;
}

void exchange_check_progress(struct exchange *exchange)
{
	// the server library passes no response on before it has the whole request: where the server wants its response to be read first,
	// neither goes on
	if (!exchange->responded || exchange->ended || exchange->body_ended || exchange->answer.status ||
	    exchange->transfer.body_waits || clock_now().boot - exchange->moved_at < STALL_MS)
		return;
	exchange_answer(
		exchange, MHD_HTTP_BAD_GATEWAY,
		"the server has answered, and takes no more of the request: a response is passed on after the whole request");
	exchange_wake(exchange);
}

// --- the response

static void exchange_begin_response(struct transfer *transfer)
{
	struct exchange *exchange = transfer->owner;

	buf_reset(&exchange->head);
	exchange->connection_header[0] = '\0';
	exchange->head_too_long = false;
}

static void exchange_take_header(struct transfer *transfer, const char *name, const char *value)
{
	struct exchange *exchange = transfer->owner;
	size_t len = strlen(exchange->connection_header);

	if (!strcasecmp(name, "Connection"))
		(void)snprintf(exchange->connection_header + len, CONNECTION_MAX - len, ",%s", value);
	if (!header_name_ok(name) || !header_value_ok(value))
		return;
	if (exchange->head.len + strlen(name) + strlen(value) + 2 > PROXY_HEADERS_MAX) {
		exchange->head_too_long = true;
		return;
	}
	buf_adds(&exchange->head, name);
	buf_addc(&exchange->head, ':');
	buf_adds(&exchange->head, value);
	buf_addc(&exchange->head, '\n');
}

static bool exchange_redirects(const struct transfer *transfer)
{
	return transfer->location && transfer->status >= 300 && transfer->status < 400 && transfer->status != 304;
}

static void exchange_check_response(struct exchange *exchange)
{
	const struct target_route *route = &exchange->proxy->routes[exchange->route];
	const struct transfer *transfer = &exchange->transfer;
	const char *host = exchange->proxy->upstreams[exchange->route].host;

	if (transfer->status == 401)
		exchange_answer(
			exchange, MHD_HTTP_BAD_GATEWAY,
			exchange->body_dropped ?
				"%s refused the token of profile '%s' (401), and the request was too long to be sent again "
				"with a new one: try again" :
				"%s refused the token of profile '%s' (401): outside of this sandbox, 'sk-helper doctor' says why",
			host, route->name);
	else if (exchange->head_too_long)
		exchange_answer(exchange, MHD_HTTP_BAD_GATEWAY, "the headers of the response of %s are longer than %d bytes",
				host, PROXY_HEADERS_MAX);
	else if (exchange_redirects(transfer) && !*exchange->location)
		exchange_answer(exchange, MHD_HTTP_BAD_GATEWAY,
				"%s redirects to '%.200s', which the url of profile '%s' does not cover: it is not followed",
				host, transfer->location, route->name);
	else if (transfer->status < 200 || transfer->status > 599)
		exchange_answer(exchange, MHD_HTTP_BAD_GATEWAY, "%s answered with the status %ld", host, transfer->status);
}

static void exchange_take_response(struct transfer *transfer)
{
	struct exchange *exchange = transfer->owner;
	const struct target_route *route = &exchange->proxy->routes[exchange->route];

	// a server that repeats the token does not tell it to whoever asks
	transfer_redact(transfer, exchange->head.data);
	if (transfer->location)
		transfer_redact(transfer, transfer->location);
	if (!transfer->location ||
	    !target_of_url(route, exchange->proxy->prefix, transfer->location, exchange->location, sizeof exchange->location))
		exchange->location[0] = '\0';
	exchange_check_response(exchange);
	exchange->responded = true;
	exchange_wake(exchange);
}

static enum transfer_flow exchange_take_data(struct transfer *transfer, const char *data, size_t len)
{
	struct exchange *exchange = transfer->owner;

	if (exchange->answer.status)
		return FLOW_STOP;
	if (exchange->data.len + len > BODY_MAX)
		return FLOW_PAUSE;
	buf_add(&exchange->data, data, len);
	exchange_wake(exchange);
	return buf_ok(&exchange->data) ? FLOW_GO_ON : FLOW_STOP;
}

static void exchange_take_end(struct transfer *transfer, enum transfer_end end, const char *why)
{
	struct exchange *exchange = transfer->owner;
	const struct target_route *route = &exchange->proxy->routes[exchange->route];
	bool named = text_starts(why, "profile '");

	exchange->ended = true;
	exchange->how = end;
	if (!exchange->responded && end == END_NO_TOKEN)
		exchange_answer(exchange, MHD_HTTP_BAD_GATEWAY, "there is no token%s%s%s: %s", named ? "" : " for profile '",
				named ? "" : route->name, named ? "" : "'", why);
	else if (!exchange->responded && end == END_LOST)
		exchange_answer(exchange, MHD_HTTP_BAD_GATEWAY, "%s: the request may have had an effect", why);
	else if (!exchange->responded)
		exchange_answer(exchange, MHD_HTTP_BAD_GATEWAY, "%s", why);
	exchange_wake(exchange);
}

// What is there of the body; MHD_ContentReaderCallback.
static ssize_t exchange_give_data(void *context, uint64_t position, char *out, size_t room)
{
	struct exchange *exchange = context;
	size_t len = exchange->data.len - exchange->data_taken;

	(void)position;
	if (exchange->asker->gone)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (len == 0 && exchange->ended)
		return exchange->how == END_RESPONSE ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;
	if (len == 0) {
		exchange_suspend(exchange);
		return 0;
	}
	len = len < room ? len : room;
	memcpy(out, exchange->data.data + exchange->data_taken, len);
	exchange->data_taken += len;
	if (exchange->data_taken == exchange->data.len) {
		buf_reset(&exchange->data);
		exchange->data_taken = 0;
		transfer_continue_response(&exchange->transfer);
	}
	return (ssize_t)len;
}

static void exchange_add_headers(struct exchange *exchange, struct MHD_Response *response)
{
	char *line, *rest = exchange->head.data;

	while (exchange->head.len && (line = strsep(&rest, "\n"))) {
		char *value = strchr(line, ':');

		if (!value)
			continue;
		*value++ = '\0';
		if (header_of_response_passes(line, exchange->connection_header))
			(void)MHD_add_response_header(response, line, value);
	}
	if (*exchange->location)
		(void)MHD_add_response_header(response, "Location", exchange->location);
}

static enum MHD_Result exchange_send_response(struct exchange *exchange)
{
	const struct transfer *transfer = &exchange->transfer;
	bool has_body = !exchange->is_head && transfer->status != 204 && transfer->status != 304;
	uint64_t size = transfer->content_length >= 0 ? (uint64_t)transfer->content_length : MHD_SIZE_UNKNOWN;
	struct MHD_Response *response;
	enum MHD_Result result;

	// one that is whole goes out with its headers, in one piece
	if (has_body && exchange->ended && exchange->how == END_RESPONSE)
		response = MHD_create_response_from_buffer(exchange->data.len, exchange->data.data, MHD_RESPMEM_PERSISTENT);
	else
		response = MHD_create_response_from_callback(size, 16384, exchange_give_data, exchange, NULL);
	if (!response)
		return MHD_NO;
	exchange_add_headers(exchange, response);
	result = MHD_queue_response(exchange->connection, (unsigned)transfer->status, response);
	MHD_destroy_response(response);
	return result;
}

// --- the request

struct request_headers {
	struct curl_slist *list;
	char connection[CONNECTION_MAX];
	unsigned hosts, lengths, encodings;
	const char *host, *length, *encoding, *origin, *site;
	bool upgrades, has_accept, failed;
};

static enum MHD_Result exchange_see_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct request_headers *headers = context;
	size_t len = strlen(headers->connection);

	(void)kind;
	value = value ? value : "";
	if (!header_name_ok(name) || !header_value_ok(value))
		headers->failed = true;
	if (!strcasecmp(name, "Host")) {
		headers->hosts++;
		headers->host = value;
	} else if (!strcasecmp(name, "Content-Length")) {
		headers->lengths++;
		headers->length = value;
	} else if (!strcasecmp(name, "Transfer-Encoding")) {
		headers->encodings++;
		headers->encoding = value;
	} else if (!strcasecmp(name, "Connection")) {
		(void)snprintf(headers->connection + len, CONNECTION_MAX - len, ",%s", value);
	} else if (!strcasecmp(name, "Origin")) {
		headers->origin = value;
	} else if (!strcasecmp(name, "Sec-Fetch-Site")) {
		headers->site = value;
	} else if (!strcasecmp(name, "Upgrade")) {
		headers->upgrades = true;
	}
	return MHD_YES;
}

static enum MHD_Result exchange_add_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct request_headers *headers = context;
	BUF_AUTO(line, 65536);

	(void)kind;
	if (!header_of_request_passes(name, headers->connection))
		return MHD_YES;
	headers->has_accept = headers->has_accept || !strcasecmp(name, "Accept");
	buf_adds(&line, name);
	// libcurl's way to say that it is empty (CURLOPT_HTTPHEADER(3))
	if (value && *value) {
		buf_adds(&line, ": ");
		buf_adds(&line, value);
	} else {
		buf_addc(&line, ';');
	}
	if (!buf_ok(&line) || !header_append(&headers->list, line.data))
		headers->failed = true;
	return MHD_YES;
}

static bool origin_is_allowed(const struct proxy *proxy, const char *origin)
{
	for (size_t i = 0; origin && i < proxy->origin_count; i++) {
		if (!strcmp(proxy->origins[i], origin))
			return true;
	}
	return false;
}

// A page of any site can have a browser send requests to this machine, and a name of any site can lead to it (DNS rebinding).
static void exchange_check_browser(struct exchange *exchange, const struct request_headers *headers)
{
	struct proxy *proxy = exchange->proxy;
	bool allowed = origin_is_allowed(proxy, headers->origin);

	if (!header_host_ok(headers->host, proxy->hosts, proxy->host_count)) {
		exchange_answer(
			exchange, MHD_HTTP_FORBIDDEN,
			"the Host header '%.100s' is not a name of this proxy: use localhost, or allow it with --allow-host",
			headers->host);
	} else if (headers->origin && !allowed) {
		exchange_answer(exchange, MHD_HTTP_FORBIDDEN,
				"requests of browsers are refused: --allow-origin '%.100s' would allow those of this page",
				headers->origin);
	} else if (headers->site && !allowed && strcasecmp(headers->site, "none") != 0) {
		exchange_answer(exchange, MHD_HTTP_FORBIDDEN, "requests of browsers are refused (Sec-Fetch-Site: %.40s)",
				headers->site);
	}
	if (exchange->answer.status)
		proxy_notice(proxy, "%s", exchange->answer.text);
}

static void exchange_check_framing(struct exchange *exchange, const struct request_headers *headers, const char *version)
{
	if (headers->failed || headers->hosts != 1)
		exchange_answer(exchange, MHD_HTTP_BAD_REQUEST,
				"a header cannot be read, or there is not exactly one Host header");
	else if (headers->lengths > 1 || headers->encodings > 1 || (headers->lengths && headers->encodings))
		exchange_answer(exchange, MHD_HTTP_BAD_REQUEST, "the length of the body is given in more than one way");
	else if (headers->length && (!*headers->length || strspn(headers->length, "0123456789") != strlen(headers->length) ||
				     strlen(headers->length) > 18))
		exchange_answer(exchange, MHD_HTTP_BAD_REQUEST, "Content-Length is not a number");
	else if (headers->encoding && (strcasecmp(headers->encoding, "chunked") != 0 || strcasecmp(version, "HTTP/1.1") != 0))
		exchange_answer(exchange, MHD_HTTP_NOT_IMPLEMENTED, "this Transfer-Encoding is not supported");
}

static void exchange_check_method(struct exchange *exchange, const struct request_headers *headers)
{
	const char *method = exchange->method;

	if (headers->upgrades && header_list_has(headers->connection, "upgrade"))
		exchange_answer(exchange, MHD_HTTP_NOT_IMPLEMENTED, "Upgrade, as for a WebSocket, is not supported");
	// TRACE has the server repeat the request, with the token
	else if (!header_name_ok(method) || !strcasecmp(method, "TRACE") || !strcasecmp(method, "TRACK") ||
		 !strcasecmp(method, "CONNECT"))
		exchange_answer(exchange, MHD_HTTP_METHOD_NOT_ALLOWED, "the method '%.20s' is not supported", method);
}

static void exchange_answer_unknown(struct exchange *exchange)
{
	const struct proxy *proxy = exchange->proxy;
	char names[300] = "";
	size_t len = 0;

	if (proxy->on_loopback) {
		exchange_answer(exchange, MHD_HTTP_NOT_FOUND,
				"the URL does not begin as the one that 'sk-helper proxy' has printed");
		return;
	}
	for (size_t i = 0; i < proxy->count && len < sizeof names; i++)
		len += (size_t)snprintf(names + len, sizeof names - len, "%s/%s", i ? ", " : "", proxy->routes[i].name);
	exchange_answer(exchange, MHD_HTTP_NOT_FOUND, "'%.100s' is not served here, but what begins with %s", exchange->target,
			names);
}

static void exchange_find_target(struct exchange *exchange)
{
	struct proxy *proxy = exchange->proxy;

	if (exchange->answer.status)
		return;
	switch (target_resolve(proxy->routes, proxy->count, proxy->prefix, exchange->target, &exchange->route, exchange->url,
			       &exchange->transfer.query)) {
	case TARGET_OK:
		break;
	case TARGET_MALFORMED:
		exchange_answer(
			exchange, MHD_HTTP_BAD_REQUEST,
			"the path is not '/NAME/...', or has dot segments or escapes that servers read in different ways");
		return;
	case TARGET_UNKNOWN:
		exchange_answer_unknown(exchange);
		return;
	case TARGET_TOO_LONG:
		exchange_answer(exchange, MHD_HTTP_URI_TOO_LONG, "the path is too long");
		return;
	}
	if (exchange->transfer.query && strlen(exchange->transfer.query) >= QUERY_MAX)
		exchange_answer(exchange, MHD_HTTP_URI_TOO_LONG, "the query is too long");
}

// --- its body

static void exchange_make_room(struct exchange *exchange)
{
	size_t left = exchange->body.len - exchange->body_sent;

	memmove(exchange->body.data, exchange->body.data + exchange->body_sent, left);
	exchange->body.len = left;
	exchange->body_sent = 0;
	exchange->body_dropped = true;
}

// More of it has come; *size is then how much of that was not taken.
static enum MHD_Result exchange_take_body(struct exchange *exchange, const char *data, size_t *size)
{
	size_t room;

	// there is an answer already: the rest is not wanted, but the program may not read it before it has sent all
	if (exchange->answer.status || exchange->ended) {
		exchange->discarded += *size;
		*size = 0;
		return exchange->discarded > DISCARD_MAX ? MHD_NO : MHD_YES;
	}
	if (exchange->body.len == BODY_MAX && exchange->body_sent)
		exchange_make_room(exchange);
	room = BODY_MAX - exchange->body.len;
	room = *size < room ? *size : room;
	buf_add(&exchange->body, data, room);
	*size -= room;
	if (exchange->transfer.body_waits)
		exchange->moved_at = clock_now().boot;
	transfer_continue_body(&exchange->transfer);
	if (*size)
		exchange_suspend(exchange);
	return buf_ok(&exchange->body) ? MHD_YES : MHD_NO;
}

static size_t exchange_give_body(struct transfer *transfer, char *data, size_t room)
{
	struct exchange *exchange = transfer->owner;
	size_t len = exchange->body.len - exchange->body_sent;

	// what is not sent to its end must not look as if it were
	if (exchange->asker->gone || exchange->answer.status)
		return BODY_STOP;
	if (len == 0) {
		exchange_wake(exchange);
		return exchange->body_ended ? 0 : BODY_WAIT;
	}
	len = len < room ? len : room;
	memcpy(data, exchange->body.data + exchange->body_sent, len);
	exchange->body_sent += len;
	exchange->moved_at = clock_now().boot;
	if (!exchange->body_ended)
		exchange_wake(exchange);
	return len;
}

static bool exchange_begin_body_again(struct transfer *transfer)
{
	struct exchange *exchange = transfer->owner;

	if (exchange->body_dropped)
		return false;
	exchange->body_sent = 0;
	return true;
}

// --- sending

static bool method_has_body(const char *method)
{
	return !strcmp(method, "POST") || !strcmp(method, "PUT") || !strcmp(method, "PATCH");
}

static void exchange_send(struct exchange *exchange, const struct request_headers *headers)
{
	struct transfer *transfer = &exchange->transfer;
	bool has_body = headers->encoding || (headers->length && strcmp(headers->length, "0") != 0);

	transfer->method = exchange->method;
	transfer->url = exchange->url;
	transfer->headers = headers->list;
	transfer->owner = exchange;
	transfer->on_begin = exchange_begin_response;
	transfer->on_header = exchange_take_header;
	transfer->on_response = exchange_take_response;
	transfer->on_data = exchange_take_data;
	transfer->on_end = exchange_take_end;
	transfer->repeatable =
		!has_body && (exchange->is_head || !strcmp(exchange->method, "GET") || !strcmp(exchange->method, "OPTIONS"));
	if (has_body || method_has_body(exchange->method)) {
		transfer->on_body = exchange_give_body;
		transfer->on_body_again = exchange_begin_body_again;
		transfer->body_total = headers->encoding ? -1 : headers->length ? strtoll(headers->length, NULL, 10) : 0;
	}
	exchange->sent = true;
	exchange->moved_at = clock_now().boot;
	upstream_send(&exchange->proxy->upstreams[exchange->route], transfer);
}

static enum MHD_Result exchange_check_and_send(struct exchange *exchange, const char *version)
{
	struct request_headers headers = { 0 };

	MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, exchange_see_header, &headers);
	exchange_check_framing(exchange, &headers, version);
	if (!exchange->answer.status)
		exchange_check_browser(exchange, &headers);
	if (!exchange->answer.status)
		exchange_check_method(exchange, &headers);
	exchange_find_target(exchange);
	if (exchange->answer.status)
		return exchange_send_answer(exchange);
	MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, exchange_add_header, &headers);
	// libcurl would say what it likes
	if (!headers.has_accept && !header_append(&headers.list, "Accept:"))
		headers.failed = true;
	if (headers.failed) {
		curl_slist_free_all(headers.list);
		exchange_answer(exchange, MHD_HTTP_BAD_REQUEST, "the headers cannot be sent on");
		return exchange_send_answer(exchange);
	}
	exchange_send(exchange, &headers);
	return MHD_YES;
}

// --- the library's callbacks

void *exchange_begin(void *context, const char *target, struct MHD_Connection *connection)
{
	struct exchange *exchange = calloc(1, sizeof *exchange);
	struct proxy *proxy = context;

	if (!exchange)
		return NULL;
	exchange->proxy = proxy;
	exchange->connection = connection;
	exchange->asker = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
	if (!exchange->asker) {
		free(exchange);
		return NULL;
	}
	exchange->target = strdup(target);
	exchange->body = (struct buf)BUF_INIT(BODY_MAX);
	exchange->data = (struct buf)BUF_INIT(BODY_MAX);
	exchange->head = (struct buf)BUF_INIT(PROXY_HEADERS_MAX);
	exchange->asker->exchange = exchange;
	proxy->exchange_count++;
	return exchange;
}

enum MHD_Result exchange_handle(void *context, struct MHD_Connection *connection, const char *url, const char *method,
				const char *version, const char *data, size_t *size, void **data_of_request)
{
	struct exchange *exchange = *data_of_request;

	(void)context, (void)connection, (void)url;
	if (!exchange || exchange->asker->gone || !exchange->target)
		return MHD_NO;
	if (!exchange->begun) {
		exchange->begun = true;
		exchange->method = strdup(method);
		exchange->is_head = !strcmp(method, "HEAD");
		return exchange->method ? exchange_check_and_send(exchange, version) : MHD_NO;
	}
	if (*size)
		return exchange_take_body(exchange, data, size);
	exchange->body_ended = true;
	transfer_continue_body(&exchange->transfer);
	if (exchange->answer.status)
		return exchange_send_answer(exchange);
	if (exchange->responded)
		return exchange_send_response(exchange);
	exchange_suspend(exchange);
	return MHD_YES;
}

void exchange_end(void *context, struct MHD_Connection *connection, void **data_of_request, enum MHD_RequestTerminationCode how)
{
	struct exchange *exchange = *data_of_request;
	struct proxy *proxy = context;

	(void)connection, (void)how;
	*data_of_request = NULL;
	if (!exchange)
		return;
	if (exchange->sent)
		upstream_cancel(&proxy->upstreams[exchange->route], &exchange->transfer);
	exchange->asker->exchange = NULL;
	exchange->asker->since = proxy->used_at = clock_now().boot;
	proxy->exchange_count--;
	buf_free(&exchange->body);
	buf_free(&exchange->data);
	buf_free(&exchange->head);
	free(exchange->target);
	free(exchange->method);
	free(exchange);
}
