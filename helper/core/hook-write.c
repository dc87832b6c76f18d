// SPDX-License-Identifier: MIT
#include "core/hook-write.h"

#include "base/text.h"
#include "core/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKUP_SUFFIX ".before-sk-helper"

struct hook_file {
	char path[PATH_MAX];  // absolute
	size_t base_len;      // with project: of the current directory, which the rest must be within
	char shown[PATH_MAX]; // path, fit for a terminal
	const char *name;     // its last part
	struct stat st;	      // of what is there
	bool entered;	      // its directory is the current one
	bool is_there;
	bool project;
	struct buf text;
};

// --- which file

// "~/.config/" is where XDG_CONFIG_HOME says, as for the tools.
static enum status hook_user_path(struct hook_file *file, const char *wanted, struct err *err)
{
	static const char config[] = "~/.config/";
	const char *home = getenv("HOME"), *config_home = getenv("XDG_CONFIG_HOME");
	char real[PATH_MAX];
	int len;

	if (text_starts(wanted, config) && config_home && *config_home == '/')
		len = snprintf(file->path, sizeof file->path, "%s/%s", config_home, wanted + strlen(config));
	else if (home && *home == '/')
		len = snprintf(file->path, sizeof file->path, "%s/%s", home, wanted + 2);
	else
		return err_set(err, STATUS_USAGE, "hook: HOME is not set to an absolute path");
	if (len >= PATH_MAX)
		return err_set(err, STATUS_USAGE, "hook: the file's path is too long");
	// The user's own files are often links into a directory of their own: the file that is meant is changed, and the link stays.
	if (realpath(file->path, real))
		memcpy(file->path, real, strlen(real) + 1);
	return STATUS_OK;
}

static enum status hook_project_path(struct hook_file *file, const char *wanted, struct err *err)
{
	if (!getcwd(file->path, sizeof file->path))
		return err_set(err, STATUS_USAGE, "hook: the current directory cannot be used: %s", strerror(errno));
	file->base_len = strlen(file->path);
	if (file->base_len + strlen(wanted) + 2 > sizeof file->path)
		return err_set(err, STATUS_USAGE, "hook: the file's path is too long");
	(void)snprintf(file->path + file->base_len, sizeof file->path - file->base_len, "/%s", wanted);
	return STATUS_OK;
}

static enum status hook_find_file(struct hook_file *file, const char *wanted, struct err *err)
{
	enum status status = file->project ? hook_project_path(file, wanted, err) : hook_user_path(file, wanted, err);

	memcpy(file->shown, file->path, sizeof file->shown);
	text_sanitize(file->shown);
	file->name = strrchr(file->path, '/') ? strrchr(file->path, '/') + 1 : file->path;
	return status;
}

// --- its directory

// Opens a directory in the one that is open. A project's must be no link: a repository can have one in its place, which leads to files of
// the user's. What was checked is what is used: each is opened by its name in the one before.
static int hook_open_directory(int parent, const char *name, const struct hook_file *file, bool create)
{
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (file->project ? O_NOFOLLOW : 0);
	int fd = openat(parent, name, flags);

	if (fd >= 0 || errno != ENOENT || !create)
		return fd;
	if (mkdirat(parent, name, file->project ? 0755 : 0700) < 0 && errno != EEXIST)
		return -1;
	return openat(parent, name, flags);
}

static enum status hook_explain_directory(const struct hook_file *file, struct err *err)
{
	if (errno == ELOOP || (file->project && errno == ENOTDIR))
		return err_set(
			err, STATUS_POLICY,
			"hook: '%s' is, or is in, a symbolic link: with --project no link is followed, because a repository could point it "
			"at your own files",
			file->shown);
	return err_set(err, STATUS_USAGE, "hook: the directory of '%s' cannot be used: %s", file->shown, strerror(errno));
}

// Makes the file's directory the current one. STATUS_OK, too, where it is not there: entered says so.
static enum status hook_enter(struct hook_file *file, bool create, struct err *err)
{
	char path[PATH_MAX], *at, *slash;
	mode_t mask = umask(file->project ? 022 : 077);
	int fd = open(file->project ? "." : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), next;

