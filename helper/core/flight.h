// SPDX-License-Identifier: MIT
// Single flight: of all the processes of this user that want the same token, one asks the server and the others wait for what it
// gets. How the request ended is noted for those who waited, and for those who come too soon after it.
#ifndef SK_FLIGHT_H
#define SK_FLIGHT_H

#include "base/lock.h"
#include "base/status.h"
#include "model/oauth-error.h"
#include "model/profile.h"
#include "model/request.h"

#include <stdbool.h>
#include <stdint.h>

struct flight {
	struct lock lock;
	uint64_t hash;	   // hash of the profile and the requested token
	uint64_t identity; // the platform's identity token that is there now (identity_token_now)
};

// How a token request ended.
struct outcome {
	int64_t ended_at;   // CLOCK_BOOTTIME in ms
	int64_t wait_until; // the server is not to be asked before
	int64_t renew_at;   // the same for a renewal that nobody waits for
	enum status status;
	enum oauth_error error;
	int64_t http_status; // 0 where there was no answer
	bool was_asked;	     // the server was asked; false where it failed before
	// (flight_last) the platform has given another identity token since: a refusal, and a pause after a failed renewal, were the old one's
	bool is_of_another_identity;
};

// Takes the profile's lock, once those who are asking for one of its tokens are done. STATUS_OK, too, where no lock can be had:
// better two requests than none. STATUS_TEMPORARY when it took longer than wait_ms. End it with flight_end.
enum status flight_begin(struct flight *flight, const struct profile *profile, const struct request *request, int64_t wait_ms,
			 struct err *err);
void flight_end(struct flight *flight);

// Notes how the request ended. retry_after: the seconds that the server wants not to be asked, 0 for none.
void flight_note(const struct flight *flight, const struct outcome *outcome, int64_t retry_after);

// How the last request for the same thing ended; false where that is not known.
bool flight_last(const struct flight *flight, struct outcome *outcome);

// Whether that request's failure is the answer to one that began at this moment of CLOCK_BOOTTIME: because it ended since then, or
// because the server is not to be asked yet. err then says so.
bool outcome_is_for(const struct outcome *outcome, int64_t began_at, struct err *err);

// Whether a get would fail now without asking the server; err says why.
bool flight_last_failure(const struct profile *profile, struct err *err);

// Forgets how the last request for this profile failed: its secret is another one now.
void flight_forget_failure(const struct profile *profile);

#endif
