// SPDX-License-Identifier: MIT
// The runtime directory: tokens in files, for places where there is no keyring (the default seccomp profiles of docker and podman deny
// it). In memory and the user's alone, but not encrypted: whoever runs as the user, and root, can read them. No place for a client secret.
#include "keyring/keyring.h"

#include "base/clock.h"
#include "keyring/runtime-files.h"
#include "keyring/runtime-read.h"

#include <stdio.h>

static enum status runtime_get(const struct keyring_key *key, struct buf *value, struct err *err)
{
	char name[KEYRING_NAME_MAX];
	struct stat st;
	enum status status;

	keyring_name(name, key);
	status = runtime_read_file(name, value, &st, err);
	if (status != STATUS_OK || !st.st_mtime || st.st_mtime > clock_now().wall)
		return status;
	buf_reset(value);
	return err_set(err, STATUS_NOT_FOUND, "runtime directory: what was stored has ended");
}

static enum status runtime_put(const struct keyring_key *key, const struct buf *value, int64_t lifetime, struct err *err)
{
	char name[KEYRING_NAME_MAX];

	if (value->len == 0 || value->len > RUNTIME_VALUE_MAX)
		return err_set(err, STATUS_FULL, "runtime directory: a value has 1 to %d bytes", RUNTIME_VALUE_MAX);
	keyring_name(name, key);
	return runtime_write_file(name, &(struct runtime_content){ .value = value }, lifetime, err);
}

static enum status runtime_del(const struct keyring_key *key, struct err *err)
{
	char name[KEYRING_NAME_MAX];

	keyring_name(name, key);
	return runtime_remove_file(name, err);
}

struct runtime_listing {
	enum keyring_role role;
	void (*visit)(const struct keyring_key *key, void *context);
	void *context;
};

static void runtime_list_one(const char *file, const struct stat *st, void *context)
{
	const struct runtime_listing *listing = context;
	struct keyring_key key;
	char name[KEYRING_NAME_MAX];

	(void)st;
	if ((size_t)snprintf(name, sizeof name, "%s", file) < sizeof name && keyring_key_from_name(&key, name) &&
	    key.role == listing->role)
		listing->visit(&key, listing->context);
}

static enum status runtime_list(enum keyring_role role, void (*visit)(const struct keyring_key *key, void *context),
				void *context, struct err *err)
{
	struct runtime_listing listing = { role, visit, context };

	(void)err;
	runtime_each_file(runtime_list_one, &listing);
	return STATUS_OK;
}

const struct keyring keyring_runtime = {
	.name = "runtime",
	.after_reboot = "it is in memory only",
	.is_memory_only = true,
	.for_tokens_only = true,
	.can_put = true,
	.probe = runtime_probe_place,
	.get = runtime_get,
	.put = runtime_put,
	.del = runtime_del,
	.list = runtime_list,
};
