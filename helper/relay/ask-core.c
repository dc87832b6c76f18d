// SPDX-License-Identifier: MIT
#include "relay/ask-core.h"

#include "base/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static bool core_receive_with(struct buf *text, int flags)
{
	size_t room;
	ssize_t got;
	char *at;

	buf_reset(text);
	at = buf_reserve(text, WIRE_PACKET_MAX, &room);
	if (!at)
		return false;
	do
		got = recv(CORE_FD, at, room, flags);
	while (got < 0 && errno == EINTR);
	if (got > 0)
		buf_extend(text, (size_t)got);
	return got > 0 || (got < 0 && errno == EAGAIN);
}

bool core_receive(struct buf *text)
{
	return core_receive_with(text, MSG_DONTWAIT);
}

bool core_wait(struct buf *text)
{
	return core_receive_with(text, 0);
}

static bool core_send(const struct buf *packet)
{
	return buf_ok(packet) && send(CORE_FD, packet->data, packet->len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)packet->len;
}

bool core_ask(const char *profile, const struct buf *lines)
{
	BUF_AUTO(packet, WIRE_PACKET_MAX);

	wire_put(&packet, "ask", profile);
	if (lines)
		buf_add(&packet, lines->data, lines->len);
	return core_send(&packet);
}

void core_notice(const char *text)
{
	BUF_AUTO(packet, WIRE_PACKET_MAX);

	wire_put(&packet, "notice", text);
	(void)core_send(&packet);
}

bool core_read_answer(struct buf *packet, struct core_answer *answer)
{
	struct wire wire = wire_message(packet->data, packet->len);
	bool is_answer = false;
	struct wire_field field;

	*answer = (struct core_answer){ STATUS_INTERNAL, "the sk-helper process that gets tokens did not answer", "", "" };
	while (wire_next(&wire, &field, NULL) == WIRE_FIELD) {
		if (!strcmp(field.key, "answer"))
			is_answer = status_from_word(field.value, &answer->status);
		else if (!strcmp(field.key, "message"))
			answer->message = field.value;
		else if (!strcmp(field.key, "credential"))
			answer->credential = field.value;
		else if (!strcmp(field.key, "profile"))
			answer->profile = field.value;
	}
	return is_answer;
}
