// SPDX-License-Identifier: MIT
// The request of sk-core to one of our private programs: key=value lines on standard input, and, behind an empty line, whatever else there is;
// and its answer, key=value lines on standard output.
#ifndef SK_PRIVATE_REQUEST_H
#define SK_PRIVATE_REQUEST_H

#include "base/buf.h"
#include "base/status.h"
#include "base/wire.h"

#include <stddef.h>

// Where a key's value goes: to the string (const char *) at this offset of a struct.
struct private_key_place {
	const char *key;
	size_t offset;
};

struct private_request {
	const char *program; // for messages
	const struct private_key_place *places;
	size_t place_count;
	void (*take_other)(const struct wire_field *field,
			   void *request); // of the keys that have no place; NULL: they are ignored
	const char *body;		   // set: what follows the empty line; "" for nothing
	size_t body_len;
};

// Reads it to its end into text, which the strings of *request then point into. STATUS_INTERNAL: it cannot be read, or is of another version.
enum status private_request_read(struct private_request *how, struct buf *text, void *request, struct err *err);

// Makes it an answer that says why there is no other: what was put into it before goes, and what others have written into err is made fit for
// a line.
void private_answer_fail(struct buf *answer, enum status status, struct err *err);

// Ends and writes the answer, frees both bufs, and ends the program with success. Returns 1, for main to return, when it cannot be written.
int private_answer_send(struct buf *answer, struct buf *request_text);

#endif
