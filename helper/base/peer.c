// SPDX-License-Identifier: MIT
#include "base/peer.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

bool peer_is_allowed(int fd, const uid_t *uids, size_t count, uid_t *uid)
{
	struct ucred peer;
	socklen_t len = sizeof peer;

	*uid = (uid_t)-1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return false;
	*uid = peer.uid;
	for (size_t i = 0; i < count; i++) {
		if (peer.uid == uids[i])
			return true;
	}
	return peer.uid == geteuid();
}

void peer_describe(int fd, char words[64])
{
	struct ucred peer;
	socklen_t len = sizeof peer;

	words[0] = '\0';
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return;
	if (peer.pid > 0)
		(void)snprintf(words, 64, "user %u, pid %d", (unsigned)peer.uid, (int)peer.pid);
	else
		(void)snprintf(words, 64, "user %u", (unsigned)peer.uid);
}
