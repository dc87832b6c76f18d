// SPDX-License-Identifier: MIT
#include "core/stored-secret.h"

#include "base/clock.h"
#include "base/debug.h"
#include "base/text.h"
#include "core/keep.h"
#include "core/trust.h"
#include "keyring/keyring.h"

#include <string.h>

#define PREVIOUS_KEPT_S (24 * 3600)

enum status stored_secret_get(const struct profile *profile, struct buf *record, struct secret *secret, struct err *err)
{
	struct keyring_key key = keyring_key(KEYRING_SECRET, profile, NULL);
	char ca_file_sha256[SHA256_HEX_SIZE], *behind;
	struct secret old;
	enum status status;
	size_t len;

	if (!profile_has_secret(profile))
		return err_set(
			err, STATUS_USAGE,
			"its client has no secret and no key: it proves itself with the identity token that '%.200s' gives, "
			"which the platform renews",
			profile->identity_token);
	buf_reset(record);
	status = keyring_find(profile->secret_store)->get(&key, record, err);
	debug_say("the %s keyring was asked for the client secret: %s", profile->secret_store, status_word(status));
	if (status != STATUS_OK)
		return status;
	// a change that was cut off leaves the old record behind the new one: the one that fits the file counts
	behind = memmem(record->data, record->len, "\n\n", 2);
	len = behind ? (size_t)(behind - record->data) + 1 : record->len;
	status = secret_parse(secret, record->data, len, err);
	if (status != STATUS_OK)
		return err_suffix(err, ": 'sk-helper add %s' stores it again", profile->name);
	status = secret_check(secret, profile, err);
	if (status == STATUS_POLICY && behind && secret_parse(&old, behind + 2, record->len - len - 1, NULL) == STATUS_OK &&
	    secret_check(&old, profile, NULL) == STATUS_OK) {
		*secret = old;
		status = STATUS_OK;
	}
	if (status == STATUS_OK)
		status = trust_profile_place(profile, err);
	if (status == STATUS_OK)
		status = trust_ca_file(profile, ca_file_sha256, err);
	if (status == STATUS_OK && !text_same(ca_file_sha256, secret->ca_file_sha256))
		status = err_set(err, STATUS_POLICY,
				 "ca_file '%s' has changed since the %s was stored, and it decides which servers are trusted: "
				 "nothing was sent; if it is right, 'sk-helper add %s%s' stores the %s again",
				 profile->ca_file, secret_noun(secret->is_key), profile->name,
				 secret->is_key ? " --private-key FILE" : "", secret_noun(secret->is_key));
	return status;
}

enum status client_secret_get(const struct profile *profile, struct buf *record, struct secret *secret, struct err *err)
{
	*secret = (struct secret){ .value = "", .previous = "" };
	return profile_has_secret(profile) ? stored_secret_get(profile, record, secret, err) : trust_identity(profile, err);
}

void stored_secret_has_worked(const struct profile *profile, const struct secret *secret)
{
	int64_t now = clock_now().wall;
	struct secret changed = *secret, stored;
	BUF_AUTO(record, SECRET_RECORD_MAX);
	BUF_AUTO(read, SECRET_RECORD_MAX);
	struct keyring_key key = keyring_key(KEYRING_SECRET, profile, NULL);
	struct lock lock;

	if (!secret->previous || !*secret->previous || (secret->worked_at && now - secret->worked_at < PREVIOUS_KEPT_S))
		return;
	if (secret->worked_at)
		changed.previous = NULL;
	else
		changed.worked_at = now;
	// another process may be changing it
	if (!keep_lock_at_once(&lock))
		return;
	secret_write(&changed, profile, &record);
	if (buf_ok(&record) && stored_secret_get(profile, &read, &stored, NULL) == STATUS_OK &&
	    !strcmp(stored.value, secret->value) && !strcmp(stored.previous, secret->previous))
		(void)keyring_find(profile->secret_store)->put(&key, &record, 0, NULL);
	lock_release(&lock);
}
