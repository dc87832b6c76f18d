// SPDX-License-Identifier: MIT
// Runs the program that a profile names as the source of its identity token, or of its secret. sk-core itself may run nothing but our own programs
// (base/confine.h), so a child that was made before that does it; it is told the name of a profile, and reads what to run from the
// profile's file itself, or from the command line.
#ifndef SK_SOURCE_RUNNER_H
#define SK_SOURCE_RUNNER_H

#include "base/buf.h"
#include "base/options.h"
#include "base/status.h"
#include "model/profile.h"

#include <stdbool.h>

#define SOURCE_SECONDS 10 // that a program for identity tokens may take

#define SOURCE_PROMPT_SECONDS 120 // that it may take where a person is asked

enum source_use { SOURCE_IDENTITY, SOURCE_SECRET };

// Whether one of these profiles, or the usual one where none of the words is a profile's name, has a program as its source: for commands
// whose children inherit the walls, and run 'sk-helper get'.
bool source_runner_is_needed(char **words);

// The same for a command that asks for a token itself: true, too, where its words do not tell the profile (a URL, a request on standard
// input).
bool source_runner_may_be_needed(char **words);

// Makes the child, before the walls. options, words: the command's, which may be anybody's but for --prompt. takes_keys: of 'add' and 'set', keys
// that are given come before those of the profile's file. A failure is told by source_runner_ask.
void source_runner_start(const struct option *options, char **words, bool takes_keys);

// Leaves it to another process, which was forked from this one.
void source_runner_leave(void);

// Ends it, and what it runs.
void source_runner_stop(void);

// Appends what this program of the profile's prints. STATUS_NOT_FOUND: it failed or printed nothing, with its last words;
// STATUS_TEMPORARY: it did not end in time; STATUS_POLICY: others could have put it there.
enum status source_runner_ask(const struct profile *profile, enum source_use use, struct buf *output, struct err *err);

#endif
