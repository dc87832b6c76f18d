// SPDX-License-Identifier: MIT
// add: makes a profile and stores its client secret. The keyring is tried first, then the secret is asked for, then a
// token is requested with it, and only when that works are the profile and the secret stored.
#include "base/text.h"
#include "core/add-options.h"
#include "core/ask-oauth.h"
#include "core/ask.h"
#include "core/commands.h"
#include "core/discover.h"
#include "core/keep.h"
#include "core/obtain.h"
#include "core/terminal.h"
#include "model/auth-method.h"
#include "model/profile-dir.h"
#include "model/secret.h"

#include <stdio.h>
#include <string.h>

struct add {
	struct add_options options;
	struct profile *profile; // of the options, and what was found out
	char path[PROFILE_PATH_MAX];
	bool discovered, replaces, verified;
	struct client_key key; // of a client that has one
	struct err store_report;
	struct secret secret;
};

static bool has_key(const struct add *add)
{
	return add_options_has_key(&add->options);
}

static bool has_secret(const struct add *add)
{
	const struct keyring_key key = keyring_key(KEYRING_SECRET, add->profile, NULL);
	BUF_AUTO(record, SECRET_RECORD_MAX);

	return keyring_find(add->profile->secret_store)->get(&key, &record, NULL) == STATUS_OK;
}

// Neither a profile nor a secret that is there is replaced without a word.
static enum status may_replace(struct add *add, struct err *err)
{
	const char *name = add->profile->name;
	char question[200], without_terminal[200];

	add->replaces = true;
	if (profile_dir_exists(name)) {
		(void)snprintf(question, sizeof question, "profile '%s' already exists: replace it and its secret", name);
		(void)snprintf(without_terminal, sizeof without_terminal,
			       "add: profile '%s' already exists. Use --yes to replace it and its secret.", name);
	} else if (has_secret(add)) {
		(void)snprintf(question, sizeof question, "a client secret is already stored for '%s': replace it", name);
		(void)snprintf(without_terminal, sizeof without_terminal,
			       "add: a client secret is already stored for '%s'. Use --yes to replace it.", name);
	} else {
		add->replaces = false;
	}
	return add->replaces && !add->options.yes ? ask_yes(NULL, question, without_terminal, err) : STATUS_OK;
}

// Takes the lock, and looks again: another process may have added the profile since may_replace.
static enum status lock_for(const struct add *add, struct lock *lock, struct err *err)
{
	enum status status = keep_lock(lock, err);

	if (status == STATUS_OK && !add->replaces && !add->options.yes &&
	    (profile_dir_exists(add->profile->name) || has_secret(add))) {
		lock_release(lock);
		return err_set(err, STATUS_TEMPORARY, "another process has added profile '%s' meanwhile: nothing was changed",
			       add->profile->name);
	}
	return status;
}

// The user decides where the secret is sent: a server would choose itself (MCP, "Authorization Server Binding").
// Without a terminal, the user agrees by --issuer alone. --yes is not enough, because scripts use it to replace a
// profile.
static enum status agree_to_issuer(const struct profile *profile, const char *lines, struct err *err)
{
	BUF_AUTO(question, ANSWER_MAX);
	BUF_AUTO(without_terminal, ANSWER_MAX);

	discover_intent(profile, &question);
	buf_adds(&question, ", because '");
	buf_adds(&question, profile->urls[0]);
	buf_adds(&question, "' accepts its tokens");
	buf_adds(&without_terminal, "add: may sk-helper ");
	buf_adds(&without_terminal, question.data);
	buf_adds(&without_terminal, "? If so, add --issuer '");
	buf_adds(&without_terminal, profile->issuer);
	buf_adds(&without_terminal, "'.");
	if (!buf_ok(&question) || !buf_ok(&without_terminal))
		return err_set(err, STATUS_POLICY, "the servers' metadata is too long to be shown, so you cannot agree to it");
	return ask_yes(lines, question.data, without_terminal.data, err);
}

// What the servers chose besides, where the issuer was named: scopes, and a resource that is more than the URL.
static enum status agree_to_choice(const struct profile *profile, const char *lines, struct err *err)
{
	BUF_AUTO(without_terminal, ANSWER_MAX);

