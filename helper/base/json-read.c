// SPDX-License-Identifier: MIT
#include "base/json-read.h"

#include <string.h>

cJSON *json_object(const struct buf *text)
{
	cJSON *json = NULL;

	// a NUL, raw or escaped, would end a string of cJSON's early
	if (!memchr(text->data, '\0', text->len) && !strstr(text->data, "\\u0000"))
		json = cJSON_ParseWithOpts(text->data, NULL, 1);
	if (cJSON_IsObject(json))
		return json;
	cJSON_Delete(json);
	return NULL;
}

const char *json_text(const cJSON *json, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));

	return text ? text : "";
}
