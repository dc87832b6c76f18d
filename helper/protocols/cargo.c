// SPDX-License-Identifier: MIT
// Cargo's credential provider protocol: a line of JSON for each request, a line for each answer.
#include "base/json-read.h"
#include "base/json.h"
#include "protocols/rows.h"
#include "protocols/tool-rows.h"

#include <string.h>

// "sparse+https://…": what is before the plus says how the index is read.
static enum status take_index(struct tool_call *call, const char *index, struct err *err)
{
	const char *plus = strchr(index, '+'), *colon = strchr(index, ':');

	return tool_set_url(call, plus && colon && plus < colon ? plus + 1 : index, err);
}

// "args":["--profile","NAME"], from the provider's configuration.
static enum status cargo_take_profile(struct tool_call *call, const cJSON *args, struct err *err)
{
	const char *option = cJSON_GetStringValue(cJSON_GetArrayItem(args, 0));
	const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(args, 1));

	if (!option)
		return STATUS_OK;
	if (strcmp(option, "--profile") != 0 || !name || !profile_name_ok(name))
		return err_set(err, STATUS_USAGE,
			       "cargo: the arguments in its configuration must be --profile and the name of a profile");
	memcpy(call->profile, name, strlen(name) + 1);
	call->request.profile = call->profile;
	return STATUS_OK;
}

enum status cargo_parse(struct tool_call *call, struct buf *out, struct err *err)
{
	const cJSON *registry;
	enum status status = STATUS_OK;
	const char *kind, *index;
	cJSON *json;

	call->operation = TOOL_DONE;
	if (strcmp(tool_operation(call), "--cargo-plugin") != 0)
		return err_set(err, STATUS_USAGE, "cargo: this program is run by Cargo, with the argument --cargo-plugin");
	json = json_object(call->input);
	kind = json_text(json, "kind");
	registry = cJSON_GetObjectItemCaseSensitive(json, "registry");
	index = json_text(registry, "index-url");
	if (!*kind || !*index) {
		status = err_set(err, STATUS_USAGE, "cargo: standard input: not a request of Cargo's");
	} else if (strcmp(kind, "get") != 0) {
		buf_adds(out, "{\"Err\":{\"kind\":\"operation-not-supported\"}}\n");
	} else {
		call->operation = TOOL_GET;
		status = cargo_take_profile(call, cJSON_GetObjectItemCaseSensitive(json, "args"), err);
		if (status == STATUS_OK)
			status = take_index(call, index, err);
	}
	cJSON_Delete(json);
	return status;
}

enum status cargo_write(const struct tool_call *call, const struct answer *answer, struct buf *out, struct err *err)
{
	(void)call;
	(void)err;
	put_bearer(out, "{\"Ok\":{\"kind\":\"get\",\"token\":", answer->token->access_token);
	buf_addf(out, ",\"cache\":\"expires\",\"expiration\":%lld,\"operation_independent\":true}}\n",
		 (long long)token_expiry_for_tools(answer->token, answer->now));
	return STATUS_OK;
}

// Cargo shows the message by itself.
enum status cargo_refuse(const struct tool_call *call, enum tool_failure why, struct buf *out, struct err *err)
{
	if (strcmp(tool_operation(call), "--cargo-plugin") != 0)
		return err->status;
	if (why == TOOL_NOT_COVERED) {
		buf_adds(out, "{\"Err\":{\"kind\":\"url-not-supported\"}}\n");
		return STATUS_OK;
	}
	json_put(out, "{\"Err\":{\"kind\":\"other\",\"message\":", err->text);
	buf_adds(out, ",\"caused-by\":[]}}\n");
	return STATUS_OK;
}
