// SPDX-License-Identifier: MIT
// The kernel keyring: a ring "sk-helper" in the user keyring, ring and keys with permissions for the user alone. Not the
// session keyring, which differs between a terminal, cron and a systemd unit; and not the default permissions, which let
// the account that one su(1)s into read the keys, because it keeps the caller's session keyring.
#include "keyring/keyring.h"

#include "base/lock.h"
#include "base/text.h"
#include "keyring/kernel-abi.h"
#include "keyring/kernel-read.h"
#include "keyring/sealed.h"
#include "model/token.h"

#include <errno.h>
#include <keyutils.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

_Static_assert(ABI_KEY_SPEC_USER_KEYRING == KEY_SPEC_USER_KEYRING && ABI_KEYCTL_SEARCH == KEYCTL_SEARCH &&
		       ABI_KEYCTL_DESCRIBE == KEYCTL_DESCRIBE && ABI_KEYCTL_READ == KEYCTL_READ,
	       "the kernel's ABI");

#define USER_ONLY (KEY_USR_VIEW | KEY_USR_READ | KEY_USR_WRITE | KEY_USR_SEARCH | KEY_USR_LINK | KEY_USR_SETATTR)
#define RING_LOCK "ring.lock"

// keyctl(2) sees as big a value as fits into a key; less would be cut off without a word.
_Static_assert(TOKEN_RECORD_MAX <= KERNEL_VALUE_MAX, "a token's record fits into a key");

static struct serial serial_of(long number)
{
	return (struct serial){ number > 0 && number <= INT32_MAX ? (int32_t)number : 0 };
}

// A key or ring that is the user's alone before it can be found in ring. Made in the thread keyring, because the permissions
// of a new key can be set only by who possesses it: who has a way to it from a keyring of its own. To the user keyring,
// a systemd service (KeyringMode=private), a container and "keyctl session" have none. 0 with errno set on failure.
static struct serial create(const char *type, const char *name, const void *data, size_t len, int32_t ring)
{
	struct serial key = serial_of(add_key(type, name, data, len, KEY_SPEC_THREAD_KEYRING));
	int error;

	if (!serial_ok(key))
		return key;
	if (keyctl_setperm(key.id, USER_ONLY) < 0 || keyctl_link(key.id, ring) < 0) {
		error = errno;
		(void)keyctl_revoke(key.id);
		(void)keyctl_unlink(key.id, KEY_SPEC_THREAD_KEYRING);
		errno = error;
		return serial_of(0);
	}
	(void)keyctl_unlink(key.id, KEY_SPEC_THREAD_KEYRING);
	return key;
}

// Our ring, made if need be. Under a lock: a second one would displace the first, and all that is in it.
static struct serial ring_for_writing(struct err *err)
{
	struct serial ring = kernel_ring();
	struct lock lock;
	struct err why;

	if (serial_ok(ring))
		return ring;
	if (!kernel_errno_is_absence(errno)) {
		kernel_error(errno, err);
		return ring;
	}
	if (lock_take(&lock, RING_LOCK, 2000, &why) != STATUS_OK) {
		err_set(err, STATUS_UNAVAILABLE, "kernel keyring: its ring is not made without a lock: %s", why.text);
		return ring;
	}
	ring = kernel_ring();
	if (!serial_ok(ring)) {
		ring = create("keyring", KERNEL_RING, NULL, 0, KEY_SPEC_USER_KEYRING);
		if (!serial_ok(ring))
			kernel_error(errno, err);
	}
	lock_release(&lock);
	return ring;
}

// The payload's bytes go back to the quota when it is revoked; after an unlink alone, some 40 ms later.
static void drop(struct serial ring, struct serial key)
{
	(void)keyctl_revoke(key.id);
	(void)keyctl_unlink(key.id, ring.id);
}

// What a key of our ring is. False with errno set when it has expired or gone, and for what is not ours.
static bool kernel_describe(struct serial key, char name[KEYRING_NAME_MAX])
{
	char text[256], *at;
	long len = keyctl_describe(key.id, text, sizeof text);

	// "user;1001;1001;003f0000;token:ci"
	if (len <= 0)
		return false;
	errno = EINVAL;
	if ((size_t)len > sizeof text)
		return false;
	at = strrchr(text, ';');
	if (!at || !text_starts(text, "user;") || strlen(at + 1) >= KEYRING_NAME_MAX)
		return false;
	memcpy(name, at + 1, strlen(at + 1) + 1);
	return true;
}

