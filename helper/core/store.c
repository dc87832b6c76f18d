// SPDX-License-Identifier: MIT
// store: makes or changes a profile from key=value lines, for programs. With client_secret= the secret, too; without it,
// nothing may change that decides who sees the secret that is there. A client with an identity token has none.
#include "base/text.h"
#include "base/wire.h"
#include "core/audit.h"
#include "core/change.h"
#include "core/commands.h"
#include "core/keep.h"
#include "core/stored-secret.h"
#include "model/auth-method.h"
#include "model/profile-dir.h"
#include "model/request.h"

#include <string.h>
#include <unistd.h>

struct store_request {
	const char *name;
	const char *client_secret;
	struct change change;
};

static enum status store_read(struct store_request *request, struct buf *text, struct err *err)
{
	struct wire_field field;
	enum wire_result result;
	struct wire wire;
	enum status status = wire_read(text, STDIN_FILENO, err);

	*request = (struct store_request){ 0 };
	if (status != STATUS_OK)
		return status;
	wire = wire_message(text->data, text->len);
	while ((result = wire_next(&wire, &field, err)) == WIRE_FIELD) {
		const char **place = !strcmp(field.key, "profile")	 ? &request->name :
				     !strcmp(field.key, "client_secret") ? &request->client_secret :
									   NULL;

		if (place && *place)
			status = err_set(err, STATUS_USAGE, "%s: given twice", field.key);
		else if (place)
			*place = field.value;
		else
			status = profile_set(&request->change.given, field.key, field.value, err);
		if (status != STATUS_OK)
			break;
	}
	if (status == STATUS_OK && result == WIRE_BAD)
		status = STATUS_USAGE;
	if (status == STATUS_OK && (!request->name || !profile_name_ok(request->name)))
		status = err_set(err, STATUS_USAGE, "profile: missing, or not a profile's name");
	if (status == STATUS_OK && request->client_secret)
		status = secret_text_check(request->client_secret, err);
	if (status != STATUS_OK)
		err_prefix(err, "standard input");
	return status;
}

// The secret that is stored must be for the profile as it would be.
static enum status check_stored_secret(const struct profile *profile, struct err *err)
{
	BUF_AUTO(record, SECRET_RECORD_MAX);
	struct secret secret;
	enum status status = stored_secret_get(profile, &record, &secret, err);

	if (status == STATUS_NOT_FOUND)
		return err_set(err, status, "no client secret is in the %s keyring: give client_secret=, too",
			       profile->secret_store);
	return status;
}

// What goes with the secret that is given, or is there. elsewhere: what is only read is proved before it is used, and 'store' asks no server.
static enum status store_check_elsewhere(const struct store_request *request, const struct profile *old,
					 const struct profile *profile, bool exists, struct err *err)
{
	if (request->client_secret)
		return err_set(err, STATUS_USAGE,
			       "client_secret is given, and secret_store '%s' is only read: leave one of them out",
			       profile->secret_store);
	if (exists && (change_moves_secret(old, profile) || !text_same(old->secret_store, profile->secret_store)))
		return err_set(
			err, STATUS_POLICY,
			"this changes where its secret comes from, or where it goes, and secret_store '%s' is only read: "
			"'sk-helper set %s' changes it, and checks that it works",
			profile->secret_store, profile->name);
	return STATUS_OK;
}

static enum status store_check(const struct store_request *request, const struct profile *old, const struct profile *profile,
			       bool exists, struct err *err)
{
	if (profile_secret_is_elsewhere(profile))
		return store_check_elsewhere(request, old, profile, exists, err);
	if (request->client_secret && auth_method_uses_key(profile->auth_method))
		return err_set(
			err, STATUS_USAGE,
			"client_secret is given, and auth_method '%s' needs a private key: 'sk-helper add %s --private-key FILE' stores one",
			profile->auth_method, profile->name);
	if (request->client_secret && !profile_has_secret(profile))
		return err_set(err, STATUS_USAGE,
			       "client_secret is given, and the client proves itself with an identity token: leave "
			       "client_secret= or identity_token= out");
	return !request->client_secret && profile_has_secret(profile) ? check_stored_secret(profile, err) : STATUS_OK;
}

static enum status store_load(const struct store_request *request, struct profile *old, struct buf *text,
			      char path[PROFILE_PATH_MAX], bool exists, struct err *err)
{
	*old = (struct profile){ 0 };
	memcpy(old->name, request->name, strlen(request->name) + 1);
	return exists ? profile_dir_load(request->name, text, old, err) : profile_dir_make_own(old, path, err);
}

static enum status store_keep(const struct store_request *request, const struct profile *profile, bool exists, struct err *err)
{
	const struct secret secret = { .value = request->client_secret };
	bool takes = request->client_secret || (!exists && profile_secret_is_elsewhere(profile));
	struct err warning = { 0 };
	enum status status = keep_client(profile, takes ? &secret : NULL, &warning, err);

	if (status == STATUS_OK && (takes || !exists))
		audit_say(&(struct audit_event){ .kind = AUDIT_STORED, .profile = profile });
	if (status == STATUS_OK && *warning.text)
		warn(&warning);
	return status;
}

// Under the lock: what is there, with what is given put over it.
static enum status store_change(const struct store_request *request, struct err *err)
{
	BUF_AUTO(old_text, PROFILE_TEXT_MAX);
	struct err first_choice_error;
	bool exists = profile_dir_exists(request->name);
	struct profile old, profile;
	char path[PROFILE_PATH_MAX];
	enum status status = store_load(request, &old, &old_text, path, exists, err);

	if (status != STATUS_OK)
		return status;
	exists = exists && change_begin(&request->change, &old);
	profile = old;
	status = change_apply(&request->change, &profile, err);
	if (status == STATUS_OK)
		status = keep_choose_keyrings(&profile, true, &first_choice_error, err);
	if (status == STATUS_OK)
		status = profile_complete(&profile, err);
	if (status == STATUS_OK)
		status = change_may_write(&old, &profile, err);
	if (status == STATUS_OK && exists)
		status = change_check_trust(&request->change, &old, false, err);
	if (status == STATUS_OK)
		status = store_check(request, &old, &profile, exists, err);
	if (status == STATUS_OK)
		status = store_keep(request, &profile, exists, err);
	if (status != STATUS_OK)
		err_prefix(err, "profile '%s'", request->name);
	return status;
}

enum status command_store(char **args, struct err *err)
{
	BUF_AUTO(text, REQUEST_MAX);
	struct store_request request;
	struct lock lock;
	enum status status;

	if (args[0])
		return err_set(
			err, STATUS_USAGE,
			"store takes its request on standard input, and no '%s': 'sk-helper add %s' asks for a client secret",
			args[0], profile_name_ok(args[0]) ? args[0] : "NAME");
	if (isatty(STDIN_FILENO))
		return err_set(
			err, STATUS_USAGE,
			"store reads key=value lines from a pipe, for programs: 'sk-helper add NAME' asks for a client secret");
	status = store_read(&request, &text, err);
	if (status == STATUS_OK)
		status = keep_prepare(err);
	if (status == STATUS_OK)
		status = keep_lock(&lock, err);
	if (status != STATUS_OK)
		return status;
	status = store_change(&request, err);
	lock_release(&lock);
	return status;
}
