// SPDX-License-Identifier: MIT
// Server-sent events (WHATWG HTML, "Server-sent events"), read as they come: pieces may end anywhere.
#ifndef SK_SSE_H
#define SK_SSE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SSE_ID_MAX   1024
#define SSE_NAME_MAX 64

struct sse {
	struct buf line, data;
	char name[SSE_NAME_MAX]; // of the event that is being read; "" is "message"
	char id[SSE_ID_MAX]; // of the last event; "" for none. One that is too long, or could not be sent in a header, is none
	char next_id[SSE_ID_MAX];
	int64_t retry_ms; // what the server wants to be waited before the next connection; -1: it did not say
	bool begun, after_cr;
};

// max: the most bytes of one event's data. last_id: that of the last event of the stream that this one continues; "" for none.
void sse_begin(struct sse *sse, size_t max, const char *last_id);
void sse_free(struct sse *sse);

// What is called for each event with data, which is event "message" where name is ""; data may be empty, and then is there for its id. False stops the reading.
typedef bool sse_visitor(void *context, const char *name, const struct buf *data);

// Reads a piece of the stream. False when the visitor has stopped it, or an event is too large.
bool sse_read(struct sse *sse, const char *piece, size_t len, sse_visitor *visit, void *context);

#endif
