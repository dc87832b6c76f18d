// SPDX-License-Identifier: MIT
// Whatever a private key's file says: what is taken for a key can be kept on one line, read again, and signs.
#include "base/text.h"
#include "base/wire.h"
#include "fuzz.h"
#include "oauth/client-key.h"

static const char *taken(struct buf *answer, const char *name)
{
	struct wire wire = wire_message(answer->data, answer->len);
	const char *value = NULL;
	struct wire_field field;
	enum wire_result result;

	while ((result = wire_next(&wire, &field, NULL)) == WIRE_FIELD) {
		if (!strcmp(field.key, name))
			value = field.value;
	}
	MUST(result == WIRE_END);
	return value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = input_text(data, size);
	const struct oauth_request request = { .body = text, .body_len = size };
	BUF_AUTO(answer, 65536);
	BUF_AUTO(message, 65536);
	const char *key, *name = NULL;
	struct err err = { 0 };

	if (client_key_import(&request, &answer, NULL, &err) == STATUS_OK) {
		MUST(buf_ok(&answer));
		key = taken(&answer, "private_key");
		MUST(key && client_key_len(key) > 0);
		MUST(!client_key_id(key) || text_is_graphic(client_key_id(key)));
		buf_adds(&message, "header.claims");
		MUST(client_key_sign(key, NULL, &message, &name, &err) == STATUS_OK && name);
		MUST(strlen(message.data) <= strlen("header.claims.") + SIGNATURE_MAX);
	} else {
		MUST(*err.text);
	}
	free(text);
	return 0;
}
