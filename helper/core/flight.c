// SPDX-License-Identifier: MIT
#include "core/flight.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/wire.h"
#include "core/identity-token.h"
#include "model/profile-dir.h"
#include "model/token.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// After a final refusal, no request for the same token is made for this time, unless the profile or its secret has
// changed: agents in a loop must not get the client locked out.
#define REFUSED_PAUSE_MS 10000

// Retry-After holds for all processes, but no server stops us for a day; nor does what somebody writes into the note.
#define RETRY_AFTER_MAX_MS   300000
#define RENEWAL_PAUSE_MAX_MS 3600000

// The profile as it stands, and the slot.
static uint64_t flight_hash(const struct profile *profile, const struct request *request)
{
	BUF_AUTO(text, PROFILE_FILE_MAX);
	char slot[TOKEN_SLOT_SIZE];

	token_slot(slot, profile, request);
	profile_write(profile, &text);
	return text_hash(text.data) * 31 + text_hash(slot);
}

static enum status flight_lock(struct lock *lock, const struct profile *profile, int64_t wait_ms, struct err *err)
{
	char name[PROFILE_LOCK_NAME_MAX];

	profile_dir_lock_name(name, profile, ".lock");
	return lock_take(lock, name, wait_ms, err);
}

enum status flight_begin(struct flight *flight, const struct profile *profile, const struct request *request, int64_t wait_ms,
			 struct err *err)
{
	enum status status = flight_lock(&flight->lock, profile, wait_ms, NULL);

	if (status == STATUS_TEMPORARY)
		return err_set(err, status, "another sk-helper process has been getting a token for too long: try again");
	flight->hash = flight_hash(profile, request);
	flight->identity = identity_token_now(profile);
	return STATUS_OK;
}

void flight_end(struct flight *flight)
{
	lock_release(&flight->lock);
}

static int64_t flight_pause(enum status status, int64_t retry_after)
{
	if (status == STATUS_REFUSED)
		return REFUSED_PAUSE_MS;
	if (status != STATUS_TEMPORARY || retry_after <= 0)
		return 0;
	return retry_after < RETRY_AFTER_MAX_MS / 1000 ? retry_after * 1000 : RETRY_AFTER_MAX_MS;
}

void flight_note(const struct flight *flight, const struct outcome *outcome, int64_t retry_after)
{
	BUF_AUTO(note, LOCK_NOTE_MAX);
	int64_t now = clock_now().boot;
	char hash[20];

	(void)snprintf(hash, sizeof hash, "%016" PRIx64, flight->hash);
	wire_put(&note, "flight", hash);
	wire_put_number(&note, "ended_at", now);
	wire_put_number(&note, "wait_until", now + flight_pause(outcome->status, retry_after));
	(void)snprintf(hash, sizeof hash, "%016" PRIx64, flight->identity);
	wire_put(&note, "identity", hash);
	wire_put(&note, "asked", outcome->was_asked ? "yes" : "no");
	wire_put_number(&note, "renew_at", outcome->renew_at);
	wire_put(&note, "status", status_word(outcome->status));
	wire_put(&note, "error", oauth_error_code(outcome->error));
	wire_put_number(&note, "http_status", outcome->http_status);
	lock_write_note(&flight->lock, &note);
}

