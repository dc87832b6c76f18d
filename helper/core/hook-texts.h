// SPDX-License-Identifier: MIT
// The configurations that make tools ask sk-helper.
#ifndef SK_HOOK_TEXTS_H
#define SK_HOOK_TEXTS_H

#include "core/config-edit.h"

#include <stdbool.h>
#include <stddef.h>

// The words in braces are filled in: the values that hook.c lists. {sk} and {bin} are words of a shell, in quotes where they need
// them; {raw-sk} and {raw-bin} are not; {json-sk} and {json-url} stand between double quotes.
struct hook {
	const char *tool, *help;
	const char *where; // where the text belongs; NULL: into one of the files
	const char *text;
	bool has_comments; // where goes into the text as a comment; else it is said on standard error
	enum { ANY_URL, ONLY_HOST, ONLY_HTTPS } only; // what the tool sends, and so what the profile's url must be
	// For what can be put into a file by 'hook --write': text is then the entry (core/config-edit.h), and this its place in the file.
	enum config_format format;
	const char *place;
	const char *mark;		      // what an entry of ours has in it; NULL: "sk-helper"
	const char *user_file, *project_file; // "~/..." and below the current directory; NULL: none
	const char *note;		      // what else a person must do; NULL for nothing
	bool note_is_for_project;	      // where it is written into a project's file
	const char *try;		      // a command that shows whether it works; NULL for none
	bool each_url;			      // an entry for each URL of the profile; else it is for one of them
	// The names of the files that NEXT_FILE divides the text into, with a space between them; NULL: it is one.
	const char *files;
	bool are_ways; // they are two ways to do the same, and no files
};
#define NEXT_FILE "\f"

// Other names of tools, and of tools that read the same file.
struct hook_alias {
	const char *name, *tool;
};
extern const struct hook_alias hook_aliases[];
extern const size_t hook_alias_count;

extern const struct hook hooks[];
extern const size_t hook_count;

// The row of the agent skill, whose text is a file (below datarootdir).
#define HOOK_SKILL "skill"

#endif
