// SPDX-License-Identifier: MIT
// A JSON-RPC message of MCP, looked into as far as whoever carries it must.
#ifndef SK_MESSAGE_H
#define SK_MESSAGE_H

#include "base/buf.h"
#include "base/json-value.h"

#include <stdbool.h>
#include <stddef.h>

#define MESSAGE_SIZE_MAX ((size_t)64 << 20)

enum message_kind {
	MESSAGE_NONE, // not JSON, or not a message
	MESSAGE_REQUEST,
	MESSAGE_NOTIFICATION,
	MESSAGE_RESPONSE,
	MESSAGE_BATCH, // an array of them (MCP 2025-03-26)
};

// The values point into the text that was read.
struct message {
	enum message_kind kind;
	bool is_json;
	struct json_value whole, id, method, params, result, error;
	struct json_value version; // the protocol version that it names in _meta, as messages of MCP 2026-07-28 do; len 0: none
};

// Reads a message; kind says whether it is one.
void message_read(struct message *message, const char *text, size_t len);

// The id of a message of which only the beginning is there; len 0 where it does not come so early.
struct json_value message_early_id(const char *text, size_t len);

bool message_is(const struct message *message, const char *method);

// A member of its params.
struct json_value message_param(const struct message *message, const char *name);

// Appends text as one line: the bytes CR and LF, which cannot be within a JSON string, become spaces.
void message_put_line(struct buf *out, const char *text, size_t len);

// Appends an error as the answer to the request with this id, as a line. http_status: 0 for none.
#define MESSAGE_PARSE_ERROR	 (-32700)
#define MESSAGE_INVALID_REQUEST	 (-32600)
#define MESSAGE_METHOD_NOT_FOUND (-32601)
#define MESSAGE_INTERNAL_ERROR	 (-32603)
void message_put_error(struct buf *out, struct json_value id, int code, const char *text, long http_status);

// The same with an error object that a server sent.
void message_put_error_object(struct buf *out, struct json_value id, struct json_value error);

#endif
