// SPDX-License-Identifier: MIT
// A client's private key: read from what people have, made anew, and used to sign (RFC 7517, 7518, 8037). The key itself is
// OpenSSL's.
#ifndef SK_CLIENT_KEY_H
#define SK_CLIENT_KEY_H

#include "oauth/operation.h"

// The longest signature, in base64url: of RSA with 8192 bits.
#define SIGNATURE_MAX 1400

// As it is kept, a private key is one line: PKCS#8 in base64, and behind a space its id (kid), if it has one.
size_t client_key_len(const char *private_key);	    // of the key alone
const char *client_key_id(const char *private_key); // NULL for none

// The operations of sk-oauth. Both write status, private_key, public_jwk, and algorithms: those that the key can sign with, the
// usual one first.

// Reads the key in the request's body: PEM without a passphrase, or a JWK. STATUS_USAGE when it is none. The request's key_id
// comes before an id that the key has.
oauth_operation client_key_import;
// Makes one for the request's assertion_alg, or ES256. Its own id is its thumbprint (RFC 7638).
oauth_operation client_key_generate;

// Tells of the request's private_key.
oauth_operation client_key_public;

// Appends '.' and the signature over what text has so far. algorithm: NULL for the key's usual one; *name then says which it
// is, before anything is signed, so that a header can be made: call it with text NULL for that.
enum status client_key_sign(const char *private_key, const char *algorithm, struct buf *text, const char **name,
			    struct err *err);

#endif
