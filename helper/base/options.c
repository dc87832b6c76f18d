// SPDX-License-Identifier: MIT
#include "base/options.h"

#include "base/debug.h"
#include "base/nearest.h"

#include <stdio.h>
#include <string.h>

static const struct {
	char letter;
	const char *name;
} letters[] = {
	{ 'a', "--all" }, { 'e', "--env" }, { 'f', "--format" }, { 'j', "--json" }, { 'q', "--quiet" }, { 'y', "--yes" },
};

const char *option_of_letter(char letter)
{
	for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
		if (letters[i].letter == letter)
			return letters[i].name;
	}
	return NULL;
}

char option_letter(const char *name)
{
	for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
		if (!strcmp(letters[i].name, name))
			return letters[i].letter;
	}
	return '\0';
}

bool option_is_help(const char *word)
{
	return !strcmp(word, "--help") || !strcmp(word, "-h");
}

const struct option *options_find(const struct option *table, const char *word, const char **value)
{
	bool is_letter = word[0] == '-' && word[1] && word[1] != '-' && !word[2];
	const char *name = is_letter ? option_of_letter(word[1]) : word;
	size_t len = name ? strcspn(name, "=") : 0;

	*value = name && name[len] ? name + len + 1 : NULL;
	for (; name && table && table->name; table++) {
		if (strlen(table->name) == len && !strncmp(table->name, name, len))
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

	if (!strcmp(word, "--debug")) {
		debug_enable();
		return STATUS_OK;
	}

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
