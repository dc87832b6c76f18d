// SPDX-License-Identifier: MIT
// erase: forgets cached tokens. The one that was refused, where it is named, so that a newer one stays. Never a secret.
#include "base/wire.h"
#include "core/commands.h"
#include "core/token-cache.h"
#include "model/profile-dir.h"
#include "model/request.h"

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
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	struct request request = { .usage = "erase NAME" };
	struct profile profile;
	enum status status = STATUS_OK;

	if (args[0] && args[1])
		return err_set(err, STATUS_USAGE, "erase takes one profile, not also '%s'", args[1]);
	if (args[0] && !strcmp(args[0], "-"))
		status = erase_read_request(&request, &input, err);
	else
		request.profile = args[0];
	if (status == STATUS_OK)
		status = profile_dir_for(&request, &text, &profile, NULL, err);
	// also a success when no token was cached
	return status == STATUS_OK ? token_cache_forget(&profile, request.credential, NULL, err) : status;
}
