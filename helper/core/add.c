// SPDX-License-Identifier: MIT
// add: a profile and its client secret. The store is tried first, then the secret is asked for, then it has to prove itself
// with a token, and only then is anything kept.
#include "ask.h"
#include "auth-method.h"
#include "client.h"
#include "commands.h"
#include "discover.h"
#include "oauth-client.h"
#include "obtain.h"
#include "profiles.h"
#include "secret.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

const struct option add_options[] = {
	{ "--private-key", "FILE", "a private key instead of a secret: PEM or JWK, '-' for standard input" },
	{ "--generate-key", NULL, "make a key pair, and print the public key to register" },
	{ "--no-verify", NULL, "store the secret without getting a token first" },
	{ "--yes", NULL, "answer every question with yes" },
	{ NULL, NULL, NULL },
};

struct add {
	struct profile profile;
	const char *key_file; // NULL for none
	bool generate_key, no_verify, yes;
	bool discovered, replaces;
	struct client_key key; // of a client that has one
	struct secret secret;
};

static bool has_key(const struct add *add)
{
	return add->key_file || add->generate_key;
}

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

static bool take_flag(struct add *add, const char *option)
{
	bool *flag = !strcmp(option, "no-verify")    ? &add->no_verify :
		     !strcmp(option, "yes")	     ? &add->yes :
		     !strcmp(option, "generate-key") ? &add->generate_key :
						       NULL;

	if (flag)
		*flag = true;
	return flag != NULL;
}

static enum status take_option(struct add *add, char ***args, struct err *err)
{
	const char *option = **args + 2, *value = strchr(option, '=');
	size_t len = value ? (size_t)(value - option) : strlen(option);
	const struct profile_key *key = key_of_option(option, len);
	bool is_key_file = len == strlen("private-key") && text_starts(option, "private-key");

	if (take_flag(add, option))
		return STATUS_OK;
	if (!key &&
	    (text_starts(option, "client-secret") || text_starts(option, "client_secret") || text_starts(option, "secret")))
		return err_set(err, STATUS_USAGE,
			       "a secret is never an argument, where all can see it: it is asked for, or read from "
			       "standard input");
	if (!key && !is_key_file)
		return err_set(err, STATUS_USAGE, "add has no option '--%.*s': see 'sk-helper help add'",
			       (int)strcspn(option, "="), option);
	value = value ? value + 1 : *++*args;
	if (!value)
		return err_set(err, STATUS_USAGE, "--%s wants a value", option);
	if (is_key_file) {
		add->key_file = value;
		return STATUS_OK;
	}
	return profile_set(&add->profile, key->name, value, err);
}

static enum status check_key_options(struct add *add, struct err *err)
{
	struct profile *profile = &add->profile;

	if (add->key_file && add->generate_key)
		return err_set(err, STATUS_USAGE, "--private-key and --generate-key: one of the two");
	if (!has_key(add) && (profile->certificate || auth_method_uses_key(profile->auth_method)))
		return err_set(err, STATUS_USAGE, "%s wants --private-key FILE or --generate-key",
			       profile->certificate ? "a certificate" : profile->auth_method);
	if (has_key(add) && profile->auth_method && !auth_method_uses_key(profile->auth_method))
		return err_set(err, STATUS_USAGE, "auth_method '%s' is made with a client secret, not with a key",
			       profile->auth_method);
	if (has_key(add) && !profile->auth_method && profile->token_endpoint && !profile->certificate)
		profile->auth_method = "private_key_jwt";
	if (has_key(add) && !profile->auth_method && profile->token_endpoint)
		profile->auth_method = "tls_client_auth";
	return STATUS_OK;
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
	return check_key_options(add, err);
}

static bool has_secret(const struct add *add)
{
	const struct keyring_key key = { KEYRING_SECRET, add->profile.name, NULL };
	BUF_AUTO(record, SECRET_RECORD_MAX);

	return keyring_find(add->profile.secret_store)->get(&key, &record, NULL) == STATUS_OK;
}

// Neither a profile nor a secret that is there is replaced without a word.
static enum status may_replace(struct add *add, struct err *err)
{
	char question[200];

	add->replaces = true;
	if (profiles_exists(add->profile.name))
		(void)snprintf(question, sizeof question, "profile '%s' exists: replace it and its secret", add->profile.name);
	else if (has_secret(add))
		(void)snprintf(question, sizeof question, "a client secret is stored for '%s' already: replace it",
			       add->profile.name);
	else
		add->replaces = false;
	return add->replaces && !add->yes ? ask_yes(NULL, question, err) : STATUS_OK;
}

// Between that question and the lock there was time.
static enum status lock_for(const struct add *add, struct lock *lock, struct err *err)
{
	enum status status = client_lock(lock, err);

	if (status == STATUS_OK && !add->replaces && !add->yes && (profiles_exists(add->profile.name) || has_secret(add))) {
		lock_release(lock);
		return err_set(err, STATUS_TEMPORARY, "profile '%s' was made meanwhile: nothing was changed",
			       add->profile.name);
	}
	return status;
}

