// SPDX-License-Identifier: MIT
// What a request gets: its profile, and a token of it.
#ifndef SK_GET_TOKEN_H
#define SK_GET_TOKEN_H

#include "base/status.h"
#include "core/token-cache.h"
#include "model/challenge.h"
#include "model/profile-dir.h"
#include "model/request.h"
#include "protocols/protocols.h"

struct get_result {
	struct buf text, scope; // what profile and request point into
	struct profile profile;
	struct request request; // resolved for the profile
	struct cached_token obtained;
};

#define GET_RESULT_INIT                                                                                                        \
	((struct get_result){                                                                                                  \
		.text = BUF_INIT(MESSAGE_MAX), .scope = BUF_INIT(CHALLENGE_SCOPE_MAX), .obtained = CACHED_TOKEN_INIT })
#define GET_RESULT_AUTO(name) __attribute__((cleanup(get_result_free))) struct get_result name = GET_RESULT_INIT

void get_result_free(struct get_result *result);

// The profile that a request is for: one of here (profile_dir_for), or one that is shared with us.
enum status get_find_profile(const struct request *request, struct buf *text, struct profile *profile, bool *uncovered,
			     struct err *err);

// Forgets the cached tokens of such a profile; with a credential in the request, only one that is equal to it. count may be NULL.
enum status get_forget(const struct profile *profile, const struct request *request, unsigned *count, struct err *err);

// The profile. uncovered: as profile_dir_for has it; may be NULL.
enum status get_profile(const struct request *request, struct get_result *result, bool *uncovered, struct err *err);

// How many seconds a get_token for this profile takes at most: two flights, a wait for another's and our own; and for a hook whose
// token was refused, once more. For the caller's harden_deadline.
unsigned get_deadline_seconds(const struct get_result *result);

// The token, after get_profile: with the scopes that a server wants, as far as the profile allows. protocol: how it will be
// answered; NULL for a tool's.
enum status get_token(struct get_result *result, const struct protocol *protocol, struct err *err);

// A server, or whoever asks from a container, may name any scope, also one of another API of the same authorization server: the profile
// says how far it may go. STATUS_POLICY beyond; who is the one that asks, for the message.
enum status get_check_scope(const struct profile *profile, const char *scope, const char *who, struct err *err);

// The token as a protocol writes it.
struct answer get_answer(const struct get_result *result);

#endif
