// SPDX-License-Identifier: MIT
// git's credential helper protocol (git-credential(1), gitcredentials(7)). With authtype (git 2.46) the token is a Bearer
// credential; before that a password, and only where the profile says that the server takes it as one.
#include "base/wire.h"
#include "protocols/tool-rows.h"

#include <string.h>

enum status git_parse(struct tool_call *call, struct buf *out, struct err *err)
{
	const char *operation = tool_operation(call);
	struct request *request = &call->request;
	enum status status;

	call->operation = TOOL_DONE;
	if (!strcmp(operation, "capability"))
		buf_adds(out, "version 0\ncapability authtype\ncapability state\n");
	// what helpers do not know they ignore; and what git would store is ours already
	if (strcmp(operation, "get") != 0 && strcmp(operation, "erase") != 0)
		return STATUS_OK;
	status = request_parse(request, call->input->data, call->input->len, err);
	// less than a protocol and a host is not everything (CVE-2020-11008)
	if (status != STATUS_OK || !request->url)
		return status;
	if (!strcmp(operation, "get"))
		call->operation = TOOL_GET;
	else if (request->credential)
		call->operation = TOOL_ERASE;
	// git gives back our state, and nothing else, when what we answered with it was refused
	if (request->state) {
		request->wwwauth[0] = "Bearer error=\"invalid_token\"";
		request->wwwauth_count = 1;
	}
	return STATUS_OK;
}

// The token as a Bearer credential or as a password, not both: git would send both.
enum status git_write(const struct tool_call *call, const struct answer *answer, struct buf *out, struct err *err)
{
	const struct request *request = &call->request;
	const char *retry = answer->profile->git_retry;

	(void)err;
	if (request->takes_bearer) {
		wire_put(out, "capability[]", "authtype");
		wire_put(out, "authtype", "Bearer");
		wire_put(out, "credential", answer->token->access_token);
	} else if (answer->profile->username && (!request->username || !strcmp(request->username, answer->profile->username))) {
		wire_put(out, "username", answer->profile->username);
		wire_put(out, "password", answer->token->access_token);
	} else {
		return STATUS_OK;
	}
	wire_put_number(out, "password_expiry_utc", token_expiry_for_tools(answer->token, answer->now));
	if (request->takes_bearer && request->keeps_state && !request->state && retry && !strcmp(retry, "yes")) {
		wire_put(out, "capability[]", "state");
		wire_put(out, "state[]", REQUEST_STATE "1");
		wire_put(out, "continue", "1");
	}
	return STATUS_OK;
}

// When a profile covers the URL and there is no token, "quit" keeps git from asking other helpers or the user for a
// password.
enum status git_refuse(const struct tool_call *call, enum tool_failure why, struct buf *out, struct err *err)
{
	if (why == TOOL_NOT_COVERED)
		return STATUS_OK;
	if (why == TOOL_NO_TOKEN && call->operation == TOOL_GET)
		wire_put(out, "quit", "1");
	return err->status;
}
