// SPDX-License-Identifier: MIT
#include "core/audit.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/journal.h"
#include "base/json-read.h"
#include "base/json.h"
#include "base/lock.h"
#include "base/sha256.h"
#include "base/text.h"
#include "core/audit-asker.h"
#include "model/system-config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define AUDIT_ENTRY_MAX	    16384
#define AUDIT_FINGERPRINT   16
#define AUDIT_PRIORITY_INFO "6"
#define AUDIT_PRIORITY_WARN "4"
#define AUDIT_LOST_FILE	    "audit-lost"
#define AUDIT_LOST_MAX	    1000000

const struct audit_kind_row audit_kinds[AUDIT_KINDS] = {
	[AUDIT_ISSUED] = { "issued", "0b9c4d91aaa24888a30dbe1986fa63e4", "a token was issued", false },
	[AUDIT_RENEWED] = { "renewed", "268d2d1ee2544def8c940872d8eef4d0", "its token was renewed", false },
	[AUDIT_SERVED] = { "served", "98613f25a9f34f41b24e0cf999565289", "a cached token was given out", false },
	[AUDIT_REFUSED] = { "refused", "743773b1ea34487eaaef0fc9777205eb", "the authorization server refused a token", true },
	[AUDIT_DENIED] = { "denied", "ef3404f65bda4d25aa2c031e9474bbc8", "a token was refused by sk-helper's own rules", true },
	[AUDIT_LOCKED] = { "locked", "ea74fac0a79a488991b939672ecfe977", "its keyring, or its ssh-agent, is locked or refused",
			   true },
	[AUDIT_STORED] = { "stored", "7fe56e894f024a49a64384a7b7b43754", "its client was added, or its secret was stored",
			   false },
	[AUDIT_ROTATED] = { "rotated", "c522858077d94bf9b3177001673d3828", "its secret was replaced", false },
	[AUDIT_ERASED] = { "erased", "017b40b6ad184c40956ea991b7bd94e6", "cached tokens were forgotten", false },
	[AUDIT_REVOKED] = { "revoked", "d97d559fbb884a689760486413632bb9", "a token was revoked", false },
	[AUDIT_REMOVED] = { "removed", "0d1ac2a335a64ff3928bad253e6d7f2a", "the profile was removed", false },
};

static struct {
	const char *command, *format;
	// of the request that this process is about now
	bool has_issued, has_failed;
} audit;

void audit_set_command(const char *command)
{
	audit.command = command;
}

void audit_set_format(const char *format)
{
	audit.format = format;
}

void audit_begin_request(void)
{
	audit.has_issued = audit.has_failed = false;
}

// --- what is said

// Without what follows a '?': people put tokens there.
static void audit_put_url(struct buf *entry, const char *key, const char *url)
{
	BUF_AUTO(shown, AUDIT_ENTRY_MAX);

	if (!url)
		return;
	buf_add(&shown, url, (size_t)url_shown(url));
	journal_put(entry, key, shown.data);
}

static void audit_put_token(struct buf *entry, const struct token *token)
{
	char fingerprint[AUDIT_FINGERPRINT + 1];
	const char *payload = strchr(token->access_token, '.'), *end = payload ? strchr(payload + 1, '.') : NULL;
	BUF_AUTO(text, TOKEN_MAX);
	cJSON *json = NULL;

	// the same digest as DPoP's ath (RFC 9449 section 4.2): the server can compute it, too
	sha256_hex(token->access_token, strlen(token->access_token), fingerprint, AUDIT_FINGERPRINT);
	journal_put(entry, "SK_TOKEN_SHA256", fingerprint);
	journal_put_number(entry, "SK_EXPIRES_AT", (long long)token->expires_at);
	journal_put_number(entry, "SK_LIFETIME", (long long)(token->expires_at - token->issued_at));
	journal_put(entry, "SK_GRANTED_SCOPE", token->granted_scope);
	// of a token that is a JWT, its own id: it is not verified, and only shown
	if (end && base64url_decode(&text, payload + 1, (size_t)(end - payload) - 1))
		json = json_object(&text);
	if (json && strlen(json_text(json, "jti")) <= 128)
		journal_put(entry, "SK_TOKEN_JTI", json_text(json, "jti"));
	cJSON_Delete(json);
}

static void audit_put_profile(struct buf *entry, const struct profile *profile)
{
	journal_put(entry, "SK_PROFILE", profile->name);
	journal_put(entry, "SK_PROFILE_FILE", profile->path);
	journal_put(entry, "SK_CLIENT_ID", profile->client_id);
	audit_put_url(entry, "SK_ISSUER", profile->issuer);
	audit_put_url(entry, "SK_TOKEN_ENDPOINT", profile->token_endpoint);
	journal_put(entry, "SK_AUTH_METHOD", profile->auth_method);
	journal_put(entry, "SK_AUDIENCE", profile->audience);
}

