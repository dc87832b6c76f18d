// SPDX-License-Identifier: MIT
// What is asked of us: which profile, which scope, how much life, in whose words.
#ifndef SK_REQUEST_H
#define SK_REQUEST_H

#include "base/buf.h"
#include "base/status.h"
#include "model/profile.h"
#include "model/token.h"
#include "model/url.h"

#include <stdbool.h>
#include <stdint.h>

#define REQUEST_MAX	    65535
#define REQUEST_MIN_TTL_MAX 86400

#define REQUEST_CHALLENGES_MAX 8

// How a state[] of ours begins.
#define REQUEST_STATE "sk:"

struct protocol;

// The strings point into argv or into the text that was read.
struct request {
	const char *profile;		  // NULL: to be chosen
	const char *url;		  // NULL: none
	const char *scheme, *host, *path; // the same in parts, as git has it; request_parse makes url of them
	char joined[URL_MAX + 1];
	const char *scope;    // NULL: the profile's
	const char *resource; // NULL: the profile's
	// WWW-Authenticate headers of the answer that the asker got
	const char *wwwauth[REQUEST_CHALLENGES_MAX];
	size_t wwwauth_count;
	const char *credential; // erase: the token that was refused; git's password, too
	const char *username;	// git: of the credential that is wanted
	const char *state;	// git: what we answered last time, when that was refused
	bool takes_bearer;	// git: it understands authtype
	bool keeps_state;	// and state
	int64_t min_ttl;
	bool fresh;
	bool keep_scope;		 // what a server says does not change it: the asker is no MCP client
	bool quiet;			 // a token on the terminal is what the user wants
	bool from_stdin;		 // the rest of it is to be read: "get -"
	const char *format;		 // what --format says; NULL for nothing
	const struct protocol *protocol; // NULL where the format is a tool's (tools.h)
};

// From the words after "get": [NAME|URL|-] and options. STATUS_USAGE.
enum status request_from_args(struct request *request, char **args, struct err *err);

// Reads a message from fd up to its blank line or its end, and no further than it must.
enum status request_read(struct buf *text, int fd, struct err *err);

// What that asks a profile for. STATUS_POLICY when it names a resource that is neither the profile's nor one of its URLs.
enum status request_wanted(const struct request *request, const struct profile *profile, struct wanted *wanted,
			   struct err *err);

// From that message, which it cuts up in place; what request has already, stays.
enum status request_parse(struct request *request, char *text, size_t len, struct err *err);

#endif
