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

const char *config_next_line(const char *at)
{
	const char *lf = strchr(at, '\n');

	return lf ? lf + 1 : at + strlen(at);
}

static bool config_has_lone_cr(const char *text)
{
	while ((text = strchr(text, '\r'))) {
		if (*++text != '\n')
			return true;
	}
	return false;
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
		[CONFIG_JSON] = config_edit_json,   [CONFIG_TOML] = config_edit_toml, [CONFIG_YAML] = config_edit_yaml,
		[CONFIG_LINES] = config_edit_lines, [CONFIG_FILE] = config_edit_file,
	};
	enum status status;

	if (strlen(old->data) != old->len)
		return err_set(err, STATUS_USAGE, "it has a NUL byte");
	// YAML 1.2 (5.4) and VS Code's JSON end a line there, TOML forbids it
	if (format != CONFIG_FILE && config_has_lone_cr(old->data))
		return err_set(err, STATUS_USAGE, "it has a carriage return without a line feed");
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

static void diff_put_lines(struct buf *diff, char mark, const char *at, const char *end)
{
	while (at < end) {
		const char *next = config_next_line(at);

		buf_addc(diff, mark);
		buf_add(diff, at, (size_t)(next - at));
		if (next[-1] != '\n')
			buf_adds(diff, "\n\\ No newline at end of file\n");
		at = next;
	}
}

// The beginning of the line that is so many lines before at.
static const char *diff_lines_before(const char *start, const char *at, int lines)
{
	while (at > start && lines-- > 0) {
		at--;
		while (at > start && at[-1] != '\n')
			at--;
	}
	return at;
}

static unsigned diff_line_number(const char *start, const char *at)
{
	unsigned number = 1;

	for (; start < at; start++)
		number += *start == '\n';
	return number;
}

static unsigned diff_count_lines(const char *at, const char *end)
{
	unsigned count = 0;

	for (; at < end; at = config_next_line(at))
		count++;
	return count;
}

// The changes of an edit are close together: one piece, from the first line that differs to the last.
void config_diff(const char *path, const struct buf *old, const struct buf *result, struct buf *diff)
{
	const char *a = old->data, *b = result->data, *a_end = a + old->len, *b_end = b + result->len, *context, *behind;

	while (*a && *b) {
		size_t len = (size_t)(config_next_line(a) - a);

		if (len != (size_t)(config_next_line(b) - b) || memcmp(a, b, len) != 0)
			break;
		a += len;
		b += len;
	}
	for (;;) {
		const char *a_last = diff_lines_before(a, a_end, 1), *b_last = diff_lines_before(b, b_end, 1);
		size_t len = (size_t)(a_end - a_last);

		if (a_last == a_end || b_last == b_end || len != (size_t)(b_end - b_last) || memcmp(a_last, b_last, len) != 0)
			break;
		a_end = a_last;
		b_end = b_last;
	}
	context = diff_lines_before(old->data, a, CONTEXT_LINES);
	behind = a_end;
	for (int i = 0; i < CONTEXT_LINES; i++)
		behind = config_next_line(behind);
	buf_addf(diff, "--- %.900s\n", path);
	buf_addf(diff, "+++ %.900s\n", path);
	buf_addf(diff, "@@ -%u,%u +%u,%u @@\n", diff_line_number(old->data, context), diff_count_lines(context, behind),
		 diff_line_number(old->data, context),
		 diff_count_lines(context, a) + diff_count_lines(b, b_end) + diff_count_lines(a_end, behind));
	diff_put_lines(diff, ' ', context, a);
	diff_put_lines(diff, '-', a, a_end);
	diff_put_lines(diff, '+', b, b_end);
	diff_put_lines(diff, ' ', a_end, behind);
}
