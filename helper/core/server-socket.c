// SPDX-License-Identifier: MIT
#include "core/server-socket.h"

#include "base/listen-fds.h"
#include "base/peer.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG 128

// --- in the file system

// "DIR/NAME" as an absolute path.
static enum status server_socket_set_path(struct server_socket *server, const char *path, struct err *err)
{
	char here[PATH_MAX] = "";
	int len;

	if (!*path || path[strlen(path) - 1] == '/')
		return err_set(err, STATUS_USAGE,
			       "--socket: '%s' does not end in the name of a file, such as /DIRECTORY/proxy.sock", path);
	if (*path != '/' && !getcwd(here, sizeof here))
		return err_set(err, STATUS_USAGE, "--socket: the current directory cannot be used: %s", strerror(errno));
	len = snprintf(server->path, sizeof server->path, "%s%s%s", here, *path == '/' ? "" : "/", path);
	if (len < 0 || (size_t)len >= sizeof server->path) {
		server->path[0] = '\0';
		return err_set(err, STATUS_USAGE, "--socket: the path is longer than %zu bytes (unix(7)): use a shorter one",
			       sizeof server->path - 1);
	}
	return STATUS_OK;
}

// Others who can write the directory could put a socket of their own in the place of ours.
static enum status server_socket_open_dir(const char *dir, int *fd, struct err *err)
{
	struct stat st;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return err_set(
			err, STATUS_USAGE,
			"--socket: the directory '%s' cannot be made: %s: make what is above it first; is XDG_RUNTIME_DIR set?",
			dir, strerror(errno));
	*fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0 || fstat(*fd, &st) < 0)
		return err_set(err, STATUS_USAGE, "--socket: the directory '%s' cannot be used: %s", dir, strerror(errno));
	if (st.st_uid != geteuid() || (st.st_mode & 022))
		return err_set(
			err, STATUS_POLICY,
			"--socket: other users can write to the directory '%s', and could replace the socket: use one that "
			"only you can write to, such as $XDG_RUNTIME_DIR/sk-helper",
			dir);
	return STATUS_OK;
}

// What is at the path already: nothing, or a socket that nobody listens on any more.
static enum status server_socket_check_old(const struct server_socket *server, const struct sockaddr_un *address,
					   struct err *err)
{
	int fd, error;
	struct stat st;

	if (lstat(server->path, &st) < 0)
		return STATUS_OK;
	if (!S_ISSOCK(st.st_mode) || st.st_uid != geteuid())
		return err_set(err, STATUS_POLICY, "--socket: '%s' is there already, and is not a socket of yours",
			       server->path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	error = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) < 0 ? errno : 0;
	if (fd >= 0)
		close(fd);
	if (error == ECONNREFUSED)
		return STATUS_OK;
	return err_set(err, STATUS_TEMPORARY, "--socket: another server listens at '%s': end it, or use another path",
		       server->path);
}

// Under another name first, and then moved: nobody can connect before it has its mode, and a socket that is in use is not lost.
static enum status server_socket_bind(struct server_socket *server, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX }, new_address = { .sun_family = AF_UNIX };
	mode_t mode = server->uid_count ? 0666 : 0600;
	enum status status;
	struct stat old;
	int len;

	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", server->path);
	len = snprintf(new_address.sun_path, sizeof new_address.sun_path, "%s.new", server->path);
	if (len < 0 || (size_t)len >= sizeof new_address.sun_path)
		return err_set(err, STATUS_USAGE, "--socket: the path is longer than %zu bytes (unix(7)): use a shorter one",
			       sizeof new_address.sun_path - 5);
	status = server_socket_check_old(server, &address, err);
	if (status != STATUS_OK)
		return status;
	if (lstat(new_address.sun_path, &old) == 0 && S_ISSOCK(old.st_mode) && old.st_uid == geteuid())
		(void)unlink(new_address.sun_path);
	server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server->fd < 0 || bind(server->fd, (const struct sockaddr *)&new_address, sizeof new_address) < 0 ||
	    chmod(new_address.sun_path, mode) < 0 || listen(server->fd, BACKLOG) < 0 ||
	    lstat(new_address.sun_path, &server->made) < 0 || rename(new_address.sun_path, server->path) < 0) {
		status = err_set(err, STATUS_USAGE, "--socket: '%s' cannot be made: %s", server->path, strerror(errno));
	}
	return status;
}

