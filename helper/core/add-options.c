// SPDX-License-Identifier: MIT
#include "core/add-options.h"

#include "base/text.h"
#include "core/commands.h"
#include "model/auth-method.h"
#include "model/secret-store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct option add_options[] = {
	{ "--preset", "NAME", "fill in what a server wants: anthropic, entra, github-actions, google, keycloak or openai" },
	{ "--private-key", "FILE", "a private key instead of a secret: PEM or JWK, '-' for standard input" },
	{ "--generate-key", NULL, "make a key pair, and print the public key to register" },
	{ "--key-id", "ID", "what the server calls the key (kid), where it is not the key's own" },
	{ "--missing", NULL, "ask for each client secret that is not stored, as after a reboot" },
	{ "--no-verify", NULL, "make the profile, or store the secret, without requesting a token first" },
	{ "--prompt", NULL, "let the program that gives the secret ask on this terminal (--secret-command)" },
	{ "--dry-run", NULL, "show what would be done; nothing is asked for, sent as a credential, or stored" },
	{ "--yes", NULL, "agree to the scopes that the servers name; replace a secret that is left of a removed profile" },
	{ NULL, NULL, NULL },
};

const struct option set_options[] = {
	{ "--unset", "KEY", "take a key out of the profile, such as scope; may be repeated" },
	{ "--default", NULL, "make it the profile that is meant where none is named" },
	{ "--no-verify", NULL, "make the change without requesting a token first" },
	{ "--prompt", NULL, "let the program that gives the secret ask on this terminal (--secret-command)" },
	{ NULL, NULL, NULL },
};

bool add_options_has_key(const struct add_options *options)
{
	return options->key_file || options->generate_key;
}

// A profile is read from everywhere: "cert.pem" would be another file each time.
static enum status make_absolute(struct add_options *options, const char **path, struct err *err)
{
	char *out = options->path_count < ADD_PATHS_MAX ? options->paths[options->path_count++] : NULL;
	char here[PATH_MAX];
	int len;

	if (!out || !getcwd(here, sizeof here))
		return err_set(err, STATUS_USAGE, "'%s' is not an absolute path", *path);
	len = snprintf(out, PATH_MAX, "%s/%s", here, *path);
	if (len < 0 || len >= PATH_MAX)
		return err_set(err, STATUS_USAGE, "'%s': %s", *path, strerror(ENAMETOOLONG));
	*path = out;
	return STATUS_OK;
}

static enum status add_options_take_key(struct add_options *options, const struct profile_key *key, const char *value,
					struct err *err)
{
	bool is_path = text_has_word("ca_file certificate secret_file ssh_agent_socket", key->name, strlen(key->name));
	enum status status = STATUS_OK;

	if (is_path && *value && *value != '/')
		status = make_absolute(options, &value, err);
	return status == STATUS_OK ? profile_set(&options->change.given, key->name, value, err) : status;
}

// "scope" or "scope=...": how others set keys.
static bool add_options_is_key(const char *word)
{
	char name[64];

	(void)snprintf(name, sizeof name, "--%.*s", (int)strcspn(word, "="), word);
	return command_option_key(name) != NULL;
}

static enum status add_options_take_name(struct add_options *options, const char *value, struct err *err)
{
	struct profile *given = &options->change.given;
	enum status status;

	if (*given->name && add_options_is_key(value))
		return err_set(err, STATUS_USAGE, "%s takes one name: did you mean --%.*s VALUE?", options->command,
			       (int)strcspn(value, "="), value);
	if (*given->name && strstr(value, "://"))
		return err_set(err, STATUS_USAGE, "%s takes one name: did you mean --url URL?", options->command);
	if (*given->name && given->secret_command_count)
		return err_set(err, STATUS_USAGE,
			       "%s takes one name: each word of the program needs a --secret-command of its own",
			       options->command);
	if (*given->name)
		// the word may be a secret that somebody put into the wrong place
		return err_set(err, STATUS_USAGE,
			       "%s takes one name; a client secret is asked for, or read from standard input",
			       options->command);
	status = profile_name_check(value, err);
	if (status == STATUS_OK)
		memcpy(given->name, value, strlen(value) + 1);
	return status;
}

