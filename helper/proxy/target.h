// SPDX-License-Identifier: MIT
// Where a request goes: "/NAME/rest" to the URL of the profile NAME and rest, and nowhere else. Pure: strings in, strings out.
#ifndef SK_TARGET_H
#define SK_TARGET_H

#include "model/url.h"

#include <stdbool.h>
#include <stddef.h>

#define TARGET_PREFIX_MAX 64 // "/" and the secret path, of a proxy on loopback

// One that requests can be sent to.
struct target_route {
	const char *name; // of the profile
	const char *url;  // its URL
	struct url base;  // the same, parsed
};

enum target_result {
	TARGET_OK,
	TARGET_MALFORMED, // it is not a path, or it is one that servers read in different ways
	TARGET_UNKNOWN,	  // there is no such profile, or the secret path is wrong
	TARGET_TOO_LONG,
};

// The request's target as it came, "/NAME/rest?query". prefix: what it must begin with, "" for nothing. On TARGET_OK, *route is the number
// of the route, url where the request goes, and *query points into target, at the '?', or is NULL.
enum target_result target_resolve(const struct target_route *routes, size_t count, const char *prefix, const char *target,
				  size_t *route, char url[URL_MAX + 1], const char **query);

// Where an absolute URL, which a server names, is for whoever asks through us: "PREFIX/NAME/rest?query". False where it does not lead through
// this route.
bool target_of_url(const struct target_route *route, const char *prefix, const char *url, char *target, size_t size);

#endif