	(void)snprintf(path, sizeof path, "%s", file->path + file->base_len);
	at = path + strspn(path, "/");
	while (fd >= 0 && (slash = strchr(at, '/'))) {
		*slash = '\0';
		next = *at ? hook_open_directory(fd, at, file, create) : dup(fd);
		(void)close(fd);
		fd = next;
		at = slash + 1;
	}
	umask(mask);
	file->entered = fd >= 0 && fchdir(fd) == 0;
	if (fd >= 0)
		close(fd);
	if (file->entered || (errno == ENOENT && !create))
		return STATUS_OK;
	return hook_explain_directory(file, err);
}

static enum status hook_read(struct hook_file *file, struct err *err)
{
	enum status status = hook_enter(file, false, err);
	int fd, size;

	if (status != STATUS_OK || !file->entered)
		return status;
	fd = open(file->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT)
		return STATUS_OK;
	if (fd < 0 && errno == ELOOP && file->project)
		return hook_explain_directory(file, err);
	if (fd < 0 && errno == ELOOP)
		return err_set(err, STATUS_USAGE, "hook: '%s' is a symbolic link to a file that does not exist", file->shown);
	if (fd < 0)
		return err_set(err, STATUS_USAGE, "hook: '%s' cannot be read: %s", file->shown, strerror(errno));
	file->is_there = fstat(fd, &file->st) == 0;
	size = file->is_there && S_ISREG(file->st.st_mode) ? buf_read(&file->text, fd) : -1;
	close(fd);
	if (size < 0)
		return err_set(err, STATUS_USAGE, "hook: '%s' is not a regular file", file->shown);
	if (size == 0)
		return err_set(err, STATUS_USAGE, "hook: '%s' cannot be read, or is larger than %d bytes", file->shown,
			       CONFIG_MAX);
	if (file->st.st_uid != geteuid())
		return err_set(err, STATUS_POLICY, "hook: '%s' belongs to another user: only your own files are changed",
			       file->shown);
	return STATUS_OK;
}

// --- writing

// All or nothing: readers see the old file or the new one, never a part.
static enum status hook_save(const struct hook_file *file, const char *name, const struct buf *text, struct err *err)
{
	mode_t mode = file->is_there ? file->st.st_mode & 0777 : file->project ? 0644 : 0600;
	char new[NAME_MAX + 32];
	bool good;
	int fd;

	(void)snprintf(new, sizeof new, "%s.XXXXXX", name);
	fd = mkostemp(new, O_CLOEXEC);
	if (fd < 0)
		return err_set(err, STATUS_USAGE, "hook: '%s' cannot be written: %s", file->shown, strerror(errno));
	// the group's rights are for the old file's group
	if (file->is_there && fchown(fd, (uid_t)-1, file->st.st_gid) < 0)
		mode &= ~(mode_t)070;
	good = fchmod(fd, mode) == 0 && buf_write(text, fd) && fsync(fd) == 0;
	good = close(fd) == 0 && good && rename(new, name) == 0;
	if (good)
		return STATUS_OK;
	err_set(err, STATUS_USAGE, "hook: '%s' cannot be written: %s", file->shown, strerror(errno));
	(void)unlink(new);
	return STATUS_USAGE;
}

// Tools write their files, too: what was changed since it was read must not be lost.
static bool hook_is_unchanged(const struct hook_file *file)
{
	struct stat now;

	if (!file->entered || lstat(file->name, &now) < 0)
		return !file->is_there;
	return file->is_there && now.st_ino == file->st.st_ino && now.st_size == file->st.st_size &&
	       now.st_mtim.tv_sec == file->st.st_mtim.tv_sec && now.st_mtim.tv_nsec == file->st.st_mtim.tv_nsec;
}

static enum status hook_replace(struct hook_file *file, const struct buf *text, bool delete_it, struct err *err)
{
	char backup[NAME_MAX + 32];
	enum status status = STATUS_OK;

