// SPDX-License-Identifier: MIT
// The formats that are JSON.
#include "base/json.h"
#include "protocols/rows.h"

// The header's value: "Bearer TOKEN".
void put_bearer(struct buf *out, const char *before, const char *access_token)
{
	buf_adds(out, before);
	buf_adds(out, "\"Bearer ");
	json_put_part(out, access_token);
	buf_addc(out, '"');
}

enum status write_mcp_headers(const struct answer *answer, struct buf *out, struct err *err)
{
	(void)err;
	put_bearer(out, "{\"Authorization\":", answer->token->access_token);
	buf_adds(out, "}\n");
	return STATUS_OK;
}

enum status write_json(const struct answer *answer, struct buf *out, struct err *err)
{
	const struct token *token = answer->token;

	(void)err;
	json_put(out, "{\"access_token\":", token->access_token);
	buf_addf(out, ",\"token_type\":\"Bearer\",\"expires_in\":%lld,\"expires_at\":%lld", (long long)answer->left,
		 (long long)token->expires_at);
	if (*token->granted_scope)
		json_put(out, ",\"scope\":", token->granted_scope);
	buf_adds(out, "}\n");
	return STATUS_OK;
}
