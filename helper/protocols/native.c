// SPDX-License-Identifier: MIT
// What "get -" answers in: the key=value lines that it was asked in, with git's names where git has one.
#include "base/wire.h"
#include "protocols/protocols.h"

static enum status write_native(const struct answer *answer, struct buf *out, struct err *err)
{
	(void)err;
	wire_put(out, "profile", answer->profile->name);
	wire_put(out, "authtype", "Bearer");
	wire_put(out, "credential", answer->token->access_token);
	wire_put_number(out, "password_expiry_utc", token_expiry_for_tools(answer->token, answer->now));
	// the same without a clock, for an asker on another machine
	wire_put_number(out, "expires_in", answer->left);
	wire_put_number(out, "lifetime", answer->token->expires_at - answer->token->issued_at);
	wire_put(out, "scope", answer->token->granted_scope);
	wire_put(out, "requested_scope", answer->token->requested_scope);
	return STATUS_OK;
}

const struct protocol protocol_native = { "native", "key=value lines, as 'get -' answers", write_native, NULL, NULL };