bool flight_last(const struct flight *flight, struct outcome *outcome)
{
	BUF_AUTO(note, LOCK_NOTE_MAX);
	struct wire_field field;
	struct wire wire;
	bool same = false;
	char hash[20], identity[20];

	*outcome = (struct outcome){ .status = STATUS_INTERNAL };
	(void)snprintf(hash, sizeof hash, "%016" PRIx64, flight->hash);
	(void)snprintf(identity, sizeof identity, "%016" PRIx64, flight->identity);
	lock_read_note(&flight->lock, &note);
	wire = wire_message(note.data, note.len);
	while (wire_next(&wire, &field, NULL) == WIRE_FIELD) {
		if (!strcmp(field.key, "ended_at"))
			(void)text_to_number(field.value, 0, INT64_MAX / 100, &outcome->ended_at);
		else if (!strcmp(field.key, "wait_until"))
			(void)text_to_number(field.value, 0, INT64_MAX / 100, &outcome->wait_until);
		else if (!strcmp(field.key, "renew_at"))
			(void)text_to_number(field.value, 0, INT64_MAX / 100, &outcome->renew_at);
		else if (!strcmp(field.key, "flight"))
			same = !strcmp(field.value, hash);
		else if (!strcmp(field.key, "identity"))
			outcome->is_of_another_identity = strcmp(field.value, identity) != 0;
		else if (!strcmp(field.key, "asked"))
			outcome->was_asked = !strcmp(field.value, "yes");
		else if (!strcmp(field.key, "status"))
			(void)status_from_word(field.value, &outcome->status);
		else if (!strcmp(field.key, "error"))
			outcome->error = oauth_error_find(field.value);
		else if (!strcmp(field.key, "http_status"))
			(void)text_to_number(field.value, 0, 999, &outcome->http_status);
	}
	// others can write the note: no wait is longer than ours would be
	if (outcome->wait_until > outcome->ended_at + RETRY_AFTER_MAX_MS)
		outcome->wait_until = outcome->ended_at + RETRY_AFTER_MAX_MS;
	if (outcome->renew_at > outcome->ended_at + RENEWAL_PAUSE_MAX_MS)
		outcome->renew_at = outcome->ended_at + RENEWAL_PAUSE_MAX_MS;
	// CLOCK_BOOTTIME begins anew at a reboot: a time in the future was noted before the last one
	return same && outcome->ended_at && outcome->ended_at <= clock_now().boot;
}

// The text is made from codes and numbers: the note holds no text, because other processes can write to it.
static void outcome_describe(const struct outcome *outcome, char text[128])
{
	if (outcome->http_status)
		(void)snprintf(text, 128, "token endpoint: HTTP %lld%s%s", (long long)outcome->http_status,
			       outcome->error ? " " : "", oauth_error_code(outcome->error));
	else if (outcome->status == STATUS_TEMPORARY && outcome->was_asked)
		(void)snprintf(text, 128, "token endpoint: there was no answer");
	else if (!outcome->was_asked && outcome->status == STATUS_NOT_FOUND)
		(void)snprintf(text, 128, "its secret, or its identity token, was not where it should be");
	else
		(void)snprintf(text, 128, "the last request for a token failed: %s", status_help(outcome->status));
}

bool outcome_is_for(const struct outcome *outcome, int64_t began_at, struct err *err)
{
	int64_t now = clock_now().boot, left = outcome->wait_until - now;
	char what[128];

	if (outcome->status == STATUS_OK || (outcome->ended_at < began_at && left <= 0))
		return false;
	if (outcome->is_of_another_identity && outcome->status == STATUS_REFUSED)
		return false;
	outcome_describe(outcome, what);
	if (outcome->ended_at >= began_at)
		err_set(err, outcome->status, "%s (another sk-helper process asked just now)", what);
	else
		err_set(err, outcome->status, "%s (%lld s ago; the server is not asked again for %lld s)", what,
			(long long)(now - outcome->ended_at) / 1000, (long long)(left + 999) / 1000);
	return true;
}

bool flight_last_failure(const struct profile *profile, struct err *err)
{
	const struct request request = request_of(profile);
	struct outcome outcome;
	struct flight flight;
	bool failed;

	if (flight_begin(&flight, profile, &request, 1000, NULL) != STATUS_OK)
		return false;
	failed = flight_last(&flight, &outcome) && outcome_is_for(&outcome, clock_now().boot, err);
	flight_end(&flight);
	return failed;
}

void flight_forget_failure(const struct profile *profile)
{
	const struct buf nothing = BUF_INIT(0);
	struct lock lock;

	if (flight_lock(&lock, profile, 2000, NULL) == STATUS_OK) {
		lock_write_note(&lock, &nothing);
		lock_release(&lock);
	}
}
