// SPDX-License-Identifier: MIT
// JSON as editors and agents write it: with comments, and with commas before a closing bracket. It is read in a copy of the same length
// in which both are blanks, and changed in the original.
#include "base/json-value.h"
#include "base/json.h"
#include "core/config-edit.h"

#include <stdbool.h>
#include <string.h>

#define NAMES_MAX  8
#define NAME_SIZE  256
#define INDENT_MAX 256

// --- the copy that is strict JSON

static void json_blank(char *at, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (at[i] != '\n')
			at[i] = ' ';
	}
}

// The length of the comment that begins here; 0 for none.
static size_t json_comment_length(const char *at)
{
	const char *end;

	if (at[0] != '/' || (at[1] != '/' && at[1] != '*'))
		return 0;
	if (at[1] == '/')
		return strcspn(at, "\n");
	end = strstr(at + 2, "*/");
	return end ? (size_t)(end + 2 - at) : strlen(at);
}

static void json_make_strict(char *text)
{
	char *comma = NULL; // the last thing but blanks and comments, where it follows a value
	char last = '{';

	if (!strncmp(text, "\xef\xbb\xbf", 3)) // a byte order mark
		json_blank(text, 3);
	for (char *at = text; *at; at++) {
		size_t comment = json_comment_length(at);

		if (comment) {
			json_blank(at, comment);
			at += comment - 1;
		} else if (*at == '"') {
			for (at++; *at && *at != '"'; at++)
				at += *at == '\\' && at[1];
			comma = NULL;
			last = '"';
			if (!*at)
				return;
		} else if (*at == ',') {
			comma = strchr("{[,", last) ? NULL : at;
			last = ',';
		} else if ((*at == '}' || *at == ']') && comma) {
			*comma = ' ';
			comma = NULL;
			last = *at;
		} else if (*at != ' ' && *at != '\t' && *at != '\n' && *at != '\r') {
			comma = NULL;
			last = *at;
		}
	}
}

// --- where the entry is

struct json_place {
	char names[NAMES_MAX][NAME_SIZE];
	size_t name_count;
	struct json_value root, object; // of those that are there, the outermost and the innermost
	size_t found;			// so many of the names are there
	// the last of those: its name and its value, and what is around it
	struct json_value name, value, before;
	bool has_before, has_behind;
};

static bool json_split_names(struct json_place *place, const char *text)
{
	for (;;) {
		size_t len = strcspn(text, "/");

		if (place->name_count == NAMES_MAX || len == 0 || len >= NAME_SIZE)
			return false;
		memcpy(place->names[place->name_count], text, len);
		place->names[place->name_count++][len] = '\0';
		if (!text[len])
			return true;
		text += len + 1;
	}
}

// Finds a member of place->object. False where it is there twice, which programs read differently.
static bool json_find_member(struct json_place *place, const char *wanted, bool *found)
{
	struct json_value rest = place->object, name, value, last = { NULL, 0 };

	*found = false;
	place->has_before = place->has_behind = false;
	while (json_next(&rest, &name, &value)) {
		if (*found)
			place->has_behind = true;
		if (json_string_is(name, wanted)) {
			if (*found)
				return false;
			*found = true;
			place->name = name;
			place->value = value;
			place->has_before = last.len > 0;
			place->has_behind = false;
			place->before = last;
		}
		last = value;
	}
	return true;
}

static enum status json_find(struct json_place *place, struct json_value root, struct err *err)
{
	place->root = place->object = root;
	for (place->found = 0; place->found < place->name_count;) {
		const char *name = place->names[place->found];
		bool found;

		if (!json_is_object(place->object))
			return err_set(err, STATUS_USAGE, "what is at '%s' in it is no object", name);
		if (!json_find_member(place, name, &found))
			return err_set(err, STATUS_USAGE, "it has '%s' twice", name);
		if (!found)
			return STATUS_OK;
		place->found++;
		if (place->found < place->name_count)
			place->object = place->value;
	}
	return STATUS_OK;
}

// --- how it is written

struct json_style {
	char unit[INDENT_MAX];	 // of one level
	char indent[INDENT_MAX]; // of the members that are there, or will be
	bool one_line;		 // the object's members are in one line with its brackets
};

