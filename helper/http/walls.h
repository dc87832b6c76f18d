// SPDX-License-Identifier: MIT
// Which addresses may be connected to. Asked when a name has been resolved, so that there is nothing between check and use.
#ifndef SK_WALLS_H
#define SK_WALLS_H

#include "model/url.h"

#include <stdbool.h>
#include <sys/socket.h>

// Why a server's URL must not lead to this address, in words; NULL where it may. loopback_allowed: this machine itself may be meant.
const char *walls_why_not(const struct sockaddr *address, bool loopback_allowed);

// The same for a URL whose host is an address, with or without a proxy in between; NULL, too, for a name.
const char *walls_why_not_url(const struct url *url, bool loopback_allowed);

bool walls_is_loopback(const struct sockaddr *address);

#endif
