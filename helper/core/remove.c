// SPDX-License-Identifier: MIT
// remove: a profile, its secret and its tokens; or all of them.
#include "base/text.h"
#include "core/ask.h"
#include "core/audit.h"
#include "core/binding.h"
#include "core/commands.h"
#include "core/flight.h"
#include "core/keep.h"
#include "core/token-cache.h"
#include "keyring/keyring.h"
#include "model/auth-method.h"
#include "model/profile-dir.h"
#include "model/secret.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct option remove_options[] = {
	{ "--all", NULL, "remove all of your profiles" },
	{ "--force", NULL, "also where a keyring does not answer, which may keep the client secret then" },
	{ "--yes", NULL, "remove without a question" },
	{ NULL, NULL, NULL },
};

struct remove_call {
	const char *name;
	bool all, force, yes;
};

struct removal {
	const char *name;
	bool force;
	const char *secret_in; // the keyring that had a client secret; NULL for none
	unsigned tokens;
	struct profile profile; // as it is; only name and path where it cannot be read
	bool found;
	struct err warning;   // a token that stays will end by itself
	struct err unreached; // a keyring that --force has passed over
};

// The secret, then the tokens.
static enum status remove_secret(struct removal *removal, const struct keyring *store, struct err *err)
{
	const struct keyring_key key = keyring_key(KEYRING_SECRET, &removal->profile, NULL);
	enum status status = store ? store->del(&key, err) : STATUS_NOT_FOUND;

	removal->found = removal->found || status == STATUS_OK;
	if (status == STATUS_OK)
		removal->secret_in = store->name;
	if (removal->force && status != STATUS_OK && status != STATUS_NOT_FOUND) {
		err_set(&removal->unreached, status, "the client secret may still be in the %s keyring: %.500s", store->name,
			err->text);
		return STATUS_OK;
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static void remove_tokens(struct removal *removal, const char *cache)
{
	struct profile profile = removal->profile;
	unsigned count = 0;

	profile.token_cache = cache;
	if (token_cache_forget(&profile, NULL, NULL, &count, &removal->warning) == STATUS_OK)
		removal->warning.text[0] = '\0';
	removal->found = removal->found || count > 0;
	removal->tokens += count;
}

// The profile's file is damaged or gone, and does not say where its secret is. A keyring that is not there has none; one
// that is locked may.
static enum status remove_everywhere(struct removal *removal, struct err *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < KEYRING_COUNT; i++) {
		struct err why;
		enum status one = remove_secret(removal, keyrings[i], &why);

		if (one != STATUS_OK && one != STATUS_UNAVAILABLE) {
			status = one;
			*err = why;
		}
		remove_tokens(removal, keyrings[i]->name);
		removal->warning.text[0] = '\0';
	}
	return status;
}

// Removes what an edited profile has left in keyrings that it no longer names. A keyring that cannot be reached does
// not prevent the removal; one that is locked may have a secret, and the user is warned.
static void remove_elsewhere(struct removal *removal)
{
	for (size_t i = 0; i < KEYRING_COUNT; i++) {
		struct err why;

		if (strcmp(keyrings[i]->name, removal->profile.token_cache) != 0 && !*removal->warning.text) {
			remove_tokens(removal, keyrings[i]->name);
			removal->warning.text[0] = '\0';
		}
		if (strcmp(keyrings[i]->name, removal->profile.secret_store) != 0 &&
		    remove_secret(removal, keyrings[i], &why) == STATUS_LOCKED)
			err_set(&removal->warning, STATUS_LOCKED, "%.600s: a secret of an earlier '%s' may be there", why.text,
				removal->name);
	}
}

// Of an add that was killed.
static void remove_draft(const char *path)
{
	char draft[PROFILE_PATH_MAX + 2];

	(void)snprintf(draft, sizeof draft, "%s~", path);
	(void)unlink(draft);
}

// Known before anything is removed. The system's profiles are not the user's to remove.
static enum status may_remove_file(const char *path, struct err *err)
{
	char dir[PROFILE_PATH_MAX];

