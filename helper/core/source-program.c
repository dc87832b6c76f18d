// SPDX-License-Identifier: MIT
#include "core/source-program.h"

#include "base/clock.h"
#include "base/subprocess.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define SOURCE_LINKS_MAX       16
#define SOURCE_ENVIRONMENT_MAX 256
#define SOURCE_ERRORS_MAX      8192
#define SOURCE_WORDS_MAX       300 // of its own words in a message

extern char **environ;

// --- who could have put it there

// A path on its way to what it is without links: what is behind, and what is to come.
struct source_walk {
	const char *path; // as it was given
	char done[PATH_MAX], rest[PATH_MAX];
	int links;
	uid_t nobody; // who root is where user ids are not mapped; 0 where he is himself
};

static bool source_is_trusted(const struct source_walk *walk, uid_t uid)
{
	return uid == 0 || uid == geteuid() || uid == walk->nobody;
}

static bool source_is_safe(const struct source_walk *walk, const struct stat *st)
{
	return source_is_trusted(walk, st->st_uid) && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

static enum status source_distrust(const char *path, struct err *err)
{
	return err_set(
		err, STATUS_POLICY,
		"others than you and root can write to '%s': it is not used ('chmod go-w' on it removes their permission)",
		path);
}

// In a sticky directory, such as /tmp, others cannot replace what is ours.
static bool source_dir_is_safe(const struct source_walk *walk)
{
	struct stat st;

	return stat(*walk->done ? walk->done : "/", &st) == 0 &&
	       (source_is_safe(walk, &st) || ((st.st_uid == 0 || st.st_uid == walk->nobody) && st.st_mode & S_ISVTX));
}

// The target of the link at path comes before the rest.
static bool source_follow(struct source_walk *walk, const char *path)
{
	char target[PATH_MAX], rest[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof target - 1);

	if (len <= 0 || ++walk->links > SOURCE_LINKS_MAX)
		return false;
	target[len] = '\0';
	(void)snprintf(rest, sizeof rest, "%s", walk->rest);
	if (target[0] == '/')
		walk->done[0] = '\0';
	return (size_t)snprintf(walk->rest, sizeof walk->rest, "%s/%s", target, rest) < sizeof walk->rest;
}

// One component. Every directory that it comes through, those that have links in them, too, must be out of others' reach.
static enum status source_step(struct source_walk *walk, struct err *err)
{
	size_t skip = strspn(walk->rest, "/"), len = strcspn(walk->rest + skip, "/");
	char next[PATH_MAX], word[NAME_MAX + 1];
	struct stat st;

	if (len > NAME_MAX)
		return err_set(err, STATUS_NOT_FOUND, "'%.300s': %s", walk->rest, strerror(ENAMETOOLONG));
	(void)snprintf(word, sizeof word, "%.*s", (int)len, walk->rest + skip);
	memmove(walk->rest, walk->rest + skip + len, strlen(walk->rest + skip + len) + 1);
	if (!*word || !strcmp(word, "."))
		return STATUS_OK;
	if (!strcmp(word, "..")) {
		*(strrchr(walk->done, '/') ? strrchr(walk->done, '/') : walk->done) = '\0';
		return STATUS_OK;
	}
	if (!source_dir_is_safe(walk))
		return source_distrust(*walk->done ? walk->done : "/", err);
	if ((size_t)snprintf(next, sizeof next, "%s/%s", walk->done, word) >= sizeof next || lstat(next, &st) < 0)
		return err_set(err, STATUS_NOT_FOUND, "'%.300s': %s", walk->path, strerror(errno));
	if (S_ISLNK(st.st_mode) && st.st_uid != 0 && st.st_uid != geteuid())
		return source_distrust(next, err);
	if (S_ISLNK(st.st_mode))
		return source_follow(walk, next) ? STATUS_OK :
						   err_set(err, STATUS_NOT_FOUND, "'%.300s': %s", next, strerror(ELOOP));
	memcpy(walk->done, next, strlen(next) + 1);
	return STATUS_OK;
}

// To the path without links. What is at its end is not looked at yet.
static enum status source_walk_path(struct source_walk *walk, const char *path, struct err *err)
{
	enum status status = STATUS_OK;

	walk->path = path;
	if ((size_t)snprintf(walk->rest, sizeof walk->rest, "%s", path) >= sizeof walk->rest)
		return err_set(err, STATUS_NOT_FOUND, "'%.300s': %s", path, strerror(ENAMETOOLONG));
	while (status == STATUS_OK && walk->rest[strspn(walk->rest, "/")])
		status = source_step(walk, err);
	return status;
}

enum status source_program_trust(const char *program, char real[PATH_MAX], struct err *err)
{
	struct source_walk walk = { .links = 0 };
	enum status status = source_walk_path(&walk, program, err);
	struct stat st;

	if (status != STATUS_OK)
		return status;
	if (stat(walk.done, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, STATUS_NOT_FOUND, "'%.300s' is not a file", program);
	if (!source_is_safe(&walk, &st))
		return source_distrust(walk.done, err);
	memcpy(real, walk.done, strlen(walk.done) + 1);
	return STATUS_OK;
}

// Whether user ids are mapped (user_namespaces(7)), so that those that are not, root's among them, are 65534.
static bool source_ids_are_mapped(void)
{
	FILE *file = fopen("/proc/self/uid_map", "re");
	unsigned long first = 1, outside = 1, count = 0;
	bool read = file && fscanf(file, "%lu %lu %lu", &first, &outside, &count) == 3;

	if (file)
		(void)fclose(file);
	return read && !(first == 0 && outside == 0 && count == 4294967295UL);
}

enum status source_file_trust(const char *path, char real[PATH_MAX], struct err *err)
{
	struct source_walk walk = { .nobody = source_ids_are_mapped() ? 65534 : 0 };
	enum status status = source_walk_path(&walk, path, err);

	if (status == STATUS_OK)
		memcpy(real, walk.done, strlen(walk.done) + 1);
	return status;
}

// --- what it gets

// What programs that fetch secrets and identity tokens get of our environment: where they are, and credentials of their own. None that chooses a
// server, a configuration, a library or another program: a repository that an agent works in can set variables. A profile can name more. A
// name that ends with '_' stands for all that begin so.
static const char *const source_environment[] = {
	"USER",
	"LOGNAME",
	"LANG",
	"LC_",
	"SSH_AUTH_SOCK",
	"https_proxy",
	"HTTPS_PROXY",
	"no_proxy",
	"NO_PROXY",
	"VAULT_TOKEN",
	"VAULT_NAMESPACE",
	"BAO_TOKEN",
	"BAO_NAMESPACE",
	"OP_SERVICE_ACCOUNT_TOKEN",
	"OP_SESSION_",
	"OP_ACCOUNT",
	"BW_SESSION",
	"AWS_ACCESS_KEY_ID",
	"AWS_SECRET_ACCESS_KEY",
	"AWS_SESSION_TOKEN",
	"AWS_REGION",
	"AWS_DEFAULT_REGION",
	"AWS_PROFILE",
	"AWS_ROLE_ARN",
	"CLOUDSDK_CORE_PROJECT",
	"CLOUDSDK_CORE_ACCOUNT",
	"GOOGLE_CLOUD_PROJECT",
	"AZURE_CLIENT_ID",
	"AZURE_TENANT_ID",
	"BUILDKITE_AGENT_ACCESS_TOKEN",
	"BUILDKITE_JOB_ID",
#ifdef SK_SANITIZE
	"ASAN_OPTIONS",
	"LSAN_OPTIONS",
#endif
};

// A bus of this user's, and no other: libdbus and sd-bus run a program for "unixexec:", and try one address after the other.
static bool source_is_own_bus(const char *value)
{
	char path[PATH_MAX];
	struct stat st;

	if (!text_starts(value, "unix:path=/") || strchr(value, ';'))
		return false;
	(void)snprintf(path, sizeof path, "%.*s", (int)strcspn(value + 10, ","), value + 10);
	return stat(path, &st) == 0 && S_ISSOCK(st.st_mode) && (st.st_uid == geteuid() || st.st_uid == 0);
}

static bool source_is_own_runtime_dir(const char *value)
{
	char own[64];

	(void)snprintf(own, sizeof own, "/run/user/%u", (unsigned)geteuid());
	return !strcmp(value, own);
}

static bool source_may_have(const char *entry)
{
	for (size_t i = 0; i < sizeof source_environment / sizeof source_environment[0]; i++) {
		const char *name = source_environment[i];
		size_t len = strlen(name);

		if (text_starts(entry, name) && (name[len - 1] == '_' || entry[len] == '='))
			return true;
	}
	return (text_starts(entry, "DBUS_SESSION_BUS_ADDRESS=") && source_is_own_bus(strchr(entry, '=') + 1)) ||
	       (text_starts(entry, "XDG_RUNTIME_DIR=") && source_is_own_runtime_dir(strchr(entry, '=') + 1));
}

// What a program that may ask needs besides, to find the terminal or to open a window.
static const char *const source_asking[] = { "TERM", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY" };

static bool source_may_ask_with(const struct source_program *program, const char *entry)
{
	for (size_t i = 0; program->terminal && i < sizeof source_asking / sizeof source_asking[0]; i++) {
		if (text_starts(entry, source_asking[i]) && entry[strlen(source_asking[i])] == '=')
			return true;
	}
	return false;
}

static bool source_is_named(const struct source_program *program, const char *entry)
{
	size_t len = strcspn(entry, "=");

	for (size_t i = 0; i < program->variable_count; i++) {
		if (!strncmp(program->variables[i], entry, len) && !program->variables[i][len])
			return true;
	}
	return false;
}

static void source_make_environment(const struct source_program *program, char *picked[SOURCE_ENVIRONMENT_MAX])
{
	size_t count = 0;

	picked[count++] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	picked[count++] = (char *)(uintptr_t)program->home;
	if (program->terminal)
		picked[count++] = (char *)(uintptr_t)program->terminal->variable;
	for (char **entry = environ; *entry && count < SOURCE_ENVIRONMENT_MAX - 1; entry++) {
		if (source_may_have(*entry) || source_may_ask_with(program, *entry) || source_is_named(program, *entry))
			picked[count++] = *entry;
	}
	picked[count] = NULL;
}

// --- running it

// What a terminal was like before it was lent to a program.
struct source_lending {
	pid_t owner;
	struct termios settings;
	bool has_settings;
};

// Its group becomes the terminal's, so that it can read what is typed, and Ctrl-C ends it and not us.
static void source_lend_terminal(const struct source_program *program, pid_t pid, struct source_lending *lending)
{
	int terminal = program->terminal->fd;

	*lending = (struct source_lending){ .owner = tcgetpgrp(terminal) };
	// in the background, the terminal is another job's
	if (lending->owner != getpgrp()) {
		lending->owner = 0;
		return;
	}
	lending->has_settings = tcgetattr(terminal, &lending->settings) == 0;
	(void)signal(SIGTTOU, SIG_IGN);
	(void)tcsetpgrp(terminal, pid);
	// it may have asked before that, and have been stopped
	(void)kill(-pid, SIGCONT);
}

// One that was ended in the middle of a question leaves a terminal that shows nothing that is typed.
static void source_take_terminal_back(const struct source_program *program, const struct source_lending *lending)
{
	if (lending->owner > 0)
		(void)tcsetpgrp(program->terminal->fd, lending->owner);
	if (lending->has_settings)
		(void)tcsetattr(program->terminal->fd, TCSADRAIN, &lending->settings);
}

struct source_run {
	pid_t pid;
	int out, error; // -1: closed
	struct buf errors;
	bool has_ended;
	int how; // its wait status, when it has
};

// path: the program without links, as it was looked at.
static enum status source_start(struct source_run *run, const char *path, const struct source_program *program, struct err *err)
{
	int out[2] = { -1, -1 }, error[2] = { -1, -1 };
	char *environment[SOURCE_ENVIRONMENT_MAX];
	enum status status = STATUS_INTERNAL;

	source_make_environment(program, environment);
	if (pipe2(out, O_CLOEXEC) == 0 && pipe2(error, O_CLOEXEC) == 0) {
		struct spawn spawn = { .path = path,
				       .args = (char **)(uintptr_t)program->args,
				       .environment = environment,
				       .fds = { -1, out[1], error[1], -1, -1 },
				       .own_session = !program->terminal,
				       .own_group = true };

		status = subprocess_spawn(&spawn, &run->pid, NULL);
	}
	if (status != STATUS_OK)
		err_set(err, STATUS_NOT_FOUND, "'%.300s' cannot be run: %s%s", program->args[0], strerror(errno),
			errno == ENOEXEC ? " (does its first line begin with #! and a program's path?)" :
			errno == EACCES	 ? " ('chmod +x' makes it a program)" :
					   "");
	for (int i = 0; i < 2; i++) {
		int ours = i ? error[0] : out[0], its = i ? error[1] : out[1];

		if (its >= 0)
			close(its);
		if (status != STATUS_OK && ours >= 0)
			close(ours);
	}
	run->out = out[0];
	run->error = error[0];
	if (status == STATUS_OK) {
		fcntl(run->out, F_SETFL, O_NONBLOCK);
		fcntl(run->error, F_SETFL, O_NONBLOCK);
	}
	return status == STATUS_OK ? STATUS_OK : STATUS_NOT_FOUND;
}

// Forgets as much of the beginning as is needed for so many more bytes, which are fewer than it may hold.
static void source_make_room(struct buf *b, size_t more)
{
	size_t over = b->len + more > b->max ? b->len + more - b->max : 0;

	if (over == 0)
		return;
	memmove(b->data, b->data + over, b->len - over);
	buf_cut(b, b->len - over);
}

// All that is there now; of complaints, the last of it.
static void source_read(int *fd, struct buf *into, bool is_complaint)
{
	char chunk[4096];
	ssize_t got = 0;

	while (*fd >= 0 && ((got = read(*fd, chunk, sizeof chunk)) > 0 || (got < 0 && errno == EINTR))) {
		if (got > 0 && is_complaint)
			source_make_room(into, (size_t)got);
		if (got > 0)
			buf_add(into, chunk, (size_t)got);
	}
	explicit_bzero(chunk, sizeof chunk);
	if (*fd >= 0 && (got == 0 || errno != EAGAIN)) {
		close(*fd);
		*fd = -1;
	}
}

// Whether it has ended; what it has started may live on, with its output.
static bool source_has_ended(struct source_run *run)
{
	int how;

	if (run->has_ended || waitpid(run->pid, &how, WNOHANG | WUNTRACED) != run->pid)
		return run->has_ended;
	// Ctrl-Z, or a question in the background: nobody could make it go on
	if (WIFSTOPPED(how)) {
		kill(-run->pid, SIGKILL);
		kill(run->pid, SIGKILL); // one that has left its group
		return false;
	}
	run->how = how;
	run->has_ended = true;
	return true;
}

// How long it is waited for at a time, without a sign of its end.
#define SOURCE_STEP_MS 20

// Until it has ended, and what it printed is read. False: it took too long, printed too much, or nobody waits for it any more.
static bool source_listen(struct source_run *run, int caller, int64_t timeout_ms, struct buf *output)
{
	int64_t end = clock_now().boot + timeout_ms;
	bool ended = false;

	while (!ended && buf_ok(output)) {
		struct pollfd fds[3] = { { .fd = run->out, .events = POLLIN },
					 { .fd = run->error, .events = POLLIN },
					 { .fd = caller, .events = POLLRDHUP } };

		if (clock_now().boot >= end || (poll(fds, 3, SOURCE_STEP_MS) < 0 && errno != EINTR) || fds[2].revents)
			return false;
		// before reading: what it printed at its end is there then
		ended = source_has_ended(run);
		source_read(&run->out, output, false);
		source_read(&run->error, &run->errors, true);
	}
	return buf_ok(output);
}

// The last line of what it complained about, and, where there is room, the one before: some programs end with the address of their bug tracker.
static const char *source_last_words(struct buf *errors)
{
	char *last, *before;

	if (!buf_ok(errors))
		return "it gave no reason";
	while (errors->len && strchr(" \r\n", errors->data[errors->len - 1]))
		buf_cut(errors, errors->len - 1);
	last = errors->len ? strrchr(errors->data, '\n') : NULL;
	if (last) {
		*last = ' ';
		if (last > errors->data && last[-1] == '\r')
			last[-1] = ' ';
		before = strrchr(errors->data, '\n');
		before = before ? before + 1 : errors->data;
		last = strlen(before) <= SOURCE_WORDS_MAX ? before : last + 1;
	}
	// how a JWT begins
	if (strstr(last ? last : errors->data, "eyJ"))
		return "(its words have a token in them)";
	return last ? last : errors->len ? errors->data : "it gave no reason";
}

// Ends it and all that it has started in its process group, and waits for it. Its wait status; -1: it had to be ended.
static int source_end(struct source_run *run)
{
	bool had_ended = run->has_ended;

	kill(-run->pid, SIGKILL);
	if (!run->has_ended)
		kill(run->pid, SIGKILL); // one that has left its group
	while (!run->has_ended && waitpid(run->pid, &run->how, 0) < 0 && errno == EINTR)
		;
	if (run->out >= 0)
		close(run->out);
	if (run->error >= 0)
		close(run->error);
	return had_ended ? run->how : -1;
}

enum status source_program_run(const struct source_program *program, int caller, struct buf *output, struct err *err)
{
	struct source_run run = { .errors = BUF_INIT(SOURCE_ERRORS_MAX) };
	const char *name = program->args[0];
	char real[PATH_MAX];
	enum status status = source_program_trust(name, real, err);
	struct source_lending lending;
	int how;

	if (status == STATUS_OK)
		status = source_start(&run, real, program, err);
	if (status != STATUS_OK)
		return status;
	if (program->terminal)
		source_lend_terminal(program, run.pid, &lending);
	(void)source_listen(&run, caller, program->timeout_ms, output);
	how = source_end(&run);
	if (program->terminal)
		source_take_terminal_back(program, &lending);
	if (!buf_ok(output))
		status = err_set(err, STATUS_POLICY, "'%.200s' printed more than %d bytes", name, SOURCE_OUTPUT_MAX);
	else if (how == -1)
		status = err_set(err, STATUS_TEMPORARY, "'%.200s' did not end within %lld s, and was ended", name,
				 (long long)program->timeout_ms / 1000);
	else if (how != 0)
		status = err_set(err, STATUS_NOT_FOUND, "'%.200s' failed (%s %d): %.300s", name,
				 WIFEXITED(how) ? "status" : "signal", WIFEXITED(how) ? WEXITSTATUS(how) : WTERMSIG(how),
				 source_last_words(&run.errors));
	else if (output->len == 0)
		status = err_set(err, STATUS_NOT_FOUND, "'%.200s' ended without an error, and printed nothing%s%.300s", name,
				 run.errors.len ? ": " : "", run.errors.len ? source_last_words(&run.errors) : "");
	buf_free(&run.errors);
	return status;
}
