// SPDX-License-Identifier: MIT
// The reading half of the runtime directory, for the front door, too: files in memory (tmpfs), in a directory that is the user's alone.
#ifndef SK_RUNTIME_READ_H
#define SK_RUNTIME_READ_H

#include "base/buf.h"
#include "base/status.h"
#include "keyring/keyring.h"

#include <stdint.h>

#define RUNTIME_PATH_MAX  512
#define RUNTIME_VALUE_MAX 32767

// Where it may be, the first choice first: /run/user/UID, XDG_RUNTIME_DIR, /dev/shm. parent is the directory of ours that it is in. False
// when there is no such place.
#define RUNTIME_PLACES 3
bool runtime_place(int number, char parent[RUNTIME_PATH_MAX]);

// Opens the directory "tokens" in parent; -1 with errno set where it is not there, EACCES where it is not the user's alone.
int runtime_open_dir(const char *parent);

// Appends the file's content. *ends_at: when that ends, in seconds since 1970; 0 for never. STATUS_NOT_FOUND: it is not there.
enum status runtime_read_file(const char *name, struct buf *value, int64_t *ends_at, struct err *err);

// For a token's record, which says itself when it ends.
enum status runtime_get_record(const struct keyring_key *key, struct buf *value, struct err *err);

#endif
