// SPDX-License-Identifier: MIT
#include "core/change.h"

#include "base/text.h"
#include "core/binding.h"
#include "core/trust.h"
#include "model/profile-dir.h"
#include "model/secret-store.h"
#include "model/url.h"

#include <string.h>

static void *change_member(struct profile *profile, const struct profile_key *key)
{
	return (char *)profile + key->offset;
}

enum status change_add_unset(struct change *change, const char *name, struct err *err)
{
	const struct profile_key *key = profile_key_find(name);

	if (!key)
		return profile_key_unknown(name, err);
	if (change->unset_count == CHANGE_UNSET_MAX)
		return err_set(err, STATUS_USAGE, "--unset: given more than %d times", CHANGE_UNSET_MAX);
	change->unset[change->unset_count++] = key;
	return STATUS_OK;
}

bool change_is_empty(const struct change *change)
{
	for (size_t i = 0; i < profile_key_count; i++) {
		if (profile_has(&change->given, &profile_keys[i]))
			return false;
	}
	return change->unset_count == 0;
}

static void change_unset(struct profile *profile, const struct profile_key *key)
{
	size_t *count;

	if (key->kind == KEY_LIST) {
		*profile_list(profile, key, &count) = NULL;
		*count = 0;
	} else if (key->kind == KEY_TEXT)
		*(const char **)change_member(profile, key) = NULL;
	else
		*(int64_t *)change_member(profile, key) = 0;
}

static bool change_has_url(const struct profile *profile, const char *url)
{
	for (size_t i = 0; i < profile->url_count; i++) {
		if (!strcmp(profile->urls[i], url))
			return true;
	}
	return false;
}

static enum status change_urls(const struct change *change, struct profile *profile, struct err *err)
{
	if (change->given.url_count && !change->adds_urls)
		profile->url_count = 0;
	for (size_t i = 0; i < change->given.url_count; i++) {
		if (change_has_url(profile, change->given.urls[i]))
			continue;
		if (profile->url_count == PROFILE_URLS_MAX)
			return err_set(err, STATUS_USAGE, "url: a profile has at most %d", PROFILE_URLS_MAX);
		profile->urls[profile->url_count++] = change->given.urls[i];
	}
	return STATUS_OK;
}

// A parameter takes the place of the one of the same name.
static enum status change_params(const struct change *change, struct profile *profile, struct err *err)
{
	for (size_t i = 0; i < change->given.param_count; i++) {
		const char *param = change->given.params[i];
		size_t name = strcspn(param, "=") + 1, at = 0;

		while (at < profile->param_count && strncmp(profile->params[at], param, name) != 0)
			at++;
		if (at == PROFILE_PARAMS_MAX)
			return err_set(err, STATUS_USAGE, "param: a profile has at most %d", PROFILE_PARAMS_MAX);
		profile->params[at] = param;
		if (at == profile->param_count)
			profile->param_count++;
	}
	return STATUS_OK;
}

// Whether the token endpoint is another server's: the other endpoints of the old one would see the secret, too.
static bool change_leaves_server(const struct change *change, const struct profile *profile)
{
	struct url old, given;

	return change->given.token_endpoint && profile->token_endpoint &&
	       url_parse(&old, profile->token_endpoint, NULL) == STATUS_OK &&
	       url_parse(&given, change->given.token_endpoint, NULL) == STATUS_OK && !url_same_origin(&old, &given);
}

// A list that is one thing, as the words of a command are: the new one takes the place of the old one.
static void change_list(struct profile *profile, const struct profile_key *key, struct profile *given)
{
	size_t *count, *given_count;
	const char **values = profile_list(profile, key, &count), **given_values = profile_list(given, key, &given_count);

	if (*given_count == 0)
		return;
	memcpy(values, given_values, *given_count * sizeof *values);
	values[*given_count] = NULL; // there is room for one more
	*count = *given_count;
}

// The store that the change names, by itself or by a key that says where the secret is. NULL: none is named.
static const struct secret_store *change_named_store(const struct change *change)
{
	const struct profile *given = &change->given;

	if (given->secret_store)
		return secret_store_find(given->secret_store);
	for (size_t i = 0; i < secret_store_count; i++) {
		if (secret_stores[i].key && profile_has(given, profile_key_find(secret_stores[i].key)))
			return &secret_stores[i];
	}
	// the platform's identity token takes the secret's place
	return given->identity_token && !given->auth_method ? secret_store_find("none") : NULL;
}