// The blanks at the beginning of the line that at is in.
static void json_indent_of(const char *start, const char *at, char indent[INDENT_MAX])
{
	size_t len;

	while (at > start && at[-1] != '\n')
		at--;
	len = strspn(at, " \t");
	if (len >= INDENT_MAX)
		len = INDENT_MAX - 1;
	memcpy(indent, at, len);
	indent[len] = '\0';
}

static struct json_style json_style_of(const char *text, struct json_value root, struct json_value object)
{
	struct json_value rest = object, root_rest = root, name, value;
	struct json_style style = { "  ", "", false };
	char outer[INDENT_MAX];

	// the unit is that of the file's first member
	if (json_next(&root_rest, &name, &value)) {
		json_indent_of(text, name.at, style.unit);
		if (!*style.unit || memchr(text, '\n', (size_t)(name.at - text)) == NULL)
			memcpy(style.unit, "  ", 3);
	}
	json_indent_of(text, object.at, outer);
	if (json_next(&rest, &name, &value)) {
		style.one_line = !memchr(object.at, '\n', (size_t)(name.at - object.at));
		json_indent_of(text, name.at, style.indent);
	} else if (strlen(outer) + strlen(style.unit) < INDENT_MAX) {
		memcpy(style.indent, outer, strlen(outer) + 1);
		memcpy(style.indent + strlen(outer), style.unit, strlen(style.unit) + 1);
	}
	return style;
}

static void json_put_line(struct buf *out, const struct json_style *style, size_t depth)
{
	buf_addc(out, '\n');
	buf_adds(out, style->indent);
	for (size_t i = 0; i < depth; i++)
		buf_adds(out, style->unit);
}

// An entry of ours: objects over several lines, everything else in one.
static void json_put_value(struct buf *out, struct json_value value, const struct json_style *style, size_t depth)
{
	struct json_value rest = value, name, member;
	bool first = true;

	if (!json_is_object(value)) {
		buf_add(out, value.at, value.len);
		return;
	}
	buf_addc(out, '{');
	while (json_next(&rest, &name, &member)) {
		buf_adds(out, first ? "" : ",");
		json_put_line(out, style, depth + 1);
		buf_add(out, name.at, name.len);
		buf_adds(out, ": ");
		json_put_value(out, member, style, depth + 1);
		first = false;
	}
	if (!first)
		json_put_line(out, style, depth);
	buf_addc(out, '}');
}

// "name": value, within as many objects as there are more names.
static void json_put_member(struct buf *out, const struct json_place *place, struct json_value entry,
			    const struct json_style *style)
{
	size_t depth = 0;

	for (size_t i = place->found; i < place->name_count; i++) {
		json_put(out, "", place->names[i]);
		buf_adds(out, ": ");
		if (i + 1 == place->name_count)
			break;
		buf_addc(out, '{');
		json_put_line(out, style, ++depth);
	}
	json_put_value(out, entry, style, depth);
	while (depth) {
		json_put_line(out, style, --depth);
		buf_addc(out, '}');
	}
}

// --- the edits

static size_t json_skip_blanks(const char *text, size_t at)
{
	return at + strspn(text + at, " \t\r\n");
}

// Behind blanks and whole comments.
static size_t json_skip_gap(const char *text, size_t at)
{
	for (;;) {
		size_t start = at;

		at = json_skip_blanks(text, at);
		at += json_comment_length(text + at);
		if (at == start)
			return at;
	}
}

// Where the comma stands that comes next but for blanks and comments; 0 for none.
static size_t json_next_comma(const char *text, size_t at)
{
	at = json_skip_gap(text, at);
	return text[at] == ',' ? at : 0;
}

// The end of the line that at is in, behind the comments that begin in it; at where something else stands there.
static size_t json_rest_of_line(const char *text, size_t at)
{
	size_t end = at;

	for (;;) {
		end += strspn(text + end, " \t");
		if (text[end] == '\n' || (text[end] == '\r' && text[end + 1] == '\n'))
			return end;
		if (!json_comment_length(text + end))
			return at;
		end += json_comment_length(text + end);
	}
}

// Behind the last member, and behind a comment that stands in its line.
static void json_insert(const struct buf *old, const char *strict, const struct json_place *place, struct json_value entry,
			struct buf *result)
{
	size_t object_at = (size_t)(place->object.at - strict), object_end = object_at + place->object.len - 1;
	struct json_style style = json_style_of(strict, place->root, place->object);
	struct json_value rest = place->object, name, value = { NULL, 0 };
	size_t end = object_at + 1, line, comma;
	char outer[INDENT_MAX];
	bool empty = true;

