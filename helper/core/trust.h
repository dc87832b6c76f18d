// SPDX-License-Identifier: MIT
// Whether what a secret's way depends on is still what it was when the secret was given.
#ifndef SK_TRUST_H
#define SK_TRUST_H

#include "base/sha256.h"
#include "base/status.h"
#include "model/profile.h"

// The SHA-256 of the profile's ca_file in hexadecimal digits: whoever can change the file chooses whom TLS believes. "" without one, and
// for what is not bound by its content: a directory, and what root keeps below /etc and /usr, where the system updates it.
enum status trust_ca_file(const struct profile *profile, char hex[SHA256_HEX_SIZE], struct err *err);

// STATUS_POLICY, and what to do: it is no longer the file that it was when the secret was given.
enum status trust_ca_file_changed(const struct profile *profile, bool is_key, struct err *err);

// STATUS_POLICY where others than the user and root can write to the directory of profiles, or to ours above it, and so put another
// profile in the place of one (sshd_config(5), StrictModes). trust_profile_place: the one of this profile.
enum status trust_directory(const char *directory, struct err *err);
enum status trust_profile_place(const struct profile *profile, struct err *err);

// Where there is no secret of ours that was given for the profile, its file is all that says where an identity token, or a secret that is elsewhere,
// goes, and which program gives it. So its place, and its CA file, must be out of others' reach; it must be where the environment alone cannot
// lead: the system's, or below the home of the user database; elsewhere it must be as 'add', 'set' or 'store' have written it in this boot
// (trust_note_profile). STATUS_POLICY.
enum status trust_source(const struct profile *profile, struct err *err);

// The same, and wherever it is, it must not have been changed in this boot since it was written: for everything but 'add' and 'set', which look at
// a changed one again.
enum status trust_profile(const struct profile *profile, struct err *err);

// Notes how the profile was written: a file beside the locks, which no environment leads away from.
void trust_note_profile(const struct profile *profile);

#endif
