// SPDX-License-Identifier: MIT
// edit: opens a profile's file in the user's editor, as visudo does: a copy is edited, and it takes the file's place only when it is valid.
#include "base/text.h"
#include "core/ask.h"
#include "core/change.h"
#include "core/commands.h"
#include "core/keep.h"
#include "core/stored-secret.h"
#include "model/profile-dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

// The file, which a link may lead to, and the copy beside it.
struct edit_copy {
	char file[PATH_MAX], path[PATH_MAX + 8];
};

static enum status edit_make_copy(const struct profile *profile, struct edit_copy *copy, struct err *err)
{
	int from = realpath(profile->path, copy->file) ? open(copy->file, O_RDONLY | O_CLOEXEC) : -1, to;
	BUF_AUTO(text, PROFILE_FILE_MAX);
	bool whole;

	if (from < 0)
		return err_set(err, STATUS_INTERNAL, "'%s': %s", profile->path, strerror(errno));
	whole = buf_read(&text, from);
	close(from);
	(void)snprintf(copy->path, sizeof copy->path, "%s.XXXXXX", copy->file);
	to = whole ? mkostemp(copy->path, O_CLOEXEC) : -1;
	if (to < 0 || !buf_write(&text, to) || close(to) < 0)
		return err_set(err, STATUS_INTERNAL, "'%s': %s", copy->path, strerror(errno));
	return STATUS_OK;
}

// Ctrl-C and Ctrl-\ are the editor's while it runs; for it they, and what we ignore, are as usual.
static void edit_set_signals(void (*interrupts)(int), void (*others)(int))
{
	(void)signal(SIGINT, interrupts);
	(void)signal(SIGQUIT, interrupts);
	(void)signal(SIGPIPE, others);
	(void)signal(SIGXFSZ, others);
}

// The value may have arguments ("code --wait"): the shell splits it, as git and crontab have it.
static enum status edit_run_editor(const char *path, struct err *err)
{
	const char *visual = getenv("VISUAL"), *editor = getenv("EDITOR"), *words;
	char script[4096];
	int how = 0;
	pid_t pid;

	words = visual && *visual ? visual : editor && *editor ? editor : "vi";
	if (!strcmp(words, "vi") && !isatty(STDIN_FILENO))
		return err_set(err, STATUS_USAGE,
			       "there is no terminal for an editor: 'sk-helper set' changes a profile in a script");
	if ((size_t)snprintf(script, sizeof script, "%s \"$1\"", words) >= sizeof script)
		return err_set(err, STATUS_USAGE, "VISUAL or EDITOR is too long");
	edit_set_signals(SIG_IGN, SIG_IGN);
	pid = fork();
	if (pid == 0) {
		edit_set_signals(SIG_DFL, SIG_DFL);
		execl("/bin/sh", "sh", "-c", script, words, path, (char *)NULL);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &how, 0) < 0 && errno == EINTR)
		;
	edit_set_signals(SIG_DFL, SIG_IGN);
	if (pid < 0 || !WIFEXITED(how) || WEXITSTATUS(how) != 0)
		return err_set(err, STATUS_USAGE,
			       "the editor '%.100s' failed: nothing was changed (VISUAL or EDITOR names another one)", words);
	return STATUS_OK;
}

static enum status edit_read(const char *name, const char *path, struct buf *text, struct profile *profile, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool whole = fd >= 0 && buf_read(text, fd);

	if (fd >= 0)
		close(fd);
	if (!whole)
		return err_set(err, STATUS_USAGE, "'%s': %s", path, strerror(errno));
	return profile_parse(profile, name, text->data, text->len, err);
}

// Until it is valid, or the user gives up.
static enum status edit_until_valid(const struct profile *old, const char *path, struct buf *text, struct profile *profile,
				    struct err *err)
{
	for (;;) {
		enum status status = edit_run_editor(path, err);
		struct err answer;

		if (status != STATUS_OK)
			return status;
		buf_reset(text);
		status = edit_read(old->name, path, text, profile, err);
		if (status == STATUS_OK)
			return status;
		err_prefix(err, "the edited profile is not valid");
		if (!isatty(STDIN_FILENO))
			return status;
		warn(err);
		if (ask_yes(NULL, "edit it again (otherwise the changes are dropped)", "", &answer) != STATUS_OK)
			return err_set(err, STATUS_USAGE, "nothing was changed");
	}
}

// The edited copy takes the file's place, comments and all.
static enum status edit_keep(const struct profile *old, struct edit_copy *copy, struct err *err)
{
	struct lock lock;
	enum status status = old->token_endpoint ? keep_lock_unchanged(&lock, old, err) : keep_lock(&lock, err);

	if (status != STATUS_OK) {
		err_suffix(err, "; what you have edited is in '%s'", copy->path);
		copy->path[0] = '\0';
		return status;
	}
	if (rename(copy->path, copy->file) < 0)
		status = err_set(err, STATUS_INTERNAL, "'%s': %s", copy->file, strerror(errno));
	lock_release(&lock);
	return status;
}

static void edit_say(const struct profile *old, const struct profile *profile)
{
	if (!old->token_endpoint)
		printf("profile '%s' is valid again\n", old->name);
	else if (profile_same(old, profile))
		puts("no key was changed");
	else if (stored_secret_check(profile, NULL) == STATUS_POLICY)
		printf("profile '%s' is changed: its client secret was given for another client or server, so it is not sent until 'sk-helper add %s' %s\n",
		       old->name, old->name, profile_secret_is_elsewhere(profile) ? "checks it again" : "asks for it again");
	else
		printf("profile '%s' is changed\n", old->name);
}

// old: as it was; where its file is not valid, its name and its path alone.
static enum status edit_profile(const struct profile *old, struct err *err)
{
	BUF_AUTO(text, PROFILE_FILE_MAX);
	struct edit_copy copy = { "", "" };
	struct profile profile;
	enum status status;

	if (profile_dir_is_system(old))
		return err_set(err, STATUS_POLICY, "it is the system's profile ('%s'), which only the administrator changes",
			       old->path);
	status = edit_make_copy(old, &copy, err);
	if (status == STATUS_OK)
		status = edit_until_valid(old, copy.path, &text, &profile, err);
	if (status == STATUS_OK)
		status = edit_keep(old, &copy, err);
	profile_set_path(&profile, old->path);
	if (status == STATUS_OK)
		edit_say(old, &profile);
	else if (*copy.path)
		(void)unlink(copy.path);
	return status;
}

enum status command_edit(char **args, struct err *err)
{
	char name[PROFILE_NAME_MAX + 1] = "", path[PROFILE_PATH_MAX];
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	struct profile profile;
	const char *wanted = NULL;
	enum status status = command_take_usual_profile("edit", args, &wanted, err);

	if (status == STATUS_OK)
		status = profile_dir_choose(name, wanted, "edit NAME", err);
	if (status == STATUS_OK)
		status = profile_dir_load(name, &text, &profile, err);
	if (status == STATUS_USAGE && profile_name_ok(name) && profile_dir_user_path(path, name, NULL) == STATUS_OK &&
	    access(path, F_OK) == 0) {
		// what is not valid is what it is edited for
		warn(err);
		profile = (struct profile){ 0 };
		memcpy(profile.name, name, strlen(name) + 1);
		profile_set_path(&profile, path);
		status = STATUS_OK;
	}
	if (status == STATUS_OK) {
		status = edit_profile(&profile, err);
		if (status != STATUS_OK)
			err_prefix(err, "profile '%s'", name);
	}
	return status;
}
