// SPDX-License-Identifier: MIT
// The loop, and the connections.
#include "proxy/proxy.h"

#include "base/clock.h"
#include "base/peer.h"
#include "base/text.h"
#include "proxy/exchange.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define NOTICE_PAUSE_MS	   1000
#define NOTICE_AGAIN_MS	   30000
#define CONNECTION_MEMORY  65536 // of the server library, for each: a request's headers must fit into half of it
#define CONNECTION_SECONDS 60	 // without a byte, while a request or a response is on its way
#define REQUEST_HEADER_MS  30000 // in which a request's headers must come, and between two requests
#define SWEEP_MS	   1000
#define GONE_MAX	   32

void proxy_notice(struct proxy *proxy, const char *format, ...)
{
	char text[sizeof proxy->last_notice];
	int64_t now = clock_now().boot;
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	text_sanitize(text);
	if (!strcmp(text, proxy->last_notice) && now - proxy->last_notice_at < NOTICE_AGAIN_MS)
		return;
	// an asker can give reasons for new ones as fast as it likes
	if (now - proxy->last_notice_at < NOTICE_PAUSE_MS)
		return;
	(void)snprintf(proxy->last_notice, sizeof proxy->last_notice, "%s", text);
	proxy->last_notice_at = now;
	core_notice(text);
}

// --- connections

static void proxy_accept(struct proxy *proxy)
{
	struct sockaddr_storage address = { 0 };
	uid_t uid;
	socklen_t len = sizeof address;
	int fd = accept4(PROXY_LISTENER_FD, (struct sockaddr *)&address, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0) {
		// too many open files, most probably: it would be so again at once
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			proxy->accept_at = clock_now().boot + SWEEP_MS;
		return;
	}
	// on loopback, it is the path that is secret
	if (!proxy->on_loopback && !peer_is_allowed(fd, proxy->uids, proxy->uid_count, &uid)) {
		proxy_notice(proxy, "another user has connected, who may not ('--allow-uid UID' would allow one)");
		close(fd);
		return;
	}
	// which closes it where it fails
	(void)MHD_add_connection(proxy->daemon, fd, (const struct sockaddr *)&address, len);
}

// MHD_NotifyConnectionCallback: a connection begins, or is over.
static void proxy_note_connection(void *context, struct MHD_Connection *connection, void **asker_of_connection,
				  enum MHD_ConnectionNotificationCode code)
{
	// told once: until it is closed, this is so again and again
	struct epoll_event event = { .events = EPOLLRDHUP | EPOLLET };
	struct asker *asker = *asker_of_connection;
	struct proxy *proxy = context;
	void *left;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		asker = calloc(1, sizeof *asker);
		*asker_of_connection = asker;
		if (!asker)
			return;
		asker->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
		asker->since = clock_now().boot;
		event.data.ptr = asker;
		(void)epoll_ctl(proxy->gone_fd, EPOLL_CTL_ADD, asker->fd, &event);
		asker->next = proxy->askers;
		if (asker->next)
			asker->next->previous = asker;
		proxy->askers = asker;
		proxy->asker_count++;
		return;
	}
	if (!asker)
		return;
	left = asker->exchange;
	// the library forgets to say so where a request's arguments do not fit into its memory
	if (left)
		exchange_end(proxy, connection, &left, MHD_REQUEST_TERMINATED_WITH_ERROR);
	(void)epoll_ctl(proxy->gone_fd, EPOLL_CTL_DEL, asker->fd, NULL);
	if (asker->previous)
		asker->previous->next = asker->next;
	else
		proxy->askers = asker->next;
	if (asker->next)
		asker->next->previous = asker->previous;
	proxy->asker_count--;
	free(asker);
}

// Those that take too long for a request's headers, however they spread them.
static void proxy_end_slow(const struct proxy *proxy)
{
	int64_t now = clock_now().boot;

	for (const struct asker *asker = proxy->askers; asker; asker = asker->next) {
		bool begun = asker->exchange && exchange_has_begun(asker->exchange);

		if (begun)
			exchange_check_progress(asker->exchange);
		if (!begun && now - asker->since > REQUEST_HEADER_MS)
			(void)shutdown(asker->fd, SHUT_RDWR);
	}
}

static void proxy_see_who_has_gone(const struct proxy *proxy)
{
	struct epoll_event events[GONE_MAX];
	int count = epoll_wait(proxy->gone_fd, events, GONE_MAX, 0);

	for (int i = 0; i < count; i++) {
		struct asker *asker = events[i].data.ptr;

		asker->gone = true;
		if (asker->exchange)
			exchange_lost(asker->exchange);
	}
}

// --- the server library

// The target is taken as it came: what is escaped in it stays so.
static size_t proxy_keep_escapes(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context, (void)connection;
	return strlen(text);
}

