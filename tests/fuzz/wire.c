// SPDX-License-Identifier: MIT
// Whatever the reader takes, the writer writes, and the reader reads again as the same.
#include "base/wire.h"
#include "base/text.h"
#include "fuzz.h"

static void copy(struct buf *out, char *text, size_t size, bool is_file)
{
	struct wire wire = is_file ? wire_file(text, size) : wire_message(text, size);
	struct wire_field field;
	struct err err;

	while (wire_next(&wire, &field, &err) == WIRE_FIELD) {
		MUST(field.value_len == strlen(field.value));
		MUST(text_has_no_control(field.value, field.value_len));
		MUST(*field.key && !strpbrk(field.key, "= \n"));
		wire_put(out, field.key, field.value);
		MUST(buf_ok(out));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int is_file = 0; is_file < 2; is_file++) {
		BUF_AUTO(first, 1 << 22);
		BUF_AUTO(second, 1 << 22);
		char *text = input_text(data, size), *again;

		copy(&first, text, size, is_file);
		again = input_text((const uint8_t *)first.data, first.len);
		copy(&second, again, first.len, false);
		MUST(first.len == second.len && !memcmp(first.data, second.data, first.len));
		free(text);
		free(again);
	}
	return 0;
}
