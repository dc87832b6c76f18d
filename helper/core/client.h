// SPDX-License-Identifier: MIT
// A client that is kept: its profile file and its secret, together or not at all.
#ifndef SK_CLIENT_H
#define SK_CLIENT_H

#include "keyring.h"
#include "profile.h"
#include "status.h"

// Makes sure that profiles can be written, before anything is asked or sent.
enum status client_prepare_profiles(struct err *err);

// Fills in the profile's secret_store and token_cache where they are not given: the Secret Service where it answers, else
// the kernel keyring; tokens in the kernel keyring where that works. why_not: what the first choice said, "" if taken.
enum status client_choose_keyrings(struct profile *profile, struct err *why_not, struct err *err);

// Keeps something in the store for a moment, to know that it will keep the secret.
enum status client_try_store(const struct profile *profile, struct err *err);

// Stores the secret, then the profile; puts the old secret back when the profile cannot be written.
enum status client_keep(const struct profile *profile, const char *client_secret, struct err *err);

// Writes the profile's file, whole or not at all.
enum status client_write_profile(const struct profile *profile, struct err *err);

#endif
