// SPDX-License-Identifier: MIT
// What 'share' and 'proxy' are told alike: which profiles they serve, on which socket, for whom, and for how long.
#ifndef SK_SERVER_OPTIONS_H
#define SK_SERVER_OPTIONS_H

#include "base/options.h"
#include "base/status.h"
#include "core/server-socket.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERVER_PROFILES_MAX 16

struct server_options {
	const char *names[SERVER_PROFILES_MAX];
	size_t name_count;
	const char *socket; // NULL: none is named
	int64_t idle;	    // seconds; 0: it is served for ever
	bool background;
	uid_t uids[SERVER_UIDS_MAX];
	size_t uid_count;
};

// The rows of them in a command's table of options.
#define SERVER_OPTIONS                                                                                                         \
	{ "--socket", "PATH", "where to listen, in a directory that only you can write to" },                                  \
		{ "--allow-uid", "UID", "another user who may connect; may be repeated" },                                     \
		{ "--idle", "SECONDS", "end when nobody has asked for so long" },                                              \
	{                                                                                                                      \
		"--background", NULL, "go on in the background, and return as soon as it listens"                              \
	}

// Takes one of them, or a profile's name (option NULL). STATUS_NOT_FOUND: the option is none of them.
enum status server_options_take(struct server_options *options, const char *command, const char *option, const char *value,
				struct err *err);

// Whether there is a name, and each is that of a profile that can be used.
enum status server_options_check(const struct server_options *options, const char *command, struct err *err);

// The socket in the file system, or systemd's. STATUS_USAGE where there is neither.
enum status server_options_open(const struct server_options *options, const char *command, struct server_socket *server,
				struct err *err);

// With --background: forks. *returns: this is the process that returns now, with the socket left to the other one, which has no standard streams
// any more. Without it, neither happens.
enum status server_options_go_on(const struct server_options *options, bool *returns, struct err *err);

#endif
