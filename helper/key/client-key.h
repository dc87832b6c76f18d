// SPDX-License-Identifier: MIT
// A client's private key: read from what people have, made anew, and used to sign (RFC 7517, 7518, 8037). The key itself is
// OpenSSL's.
#ifndef SK_CLIENT_KEY_H
#define SK_CLIENT_KEY_H

#include "base/buf.h"
#include "base/status.h"

#include <stddef.h>

// As it came over the pipe; what is absent is NULL. As it is kept, a private key is one line: PKCS#8 in base64, and behind a space its id
// (kid), if it has one.
struct key_request {
	const char *operation, *private_key, *key_id, *algorithm, *client_id, *audience, *count;
	const char *body; // what follows the empty line; "" for nothing
	size_t body_len;
};

// Writes status=ok and what was asked for to answer; on failure, err is what is answered.
typedef enum status key_operation(const struct key_request *request, struct buf *answer, struct err *err);

// These three write private_key, public_jwk, and algorithms: those that the key can sign with, the usual one first.
// Reads the key in the request's body: PEM without a passphrase, or a JWK. STATUS_USAGE when it is none. The request's key_id comes
// before an id that the key has.
key_operation client_key_import;
// Makes one for the request's algorithm, or ES256. Its own id is its thumbprint (RFC 7638).
key_operation client_key_generate;
// Tells of the request's private_key.
key_operation client_key_describe;

// Writes client_assertion, as often as count says: assertions for requests of client_id to audience (model/assertion.h). algorithm: NULL for the
// key's usual one; STATUS_USAGE where the key cannot do it.
key_operation client_key_sign;

#endif
