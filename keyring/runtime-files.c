// SPDX-License-Identifier: MIT
#include "keyring/runtime-files.h"

#include "base/clock.h"
#include "base/private-dir.h"
#include "keyring/runtime-read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// A draft's name begins so, which no key's name does.
#define RUNTIME_DRAFT ".draft-"

// --- the place

// The directory above ours must be there; /run/user/UID and XDG_RUNTIME_DIR must be the user's.
static bool runtime_may_be_in(const char *parent, bool is_shared)
{
	char above[RUNTIME_PATH_MAX];
	struct stat st;
	bool good;
	int dir;

	(void)snprintf(above, sizeof above, "%.*s", (int)(strrchr(parent, '/') - parent), parent);
	dir = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	good = dir >= 0 && fstat(dir, &st) == 0 && (is_shared || (st.st_uid == geteuid() && !(st.st_mode & 022)));
	if (dir >= 0)
		close(dir);
	return good;
}

// The place that is written to; -1 where there is none.
static int runtime_make_dir(char path[RUNTIME_PATH_MAX])
{
	for (int number = 0; number < RUNTIME_PLACES; number++) {
		int parent, dir;

		if (!runtime_place(number, path) || !runtime_may_be_in(path, number == 1))
			continue;
		parent = private_dir_open(AT_FDCWD, path);
		dir = parent >= 0 && runtime_is_memory(parent) ? private_dir_open(parent, "tokens") : -1;
		if (parent >= 0)
			close(parent);
		if (dir >= 0)
			return dir;
	}
	return -1;
}

enum status runtime_probe_place(struct err *err)
{
	char path[RUNTIME_PATH_MAX];
	int dir = runtime_make_dir(path);

	if (dir < 0)
		return err_set(
			err, STATUS_UNAVAILABLE,
			"runtime directory: there is no directory in memory (tmpfs) that can be yours alone: /run/user/%u, "
			"XDG_RUNTIME_DIR and /dev/shm were tried; mount a tmpfs at /dev/shm",
			(unsigned)geteuid());
	close(dir);
	return err_set(err, STATUS_OK, "works: files of yours alone in '%s/tokens', in memory, not encrypted", path);
}

// --- what is in it

struct runtime_tidying {
	int64_t now;
	const char *keep; // what is about to be written
	unsigned count;
	char oldest[256];
	struct timespec oldest_at;
};

static bool runtime_is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

static void runtime_tidy_one(int dir, const char *name, const struct stat *st, void *context)
{
	struct runtime_tidying *tidying = context;
	bool is_draft = !strncmp(name, RUNTIME_DRAFT, strlen(RUNTIME_DRAFT));

	if (!S_ISREG(st->st_mode))
		return;
	// a draft of one that was killed; no other lives for a minute
	if ((st->st_mtime && st->st_mtime <= tidying->now && !is_draft) || (is_draft && st->st_ctime + 60 < tidying->now)) {
		(void)unlinkat(dir, name, 0);
		return;
	}
	tidying->count++;
	if (!is_draft && strcmp(name, tidying->keep) != 0 &&
	    (!*tidying->oldest || runtime_is_before(&st->st_ctim, &tidying->oldest_at))) {
		tidying->oldest_at = st->st_ctim;
		(void)snprintf(tidying->oldest, sizeof tidying->oldest, "%s", name);
	}
}

// Removes what has ended; then the oldest where there are too many, or where one must go. False: there was none.
static bool runtime_tidy(int dir, const char *keep, bool one_must_go)
{
	struct runtime_tidying tidying = { .now = clock_now().wall, .keep = keep };

	private_dir_each(dir, runtime_tidy_one, &tidying);
	if (!one_must_go && tidying.count < RUNTIME_FILES_MAX)
		return true;
	return *tidying.oldest && unlinkat(dir, tidying.oldest, 0) == 0;
}

// --- files

// Its content is gone for whoever has a link to it, or has it open.
static void runtime_wipe(int dir, const char *name)
{
	int fd = openat(dir, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid())
		(void)!ftruncate(fd, 0);
	if (fd >= 0)
		close(fd);
}

static bool runtime_fill(int fd, const struct runtime_content *content)
{
	BUF_AUTO(sealed, RUNTIME_VALUE_MAX);
	struct stat st;

	if (!content->seal)
		return buf_write(content->value, fd);
	return fstat(fd, &st) == 0 && content->seal(content, st.st_ino, &sealed) && buf_write(&sealed, fd);
}

