// SPDX-License-Identifier: MIT
// add: a profile and its client secret. The store is tried first, then the secret is asked for, then it has to prove itself
// with a token, and only then is anything kept.
#include "base/text.h"
#include "core/add-options.h"
#include "core/ask.h"
#include "core/client.h"
#include "core/commands.h"
#include "core/discover.h"
#include "core/oauth-client.h"
#include "core/obtain.h"
#include "model/auth-method.h"
#include "model/profiles.h"
#include "model/secret.h"

#include <stdio.h>
#include <string.h>

struct add {
	struct add_options options;
	struct profile *profile; // of the options, and what was found out
	char path[PROFILES_PATH_MAX];
	bool discovered, replaces, verified;
	struct client_key key; // of a client that has one
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
	char question[200];

	add->replaces = true;
	if (profiles_exists(add->profile->name))
		(void)snprintf(question, sizeof question, "profile '%s' exists: replace it and its secret", add->profile->name);
	else if (has_secret(add))
		(void)snprintf(question, sizeof question, "a client secret is stored for '%s' already: replace it",
			       add->profile->name);
	else
		add->replaces = false;
	return add->replaces && !add->options.yes ? ask_yes(NULL, question, err) : STATUS_OK;
}

// Between that question and the lock there was time.
static enum status lock_for(const struct add *add, struct lock *lock, struct err *err)
{
	enum status status = client_lock(lock, err);

	if (status == STATUS_OK && !add->replaces && !add->options.yes &&
	    (profiles_exists(add->profile->name) || has_secret(add))) {
		lock_release(lock);
		return err_set(err, STATUS_TEMPORARY, "profile '%s' was made meanwhile: nothing was changed",
			       add->profile->name);
	}
	return status;
}

// Where no token endpoint is given, the servers are asked; and the user whether the secret may go where they say, unless that
// is the issuer that was named. A server that could choose would choose itself (MCP, "Authorization Server Binding").
static enum status find_endpoint(struct add *add, struct buf *answer, struct err *err)
{
	const char *algorithms = has_key(add) ? add->key.algorithms : NULL;
	bool pinned = add->profile->issuer != NULL;
	BUF_AUTO(lines, 65536);
	BUF_AUTO(question, 65536);
	enum status status = discover(add->profile, algorithms, NULL, answer, err);

	if (status != STATUS_OK)
		return status;
	add->discovered = true;
	if (pinned || add->options.yes)
		return STATUS_OK;
	discover_describe(add->profile, &lines);
	discover_intent(add->profile, &question);
	buf_adds(&question, ", because '");
	buf_adds(&question, add->profile->urls[0]);
	buf_adds(&question, "' takes its tokens");
	if (!buf_ok(&lines) || !buf_ok(&question))
		return err_set(err, STATUS_POLICY, "the servers say more than can be shown");
	return ask_yes(lines.data, question.data, err);
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

static void report_place(const struct add *add, const struct err *why_not)
{
	const struct keyring *store = keyring_find(add->profile->secret_store);

	printf("%s: in the %s keyring: %s\n", has_key(add) ? "private key" : "client secret", store->name,
	       add->options.generate_key && store == &keyring_kernel ?
		       "it is in memory only, and nobody else has it: after a reboot, make and register another" :
		       store->survives);
	if (*why_not->text)
		printf("  (not elsewhere, because: %s)\n", why_not->text);
}

static void report(const struct add *add, const struct obtained *obtained, const struct err *why_not)
{
	const struct profile *profile = add->profile;
	BUF_AUTO(lines, 65536);

	printf("profile '%s': %s\n", profile->name, profile->path);
	if (add->discovered) {
		discover_describe(profile, &lines);
		fputs(lines.data, stdout);
	}
	report_place(add, why_not);
	if (add->verified)
		report_token(profile, &obtained->token);
	if (has_key(add) && !auth_method_uses_certificate(profile->auth_method))
		printf("its public key, to register with the client%s:\n%s\n",
		       add->options.generate_key ? ", before the first token" : "", add->key.public_jwk);
}

struct rival {
	const struct profile *profile;
	char name[PROFILE_NAME_MAX + 1]; // of one with the same url; "" for none
};

static bool find_rival(const char *name, void *context)
{
	struct rival *rival = context;
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	struct profile other;

	if (!strcmp(name, rival->profile->name) || profiles_load(name, &text, &other, NULL) != STATUS_OK)
		return true;
	for (size_t i = 0; i < other.url_count; i++) {
		for (size_t j = 0; j < rival->profile->url_count; j++) {
			if (!strcmp(other.urls[i], rival->profile->urls[j]))
				memcpy(rival->name, name, strlen(name) + 1);
		}
	}
	return !*rival->name;
}

static void warn_of_rival(const struct profile *profile)
{
	struct rival rival = { profile, "" };
	struct err warning;

	if (profiles_each(find_rival, &rival, NULL) != STATUS_OK || !*rival.name)
		return;
	err_set(&warning, STATUS_USAGE, "profile '%s' has the same url: who asks by URL must now name one of the two",
		rival.name);
	warn(&warning);
}

// --- the way of an add

// What the client will prove itself with: read before the servers are asked, because it decides what they are asked for.
static enum status take_key(struct add *add, struct buf *answer, struct err *err)
{
	const struct add_options *options = &add->options;
	BUF_AUTO(text, 32768);
	enum status status;

