// SPDX-License-Identifier: MIT
// The proxy on the way to a URL, as the environment has it: decided here and told to libcurl, because what else is allowed depends on
// whether there is one.
#ifndef SK_PROXY_H
#define SK_PROXY_H

#include "model/url.h"

#include <stdbool.h>

// The proxy for this https URL: the profile's own (wanted), else that of https_proxy or all_proxy unless no_proxy names the host; in
// small letters first, as curl(1) has it. NULL for none, and always for this machine itself.
const char *proxy_for(const struct url *url, const char *wanted);

// Whether no_proxy's list names this host: itself, or a domain that it is in; "*" names all; an address may be a block (10.0.0.0/8).
bool proxy_list_has(const char *list, const struct url *url);

// The port of a proxy's URL; where it has none, libcurl's default for its scheme.
unsigned proxy_port(const char *proxy);

#endif
