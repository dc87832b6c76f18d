// SPDX-License-Identifier: MIT
#include "model/profile-dir.h"

#include "base/debug.h"
#include "base/nearest.h"
#include "base/text.h"
#include "model/url.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SUFFIX		 ".conf"
#define CHOICE_SHOWN_MAX 120 // of names, in a message
#define SYSTEM_DIR	 SK_SYSCONFDIR "/sk-helper/profiles"

// One spelling of a path that several may be given: "/home/u//./" is "/home/u". Links and ".." are left as they are.
static void profile_dir_normalize(char *path)
{
	char *out = path, *in = path;

	while (*in) {
		if (in[0] == '/' && (in[1] == '/' || (in[1] == '.' && (in[2] == '/' || in[2] == '\0'))))
			in += in[1] == '/' ? 1 : 2;
		else
			*out++ = *in++;
	}
	*out = '\0';
}

// A path with ".." begins as one directory's and leads to another: what is trusted by its place would not be there.
static bool profile_dir_goes_up(const char *path)
{
	const char *at = path;

	while ((at = strstr(at, "/.."))) {
		if (at[3] == '/' || at[3] == '\0')
			return true;
		at += 3;
	}
	return false;
}

// Appends the user's directory, which is the first thing in b.
static enum status put_user_dir(struct buf *b, struct err *err)
{
	const char *base = getenv("XDG_CONFIG_HOME"), *tail = "/sk-helper/profiles";

	if (!base || base[0] != '/') {
		base = getenv("HOME");
		tail = "/.config/sk-helper/profiles";
	}
	if (!base || base[0] != '/')
		return err_set(err, STATUS_USAGE, "profiles: neither HOME nor XDG_CONFIG_HOME is an absolute path");
	if (profile_dir_goes_up(base))
		return err_set(err, STATUS_POLICY, "profiles: there is '..' in HOME or XDG_CONFIG_HOME, which is not followed");
	if (strlen(base) + strlen(tail) >= PROFILE_PATH_MAX - PROFILE_NAME_MAX - 16)
		return err_set(err, STATUS_USAGE, "profiles: the path of the home directory is too long");
	buf_adds(b, base);
	buf_adds(b, tail);
	profile_dir_normalize(b->data);
	b->len = strlen(b->data);
	return STATUS_OK;
}

static void put_file_name(struct buf *b, const char *name)
{
	buf_addc(b, '/');
	buf_adds(b, name);
	buf_adds(b, SUFFIX);
}

enum status profile_dir_user_dir(char dir[PROFILE_PATH_MAX], struct err *err)
{
	struct buf b = { .data = dir, .size = PROFILE_PATH_MAX, .max = PROFILE_PATH_MAX - 1, .fixed = true };

	return put_user_dir(&b, err);
}

enum status profile_dir_user_path(char path[PROFILE_PATH_MAX], const char *name, struct err *err)
{
	struct buf b = { .data = path, .size = PROFILE_PATH_MAX, .max = PROFILE_PATH_MAX - 1, .fixed = true };
	enum status status = put_user_dir(&b, err);

	if (status == STATUS_OK)
		put_file_name(&b, name);
	return status;
}

enum status profile_dir_make_own(struct profile *profile, char path[PROFILE_PATH_MAX], struct err *err)
{
	enum status status = profile_dir_user_path(path, profile->name, err);

	if (status == STATUS_OK)
		profile_set_path(profile, path);
	return status;
}

bool profile_dir_is_system(const struct profile *profile)
{
	return text_starts(profile->path, SYSTEM_DIR "/") && !profile_dir_goes_up(profile->path);
}

void profile_dir_lock_name(char lock[PROFILE_LOCK_NAME_MAX], const struct profile *profile, const char *suffix)
{
	(void)snprintf(lock, PROFILE_LOCK_NAME_MAX, "%s-%s%s", profile->name, profile->file_id, suffix);
}

static void system_path(char path[PROFILE_PATH_MAX], const char *name)
{
	(void)snprintf(path, PROFILE_PATH_MAX, SYSTEM_DIR "/%s" SUFFIX, name);
}

// One directory's profiles, by getdents64(2): opendir(3) allocates, and the front door must not.
struct profile_listing {
	int fd;
	long len, at;
	_Alignas(8) char data[8192];
};

struct entry {
	uint64_t inode;
	int64_t offset;
	unsigned short len;
	unsigned char type;
	char name[];
};