	if (options->generate_key)
		return oauth_generate_key(add->profile->assertion_alg, options->key_id, answer, &add->key, err);
	status = ask_private_key(options->key_file, &text, err);
	return status == STATUS_OK ? oauth_import_key(&text, options->key_id, answer, &add->key, err) : status;
}

static enum status prepare(struct add *add, struct err *why_not, struct err *err)
{
	enum status status = client_prepare_profiles(err);

	if (status == STATUS_OK)
		status = profiles_make_own(add->profile, add->path, err);
	if (status == STATUS_OK)
		status = client_choose_keyrings(add->profile, why_not, err);
	if (status == STATUS_OK)
		status = client_try_store(add->profile, err);
	return status == STATUS_OK ? may_replace(add, err) : status;
}

static enum status take_secret(struct add *add, struct buf *client_secret, struct err *err)
{
	enum status status = has_key(add) ? STATUS_OK : ask_secret(add->profile->name, client_secret, err);

	add->secret.is_key = has_key(add);
	add->secret.value = has_key(add) ? add->key.private_key : client_secret->data;
	return status;
}

// A key that nobody knows yet proves nothing.
static enum status verify(struct add *add, struct obtained *obtained, struct err *err)
{
	enum status status;

	if (add->options.no_verify || add->options.generate_key)
		return STATUS_OK;
	status = obtain_with_secret(add->profile, &add->secret, obtained, err);
	add->verified = status == STATUS_OK;
	if (status != STATUS_OK)
		err_prefix(err, "profile '%s' not added", add->profile->name);
	return status;
}

static enum status keep(const struct add *add, struct err *warning, struct err *err)
{
	struct lock lock;
	enum status status = lock_for(add, &lock, err);

	if (status != STATUS_OK)
		return status;
	status = client_keep(add->profile, &add->secret, warning, err);
	lock_release(&lock);
	return status;
}

enum status command_add(char **args, struct err *err)
{
	__attribute__((cleanup(obtained_free))) struct obtained obtained = OBTAINED_INIT;
	BUF_AUTO(client_secret, SECRET_MAX);
	BUF_AUTO(answer, 65536);
	BUF_AUTO(key, 65536);
	struct err why_not, warning;
	struct add add = { .profile = &add.options.profile };
	enum status status = add_options_parse(&add.options, args, err);

	if (status == STATUS_OK)
		status = prepare(&add, &why_not, err);
	if (status == STATUS_OK && has_key(&add))
		status = take_key(&add, &key, err);
	if (status == STATUS_OK && !add.profile->token_endpoint)
		status = find_endpoint(&add, &answer, err);
	if (status == STATUS_OK)
		status = profile_complete(add.profile, err);
	if (status == STATUS_OK)
		status = take_secret(&add, &client_secret, err);
	if (status == STATUS_OK)
		status = verify(&add, &obtained, err);
	if (status == STATUS_OK)
		status = keep(&add, &warning, err);
	if (status != STATUS_OK)
		return status;
	if (add.verified)
		obtain_cache(add.profile, &obtained);
	report(&add, &obtained, &why_not);
	warn_of_rival(add.profile);
	if (*obtained.warning.text)
		warn(&obtained.warning);
	if (*warning.text)
		warn(&warning);
	return STATUS_OK;
}
