// SPDX-License-Identifier: MIT
// A directory of this user's alone, in a place where others can make one, too.
#ifndef SK_PRIVATE_DIR_H
#define SK_PRIVATE_DIR_H

#include <sys/stat.h>

// Opens it, made if need be; path is relative to the directory at, or AT_FDCWD. -1 when it is not the user's alone, whoever made it first.
int private_dir_open(int at, const char *path);

// Calls visit for each entry of an open directory, of whatever kind ("." and ".." too); st is the entry's own, not what a link leads to. visit
// may remove it. dir stays open, its position untouched. A directory that cannot be read has no entries.
void private_dir_each(int dir, void (*visit)(int dir, const char *name, const struct stat *st, void *context), void *context);

#endif
