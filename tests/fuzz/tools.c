// SPDX-License-Identifier: MIT
// Whatever a tool sends: what is asked for is a URL that can be looked at, and what is answered has what the tool can read.
#include "protocols/tools.h"
#include "base/text.h"
#include "fuzz.h"

#include <cjson/cJSON.h>

static const char *const operations[] = { "get", "erase", "store", "list", "capability", "forget", "--cargo-plugin", "" };
#define OPERATIONS (sizeof operations / sizeof operations[0])

static void check_json(const struct buf *out)
{
	cJSON *json = cJSON_ParseWithOpts(out->data, NULL, 0);

	MUST(json);
	cJSON_Delete(json);
}

static void check_answer(const struct tool *tool, const struct tool_call *call)
{
	static const struct token token = { .access_token = "tok\\en\"", .issued_at = 1800000000, .expires_at = 1800003600 };
	static const struct profile profile = {
		.name = "p", .username = "u\"ser", .urls = { "https://a.com/" }, .url_count = 1
	};
	const struct answer answer = { .profile = &profile, .token = &token, .now = { 1800000001, 1 }, .left = 3599 };
	BUF_AUTO(out, 262144);
	struct err err = { 0 };

	if (tool->write(call, &answer, &out, &err) != STATUS_OK || out.len == 0)
		return;
	MUST(buf_ok(&out));
	for (size_t i = 0; i < out.len; i++)
		MUST(out.data[i] == '\n' || (unsigned char)out.data[i] >= ' ');
	if (*out.data == '{')
		check_json(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char operation[32], host[128] = "";
	char *args[] = { operation, host, NULL };
	const struct tool *tool;
	BUF_AUTO(input, 65536);
	BUF_AUTO(out, 262144);
	struct tool_call call;
	struct err err = { 0 };

	if (size < 2)
		return 0;
	tool = &tools[data[0] % tool_count];
	(void)snprintf(operation, sizeof operation, "%s", operations[data[1] % OPERATIONS]);
	buf_add(&input, data + 2, size - 2);
	(void)snprintf(host, sizeof host, "%.120s", input.data);
	memset(&call, 0, sizeof call);
	call.args = args;
	call.input = &input;
	if (tool->parse(&call, &out, &err) == STATUS_OK) {
		MUST(!call.request.url || strlen(call.request.url) <= URL_MAX);
		MUST(!call.request.profile || profile_name_ok(call.request.profile));
		if (call.operation == TOOL_GET && tool->write)
			check_answer(tool, &call);
	} else {
		MUST(*err.text || err.status == STATUS_NOT_FOUND);
		if (tool->refuse)
			(void)tool->refuse(&call, (enum tool_failure)(size % 3), &out, &err);
		MUST(buf_ok(&out));
	}
	return 0;
}
