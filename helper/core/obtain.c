// SPDX-License-Identifier: MIT
#include "core/obtain.h"

#include "base/lock.h"
#include "base/text.h"
#include "base/wire.h"
#include "core/oauth-client.h"
#include "core/stored-secret.h"
#include "core/terminal.h"
#include "keyring/keyring.h"
#include "model/auth-method.h"
#include "model/profiles.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// After a failed renewal in the soft window the token that is there is good for a while: do not ask at every get.
#define RENEW_PAUSE_MS 10000

// What was refused finally is not asked for again at once, unless the profile or its secret is another one.
#define REFUSED_PAUSE_MS 10000

#define RETRY_AFTER_MAX 300 // seconds

// Of many whose token was refused together, the first gets a new one, and the others that one.
#define REFUSAL_MS 30000

void obtained_free(struct obtained *obtained)
{
	buf_free(&obtained->record);
}

void obtained_move(struct obtained *to, const struct obtained *from)
{
	obtained_free(to);
	*to = *from;
	if (from->token.boot_id == from->boot_id)
		to->token.boot_id = to->boot_id;
}

static const struct keyring *cache_of(const struct profile *profile)
{
	return keyring_find(profile->token_cache); // NULL for "none"
}

static struct keyring_key key_of(const struct profile *profile, const struct wanted *wanted, char slot[TOKEN_SLOT_SIZE])
{
	token_slot(slot, profile, wanted);
	return keyring_key(KEYRING_TOKEN, profile, slot);
}

// Whether the cache has a token that was issued for this very profile and what is wanted.
static bool look_in_cache(const struct profile *profile, const struct wanted *wanted, struct obtained *obtained)
{
	const struct keyring *cache = cache_of(profile);
	char slot[TOKEN_SLOT_SIZE];
	struct keyring_key key = key_of(profile, wanted, slot);
	struct err err;
	enum status status;

	if (!cache)
		return false;
	buf_reset(&obtained->record);
	status = cache->get(&key, &obtained->record, &err);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		err_set(&obtained->warning, status, "token cache: %s", err.text);
	return status == STATUS_OK && token_parse(&obtained->token, obtained->record.data, obtained->record.len) &&
	       token_is_for(&obtained->token, profile, wanted);
}

void obtain_cache(const struct profile *profile, struct obtained *obtained)
{
	const struct keyring *cache = cache_of(profile);
	char slot[TOKEN_SLOT_SIZE];
	const struct wanted wanted = { obtained->token.requested_scope, obtained->token.resource };
	struct keyring_key key = key_of(profile, &wanted, slot);
	int64_t left = token_left(&obtained->token, clock_now(), obtained->boot_id);
	BUF_AUTO(record, TOKEN_RECORD_MAX);
	struct err err;
	enum status status;

	if (!cache || left <= 0)
		return;
	token_write(&obtained->token, &record);
	if (!buf_ok(&record))
		status = err_set(&err, STATUS_FULL, "the token is too large to be kept");
	else
		status = cache->put(&key, &record, left, &err);
	if (status != STATUS_OK)
		err_set(&obtained->warning, status, "token not cached: %s", err.text);
}

// Asks the authorization server. The lifetime counts from before the request was sent.
static enum status request_token(const struct profile *profile, const struct wanted *wanted, const struct secret *secret,
				 struct obtained *obtained, struct err *err)
{
	struct moment sent = clock_now();
	struct token *token = &obtained->token;
	struct grant grant;
	enum status status;
	int64_t lifetime;

	buf_reset(&obtained->record);
	status = oauth_request_token(profile, wanted, secret, &obtained->record, &grant, err);
	obtained->retry_after = grant.retry_after;
	obtained->invalid_client = grant.invalid_client;
	if (status != STATUS_OK)
		return status;
	clock_boot_id(obtained->boot_id);
	lifetime = grant.expires_in ? grant.expires_in : profile->default_ttl;
	token_bind(token, profile, wanted);
	token->access_token = grant.access_token;
	token->granted_scope = grant.scope;
	token->issued_at = sent.wall;
	token->expires_at = sent.wall + lifetime;
	token->boot_expires_ms = sent.boot + lifetime * 1000;
	token->boot_id = obtained->boot_id;
	return STATUS_OK;
}

