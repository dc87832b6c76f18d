// SPDX-License-Identifier: MIT
// JSON that somebody else wrote, read with cJSON. Not for the front door, which links no library.
#ifndef SK_JSON_READ_H
#define SK_JSON_READ_H

#include "base/buf.h"

#include <cjson/cJSON.h>

// From now on cJSON wipes what it gives back: for programs that read tokens or keys with it.
void json_wipe_memory(void);

// The object that text is, and nothing behind it; NULL for anything else. The caller frees it with cJSON_Delete.
cJSON *json_object(const struct buf *text);

// A member that is a string; "" where there is none.
const char *json_text(const cJSON *json, const char *name);

#endif
