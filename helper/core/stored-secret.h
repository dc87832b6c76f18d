// SPDX-License-Identifier: MIT
// The client secret that is kept for a profile, on its way to whoever needs it.
#ifndef SK_STORED_SECRET_H
#define SK_STORED_SECRET_H

#include "base/buf.h"
#include "base/status.h"
#include "model/profile.h"
#include "model/secret.h"

// Reads it into record, which secret then points into, from where the profile says that it is; only if it was given for this profile as it stands. STATUS_NOT_FOUND
// when none is kept, STATUS_POLICY when the profile leads elsewhere, STATUS_USAGE when its client has none; else what the keyring, or a damaged record, says.
enum status stored_secret_get(const struct profile *profile, struct buf *record, struct secret *secret, struct err *err);

// The same of a secret that is elsewhere, for 'add' and 'set', which prove and bind it anew: whether the profile may say where it comes from was
// checked before (change_check_trust).
enum status stored_secret_take(const struct profile *profile, struct buf *record, struct secret *secret, struct err *err);

// Whether client_secret_get would be allowed to give it; a secret that is elsewhere is not read for that.
enum status stored_secret_check(const struct profile *profile, struct err *err);

// What the client proves itself with, besides an identity token: the secret, or nothing (value "") where it has none; then the profile's file must
// be out of others' reach, because nothing else says where the identity token goes (STATUS_POLICY).
enum status client_secret_get(const struct profile *profile, struct buf *record, struct secret *secret, struct err *err);

// The server has accepted it. Once it has done so for a day, the previous one is dropped: it may have been replaced because it leaked.
// A failure is left for the next time.
void stored_secret_has_worked(const struct profile *profile, const struct secret *secret);

#endif
