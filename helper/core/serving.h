// SPDX-License-Identifier: MIT
// Which servers of ours run: 'share' and 'proxy' note it, and 'list' shows it. A note is a file beside the locks, locked as long as its
// server runs; its time is when the server was last used.
#ifndef SK_SERVING_H
#define SK_SERVING_H

#include "base/lock.h"
#include "core/server-options.h"

#include <stdbool.h>
#include <stdint.h>

struct serving {
	struct lock lock;
	char name[32];	  // of the note
	int64_t idle_ms;  // 0: for ever
	int64_t used_at;  // CLOCK_BOOTTIME in ms
	int64_t noted_at; // when that was last written down
};

// command: "share" or "proxy". Where no note can be made, nothing is listed, and all else works.
void serving_begin(struct serving *serving, const char *command, const struct server_options *options,
		   const struct server_socket *server);
void serving_end(struct serving *serving);

void serving_note_use(struct serving *serving);

// Whether nobody has used it for so long that it is to end; and when that will be (CLOCK_BOOTTIME in ms; 0: never).
bool serving_is_idle(const struct serving *serving);
int64_t serving_idle_at(const struct serving *serving);

// A server that runs. The strings are fit for a terminal.
struct served {
	const char *command, *socket, *names; // names: with a space between
	int64_t since, used;		      // seconds since 1970
	int64_t pid;
};

// Calls visit with each.
void serving_each(void (*visit)(const struct served *served, void *context), void *context);

#endif