	if (access(path, F_OK) < 0)
		return errno == ENOENT ? STATUS_OK : err_set(err, STATUS_INTERNAL, "'%s': %s", path, strerror(errno));
	if (profile_dir_user_dir(dir, err) != STATUS_OK)
		return STATUS_USAGE;
	if (access(dir, W_OK | X_OK) < 0)
		return err_set(err, STATUS_INTERNAL, "'%s' cannot be removed: %s", path, strerror(errno));
	return STATUS_OK;
}

static enum status remove_file(const char *path, struct err *err)
{
	if (unlink(path) == 0)
		return STATUS_OK;
	if (errno == ENOENT)
		return err_set(err, STATUS_POLICY,
			       "its secret and tokens are gone, but the profile is the system's ('" SK_SYSCONFDIR
			       "/sk-helper/profiles'): only root can remove it");
	return err_set(err, STATUS_INTERNAL, "'%s': %s", path, strerror(errno));
}

// The file goes last: while the keyring is locked, nothing is removed, and it can be tried again.
static enum status remove_profile(struct removal *removal, const char *path, enum status loaded, struct err *err)
{
	enum status status;

	if (loaded == STATUS_NOT_FOUND) {
		status = remove_everywhere(removal, err);
		return status == STATUS_OK && !removal->found ? loaded : status; // err says it already
	}
	status = may_remove_file(path, err);
	if (status == STATUS_OK && loaded == STATUS_OK) {
		status = remove_secret(removal, keyring_find(removal->profile.secret_store), err);
		if (status == STATUS_OK)
			remove_tokens(removal, removal->profile.token_cache);
		if (status == STATUS_OK)
			remove_elsewhere(removal);
	} else if (status == STATUS_OK) {
		status = remove_everywhere(removal, err);
	}
	if (status == STATUS_OK)
		status = remove_file(path, err);
	if (status == STATUS_OK)
		remove_draft(path);
	if (status == STATUS_OK)
		binding_forget(&removal->profile);
	if (status == STATUS_OK)
		profile_dir_forget_default(removal->name);
	if (status != STATUS_OK)
		err_prefix(err, "profile '%s'", removal->name);
	return status;
}

static void remove_report(const struct removal *removal, bool had_file)
{
	printf("removed profile '%s': ", removal->name);
	if (had_file)
		printf("its file, ");
	if (!removal->secret_in && profile_secret_is_elsewhere(&removal->profile))
		printf("its secret was not touched (secret_store %s)", removal->profile.secret_store);
	else if (!removal->secret_in && !profile_has_secret(&removal->profile))
		printf("there was no client secret");
	else if (removal->secret_in)
		printf("its %s (%s keyring)", secret_noun(auth_method_uses_key(removal->profile.auth_method)),
		       removal->secret_in);
	else
		printf("no client secret was stored");
	printf(", %u cached token%s\n", removal->tokens, removal->tokens == 1 ? "" : "s");
	if (*removal->unreached.text)
		warn(&removal->unreached);
	if (*removal->warning.text)
		warn(&removal->warning);
}

static enum status remove_one(const char *name, bool force, struct err *err)
{
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	struct removal removal = { .name = name, .force = force };
	struct flight flight = { .lock = LOCK_NONE };
	struct request request;
	struct lock lock;
	char path[PROFILE_PATH_MAX];
	enum status status = profile_dir_user_path(path, name, err), loaded;

	if (status == STATUS_OK)
		status = keep_lock(&lock, err);
	if (status != STATUS_OK)
		return status;
	loaded = profile_dir_load(name, &text, &removal.profile, err);
	if (loaded != STATUS_OK) {
		removal.profile = (struct profile){ 0 };
		memcpy(removal.profile.name, name, strlen(name) + 1);
		profile_set_path(&removal.profile, path);
	}
	// a token that comes while it is removed would stay; but no server that hangs keeps us from it
	request = request_of(&removal.profile);
	if (loaded == STATUS_OK)
		(void)flight_begin(&flight, &removal.profile, &request, 10000, NULL);
	status = remove_profile(&removal, path, loaded, err);
	flight_end(&flight);
	lock_release(&lock);
	if (status == STATUS_OK)
		audit_say(&(struct audit_event){ .kind = AUDIT_REMOVED, .profile = &removal.profile });
	if (status == STATUS_OK)
		remove_report(&removal, loaded != STATUS_NOT_FOUND);
	return status;
}

static enum status remove_ask(const char *name, struct err *err)
{
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	struct profile profile = { 0 };
	char question[256];

