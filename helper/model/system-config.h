// SPDX-License-Identifier: MIT
// What the administrator says for all users and profiles: SYSCONFDIR/sk-helper/config, key=value lines and # comments. It need not be there.
#ifndef SK_SYSTEM_CONFIG_H
#define SK_SYSTEM_CONFIG_H

#include "base/buf.h"
#include "base/status.h"
#include "model/profile.h"

#include <stdbool.h>

#define SYSTEM_CONFIG_FILE SK_SYSCONFDIR "/sk-helper/config"
#define SYSTEM_CONFIG_MAX  4096
#define SYSTEM_CONFIG_ROOM (SYSTEM_CONFIG_MAX + 1)

// Which events are written down (core/audit.h).
enum audit_level { AUDIT_OFF, AUDIT_ISSUE, AUDIT_ALL };
#define AUDIT_LEVELS "off issue all"

struct system_config {
	enum audit_level audit; // AUDIT_ISSUE where nothing is said
	const char *audit_file; // NULL for none; points into the text
};

// text: room for SYSTEM_CONFIG_ROOM bytes, the file's, which config then points into. STATUS_OK, too, where there is no file. STATUS_POLICY where others than root and the
// user can write to it, or it is too long: config is then as if there were no file. STATUS_USAGE for a line that is wrong: the others count.
enum status system_config_load(struct system_config *config, struct buf *text, struct err *err);

// A profile can ask for more than the administrator does, and not for less.
enum audit_level system_config_audit(const struct system_config *config, const struct profile *profile);

// false for a word that is none
bool audit_level_parse(const char *word, enum audit_level *level);

#endif
