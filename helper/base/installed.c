// SPDX-License-Identifier: MIT
#include "base/installed.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

// From the directory of this program to the others. The Makefile says how the directories lie to each other.
#ifdef SK_FRONT
#define TO_PRIVATE SK_BIN_TO_LIBEXEC "/sk-helper"
#define TO_BIN	   "."
#else
#define TO_PRIVATE "."
#define TO_BIN	   "../" SK_LIBEXEC_TO_BIN
#define TO_DATA	   "../" SK_LIBEXEC_TO_DATA
#endif

static const char *used_directory;

void installed_use(const char *directory)
{
	used_directory = directory;
}

// Takes the last part away.
static void installed_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
}

// The directory that this program is in.
static bool installed_here(char here[INSTALLED_PATH_MAX])
{
	static const char deleted[] = " (deleted)"; // proc(5): it was replaced while it runs
	ssize_t len;

	if (used_directory)
		return snprintf(here, INSTALLED_PATH_MAX, "%s", used_directory) < INSTALLED_PATH_MAX;
	len = readlink("/proc/self/exe", here, INSTALLED_PATH_MAX - 1);
	if (len <= 0 || len >= INSTALLED_PATH_MAX - 1)
		return false;
	here[len] = '\0';
	if ((size_t)len > strlen(deleted) && !strcmp(here + len - strlen(deleted), deleted))
		here[(size_t)len - strlen(deleted)] = '\0';
	installed_up(here);
	return true;
}

// Goes from here along a relative path, whose ".." come first. It is done in the text: what the kernel names has no links in it.
static void installed_go(char path[INSTALLED_PATH_MAX], const char *way, const char *file)
{
	size_t len, part;

	for (part = strcspn(way, "/"); part && part <= 2 && !strncmp("..", way, part); part = strcspn(way, "/")) {
		if (part == 2)
			installed_up(path);
		way += part;
		way += strspn(way, "/");
	}
	len = strlen(path);
	if ((size_t)snprintf(path + len, INSTALLED_PATH_MAX - len, "%s%s%s%s", *way ? "/" : "", way, *file ? "/" : "", file) >=
	    INSTALLED_PATH_MAX - len)
		path[0] = '\0';
}

// "" where it is not known what runs.
static void installed_find(char path[INSTALLED_PATH_MAX], const char *way, const char *file)
{
	if (!installed_here(path))
		path[0] = '\0';
	else
		installed_go(path, way, file);
}

void installed_path(char path[INSTALLED_PATH_MAX], const char *program)
{
	installed_find(path, strcmp(program, "sk-helper") != 0 ? TO_PRIVATE : TO_BIN, program);
}

// Whose program runs already: in a user namespace, root's may belong to "nobody" (user_namespaces(7)).
static uid_t installed_owner(void)
{
	struct stat st;

	return stat("/proc/self/exe", &st) == 0 ? st.st_uid : 0;
}

static bool installed_is_ours(const struct stat *st, uid_t owner)
{
	return (st->st_uid == 0 || st->st_uid == owner || st->st_uid == (uid_t)getauxval(AT_EUID)) &&
	       !(st->st_mode & (S_IWGRP | S_IWOTH));
}

enum status installed_program(char path[INSTALLED_PATH_MAX], const char *program, struct err *err)
{
	bool is_front = !strcmp(program, "sk-helper"); // whose directory has other programs, too: it was run from there already
	char directory[INSTALLED_PATH_MAX];
	uid_t owner = installed_owner();
	struct stat st, dir;

	installed_path(path, program);
	if (!*path)
		return err_set(err, STATUS_INTERNAL, "cannot find '%s': /proc does not say where sk-helper is", program);
	(void)snprintf(directory, sizeof directory, "%s", path);
	installed_up(directory);
	if (stat(path, &st) < 0 || stat(directory, &dir) < 0)
		return err_set(err, STATUS_INTERNAL, "cannot run '%s': %s: is sk-helper installed completely? ('make install')",
			       path, strerror(errno));
	if (!S_ISREG(st.st_mode) || !installed_is_ours(&st, owner) || (!is_front && !installed_is_ours(&dir, owner)))
		return err_set(err, STATUS_POLICY,
			       "'%s' is not run: it, or its directory, belongs to another user, or others can write to it",
			       path);
	return STATUS_OK;
}

#ifndef SK_FRONT
void installed_bin_dir(char path[INSTALLED_PATH_MAX])
{
	installed_find(path, TO_BIN, "");
}

void installed_data(char path[INSTALLED_PATH_MAX], const char *file)
{
	installed_find(path, TO_DATA, file);
}
#endif
