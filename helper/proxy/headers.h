// SPDX-License-Identifier: MIT
// Which headers go through the proxy. Those between two neighbours (RFC 9110 section 7.6.1), those that say who asks, and those that
// would lead around the proxy do not.
#ifndef SK_HEADERS_H
#define SK_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

// name and value are a header's; connection: the values of all Connection headers of the same message, with commas between them.
bool header_of_request_passes(const char *name, const char *connection);
bool header_of_response_passes(const char *name, const char *connection);

// Whether name can be a header's (RFC 9110 section 5.6.2), and value can be sent as one: no control characters but tabs.
bool header_name_ok(const char *name);
bool header_value_ok(const char *value);

// Whether a list of words with commas between them has this one, in any case.
bool header_list_has(const char *list, const char *word);

// Whether a Host header names one of the hosts by which the proxy can be meant: this machine's own names, or one of allowed. With any port.
bool header_host_ok(const char *host, const char *const *allowed, size_t count);

#endif
