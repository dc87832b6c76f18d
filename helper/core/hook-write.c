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
	char path[PATH_MAX];
	struct stat st; // of what is there
	bool is_there;
	bool project;
	struct buf text;
};

// --- which file

// "~/.config/" is where XDG_CONFIG_HOME says, as for the tools.
static enum status hook_user_path(char path[PATH_MAX], const char *file, struct err *err)
{
	static const char config[] = "~/.config/";
	const char *home = getenv("HOME"), *config_home = getenv("XDG_CONFIG_HOME");
	int len;

	if (text_starts(file, config) && config_home && *config_home == '/')
		len = snprintf(path, PATH_MAX, "%s/%s", config_home, file + strlen(config));
	else if (home && *home == '/')
		len = snprintf(path, PATH_MAX, "%s/%s", home, file + 2);
	else
		return err_set(err, STATUS_USAGE, "hook: HOME is not set to an absolute path");
	return len < PATH_MAX ? STATUS_OK : err_set(err, STATUS_USAGE, "hook: the file's path is too long");
}

// A repository can have a symbolic link in the place of a file or a directory, which would lead to a file of the user's.
static enum status hook_project_path(char path[PATH_MAX], const char *file, struct err *err)
{
	struct stat st;
	size_t base;

	if (!getcwd(path, PATH_MAX) || strlen(path) + strlen(file) + 2 > PATH_MAX)
		return err_set(err, STATUS_USAGE, "hook: the current directory cannot be used: %s", strerror(errno));
	base = strlen(path);
	(void)snprintf(path + base, PATH_MAX - base, "/%s", file);
	for (char *slash = path + base + 1; slash; slash = strchr(slash, '/')) {
		bool is_link;

		slash = strchrnul(slash, '/');
		if (!*slash)
			slash = NULL;
		else
			*slash = '\0';
		is_link = lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
		if (is_link)
			return err_set(err, STATUS_POLICY, "hook: '%s' is a symbolic link, which could lead out of the project",
				       path);
		if (slash)
			*slash++ = '/';
		else
			break;
	}
	return STATUS_OK;
}

// The user's own files are often links into a directory of their own: the file that is meant is changed, and the link stays.
static void hook_follow_link(char path[PATH_MAX])
{
	char real[PATH_MAX];

	if (realpath(path, real))
		memcpy(path, real, strlen(real) + 1);
}

static enum status hook_read(struct hook_file *file, struct err *err)
{
	int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	bool read;

	file->is_there = fd >= 0;
	if (fd < 0 && errno == ENOENT)
		return STATUS_OK;
	if (fd < 0)
		return err_set(err, STATUS_USAGE, "hook: '%s': %s", file->path, strerror(errno));
	read = fstat(fd, &file->st) == 0 && S_ISREG(file->st.st_mode) && buf_read(&file->text, fd);
	close(fd);
	if (!read)
		return err_set(err, STATUS_USAGE, "hook: '%s' is no file, or larger than %d bytes", file->path, CONFIG_MAX);
	if (file->st.st_uid != geteuid())
		return err_set(err, STATUS_POLICY, "hook: '%s' belongs to another user", file->path);
	return STATUS_OK;
}

// --- writing

static void hook_make_directories(char path[PATH_MAX], mode_t mode)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, mode) == 0)
			(void)chmod(path, mode); // whatever the umask
		*slash = '/';
	}
}

// All or nothing: what is read meanwhile is the old file or the new one.
static enum status hook_save(const char *path, const struct buf *text, mode_t mode, struct err *err)
{
	char new[PATH_MAX + 16];
	bool good;
	int fd;

	(void)snprintf(new, sizeof new, "%s.XXXXXX", path);
	fd = mkostemp(new, O_CLOEXEC);
	if (fd < 0)
		return err_set(err, STATUS_USAGE, "hook: '%s' cannot be written: %s", path, strerror(errno));
	good = fchmod(fd, mode) == 0 && buf_write(text, fd) && fsync(fd) == 0;
	good = close(fd) == 0 && good && rename(new, path) == 0;
	if (good)
		return STATUS_OK;
	err_set(err, STATUS_INTERNAL, "hook: '%s' cannot be written: %s", path, strerror(errno));
	(void)unlink(new);
	return STATUS_INTERNAL;
}