// Where no token endpoint is given, the servers are asked; and the user whether the secret may go where they say, unless that
// is the issuer that was named. A server that could choose would choose itself (MCP, "Authorization Server Binding").
static enum status find_endpoint(struct add *add, struct buf *answer, struct err *err)
{
	const char *algorithms = has_key(add) ? add->key.algorithms : NULL;
	bool pinned = add->profile.issuer != NULL;
	BUF_AUTO(lines, 65536);
	BUF_AUTO(question, 65536);
	enum status status = discover(&add->profile, algorithms, NULL, answer, err);

	if (status != STATUS_OK)
		return status;
	add->discovered = true;
	if (pinned || add->yes)
		return STATUS_OK;
	discover_describe(&add->profile, &lines);
	discover_intent(&add->profile, &question);
	buf_adds(&question, ", because '");
	buf_adds(&question, add->profile.urls[0]);
	buf_adds(&question, "' takes its tokens");
	if (!buf_ok(&lines) || !buf_ok(&question))
		return err_set(err, STATUS_POLICY, "the servers say more than can be shown");
	return ask_yes(lines.data, question.data, err);
}

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

static void report(const struct add *add, const struct obtained *obtained, const struct err *why_not)
{
	const struct profile *profile = &add->profile;
	const struct token *token = &obtained->token;
	char path[PROFILES_PATH_MAX] = "";
	BUF_AUTO(lines, 65536);

	(void)profiles_user_path(path, profile->name, NULL);
	printf("profile '%s': %s\n", profile->name, path);
	if (add->discovered) {
		discover_describe(profile, &lines);
		fputs(lines.data, stdout);
	}
	printf("%s: in the %s keyring: %s\n", has_key(add) ? "private key" : "client secret", profile->secret_store,
	       keyring_find(profile->secret_store)->survives);
	if (add->generate_key && keyring_find(profile->secret_store) == &keyring_kernel)
		printf("  (nobody else has this key: after a reboot, make and register another; --secret-store secret-service keeps it)\n");
	if (*why_not->text)
		printf("  (not elsewhere, because: %s)\n", why_not->text);
	if (!add->no_verify)
		report_token(profile, token);
	if (has_key(add))
		printf("its public key, to register with the client%s:\n%s\n",
		       add->generate_key ? ", before the first token" : "", add->key.public_jwk);
}

// What the client will prove itself with: read before the servers are asked, because it decides what they are asked for.
static enum status take_key(struct add *add, struct buf *answer, struct err *err)
{
	BUF_AUTO(text, 32768);
	enum status status = STATUS_OK;

	if (add->generate_key)
		return oauth_generate_key(add->profile.assertion_alg, answer, &add->key, err);
	status = ask_private_key(add->key_file, &text, err);
	return status == STATUS_OK ? oauth_import_key(&text, answer, &add->key, err) : status;
}

static enum status prepare(struct add *add, struct err *why_not, struct err *err)
{
	enum status status = client_prepare_profiles(err);

	if (status == STATUS_OK)
		status = client_choose_keyrings(&add->profile, why_not, err);
	if (status == STATUS_OK)
		status = client_try_store(&add->profile, err);
	return status == STATUS_OK ? may_replace(add, err) : status;
}

static enum status take_secret(struct add *add, struct buf *client_secret, struct err *err)
{
	enum status status = has_key(add) ? STATUS_OK : ask_secret(add->profile.name, client_secret, err);

	add->secret.is_key = has_key(add);
	add->secret.value = has_key(add) ? add->key.private_key : client_secret->data;
	return status;
}

enum status command_add(char **args, struct err *err)
{
	__attribute__((cleanup(obtained_free))) struct obtained obtained = OBTAINED_INIT;
	BUF_AUTO(client_secret, SECRET_MAX);
	BUF_AUTO(answer, 65536);
	BUF_AUTO(key, 65536);
	struct err why_not, warning;
	struct lock lock;
	struct add add;
	enum status status = parse(&add, args, err);

	if (status == STATUS_OK)
		status = prepare(&add, &why_not, err);
	if (status == STATUS_OK && has_key(&add))
		status = take_key(&add, &key, err);
	if (status == STATUS_OK && !add.profile.token_endpoint)
		status = find_endpoint(&add, &answer, err);
	if (status == STATUS_OK)
		status = profile_complete(&add.profile, err);
	if (status == STATUS_OK)
		status = take_secret(&add, &client_secret, err);
	// a key that nobody knows yet proves nothing
	add.no_verify = add.no_verify || add.generate_key;
	if (status == STATUS_OK && !add.no_verify) {
		status = obtain_with_secret(&add.profile, &add.secret, &obtained, err);
		if (status != STATUS_OK)
			err_prefix(err, "profile '%s' not added", add.profile.name);
	}
	if (status == STATUS_OK)
		status = lock_for(&add, &lock, err);
	if (status != STATUS_OK)
		return status;
	status = client_keep(&add.profile, &add.secret, &warning, err);
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
