// SPDX-License-Identifier: MIT
#include "keyring/sealed.h"

#include "keyring/runtime-files.h"
#include "keyring/runtime-read.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define SEALED_PREFIX	 "sealed-"
#define SEALED_NAME_SIZE (sizeof SEALED_PREFIX + KEYRING_NAME_MAX)
#define NONCE_SIZE	 crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_SIZE	 crypto_aead_xchacha20poly1305_ietf_ABYTES

_Static_assert(SEAL_KEY_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "the size of a key of libsodium's");

static void sealed_file_name(char file[SEALED_NAME_SIZE], const char *name)
{
	(void)snprintf(file, SEALED_NAME_SIZE, SEALED_PREFIX "%s", name);
}

static bool sealed_start(struct err *err)
{
	if (sodium_init() >= 0)
		return true;
	err_set(err, STATUS_INTERNAL, "libsodium does not start");
	return false;
}

bool sealed_make_key(unsigned char key[SEAL_KEY_SIZE])
{
	if (!sealed_start(NULL))
		return false;
	crypto_aead_xchacha20poly1305_ietf_keygen(key);
	return true;
}

// A nonce of 24 random bytes, the text, and its tag. With 192 bits, two random nonces are never the same.
enum status sealed_write(const unsigned char key[SEAL_KEY_SIZE], const char *name, const struct buf *value, int64_t lifetime,
			 struct err *err)
{
	BUF_AUTO(sealed, RUNTIME_VALUE_MAX);
	char file[SEALED_NAME_SIZE];
	unsigned long long len = 0;
	size_t room;
	char *data;

	if (!sealed_start(err))
		return STATUS_INTERNAL;
	data = value->len <= RUNTIME_VALUE_MAX - NONCE_SIZE - TAG_SIZE ?
		       buf_reserve(&sealed, NONCE_SIZE + value->len + TAG_SIZE, &room) :
		       NULL;
	if (!data || room < NONCE_SIZE + value->len + TAG_SIZE)
		return err_set(err, STATUS_FULL, "the token is too large to be kept");
	randombytes_buf(data, NONCE_SIZE);
	crypto_aead_xchacha20poly1305_ietf_encrypt((unsigned char *)data + NONCE_SIZE, &len, (const unsigned char *)value->data,
						   value->len, (const unsigned char *)name, strlen(name), NULL,
						   (const unsigned char *)data, key);
	buf_extend(&sealed, NONCE_SIZE + (size_t)len);
	sealed_file_name(file, name);
	return runtime_write_file(file, &sealed, lifetime, err);
}

enum status sealed_read(const unsigned char key[SEAL_KEY_SIZE], const char *name, struct buf *value, struct err *err)
{
	BUF_AUTO(sealed, RUNTIME_VALUE_MAX);
	char file[SEALED_NAME_SIZE], *data;
	unsigned long long len = 0;
	int64_t ends_at; // the token's own record says that, too
	size_t room;
	enum status status;

	sealed_file_name(file, name);
	status = runtime_read_file(file, &sealed, &ends_at, err);
	if (status != STATUS_OK)
		return status;
	if (!sealed_start(err))
		return STATUS_INTERNAL;
	data = sealed.len > NONCE_SIZE + TAG_SIZE ? buf_reserve(value, sealed.len, &room) : NULL;
	if (!data || room < sealed.len ||
	    crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)data, &len, NULL,
						       (const unsigned char *)sealed.data + NONCE_SIZE, sealed.len - NONCE_SIZE,
						       (const unsigned char *)name, strlen(name),
						       (const unsigned char *)sealed.data, key) != 0)
		return err_set(err, STATUS_NOT_FOUND, "what is stored cannot be opened with this boot's key");
	buf_extend(value, (size_t)len);
	return STATUS_OK;
}

enum status sealed_remove(const char *name, struct err *err)
{
	char file[SEALED_NAME_SIZE];

	sealed_file_name(file, name);
	return runtime_remove_file(file, err);
}

struct sealed_listing {
	void (*visit)(const struct keyring_key *key, void *context);
	void *context;
};

static void sealed_visit(const char *file, const struct stat *st, void *context)
{
	const struct sealed_listing *listing = context;
	struct keyring_key key;
	char name[KEYRING_NAME_MAX];

	(void)st;
	if (!strncmp(file, SEALED_PREFIX, strlen(SEALED_PREFIX)) &&
	    (size_t)snprintf(name, sizeof name, "%s", file + strlen(SEALED_PREFIX)) < sizeof name &&
	    keyring_key_from_name(&key, name))
		listing->visit(&key, listing->context);
}

void sealed_each(void (*visit)(const struct keyring_key *key, void *context), void *context)
{
	struct sealed_listing listing = { visit, context };

	runtime_each_file(sealed_visit, &listing);
}
