// SPDX-License-Identifier: MIT
// The formats that are JSON. What goes into them is printable ASCII, so quotes and backslashes are all there is to escape.
#include "rows.h"

#include <string.h>

static void add_string(struct buf *out, const char *before, const char *s)
{
	buf_adds(out, before);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_addc(out, '\\');
		buf_addc(out, *s);
	}
}

enum status write_mcp_headers(const struct answer *answer, struct buf *out, struct err *err)
{
	(void)err;
	add_string(out, "{\"Authorization\":\"Bearer ", answer->token->access_token);
	buf_adds(out, "\"}\n");
	return STATUS_OK;
}

enum status write_json(const struct answer *answer, struct buf *out, struct err *err)
{
	const struct token *token = answer->token;

	(void)err;
	add_string(out, "{\"access_token\":\"", token->access_token);
	buf_addf(out, "\",\"token_type\":\"Bearer\",\"expires_in\":%lld,\"expires_at\":%lld", (long long)answer->left,
		 (long long)token->expires_at);
	if (*token->granted_scope) {
		add_string(out, ",\"scope\":\"", token->granted_scope);
		buf_addc(out, '"');
	}
	buf_adds(out, "}\n");
	return STATUS_OK;
}
