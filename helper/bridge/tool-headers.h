// SPDX-License-Identifier: MIT
// MCP 2026-07-28: a tool's schema can say that an argument is to be sent in a header, too ("x-mcp-header"). Whoever lists tools over
// HTTP keeps what it says, leaves out tools that say it wrongly, and sends the headers with each call.
#ifndef SK_TOOL_HEADERS_H
#define SK_TOOL_HEADERS_H

#include "base/buf.h"
#include "base/json-value.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

struct tool;

struct tool_list {
	struct tool *tools;
	size_t count, room;
};

void tool_list_free(struct tool_list *list);

// Takes the result of a tools/list; first_page: it takes the place of all that was known. Appends to kept the whole message (of which
// result is a part), without the tools that must not be offered; left_out gets their names. False where nothing had to be left out:
// the message goes on as it is.
bool tool_list_take(struct tool_list *list, bool first_page, struct json_value message, struct json_value result,
		    struct buf *kept, struct buf *left_out);

bool tool_list_knows(const struct tool_list *list, struct json_value name);

// Appends the headers for a call of this tool with these arguments.
void tool_list_add_headers(const struct tool_list *list, struct json_value name, struct json_value arguments,
			   struct curl_slist **headers);

// Appends "NAME: VALUE", encoded where it could not be read back otherwise.
void header_add_text(struct curl_slist **headers, const char *name, const char *value, size_t len);
// The same with a JSON string's text.
void header_add_string(struct curl_slist **headers, const char *name, struct json_value string);

#endif
