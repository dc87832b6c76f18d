// SPDX-License-Identifier: MIT
// refresh: asks the servers again what 'add' found out. A changed issuer is refused: the secret was given for the other one.
// What else has changed is shown, and asked about: it may be the user's own.
#include "base/text.h"
#include "core/ask.h"
#include "core/binding.h"
#include "core/change.h"
#include "core/commands.h"
#include "core/discover.h"
#include "core/keep.h"
#include "core/stored-secret.h"
#include "core/terminal.h"
#include "model/auth-method.h"
#include "model/profile-dir.h"

#include <stdio.h>
#include <string.h>

const struct option refresh_options[] = {
	{ "--yes", NULL, "agree to what has changed" },
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

static enum status refresh_ask(const struct profile *was, const struct profile *is, const char *changes, struct err *err)
{
	BUF_AUTO(question, ANSWER_MAX);
	BUF_AUTO(without, ANSWER_MAX);

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
		buf_adds(&question, "change the profile");
	}
	if (!buf_ok(&question))
		return err_set(err, STATUS_POLICY, "the servers' metadata is too long to be shown, so you cannot agree to it");
	buf_adds(&without, "the server's metadata has changed: ");
	buf_adds(&without, question.data);
	buf_adds(&without, "? Use --yes to agree.");
	return ask_yes(changes, question.data, without.data, err);
}

// The secret was given for the issuer, and it is the issuer that says where its endpoints are now.
static enum status refresh_keep(const struct profile *old, const struct profile *profile, struct err *err)
{
	BUF_AUTO(record, SECRET_RECORD_MAX);
	struct secret secret = { 0 };
	struct err warning;
	struct lock lock;
	enum status status = keep_prepare(err);

	if (status == STATUS_OK)
		status = keep_lock_unchanged(&lock, old, err);
	if (status != STATUS_OK)
		return status;
	status = profile_secret_is_elsewhere(old) ? binding_check(old, err) : client_secret_get(old, &record, &secret, err);
	// a refresh that was killed half-way: the secret is bound to what the issuer says already
	if (status == STATUS_POLICY && profile_has_secret(old) && !profile_secret_is_elsewhere(old))
		status = stored_secret_get(profile, &record, &secret, err);
	if (status == STATUS_OK)
		status = keep_client(profile, profile_has_secret(profile) ? &secret : NULL, &warning, err);
	lock_release(&lock);
	return status;
}

static enum status refresh(const char *name, bool yes, struct err *err)
{
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	BUF_AUTO(answer, 65536);
	BUF_AUTO(changes, 65536);
	BUF_AUTO(record, SECRET_RECORD_MAX);
	struct profile old, profile;
	struct secret secret = { 0 };
	struct err warning;
	enum status status = profile_dir_load(name, &text, &old, err);

	// an issuer that somebody has written into the profile is not asked
	if (status == STATUS_OK)
		status = profile_secret_is_elsewhere(&old) ? binding_check(&old, err) :
							     client_secret_get(&old, &record, &secret, err);
	if (status != STATUS_OK && !(status == STATUS_POLICY && text_same(secret.given_for.issuer, old.issuer)))
		return status;
	if (!old.issuer)
		return err_set(err, STATUS_USAGE,
			       "it has no issuer, so no server can be asked: 'sk-helper add %s --issuer URL' finds one", name);
	profile = old;
	profile.token_endpoint = profile.revocation_endpoint = profile.resource = NULL;
	if (profile_has_secret(&old))
		profile.auth_method = NULL;
	terminal_wait_begin("the authorization server");
	status = discover(&profile, auth_method_uses_key(old.auth_method) ? "" : NULL, old.auth_method, &answer, &warning, err);
	terminal_wait_end();
	if (status != STATUS_OK)
		return status;
	// what may be asked for is not the servers' to change
	profile.scope = old.scope;
	if (!profile.resource)
		profile.resource = old.resource;
	if (!profile.revocation_endpoint)
		profile.revocation_endpoint = old.revocation_endpoint;
	status = change_may_write(&old, &profile, err);
	if (status != STATUS_OK)
		return status;
	add_changes(&changes, &old, &profile);
	if (changes.len == 0) {
		puts("nothing has changed");
		return STATUS_OK;
	}
	if (!yes)
		status = refresh_ask(&old, &profile, changes.data, err);
	if (status == STATUS_OK)
		status = refresh_keep(&old, &profile, err);
	if (status == STATUS_OK)
		fputs(changes.data, stdout);
	return status;
}

struct refresh_words {
	const char *name;
	bool yes;
};

static enum status refresh_take_word(void *context, const char *option, const char *value, struct err *err)
{
	struct refresh_words *words = context;

	if (option)
		words->yes = true;
	else if (words->name)
		return err_set(err, STATUS_USAGE, "refresh takes the name of one profile, not also '%s'", value);
	else
		words->name = value;
	return STATUS_OK;
}

enum status command_refresh(char **args, struct err *err)
{
	const struct options parser = { "refresh", refresh_options, false };
	struct refresh_words words = { NULL, false };
	enum status status = options_parse(&parser, &args, refresh_take_word, &words, err);

	if (status == STATUS_OK && !words.name)
		return command_needs_profile("refresh", err);
	if (status != STATUS_OK)
		return status;
	status = refresh(words.name, words.yes, err);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		err_prefix(err, "profile '%s'", words.name);
	return status;
}
