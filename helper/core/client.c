// SPDX-License-Identifier: MIT
#include "client.h"

#include "profiles.h"
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// mkdir -p, for us alone.
static bool make_dirs(char *path)
{
	for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
		bool made;

		if (slash)
			*slash = '\0';
		made = mkdir(path, 0700) == 0 || errno == EEXIST;
		if (slash)
			*slash = '/';
		// above the first directory of ours, a mkdir may fail in many ways for what is there
		if (!slash)
			return made;
	}
}

enum status client_prepare_profiles(struct err *err)
{
	char dir[PROFILES_PATH_MAX];
	enum status status = profiles_user_dir(dir, err);

	if (status != STATUS_OK)
		return status;
	if (!make_dirs(dir) || access(dir, W_OK | X_OK) < 0)
		return err_set(err, STATUS_INTERNAL, "profiles cannot be written to '%s': %s", dir, strerror(errno));
	return STATUS_OK;
}

enum status client_choose_keyrings(struct profile *profile, struct err *why_not, struct err *err)
{
	const struct keyring *chosen = NULL;
	struct err found;
	enum status status = STATUS_OK;

	why_not->text[0] = '\0';
	for (size_t i = 0; i < KEYRING_COUNT && !profile->secret_store && !chosen; i++) {
		status = keyrings[i]->probe(&found);
		if (status == STATUS_OK)
			chosen = keyrings[i];
		else if (status == STATUS_LOCKED) // it is there: better asked than passed over for one that forgets
			return err_set(err, status, "%s, or choose another with --secret-store", found.text);
		else if (!*why_not->text)
			*why_not = found;
	}
	if (!profile->secret_store && !chosen)
		return err_set(err, status, "no keyring works here: %s; %s", why_not->text, found.text);
	if (chosen)
		profile->secret_store = chosen->name;
	if (!profile->token_cache)
		profile->token_cache = keyring_kernel.probe(&found) == STATUS_OK ? "kernel" : "none";
	return STATUS_OK;
}

enum status client_try_store(const struct profile *profile, struct err *err)
{
	const struct keyring *store = keyring_find(profile->secret_store);
	const struct keyring_key key = { KEYRING_PROBE, profile->name, NULL };
	BUF_AUTO(value, 64);
	BUF_AUTO(back, 64);
	enum status status = store->probe(err);

	if (status != STATUS_OK)
		return status;
	buf_adds(&value, "probe\n");
	status = store->put(&key, &value, 60, err);
	if (status == STATUS_OK)
		status = store->get(&key, &back, err);
	if (status == STATUS_OK && strcmp(value.data, back.data) != 0)
		status = err_set(err, STATUS_INTERNAL, "%s keyring: it does not give back what it is given", store->name);
	(void)store->del(&key, NULL);
	return status;
}

static bool write_file(int fd, const struct buf *text)
{
	bool ok = buf_write(text, fd) && fsync(fd) == 0;

	return close(fd) == 0 && ok;
}

enum status client_write_profile(const struct profile *profile, struct err *err)
{
	char path[PROFILES_PATH_MAX], temporary[PROFILES_PATH_MAX + 32];
	BUF_AUTO(text, PROFILE_FILE_MAX);
	enum status status = profiles_user_path(path, profile->name, err);
	int fd;

	if (status != STATUS_OK)
		return status;
	buf_adds(&text, "# An OAuth client of sk-helper's: see sk-helper-profile(5). No secret belongs here.\n");
	profile_write(profile, &text);
	if (!buf_ok(&text))
		return err_set(err, STATUS_USAGE, "the profile is too long, or has a control character");
	(void)snprintf(temporary, sizeof temporary, "%s.%ld~", path, (long)getpid());
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_set(err, STATUS_INTERNAL, "'%s': %s", temporary, strerror(errno));
	if (!write_file(fd, &text) || rename(temporary, path) < 0) {
		status = err_set(err, STATUS_INTERNAL, "'%s': %s", path, strerror(errno));
		(void)unlink(temporary);
	}
	return status;
}

enum status client_keep(const struct profile *profile, const char *client_secret, struct err *err)
{
	const struct keyring *store = keyring_find(profile->secret_store);
	const struct keyring_key key = { KEYRING_SECRET, profile->name, NULL };
	BUF_AUTO(record, SECRET_RECORD_MAX);
	BUF_AUTO(old, SECRET_RECORD_MAX);
	bool had = store->get(&key, &old, NULL) == STATUS_OK;
	enum status status;

	secret_write(client_secret, profile, &record);
	if (!buf_ok(&record))
		return err_set(err, STATUS_USAGE, "the client secret cannot be stored: too long, or a control character");
	status = store->put(&key, &record, 0, err);
	if (status != STATUS_OK)
		return status;
	status = client_write_profile(profile, err);
	if (status != STATUS_OK) {
		if (had)
			(void)store->put(&key, &old, 0, NULL);
		else
			(void)store->del(&key, NULL);
	}
	return status;
}
