// SPDX-License-Identifier: MIT
// The credentials helper protocol of Terraform and OpenTofu.
#include "base/json.h"
#include "protocols/tool-rows.h"

#include <string.h>

enum status terraform_parse(struct tool_call *call, struct buf *out, struct err *err)
{
	const char *operation = tool_operation(call), *host = *operation ? call->args[1] : NULL;

	(void)out;
	call->operation = TOOL_DONE;
	if (!strcmp(operation, "store"))
		return err_set(err, STATUS_USAGE,
			       "terraform: sk-helper gets tokens, and stores none: 'terraform login' is not needed");
	if (strcmp(operation, "get") != 0 && strcmp(operation, "forget") != 0)
		return err_set(err, STATUS_USAGE, "terraform: no operation '%s'", operation);
	if (!host || !*host)
		return err_set(err, STATUS_USAGE, "terraform: %s: the host name is missing", operation);
	call->operation = !strcmp(operation, "get") ? TOOL_GET : TOOL_ERASE;
	return tool_set_url(call, host, err);
}

enum status terraform_write(const struct tool_call *call, const struct answer *answer, struct buf *out, struct err *err)
{
	(void)call;
	(void)err;
	json_put(out, "{\"token\":", answer->token->access_token);
	buf_adds(out, "}\n");
	return STATUS_OK;
}

enum status terraform_refuse(const struct tool_call *call, enum tool_failure why, struct buf *out, struct err *err)
{
	if (why != TOOL_NOT_COVERED)
		return err->status;
	if (call->operation == TOOL_GET)
		buf_adds(out, "{}\n");
	return STATUS_OK;
}
