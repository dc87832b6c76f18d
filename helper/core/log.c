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
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOG_LINE_MAX 65536
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
	char profile[PROFILE_NAME_MAX + 16];
	const char *args[LOG_ARGS_MAX] = { "journalctl", "--quiet", "--no-pager", "--output",
					   words->json ? "json" : "short-iso" };
	size_t count = 5;

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
	(void)snprintf(profile, sizeof profile, "SK_PROFILE=%s", words->name ? words->name : "");
	if (words->name)
		args[count++] = profile;
	args[count] = NULL;
	(void)signal(SIGPIPE, SIG_DFL);
	execv(program, (char **)(uintptr_t)args);
	return err_set(err, STATUS_INTERNAL, "'%s': %s", program, strerror(errno));
}

// --- the administrator's file

static void log_print_line(const struct buf *line, const struct log_words *words)
{
	cJSON *json = json_object(line);
	char text[2048];

	if (!json)
		return;
	if (!words->name || !strcmp(json_text(json, "profile"), words->name)) {
		(void)snprintf(text, sizeof text, "%s %s", json_text(json, "time"), json_text(json, "message"));
		text_sanitize(text);
		puts(words->json ? line->data : text);
	}
	cJSON_Delete(json);
}

static enum status log_read_file(const char *pattern, const struct log_words *words, struct err *err)
{
	BUF_AUTO(line, LOG_LINE_MAX);
	char path[AUDIT_PATH_MAX];
	int fd;

	if (words->since || words->lines || words->follow)
		return err_set(
			err, STATUS_USAGE,
			"--since, --lines and --follow are for systemd's journal, and there is none here: '%.300s' has the "
			"events, a JSON object a line",
			pattern);
	if (!audit_file_path(pattern, path))
		return err_set(err, STATUS_USAGE, "audit_file: '%.300s' is too long", pattern);
	fd = audit_file_open(path, false);
	if (fd < 0)
		return errno == ENOENT ? STATUS_OK : err_set(err, STATUS_UNAVAILABLE, "'%.300s': %s", path, strerror(errno));
	while (buf_read_line(&line, fd))
		log_print_line(&line, words);
	close(fd);
	return STATUS_OK;
}

enum status command_log(char **args, struct err *err)
{
	const struct options parser = { "log", log_options, false };
	const char *program = log_journalctl();
	BUF_AUTO(config_text, SYSTEM_CONFIG_MAX);
	struct log_words words = { 0 };
	struct system_config config;
	enum status status = options_parse(&parser, &args, log_take_word, &words, err);

	if (status == STATUS_OK && words.name)
		status = profile_name_check(words.name, err);
	if (status != STATUS_OK)
		return status;
	(void)system_config_load(&config, &config_text, NULL);
	if (program && (journal_is_there() || !config.audit_file))
		return log_run_journalctl(program, &words, err);
	if (config.audit_file)
		return log_read_file(config.audit_file, &words, err);
	return err_set(err, STATUS_UNAVAILABLE,
		       "there is no journal here, and no journalctl: audit_file in " SYSTEM_CONFIG_FILE
		       " names a file that events are written to instead");
}
