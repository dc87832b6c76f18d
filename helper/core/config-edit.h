// SPDX-License-Identifier: MIT
// Edits the configuration of another program as text: what is not ours stays as it is, byte for byte, comments and all.
#ifndef SK_CONFIG_EDIT_H
#define SK_CONFIG_EDIT_H

#include "base/buf.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

#define CONFIG_MAX (4 << 20)

enum config_format {
	CONFIG_NONE,
	CONFIG_JSON, // also with comments and with commas before a closing bracket
	CONFIG_TOML,
	CONFIG_YAML,
	CONFIG_LINES, // anything with '#' for comments: the entry is a block between two of them
	CONFIG_FILE,  // the file is the entry
};

// Where the entry is, and what it is.
struct config_entry {
	// JSON, YAML: the names that lead to it, "mcpServers/todo"; TOML: the table, "mcp_servers.todo"; lines: what tells its block from
	// others of ours
	const char *place;
	// JSON: its value; TOML, YAML: the lines below its header; lines: those of the block
	const char *text;
	// What an entry of ours has in it: another one of the same name is not touched. The second may be NULL.
	const char *mark, *second_mark;
};

// Whether what is at the entry's place already is ours to change.
bool config_is_ours(const struct config_entry *entry, const char *text, size_t len);

// Behind the line that at is in: its line feed, or the text's end.
const char *config_next_line(const char *at);

// Appends to result what old becomes with the entry, or without it. Where nothing changes it is the same text. STATUS_USAGE where
// old is not understood; nothing is to be written then.
enum status config_set(enum config_format format, const struct buf *old, const struct config_entry *entry, struct buf *result,
		       struct err *err);
enum status config_remove(enum config_format format, const struct buf *old, const struct config_entry *entry,
			  struct buf *result, struct err *err);

// Appends what differs between the two texts, as diff -u shows it.
void config_diff(const char *path, const struct buf *old, const struct buf *result, struct buf *diff);

// For the formats; entry->text NULL: it is removed.
enum status config_edit_json(const struct buf *old, const struct config_entry *entry, struct buf *result, struct err *err);
enum status config_edit_toml(const struct buf *old, const struct config_entry *entry, struct buf *result, struct err *err);
enum status config_edit_yaml(const struct buf *old, const struct config_entry *entry, struct buf *result, struct err *err);
enum status config_edit_lines(const struct buf *old, const struct config_entry *entry, struct buf *result, struct err *err);

#endif
