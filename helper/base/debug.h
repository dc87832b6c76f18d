// SPDX-License-Identifier: MIT
// A trace on standard error for a person who wants to know what sk-helper does: --debug, or SK_HELPER_DEBUG=1. It names files, keyrings,
// servers and times, and never a secret or a token.
#ifndef SK_DEBUG_H
#define SK_DEBUG_H

#include <stdbool.h>

#define DEBUG_VARIABLE "SK_HELPER_DEBUG"

void debug_enable(void);
bool debug_is_on(void);

// One line with the time of day; nothing where the trace is off.
void debug_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
