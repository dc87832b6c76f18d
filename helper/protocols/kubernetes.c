// SPDX-License-Identifier: MIT
// client-go's exec credential plugins: client.authentication.k8s.io.
#include "base/json-read.h"
#include "base/json.h"
#include "protocols/tool-rows.h"

#include <stdlib.h>
#include <string.h>

static const char *const versions[] = { "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1" };

// KUBERNETES_EXEC_INFO says the version, which must be repeated; and, with provideClusterInfo, the server.
enum status kubernetes_parse(struct tool_call *call, struct buf *out, struct err *err)
{
	const char *info = getenv("KUBERNETES_EXEC_INFO");
	enum status status = STATUS_OK;
	BUF_AUTO(text, 131072);
	const char *version, *server;
	const cJSON *cluster;
	cJSON *json;

	(void)out;
	call->version = versions[0];
	if (!info || !*info)
		return STATUS_OK;
	buf_adds(&text, info);
	json = json_object(&text);
	if (!json)
		return err_set(err, STATUS_USAGE, "KUBERNETES_EXEC_INFO: not a JSON object");
	version = json_text(json, "apiVersion");
	call->version = !strcmp(version, versions[1]) ? versions[1] : versions[0];
	if (*version && strcmp(version, call->version) != 0)
		status = err_set(err, STATUS_USAGE,
				 "KUBERNETES_EXEC_INFO: its apiVersion is not supported: it must be v1 or v1beta1");
	cluster = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(json, "spec"), "cluster");
	server = json_text(cluster, "server");
	if (status == STATUS_OK && *server && !call->request.url)
		status = tool_set_url(call, server, err);
	cJSON_Delete(json);
	return status;
}

enum status kubernetes_write(const struct tool_call *call, const struct answer *answer, struct buf *out, struct err *err)
{
	(void)err;
	json_put(out, "{\"apiVersion\":", call->version);
	json_put(out, ",\"kind\":\"ExecCredential\",\"status\":{\"token\":", answer->token->access_token);
	buf_adds(out, ",\"expirationTimestamp\":\"");
	put_time(out, token_expiry_for_tools(answer->token, answer->now));
	buf_adds(out, "\"}}\n");
	return STATUS_OK;
}
