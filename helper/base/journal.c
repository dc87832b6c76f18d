// SPDX-License-Identifier: MIT
#include "base/journal.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

void journal_put(struct buf *entry, const char *key, const char *value)
{
	if (!value || !*value)
		return;
	buf_adds(entry, key);
	buf_addc(entry, '=');
	for (const char *end = value + JOURNAL_VALUE_MAX; *value && value < end; value++)
		buf_addc(entry, *value < ' ' || *value > '~' ? '?' : *value);
	buf_addc(entry, '\n');
}

void journal_put_number(struct buf *entry, const char *key, long long value)
{
	buf_addf(entry, "%s=%lld\n", key, value);
}

bool journal_is_there(void)
{
	return access(JOURNAL_SOCKET, F_OK) == 0;
}

enum journal_result journal_send(const struct buf *entry)
{
	static const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ssize_t sent;
	int error;

	if (fd < 0)
		return JOURNAL_LOST;
	if (!buf_ok(entry)) {
		close(fd);
		return JOURNAL_LOST;
	}
	sent = sendto(fd, entry->data, entry->len, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&address,
		      sizeof address);
	error = errno;
	close(fd);
	if (sent >= 0)
		return JOURNAL_SENT;
	return error == ENOENT || error == ENOTDIR ? JOURNAL_ABSENT : JOURNAL_LOST;
}
