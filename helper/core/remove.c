// SPDX-License-Identifier: MIT
// remove: a profile, its secret and its tokens.
#include "commands.h"
#include "keyring.h"
#include "obtain.h"
#include "profiles.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static enum status remove_secret(const char *name, const struct keyring *store, struct err *err)
{
	const struct keyring_key key = { KEYRING_SECRET, name, NULL };
	enum status status = store->del(&key, err);

	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status remove_known(const struct profile *profile, struct err *err)
{
	unsigned count;
	enum status status = remove_secret(profile->name, keyring_find(profile->secret_store), err);

	if (status == STATUS_OK && obtain_forget(profile, NULL, &count, err) != STATUS_OK)
		warn(err);
	return status;
}

// The profile's file is damaged or gone, and does not say where its secret is: every keyring that works is searched.
static bool remove_everywhere(const char *name)
{
	struct profile profile = { 0 };
	bool found = false;

	memcpy(profile.name, name, strlen(name) + 1);
	for (size_t i = 0; i < KEYRING_COUNT; i++) {
		const struct keyring_key key = { KEYRING_SECRET, name, NULL };
		unsigned count = 0;

		profile.token_cache = keyrings[i]->name;
		found = keyrings[i]->del(&key, NULL) == STATUS_OK || found;
		(void)obtain_forget(&profile, NULL, &count, NULL);
		found = found || count > 0;
	}
	return found;
}

enum status command_remove(char **args, struct err *err)
{
	BUF_AUTO(text, PROFILE_FILE_MAX);
	char path[PROFILES_PATH_MAX];
	const char *name = args[0];
	struct profile profile;
	enum status status;

	if (!name || args[1])
		return err_set(err, STATUS_USAGE, "remove takes the name of one profile");
	status = profiles_load(name, &text, &profile, err);
	if (!profile_name_ok(name))
		return status;
	if (status == STATUS_NOT_FOUND)
		return remove_everywhere(name) ? STATUS_OK : status;
	// the file goes last: while the keyring is locked, nothing is removed, and it can be tried again
	if (status == STATUS_OK) {
		status = remove_known(&profile, err);
	} else {
		(void)remove_everywhere(name);
		status = STATUS_OK;
	}
	if (status == STATUS_OK)
		status = profiles_user_path(path, name, err);
	if (status == STATUS_OK && unlink(path) < 0) {
		status = errno == ENOENT ?
				 err_set(err, STATUS_POLICY,
					 "its secret and tokens are gone, but the profile is the system's ('" SK_SYSCONFDIR
					 "/sk-helper/profiles'): only root can remove it") :
				 err_set(err, STATUS_INTERNAL, "'%s': %s", path, strerror(errno));
	}
	if (status != STATUS_OK)
		err_prefix(err, "profile '%s'", name);
	return status;
}
