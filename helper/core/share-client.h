// SPDX-License-Identifier: MIT
// The asking side of 'share': where SK_HELPER_SOCKET names a socket, tokens come from there, and there are no profiles and no keyring here.
#ifndef SK_SHARE_CLIENT_H
#define SK_SHARE_CLIENT_H

#include "base/status.h"
#include "core/shared-profiles.h"
#include "core/token-cache.h"
#include "model/profile-dir.h"
#include "model/request.h"

#include <stdbool.h>

// Which profiles there are. text: what they point into. STATUS_UNAVAILABLE where nobody answers at the socket.
enum status share_client_profiles(struct shared_profiles *shared, struct buf *text, struct err *err);

// The profile that a request is for, as profile_dir_for.
enum status share_client_profile_for(const struct request *request, struct buf *text, struct profile *profile, bool *uncovered,
				     struct err *err);

// A token, as obtain_token; and to forget one that was refused, as token_cache_forget.
enum status share_client_get(const struct profile *profile, const struct request *request, struct cached_token *obtained,
			     struct err *err);
enum status share_client_erase(const struct profile *profile, const struct request *request, struct err *err);

#endif
