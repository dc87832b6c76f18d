// SPDX-License-Identifier: MIT
// refresh: asks the servers again what 'add' found out. A changed issuer is refused: the secret was given for the other one.
// What else has changed is shown, and asked about: it may be the user's own.
#include "base/text.h"
#include "core/ask.h"
#include "core/client.h"
#include "core/commands.h"
#include "core/discover.h"
#include "core/stored-secret.h"
#include "model/auth-method.h"
#include "model/profiles.h"

#include <stdio.h>
#include <string.h>

const struct option refresh_options[] = {
	{ "--yes", NULL, "answer every question with yes" },
	{ NULL, NULL, NULL },
};

static void add_change(struct buf *lines, const char *what, const char *was, const char *is)
{
	if (text_same(was, is))
		return;
	buf_adds(lines, what);
	buf_adds(lines, ": '");
	buf_adds(lines, is ? is : "");
	buf_adds(lines, "', was '");
	buf_adds(lines, was ? was : "");
	buf_adds(lines, "'\n");
}

static void add_changes(struct buf *lines, const struct profile *was, const struct profile *is)
{
	add_change(lines, "token endpoint", was->token_endpoint, is->token_endpoint);
	add_change(lines, "revocation endpoint", was->revocation_endpoint, is->revocation_endpoint);
	add_change(lines, "authentication", was->auth_method, is->auth_method);
	add_change(lines, "resource", was->resource, is->resource);
}

static enum status ask(const struct profile *was, const struct profile *is, const char *changes, struct err *err)
{
	BUF_AUTO(question, 65536);

	if (!text_same(was->token_endpoint, is->token_endpoint)) {
		discover_intent(is, &question);
		buf_adds(&question, " from now on, not to '");
		buf_adds(&question, was->token_endpoint);
		buf_adds(&question, "'");
	} else {
		// on one line, for an error
		buf_adds(&question, changes);
		for (char *lf = question.data; (lf = strchr(lf, '\n'));)
			*lf = lf[1] ? ';' : ' ';
		buf_adds(&question, "change that");
	}
	if (!buf_ok(&question))
		return err_set(err, STATUS_POLICY, "the servers say more than can be shown");
	return ask_yes(changes, question.data, err);
}

// The secret was given for the issuer, and it is the issuer that says where its endpoints are now.
static enum status keep(const struct profile *old, const struct profile *profile, struct err *err)
{
	BUF_AUTO(record, SECRET_RECORD_MAX);
	struct secret secret;
	struct err warning;
	struct lock lock;
	enum status status = client_prepare_profiles(err);

	if (status == STATUS_OK)
		status = client_lock_unchanged(&lock, old, err);
	if (status != STATUS_OK)
		return status;
	status = stored_secret(old, &record, &secret, err);
	// a refresh that was killed half-way: the secret is bound to what the issuer says already
	if (status == STATUS_POLICY)
		status = stored_secret(profile, &record, &secret, err);
	if (status == STATUS_OK)
		status = client_keep(profile, &secret, &warning, err);
	lock_release(&lock);
	return status;
}

static enum status refresh(const char *name, bool yes, struct err *err)
{
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	BUF_AUTO(answer, 65536);
	BUF_AUTO(changes, 65536);
	BUF_AUTO(record, SECRET_RECORD_MAX);
	char path[PROFILES_PATH_MAX];
	struct profile old, profile;
	struct secret secret = { 0 };
	enum status status = profiles_load(name, &text, &old, err);

	// an issuer that somebody has written into the profile is not asked
	if (status == STATUS_OK)
		status = stored_secret(&old, &record, &secret, err);
	if (status != STATUS_OK && !(status == STATUS_POLICY && text_same(secret.given_for.issuer, old.issuer)))
		return status;
	if (!old.issuer)
		return err_set(err, STATUS_USAGE,
			       "it has no issuer, and so nobody to ask: 'sk-helper add' with --url or --issuer finds one");
	profile = old;
	status = profiles_make_own(&profile, path, err);
	if (status != STATUS_OK)
		return status;
	profile.token_endpoint = profile.revocation_endpoint = profile.resource = profile.auth_method = NULL;
	status = discover(&profile, auth_method_uses_key(old.auth_method) ? "" : NULL, old.auth_method, &answer, err);
	if (status != STATUS_OK)
		return status;
	if (!profile.resource)
		profile.resource = old.resource;
	if (!profile.revocation_endpoint)
		profile.revocation_endpoint = old.revocation_endpoint;
	add_changes(&changes, &old, &profile);
	if (changes.len == 0) {
		puts("nothing has changed");
		return STATUS_OK;
	}
	if (!yes)
		status = ask(&old, &profile, changes.data, err);
	if (status == STATUS_OK)
		status = keep(&old, &profile, err);
	if (status == STATUS_OK)
		fputs(changes.data, stdout);
	return status;
}

enum status command_refresh(char **args, struct err *err)
{
	const char *name = NULL;
	bool yes = false;
	enum status status;

	for (; *args; args++) {
		if (!strcmp(*args, "--yes"))
			yes = true;
		else if (text_starts(*args, "-"))
			return err_set(err, STATUS_USAGE, "refresh has no option '%s': see 'sk-helper help refresh'", *args);
		else if (name)
			return err_set(err, STATUS_USAGE, "refresh takes the name of one profile, not also '%s'", *args);
		else
			name = *args;
	}
	if (!name)
		return err_set(err, STATUS_USAGE, "refresh takes the name of one profile");
	status = refresh(name, yes, err);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		err_prefix(err, "profile '%s'", name);
	return status;
}
