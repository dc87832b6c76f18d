// SPDX-License-Identifier: MIT
// store: makes or changes a profile from key=value lines, for programs. With client_secret= the secret, too; without it,
// nothing may change that decides who sees the secret that is there.
#include "base/wire.h"
#include "core/commands.h"
#include "core/keep.h"
#include "core/stored-secret.h"
#include "model/auth-method.h"
#include "model/profile-dir.h"
#include "model/request.h"

#include <string.h>
#include <unistd.h>

struct change {
	const char *name;
	const char *client_secret;
	struct profile profile; // the keys that were given
};

static enum status read_change(struct change *change, struct buf *text, struct err *err)
{
	struct wire_field field;
	enum wire_result result;
	struct wire wire;
	enum status status = wire_read(text, STDIN_FILENO, err);

	*change = (struct change){ 0 };
	if (status != STATUS_OK)
		return status;
	wire = wire_message(text->data, text->len);
	while ((result = wire_next(&wire, &field, err)) == WIRE_FIELD) {
		const char **place = !strcmp(field.key, "profile")	 ? &change->name :
				     !strcmp(field.key, "client_secret") ? &change->client_secret :
									   NULL;

		if (place && *place)
			status = err_set(err, STATUS_USAGE, "%s: given twice", field.key);
		else if (place)
			*place = field.value;
		else if (!profile_key_find(field.key))
			status = err_set(err, STATUS_USAGE, "%.64s: not a key of a profile's: see sk-helper-profile(5)",
					 field.key);
		else
			status = profile_set(&change->profile, field.key, field.value, err);
		if (status != STATUS_OK)
			break;
	}
	if (status == STATUS_OK && result == WIRE_BAD)
		status = STATUS_USAGE;
	if (status == STATUS_OK && (!change->name || !profile_name_ok(change->name)))
		status = err_set(err, STATUS_USAGE, "profile: missing, or not a profile's name");
	if (status == STATUS_OK && change->client_secret)
		status = secret_text_check(change->client_secret, err);
	if (status != STATUS_OK)
		err_prefix(err, "standard input");
	return status;
}

// What is given counts; what is not stays as it was.
static void store_merge(struct profile *profile, const struct profile *given)
{
	for (size_t i = 0; i < profile_key_count; i++) {
		const struct profile_key *key = &profile_keys[i];
		void *to = (char *)profile + key->offset;
		const void *from = (const char *)given + key->offset;

		if (key->kind == KEY_TEXT && *(const char *const *)from)
			*(const char **)to = *(const char *const *)from;
		else if (key->kind == KEY_NUMBER && *(const int64_t *)from)
			*(int64_t *)to = *(const int64_t *)from;
	}
	if (given->url_count) {
		memcpy(profile->urls, given->urls, sizeof profile->urls);
		profile->url_count = given->url_count;
	}
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

// Under the lock: what is there, with what is given put over it.
static enum status change_profile(const struct change *change, struct err *err)
{
	BUF_AUTO(old_text, PROFILE_TEXT_MAX);
	const struct secret secret = { .value = change->client_secret };
	struct err first_choice_error, warning = { 0 };
	char path[PROFILE_PATH_MAX];
	struct profile profile;
	enum status status = STATUS_OK;

	if (profile_dir_exists(change->name)) {
		status = profile_dir_load(change->name, &old_text, &profile, err);
		if (status != STATUS_OK)
			return status;
	} else {
		memset(&profile, 0, sizeof profile);
		memcpy(profile.name, change->name, strlen(change->name) + 1);
	}
	store_merge(&profile, &change->profile);
	status = profile_dir_make_own(&profile, path, err);
	if (status == STATUS_OK)
		status = keep_choose_keyrings(&profile, &first_choice_error, err);
	if (status == STATUS_OK)
		status = profile_complete(&profile, err);
	if (status == STATUS_OK && change->client_secret && auth_method_uses_key(profile.auth_method))
		status = err_set(
			err, STATUS_USAGE,
			"client_secret is given, and auth_method '%s' needs a private key: store it with 'sk-helper add'",
			profile.auth_method);
	if (status == STATUS_OK && !change->client_secret)
		status = check_stored_secret(&profile, err);
	if (status == STATUS_OK)
		status = keep_client(&profile, change->client_secret ? &secret : NULL, &warning, err);
	if (status == STATUS_OK && *warning.text)
		warn(&warning);
	if (status != STATUS_OK)
		err_prefix(err, "profile '%s'", change->name);
	return status;
}

enum status command_store(char **args, struct err *err)
{
	BUF_AUTO(text, REQUEST_MAX);
	struct change change;
	struct lock lock;
	enum status status;

	if (args[0])
		return err_set(err, STATUS_USAGE, "store takes its request on standard input, and no '%s'", args[0]);
	status = read_change(&change, &text, err);
	if (status == STATUS_OK)
		status = keep_prepare(err);
	if (status == STATUS_OK)
		status = keep_lock(&lock, err);
	if (status != STATUS_OK)
		return status;
	status = change_profile(&change, err);
	lock_release(&lock);
	return status;
}
