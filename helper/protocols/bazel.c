// SPDX-License-Identifier: MIT
// The credential helper protocol of Bazel, Buildbarn, EngFlow and others: {"uri":…} in, headers out.
#include "base/json-read.h"
#include "protocols/rows.h"
#include "protocols/tool-rows.h"

#include <string.h>

enum status bazel_parse(struct tool_call *call, struct buf *out, struct err *err)
{
	enum status status;
	const char *uri;
	cJSON *json;

	(void)out;
	if (strcmp(tool_operation(call), "get") != 0)
		return err_set(err, STATUS_USAGE, "bazel: no operation '%s'", tool_operation(call));
	json = json_object(call->input);
	uri = json_text(json, "uri");
	if (!strstr(uri, "://"))
		status = err_set(err, STATUS_USAGE, "bazel: standard input: no JSON object with a uri");
	else
		status = tool_set_url(call, uri, err);
	cJSON_Delete(json);
	return status;
}

// Bazel takes no fractions of a second, and uses the token to the very second that it is told.
enum status bazel_write(const struct tool_call *call, const struct answer *answer, struct buf *out, struct err *err)
{
	(void)call;
	(void)err;
	put_bearer(out, "{\"headers\":{\"Authorization\":[", answer->token->access_token);
	buf_adds(out, "]},\"expires\":\"");
	put_time(out, token_expiry_for_tools(answer->token, answer->now));
	buf_adds(out, "\"}\n");
	return STATUS_OK;
}
