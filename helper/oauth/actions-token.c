// SPDX-License-Identifier: MIT
#include "oauth/actions-token.h"

#include "base/json-read.h"
#include "base/percent.h"
#include "base/text.h"
#include "base/wire.h"
#include "oauth/http.h"

#include <string.h>

static void actions_url(const struct oauth_request *request, struct buf *url)
{
	buf_adds(url, request->url);
	buf_adds(url, strchr(request->url, '?') ? "&audience=" : "?audience=");
	percent_put(url, request->audience, PERCENT_UNRESERVED);
}

static enum status actions_read(const struct http_response *response, struct buf *answer, struct err *err)
{
	cJSON *json = response->code == 200 ? json_object(&response->body) : NULL;
	const char *token = json ? json_text(json, "value") : "";
	enum status status = STATUS_OK;

	if (response->code == 429 || response->code >= 500)
		status = err_set(err, STATUS_TEMPORARY, "HTTP %ld", response->code);
	else if (response->code != 200)
		status = err_set(err, STATUS_NOT_FOUND, "HTTP %ld: may this job have one? (permissions: id-token: write)",
				 response->code);
	else if (!*token || !text_is_graphic(token))
		status = err_set(err, STATUS_NOT_FOUND, "there is no identity token in its answer");
	else
		wire_put(answer, "identity_token", token);
	if (status == STATUS_OK)
		wire_put(answer, "status", "ok");
	cJSON_Delete(json);
	return status;
}

enum status actions_token_run(const struct oauth_request *request, struct buf *answer, struct oauth_failure *failure,
			      struct err *err)
{
	__attribute__((cleanup(http_response_free))) struct http_response response = HTTP_RESPONSE_INIT;
	BUF_AUTO(url, 8192);
	struct http_request http = { .method = HTTP_GET, .proxy = request->proxy };
	enum status status;

	(void)failure;
	if (!request->url || !request->token || !request->audience ||
	    !text_to_number(request->timeout_ms, 1, 60000, &http.timeout_ms))
		return err_set(err, STATUS_INTERNAL, "sk-oauth: its request is incomplete");
	actions_url(request, &url);
	if (!buf_ok(&url))
		return err_set(err, STATUS_POLICY, "identity token of Actions: the URL is too long");
	http.url = url.data;
	http.bearer = request->token;
	status = http_send(&http, &response, err);
	if (status == STATUS_OK)
		status = actions_read(&response, answer, err);
	if (status != STATUS_OK)
		err_prefix(err, "identity token of Actions");
	return status;
}
