// SPDX-License-Identifier: MIT
// The writing half of the runtime directory: whole files, each with an end.
#ifndef SK_RUNTIME_FILES_H
#define SK_RUNTIME_FILES_H

#include "base/buf.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#define RUNTIME_FILES_MAX 4096

// What is put into a file: value as it is, or what seal makes of it for a file with this inode number. seal: false on failure.
struct runtime_content {
	const struct buf *value;
	bool (*seal)(const struct runtime_content *content, ino_t inode, struct buf *sealed);
	const void *context; // seal's
};

// Puts the file into the first place that can have it, which is made if need be: in memory, and the user's alone. lifetime in seconds, 0 for
// no end. Whole, or what was there stays. What it takes the place of, also in
// the other places, is emptied, for those who have a link to it. Those that have ended are removed, and of more than RUNTIME_FILES_MAX the oldest; where there is
// no room (STATUS_FULL otherwise), the oldest, too.
enum status runtime_write_file(const char *name, const struct runtime_content *content, int64_t lifetime, struct err *err);

// STATUS_NOT_FOUND when it is nowhere.
enum status runtime_remove_file(const char *name, struct err *err);

// Calls visit with each file that has not ended. visit may remove it.
void runtime_each_file(void (*visit)(const char *name, const struct stat *st, void *context), void *context);

// STATUS_OK where there is a place, and err says which; otherwise why not.
enum status runtime_probe_place(struct err *err);

#endif
