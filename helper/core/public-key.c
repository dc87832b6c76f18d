// SPDX-License-Identifier: MIT
// public-key: the public part of a client's private key, as a JWK: what the authorization server has to know.
#include "core/ask-key.h"
#include "core/commands.h"
#include "core/ssh-agent.h"
#include "core/stored-secret.h"
#include "model/profile-dir.h"

#include <stdio.h>

enum status command_public_key(char **args, struct err *err)
{
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	BUF_AUTO(record, SECRET_RECORD_MAX);
	BUF_AUTO(answer, 65536);
	struct client_key key = { "", "", "" };
	struct profile profile;
	struct secret secret;
	const char *name;
	enum status status = command_take_profile("public-key", args, &name, err);

	if (status == STATUS_OK)
		status = profile_dir_load(name, &text, &profile, err);
	if (status != STATUS_OK)
		return status;
	if (profile.ssh_agent) {
		status = ssh_agent_describe(&profile, &answer, &key, err);
	} else {
		status = stored_secret_get(&profile, &record, &secret, err);
		if (status == STATUS_OK && !secret.is_key)
			status = err_set(err, STATUS_USAGE, "its client has a client secret, and no private key");
		if (status == STATUS_OK)
			status = key_describe(secret.value, &answer, &key, err);
	}
	if (status == STATUS_OK)
		puts(key.public_jwk);
	else
		err_prefix(err, "profile '%s'", profile.name);
	return status;
}
