// SPDX-License-Identifier: MIT
#include "core/secret-source.h"

#include "base/debug.h"
#include "base/text.h"
#include "core/ask-key.h"
#include "core/source-program.h"
#include "core/source-runner.h"
#include "model/auth-method.h"
#include "model/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define CREDENTIALS_VARIABLE "CREDENTIALS_DIRECTORY"

// --- files

static bool source_is_ours(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid();
}

// Reads an open file to its end, and closes it. name: for messages.
static enum status source_read_open(int fd, const char *name, struct buf *text, struct err *err)
{
	bool read = buf_read(text, fd);

	close(fd);
	return read ? STATUS_OK :
		      err_set(err, STATUS_POLICY, "'%.300s' cannot be read, or is larger than a secret can be", name);
}

// systemd.exec(5), "Credentials": the variable, with a directory that is the service's alone.
static enum status source_credentials_dir(int *dir, struct err *err)
{
	const char *path = getenv(CREDENTIALS_VARIABLE);
	struct stat st;

	if (!path || path[0] != '/')
		return err_set(err, STATUS_NOT_FOUND,
			       "there are no systemd credentials here: this is no service whose unit has LoadCredential= or "
			       "LoadCredentialEncrypted= (" CREDENTIALS_VARIABLE
			       " is not set). --no-verify makes the profile all the same");
	*dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (*dir < 0)
		return err_set(err, STATUS_NOT_FOUND, "'%.300s': %s", path, strerror(errno));
	if (fstat(*dir, &st) == 0 && source_is_ours(&st) && !(st.st_mode & (S_IWGRP | S_IRWXO)))
		return STATUS_OK;
	close(*dir);
	return err_set(err, STATUS_POLICY, "'%.300s' (" CREDENTIALS_VARIABLE ") is not yours alone: nothing was read from it",
		       path);
}

static void source_credential_name(const struct profile *profile, char name[256])
{
	(void)snprintf(name, 256, "%s%s", profile->secret_credential ? "" : "sk-helper.",
		       profile->secret_credential ? profile->secret_credential : profile->name);
}

// Newer versions of systemd give the service its right by an access list, whose mask is in the place of the group's bits: of a file that is
// root's, and root's group's, that group's right to read is therefore nobody else's.
static bool source_credential_is_private(const struct stat *st)
{
	mode_t others = S_IRWXO | S_IWGRP | S_IXGRP | (st->st_uid == 0 && st->st_gid == 0 ? 0 : S_IRGRP);

	return source_is_ours(st) && !(st->st_mode & others);
}

static enum status source_open_credential(const struct profile *profile, int *fd, struct err *err)
{
	char name[256];
	struct stat st;
	int dir = -1;
	enum status status = source_credentials_dir(&dir, err);

	if (status != STATUS_OK)
		return status;
	source_credential_name(profile, name);
	*fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	close(dir);
	if (*fd < 0)
		return err_set(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_POLICY,
			       "the systemd credential '%s': %s (the unit wants LoadCredentialEncrypted=%s:PATH)", name,
			       strerror(errno), name);
	if (fstat(*fd, &st) == 0 && S_ISREG(st.st_mode) && source_credential_is_private(&st))
		return STATUS_OK;
	close(*fd);
	return err_set(err, STATUS_POLICY, "the systemd credential '%s' is not a file that is yours alone: it was not read",
		       name);
}

static enum status source_read_credential(const struct profile *profile, struct buf *text, struct err *err)
{
	char name[256];
	int fd;
	enum status status = source_open_credential(profile, &fd, err);

	source_credential_name(profile, name);
	return status == STATUS_OK ? source_read_open(fd, name, text, err) : status;
}

// Links are followed, because Kubernetes puts a new secret in the place of an old one by another link; but none of others, who would choose which of
// our files is sent.
static enum status source_open_file(const struct profile *profile, int *fd, struct stat *st, struct err *err)
{
	const char *path = profile->secret_file;
	char real[PATH_MAX];
	enum status status = source_file_trust(path, real, err);

	*fd = -1;
	if (status != STATUS_OK) {
		err_prefix(err, "secret_file");
		return status;
	}
	*fd = open(real, O_NOFOLLOW | O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (*fd < 0 || fstat(*fd, st) < 0)
		status = err_set(err, STATUS_NOT_FOUND, "secret_file '%s': %s", path, strerror(errno));
	else if (!S_ISREG(st->st_mode))
		status = err_set(err, STATUS_POLICY, "secret_file '%s' is not a file", path);
	else if (!source_is_ours(st))
		status = err_set(err, STATUS_POLICY, "secret_file '%s' belongs to neither you nor root: it was not read", path);
	else if (st->st_mode & (S_IWGRP | S_IWOTH))
		status =
			err_set(err, STATUS_POLICY,
				"others can write to secret_file '%s': it was not read ('chmod go-w' removes their permission)",
				path);
	if (status != STATUS_OK && *fd >= 0)
		close(*fd);
	return status;
}

static enum status source_read_file(const struct profile *profile, struct buf *text, struct err *err)
{
	struct stat st;
	int fd;
	enum status status = source_open_file(profile, &fd, &st, err);

	return status == STATUS_OK ? source_read_open(fd, profile->secret_file, text, err) : status;
}

// --- a program

static enum status source_read_command(const struct profile *profile, struct buf *text, struct err *err)
{
	enum status status = source_runner_ask(profile, SOURCE_SECRET, text, err);