// STATUS_NOT_FOUND when there is no such directory. One that cannot be read is not an empty one.
static enum status listing_open(struct profile_listing *l, const char *dir, struct err *err)
{
	// not open(2): musl's adds an fcntl(2) to it
	l->fd = openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	l->len = l->at = 0;
	if (l->fd >= 0)
		return STATUS_OK;
	if (errno == ENOENT || errno == ENOTDIR)
		return STATUS_NOT_FOUND;
	return err_set(err, STATUS_INTERNAL, "profiles: '%s': %s", dir, strerror(errno));
}

// The next profile's name, or false at the end.
static bool listing_next(struct profile_listing *l, char name[PROFILE_NAME_MAX + 1])
{
	for (;;) {
		const struct entry *entry;
		size_t len;

		if (l->at >= l->len) {
			l->len = syscall(SYS_getdents64, l->fd, l->data, sizeof l->data);
			l->at = 0;
			if (l->len <= 0)
				return false;
		}
		entry = (const void *)(l->data + l->at);
		l->at += entry->len;
		len = strlen(entry->name);
		if (len <= strlen(SUFFIX) || len - strlen(SUFFIX) > PROFILE_NAME_MAX ||
		    strcmp(entry->name + len - strlen(SUFFIX), SUFFIX) != 0)
			continue;
		len -= strlen(SUFFIX);
		memcpy(name, entry->name, len);
		name[len] = '\0';
		if (profile_name_ok(name))
			return true;
	}
}

static bool file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static bool user_has(const char *name)
{
	char path[PROFILE_PATH_MAX];

	return profile_dir_user_path(path, name, NULL) == STATUS_OK && file_exists(path);
}

bool profile_dir_exists(const char *name)
{
	char path[PROFILE_PATH_MAX];

	if (user_has(name))
		return true;
	system_path(path, name);
	return file_exists(path);
}

enum status profile_dir_each(bool (*visit)(const char *name, void *context), void *context, struct err *err)
{
	char dir[PROFILE_PATH_MAX], name[PROFILE_NAME_MAX + 1];
	enum status status = profile_dir_user_dir(dir, err);
	struct profile_listing listing;
	bool more = true;

