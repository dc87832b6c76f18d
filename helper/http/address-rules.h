// SPDX-License-Identifier: MIT
// Which addresses may be connected to. They are checked after the name was resolved, so that the address that is
// checked is the one that is used.
#ifndef SK_ADDRESS_RULES_H
#define SK_ADDRESS_RULES_H

#include "model/url.h"

#include <stdbool.h>
#include <sys/socket.h>

// Why a server's URL must not lead to this address, in words; NULL where it may. loopback_allowed: this machine itself may be meant.
const char *address_why_refused(const struct sockaddr *address, bool loopback_allowed);

// The same for a URL whose host is an address, with or without a proxy in between; NULL, too, for a name.
const char *address_why_url_refused(const struct url *url, bool loopback_allowed);

// Whether this is an address of this machine itself, in text.
bool address_text_is_loopback(const char *text);

#endif
