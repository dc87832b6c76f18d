// SPDX-License-Identifier: MIT
// add: makes a profile and stores its client secret; of a profile that is there, it changes what is given and asks for the secret where
// that is needed. set: changes a profile. The keyring is tried first, then the secret is asked for, then a token is requested with it,
// and only when that works are the profile and the secret stored.
#include "core/add.h"

#include "base/text.h"
#include "core/add-ask.h"
#include "core/add-missing.h"
#include "core/add-options.h"
#include "core/ask-key.h"
#include "core/ask-oauth.h"
#include "core/ask.h"
#include "core/audit.h"
#include "core/change.h"
#include "core/commands.h"
#include "core/discover.h"
#include "core/keep.h"
#include "core/obtain.h"
#include "core/secret-source.h"
#include "core/ssh-agent.h"
#include "core/stored-secret.h"
#include "core/terminal.h"
#include "model/auth-method.h"
#include "model/profile-dir.h"
#include "model/secret.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_TRIES 3 // as ssh and sudo do

struct add {
	struct add_options *options;
	struct profile profile; // as it will be
	struct profile old;	// as it was; with a name and a path alone where there was none
	struct buf old_text;
	bool exists, is_set;
	bool replaces_file;	 // there is one that cannot be trusted, of which nothing stays
	bool takes_secret;	 // a new secret is given or asked for
	struct add_asked *asked; // what the user was asked for, because it was missing; may be NULL
	char path[PROFILE_PATH_MAX];
	bool discovered, shown, replaces, verified;
	struct client_key key; // of a client that is given one
	struct buf key_answer, client_secret, stored, answer;
	struct secret secret; // to be kept, where it has a value
	struct cached_token *obtained;
	struct err store_report, store_failure, method_warning, warning;
};

static bool has_key(const struct add *add)
{
	return add_options_has_key(add->options);
}

// --- what is to be done

static bool add_finds_secret(const struct add *add)
{
	const struct keyring_key key = keyring_key(KEYRING_SECRET, &add->profile, NULL);
	const struct keyring *store = keyring_find(add->profile.secret_store);
	BUF_AUTO(record, SECRET_RECORD_MAX);

	return store && store->get(&key, &record, NULL) == STATUS_OK;
}

// Two kinds of secrets are not replaced without a word: one that a removed profile of this name has left, and one that a new secret would
// take the place of without a proof that the new one works.
static enum status add_may_replace(struct add *add, struct err *err)
{
	const char *name = add->profile.name;
	bool unproved = add->options->no_verify || add->options->generate_key;
	char question[240], without_terminal[240];

	if ((add->exists && !unproved) || !add_finds_secret(add))
		return STATUS_OK;
	add->replaces = true;
	if (add->exists) {
		(void)snprintf(question, sizeof question,
			       "a secret is stored for '%s', and the new one is not proved: replace it", name);
		(void)snprintf(
			without_terminal, sizeof without_terminal,
			"%s: a secret is stored for '%s', and the new one is not proved. Use 'sk-helper add' with --yes to "
			"replace it.",
			add->options->command, name);
	} else {
		(void)snprintf(question, sizeof question, "a client secret is already stored for '%s': replace it", name);
		(void)snprintf(without_terminal, sizeof without_terminal,
			       "add: a client secret is already stored for '%s'. Use --yes to replace it.", name);
	}
	return add->options->yes || add->options->dry_run ? STATUS_OK : ask_yes(NULL, question, without_terminal, err);
}

// Takes the lock, and looks again at what was looked at before the user was asked.
static enum status add_lock(const struct add *add, struct lock *lock, struct err *err)
{
	enum status status = add->exists ? keep_lock_unchanged(lock, &add->old, err) : keep_lock(lock, err);

	if (status == STATUS_OK && !add->exists && !add->replaces_file &&
	    (profile_dir_exists(add->profile.name) || (!add->replaces && add_finds_secret(add)))) {
		lock_release(lock);
		return err_set(err, STATUS_TEMPORARY, "another process has added profile '%s' meanwhile: nothing was changed",
			       add->profile.name);
	}
	return status;
}

