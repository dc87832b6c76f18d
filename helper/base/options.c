// SPDX-License-Identifier: MIT
#include "base/options.h"

#include "base/nearest.h"

#include <stdio.h>
#include <string.h>

// The option that word is; *value is what follows its '=', or NULL.
static const struct option *options_find(const struct option *table, const char *word, const char **value)
{
	size_t len = strcspn(word, "=");

	*value = word[len] ? word + len + 1 : NULL;
	for (; table && table->name; table++) {
		if (strlen(table->name) == len && !strncmp(table->name, word, len))
			return table;
	}
	return NULL;
}

// Names only the option: its value may be a secret that somebody put into the wrong place.
static enum status options_unknown(const struct options *options, const char *word, struct err *err)
{
	char name[NEAREST_WORD_MAX + 1];
	struct nearest nearest;

	(void)snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
	nearest = nearest_to(name);
	for (const struct option *option = options->table; option && option->name; option++)
		nearest_offer(&nearest, option->name);
	if (nearest_word(&nearest))
		return err_set(err, STATUS_USAGE, "%s has no option '%s': did you mean '%s'?", options->command, name,
			       nearest_word(&nearest));
	return err_set(err, STATUS_USAGE, "%s has no option '%s': see 'sk-helper help %s'", options->command, name,
		       options->command);
}

static enum status options_take(const struct options *options, char ***args, options_visitor *take, void *context,
				struct err *err)
{
	const char *word = **args, *value;
	const struct option *option = options_find(options->table, word, &value);

	if (!option)
		return options_unknown(options, word, err);
	if (!option->argument && value)
		return err_set(err, STATUS_USAGE, "%s: %s takes no value", options->command, option->name);
	if (option->argument && !value)
		value = (*args)[1] ? *++*args : NULL;
	if (option->argument && !value)
		return err_set(err, STATUS_USAGE, "%s: %s needs a value: %s %s", options->command, option->name, option->name,
			       option->argument);
	return take(context, option->name, value, err);
}

enum status options_parse(const struct options *options, char ***args, options_visitor *take, void *context, struct err *err)
{
	enum status status = STATUS_OK;
	bool ended = false;

	for (; **args && status == STATUS_OK; ++*args) {
		const char *word = **args;

		if (!ended && !strcmp(word, "--")) {
			ended = true;
		} else if (!ended && word[0] == '-' && word[1]) {
			status = options_take(options, args, take, context, err);
		} else {
			if (options->stop_at_word)
				return STATUS_OK;
			status = take(context, NULL, word, err);
		}
	}
	return status;
}