	buf_adds(&without_terminal, "add: the server names ");
	buf_adds(&without_terminal, profile->scope ? "the scopes '" : "the resource '");
	buf_adds(&without_terminal, profile->scope ? profile->scope : profile->resource);
	buf_adds(&without_terminal, profile->scope ? "'. Choose with --scope, or use --yes to ask for these." :
						     "'. Choose with --resource, or use --yes to ask for this.");
	if (!buf_ok(&without_terminal))
		return err_set(err, STATUS_POLICY, "the servers' metadata is too long to be shown, so you cannot agree to it");
	return ask_yes(lines, "request tokens with this scope and resource", without_terminal.data, err);
}

// Where no token endpoint is given, the servers are asked; and the user whether that is meant.
static enum status find_endpoint(struct add *add, struct buf *answer, struct err *warning, struct err *err)
{
	const char *algorithms = has_key(add) ? add->key.algorithms : NULL;
	const struct profile given = *add->profile, *found = add->profile;
	BUF_AUTO(lines, ANSWER_MAX);
	enum status status;
	bool chosen;

	terminal_wait_begin("the servers");
	status = discover(add->profile, algorithms, NULL, answer, warning, err);
	terminal_wait_end();
	if (status != STATUS_OK)
		return status;
	add->discovered = true;
	discover_describe(found, &lines);
	if (!buf_ok(&lines))
		return err_set(err, STATUS_POLICY, "the servers' metadata is too long to be shown, so you cannot agree to it");
	if (!given.issuer)
		return agree_to_issuer(found, lines.data, err);
	chosen = (!given.scope && found->scope) ||
		 (!given.resource && found->resource && !text_same(found->resource, given.url_count ? given.urls[0] : NULL));
	return chosen && !add->options.yes ? agree_to_choice(found, lines.data, err) : STATUS_OK;
}

// --- what is said at the end

static void print_lifetime(int64_t seconds)
{
	if (seconds < 120)
		printf("%lld s", (long long)seconds);
	else
		printf("%lld min", (long long)seconds / 60);
}

static void report_token(const struct profile *profile, const struct token *token)
{
	printf("token: the server gave one for ");
	print_lifetime(token->expires_at - token->issued_at);
	if (*token->granted_scope)
		printf(", scope '%s'", token->granted_scope);
	else if (profile->scope)
		printf("; it did not say which of the scopes it granted");
	printf("\n");
}

static void report_place(const struct add *add, const struct err *first_choice_error)
{
	const struct keyring *store = keyring_find(add->profile->secret_store);

	printf("%s: in the %s keyring: %s\n", secret_noun(has_key(add)), store->name,
	       add->options.generate_key && store->is_memory_only ?
		       "it is in memory only, and nobody else has it: after a reboot, generate and register another one" :
		       store->after_reboot);
	printf("  (%s)\n", add->store_report.text);
	if (*first_choice_error->text)
		printf("  (the first choice is not available: %s)\n", first_choice_error->text);
}

static void report(const struct add *add, const struct cached_token *obtained, const struct err *first_choice_error)
{
	const struct profile *profile = add->profile;
	char path[PROFILE_PATH_MAX];
	BUF_AUTO(lines, ANSWER_MAX);

	// from the environment
	(void)snprintf(path, sizeof path, "%s", profile->path);
	text_sanitize(path);
	printf("profile '%s': %s\n", profile->name, path);
	if (add->discovered) {
		discover_describe(profile, &lines);
		fputs(lines.data, stdout);
	}
	report_place(add, first_choice_error);
	if (add->verified)
		report_token(profile, &obtained->token);
	if (has_key(add) && !auth_method_uses_certificate(profile->auth_method))
		printf("its public key, to register with the client%s:\n%s\n",
		       add->options.generate_key ? ", before the first token" : "", add->key.public_jwk);
}

struct same_url {
	const struct profile *profile;
	char name[PROFILE_NAME_MAX + 1]; // of one with the same url; "" for none
};

static bool find_same_url(const char *name, void *context)
{
	struct same_url *same_url = context;
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	struct profile other;

	if (!strcmp(name, same_url->profile->name) || profile_dir_load(name, &text, &other, NULL) != STATUS_OK)
		return true;
	for (size_t i = 0; i < other.url_count; i++) {
		for (size_t j = 0; j < same_url->profile->url_count; j++) {
			if (!strcmp(other.urls[i], same_url->profile->urls[j]))
				memcpy(same_url->name, name, strlen(name) + 1);
		}
	}
	return !*same_url->name;
}

