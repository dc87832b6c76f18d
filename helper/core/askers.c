// SPDX-License-Identifier: MIT
#include "core/askers.h"

#include "base/clock.h"
#include "base/lock.h"
#include "base/text.h"
#include "base/wire.h"
#include "model/profile-dir.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ASKERS_MAX	  16
#define SHELLS_MAX	  4
#define TOGETHER_MS	  2000
#define FORGOTTEN_MS	  (24LL * 3600 * 1000)
#define TEXT_SIZE(number) (3 * sizeof(number) + 1)

// One line of the note. The token and the name are there as hashes: the file is no place for them.
struct asker {
	uint64_t server, token;
	int64_t pid, started; // of the process, in clock ticks: pids are used again
	int64_t at;	      // CLOCK_BOOTTIME in ms
};

// "1234 (comm) S 1 …": the parent is field 4, the start field 22 (proc(5)). comm may have anything in it.
static bool read_process(int64_t pid, char comm[32], int64_t *parent, int64_t *started)
{
	char path[40], line[1024], *open, *close;
	FILE *file;
	bool ok;

	(void)snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
	file = fopen(path, "re");
	ok = file && fgets(line, sizeof line, file);
	if (file)
		(void)fclose(file);
	open = ok ? strchr(line, '(') : NULL;
	close = ok ? strrchr(line, ')') : NULL;
	if (!open || !close || close < open)
		return false;
	*close = '\0';
	(void)snprintf(comm, 32, "%.31s", open + 1);
	return sscanf(close + 1,
		      " %*c %" SCNd64 " %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %" SCNd64, parent,
		      started) == 2;
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

static struct asker who_asks(const char *server_name, const char *access_token)
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

static size_t read_askers(const struct lock *lock, struct asker askers[ASKERS_MAX])
{
	BUF_AUTO(note, LOCK_NOTE_MAX);
	int64_t now = clock_now().boot;
	struct wire_field field;
	struct wire wire;
	size_t count = 0;

	lock_read_note(lock, &note);
	wire = wire_message(note.data, note.len);
	while (count < ASKERS_MAX && wire_next(&wire, &field, NULL) == WIRE_FIELD) {
		struct asker *asker = &askers[count];

		// a time to come is from before a reboot
		if (sscanf(field.value, "%" SCNx64 " %" SCNx64 " %" SCNd64 " %" SCNd64 " %" SCNd64, &asker->server,
			   &asker->token, &asker->pid, &asker->started, &asker->at) == 5 &&
		    asker->at <= now && now - asker->at < FORGOTTEN_MS)
			count++;
	}
	return count;
}

static void write_asker(struct buf *note, const struct asker *asker)
{
	char line[5 * TEXT_SIZE(uint64_t)];

	(void)snprintf(line, sizeof line, "%" PRIx64 " %" PRIx64 " %" PRId64 " %" PRId64 " %" PRId64, asker->server,
		       asker->token, asker->pid, asker->started, asker->at);
	wire_put(note, "given", line);
}

static bool same_process(const struct asker *a, const struct asker *b)
{
	return a->pid && a->pid == b->pid && a->started == b->started;
}

enum renewal askers_was_given(const struct profile *profile, const char *server_name, const char *access_token)
{
	struct asker now = who_asks(server_name, access_token), askers[ASKERS_MAX];
	char name[PROFILE_LOCK_NAME_MAX];
	struct lock lock;
	size_t count;
	enum renewal why = RENEWAL_NONE;

	profile_dir_lock_name(name, profile, ".asked");
	if (lock_take(&lock, name, 1000, NULL) != STATUS_OK)
		return RENEWAL_NONE;
	count = read_askers(&lock, askers);
	lock_release(&lock);
	for (size_t i = 0; i < count; i++) {
		if (askers[i].token != now.token || askers[i].server != now.server)
			continue;
		if (same_process(&askers[i], &now))
			return RENEWAL_SAME_PROCESS;
		if (now.server && now.at - askers[i].at >= TOGETHER_MS)
			why = RENEWAL_SAME_SERVER;
	}
	return why;
}

void askers_note(const struct profile *profile, const char *server_name, const char *access_token)
{
	struct asker now = who_asks(server_name, access_token), askers[ASKERS_MAX];
	BUF_AUTO(note, LOCK_NOTE_MAX);
	char name[PROFILE_LOCK_NAME_MAX];
	struct lock lock;
	size_t count;

	profile_dir_lock_name(name, profile, ".asked");
	if (lock_take(&lock, name, 1000, NULL) != STATUS_OK)
		return;
	count = read_askers(&lock, askers);
	write_asker(&note, &now);
	for (size_t i = 0; i < count && i < ASKERS_MAX - 1; i++) {
		if (askers[i].server != now.server || !same_process(&askers[i], &now))
			write_asker(&note, &askers[i]);
	}
	if (buf_ok(&note))
		lock_write_note(&lock, &note);
	lock_release(&lock);
}