// Others may be able to lock the directory, and for ever. Where there are no locks, it is done without.
static bool server_socket_lock(int dir_fd)
{
	const struct timespec pause = { 0, 20000000 };
	int tries = 100;

	while (flock(dir_fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK)
			return true;
		if (--tries == 0)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

enum status server_socket_listen_at(struct server_socket *server, const char *path, struct err *err)
{
	char dir[sizeof server->path];
	enum status status = server_socket_set_path(server, path, err);
	int dir_fd = -1;

	server->fd = -1;
	if (status == STATUS_OK) {
		(void)snprintf(dir, sizeof dir, "%s", server->path);
		*strrchr(dir, '/') = '\0';
		status = server_socket_open_dir(*dir ? dir : "/", &dir_fd, err);
	}
	// two that begin at once: one finds the other's socket
	if (status == STATUS_OK && !server_socket_lock(dir_fd))
		status = err_set(err, STATUS_TEMPORARY, "--socket: another process holds the directory '%s' locked: try again",
				 dir);
	if (status == STATUS_OK)
		status = server_socket_bind(server, err);
	if (dir_fd >= 0)
		close(dir_fd);
	return status;
}

// --- on loopback

union loopback_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static bool server_socket_parse_address(const char *text, union loopback_address *address, socklen_t *len)
{
	const char *colon = strrchr(text, ':');
	char host[16];
	int64_t port;

	*address = (union loopback_address){ 0 };
	if (!colon || (size_t)(colon - text) >= sizeof host || !text_to_number(colon + 1, 0, 65535, &port))
		return false;
	(void)snprintf(host, sizeof host, "%.*s", (int)(colon - text), text);
	if (!strcmp(host, "[::1]")) {
		address->v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
		address->v6.sin6_addr = in6addr_loopback;
		*len = sizeof address->v6;
		return true;
	}
	address->v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	*len = sizeof address->v4;
	if (!strcmp(host, "localhost"))
		address->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else if (inet_pton(AF_INET, host, &address->v4.sin_addr) != 1)
		return false;
	return ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
}

enum status server_socket_listen_on(struct server_socket *server, const char *text, struct err *err)
{
	union loopback_address address;
	const int yes = 1;
	socklen_t len;

	server->fd = -1;
	if (!server_socket_parse_address(text, &address, &len))
		return err_set(err, STATUS_USAGE,
			       "--listen: '%s' is not 127.0.0.1:PORT or [::1]:PORT: sk-helper listens on this machine alone",
			       text);
	server->fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server->fd < 0 || setsockopt(server->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0 ||
	    bind(server->fd, &address.any, len) < 0 || listen(server->fd, BACKLOG) < 0 ||
	    getsockname(server->fd, &address.any, &len) < 0)
		return err_set(err, STATUS_USAGE, "--listen: '%s' cannot be used: %s", text, strerror(errno));
	server->port = ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
	return STATUS_OK;
}

// --- systemd's

static bool is_option(int fd, int option, int value)
{
	int is = -1;
	socklen_t len = sizeof is;

	return getsockopt(fd, SOL_SOCKET, option, &is, &len) == 0 && is == value;
}

enum status server_socket_inherit(struct server_socket *server, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNSPEC };
	socklen_t len = sizeof address - 1;

	server->fd = LISTEN_FDS_START;
	server->inherited = true;
	if (listen_fds_count() != 1)
		return err_set(err, STATUS_USAGE, "systemd has given %d sockets, and only one is served: use a unit for each",
			       listen_fds_count());
	if (!is_option(server->fd, SO_DOMAIN, AF_UNIX) || !is_option(server->fd, SO_TYPE, SOCK_STREAM) ||
	    !is_option(server->fd, SO_ACCEPTCONN, 1) || getsockname(server->fd, (struct sockaddr *)&address, &len) < 0 ||
	    address.sun_path[0] != '/')
		return err_set(
			err, STATUS_POLICY,
			"the socket that systemd has given is not in the file system: use ListenStream=/PATH with Accept=no");
	(void)snprintf(server->path, sizeof server->path, "%s", address.sun_path);
	(void)fcntl(server->fd, F_SETFD, FD_CLOEXEC);
	(void)fcntl(server->fd, F_SETFL, O_NONBLOCK);
	return STATUS_OK;
}

// --- serving

enum status server_socket_check_peer(const struct server_socket *server, int fd, struct err *err)
{
	uid_t uid;

	if (peer_is_allowed(fd, server->uids, server->uid_count, &uid))
		return STATUS_OK;
	if (uid == (uid_t)-1)
		return err_set(err, STATUS_DENIED, "it is not known which user has connected");
	return err_set(err, STATUS_DENIED, "user %u has connected, who may not: '--allow-uid %u' would allow it", (unsigned)uid,
		       (unsigned)uid);
}

void server_socket_close(struct server_socket *server)
{
	struct stat st;

	if (server->fd >= 0)
		close(server->fd);
	server->fd = -1;
	if (server->inherited || !server->made.st_ino || lstat(server->path, &st) < 0)
		return;
	if (st.st_ino == server->made.st_ino && st.st_dev == server->made.st_dev)
		(void)unlink(server->path);
}
