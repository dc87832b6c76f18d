// SPDX-License-Identifier: MIT
#include "model/identity-source.h"

#include "base/text.h"

#include <string.h>

const struct identity_kind_row identity_kinds[IDENTITY_KINDS] = {
	[IDENTITY_FILE] = { "file", "/PATH", true, false },
	[IDENTITY_ENV] = { "env", "VARIABLE", true, false },
	[IDENTITY_GITHUB_ACTIONS] = { "github-actions", "HOST", false, true },
	[IDENTITY_COMMAND] = { "command", "/PATH WORD...", true, true },
};

static enum status identity_check_variable(const char *name, struct err *err)
{
	if (!text_is_variable(name))
		return err_set(err, STATUS_USAGE, "env: '%.64s' is not the name of an environment variable", name);
	return STATUS_OK;
}

// A word is what has one space before and behind it: there are no quotes, and no shell.
static enum status identity_check_path(const char *kind, const char *value, struct err *err)
{
	if (*value != '/')
		return err_set(err, STATUS_USAGE, "%s: '%.200s' is not an absolute path", kind, value);
	if (!text_has_no_control(value, strlen(value)))
		return err_set(err, STATUS_USAGE, "%s: it has a control character", kind);
	return STATUS_OK;
}

static enum status identity_check_host(const char *host, struct err *err)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-";

	if (host && (!*host || host[strspn(host, letters)]))
		return err_set(err, STATUS_USAGE, "github-actions: '%.64s' is not the name of a host", host);
	return STATUS_OK;
}

enum status identity_source_parse(struct identity_source *source, const char *text, struct err *err)
{
	size_t len = strcspn(text, ":");

	for (int kind = 0; kind < IDENTITY_KINDS; kind++) {
		const struct identity_kind_row *row = &identity_kinds[kind];

		if (strlen(row->name) != len || strncmp(row->name, text, len) != 0 || (row->needs_value && !text[len]))
			continue;
		*source = (struct identity_source){ (enum identity_kind)kind, text[len] ? text + len + 1 : "" };
		if (kind == IDENTITY_ENV)
			return identity_check_variable(source->value, err);
		if (kind == IDENTITY_GITHUB_ACTIONS)
			return identity_check_host(text[len] ? source->value : NULL, err);
		return identity_check_path(row->name, source->value, err);
	}
	return err_set(err, STATUS_USAGE,
		       "'%.100s' is none of: file:/PATH, env:VARIABLE, github-actions[:HOST], command:/PATH WORD...", text);
}

bool identity_source_of(struct identity_source *source, const char *text)
{
	return text && identity_source_parse(source, text, NULL) == STATUS_OK;
}
