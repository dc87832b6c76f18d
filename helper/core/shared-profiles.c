// SPDX-License-Identifier: MIT
#include "core/shared-profiles.h"

#include "base/wire.h"

#include <stdio.h>
#include <string.h>

// The keys of a profile that the asking side is told.
static const char *const told[] = { "url", "scope", "scope_limit", "resource", "username", "git_retry", "renew_on_repeat" };

static bool shared_is_told(const char *key)
{
	for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
		if (!strcmp(told[i], key))
			return true;
	}
	return false;
}

void shared_profile_write(const struct profile *profile, struct buf *out)
{
	wire_put(out, "profile", profile->name);
	for (size_t i = 0; i < profile->url_count; i++)
		wire_put(out, "url", profile->urls[i]);
	for (size_t i = 0; i < profile_key_count; i++) {
		if (profile_keys[i].kind == KEY_TEXT && shared_is_told(profile_keys[i].name))
			wire_put(out, profile_keys[i].name, profile_get(profile, &profile_keys[i]));
	}
}

// A new one. What it has besides is never used: there is no keyring on the asking side.
static struct profile *shared_profiles_add(struct shared_profiles *shared, const char *name, const char *place)
{
	struct profile *profile;

	if (shared->count == SHARED_PROFILES_MAX || !profile_name_ok(name))
		return NULL;
	profile = &shared->profiles[shared->count++];
	*profile = (struct profile){ .auth_method = "", .secret_store = "", .token_cache = "", .timeout = 10 };
	memcpy(profile->name, name, strlen(name) + 1);
	profile_set_path(profile, place);
	return profile;
}

enum status shared_profiles_read(struct shared_profiles *shared, char *text, size_t len, const char *place, struct err *err)
{
	struct wire wire = wire_message(text, len);
	struct profile *profile = NULL;
	enum status status = STATUS_OK;
	enum wire_result result = WIRE_END;
	struct wire_field field;

	*shared = (struct shared_profiles){ 0 };
	while (status == STATUS_OK && (result = wire_next(&wire, &field, NULL)) == WIRE_FIELD) {
		if (!strcmp(field.key, "profile")) {
			profile = shared_profiles_add(shared, field.value, place);
			status = profile ? STATUS_OK : STATUS_INTERNAL;
		} else if (profile && shared_is_told(field.key)) {
			status = profile_set(profile, field.key, field.value, NULL);
		}
	}
	if (status != STATUS_OK || result == WIRE_BAD)
		return err_set(err, STATUS_INTERNAL, "the answer is not one of 'sk-helper share'");
	return STATUS_OK;
}

// --- which one

static const struct profile *shared_find(const struct shared_profiles *shared, const char *name)
{
	for (size_t i = 0; i < shared->count; i++) {
		if (!strcmp(shared->profiles[i].name, name))
			return &shared->profiles[i];
	}
	return NULL;
}

static const struct profile *shared_find_by_url(const struct shared_profiles *shared, const struct request *request,
						struct err *err)
{
	const struct profile *found = NULL, *other = NULL;
	size_t best = 0;

	for (size_t i = 0; i < shared->count; i++) {
		size_t len = profile_covers(&shared->profiles[i], &request->target);

		if (!len || len < best)
			continue;
		other = len == best ? found : NULL;
		found = &shared->profiles[i];
		best = len;
	}
	if (!found) {
		err_set(err, STATUS_NOT_FOUND, "no profile that is shared has a 'url' that covers '%.*s'",
			url_shown(request->url), request->url);
	} else if (other) {
		err_set(err, STATUS_USAGE, "profiles '%s' and '%s' both cover '%.*s': give the name of one of them",
			other->name, found->name, url_shown(request->url), request->url);
		found = NULL;
	}
	return found;
}

// Where the request says neither a name nor a URL.
static const struct profile *shared_find_usual(const struct shared_profiles *shared, struct err *err)
{
	const struct profile *usual = shared->count == 1 ? &shared->profiles[0] : shared_find(shared, "default");
	char names[SHARED_PROFILES_MAX * (PROFILE_NAME_MAX + 2) + 1] = "";
	size_t len = 0;

	if (usual)
		return usual;
	for (size_t i = 0; i < shared->count && len < sizeof names; i++)
		len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", i ? ", " : "", shared->profiles[i].name);
	err_set(err, STATUS_USAGE, "which profile? %.400s. For example: sk-helper get %s", names, shared->profiles[0].name);
	return NULL;
}

const struct profile *shared_profiles_choose(const struct shared_profiles *shared, const struct request *request,
					     bool *uncovered, struct err *err)
{
	const char *name = request->profile;
	const struct profile *found = NULL;

	*uncovered = false;
	if (shared->count == 0) {
		err_set(err, STATUS_NOT_FOUND,
			"no profile is shared any more: were they removed, where 'sk-helper share' runs?");
		return NULL;
	}
	*uncovered = request->url && request->url_status != STATUS_OK;
	if (request_check_url(request, err) != STATUS_OK)
		return NULL;
	if (name) {
		found = shared_find(shared, name);
		if (!found)
			err_set(err, STATUS_NOT_FOUND, "profile '%.64s' is not shared here", name);
	} else if (request->url) {
		found = shared_find_by_url(shared, request, err);
	} else {
		found = shared_find_usual(shared, err);
	}
	*uncovered = !found && !name && request->url && err->status == STATUS_NOT_FOUND;
	if (found && request->url && !profile_covers(found, &request->target)) {
		*uncovered = true;
		err_set(err, STATUS_POLICY, "profile '%s': none of its urls covers '%.*s'", found->name,
			url_shown(request->url), request->url);
		return NULL;
	}
	return found;
}
