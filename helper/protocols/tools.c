// SPDX-License-Identifier: MIT
// The list of tools.
#include "protocols/tools.h"

#include "base/text.h"
#include "base/wire.h"
#include "model/profile-dir.h"
#include "protocols/tool-rows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// The front door links no JSON parser: what needs one is NULL there, and sk-core's to answer.
#ifdef SK_FRONT
#define READS_JSON(function) NULL
#else
#define READS_JSON(function) function
#endif

const struct tool tools[] = {
	{ .name = "git",
	  .program = "git-credential-sk",
	  .help = "git's credential helper",
	  .input = TOOL_READS_MESSAGE,
	  .reading = "get store erase",
	  .parse = git_parse,
	  .write = git_write,
	  .refuse = git_refuse },
	{ .name = "docker",
	  .program = "docker-credential-sk",
	  .help = "a credential helper of docker, podman, skopeo, helm and others",
	  .input = TOOL_READS_ALL,
	  .reading = "get store erase list",
	  .parse = docker_parse,
	  .write = docker_write,
	  .refuse = docker_refuse,
	  .write_entry = docker_write_entry,
	  .list_begin = "{",
	  .list_end = "}\n" },
	{ .name = "bazel",
	  .program = "bazel-credential-sk",
	  .help = "a credential helper of Bazel's and others that have the same",
	  .input = TOOL_READS_ALL,
	  .reading = "get",
	  .parse = READS_JSON(bazel_parse),
	  .write = READS_JSON(bazel_write) },
	{ .name = "terraform",
	  .program = "terraform-credentials-sk",
	  .help = "a credentials helper of Terraform's and OpenTofu's",
	  .input = TOOL_READS_ALL,
	  .reading = "store",
	  .parse = terraform_parse,
	  .write = terraform_write,
	  .refuse = terraform_refuse },
	{ .name = "cargo",
	  .program = "cargo-credential-sk",
	  .help = "a credential provider of Cargo's",
	  .input = TOOL_READS_LINES,
	  .reading = "--cargo-plugin",
	  .hello = "{\"v\":[1]}\n",
	  .parse = READS_JSON(cargo_parse),
	  .write = READS_JSON(cargo_write),
	  .refuse = READS_JSON(cargo_refuse) },
	{ .name = "vault",
	  .program = "vault-token-sk",
	  .help = "a token helper of Vault's and OpenBao's",
	  .input = TOOL_READS_NOTHING,
	  .parse = vault_parse,
	  .write = bare_write,
	  .refuse = vault_refuse },
	{ .name = "pnpm",
	  .program = "pnpm-token-sk",
	  .help = "pnpm's token helper",
	  .input = TOOL_READS_NOTHING,
	  .parse = pnpm_parse,
	  .write = pnpm_write },
	{ .name = "keyring",
	  .program = "keyring",
	  .help = "the keyring command that pip and uv run",
	  .input = TOOL_READS_NOTHING,
	  .parse = keyring_parse,
	  .write = keyring_write,
	  .refuse = keyring_refuse },
	{ .name = "kubernetes",
	  .help = "an ExecCredential, for kubectl and others of client-go",
	  .input = TOOL_READS_NOTHING,
	  .parse = READS_JSON(kubernetes_parse),
	  .write = READS_JSON(kubernetes_write) },
	{ .name = "goauth",
	  .help = "what GOAUTH wants of a command",
	  .input = TOOL_READS_WITH_URL,
	  .parse = goauth_parse,
	  .write = goauth_write,
	  .refuse = goauth_refuse },
	{ .name = "google",
	  .help = "an executable-sourced credential of Google's libraries",
	  .input = TOOL_READS_NOTHING,
	  .parse = google_parse,
	  .write = google_write,
	  .refuse = google_refuse },
};
const size_t tool_count = sizeof tools / sizeof tools[0];

