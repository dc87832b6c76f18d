// SPDX-License-Identifier: MIT
// The keyring: where client secrets and tokens are kept. An interface, and the list of what implements it.
//
// Two roles that are chosen separately, in the profile: the secret store (long-lived) and the token cache (short-lived).
// A backend is never switched silently: one that does not answer is an error, not a reason to use another.
#ifndef SK_KEYRING_H
#define SK_KEYRING_H

#include "base/buf.h"
#include "base/status.h"
#include "model/profile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum keyring_role { KEYRING_SECRET, KEYRING_TOKEN, KEYRING_PROBE, KEYRING_ROLES };

#define KEYRING_NAME_MAX 128

// What one thing is kept under. Not secret itself: others of the same user can see it.
struct keyring_key {
	enum keyring_role role;
	const char *profile; // its name
	const char *file_id; // 16 hexadecimal digits: of two files with the same name, each has keys of its own
	const char *path;    // of the file; NULL where a list gives the key
	const char *slot;    // tells one profile's tokens apart; NULL or "" for the usual one
};

// The key of what is kept for this profile, which it points into.
struct keyring_key keyring_key(enum keyring_role role, const struct profile *profile, const char *slot);

// Whether what this key names is kept for this profile.
bool keyring_key_is_of(const struct keyring_key *key, const struct profile *profile);

// "secret:ci:2c26b46b68ffc68f", "token:ci:2c26b46b68ffc68f", "token:ci:2c26b46b68ffc68f:9f86d081884c7d65"
void keyring_name(char name[KEYRING_NAME_MAX], const struct keyring_key *key);

// The other way round, in place; false when it is no such name.
bool keyring_key_from_name(struct keyring_key *key, char *name);

struct keyring {
	const char *name;
	const char *after_reboot; // what a reboot does to what is kept here
	bool is_memory_only;	  // it is in memory only
	bool for_tokens_only;	  // it is no place for a client secret
	// How much of its quota is used, in per cent; NULL where it has none.
	unsigned (*fullness)(void);
	bool can_put; // put and del work; otherwise it can only be read, and both are NULL

	// Whether it can be used now. Starts nothing and asks nobody. STATUS_OK, or LOCKED, UNAVAILABLE, DENIED; err says
	// what it found and the cure. On success err->text says what was found, too.
	enum status (*probe)(struct err *err);

	// Appends what is kept to value. STATUS_NOT_FOUND fills err, too, but need not be reported.
	enum status (*get)(const struct keyring_key *key, struct buf *value, struct err *err);

	// Keeps value: lines of text that each end in LF, without other control characters. Whole, or what was there stays.
	// lifetime in seconds, 0 for no end. STATUS_FULL: the quota is used up, even without what this backend could drop by
	// itself (what has expired, then the oldest tokens) or keep elsewhere.
	enum status (*put)(const struct keyring_key *key, const struct buf *value, int64_t lifetime, struct err *err);

	// STATUS_NOT_FOUND when there is nothing.
	enum status (*del)(const struct keyring_key *key, struct err *err);

	// Calls visit with each key of the role, in no order; the key lives only as long as the call. visit may delete.
	enum status (*list)(enum keyring_role role, void (*visit)(const struct keyring_key *key, void *context), void *context,
			    struct err *err);
};

#define KEYRING_COUNT 3
extern const struct keyring *const keyrings[KEYRING_COUNT];

extern const struct keyring keyring_kernel;
extern const struct keyring keyring_runtime;
extern const struct keyring keyring_secret_service;

// Why something may be missing from this keyring that was stored, " (which is empty after a reboot)"; "" where it should not be.
const char *keyring_why_missing(const struct keyring *keyring);

// NULL for a name that is none.
const struct keyring *keyring_find(const char *name);

#endif
