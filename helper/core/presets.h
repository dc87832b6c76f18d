// SPDX-License-Identifier: MIT
// Ready-made keys for authorization servers that take identity tokens, as --preset of 'add' names them: the one list.
#ifndef SK_PRESETS_H
#define SK_PRESETS_H

#include "base/status.h"
#include "model/profile.h"

#include <stddef.h>

#define PRESET_ROOM 8192

// One key. A line whose variable is not set, or whose key is given already, is left out. In value, $VARIABLE stands for an environment
// variable's value, and {key} for another key of the profile's.
struct preset_line {
	const char *key;
	const char *value;   // NULL: it must be given
	const char *if_set;  // a variable that must be set, though it is not in value
	const char *missing; // what to say where the key is not there in the end; NULL: it need not be
};

struct preset {
	const char *name;
	const char *title;
	const struct preset_line *lines; // ends with a NULL key
};

extern const struct preset presets[];
extern const size_t preset_count;

// Fills in the keys of given that are not there; their texts are put into room. STATUS_USAGE: there is no such preset, a variable has what
// cannot be in such a key, or something is missing.
enum status preset_apply(const char *name, struct profile *given, char room[PRESET_ROOM], struct err *err);

#endif
