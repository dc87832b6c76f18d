// SPDX-License-Identifier: MIT
// TOML: the entry is a table, from its header to the next one, with the tables below it.
#include "core/config-edit.h"

#include <stdbool.h>
#include <string.h>

#define PATH_MAX_SIZE 512
#define SEPARATOR     '\x1f' // between the keys of a path: in no key

// What a line begins in: a table's header is one only outside of strings and arrays.
struct toml_state {
	enum { TOML_PLAIN, TOML_BASIC, TOML_LITERAL } in_string; // over several lines
	int depth;						 // of brackets that are open
};

static bool toml_starts(const char *at, char quote)
{
	return at[0] == quote && at[1] == quote && at[2] == quote;
}

// The end of a string over several lines that began before at; NULL where it is not in this line.
static const char *toml_long_string_end(const char *at, char quote)
{
	for (; *at && *at != '\n'; at++) {
		if (quote == '"' && *at == '\\' && at[1] && at[1] != '\n')
			at++;
		else if (toml_starts(at, quote))
			return at + 3;
	}
	return NULL;
}

// The end of a string in one line, behind its quote; NULL where it is not closed.
static const char *toml_string_end(const char *at)
{
	char quote = *at;

	for (at++; *at && *at != '\n' && *at != quote; at++)
		at += quote == '"' && *at == '\\' && at[1];
	return *at == quote ? at + 1 : NULL;
}

// Reads a line on. False where a string is not closed.
static bool toml_read_line(struct toml_state *state, const char *at)
{
	while (at && *at && *at != '\n') {
		if (state->in_string) {
			at = toml_long_string_end(at, state->in_string == TOML_BASIC ? '"' : '\'');
			if (!at)
				return true;
			state->in_string = TOML_PLAIN;
		} else if (*at == '#') {
			return true;
		} else if (toml_starts(at, '"') || toml_starts(at, '\'')) {
			state->in_string = *at == '"' ? TOML_BASIC : TOML_LITERAL;
			at += 3;
		} else if (*at == '"' || *at == '\'') {
			at = toml_string_end(at);
		} else {
			state->depth += (*at == '[' || *at == '{') - (*at == ']' || *at == '}');
			at++;
		}
	}
	return at != NULL;
}

// The path of a key, "a.'b c'", each name without its quotes and SEPARATOR behind it; appended to path. What is behind it, or NULL: no
// key, an escape in one (which could be any letter), or a path that is too long.
static const char *toml_read_key(const char *at, struct buf *path)
{
	for (;;) {
		size_t len;

		at += strspn(at, " \t");
		if (*at == '"' || *at == '\'') {
			const char *end = toml_string_end(at);

			if (!end || memchr(at, '\\', (size_t)(end - at)))
				return NULL;
			buf_add(path, at + 1, (size_t)(end - at) - 2);
			at = end;
		} else {
			len = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
			if (len == 0)
				return NULL;
			buf_add(path, at, len);
			at += len;
		}
		buf_addc(path, SEPARATOR);
		at += strspn(at, " \t");
		if (*at != '.')
			return buf_ok(path) ? at : NULL;
		at++;
	}
}

static bool toml_is_prefix(const struct buf *prefix, const struct buf *path)
{
	return prefix->len <= path->len && !memcmp(prefix->data, path->data, prefix->len);
}

struct toml_table {
	const char *start, *end; // NULL: there is none
	bool understood;
};

// A line that is a table's header: "[a.b]", or "[[a.b]]", one of several.
static void toml_take_header(struct toml_table *table, const char *line, const char *first, const char *filled,
			     const struct buf *place, struct buf *header)
{
	bool several = first[1] == '[', is_place, below;
	const char *end;

	buf_reset(header);
	end = toml_read_key(first + 1 + several, header);
	if (!end || *end != ']') {
		table->understood = false;
		return;
	}
	is_place = toml_is_prefix(place, header) && place->len == header->len;
	below = toml_is_prefix(place, header) && !is_place;
	if (several && toml_is_prefix(header, place))
		table->understood = false;
	if (is_place) {
		table->understood = table->understood && !table->start;
		table->start = table->start ? table->start : line;
	} else if (below && (!table->start || table->end)) {
		table->understood = false; // a part of it that stands elsewhere
	} else if (!below && table->start && !table->end) {
		table->end = filled;
	}
}

