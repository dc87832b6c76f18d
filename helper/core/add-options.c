// SPDX-License-Identifier: MIT
#include "core/add-options.h"

#include "base/text.h"
#include "core/commands.h"
#include "model/auth-method.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct option add_options[] = {
	{ "--private-key", "FILE", "a private key instead of a secret: PEM or JWK, '-' for standard input" },
	{ "--generate-key", NULL, "make a key pair, and print the public key to register" },
	{ "--key-id", "ID", "what the server calls the key (kid), where it is not the key's own" },
	{ "--no-verify", NULL, "store the secret without getting a token first" },
	{ "--yes", NULL, "replace a profile or secret of this name; agree to the scopes that the servers name" },
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
	bool is_path = !strcmp(key->name, "ca_file") || !strcmp(key->name, "certificate");
	enum status status = STATUS_OK;

	if (is_path && *value && *value != '/')
		status = make_absolute(options, &value, err);
	return status == STATUS_OK ? profile_set(&options->profile, key->name, value, err) : status;
}

static enum status add_options_take_word(void *context, const char *option, const char *value, struct err *err)
{
	struct add_options *options = context;
	struct profile *profile = &options->profile;
	const struct profile_key *key = option ? command_option_key(option) : NULL;
	enum status status;

	if (key)
		return add_options_take_key(options, key, value, err);
	if (!option && *profile->name)
		return err_set(err, STATUS_USAGE, "add takes one name; a client secret is read from standard input only");
	if (!option) {
		status = profile_name_check(value, err);
		if (status == STATUS_OK)
			memcpy(profile->name, value, strlen(value) + 1);
		return status;
	}
	if (!strcmp(option, "--private-key"))
		options->key_file = value;
	else if (!strcmp(option, "--key-id"))
		options->key_id = value;
	else if (!strcmp(option, "--generate-key"))
		options->generate_key = true;
	else if (!strcmp(option, "--no-verify"))
		options->no_verify = true;
	else if (!strcmp(option, "--yes"))
		options->yes = true;
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

static enum status check_key(struct add_options *options, struct err *err)
{
	struct profile *profile = &options->profile;
	bool has_key = add_options_has_key(options);

	if (options->key_file && options->generate_key)
		return err_set(err, STATUS_USAGE, "--private-key and --generate-key cannot be used together");
	if (profile->certificate && !options->key_file)
		return err_set(err, STATUS_USAGE, "--certificate needs its private key: --private-key FILE");
	if (!has_key && auth_method_uses_key(profile->auth_method))
		return err_set(err, STATUS_USAGE, "%s needs --private-key FILE or --generate-key", profile->auth_method);
	if (!has_key && options->key_id)
		return err_set(err, STATUS_USAGE, "--key-id needs --private-key FILE or --generate-key");
	if (has_key && profile->auth_method && !auth_method_uses_key(profile->auth_method))
		return err_set(err, STATUS_USAGE, "auth_method '%s' uses a client secret, not a private key",
			       profile->auth_method);
	// where no server is asked what it takes
	if (has_key && !profile->auth_method && profile->token_endpoint)
		profile->auth_method = profile->certificate ? "tls_client_auth" : "private_key_jwt";
	return STATUS_OK;
}

enum status add_options_parse(struct add_options *options, char **args, struct err *err)
{
	const struct options parser = { "add", command_options(command_find("add")), false };
	struct profile *profile = &options->profile;
	enum status status = refuse_secrets(args, err);

	memset(options, 0, sizeof *options);
	if (status == STATUS_OK)
		status = options_parse(&parser, &args, add_options_take_word, options, err);
	if (status != STATUS_OK)
		return status;
	if (!*profile->name)
		return err_set(err, STATUS_USAGE, "add: the name of the new profile is missing: see 'sk-helper help add'");
	if (!profile->client_id || (!profile->token_endpoint && !profile->issuer && !profile->url_count))
		return err_set(err, STATUS_USAGE,
			       "add needs --client-id, and --url, --issuer or --token-endpoint: see 'sk-helper help add'");
	return check_key(options, err);
}