// An identity token in the place of a secret, or the other way round, or another grant: what followed from the one before does not stay.
static void add_switch_identity(struct add *add)
{
	const struct profile *given = &add->options->change.given;
	struct profile *profile = &add->profile;

	if (!profile->identity_token && add->old.identity_token && !given->grant)
		profile->grant = NULL;
	if (text_same(profile->identity_token, add->old.identity_token) && text_same(profile->grant, add->old.grant))
		return;
	if (!given->auth_method && (!profile->identity_token || !add->old.identity_token || !profile_has_secret(&add->old)))
		profile->auth_method = NULL;
}

// Whether the profile had a secret in a keyring, and will have none there: the one that is stored goes.
static bool add_drops_secret(const struct add *add)
{
	return add->exists && keyring_find(add->old.secret_store) &&
	       (!profile_has_secret(&add->profile) || profile_secret_is_elsewhere(&add->profile));
}

// A file of which nothing stays is a new profile, which the user was not asked about because there was a file.
static enum status add_check_anew(const struct add *add, struct err *err)
{
	const struct profile *profile = &add->profile;
	const char *missing = !profile->token_endpoint && !profile->issuer && !profile->url_count ?
				      "--token-endpoint, --issuer or --url" :
			      !profile->client_id && !profile->identity_token ? "--client-id" :
										NULL;

	if (!add->replaces_file || !missing)
		return STATUS_OK;
	return err_set(err, STATUS_USAGE, "%s cannot be trusted, so nothing in it is used: give %s too", profile->path,
		       missing);
}

// What is there, with the change over it.
static enum status add_load(struct add *add, struct err *err)
{
	const struct profile *given = &add->options->change.given;
	enum status status;

	add->exists = profile_dir_exists(given->name);
	if (add->exists || add->is_set) {
		status = profile_dir_load(given->name, &add->old_text, &add->old, err);
	} else {
		memcpy(add->old.name, given->name, sizeof add->old.name);
		status = profile_dir_make_own(&add->old, add->path, err);
	}
	if (status != STATUS_OK)
		return status;
	if (add->exists)
		add->exists = change_begin(&add->options->change, &add->old);
	add->replaces_file = profile_dir_exists(given->name) && !add->exists;
	add->profile = add->old;
	// what another issuer says takes the place of what the old one said
	if (given->issuer && !given->token_endpoint && !add->is_set)
		add->profile.token_endpoint = add->profile.revocation_endpoint = add->profile.auth_method = NULL;
	// a key in the place of a secret, or the other way round
	if (add->exists && has_key(add) && !given->auth_method && !auth_method_uses_key(add->profile.auth_method))
		add->profile.auth_method = NULL;
	status = change_apply(&add->options->change, &add->profile, err);
	if (status == STATUS_OK)
		add_switch_identity(add);
	if (status == STATUS_OK)
		status = add_check_anew(add, err);
	if (status == STATUS_OK)
		status = add_options_check(add->options, &add->profile, err);
	if (status == STATUS_OK && add->exists)
		status = change_check_trust(&add->options->change, &add->old, !add->is_set && !add->options->no_verify, err);
	return status == STATUS_OK && add->exists ? change_may_write(&add->old, &add->profile, err) : status;
}

// Whether the secret that is stored was given for the profile as it will be.
static bool add_fits_again(const struct add *add)
{
	BUF_AUTO(record, SECRET_RECORD_MAX);
	struct secret secret;

	return stored_secret_get(&add->profile, &record, &secret, NULL) == STATUS_OK;
}

// Whether a new secret is to be taken; where not, the one that is stored is read, if there is one.
static enum status add_look_for_secret(struct add *add, struct err *err)
{
	bool moves = change_moves_secret(&add->old, &add->profile);
	enum status status;