enum status obtain_with_secret(const struct profile *profile, const struct secret *secret, struct obtained *obtained,
			       struct err *err)
{
	const struct wanted wanted = { profile->scope, profile->resource };

	return request_token(profile, &wanted, secret, obtained, err);
}

// Once: the server may not have learned of the new secret yet, or has been taken back to a time before it.
static enum status request_with_previous(const struct profile *profile, const struct wanted *wanted, struct secret *secret,
					 struct obtained *obtained, struct err *err)
{
	struct err why;

	secret->value = secret->previous;
	if (request_token(profile, wanted, secret, obtained, &why) != STATUS_OK)
		return err->status;
	err_set(&obtained->warning, STATUS_REFUSED, "the server refuses the new %s, and takes the previous one",
		secret->is_key ? "private key" : "client secret");
	return STATUS_OK;
}

static enum status request_with_stored_secret(const struct profile *profile, const struct wanted *wanted,
					      struct obtained *obtained, struct err *err)
{
	const struct keyring *store = keyring_find(profile->secret_store);
	bool is_key = auth_method_uses_key(profile->auth_method);
	struct err why;
	BUF_AUTO(record, SECRET_RECORD_MAX);
	struct secret secret = { 0 };
	enum status status = stored_secret(profile, &record, &secret, err);

	if (status == STATUS_NOT_FOUND)
		return err_set(err, status, "its %s is not in the %s keyring%s: %s'sk-helper add' puts it there",
			       is_key ? "private key" : "client secret", store->name,
			       store == &keyring_kernel ? " (that keyring is empty after a reboot)" : "",
			       is_key ? "" : "'sk-helper store' or ");
	if (status != STATUS_OK)
		return status;
	status = request_token(profile, wanted, &secret, obtained, err);
	if (status == STATUS_REFUSED && obtained->invalid_client && *secret.previous)
		status = request_with_previous(profile, wanted, &secret, obtained, err);
	if (status == STATUS_REFUSED && obtained->invalid_client) {
		why = *err;
		err_set(err, status, "%.600s: 'sk-helper rotate' takes a new %s, if that is what it is", why.text,
			is_key ? "private key" : "client secret");
	}
	return status;
}

// How a flight ended: for those who were waiting for it, and for those who come too early after it.
struct ending {
	int64_t at;    // CLOCK_BOOTTIME in ms
	int64_t until; // the server is not to be asked before
	enum status status;
	char why[sizeof((struct err *)0)->text];
};

// What was asked for, and of whom: the profile as it stands, and the slot.
static uint64_t flight_hash(const struct profile *profile, const struct wanted *wanted)
{
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	char slot[TOKEN_SLOT_SIZE];

	token_slot(slot, profile, wanted);
	profile_write(profile, &text);
	return text_hash(text.data) * 31 + text_hash(slot);
}

// A final refusal is remembered for a while, so that a loop of agents does not lock the client out; Retry-After binds all, but
// no server stops us for a day.
static int64_t pause_after(enum status status, int64_t retry_after)
{
	if (status == STATUS_REFUSED)
		return REFUSED_PAUSE_MS;
	if (retry_after > RETRY_AFTER_MAX)
		retry_after = RETRY_AFTER_MAX;
	return status == STATUS_TEMPORARY ? retry_after * 1000 : 0;
}

static void note_ending(const struct lock *lock, uint64_t flight, enum status status, int64_t retry_after,
			const struct err *why)
{
	BUF_AUTO(note, LOCK_NOTE_MAX);
	int64_t now = clock_now().boot;
	char text[sizeof why->text] = "", hash[20];

	if (status != STATUS_OK)
		memcpy(text, why->text, sizeof text);
	text_sanitize(text);
	(void)snprintf(hash, sizeof hash, "%016" PRIx64, flight);
	wire_put(&note, "flight", hash);
	wire_put_number(&note, "ended", now);
	wire_put_number(&note, "until", now + pause_after(status, retry_after));
	wire_put(&note, "status", status_word(status));
	wire_put(&note, "why", text);
	lock_write_note(lock, &note);
}

