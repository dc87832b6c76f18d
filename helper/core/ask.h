// SPDX-License-Identifier: MIT
// What a person is asked.
#ifndef SK_ASK_H
#define SK_ASK_H

#include "base/buf.h"
#include "base/status.h"

#include <stdbool.h>

// The client secret: asked for on the terminal, echo off; or the first line of standard input where that is no terminal. endpoint: where it
// will be sent, which is shown.
enum status ask_secret(const char *profile, const char *endpoint, struct buf *secret, struct err *err);

// A line that is no secret, without the blanks around it: asked for on the terminal. STATUS_USAGE where there is none, or no answer.
enum status ask_text(const char *prompt, struct buf *answer, struct err *err);

// The text of a private key: of that file, or of standard input for "-". The same bounds as a request.
enum status ask_private_key(const char *file, struct buf *text, struct err *err);

// A question that yes answers, below lines (may be NULL) that say what it is about. Where there is no terminal to ask on, the
// error is without_terminal, which says how to agree without one.
enum status ask_yes(const char *lines, const char *question, const char *without_terminal, struct err *err);

#endif
