// SPDX-License-Identifier: MIT
// Executable-sourced credentials of Google's client libraries, which exchange the token for one of Google's. They read
// standard error and standard output as one text, so nothing but the answer may be written.
#include "base/json.h"
#include "protocols/tool-rows.h"

enum status google_parse(struct tool_call *call, struct buf *out, struct err *err)
{
	(void)out;
	(void)err;
	call->takes_default = true;
	return STATUS_OK;
}

enum status google_write(const struct tool_call *call, const struct answer *answer, struct buf *out, struct err *err)
{
	(void)call;
	(void)err;
	buf_adds(out, "{\"version\":1,\"success\":true,\"token_type\":\"urn:ietf:params:oauth:token-type:jwt\",\"id_token\":");
	json_put(out, "", answer->token->access_token);
	buf_addf(out, ",\"expiration_time\":%lld}\n", (long long)token_expiry_for_tools(answer->token, answer->now));
	return STATUS_OK;
}

enum status google_refuse(const struct tool_call *call, enum tool_failure why, struct buf *out, struct err *err)
{
	(void)call;
	(void)why;
	json_put(out, "{\"version\":1,\"success\":false,\"code\":", status_word(err->status));
	json_put(out, ",\"message\":", err->text);
	buf_adds(out, "}\n");
	return STATUS_OK;
}
