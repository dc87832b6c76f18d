// SPDX-License-Identifier: MIT
#include "core/binding.h"

#include "base/text.h"
#include "core/trust.h"
#include "model/auth-method.h"
#include "model/profile-dir.h"
#include "model/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BINDING_PATH_MAX (PROFILE_PATH_MAX + 16)

// ".../todo.conf" is bound by ".../todo.binding".
static void binding_path(const struct profile *profile, const char *end, char path[BINDING_PATH_MAX])
{
	const char *dot = strrchr(profile->path, '.');

	(void)snprintf(path, BINDING_PATH_MAX, "%.*s.binding%s", (int)(dot - profile->path), profile->path, end);
}

static enum status binding_read(const struct profile *profile, struct buf *record, struct err *err)
{
	char path[BINDING_PATH_MAX];
	struct stat st;
	bool read;
	int fd;

	binding_path(profile, "", path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT ? STATUS_NOT_FOUND : err_set(err, STATUS_POLICY, "'%s': %s", path, strerror(errno));
	read = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && buf_read(record, fd);
	close(fd);
	return read ? STATUS_OK :
		      err_set(err, STATUS_POLICY, "'%s' cannot be read, or is larger than %d bytes", path, SECRET_RECORD_MAX);
}

static enum status binding_compare(const struct profile *profile, struct buf *record, struct err *err)
{
	char ca_file_sha256[SHA256_HEX_SIZE];
	struct secret bound;
	enum status status = secret_parse_binding(&bound, record->data, record->len, err);

	if (status != STATUS_OK)
		return err_set(err, STATUS_POLICY,
			       "the record of what its secret is for, beside its file, is damaged: "
			       "nothing was sent; 'sk-helper add %s' writes it again",
			       profile->name);
	status = secret_check(&bound, profile, err);
	if (status == STATUS_OK)
		status = trust_ca_file(profile, ca_file_sha256, err);
	if (status == STATUS_OK && !text_same(ca_file_sha256, bound.ca_file_sha256))
		status = trust_ca_file_changed(profile, bound.is_key, err);
	return status;
}

enum status binding_check(const struct profile *profile, struct err *err)
{
	BUF_AUTO(record, SECRET_RECORD_MAX);
	enum status status = STATUS_NOT_FOUND;

	// the administrator's profiles are nobody else's to change
	if (!profile_dir_is_system(profile))
		status = binding_read(profile, &record, err);
	if (status == STATUS_OK)
		status = binding_compare(profile, &record, err);
	// whoever takes the record away, or changes it too, has not changed the note of this boot
	return status == STATUS_OK || status == STATUS_NOT_FOUND ? trust_profile(profile, err) : status;
}

static bool binding_write(const char *path, const struct buf *record)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok = fd >= 0 && buf_write(record, fd) && fsync(fd) == 0;

	return fd >= 0 && close(fd) == 0 && ok;
}

enum status binding_keep(const struct profile *profile, struct err *err)
{
	struct secret bound = { .is_key = auth_method_uses_key(profile->auth_method) };
	char path[BINDING_PATH_MAX], draft[BINDING_PATH_MAX], ca_file_sha256[SHA256_HEX_SIZE];
	BUF_AUTO(record, SECRET_RECORD_MAX);
	enum status status = trust_ca_file(profile, ca_file_sha256, err);

	if (status != STATUS_OK || profile_dir_is_system(profile))
		return status;
	bound.ca_file_sha256 = ca_file_sha256;
	secret_write(&bound, profile, &record);
	if (!buf_ok(&record))
		return err_set(err, STATUS_USAGE, "the profile is too long, or has a control character");
	binding_path(profile, "", path);
	binding_path(profile, "~", draft);
	(void)unlink(draft); // of one that was killed: one at a time writes profiles (keep_lock)
	if (!binding_write(draft, &record) || rename(draft, path) < 0) {
		status = err_set(err, STATUS_INTERNAL, "'%s': %s", path, strerror(errno));
		(void)unlink(draft);
	}
	return status;
}

void binding_forget(const struct profile *profile)
{
	char path[BINDING_PATH_MAX];

	if (!profile->path || !strrchr(profile->path, '.') || profile_dir_is_system(profile))
		return;
	binding_path(profile, "", path);
	(void)unlink(path);
	binding_path(profile, "~", path); // of an add that was killed
	(void)unlink(path);
}
