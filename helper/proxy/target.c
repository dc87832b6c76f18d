// SPDX-License-Identifier: MIT
#include "proxy/target.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

// In a time that does not tell how much of it is right.
static bool target_has_prefix(const char *target, const char *prefix)
{
	size_t len = strlen(prefix);
	unsigned char difference = 0;

	if (strlen(target) < len)
		return false;
	for (size_t i = 0; i < len; i++)
		difference |= (unsigned char)(target[i] ^ prefix[i]);
	return difference == 0;
}

static size_t target_find_route(const struct target_route *routes, size_t count, const char *name, size_t len)
{
	size_t i = 0;

	while (i < count && (strlen(routes[i].name) != len || strncmp(routes[i].name, name, len) != 0))
		i++;
	return i;
}

// The URL's path without slashes at its end: what is behind it begins with one.
static size_t target_base_len(const struct url *base)
{
	size_t len = base->path_len;

	while (len > 0 && base->path[len - 1] == '/')
		len--;
	return len;
}

enum target_result target_resolve(const struct target_route *routes, size_t count, const char *prefix, const char *target,
				  size_t *route, char url[URL_MAX + 1], const char **query)
{
	const char *name, *rest, *end;
	const struct target_route *found;
	struct url parsed;
	int len;

	if (!text_is_graphic(target) || target[0] != '/' || strchr(target, '#'))
		return TARGET_MALFORMED;
	if (!target_has_prefix(target, prefix) || target[strlen(prefix)] != '/')
		return TARGET_UNKNOWN;
	name = target + strlen(prefix) + 1;
	end = name + strcspn(name, "?");
	rest = name + strcspn(name, "/?");
	*route = target_find_route(routes, count, name, (size_t)(rest - name));
	if (*route == count)
		return TARGET_UNKNOWN;
	found = &routes[*route];
	*query = *end ? end : NULL;
	// "/NAME" is the very URL, with its query
	if (rest == end && !*query)
		len = snprintf(url, URL_MAX + 1, "%s", found->url);
	else
		len = snprintf(url, URL_MAX + 1, "%.*s%.*s",
			       (int)(found->base.path - found->url +
				     (rest == end ? found->base.path_len : target_base_len(&found->base))),
			       found->url, (int)(end - rest), rest);
	if (len < 0 || len > URL_MAX)
		return TARGET_TOO_LONG;
	// what servers read in different ways is no URL here: so there is no way above the profile's own
	return url_parse(&parsed, url, NULL) == STATUS_OK ? TARGET_OK : TARGET_MALFORMED;
}

bool target_of_url(const struct target_route *route, const char *prefix, const char *url, char *target, size_t size)
{
	struct url parsed;
	int len;

	if (url_parse(&parsed, url, NULL) != STATUS_OK || !url_covers(&route->base, &parsed))
		return false;
	len = snprintf(target, size, "%s/%s%s", prefix, route->name, parsed.path + target_base_len(&route->base));
	return len > 0 && (size_t)len < size;
}