static void proxy_ignore_log(void *context, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

static void proxy_ignore_log(void *context, const char *format, va_list args)
{
	(void)context, (void)format, (void)args;
}

bool proxy_begin(struct proxy *proxy)
{
	proxy->gone_fd = epoll_create1(EPOLL_CLOEXEC);
	// strict: the library refuses what servers read in different ways (RFC 9112)
	proxy->daemon =
		MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
				 exchange_handle, proxy, MHD_OPTION_EXTERNAL_LOGGER, proxy_ignore_log, NULL,
				 MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_LIMIT, (unsigned)PROXY_CONNECTIONS,
				 MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT,
				 (unsigned)CONNECTION_SECONDS, MHD_OPTION_UNESCAPE_CALLBACK, proxy_keep_escapes, NULL,
				 MHD_OPTION_URI_LOG_CALLBACK, exchange_begin, proxy, MHD_OPTION_NOTIFY_COMPLETED, exchange_end,
				 proxy, MHD_OPTION_NOTIFY_CONNECTION, proxy_note_connection, proxy,
				 MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
	proxy->used_at = clock_now().boot;
	return proxy->gone_fd >= 0 && proxy->daemon != NULL;
}

void proxy_free(struct proxy *proxy)
{
	// the library does not end what is suspended
	for (struct asker *asker = proxy->askers; asker; asker = asker->next)
		(void)shutdown(asker->fd, SHUT_RDWR);
	proxy_see_who_has_gone(proxy);
	MHD_stop_daemon(proxy->daemon);
	for (size_t i = proxy->count; i-- > 0;)
		upstream_free(&proxy->upstreams[i]);
	close(proxy->gone_fd);
}

// --- the loop

static void sooner(int64_t *timeout, int64_t wait)
{
	wait = wait > 0 ? wait : 0;
	if (*timeout < 0 || wait < *timeout)
		*timeout = wait;
}

static int proxy_timeout(const struct proxy *proxy)
{
	int64_t timeout = -1;
	MHD_UNSIGNED_LONG_LONG library;

	for (size_t i = 0; i < proxy->count; i++) {
		int wait = upstream_timeout(&proxy->upstreams[i]);

		if (wait >= 0)
			sooner(&timeout, wait);
	}
	if (MHD_get_timeout(proxy->daemon, &library) == MHD_YES)
		sooner(&timeout, library > INT32_MAX ? INT32_MAX : (int64_t)library);
	if (proxy->asker_count || proxy->accept_at > clock_now().boot)
		sooner(&timeout, SWEEP_MS);
	if (proxy->idle_ms)
		sooner(&timeout, proxy->used_at + proxy->idle_ms - clock_now().boot + 1);
	return timeout < 0 ? 60000 : (int)timeout;
}

static bool proxy_is_idle(const struct proxy *proxy)
{
	return proxy->idle_ms && !proxy->exchange_count && clock_now().boot >= proxy->used_at + proxy->idle_ms;
}

static void proxy_take_answer(struct proxy *proxy)
{
	BUF_AUTO(packet, WIRE_PACKET_MAX);
	struct core_answer answer;

	if (!core_receive(&packet)) {
		proxy->core_is_gone = true;
		return;
	}
	if (!packet.len || !core_read_answer(&packet, &answer))
		return;
	for (size_t i = 0; i < proxy->count; i++) {
		if (!strcmp(proxy->routes[i].name, answer.profile))
			upstream_take_answer(&proxy->upstreams[i], &answer);
	}
}

enum { FD_SIGNAL, FD_CORE, FD_LISTENER, FD_LIBRARY, FD_GONE, FDS };

// True when it is to end: there was a signal.
static bool proxy_wait(struct proxy *proxy, int signal_fd)
{
	bool has_room = proxy->asker_count < PROXY_CONNECTIONS && proxy->accept_at <= clock_now().boot;
	int library_fd = MHD_get_daemon_info(proxy->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	struct curl_waitfd fds[FDS] = {
		[FD_SIGNAL] = { .fd = signal_fd, .events = CURL_WAIT_POLLIN },
		[FD_CORE] = { .fd = CORE_FD, .events = CURL_WAIT_POLLIN },
		[FD_LIBRARY] = { .fd = library_fd, .events = CURL_WAIT_POLLIN },
		[FD_GONE] = { .fd = proxy->gone_fd, .events = CURL_WAIT_POLLIN },
		// a full house is not looked for more; libcurl takes no descriptor of -1
		[FD_LISTENER] = { .fd = has_room ? PROXY_LISTENER_FD : signal_fd, .events = CURL_WAIT_POLLIN },
	};

	// where it cannot be waited, there is an end
	if (curl_multi_poll(proxy->upstreams[0].multi, fds, FDS, proxy_timeout(proxy), NULL) != CURLM_OK ||
	    fds[FD_SIGNAL].revents)
		return true;
	if (fds[FD_CORE].revents)
		proxy_take_answer(proxy);
	if (fds[FD_GONE].revents)
		proxy_see_who_has_gone(proxy);
	if (has_room && fds[FD_LISTENER].revents)
		proxy_accept(proxy);
	return false;
}

void proxy_run(struct proxy *proxy, int signal_fd)
{
	do {
		for (size_t i = proxy->count; i-- > 0;)
			upstream_step(&proxy->upstreams[i]);
		MHD_run(proxy->daemon);
		proxy_end_slow(proxy);
	} while (!proxy_wait(proxy, signal_fd) && !proxy->core_is_gone && !proxy_is_idle(proxy));
}
