// SPDX-License-Identifier: MIT
#include "model/secret.h"

#include "base/text.h"
#include "base/wire.h"
#include "model/auth-method.h"

#include <string.h>

static const char *const names[] = { "client_secret", "private_key" };

const char *secret_noun(bool is_key)
{
	return is_key ? "private key" : "client secret";
}

// Whether this is a key of a profile's that a secret is bound to.
static const struct profile_key *binding_key(const char *name)
{
	const struct profile_key *key = profile_key_find(name);

	return key && key->binds_secret ? key : NULL;
}

// Of each line of a record. False for one that cannot be.
static bool secret_take_field(struct secret *secret, const struct wire_field *field)
{
	if (!strcmp(field->key, names[false]) || !strcmp(field->key, names[true])) {
		secret->value = field->value;
		secret->is_key = !strcmp(field->key, names[true]);
	} else if (!strcmp(field->key, "kind")) {
		secret->is_key = !strcmp(field->value, secret_noun(true));
	} else if (!strcmp(field->key, "previous_secret")) {
		secret->previous = field->value;
	} else if (!strcmp(field->key, "ca_file_sha256")) {
		secret->ca_file_sha256 = field->value;
	} else if (!strcmp(field->key, "worked_at")) {
		(void)text_to_number(field->value, 0, INT64_MAX, &secret->worked_at);
	} else if (!strcmp(field->key, "profile")) {
		secret->given_for.path = field->value;
	} else if (binding_key(field->key)) {
		return profile_set(&secret->given_for, field->key, field->value, NULL) == STATUS_OK;
	}
	return true;
}

enum status secret_parse_binding(struct secret *secret, char *record, size_t len, struct err *err)
{
	struct wire wire = wire_message(record, len);
	struct wire_field field;
	enum wire_result result;
	bool good = true;

	*secret = (struct secret){ .value = "", .previous = "", .ca_file_sha256 = "" };
	while ((result = wire_next(&wire, &field, NULL)) == WIRE_FIELD && good)
		good = secret_take_field(secret, &field);
	if (!good || result != WIRE_END || !secret->given_for.token_endpoint)
		return err_set(err, STATUS_INTERNAL, "the record of what the secret is for is damaged");
	return STATUS_OK;
}

enum status secret_parse(struct secret *secret, char *record, size_t len, struct err *err)
{
	if (secret_parse_binding(secret, record, len, NULL) != STATUS_OK || !*secret->value)
		return err_set(err, STATUS_INTERNAL, "the record in the keyring is damaged");
	return STATUS_OK;
}

void secret_write(const struct secret *secret, const struct profile *profile, struct buf *b)
{
	wire_put(b, "profile", profile->path);
	for (size_t i = 0; i < profile_key_count; i++) {
		if (profile_keys[i].binds_secret)
			profile_write_key(profile, &profile_keys[i], b);
	}
	wire_put(b, "ca_file_sha256", secret->ca_file_sha256);
	if (secret->previous && *secret->previous) {
		wire_put(b, "previous_secret", secret->previous);
		if (secret->worked_at)
			wire_put_number(b, "worked_at", secret->worked_at);
	}
	if (secret->value)
		wire_put(b, names[secret->is_key], secret->value);
	else
		wire_put(b, "kind", secret_noun(secret->is_key));
}

const char *secret_again(const struct profile *profile, bool is_key)
{
	return profile_secret_is_elsewhere(profile) ? "' checks it again" :
	       is_key				    ? " --private-key FILE' stores the key again" :
						      "' asks for the secret again";
}

// The key's value in one line.
static void secret_put_value(const struct profile *profile, const struct profile_key *key, struct buf *line)
{
	size_t *count;
	const char **values;

	if (key->kind != KEY_LIST) {
		buf_adds(line, profile_get(profile, key) ? profile_get(profile, key) : "");
		return;
	}
	values = profile_list((struct profile *)(uintptr_t)profile, key, &count);
	for (size_t i = 0; i < *count; i++)
		buf_addf(line, "%s%s", i ? " " : "", values[i]);
}

static enum status secret_refuse(const struct secret *secret, const struct profile *profile, const struct profile_key *key,
				 struct err *err)
{
	BUF_AUTO(was, PROFILE_FILE_MAX);
	BUF_AUTO(is, PROFILE_FILE_MAX);

	secret_put_value(&secret->given_for, key, &was);
	secret_put_value(profile, key, &is);
	return err_set(err, STATUS_POLICY,
		       "the secret was given for %s '%.200s', and the profile now says '%.200s': nothing was sent; if that is "
		       "right, 'sk-helper add %s%s; if not, 'sk-helper edit %s' undoes it",
		       key->name, was.len ? was.data : "", is.len ? is.data : "", profile->name,
		       secret_again(profile, secret->is_key), profile->name);
}

enum status secret_check(const struct secret *secret, const struct profile *profile, struct err *err)
{
	if (secret->is_key != auth_method_uses_key(profile->auth_method) && profile_secret_is_elsewhere(profile))
		return err_set(
			err, STATUS_POLICY,
			"auth_method '%s' needs a %s, and what was checked is a %s: nothing was sent; if that is right, 'sk-helper "
			"add %s%s",
			profile->auth_method, secret_noun(!secret->is_key), secret_noun(secret->is_key), profile->name,
			secret_again(profile, secret->is_key));
	if (secret->is_key != auth_method_uses_key(profile->auth_method))
		return err_set(
			err, STATUS_POLICY,
			"auth_method '%s' needs a %s, and what is stored is a %s: nothing was sent; 'sk-helper add %s%s' stores the right one",
			profile->auth_method ? profile->auth_method : "client_secret_post", secret_noun(!secret->is_key),
			secret_noun(secret->is_key), profile->name, secret->is_key ? "" : " --private-key FILE");
	if (!text_same(secret->given_for.path, profile->path))
		return err_set(err, STATUS_POLICY,
			       "the secret was stored for the profile at '%.200s', not for '%.200s': nothing was sent; if this "
			       "profile is right, 'sk-helper add %s%s",
			       secret->given_for.path ? secret->given_for.path : "", profile->path ? profile->path : "",
			       profile->name, secret_again(profile, secret->is_key));
	for (size_t i = 0; i < profile_key_count; i++) {
		const struct profile_key *key = &profile_keys[i];

		if (key->binds_secret && !profile_key_same(&secret->given_for, profile, key))
			return secret_refuse(secret, profile, key, err);
	}
	return STATUS_OK;
}

enum status secret_text_check(const char *client_secret, struct err *err)
{
	size_t len = strlen(client_secret);

	if (len == 0)
		return err_set(err, STATUS_USAGE, "client secret: empty");
	if (len > SECRET_MAX)
		return err_set(err, STATUS_USAGE, "client secret: longer than %d bytes", SECRET_MAX);
	if (!text_has_no_control(client_secret, len))
		return err_set(err, STATUS_USAGE, "client secret: it has a control character (a carriage return, a tab?)");
	return STATUS_OK;
}
