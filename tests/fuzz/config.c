// SPDX-License-Identifier: MIT
// Configurations of other programs: what is put in is found again, a second time changes nothing, and taking it out leaves what is
// understood as well.
#include "base/json-value.h"
#include "core/config-edit.h"
#include "fuzz.h"

static void check(enum config_format format, const struct buf *old, const struct config_entry *entry)
{
	BUF_AUTO(set, CONFIG_MAX);
	BUF_AUTO(again, CONFIG_MAX);
	BUF_AUTO(removed, CONFIG_MAX);
	BUF_AUTO(diff, 4 * CONFIG_MAX);

	if (config_set(format, old, entry, &set, NULL) != STATUS_OK)
		return;
	MUST(config_set(format, &set, entry, &again, NULL) == STATUS_OK);
	MUST(set.len == again.len && !memcmp(set.data, again.data, set.len));
	MUST(config_remove(format, &set, entry, &removed, NULL) == STATUS_OK);
	config_diff("f", old, &set, &diff);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BUF_AUTO(old, CONFIG_MAX);

	buf_add(&old, data, size);
	check(CONFIG_JSON, &old, &(struct config_entry){ "m/t", "{\"a\":[1],\"b\":{\"c\":2}}", "", NULL });
	check(CONFIG_TOML, &old, &(struct config_entry){ "m.t", "a = 1\n", "", NULL });
	check(CONFIG_YAML, &old, &(struct config_entry){ "m/t", "a: 1\n", "", NULL });
	check(CONFIG_LINES, &old, &(struct config_entry){ "m", "a\n", "", NULL });
	return 0;
}
