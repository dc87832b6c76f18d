// SPDX-License-Identifier: MIT
// TOML: the entry is a table, from its header to the next one.
#include "core/config-edit.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

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

// Reads a line on. False where a string is not closed.
static bool toml_read_line(struct toml_state *state, const char *at)
{
	while (*at && *at != '\n') {
		char quote = state->in_string == TOML_BASIC ? '"' : '\'';

		if (state->in_string) {
			at = toml_long_string_end(at, quote);
			if (!at)
				return true;
			state->in_string = TOML_PLAIN;
		} else if (*at == '#') {
			return true;
		} else if (toml_starts(at, '"') || toml_starts(at, '\'')) {
			state->in_string = *at == '"' ? TOML_BASIC : TOML_LITERAL;
			at += 3;
		} else if (*at == '"' || *at == '\'') {
			quote = *at;
			for (at++; *at && *at != '\n' && *at != quote; at++)
				at += quote == '"' && *at == '\\' && at[1];
			if (*at != quote)
				return false;
			at++;
		} else {
			state->depth += (*at == '[' || *at == '{') - (*at == ']' || *at == '}');
			at++;
		}
	}
	return true;
}

// A header's text without blanks and quotes, which are the same table.
static void toml_header(const char *line, char header[256])
{
	size_t len = 0;

	for (; *line && *line != '\n' && *line != '#' && len < 255; line++) {
		if (!strchr(" \t\r\"'", *line))
			header[len++] = *line;
	}
	header[len] = '\0';
}

static const char *toml_next_line(const char *at)
{
	const char *lf = strchr(at, '\n');

	return lf ? lf + 1 : at + strlen(at);
}

struct toml_table {
	const char *start, *end; // NULL: there is none
	bool understood;
};

static struct toml_table toml_find(const char *text, const char *place)
{
	struct toml_table table = { NULL, NULL, true };
	struct toml_state state = { TOML_PLAIN, 0 };
	const char *filled = text; // behind the last line that is more than a comment
	char wanted[260], header[256];
	size_t name_len = strcspn(place, ".");
	bool before_tables = true;

	(void)snprintf(wanted, sizeof wanted, "[%.250s]", place);
	for (const char *line = text; *line && table.understood; line = toml_next_line(line)) {
		const char *first = line + strspn(line, " \t\r");
		bool is_header = state.in_string == TOML_PLAIN && state.depth == 0 && *first == '[';

		if (is_header) {
			toml_header(first, header);
			before_tables = false;
			if (table.start && !table.end)
				table.end = filled;
			if (!strcmp(header, wanted)) {
				table.understood = !table.start;
				table.start = line;
			}
		} else if (before_tables && state.depth == 0 && !state.in_string && !strncmp(first, place, name_len) &&
			   strchr(" \t.=", first[name_len])) {
			table.understood = false; // the same table, written in another way
		}
		table.understood = table.understood && toml_read_line(&state, line) && state.depth >= 0;
		if (*first && *first != '\n' && *first != '#')
			filled = toml_next_line(line);
	}
	if (table.start && !table.end)
		table.end = filled;
	table.understood = table.understood && state.in_string == TOML_PLAIN && state.depth == 0;
	return table;
}

enum status config_edit_toml(const struct buf *old, const struct config_entry *entry, struct buf *result, struct err *err)
{
	struct toml_table table = toml_find(old->data, entry->place);
	const char *rest = table.start ? table.end : "";

	if (!table.understood)
		return err_set(err, STATUS_USAGE, "it is not well-formed, or has the table '%s' in another form", entry->place);
	if (!table.start && !entry->text) {
		buf_add(result, old->data, old->len);
		return STATUS_OK;
	}
	buf_add(result, old->data, table.start ? (size_t)(table.start - old->data) : old->len);
	if (entry->text) {
		if (result->len && result->data[result->len - 1] != '\n')
			buf_addc(result, '\n');
		// a blank line before a new table
		if (!table.start && result->len)
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