static void audit_put_request(struct buf *entry, const struct request *request)
{
	journal_put(entry, "SK_SCOPE", request->scope);
	audit_put_url(entry, "SK_RESOURCE", request->resource);
	audit_put_url(entry, "SK_URL", request->url);
	journal_put(entry, "SK_ASKER_BEHIND", request->asker);
}

static void audit_put_asker(struct buf *entry, const struct audit_asker *asker)
{
	const char *variable, *session = audit_agent_session(&variable);

	journal_put(entry, "SK_COMMAND", audit.command);
	journal_put(entry, "SK_FORMAT", audit.format);
	journal_put_number(entry, "SK_UID", (long long)geteuid());
	journal_put_number(entry, "SK_PID", (long long)getpid());
	if (asker->pid)
		journal_put_number(entry, "SK_ASKER_PID", asker->pid);
	journal_put(entry, "SK_ASKER_NAME", asker->name);
	journal_put(entry, "SK_ASKER_PROGRAM", asker->program);
	journal_put(entry, "SK_ASKER_TERMINAL", asker->terminal);
	journal_put(entry, "SK_ASKER_UNIT", asker->unit);
	journal_put(entry, "SK_ASKER_LOGIN", asker->login);
	journal_put(entry, "SK_MCP_SERVER", getenv("CLAUDE_CODE_MCP_SERVER_NAME"));
	if (!session)
		return;
	journal_put(entry, "SK_AGENT_SESSION", session);
	journal_put(entry, "SK_AGENT_SESSION_FROM", variable);
}

static void audit_put_message(struct buf *entry, const struct audit_event *event, const struct audit_asker *asker)
{
	const char *name = event->profile ? event->profile->name : event->profile_name;
	BUF_AUTO(text, 2048);

	if (name)
		buf_addf(&text, "profile '%.64s': ", name);
	buf_adds(&text, audit_kinds[event->kind].words);
	if (event->token && !audit_kinds[event->kind].is_failure)
		buf_addf(&text, ", valid for %lld s", (long long)(event->token->expires_at - clock_now().wall));
	if (event->http_status)
		buf_addf(&text, ", HTTP %lld", (long long)event->http_status);
	if (event->error)
		buf_addf(&text, " %s", oauth_error_code(event->error));
	if (asker->pid)
		buf_addf(&text, "; asked by %s (pid %d)", *asker->name ? asker->name : "a program", asker->pid);
	if (event->reason)
		buf_addf(&text, ": %.600s", event->reason);
	journal_put(entry, "MESSAGE", text.data);
}

static void audit_write_entry(struct buf *entry, const struct audit_event *event)
{
	const struct audit_kind_row *row = &audit_kinds[event->kind];
	const struct audit_asker *asker = audit_asker();

	audit_put_message(entry, event, asker);
	journal_put(entry, "MESSAGE_ID", row->message_id);
	journal_put(entry, "PRIORITY", row->is_failure ? AUDIT_PRIORITY_WARN : AUDIT_PRIORITY_INFO);
	journal_put(entry, "SYSLOG_IDENTIFIER", "sk-helper");
	journal_put(entry, "SYSLOG_FACILITY", "10"); // authpriv: syslog(3)
	journal_put(entry, "SK_EVENT", row->word);
	if (event->profile)
		audit_put_profile(entry, event->profile);
	else
		journal_put(entry, "SK_PROFILE", event->profile_name);
	if (event->request)
		audit_put_request(entry, event->request);
	if (event->token)
		audit_put_token(entry, event->token);
	journal_put(entry, "SK_RESULT", status_word(event->status));
	journal_put_number(entry, "SK_EXIT_STATUS", status_exit_code(event->status));
	journal_put(entry, "SK_ERROR", oauth_error_code(event->error));
	if (event->http_status)
		journal_put_number(entry, "SK_HTTP_STATUS", (long long)event->http_status);
	audit_put_asker(entry, asker);
}

// --- the administrator's file

// A field of the journal's as a member of a JSON object: SK_CLIENT_ID is client_id.
static void audit_put_member(struct buf *json, char *line)
{
	char *value = strchr(line, '=');
	const char *key = text_starts(line, "SK_") ? line + 3 : line;

	*value++ = '\0';
	for (char *c = line; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	buf_addf(json, ",\"%s\"", key);
	json_put(json, ":", value);
}

static void audit_write_json(struct buf *json, struct buf *entry)
{
	time_t now = (time_t)clock_now().wall;
	char when[64] = "", *rest = entry->data, *line;
	struct tm parts;

	if (gmtime_r(&now, &parts))
		(void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &parts);
	buf_addf(json, "{\"time\":\"%s\"", when);
	while ((line = strsep(&rest, "\n")) && *line)
		audit_put_member(json, line);
	buf_adds(json, "}\n");
}

bool audit_file_path(const char *pattern, char path[AUDIT_PATH_MAX])
{
	const char *user = strstr(pattern, "%u");
	int len = user ? snprintf(path, AUDIT_PATH_MAX, "%.*s%u%s", (int)(user - pattern), pattern, (unsigned)geteuid(),
				  user + 2) :
			 snprintf(path, AUDIT_PATH_MAX, "%s", pattern);

	return len > 0 && len < AUDIT_PATH_MAX;
}

// Another user's file could be read, or changed, by him; a FIFO or a device would make us wait.
static bool audit_file_is_good(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_uid == 0 || st.st_uid == geteuid()) &&
	       !(st.st_mode & (S_IWGRP | S_IWOTH)) && st.st_nlink == 1;
}

