// SPDX-License-Identifier: MIT
// The client half of sk-key, the program that private keys are given to.
#ifndef SK_ASK_KEY_H
#define SK_ASK_KEY_H

#include "base/buf.h"
#include "base/status.h"
#include "model/assertion.h"

// A private key of the client's. The strings point into the caller's buf; "" for none.
struct client_key {
	const char *private_key; // as a secret's value
	const char *public_jwk;	 // to register at the authorization server
	const char *algorithms;	 // what it can sign with, the usual one first
};

// Reads one, PEM without a passphrase or a JWK; makes one, for ES256 where algorithm is NULL; or tells of one that is stored.
// id: what the server calls it, NULL for its own.
enum status key_import(const struct buf *text, const char *id, struct buf *answer, struct client_key *key, struct err *err);
enum status key_generate(const char *algorithm, const char *id, struct buf *answer, struct client_key *key, struct err *err);
enum status key_describe(const char *private_key, struct buf *answer, struct client_key *key, struct err *err);

// Signs count assertions with it. Of wanted, algorithm may be NULL, for the key's usual one, and key_id is not used: the key has its own. The
// strings point into answer.
enum status key_sign(const char *private_key, const struct assertion *wanted, size_t count, struct buf *answer,
		     const char *assertions[ASSERTIONS_MAX], struct err *err);

#endif
