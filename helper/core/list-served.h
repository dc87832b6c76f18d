// SPDX-License-Identifier: MIT
// The parts of 'list' that are about 'share' and 'proxy': what is served from here, and what is shared with us.
#ifndef SK_LIST_SERVED_H
#define SK_LIST_SERVED_H

#include "base/status.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

// A table of the servers that run, below that of the profiles; nothing where there is none. name: only those of this profile; NULL: all.
void list_print_served(const char *name);

// The servers of one profile, as a JSON array. NULL without memory.
cJSON *list_served_of(const char *name);

// Prints it on one line, and frees it.
enum status list_print_json(cJSON *json, struct err *err);

// Where SK_HELPER_SOCKET names a socket: the profiles that are shared there.
enum status list_print_shared(bool json, bool names_only, struct err *err);

#endif
