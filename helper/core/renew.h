// SPDX-License-Identifier: MIT
// The renewal of a token that is near its end, behind the get that was answered with it.
#ifndef SK_RENEW_H
#define SK_RENEW_H

#include "core/get-token.h"

// After the answer: where its token is near its end, renews it in a process that nobody waits for.
void renew_in_background(const struct get_result *result);

#endif
