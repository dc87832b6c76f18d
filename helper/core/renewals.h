// SPDX-License-Identifier: MIT
// How often a profile's token may be renewed because somebody says, or seems to say, that it was refused: a server that refuses
// everything, or an agent in a loop, must not use up the client's quota at the authorization server.
#ifndef SK_RENEWALS_H
#define SK_RENEWALS_H

#include "model/profile.h"
#include "model/request.h"

#include <stdbool.h>
#include <stdint.h>

// Whether a renewal for this reason may be made now; it then counts as made. Else *wait_s is when the next one may be. After a 401:
// a few at once, then with pauses that grow to a minute. For who only asks again: one in 30 seconds, and another for the weaker sign.
// Where nothing can be noted, it may.
bool renewal_may_be_made(const struct profile *profile, enum renewal kind, int64_t *wait_s);

#endif
