// SPDX-License-Identifier: MIT
// rotate: a new client secret, which has to prove itself with a token before it takes the place of the old one. The old one
// stays behind it, for one try when the server does not know the new one: the only secret that works is never lost.
#include "ask.h"
#include "client.h"
#include "commands.h"
#include "obtain.h"
#include "profiles.h"
#include "stored-secret.h"

#include <stdio.h>

static enum status rotate(const char *name, const char *client_secret, struct err *err)
{
	__attribute__((cleanup(obtained_free))) struct obtained obtained = OBTAINED_INIT;
	BUF_AUTO(text, PROFILE_FILE_MAX);
	BUF_AUTO(record, SECRET_RECORD_MAX);
	struct profile profile;
	struct secret old = { 0 };
	struct err warning;
	enum status status = profiles_load(name, &text, &profile, err);

	if (status != STATUS_OK)
		return status;
	status = stored_secret(&profile, &record, &old, err);
	if (status == STATUS_NOT_FOUND)
		err_set(err, status, "there is no client secret to rotate: 'sk-helper store' or 'sk-helper add' stores one");
	if (status == STATUS_OK)
		status = obtain_with_secret(&profile, client_secret, &obtained, err);
	if (status == STATUS_OK)
		status = client_keep(&profile, client_secret, old.client_secret, &warning, err);
	if (status != STATUS_OK) {
		err_prefix(err, "profile '%s' not rotated", name);
		return status;
	}
	obtain_cache(&profile, &obtained);
	printf("profile '%s': the new client secret works; the previous one is kept behind it\n", name);
	if (*obtained.warning.text)
		warn(&obtained.warning);
	return STATUS_OK;
}

enum status command_rotate(char **args, struct err *err)
{
	BUF_AUTO(client_secret, SECRET_MAX);
	struct lock lock;
	enum status status;

	if (!args[0] || args[1])
		return err_set(err, STATUS_USAGE, "rotate takes the name of one profile, and the new secret on standard input");
	status = profile_name_check(args[0], err);
	if (status == STATUS_OK && !profiles_exists(args[0]))
		status = err_set(err, STATUS_NOT_FOUND, "no profile '%s': 'sk-helper list' shows what there is", args[0]);
	if (status == STATUS_OK)
		status = ask_secret(args[0], &client_secret, err);
	if (status == STATUS_OK)
		status = client_lock(&lock, err);
	if (status != STATUS_OK)
		return status;
	status = rotate(args[0], client_secret.data, err);
	lock_release(&lock);
	return status;
}
