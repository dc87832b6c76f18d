// SPDX-License-Identifier: MIT
// The one type for bytes that may be secret. It wipes what it leaves behind, has a maximum, and is always NUL-terminated.
//
// A failure (over the maximum, no memory, a value the wire refuses) sticks: every later addition does nothing, and one
// buf_ok() at the end tells. A buf that failed is empty, so that half an answer cannot be sent.
#ifndef SK_BUF_H
#define SK_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data; // never NULL after BUF_INIT; data[len] is NUL
	size_t len;
	size_t size; // bytes at data, the NUL's included
	size_t max;  // most that len may become
	bool fixed;  // data is the caller's array: never grown, never freed
	bool failed;
};

// The sizes that are wanted again and again.
#define KEY_MAX	    32768  // a private key as a file has it
#define ANSWER_MAX  65536  // what one of our programs answers, and what a person is shown
#define MESSAGE_MAX 131072 // a request to one of our programs with a secret in it, or a form

extern char buf_empty[1];

#define BUF_INIT(maximum) ((struct buf){ .data = buf_empty, .max = (maximum) })
#define BUF_FIXED(array)  ((struct buf){ .data = (array), .size = sizeof(array), .max = sizeof(array) - 1, .fixed = true })

// Declares a buf that is wiped and freed when it goes out of scope, on every way out.
#define BUF_AUTO(name, maximum) __attribute__((cleanup(buf_free))) struct buf name = BUF_INIT(maximum)

void buf_add(struct buf *b, const void *data, size_t len);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
// For numbers and names only: never give it a secret, printf may keep a copy on its stack.
void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

// For whoever fills in bytes by itself: room for up to size more bytes behind what is there, at least one; *room is how many there are.
// NULL, and b failed, where there is none. buf_extend then says how many were filled in.
char *buf_reserve(struct buf *b, size_t size, size_t *room);
void buf_extend(struct buf *b, size_t len);

// Only the first len bytes stay; the others are wiped.
void buf_cut(struct buf *b, size_t len);

// Marks b failed and wipes it.
void buf_fail(struct buf *b);
bool buf_ok(const struct buf *b);

// Reads fd to its end. False with errno set on a read error; false with errno EFBIG when there is more than b may hold.
bool buf_read(struct buf *b, int fd);

// Reads up to size bytes, or to the end where that comes first. The same errors.
bool buf_read_size(struct buf *b, int fd, size_t size);

// Reads one line into b, without its LF; what b had is gone. Byte by byte: what is behind it is somebody else's. False at the end of
// the input, on a read error, and when a signal came (errno EINTR), with nothing in b. A line that is too long is true, and b failed.
bool buf_read_line(struct buf *b, int fd);

// Writes all of b with as few write(2) as the kernel allows: one, but for short writes. False with errno set.
bool buf_write(const struct buf *b, int fd);

void buf_reset(struct buf *b); // wiped and empty; may be used again
void buf_free(struct buf *b);  // the same, and its memory given back

// Compares in time that depends on the lengths alone.
bool secret_equal(const char *a, size_t a_len, const char *b, size_t b_len);

#endif
