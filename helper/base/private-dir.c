// SPDX-License-Identifier: MIT
#include "base/private-dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int private_dir_open(int at, const char *path)
{
	struct stat st;
	int fd;

	if (mkdirat(at, path, 0700) < 0 && errno != EEXIST)
		return -1;
	fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & 0777) != 0700) {
		close(fd);
		return -1;
	}
	return fd;
}

void private_dir_each(int dir, void (*visit)(int dir, const char *name, const struct stat *st, void *context), void *context)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = copy >= 0 ? fdopendir(copy) : NULL;
	const struct dirent *entry;
	struct stat st;

	while (list && (entry = readdir(list))) {
		if (fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			visit(dir, entry->d_name, &st, context);
	}
	if (list)
		(void)closedir(list);
	else if (copy >= 0)
		close(copy);
}