// The serials of all keys of the ring, which the caller frees; -1 with errno set when they cannot be read.
static long members(struct serial ring, int32_t **serials)
{
	void *list = NULL;
	int len = keyctl_read_alloc(ring.id, &list);

	*serials = list;
	return len < 0 ? -1 : len / (long)sizeof **serials;
}

// When the token under this key was issued; false when it has expired or cannot be read, so that it may go first.
static bool issued_at(struct serial key, int64_t *when)
{
	BUF_AUTO(record, KERNEL_VALUE_MAX);
	struct token token;
	char data[KERNEL_VALUE_MAX];
	long len = keyctl_read(key.id, data, sizeof data);
	bool ok;

	if (len <= 0 || (size_t)len > sizeof data)
		return false;
	buf_add(&record, data, (size_t)len);
	explicit_bzero(data, (size_t)len);
	ok = buf_ok(&record) && token_parse(&token, record.data, record.len);
	if (ok && token_left(&token, clock_now(), NULL) <= 0)
		ok = false;
	if (ok)
		*when = token.issued_at;
	return ok;
}

// --- tokens that there is no room for

#define SEAL_KEY_NAME "seal"

// The key that they are sealed with. It is made with the first token, while there is room for it. False where there is none.
static bool kernel_seal_key(struct serial ring, bool make, unsigned char seal[SEAL_KEY_SIZE])
{
	struct serial key = kernel_search(ring, "user", SEAL_KEY_NAME);

	if (!serial_ok(key) && make && kernel_errno_is_absence(errno)) {
		if (!sealed_make_key(seal))
			return false;
		key = create("user", SEAL_KEY_NAME, seal, SEAL_KEY_SIZE, ring.id);
	}
	return serial_ok(key) && keyctl_read(key.id, (char *)seal, SEAL_KEY_SIZE) == SEAL_KEY_SIZE;
}

// Takes a token out of the ring, into a file. It is there before it is here no more, so that nobody misses it meanwhile.
static bool kernel_move_out(struct serial ring, struct serial key)
{
	BUF_AUTO(record, KERNEL_VALUE_MAX);
	unsigned char seal[SEAL_KEY_SIZE];
	char name[KEYRING_NAME_MAX], data[KERNEL_VALUE_MAX];
	struct token token;
	bool moved = false;
	long len;

	if (!kernel_describe(key, name) || (len = keyctl_read(key.id, data, sizeof data)) <= 0 || (size_t)len > sizeof data)
		return false;
	buf_add(&record, data, (size_t)len);
	if (kernel_seal_key(ring, true, seal) && token_parse(&token, data, (size_t)len)) {
		int64_t left = token_left(&token, clock_now(), NULL);

		moved = sealed_write(seal, name, &record, left > 0 ? left : 1, NULL) == STATUS_OK;
	}
	// where there was no lock, it may have been renewed meanwhile
	if (moved && keyctl_read(key.id, data, sizeof data) == len && (size_t)len == record.len &&
	    !memcmp(data, record.data, record.len))
		drop(ring, key);
	else if (moved)
		(void)sealed_remove(name, NULL);
	explicit_bzero(data, sizeof data);
	explicit_bzero(seal, sizeof seal);
	return moved;
}

// Makes room: drops our expired tokens, else moves our oldest into a file, or drops it where that cannot be; never a secret, and not the one
// that is about to be written. False when there is nothing to drop.
static bool make_room(struct serial ring, const char *keep)
{
	const struct timespec collection = { 0, 50000000 };
	struct serial oldest = serial_of(0);
	int64_t oldest_at = INT64_MAX, when;
	bool dropped = false, expired = false;
	int32_t *serials;
	long count = members(ring, &serials);

	for (long i = 0; i < count; i++) {
		struct serial key = serial_of(serials[i]);
		char name[KEYRING_NAME_MAX];

		if (!serial_ok(key))
			continue;
		if (!kernel_describe(key, name)) {
			// it does not tell its name any more; a secret never expires
			expired = (errno == EKEYEXPIRED && keyctl_unlink(key.id, ring.id) == 0) || expired;
		} else if (text_starts(name, "token:") && strcmp(name, keep) != 0) {
			if (!issued_at(key, &when)) {
				drop(ring, key);
				dropped = true;
			} else if (when < oldest_at) {
				oldest_at = when;
				oldest = key;
			}
		}
	}
	free(serials);
	// it cannot be revoked: its bytes come back when the kernel collects it
	if (expired)
		(void)nanosleep(&collection, NULL);
	if (!dropped && !expired && serial_ok(oldest)) {
		if (!kernel_move_out(ring, oldest))
			drop(ring, oldest);
		dropped = true;
	}
	return dropped || expired;
}

