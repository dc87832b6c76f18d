// SPDX-License-Identifier: MIT
// YAML, as far as a file is a mapping in block style: the entry is a member of one of its members. Everything else that YAML has is not
// understood, and left alone.
#include "core/config-edit.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define INDENT_MAX 16

static bool yaml_is_filled(const char *line)
{
	size_t blanks = strspn(line, " \r");

	return line[blanks] && line[blanks] != '\n' && line[blanks] != '#';
}

static size_t yaml_indent(const char *line)
{
	return strspn(line, " ");
}

// A line "key: value", of a key without escapes.
struct yaml_key {
	const char *name;
	size_t name_len;
	const char *value; // what is behind the colon and the blanks
	size_t value_len;  // without the blanks at its end, and the line's
};

static bool yaml_read_key(const char *line, struct yaml_key *key)
{
	const char *at = line + yaml_indent(line), *end;
	bool quoted = *at == '"' || *at == '\'';
	size_t len = quoted ? strcspn(at + 1, "\"'\\\n") :
			      strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-/@");

	key->name = at + quoted;
	key->name_len = len;
	end = key->name + len;
	if (len == 0 || (quoted && *end++ != *at) || *at == '-')
		return false;
	if (*end != ':' || !strchr(" \r\n", end[1])) // NUL, too
		return false;
	key->value = end + 1 + strspn(end + 1, " ");
	key->value_len = strcspn(key->value, "\n");
	while (key->value_len && strchr(" \r", key->value[key->value_len - 1]))
		key->value_len--;
	return true;
}

// Whether lines with more indent than the key's belong to its value, whatever is in them: "key: |" or ">-".
static bool yaml_begins_block(const struct yaml_key *key)
{
	return key->value_len && (*key->value == '|' || *key->value == '>');
}

// What can go on in the next line, or be meant by another one: quotes that are not closed, anchors, tags, merges.
static bool yaml_value_is_plain(const struct yaml_key *key)
{
	char first = key->value_len ? *key->value : '\0';

	if (first == '"' || first == '\'') {
		const char *end = memchr(key->value + 1, first, key->value_len - 1);

		return end && (size_t)(end + 1 - key->value) <= key->value_len && !memchr(key->value, '\\', key->value_len);
	}
	if (first == '[' || first == '{') {
		char last = key->value[key->value_len - 1];

		return last == (first == '[' ? ']' : '}');
	}
	return !first || !strchr("&*!%@`", first);
}

struct yaml_place {
	const char *outer;	 // the line of the outer member; NULL: none
	const char *outer_end;	 // behind the last line of it that is filled
	const char *inner, *end; // the member in it, and what is behind
	size_t indent;		 // of the inner members
	size_t count;		 // of them
	bool comments;		 // there are some in it
	bool understood;
};

struct yaml_walk {
	struct yaml_place place;
	const char *outer_name, *inner_name;
	bool any_outer, in_outer, in_inner;
	bool in_block; // of a key with block_indent
	size_t block_indent;
};

static bool yaml_is_named(const struct yaml_key *key, const char *name)
{
	return strlen(name) == key->name_len && !memcmp(name, key->name, key->name_len);
}

// A line of no indent.
static void yaml_take_outer(struct yaml_walk *walk, const char *line, const struct yaml_key *key)
{
	struct yaml_place *place = &walk->place;

	walk->any_outer = true;
	walk->in_outer = yaml_is_named(key, walk->outer_name);
	walk->in_inner = false;
	if (!walk->in_outer)
		return;
	place->understood = place->understood && !place->outer && (!key->value_len || *key->value == '#');
	place->outer = line;
	place->outer_end = config_next_line(line);
}

