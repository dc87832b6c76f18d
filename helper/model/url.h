// SPDX-License-Identifier: MIT
// URLs, for one question: may a token that is for this URL go to that one? Strict on purpose: what two parsers could read
// differently (user info, backslashes, dot segments, unusual IPv4 spellings, escapes in the host) is not a URL here. An escaped slash is part of
// the name that it is in.
#ifndef SK_URL_H
#define SK_URL_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define URL_MAX 2048

// Points into the string that was parsed.
struct url {
	bool https;
	const char *host; // not NUL-terminated; compared without regard to case
	size_t host_len;
	unsigned port;	  // the scheme's own where none is given
	const char *path; // "" or begins with '/'; ends before '?'
	size_t path_len;
	bool has_query;
};

// Plain http is a URL; whether it may be used is url_is_safe's to say. url is untouched on failure; err does not repeat text,
// which may have a password in it.
enum status url_parse(struct url *url, const char *text, struct err *err);

// How much of a URL that was parsed may be shown: not the query, where people put tokens. For "%.*s".
int url_shown(const char *text);

// https, or http to this machine itself.
bool url_is_safe(const struct url *url);
bool url_is_loopback(const struct url *url);

// Wider: any spelling that a resolver may take for this machine. To refuse what a peer names, never to allow anything.
bool url_may_be_loopback(const struct url *url);

// The address that the host is, without a port; false where it is a name.
bool url_address(const struct url *url, struct sockaddr_storage *address);

// Same scheme, host and port.
bool url_same_origin(const struct url *a, const struct url *b);

// Same origin, and base's path is a prefix of url's at a '/' boundary.
bool url_covers(const struct url *base, const struct url *url);

#endif
