// SPDX-License-Identifier: MIT
// One flight: of all the processes of this user that want the same thing from the network, one goes and the rest wait for
// what it brings. The lock is the kernel's (flock), so that a holder that is killed leaves nothing behind.
//
// The file lies where the user's processes meet whatever their environment is: /run/user/UID, else a directory of ours alone
// in /dev/shm or /tmp. It can carry a note: how the last flight ended, for those who waited for it.
#ifndef SK_LOCK_H
#define SK_LOCK_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

#define LOCK_NOTE_MAX 2048

struct lock {
	int fd; // -1: not held
};

// Takes the lock called name, waiting at most wait_ms. False when it was not had in time. Where no directory can be had at
// all, true with fd -1: better two requests than none.
bool lock_take(struct lock *lock, const char *name, int64_t wait_ms);

void lock_release(struct lock *lock);

// What was noted last; empty when nothing was.
void lock_read_note(const struct lock *lock, struct buf *note);
void lock_write_note(const struct lock *lock, const struct buf *note);

#endif
