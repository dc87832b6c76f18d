// SPDX-License-Identifier: MIT
// Where profiles are: $XDG_CONFIG_HOME/sk-helper/profiles/NAME.conf, then the system's. Nothing is read from the current
// directory. A file that another user could have written is refused.
#ifndef SK_PROFILES_H
#define SK_PROFILES_H

#include "model/profile.h"

#include <stdbool.h>

#define PROFILES_PATH_MAX 4096
// A profile's file with its path before it.
#define PROFILE_TEXT_MAX (PROFILE_FILE_MAX + PROFILES_PATH_MAX)
#define PROFILE_VARIABLE "SK_HELPER_PROFILE"

// The user's directory. STATUS_USAGE when neither XDG_CONFIG_HOME nor HOME is an absolute path.
enum status profiles_user_dir(char dir[PROFILES_PATH_MAX], struct err *err);

// The file that NAME is, or would be, in the user's directory. Doubled slashes and "." are taken out, so that one file has one
// path.
enum status profiles_user_path(char path[PROFILES_PATH_MAX], const char *name, struct err *err);

// What is written is the user's own file, also of a profile that was the system's: makes that the profile's file. path must
// live as long as profile.
enum status profiles_make_own(struct profile *profile, char path[PROFILES_PATH_MAX], struct err *err);

// Which profile is meant: the one named; or the one whose URLs cover the URL best; or, where neither is given, the one of
// SK_HELPER_PROFILE, the one called "default", or the only one there is. A name and a URL: the name, and whether it covers
// the URL is the caller's to check. name is untouched on failure.
enum status profiles_choose(char name[PROFILE_NAME_MAX + 1], const char *wanted, const char *url, struct err *err);

// Loads it into text, which profile then points into, its path included. text has room for PROFILE_TEXT_MAX.
enum status profiles_load(const char *name, struct buf *text, struct profile *profile, struct err *err);

#define PROFILES_LOCK_NAME_MAX 128

// The name of a file that is about the profile and not its own, such as its lock.
void profiles_lock_name(char lock[PROFILES_LOCK_NAME_MAX], const struct profile *profile, const char *suffix);

// The profile that a request is for: chosen and loaded. STATUS_POLICY when it is named together with a url that it does not
// cover.
enum status profiles_for(const char *wanted, const char *url, struct buf *text, struct profile *profile, struct err *err);

// Calls visit with each name, the user's first, each once. Stops when it returns false.
enum status profiles_each(bool (*visit)(const char *name, void *context), void *context, struct err *err);

bool profiles_exists(const char *name);

#endif
