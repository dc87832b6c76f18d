// SPDX-License-Identifier: MIT
#include "core/audit-asker.h"

#include "base/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ASKER_CLIMB_MAX 6 // bridge, proxy and share run the front door for each question

static struct audit_asker the_asker;

// proc(5). The line end behind it is cut off.
static bool asker_read(int pid, const char *file, char *text, size_t size)
{
	char path[64];
	ssize_t got;
	int fd;

	(void)snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	got = read(fd, text, size - 1);
	close(fd);
	if (got <= 0)
		return false;
	text[got] = '\0';
	if (text[got - 1] == '\n')
		text[got - 1] = '\0';
	return true;
}

// The name has blanks and parentheses if it likes: what follows the last one counts (proc(5), /proc/pid/stat).
static bool asker_read_stat(int pid, int *parent, int *terminal)
{
	char text[1024], *end;

	if (!asker_read(pid, "stat", text, sizeof text))
		return false;
	end = strrchr(text, ')');
	return end && sscanf(end + 1, " %*c %d %*d %*d %d", parent, terminal) == 2;
}

static void asker_describe_terminal(int device, char text[32])
{
	// the numbers of Unix98 pseudo-terminals, and of the console (Documentation/admin-guide/devices.txt)
	unsigned major = (unsigned)device >> 8 & 0xfff, minor = ((unsigned)device & 0xff) | ((unsigned)device >> 12 & 0xfff00);

	if (major >= 136 && major <= 143)
		(void)snprintf(text, 32, "pts/%u", (major - 136) * 256 + minor);
	else if (major == 4)
		(void)snprintf(text, 32, "tty%s%u", minor < 64 ? "" : "S", minor < 64 ? minor : minor - 64);
}

// "0::/system.slice/deploy.service": the last name of the path.
static void asker_read_unit(int pid, char unit[ASKER_TEXT])
{
	char text[1024];
	const char *slash;

	if (!asker_read(pid, "cgroup", text, sizeof text))
		return;
	text[strcspn(text, "\n")] = '\0'; // of the first hierarchy
	slash = strrchr(text, '/');
	if (slash && strchr(slash, '.'))
		(void)snprintf(unit, ASKER_TEXT, "%s", slash + 1);
}

const struct audit_asker *audit_asker(void)
{
	return &the_asker;
}

// In a container, the first process may be anything, and ask; elsewhere, it is what is left of a parent that has ended.
static bool asker_is_nobody(int pid, const char *name)
{
	return pid == 1 && (!strcmp(name, "systemd") || !strcmp(name, "init"));
}

void audit_asker_look(int above)
{
	struct audit_asker *asker = &the_asker;
	int pid = getpid(), parent = getppid(), terminal = 0;
	char path[64];
	ssize_t len;

	(void)asker_read_stat(pid, &parent, &terminal);
	asker_describe_terminal(terminal, asker->terminal);
	asker_read_unit(pid, asker->unit);
	// 4294967295 where nobody has logged in
	if (asker_read(pid, "sessionid", asker->login, sizeof asker->login) && !strcmp(asker->login, "4294967295"))
		asker->login[0] = '\0';
	if (above > 0)
		parent = above;
	for (int i = 0; i < ASKER_CLIMB_MAX && parent > 0; i++) {
		asker->pid = parent;
		if (!asker_read(parent, "comm", asker->name, sizeof asker->name))
			asker->name[0] = '\0';
		if (strcmp(asker->name, "sk-core") != 0 && strcmp(asker->name, "sk-helper") != 0)
			break;
		if (!asker_read_stat(parent, &parent, &terminal))
			break;
	}
	if (!*asker->name || asker_is_nobody(asker->pid, asker->name)) {
		asker->pid = 0;
		asker->name[0] = '\0';
		return;
	}
	(void)snprintf(path, sizeof path, "/proc/%d/exe", asker->pid);
	len = readlink(path, asker->program, sizeof asker->program - 1);
	asker->program[len > 0 ? len : 0] = '\0';
}

const char *audit_agent_session(const char **variable)
{
	static const char *const names[] = { "CLAUDE_CODE_SESSION_ID", "CODEX_THREAD_ID", "QWEN_CODE_SESSION_ID",
					     "OPENCODE_SESSION_ID",    "GITHUB_RUN_ID",	  "CI_JOB_ID",
					     "BUILDKITE_JOB_ID" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *value = getenv(names[i]);

		*variable = names[i];
		if (value && text_is_graphic(value) && strlen(value) <= 128)
			return value;
	}
	return NULL;
}
