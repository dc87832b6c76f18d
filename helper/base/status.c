// SPDX-License-Identifier: MIT
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *word;
	int exit_code;
	const char *help;
} statuses[STATUS_COUNT] = {
	[STATUS_OK] = { "ok", 0, "answered" },
	[STATUS_INTERNAL] = { "internal", 1, "internal error, or the answer could not be written" },
	[STATUS_USAGE] = { "usage", 2, "the command line or the request is wrong" },
	[STATUS_NOT_FOUND] = { "not-found", 3, "no such profile, or nothing is stored" },
	[STATUS_LOCKED] = { "locked", 4, "the keyring, or the ssh-agent, is locked" },
	[STATUS_UNAVAILABLE] = { "unavailable", 5, "the keyring, or the ssh-agent, is not available" },
	[STATUS_DENIED] = { "denied", 5, "the keyring, or the ssh-agent, is not available" },
	[STATUS_FULL] = { "full", 5, "the keyring, or the ssh-agent, is not available" },
	[STATUS_REFUSED] = { "refused", 6, "refused by the authorization server: final" },
	[STATUS_TEMPORARY] = { "temporary", 7, "network, or the server is busy: try later" },
	[STATUS_POLICY] = { "policy", 8, "refused for safety: the message says why" },
};

enum status err_set(struct err *err, enum status status, const char *format, ...)
{
	va_list args;

	if (!err)
		return status;
	err->status = status;
	va_start(args, format);
	(void)vsnprintf(err->text, sizeof err->text, format, args); // a message cut at the end still says what and where
	va_end(args);
	return status;
}

enum status err_prefix(struct err *err, const char *format, ...)
{
	struct err old;
	va_list args;
	size_t used;

	if (!err)
		return STATUS_INTERNAL;
	old = *err;
	va_start(args, format);
	(void)vsnprintf(err->text, sizeof err->text, format, args);
	va_end(args);
	used = strlen(err->text);
	(void)snprintf(err->text + used, sizeof err->text - used, ": %s", old.text);
	return err->status;
}

enum status err_suffix(struct err *err, const char *format, ...)
{
	va_list args;
	size_t used;

	if (!err)
		return STATUS_INTERNAL;
	used = strlen(err->text);
	va_start(args, format);
	(void)vsnprintf(err->text + used, sizeof err->text - used, format, args);
	va_end(args);
	return err->status;
}

const char *status_word(enum status status)
{
	return statuses[status].word;
}

int status_exit_code(enum status status)
{
	return statuses[status].exit_code;
}

const char *status_help(enum status status)
{
	return statuses[status].help;
}

enum status status_from_exit_code(int code)
{
	for (int i = 0; i < STATUS_COUNT; i++) {
		if (statuses[i].exit_code == code)
			return (enum status)i;
	}
	return STATUS_INTERNAL;
}

bool status_from_word(const char *word, enum status *status)
{
	for (int i = 0; i < STATUS_COUNT; i++) {
		if (!strcmp(word, statuses[i].word)) {
			*status = (enum status)i;
			return true;
		}
	}
	return false;
}
