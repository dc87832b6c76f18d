// SPDX-License-Identifier: MIT
// THE list of backends, in the order in which 'add' prefers them for a client secret.
#include "keyring.h"

#include <string.h>

const struct keyring *const keyrings[] = {
	&keyring_secret_service,
	&keyring_kernel,
};
const size_t keyring_count = sizeof keyrings / sizeof keyrings[0];

const struct keyring *keyring_find(const char *name)
{
	for (size_t i = 0; i < keyring_count; i++) {
		if (!strcmp(keyrings[i]->name, name))
			return keyrings[i];
	}
	return NULL;
}
