// SPDX-License-Identifier: MIT
// Tokens that the kernel keyring has no room for (an ordinary user's quota is 20,000 bytes): in files of the runtime directory, encrypted
// and authenticated with a key that only the kernel keyring has, for as long as this boot lasts. A file alone is worth nothing.
#ifndef SK_SEALED_H
#define SK_SEALED_H

#include "base/buf.h"
#include "base/status.h"
#include "keyring/keyring.h"

#include <stdint.h>

#define SEAL_KEY_SIZE 32

// name is that of a key (keyring_name); it is authenticated, too, with the file itself, so that neither another one nor an old copy of it can take
// its place.
enum status sealed_write(const unsigned char key[SEAL_KEY_SIZE], const char *name, const struct buf *value, int64_t lifetime,
			 struct err *err);

// STATUS_NOT_FOUND where there is none, or one of another key's: it cannot be opened, which is as good as none.
enum status sealed_read(const unsigned char key[SEAL_KEY_SIZE], const char *name, struct buf *value, struct err *err);

enum status sealed_remove(const char *name, struct err *err);

// Calls visit with the key of each.
void sealed_each(void (*visit)(const struct keyring_key *key, void *context), void *context);

// A new key. False, and none, where there are no random numbers.
bool sealed_make_key(unsigned char key[SEAL_KEY_SIZE]);

#endif
