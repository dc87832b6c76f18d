// SPDX-License-Identifier: MIT
// Tools that run us by a protocol of their own. There is one file for each tool; tools.c is the list. The files of this
// folder only parse and write: whether a tool gets a token is decided in helper/core.
#ifndef SK_TOOLS_H
#define SK_TOOLS_H

#include "base/buf.h"
#include "base/status.h"
#include "model/profile-dir.h"
#include "model/request.h"
#include "protocols/protocols.h"

#include <stdbool.h>
#include <stddef.h>

enum tool_operation {
	TOOL_GET,
	TOOL_ERASE, // forgets the tokens of the profile that covers the URL: with a credential, that one alone
	TOOL_LIST,  // tool->write_entry, for each profile's URLs
	TOOL_DONE,  // parse has answered already, or there is nothing to say
};

// One request of a tool's. The strings of request point into the input, or here.
struct tool_call {
	char **args;	   // the words after our name
	struct buf *input; // what standard input had, cut up by parse
	enum tool_operation operation;
	struct request request;
	char url[URL_MAX + 1];		    // where request.url may point
	bool https_instead;		    // retry the URL as https when no profile covers it as http
	char profile[PROFILE_NAME_MAX + 1]; // and request.profile
	bool takes_default;		    // it has no way to say whom the token is for: as a bare get
	const char *server;		    // as the tool has it, to be repeated
	const char *version;		    // of its protocol
};

// Why there is no answer.
enum tool_failure {
	TOOL_NOT_COVERED, // no profile's token may go to the URL, or the request says neither a URL nor a profile: others may be asked
	TOOL_NO_TOKEN,	  // a profile covers the URL, so the failure is ours to report
	TOOL_BAD_REQUEST, // the request is malformed, or it is not known whom it is for
};

enum tool_input {
	TOOL_READS_NOTHING,
	TOOL_READS_MESSAGE,  // up to a blank line
	TOOL_READS_WITH_URL, // the same, but only where the command line has a URL: else there is nothing, and no end of it
	TOOL_READS_ALL,
	TOOL_READS_LINES, // one request each, answered before the next is read
};

struct tool {
	const char *name;    // also the format of "get --format", where program is NULL
	const char *program; // the name that it runs us by; NULL where its configuration can say "sk-helper get --format NAME"
	const char *help;
	enum tool_input input;
	const char *reading; // the operations that have an input, with a space between; NULL: all
	const char *hello;   // what it wants to hear first; NULL for nothing
	// Reads the operation and the request from args and input. What it writes to out is the answer if the operation
	// is TOOL_DONE. NULL in the front door for a tool that needs a JSON parser.
	enum status (*parse)(struct tool_call *call, struct buf *out, struct err *err);
	enum status (*write)(const struct tool_call *call, const struct answer *answer, struct buf *out, struct err *err);
	// Tells the tool, in its protocol, that there is no credential or what went wrong. STATUS_OK: the tool has its
	// answer, and nothing more is printed. Otherwise err is printed, too. NULL: err is printed.
	enum status (*refuse)(const struct tool_call *call, enum tool_failure why, struct buf *out, struct err *err);
	// For TOOL_LIST: one entry, and what stands before the first and after the last.
	void (*write_entry)(struct buf *out, bool first, const char *url, const struct profile *profile);
	const char *list_begin, *list_end;
};

extern const struct tool tools[];
extern const size_t tool_count;

// By the name of its program, with or without "-PROFILE" behind it: *profile is then that name, else NULL. By its own name
// where that is a format. NULL for none.
const struct tool *tool_find_program(const char *program, const char **profile);
const struct tool *tool_find_format(const char *name);

// The profile that the tool's call is for, where its configuration has one: *profile, when the link's name has it, or else "--profile
// NAME" before the tool's own words, which *args then points behind. STATUS_USAGE where that cannot be a name. err may be NULL.
enum status tool_take_profile(char ***args, const char **profile, struct err *err);

// --- a call, for who answers it

// A call with these words; the request has what is known before: the profile of the command line, or nothing (NULL).
void tool_begin(struct tool_call *call, char **args, struct buf *input, const struct request *request);

// Whether it has an input: what has none may have a standard input that never ends.
bool tool_has_input(const struct tool *tool, const struct tool_call *call);

// Reads it, for a tool that does not read lines.
enum status tool_read_input(const struct tool *tool, const struct tool_call *call, struct buf *input, struct err *err);

// Whether a request names neither a URL nor a profile. It gets no token: the default profile's token must not go to an
// unknown server.
bool tool_names_no_target(const struct tool_call *call);

// profile_dir_for, or what takes its place.
typedef enum status (*tool_finder)(const struct request *request, struct buf *text, struct profile *profile, bool *uncovered,
				   struct err *err);

// The profile that the call is for, in text and profile: as find has it, and once more with https where the tool cannot tell.
enum status tool_find_profile(struct tool_call *call, tool_finder find, struct buf *text, struct profile *profile,
			      bool *uncovered, struct err *err);

// --- what the files of this folder share

// The first word, or "" for none.
const char *tool_operation(const struct tool_call *call);

// A tool's URL, with "https://" before what has no scheme. STATUS_USAGE when it is too long.
enum status tool_set_url(struct tool_call *call, const char *text, struct err *err);

// Appends "2026-01-02T03:04:05Z".
void put_time(struct buf *out, int64_t seconds);

// The user name that a profile's token is a password for; otherwise where the profile names none.
const char *tool_username(const struct profile *profile, const char *otherwise);

#endif
