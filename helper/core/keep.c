// SPDX-License-Identifier: MIT
#include "core/keep.h"

#include "base/text.h"
#include "core/binding.h"
#include "core/flight.h"
#include "core/token-cache.h"
#include "core/trust.h"
#include "model/profile-dir.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROFILES_LOCK "profiles.lock"

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
		// only the last mkdir's result counts: the parents may exist and not be ours
		if (!slash)
			return made;
	}
}

// Of a directory that cannot be made, the reason is that of the one that it would be in.
static int keep_why(const char *dir, int error)
{
	char parent[PROFILE_PATH_MAX];
	char *slash;

	(void)snprintf(parent, sizeof parent, "%s", dir);
	while (error == ENOENT && (slash = strrchr(parent, '/')) && slash != parent) {
		*slash = '\0';
		if (access(parent, F_OK) == 0)
			return access(parent, W_OK | X_OK) < 0 ? errno : error;
	}
	return error;
}

enum status keep_prepare(struct err *err)
{
	char dir[PROFILE_PATH_MAX];
	enum status status = profile_dir_user_dir(dir, err);

	if (status != STATUS_OK)
		return status;
	if (!make_dirs(dir) || access(dir, W_OK | X_OK) < 0)
		return err_set(err, STATUS_USAGE, "profiles cannot be written to '%s': %s", dir,
			       strerror(keep_why(dir, errno)));
	return trust_directory(dir, err);
}

// Podman's filter of system calls lets the kernel keyring be read, and nothing be put into it: only trying tells.
static enum status keep_try_keyring(const struct keyring *keyring, const struct profile *profile, struct err *err)
{
	const struct keyring_key key = keyring_key(KEYRING_PROBE, profile, NULL);
	BUF_AUTO(value, 64);
	BUF_AUTO(back, 64);
	enum status status;

	buf_adds(&value, "probe\n");
	status = keyring->put(&key, &value, 60, err);
	if (status == STATUS_OK)
		status = keyring->get(&key, &back, err);
	if (status == STATUS_OK && strcmp(value.data, back.data) != 0)
		status = err_set(
			err, STATUS_INTERNAL,
			"%s keyring: a test value was stored and could not be read back: choose another keyring with --secret-store",
			keyring->name);
	(void)keyring->del(&key, NULL);
	return status;
}

static const char *keep_choose_cache(const struct profile *profile, bool tries)
{
	enum status status = tries ? keep_try_keyring(&keyring_kernel, profile, NULL) : keyring_kernel.probe(NULL);

	// a quota that is used up is no reason to keep tokens in plain: what it has no room for is sealed
	if (status != STATUS_UNAVAILABLE && status != STATUS_DENIED)
		return keyring_kernel.name;
	return keyring_runtime.probe(NULL) == STATUS_OK ? keyring_runtime.name : "none";
}

enum status keep_choose_keyrings(struct profile *profile, bool tries, struct err *first_choice_error, struct err *err)
{
	const struct keyring *chosen = NULL;
	struct err found;
	enum status status = STATUS_OK;

	first_choice_error->text[0] = '\0';
	status = profile_infer_store(profile, err);
	if (status != STATUS_OK)
		return status;
	if (profile_has_secret(profile) && text_same(profile->secret_store, "none"))
		profile->secret_store = NULL;
	if (!profile_has_secret(profile))
		profile->secret_store = "none";
	for (size_t i = 0; i < KEYRING_COUNT && !profile->secret_store && !chosen; i++) {
		if (keyrings[i]->for_tokens_only)
			continue;
		status = keyrings[i]->probe(&found);
		if (status == STATUS_OK)
			chosen = keyrings[i];
		else if (status == STATUS_LOCKED) // it is there: better asked than passed over for one that forgets
			return err_set(err, status, "%s, or choose another with --secret-store", found.text);
		else if (!*first_choice_error->text)
			*first_choice_error = found;
	}
	if (!profile->secret_store && !chosen)
		return err_set(err, status, "no keyring works here: %s; %s", first_choice_error->text, found.text);
	if (chosen)
		profile->secret_store = chosen->name;
	if (!profile->token_cache)
		profile->token_cache = keep_choose_cache(profile, tries);
	return STATUS_OK;
}

enum status keep_try_store(const struct profile *profile, struct err *found, struct err *err)
{
	const struct keyring *store = keyring_find(profile->secret_store);
	enum status status = store->probe(found);

	if (status != STATUS_OK)
		return err_set(err, status, "%s", found->text);
	return keep_try_keyring(store, profile, err);
}

static bool write_file(int fd, const struct buf *text)
{
	bool ok = buf_write(text, fd) && fsync(fd) == 0;

	return close(fd) == 0 && ok;
}

