// SPDX-License-Identifier: MIT
// Messages of MCP: what is said of them holds, what is made of them is one line of JSON, and headers have no line ends.
#include "bridge/message.h"
#include "bridge/tool-headers.h"
#include "fuzz.h"

static void check_line(const struct buf *line)
{
	MUST(buf_ok(line) && line->len && line->data[line->len - 1] == '\n');
	MUST(!memchr(line->data, '\n', line->len - 1) && !memchr(line->data, '\r', line->len));
	MUST(json_value_of(line->data, line->len - 1).len);
}

static void check_headers(const struct message *message, const struct tool_list *tools)
{
	struct curl_slist *headers = NULL;

	header_add_string(&headers, "Mcp-Method", message->method);
	header_add_string(&headers, "Mcp-Name", message_param(message, "name"));
	header_add_string(&headers, "MCP-Protocol-Version", message->version);
	tool_list_add_headers(tools, message_param(message, "name"), message_param(message, "arguments"), &headers);
	for (const struct curl_slist *header = headers; header; header = header->next) {
		for (const char *at = header->data; *at; at++)
			MUST((*at >= ' ' && *at <= '~') || *at == '\t');
	}
	curl_slist_free_all(headers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BUF_AUTO(line, MESSAGE_SIZE_MAX + 1024);
	BUF_AUTO(kept, MESSAGE_SIZE_MAX);
	BUF_AUTO(left_out, 1 << 20);
	char *text = input_text(data, size);
	struct tool_list tools = { 0 };
	struct message message;

	message_read(&message, text, size);
	MUST(message.is_json == (message.whole.len > 0));
	if (message.is_json) {
		message_put_line(&line, message.whole.at, message.whole.len);
		check_line(&line);
	}
	if (message.kind == MESSAGE_REQUEST) {
		MUST(message.id.len && message.method.len);
		buf_reset(&line);
		message_put_error(&line, message.id, MESSAGE_INTERNAL_ERROR, "why", 500);
		check_line(&line);
	}
	if (message.kind == MESSAGE_RESPONSE && message.error.len) {
		buf_reset(&line);
		message_put_error_object(&line, message.id, message.error);
		check_line(&line);
	}
	if (tool_list_take(&tools, true, message.whole, message.result, &kept, &left_out))
		MUST(json_value_of(kept.data, kept.len).len);
	check_headers(&message, &tools);
	MUST(message_early_id(text, size).len <= size);
	tool_list_free(&tools);
	free(text);
	return 0;
}
