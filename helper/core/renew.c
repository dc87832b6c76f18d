// SPDX-License-Identifier: MIT
// renew: run by the front door behind a get whose token was near its end. Nobody waits for it, and nobody reads what it says.
#include "core/renew.h"

#include "base/harden.h"
#include "core/commands.h"
#include "core/obtain.h"
#include "core/source-runner.h"
#include "model/profile-dir.h"

#include <unistd.h>

void renew_in_background(const struct get_result *result)
{
	// what is shared with us is renewed where it comes from
	if (profile_dir_socket() || cached_token_freshness(&result->obtained, clock_now(), 0) != TOKEN_AGING)
		return;
	if (!fork_detached()) {
		// the process that was made uses it on
		source_runner_leave();
		return;
	}
	(void)obtain_renewal(&result->profile, &result->request, NULL);
	_exit(0);
}

enum status command_renew(char **args, struct err *err)
{
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	struct request request = { 0 };
	struct profile profile;
	enum status status;

	// behind these three, whoever has asked (main.c)
	if (!args[0])
		return err_set(err, STATUS_USAGE, "renew: the name of a profile is missing");
	status = profile_dir_load(args[0], &text, &profile, err);
	if (status != STATUS_OK)
		return status;
	request.scope = args[1];
	request.resource = args[1] && args[2] && *args[2] ? args[2] : NULL;
	status = request_resolve(&request, &profile, err);
	if (status != STATUS_OK)
		return status;
	// a request, and one with the previous secret; and before them, the secret or the identity token from elsewhere
	harden_deadline((unsigned)(profile.timeout * 2 + 2 * profile.secret_timeout + SOURCE_SECONDS) + 10);
	return obtain_renewal(&profile, &request, err);
}
