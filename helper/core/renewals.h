// SPDX-License-Identifier: MIT
// How often a profile's token may be renewed because somebody says, or seems to say, that it was refused: a server that refuses
// everything, or an agent in a loop, must not use up the client's quota at the authorization server.
#ifndef SK_RENEWALS_H
#define SK_RENEWALS_H

#include "model/profile.h"
#include "model/request.h"

#include <stdbool.h>
#include <stdint.h>

// Whether a renewal for this reason may be made now; if so, it is counted as made. If not, *wait_s is the number of
// seconds to wait. After a 401, a few renewals may follow each other, then the pauses grow to a minute. For a hook that
// only asks again: one in 30 seconds for each of the two reasons. True, too, when nothing can be noted.
bool renewal_may_be_made(const struct profile *profile, enum renewal kind, int64_t *wait_s);

#endif