// A line that begins with a key: not the table in another form, "mcp_servers = { ... }" or "mcp_servers.todo.url = ...".
static bool toml_may_have_key(const char *first, const struct buf *place, const struct buf *header)
{
	BUF_AUTO(path, PATH_MAX_SIZE);

	if (toml_is_prefix(place, header))
		return true;
	buf_add(&path, header->data, header->len);
	return toml_read_key(first, &path) && !toml_is_prefix(&path, place) && !toml_is_prefix(place, &path);
}

static struct toml_table toml_find(const char *text, const struct buf *place)
{
	struct toml_table table = { NULL, NULL, true };
	struct toml_state state = { TOML_PLAIN, 0 };
	const char *filled = text; // behind the last line that is more than a comment
	BUF_AUTO(header, PATH_MAX_SIZE);

	for (const char *line = text; *line && table.understood; line = config_next_line(line)) {
		const char *first = line + strspn(line, " \t\r");
		bool inside = state.in_string != TOML_PLAIN || state.depth > 0;

		if (!inside && *first == '[')
			toml_take_header(&table, line, first, filled, place, &header);
		else if (!inside && *first && *first != '\n' && *first != '#')
			table.understood = toml_may_have_key(first, place, &header);
		table.understood = table.understood && toml_read_line(&state, line) && state.depth >= 0;
		if (inside || (*first && *first != '\n' && *first != '#'))
			filled = config_next_line(line);
	}
	if (table.start && !table.end)
		table.end = filled;
	table.understood = table.understood && state.in_string == TOML_PLAIN && state.depth == 0;
	return table;
}

enum status config_edit_toml(const struct buf *old, const struct config_entry *entry, struct buf *result, struct err *err)
{
	bool has_mark = !strncmp(old->data, "\xef\xbb\xbf", 3); // a byte order mark
	BUF_AUTO(place, PATH_MAX_SIZE);
	struct toml_table table;
	const char *rest;

	if (!toml_read_key(entry->place, &place))
		return err_set(err, STATUS_USAGE, "'%s' cannot be the name of a table", entry->place);
	table = toml_find(old->data + (has_mark ? 3 : 0), &place);
	if (!table.understood)
		return err_set(err, STATUS_USAGE,
			       "it is not valid TOML, or defines '%s' in a form that is not edited (inline table, dotted key)",
			       entry->place);
	if (table.start &&
	    !config_is_ours(entry, config_next_line(table.start), (size_t)(table.end - config_next_line(table.start))))
		return err_set(err, STATUS_USAGE, "its table '%s' is not this entry of sk-helper's", entry->place);
	rest = table.start ? table.end : "";
	if (!table.start && !entry->text) {
		buf_add(result, old->data, old->len);
		return STATUS_OK;
	}
	buf_add(result, old->data, table.start ? (size_t)(table.start - old->data) : old->len);
	if (entry->text) {
		if (result->len > (has_mark ? 3U : 0U) && result->data[result->len - 1] != '\n')
			buf_addc(result, '\n');
		// a blank line before a new table
		if (!table.start && result->len > (has_mark ? 3U : 0U))
			buf_addc(result, '\n');
		buf_adds(result, "[");
		buf_adds(result, entry->place);
		buf_adds(result, "]\n");
		buf_adds(result, entry->text);
	} else {
		// with the blank line before it, or behind it where it is the first
		if (result->len > 1 && !strcmp(result->data + result->len - 2, "\n\n"))
			result->data[--result->len] = '\0';
		else
			rest += *rest == '\n';
	}
	buf_adds(result, rest);
	return STATUS_OK;
}
