// SPDX-License-Identifier: MIT
// remove: a profile, its secret and its tokens.
#include "core/commands.h"
#include "core/flight.h"
#include "core/keep.h"
#include "core/token-cache.h"
#include "keyring/keyring.h"
#include "model/profile-dir.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct removal {
	const char *name;
	struct profile profile; // as it is; only name and path where it cannot be read
	bool found;
	struct err warning; // a token that stays will end by itself
};

// The secret, then the tokens.
static enum status remove_secret(struct removal *removal, const struct keyring *store, struct err *err)
{
	const struct keyring_key key = keyring_key(KEYRING_SECRET, &removal->profile, NULL);
	enum status status = store->del(&key, err);

	removal->found = removal->found || status == STATUS_OK;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static void remove_tokens(struct removal *removal, const char *cache)
{
	struct profile profile = removal->profile;
	unsigned count = 0;

	profile.token_cache = cache;
	if (token_cache_forget(&profile, NULL, &count, &removal->warning) == STATUS_OK)
		removal->warning.text[0] = '\0';
	removal->found = removal->found || count > 0;
}

// The profile's file is damaged or gone, and does not say where its secret is. A keyring that is not there has none; one
// that is locked may.
static enum status remove_everywhere(struct removal *removal, struct err *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < KEYRING_COUNT; i++) {
		struct err why;
		enum status one = remove_secret(removal, keyrings[i], &why);

		if (one != STATUS_OK && one != STATUS_UNAVAILABLE) {
			status = one;
			*err = why;
		}
		remove_tokens(removal, keyrings[i]->name);
		removal->warning.text[0] = '\0';
	}
	return status;
}

// Removes what an edited profile has left in keyrings that it no longer names. A keyring that cannot be reached does
// not prevent the removal; one that is locked may have a secret, and the user is warned.
static void remove_elsewhere(struct removal *removal)
{
	for (size_t i = 0; i < KEYRING_COUNT; i++) {
		struct err why;

		if (strcmp(keyrings[i]->name, removal->profile.token_cache) != 0 && !*removal->warning.text) {
			remove_tokens(removal, keyrings[i]->name);
			removal->warning.text[0] = '\0';
		}
		if (strcmp(keyrings[i]->name, removal->profile.secret_store) != 0 &&
		    remove_secret(removal, keyrings[i], &why) == STATUS_LOCKED)
			err_set(&removal->warning, STATUS_LOCKED, "%.600s: a secret of an earlier '%s' may be there", why.text,
				removal->name);
	}
}

// Of an add that was killed.
static void remove_draft(const char *path)
{
	char draft[PROFILE_PATH_MAX + 2];

	(void)snprintf(draft, sizeof draft, "%s~", path);
	(void)unlink(draft);
}

// Known before anything is removed. The system's profiles are not the user's to remove.
static enum status may_remove_file(const char *path, struct err *err)
{
	char dir[PROFILE_PATH_MAX];

	if (access(path, F_OK) < 0)
		return errno == ENOENT ? STATUS_OK : err_set(err, STATUS_INTERNAL, "'%s': %s", path, strerror(errno));
	if (profile_dir_user_dir(dir, err) != STATUS_OK)
		return STATUS_USAGE;
	if (access(dir, W_OK | X_OK) < 0)
		return err_set(err, STATUS_INTERNAL, "'%s' cannot be removed: %s", path, strerror(errno));
	return STATUS_OK;
}

static enum status remove_file(const char *path, struct err *err)
{
	if (unlink(path) == 0)
		return STATUS_OK;
	if (errno == ENOENT)
		return err_set(err, STATUS_POLICY,
			       "its secret and tokens are gone, but the profile is the system's ('" SK_SYSCONFDIR
			       "/sk-helper/profiles'): only root can remove it");
	return err_set(err, STATUS_INTERNAL, "'%s': %s", path, strerror(errno));
}

// The file goes last: while the keyring is locked, nothing is removed, and it can be tried again.
static enum status remove_profile(struct removal *removal, const char *path, enum status loaded, struct err *err)
{
	enum status status;

	if (loaded == STATUS_NOT_FOUND) {
		status = remove_everywhere(removal, err);
		return status == STATUS_OK && !removal->found ? loaded : status; // err says it already
	}
	status = may_remove_file(path, err);
	if (status == STATUS_OK && loaded == STATUS_OK) {
		status = remove_secret(removal, keyring_find(removal->profile.secret_store), err);
		if (status == STATUS_OK)
			remove_tokens(removal, removal->profile.token_cache);
		if (status == STATUS_OK)
			remove_elsewhere(removal);
	} else if (status == STATUS_OK) {
		status = remove_everywhere(removal, err);
	}
	if (status == STATUS_OK)
		status = remove_file(path, err);
	if (status == STATUS_OK)
		remove_draft(path);
	if (status != STATUS_OK)
		err_prefix(err, "profile '%s'", removal->name);
	return status;
}

enum status command_remove(char **args, struct err *err)
{
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	struct removal removal = { 0 };
	struct flight flight;
	struct request request;
	struct lock lock;
	char path[PROFILE_PATH_MAX];
	enum status status = command_take_profile("remove", args, &removal.name, err), loaded;

	if (status == STATUS_OK)
		status = profile_name_check(removal.name, err);
	if (status == STATUS_OK)
		status = profile_dir_user_path(path, removal.name, err);
	if (status == STATUS_OK)
		status = keep_lock(&lock, err);
	if (status != STATUS_OK)
		return status;
	loaded = profile_dir_load(removal.name, &text, &removal.profile, err);
	if (loaded != STATUS_OK) {
		removal.profile = (struct profile){ 0 };
		memcpy(removal.profile.name, removal.name, strlen(removal.name) + 1);
		profile_set_path(&removal.profile, path);
	}
	// a token that comes while it is removed would stay; but no server that hangs keeps us from it
	request = request_of(&removal.profile);
	(void)flight_begin(&flight, &removal.profile, &request, 10000, NULL);
	status = remove_profile(&removal, path, loaded, err);
	flight_end(&flight);
	lock_release(&lock);
	if (status == STATUS_OK && *removal.warning.text)
		warn(&removal.warning);
	return status;
}
