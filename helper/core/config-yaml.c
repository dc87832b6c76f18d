// SPDX-License-Identifier: MIT
// YAML, as far as a file is a mapping in block style: the entry is a member of one of its members.
#include "core/config-edit.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *yaml_next_line(const char *at)
{
	const char *lf = strchr(at, '\n');

	return lf ? lf + 1 : at + strlen(at);
}

static bool yaml_is_filled(const char *line)
{
	size_t blanks = strspn(line, " \r");

	return line[blanks] && line[blanks] != '\n' && line[blanks] != '#';
}

static size_t yaml_indent(const char *line)
{
	return strspn(line, " ");
}

// Whether the line is "name:"; *has_value: with something behind it.
static bool yaml_is_key(const char *line, const char *name, bool *has_value)
{
	size_t len = strlen(name);

	line += yaml_indent(line);
	if (*line == '"' || *line == '\'')
		line++;
	if (strncmp(line, name, len) != 0)
		return false;
	line += len;
	if (*line == '"' || *line == '\'')
		line++;
	if (*line != ':')
		return false;
	line += 1 + strspn(line + 1, " \r");
	*has_value = *line && *line != '\n' && *line != '#';
	return true;
}

struct yaml_place {
	const char *outer;	 // the line of the outer member; NULL: none
	const char *outer_end;	 // behind the last line of it that is filled
	const char *inner, *end; // the member in it, and what is behind
	size_t indent;		 // of the inner members
	bool understood;
};

static struct yaml_place yaml_find(const char *text, const char *outer, const char *inner)
{
	struct yaml_place place = { .indent = 2, .understood = !strchr(text, '\t') };
	bool in_outer = false, has_value = false, any = false;
	const char **open = NULL;

	for (const char *line = text; *line; line = yaml_next_line(line)) {
		size_t indent = yaml_indent(line);

		if (!yaml_is_filled(line))
			continue;
		if (indent == 0) {
			in_outer = false;
			open = NULL;
			// a second document, and what is no mapping
			if ((!strncmp(line, "---", 3) || !strncmp(line, "...", 3)) ? line != text :
										     strchr("{[-&*!|>", *line) != NULL)
				place.understood = false;
			if (yaml_is_key(line, outer, &has_value)) {
				place.understood = place.understood && !place.outer && !has_value;
				place.outer = line;
				in_outer = true;
				any = false;
				place.outer_end = yaml_next_line(line);
			}
			continue;
		}
		if (!in_outer)
			continue;
		if (!any)
			place.indent = indent;
		any = true;
		place.outer_end = yaml_next_line(line);
		if (indent < place.indent)
			place.understood = false;
		if (indent == place.indent) {
			open = NULL;
			if (yaml_is_key(line, inner, &has_value)) {
				place.understood = place.understood && !place.inner;
				place.inner = line;
				open = &place.end;
			}
		}
		if (open)
			*open = yaml_next_line(line);
	}
	return place;
}

// Each line of text behind so many blanks.
static void yaml_put_indented(struct buf *out, const char *text, size_t indent)
{
	while (*text) {
		const char *next = yaml_next_line(text);

		buf_addf(out, "%*s", (int)indent, "");
		buf_add(out, text, (size_t)(next - text));
		text = next;
	}
}

static void yaml_put_entry(struct buf *out, const char *name, const char *text, size_t indent)
{
	buf_addf(out, "%*s", (int)indent, "");
	buf_adds(out, name);
	buf_adds(out, ":\n");
	yaml_put_indented(out, text, 2 * indent);
}

enum status config_edit_yaml(const struct buf *old, const struct config_entry *entry, struct buf *result, struct err *err)
{
	char outer[128];
	const char *slash = strchr(entry->place, '/'), *from, *to;
	struct yaml_place place;

	(void)snprintf(outer, sizeof outer, "%.*s", (int)(slash - entry->place), entry->place);
	place = yaml_find(old->data, outer, slash + 1);
	if (!place.understood || place.indent > 16)
		return err_set(err, STATUS_USAGE,
			       "it is not in a form of YAML that can be edited: '%s' must be a mapping over several lines",
			       outer);
	from = place.inner ? place.inner : place.outer ? place.outer_end : old->data + old->len;
	to = place.inner ? place.end : from;
	buf_add(result, old->data, (size_t)(from - old->data));
	if (entry->text) {
		if (result->len && result->data[result->len - 1] != '\n')
			buf_addc(result, '\n');
		if (!place.outer) {
			buf_adds(result, outer);
			buf_adds(result, ":\n");
		}
		yaml_put_entry(result, slash + 1, entry->text, place.indent);
	}
	buf_adds(result, to);
	return STATUS_OK;
}
