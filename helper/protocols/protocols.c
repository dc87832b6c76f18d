// SPDX-License-Identifier: MIT
// The list of formats.
#include "protocols/protocols.h"

#include "model/request.h"
#include "protocols/rows.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

const struct protocol protocols[] = {
	{ "token", "the access token alone (default)", write_token, NULL, NULL },
	{ "header-value", "Bearer TOKEN", write_header_value, NULL, NULL },
	{ "header", "Authorization: Bearer TOKEN", write_header, NULL, NULL },
	{ "mcp-headers", "{\"Authorization\":\"Bearer TOKEN\"}", write_mcp_headers, "CLAUDE_CODE_MCP_SERVER_URL",
	  "CLAUDE_CODE_MCP_SERVER_NAME" },
	{ "curl-config", "oauth2-bearer = \"TOKEN\", for curl -K -", write_curl_config, NULL, NULL },
	{ "json", "a JSON object with access_token, token_type, expires_in, expires_at, scope", write_json, NULL, NULL },
	{ "env", "ACCESS_TOKEN=TOKEN", write_env, NULL, NULL },
};
const size_t protocol_count = sizeof protocols / sizeof protocols[0];

const struct protocol *protocol_find(const char *name)
{
	for (size_t i = 0; i < protocol_count; i++) {
		if (!strcmp(protocols[i].name, name))
			return &protocols[i];
	}
	return NULL;
}

const char *protocol_warning(const struct request *request)
{
	if (request->quiet || request->url || request->from_stdin || !isatty(STDOUT_FILENO))
		return NULL;
	return "the token is on the terminal now, and in what it keeps: --quiet if that is meant";
}

enum status protocol_answer(const struct protocol *protocol, const struct answer *answer, struct buf *out, struct err *err)
{
	enum status status = protocol->write(answer, out, err);

	if (status != STATUS_OK)
		return status;
	if (!buf_ok(out))
		return err_set(err, STATUS_INTERNAL, "the answer does not fit");
	if (!buf_write(out, STDOUT_FILENO))
		return err_set(err, STATUS_INTERNAL, "standard output: %s", strerror(errno));
	return STATUS_OK;
}
