// SPDX-License-Identifier: MIT
// Where profiles are: $XDG_CONFIG_HOME/sk-helper/profiles/NAME.conf, then the system's. Nothing is read from the current
// directory. A file that another user could have written is refused.
#ifndef SK_PROFILE_DIR_H
#define SK_PROFILE_DIR_H

#include "model/profile.h"
#include "model/request.h"

#include <stdbool.h>

#define PROFILE_PATH_MAX 4096
// A profile's file with its path before it.
#define PROFILE_TEXT_MAX (PROFILE_FILE_MAX + PROFILE_PATH_MAX)
#define PROFILE_VARIABLE "SK_HELPER_PROFILE"
#define SHARE_VARIABLE	 "SK_HELPER_SOCKET"

// The socket that tokens come from, where there are no profiles here (SHARE_VARIABLE); NULL where they are here.
const char *profile_dir_socket(void);

// The user's directory. STATUS_USAGE when neither XDG_CONFIG_HOME nor HOME is an absolute path.
enum status profile_dir_user_dir(char dir[PROFILE_PATH_MAX], struct err *err);

// The file that NAME is, or would be, in the user's directory. Doubled slashes and "." are taken out, so that one file has one
// path.
enum status profile_dir_user_path(char path[PROFILE_PATH_MAX], const char *name, struct err *err);

// Whether a profile that was loaded is one of the system's, which are not written.
bool profile_dir_is_system(const struct profile *profile);

// Makes the user's own file the profile's, where there is none yet. path must live as long as profile.
enum status profile_dir_make_own(struct profile *profile, char path[PROFILE_PATH_MAX], struct err *err);

// Which profile a request without a URL is for: the one named (wanted); else the one of SK_HELPER_PROFILE, the one called "default",
// or the only one there is. name is untouched on failure. usage: how the command is told a profile's name, "get NAME", for the message
// that asks which one is meant; NULL where it cannot be told.
enum status profile_dir_choose(char name[PROFILE_NAME_MAX + 1], const char *wanted, const char *usage, struct err *err);

// Loads it into text, which profile then points into, its path included. text has room for PROFILE_TEXT_MAX.
enum status profile_dir_load(const char *name, struct buf *text, struct profile *profile, struct err *err);

#define PROFILE_LOCK_NAME_MAX 128

// The name of a file that is about the profile and not its own, such as its lock.
void profile_dir_lock_name(char lock[PROFILE_LOCK_NAME_MAX], const struct profile *profile, const char *suffix);

// Loads the profile that a request is for: the one that it names, else the one whose URLs cover its URL best, else the
// one of profile_dir_choose. On failure, profile->name is "" where none was found, and *uncovered is true when no token
// may go to the URL: it is not https or loopback, no profile's url covers it (STATUS_NOT_FOUND), or the named profile's
// do not (STATUS_POLICY). uncovered may be NULL.
enum status profile_dir_for(const struct request *request, struct buf *text, struct profile *profile, bool *uncovered,
			    struct err *err);

// Calls visit with each name, the user's first, each once. Stops when it returns false.
enum status profile_dir_each(bool (*visit)(const char *name, void *context), void *context, struct err *err);

// The same in the order of the names, whatever visit changes.
enum status profile_dir_each_by_name(bool (*visit)(const char *name, void *context), void *context, struct err *err);

// Makes it the one that is meant where none is named: a link "default" beside its file. STATUS_NOT_FOUND where there is no such profile.
enum status profile_dir_set_default(const char *name, struct err *err);
// No link, where it leads to this one.
void profile_dir_forget_default(const char *name);

bool profile_dir_exists(const char *name);

#endif
