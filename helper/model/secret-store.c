// SPDX-License-Identifier: MIT
#include "model/secret-store.h"

#include "base/text.h"

#include <string.h>

const struct secret_store secret_stores[] = {
	{ "secret-service", false, NULL, false, NULL },
	{ "kernel", false, NULL, false, NULL },
	{ "credential", true, "secret_credential", false, "secret_credential secret_first_line" },
	{ "file", true, "secret_file", true, "secret_file secret_first_line" },
	{ "command", true, "secret_command", true, "secret_command secret_env secret_first_line secret_timeout" },
	{ "ssh-agent", true, "ssh_agent", true, "ssh_agent ssh_agent_socket ssh_agent_kid secret_timeout" },
	{ "none", false, NULL, false, NULL },
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

bool secret_store_knows(const struct secret_store *store, const char *key)
{
	if (store)
		return text_has_word(store->keys, key, strlen(key));
	for (size_t i = 0; i < secret_store_count; i++) {
		if (text_has_word(secret_stores[i].keys, key, strlen(key)))
			return true;
	}
	return false;
}

bool secret_store_is_elsewhere(const char *name)
{
	const struct secret_store *store = secret_store_find(name);

	return store && store->is_elsewhere;
}
