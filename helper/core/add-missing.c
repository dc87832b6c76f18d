// SPDX-License-Identifier: MIT
#include "core/add-missing.h"

#include "core/add.h"
#include "core/commands.h"
#include "core/stored-secret.h"
#include "model/auth-method.h"
#include "model/profile-dir.h"

#include <stdio.h>
#include <string.h>

struct waiting {
	unsigned count, failed;
	enum status worst;
};

static void add_missing_failed(struct waiting *waiting, enum status status, struct err *err)
{
	waiting->failed++;
	waiting->worst = status;
	warn(err);
}

static void add_one_missing(const struct profile *profile, struct waiting *waiting)
{
	struct add_options options = { .command = "add", .missing = true, .change.adds_urls = true };
	enum status status;
	struct err err;

	memcpy(options.change.given.name, profile->name, strlen(profile->name) + 1);
	printf("profile '%s', client id '%s', for %s:\n", profile->name, profile->client_id, profile->token_endpoint);
	(void)fflush(stdout);
	status = add_client(&options, NULL, &err);
	if (status != STATUS_OK)
		add_missing_failed(waiting, status, &err);
}

static bool add_missing_secret(const char *name, void *context)
{
	struct waiting *waiting = context;
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	BUF_AUTO(record, SECRET_RECORD_MAX);
	struct profile profile;
	struct secret secret;
	struct err err;
	enum status status = profile_dir_load(name, &text, &profile, &err);
	bool loaded = status == STATUS_OK;

	if (loaded && (!profile_has_secret(&profile) || profile_secret_is_elsewhere(&profile)))
		return true;
	if (loaded)
		status = stored_secret_get(&profile, &record, &secret, &err);
	if (status == STATUS_OK)
		return true;
	waiting->count++;
	if (loaded && status == STATUS_NOT_FOUND && !auth_method_uses_key(profile.auth_method)) {
		add_one_missing(&profile, waiting);
		return true;
	}
	if (loaded && status == STATUS_NOT_FOUND)
		err_set(&err, status,
			"profile '%s': its private key is missing: 'sk-helper add %s --private-key FILE' stores it", name,
			name);
	else if (loaded)
		err_prefix(&err, "profile '%s'", name);
	add_missing_failed(waiting, status, &err);
	return true;
}

enum status add_missing(struct err *err)
{
	struct waiting waiting = { 0 };
	enum status status = profile_dir_each_by_name(add_missing_secret, &waiting, err);

	if (status == STATUS_OK && waiting.count == 0)
		puts("no client secret is missing");
	if (status == STATUS_OK && waiting.failed)
		return err_set(err, waiting.worst, "add: %u of %u missing secrets could not be stored", waiting.failed,
			       waiting.count);
	return status;
}