// A line within the outer member.
static void yaml_take_inner(struct yaml_walk *walk, const char *line, bool is_key, const struct yaml_key *key)
{
	struct yaml_place *place = &walk->place;
	size_t indent = yaml_indent(line);

	if (place->count == 0)
		place->indent = indent;
	place->outer_end = config_next_line(line);
	if (indent == place->indent) {
		place->understood = place->understood && is_key;
		place->count++;
		walk->in_inner = is_key && yaml_is_named(key, walk->inner_name);
		if (walk->in_inner) {
			place->understood = place->understood && !place->inner;
			place->inner = line;
		}
	} else if (indent < place->indent) {
		place->understood = false;
	}
	if (walk->in_inner)
		place->end = config_next_line(line);
}

static void yaml_take_line(struct yaml_walk *walk, const char *line)
{
	struct yaml_place *place = &walk->place;
	size_t indent = yaml_indent(line);
	struct yaml_key key = { 0 };
	bool is_key;

	if (walk->in_block && (!line[indent] || strchr("\r\n", line[indent]) || indent > walk->block_indent)) {
		if (walk->in_outer && line[indent] && !strchr("\r\n", line[indent])) {
			place->outer_end = config_next_line(line);
			place->end = walk->in_inner ? config_next_line(line) : place->end;
		}
		return;
	}
	walk->in_block = false;
	if (!yaml_is_filled(line)) {
		place->comments = place->comments || (walk->in_outer && line[strspn(line, " \r")] == '#');
		return;
	}
	is_key = yaml_read_key(line, &key);
	if (is_key && !yaml_value_is_plain(&key))
		place->understood = false;
	if (indent == 0 ? !is_key : !walk->any_outer)
		place->understood = false;
	else if (indent == 0)
		yaml_take_outer(walk, line, &key);
	else if (walk->in_outer)
		yaml_take_inner(walk, line, is_key, &key);
	if (is_key && yaml_begins_block(&key)) {
		walk->in_block = true;
		walk->block_indent = indent;
	}
}

static struct yaml_place yaml_find(const char *text, const char *outer, const char *inner)
{
	struct yaml_walk walk = { .place = { .indent = 2,
					     .understood = !strchr(text, '\t') && strncmp(text, "\xef\xbb\xbf", 3) != 0 },
				  .outer_name = outer,
				  .inner_name = inner };
	const char *line = text;

	if (!strncmp(text, "---\n", 4))
		line += 4;
	for (; *line && walk.place.understood; line = config_next_line(line))
		yaml_take_line(&walk, line);
	return walk.place;
}

// Each line of text behind so many blanks.
static void yaml_put_indented(struct buf *out, const char *text, size_t indent)
{
	while (*text) {
		const char *next = config_next_line(text);

		buf_addf(out, "%*s", (int)indent, "");
		buf_add(out, text, (size_t)(next - text));
		text = next;
	}
}

// In quotes: "null" and "123" would be no text without.
static void yaml_put_entry(struct buf *out, const char *name, const char *text, size_t indent)
{
	buf_addf(out, "%*s\"", (int)indent, "");
	buf_adds(out, name);
	buf_adds(out, "\":\n");
	yaml_put_indented(out, text, 2 * indent);
}

enum status config_edit_yaml(const struct buf *old, const struct config_entry *entry, struct buf *result, struct err *err)
{
	char outer[128];
	const char *slash = strchr(entry->place, '/'), *from, *to;
	struct yaml_place place;

	(void)snprintf(outer, sizeof outer, "%.*s", (int)(slash - entry->place), entry->place);
	place = yaml_find(old->data, outer, slash + 1);
	if (!place.understood || place.indent > INDENT_MAX)
		return err_set(
			err, STATUS_USAGE,
			"it has a form of YAML that is not edited: tabs, several documents, flow style or anchors; '%s' must be a mapping over several lines",
			outer);
	if (place.inner && !config_is_ours(entry, place.inner, (size_t)(place.end - place.inner)))
		return err_set(err, STATUS_USAGE, "its entry '%s' is not this one of sk-helper's", slash + 1);
	from = place.inner ? place.inner : place.outer ? place.outer_end : old->data + old->len;
	to = place.inner ? place.end : from;
	// what would be left without a member goes, too
	if (!entry->text && place.inner && place.count == 1 && !place.comments)
		from = place.outer;
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
