// SPDX-License-Identifier: MIT
#include "base/buf.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char buf_empty[1];

static void wipe(struct buf *b)
{
	// it only ever grows at its end, so nothing was written beyond len
	if (b->size)
		explicit_bzero(b->data, b->len);
	b->len = 0;
}

static bool grow(struct buf *b, size_t more)
{
	size_t need, size;
	char *data;

	if (b->failed || more > b->max - b->len) {
		buf_fail(b);
		return false;
	}
	need = b->len + more + 1;
	if (need <= b->size)
		return true;
	if (b->fixed) {
		buf_fail(b);
		return false;
	}
	size = b->size ? b->size : 256;
	while (size < need)
		size *= 2;
	// not realloc(3): it can leave the old copy behind, unwiped
	data = malloc(size);
	if (!data) {
		buf_fail(b);
		return false;
	}
	memcpy(data, b->data, b->len);
	data[b->len] = '\0';
	if (b->size) {
		explicit_bzero(b->data, b->len);
		free(b->data);
	}
	b->data = data;
	b->size = size;
	return true;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	if (len == 0 || !grow(b, len))
		return;
	memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

char *buf_reserve(struct buf *b, size_t size, size_t *room)
{
	size_t left = b->failed ? 0 : b->max - b->len;

	*room = size < left ? size : left;
	if (*room == 0 || !grow(b, *room)) {
		buf_fail(b);
		return NULL;
	}
	return b->data + b->len;
}

void buf_extend(struct buf *b, size_t len)
{
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_cut(struct buf *b, size_t len)
{
	if (len >= b->len)
		return;
	explicit_bzero(b->data + len, b->len - len);
	b->len = len;
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *format, ...)
{
	char text[1024];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof text)
		buf_fail(b);
	else
		buf_add(b, text, (size_t)len);
}

void buf_fail(struct buf *b)
{
	wipe(b);
	b->failed = true;
}

bool buf_ok(const struct buf *b)
{
	return !b->failed;
}

bool buf_read_size(struct buf *b, int fd, size_t size)
{
	while (!b->failed && size > 0) {
		ssize_t got;

		if (!grow(b, size < 4096 ? size : 4096)) {
			errno = EFBIG;
			return false;
		}
		got = read(fd, b->data + b->len, size < 4096 ? size : 4096);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int error = errno;

			buf_fail(b);
			errno = error;
			return false;
		}
		if (got == 0)
			break;
		b->len += (size_t)got;
		b->data[b->len] = '\0';
		size -= (size_t)got;
	}
	return !b->failed;
}

bool buf_read(struct buf *b, int fd)
{
	char extra;
	ssize_t got;

	if (!buf_read_size(b, fd, b->max - b->len))
		return false;
	if (b->len < b->max)
		return true;
	// full: one byte more tells "just so" from "too much"
	do
		got = read(fd, &extra, 1);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		return true;
	buf_fail(b);
	errno = got < 0 ? errno : EFBIG;
	return false;
}

bool buf_read_line(struct buf *b, int fd)
{
	ssize_t got;
	char c;

	buf_reset(b);
	errno = 0;
	while ((got = read(fd, &c, 1)) == 1) {
		if (c == '\n')
			return true;
		buf_addc(b, c);
		if (!buf_ok(b))
			return true;
	}
	if (got < 0)
		buf_reset(b);
	return b->len > 0;
}

bool buf_write(const struct buf *b, int fd)
{
	size_t done = 0;

	while (done < b->len) {
		ssize_t put = write(fd, b->data + done, b->len - done);

		if (put < 0 && errno == EINTR)
			continue;
		// a descriptor that the caller made non-blocking
		if (put < 0 && errno == EAGAIN && poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1) >= 0)
			continue;
		if (put < 0)
			return false;
		done += (size_t)put;
	}
	return true;
}

void buf_reset(struct buf *b)
{
	wipe(b);
	b->failed = false;
}

void buf_free(struct buf *b)
{
	wipe(b);
	if (b->size && !b->fixed)
		free(b->data);
	*b = BUF_INIT(b->max);
}

bool secret_equal(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned char diff = a_len != b_len;

	for (size_t i = 0; i < a_len && i < b_len; i++)
		diff |= (unsigned char)(a[i] ^ b[i]);
	return diff == 0;
}
