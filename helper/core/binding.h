// SPDX-License-Identifier: MIT
// What a secret that is elsewhere (model/secret-store.h) may be used for: a record beside the profile's file, NAME.binding, with everything that
// decides who sees the secret, and where it comes from. 'add' and 'set' write it, so that a profile that is edited afterwards is
// refused. Whoever can write the one file can write the other: it protects from mistakes, and from changes that do not know of it.
#ifndef SK_BINDING_H
#define SK_BINDING_H

#include "base/status.h"
#include "model/profile.h"

// Whether the profile may use its secret, as it stands: it fits its record, where there is one, and its file is where it can be trusted
// (trust_profile). STATUS_POLICY, with what has changed.
enum status binding_check(const struct profile *profile, struct err *err);

// Writes the record for the profile as it stands. STATUS_INTERNAL when it cannot be written: what was there stays.
enum status binding_keep(const struct profile *profile, struct err *err);

// Of a profile that is gone, or whose secret is in a keyring now.
void binding_forget(const struct profile *profile);

#endif
