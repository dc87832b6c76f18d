// SPDX-License-Identifier: MIT
// What a client proves itself with, a client secret or a private key, together with all that decides who will see it.
#ifndef SK_SECRET_H
#define SK_SECRET_H

#include "base/buf.h"
#include "base/status.h"
#include "model/profile.h"

// A client secret. A private key may be longer: RSA with 8192 bits takes 6.3 KB.
#define SECRET_MAX	  4096
#define SECRET_RECORD_MAX 32767

// The strings point into the record that was parsed, or are the caller's.
struct secret {
	bool is_key;		    // a private key: PKCS#8 (RFC 5208) in base64, and its id behind a space
	const char *value;	    // NULL where it is elsewhere, and only what it is for is written down
	const char *previous;	    // of the same kind; "" for none: for the time that a server needs to learn of a new one
	const char *ca_file_sha256; // of the profile's ca_file when it was given; "" for none
	int64_t worked_at;	  // when value has worked first since there is a previous one (seconds since 1970); 0: not yet
	struct profile given_for; // its path and its keys that bind a secret (binds_secret), and no others
};

// "private key" or "client secret".
const char *secret_noun(bool is_key);

// Reads a record, which it cuts up in place. STATUS_INTERNAL when it is damaged.
enum status secret_parse(struct secret *secret, char *record, size_t len, struct err *err);

// The same of a record that need not have a secret in it.
enum status secret_parse_binding(struct secret *secret, char *record, size_t len, struct err *err);

// The record of a secret that is given for this profile as it stands. given_for is not looked at; previous and
// ca_file_sha256 may be NULL.
void secret_write(const struct secret *secret, const struct profile *profile, struct buf *b);

// STATUS_POLICY when the profile leads elsewhere than the secret was given for, or would send a key as if it were a secret;
// err then says how.
enum status secret_check(const struct secret *secret, const struct profile *profile, struct err *err);

// What 'sk-helper add NAME' is to be told, and what it does then: "' asks for the secret again", for the end of a message.
const char *secret_again(const struct profile *profile, bool is_key);

// Whether this can be a client secret: 1 to SECRET_MAX bytes without control characters.
enum status secret_text_check(const char *client_secret, struct err *err);

#endif
