// SPDX-License-Identifier: MIT
#include "base/wire.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct wire wire_message(char *text, size_t len)
{
	return (struct wire){ .next = text, .end = text + len };
}

struct wire wire_file(char *text, size_t len)
{
	return (struct wire){ .next = text, .end = text + len, .is_file = true };
}

static bool key_ok(const char *key)
{
	if (!*key)
		return false;
	for (; *key; key++) {
		if (*key <= ' ' || *key > '~')
			return false;
	}
	return true;
}

// Cuts the next line off; false at the end of the text, or *too_long.
static bool take_line(struct wire *w, char **line, size_t *len, bool *too_long)
{
	size_t left = (size_t)(w->end - w->next);
	char *lf;

	if (left == 0)
		return false;
	lf = memchr(w->next, '\n', left < WIRE_LINE_MAX ? left : WIRE_LINE_MAX);
	if (!lf && left >= WIRE_LINE_MAX) {
		*too_long = true;
		return false;
	}
	*line = w->next;
	*len = lf ? (size_t)(lf - w->next) : left;
	w->next = lf ? lf + 1 : w->end;
	(*line)[*len] = '\0';
	w->line++;
	return true;
}

enum wire_result wire_next(struct wire *w, struct wire_field *field, struct err *err)
{
	bool too_long = false;
	char *line, *equals;
	size_t len;

	while (take_line(w, &line, &len, &too_long)) {
		if (len == 0) {
			if (w->is_file)
				continue;
			return WIRE_END;
		}
		if (w->is_file && *line == '#')
			continue;
		if (!text_has_no_control(line, len)) {
			err_set(err, STATUS_USAGE, "line %u: control character", w->line);
			return WIRE_BAD;
		}
		equals = memchr(line, '=', len);
		if (!equals) {
			err_set(err, STATUS_USAGE, "line %u: not 'key=value'", w->line);
			return WIRE_BAD;
		}
		*equals = '\0';
		if (!key_ok(line)) {
			err_set(err, STATUS_USAGE, "line %u: bad key: no spaces before '='", w->line);
			return WIRE_BAD;
		}
		field->key = line;
		field->value = equals + 1;
		field->value_len = len - (size_t)(equals + 1 - line);
		return WIRE_FIELD;
	}
	if (!too_long)
		return WIRE_END;
	err_set(err, STATUS_USAGE, "line %u: longer than %d bytes", w->line + 1, WIRE_LINE_MAX);
	return WIRE_BAD;
}

// Whether a blank line has come: from then on nothing more belongs to the message.
static bool wire_message_ends(const struct buf *text)
{
	return (text->len && text->data[0] == '\n') || memmem(text->data, text->len, "\n\n", 2);
}

enum status wire_read(struct buf *b, int fd, struct err *err)
{
	char chunk[4096];

	while (!wire_message_ends(b)) {
		ssize_t got = read(fd, chunk, sizeof chunk);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_set(err, STATUS_USAGE, "standard input: %s", strerror(errno));
		if (got == 0)
			break;
		buf_add(b, chunk, (size_t)got);
		explicit_bzero(chunk, (size_t)got);
		if (!buf_ok(b))
			return err_set(err, STATUS_USAGE, "standard input: a request is at most %zu bytes", b->max);
	}
	return STATUS_OK;
}

bool wire_is_our_version(const char *version)
{
	return version && !strcmp(version, SK_VERSION);
}

void wire_end(struct buf *answer)
{
	wire_put(answer, "end", "yes");
}

_Noreturn void wire_exit(int code)
{
#ifdef SK_SANITIZE
	exit(code); // where leaks are looked for
#else
	close(STDOUT_FILENO);
	_exit(code);
#endif
}

void wire_put(struct buf *b, const char *key, const char *value)
{
	size_t len;

	if (!value || !*value)
		return;
	len = strlen(value);
	if (!text_has_no_control(value, len) || strlen(key) + len + 2 > WIRE_LINE_MAX) {
		buf_fail(b);
		return;
	}
	buf_adds(b, key);
	buf_addc(b, '=');
	buf_add(b, value, len);
	buf_addc(b, '\n');
}

void wire_put_number(struct buf *b, const char *key, long long value)
{
	buf_addf(b, "%s=%lld\n", key, value);
}
