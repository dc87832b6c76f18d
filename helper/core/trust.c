// SPDX-License-Identifier: MIT
#include "core/trust.h"

#include "base/buf.h"
#include "base/lock.h"
#include "base/text.h"
#include "model/profile-dir.h"
#include "model/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
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

enum status trust_ca_file_changed(const struct profile *profile, bool is_key, struct err *err)
{
	return err_set(err, STATUS_POLICY,
		       "ca_file '%s' has changed since the %s was given, and it decides which servers are trusted: nothing was "
		       "sent; if it is right, 'sk-helper add %s%s",
		       profile->ca_file, secret_noun(is_key), profile->name, secret_again(profile, is_key));
}

// Of what decides where an identity token, or a secret that is elsewhere, comes from and goes.
static void trust_digest(const struct profile *profile, char hex[SHA256_HEX_SIZE])
{
	BUF_AUTO(text, PROFILE_TEXT_MAX);

	buf_adds(&text, profile->path);
	buf_addc(&text, '\n');
	for (size_t i = 0; i < profile_key_count; i++) {
		const struct profile_key *key = &profile_keys[i];

		if (key->binds_secret || key->binds_token || !strcmp(key->name, "secret_store"))
			profile_write_key(profile, key, &text);
	}
	sha256_hex(text.data, text.len, hex, SHA256_HEX_SIZE - 1);
}

static void trust_note_name(char name[64], const struct profile *profile)
{
	(void)snprintf(name, 64, "profile-%s", profile->file_id);
}

void trust_note_profile(const struct profile *profile)
{
	BUF_AUTO(note, SHA256_HEX_SIZE);
	char hex[SHA256_HEX_SIZE], name[64];
	struct lock lock;

	trust_digest(profile, hex);
	trust_note_name(name, profile);
	buf_adds(&note, hex);
	if (lock_take(&lock, name, 1000, NULL) == STATUS_OK) {
		lock_write_note(&lock, &note);
		lock_release(&lock);
	}
}

enum trust_note { TRUST_UNNOTED, TRUST_NOTED, TRUST_CHANGED };

static enum trust_note trust_find_note(const struct profile *profile)
{
	BUF_AUTO(note, SHA256_HEX_SIZE);
	char hex[SHA256_HEX_SIZE], name[64];
	struct stat st;

	trust_digest(profile, hex);
	trust_note_name(name, profile);
	if (!lock_peek_note(name, &note, &st) || note.len == 0)
		return TRUST_UNNOTED;
	return !strcmp(note.data, hex) ? TRUST_NOTED : TRUST_CHANGED;
}

// Not HOME's, which a repository can set.
static bool trust_is_at_home(const struct profile *profile)
{
	const struct passwd *user = getpwuid(geteuid());
	char place[PROFILE_PATH_MAX];
	int len = user && user->pw_dir && user->pw_dir[0] == '/' && user->pw_dir[1] ?
			  snprintf(place, sizeof place, "%s/.config/sk-helper/profiles/", user->pw_dir) :
			  -1;

	return len > 0 && (size_t)len < sizeof place && text_starts(profile->path, place) && !strstr(profile->path, "/../");
}

enum status trust_source(const struct profile *profile, struct err *err)
{
	char ca_file_sha256[SHA256_HEX_SIZE];
	enum status status = trust_profile_place(profile, err);

	if (status == STATUS_OK)
		status = trust_ca_file(profile, ca_file_sha256, err);
	if (status != STATUS_OK || profile_dir_is_system(profile) || trust_is_at_home(profile) ||
	    trust_find_note(profile) == TRUST_NOTED)
		return status;
	return err_set(
		err, STATUS_POLICY,
		"'%.300s' is not below your home (%s), and sk-helper has not written it so since the last reboot: nothing was "
		"sent. If it is yours: 'sk-helper add %s' with all its options makes it again",
		profile->path, "/etc/passwd", profile->name);
}

enum status trust_profile(const struct profile *profile, struct err *err)
{
	if (!profile_dir_is_system(profile) && trust_find_note(profile) == TRUST_CHANGED && trust_is_at_home(profile))
		return err_set(
			err, STATUS_POLICY,
			"the profile was changed since sk-helper has written it: nothing was sent; if that is right, 'sk-helper "
			"add %s' checks it again; if not, 'sk-helper edit %s' undoes it",
			profile->name, profile->name);
	return trust_source(profile, err);
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
