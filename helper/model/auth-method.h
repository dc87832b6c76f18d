// SPDX-License-Identifier: MIT
// How a client says who it is at the token endpoint (RFC 6749, 7523, 8705): the one list.
#ifndef SK_AUTH_METHOD_H
#define SK_AUTH_METHOD_H

#include <stdbool.h>
#include <stddef.h>

struct auth_method {
	const char *name;      // as RFC 7591 registers it
	bool uses_key;	       // what is kept in the keyring is a private key, not a client secret
	bool uses_certificate; // and the TLS connection is made with it: RFC 8705
};

// Their names, for an error.
#define AUTH_METHODS "client_secret_post client_secret_basic private_key_jwt tls_client_auth self_signed_tls_client_auth"

extern const struct auth_method auth_methods[];
extern const size_t auth_method_count;

// NULL for a name that is none.
const struct auth_method *auth_method_find(const char *name);

// NULL is client_secret_post.
bool auth_method_uses_key(const char *name);
bool auth_method_uses_certificate(const char *name);

#endif
