// SPDX-License-Identifier: MIT
// The socket that a server of ours listens on: one in the file system, of this user alone, in a directory of this user alone; one on
// loopback; or one that systemd has made (sd_listen_fds(3)).
#ifndef SK_SERVER_SOCKET_H
#define SK_SERVER_SOCKET_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>

#define SERVER_UIDS_MAX 8

struct server_socket {
	int fd;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; // of one in the file system, absolute; else ""
	unsigned port;						// of one on loopback; else 0
	bool inherited;						// systemd's, which stays when we end
	struct stat made;					// the file that we made
	// who may connect to a socket in the file system, besides this user
	uid_t uids[SERVER_UIDS_MAX];
	size_t uid_count;
};

// In the file system: mode 0600, or 0666 where other users may connect. A socket that a server has left behind, and that nobody listens
// on, is replaced. path may be relative. STATUS_POLICY where the directory or what is there is not this user's alone; STATUS_USAGE for a
// path that cannot be; STATUS_TEMPORARY where another server listens there. The directory is made where only it is missing.
enum status server_socket_listen_at(struct server_socket *server, const char *path, struct err *err);

// On loopback: "127.0.0.1:PORT" or "[::1]:PORT"; port 0 is any free one. STATUS_USAGE for what is not loopback.
enum status server_socket_listen_on(struct server_socket *server, const char *address, struct err *err);

// systemd's. STATUS_POLICY where it is not a listening socket in the file system. path is then its path.
enum status server_socket_inherit(struct server_socket *server, struct err *err);

// Whoever has connected to one in the file system, or STATUS_DENIED for another user than those that may.
enum status server_socket_check_peer(const struct server_socket *server, int fd, struct err *err);

// Closes it, and removes the file if it is still the one that we made.
void server_socket_close(struct server_socket *server);

#endif