	if (!profile_has_secret(&add->profile)) {
		add->secret = (struct secret){ .value = "" };
		return STATUS_OK;
	}
	if (add->exists && !profile_has_secret(&add->old)) {
		add->takes_secret = true;
		return STATUS_OK;
	}
	// where it is only read, 'set' need not read it for what does not concern it
	if (profile_secret_is_elsewhere(&add->profile) || profile_secret_is_elsewhere(&add->old)) {
		add->takes_secret = !add->is_set || moves || !text_same(add->old.secret_store, add->profile.secret_store) ||
				    change_names_source(&add->options->change);
		return STATUS_OK;
	}
	add->takes_secret = !add->exists || has_key(add) || (!add->is_set && change_is_empty(&add->options->change));
	if (add->takes_secret)
		return STATUS_OK;
	status = stored_secret_get(&add->old, &add->stored, &add->secret, err);
	// another keyring is wanted, because this one does not answer: the secret cannot be moved, and is asked for
	if (status == STATUS_UNAVAILABLE && !text_same(add->old.secret_store, add->profile.secret_store)) {
		add->takes_secret = true;
		add->secret = (struct secret){ 0 };
		return STATUS_OK;
	}
	// a change by hand that this one undoes: the secret was given for what the profile says then
	if (status == STATUS_POLICY && add_fits_again(add)) {
		add->secret = (struct secret){ 0 };
		return STATUS_OK;
	}
	if (status == STATUS_NOT_FOUND || status == STATUS_POLICY || (status == STATUS_OK && moves)) {
		add->takes_secret = status != STATUS_NOT_FOUND || !add->is_set;
		add->secret = (struct secret){ 0 };
		return STATUS_OK;
	}
	return status;
}

static enum status add_prepare(struct add *add, struct err *err)
{
	enum status status = add_load(add, err);

	if (status == STATUS_OK && !(add->exists && profile_dir_is_system(&add->old)) && !add->options->dry_run)
		status = keep_prepare(err);
	if (status == STATUS_OK)
		status = keep_choose_keyrings(&add->profile, !add->options->dry_run, &add->store_failure, err);
	// a secret that works is not given up for an identity token that may not
	if (status == STATUS_OK && add->options->no_verify && add_drops_secret(add))
		status = err_set(err, STATUS_USAGE,
				 "its %s would be removed from the %s keyring: leave --no-verify out, so that it is removed "
				 "when %s works",
				 secret_noun(auth_method_uses_key(add->old.auth_method)), add->old.secret_store,
				 profile_has_secret(&add->profile) ? "the other one" : "the identity token");
	if (status == STATUS_OK)
		status = add_look_for_secret(add, err);
	if (status == STATUS_OK)
		status = profile_check_store(&add->profile, err);
	if (status != STATUS_OK || profile_secret_is_elsewhere(&add->profile))
		return status;
	if (status == STATUS_OK && add->takes_secret && !has_key(add) && auth_method_uses_key(add->profile.auth_method))
		status = err_set(err, STATUS_USAGE,
				 "its client has a private key (%s): it needs --private-key FILE or --generate-key%s",
				 add->profile.auth_method, add->is_set ? " of 'sk-helper add'" : "");
	if (status == STATUS_OK && add->takes_secret && !add->options->dry_run)
		status = keep_try_store(&add->profile, &add->store_report, err);
	return status == STATUS_OK && add->takes_secret ? add_may_replace(add, err) : status;
}

// --- where the secret goes

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
	buf_adds(&without_terminal, "there is no terminal to ask on whether to ");
	buf_adds(&without_terminal, question.data);
	buf_adds(&without_terminal, ". If that is right, repeat the command with --issuer '");
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

static enum status add_discover(struct add *add, struct err *err)
{
	// with --dry-run no key is read
	const char *algorithms = !has_key(add) && !add->profile.ssh_agent ? NULL :
				 add->key.algorithms			  ? add->key.algorithms :
									    "";
	const struct profile *given = &add->options->change.given, before = add->profile;
	enum status status;