	if (status == STATUS_OK)
		return status;
	err_prefix(err, "secret_command");
	if (status == STATUS_NOT_FOUND && strchr(profile->secret_command[0], ' '))
		err_suffix(err, ". Several words need a --secret-command each: the program's path, and then word by word");
	else if (status == STATUS_NOT_FOUND)
		err_suffix(
			err,
			". If it works in your terminal: --prompt lets it ask there, --secret-env VARIABLE passes a variable on");
	return status;
}

// --- what was read

// One final line end is the file's or the program's; whatever else there is, is the secret's.
static void source_strip(struct buf *text, bool first_line)
{
	const char *end = first_line ? strchr(text->data, '\n') : NULL;

	if (end)
		buf_cut(text, (size_t)(end - text->data) + 1);
	if (text->len && text->data[text->len - 1] == '\n')
		buf_cut(text, text->len - (text->len > 1 && text->data[text->len - 2] == '\r' ? 2 : 1));
}

static enum status source_take_secret(const struct profile *profile, struct buf *text, struct buf *secret, struct err *err)
{
	bool first_line = text_same(profile->secret_first_line, "yes");
	enum status status;

	source_strip(text, first_line);
	if (text->len == 0)
		return err_set(err, STATUS_NOT_FOUND, "there is nothing in it");
	if (strlen(text->data) != text->len)
		return err_set(err, STATUS_POLICY, "it has a NUL byte: it is not a client secret");
	if (!first_line && strchr(text->data, '\n'))
		return err_set(
			err, STATUS_POLICY,
			"it has more than one line: if the first one is the secret, say so: --secret-first-line yes (of 'sk-helper add' or 'set')");
	status = secret_text_check(text->data, err);
	if (status != STATUS_OK)
		return err_set(err, STATUS_POLICY,
			       "it is longer than %d bytes, or has a control character (a carriage return, a tab?)",
			       SECRET_MAX);
	buf_add(secret, text->data, text->len);
	return STATUS_OK;
}

// A private key in a form that people have becomes what the keyrings keep.
static enum status source_take_key(const struct buf *text, struct buf *secret, struct err *err)
{
	BUF_AUTO(answer, 65536);
	struct client_key key;
	enum status status;

	if (text->len == 0)
		return err_set(err, STATUS_NOT_FOUND, "there is nothing in it");
	status = key_import(text, NULL, &answer, &key, err);
	if (status == STATUS_OK)
		buf_adds(secret, key.private_key);
	else if (status == STATUS_USAGE && err)
		err->status = status = STATUS_POLICY; // the user has typed nothing wrong
	return status;
}

static const struct secret_source {
	const char *store;
	enum status (*read)(const struct profile *profile, struct buf *text, struct err *err);
} secret_sources[] = {
	{ "credential", source_read_credential },
	{ "file", source_read_file },
	{ "command", source_read_command },
};

enum status secret_source_read(const struct profile *profile, struct buf *secret, struct err *err)
{
	BUF_AUTO(text, SECRET_RECORD_MAX);
	BUF_AUTO(words, 1024);
	enum status status = STATUS_INTERNAL;

	for (size_t i = 0; i < sizeof secret_sources / sizeof secret_sources[0]; i++) {
		if (!strcmp(secret_sources[i].store, profile->secret_store))
			status = secret_sources[i].read(profile, &text, err);
	}
	secret_source_describe(profile, &words);
	debug_say("%s was asked for the secret: %s", words.data, status_word(status));
	if (status != STATUS_OK)
		return status;
	status = auth_method_uses_key(profile->auth_method) ? source_take_key(&text, secret, err) :
							      source_take_secret(profile, &text, secret, err);
	if (status != STATUS_OK) {
		err_prefix(err, "the secret from %s", words.data);
		return status;
	}
	return buf_ok(secret) ? STATUS_OK : err_set(err, STATUS_POLICY, "the secret from %s is too long", words.data);
}

void secret_source_describe(const struct profile *profile, struct buf *words)
{
	char name[256];

	if (!strcmp(profile->secret_store, "credential")) {
		source_credential_name(profile, name);
		buf_addf(words, "the systemd credential '%s'", name);
	} else if (!strcmp(profile->secret_store, "file")) {
		buf_addf(words, "the file '%.300s'", profile->secret_file);
	} else if (!strcmp(profile->secret_store, "command")) {
		buf_addf(words, "the program '%.300s'", profile->secret_command[0]);
	} else {
		buf_addf(words, "the key %.60s in an ssh-agent", profile->ssh_agent ? profile->ssh_agent : "");
	}
}

enum status secret_source_look(const struct profile *profile, struct err *err)
{
	enum status status = STATUS_OK;
	struct statfs fs;
	struct stat st;
	bool in_memory;
	char real[PATH_MAX];
	int fd = -1;

	err->text[0] = '\0';
	if (!strcmp(profile->secret_store, "credential"))
		status = source_open_credential(profile, &fd, err);
	else if (!strcmp(profile->secret_store, "file"))
		status = source_open_file(profile, &fd, &st, err);
	else if (!strcmp(profile->secret_store, "command"))
		status = source_program_trust(profile->secret_command[0], real, err);
	if (status != STATUS_OK || fd < 0)
		return status;
	in_memory = fstatfs(fd, &fs) == 0 && (fs.f_type == RAMFS_MAGIC || fs.f_type == TMPFS_MAGIC);
	close(fd);
	// systemd's are in ramfs, or in a tmpfs that is not swapped
	if (!strcmp(profile->secret_store, "credential") && !in_memory)
		err_set(err, STATUS_OK,
			"it is on a disk, where systemd does not put it: what has set " CREDENTIALS_VARIABLE "?");
	if (!strcmp(profile->secret_store, "file") && st.st_mode & S_IROTH)
		err_set(err, STATUS_OK, "every user of this machine, or of this container, can read it");
	return STATUS_OK;
}