const struct tool *tool_find_program(const char *program, const char **profile)
{
	*profile = NULL;
	for (size_t i = 0; i < tool_count; i++) {
		size_t len = tools[i].program ? strlen(tools[i].program) : 0;

		if (!len || strncmp(program, tools[i].program, len) != 0 || (program[len] && program[len] != '-'))
			continue;
		*profile = program[len] ? program + len + 1 : NULL;
		return &tools[i];
	}
	return NULL;
}

const struct tool *tool_find_format(const char *name)
{
	for (size_t i = 0; i < tool_count; i++) {
		if (!tools[i].program && !strcmp(tools[i].name, name))
			return &tools[i];
	}
	return NULL;
}

void tool_begin(struct tool_call *call, char **args, struct buf *input, const struct request *request)
{
	memset(call, 0, sizeof *call);
	call->args = args;
	call->input = input;
	if (request)
		call->request = *request;
	call->request.keep_scope = true;
}

bool tool_has_input(const struct tool *tool, const struct tool_call *call)
{
	const char *operation = tool_operation(call);

	return !tool->reading || text_has_word(tool->reading, operation, strlen(operation));
}

enum status tool_read_input(const struct tool *tool, const struct tool_call *call, struct buf *input, struct err *err)
{
	if (!tool_has_input(tool, call))
		return STATUS_OK;
	if (tool->input == TOOL_READS_MESSAGE || (tool->input == TOOL_READS_WITH_URL && call->request.url))
		return wire_read(input, STDIN_FILENO, err);
	if (tool->input == TOOL_READS_ALL && !buf_read(input, STDIN_FILENO))
		return err_set(err, STATUS_USAGE, "standard input: %s",
			       errno == EFBIG ? "a request is at most 65535 bytes, and this one is too long" : strerror(errno));
	return STATUS_OK;
}

bool tool_names_no_target(const struct tool_call *call)
{
	return !call->request.url && !call->request.profile && !call->takes_default;
}

enum status tool_find_profile(struct tool_call *call, tool_finder find, struct buf *text, struct profile *profile,
			      bool *uncovered, struct err *err)
{
	enum status status = find(&call->request, text, profile, uncovered, err);

	if (status == STATUS_OK || !*uncovered || !call->https_instead)
		return status;
	// "localhost:5000" may be a registry of either kind
	memmove(call->url + 5, call->url + 4, strlen(call->url + 4) + 1);
	call->url[4] = 's';
	request_set_url(&call->request, call->url);
	buf_reset(text);
	return find(&call->request, text, profile, uncovered, err);
}

const char *tool_operation(const struct tool_call *call)
{
	return call->args[0] ? call->args[0] : "";
}

enum status tool_set_url(struct tool_call *call, const char *text, struct err *err)
{
	int len = snprintf(call->url, sizeof call->url, "%s%s", strstr(text, "://") ? "" : "https://", text);

	if (len < 0 || (size_t)len >= sizeof call->url)
		return err_set(err, STATUS_USAGE, "URL: longer than %d bytes", URL_MAX);
	request_set_url(&call->request, call->url);
	return STATUS_OK;
}

void put_time(struct buf *out, int64_t seconds)
{
	time_t time = (time_t)seconds;
	struct tm tm;
	char text[32];

	if (!gmtime_r(&time, &tm) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
		buf_fail(out);
	else
		buf_adds(out, text);
}

const char *tool_username(const struct profile *profile, const char *otherwise)
{
	return profile->username ? profile->username : otherwise;
}

enum status bare_write(const struct tool_call *call, const struct answer *answer, struct buf *out, struct err *err)
{
	(void)call;
	(void)err;
	buf_adds(out, answer->token->access_token);
	buf_addc(out, '\n');
	return STATUS_OK;
}

enum status tool_take_profile(char ***args, const char **profile, struct err *err)
{
	const char *word = **args;

	if (*profile)
		return profile_name_check(*profile, err);
	if (!word || !text_starts(word, "--profile") || (word[9] && word[9] != '='))
		return STATUS_OK;
	*profile = word[9] ? word + 10 : *++*args;
	if (!*profile)
		return err_set(err, STATUS_USAGE, "--profile needs the name of a profile");
	++*args;
	return profile_name_check(*profile, err);
}
