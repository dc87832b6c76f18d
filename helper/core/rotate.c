// SPDX-License-Identifier: MIT
// rotate: replaces a client secret or private key, after a token was obtained with the new one. The old one is kept
// beside it for a day, and is tried once when the server refuses the new one: so a secret that works is never lost.
#include "base/text.h"
#include "core/ask-key.h"
#include "core/ask-oauth.h"
#include "core/ask.h"
#include "core/audit.h"
#include "core/change.h"
#include "core/commands.h"
#include "core/keep.h"
#include "core/obtain.h"
#include "core/stored-secret.h"
#include "core/terminal.h"
#include "model/auth-method.h"
#include "model/profile-dir.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct option rotate_options[] = {
	{ "--private-key", "FILE", "the new key of a client that has one: PEM or JWK, '-' for standard input" },
	{ "--key-id", "ID", "what the server calls the new key (kid), where it is not the key's own" },
	{ "--certificate", "FILE", "the new certificate that goes with it" },
	{ NULL, NULL, NULL },
};

struct rotation {
	const char *name;
	const char *key_file;		  // NULL for a client secret
	const char *key_id, *certificate; // NULL for none
	char path[PATH_MAX];		  // of the certificate
	struct buf answer;		  // what the new one points into
	struct client_key key;		  // of key_file
	struct secret new;
};

static enum status rotate_take_word(void *context, const char *option, const char *value, struct err *err)
{
	struct rotation *rotation = context;

	if (!option && rotation->name)
		return err_set(err, STATUS_USAGE, "rotate takes the name of one profile, not also '%s'", value);
	if (!option)
		rotation->name = value;
	else if (!strcmp(option, "--private-key"))
		rotation->key_file = value;
	else if (!strcmp(option, "--key-id"))
		rotation->key_id = value;
	else
		rotation->certificate = value;
	return STATUS_OK;
}

static enum status rotate_parse(struct rotation *rotation, char **args, struct err *err)
{
	const struct options parser = { "rotate", rotate_options, false };
	enum status status = options_parse(&parser, &args, rotate_take_word, rotation, err);

	if (status != STATUS_OK)
		return status;
	if (!rotation->name)
		return err_set(err, STATUS_USAGE,
			       "rotate: the name of a profile is missing; the new secret is read from standard input");
	if (rotation->certificate && !realpath(rotation->certificate, rotation->path))
		return err_set(err, STATUS_USAGE, "--certificate: '%s': %s", rotation->certificate, strerror(errno));
	return STATUS_OK;
}

// Before anything is asked for.
static enum status check_old(const struct profile *profile, const struct rotation *rotation, struct err *err)
{
	BUF_AUTO(record, SECRET_RECORD_MAX);
	struct secret old;
	enum status status;

	if (profile->ssh_agent)
		return err_set(
			err, STATUS_USAGE,
			"its key is in an ssh-agent: add the new one there (ssh-add), and then 'sk-helper set %s --ssh-agent SHA256:... "
			"--no-verify' and 'sk-helper public-key %s', which prints what is to be registered",
			profile->name, profile->name);
	if (profile_secret_is_elsewhere(profile))
		return err_set(
			err, STATUS_USAGE,
			"its %s is in secret_store %s, which sk-helper only reads: change it there; 'sk-helper get %s --fresh' then "
			"checks that it works",
			secret_noun(auth_method_uses_key(profile->auth_method)), profile->secret_store, profile->name);
	status = stored_secret_get(profile, &record, &old, err);
	// there is nothing to fall back to, then
	if (status == STATUS_NOT_FOUND)
		old.is_key = auth_method_uses_key(profile->auth_method);
	else if (status != STATUS_OK)
		return status;
	if (old.is_key && !rotation->key_file)
		return err_set(err, STATUS_USAGE,
			       "its client has a private key: give the new one with --private-key FILE (- for standard input)");
	if (!old.is_key && (rotation->key_file || rotation->key_id || rotation->certificate))
		return err_set(err, STATUS_USAGE, "its client has a client secret, and no private key");
	if (rotation->certificate && !profile->certificate)
		return err_set(err, STATUS_USAGE, "its client has no certificate");
	return STATUS_OK;
}

