// SPDX-License-Identifier: MIT
// Tools that want little more than the token: Vault's token helper, pnpm's, and the keyring command of pip and uv.
#include "tool-rows.h"

#include <stdlib.h>
#include <string.h>

enum status bare_write(const struct tool_call *call, const struct answer *answer, struct buf *out, struct err *err)
{
	(void)call;
	(void)err;
	buf_adds(out, answer->token->access_token);
	buf_addc(out, '\n');
	return STATUS_OK;
}

// --- Vault and OpenBao: get, store, erase; the server is in the environment

static const char *address(const char *variable)
{
	const char *value = getenv(variable);

	return value && *value ? value : NULL;
}

enum status vault_parse(struct tool_call *call, struct buf *out, struct err *err)
{
	const char *operation = tool_operation(call), *server = address("VAULT_ADDR"), *other = address("BAO_ADDR");

	(void)out;
	// which of them runs us it does not say: vault knows the one, bao prefers the other
	if (server && other && strcmp(server, other) != 0)
		server = NULL;
	else if (!server)
		server = other;
	call->operation = !strcmp(operation, "get") ? TOOL_GET : !strcmp(operation, "erase") ? TOOL_ERASE : TOOL_DONE;
	if (call->operation == TOOL_DONE && strcmp(operation, "store") != 0)
		return err_set(err, STATUS_USAGE, "vault: no operation '%s'", operation);
	return server ? tool_set_url(call, server, err) : STATUS_OK;
}

enum status vault_refuse(const struct tool_call *call, bool none, struct buf *out, struct err *err)
{
	(void)call;
	(void)out;
	return none ? STATUS_OK : err->status;
}

// --- pnpm: no argument, and no word of which registry; its configuration names the program for one

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

// --- pip: keyring get URL USER; uv, too: keyring get URL --mode creds

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
	// pip asks again by host alone, when it got nothing for its URL: which may have been plain http
	return strstr(call->args[1], "://") ? tool_set_url(call, call->args[1], err) : STATUS_OK;
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
enum status keyring_refuse(const struct tool_call *call, bool none, struct buf *out, struct err *err)
{
	(void)call;
	(void)out;
	return none ? err_set(err, STATUS_NOT_FOUND, "%s", "") : err->status;
}
