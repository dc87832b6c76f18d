// SPDX-License-Identifier: MIT
// What tools say in JSON. The caller deletes what it gets with cJSON_Delete.
#ifndef SK_TOOL_JSON_H
#define SK_TOOL_JSON_H

#include "base/buf.h"

#include <cjson/cJSON.h>

// NULL for what is not one JSON object.
cJSON *tool_json(const struct buf *input);

// A member that is a string; "" where there is none.
const char *tool_json_text(const cJSON *json, const char *name);

#endif
