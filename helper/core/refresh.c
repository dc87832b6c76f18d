// SPDX-License-Identifier: MIT
// refresh: asks the servers again what 'add' found out. A changed issuer is refused: the secret was given for the other one.
#include "ask.h"
#include "client.h"
#include "commands.h"
#include "discover.h"
#include "profiles.h"
#include "stored-secret.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

const struct option refresh_options[] = {
	{ "--yes", NULL, "answer every question with yes" },
	{ NULL, NULL, NULL },
};

static void print_change(const char *what, const char *was, const char *is)
{
	if (!text_same(was, is))
		printf("%s: '%s', was '%s'\n", what, is ? is : "", was ? was : "");
}

// The secret was given for the issuer, and it is the issuer that says where its token endpoint is now.
static enum status keep(const struct profile *old, const struct profile *profile, struct err *err)
{
	BUF_AUTO(record, SECRET_RECORD_MAX);
	struct secret secret = { 0 };
	struct err warning;
	enum status status = stored_secret(old, &record, &secret, err);

	return status == STATUS_OK ? client_keep(profile, secret.client_secret, secret.previous_secret, &warning, err) : status;
}

static enum status refresh(const char *name, bool yes, struct err *err)
{
	BUF_AUTO(text, PROFILE_FILE_MAX);
	BUF_AUTO(answer, 65536);
	struct profile old, profile;
	char question[600];
	enum status status = profiles_load(name, &text, &old, err);

	if (status != STATUS_OK)
		return status;
	if (!old.issuer)
		return err_set(err, STATUS_USAGE,
			       "it has no issuer, and so nobody to ask: 'sk-helper add' with --url or --issuer finds one");
	profile = old;
	profile.token_endpoint = profile.resource = profile.auth_method = NULL;
	status = discover(&profile, &answer, err);
	if (status != STATUS_OK)
		return status;
	if (!profile.resource)
		profile.resource = old.resource;
	if (!text_same(old.token_endpoint, profile.token_endpoint) && !yes) {
		(void)snprintf(question, sizeof question, "send the client secret to '%s' from now on, not to '%s'?",
			       profile.token_endpoint, old.token_endpoint);
		status = ask_yes(question, err);
	}
	if (status == STATUS_OK)
		status = keep(&old, &profile, err);
	if (status != STATUS_OK)
		return status;
	print_change("token endpoint", old.token_endpoint, profile.token_endpoint);
	print_change("authentication", old.auth_method, profile.auth_method);
	print_change("resource", old.resource, profile.resource);
	return STATUS_OK;
}

enum status command_refresh(char **args, struct err *err)
{
	const char *name = NULL;
	bool yes = false;
	struct lock lock;
	enum status status;

	for (; *args; args++) {
		if (!strcmp(*args, "--yes"))
			yes = true;
		else if (text_starts(*args, "-") || name)
			return err_set(err, STATUS_USAGE, "refresh takes the name of one profile, not also '%s'", *args);
		else
			name = *args;
	}
	if (!name)
		return err_set(err, STATUS_USAGE, "refresh takes the name of one profile");
	status = client_lock(&lock, err);
	if (status != STATUS_OK)
		return status;
	status = refresh(name, yes, err);
	lock_release(&lock);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		err_prefix(err, "profile '%s'", name);
	return status;
}
