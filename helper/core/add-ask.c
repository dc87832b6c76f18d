// SPDX-License-Identifier: MIT
#include "core/add-ask.h"

#include "base/text.h"
#include "core/ask.h"
#include "core/commands.h"
#include "model/profile-dir.h"
#include "model/url.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TRIES 3

void add_asked_free(struct add_asked *asked)
{
	for (unsigned i = 0; i < asked->count; i++)
		buf_free(&asked->answers[i]);
}

static bool has_suffix(const char *text, const char *suffix)
{
	size_t len = strlen(text), suffix_len = strlen(suffix);

	return len >= suffix_len && !strcmp(text + len - suffix_len, suffix);
}

// A URL of a person: without a scheme, https is meant.
static const char *add_ask_url_key(struct buf *answer)
{
	// what has no dot, such as a client id, is no host
	if (answer->len && !strstr(answer->data, "://") && strpbrk(answer->data, ".:[")) {
		BUF_AUTO(whole, URL_MAX);

		// plain http is for this machine itself alone
		buf_adds(&whole, text_starts(answer->data, "127.") || text_starts(answer->data, "localhost:") ||
						 text_starts(answer->data, "[::1]") ?
					 "http://" :
					 "https://");
		buf_adds(&whole, answer->data);
		buf_reset(answer);
		buf_adds(answer, whole.data);
	}
	return has_suffix(answer->data, "/token") ? "token_endpoint" : NULL;
}

// Asks until the answer is good, and puts it into the profile. key: which one it is; for a URL that cannot be known before.
static enum status add_ask_key(struct profile *profile, struct add_asked *asked, const char *prompt, const char *key,
			       bool is_url, struct err *err)
{
	enum status status = STATUS_USAGE;

	for (int i = 0; i < TRIES && status == STATUS_USAGE && asked->count < ADD_ASKED_MAX; i++) {
		struct buf *answer = &asked->answers[asked->count];
		const char *wanted = key, *answered;

		*answer = (struct buf)BUF_INIT(URL_MAX);
		asked->count++;
		status = ask_text(prompt, answer, err);
		if (status != STATUS_OK)
			return status;
		answered = is_url ? add_ask_url_key(answer) : NULL;
		if (answered)
			wanted = answered;
		status = profile_set(profile, wanted, answer->data, err);
		if (status == STATUS_USAGE && i + 1 < TRIES)
			warn(err);
	}
	return status;
}

static enum status add_ask_name(struct profile *given, struct err *err)
{
	BUF_AUTO(answer, PROFILE_NAME_MAX + 1);
	enum status status = STATUS_USAGE;

	for (int i = 0; i < TRIES && status == STATUS_USAGE; i++) {
		buf_reset(&answer);
		status = ask_text("Name of the profile, such as 'todo': ", &answer, err);
		if (status != STATUS_OK)
			return status;
		status = profile_name_check(answer.data, err);
		if (status == STATUS_USAGE && i + 1 < TRIES)
			warn(err);
	}
	if (status == STATUS_OK)
		memcpy(given->name, answer.data, answer.len + 1);
	return status;
}

enum status add_ask(struct add_options *options, struct add_asked *asked, struct err *err)
{
	struct profile *given = &options->change.given;
	bool can_ask = isatty(STDIN_FILENO);
	enum status status = STATUS_OK;

	if (!*given->name && !can_ask)
		return err_set(err, STATUS_USAGE, "add: the name of the profile is missing: see 'sk-helper help add'");
	if (!*given->name)
		status = add_ask_name(given, err);
	if (status != STATUS_OK || profile_dir_exists(given->name))
		return status;
	if (!given->token_endpoint && !given->issuer && !given->url_count) {
		if (!can_ask)
			return err_set(
				err, STATUS_USAGE,
				"add: there is no profile '%s' yet. A new one needs --url URL, --issuer URL or --token-endpoint URL%s",
				given->name, given->client_id || given->identity_token ? "" : ", and --client-id ID");
		status = add_ask_key(given, asked, "URL of the MCP server or API (or of the token endpoint): ", "url", true,
				     err);
	}
	// where there is no secret, the server may know the client by the platform's identity token
	if (status == STATUS_OK && !given->client_id && !given->identity_token) {
		if (!can_ask)
			return err_set(err, STATUS_USAGE, "add: a new profile needs --client-id ID");
		status = add_ask_key(given, asked, "Client id: ", "client_id", false, err);
	}
	return status;
}

enum status add_ask_endpoint(struct profile *profile, struct add_options *options, struct add_asked *asked, struct err *err)
{
	struct profile *given = &options->change.given;
	enum status status = add_ask_key(given, asked, "Its token endpoint, or its issuer: ", "issuer", true, err);

	if (status == STATUS_OK && given->token_endpoint)
		profile->token_endpoint = given->token_endpoint;
	else if (status == STATUS_OK)
		profile->issuer = given->issuer;
	return status;
}

void add_ask_print_word(const char *word)
{
	bool plain = !word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:/._-")];

	if (!plain)
		putchar('\'');
	for (const char *at = word; *at; at++)
		(void)(*at == '\'' ? fputs("'\\''", stdout) : putchar(*at));
	if (!plain)
		putchar('\'');
}

static void add_ask_print_list(const char *option, const struct profile *given, const struct profile_key *key)
{
	struct profile copy = *given;
	size_t *count;
	const char **values = profile_list(&copy, key, &count);

	for (size_t i = 0; i < *count; i++) {
		printf(" %s ", option);
		add_ask_print_word(values[i]);
	}
}

void add_ask_print_command(const struct add_options *options)
{
	const struct profile *given = &options->change.given;

	printf("the same without a question: sk-helper add %s", given->name);
	for (const struct option *option = command_options(command_find("add")); option->name; option++) {
		const struct profile_key *key = command_option_key(option->name);

		if (key && key->kind == KEY_LIST)
			add_ask_print_list(option->name, given, key);
		if (key && key->kind == KEY_TEXT && profile_get(given, key)) {
			printf(" %s ", option->name);
			add_ask_print_word(profile_get(given, key));
		}
	}
	puts("");
}
