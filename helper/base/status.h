// SPDX-License-Identifier: MIT
// What a function can come back with, and how it says why. One table gives each outcome its word and exit status.
#ifndef SK_STATUS_H
#define SK_STATUS_H

#include <stdbool.h>

enum status {
	STATUS_OK,
	STATUS_INTERNAL,    // our fault, or the system's: no memory, a write that failed
	STATUS_USAGE,	    // the call or the request is wrong
	STATUS_NOT_FOUND,   // no such profile, or nothing stored; callers may treat it as an empty result
	STATUS_LOCKED,	    // the keyring is there but locked
	STATUS_UNAVAILABLE, // the keyring cannot be reached
	STATUS_DENIED,	    // the keyring refuses us
	STATUS_FULL,	    // the keyring's quota is used up
	STATUS_REFUSED,	    // the authorization server says no, and will say it again
	STATUS_TEMPORARY,   // network, 429, 5xx: try later
	STATUS_POLICY,	    // against our own rules
	STATUS_COUNT
};

// A message without "sk-helper: " and without a line end. Never holds a secret.
struct err {
	enum status status;
	char text[768];
};

// Fill err (which may be NULL) and return status, so that `return err_set(...)` is one line.
enum status err_set(struct err *err, enum status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

// Put "PREFIX: " before the message that is there, and return its status.
enum status err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Put more after the message that is there, and return its status.
enum status err_suffix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

const char *status_word(enum status status);
int status_exit_code(enum status status);
const char *status_help(enum status status);

// The first status with this exit status; STATUS_INTERNAL for none.
enum status status_from_exit_code(int code);

// The status whose word this is; false when there is none. For errors that cross a pipe.
bool status_from_word(const char *word, enum status *status);

#endif