	// the URL that is given now is asked, not one that the profile has already
	if (given->url_count) {
		memcpy(add->profile.urls, given->urls, sizeof given->urls);
		add->profile.url_count = given->url_count;
	}
	buf_reset(&add->answer);
	terminal_wait_begin("the servers");
	status = discover(&add->profile, algorithms, NULL, &add->answer, &add->method_warning, err);
	terminal_wait_end();
	memcpy(add->profile.urls, before.urls, sizeof before.urls);
	add->profile.url_count = before.url_count;
	return status;
}

// Where no token endpoint is given, the servers are asked; and the user whether that is meant.
static enum status add_find_endpoint(struct add *add, struct err *err)
{
	const struct profile given = add->profile, *found = &add->profile;
	BUF_AUTO(lines, ANSWER_MAX);
	enum status status = add_discover(add, err);
	bool chosen;

	// most servers that are no MCP servers say nothing of themselves
	if (status == STATUS_NOT_FOUND && add->asked && add->asked->count && !given.issuer) {
		warn(err);
		status = add_ask_endpoint(&add->profile, add->options, add->asked, err);
		if (status != STATUS_OK || add->profile.token_endpoint)
			return status;
		status = add_discover(add, err);
	}
	if (status != STATUS_OK)
		return status;
	add->discovered = true;
	discover_describe(found, &lines);
	if (!buf_ok(&lines))
		return err_set(err, STATUS_POLICY, "the servers' metadata is too long to be shown, so you cannot agree to it");
	if (add->options->dry_run)
		return STATUS_OK;
	add->shown = true;
	if (!given.issuer)
		return agree_to_issuer(found, lines.data, err);
	chosen = (!given.scope && found->scope) ||
		 (!given.resource && found->resource && !text_same(found->resource, given.url_count ? given.urls[0] : NULL));
	if (chosen && !add->options->yes)
		return agree_to_choice(found, lines.data, err);
	add->shown = false;
	return STATUS_OK;
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
	printf("token: works, valid for ");
	print_lifetime(token->expires_at - token->issued_at);
	if (*token->granted_scope)
		printf(", scope '%s'", token->granted_scope);
	else if (profile->scope)
		printf("; the server did not say which of the scopes it granted");
	printf("\n");
}

static void report_wrapped(const char *label, const char *text)
{
	printf("%s", label);
	terminal_print_wrapped(stdout, text, (int)strlen(label), terminal_width(stdout));
}

static void report_source(const struct add *add)
{
	const struct profile *profile = &add->profile;
	BUF_AUTO(text, 1000);
	char label[32];
	struct stat st;

	(void)snprintf(label, sizeof label, "%s: ", secret_noun(auth_method_uses_key(profile->auth_method)));
	secret_source_describe(profile, &text);
	buf_adds(&text, profile->ssh_agent ? ", which signs; sk-helper never sees it" :
					     ": sk-helper reads it when a token is requested, and does not store it");
	if (!add->verified)
		buf_addf(&text, ". It was not tried: 'sk-helper get %s' does that", profile->name);
	else if (fstat(STDIN_FILENO, &st) == 0 && S_ISFIFO(st.st_mode))
		buf_adds(&text, ". Standard input was not read");
	report_wrapped(label, text.data);
}