	if (status == STATUS_OK)
		status = listing_open(&listing, dir, err);
	if (status == STATUS_OK) {
		while (more && listing_next(&listing, name))
			more = visit(name, context);
		close(listing.fd);
	}
	if (!more || (status != STATUS_OK && status != STATUS_NOT_FOUND))
		return status;
	status = listing_open(&listing, SYSTEM_DIR, err);
	if (status == STATUS_OK) {
		while (more && listing_next(&listing, name)) {
			if (!user_has(name))
				more = visit(name, context);
		}
		close(listing.fd);
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

struct sorted {
	char (*names)[PROFILE_NAME_MAX + 1];
	size_t count, room;
	bool no_memory;
};

static bool profile_dir_collect(const char *name, void *context)
{
	struct sorted *sorted = context;

	if (sorted->count == sorted->room) {
		size_t room = sorted->room ? 2 * sorted->room : 64;
		void *more = reallocarray(sorted->names, room, sizeof *sorted->names);

		sorted->no_memory = !more;
		if (!more)
			return false;
		sorted->names = more;
		sorted->room = room;
	}
	memcpy(sorted->names[sorted->count++], name, strlen(name) + 1);
	return true;
}

static int profile_dir_compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

enum status profile_dir_each_by_name(bool (*visit)(const char *name, void *context), void *context, struct err *err)
{
	struct sorted sorted = { 0 };
	enum status status = profile_dir_each(profile_dir_collect, &sorted, err);

	if (sorted.no_memory)
		status = err_set(err, STATUS_INTERNAL, "no memory");
	if (sorted.count)
		qsort(sorted.names, sorted.count, sizeof *sorted.names, profile_dir_compare);
	for (size_t i = 0; i < sorted.count && status == STATUS_OK; i++) {
		if (!visit(sorted.names[i], context))
			break;
	}
	free(sorted.names);
	return status;
}

// text is a path: reads that whole small regular file, which nobody else can write, and puts it behind the path and its NUL.
// STATUS_NOT_FOUND says nothing in err.
static enum status read_file(struct buf *text, struct err *err)
{
	const char *path = text->data;
	struct stat st;
	const char *why = NULL;
	bool whole;
	int fd;

	// O_NONBLOCK: a FIFO in its place must not hang us
	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return STATUS_NOT_FOUND;
	if (fd < 0 || fstat(fd, &st) < 0) {
		enum status status = err_set(err, STATUS_INTERNAL, "%s: %s", path, strerror(errno));

		if (fd >= 0)
			close(fd);
		return status;
	}
	if (!S_ISREG(st.st_mode))
		why = "not a regular file";
	else if (st.st_uid != (uid_t)getauxval(AT_EUID) && st.st_uid != 0)
		why = "it belongs to another user";
	else if (st.st_mode & (S_IWGRP | S_IWOTH))
		why = "others can write it (chmod go-w)";
	else if (st.st_size > PROFILE_FILE_MAX)
		why = "too large";
	if (why) {
		close(fd);
		return err_set(err, STATUS_POLICY, "%s: %s", path, why);
	}
	buf_addc(text, '\0');
	whole = buf_read_size(text, fd, (size_t)st.st_size);
#ifndef SK_FRONT // which loads one profile, and ends or becomes sk-core
	close(fd);
#endif
	if (!whole)
		return err_set(err, STATUS_INTERNAL, "the profile's file cannot be read");
	return STATUS_OK;
}

static bool profile_dir_offer(const char *name, void *context)
{
	nearest_offer(context, name);
	return true;
}

static enum status profile_dir_unknown(const char *name, struct err *err)
{
	struct nearest nearest = nearest_to(name);

	// not for the front door, which only passes the request on
	if (err && profile_dir_each(profile_dir_offer, &nearest, NULL) == STATUS_OK && nearest_word(&nearest))
		return err_set(err, STATUS_NOT_FOUND, "there is no profile '%s': did you mean '%s'?", name,
			       nearest_word(&nearest));
	return err_set(err, STATUS_NOT_FOUND,
		       "there is no profile '%s': 'sk-helper add %s' makes it, 'sk-helper list' shows the profiles", name,
		       name);
}

enum status profile_dir_load(const char *name, struct buf *text, struct profile *profile, struct err *err)
{
	enum status status = profile_name_check(name, err);

	buf_reset(text);
	if (status == STATUS_OK)
		status = put_user_dir(text, err);
	if (status != STATUS_OK)
		return status;
	put_file_name(text, name);
	status = read_file(text, err);
	if (status == STATUS_NOT_FOUND) {
		buf_reset(text);
		buf_adds(text, SYSTEM_DIR);
		put_file_name(text, name);
		status = read_file(text, err);
	}
	if (status == STATUS_NOT_FOUND)
		return profile_dir_unknown(name, err);
	if (status == STATUS_OK) {
		size_t start = strlen(text->data) + 1;

		status = profile_parse(profile, name, text->data + start, text->len - start, err);
		if (status == STATUS_OK) {
			profile_set_path(profile, text->data);
			debug_say("profile '%s' is %s", name, text->data);
		} else
			err_prefix(err, "%s", text->data);
	}
	if (status != STATUS_OK)
		err_prefix(err, "profile '%s'", name);
	return status;
}

// The longest "url=" of this file that covers url, 0 for none. Only these lines are looked at: a get by URL passes every
// profile by. -1 with errno set when it cannot be read: another that covers less is not to be taken instead.
static long file_covers(int dir, const char *name, const struct url *url)
{
	__attribute__((section(".bss.zz_file"))) static char text[PROFILE_FILE_MAX + 1];
	char file[PROFILE_NAME_MAX + sizeof SUFFIX];
	size_t best = 0;
	ssize_t len;
	int fd;

	(void)snprintf(file, sizeof file, "%s" SUFFIX, name);
	fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	len = read(fd, text, sizeof text - 1);
	close(fd);
	if (len < 0)
		return -1;
	text[len] = '\0';
	for (char *line = text, *next; line; line = next) {
		struct url base;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (text_starts(line, "url=") && url_parse(&base, line + 4, NULL) == STATUS_OK && url_covers(&base, url) &&
		    base.path_len + 1 > best)
			best = base.path_len + 1;
	}
	return (long)best;
}

struct by_url {
	long best;
	bool tie;
	char name[PROFILE_NAME_MAX + 1];
	char other[PROFILE_NAME_MAX + 1];
};

static enum status choose_by_url_in(struct by_url *choice, const char *dir, bool system, const struct url *url, struct err *err)
{
	char name[PROFILE_NAME_MAX + 1];
	struct profile_listing listing;
	enum status status = listing_open(&listing, dir, err);

	if (status != STATUS_OK)
		return status == STATUS_NOT_FOUND ? STATUS_OK : status;
	while (status == STATUS_OK && listing_next(&listing, name)) {
		long len = file_covers(listing.fd, name, url);

		if (len < 0)
			status = err_set(err, STATUS_INTERNAL,
					 "'%s/%s" SUFFIX "': %s: it may be the profile that is wanted, so repair or remove it",
					 dir, name, strerror(errno));
		if (len <= 0 || len < choice->best || (system && user_has(name)))
			continue;
		choice->tie = len == choice->best;
		memcpy(choice->tie ? choice->other : choice->name, name, sizeof name);
		choice->best = len;
	}
	close(listing.fd);
	return status;
}

// scratch: for a path; what it had is gone.
static enum status choose_by_url(char name[PROFILE_NAME_MAX + 1], const struct request *request, struct buf *scratch,
				 struct err *err)
{
	const char *text = request->url;
	struct by_url choice = { 0 };
	enum status status;

	buf_reset(scratch);
	status = put_user_dir(scratch, err);
	if (status == STATUS_OK)
		status = choose_by_url_in(&choice, scratch->data, false, &request->target, err);
	if (status == STATUS_OK)
		status = choose_by_url_in(&choice, SYSTEM_DIR, true, &request->target, err);
	if (status != STATUS_OK)
		return status;
	if (choice.best == 0)
		return err_set(
			err, STATUS_NOT_FOUND,
			"no profile has a 'url' that covers '%.*s': 'sk-helper set NAME --url URL' gives one to a profile",
			url_shown(text), text);
	if (choice.tie)
		return err_set(err, STATUS_USAGE, "profiles '%s' and '%s' both cover '%.*s': give the name of one of them",
			       choice.name, choice.other, url_shown(text), text);
	memcpy(name, choice.name, sizeof choice.name);
	return STATUS_OK;
}

struct only {
	unsigned count;
	char name[PROFILE_NAME_MAX + 1];
};

// Stops at the one called "default": then it does not matter how many there are.
static bool count_or_default(const char *name, void *context)
{
	struct only *only = context;
	bool found = strcmp(name, "default") == 0;

	memcpy(only->name, name, strlen(name) + 1);
	only->count = found ? 1 : only->count + 1;
	return !found;
}

// The link that 'set --default' makes: to a file beside it.
static enum status profile_dir_default_path(char path[PROFILE_PATH_MAX], struct err *err)
{
	struct buf b = { .data = path, .size = PROFILE_PATH_MAX, .max = PROFILE_PATH_MAX - 1, .fixed = true };
	enum status status = put_user_dir(&b, err);

	if (status == STATUS_OK)
		buf_adds(&b, "/default");
	return status;
}

static bool profile_dir_read_default(char name[PROFILE_NAME_MAX + 1])
{
	char path[PROFILE_PATH_MAX], file[PROFILE_NAME_MAX + sizeof SUFFIX];
	ssize_t len;

	if (profile_dir_default_path(path, NULL) != STATUS_OK)
		return false;
	len = readlink(path, file, sizeof file) - (ssize_t)strlen(SUFFIX);
	if (len <= 0 || len > PROFILE_NAME_MAX || strncmp(file + len, SUFFIX, strlen(SUFFIX)) != 0)
		return false;
	memcpy(name, file, (size_t)len);
	name[len] = '\0';
	// one that was removed is no default
	return profile_name_ok(name) && profile_dir_exists(name);
}

enum status profile_dir_set_default(const char *name, struct err *err)
{
	char path[PROFILE_PATH_MAX], temporary[PROFILE_PATH_MAX + 2], file[PROFILE_NAME_MAX + sizeof SUFFIX];
	enum status status = profile_name_check(name, err);
	struct stat st;

	if (status == STATUS_OK && !profile_dir_exists(name))
		status = profile_dir_unknown(name, err);
	if (status == STATUS_OK)
		status = profile_dir_default_path(path, err);
	if (status != STATUS_OK)
		return status;
	if (lstat(path, &st) == 0 && !S_ISLNK(st.st_mode))
		return err_set(err, STATUS_USAGE, "'%s' is a file of yours, and not a link of sk-helper's: move it away", path);
	(void)snprintf(file, sizeof file, "%s" SUFFIX, name);
	(void)snprintf(temporary, sizeof temporary, "%s~", path);
	(void)unlink(temporary);
	if (symlink(file, temporary) < 0 || rename(temporary, path) < 0)
		return err_set(err, STATUS_INTERNAL, "'%s': %s", path, strerror(errno));
	return STATUS_OK;
}

void profile_dir_forget_default(const char *name)
{
	char path[PROFILE_PATH_MAX], file[PROFILE_NAME_MAX + sizeof SUFFIX] = "", wanted[PROFILE_NAME_MAX + sizeof SUFFIX];

	(void)snprintf(wanted, sizeof wanted, "%s" SUFFIX, name);
	if (profile_dir_default_path(path, NULL) == STATUS_OK && readlink(path, file, sizeof file - 1) > 0 &&
	    !strcmp(file, wanted))
		(void)unlink(path);
}

struct names {
	char text[CHOICE_SHOWN_MAX + PROFILE_NAME_MAX + 8];
	char first[PROFILE_NAME_MAX + 1];
};

static bool profile_dir_show_name(const char *name, void *context)
{
	struct names *names = context;
	size_t len = strlen(names->text);

	if (!*names->first)
		memcpy(names->first, name, strlen(name) + 1);
	if (len > CHOICE_SHOWN_MAX) {
		(void)snprintf(names->text + len, sizeof names->text - len, ", ...");
		return false;
	}
	(void)snprintf(names->text + len, sizeof names->text - len, "%s%s", len ? ", " : "", name);
	return true;
}

static enum status profile_dir_ask_which(const char *usage, struct err *err)
{
	struct names names = { "", "" };
	const char *place = usage ? strstr(usage, "NAME") : NULL;

	if (!err || profile_dir_each(profile_dir_show_name, &names, err) != STATUS_OK)
		return STATUS_USAGE;
	if (!place)
		return err_set(err, STATUS_USAGE, "which profile? %s. Set SK_HELPER_PROFILE to one of them, such as %s",
			       names.text, names.first);
	return err_set(err, STATUS_USAGE, "which profile? %s. For example: sk-helper %.*s%s%s", names.text,
		       (int)(place - usage), usage, names.first, place + strlen("NAME"));
}

const char *profile_dir_socket(void)
{
	const char *path = getenv(SHARE_VARIABLE);

	return path && *path ? path : NULL;
}

enum status profile_dir_choose(char name[PROFILE_NAME_MAX + 1], const char *wanted, const char *usage, struct err *err)
{
	char chosen[PROFILE_NAME_MAX + 1];
	struct only only = { 0 };
	enum status status;

	if (!wanted && getenv(PROFILE_VARIABLE) && *getenv(PROFILE_VARIABLE))
		wanted = getenv(PROFILE_VARIABLE);
	if (!wanted && profile_dir_read_default(chosen))
		wanted = chosen;
	if (!wanted && user_has("default"))
		wanted = "default";
	if (!wanted) {
		status = profile_dir_each(count_or_default, &only, err);
		if (status != STATUS_OK)
			return status;
		if (only.count == 0)
			return err_set(err, STATUS_NOT_FOUND, "there is no profile yet: 'sk-helper add' makes one");
		if (only.count > 1)
			return profile_dir_ask_which(usage, err);
		wanted = only.name;
	}
	status = profile_name_check(wanted, err);
	if (status == STATUS_OK)
		memcpy(name, wanted, strlen(wanted) + 1);
	return status;
}

enum status profile_dir_for(const struct request *request, struct buf *text, struct profile *profile, bool *uncovered,
			    struct err *err)
{
	char name[PROFILE_NAME_MAX + 1] = "";
	bool is_uncovered = request->url && request->url_status != STATUS_OK;
	enum status status = request_check_url(request, err);

	if (status == STATUS_OK && request->url && !request->profile) {
		status = choose_by_url(name, request, text, err);
		is_uncovered = status == STATUS_NOT_FOUND;
	} else if (status == STATUS_OK) {
		status = profile_dir_choose(name, request->profile, request->usage, err);
	}
	if (status == STATUS_OK)
		status = profile_dir_load(name, text, profile, err);
	if (status == STATUS_OK && request->url && !profile_covers(profile, &request->target)) {
		is_uncovered = true;
		status = err_set(err, STATUS_POLICY, "profile '%s': none of its urls covers '%.*s'", name,
				 url_shown(request->url), request->url);
	}
	if (status != STATUS_OK)
		memcpy(profile->name, name, sizeof name);
	if (uncovered)
		*uncovered = is_uncovered && status != STATUS_OK;
	return status;
}
