// SPDX-License-Identifier: MIT
#include "keyring/runtime-read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/vfs.h>
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

	if (number == 0)
		(void)snprintf(parent, RUNTIME_PATH_MAX, "/run/user/%u/sk-helper", uid);
	else if (number == 1)
		(void)snprintf(parent, RUNTIME_PATH_MAX, "/dev/shm/sk-helper-%u", uid);
	else
		return directory && *directory == '/' &&
		       (size_t)snprintf(parent, RUNTIME_PATH_MAX, "%s/sk-helper", directory) < RUNTIME_PATH_MAX;
	return true;
}

// linux/magic.h, which musl has not: TMPFS_MAGIC, RAMFS_MAGIC
bool runtime_is_memory(int dir)
{
	struct statfs fs;

	return fstatfs(dir, &fs) == 0 && ((unsigned long)fs.f_type == 0x01021994UL || (unsigned long)fs.f_type == 0x858458f6UL);
}

int runtime_open_dir(int number)
{
	char parent[RUNTIME_PATH_MAX];
	struct stat st;
	int above, fd;

	// a link in the place of our directory would be another user's, or a repository's
	above = runtime_place(number, parent) ? openat(AT_FDCWD, parent, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
	if (above < 0)
		return -1;
	fd = openat(above, "tokens", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	close(above);
	if (fd < 0)
		return -1;
	// what the environment names is looked at more closely
	if (fstat(fd, &st) == 0 && st.st_uid == runtime_user() && (st.st_mode & 0777) == 0700 &&
	    (number < RUNTIME_PLACES - 1 || runtime_is_memory(fd)))
		return fd;
	close(fd);
	errno = EACCES;
	return -1;
}

// A file that another user has put there would be another's token.
static enum status runtime_read(int dir, const char *name, struct buf *value, struct stat *st, struct err *err)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	enum status status = STATUS_OK;

	if (fd < 0 && errno == ENOENT)
		return err_set(err, STATUS_NOT_FOUND, "runtime directory: nothing is stored");
	if (fd < 0 || fstat(fd, st) < 0)
		status = err_set(err, STATUS_INTERNAL, "runtime directory: '%s': %s", name, strerror(errno));
	else if (!S_ISREG(st->st_mode) || st->st_uid != runtime_user() || (st->st_mode & 077))
		status = err_set(err, STATUS_DENIED, "runtime directory: '%s' is not a file of yours alone: remove it", name);
	else if (st->st_size > RUNTIME_VALUE_MAX || !buf_read_size(value, fd, (size_t)st->st_size))
		status = err_set(err, STATUS_INTERNAL, "runtime directory: '%s' is too long, or cannot be read", name);
	if (fd >= 0)
		close(fd);
	return status;
}

enum status runtime_read_file(const char *name, struct buf *value, struct stat *st, struct err *err)
{
	enum status status = err_set(err, STATUS_NOT_FOUND, "runtime directory: nothing is stored");

	for (int number = 0; number < RUNTIME_PLACES && status == STATUS_NOT_FOUND; number++) {
		int dir = runtime_open_dir(number);

		if (dir < 0)
			continue;
		status = runtime_read(dir, name, value, st, err);
		close(dir);
	}
	return status;
}

enum status runtime_get_record(const struct keyring_key *key, struct buf *value, struct err *err)
{
	char name[KEYRING_NAME_MAX];
	struct stat st;

	keyring_name(name, key);
	return runtime_read_file(name, value, &st, err);
}
