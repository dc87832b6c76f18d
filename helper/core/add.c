// SPDX-License-Identifier: MIT
// add: a profile and its client secret. The store is tried first, then the secret is asked for, then it has to prove itself
// with a token, and only then is anything kept.
#include "ask.h"
#include "client.h"
#include "commands.h"
#include "discover.h"
#include "obtain.h"
#include "profiles.h"
#include "secret.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

const struct option add_options[] = {
	{ "--no-verify", NULL, "store the secret without getting a token first" },
	{ "--yes", NULL, "answer every question with yes" },
	{ NULL, NULL, NULL },
};

struct add {
	struct profile profile;
	bool no_verify, yes;
	bool discovered;
};

// "--token-endpoint" is the key token_endpoint.
static const struct profile_key *key_of_option(const char *option, size_t len)
{
	char name[32];

	if (len >= sizeof name)
		return NULL;
	for (size_t i = 0; i < len; i++)
		name[i] = option[i] == '-' ? '_' : option[i];
	name[len] = '\0';
	return profile_key_find(name);
}

static enum status take_option(struct add *add, char ***args, struct err *err)
{
	const char *option = **args + 2, *value = strchr(option, '=');
	const struct profile_key *key = key_of_option(option, value ? (size_t)(value - option) : strlen(option));

	if (!strcmp(option, "no-verify")) {
		add->no_verify = true;
		return STATUS_OK;
	}
	if (!strcmp(option, "yes")) {
		add->yes = true;
		return STATUS_OK;
	}
	if (!key &&
	    (text_starts(option, "client-secret") || text_starts(option, "client_secret") || text_starts(option, "secret")))
		return err_set(err, STATUS_USAGE,
			       "a secret is never an argument, where all can see it: it is asked for, or read from "
			       "standard input");
	if (!key)
		return err_set(err, STATUS_USAGE, "add has no option '--%.*s': see 'sk-helper help add'",
			       (int)strcspn(option, "="), option);
	value = value ? value + 1 : *++*args;
	if (!value)
		return err_set(err, STATUS_USAGE, "--%s wants a value", option);
	return profile_set(&add->profile, key->name, value, err);
}

static enum status parse(struct add *add, char **args, struct err *err)
{
	*add = (struct add){ 0 };
	for (; *args; args++) {
		enum status status = STATUS_OK;

		if (text_starts(*args, "--"))
			status = take_option(add, &args, err);
		else if (*add->profile.name)
			status = err_set(err, STATUS_USAGE, "add takes one name, and a client secret only on standard input");
		else if ((status = profile_name_check(*args, err)) == STATUS_OK)
			memcpy(add->profile.name, *args, strlen(*args) + 1);
		if (status != STATUS_OK)
			return status;
	}
	if (!*add->profile.name)
		return err_set(err, STATUS_USAGE, "add: a name is missing: see 'sk-helper help add'");
	if (!add->profile.client_id || (!add->profile.token_endpoint && !add->profile.issuer && !add->profile.url_count))
		return err_set(err, STATUS_USAGE, "add wants --client-id, and --url, --issuer or --token-endpoint");
	return STATUS_OK;
}

// Neither a profile nor a secret that is there is replaced without a word.
static enum status may_replace(const struct add *add, struct err *err)
{
	const struct keyring_key key = { KEYRING_SECRET, add->profile.name, NULL };
	BUF_AUTO(record, SECRET_RECORD_MAX);
	char question[200];

	if (add->yes)
		return STATUS_OK;
	if (profiles_exists(add->profile.name))
		(void)snprintf(question, sizeof question, "profile '%s' exists: replace it and its secret?", add->profile.name);
	else if (keyring_find(add->profile.secret_store)->get(&key, &record, NULL) == STATUS_OK)
		(void)snprintf(question, sizeof question, "a client secret is stored for '%s' already: replace it?",
			       add->profile.name);
	else
		return STATUS_OK;
	return ask_yes(question, err);
}

