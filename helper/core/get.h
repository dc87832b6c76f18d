// SPDX-License-Identifier: MIT
// What a request gets: its profile, and a token of it.
#ifndef SK_GET_H
#define SK_GET_H

#include "base/status.h"
#include "core/obtain.h"
#include "model/challenge.h"
#include "model/profiles.h"
#include "model/request.h"

struct got {
	struct buf text, scope; // what profile and wanted point into
	struct profile profile;
	struct wanted wanted;
	struct obtained obtained;
};

#define GOT_INIT                                                                                                               \
	((struct got){ .text = BUF_INIT(PROFILE_TEXT_MAX), .scope = BUF_INIT(CHALLENGE_SCOPE_MAX), .obtained = OBTAINED_INIT })

void got_free(struct got *got);

// Finds the profile, heeds what the asker was told by a server, and gets the token.
enum status get_token(const struct request *request, struct got *got, struct err *err);

// After the answer: renews behind it what is near its end.
void get_renew_behind(const struct got *got);

#endif
