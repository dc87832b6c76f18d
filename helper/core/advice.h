// SPDX-License-Identifier: MIT
// What to try after an authorization server has refused a token request: a sentence behind the server's own words.
#ifndef SK_ADVICE_H
#define SK_ADVICE_H

#include "base/status.h"
#include "core/ask-oauth.h"
#include "model/profile.h"
#include "model/secret.h"

#include <stdbool.h>

// Appends it to err. secret: the one that was sent; is_stored: it is not one that was given just now.
void advice_append(const struct profile *profile, const struct secret *secret, bool is_stored,
		   const struct endpoint_failure *failure, struct err *err);

#endif
