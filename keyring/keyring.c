// SPDX-License-Identifier: MIT
// THE list of backends, in the order in which 'add' prefers them for a client secret.
#include "keyring/keyring.h"

#include <string.h>

const struct keyring *const keyrings[KEYRING_COUNT] = {
	&keyring_secret_service,
	&keyring_kernel,
};

const struct keyring *keyring_find(const char *name)
{
	for (size_t i = 0; i < KEYRING_COUNT; i++) {
		if (!strcmp(keyrings[i]->name, name))
			return keyrings[i];
	}
	return NULL;
}