int audit_file_open(const char *path, bool appends)
{
	int how = appends ? O_WRONLY | O_APPEND | O_CREAT : O_RDONLY;
	int fd = open(path, how | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);

	if (fd < 0 || audit_file_is_good(fd))
		return fd;
	close(fd);
	errno = EPERM;
	return -1;
}

// One write(2), which O_APPEND makes one line whoever else writes.
static bool audit_append(const char *pattern, const struct buf *json)
{
	char path[AUDIT_PATH_MAX];
	bool written;
	int fd;

	if (!buf_ok(json) || !audit_file_path(pattern, path))
		return false;
	fd = audit_file_open(path, true);
	if (fd < 0)
		return false;
	written = write(fd, json->data, json->len) == (ssize_t)json->len;
	close(fd);
	return written;
}

// --- what is lost: a file beside the locks, with a byte for each entry

static void audit_count_loss(void)
{
	int dir = lock_open_dir(), fd;
	struct stat st;

	if (dir < 0)
		return;
	fd = openat(dir, AUDIT_LOST_FILE, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size < AUDIT_LOST_MAX)
		(void)!write(fd, ".", 1);
	if (fd >= 0)
		close(fd);
	close(dir);
}

unsigned long audit_lost(void)
{
	int dir = lock_open_dir();
	struct stat st;
	bool found = dir >= 0 && fstatat(dir, AUDIT_LOST_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);

	if (dir >= 0)
		close(dir);
	return found ? (unsigned long)st.st_size : 0;
}

// Told by the next entries, until one of them has arrived.
static void audit_put_lost(struct buf *entry)
{
	unsigned long lost = audit_lost();

	if (lost)
		journal_put_number(entry, "SK_LOST", (long long)lost);
}

static void audit_forget_lost(void)
{
	int dir = lock_open_dir();

	if (dir < 0)
		return;
	(void)unlinkat(dir, AUDIT_LOST_FILE, 0);
	close(dir);
}

// --- the event

// False where it could not be written down somewhere where it should be.
static bool audit_write_down(const struct system_config *config, struct buf *entry)
{
	BUF_AUTO(json, 2 * AUDIT_ENTRY_MAX);
	bool arrived = journal_send(entry) != JOURNAL_LOST;

	if (!config->audit_file)
		return arrived;
	audit_write_json(&json, entry);
	return audit_append(config->audit_file, &json) && arrived;
}

void audit_say(const struct audit_event *event)
{
	BUF_AUTO(config_text, SYSTEM_CONFIG_ROOM);
	BUF_AUTO(entry, AUDIT_ENTRY_MAX);
	struct system_config config;
	enum audit_level level;
	bool had_losses;

	audit.has_issued = audit.has_issued || event->kind == AUDIT_ISSUED || event->kind == AUDIT_RENEWED;
	audit.has_failed = audit.has_failed || audit_kinds[event->kind].is_failure;
	(void)system_config_load(&config, &config_text, NULL);
	level = system_config_audit(&config, event->profile);
	if (level == AUDIT_OFF || (level == AUDIT_ISSUE && event->kind == AUDIT_SERVED) ||
	    (!journal_is_there() && !config.audit_file))
		return;
	had_losses = audit_lost() > 0;
	audit_write_entry(&entry, event);
	audit_put_lost(&entry);
	if (!audit_write_down(&config, &entry))
		audit_count_loss();
	else if (had_losses)
		audit_forget_lost();
}

void audit_say_failure(const struct profile *profile, const struct request *request, const struct err *err)
{
	bool is_locked = err->status == STATUS_LOCKED || err->status == STATUS_DENIED;
	const struct audit_event event = { .kind = is_locked ? AUDIT_LOCKED : AUDIT_DENIED,
					   .profile = profile,
					   .profile_name = request->profile,
					   .request = request,
					   .status = err->status,
					   .reason = err->text };

	if (!audit.has_failed && (is_locked || err->status == STATUS_POLICY))
		audit_say(&event);
}

void audit_say_served(const struct profile *profile, const struct request *request, const struct token *token)
{
	const struct audit_event event = { .kind = AUDIT_SERVED, .profile = profile, .request = request, .token = token };

	if (!audit.has_issued)
		audit_say(&event);
}