static void report_place(const struct add *add)
{
	const struct keyring *store = keyring_find(add->profile.secret_store);
	char label[32], text[1000];

	if (!store) {
		report_source(add);
		return;
	}
	(void)snprintf(label, sizeof label, "%s: ", secret_noun(has_key(add)));
	if (add->options->generate_key && store->is_memory_only)
		(void)snprintf(
			text, sizeof text,
			"in the %s keyring, which is in memory only, and nobody else has it: after a reboot, 'sk-helper add %s "
			"--generate-key' makes another one, to be registered",
			store->name, add->profile.name);
	else if (store->is_memory_only)
		(void)snprintf(text, sizeof text,
			       "in the %s keyring, which is empty after a reboot: then 'sk-helper add %s%s' %s", store->name,
			       add->profile.name, has_key(add) ? " --private-key FILE" : "",
			       has_key(add) ? "stores it again" : "asks for it again");
	else
		(void)snprintf(text, sizeof text, "in the %s keyring: %s (%s)", store->name, store->after_reboot,
			       add->store_report.text);
	report_wrapped(label, text);
	if (*add->store_failure.text)
		puts("  (there is no desktop keyring here: 'sk-helper doctor' says why)");
}

static void report_identity(const struct profile *profile)
{
	char room[URL_MAX + 1];

	printf("identity token: from %s, for the audience %s\n", profile->identity_token,
	       profile_identity_audience(profile, room));
}

// What to type next, for a person.
static void report_next(const struct add *add)
{
	const struct profile *profile = &add->profile;

	if (!isatty(STDOUT_FILENO))
		return;
	printf("\nTry it:     sk-helper get %s --format header | curl -H @- ", profile->name);
	// what an MCP server answers to without a session
	if (add->discovered && profile->url_count)
		printf("-H 'Accept: application/json, text/event-stream' --json '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\","
		       "\"params\":{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{},\"clientInfo\":{\"name\":\"curl\",\"version\":\"1\"}}}' ");
	add_ask_print_word(profile->url_count ? profile->urls[0] : "URL");
	printf("\nA tool:     sk-helper hook TOOL %s   ('sk-helper hook' lists the tools)\n", profile->name);
}

static void report_profile(const struct add *add)
{
	char path[PROFILE_PATH_MAX];

	command_show_path(&add->profile, path);
	printf("profile '%s': %s%s\n", add->profile.name, path, !add->exists ? "" : " (changed)");
}

static void report(const struct add *add)
{
	const struct profile *profile = &add->profile;
	BUF_AUTO(lines, ANSWER_MAX);

	if (!add->exists || !change_is_empty(&add->options->change))
		report_profile(add);
	if (add->discovered && !add->shown) {
		discover_describe(profile, &lines);
		fputs(lines.data, stdout);
	}
	if (add->takes_secret)
		report_place(add);
	if (profile->identity_token)
		report_identity(profile);
	if (add_drops_secret(add))
		printf("its client secret was removed from the %s keyring\n", add->old.secret_store);
	if (!add->exists && !strcmp(profile->token_cache, keyring_runtime.name))
		puts("tokens: in files in memory that are yours alone, because the kernel keyring cannot be used here (token_cache=runtime)");
	if (add->verified)
		report_token(profile, &add->obtained->token);
	if (add->key.public_jwk && *add->key.public_jwk && !auth_method_uses_certificate(profile->auth_method))
		printf("its public key, to register with the client%s:\n%s\n", add->verified ? "" : ", before the first token",
		       add->key.public_jwk);
	if (add->asked && add->asked->count)
		add_ask_print_command(add->options);
}

static enum status add_show_plan(const struct add *add)
{
	BUF_AUTO(text, PROFILE_FILE_MAX);
	char path[PROFILE_PATH_MAX];

	profile_write(&add->profile, &text);
	command_show_path(&add->profile, path);
	printf("# %s%s\n%s", path, add->exists ? "" : ", a new file", text.data);
	if (profile_secret_is_elsewhere(&add->profile)) {
		BUF_AUTO(source, 1000);

		secret_source_describe(&add->profile, &source);
		printf(add->profile.ssh_agent ? "# requests to %s would be signed with %s\n" :
						"# %s would get the secret that %s has\n",
		       add->profile.token_endpoint, source.data);
	} else if (add->takes_secret)
		printf(has_key(add) ? "# the private key would be kept in the %s keyring, and sign requests to %s\n" :
				      "# the client secret would be asked for, kept in the %s keyring, and sent to %s\n",
		       add->profile.secret_store, add->profile.token_endpoint);
	if (!profile_has_secret(&add->profile))
		printf("# there is no client secret: the identity token from %s would be sent to %s\n",
		       add->profile.identity_token, add->profile.token_endpoint);
	return STATUS_OK;
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

// --- the steps

// What the client will prove itself with: read before the servers are asked, because it decides what they are asked for.
static enum status add_take_key(struct add *add, struct err *err)
{
	const struct add_options *options = add->options;
	BUF_AUTO(text, 32768);
	enum status status;