// A profile's new file, written beside the old one.
struct draft {
	char path[PROFILE_PATH_MAX], temporary[PROFILE_PATH_MAX + 2];
};

static enum status write_draft(const struct profile *profile, struct draft *draft, struct err *err)
{
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	enum status status = profile_dir_user_path(draft->path, profile->name, err);
	int fd;

	if (status != STATUS_OK)
		return status;
	buf_adds(&text, "# An OAuth client of sk-helper's: see sk-helper-profile(5). No secret belongs here.\n");
	profile_write(profile, &text);
	if (!buf_ok(&text))
		return err_set(err, STATUS_USAGE, "the profile is too long, or has a control character");
	(void)snprintf(draft->temporary, sizeof draft->temporary, "%s~", draft->path);
	(void)unlink(draft->temporary); // of one that was killed: one at a time writes profiles (keep_lock)
	fd = open(draft->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0 && write_file(fd, &text))
		return STATUS_OK;
	status = err_set(err, STATUS_INTERNAL, "'%s': %s", draft->temporary, strerror(errno));
	(void)unlink(draft->temporary);
	return status;
}

// Restores the old secret. Also after a put that failed: the program that stores may have been killed after it had
// stored the new one.
static void restore_old_record(const struct keyring *store, const struct keyring_key *key, enum status had,
			       const struct buf *old, struct err *err)
{
	struct err why, failed = *err;
	BUF_AUTO(now, SECRET_RECORD_MAX);
	enum status status = store->get(key, &now, &why);

	if (had == STATUS_OK && status == STATUS_OK && now.len == old->len && !memcmp(now.data, old->data, now.len))
		return;
	if (had == STATUS_OK)
		status = store->put(key, old, 0, &why);
	else if (status != STATUS_NOT_FOUND)
		status = store->del(key, &why);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		err_set(err, failed.status,
			"%.300s; and the previous secret could not be restored (%.200s): check with 'sk-helper get', and store "
			"the secret again",
			failed.text, why.text);
}

// The new record, and after an empty line the old one. If the process is killed after the secret was stored and before
// the file was renamed, the old record still fits the old file, and stored_secret_get finds it.
static void append_old_record(struct buf *both, const struct buf *record, const struct buf *old)
{
	const char *end = memmem(old->data, old->len, "\n\n", 2);

	buf_add(both, record->data, record->len);
	buf_addc(both, '\n');
	buf_add(both, old->data, end ? (size_t)(end - old->data) + 1 : old->len);
}

// The file's name, and the directory that it is in: a rename that is not written to the disk may be lost, the keyring's change not.
static enum status rename_draft(const struct draft *draft, struct err *err)
{
	char dir[PROFILE_PATH_MAX];
	int fd;

	if (rename(draft->temporary, draft->path) < 0)
		return err_set(err, STATUS_INTERNAL, "'%s': %s", draft->path, strerror(errno));
	(void)snprintf(dir, sizeof dir, "%.*s", (int)(strrchr(draft->path, '/') - draft->path), draft->path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	return STATUS_OK;
}

// The secret, then the file's name; the old secret comes back when either fails.
static enum status store_record_and_file(const struct draft *draft, const struct keyring *store, const struct keyring_key *key,
					 const struct buf *record, struct err *err)
{
	BUF_AUTO(old, SECRET_RECORD_MAX);
	BUF_AUTO(both, SECRET_RECORD_MAX);
	enum status had, status;

	if (!record)
		return rename_draft(draft, err);
	had = store->get(key, &old, err);
	// what cannot be read could not be put back
	if (had != STATUS_OK && had != STATUS_NOT_FOUND)
		return had;
	append_old_record(&both, record, &old);
	// where there is no room for both, there is for one
	status = had == STATUS_OK && buf_ok(&both) ? store->put(key, &both, 0, err) : STATUS_FULL;
	if (status == STATUS_FULL)
		status = store->put(key, record, 0, err);
	if (status == STATUS_OK)
		status = rename_draft(draft, err);
	if (status != STATUS_OK)
		restore_old_record(store, key, had, &old, err);
	else if (had == STATUS_OK)
		// a failure leaves the old one behind the new one, which fits the file
		(void)store->put(key, record, 0, NULL);
	return status;
}

// What the profile, as it was, kept elsewhere than it does now.
static void forget_old_places(const struct profile *old, const struct profile *profile, struct err *warning)
{
	const struct keyring_key key = keyring_key(KEYRING_SECRET, old, NULL);
	enum status status;

	if (profile_secret_is_elsewhere(old) && !profile_secret_is_elsewhere(profile))
		binding_forget(old);
	if (strcmp(old->secret_store, profile->secret_store) != 0 && keyring_find(old->secret_store)) {
		status = keyring_find(old->secret_store)->del(&key, warning);
		if (status != STATUS_OK && status != STATUS_NOT_FOUND)
			err_prefix(warning, "the old client secret is still in the %s keyring", old->secret_store);
		else
			warning->text[0] = '\0';
	}
	if (strcmp(old->token_cache, profile->token_cache) != 0)
		(void)token_cache_forget(old, NULL, NULL, NULL, NULL);
}

// What a secret that is elsewhere is for, and then the file: where only one of them is changed, the profile is refused until 'add' has been run
// again.
static enum status keep_file_and_binding(const struct profile *profile, const struct draft *draft, bool binds, struct err *err)
{
	enum status status = binds ? binding_keep(profile, err) : STATUS_OK;