// The ending of the last flight, if it was for the same thing.
static bool read_ending(const struct lock *lock, uint64_t flight, struct ending *ending)
{
	BUF_AUTO(note, LOCK_NOTE_MAX);
	struct wire_field field;
	struct wire wire;
	bool same = false;
	char hash[20];

	*ending = (struct ending){ .status = STATUS_INTERNAL };
	(void)snprintf(hash, sizeof hash, "%016" PRIx64, flight);
	lock_read_note(lock, &note);
	wire = wire_message(note.data, note.len);
	while (wire_next(&wire, &field, NULL) == WIRE_FIELD) {
		if (!strcmp(field.key, "ended"))
			(void)text_to_number(field.value, 0, INT64_MAX / 100, &ending->at);
		else if (!strcmp(field.key, "until"))
			(void)text_to_number(field.value, 0, INT64_MAX / 100, &ending->until);
		else if (!strcmp(field.key, "flight"))
			same = !strcmp(field.value, hash);
		else if (!strcmp(field.key, "status"))
			(void)status_from_word(field.value, &ending->status);
		else if (!strcmp(field.key, "why"))
			(void)snprintf(ending->why, sizeof ending->why, "%s", field.value);
	}
	// a time to come is from before a reboot
	return same && ending->at && ending->at <= clock_now().boot;
}

bool obtain_lock(struct lock *lock, const struct profile *profile, int64_t wait_ms)
{
	char file[PROFILES_LOCK_NAME_MAX];

	profiles_lock_name(file, profile, ".lock");
	return lock_take(lock, file, wait_ms);
}

// What the last flight says for one that began at this moment: its failure, where it is to be shared or is not over yet.
static bool failed_for_us_too(const struct ending *ending, int64_t start, struct err *err)
{
	int64_t left = ending->until - clock_now().boot;

	if (ending->status == STATUS_OK || (ending->at < start && left <= 0))
		return false;
	if (ending->at >= start)
		err_set(err, ending->status, "%s", ending->why);
	else
		err_set(err, ending->status, "%s (%lld s ago; not asked again for %lld s)", ending->why,
			(long long)(clock_now().boot - ending->at) / 1000, (long long)(left + 999) / 1000);
	return true;
}

bool obtain_last_failure(const struct profile *profile, struct err *err)
{
	const struct wanted wanted = { profile->scope, profile->resource };
	struct ending ending;
	struct lock lock;
	bool failed;

	if (!obtain_lock(&lock, profile, 1000))
		return false;
	failed =
		read_ending(&lock, flight_hash(profile, &wanted), &ending) && failed_for_us_too(&ending, clock_now().boot, err);
	lock_release(&lock);
	return failed;
}

void obtain_forgive(const struct profile *profile)
{
	const struct buf nothing = BUF_INIT(0);
	struct lock lock;

	if (obtain_lock(&lock, profile, 2000)) {
		lock_write_note(&lock, &nothing);
		lock_release(&lock);
	}
}

// since: when this get began. landed: a flight ended well since then.
static bool cached_will_do(const struct profile *profile, const struct demand *demand, const struct wanted *wanted,
			   struct moment since, bool landed, struct obtained *obtained)
{
	struct moment now = clock_now();
	enum freshness freshness;

	if (!look_in_cache(profile, wanted, obtained))
		return false;
	clock_boot_id(obtained->boot_id);
	// What was asked for after we began is as new as anything that we would get ourselves; what landed since is as long-lived.
	if ((token_issued_since(&obtained->token, since, obtained->boot_id) || (landed && !demand->fresh)) &&
	    token_left(&obtained->token, now, obtained->boot_id) > 0)
		return true;
	if (demand->fresh || demand->refused)
		return false;
	freshness = token_freshness(&obtained->token, now, obtained->boot_id, demand->min_ttl);
	return demand->good_part ? freshness == TOKEN_FRESH : freshness != TOKEN_STALE;
}

// Under the lock: request, cache, and a note of how it ended.
static enum status fly(const struct profile *profile, const struct wanted *wanted, const struct lock *lock, uint64_t flight,
		       struct obtained *obtained, struct err *err)
{
	struct err why = { 0 };
	enum status status = request_with_stored_secret(profile, wanted, obtained, &why);

	if (status == STATUS_OK)
		obtain_cache(profile, obtained);
	else
		err_set(err, status, "%s", why.text);
	note_ending(lock, flight, status, obtained->retry_after, &why);
	return status;
}