	if (!isatty(STDIN_FILENO))
		return STATUS_OK;
	if (profile_dir_load(name, &text, &profile, NULL) == STATUS_OK &&
	    (!profile_has_secret(&profile) || profile_secret_is_elsewhere(&profile)))
		(void)snprintf(question, sizeof question, "remove profile '%s' and its cached tokens", name);
	else if (profile.secret_store)
		(void)snprintf(question, sizeof question, "remove profile '%s', its %s (%s keyring) and its cached tokens",
			       name, secret_noun(auth_method_uses_key(profile.auth_method)), profile.secret_store);
	else
		(void)snprintf(question, sizeof question, "remove profile '%s', its client secret and its cached tokens", name);
	return ask_yes(NULL, question, "", err);
}

// --- all of them

struct remove_all {
	struct buf names;
	unsigned count;
	bool force;
	enum status worst;
};

// The administrator's are not the user's to remove.
static bool remove_is_own(const char *name)
{
	char path[PROFILE_PATH_MAX];

	return profile_dir_user_path(path, name, NULL) == STATUS_OK && access(path, F_OK) == 0;
}

static bool remove_count(const char *name, void *context)
{
	struct remove_all *all = context;

	if (!remove_is_own(name))
		return true;
	buf_adds(&all->names, all->count++ ? ", " : "");
	buf_adds(&all->names, name);
	return true;
}

static bool remove_next(const char *name, void *context)
{
	struct remove_all *all = context;
	enum status status = STATUS_OK;
	struct err err;

	if (remove_is_own(name))
		status = remove_one(name, all->force, &err);
	if (status != STATUS_OK) {
		all->worst = status;
		warn(&err);
	}
	return true;
}

static enum status remove_all(const struct remove_call *call, struct err *err)
{
	struct remove_all all = { .names = BUF_INIT(REQUEST_MAX), .force = call->force };
	enum status status = profile_dir_each_by_name(remove_count, &all, err);
	BUF_AUTO(question, REQUEST_MAX);

	buf_addf(&question,
		 all.count == 1 ? "remove %u profile, its client secret and its cached tokens: " :
				  "remove %u profiles, their client secrets and their cached tokens: ",
		 all.count);
	buf_adds(&question, all.names.data);
	if (status == STATUS_OK && all.count && !call->yes)
		status = ask_yes(NULL, question.data, "remove --all: use --yes to remove all profiles", err);
	if (status == STATUS_OK)
		status = profile_dir_each_by_name(remove_next, &all, err);
	if (status == STATUS_OK && !all.count)
		puts("there is no profile");
	buf_free(&all.names);
	if (status == STATUS_OK && all.worst != STATUS_OK)
		return err_set(err, all.worst, "remove --all: not all profiles were removed");
	return status;
}

static enum status remove_take_word(void *context, const char *option, const char *value, struct err *err)
{
	struct remove_call *call = context;

	if (!option && call->name)
		return err_set(err, STATUS_USAGE, "remove takes the name of one profile, not also '%s'", value);
	if (!option)
		call->name = value;
	else if (!strcmp(option, "--all"))
		call->all = true;
	else if (!strcmp(option, "--force"))
		call->force = true;
	else
		call->yes = true;
	return STATUS_OK;
}

enum status command_remove(char **args, struct err *err)
{
	const struct options options = { "remove", remove_options, false };
	struct remove_call call = { 0 };
	enum status status = options_parse(&options, &args, remove_take_word, &call, err);

	if (status == STATUS_OK && call.all && call.name)
		return err_set(err, STATUS_USAGE, "remove: --all takes no name");
	if (status == STATUS_OK && call.all)
		return remove_all(&call, err);
	if (status == STATUS_OK && !call.name)
		return command_needs_profile("remove", err);
	if (status == STATUS_OK)
		status = profile_name_check(call.name, err);
	if (status == STATUS_OK && !call.yes)
		status = remove_ask(call.name, err);
	return status == STATUS_OK ? remove_one(call.name, call.force, err) : status;
}
