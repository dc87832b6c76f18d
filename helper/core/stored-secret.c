// SPDX-License-Identifier: MIT
#include "core/stored-secret.h"

#include "base/clock.h"
#include "base/debug.h"
#include "base/text.h"
#include "core/binding.h"
#include "core/keep.h"
#include "core/secret-source.h"
#include "core/trust.h"
#include "keyring/keyring.h"
#include "model/auth-method.h"

#include <string.h>

#define PREVIOUS_KEPT_S (24 * 3600)

// Read anew each time, and kept nowhere.
enum status stored_secret_take(const struct profile *profile, struct buf *record, struct secret *secret, struct err *err)
{
	char ca_file_sha256[SHA256_HEX_SIZE];
	enum status status = trust_ca_file(profile, ca_file_sha256, err);

	buf_reset(record);
	buf_add(record, ca_file_sha256, sizeof ca_file_sha256);
	// a key in an ssh-agent is asked to sign, and never seen
	if (status == STATUS_OK && !profile->ssh_agent)
		status = secret_source_read(profile, record, err);
	if (status != STATUS_OK)
		return status;
	*secret = (struct secret){ .is_key = auth_method_uses_key(profile->auth_method),
				   .value = record->len > sizeof ca_file_sha256 ? record->data + sizeof ca_file_sha256 : "",
				   .previous = "",
				   .ca_file_sha256 = record->data };
	return buf_ok(record) ? STATUS_OK : err_set(err, STATUS_POLICY, "the secret is too long");
}

enum status stored_secret_check(const struct profile *profile, struct err *err)
{
	BUF_AUTO(record, SECRET_RECORD_MAX);
	struct secret secret;

	return profile_secret_is_elsewhere(profile) ? binding_check(profile, err) :
						      client_secret_get(profile, &record, &secret, err);
}

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
	if (profile_secret_is_elsewhere(profile)) {
		status = binding_check(profile, err);
		return status == STATUS_OK ? stored_secret_take(profile, record, secret, err) : status;
	}
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
		status = trust_ca_file_changed(profile, secret->is_key, err);
	return status;
}

enum status client_secret_get(const struct profile *profile, struct buf *record, struct secret *secret, struct err *err)
{
	enum status status = profile->identity_token || !profile_has_secret(profile) ? trust_profile(profile, err) : STATUS_OK;

	*secret = (struct secret){ .value = "", .previous = "" };
	return status == STATUS_OK && profile_has_secret(profile) ? stored_secret_get(profile, record, secret, err) : status;
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