static enum status rotate_take_new(struct rotation *rotation, const struct profile *profile, struct err *err)
{
	BUF_AUTO(text, 32768);
	enum status status;

	if (!rotation->key_file) {
		status = ask_secret(rotation->name, profile->token_endpoint, &rotation->answer, err);
		rotation->new.value = rotation->answer.data;
		return status;
	}
	status = ask_private_key(rotation->key_file, &text, err);
	if (status == STATUS_OK)
		status = key_import(&text, rotation->key_id, &rotation->answer, &rotation->key, err);
	rotation->new.is_key = true;
	rotation->new.value = rotation->key.private_key;
	return status;
}

// What is kept behind the new one is what is there now, whatever has happened since it was looked at first.
static enum status rotate_keep(const struct profile *as_read, const struct profile *profile, struct rotation *rotation,
			       struct err *err)
{
	BUF_AUTO(record, SECRET_RECORD_MAX);
	struct secret old;
	struct err warning;
	struct lock lock;
	enum status status = keep_lock_unchanged(&lock, as_read, err);

	if (status != STATUS_OK)
		return status;
	status = stored_secret_get(as_read, &record, &old, err);
	rotation->new.previous = status == STATUS_OK ? old.value : NULL;
	if (status == STATUS_OK || status == STATUS_NOT_FOUND)
		status = keep_client(profile, &rotation->new, &warning, err);
	if (status == STATUS_OK)
		audit_say(&(struct audit_event){ .kind = AUDIT_ROTATED, .profile = profile });
	lock_release(&lock);
	return status;
}

static enum status rotate_verify(const struct profile *profile, const struct rotation *rotation, struct cached_token *obtained,
				 struct err *err)
{
	struct endpoint_failure ignored;
	enum status status;

	terminal_wait_begin("the authorization server");
	status = obtain_with_secret(profile, &rotation->new, obtained, &ignored, err);
	terminal_wait_end();
	return status;
}

static enum status rotate(struct rotation *rotation, struct err *err)
{
	CACHED_TOKEN_AUTO(obtained);
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	struct profile as_read, profile;
	enum status status = profile_dir_load(rotation->name, &text, &as_read, err);

	if (status != STATUS_OK)
		return status;
	profile = as_read;
	if (rotation->certificate)
		profile.certificate = rotation->path;
	status = keep_prepare(err);
	if (status == STATUS_OK)
		status = change_may_write(&as_read, &profile, err);
	if (status == STATUS_OK)
		status = check_old(&as_read, rotation, err);
	if (status == STATUS_OK)
		status = rotate_take_new(rotation, &profile, err);
	if (status == STATUS_OK)
		status = rotate_verify(&profile, rotation, &obtained, err);
	if (status == STATUS_OK)
		status = rotate_keep(&as_read, &profile, rotation, err);
	if (status != STATUS_OK) {
		err_prefix(err, "profile '%s' not rotated", rotation->name);
		return status;
	}
	token_cache_put(&profile, &obtained);
	printf("profile '%s': the new %s works%s\n", rotation->name, secret_noun(rotation->key_file),
	       rotation->new.previous ? "; the old one is kept as a fallback until the new one has worked for a day" : "");
	if (rotation->key_file && !profile.certificate)
		printf("its public key:\n%s\n", rotation->key.public_jwk);
	if (*obtained.warning.text)
		warn(&obtained.warning);
	return STATUS_OK;
}

enum status command_rotate(char **args, struct err *err)
{
	struct rotation rotation = { .answer = BUF_INIT(65536), .key = { "", "", "" } };
	enum status status = rotate_parse(&rotation, args, err);

	if (status == STATUS_OK)
		status = rotate(&rotation, err);
	buf_free(&rotation.answer);
	return status;
}
