// SPDX-License-Identifier: MIT
// Whatever a private key's file says: what is taken for a key can be kept on one line, read again, and signs.
#include "base/text.h"
#include "base/wire.h"
#include "fuzz.h"
#include "key/client-key.h"

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
	const struct key_request request = { .body = text, .body_len = size };
	struct key_request signing = { .client_id = "m2m", .audience = "https://as.example.com", .count = "1", .body = "" };
	BUF_AUTO(answer, 65536);
	BUF_AUTO(signed_answer, 65536);
	struct err err = { 0 };
	const char *assertion;

	if (client_key_import(&request, &answer, &err) == STATUS_OK) {
		MUST(buf_ok(&answer));
		signing.private_key = taken(&answer, "private_key");
		MUST(signing.private_key && *signing.private_key != ' ');
		MUST(!strchr(signing.private_key, ' ') || text_is_graphic(strchr(signing.private_key, ' ') + 1));
		MUST(client_key_sign(&signing, &signed_answer, &err) == STATUS_OK && buf_ok(&signed_answer));
		assertion = taken(&signed_answer, "client_assertion");
		MUST(assertion && strchr(assertion, '.') && strrchr(assertion, '.') > strchr(assertion, '.'));
	} else {
		MUST(*err.text);
	}
	free(text);
	return 0;
}
