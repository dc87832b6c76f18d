// SPDX-License-Identifier: MIT
#include "protocols/tool-json.h"

#include <string.h>

cJSON *tool_json(const struct buf *input)
{
	cJSON *json = NULL;

	// a NUL, raw or escaped, would end a string of cJSON's early
	if (!memchr(input->data, '\0', input->len) && !strstr(input->data, "\\u0000"))
		json = cJSON_ParseWithOpts(input->data, NULL, 1);
	if (cJSON_IsObject(json))
		return json;
	cJSON_Delete(json);
	return NULL;
}

const char *tool_json_text(const cJSON *json, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));

	return text ? text : "";
}
