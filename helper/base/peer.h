// SPDX-License-Identifier: MIT
// Who is at the other end of a Unix socket.
#ifndef SK_PEER_H
#define SK_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

// Whether the peer is this user or one of uids. *uid is the peer's, or (uid_t)-1 where that is not known, which is nobody's.
bool peer_is_allowed(int fd, const uid_t *uids, size_t count, uid_t *uid);

// "user 1000, pid 123": who has connected, in words; "" where it is not known. Of a process in another pid namespace, no pid.
void peer_describe(int fd, char words[64]);

#endif
