// SPDX-License-Identifier: MIT
// A stream of events is the same however it is cut into pieces, and no event has more than was sent.
#include "bridge/sse.h"
#include "fuzz.h"

#define EVENT_MAX 4096

static bool take(void *context, const char *name, const struct buf *data)
{
	struct buf *seen = context;

	MUST(strlen(name) < SSE_NAME_MAX && data->len <= EVENT_MAX);
	buf_adds(seen, name);
	buf_addc(seen, ':');
	buf_add(seen, data->data, data->len);
	buf_addc(seen, '\n');
	return true;
}

static bool read_all(const char *text, size_t size, size_t piece, struct buf *seen)
{
	struct sse sse;
	bool good = true;

	sse_begin(&sse, EVENT_MAX, "");
	for (size_t at = 0; good && at < size; at += piece)
		good = sse_read(&sse, text + at, size - at < piece ? size - at : piece, take, seen);
	if (good) {
		buf_adds(seen, sse.id);
		buf_addf(seen, " %lld", (long long)sse.retry_ms);
	}
	MUST(strlen(sse.id) < SSE_ID_MAX && !strpbrk(sse.id, "\r\n"));
	sse_free(&sse);
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BUF_AUTO(whole, 1 << 22);
	BUF_AUTO(pieces, 1 << 22);
	char *text = input_text(data, size);
	bool good = read_all(text, size, size ? size : 1, &whole);

	for (size_t piece = 1; piece < 4; piece++) {
		buf_reset(&pieces);
		MUST(read_all(text, size, piece, &pieces) == good);
		MUST(!good || (whole.len == pieces.len && !memcmp(whole.data, pieces.data, whole.len)));
	}
	free(text);
	return 0;
}
