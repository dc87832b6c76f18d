// SPDX-License-Identifier: MIT
#include "bridge/sse.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define RETRY_MAX_MS 3600000

void sse_begin(struct sse *sse, size_t max, const char *last_id)
{
	*sse = (struct sse){ .line = BUF_INIT(max + 16), .data = BUF_INIT(max), .retry_ms = -1 };
	(void)snprintf(sse->id, sizeof sse->id, "%s", last_id);
	(void)snprintf(sse->next_id, sizeof sse->next_id, "%s", last_id);
}

void sse_free(struct sse *sse)
{
	buf_free(&sse->line);
	buf_free(&sse->data);
}

static void sse_take_field(struct sse *sse, const char *name, const char *value, size_t len)
{
	int64_t number;

	if (!strcmp(name, "data")) {
		buf_add(&sse->data, value, len);
		buf_addc(&sse->data, '\n');
	} else if (!strcmp(name, "event")) {
		(void)snprintf(sse->name, sizeof sse->name, "%s", value);
	} else if (!strcmp(name, "id") && strlen(value) == len) {
		// it goes into a header: one that does not fit there cannot be given back
		bool fits = len < sizeof sse->id && text_has_no_control(value, len);

		(void)snprintf(sse->next_id, sizeof sse->next_id, "%s", fits ? value : "");
	} else if (!strcmp(name, "retry") && text_to_number(value, 0, RETRY_MAX_MS, &number)) {
		sse->retry_ms = number;
	}
}

// The empty line: the event is complete.
static bool sse_dispatch(struct sse *sse, sse_visitor *visit, void *context)
{
	bool go_on = true;

	// of an event that is cut off, also the id does not count
	memcpy(sse->id, sse->next_id, sizeof sse->id);
	if (sse->data.len) {
		// the LF behind the last line is not part of it
		sse->data.data[--sse->data.len] = '\0';
		go_on = visit(context, !strcmp(sse->name, "message") ? "" : sse->name, &sse->data);
		// what a large event has taken is given back: a stream may be open for days
		if (sse->data.size > 65536)
			buf_free(&sse->data);
		else
			buf_reset(&sse->data);
	}
	sse->name[0] = '\0';
	return go_on;
}

static bool sse_take_line(struct sse *sse, sse_visitor *visit, void *context)
{
	char *line = sse->line.data, *colon;
	size_t len = sse->line.len, skip = 0;
	bool go_on = true;

	if (!sse->begun && len >= 3 && !memcmp(line, "\xef\xbb\xbf", 3))
		skip = 3;
	sse->begun = true;
	line += skip;
	len -= skip;
	if (len == 0) {
		go_on = sse_dispatch(sse, visit, context);
	} else if (*line != ':') {
		colon = memchr(line, ':', len);
		if (!colon) {
			sse_take_field(sse, line, "", 0);
		} else {
			size_t value = (size_t)(colon + 1 - line);

			*colon = '\0';
			value += value < len && line[value] == ' ';
			sse_take_field(sse, line, line + value, len - value);
		}
	}
	if (sse->line.size > 65536)
		buf_free(&sse->line);
	else
		buf_reset(&sse->line);
	return go_on && buf_ok(&sse->data);
}

bool sse_read(struct sse *sse, const char *piece, size_t len, sse_visitor *visit, void *context)
{
	const char *end = piece + len;

	while (piece < end) {
		const char *stop = piece;

		// the LF of a CR LF is no line of its own, also where it comes with the next piece
		if (sse->after_cr && *piece == '\n') {
			sse->after_cr = false;
			piece++;
			continue;
		}
		sse->after_cr = false;
		while (stop < end && *stop != '\n' && *stop != '\r')
			stop++;
		buf_add(&sse->line, piece, (size_t)(stop - piece));
		if (!buf_ok(&sse->line))
			return false;
		if (stop == end)
			return true;
		sse->after_cr = *stop == '\r';
		piece = stop + 1;
		if (!sse_take_line(sse, visit, context))
			return false;
	}
	return true;
}
