// SPDX-License-Identifier: MIT
// The reading half of the runtime directory, for the front door, too: files in memory (tmpfs), in a directory that is the user's alone.
#ifndef SK_RUNTIME_READ_H
#define SK_RUNTIME_READ_H

#include "base/buf.h"
#include "base/status.h"
#include "keyring/keyring.h"

#include <sys/stat.h>

#define RUNTIME_PATH_MAX  512
#define RUNTIME_VALUE_MAX 32767

// Where it may be, the first choice first: /run/user/UID, /dev/shm, and where XDG_RUNTIME_DIR leads. parent is the directory of ours that it
// is in. False when there is no such place.
#define RUNTIME_PLACES 3
bool runtime_place(int number, char parent[RUNTIME_PATH_MAX]);

// Whether it is in memory: tmpfs or ramfs.
bool runtime_is_memory(int dir);

// Opens the directory "tokens" in that place; -1 where it is not there, or not the user's alone (EACCES).
int runtime_open_dir(int number);

// Appends the file's content, with what stat(2) says of it: its time of modification is when it ends, 0 for never. STATUS_NOT_FOUND: it is not there.
enum status runtime_read_file(const char *name, struct buf *value, struct stat *st, struct err *err);

// For a token's record, which says itself when it ends.
enum status runtime_get_record(const struct keyring_key *key, struct buf *value, struct err *err);

#endif
