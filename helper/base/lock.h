// SPDX-License-Identifier: MIT
// Locks between the processes of one user. The lock is the kernel's (flock), so that a holder that is killed leaves nothing behind.
//
// The file lies where the user's processes meet whatever their environment is: /run/user/UID, else a directory of ours alone in
// /dev/shm or /tmp. It can carry a note from one holder to the next. Other processes of the user can write it, also from a sandbox
// that shares the directory: what is read from a note is checked, and never shown.
#ifndef SK_LOCK_H
#define SK_LOCK_H

#include "base/buf.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#define LOCK_NOTE_MAX 2048

struct lock {
	int fd; // -1: not held
};

#define LOCK_NONE ((struct lock){ -1 })

// Takes the lock called name, waiting at most wait_ms. STATUS_TEMPORARY when another process had it for longer; STATUS_UNAVAILABLE
// when there is no directory for it that is ours alone, or the file in it is not a file of ours. lock is not held then.
enum status lock_take(struct lock *lock, const char *name, int64_t wait_ms, struct err *err);

// Of a lock that is not held, nothing.
void lock_release(struct lock *lock);

// For a lock that nobody waits for (helper/core/serving.c): removes its file, and releases it. Of a lock that is not held, nothing.
void lock_remove(struct lock *lock, const char *name);

// The directory of the locks: the first of the places that is there. -1 where there is none.
int lock_open_dir(void);

// The place of this number, made if need be; -1 where it cannot be had. Which one is the first can change: /run/user/UID comes and goes with the
// user's sessions.
#define LOCK_PLACES 3
int lock_open_place(int number);

// What the holder has noted, for somebody who does not hold the lock, and when (st_mtim). False where there is nothing.
bool lock_peek_note(const char *name, struct buf *note, struct stat *st);

// What was noted last; empty when nothing was, or the lock is not held.
void lock_read_note(const struct lock *lock, struct buf *note);
void lock_write_note(const struct lock *lock, const struct buf *note);

#endif
