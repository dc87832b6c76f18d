// SPDX-License-Identifier: MIT
// log: reads the trail of who asked back: from systemd's journal with journalctl(1), or from the administrator's file where there is no
// journal.
#include "base/journal.h"
#include "base/json-read.h"
#include "base/text.h"
#include "core/audit.h"
#include "core/commands.h"
#include "model/system-config.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_ARGS_MAX 16

const struct option log_options[] = {
	{ "--since", "TIME", "from then on: '1 hour ago', '2026-11-28 14:00' (journalctl's words)" },
	{ "--lines", "N", "the last N events alone" },
	{ "--follow", NULL, "stay, and show new events as they come" },
	{ "--json", NULL, "all fields, a JSON object a line" },
	{ NULL, NULL, NULL },
};

struct log_words {
	const char *name, *since, *lines;
	bool follow, json;
};

static enum status log_take_word(void *context, const char *option, const char *value, struct err *err)
{
	struct log_words *words = context;
	int64_t number;

	if (!option && words->name)
		return err_set(err, STATUS_USAGE, "log takes the name of one profile, not also '%s'", value);
	if (!option)
		words->name = value;
	else if (!strcmp(option, "--since"))
		words->since = value;
	else if (!strcmp(option, "--follow"))
		words->follow = true;
	else if (!strcmp(option, "--json"))
		words->json = true;
	else if (text_to_number(value, 1, 1000000, &number))
		words->lines = value;
	else
		return err_set(err, STATUS_USAGE, "--lines: '%.40s' is not a number from 1 to 1000000", value);
	return STATUS_OK;
}

// --- the journal

static const char *log_journalctl(void)
{
	static const char *const places[] = { "/usr/bin/journalctl", "/bin/journalctl",
					      "/run/current-system/sw/bin/journalctl" };

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		if (access(places[i], X_OK) == 0)
			return places[i];
	}
	return NULL;
}

// Does not return where it can be run.
static enum status log_run_journalctl(const char *program, const struct log_words *words, struct err *err)
{
	char profile[PROFILE_NAME_MAX + 16], user[32];
	const char *args[LOG_ARGS_MAX] = { "journalctl", "--no-pager", "--output", words->json ? "json" : "short-iso" };
	size_t count = 4;

	// otherwise it says that there are none, or that the reader may not see them
	if (words->json)
		args[count++] = "--quiet";
	if (words->since) {
		args[count++] = "--since";
		args[count++] = words->since;
	}
	if (words->lines) {
		args[count++] = "--lines";
		args[count++] = words->lines;
	}
	if (words->follow)
		args[count++] = "--follow";
	args[count++] = "SYSLOG_IDENTIFIER=sk-helper";
	// what other users have written is theirs; root sees all, with the number of who wrote it in --json
	(void)snprintf(user, sizeof user, "_UID=%u", (unsigned)geteuid());
	if (geteuid() != 0)
		args[count++] = user;
	(void)snprintf(profile, sizeof profile, "SK_PROFILE=%s", words->name ? words->name : "");
	if (words->name)
		args[count++] = profile;
	args[count] = NULL;
	(void)signal(SIGPIPE, SIG_DFL);
	execv(program, (char **)(uintptr_t)args);
	return err_set(err, STATUS_INTERNAL, "'%s': %s", program, strerror(errno));
}

// --- the administrator's file

// Whether the line is an event of the profile's; it is printed, too, if that is wanted.
static bool log_take_line(const char *text, const struct log_words *words, bool prints)
{
	const struct buf line = { .data = (char *)(uintptr_t)text, .len = strlen(text) };
	cJSON *json = json_object(&line);
	bool taken = json && (!words->name || !strcmp(json_text(json, "profile"), words->name));
	char shown[2048];

	if (taken && prints && words->json) {
		// written anew, so that no control character stays
		char *anew = cJSON_PrintUnformatted(json);

		puts(anew ? anew : "");
		cJSON_free(anew);
	} else if (taken && prints) {
		(void)snprintf(shown, sizeof shown, "%s %s", json_text(json, "time"), json_text(json, "message"));
		text_sanitize(shown);
		puts(shown);
	}
	cJSON_Delete(json);
	return taken;
}

// How many events there are. Those behind the first skip ones are printed.
static int64_t log_take_lines(FILE *file, const struct log_words *words, int64_t skip)
{
	char *line = NULL;
	size_t size = 0;
	int64_t count = 0;
	ssize_t len;

	rewind(file);
	while ((len = getline(&line, &size, file)) > 0) {
		line[strcspn(line, "\n")] = '\0';
		count += log_take_line(line, words, count >= skip);
	}
	free(line);
	return count;
}

static enum status log_read_file(const char *pattern, const struct log_words *words, struct err *err)
{
	char path[AUDIT_PATH_MAX];
	int64_t skip = 0, wanted;
	FILE *file;
	int fd;

	if (words->since || words->follow)
		return err_set(
			err, STATUS_USAGE,
			"--since and --follow are for systemd's journal, and there is none here: '%.300s' has the events, a "
			"JSON object a line",
			pattern);
	if (!audit_file_path(pattern, path))
		return err_set(err, STATUS_USAGE, "audit_file: '%.300s' is too long", pattern);
	fd = audit_file_open(path, false);
	if (fd < 0)
		return errno == ENOENT ? STATUS_OK : err_set(err, STATUS_UNAVAILABLE, "'%.300s': %s", path, strerror(errno));
	file = fdopen(fd, "r");
	if (!file) {
		close(fd);
		return err_set(err, STATUS_INTERNAL, "'%.300s': %s", path, strerror(errno));
	}
	if (words->lines && text_to_number(words->lines, 1, INT64_MAX, &wanted))
		skip = log_take_lines(file, words, INT64_MAX) - wanted;
	(void)log_take_lines(file, words, skip);
	(void)fclose(file);
	return STATUS_OK;
}

enum status command_log(char **args, struct err *err)
{
	const struct options parser = { "log", log_options, false };
	const char *program = log_journalctl();
	BUF_AUTO(config_text, SYSTEM_CONFIG_ROOM);
	struct log_words words = { 0 };
	struct system_config config;
	enum status status = options_parse(&parser, &args, log_take_word, &words, err);

	if (status == STATUS_OK && words.name)
		status = profile_name_check(words.name, err);
	if (status != STATUS_OK)
		return status;
	(void)system_config_load(&config, &config_text, NULL);
	if (program && journal_is_there())
		return log_run_journalctl(program, &words, err);
	if (config.audit_file)
		return log_read_file(config.audit_file, &words, err);
	return err_set(
		err, STATUS_UNAVAILABLE,
		"nothing is logged here: there is no systemd journal (or no journalctl), and no audit_file in " SYSTEM_CONFIG_FILE
		" that names a file instead");
}
