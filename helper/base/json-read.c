// SPDX-License-Identifier: MIT
#include "base/json-read.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static void json_wipe_and_free(void *memory)
{
	if (memory)
		explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

void json_wipe_memory(void)
{
	cJSON_Hooks hooks = { malloc, json_wipe_and_free };

	cJSON_InitHooks(&hooks);
}

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