static enum status add_options_take_word(void *context, const char *option, const char *value, struct err *err)
{
	struct add_options *options = context;
	const struct profile_key *key = option ? command_option_key(option) : NULL;
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "--generate-key", &options->generate_key },
		{ "--no-verify", &options->no_verify },
		{ "--prompt", &options->prompts },
		{ "--dry-run", &options->dry_run },
		{ "--missing", &options->missing },
		{ "--yes", &options->yes },
		{ "--default", &options->is_default },
	};

	if (key)
		return add_options_take_key(options, key, value, err);
	if (!option)
		return add_options_take_name(options, value, err);
	if (!strcmp(option, "--unset"))
		return change_add_unset(&options->change, value, err);
	if (!strcmp(option, "--private-key"))
		options->key_file = value;
	else if (!strcmp(option, "--key-id"))
		options->key_id = value;
	else if (!strcmp(option, "--preset"))
		options->preset = value;
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
		if (!strcmp(option, flags[i].name))
			*flags[i].flag = true;
	}
	return STATUS_OK;
}

static enum status refuse_secrets(char **args, struct err *err)
{
	static const char *const names[] = { "--client-secret", "--client_secret", "--secret" };

	for (; *args; args++) {
		for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
			// --secret-store is an option
			if (text_starts(*args, names[i]) && strchr("=", (*args)[strlen(names[i])]))
				return err_set(
					err, STATUS_USAGE,
					"a secret must not be an argument, because other users can see arguments: sk-helper asks for it, or "
					"reads it from standard input");
		}
	}
	return STATUS_OK;
}

enum status add_options_check(const struct add_options *options, struct profile *profile, struct err *err)
{
	bool has_key = add_options_has_key(options);

	if (options->key_file && options->generate_key)
		return err_set(err, STATUS_USAGE, "--private-key and --generate-key cannot be used together");
	if (options->change.given.certificate && !options->key_file)
		return err_set(err, STATUS_USAGE, "--certificate needs its private key: --private-key FILE");
	if (has_key && secret_store_is_elsewhere(profile->secret_store))
		return err_set(err, STATUS_USAGE, "%s stores a key, and secret_store %s has it already: leave one of them out",
			       options->key_file ? "--private-key" : "--generate-key", profile->secret_store);
	if (options->key_id && profile->ssh_agent) {
		profile->ssh_agent_kid = NULL;
		return profile_set(profile, "ssh_agent_kid", options->key_id, err);
	}
	if (!has_key && options->key_id)
		return err_set(err, STATUS_USAGE, "--key-id needs --private-key FILE, --generate-key or --ssh-agent");
	if (has_key && profile->auth_method && !auth_method_uses_key(profile->auth_method))
		return err_set(err, STATUS_USAGE, "auth_method '%s' uses a client secret, not a private key",
			       profile->auth_method);
	// where no server is asked what it takes
	if (has_key && !profile->auth_method && profile->token_endpoint)
		profile->auth_method = profile->certificate ? "tls_client_auth" : "private_key_jwt";
	return STATUS_OK;
}

enum status add_options_parse(struct add_options *options, const char *command, char **args, struct err *err)
{
	const struct options parser = { command, command_options(command_find(command)), false };
	enum status status = refuse_secrets(args, err);

	memset(options, 0, sizeof *options);
	options->command = command;
	options->change.adds_urls = true;
	if (status == STATUS_OK)
		status = options_parse(&parser, &args, add_options_take_word, options, err);
	if (status == STATUS_OK && options->preset)
		status = preset_apply(options->preset, &options->change.given, options->preset_room, err);
	return status;
}
