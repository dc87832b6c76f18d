// SPDX-License-Identifier: MIT
#include "bridge/tool-headers.h"

#include "base/base64.h"
#include "base/text.h"
#include "bridge/message.h"
#include "relay/upstream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SCHEMA_DEPTH_MAX 64 // deeper, no annotation is looked for
#define PARAMETERS_MAX	 64 // of one tool
#define HEADER_NAME_MAX	 128
#define VALUE_MAX	 65536
#define TOOLS_MAX	 65536

// An argument that goes into a header.
struct tool_parameter {
	char header[HEADER_NAME_MAX];
	struct buf path; // the names of the members that lead to it, each as JSON, one behind the other
	size_t depth;
};

struct tool {
	struct buf name; // decoded
	struct tool_parameter *parameters;
	size_t count;
};

// --- headers

static bool is_plain_value(const char *value, size_t len)
{
	if (len == 0 || *value == ' ' || *value == '\t' || value[len - 1] == ' ' || value[len - 1] == '\t')
		return len == 0;
	for (size_t i = 0; i < len; i++) {
		if ((value[i] < ' ' && value[i] != '\t') || value[i] > '~')
			return false;
	}
	return !(len >= 11 && !memcmp(value, "=?base64?", 9) && !memcmp(value + len - 2, "?=", 2));
}

void header_add_text(struct curl_slist **headers, const char *name, const char *value, size_t len)
{
	BUF_AUTO(line, 2 * VALUE_MAX);
	bool plain = is_plain_value(value, len);

	buf_adds(&line, name);
	buf_adds(&line, len ? ": " : ";"); // libcurl's form for a header without a value
	buf_adds(&line, plain ? "" : "=?base64?");
	if (plain)
		buf_add(&line, value, len);
	else
		base64_encode(&line, value, len);
	buf_adds(&line, plain ? "" : "?=");
	if (buf_ok(&line))
		(void)header_append(headers, line.data);
}

void header_add_string(struct curl_slist **headers, const char *name, struct json_value string)
{
	BUF_AUTO(text, VALUE_MAX);

	if (json_string_put(&text, string) && buf_ok(&text))
		header_add_text(headers, name, text.data, text.len);
}

// --- what schemas say

static void tool_free(struct tool *tool)
{
	for (size_t i = 0; i < tool->count; i++)
		buf_free(&tool->parameters[i].path);
	free(tool->parameters);
	buf_free(&tool->name);
	*tool = (struct tool){ 0 };
}

void tool_list_free(struct tool_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		tool_free(&list->tools[i]);
	free(list->tools);
	*list = (struct tool_list){ 0 };
}

// RFC 9110 section 5.6.2
static bool is_header_name(const char *name, size_t len)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~";

	return len > 0 && len < HEADER_NAME_MAX - 16 && strspn(name, letters) == len;
}

static bool is_header_type(struct json_value type)
{
	return json_string_is(type, "string") || json_string_is(type, "integer") || json_string_is(type, "boolean");
}

struct schema_walk {
	struct tool *tool;
	struct json_value names[SCHEMA_DEPTH_MAX];
	size_t depth;
	bool wrong;
};

// "x-mcp-header" in the schema of a property that is reached through properties alone.
static void schema_take_parameter(struct schema_walk *walk, struct json_value schema, struct json_value annotation)
{
	struct tool *tool = walk->tool;
	struct tool_parameter *parameter, *more;
	BUF_AUTO(name, HEADER_NAME_MAX);

	if (!json_string_put(&name, annotation) || !buf_ok(&name) || !is_header_name(name.data, name.len) ||
	    !is_header_type(json_member(schema, "type")) || tool->count == PARAMETERS_MAX) {
		walk->wrong = true;
		return;
	}
	for (size_t i = 0; i < tool->count; i++)
		walk->wrong = walk->wrong || !strcasecmp(tool->parameters[i].header + strlen("Mcp-Param-"), name.data);
	more = walk->wrong ? NULL : reallocarray(tool->parameters, tool->count + 1, sizeof *more);
	if (!more) {
		walk->wrong = true;
		return;
	}
	tool->parameters = more;
	parameter = &tool->parameters[tool->count++];
	*parameter = (struct tool_parameter){ .path = BUF_INIT(VALUE_MAX), .depth = walk->depth };
	(void)snprintf(parameter->header, sizeof parameter->header, "Mcp-Param-%s", name.data);
	for (size_t i = 0; i < walk->depth; i++)
		buf_add(&parameter->path, walk->names[i].at, walk->names[i].len);
	walk->wrong = walk->wrong || !buf_ok(&parameter->path);
}

// Members whose values are data and no schemas: an annotation in them is none.
static bool is_data_keyword(struct json_value name)
{
	static const char *const keywords[] = { "default", "const", "enum", "examples", "description", "title" };

	for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
		if (json_string_is(name, keywords[i]))
			return true;
	}
	return false;
}

static void schema_walk_value(struct schema_walk *walk, struct json_value schema, bool reached, size_t nested);

static void schema_walk_properties(struct schema_walk *walk, struct json_value properties, size_t nested)
{
	struct json_value rest = properties, name, value;

	while (json_is_object(properties) && !walk->wrong && json_next(&rest, &name, &value)) {
		walk->names[walk->depth++] = name;
		schema_walk_value(walk, value, true, nested + 1);
		walk->depth--;
	}
}

