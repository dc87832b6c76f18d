// SPDX-License-Identifier: MIT
#include "bridge/client-io.h"

#include "bridge/message.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_SIZE	65536
#define LONG_LINE_SHOWN 4096
#define OUTPUT_MAX	((size_t)1 << 30) // never reached: transfers are paused long before
#define KEEP_MEMORY	262144

// Of what was written already: then it is taken out.
#define COMPACT_SIZE ((size_t)1 << 20)

// --- standard input

void client_input_begin(struct client_input *input)
{
	// as much behind a line as is read at once
	*input = (struct client_input){ .text = BUF_INIT(MESSAGE_SIZE_MAX + 2 * READ_SIZE) };
}

void client_input_free(struct client_input *input)
{
	buf_free(&input->text);
}

// Gives back what lines took that were read.
static void client_input_compact(struct client_input *input)
{
	size_t left = input->text.len - input->start;

	if (input->start == 0)
		return;
	if (left == 0 && input->text.size > KEEP_MEMORY) {
		buf_free(&input->text);
	} else {
		memmove(input->text.data, input->text.data + input->start, left);
		input->text.len = left;
		input->text.data[left] = '\0';
	}
	input->searched -= input->start;
	input->start = 0;
}

bool client_input_fill(struct client_input *input)
{
	ssize_t got;
	size_t room;
	char *at;

	client_input_compact(input);
	at = buf_reserve(&input->text, READ_SIZE, &room);
	got = at ? read(STDIN_FILENO, at, room) : 0;
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (got > 0)
		buf_extend(&input->text, (size_t)got);
	input->ended = got <= 0;
	return !input->ended;
}

static bool is_blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r')
			return false;
	}
	return true;
}

// The length of the next line with its LF; 0 where it is not complete.
static size_t client_input_line_length(struct client_input *input)
{
	const char *lf = memchr(input->text.data + input->searched, '\n', input->text.len - input->searched);

	input->searched = input->text.len;
	if (lf)
		return (size_t)(lf + 1 - input->text.data) - input->start;
	return input->ended ? input->text.len - input->start : 0;
}

static void client_input_pass(struct client_input *input, size_t len)
{
	input->start += len;
	input->searched = input->start;
}

enum client_line client_input_next(struct client_input *input, struct buf *line)
{
	bool skipped;
	size_t len;

	while ((len = client_input_line_length(input)) > 0) {
		const char *text = input->text.data + input->start;
		size_t text_len = len;
		bool blank;

		skipped = input->skipping;
		input->skipping = false;
		while (text_len && (text[text_len - 1] == '\n' || text[text_len - 1] == '\r'))
			text_len--;
		blank = is_blank(text, text_len);
		if (!skipped && !blank)
			buf_add(line, text, text_len <= MESSAGE_SIZE_MAX ? text_len : LONG_LINE_SHOWN);
		client_input_pass(input, len);
		if (!skipped && !blank)
			return text_len <= MESSAGE_SIZE_MAX ? CLIENT_LINE : CLIENT_LINE_TOO_LONG;
	}
	if (input->text.len - input->start <= MESSAGE_SIZE_MAX)
		return CLIENT_NO_LINE;
	skipped = input->skipping;
	if (!skipped)
		buf_add(line, input->text.data + input->start, LONG_LINE_SHOWN);
	client_input_pass(input, input->text.len - input->start);
	input->skipping = true;
	return skipped ? CLIENT_NO_LINE : CLIENT_LINE_TOO_LONG;
}

// --- standard output

void client_output_begin(struct client_output *output)
{
	struct stat st;

	*output = (struct client_output){ .text = BUF_INIT(OUTPUT_MAX) };
	output->is_socket = fstat(STDOUT_FILENO, &st) == 0 && S_ISSOCK(st.st_mode);
}

void client_output_free(struct client_output *output)
{
	buf_free(&output->text);
}

size_t client_output_left(const struct client_output *output)
{
	return buf_ok(&output->text) ? output->text.len - output->written : 0;
}

// Without O_NONBLOCK, which would be set for whoever shares the descriptor, such as a shell on the terminal. A pipe that is ready has
// room for PIPE_BUF bytes (pipe(7)).
static ssize_t client_output_write(const struct client_output *output, const char *text, size_t len)
{
	struct pollfd ready = { .fd = STDOUT_FILENO, .events = POLLOUT };

	if (output->is_socket)
		return send(STDOUT_FILENO, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (poll(&ready, 1, 0) <= 0 || !(ready.revents & (POLLOUT | POLLERR | POLLHUP))) {
		errno = EAGAIN;
		return -1;
	}
	return write(STDOUT_FILENO, text, len < PIPE_BUF ? len : PIPE_BUF);
}

void client_output_flush(struct client_output *output)
{
	// no memory for what has been said: nothing can be said any more
	if (!buf_ok(&output->text)) {
		output->broken = true;
		return;
	}
	if (output->written > COMPACT_SIZE) {
		output->text.len -= output->written;
		memmove(output->text.data, output->text.data + output->written, output->text.len + 1);
		output->written = 0;
	}
	while (!output->broken && client_output_left(output)) {
		ssize_t put = client_output_write(output, output->text.data + output->written, client_output_left(output));

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (put < 0) {
			output->broken = true;
			output->error = errno;
		} else {
			output->written += (size_t)put;
		}
	}
	output->written = 0;
	if (output->text.size > KEEP_MEMORY)
		buf_free(&output->text);
	else
		buf_reset(&output->text);
}
