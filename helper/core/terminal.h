// SPDX-License-Identifier: MIT
// What is done for a person at a terminal, and for nobody else.
#ifndef SK_TERMINAL_H
#define SK_TERMINAL_H

#include <stdio.h>

enum terminal_color { TERMINAL_PLAIN, TERMINAL_GOOD, TERMINAL_BAD, TERMINAL_HEAD };

// What makes standard output so coloured from here on; "" where it is no terminal, or the user wants none (NO_COLOR).
const char *terminal_color(enum terminal_color color);

// How many columns standard output, or standard error, has; 0 where it is no terminal, and lines may be as long as they are.
int terminal_width(FILE *out);

// Prints text from this column on, to a line's end: broken between words at width (0: not at all), with each further line at that column.
// The cursor is at that column, or what is before it is longer.
void terminal_print_wrapped(FILE *out, const char *text, int column, int width);

// From here on, one line on standard error after a second, if that is a terminal: that something is waited for. what must
// live until terminal_wait_end.
void terminal_wait_begin(const char *what);
void terminal_wait_end(void);

#endif
