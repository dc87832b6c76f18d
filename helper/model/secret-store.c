// SPDX-License-Identifier: MIT
#include "model/secret-store.h"

#include <string.h>

const struct secret_store secret_stores[] = {
	{ "secret-service", false, NULL, false },
	{ "kernel", false, NULL, false },
	{ "credential", true, "secret_credential", false },
	{ "file", true, "secret_file", true },
	{ "command", true, "secret_command", true },
	{ "ssh-agent", true, "ssh_agent", true },
	{ "none", false, NULL, false },
};
const size_t secret_store_count = sizeof secret_stores / sizeof secret_stores[0];

const struct secret_store *secret_store_find(const char *name)
{
	for (size_t i = 0; name && i < secret_store_count; i++) {
		if (!strcmp(secret_stores[i].name, name))
			return &secret_stores[i];
	}
	return NULL;
}

bool secret_store_is_elsewhere(const char *name)
{
	const struct secret_store *store = secret_store_find(name);

	return store && store->is_elsewhere;
}