// Where no token endpoint is given, the servers are asked; and the user whether the secret may go where they say, unless that
// is the issuer that was named. A server that could choose would choose itself (MCP, "Authorization Server Binding").
static enum status find_endpoint(struct add *add, struct buf *answer, struct err *err)
{
	bool pinned = add->profile.issuer != NULL;
	char question[600];
	enum status status = discover(&add->profile, answer, err);

	if (status != STATUS_OK)
		return status;
	add->discovered = true;
	if (pinned || add->yes)
		return STATUS_OK;
	(void)snprintf(question, sizeof question, "'%s' takes tokens of '%s': send the client secret to '%s'?",
		       add->profile.urls[0], add->profile.issuer, add->profile.token_endpoint);
	return ask_yes(question, err);
}

static void print_lifetime(int64_t seconds)
{
	if (seconds < 120)
		printf("%lld s", (long long)seconds);
	else
		printf("%lld min", (long long)seconds / 60);
}

static void report(const struct add *add, const struct obtained *obtained, const struct err *why_not)
{
	const struct profile *profile = &add->profile;
	const struct token *token = &obtained->token;
	char path[PROFILES_PATH_MAX] = "";

	(void)profiles_user_path(path, profile->name, NULL);
	printf("profile '%s': %s\n", profile->name, path);
	if (add->discovered) {
		printf("authorization server: %s\n", profile->issuer);
		printf("token endpoint: %s, with %s\n", profile->token_endpoint, profile->auth_method);
		if (profile->resource)
			printf("resource: %s\n", profile->resource);
	}
	printf("client secret: in the %s keyring: %s\n", profile->secret_store, keyring_find(profile->secret_store)->survives);
	if (*why_not->text)
		printf("  (not elsewhere, because: %s)\n", why_not->text);
	if (add->no_verify)
		return;
	printf("token: the server gave one for ");
	print_lifetime(token->expires_at - token->issued_at);
	if (*token->granted_scope)
		printf(", scope '%s'", token->granted_scope);
	else if (profile->scope)
		printf("; it did not say which of the scopes it granted");
	printf("\n");
}

enum status command_add(char **args, struct err *err)
{
	__attribute__((cleanup(obtained_free))) struct obtained obtained = OBTAINED_INIT;
	BUF_AUTO(client_secret, SECRET_MAX);
	BUF_AUTO(answer, 65536);
	struct err why_not, warning;
	struct lock lock;
	struct add add;
	enum status status = parse(&add, args, err);

	if (status == STATUS_OK)
		status = client_prepare_profiles(err);
	if (status == STATUS_OK)
		status = client_choose_keyrings(&add.profile, &why_not, err);
	if (status == STATUS_OK)
		status = client_try_store(&add.profile, err);
	if (status == STATUS_OK)
		status = may_replace(&add, err);
	if (status == STATUS_OK && !add.profile.token_endpoint)
		status = find_endpoint(&add, &answer, err);
	if (status == STATUS_OK)
		status = profile_complete(&add.profile, err);
	if (status == STATUS_OK)
		status = ask_secret(add.profile.name, &client_secret, err);
	if (status == STATUS_OK && !add.no_verify) {
		status = obtain_with_secret(&add.profile, client_secret.data, &obtained, err);
		if (status != STATUS_OK)
			err_prefix(err, "profile '%s' not added", add.profile.name);
	}
	if (status == STATUS_OK)
		status = client_lock(&lock, err);
	if (status != STATUS_OK)
		return status;
	status = client_keep(&add.profile, client_secret.data, NULL, &warning, err);
	lock_release(&lock);
	if (status != STATUS_OK)
		return status;
	if (!add.no_verify)
		obtain_cache(&add.profile, &obtained);
	report(&add, &obtained, &why_not);
	if (*obtained.warning.text)
		warn(&obtained.warning);
	if (*warning.text)
		warn(&warning);
	return STATUS_OK;
}
