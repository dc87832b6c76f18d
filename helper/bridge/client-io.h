// SPDX-License-Identifier: MIT
// The client's end: one JSON-RPC message a line, on standard input and standard output. Nothing here waits: the client may write
// before it reads.
#ifndef SK_CLIENT_IO_H
#define SK_CLIENT_IO_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

// --- standard input

struct client_input {
	struct buf text;
	size_t start;	 // of text: where the next line begins
	size_t searched; // of text: there is no LF between start and here
	bool skipping;	 // of a line that is too long, up to its end
	bool ended;
};

void client_input_begin(struct client_input *input);
void client_input_free(struct client_input *input);

// Reads what is there. False at the end of the input, also where it cannot be read.
bool client_input_fill(struct client_input *input);

enum client_line { CLIENT_LINE, CLIENT_LINE_TOO_LONG, CLIENT_NO_LINE };

// Moves the next line that has something in it to line, without its end; of one that is too long, the beginning. At the end of the input
// the rest is a line, too.
enum client_line client_input_next(struct client_input *input, struct buf *line);

// --- standard output

struct client_output {
	struct buf text;
	size_t written; // of text
	bool is_socket, broken;
	int error; // errno of the write that broke it
};

void client_output_begin(struct client_output *output);
void client_output_free(struct client_output *output);

// What is not written yet.
size_t client_output_left(const struct client_output *output);

// Lines are appended to output->text; this writes as much as there is room for.
void client_output_flush(struct client_output *output);

#endif
