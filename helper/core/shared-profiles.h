// SPDX-License-Identifier: MIT
// The profiles that 'share' serves, as its two sides know them: which there are, and which one a request is for.
#ifndef SK_SHARED_PROFILES_H
#define SK_SHARED_PROFILES_H

#include "base/buf.h"
#include "base/status.h"
#include "model/profile.h"
#include "model/request.h"

#include <stdbool.h>
#include <stddef.h>

#define SHARED_PROFILES_MAX 16

// What can be asked for over the socket of 'share': the value of "operation=" in a request, which is "get" where it is missing. Then a
// request has the keys of 'get -'. Instead of credential= it can have credential_sha256=, so that a token that was refused is not shown
// to whoever listens there. An answer has the keys of the answer of 'get -', or status= and message=; its last line is "end=yes".
#define SHARE_GET      "get"
#define SHARE_ERASE    "erase"
#define SHARE_PROFILES "profiles"

struct shared_profiles {
	struct profile profiles[SHARED_PROFILES_MAX];
	size_t count;
};

// What the asking side is told about a profile, as key=value lines: for whom its tokens are, and what its tools need to know. No more
// than that: who the client is, and where its secret is, stays on the serving side.
void shared_profile_write(const struct profile *profile, struct buf *out);

// Reads such lines, which it cuts up in place. place: where they come from, for the name of what is remembered about them; it and text
// must live as long. STATUS_INTERNAL where they are not what share writes.
enum status shared_profiles_read(struct shared_profiles *shared, char *text, size_t len, const char *place, struct err *err);

// The profile that a request is for: the one named, else the one that covers its URL best, else the only one. STATUS_NOT_FOUND,
// STATUS_POLICY or STATUS_USAGE as profile_dir_for, and *uncovered; NULL then.
const struct profile *shared_profiles_choose(const struct shared_profiles *shared, const struct request *request,
					     bool *uncovered, struct err *err);

#endif
