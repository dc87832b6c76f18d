// SPDX-License-Identifier: MIT
#include "core/trust.h"

#include "base/buf.h"
#include "base/text.h"
#include "model/profile-dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CA_FILE_MAX (4 << 20)

static bool is_system_file(const char *path, const struct stat *st)
{
	return st->st_uid == 0 && !(st->st_mode & (S_IWGRP | S_IWOTH)) && !strstr(path, "/../") &&
	       (text_starts(path, "/etc/") || text_starts(path, "/usr/"));
}

enum status trust_ca_file(const struct profile *profile, char hex[SHA256_HEX_SIZE], struct err *err)
{
	BUF_AUTO(content, CA_FILE_MAX);
	struct stat st;
	bool read;
	int fd;

	hex[0] = '\0';
	if (!profile->ca_file)
		return STATUS_OK;
	fd = open(profile->ca_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0) {
		err_set(err, STATUS_POLICY, "ca_file: '%s': %s", profile->ca_file, strerror(errno));
		if (fd >= 0)
			close(fd);
		return STATUS_POLICY;
	}
	read = !S_ISREG(st.st_mode) || is_system_file(profile->ca_file, &st) || buf_read(&content, fd);
	close(fd);
	if (!read)
		return err_set(err, STATUS_POLICY, "ca_file: '%s' cannot be read, or is larger than %d bytes", profile->ca_file,
			       CA_FILE_MAX);
	if (content.len)
		sha256_hex(content.data, content.len, hex, SHA256_HEX_SIZE - 1);
	return STATUS_OK;
}

enum status trust_identity(const struct profile *profile, struct err *err)
{
	char ca_file_sha256[SHA256_HEX_SIZE];
	enum status status = trust_profile_place(profile, err);

	return status == STATUS_OK ? trust_ca_file(profile, ca_file_sha256, err) : status;
}

enum status trust_profile_place(const struct profile *profile, struct err *err)
{
	char dir[PROFILE_PATH_MAX];

	(void)snprintf(dir, sizeof dir, "%s", profile->path ? profile->path : "");
	if (!strrchr(dir, '/'))
		return STATUS_OK;
	*strrchr(dir, '/') = '\0';
	return trust_directory(dir, err);
}

enum status trust_directory(const char *directory, struct err *err)
{
	char dir[PROFILE_PATH_MAX], *slash = NULL;
	struct stat st;

	(void)snprintf(dir, sizeof dir, "%s", directory);
	// what is further up is the user's own affair
	for (int up = 0; up < 2; up++) {
		if (up && (slash = strrchr(dir, '/')))
			*slash = '\0';
		if (!*dir || stat(dir, &st) < 0)
			return STATUS_OK;
		if ((st.st_uid != geteuid() && st.st_uid != 0) || (st.st_mode & (S_IWGRP | S_IWOTH) && !(st.st_mode & S_ISVTX)))
			return err_set(
				err, STATUS_POLICY,
				"other users can write to '%s', and could replace the profile: nothing was sent ('chmod go-w' "
				"removes their permission)",
				dir);
	}
	return STATUS_OK;
}
