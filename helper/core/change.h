// SPDX-License-Identifier: MIT
// What is to be changed in a profile: keys that are given, and keys that are taken out. What is not named stays as it was.
#ifndef SK_CHANGE_H
#define SK_CHANGE_H

#include "base/status.h"
#include "model/profile.h"

#include <stdbool.h>
#include <stddef.h>

#define CHANGE_UNSET_MAX 32

struct change {
	struct profile given; // its name, and the keys that are given; the others are NULL
	const struct profile_key *unset[CHANGE_UNSET_MAX];
	size_t unset_count;
	bool adds_urls; // the URLs that are given are added to those that are there, and do not take their place
};

// One more key that is to be taken out. STATUS_USAGE where there is no such key.
enum status change_add_unset(struct change *change, const char *name, struct err *err);

// Whether there is nothing to be changed.
bool change_is_empty(const struct change *change);

// Puts the change over profile: first what is unset, then what is given. A token endpoint of another server takes the issuer and the
// revocation endpoint of the old one away. STATUS_USAGE for too many URLs.
enum status change_apply(const struct change *change, struct profile *profile, struct err *err);

// Whether the change says itself where the secret, or the identity token, comes from.
bool change_names_source(const struct change *change);

// Where the change names the source of a secret or of an identity token, and the profile that is there is not where it can be trusted (trust_source),
// nothing of that one counts: old then has its name and its path alone, and false is returned.
bool change_begin(const struct change *change, struct profile *old);

// A profile that cannot be trusted, or was changed by hand, is not made a trusted one by a change of something else: STATUS_POLICY. checks_again: a
// token is requested with it, as it was changed. STATUS_OK, too, where the profile has its secret in a keyring.
enum status change_check_trust(const struct change *change, const struct profile *old, bool checks_again, struct err *err);

// Whether the two differ in a key that decides who sees the client secret.
bool change_moves_secret(const struct profile *old, const struct profile *profile);

// STATUS_POLICY where the file of the profile is the system's, and would have to change: it is the administrator's to change.
enum status change_may_write(const struct profile *old, const struct profile *profile, struct err *err);

#endif
