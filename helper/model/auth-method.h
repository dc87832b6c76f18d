// SPDX-License-Identifier: MIT
// How a client says who it is at the token endpoint (RFC 6749, 7521, 7523, 8705): the one list.
#ifndef SK_AUTH_METHOD_H
#define SK_AUTH_METHOD_H

#include <stdbool.h>
#include <stddef.h>

struct auth_method {
	const char *name;      // as RFC 7591 registers it, but for workload_identity
	bool has_secret;       // something is kept in the keyring for it
	bool uses_key;	       // what is kept there is a private key, not a client secret
	bool uses_certificate; // and the TLS connection is made with it: RFC 8705
	bool uses_identity; // the platform's identity token is the client's assertion (RFC 7523 section 2.2, issued by a third party)
};

// Their names, for an error.
#define AUTH_METHODS                                                                                                           \
	"client_secret_post client_secret_basic private_key_jwt tls_client_auth self_signed_tls_client_auth workload_identity none"

extern const struct auth_method auth_methods[];
extern const size_t auth_method_count;

// NULL for a name that is none.
const struct auth_method *auth_method_find(const char *name);

// NULL is client_secret_post.
bool auth_method_has_secret(const char *name);
bool auth_method_uses_key(const char *name);
bool auth_method_uses_certificate(const char *name);

#endif