bool change_names_source(const struct change *change)
{
	const struct secret_store *store = change_named_store(change);

	if (change->given.identity_token)
		return true;
	return store && store->is_elsewhere && (!store->needs_key || profile_has(&change->given, profile_key_find(store->key)));
}

enum status change_check_trust(const struct change *change, const struct profile *old, bool checks_again, struct err *err)
{
	if (!old->identity_token && !profile_secret_is_elsewhere(old))
		return STATUS_OK;
	// the source is named, and change_begin has looked at the rest
	if (change_names_source(change) || checks_again)
		return trust_source(old, err);
	return profile_secret_is_elsewhere(old) ? binding_check(old, err) : trust_profile(old, err);
}

bool change_begin(const struct change *change, struct profile *old)
{
	struct profile anew = { .path = old->path };

	if (!change_names_source(change) || trust_source(old, NULL) == STATUS_OK)
		return true;
	memcpy(anew.name, old->name, sizeof anew.name);
	memcpy(anew.file_id, old->file_id, sizeof anew.file_id);
	*old = anew;
	return false;
}

// Another place for the secret: what said where it was, and how it was read, does not stay.
static void change_store(const struct change *change, struct profile *profile)
{
	const struct secret_store *to = change_named_store(change);
	bool was_agent = profile->ssh_agent != NULL;

	if (!to || (!strcmp(to->name, "none") && !secret_store_is_elsewhere(profile->secret_store)))
		return;
	profile->secret_store = NULL;
	for (size_t i = 0; i < profile_key_count; i++) {
		if (secret_store_knows(NULL, profile_keys[i].name) && !secret_store_knows(to, profile_keys[i].name))
			change_unset(profile, &profile_keys[i]);
	}
	// a key in the place of a secret, or the other way round
	if (!change->given.auth_method && was_agent != !strcmp(to->name, "ssh-agent"))
		profile->auth_method = NULL;
}

// Taking out what says where the secret is takes out that it is there.
static void change_unset_all(const struct change *change, struct profile *profile)
{
	const struct secret_store *store = secret_store_find(profile->secret_store);

	for (size_t i = 0; i < change->unset_count; i++) {
		change_unset(profile, change->unset[i]);
		if (store && store->needs_key && !strcmp(change->unset[i]->name, store->key))
			profile->secret_store = NULL;
	}
}

enum status change_apply(const struct change *change, struct profile *profile, struct err *err)
{
	struct profile given = change->given;
	enum status status;

	if (change_leaves_server(change, profile))
		profile->issuer = profile->revocation_endpoint = NULL;
	change_store(change, profile);
	change_unset_all(change, profile);
	for (size_t i = 0; i < profile_key_count; i++) {
		const struct profile_key *key = &profile_keys[i];

		if (key->kind == KEY_TEXT && profile_get(&given, key))
			*(const char **)change_member(profile, key) = profile_get(&given, key);
		else if (key->kind == KEY_NUMBER && *(int64_t *)change_member(&given, key))
			*(int64_t *)change_member(profile, key) = *(int64_t *)change_member(&given, key);
		else if (key->kind == KEY_LIST && key->is_whole)
			change_list(profile, key, &given);
	}
	status = change_urls(change, profile, err);
	if (status == STATUS_OK)
		status = change_params(change, profile, err);
	return status == STATUS_OK ? profile_infer_store(profile, err) : status;
}

bool change_moves_secret(const struct profile *old, const struct profile *profile)
{
	for (size_t i = 0; i < profile_key_count; i++) {
		if (profile_keys[i].binds_secret && !profile_key_same(old, profile, &profile_keys[i]))
			return true;
	}
	return false;
}

enum status change_may_write(const struct profile *old, const struct profile *profile, struct err *err)
{
	if (!profile_dir_is_system(old) || profile_same(old, profile))
		return STATUS_OK;
	return err_set(
		err, STATUS_POLICY,
		"it is the system's profile ('%s'), which only the administrator changes: 'sk-helper add' with another name makes "
		"one of your own",
		old->path);
}
