// SPDX-License-Identifier: MIT
#include "keyring/runtime-read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

// Without a system call.
static unsigned runtime_user(void)
{
	return (unsigned)getauxval(AT_EUID);
}

bool runtime_place(int number, char parent[RUNTIME_PATH_MAX])
{
	unsigned uid = runtime_user();
	const char *directory = getenv("XDG_RUNTIME_DIR");
	char users[64];

	(void)snprintf(users, sizeof users, "/run/user/%u", uid);
	if (number == 0)
		(void)snprintf(parent, RUNTIME_PATH_MAX, "%s/sk-helper", users);
	else if (number == 2)
		(void)snprintf(parent, RUNTIME_PATH_MAX, "/dev/shm/sk-helper-%u", uid);
	else
		return directory && *directory == '/' && strcmp(directory, users) != 0 &&
		       (size_t)snprintf(parent, RUNTIME_PATH_MAX, "%s/sk-helper", directory) < RUNTIME_PATH_MAX - 16;
	return true;
}

int runtime_open_dir(const char *parent)
{
	char path[RUNTIME_PATH_MAX + 8];
	struct stat st;
	int fd;

	(void)snprintf(path, sizeof path, "%s/tokens", parent);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && st.st_uid == runtime_user() && (st.st_mode & 0777) == 0700)
		return fd;
	close(fd);
	errno = EACCES;
	return -1;
}

// A file that another user has put there would be another's token.
static enum status runtime_read(int dir, const char *name, struct buf *value, int64_t *ends_at, struct err *err)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	enum status status = STATUS_OK;
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return err_set(err, STATUS_NOT_FOUND, "runtime directory: nothing is stored");
	if (fd < 0 || fstat(fd, &st) < 0)
		status = err_set(err, STATUS_INTERNAL, "runtime directory: '%s': %s", name, strerror(errno));
	else if (!S_ISREG(st.st_mode) || st.st_uid != runtime_user() || (st.st_mode & 077))
		status = err_set(err, STATUS_DENIED, "runtime directory: '%s' is not a file of yours alone: remove it", name);
	else if (st.st_size > RUNTIME_VALUE_MAX || !buf_read_size(value, fd, (size_t)st.st_size))
		status = err_set(err, STATUS_INTERNAL, "runtime directory: '%s' is too long, or cannot be read", name);
	if (fd >= 0)
		close(fd);
	*ends_at = status == STATUS_OK ? st.st_mtime : 0;
	return status;
}

enum status runtime_read_file(const char *name, struct buf *value, int64_t *ends_at, struct err *err)
{
	enum status status = err_set(err, STATUS_NOT_FOUND, "runtime directory: nothing is stored");
	char parent[RUNTIME_PATH_MAX];

	for (int number = 0; number < RUNTIME_PLACES && status == STATUS_NOT_FOUND; number++) {
		int dir = runtime_place(number, parent) ? runtime_open_dir(parent) : -1;

		if (dir < 0)
			continue;
		status = runtime_read(dir, name, value, ends_at, err);
		close(dir);
	}
	return status;
}

enum status runtime_get_record(const struct keyring_key *key, struct buf *value, struct err *err)
{
	char name[KEYRING_NAME_MAX];
	int64_t ends_at;

	keyring_name(name, key);
	return runtime_read_file(name, value, &ends_at, err);
}
