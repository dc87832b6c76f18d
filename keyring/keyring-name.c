// SPDX-License-Identifier: MIT
// How a key is called, in every backend.
#include "keyring/keyring.h"

#include <stdio.h>
#include <string.h>

static const char *const roles[KEYRING_ROLES] = { "secret", "token", "probe" };

struct keyring_key keyring_key(enum keyring_role role, const struct profile *profile, const char *slot)
{
	return (struct keyring_key){ role, profile->name, profile->file_id, profile->path, slot };
}

bool keyring_key_is_of(const struct keyring_key *key, const struct profile *profile)
{
	return !strcmp(key->profile, profile->name) && !strcmp(key->file_id, profile->file_id);
}

void keyring_name(char name[KEYRING_NAME_MAX], const struct keyring_key *key)
{
	bool slot = key->slot && *key->slot;

	// a profile's name and a slot are bounded: this fits
	(void)snprintf(name, KEYRING_NAME_MAX, "%s:%s:%s%s%s", roles[key->role], key->profile, key->file_id, slot ? ":" : "",
		       slot ? key->slot : "");
}

bool keyring_key_from_name(struct keyring_key *key, char *name)
{
	char *profile = strchr(name, ':'), *file_id = profile ? strchr(profile + 1, ':') : NULL, *slot;

	if (!file_id)
		return false;
	*profile++ = '\0';
	*file_id++ = '\0';
	slot = strchr(file_id, ':');
	if (slot)
		*slot++ = '\0';
	for (int role = 0; role < KEYRING_ROLES; role++) {
		if (!strcmp(name, roles[role])) {
			*key = (struct keyring_key){ (enum keyring_role)role, profile, file_id, NULL, slot };
			return true;
		}
	}
	return false;
}
