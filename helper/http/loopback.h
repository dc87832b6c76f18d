// SPDX-License-Identifier: MIT
// Which user a server on this machine belongs to. Any local account can open a port above 1023, also the port of a
// service of yours that is not running at the moment. Over plain http, such a server would be given the secret.
#ifndef SK_LOOPBACK_H
#define SK_LOOPBACK_H

#include <stdbool.h>

// Opens what the look-up reads, before the sandbox closes the files.
void loopback_prepare(void);

// Whether the server at this address and port, to which there is a connection from local_port, is the user's own or root's. False
// with why, which has room for 200 bytes, where it is another user's, and where that cannot be found out.
// What was found out of a connection is remembered, as it is asked again for each request that the connection is used for.
bool loopback_is_ours(const char *address, unsigned port, unsigned local_port, char *why);

// Forgets it: to be called when the connection ends, whose port another one may get.
void loopback_forget(unsigned local_port);

#endif
