// SPDX-License-Identifier: MIT
// What a command that goes on running has to say to a person: a line on standard error, which nobody may read.
#ifndef SK_NOTICE_H
#define SK_NOTICE_H

// "sk-helper: COMMAND: TEXT", fit for a terminal, if somebody reads it there.
void notice_print(const char *command, const char *text);

#define NOTICE_LAST_SIZE 256

// The same, but nothing for what was said last, which last remembers ("" at the beginning).
void notice_print_new(char last[NOTICE_LAST_SIZE], const char *command, const char *text);

#endif
