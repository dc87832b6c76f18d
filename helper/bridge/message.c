// SPDX-License-Identifier: MIT
#include "bridge/message.h"

#include "base/json.h"

#include <string.h>

#define VERSION_MEMBER "io.modelcontextprotocol/protocolVersion"

void message_read(struct message *message, const char *text, size_t len)
{
	struct json_value rest, name, value;

	*message = (struct message){ .whole = json_value_of(text, len) };
	message->is_json = message->whole.len > 0;
	if (json_is_array(message->whole)) {
		message->kind = MESSAGE_BATCH;
		return;
	}
	if (!json_is_object(message->whole))
		return;
	rest = message->whole;
	// the last one of a name counts, as with json_member
	while (json_next(&rest, &name, &value)) {
		if (json_string_is(name, "id"))
			message->id = value;
		else if (json_string_is(name, "method"))
			message->method = value;
		else if (json_string_is(name, "params"))
			message->params = value;
		else if (json_string_is(name, "result"))
			message->result = value;
		else if (json_string_is(name, "error"))
			message->error = value;
	}
	if (json_is_string(message->method) && message->id.len)
		// MCP: "the ID MUST be a string or integer", and not null
		message->kind = json_is_string(message->id) || json_is_number(message->id) ? MESSAGE_REQUEST : MESSAGE_NONE;
	else if (json_is_string(message->method))
		message->kind = MESSAGE_NOTIFICATION;
	else if (message->result.len || message->error.len)
		message->kind = MESSAGE_RESPONSE;
	if (json_is_object(message->params))
		message->version = json_member(json_member(message->params, "_meta"), VERSION_MEMBER);
	if (!json_is_string(message->version))
		message->version.len = 0;
}

struct json_value message_early_id(const char *text, size_t len)
{
	struct json_value rest = { text, len }, name, value, id = { text, 0 };

	while (json_next_of_beginning(&rest, &name, &value)) {
		if (json_string_is(name, "id") && (json_is_string(value) || json_is_number(value)))
			id = value;
	}
	return id;
}

bool message_is(const struct message *message, const char *method)
{
	return json_string_is(message->method, method);
}

struct json_value message_param(const struct message *message, const char *name)
{
	return json_member(message->params, name);
}

void message_put_line(struct buf *out, const char *text, size_t len)
{
	size_t start = out->len;

	buf_add(out, text, len);
	buf_addc(out, '\n');
	if (!buf_ok(out))
		return;
	for (char *at = out->data + start; (at = memchr(at, '\n', len - (size_t)(at - out->data - start))); at++)
		*at = ' ';
	for (char *at = out->data + start; (at = memchr(at, '\r', len - (size_t)(at - out->data - start))); at++)
		*at = ' ';
}

static void message_put_head(struct buf *out, struct json_value id)
{
	buf_adds(out, "{\"jsonrpc\":\"2.0\",\"id\":");
	if (id.len)
		buf_add(out, id.at, id.len);
	else
		buf_adds(out, "null");
	buf_adds(out, ",\"error\":");
}

void message_put_error(struct buf *out, struct json_value id, int code, const char *text, long http_status)
{
	message_put_head(out, id);
	buf_addf(out, "{\"code\":%d", code);
	json_put(out, ",\"message\":", text);
	if (http_status)
		buf_addf(out, ",\"data\":{\"httpStatus\":%ld}", http_status);
	buf_adds(out, "}}\n");
}

void message_put_error_object(struct buf *out, struct json_value id, struct json_value error)
{
	BUF_AUTO(text, MESSAGE_SIZE_MAX + 1024);

	message_put_head(&text, id);
	buf_add(&text, error.at, error.len);
	buf_addc(&text, '}');
	message_put_line(out, text.data, text.len);
}
