// SPDX-License-Identifier: MIT
// What a person is asked.
#ifndef SK_ASK_H
#define SK_ASK_H

#include "buf.h"
#include "status.h"

#include <stdbool.h>

// The client secret: asked for on the terminal, echo off; or the first line of standard input where that is no terminal.
enum status ask_secret(const char *profile, struct buf *secret, struct err *err);

// A question that yes answers. Where there is no terminal to ask on, an error that names --yes.
enum status ask_yes(const char *question, struct err *err);

#endif
