// SPDX-License-Identifier: MIT
// The names that tools run us by, such as git-credential-sk: the front door comes here with the name and the words after it.
#include "core/tool.h"

#include "base/harden.h"
#include "base/json.h"
#include "base/text.h"
#include "core/audit.h"
#include "core/commands.h"
#include "core/get-token.h"
#include "core/renew.h"
#include "core/share-client.h"
#include "model/profile-dir.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define OUT_MAX 262144

static enum status tool_get(const struct tool *tool, struct tool_call *call, struct get_result *result, struct buf *out,
			    struct err *err)
{
	enum status status;
	struct answer answer;

	harden_deadline(get_deadline_seconds(result));
	status = get_token(result, NULL, err);
	if (status != STATUS_OK)
		return status;
	answer = get_answer(result);
	return tool->write(call, &answer, out, err);
}

// Two profiles may have the same URL; a name may be in a JSON object once.
static bool is_listed(const struct buf *out, const char *url)
{
	BUF_AUTO(key, 2 * URL_MAX);

	json_put(&key, "", url);
	buf_addc(&key, ':');
	return strstr(out->data, key.data) != NULL;
}

struct tool_listing {
	const struct tool *tool;
	struct buf *out;
	bool first;
};

static void list_profile(struct tool_listing *listing, const struct profile *profile)
{
	for (size_t i = 0; i < profile->url_count; i++) {
		if (is_listed(listing->out, profile->urls[i]))
			continue;
		listing->tool->write_entry(listing->out, listing->first, profile->urls[i], profile);
		listing->first = false;
	}
}

static bool list_one(const char *name, void *context)
{
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	struct profile profile;

	if (profile_dir_load(name, &text, &profile, NULL) == STATUS_OK)
		list_profile(context, &profile);
	return true;
}

static enum status list_shared(struct tool_listing *listing, struct err *err)
{
	BUF_AUTO(text, MESSAGE_MAX);
	struct shared_profiles shared;
	enum status status = share_client_profiles(&shared, &text, err);

	for (size_t i = 0; status == STATUS_OK && i < shared.count; i++)
		list_profile(listing, &shared.profiles[i]);
	return status;
}

static enum status list_for(const struct tool *tool, struct buf *out, struct err *err)
{
	struct tool_listing listing = { tool, out, true };
	enum status status;

	buf_adds(out, tool->list_begin);
	status = profile_dir_socket() ? list_shared(&listing, err) : profile_dir_each(list_one, &listing, err);
	buf_adds(out, tool->list_end);
	return status;
}

// A call that was understood. *why: what its failure means.
static enum status tool_run(const struct tool *tool, struct tool_call *call, struct get_result *result, struct buf *out,
			    enum tool_failure *why, struct err *err)
{
	bool uncovered = false;
	enum status status;

	*why = TOOL_NOT_COVERED;
	if (call->operation == TOOL_DONE)
		return STATUS_OK;
	if (call->operation == TOOL_LIST)
		return list_for(tool, out, err);
	if (tool_names_no_target(call))
		return err_set(
			err, STATUS_NOT_FOUND,
			"%s: the request does not say which server the token is for: give the name of a profile, or a URL that a profile covers",
			tool->name);
	status = tool_find_profile(call, get_find_profile, &result->text, &result->profile, &uncovered, err);
	if (status != STATUS_OK) {
		audit_say_failure(NULL, &call->request, err);
		*why = uncovered				      ? TOOL_NOT_COVERED :
		       *result->profile.name || call->request.profile ? TOOL_NO_TOKEN :
									TOOL_BAD_REQUEST;
		return status;
	}
	*why = TOOL_NO_TOKEN;
	if (call->operation == TOOL_ERASE)
		return get_forget(&result->profile, &call->request, NULL, err);
	result->request = call->request;
	return tool_get(tool, call, result, out, err);
}

static enum status tool_answer_call(const struct tool *tool, struct tool_call *call, struct err *err)
{
	GET_RESULT_AUTO(result);
	BUF_AUTO(out, OUT_MAX);
	enum tool_failure why = TOOL_BAD_REQUEST;
	enum status status = tool->parse(call, &out, err);

	if (status == STATUS_OK) {
		status = tool_run(tool, call, &result, &out, &why, err);
		if (status == STATUS_OK && !buf_ok(&out))
			status = err_set(err, STATUS_INTERNAL, "%s: the answer is too long", tool->name);
		if (status != STATUS_OK)
			buf_reset(&out);
	}
	if (status != STATUS_OK)
		text_sanitize(err->text); // some put it into what they say
	if (status != STATUS_OK && tool->refuse)
		status = tool->refuse(call, why, &out, err);
	if (!buf_write(&out, STDOUT_FILENO))
		return err_set(err, STATUS_INTERNAL, "standard output: %s", strerror(errno));
	if (status == STATUS_OK && result.obtained.token.access_token)
		renew_in_background(&result);
	return status;
}

static enum status tool_converse(const struct tool *tool, char **args, const struct request *request, struct err *err)
{
	BUF_AUTO(input, REQUEST_MAX);
	struct tool_call call;
	enum status status = STATUS_OK;

	audit_set_format(tool->name);
	tool_begin(&call, args, &input, request);
	if (tool->input != TOOL_READS_LINES || !tool_has_input(tool, &call)) {
		status = tool_read_input(tool, &call, &input, err);
		return status == STATUS_OK ? tool_answer_call(tool, &call, err) : status;
	}
	while (status == STATUS_OK && buf_read_line(&input, STDIN_FILENO)) {
		if (!buf_ok(&input))
			return err_set(err, STATUS_USAGE, "standard input: a line is too long");
		status = tool_answer_call(tool, &call, err);
		tool_begin(&call, args, &input, request);
	}
	return status;
}

enum status tool_answer(const struct tool *tool, const struct request *request, struct err *err)
{
	char *no_args[] = { NULL };

	return tool_converse(tool, no_args, request, err);
}

enum status command_tool(char **args, struct err *err)
{
	struct request request = { 0 };
	const struct tool *tool = NULL;
	enum status status;

	if (args[0])
		tool = tool_find_program(args[0], &request.profile);
	if (!tool)
		return err_set(err, STATUS_USAGE, "'%s' is not one of the names by which tools run sk-helper",
			       args[0] ? args[0] : "");
	args++;
	status = tool_take_profile(&args, &request.profile, err);
	if (status != STATUS_OK)
		return status;
	if (tool->hello && args[0] && text_has_word(tool->reading, args[0], strlen(args[0])) &&
	    write(STDOUT_FILENO, tool->hello, strlen(tool->hello)) < 0)
		return err_set(err, STATUS_INTERNAL, "standard output: %s", strerror(errno));
	return tool_converse(tool, args, &request, err);
}
