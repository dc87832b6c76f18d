// SPDX-License-Identifier: MIT
// How a key is called, in every backend.
#include "keyring/keyring.h"

#include <stdio.h>
#include <string.h>

static const char *const roles[KEYRING_ROLES] = { "secret", "token", "probe" };

void keyring_name(char name[KEYRING_NAME_MAX], const struct keyring_key *key)
{
	bool slot = key->slot && *key->slot;

	// a profile's name and a slot are bounded: this fits
	(void)snprintf(name, KEYRING_NAME_MAX, "%s:%s%s%s", roles[key->role], key->profile, slot ? ":" : "",
		       slot ? key->slot : "");
}

bool keyring_key_from_name(struct keyring_key *key, char *name)
{
	char *profile = strchr(name, ':'), *slot;

	if (!profile)
		return false;
	*profile++ = '\0';
	slot = strchr(profile, ':');
	if (slot)
		*slot++ = '\0';
	for (int role = 0; role < KEYRING_ROLES; role++) {
		if (!strcmp(name, roles[role])) {
			*key = (struct keyring_key){ (enum keyring_role)role, profile, slot };
			return true;
		}
	}
	return false;
}
