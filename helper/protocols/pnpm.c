// SPDX-License-Identifier: MIT
// pnpm's token helper: no argument, and no word of which registry; its configuration names the program for one.
#include "protocols/tool-rows.h"

enum status pnpm_parse(struct tool_call *call, struct buf *out, struct err *err)
{
	(void)out;
	if (call->args[0])
		return err_set(err, STATUS_USAGE, "pnpm: its token helper has no argument, and no '%s'", call->args[0]);
	call->takes_default = true;
	return STATUS_OK;
}

// Before version 11 it is sent as it is; since then, with a scheme it is sent as it is.
enum status pnpm_write(const struct tool_call *call, const struct answer *answer, struct buf *out, struct err *err)
{
	buf_adds(out, "Bearer ");
	return bare_write(call, answer, out, err);
}
