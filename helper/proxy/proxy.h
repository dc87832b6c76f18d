// SPDX-License-Identifier: MIT
// The proxy: an HTTP server for programs that must not hold a token, and the way to the URLs of the profiles that it was started for. What
// comes from a program is a struct exchange each; what they have in common is here.
#ifndef SK_PROXY_SERVER_H
#define SK_PROXY_SERVER_H

#include "proxy/target.h"
#include "relay/upstream.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#define PROXY_ROUTES_MAX  16
#define PROXY_ALLOWED_MAX 16
#define PROXY_CONNECTIONS 128
#define PROXY_HEADERS_MAX 24576 // bytes of a response's headers; a request's are bounded by the server library's memory
#define PROXY_LISTENER_FD 4	// where sk-core puts it

struct exchange;

// A connection from a program.
struct asker {
	int fd;
	int64_t since;		   // CLOCK_BOOTTIME in ms: when it was opened, or its last request ended
	bool gone;		   // the program has closed it, or its side of it
	struct exchange *exchange; // of its request; NULL: it has none
	struct asker *next, *previous;
};

struct proxy {
	struct target_route routes[PROXY_ROUTES_MAX];
	struct upstream upstreams[PROXY_ROUTES_MAX]; // of the same number; they share the connections of the first
	size_t count;
	char prefix[TARGET_PREFIX_MAX];		// what a target begins with, on loopback; else ""
	const char *origins[PROXY_ALLOWED_MAX]; // browsers' pages that may ask
	size_t origin_count;
	const char *hosts[PROXY_ALLOWED_MAX]; // names by which the proxy is meant, besides this machine's own
	size_t host_count;
	uid_t uids[PROXY_ALLOWED_MAX]; // who may connect to a socket in the file system, besides this user
	size_t uid_count;
	bool on_loopback;
	int64_t idle_ms; // 0: for ever
	struct MHD_Daemon *daemon;
	int gone_fd; // an epoll(7) of the connections: whether their programs have gone
	struct asker *askers;
	unsigned asker_count, exchange_count;
	int64_t used_at; // CLOCK_BOOTTIME in ms: the last request's end
	bool core_is_gone;
	int64_t accept_at; // CLOCK_BOOTTIME in ms: no connection is taken before
	char last_notice[256];
	int64_t last_notice_at;
};

// Makes what the loop needs, before the sandbox is entered. False where that cannot be done.
bool proxy_begin(struct proxy *proxy);

// Serves until there is a signal, sk-core is gone, or nobody has used it for idle_ms.
void proxy_run(struct proxy *proxy, int signal_fd);
void proxy_free(struct proxy *proxy);

// What a person must know, on standard error: not the same again and again.
void proxy_notice(struct proxy *proxy, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
