// SPDX-License-Identifier: MIT
// The words after "add" and "set".
#ifndef SK_ADD_OPTIONS_H
#define SK_ADD_OPTIONS_H

#include "base/status.h"
#include "core/change.h"
#include "core/presets.h"
#include "model/profile.h"

#include <limits.h>

#define ADD_PATHS_MAX 2 // ca_file, certificate

struct add_options {
	const char *command;  // "add" or "set"
	struct change change; // of the profile
	const char *key_file; // of a private key, "-" for standard input; NULL for none
	const char *key_id;   // NULL: the key's own
	const char *preset;   // NULL: none
	bool generate_key, no_verify, yes, dry_run, missing, is_default, prompts;
	char paths[ADD_PATHS_MAX][PATH_MAX]; // what was made absolute
	size_t path_count;
	char preset_room[PRESET_ROOM]; // what it fills in
};

// Reads them into options, which the change then points into: it is not to be moved. STATUS_USAGE when they are wrong.
enum status add_options_parse(struct add_options *options, const char *command, char **args, struct err *err);

// Whether the options go together for the profile as it will be; sets its auth_method where a key decides that.
enum status add_options_check(const struct add_options *options, struct profile *profile, struct err *err);

// Whether the client is given a private key, and no secret.
bool add_options_has_key(const struct add_options *options);

#endif