	return status == STATUS_OK ? rename_draft(draft, err) : status;
}

static enum status keep_written(const struct profile *profile, const struct draft *draft, const struct buf *record,
				struct err *err)
{
	const struct keyring_key key = keyring_key(KEYRING_SECRET, profile, NULL);
	enum status status;
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	if (profile_secret_is_elsewhere(profile))
		status = keep_file_and_binding(profile, draft, record != NULL, err);
	else
		status = store_record_and_file(draft, keyring_find(profile->secret_store), &key, record, err);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (status != STATUS_OK)
		(void)unlink(draft->temporary);
	return status;
}

static enum status keep_make_record(const struct profile *profile, const struct secret *secret, struct buf *record,
				    struct err *err)
{
	char ca_file_sha256[SHA256_HEX_SIZE];
	struct secret given = *secret;
	enum status status = trust_ca_file(profile, ca_file_sha256, err);

	if (status != STATUS_OK)
		return status;
	given.ca_file_sha256 = ca_file_sha256;
	if (!profile_secret_is_elsewhere(profile))
		secret_write(&given, profile, record);
	return buf_ok(record) ? STATUS_OK :
				err_set(err, STATUS_USAGE,
					"the client secret cannot be stored: it is too long, or it has a control character");
}

// The file is the administrator's, and stays as it is.
static enum status keep_system_secret(const struct profile *profile, const struct buf *record, struct err *err)
{
	const struct keyring_key key = keyring_key(KEYRING_SECRET, profile, NULL);
	enum status status = STATUS_OK;

	if (record && !profile_secret_is_elsewhere(profile))
		status = keyring_find(profile->secret_store)->put(&key, record, 0, err);
	if (status == STATUS_OK)
		flight_forget_failure(profile);
	return status;
}

enum status keep_client(const struct profile *profile, const struct secret *secret, struct err *warning, struct err *err)
{
	BUF_AUTO(record, SECRET_RECORD_MAX);
	BUF_AUTO(old_text, PROFILE_TEXT_MAX);
	struct profile old;
	struct draft draft;
	bool replaces = profile_dir_load(profile->name, &old_text, &old, NULL) == STATUS_OK;
	enum status status = secret ? keep_make_record(profile, secret, &record, err) : STATUS_OK;

	warning->text[0] = '\0';
	if (status != STATUS_OK)
		return status;
	if (profile_dir_is_system(profile))
		return keep_system_secret(profile, secret ? &record : NULL, err);
	status = write_draft(profile, &draft, err);
	if (status == STATUS_OK)
		status = keep_written(profile, &draft, secret ? &record : NULL, err);
	if (status != STATUS_OK)
		return status;
	if (replaces)
		forget_old_places(&old, profile, warning);
	flight_forget_failure(profile);
	// of a secret that is elsewhere, only what was just looked at
	if (secret || !profile_secret_is_elsewhere(profile))
		trust_note_profile(profile);
	return STATUS_OK;
}

enum status keep_lock_unchanged(struct lock *lock, const struct profile *as_read, struct err *err)
{
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	struct profile profile;
	enum status status = keep_lock(lock, err);

	if (status != STATUS_OK)
		return status;
	status = profile_dir_load(as_read->name, &text, &profile, err);
	if (status == STATUS_OK && !profile_same(as_read, &profile))
		status = err_set(err, STATUS_TEMPORARY, "another process has changed the profile in the meantime: try again");
	if (status != STATUS_OK)
		lock_release(lock);
	return status;
}

enum status keep_lock(struct lock *lock, struct err *err)
{
	enum status status = lock_take(lock, PROFILES_LOCK, 10000, err);

	if (status == STATUS_TEMPORARY)
		return err_set(err, status, "another sk-helper process is changing the profiles: try again");
	return status;
}

bool keep_lock_at_once(struct lock *lock)
{
	return lock_take(lock, PROFILES_LOCK, 0, NULL) == STATUS_OK;
}
