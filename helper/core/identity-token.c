// SPDX-License-Identifier: MIT
#include "core/identity-token.h"

#include "base/clock.h"
#include "base/debug.h"
#include "base/text.h"
#include "core/ask-oauth.h"
#include "core/sent-tokens.h"
#include "core/source-runner.h"
#include "model/identity-source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ACTIONS_URL   "ACTIONS_ID_TOKEN_REQUEST_URL"
#define ACTIONS_TOKEN "ACTIONS_ID_TOKEN_REQUEST_TOKEN"

void identity_token_free(struct identity_token *token)
{
	buf_free(&token->text);
}

// --- the sources

// Links are followed: kubelet puts a new token in the place of an old one by another link. O_NONBLOCK: a FIFO must not hang us.
static enum status identity_read_file(const char *path, struct buf *text, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	enum status status = STATUS_OK;

	if (fd < 0 || fstat(fd, &st) < 0)
		status = err_set(err, STATUS_NOT_FOUND, "'%s': %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		status = err_set(err, STATUS_POLICY, "'%s' is not a file", path);
	else if (st.st_mode & S_IWOTH)
		status = err_set(err, STATUS_POLICY,
				 "every user can write to '%s': nothing was sent ('chmod o-w' removes their permission)", path);
	else if (!buf_read(text, fd))
		status = err_set(err, STATUS_POLICY, "'%s' cannot be read, or is larger than %d bytes", path,
				 IDENTITY_TOKEN_MAX);
	if (fd >= 0)
		close(fd);
	return status;
}

static enum status identity_read_variable(const char *name, struct buf *text, struct err *err)
{
	const char *value = getenv(name);

	if (!value || !*value)
		return err_set(err, STATUS_NOT_FOUND, "the environment variable %s is not set", name);
	buf_adds(text, value);
	return buf_ok(text) ? STATUS_OK :
			      err_set(err, STATUS_POLICY, "the environment variable %s is longer than %d bytes", name,
				      IDENTITY_TOKEN_MAX);
}

// Whoever has the job's credential gets identity tokens for every audience: it goes to GitHub, or to the host that the profile names.
static enum status identity_check_actions(const char *text, const char *host, struct err *err)
{
	static const char *const github[] = { ".actions.githubusercontent.com", ".ghe.com" };
	struct url url;
	bool good = false;

	if (url_parse(&url, text, NULL) != STATUS_OK || !url_is_safe(&url))
		return err_set(err, STATUS_POLICY, ACTIONS_URL " is no URL with https: nothing was sent");
	if (*host)
		good = url.host_len == strlen(host) && !strncasecmp(url.host, host, url.host_len);
	for (size_t i = 0; !*host && i < sizeof github / sizeof github[0]; i++) {
		size_t len = strlen(github[i]);

		good = good || (url.https && url.host_len > len && !strncasecmp(url.host + url.host_len - len, github[i], len));
	}
	if (good || (!*host && url_is_loopback(&url)))
		return STATUS_OK;
	return err_set(err, STATUS_POLICY,
		       ACTIONS_URL " leads to '%.*s', which is not GitHub: nothing was sent. If that is your server, say "
				   "so: --identity-token github-actions:%.*s",
		       (int)url.host_len, url.host, (int)url.host_len, url.host);
}

static enum status identity_ask_actions(const struct profile *profile, const char *host, struct buf *text, struct err *err)
{
	const char *url = getenv(ACTIONS_URL), *bearer = getenv(ACTIONS_TOKEN);
	char room[URL_MAX + 1];
	enum status status;

	if (!url || !*url || !bearer || !*bearer)
		return err_set(err, STATUS_NOT_FOUND,
			       "this is no job of GitHub's or Forgejo's Actions that may have one: " ACTIONS_URL
			       " and " ACTIONS_TOKEN " are not set (permissions: id-token: write)");
	if (!text_is_graphic(bearer))
		return err_set(err, STATUS_POLICY, ACTIONS_TOKEN " is not one line of printable ASCII: nothing was sent");
	status = identity_check_actions(url, host, err);
	if (status != STATUS_OK)
		return status;
	return oauth_actions_token(profile, url, bearer, profile_identity_audience(profile, room), text, err);
}

static void identity_trim(struct buf *text)
{
	size_t skip = 0;

	if (!buf_ok(text))
		return;
	while (text->len && strchr(" \t\r\n", text->data[text->len - 1]))
		text->data[--text->len] = '\0';
	while (skip < text->len && strchr(" \t\r\n", text->data[skip]))
		skip++;
	memmove(text->data, text->data + skip, text->len - skip + 1);
	text->len -= skip;
}

enum status identity_token_read(const struct profile *profile, struct identity_token *token, struct err *err)
{
	struct identity_source source;
	enum status status = identity_source_parse(&source, profile->identity_token, err);

	if (status == STATUS_OK && source.kind == IDENTITY_FILE)
		status = identity_read_file(source.value, &token->text, err);
	else if (status == STATUS_OK && source.kind == IDENTITY_ENV)
		status = identity_read_variable(source.value, &token->text, err);
	else if (status == STATUS_OK && source.kind == IDENTITY_COMMAND)
		status = source_runner_ask(profile, SOURCE_IDENTITY, &token->text, err);
	else if (status == STATUS_OK)
		status = identity_ask_actions(profile, source.value, &token->text, err);
	if (status == STATUS_OK) {
		identity_trim(&token->text);
		if (!buf_ok(&token->text) || !token->text.len)
			status = err_set(err, STATUS_NOT_FOUND, "there is nothing in it");
		else if (!text_is_graphic(token->text.data) || strlen(token->text.data) != token->text.len)
			status = err_set(err, STATUS_POLICY, "it is not one line of printable ASCII: nothing was sent");
	}
	if (status != STATUS_OK) {
		err_prefix(err, "identity token (%.200s)", profile->identity_token);
		return status;
	}
	sha256_hex(token->text.data, token->text.len, token->sha256, SHA256_HEX_SIZE - 1);
	return STATUS_OK;
}

// --- before it is sent

bool identity_token_may_be_reused(const struct profile *profile)
{
	return text_same(profile->identity_token_reuse, "yes");
}

// Sent before it is valid, it would be refused, and used up.
static void identity_wait(int64_t not_before)
{
	const struct timespec pause = { 0, 50000000 };

	for (int64_t end = clock_now().boot + IDENTITY_WAIT_MAX * 1000LL;
	     clock_now().wall < not_before && clock_now().boot < end;)
		(void)nanosleep(&pause, NULL);
}

static enum status identity_mark(const struct profile *profile, struct identity_token *token, int64_t expires_at,
				 struct err *err)
{
	struct identity_source source;
	struct sent_token sent;
	bool is_fixed = identity_source_of(&source, profile->identity_token) && source.kind == IDENTITY_ENV;
	enum status status = sent_token_mark(token->sha256, expires_at, &sent, err);

	token->is_marked = status == STATUS_OK;
	if (status != STATUS_TEMPORARY)
		return status;
	if (sent.http_status)
		err_suffix(err, " and refused (HTTP %lld)", (long long)sent.http_status);
	err_suffix(err, ", and each is sent only once: ");
	if (is_fixed)
		err_suffix(err, "a variable is not renewed");
	else
		err_suffix(err, "the platform has not renewed it yet (it ends in %lld s)",
			   (long long)(expires_at - clock_now().wall));
	err_suffix(err, ". If this server takes one more than once: --identity-token-reuse yes (of 'sk-helper add' or 'set')");
	// waiting does not help
	if (is_fixed && sent.http_status)
		status = STATUS_REFUSED;
	if (err)
		err->status = status;
	return status;
}

enum status identity_token_take(const struct profile *profile, struct identity_token *token, struct err *err)
{
	IDENTITY_CLAIMS_AUTO(claims);
	char room[URL_MAX + 1];
	enum status status = identity_token_read(profile, token, err);

	if (status != STATUS_OK)
		return status;
	status = identity_claims_read(token->text.data, &claims, err);
	if (status == STATUS_OK)
		status = identity_claims_check(&claims, profile_identity_audience(profile, room), clock_now().wall, err);
	if (status == STATUS_OK)
		identity_wait(claims.not_before);
	if (status == STATUS_OK && !identity_token_may_be_reused(profile))
		status = identity_mark(profile, token, claims.expires_at, err);
	if (status != STATUS_OK)
		err_prefix(err, "identity token (%.200s)", profile->identity_token);
	else
		debug_say("an identity token of '%.100s' is sent, which ends in %lld s", claims.issuer,
			  (long long)(claims.expires_at - clock_now().wall));
	return status;
}

void identity_token_note(const struct identity_token *token, int64_t http_status)
{
	if (token->is_marked)
		sent_token_note_refusal(token->sha256, http_status);
}

void identity_token_put_back(struct identity_token *token)
{
	if (token->is_marked)
		sent_token_unmark(token->sha256);
	token->is_marked = false;
}

uint64_t identity_token_now(const struct profile *profile)
{
	IDENTITY_TOKEN_AUTO(token);
	struct identity_source source;

	if (!identity_source_of(&source, profile->identity_token) || identity_kinds[source.kind].is_new_each_time ||
	    identity_token_read(profile, &token, NULL) != STATUS_OK)
		return 0;
	return text_hash(token.sha256);
}
