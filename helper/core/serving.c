// SPDX-License-Identifier: MIT
#include "core/serving.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/wire.h"
#include "model/profile.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SERVING_PREFIX	"serving-"
#define NOTE_AGAIN_MS	1000
#define SERVED_TEXT_MAX LOCK_NOTE_MAX

void serving_begin(struct serving *serving, const char *command, const struct server_options *options,
		   const struct server_socket *server)
{
	BUF_AUTO(note, SERVED_TEXT_MAX);
	char names[SERVER_PROFILES_MAX * (PROFILE_NAME_MAX + 1) + 1] = "";
	size_t len = 0;

	*serving = (struct serving){ .lock = LOCK_NONE, .idle_ms = options->idle * 1000, .used_at = clock_now().boot };
	(void)snprintf(serving->name, sizeof serving->name, SERVING_PREFIX "%d", (int)getpid());
	for (size_t i = 0; i < options->name_count && len < sizeof names; i++)
		len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", i ? " " : "", options->names[i]);
	wire_put(&note, "command", command);
	wire_put(&note, "names", names);
	if (server->port)
		buf_addf(&note, "socket=127.0.0.1:%u\n", server->port);
	else
		wire_put(&note, "socket", server->path);
	wire_put_number(&note, "since", clock_now().wall);
	if (buf_ok(&note) && lock_take(&serving->lock, serving->name, 0, NULL) == STATUS_OK)
		lock_write_note(&serving->lock, &note);
}

void serving_end(struct serving *serving)
{
	lock_remove(&serving->lock, serving->name);
}

void serving_note_use(struct serving *serving)
{
	serving->used_at = clock_now().boot;
	if (serving->lock.fd < 0 || serving->used_at - serving->noted_at < NOTE_AGAIN_MS)
		return;
	serving->noted_at = serving->used_at;
	(void)futimens(serving->lock.fd, NULL);
}

bool serving_is_idle(const struct serving *serving)
{
	return serving->idle_ms && clock_now().boot >= serving->used_at + serving->idle_ms;
}

int64_t serving_idle_at(const struct serving *serving)
{
	return serving->idle_ms ? serving->used_at + serving->idle_ms : 0;
}

// --- for list

// Other processes of the user can write a note: what is shown of it is made fit for that.
static bool serving_read(struct buf *note, struct served *served)
{
	struct wire wire = wire_message(note->data, note->len);
	struct wire_field field;

	while (wire_next(&wire, &field, NULL) == WIRE_FIELD) {
		text_sanitize((char *)(uintptr_t)field.value);
		if (!strcmp(field.key, "command"))
			served->command = field.value;
		else if (!strcmp(field.key, "names"))
			served->names = field.value;
		else if (!strcmp(field.key, "socket"))
			served->socket = field.value;
		else if (!strcmp(field.key, "since"))
			(void)text_to_number(field.value, 0, INT64_MAX, &served->since);
	}
	return served->command && served->names && served->socket;
}

void serving_each(void (*visit)(const struct served *served, void *context), void *context)
{
	int fd = lock_open_dir();
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		BUF_AUTO(note, SERVED_TEXT_MAX);
		struct served served = { 0 };
		struct lock lock;
		struct stat st;

		if (!text_starts(entry->d_name, SERVING_PREFIX) ||
		    !text_to_number(entry->d_name + strlen(SERVING_PREFIX), 1, INT32_MAX, &served.pid))
			continue;
		// one whose lock can be had has ended without taking its note away
		if (lock_take(&lock, entry->d_name, 0, NULL) == STATUS_OK) {
			lock_remove(&lock, entry->d_name);
			continue;
		}
		if (!lock_peek_note(entry->d_name, &note, &st))
			continue;
		served.used = st.st_mtim.tv_sec;
		if (serving_read(&note, &served))
			visit(&served, context);
	}
	if (dir)
		closedir(dir);
}