	if (!hook_is_unchanged(file))
		return err_set(err, STATUS_TEMPORARY,
			       "hook: '%s' was changed just now by another program: nothing was written: run the command again",
			       file->shown);
	(void)snprintf(backup, sizeof backup, "%s" BACKUP_SUFFIX, file->name);
	if (!file->entered)
		status = hook_enter(file, true, err);
	// the first one is kept: it has nothing of ours
	else if (file->is_there && faccessat(AT_FDCWD, backup, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		status = hook_save(file, backup, &file->text, err);
	if (status != STATUS_OK)
		return status;
	if (!delete_it)
		status = hook_save(file, file->name, text, err);
	else if (unlink(file->name) < 0)
		status = err_set(err, STATUS_USAGE, "hook: '%s' cannot be removed: %s", file->shown, strerror(errno));
	if (status == STATUS_OK && file->is_there)
		printf("%s: %s (as it was before: %s" BACKUP_SUFFIX ")\n", file->shown, delete_it ? "removed" : "written",
		       file->shown);
	else if (status == STATUS_OK)
		printf("%s: written\n", file->shown);
	return status;
}

// --- the question

// What a terminal would interpret: control characters, also those beyond ASCII, and those that change the direction of text. The line
// ends and tabs stay.
static void hook_make_fit(struct buf *text)
{
	for (size_t i = 0; i < text->len; i++) {
		unsigned char c = (unsigned char)text->data[i], next = i + 1 < text->len ? (unsigned char)text->data[i + 1] : 0;

		if ((c < ' ' && c != '\n' && c != '\t' && !(c == '\r' && next == '\n')) || c == 0x7f ||
		    (c == 0xc2 && next < 0xa0) || (c == 0xe2 && (next == 0x80 || next == 0x81)) ||
		    (c >= 0x80 && c < 0xa0 && (i == 0 || text->data[i - 1] == '\n')))
			text->data[i] = '?';
	}
}

static enum status hook_agree(const struct hook_file *file, const struct buf *text, const struct hook_call *call,
			      struct err *err)
{
	BUF_AUTO(diff, 2 * CONFIG_MAX);
	char question[PATH_MAX + 64];

	// with --yes the change is not shown: an agent may have asked, and the file can have secrets in it
	if (call->yes)
		return STATUS_OK;
	config_diff(file->shown, &file->text, text, &diff);
	hook_make_fit(&diff);
	(void)snprintf(question, sizeof question, "Change '%s'", file->shown);
	return ask_yes(diff.data, question, "hook: there is no terminal to ask on: add --yes to change the file", err);
}

// What the file becomes. Where it is not understood, the entry is printed, to be put in by hand.
static enum status hook_edit(const struct hook *hook, const struct hook_file *file, const struct config_entry *entry,
			     const struct buf *snippet, const struct hook_call *call, struct buf *result, struct err *err)
{
	enum status status = call->remove ? config_remove(hook->format, &file->text, entry, result, err) :
					    config_set(hook->format, &file->text, entry, result, err);

	if (status != STATUS_OK) {
		err_prefix(err, "hook: '%s' was not changed", file->shown);
		if (!call->remove)
			fputs(snippet->data, stdout);
		return status;
	}
	if (call->remove && hook->format == CONFIG_FILE && file->is_there && strcmp(file->text.data, entry->text) != 0)
		return err_set(
			err, STATUS_USAGE,
			"hook: '%s' was not changed: it differs from what this version of sk-helper writes: remove it by hand if you do "
			"not need it",
			file->shown);
	return STATUS_OK;
}

static enum status hook_change(const struct hook *hook, struct hook_file *file, const struct config_entry *entry,
			       const struct buf *snippet, const char *note, const struct hook_call *call, struct err *err)
{
	bool whole = hook->format == CONFIG_FILE, same;
	BUF_AUTO(result, CONFIG_MAX);
	enum status status = hook_edit(hook, file, entry, snippet, call, &result, err);

	if (status != STATUS_OK)
		return status;
	same = !strcmp(file->text.data, result.data);
	if (call->remove ? !file->is_there || (!whole && same) : file->is_there && same) {
		printf("%s: %s: nothing was changed\n", file->shown,
		       call->remove ? "the entry is not there" : "the entry is there already");
		return STATUS_OK;
	}
	status = hook_agree(file, &result, call, err);
	if (status == STATUS_OK)
		status = hook_replace(file, &result, call->remove && whole, err);
	if (status == STATUS_OK && call->write && *note && (call->project || !hook->note_is_for_project))
		printf("%s\n", note);
	return status;
}

enum status hook_write(const struct hook *hook, const char *path, const struct config_entry *entry, const struct buf *snippet,
		       const char *note, const struct hook_call *call, struct err *err)
{
	struct hook_file file = { .project = call->project, .text = BUF_INIT(CONFIG_MAX) };
	enum status status = hook_find_file(&file, path, err);

	if (status == STATUS_OK)
		status = hook_read(&file, err);
	if (status == STATUS_OK)
		status = hook_change(hook, &file, entry, snippet, note, call, err);
	buf_free(&file.text);
	return status;
}