	while (json_next(&rest, &name, &value)) {
		end = (size_t)(value.at + value.len - strict);
		empty = false;
	}
	// where a comma stands before the bracket already, it is used, and there is one behind the new member
	comma = empty ? 0 : json_next_comma(old->data, end);
	line = comma ? comma + 1 : end;
	if (!style.one_line || comma)
		line = json_rest_of_line(old->data, line);
	if (line > object_end)
		line = end;
	buf_add(result, old->data, end);
	if (!empty && !comma)
		buf_addc(result, ',');
	buf_add(result, old->data + end, line - end);
	if (style.one_line)
		buf_addc(result, ' ');
	else
		json_put_line(result, &style, 0);
	json_put_member(result, place, entry, &style);
	if (comma)
		buf_addc(result, ',');
	json_indent_of(strict, place->object.at, outer);
	if (empty && !memchr(old->data + end, '\n', object_end - end)) {
		buf_addc(result, '\n');
		buf_adds(result, outer);
	}
	buf_adds(result, old->data + line);
}

static void json_replace(const struct buf *old, const char *strict, const struct json_place *place, struct json_value entry,
			 struct buf *result)
{
	size_t at = (size_t)(place->value.at - strict);
	struct json_style style = json_style_of(strict, place->root, place->object);

	buf_add(result, old->data, at);
	json_put_value(result, entry, &style, 0);
	buf_adds(result, old->data + at + place->value.len);
}

static bool json_ends_in_line_comment(const char *text, size_t len)
{
	size_t at = 0, last = 0;

	while (at < len) {
		size_t comment = json_comment_length(text + at);

		last = comment && text[at + 1] == '/';
		at += comment ? comment : 1;
		if (!comment && !strchr(" \t\r\n", text[at - 1]))
			last = 0;
	}
	return last != 0;
}

// Whether an object has nothing but one member in it, no comment either.
static bool json_is_alone(const struct buf *old, const char *strict, const struct json_place *place)
{
	size_t from = (size_t)(place->object.at + 1 - strict), name = (size_t)(place->name.at - strict);
	size_t end = (size_t)(place->value.at + place->value.len - strict);

	return !place->has_before && !place->has_behind && json_skip_blanks(old->data, from) == name &&
	       old->data[json_skip_blanks(old->data, end)] == '}';
}

// The last member. The comma before it goes, or its own where it has one: then that one is the last of the object again.
static void json_delete_last(const struct buf *old, const char *strict, const struct json_place *place, struct buf *result)
{
	size_t name = (size_t)(place->name.at - strict), end = (size_t)(place->value.at + place->value.len - strict);
	size_t own_comma = json_next_comma(old->data, end), before, gap, gap_end = name;

	before = place->has_before ? (size_t)(place->before.at + place->before.len - strict) :
				     (size_t)(place->object.at + 1 - strict);
	gap = place->has_before ? before + strcspn(strict + before, ",") : before;
	buf_add(result, old->data, gap);
	gap += place->has_before;
	if (place->has_before && own_comma)
		buf_addc(result, ',');
	// a comment between them stays
	while (gap_end > gap && strchr(" \t\r\n", old->data[gap_end - 1]))
		gap_end--;
	buf_add(result, old->data + gap, gap_end - gap);
	// a comment up to the line's end must not take the bracket with it
	if (json_ends_in_line_comment(old->data + gap, gap_end - gap) &&
	    !strchr("\r\n", old->data[own_comma ? own_comma + 1 : end])) {
		char outer[INDENT_MAX];

		json_indent_of(strict, place->object.at, outer);
		buf_addc(result, '\n');
		buf_adds(result, outer);
	}
	end = own_comma ? own_comma + 1 : end;
	if (!place->has_before && gap_end == gap && old->data[json_skip_blanks(old->data, end)] == '}')
		end = json_skip_blanks(old->data, end);
	buf_adds(result, old->data + end);
}

static void json_delete(const struct buf *old, const char *strict, const struct json_place *place, struct buf *result)
{
	size_t end = (size_t)(place->value.at + place->value.len - strict);

	if (!place->has_behind) {
		json_delete_last(old, strict, place, result);
		return;
	}
	// what is behind it takes its place
	buf_add(result, old->data, (size_t)(place->name.at - strict));
	buf_adds(result, old->data + json_skip_blanks(old->data, end + strcspn(strict + end, ",") + 1));
}

