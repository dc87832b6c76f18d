// SPDX-License-Identifier: MIT
// The token helper of Vault and OpenBao: get, store, erase; the server is in the environment.
#include "protocols/tool-rows.h"

#include <stdlib.h>
#include <string.h>

static const char *address(const char *variable)
{
	const char *value = getenv(variable);

	return value && *value ? value : NULL;
}

enum status vault_parse(struct tool_call *call, struct buf *out, struct err *err)
{
	const char *operation = tool_operation(call), *server = address("VAULT_ADDR"), *other = address("BAO_ADDR");

	(void)out;
	// the helper is not told whether vault or bao runs it: vault reads only VAULT_ADDR, bao prefers BAO_ADDR
	if (server && other && strcmp(server, other) != 0) {
		call->operation = TOOL_DONE;
		return STATUS_OK;
	}
	server = server ? server : other;
	call->operation = !strcmp(operation, "get") ? TOOL_GET : !strcmp(operation, "erase") ? TOOL_ERASE : TOOL_DONE;
	if (call->operation == TOOL_DONE && strcmp(operation, "store") != 0)
		return err_set(err, STATUS_USAGE, "vault: no operation '%s'", operation);
	return server ? tool_set_url(call, server, err) : STATUS_OK;
}

enum status vault_refuse(const struct tool_call *call, enum tool_failure why, struct buf *out, struct err *err)
{
	(void)call;
	(void)out;
	return why == TOOL_NOT_COVERED ? STATUS_OK : err->status;
}
