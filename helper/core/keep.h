// SPDX-License-Identifier: MIT
// A client that is kept: its profile file and its secret, together or not at all.
#ifndef SK_KEEP_H
#define SK_KEEP_H

#include "base/lock.h"
#include "base/status.h"
#include "keyring/keyring.h"
#include "model/profile.h"
#include "model/secret.h"

#include <stdbool.h>

// Makes sure that profiles can be written, before anything is asked or sent.
enum status keep_prepare(struct err *err);

// Fills in the profile's secret_store and token_cache where they are not given: the Secret Service where it answers, else
// the kernel keyring; tokens in the kernel keyring where that works. Where that is denied, in the runtime
// directory. tries: something is kept in the kernel keyring for a moment, which alone tells whether a container permits that.
// first_choice_error: what the first choice said, "" if taken.
enum status keep_choose_keyrings(struct profile *profile, bool tries, struct err *first_choice_error, struct err *err);

// Keeps something in the store for a moment, to know that it will keep the secret. found: what the store says of itself.
enum status keep_try_store(const struct profile *profile, struct err *found, struct err *err);

// One change of this user's profiles at a time: hold it from reading what is there to keep_client. STATUS_TEMPORARY when
// another sk-helper holds it for long, STATUS_UNAVAILABLE where there can be no lock: then nothing is changed.
enum status keep_lock(struct lock *lock, struct err *err);
bool keep_lock_at_once(struct lock *lock); // without waiting, for a change that can be made another time

// The same, where time has passed since the profile was read: STATUS_TEMPORARY, too, when it is another one now.
enum status keep_lock_unchanged(struct lock *lock, const struct profile *as_read, struct err *err);

// Of a profile of the system's, the secret alone is kept: its file is not the user's to write (change_may_write).
// Keeps the profile and, unless that is NULL, its secret: both or neither, whatever signal comes. What was kept for it in other
// keyrings before goes; a failure of that is only a warning, "" for none.
enum status keep_client(const struct profile *profile, const struct secret *secret, struct err *warning, struct err *err);

#endif
