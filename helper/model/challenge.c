// SPDX-License-Identifier: MIT
#include "model/challenge.h"

#include "base/text.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

// RFC 9110 section 5.6.2
static bool is_token_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

static const char *skip_token(const char *at)
{
	while (is_token_char(*at))
		at++;
	return at;
}

static const char *skip_space(const char *at)
{
	while (*at == ' ' || *at == '\t')
		at++;
	return at;
}

// A list may have empty elements.
static const char *skip_commas(const char *at)
{
	while (*at == ' ' || *at == '\t' || *at == ',')
		at++;
	return at;
}

// Reads a token or a quoted string into value (NULL: nowhere); NULL when it is malformed or too long.
static const char *read_value(const char *at, char *value, size_t size)
{
	bool quoted = *at == '"';
	const char *start = at += quoted;
	size_t len = 0;

	for (; quoted ? *at && *at != '"' : is_token_char(*at); at++) {
		if (quoted && *at == '\\' && *++at == '\0')
			return NULL;
		if ((unsigned char)*at < ' ' && *at != '\t')
			return NULL;
		if (value && len + 1 >= size)
			return NULL;
		if (value)
			value[len] = *at;
		len++;
	}
	if (value)
		value[len] = '\0';
	if (quoted)
		return *at == '"' ? at + 1 : NULL;
	return at > start ? at : NULL;
}

static const struct {
	const char *name;
	size_t offset, size;
} parameters[] = {
	{ "scope", offsetof(struct challenge, scope), sizeof(((struct challenge *)0)->scope) },
	{ "error", offsetof(struct challenge, error), sizeof(((struct challenge *)0)->error) },
	{ "resource_metadata", offsetof(struct challenge, resource_metadata),
	  sizeof(((struct challenge *)0)->resource_metadata) },
};
#define PARAMETERS (sizeof parameters / sizeof parameters[0])

// One "name = value"; keeps it in challenge unless that is NULL.
static const char *read_parameter(const char *at, struct challenge *challenge, unsigned *seen)
{
	const char *name = at;
	size_t len = (size_t)(skip_token(at) - at), found = PARAMETERS;

	at = skip_space(skip_space(skip_token(at)) + 1);
	for (size_t i = 0; challenge && i < PARAMETERS; i++) {
		if (strlen(parameters[i].name) == len && !strncasecmp(parameters[i].name, name, len))
			found = i;
	}
	if (found == PARAMETERS)
		return read_value(at, NULL, 0);
	if (*seen & (1U << found))
		return NULL;
	*seen |= 1U << found;
	return read_value(at, (char *)challenge + parameters[found].offset, parameters[found].size);
}

static bool is_parameter(const char *at)
{
	const char *end = skip_token(at);

	return end > at && *skip_space(end) == '=' && skip_space(end)[1] != '=';
}

// What follows the scheme: parameters up to the next scheme. NULL when malformed.
static const char *read_parameters(const char *at, struct challenge *challenge)
{
	unsigned seen = 0;

	at = skip_space(at);
	// token68, of schemes that are not ours
	if (!is_parameter(at) && *at && *at != ',') {
		while (is_token_char(*at) || *at == '/' || *at == '=')
			at++;
		return at;
	}
	for (at = skip_commas(at); is_parameter(at); at = skip_commas(at)) {
		at = read_parameter(at, challenge, &seen);
		if (!at)
			return NULL;
		at = skip_space(at);
		if (*at && *at != ',')
			return NULL;
	}
	return at;
}

static bool fit(const struct challenge *challenge)
{
	return (!*challenge->scope || text_is_scope(challenge->scope)) &&
	       (!*challenge->error || text_is_graphic(challenge->error));
}

bool challenge_parse(struct challenge *challenge, const char *header)
{
	const char *at = skip_commas(header);
	bool found = false;

	memset(challenge, 0, sizeof *challenge);
	while (at && *at && !found) {
		const char *end = skip_token(at);

		found = end - at == 6 && !strncasecmp(at, "Bearer", 6);
		if (end == at || (*end && *end != ' ' && *end != '\t' && *end != ','))
			at = NULL;
		else
			at = read_parameters(end, found ? challenge : NULL);
		if (at && !found)
			at = skip_commas(at);
	}
	if (found && at && fit(challenge))
		return true;
	memset(challenge, 0, sizeof *challenge);
	return false;
}
