// SPDX-License-Identifier: MIT
// The loop: what is due, what is to be waited for, and the end.
#include "bridge/bridge.h"

#include "base/clock.h"
#include "base/text.h"
#include "bridge/exchange.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define BUSY		  8
#define NOTICE_AGAIN_MS	  30000
#define NOTICES_MAX	  20 // in a period
#define NOTICES_PERIOD_MS 60000
#define HELD_MAX	  1024
#define PROBE_MAX_MS	  5000
#define LINGER_MS	  2000 // a stream is read on for so long after the answer
#define DELETE_MS	  1000
#define DELETE_HURRIED_MS 100 // clients kill soon after a signal
#define WAITING_INPUT_MAX ((size_t)128 << 20)

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
		exchange_fail(
			exchange, MESSAGE_METHOD_NOT_FOUND, 0,
			"sk-helper: %s did not answer 'server/discover' in 5 seconds, so it is taken for a server older than MCP 2026-07-28",
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
		bridge_session_failed(bridge, "'initialize' got no response in 10 seconds");
	for (struct exchange *exchange = bridge->first; exchange && session->stage == SESSION_LOST; exchange = exchange->next) {
		if (exchange_needs_session(exchange))
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
static void bridge_delete_session(struct bridge *bridge, int64_t patience_ms)
{
	for (struct exchange *exchange = bridge->first; exchange; exchange = exchange->next) {
		if (exchange_wants_answer(exchange))
			exchange_fail(
				exchange, MESSAGE_INTERNAL_ERROR, 0,
				"sk-helper: the bridge was stopped before the server answered: the request may have had an effect");
		exchange->state = EXCHANGE_DONE;
	}
	bridge->session.events_at = 0;
	bridge->end = BRIDGE_DELETES_SESSION;
	bridge->upstream.tokens.last = true; // there may be nobody left to ask for another one
	bridge->end_at = clock_now().boot + patience_ms;
	if (*bridge->session.id)
		bridge_send_own(bridge, ROLE_DELETE_SESSION, NULL);
}

static bool bridge_is_busy(const struct bridge *bridge)
{
	for (const struct exchange *exchange = bridge->first; exchange; exchange = exchange->next) {
		bool waits =
			exchange->role == ROLE_DELETE_SESSION || exchange->id_count == 0 || exchange_wants_answer(exchange);

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
		bridge_delete_session(bridge, DELETE_MS);
	if (bridge->end == BRIDGE_DELETES_SESSION &&
	    (now >= bridge->end_at || (!bridge_is_busy(bridge) && !client_output_left(&bridge->output))))
		bridge->end = BRIDGE_ENDED;
}

// Whoever sent a signal kills soon.
static void bridge_end_now(struct bridge *bridge)
{
	int64_t end_at = clock_now().boot + DELETE_HURRIED_MS;

	if (bridge->end != BRIDGE_DELETES_SESSION)
		bridge_delete_session(bridge, DELETE_HURRIED_MS);
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

bool bridge_run(struct bridge *bridge, int signal_fd)
{
	struct pollfd fds[FDS];
	int error;

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
		if (bridge->output.broken && bridge->end != BRIDGE_DELETES_SESSION)
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
	error = bridge->output.error;
	if (error && error != EPIPE && error != ECONNRESET)
		bridge_notice(bridge, "standard output cannot be written: %s", strerror(error));
	session_free(&bridge->session);
	tool_list_free(&bridge->tools);
	client_input_free(&bridge->input);
	client_output_free(&bridge->output);
	return !error || error == EPIPE || error == ECONNRESET;
}
