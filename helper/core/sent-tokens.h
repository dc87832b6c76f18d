// SPDX-License-Identifier: MIT
// Which identity tokens have been sent. Many servers take each only once (its jti), and a process cannot know whether a request that
// it lost was answered: so a token is marked before it is sent, for all processes and profiles of this user.
//
// A mark is a file named after the token's SHA-256, in each place for locks that there is (base/lock.h): at a login or logout, the first of them is
// another one. It goes once the token has ended.
#ifndef SK_SENT_TOKENS_H
#define SK_SENT_TOKENS_H

#include "base/sha256.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

// What is known of one that has been sent.
struct sent_token {
	int64_t sent_at;     // seconds since 1970
	int64_t http_status; // with which it was refused; 0 where it was not, or that is not known
};

// Marks it. expires_at: when it ends, in seconds since 1970. STATUS_TEMPORARY: it was marked before, and *sent says what is known;
// STATUS_UNAVAILABLE: there is no place for a mark.
enum status sent_token_mark(const char sha256[SHA256_HEX_SIZE], int64_t expires_at, struct sent_token *sent, struct err *err);

// Notes in its mark that the server has refused it.
void sent_token_note_refusal(const char sha256[SHA256_HEX_SIZE], int64_t http_status);

// Takes a mark back: its request has not left.
void sent_token_unmark(const char sha256[SHA256_HEX_SIZE]);

// Whether it is marked; *sent is what is known.
bool sent_token_is_marked(const char sha256[SHA256_HEX_SIZE], struct sent_token *sent);

#endif
