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

struct sealing {
	const unsigned char *key;
	const char *name;
};

// What is authenticated besides: its name, so that no file takes the place of another one, and its inode number, so that a copy of it that was made
// before it was replaced or removed cannot be put back. A link could: so both empty it (runtime-files.h).
static void sealed_put_context(struct buf *context, const char *name, ino_t inode)
{
	buf_adds(context, name);
	buf_addf(context, "\n%llu", (unsigned long long)inode);
}

// A nonce of 24 random bytes, the text, and its tag. With 192 bits, two random nonces are never the same.
static bool sealed_seal(const struct runtime_content *content, ino_t inode, struct buf *sealed)
{
	const struct sealing *sealing = content->context;
	const struct buf *value = content->value;
	BUF_AUTO(context, SEALED_NAME_SIZE + 32);
	size_t need = NONCE_SIZE + value->len + TAG_SIZE, room;
	char *data = buf_reserve(sealed, need, &room);
	unsigned long long len = 0;

	sealed_put_context(&context, sealing->name, inode);
	if (!data || room < need || !buf_ok(&context))
		return false;
	randombytes_buf(data, NONCE_SIZE);
	crypto_aead_xchacha20poly1305_ietf_encrypt((unsigned char *)data + NONCE_SIZE, &len, (const unsigned char *)value->data,
						   value->len, (const unsigned char *)context.data, context.len, NULL,
						   (const unsigned char *)data, sealing->key);
	buf_extend(sealed, NONCE_SIZE + (size_t)len);
	return true;
}

enum status sealed_write(const unsigned char key[SEAL_KEY_SIZE], const char *name, const struct buf *value, int64_t lifetime,
			 struct err *err)
{
	const struct sealing sealing = { key, name };
	const struct runtime_content content = { value, sealed_seal, &sealing };
	char file[SEALED_NAME_SIZE];

	if (!sealed_start(err))
		return STATUS_INTERNAL;
	if (value->len > RUNTIME_VALUE_MAX - NONCE_SIZE - TAG_SIZE)
		return err_set(err, STATUS_FULL, "the token is too large to be kept");
	sealed_file_name(file, name);
	return runtime_write_file(file, &content, lifetime, err);
}

enum status sealed_read(const unsigned char key[SEAL_KEY_SIZE], const char *name, struct buf *value, struct err *err)
{
	BUF_AUTO(sealed, RUNTIME_VALUE_MAX);
	BUF_AUTO(context, SEALED_NAME_SIZE + 32);
	char file[SEALED_NAME_SIZE], *data;
	unsigned long long len = 0;
	struct stat st;
	size_t room;
	enum status status;

	sealed_file_name(file, name);
	status = runtime_read_file(file, &sealed, &st, err);
	if (status != STATUS_OK)
		return status;
	if (!sealed_start(err))
		return STATUS_INTERNAL;
	sealed_put_context(&context, name, st.st_ino);
	data = sealed.len > NONCE_SIZE + TAG_SIZE ? buf_reserve(value, sealed.len, &room) : NULL;
	if (!data || room < sealed.len || !buf_ok(&context) ||
	    crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)data, &len, NULL,
						       (const unsigned char *)sealed.data + NONCE_SIZE, sealed.len - NONCE_SIZE,
						       (const unsigned char *)context.data, context.len,
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
