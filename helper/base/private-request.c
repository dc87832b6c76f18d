// SPDX-License-Identifier: MIT
#include "base/private-request.h"

#include "base/text.h"

#include <string.h>
#include <unistd.h>

enum status private_request_read(struct private_request *how, struct buf *text, void *request, struct err *err)
{
	const char *version = NULL, *end;
	struct wire_field field;
	enum wire_result result;
	struct wire wire;

	how->body = "";
	how->body_len = 0;
	if (!buf_read(text, STDIN_FILENO))
		return err_set(err, STATUS_INTERNAL, "%s: its request cannot be read", how->program);
	end = memmem(text->data, text->len, "\n\n", 2);
	if (end) {
		how->body = end + 2;
		how->body_len = text->len - (size_t)(how->body - text->data);
	}
	wire = wire_message(text->data, text->len);
	while ((result = wire_next(&wire, &field, err)) == WIRE_FIELD) {
		bool placed = false;

		if (!strcmp(field.key, "version"))
			version = field.value;
		for (size_t i = 0; i < how->place_count && !placed; i++) {
			placed = !strcmp(field.key, how->places[i].key);
			if (placed)
				*(const char **)((char *)request + how->places[i].offset) = field.value;
		}
		if (!placed && how->take_other)
			how->take_other(&field, request);
	}
	if (result == WIRE_BAD)
		return STATUS_INTERNAL;
	if (!wire_is_our_version(version))
		return err_set(err, STATUS_INTERNAL,
			       "%s: it is of another version than sk-core: is sk-helper installed completely? ('make install')",
			       how->program);
	return STATUS_OK;
}

void private_answer_fail(struct buf *answer, enum status status, struct err *err)
{
	buf_reset(answer);
	text_sanitize(err->text);
	wire_put(answer, "status", status_word(status));
	wire_put(answer, "message", err->text);
}

int private_answer_send(struct buf *answer, struct buf *request_text)
{
	wire_end(answer);
	if (!buf_ok(answer) || !buf_write(answer, STDOUT_FILENO))
		return 1;
	buf_free(answer);
	buf_free(request_text);
	wire_exit(0);
}
