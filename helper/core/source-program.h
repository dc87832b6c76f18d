// SPDX-License-Identifier: MIT
// Another's program that prints what we need (a secret, an identity token): run without a shell, a terminal or our environment, and never longer than
// it may take.
#ifndef SK_SOURCE_PROGRAM_H
#define SK_SOURCE_PROGRAM_H

#include "base/buf.h"
#include "base/status.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOURCE_OUTPUT_MAX 65536

// The controlling terminal: a descriptor of it, and its name, for programs that know no other way to it (GPG_TTY).
struct source_terminal {
	int fd;
	char variable[80]; // "GPG_TTY=/dev/pts/3"
};

struct source_program {
	const char *const *args;      // an absolute path, and the words behind it; ends with NULL
	const char *const *variables; // names of those that it gets besides the usual ones
	size_t variable_count;
	const char *home; // "HOME=/home/me"
	int64_t timeout_ms;
	// it may ask a person, on this terminal and in windows; NULL where not
	const struct source_terminal *terminal;
};

// Runs it, until it ends. Its standard input is /dev/null; it has a session (but for one that may ask) and a process group of its own, which is killed at its end, at the
// deadline, and when the descriptor caller is closed at its other end. Appends what it printed. STATUS_POLICY: others than root and the
// user could have put it there, or it printed too much; STATUS_NOT_FOUND: it failed, or printed nothing: err has the last lines of its
// standard error; STATUS_TEMPORARY: it took too long.
enum status source_program_run(const struct source_program *program, int caller, struct buf *output, struct err *err);

// STATUS_POLICY where others than root and the user can write to the file, or to a directory above it. real: the path without links, which is
// what may be run.
enum status source_program_trust(const char *program, char real[PATH_MAX], struct err *err);

// The same of the directories above a file that is only read, and of links on the way to it; the file itself is the caller's to look at. In a user
// namespace, where root's directories are nobody's, those are trusted, too.
enum status source_file_trust(const char *path, char real[PATH_MAX], struct err *err);

#endif
