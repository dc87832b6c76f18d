// SPDX-License-Identifier: MIT
// What is JSON to cJSON is JSON here, and the other way round; and what is found in it is the same.
#include "base/json-value.h"
#include "fuzz.h"

#include <cjson/cJSON.h>

// cJSON is more generous with numbers ("01", "+1" it is not, but "1." it is), with control characters in strings, and stricter with half
// of a pair and with depth: only where both say yes are they compared.
static void compare(struct json_value value, const cJSON *tree)
{
	struct json_value rest = value, name, member;
	const cJSON *child = tree->child;

	MUST(json_is_object(value) == (bool)cJSON_IsObject(tree));
	MUST(json_is_array(value) == (bool)cJSON_IsArray(tree));
	MUST(json_is_string(value) == (bool)cJSON_IsString(tree));
	MUST(json_is_number(value) == (bool)cJSON_IsNumber(tree));
	if (cJSON_IsString(tree)) {
		BUF_AUTO(text, 1 << 20);

		MUST(json_string_put(&text, value) && buf_ok(&text));
		// cJSON's ends at a NUL
		MUST(!strncmp(text.data, tree->valuestring, strlen(tree->valuestring) + 1));
		return;
	}
	while (json_next(&rest, &name, &member)) {
		MUST(child);
		compare(member, child);
		child = child->next;
	}
	MUST(!child);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = input_text(data, size);
	struct json_value value = json_value_of(text, size);
	cJSON *tree = cJSON_ParseWithLengthOpts(text, size + 1, NULL, true);
	struct json_value rest = { text, size }, name, member;

	if (value.len) {
		MUST(value.at >= text && value.at + value.len <= text + size);
		MUST(json_value_of(value.at, value.len).len == value.len);
		MUST(json_same(value, value));
	}
	if (value.len && tree)
		compare(value, tree);
	while (json_next_of_beginning(&rest, &name, &member))
		MUST(member.at + member.len <= text + size);
	cJSON_Delete(tree);
	free(text);
	return 0;
}
