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
	{ "--yes", NULL, "answer every question with yes" },
	{ NULL, NULL, NULL },
};

bool add_options_has_key(const struct add_options *options)
{
	return options->key_file || options->generate_key;
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

static bool take_flag(struct add_options *options, const char *option)
{
	bool *flag = !strcmp(option, "--no-verify")    ? &options->no_verify :
		     !strcmp(option, "--yes")	       ? &options->yes :
		     !strcmp(option, "--generate-key") ? &options->generate_key :
							 NULL;

	if (flag)
		*flag = true;
	return flag != NULL;
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

static enum status take_key(struct add_options *options, char ***args, const struct profile_key *key, const char *value,
			    struct err *err)
{
	bool is_path = !strcmp(key->name, "ca_file") || !strcmp(key->name, "certificate");
	enum status status = STATUS_OK;

	value = value ? value + 1 : *++*args;
	if (!value)
		return err_set(err, STATUS_USAGE, "%s wants a value", (*args)[-1]);
	if (is_path && *value && *value != '/')
		status = make_absolute(options, &value, err);
	return status == STATUS_OK ? profile_set(&options->profile, key->name, value, err) : status;
}

static enum status take_option(struct add_options *options, char ***args, struct err *err)
{
	const char *option = **args, *value = strchr(option, '=');
	const struct profile_key *key = key_of_option(option + 2, value ? (size_t)(value - option - 2) : strlen(option + 2));
	bool missing = false;

	if (take_flag(options, option))
		return STATUS_OK;
	if (command_option(args, "--private-key", &options->key_file, &missing) ||
	    command_option(args, "--key-id", &options->key_id, &missing))
		return missing ? err_set(err, STATUS_USAGE, "%s wants a value", option) : STATUS_OK;
	if (key)
		return take_key(options, args, key, value, err);
	if (text_starts(option, "--client-secret") || text_starts(option, "--client_secret") || text_starts(option, "--secret"))
		return err_set(err, STATUS_USAGE,
			       "a secret is never an argument, where all can see it: it is asked for, or read from "
			       "standard input");
	return err_set(err, STATUS_USAGE, "add has no option '%.*s': see 'sk-helper help add'", (int)strcspn(option, "="),
		       option);
}

static enum status check_key(struct add_options *options, struct err *err)
{
	struct profile *profile = &options->profile;
	bool has_key = add_options_has_key(options);

	if (options->key_file && options->generate_key)
		return err_set(err, STATUS_USAGE, "--private-key and --generate-key: one of the two");
	if (profile->certificate && !options->key_file)
		return err_set(err, STATUS_USAGE, "--certificate wants its key: --private-key FILE");
	if (!has_key && auth_method_uses_key(profile->auth_method))
		return err_set(err, STATUS_USAGE, "%s wants --private-key FILE or --generate-key", profile->auth_method);
	if (!has_key && options->key_id)
		return err_set(err, STATUS_USAGE, "--key-id wants --private-key FILE or --generate-key");
	if (has_key && profile->auth_method && !auth_method_uses_key(profile->auth_method))
		return err_set(err, STATUS_USAGE, "auth_method '%s' is made with a client secret, not with a key",
			       profile->auth_method);
	// where no server is asked what it takes
	if (has_key && !profile->auth_method && profile->token_endpoint)
		profile->auth_method = profile->certificate ? "tls_client_auth" : "private_key_jwt";
	return STATUS_OK;
}

enum status add_options_parse(struct add_options *options, char **args, struct err *err)
{
	struct profile *profile = &options->profile;

	memset(options, 0, sizeof *options);
	for (; *args; args++) {
		enum status status = STATUS_OK;

		if (text_starts(*args, "--"))
			status = take_option(options, &args, err);
		else if (*profile->name)
			status = err_set(err, STATUS_USAGE, "add takes one name, and a client secret only on standard input");
		else if ((status = profile_name_check(*args, err)) == STATUS_OK)
			memcpy(profile->name, *args, strlen(*args) + 1);
		if (status != STATUS_OK)
			return status;
	}
	if (!*profile->name)
		return err_set(err, STATUS_USAGE, "add: a name is missing: see 'sk-helper help add'");
	if (!profile->client_id || (!profile->token_endpoint && !profile->issuer && !profile->url_count))
		return err_set(err, STATUS_USAGE,
			       "add wants --client-id, and --url, --issuer or --token-endpoint: see 'sk-helper help add'");
	return check_key(options, err);
}
