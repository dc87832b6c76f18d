// SPDX-License-Identifier: MIT
// docker-credential-helpers' protocol. Its errors are words on standard output, compared to the letter.
#include "base/json.h"
#include "base/text.h"
#include "protocols/tool-rows.h"

#include <stdio.h>
#include <string.h>

// "<token>" would be a refresh token, to be exchanged; this is what registries take for an access token.
#define USERNAME "oauth2accesstoken"

static bool names_this_machine(const char *server)
{
	struct url url;
	char text[URL_MAX + 1];
	int len = snprintf(text, sizeof text, "https://%s", server);

	if (len < 0 || (size_t)len >= sizeof text)
		return false;
	return url_parse(&url, text, NULL) == STATUS_OK && url_is_loopback(&url);
}

static enum status take_server(struct tool_call *call, const char *server, struct buf *out, struct err *err)
{
	enum status status;

	if (!*server) {
		buf_adds(out, "no credentials server URL\n");
		return err_set(err, STATUS_USAGE, "docker: no credentials server URL");
	}
	call->server = server;
	// docker asks a registry on this machine over plain http
	if (!strstr(server, "://") && names_this_machine(server)) {
		status = tool_set_url(call, server, err);
		memmove(call->url + 4, call->url + 5, strlen(call->url + 5) + 1);
		request_set_url(&call->request, call->url);
		call->https_instead = true;
		return status;
	}
	return tool_set_url(call, server, err);
}

// sk-helper stores no passwords and no tokens for docker. The user reads this text, because docker prints it.
static enum status refuse_to_store(struct buf *out, struct err *err)
{
	static const char words[] =
		"sk-helper gets tokens, and stores no passwords: remove \"sk\" from credHelpers for this registry";

	buf_adds(out, words);
	buf_addc(out, '\n');
	return err_set(err, STATUS_USAGE, "docker: %s", words);
}

enum status docker_parse(struct tool_call *call, struct buf *out, struct err *err)
{
	const char *operation = tool_operation(call);
	char *input = call->input->data;

	call->operation = TOOL_DONE;
	if (strlen(input) != call->input->len)
		return err_set(err, STATUS_USAGE, "docker: a NUL byte in its request");
	// some write a line, most a word
	if (call->input->len && input[call->input->len - 1] == '\n')
		input[call->input->len - 1] = '\0';
	if (!strcmp(operation, "version")) {
		buf_adds(out, "docker-credential-sk (sk-helper) " SK_VERSION "\n");
		return STATUS_OK;
	}
	if (!strcmp(operation, "store"))
		return refuse_to_store(out, err);
	call->operation = !strcmp(operation, "get")   ? TOOL_GET :
			  !strcmp(operation, "erase") ? TOOL_ERASE :
			  !strcmp(operation, "list")  ? TOOL_LIST :
							TOOL_DONE;
	if (call->operation == TOOL_DONE)
		return err_set(err, STATUS_USAGE, "docker: no operation '%s'", operation);
	return call->operation == TOOL_LIST ? STATUS_OK : take_server(call, input, out, err);
}

enum status docker_write(const struct tool_call *call, const struct answer *answer, struct buf *out, struct err *err)
{
	(void)err;
	json_put(out, "{\"ServerURL\":", call->server);
	json_put(out, ",\"Username\":", tool_username(answer->profile, USERNAME));
	json_put(out, ",\"Secret\":", answer->token->access_token);
	buf_adds(out, "}\n");
	return STATUS_OK;
}

enum status docker_refuse(const struct tool_call *call, enum tool_failure why, struct buf *out, struct err *err)
{
	if (call->operation == TOOL_ERASE && why == TOOL_NOT_COVERED)
		return STATUS_OK;
	if (out->len == 0)
		buf_adds(out, why == TOOL_NOT_COVERED ? "credentials not found in native keychain" : err->text);
	return why == TOOL_NOT_COVERED ? err_set(err, STATUS_NOT_FOUND, "%s", "") : err->status;
}

void docker_write_entry(struct buf *out, bool first, const char *url, const struct profile *profile)
{
	json_put(out, first ? "" : ",", url);
	json_put(out, ":", tool_username(profile, USERNAME));
}
