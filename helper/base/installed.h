// SPDX-License-Identifier: MIT
// Where our programs and files are: found from the program that runs, so that one build works in every place. Never by PATH, and never by
// an argument or a variable.
#ifndef SK_INSTALLED_H
#define SK_INSTALLED_H

#include "base/status.h"

#include <stdbool.h>

#define INSTALLED_PATH_MAX 4096

// The front door, "sk-helper" in bindir, or one of the private programs in libexecdir. STATUS_INTERNAL where it is not there, and
// STATUS_POLICY where another user could have put it there: it, or its directory, belongs neither to root nor to this user nor to the
// owner of the program that runs, or others can write to it.
enum status installed_program(char path[INSTALLED_PATH_MAX], const char *program, struct err *err);

// The same path without a look at it; "" where /proc does not say what runs.
void installed_path(char path[INSTALLED_PATH_MAX], const char *program);

// The directory of the front door, and a file below datarootdir.
void installed_bin_dir(char path[INSTALLED_PATH_MAX]);
void installed_data(char path[INSTALLED_PATH_MAX], const char *file);

// For the tests' programs, which are not installed: the directory of the private programs.
void installed_use(const char *directory);

#endif