// reached: through "properties" alone; nested: how deep.
static void schema_walk_value(struct schema_walk *walk, struct json_value schema, bool reached, size_t nested)
{
	struct json_value rest = schema, name, value;

	if (nested == SCHEMA_DEPTH_MAX || (!json_is_object(schema) && !json_is_array(schema)))
		return;
	while (!walk->wrong && json_next(&rest, &name, &value)) {
		if (json_string_is(name, "x-mcp-header")) {
			if (reached && walk->depth)
				schema_take_parameter(walk, schema, value);
			else
				walk->wrong = true;
		} else if (reached && json_string_is(name, "properties")) {
			schema_walk_properties(walk, value, nested);
		} else if (!is_data_keyword(name)) {
			schema_walk_value(walk, value, false, nested + 1);
		}
	}
}

// False when the tool must not be offered.
static bool tool_list_add(struct tool_list *list, struct json_value object)
{
	struct tool tool = { .name = BUF_INIT(VALUE_MAX) };
	struct schema_walk walk = { .tool = &tool };
	struct tool *more = list->tools;

	if (!json_string_put(&tool.name, json_member(object, "name")) || !buf_ok(&tool.name) || list->count == TOOLS_MAX) {
		tool_free(&tool);
		return true;
	}
	schema_walk_value(&walk, json_member(object, "inputSchema"), true, 0);
	if (!walk.wrong && list->count == list->room) {
		more = reallocarray(list->tools, list->room + 64, sizeof *more);
		walk.wrong = !more;
		list->tools = more ? more : list->tools;
		list->room += more ? 64 : 0;
	}
	if (walk.wrong) {
		tool_free(&tool);
		return false;
	}
	list->tools[list->count++] = tool;
	return true;
}

bool tool_list_take(struct tool_list *list, bool first_page, struct json_value message, struct json_value result,
		    struct buf *kept, struct buf *left_out)
{
	struct json_value tools = json_member(result, "tools"), rest = tools, tool;
	bool any_wrong = false, any_kept = false;

	if (first_page)
		tool_list_free(list);
	if (!json_is_array(tools))
		return false;
	buf_add(kept, message.at, (size_t)(tools.at + 1 - message.at));
	while (json_next(&rest, NULL, &tool)) {
		if (tool_list_add(list, tool)) {
			buf_adds(kept, any_kept ? "," : "");
			buf_add(kept, tool.at, tool.len);
			any_kept = true;
			continue;
		}
		any_wrong = true;
		buf_adds(left_out, left_out->len ? ", " : "");
		json_string_put(left_out, json_member(tool, "name"));
	}
	buf_addc(kept, ']');
	buf_add(kept, tools.at + tools.len, (size_t)(message.at + message.len - tools.at - tools.len));
	return any_wrong;
}

// --- calls

static const struct tool *tool_list_find(const struct tool_list *list, struct json_value name)
{
	BUF_AUTO(text, VALUE_MAX);

	if (!json_string_put(&text, name))
		return NULL;
	for (size_t i = 0; i < list->count; i++) {
		const struct tool *tool = &list->tools[i];

		if (tool->name.len == text.len && !memcmp(tool->name.data, text.data, text.len))
			return tool;
	}
	return NULL;
}

bool tool_list_knows(const struct tool_list *list, struct json_value name)
{
	return tool_list_find(list, name) != NULL;
}

// The argument that a path leads to; len 0 for none.
static struct json_value find_argument(const struct tool_parameter *parameter, struct json_value arguments)
{
	const char *at = parameter->path.data, *end = at + parameter->path.len;

	while (at < end && arguments.len) {
		BUF_AUTO(name, VALUE_MAX);
		struct json_value key = { at, 1 };

		while (at[key.len] != '"')
			key.len += at[key.len] == '\\' ? 2 : 1;
		key.len++;
		json_string_put(&name, key);
		// a name with NUL in it is found by nobody
		arguments = strlen(name.data) == name.len ? json_member(arguments, name.data) : (struct json_value){ at, 0 };
		at += key.len;
	}
	return arguments;
}

static void parameter_add_header(const struct tool_parameter *parameter, struct json_value value, struct curl_slist **headers)
{
	long long number;
	char digits[32];

	if (json_is_string(value)) {
		header_add_string(headers, parameter->header, value);
	} else if (json_is_number(value)) {
		// 5.0 is an integer to JSON Schema
		if (!json_integer(value, &number))
			number = value.len < sizeof digits ? (long long)strtod(value.at, NULL) : 0;
		(void)snprintf(digits, sizeof digits, "%lld", number);
		header_add_text(headers, parameter->header, digits, strlen(digits));
	} else if (value.len && (*value.at == 't' || *value.at == 'f')) {
		header_add_text(headers, parameter->header, value.at, value.len);
	}
}

void tool_list_add_headers(const struct tool_list *list, struct json_value name, struct json_value arguments,
			   struct curl_slist **headers)
{
	const struct tool *tool = tool_list_find(list, name);

	for (size_t i = 0; tool && i < tool->count; i++)
		parameter_add_header(&tool->parameters[i], find_argument(&tool->parameters[i], arguments), headers);
}
