// SPDX-License-Identifier: MIT
// remove: a profile, its secret and its tokens.
#include "commands.h"
#include "keyring.h"
#include "obtain.h"
#include "profiles.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

// Its file may be damaged: that must not keep it from being removed. Then every keyring that works is searched.
static enum status remove_secret(const char *name, const struct keyring *store, struct err *err)
{
	const struct keyring_key key = { KEYRING_SECRET, name, NULL };
	enum status status;

	if (store) {
		status = store->del(&key, err);
		return status == STATUS_NOT_FOUND ? STATUS_OK : status;
	}
	for (size_t i = 0; i < keyring_count; i++)
		(void)keyrings[i]->del(&key, NULL);
	return STATUS_OK;
}

enum status command_remove(char **args, struct err *err)
{
	BUF_AUTO(text, PROFILE_FILE_MAX);
	char path[PROFILES_PATH_MAX];
	const char *name = args[0];
	struct profile profile;
	unsigned count;
	bool readable;
	enum status status;

	if (!name || args[1])
		return err_set(err, STATUS_USAGE, "remove takes the name of one profile");
	status = profiles_load(name, &text, &profile, err);
	if (status == STATUS_NOT_FOUND || !profile_name_ok(name))
		return status;
	readable = status == STATUS_OK;
	// the file goes last: while the keyring is locked, nothing is removed, and it can be tried again
	status = remove_secret(name, readable ? keyring_find(profile.secret_store) : NULL, err);
	if (status == STATUS_OK && readable && obtain_forget(&profile, NULL, &count, err) != STATUS_OK)
		warn(err);
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
