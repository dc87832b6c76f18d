// SPDX-License-Identifier: MIT
// The output formats. A protocol is one row of a table: it says how its answer is written.
#ifndef SK_PROTOCOLS_H
#define SK_PROTOCOLS_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/status.h"
#include "model/profile.h"
#include "model/request.h"
#include "model/token.h"

#include <stddef.h>

struct answer {
	const struct profile *profile;
	const struct token *token; // its access token has passed token_text_ok()
	struct moment now;
	int64_t left; // seconds
};

struct protocol {
	const char *name;
	const char *help;
	// Writes the whole answer. An error when the token cannot be written in this format.
	enum status (*write)(const struct answer *answer, struct buf *out, struct err *err);
	// Name of the environment variable with the URL that the token is for; NULL where the asker has none.
	const char *url_variable;
	// Name of the environment variable with the server's name, for hooks that are run once for each connection. NULL for others.
	const char *connection_variable;
};

extern const struct protocol protocols[]; // the formats that "get --format" takes
extern const size_t protocol_count;
extern const struct protocol protocol_native; // what "get -" answers in

const struct protocol *protocol_find(const char *name);

// The protocol that a request is answered in; NULL where its format is a tool's (tools.h) or nobody's.
const struct protocol *protocol_of(const struct request *request);

// Takes the URL that the asker has put into the protocol's variable, where the command line has none. STATUS_POLICY where such an
// asker says neither that nor a profile's name: it would get the usual profile's token for whatever server it talks to.
enum status protocol_take_url(const struct protocol *protocol, struct request *request, struct err *err);

// Writes the answer with one write(2), or nothing.
enum status protocol_answer(const struct protocol *protocol, const struct answer *answer, struct buf *out, struct err *err);

// What a person should know who sees a token on the terminal, which standard output is. NULL for a request by URL, which is a
// program's, and where the user wants no warning.
const char *protocol_warning(const struct request *request);

#endif
