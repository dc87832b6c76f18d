// SPDX-License-Identifier: MIT
// What comes out of a keyring, and what is asked on standard input: any bytes are a record, a request, or nothing.
#include "fuzz.h"
#include "model/request.h"
#include "model/secret.h"
#include "model/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = input_text(data, size);
	struct moment now = { .wall = 1700000000, .boot = 1000000 };
	struct request request = { 0 };
	struct secret secret;
	struct token token;
	struct err err;

	if (token_parse(&token, text, size)) {
		BUF_AUTO(first, 1 << 22);
		BUF_AUTO(second, 1 << 22);
		struct token same;
		char *again;

		if (token_freshness(&token, now, "boot", 0) != TOKEN_STALE)
			MUST(token_left(&token, now, "boot") > 0);
		MUST(*token.access_token && token_text_ok(token.access_token));
		token_write(&token, &first);
		MUST(buf_ok(&first));
		again = input_text((const uint8_t *)first.data, first.len);
		MUST(token_parse(&same, again, first.len));
		token_write(&same, &second);
		MUST(first.len == second.len && !memcmp(first.data, second.data, first.len));
		free(again);
	}
	free(text);
	text = input_text(data, size);
	if (secret_parse(&secret, text, size, &err) == STATUS_OK)
		MUST(*secret.value);
	free(text);
	text = input_text(data, size);
	(void)request_parse(&request, text, size, &err);
	free(text);
	return 0;
}
