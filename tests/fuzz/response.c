// SPDX-License-Identifier: MIT
// Whatever a token endpoint says: an answer that the wire takes, with a token that can be printed; or an error that is fit
// for a terminal and does not have the client secret in it.
#include "base/text.h"
#include "base/wire.h"
#include "fuzz.h"
#include "model/token.h"
#include "oauth/token-endpoint.h"

#define SECRET "s3cr3t-of-the-client"

static void check_answer(struct buf *answer)
{
	struct wire wire = wire_message(answer->data, answer->len);
	struct wire_field field;
	int tokens = 0;

	while (wire_next(&wire, &field, NULL) == WIRE_FIELD) {
		if (!strcmp(field.key, "access_token"))
			tokens += token_text_ok(field.value) && *field.value;
		if (!strcmp(field.key, "expires_in"))
			MUST(atoll(field.value) >= 0 && atoll(field.value) <= TOKEN_LIFETIME_MAX);
	}
	MUST(tokens == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const long codes[] = { 200, 201, 302, 400, 401, 404, 429, 500, 503 };
	BUF_AUTO(answer, 65536);
	BUF_AUTO(body, 1 << 22);
	struct token_response response = { 0 };
	struct oauth_failure failure = { 0 };
	struct err err = { 0 };
	const char *type = size > 1 && data[1] & 1 ? "text/html" : "application/json";
	long code = size ? codes[data[0] % (sizeof codes / sizeof codes[0])] : 200;
	enum status status;

	if (size > 2)
		buf_add(&body, data + 2, size - 2);
	response.code = code;
	response.content_type = type;
	response.body = &body;
	response.retry_after = size % 7 ? -1 : 5;
	status = token_response_read(&response, (const char *[]){ SECRET, NULL }, &answer, &failure, &err);
	if (status == STATUS_OK) {
		MUST(code == 200 && buf_ok(&answer));
		check_answer(&answer);
	} else {
		MUST(status == STATUS_REFUSED || status == STATUS_TEMPORARY || status == STATUS_POLICY);
		MUST(*err.text && text_has_no_control(err.text, strlen(err.text)));
		MUST(!strstr(err.text, SECRET));
	}
	return 0;
}
