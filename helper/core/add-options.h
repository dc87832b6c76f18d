// SPDX-License-Identifier: MIT
// The words after "add".
#ifndef SK_ADD_OPTIONS_H
#define SK_ADD_OPTIONS_H

#include "base/status.h"
#include "model/profile.h"

#include <limits.h>

#define ADD_PATHS_MAX 2 // ca_file, certificate

struct add_options {
	struct profile profile; // the keys that were given, and the name
	const char *key_file;	// of a private key, "-" for standard input; NULL for none
	const char *key_id;	// NULL: the key's own
	bool generate_key, no_verify, yes;
	char paths[ADD_PATHS_MAX][PATH_MAX]; // what was made absolute
	size_t path_count;
};

// Reads them into options, which the profile then points into: it is not to be moved. STATUS_USAGE when they are wrong or do
// not go together.
enum status add_options_parse(struct add_options *options, char **args, struct err *err);

// Whether the client has a private key, and no secret.
bool add_options_has_key(const struct add_options *options);

#endif
