// SPDX-License-Identifier: MIT
// Who asked: one entry for each event in systemd's journal, and in the administrator's file where there is one. Never a token, a
// secret or an assertion: a token is known by the first 16 hexadecimal digits of its SHA-256. Nobody waits for it, and nothing fails
// because of it; what is lost is counted.
#ifndef SK_AUDIT_H
#define SK_AUDIT_H

#include "base/status.h"
#include "model/oauth-error.h"
#include "model/profile.h"
#include "model/request.h"
#include "model/token.h"

#include <stdbool.h>

enum audit_kind {
	AUDIT_ISSUED,
	AUDIT_RENEWED,
	AUDIT_SERVED,  // from the cache
	AUDIT_REFUSED, // by the authorization server
	AUDIT_DENIED,  // by our own rules
	AUDIT_LOCKED,  // a keyring, or an ssh-agent, was locked or refused
	AUDIT_STORED,
	AUDIT_ROTATED,
	AUDIT_ERASED,
	AUDIT_REVOKED,
	AUDIT_REMOVED,
	AUDIT_KINDS
};

// What a kind is called, and its MESSAGE_ID.
struct audit_kind_row {
	const char *word;
	const char *message_id;
	const char *words; // for people, behind the profile's name
	bool is_failure;
};
extern const struct audit_kind_row audit_kinds[AUDIT_KINDS];

// What is not known is NULL or 0.
struct audit_event {
	enum audit_kind kind;
	const struct profile *profile;
	const char *profile_name; // where there is no profile
	const struct request *request;
	const struct token *token;
	enum status status;
	enum oauth_error error; // the server's
	int64_t http_status;
	const char *reason; // in words
};

// How this process was asked: the command, and the format, which is a tool's protocol. Both must stay.
void audit_set_command(const char *command);
void audit_set_format(const char *format);

// The next request of a process that takes one after the other.
void audit_begin_request(void);

// Where there is neither a journal nor a file, or the level is below it, nothing happens. Nobody waits, and nothing fails.
void audit_say(const struct audit_event *event);

// A request, or a command, has failed: says so where it was for safety, or because something is locked, unless an event has told of it already.
void audit_say_failure(const struct profile *profile, const struct request *request, const struct err *err);

// A get has been answered: says so unless this process has told that the token was issued.
void audit_say_served(const struct profile *profile, const struct request *request, const struct token *token);

// The administrator's file: "%u" in what he says is the user's id, so that each user has a file of his own. False where it is too long.
#define AUDIT_PATH_MAX 1024
bool audit_file_path(const char *pattern, char path[AUDIT_PATH_MAX]);

// Opens it to be appended to, made if need be, or to be read. -1 with errno, EINVAL where it is no file.
int audit_file_open(const char *path, bool appends);

// For 'doctor': how many entries were lost since one has arrived.
unsigned long audit_lost(void);

#endif
