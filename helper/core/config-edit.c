// SPDX-License-Identifier: MIT
#include "core/config-edit.h"

#include <stdbool.h>
#include <string.h>

#define CONTEXT_LINES 3

bool config_is_ours(const struct config_entry *entry, const char *text, size_t len)
{
	return memmem(text, len, entry->mark, strlen(entry->mark)) &&
	       (!entry->second_mark || memmem(text, len, entry->second_mark, strlen(entry->second_mark)));
}

static enum status config_edit_file(const struct buf *old, const struct config_entry *entry, struct buf *result,
				    struct err *err)
{
	(void)old, (void)err;
	if (entry->text)
		buf_adds(result, entry->text);
	return STATUS_OK;
}

static enum status config_edit(enum config_format format, const struct buf *old, const struct config_entry *entry,
			       struct buf *result, struct err *err)
{
	static enum status (*const edits[])(const struct buf *old, const struct config_entry *entry, struct buf *result,
					    struct err *err) = {
		[CONFIG_JSON] = config_edit_json,
		[CONFIG_TOML] = config_edit_toml,
		[CONFIG_YAML] = config_edit_yaml,
		[CONFIG_FILE] = config_edit_file,
	};
	enum status status;

	if (strlen(old->data) != old->len)
		return err_set(err, STATUS_USAGE, "it has a NUL byte");
	status = edits[format](old, entry, result, err);
	if (status == STATUS_OK && !buf_ok(result))
		return err_set(err, STATUS_USAGE, "it is larger than %d bytes", CONFIG_MAX);
	return status;
}

enum status config_set(enum config_format format, const struct buf *old, const struct config_entry *entry, struct buf *result,
		       struct err *err)
{
	return config_edit(format, old, entry, result, err);
}

enum status config_remove(enum config_format format, const struct buf *old, const struct config_entry *entry,
			  struct buf *result, struct err *err)
{
	struct config_entry nothing = *entry;

	nothing.text = NULL;
	return config_edit(format, old, &nothing, result, err);
}

// --- what differs

static const char *line_end(const char *at)
{
	const char *lf = strchr(at, '\n');

	return lf ? lf + 1 : at + strlen(at);
}

static void put_lines(struct buf *diff, char mark, const char *at, const char *end)
{
	while (at < end) {
		const char *next = line_end(at);

		buf_addc(diff, mark);
		buf_add(diff, at, (size_t)(next - at));
		if (next[-1] != '\n')
			buf_adds(diff, "\n\\ No newline at end of file\n");
		at = next;
	}
}

// The beginning of the line that is so many lines before at.
static const char *lines_before(const char *start, const char *at, int lines)
{
	while (at > start && lines-- > 0) {
		at--;
		while (at > start && at[-1] != '\n')
			at--;
	}
	return at;
}

static unsigned line_number(const char *start, const char *at)
{
	unsigned number = 1;

	for (; start < at; start++)
		number += *start == '\n';
	return number;
}

static unsigned count_lines(const char *at, const char *end)
{
	unsigned count = 0;

	for (; at < end; at = line_end(at))
		count++;
	return count;
}

// The changes of an edit are close together: one piece, from the first line that differs to the last.
void config_diff(const char *path, const struct buf *old, const struct buf *result, struct buf *diff)
{
	const char *a = old->data, *b = result->data, *a_end = a + old->len, *b_end = b + result->len, *context, *behind;

	while (*a && *b) {
		size_t len = (size_t)(line_end(a) - a);

		if (len != (size_t)(line_end(b) - b) || memcmp(a, b, len) != 0)
			break;
		a += len;
		b += len;
	}
	for (;;) {
		const char *a_last = lines_before(a, a_end, 1), *b_last = lines_before(b, b_end, 1);
		size_t len = (size_t)(a_end - a_last);

		if (a_last == a_end || b_last == b_end || len != (size_t)(b_end - b_last) || memcmp(a_last, b_last, len) != 0)
			break;
		a_end = a_last;
		b_end = b_last;
	}
	context = lines_before(old->data, a, CONTEXT_LINES);
	behind = a_end;
	for (int i = 0; i < CONTEXT_LINES; i++)
		behind = line_end(behind);
	buf_addf(diff, "--- %.900s\n", path);
	buf_addf(diff, "+++ %.900s\n", path);
	buf_addf(diff, "@@ -%u,%u +%u,%u @@\n", line_number(old->data, context), count_lines(context, behind),
		 line_number(old->data, context), count_lines(context, a) + count_lines(b, b_end) + count_lines(a_end, behind));
	put_lines(diff, ' ', context, a);
	put_lines(diff, '-', a, a_end);
	put_lines(diff, '+', b, b_end);
	put_lines(diff, ' ', a_end, behind);
}