	if (options->dry_run)
		return STATUS_OK;
	if (add->profile.ssh_agent)
		return ssh_agent_describe(&add->profile, &add->key_answer, &add->key, err);
	if (options->generate_key)
		return key_generate(add->profile.assertion_alg, options->key_id, &add->key_answer, &add->key, err);
	status = ask_private_key(options->key_file, &text, err);
	return status == STATUS_OK ? key_import(&text, options->key_id, &add->key_answer, &add->key, err) : status;
}

static enum status add_take_secret(struct add *add, struct err *err)
{
	enum status status = STATUS_OK;

	if (profile_secret_is_elsewhere(&add->profile)) {
		add->secret = (struct secret){ 0 };
		return add->options->no_verify ? STATUS_OK : stored_secret_take(&add->profile, &add->stored, &add->secret, err);
	}
	buf_reset(&add->client_secret);
	if (!has_key(add))
		status = ask_secret(add->profile.name, add->profile.token_endpoint, &add->client_secret, err);
	add->secret = (struct secret){ .is_key = has_key(add),
				       .value = has_key(add) ? add->key.private_key : add->client_secret.data };
	return status;
}

// A key that was generated just now is not registered at the server, so no token can be requested with it yet.
static enum status add_verify(struct add *add, struct endpoint_failure *failure, struct err *err)
{
	enum status status;

	if (add->options->no_verify || add->options->generate_key || !add->secret.value)
		return STATUS_OK;
	terminal_wait_begin("the authorization server");
	status = obtain_with_secret(&add->profile, &add->secret, add->obtained, failure, err);
	terminal_wait_end();
	add->verified = status == STATUS_OK;
	if (failure->error == OAUTH_INVALID_CLIENT && add->profile.ssh_agent && !add->exists)
		err_suffix(err,
			   ". Run this again with --no-verify: that makes the profile, and prints the public key to register");
	return status;
}

// A person who has mistyped the secret is asked again.
static enum status add_take_and_verify(struct add *add, struct err *err)
{
	struct endpoint_failure failure = { 0 };
	enum status status;

	for (int tries = 1;; tries++) {
		status = add_take_secret(add, err);
		if (status == STATUS_OK)
			status = add_verify(add, &failure, err);
		if (status == STATUS_OK || failure.error != OAUTH_INVALID_CLIENT || tries == SECRET_TRIES || has_key(add) ||
		    profile_secret_is_elsewhere(&add->profile) || !isatty(STDIN_FILENO))
			return status;
		warn(err);
	}
}

static enum status add_keep(struct add *add, struct err *err)
{
	bool stores = profile_has_secret(&add->profile) &&
		      (add->takes_secret || !text_same(add->old.secret_store, add->profile.secret_store));
	struct lock lock;
	enum status status = add_lock(add, &lock, err);

	if (status != STATUS_OK)
		return status;
	// what moves to another keyring is what is there now: it may have been rotated meanwhile
	if (stores && !add->takes_secret && add->secret.value)
		status = stored_secret_get(&add->old, &add->stored, &add->secret, err);
	stores = stores && (add->secret.value || profile_secret_is_elsewhere(&add->profile));
	if (status == STATUS_OK)
		status = keep_client(&add->profile, stores ? &add->secret : NULL, &add->warning, err);
	if (status == STATUS_OK && (stores || !add->exists))
		audit_say(&(struct audit_event){ .kind = AUDIT_STORED, .profile = &add->profile });
	lock_release(&lock);
	return status;
}

static enum status add_steps(struct add *add, struct err *err)
{
	struct endpoint_failure ignored;
	enum status status = add_prepare(add, err);

