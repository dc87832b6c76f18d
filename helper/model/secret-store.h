// SPDX-License-Identifier: MIT
// Where a client's secret or private key is: in a keyring of ours, or elsewhere, from where it is only read. The list of names; what reads
// them is keyring/ and core/secret-source.c.
#ifndef SK_SECRET_STORE_H
#define SK_SECRET_STORE_H

#include <stdbool.h>
#include <stddef.h>

struct secret_store {
	const char *name;
	// it is in others' hands (systemd, a file, a program, an ssh-agent): nothing is stored or changed there, and what it may be used for is
	// kept beside the profile (core/binding.c)
	bool is_elsewhere;
	const char *key;  // of the profile, which says where it is; NULL for none
	bool needs_key;	  // there is no usual place
	const char *keys; // all that go with it, that one among them: words with one space between them; NULL for none
};

extern const struct secret_store secret_stores[];
extern const size_t secret_store_count;

// Their names, for an error.
#define SECRET_STORES "secret-service kernel credential file command ssh-agent none"

// NULL for a name that is none, and for NULL.
const struct secret_store *secret_store_find(const char *name);

// Whether the profile's key of this name goes with the store; store NULL: with any of them.
bool secret_store_knows(const struct secret_store *store, const char *key);

// NULL is a keyring.
bool secret_store_is_elsewhere(const char *name);

#endif
