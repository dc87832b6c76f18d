// SPDX-License-Identifier: MIT
// The words of whoever asks. A protocol is one row: how it wants its answer written.
#ifndef SK_PROTOCOLS_H
#define SK_PROTOCOLS_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/status.h"
#include "model/profile.h"
#include "model/token.h"

#include <stddef.h>

struct request;

struct answer {
	const struct profile *profile;
	const struct token *token; // its access token has passed token_text_ok()
	struct moment now;
	int64_t left; // seconds
};

struct protocol {
	const char *name;
	const char *help;
	// Writes the whole answer. An error when this token cannot be said in these words.
	enum status (*write)(const struct answer *answer, struct buf *out, struct err *err);
	const char *url_variable; // where the asker says whom the token is for; NULL where it does not
	// Asked once for each connection, which then lives with the token; and where the asker names the server. NULL for others.
	const char *connection_variable;
};

extern const struct protocol protocols[]; // the formats that "get --format" takes
extern const size_t protocol_count;
extern const struct protocol protocol_native; // what "get -" answers in

const struct protocol *protocol_find(const char *name);

// Writes the answer with one write(2), or nothing.
enum status protocol_answer(const struct protocol *protocol, const struct answer *answer, struct buf *out, struct err *err);

// What a person should know who sees a token on the terminal; NULL where nobody does. Not asked for a request by URL, which is a
// program's.
const char *protocol_warning(const struct request *request);

#endif