// In place where it is there: atomic for whoever reads it meanwhile, and no second key for the quota. Beyond 4096 bytes the kernel
// does not update (EINVAL, measured on 6.1): then a new key takes its place, and the quota has both for a moment.
static struct serial write_or_create(struct serial ring, const char *name, const struct buf *value)
{
	struct serial key = kernel_search(ring, "user", name);
	bool expired = !serial_ok(key) && errno == EKEYEXPIRED;

	if (serial_ok(key) && keyctl_update(key.id, value->data, value->len) == 0)
		return key;
	if (serial_ok(key) && errno == EDQUOT)
		return serial_of(0);
	// what has expired cannot be updated, but added to: it comes to life, with its permissions
	if (expired) {
		key = serial_of(add_key("user", name, value->data, value->len, ring.id));
		if (!serial_ok(key) || keyctl_setperm(key.id, USER_ONLY) == 0)
			return key;
		drop(ring, key);
	}
	return create("user", name, value->data, value->len, ring.id);
}

static struct serial write_key(struct serial ring, const char *name, const struct buf *value)
{
	struct serial key = serial_of(0);

	for (int attempt = 0; attempt < 20; attempt++) {
		key = write_or_create(ring, name, value);
		if (serial_ok(key) || errno != EDQUOT)
			break;
		if (!make_room(ring, name)) {
			errno = EDQUOT;
			break;
		}
		errno = EDQUOT;
	}
	return key;
}

// Where no other token could make room for it.
static enum status kernel_put_sealed(struct serial ring, const char *name, const struct buf *value, int64_t lifetime,
				     struct err *err)
{
	unsigned char seal[SEAL_KEY_SIZE];
	struct serial old;
	enum status status;

	if (!kernel_seal_key(ring, true, seal))
		return kernel_error(EDQUOT, err);
	status = sealed_write(seal, name, value, lifetime, err);
	explicit_bzero(seal, sizeof seal);
	// what it takes the place of would be found first
	old = kernel_search(ring, "user", name);
	if (status == STATUS_OK && serial_ok(old))
		drop(ring, old);
	return status;
}

static enum status kernel_put_in_ring(struct serial ring, const struct keyring_key *key, const struct buf *value,
				      int64_t lifetime, struct err *err)
{
	bool is_token = key->role == KEYRING_TOKEN;
	unsigned char seal[SEAL_KEY_SIZE];
	char name[KEYRING_NAME_MAX];
	struct serial serial;
	int error;

	keyring_name(name, key);
	if (is_token) {
		(void)kernel_seal_key(ring, true, seal);
		explicit_bzero(seal, sizeof seal);
	}
	serial = write_key(ring, name, value);
	if (!serial_ok(serial) && is_token && errno == EDQUOT)
		return kernel_put_sealed(ring, name, value, lifetime, err);
	if (!serial_ok(serial))
		return kernel_error(errno, err);
	// any write removes the timeout; the expiry in the record is what counts; this timeout only removes the key
	if (lifetime > 0 && keyctl_set_timeout(serial.id, (unsigned)lifetime) < 0) {
		error = errno;
		drop(ring, serial);
		return kernel_error(error, err);
	}
	if (is_token)
		(void)sealed_remove(name, NULL);
	return STATUS_OK;
}

// One writer of tokens at a time: one that moves another's token out must not meet its renewal.
static enum status kernel_put(const struct keyring_key *key, const struct buf *value, int64_t lifetime, struct err *err)
{
	struct lock lock = LOCK_NONE;
	struct serial ring;
	enum status status;

	if (value->len == 0 || value->len > KERNEL_VALUE_MAX)
		return err_set(err, STATUS_FULL, "kernel keyring: a value has 1 to %d bytes", KERNEL_VALUE_MAX);
	ring = ring_for_writing(err);
	if (!serial_ok(ring))
		return err ? err->status : STATUS_UNAVAILABLE;
	(void)lock_take(&lock, RING_LOCK, 2000, NULL);
	status = kernel_put_in_ring(ring, key, value, lifetime, err);
	lock_release(&lock);
	return status;
}

