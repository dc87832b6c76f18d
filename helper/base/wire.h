// SPDX-License-Identifier: MIT
// key=value lines: the one format of requests, profile files, records in the keyring, and the pipes to our own programs.
//
// A line ends at LF and nowhere else, is at most WIRE_LINE_MAX bytes with it, and is an error beyond that: cutting it would
// let its tail be read as another key (git before 2.41 did). Control characters in a value are an error on both sides: a
// CR that one reader takes for a line end and another does not is how keys were smuggled in (CVE-2020-5260, CVE-2024-52006).
#ifndef SK_WIRE_H
#define SK_WIRE_H

#include "base/buf.h"
#include "base/status.h"

#include <stddef.h>

#define WIRE_LINE_MAX 65535

struct wire {
	char *next;
	char *end;
	unsigned line;
	bool is_file; // '#' comments, and a blank line is skipped; otherwise a blank line ends the message
};

struct wire_field {
	const char *key;
	const char *value;
	size_t value_len;
};

// Reads the message at text, which it cuts up in place; text[len] must be NUL.
struct wire wire_message(char *text, size_t len);
struct wire wire_file(char *text, size_t len);

enum wire_result { WIRE_FIELD, WIRE_END, WIRE_BAD };

// The next field, its strings inside the text. WIRE_BAD: err says which line and why; nothing more can be read.
enum wire_result wire_next(struct wire *w, struct wire_field *field, struct err *err);

// Reads a message from fd, up to its blank line or the end of input, and no further than it must. STATUS_USAGE when it cannot be
// read or is longer than b may be.
enum status wire_read(struct buf *b, int fd, struct err *err);

// The pipes to our own programs: a request begins with WIRE_VERSION, and a program of another version refuses it (version may be
// NULL); an answer ends with wire_end, so that one that was cut off is not taken for whole.
#define WIRE_VERSION	"version=" SK_VERSION "\n"
#define WIRE_PACKET_MAX 131072 // over a socket (base/subprocess.h), one message a packet
bool wire_is_our_version(const char *version);
void wire_end(struct buf *answer);

// Ends a program whose answer is written: standard output is closed first, so that whoever waits for the answer need not wait until
// the kernel has taken the process apart; and nothing that the libraries have registered for the exit is run.
_Noreturn void wire_exit(int code);

// Appends "key=value\n". A NULL or empty value is left out; a value with a control character fails the buf.
void wire_put(struct buf *b, const char *key, const char *value);
void wire_put_number(struct buf *b, const char *key, long long value);

#endif
