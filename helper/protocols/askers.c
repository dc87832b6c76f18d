// SPDX-License-Identifier: MIT
#include "protocols/askers.h"

#include "base/clock.h"
#include "base/lock.h"
#include "base/text.h"
#include "base/wire.h"
#include "model/profile-dir.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ASKERS_MAX	  16
#define SHELLS_MAX	  4
#define SAME_START_MS	  2000
#define ASKER_LIFETIME_MS (24LL * 3600 * 1000)

// One line of the note. The token and the name are there as hashes: the file is no place for them.
struct asker {
	uint64_t server, token;
	int64_t pid, started; // of the process, in clock ticks: pids are used again
	int64_t at;	      // CLOCK_BOOTTIME in ms
};

// The number that begins at, or behind, *text; *text is then behind it. 0 for none.
static int64_t next_number(const char **text)
{
	int64_t number = 0;

	*text += strcspn(*text, "0123456789\n");
	for (; **text >= '0' && **text <= '9'; ++*text)
		number = number < INT64_MAX / 20 ? number * 10 + (**text - '0') : number;
	return number;
}

// "1234 (comm) S 1 …": the parent is field 4, the start field 22 (proc(5)). comm may have anything in it. Without stdio, which costs
// the front door more than all the rest.
static bool read_process(int64_t pid, char comm[32], int64_t *parent, int64_t *started)
{
	char path[40], line[1024], *open_at, *close_at;
	const char *at;
	ssize_t len;
	int fd;

	(void)snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, line, sizeof line - 1);
	close(fd);
	line[len > 0 ? len : 0] = '\0';
	open_at = strchr(line, '(');
	close_at = strrchr(line, ')');
	if (!open_at || !close_at || close_at < open_at)
		return false;
	*close_at = '\0';
	(void)snprintf(comm, 32, "%.31s", open_at + 1);
	at = close_at + 1;
	*parent = next_number(&at);
	for (int field = 5; field < 22; field++) {
		at += strspn(at, " ");
		at += strcspn(at, " \n");
	}
	*started = next_number(&at);
	return *parent > 0 || *started > 0;
}

static bool is_shell(const char *comm)
{
	static const char *const shells[] = { "sh", "dash", "bash", "zsh", "ash", "ksh", "mksh", "busybox", "fish" };

	for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
		if (!strcmp(comm, shells[i]))
			return true;
	}
	return false;
}

static struct asker find_asker(const char *server_name, const char *access_token)
{
	struct asker asker = { .token = text_hash(access_token), .at = clock_now().boot };
	int64_t pid = getppid(), parent = 0, started = 0;
	char comm[32];

	if (server_name && *server_name)
		asker.server = text_hash(server_name);
	for (int shells = 0; shells <= SHELLS_MAX && pid > 1 && read_process(pid, comm, &parent, &started); shells++) {
		asker.pid = pid;
		asker.started = started;
		if (!is_shell(comm))
			break;
		pid = parent;
	}
	return asker;
}

// A number in hexadecimal digits, as askers_write has it; *text is then behind it and the space.
static bool next_field(const char **text, uint64_t *number)
{
	const char *start = *text;

	for (*number = 0; **text && strchr("0123456789abcdef", **text); ++*text)
		*number = *number << 4 | (uint64_t)(**text <= '9' ? **text - '0' : **text - 'a' + 10);
	if (*text == start || *text - start > 16)
		return false;
	*text += **text == ' ';
	return true;
}

static bool read_asker(struct asker *asker, const char *text)
{
	uint64_t pid, started, at;

	if (!next_field(&text, &asker->server) || !next_field(&text, &asker->token) || !next_field(&text, &pid) ||
	    !next_field(&text, &started) || !next_field(&text, &at) || *text)
		return false;
	asker->pid = (int64_t)pid;
	asker->started = (int64_t)started;
	asker->at = (int64_t)at;
	return true;
}

static size_t read_askers(const struct lock *lock, struct asker askers[ASKERS_MAX])
{
	char text[LOCK_NOTE_MAX + 1];
	struct buf note = BUF_FIXED(text);
	int64_t now = clock_now().boot;
	struct wire_field field;
	struct wire wire;
	size_t count = 0;

	lock_read_note(lock, &note);
	wire = wire_message(note.data, note.len);
	while (count < ASKERS_MAX && wire_next(&wire, &field, NULL) == WIRE_FIELD) {
		struct asker *asker = &askers[count];

		// CLOCK_BOOTTIME begins anew at a reboot: a time in the future was noted before the last one
		if (read_asker(asker, field.value) && asker->at >= 0 && asker->at <= now && now - asker->at < ASKER_LIFETIME_MS)
			count++;
	}
	return count;
}

static void write_asker(struct buf *note, const struct asker *asker)
{
	char line[5 * 17];

	(void)snprintf(line, sizeof line, "%" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64, asker->server,
		       asker->token, (uint64_t)asker->pid, (uint64_t)asker->started, (uint64_t)asker->at);
	wire_put(note, "given", line);
}

static bool same_process(const struct asker *a, const struct asker *b)
{
	return a->pid && a->pid == b->pid && a->started == b->started;
}

bool askers_count(const struct profile *profile)
{
	return !profile->renew_on_repeat || strcmp(profile->renew_on_repeat, "no") != 0;
}

static enum renewal askers_find(const struct asker askers[], size_t count, const struct asker *now)
{
	enum renewal why = RENEWAL_NONE;

	for (size_t i = 0; i < count; i++) {
		if (askers[i].token != now->token || askers[i].server != now->server)
			continue;
		if (same_process(&askers[i], now))
			return RENEWAL_SAME_PROCESS;
		if (now->server && now->at - askers[i].at >= SAME_START_MS)
			why = RENEWAL_SAME_SERVER;
	}
	return why;
}

// In the place of what was noted of this asker before.
static void askers_write(const struct lock *lock, const struct asker askers[], size_t count, const struct asker *now)
{
	char text[LOCK_NOTE_MAX + 1];
	struct buf note = BUF_FIXED(text);

	write_asker(&note, now);
	for (size_t i = 0; i < count && i < ASKERS_MAX - 1; i++) {
		if (askers[i].server != now->server || !same_process(&askers[i], now))
			write_asker(&note, &askers[i]);
	}
	if (buf_ok(&note))
		lock_write_note(lock, &note);
}

static bool askers_lock(struct lock *lock, const struct profile *profile)
{
	char name[PROFILE_LOCK_NAME_MAX];

	profile_dir_lock_name(name, profile, ".asked");
	return lock_take(lock, name, 1000, NULL) == STATUS_OK;
}

enum renewal askers_was_given(const struct profile *profile, const char *server_name, const char *access_token)
{
	struct asker now = find_asker(server_name, access_token), askers[ASKERS_MAX];
	enum renewal why;
	struct lock lock;
	size_t count;

	if (!askers_lock(&lock, profile))
		return RENEWAL_NONE;
	count = read_askers(&lock, askers);
	why = askers_find(askers, count, &now);
	if (why == RENEWAL_NONE)
		askers_write(&lock, askers, count, &now);
	lock_release(&lock);
	return why;
}

void askers_note(const struct profile *profile, const char *server_name, const char *access_token)
{
	struct asker now = find_asker(server_name, access_token), askers[ASKERS_MAX];
	struct lock lock;
	size_t count;

	if (!askers_lock(&lock, profile))
		return;
	count = read_askers(&lock, askers);
	askers_write(&lock, askers, count, &now);
	lock_release(&lock);
}
