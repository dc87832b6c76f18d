// SPDX-License-Identifier: MIT
// rotate: a new client secret or private key, which has to prove itself with a token before it takes the place of the old one.
// The old one stays behind it, for one try when the server does not know the new one: the only one that works is never lost.
#include "base/text.h"
#include "core/ask.h"
#include "core/client.h"
#include "core/commands.h"
#include "core/oauth-client.h"
#include "core/obtain.h"
#include "core/stored-secret.h"
#include "model/auth-method.h"
#include "model/profiles.h"

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

static enum status parse(struct rotation *rotation, char **args, struct err *err)
{
	bool missing = false;

	for (; *args && !missing; args++) {
		if (command_option(&args, "--private-key", &rotation->key_file, &missing) ||
		    command_option(&args, "--key-id", &rotation->key_id, &missing) ||
		    command_option(&args, "--certificate", &rotation->certificate, &missing))
			continue;
		if (text_starts(*args, "-"))
			return err_set(err, STATUS_USAGE, "rotate has no option '%s': see 'sk-helper help rotate'", *args);
		if (rotation->name)
			return err_set(err, STATUS_USAGE, "rotate takes the name of one profile, not also '%s'", *args);
		rotation->name = *args;
	}
	if (missing)
		return err_set(err, STATUS_USAGE, "rotate: an option without its value: see 'sk-helper help rotate'");
	if (!rotation->name)
		return err_set(err, STATUS_USAGE, "rotate takes the name of one profile, and the new secret on standard input");
	if (rotation->certificate && !realpath(rotation->certificate, rotation->path))
		return err_set(err, STATUS_USAGE, "--certificate: '%s': %s", rotation->certificate, strerror(errno));
	return STATUS_OK;
}

// Before anything is asked for.
static enum status check_old(const struct profile *profile, const struct rotation *rotation, struct err *err)
{
	BUF_AUTO(record, SECRET_RECORD_MAX);
	struct secret old;
	enum status status = stored_secret(profile, &record, &old, err);

	if (status == STATUS_NOT_FOUND)
		return err_set(err, status, "there is nothing to rotate: 'sk-helper store' or 'sk-helper add' stores a secret");
	if (status != STATUS_OK)
		return status;
	if (old.is_key && !rotation->key_file)
		return err_set(err, STATUS_USAGE, "its client has a private key: --private-key FILE, or - for standard input");
	if (!old.is_key && (rotation->key_file || rotation->key_id || rotation->certificate))
		return err_set(err, STATUS_USAGE, "its client has a client secret, and no private key");
	if (rotation->certificate && !profile->certificate)
		return err_set(err, STATUS_USAGE, "its client has no certificate");
	return STATUS_OK;
}

static enum status take_new(struct rotation *rotation, struct err *err)
{
	BUF_AUTO(text, 32768);
	enum status status;

	if (!rotation->key_file) {
		status = ask_secret(rotation->name, &rotation->answer, err);
		rotation->new.value = rotation->answer.data;
		return status;
	}
	status = ask_private_key(rotation->key_file, &text, err);
	if (status == STATUS_OK)
		status = oauth_import_key(&text, rotation->key_id, &rotation->answer, &rotation->key, err);
	rotation->new.is_key = true;
	rotation->new.value = rotation->key.private_key;
	return status;
}

// What is kept behind the new one is what is there now, whatever has happened since it was looked at first.
static enum status keep(const struct profile *as_read, const struct profile *profile, struct rotation *rotation,
			struct err *err)
{
	BUF_AUTO(record, SECRET_RECORD_MAX);
	struct secret old;
	struct err warning;
	struct lock lock;
	enum status status = client_lock_unchanged(&lock, as_read, err);

	if (status != STATUS_OK)
		return status;
	status = stored_secret(as_read, &record, &old, err);
	if (status == STATUS_OK) {
		rotation->new.previous = old.value;
		status = client_keep(profile, &rotation->new, &warning, err);
	}
	lock_release(&lock);
	return status;
}

static enum status rotate(struct rotation *rotation, struct err *err)
{
	__attribute__((cleanup(obtained_free))) struct obtained obtained = OBTAINED_INIT;
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	char path[PROFILES_PATH_MAX];
	struct profile as_read, profile;
	enum status status = profiles_load(rotation->name, &text, &as_read, err);

	if (status != STATUS_OK)
		return status;
	profile = as_read;
	if (rotation->certificate)
		profile.certificate = rotation->path;
	status = client_prepare_profiles(err);
	if (status == STATUS_OK)
		status = profiles_make_own(&profile, path, err);
	if (status == STATUS_OK)
		status = check_old(&as_read, rotation, err);
	if (status == STATUS_OK)
		status = take_new(rotation, err);
	if (status == STATUS_OK)
		status = obtain_with_secret(&profile, &rotation->new, &obtained, err);
	if (status == STATUS_OK)
		status = keep(&as_read, &profile, rotation, err);
	if (status != STATUS_OK) {
		err_prefix(err, "profile '%s' not rotated", rotation->name);
		return status;
	}
	obtain_cache(&profile, &obtained);
	printf("profile '%s': the new %s works; the previous one is kept behind it\n", rotation->name,
	       rotation->key_file ? "private key" : "client secret");
	if (rotation->key_file && !profile.certificate)
		printf("its public key:\n%s\n", rotation->key.public_jwk);
	if (*obtained.warning.text)
		warn(&obtained.warning);
	return STATUS_OK;
}

enum status command_rotate(char **args, struct err *err)
{
	struct rotation rotation = { .answer = BUF_INIT(65536), .key = { "", "", "" } };
	enum status status = parse(&rotation, args, err);

	if (status == STATUS_OK)
		status = rotate(&rotation, err);
	buf_free(&rotation.answer);
	return status;
}
