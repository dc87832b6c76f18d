// SPDX-License-Identifier: MIT
#include "core/sent-tokens.h"

#include "base/clock.h"
#include "base/lock.h"
#include "base/private-dir.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SENT_PREFIX    "sent-"
#define SENT_NAME_SIZE (sizeof SENT_PREFIX + SHA256_HEX_SIZE)

// A server's clock may be behind ours.
#define SENT_KEPT_S 3600

static void sent_token_name(char name[SENT_NAME_SIZE], const char sha256[SHA256_HEX_SIZE])
{
	(void)snprintf(name, SENT_NAME_SIZE, SENT_PREFIX "%s", sha256);
}

// Removes those whose tokens have ended: a mark's time of modification is when.
static void sent_token_tidy_one(int dir, const char *name, const struct stat *st, void *context)
{
	const int64_t *now = context;

	if (text_starts(name, SENT_PREFIX) && st->st_mtim.tv_sec + SENT_KEPT_S < *now)
		(void)unlinkat(dir, name, 0);
}

static bool sent_token_look(int dir, const char *name, struct sent_token *sent)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	BUF_AUTO(text, 64);
	struct stat st;
	bool is_there = fd >= 0 && fstat(fd, &st) == 0;

	if (is_there) {
		sent->sent_at = st.st_ctim.tv_sec;
		if (buf_read(&text, fd))
			(void)text_to_number(text.data, 100, 599, &sent->http_status);
	}
	if (fd >= 0)
		close(fd);
	return is_there;
}

// The next place that can be used, opened, from *number on; *number is then the one after it. -1: there is none left. The caller closes it.
static int sent_token_next_place(int *number)
{
	int dir = -1;

	while (dir < 0 && *number < LOCK_PLACES)
		dir = lock_open_place((*number)++);
	return dir;
}

// A mark in one place. False with errno EEXIST: there is one already.
static bool sent_token_mark_in(int dir, const char *name, int64_t expires_at)
{
	const struct timespec times[2] = { { .tv_sec = (time_t)expires_at }, { .tv_sec = (time_t)expires_at } };
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return false;
	(void)futimens(fd, times);
	close(fd);
	return true;
}

enum status sent_token_mark(const char sha256[SHA256_HEX_SIZE], int64_t expires_at, struct sent_token *sent, struct err *err)
{
	int64_t now = clock_now().wall;
	char name[SENT_NAME_SIZE];
	bool marked = false, was_marked = false;
	int error = 0;

	*sent = (struct sent_token){ 0 };
	sent_token_name(name, sha256);
	// in the same order in each process, so that of two only one makes the first mark; a mark in any place counts
	for (int number = 0, dir; !was_marked && (dir = sent_token_next_place(&number)) >= 0; close(dir)) {
		private_dir_each(dir, sent_token_tidy_one, &now);
		if (sent_token_mark_in(dir, name, expires_at))
			marked = true;
		else if ((error = errno) == EEXIST)
			was_marked = sent_token_look(dir, name, sent);
	}
	if (was_marked)
		return err_set(err, STATUS_TEMPORARY, "it was sent %lld s ago", (long long)(now - sent->sent_at));
	if (marked)
		return STATUS_OK;
	if (error)
		return err_set(err, STATUS_UNAVAILABLE, "it cannot be noted that it was sent: %s", strerror(error));
	return err_set(err, STATUS_UNAVAILABLE,
		       "there is no place to note that it was sent: /run/user/%u is not there, and '/dev/shm/sk-helper-%u' and "
		       "'/tmp/sk-helper-%u' are not directories of yours alone (who has made them?)",
		       (unsigned)geteuid(), (unsigned)geteuid(), (unsigned)geteuid());
}

// The server's answer, where the mark is; when the token ends, which is the mark's time, stays.
static void sent_token_note_in(int dir, const char *name, int64_t http_status)
{
	int fd = openat(dir, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	char text[32];

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0) {
		const struct timespec times[2] = { st.st_atim, st.st_mtim };

		(void)snprintf(text, sizeof text, "%lld", (long long)http_status);
		(void)!write(fd, text, strlen(text));
		(void)futimens(fd, times);
	}
	close(fd);
}

void sent_token_note_refusal(const char sha256[SHA256_HEX_SIZE], int64_t http_status)
{
	char name[SENT_NAME_SIZE];

	sent_token_name(name, sha256);
	for (int number = 0, dir; (dir = sent_token_next_place(&number)) >= 0; close(dir))
		sent_token_note_in(dir, name, http_status);
}

void sent_token_unmark(const char sha256[SHA256_HEX_SIZE])
{
	char name[SENT_NAME_SIZE];

	sent_token_name(name, sha256);
	for (int number = 0, dir; (dir = sent_token_next_place(&number)) >= 0; close(dir))
		(void)unlinkat(dir, name, 0);
}

bool sent_token_is_marked(const char sha256[SHA256_HEX_SIZE], struct sent_token *sent)
{
	char name[SENT_NAME_SIZE];
	bool marked = false;

	*sent = (struct sent_token){ 0 };
	sent_token_name(name, sha256);
	for (int number = 0, dir; !marked && (dir = sent_token_next_place(&number)) >= 0; close(dir))
		marked = sent_token_look(dir, name, sent);
	return marked;
}
