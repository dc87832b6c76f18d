// SPDX-License-Identifier: MIT
// erase: forgets cached tokens. The one that was refused, where it is named, so that a newer one stays. Never a secret.
#include "base/wire.h"
#include "core/commands.h"
#include "core/get-token.h"
#include "model/profile-dir.h"
#include "model/request.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum status erase_read_request(struct request *request, struct buf *text, struct err *err)
{
	enum status status = wire_read(text, STDIN_FILENO, err);

	if (status == STATUS_OK)
		status = request_parse(request, text->data, text->len, err);
	// a request that names nothing is no request: git's helpers that matched "anything" then are CVE-2020-11008
	if (status == STATUS_OK && !request->profile && !request->url)
		status = err_set(err, STATUS_USAGE, "standard input: erase needs profile= or url=");
	return status;
}

enum status command_erase(char **args, struct err *err)
{
	BUF_AUTO(input, REQUEST_MAX);
	BUF_AUTO(text, MESSAGE_MAX);
	struct request request = { .usage = "erase NAME" };
	struct profile profile;
	enum status status = STATUS_OK;
	const char *word = NULL;
	bool from_stdin;
	unsigned count = 0;

	status = command_take_usual_profile("erase", args, &word, err);
	if (status != STATUS_OK)
		return status;
	from_stdin = word && !strcmp(word, "-");
	if (from_stdin && isatty(STDIN_FILENO))
		return err_set(
			err, STATUS_USAGE,
			"'erase -' reads key=value lines from a pipe, for programs: 'sk-helper erase NAME' takes a name");
	if (from_stdin)
		status = erase_read_request(&request, &input, err);
	else
		request.profile = word;
	if (status == STATUS_OK)
		status = get_find_profile(&request, &text, &profile, NULL, err);
	// also a success when no token was cached
	if (status == STATUS_OK)
		status = get_forget(&profile, &request, &count, err);
	// a program that asks on standard input expects no answer
	if (status == STATUS_OK && !from_stdin)
		printf("profile '%s': %u cached token%s forgotten%s\n", profile.name, count, count == 1 ? "" : "s",
		       profile_has_secret(&profile) ? "; the client secret is kept" : "");
	return status;
}
