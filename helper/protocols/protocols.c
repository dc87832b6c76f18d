// SPDX-License-Identifier: MIT
// The list of formats.
#include "protocols/protocols.h"

#include "protocols/rows.h"

#include <errno.h>
#include <stdlib.h>
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

const struct protocol *protocol_of(const struct request *request)
{
	if (request->format)
		return protocol_find(request->format);
	return request->from_stdin ? &protocol_native : &protocols[0];
}

enum status protocol_take_url(const struct protocol *protocol, struct request *request, struct err *err)
{
	const char *url = protocol->url_variable ? getenv(protocol->url_variable) : NULL;

	// a profile that is named as well is then checked against it
	if (!request->url && url && *url)
		request_set_url(request, url);
	if (!protocol->url_variable || request->url || request->profile)
		return STATUS_OK;
	return err_set(
		err, STATUS_POLICY,
		"format '%s': %s is not set, so it is not known which server the token is for: give the name of a profile "
		"('sk-helper get NAME --format %s')",
		protocol->name, protocol->url_variable, protocol->name);
}

const char *protocol_warning(const struct request *request)
{
	if (request->quiet || request->url || request->from_stdin)
		return NULL;
	return "the token is now on the terminal and in its scrollback; --quiet leaves this warning out";
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