// Tools write their files, too: what was changed since it was read must not be lost.
static bool hook_is_unchanged(const struct hook_file *file)
{
	struct stat now;

	if (lstat(file->path, &now) < 0)
		return !file->is_there;
	return file->is_there && now.st_ino == file->st.st_ino && now.st_size == file->st.st_size &&
	       now.st_mtim.tv_sec == file->st.st_mtim.tv_sec && now.st_mtim.tv_nsec == file->st.st_mtim.tv_nsec;
}

static enum status hook_replace(struct hook_file *file, const struct buf *text, bool delete_it, struct err *err)
{
	mode_t mode = file->is_there ? file->st.st_mode & 0777 : file->project ? 0644 : 0600;
	char backup[PATH_MAX + 32];
	enum status status = STATUS_OK;

	if (!hook_is_unchanged(file))
		return err_set(err, STATUS_TEMPORARY, "hook: '%s' was changed just now by another program: nothing was written",
			       file->path);
	(void)snprintf(backup, sizeof backup, "%s" BACKUP_SUFFIX, file->path);
	if (file->is_there)
		status = hook_save(backup, &file->text, mode, err);
	else
		hook_make_directories(file->path, file->project ? 0755 : 0700);
	if (status != STATUS_OK)
		return status;
	if (!delete_it)
		status = hook_save(file->path, text, mode, err);
	else if (unlink(file->path) < 0)
		status = err_set(err, STATUS_USAGE, "hook: '%s' cannot be removed: %s", file->path, strerror(errno));
	if (status == STATUS_OK)
		printf("%s: %s%s%s%s\n", file->path, delete_it ? "removed" : "written",
		       file->is_there ? " (the old one is " : "", file->is_there ? backup : "", file->is_there ? ")" : "");
	return status;
}

// --- the question

static enum status hook_agree(const struct hook_file *file, const struct buf *text, const struct hook_call *call,
			      struct err *err)
{
	BUF_AUTO(diff, 2 * CONFIG_MAX);
	char question[PATH_MAX + 64];

	// nor is what stands beside it in the file for whoever says yes in advance, such as an agent that keeps what is printed
	if (call->yes)
		return STATUS_OK;
	config_diff(file->path, &file->text, text, &diff);
	// what a file has in it is not for a terminal to obey
	for (size_t i = 0; i < diff.len; i++) {
		if ((unsigned char)diff.data[i] < ' ' && diff.data[i] != '\n' && diff.data[i] != '\t')
			diff.data[i] = '?';
	}
	(void)snprintf(question, sizeof question, "Change '%s'", file->path);
	return ask_yes(diff.data, question, "hook: there is no terminal to ask on: add --yes to change the file", err);
}

enum status hook_write(const struct hook *hook, const char *path, const struct config_entry *entry, const struct buf *snippet,
		       const struct hook_call *call, struct err *err)
{
	struct hook_file file = { .project = call->project, .text = BUF_INIT(CONFIG_MAX) };
	BUF_AUTO(result, CONFIG_MAX);
	bool whole = hook->format == CONFIG_FILE;
	enum status status = call->project ? hook_project_path(file.path, path, err) : hook_user_path(file.path, path, err);

	if (status == STATUS_OK && !call->project)
		hook_follow_link(file.path);
	if (status == STATUS_OK)
		status = hook_read(&file, err);
	if (status == STATUS_OK) {
		status = call->remove ? config_remove(hook->format, &file.text, entry, &result, err) :
					config_set(hook->format, &file.text, entry, &result, err);
		if (status != STATUS_OK) {
			err_prefix(err, "hook: '%s' is left as it is", file.path);
			if (!call->remove)
				fputs(snippet->data, stdout);
		}
	}
	if (status == STATUS_OK && call->remove && whole && file.is_there && strcmp(file.text.data, entry->text) != 0)
		status = err_set(err, STATUS_USAGE, "hook: '%s' is not what sk-helper has written: it is left as it is",
				 file.path);
	if (status != STATUS_OK) {
		buf_free(&file.text);
		return status;
	}
	if (call->remove ? !file.is_there || (!whole && !strcmp(file.text.data, result.data)) :
			   file.is_there && !strcmp(file.text.data, result.data)) {
		printf("%s: %s\n", file.path,
		       call->remove ? "it has nothing of this: nothing was changed" :
				      "it has this already: nothing was changed");
	} else {
		status = hook_agree(&file, &result, call, err);
		if (status == STATUS_OK)
			status = hook_replace(&file, &result, call->remove && whole, err);
		if (status == STATUS_OK && call->write && call->project && hook->note)
			printf("%s\n", hook->note);
	}
	buf_free(&file.text);
	return status;
}