	if (status == STATUS_OK && (has_key(add) || (add->profile.ssh_agent && add->takes_secret)))
		status = add_take_key(add, err);
	if (status == STATUS_OK && !add->profile.token_endpoint && add->is_set)
		status = err_set(err, STATUS_USAGE,
				 "token_endpoint is missing: 'sk-helper add %s --issuer URL' finds another one",
				 add->profile.name);
	if (status == STATUS_OK && !add->profile.token_endpoint)
		status = add_find_endpoint(add, err);
	if (status == STATUS_OK)
		status = profile_complete(&add->profile, err);
	if (status != STATUS_OK || add->options->dry_run)
		return status;
	if (add->takes_secret)
		status = add_take_and_verify(add, err);
	else if (!add->is_set || add_drops_secret(add))
		status = add_verify(add, &ignored, err);
	return status == STATUS_OK ? add_keep(add, err) : status;
}

static void add_warn(const struct err *warning)
{
	if (*warning->text)
		warn(warning);
}

static void add_warn_of_commas(const struct profile *profile)
{
	struct err warning;

	if (!profile->scope || !strchr(profile->scope, ','))
		return;
	err_set(&warning, STATUS_OK, "the scope '%.100s' has a comma in it: several scopes are separated by spaces",
		profile->scope);
	warn(&warning);
}

static enum status add_run(struct add *add, struct err *err)
{
	enum status status = add_steps(add, err);

	if (status == STATUS_NOT_FOUND && add->is_set && !add->exists)
		return status;
	if (status != STATUS_OK) {
		err_prefix(err, "profile '%s' not %s", add->options->change.given.name,
			   add->exists || add->is_set ? "changed" : "added");
		return status;
	}
	if (add->options->dry_run)
		return add_show_plan(add);
	if (add->verified)
		token_cache_put(&add->profile, add->obtained);
	report(add);
	warn_of_same_url(&add->profile);
	if (add->verified)
		add_warn(&add->obtained->warning);
	add_warn(&add->warning);
	add_warn(&add->method_warning);
	add_warn_of_commas(&add->profile);
	if (!add->exists && !add->options->missing) {
		(void)fflush(stdout);
		report_next(add);
	}
	return STATUS_OK;
}

enum status add_client(struct add_options *options, struct add_asked *asked, struct err *err)
{
	CACHED_TOKEN_AUTO(obtained);
	struct add add = {
		.options = options,
		.is_set = !strcmp(options->command, "set"),
		.asked = asked,
		.old_text = BUF_INIT(PROFILE_TEXT_MAX),
		.key_answer = BUF_INIT(65536),
		.client_secret = BUF_INIT(SECRET_MAX),
		.stored = BUF_INIT(SECRET_RECORD_MAX),
		.answer = BUF_INIT(65536),
		.obtained = &obtained,
	};
	enum status status = add_run(&add, err);

	buf_free(&add.old_text);
	buf_free(&add.key_answer);
	buf_free(&add.client_secret);
	buf_free(&add.stored);
	buf_free(&add.answer);
	return status;
}

enum status command_add(char **args, struct err *err)
{
	struct add_options options;
	struct add_asked asked = { .count = 0 };
	enum status status = add_options_parse(&options, "add", args, err);

	if (status == STATUS_OK && options.missing)
		return *options.change.given.name || !change_is_empty(&options.change) ?
			       err_set(err, STATUS_USAGE, "add: --missing is for all profiles, and takes no name or key") :
			       add_missing(err);
	if (status == STATUS_OK)
		status = add_ask(&options, &asked, err);
	if (status == STATUS_OK)
		status = add_client(&options, &asked, err);
	add_asked_free(&asked);
	return status;
}