static enum status kernel_get_anywhere(const struct keyring_key *key, struct buf *value, struct err *err)
{
	unsigned char seal[SEAL_KEY_SIZE];
	char name[KEYRING_NAME_MAX];
	struct serial ring;
	enum status status = kernel_get(key, value, err);

	if (status != STATUS_NOT_FOUND || key->role != KEYRING_TOKEN)
		return status;
	ring = kernel_ring();
	keyring_name(name, key);
	if (serial_ok(ring) && kernel_seal_key(ring, false, seal))
		status = sealed_read(seal, name, value, err);
	explicit_bzero(seal, sizeof seal);
	return status;
}

static enum status kernel_del(const struct keyring_key *key, struct err *err)
{
	struct lock lock = LOCK_NONE;
	struct serial ring, serial;
	char name[KEYRING_NAME_MAX];
	enum status status = STATUS_OK;

	keyring_name(name, key);
	(void)lock_take(&lock, RING_LOCK, 2000, NULL);
	ring = serial = kernel_ring();
	if (serial_ok(ring))
		serial = kernel_search(ring, "user", name);
	if (serial_ok(serial))
		drop(ring, serial);
	else
		status = kernel_error(errno, err);
	if (key->role == KEYRING_TOKEN && sealed_remove(name, NULL) == STATUS_OK)
		status = STATUS_OK;
	lock_release(&lock);
	return status;
}

static enum status kernel_list(enum keyring_role role, void (*visit)(const struct keyring_key *key, void *context),
			       void *context, struct err *err)
{
	struct serial ring = kernel_ring();
	struct keyring_key key;
	int32_t *serials;
	long count;

	if (!serial_ok(ring))
		return kernel_errno_is_absence(errno) ? STATUS_OK : kernel_error(errno, err);
	count = members(ring, &serials);
	if (count < 0)
		return kernel_error(errno, err);
	for (long i = 0; i < count; i++) {
		char name[KEYRING_NAME_MAX];

		if (serial_ok(serial_of(serials[i])) && kernel_describe(serial_of(serials[i]), name) &&
		    keyring_key_from_name(&key, name) && key.role == role)
			visit(&key, context);
	}
	free(serials);
	if (role == KEYRING_TOKEN)
		sealed_each(visit, context);
	return STATUS_OK;
}

// How much of the quota is used, from /proc/key-users: "1001: 9 9/9 9/200 320/20000".
static bool quota(unsigned *keys, unsigned *keys_max, unsigned *bytes, unsigned *bytes_max)
{
	FILE *file = fopen("/proc/key-users", "re");
	char line[256];
	bool found = false;
	unsigned uid;

	while (file && !found && fgets(line, sizeof line, file))
		found = sscanf(line, "%u: %*u %*u/%*u %u/%u %u/%u", &uid, keys, keys_max, bytes, bytes_max) == 5 &&
			uid == geteuid();
	if (file)
		(void)fclose(file);
	return found;
}

static unsigned kernel_fullness(void)
{
	unsigned keys, keys_max, bytes, bytes_max, of_keys, of_bytes;

	if (!quota(&keys, &keys_max, &bytes, &bytes_max) || !keys_max || !bytes_max)
		return 0;
	of_keys = (unsigned)(100ULL * keys / keys_max);
	of_bytes = (unsigned)(100ULL * bytes / bytes_max);
	return of_keys > of_bytes ? of_keys : of_bytes;
}

static enum status kernel_probe(struct err *err)
{
	unsigned keys, keys_max, bytes, bytes_max;
	struct serial ring = kernel_ring();

	if (!serial_ok(ring) && !kernel_errno_is_absence(errno))
		return kernel_error(errno, err);
	if (quota(&keys, &keys_max, &bytes, &bytes_max))
		err_set(err, STATUS_OK, "works; quota used: %u of %u keys, %u of %u bytes", keys, keys_max, bytes, bytes_max);
	else
		err_set(err, STATUS_OK, "works");
	return STATUS_OK;
}

const struct keyring keyring_kernel = {
	.name = "kernel",
	.after_reboot = "it is in memory only: after a reboot, store it again",
	.is_memory_only = true,
	.fullness = kernel_fullness,
	.can_put = true,
	.probe = kernel_probe,
	.get = kernel_get_anywhere,
	.put = kernel_put,
	.del = kernel_del,
	.list = kernel_list,
};
