// SPDX-License-Identifier: MIT
// A client secret, together with all that decides who will see it.
#ifndef SK_SECRET_H
#define SK_SECRET_H

#include "buf.h"
#include "profile.h"
#include "status.h"

#define SECRET_MAX	  4096
#define SECRET_RECORD_MAX 16384

// The strings point into the record that was parsed.
struct secret {
	const char *client_secret;
	const char *previous_secret; // "" for none: for the time that a server needs to learn of a new one
	const char *token_endpoint, *issuer, *ca_file, *proxy; // "" where absent
};

// Reads a record, which it cuts up in place. STATUS_INTERNAL when it is damaged.
enum status secret_parse(struct secret *secret, char *record, size_t len, struct err *err);

// The record of a secret that was given for this profile as it stands. previous_secret: NULL for none.
void secret_write(const char *client_secret, const char *previous_secret, const struct profile *profile, struct buf *b);

// STATUS_POLICY when the profile leads elsewhere than the secret was given for; err then says to where.
enum status secret_check(const struct secret *secret, const struct profile *profile, struct err *err);

// Whether this can be a client secret: 1 to SECRET_MAX bytes without control characters.
enum status secret_text_check(const char *client_secret, struct err *err);

#endif