// Whether two values are the same, but for blanks between their parts.
static bool json_equal(struct json_value a, struct json_value b)
{
	struct json_value a_rest = a, b_rest = b, a_name, b_name, a_value, b_value;

	if (!(json_is_object(a) && json_is_object(b)) && !(json_is_array(a) && json_is_array(b)))
		return json_same(a, b);
	for (;;) {
		bool a_more = json_next(&a_rest, &a_name, &a_value), b_more = json_next(&b_rest, &b_name, &b_value);

		if (!a_more || !b_more)
			return a_more == b_more;
		if (a_name.len != b_name.len || memcmp(a_name.at, b_name.at, a_name.len) != 0 || !json_equal(a_value, b_value))
			return false;
	}
}

static enum status json_edit(const struct buf *old, const struct config_entry *entry, struct buf *result, struct err *err)
{
	struct json_value value = { NULL, 0 }, root;
	BUF_AUTO(strict, CONFIG_MAX);
	struct json_place place = { .name_count = 0 };
	enum status status;

	if (entry->text)
		value = json_value_of(entry->text, strlen(entry->text));
	// of an empty file there is nothing to keep
	buf_adds(&strict, old->data[strspn(old->data, " \t\r\n")] ? old->data : "{\n}\n");
	if (!buf_ok(&strict) || !json_split_names(&place, entry->place) || (entry->text && !value.len))
		return err_set(err, STATUS_INTERNAL, "the entry is not valid");
	json_make_strict(strict.data);
	root = json_value_of(strict.data, strict.len);
	if (!json_is_object(root))
		return err_set(err, STATUS_USAGE, "it cannot be read as a JSON object (comments are allowed)");
	status = json_find(&place, root, err);
	if (status == STATUS_OK && place.found == place.name_count && !config_is_ours(entry, place.value.at, place.value.len))
		status = err_set(err, STATUS_USAGE, "its entry '%s' is not this one of sk-helper's", entry->place);
	// an object that would be left empty goes, too: it was made for the entry, most probably
	while (status == STATUS_OK && !value.len && place.found == place.name_count && place.name_count > 1 &&
	       json_is_alone(old, strict.data, &place)) {
		place.name_count--;
		status = json_find(&place, root, err);
	}
	if (status != STATUS_OK)
		return status;
	if (!old->data[strspn(old->data, " \t\r\n")]) {
		if (value.len)
			json_insert(&strict, strict.data, &place, value, result);
	} else if (place.found < place.name_count) {
		if (value.len)
			json_insert(old, strict.data, &place, value, result);
		else
			buf_add(result, old->data, old->len);
	} else if (!value.len) {
		json_delete(old, strict.data, &place, result);
	} else if (json_equal(place.value, value)) {
		buf_add(result, old->data, old->len);
	} else {
		json_replace(old, strict.data, &place, value, result);
	}
	return STATUS_OK;
}

// Looks at the edit as any reader would: the entry is there, or not, and nothing else has become of the file.
static bool json_is_done(const struct buf *result, const struct config_entry *entry)
{
	struct json_value value = { NULL, 0 }, root;
	struct json_place place = { .name_count = 0 };
	BUF_AUTO(strict, CONFIG_MAX);

	if (entry->text)
		value = json_value_of(entry->text, strlen(entry->text));
	buf_add(&strict, result->data, result->len);
	if (!json_split_names(&place, entry->place))
		return false;
	json_make_strict(strict.data);
	root = json_value_of(strict.data, strict.len);
	if (!json_is_object(root) || json_find(&place, root, NULL) != STATUS_OK)
		return !entry->text && !result->data[strspn(result->data, " \t\r\n")];
	return entry->text ? place.found == place.name_count && json_equal(place.value, value) : place.found < place.name_count;
}

enum status config_edit_json(const struct buf *old, const struct config_entry *entry, struct buf *result, struct err *err)
{
	enum status status = json_edit(old, entry, result, err);

	if (status == STATUS_OK && !json_is_done(result, entry))
		return err_set(err, STATUS_USAGE, "it is in a form that cannot be edited safely");
	return status;
}
