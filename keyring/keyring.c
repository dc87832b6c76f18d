// SPDX-License-Identifier: MIT
// THE list of backends, in the order in which 'add' prefers them for a client secret.
#include "keyring/keyring.h"

#include <stdio.h>
#include <string.h>

const struct keyring *const keyrings[KEYRING_COUNT] = {
	&keyring_secret_service,
	&keyring_kernel,
	&keyring_runtime,
};

const struct keyring *keyring_find(const char *name)
{
	for (size_t i = 0; i < KEYRING_COUNT; i++) {
		if (!strcmp(keyrings[i]->name, name))
			return keyrings[i];
	}
	return NULL;
}

// Whether user ids are mapped (user_namespaces(7)): then the kernel's keyrings are others than outside.
static bool keyring_in_user_namespace(void)
{
	FILE *file = fopen("/proc/self/uid_map", "re");
	unsigned long first = 0, outside = 0, count = 0;
	bool whole = file && fscanf(file, "%lu %lu %lu", &first, &outside, &count) == 3 && first == 0 && outside == 0 &&
		     count == 4294967295UL;

	if (file)
		(void)fclose(file);
	return file && !whole;
}

const char *keyring_why_missing(const struct keyring *keyring)
{
	if (!keyring->is_memory_only)
		return "";
	return keyring_in_user_namespace() ?
		       " (this is a user namespace, such as a rootless container or a sandbox: its kernel keyring is not the one outside)" :
		       " (which is empty after a reboot)";
}
