// SPDX-License-Identifier: MIT
// Any file whose lines can be comments with '#': the entry is a block between two of them.
#include "core/config-edit.h"

#include <stdbool.h>
#include <string.h>

#define LINES_BEGIN "# begin sk-helper "
#define LINES_END   "# end sk-helper "

struct lines_place {
	const char *start, *end; // of the block, with its two comments; NULL: there is none
	bool understood;
};

// Whether the line is this comment, for this place.
static bool lines_is(const char *line, const char *comment, const char *place)
{
	size_t len = strlen(comment);

	return !strncmp(line, comment, len) && !strncmp(line + len, place, strlen(place)) &&
	       strchr("\r\n", line[len + strlen(place)]); // NUL, too
}

static struct lines_place lines_find(const char *text, const char *place)
{
	struct lines_place found = { NULL, NULL, true };

	for (const char *line = text; *line; line = config_next_line(line)) {
		if (lines_is(line, LINES_BEGIN, place)) {
			found.understood = found.understood && !found.start;
			found.start = line;
		} else if (lines_is(line, LINES_END, place)) {
			found.understood = found.understood && found.start && !found.end;
			found.end = config_next_line(line);
		}
	}
	found.understood = found.understood && !found.start == !found.end;
	return found;
}

enum status config_edit_lines(const struct buf *old, const struct config_entry *entry, struct buf *result, struct err *err)
{
	struct lines_place place = lines_find(old->data, entry->place);
	const char *rest = place.end ? place.end : "";

	if (!place.understood)
		return err_set(err, STATUS_USAGE, "its lines '" LINES_BEGIN "%s' and '" LINES_END "%s' do not belong together",
			       entry->place, entry->place);
	buf_add(result, old->data, place.start ? (size_t)(place.start - old->data) : old->len);
	if (entry->text) {
		if (result->len && result->data[result->len - 1] != '\n')
			buf_addc(result, '\n');
		buf_adds(result, LINES_BEGIN);
		buf_adds(result, entry->place);
		buf_addc(result, '\n');
		buf_adds(result, entry->text);
		buf_adds(result, LINES_END);
		buf_adds(result, entry->place);
		buf_addc(result, '\n');
	}
	buf_adds(result, rest);
	return STATUS_OK;
}
