// SPDX-License-Identifier: MIT
// The names that tools run us by, such as git-credential-sk: the front door comes here with the name and the words after it.
#include "core/tool.h"

#include "base/json.h"
#include "base/text.h"
#include "core/commands.h"
#include "core/get.h"
#include "model/profiles.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define OUT_MAX 262144

static void begin_call(struct tool_call *call, char **args, struct buf *input, const struct request *request)
{
	memset(call, 0, sizeof *call);
	call->args = args;
	call->input = input;
	if (request)
		call->request = *request;
	call->request.keep_scope = true;
}

// A request that says neither whom the token is for nor which profile is nobody's: no default is sent to whoever asks.
static bool is_for_nobody(const struct tool_call *call)
{
	return !call->request.url && !call->request.profile && !call->takes_default;
}

static enum status get_for(const struct tool *tool, const struct tool_call *call, struct got *got, struct buf *out,
			   struct err *err)
{
	enum status status = is_for_nobody(call) ?
				     err_set(err, STATUS_NOT_FOUND, "%s: it does not say whom the token is for", tool->name) :
				     get_token(&call->request, got, err);
	struct answer answer = { .profile = &got->profile, .token = &got->obtained.token, .now = clock_now() };

	if (status != STATUS_OK)
		return status;
	answer.left = token_left(&got->obtained.token, answer.now, got->obtained.boot_id);
	return tool->write(call, &answer, out, err);
}

static enum status erase_for(const struct tool_call *call, struct got *got, struct err *err)
{
	const struct request *request = &call->request;
	unsigned count;
	enum status status = is_for_nobody(call) ? err_set(err, STATUS_NOT_FOUND, "nothing to forget") :
						   profiles_for(request->profile, request->url, &got->text, &got->profile, err);

	return status == STATUS_OK ? obtain_forget(&got->profile, request->credential, &count, err) : status;
}

// Two profiles may have the same URL; a name may be in a JSON object once.
static bool is_listed(const struct buf *out, const char *url)
{
	BUF_AUTO(key, 2 * URL_MAX);

	json_put(&key, "", url);
	buf_addc(&key, ':');
	return strstr(out->data, key.data) != NULL;
}

struct listing {
	const struct tool *tool;
	struct buf *out;
	bool first;
};

static bool list_one(const char *name, void *context)
{
	struct listing *listing = context;
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	struct profile profile;

	if (profiles_load(name, &text, &profile, NULL) != STATUS_OK)
		return true;
	for (size_t i = 0; i < profile.url_count; i++) {
		if (is_listed(listing->out, profile.urls[i]))
			continue;
		listing->tool->write_entry(listing->out, listing->first, profile.urls[i], &profile);
		listing->first = false;
	}
	return true;
}

static enum status list_for(const struct tool *tool, struct buf *out, struct err *err)
{
	struct listing listing = { tool, out, true };
	enum status status;

	buf_adds(out, tool->list_begin);
	status = profiles_each(list_one, &listing, err);
	buf_adds(out, tool->list_end);
	return status;
}

static enum status do_operation(const struct tool *tool, const struct tool_call *call, struct got *got, struct buf *out,
				struct err *err)
{
	switch (call->operation) {
	case TOOL_GET:
		return get_for(tool, call, got, out, err);
	case TOOL_ERASE:
		return erase_for(call, got, err);
	case TOOL_LIST:
		return list_for(tool, out, err);
	case TOOL_DONE:
		break;
	}
	return STATUS_OK;
}

// Whether no profile's token may go to this URL: because it is none that tokens go to, or because no url covers it, or not one
// of the profile that is named. A profile that is meant and cannot be read is another matter.
static bool is_for_no_profile(const struct request *request)
{
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	char name[PROFILE_NAME_MAX + 1];
	struct profile profile;
	struct url url;

	if (!request->url)
		return false;
	if (url_parse(&url, request->url, NULL) != STATUS_OK || !url_is_safe(&url))
		return true;
	if (!request->profile)
		return profiles_choose(name, NULL, request->url, NULL) == STATUS_NOT_FOUND;
	return profiles_load(request->profile, &text, &profile, NULL) == STATUS_OK && !profile_covers(&profile, request->url);
}

static bool is_meant(const struct request *request)
{
	char name[PROFILE_NAME_MAX + 1];

	return request->profile || (request->url && profiles_choose(name, NULL, request->url, NULL) == STATUS_OK);
}

// "localhost:5000" may be a registry of either kind.
static void settle_scheme(struct tool_call *call)
{
	if (!call->https_instead || !is_for_no_profile(&call->request))
		return;
	memmove(call->url + 5, call->url + 4, strlen(call->url + 4) + 1);
	call->url[4] = 's';
}

