// SPDX-License-Identifier: MIT
// GOAUTH's command (go help goauth): first without a URL, for all that there is; after an answer of 4xx again, with the URL as
// the last word and the answer's status and headers on standard input.
#include "base/text.h"
#include "protocols/tool-rows.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

// "HTTP/1.1 401 Unauthorized", "Www-Authenticate: …": what is of use of them. Go's own status line has no CR.
static void read_response(struct tool_call *call)
{
	struct request *request = &call->request;
	char *line = call->input->data, *next;
	bool refused = false;

	for (; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		line[strcspn(line, "\r")] = '\0';
		if (text_starts(line, "HTTP/"))
			refused = strstr(line, " 401") != NULL;
		else if (!strncasecmp(line, "WWW-Authenticate: ", 18) && request->wwwauth_count < REQUEST_CHALLENGES_MAX - 1)
			request->wwwauth[request->wwwauth_count++] = line + 18;
	}
	// whatever the server calls it
	if (refused && request->wwwauth_count == 0)
		request->wwwauth[request->wwwauth_count++] = "Bearer error=\"invalid_token\"";
}

enum status goauth_parse(struct tool_call *call, struct buf *out, struct err *err)
{
	(void)out;
	(void)err;
	call->takes_default = true;
	if (call->request.url && call->input->len)
		read_response(call);
	return STATUS_OK;
}

enum status goauth_write(const struct tool_call *call, const struct answer *answer, struct buf *out, struct err *err)
{
	const struct profile *profile = answer->profile;
	bool any = false;

	(void)call;
	for (size_t i = 0; i < profile->url_count; i++) {
		if (!text_starts(profile->urls[i], "https://")) // Go takes no other
			continue;
		buf_adds(out, profile->urls[i]);
		buf_addc(out, '\n');
		any = true;
	}
	if (!any)
		return err_set(err, STATUS_USAGE, "goauth: profile '%s' has no https url that its token is for", profile->name);
	buf_adds(out, "\nAuthorization: Bearer ");
	buf_adds(out, answer->token->access_token);
	buf_adds(out, "\n\n");
	return STATUS_OK;
}

enum status goauth_refuse(const struct tool_call *call, enum tool_failure why, struct buf *out, struct err *err)
{
	(void)call;
	(void)out;
	return why == TOOL_NOT_COVERED ? STATUS_OK : err->status;
}