// Beside the old one, which it then takes the place of.
static bool runtime_write(int dir, const char *name, const struct runtime_content *content, int64_t lifetime)
{
	int64_t end = lifetime ? clock_now().wall + lifetime : 0;
	struct timespec times[2] = { { .tv_sec = (time_t)end }, { .tv_sec = (time_t)end } };
	struct stat st;
	char draft[64];
	bool good;
	int fd, old, error;

	(void)snprintf(draft, sizeof draft, RUNTIME_DRAFT "%d-%lld", (int)getpid(), (long long)clock_now().boot);
	fd = openat(dir, draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	good = runtime_fill(fd, content) && futimens(fd, times) == 0;
	error = errno;
	old = openat(dir, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	good = close(fd) == 0 && good && renameat(dir, draft, dir, name) == 0;
	// a copy by another name would be the old token again
	if (old >= 0 && good && fstat(old, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid())
		(void)!ftruncate(old, 0);
	if (old >= 0)
		close(old);
	if (!good) {
		error = error ? error : errno;
		(void)unlinkat(dir, draft, 0);
		errno = error;
	}
	return good;
}

// What is in the places that are not written to, from before the first one was there.
static void runtime_remove_elsewhere(const char *name, const char *written)
{
	char parent[RUNTIME_PATH_MAX];

	for (int number = 0; number < RUNTIME_PLACES; number++) {
		int dir = runtime_place(number, parent) && strcmp(parent, written) != 0 ? runtime_open_dir(number) : -1;

		if (dir < 0)
			continue;
		runtime_wipe(dir, name);
		(void)unlinkat(dir, name, 0);
		close(dir);
	}
}

enum status runtime_write_file(const char *name, const struct runtime_content *content, int64_t lifetime, struct err *err)
{
	char path[RUNTIME_PATH_MAX];
	int dir = runtime_make_dir(path), error = 0;
	bool written = false;

	if (dir < 0)
		return runtime_probe_place(err);
	(void)runtime_tidy(dir, name, false);
	for (int attempt = 0; attempt < 20 && !written; attempt++) {
		errno = 0;
		written = runtime_write(dir, name, content, lifetime);
		error = errno;
		if (!written && ((error != ENOSPC && error != EDQUOT) || !runtime_tidy(dir, name, true)))
			break;
	}
	close(dir);
	if (written) {
		runtime_remove_elsewhere(name, path);
		return STATUS_OK;
	}
	return err_set(err, error == ENOSPC || error == EDQUOT ? STATUS_FULL : STATUS_UNAVAILABLE,
		       "runtime directory: '%s/tokens': %s", path, strerror(error));
}

enum status runtime_remove_file(const char *name, struct err *err)
{
	bool removed = false;

	for (int number = 0; number < RUNTIME_PLACES; number++) {
		int dir = runtime_open_dir(number);

		if (dir < 0)
			continue;
		runtime_wipe(dir, name);
		removed = unlinkat(dir, name, 0) == 0 || removed;
		close(dir);
	}
	return removed ? STATUS_OK : err_set(err, STATUS_NOT_FOUND, "runtime directory: nothing is stored");
}

struct runtime_visiting {
	void (*visit)(const char *name, const struct stat *st, void *context);
	void *context;
	int64_t now;
};

static void runtime_visit_one(int dir, const char *name, const struct stat *st, void *context)
{
	const struct runtime_visiting *visiting = context;

	(void)dir;
	if (S_ISREG(st->st_mode) && strncmp(name, RUNTIME_DRAFT, strlen(RUNTIME_DRAFT)) != 0 &&
	    (!st->st_mtime || st->st_mtime > visiting->now))
		visiting->visit(name, st, visiting->context);
}

void runtime_each_file(void (*visit)(const char *name, const struct stat *st, void *context), void *context)
{
	struct runtime_visiting visiting = { visit, context, clock_now().wall };

	for (int number = 0; number < RUNTIME_PLACES; number++) {
		int dir = runtime_open_dir(number);

		if (dir < 0)
			continue;
		private_dir_each(dir, runtime_visit_one, &visiting);
		close(dir);
	}
}
