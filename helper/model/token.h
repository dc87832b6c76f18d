// SPDX-License-Identifier: MIT
// A token: the access token, how long it lives, and exactly what it was issued for. As it is kept in the token cache.
#ifndef SK_TOKEN_H
#define SK_TOKEN_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/status.h"
#include "model/profile.h"

#include <stdbool.h>
#include <stdint.h>

struct request;

// The kernel's keyring takes 32,767 bytes for a whole record. Servers are known to issue some KiB.
#define TOKEN_MAX	 24576
#define TOKEN_RECORD_MAX 32767
// Nothing is kept longer, whatever a server says.
#define TOKEN_LIFETIME_MAX (30 * 24 * 3600)

// The strings point into the record that was parsed, or are the caller's.
struct token {
	const char *access_token;
	const char *granted_scope; // "" where the server did not say
	int64_t issued_at;	   // when the request for it was sent
	int64_t expires_at;
	int64_t boot_expires_ms; // the same deadline on CLOCK_BOOTTIME, of the boot that boot_id names
	const char *boot_id;
	int64_t renew_after; // seconds after it was issued from which on it is renewed (token_plan_renewal); 0: not planned
	// what it was issued for; profile is the path of its file
	const char *profile, *token_endpoint, *issuer, *client_id, *auth_method, *resource, *audience, *requested_scope,
		*binding; // the profile's token_binding
};

#define TOKEN_SLOT_SIZE 20

// In all of these, request has been resolved (request_resolve), and only its scope and resource count.

// A profile's tokens are kept apart by what was asked for: "" for the profile's own scope and resource, else a short word.
// Two may share one: the record says what it is for.
void token_slot(char slot[TOKEN_SLOT_SIZE], const struct profile *profile, const struct request *request);

// Reads a record, which it cuts up in place. Anything damaged is false: a miss, never an error.
bool token_parse(struct token *token, char *record, size_t len);
void token_write(const struct token *token, struct buf *b);

// Fills in what a token is issued for.
void token_bind(struct token *token, const struct profile *profile, const struct request *request);

// Whether it was issued for this profile as it stands now, and for what is asked for.
bool token_is_for(const struct token *token, const struct profile *profile, const struct request *request);

// Whether the access token is one line of printable ASCII without spaces, and not too long.
bool token_text_ok(const char *access_token);

// Seconds that it has left. boot_id: this boot's; NULL where the record cannot be older than the boot.
int64_t token_left(const struct token *token, struct moment now, const char *boot_id);

enum freshness {
	TOKEN_STALE, // not to be served
	TOKEN_AGING, // served, and renewed meanwhile
	TOKEN_FRESH,
};

// The freshness rule. With L the lifetime: stale with less than max(10 s, min(60 s, L/10)) left, or less than min_ttl; aging from
// renew_after on.
enum freshness token_freshness(const struct token *token, struct moment now, const char *boot_id, int64_t min_ttl);

// Plans when a token that was just issued is renewed. The first one of a series: at a random moment between 10 and 90 percent of L. Each
// further one: 80 percent of L after the moment that was planned for the one before it, however late that was noticed. So a fleet that was
// started at once does not ask at once: after its first tokens, its requests are spread evenly over all of L, and stay so. With less than
// 600 s, both are less, and with less than 40 s nothing is renewed before the token is not served any more. previous: the token that it takes the place of, or NULL; random: 32 random bits.
void token_plan_renewal(struct token *token, const struct token *previous, uint32_t random);

// The milliseconds until a renewal that failed is tried again, with so many seconds left until the token is not served any more: a random
// part of them, between a quarter and three of at most 80 minutes, so that those who have failed together do not come back together.
int64_t token_renewal_pause_ms(int64_t left, uint32_t random);

// Seconds before its end from which on a token is not served.
int64_t token_margin(const struct token *token);

// The expiry to tell a tool that applies no margin of its own: when we would stop to serve it, or its very end if that has passed.
int64_t token_expiry_for_tools(const struct token *token, struct moment now);

// Issued since that moment of this boot, on the clock that cannot be stepped.
bool token_issued_since(const struct token *token, struct moment since, const char *boot_id);

#endif
