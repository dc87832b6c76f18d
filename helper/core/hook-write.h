// SPDX-License-Identifier: MIT
// hook --write and --remove: an entry of ours in another program's file.
#ifndef SK_HOOK_WRITE_H
#define SK_HOOK_WRITE_H

#include "base/buf.h"
#include "base/status.h"
#include "core/config-edit.h"
#include "core/hook-texts.h"

#include <stdbool.h>
#include <stdint.h>

struct hook_call {
	const char *tool, *name; // NULL where they are not given
	const char *url;	 // NULL: the profile's first, or all of them
	int64_t file;		 // which of several; 0: all of them
	bool write, remove, project, yes;
};

// Puts the entry into the file, or takes it out: shows what changes and asks first, keeps the old file beside it, and leaves a file that
// it does not understand as it is, where snippet is printed. file: "~/..." or, with call->project, below the current directory. note: what a person must do then; "" for nothing.
enum status hook_write(const struct hook *hook, const char *file, const struct config_entry *entry, const struct buf *snippet,
		       const char *note, const struct hook_call *call, struct err *err);

#endif
