// SPDX-License-Identifier: MIT
// get: a token, in the format that was asked for. What the front door could answer by itself never comes here.
#include "base/harden.h"
#include "base/nearest.h"
#include "base/wire.h"
#include "core/audit.h"
#include "core/commands.h"
#include "core/get-token.h"
#include "core/renew.h"
#include "core/terminal.h"
#include "core/tool.h"
#include "protocols/protocols.h"
#include "protocols/tools.h"

#include <string.h>
#include <unistd.h>

static void get_warn(const struct request *request, struct get_result *result)
{
	const char *warning = protocol_warning(request);
	struct err shown;

	if (warning && isatty(STDOUT_FILENO)) {
		err_set(&shown, STATUS_OK, "%s", warning);
		warn(&shown);
	}
	if (*result->obtained.warning.text) {
		err_prefix(&result->obtained.warning, "profile '%s'", result->profile.name);
		warn(&result->obtained.warning);
	}
}

static enum status get_and_answer(const struct request *request, const struct protocol *protocol, struct err *err)
{
	GET_RESULT_AUTO(result);
	BUF_AUTO(out, ANSWER_MAX);
	enum status status = get_profile(request, &result, NULL, err);
	struct answer answer;

	if (status != STATUS_OK)
		return status;
	harden_deadline(get_deadline_seconds(&result));
	if (!request->prompts)
		terminal_wait_begin("the authorization server");
	status = get_token(&result, protocol, err);
	terminal_wait_end();
	if (status != STATUS_OK)
		return status;
	answer = get_answer(&result);
	status = protocol_answer(protocol, &answer, &out, err);
	if (status != STATUS_OK)
		return status;
	get_warn(request, &result);
	renew_in_background(&result);
	return STATUS_OK;
}

static enum status get_unknown_format(const char *format, struct err *err)
{
	struct nearest nearest = nearest_to(format);

	for (size_t i = 0; i < protocol_count; i++)
		nearest_offer(&nearest, protocols[i].name);
	for (size_t i = 0; i < tool_count; i++) {
		if (!tools[i].program)
			nearest_offer(&nearest, tools[i].name);
	}
	if (nearest_word(&nearest))
		return err_set(err, STATUS_USAGE, "there is no format '%s': did you mean '%s'?", format,
			       nearest_word(&nearest));
	return err_set(err, STATUS_USAGE, "there is no format '%s': 'sk-helper help get' lists them", format);
}

// A format that is a tool's own protocol.
static enum status get_for_tool(const struct request *request, struct err *err)
{
	const struct tool *tool = tool_find_format(request->format);

	if (!tool)
		return get_unknown_format(request->format, err);
	return tool_answer(tool, request, err);
}

enum status command_get(char **args, struct err *err)
{
	BUF_AUTO(text, REQUEST_MAX);
	const struct protocol *protocol;
	struct request request;
	enum status status = request_from_args(&request, args, err);

	if (status != STATUS_OK)
		return status;
	request.from_person = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
	audit_set_format(request.format ? request.format : request.from_stdin ? "get -" : "token");
	protocol = protocol_of(&request);
	if (!protocol)
		return get_for_tool(&request, err);
	status = protocol_take_url(protocol, &request, err);
	if (status == STATUS_OK && request.from_stdin) {
		status = wire_read(&text, STDIN_FILENO, err);
		if (status == STATUS_OK)
			status = request_parse(&request, text.data, text.len, err);
	}
	return status == STATUS_OK ? get_and_answer(&request, protocol, err) : status;
}
