// SPDX-License-Identifier: MIT
#include "core/stored-secret.h"

#include "keyring/keyring.h"

enum status stored_secret(const struct profile *profile, struct buf *record, struct secret *secret, struct err *err)
{
	const struct keyring_key key = keyring_key(KEYRING_SECRET, profile, NULL);
	enum status status;

	buf_reset(record);
	status = keyring_find(profile->secret_store)->get(&key, record, err);
	if (status == STATUS_OK)
		status = secret_parse(secret, record->data, record->len, err);
	return status == STATUS_OK ? secret_check(secret, profile, err) : status;
}