// While the server is away: a token that is good, though not as good as was asked for.
static bool still_good(const struct profile *profile, const struct wanted *wanted, const struct demand *demand,
		       struct obtained *obtained)
{
	const struct demand any = { 0 };

	return (demand->min_ttl || demand->good_part) && !demand->fresh && !demand->refused &&
	       cached_will_do(profile, &any, wanted, clock_now(), false, obtained);
}

enum status obtain_token(const struct profile *profile, const struct wanted *wanted, const struct demand *demand,
			 struct obtained *obtained, struct err *err)
{
	struct moment start = clock_now(), since = start;
	struct ending ending;
	struct lock lock;
	enum status status;
	uint64_t flight;
	bool ended, had;

	if (demand->refused)
		since.boot -= REFUSAL_MS;
	if (cached_will_do(profile, demand, wanted, since, false, obtained))
		return STATUS_OK;
	flight = flight_hash(profile, wanted);
	terminal_wait_begin("another sk-helper, which is getting this token");
	had = obtain_lock(&lock, profile, (profile->timeout + 6) * 1000);
	terminal_wait_end();
	if (!had)
		return err_set(err, STATUS_TEMPORARY, "another sk-helper has been getting a token for too long: try again");
	ended = read_ending(&lock, flight, &ending);
	if (cached_will_do(profile, demand, wanted, since, ended && ending.at >= start.boot && ending.status == STATUS_OK,
			   obtained))
		status = STATUS_OK;
	else if (ended && failed_for_us_too(&ending, start.boot, err))
		status = ending.status;
	else
		status = fly(profile, wanted, &lock, flight, obtained, err);
	lock_release(&lock);
	if (status == STATUS_TEMPORARY && still_good(profile, wanted, demand, obtained)) {
		err_set(&obtained->warning, status, "%s: the cached token has less life left than was asked for", err->text);
		status = STATUS_OK;
	}
	return status;
}

enum status obtain_renew(const struct profile *profile, const struct wanted *wanted, struct err *err)
{
	__attribute__((cleanup(obtained_free))) struct obtained obtained = OBTAINED_INIT;
	struct moment now = clock_now();
	struct ending ending;
	struct lock lock;
	enum status status = STATUS_OK;
	uint64_t flight;

	flight = flight_hash(profile, wanted);
	if (!obtain_lock(&lock, profile, 0))
		return STATUS_OK;
	clock_boot_id(obtained.boot_id);
	if (look_in_cache(profile, wanted, &obtained) &&
	    token_freshness(&obtained.token, now, obtained.boot_id, 0) == TOKEN_FRESH)
		status = STATUS_OK;
	else if (!read_ending(&lock, flight, &ending) || !failed_for_us_too(&ending, now.boot - RENEW_PAUSE_MS, err))
		status = fly(profile, wanted, &lock, flight, &obtained, err);
	lock_release(&lock);
	return status;
}

struct forget {
	const struct profile *profile;
	const struct keyring *cache;
	const char *credential;
	unsigned count;
	enum status status;
	struct err *err;
};

static void forget_one(const struct keyring_key *key, void *context)
{
	struct forget *forget = context;
	BUF_AUTO(record, TOKEN_RECORD_MAX);
	struct token token;
	enum status status;

	if (!keyring_key_is_of(key, forget->profile))
		return;
	if (forget->credential) {
		if (forget->cache->get(key, &record, NULL) != STATUS_OK || !token_parse(&token, record.data, record.len) ||
		    !secret_equal(token.access_token, strlen(token.access_token), forget->credential,
				  strlen(forget->credential)))
			return;
	}
	status = forget->cache->del(key, forget->err);
	if (status == STATUS_OK)
		forget->count++;
	else if (status != STATUS_NOT_FOUND)
		forget->status = status;
}

enum status obtain_forget(const struct profile *profile, const char *credential, unsigned *count, struct err *err)
{
	struct forget forget = { profile, cache_of(profile), credential, 0, STATUS_OK, err };
	enum status status = STATUS_OK;

	if (forget.cache)
		status = forget.cache->list(KEYRING_TOKEN, forget_one, &forget, err);
	*count = forget.count;
	return status == STATUS_OK ? forget.status : status;
}
