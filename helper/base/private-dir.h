// SPDX-License-Identifier: MIT
// A directory of this user's alone, in a place where others can make one, too.
#ifndef SK_PRIVATE_DIR_H
#define SK_PRIVATE_DIR_H

// Opens it, made if need be; path is relative to the directory at, or AT_FDCWD. -1 when it is not the user's alone, whoever made it first.
int private_dir_open(int at, const char *path);

#endif