static void warn_of_same_url(const struct profile *profile)
{
	struct same_url same_url = { profile, "" };
	struct err warning;

	if (profile_dir_each(find_same_url, &same_url, NULL) != STATUS_OK || !*same_url.name)
		return;
	err_set(&warning, STATUS_USAGE, "profile '%s' has the same url: a request by URL must now name one of the two profiles",
		same_url.name);
	warn(&warning);
}

// --- the steps of add

// What the client will prove itself with: read before the servers are asked, because it decides what they are asked for.
static enum status add_take_key(struct add *add, struct buf *answer, struct err *err)
{
	const struct add_options *options = &add->options;
	BUF_AUTO(text, 32768);
	enum status status;

	if (options->generate_key)
		return oauth_generate_key(add->profile->assertion_alg, options->key_id, answer, &add->key, err);
	status = ask_private_key(options->key_file, &text, err);
	return status == STATUS_OK ? oauth_import_key(&text, options->key_id, answer, &add->key, err) : status;
}

static enum status add_prepare(struct add *add, struct err *first_choice_error, struct err *err)
{
	enum status status = keep_prepare(err);

	if (status == STATUS_OK)
		status = profile_dir_make_own(add->profile, add->path, err);
	if (status == STATUS_OK)
		status = keep_choose_keyrings(add->profile, first_choice_error, err);
	if (status == STATUS_OK)
		status = keep_try_store(add->profile, &add->store_report, err);
	return status == STATUS_OK ? may_replace(add, err) : status;
}

static enum status add_take_secret(struct add *add, struct buf *client_secret, struct err *err)
{
	enum status status = has_key(add) ? STATUS_OK : ask_secret(add->profile->name, client_secret, err);

	add->secret.is_key = has_key(add);
	add->secret.value = has_key(add) ? add->key.private_key : client_secret->data;
	return status;
}

// A key that was generated just now is not registered at the server, so no token can be requested with it yet.
static enum status add_verify(struct add *add, struct cached_token *obtained, struct err *err)
{
	enum status status;

	if (add->options.no_verify || add->options.generate_key)
		return STATUS_OK;
	terminal_wait_begin("the authorization server");
	status = obtain_with_secret(add->profile, &add->secret, obtained, err);
	terminal_wait_end();
	add->verified = status == STATUS_OK;
	if (status != STATUS_OK)
		err_prefix(err, "profile '%s' not added", add->profile->name);
	return status;
}

static enum status add_keep(const struct add *add, struct err *warning, struct err *err)
{
	struct lock lock;
	enum status status = lock_for(add, &lock, err);

	if (status != STATUS_OK)
		return status;
	status = keep_client(add->profile, &add->secret, warning, err);
	lock_release(&lock);
	return status;
}

enum status command_add(char **args, struct err *err)
{
	CACHED_TOKEN_AUTO(obtained);
	BUF_AUTO(client_secret, SECRET_MAX);
	BUF_AUTO(answer, 65536);
	BUF_AUTO(key, 65536);
	struct err first_choice_error, warning, method_warning = { 0 };
	struct add add = { .profile = &add.options.profile };
	enum status status = add_options_parse(&add.options, args, err);

	if (status == STATUS_OK)
		status = add_prepare(&add, &first_choice_error, err);
	if (status == STATUS_OK && has_key(&add))
		status = add_take_key(&add, &key, err);
	if (status == STATUS_OK && !add.profile->token_endpoint)
		status = find_endpoint(&add, &answer, &method_warning, err);
	if (status == STATUS_OK)
		status = profile_complete(add.profile, err);
	if (status == STATUS_OK)
		status = add_take_secret(&add, &client_secret, err);
	if (status == STATUS_OK)
		status = add_verify(&add, &obtained, err);
	if (status == STATUS_OK)
		status = add_keep(&add, &warning, err);
	if (status != STATUS_OK)
		return status;
	if (add.verified)
		token_cache_put(add.profile, &obtained);
	report(&add, &obtained, &first_choice_error);
	warn_of_same_url(add.profile);
	if (*obtained.warning.text)
		warn(&obtained.warning);
	if (*warning.text)
		warn(&warning);
	if (*method_warning.text)
		warn(&method_warning);
	return STATUS_OK;
}