static enum status answer_call(const struct tool *tool, struct tool_call *call, struct err *err)
{
	__attribute__((cleanup(got_free))) struct got got = GOT_INIT;
	BUF_AUTO(out, OUT_MAX);
	enum status status = tool->parse(call, &out, err);
	bool parsed = status == STATUS_OK, none;

	if (parsed)
		settle_scheme(call);
	if (parsed)
		status = do_operation(tool, call, &got, &out, err);
	if (status == STATUS_OK && !buf_ok(&out))
		status = err_set(err, STATUS_INTERNAL, "%s: the answer does not fit", tool->name);
	if (status != STATUS_OK && parsed)
		buf_reset(&out);
	if (status != STATUS_OK)
		text_sanitize(err->text); // some put it into what they say
	if (status != STATUS_OK && tool->refuse) {
		none = parsed && (is_for_nobody(call) || is_for_no_profile(&call->request));
		call->found = parsed && !none && is_meant(&call->request);
		status = tool->refuse(call, none, &out, err);
	}
	if (!buf_write(&out, STDOUT_FILENO))
		return err_set(err, STATUS_INTERNAL, "standard output: %s", strerror(errno));
	if (status == STATUS_OK && got.obtained.token.access_token)
		get_renew_behind(&got);
	return status;
}

// One line, without its end; false at the end of the input. Byte by byte: what is behind it is not ours yet.
static bool read_line(struct buf *line)
{
	char c;

	buf_reset(line);
	while (read(STDIN_FILENO, &c, 1) == 1) {
		if (c == '\n')
			return true;
		buf_addc(line, c);
	}
	return line->len > 0 || !buf_ok(line);
}

// What has no input may have a standard input that never ends.
static bool has_input(const struct tool *tool, const struct tool_call *call)
{
	const char *operation = tool_operation(call);

	return !tool->reading || text_has_word(tool->reading, operation, strlen(operation));
}

static enum status read_input(const struct tool *tool, const struct tool_call *call, struct buf *input, struct err *err)
{
	if (!has_input(tool, call))
		return STATUS_OK;
	if (tool->input == TOOL_READS_MESSAGE || (tool->input == TOOL_READS_WITH_URL && call->request.url))
		return request_read(input, STDIN_FILENO, err);
	if (tool->input == TOOL_READS_ALL && !buf_read(input, STDIN_FILENO))
		return err_set(err, STATUS_USAGE, "standard input: %s", errno == EFBIG ? "too long" : strerror(errno));
	return STATUS_OK;
}

static enum status converse(const struct tool *tool, char **args, const struct request *request, struct err *err)
{
	BUF_AUTO(input, REQUEST_MAX);
	struct tool_call call;
	enum status status = STATUS_OK;

	begin_call(&call, args, &input, request);
	if (tool->input != TOOL_READS_LINES || !has_input(tool, &call)) {
		status = read_input(tool, &call, &input, err);
		return status == STATUS_OK ? answer_call(tool, &call, err) : status;
	}
	while (status == STATUS_OK && read_line(&input)) {
		if (!buf_ok(&input))
			return err_set(err, STATUS_USAGE, "standard input: a line is too long");
		status = answer_call(tool, &call, err);
		begin_call(&call, args, &input, request);
	}
	return status;
}

enum status tool_answer(const struct tool *tool, const struct request *request, struct err *err)
{
	char *no_args[] = { NULL };

	return converse(tool, no_args, request, err);
}

// A tool's configuration may have it before the tool's own words.
static enum status take_profile(char ***args, const char **profile, struct err *err)
{
	bool missing = false;

	if (!**args || !command_option(args, "--profile", profile, &missing))
		return STATUS_OK;
	++*args;
	return missing ? err_set(err, STATUS_USAGE, "--profile wants a name") : profile_name_check(*profile, err);
}

enum status command_tool(char **args, struct err *err)
{
	struct request request = { 0 };
	const struct tool *tool = NULL;
	enum status status;

	if (args[0])
		tool = tool_find_program(args[0], &request.profile);
	if (!tool)
		return err_set(err, STATUS_USAGE, "'%s' is none of the names that tools run sk-helper by",
			       args[0] ? args[0] : "");
	args++;
	status = request.profile ? profile_name_check(request.profile, err) : take_profile(&args, &request.profile, err);
	if (status != STATUS_OK)
		return status;
	if (tool->hello && args[0] && text_has_word(tool->reading, args[0], strlen(args[0])) &&
	    write(STDOUT_FILENO, tool->hello, strlen(tool->hello)) < 0)
		return err_set(err, STATUS_INTERNAL, "standard output: %s", strerror(errno));
	return converse(tool, args, &request, err);
}
