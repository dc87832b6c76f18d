// SPDX-License-Identifier: MIT
// The keyring command that pip and uv run: keyring get URL USER, and uv's keyring get URL --mode creds.
#include "protocols/tool-rows.h"

#include <string.h>

enum status keyring_parse(struct tool_call *call, struct buf *out, struct err *err)
{
	(void)out;
	call->operation = TOOL_DONE;
	if (strcmp(tool_operation(call), "get") != 0 || !call->args[1])
		return err_set(err, STATUS_USAGE, "keyring: only 'get URL USER' and 'get URL --mode creds' are known");
	call->operation = TOOL_GET;
	if (call->args[2] && !strcmp(call->args[2], "--mode")) {
		if (!call->args[3] || strcmp(call->args[3], "creds") != 0)
			return err_set(err, STATUS_USAGE, "keyring: no --mode but creds is known");
		call->version = "creds";
	} else
		call->request.username = call->args[2];
	// when pip got nothing for the URL it asks again with the host alone; the scheme is then unknown, and may have
	// been http
	if (!strstr(call->args[1], "://"))
		return err_set(err, STATUS_NOT_FOUND, "%s", "");
	return tool_set_url(call, call->args[1], err);
}

enum status keyring_write(const struct tool_call *call, const struct answer *answer, struct buf *out, struct err *err)
{
	const char *username = tool_username(answer->profile, "oauth2");

	if (call->version) {
		buf_adds(out, username);
		buf_addc(out, '\n');
	} else if (call->request.username && answer->profile->username && strcmp(call->request.username, username) != 0) {
		return err_set(err, STATUS_NOT_FOUND, "keyring: profile '%s' is for the user name '%s'", answer->profile->name,
			       username);
	}
	return bare_write(call, answer, out, err);
}

// A keyring that has nothing says nothing, and fails.
enum status keyring_refuse(const struct tool_call *call, enum tool_failure why, struct buf *out, struct err *err)
{
	(void)call;
	(void)out;
	return why == TOOL_NOT_COVERED ? err_set(err, STATUS_NOT_FOUND, "%s", "") : err->status;
}
