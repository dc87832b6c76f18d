// SPDX-License-Identifier: MIT
#include "core/renewals.h"

#include "base/clock.h"
#include "base/lock.h"
#include "base/text.h"
#include "base/wire.h"
#include "model/profile-dir.h"

#include <string.h>

#define REPEAT_PAUSE_MS 30000

#define REFUSED_WITHOUT_PAUSE 4	   // that many in a row without a pause
#define REFUSED_PAUSE_MS      1000 // then so long, and twice as long each time
#define REFUSED_PAUSE_MAX_MS  60000
#define REFUSED_FORGET_MS     30000 // each such time without one takes one off the count

struct renewals {
	int64_t made_at[RENEWALS]; // CLOCK_BOOTTIME in ms, of the last one; 0 for none
	int64_t refused;	   // how many for RENEWAL_REFUSED, as far as they count
};

static const char *const renewal_keys[RENEWALS] = {
	[RENEWAL_NONE] = "none",
	[RENEWAL_SAME_PROCESS] = "same_process",
	[RENEWAL_SAME_SERVER] = "same_server",
	[RENEWAL_REFUSED] = "refused",
};

static void renewals_read(const struct lock *lock, struct renewals *renewals)
{
	BUF_AUTO(note, LOCK_NOTE_MAX);
	int64_t now = clock_now().boot;
	struct wire_field field;
	struct wire wire;

	*renewals = (struct renewals){ 0 };
	lock_read_note(lock, &note);
	wire = wire_message(note.data, note.len);
	while (wire_next(&wire, &field, NULL) == WIRE_FIELD) {
		for (int i = 0; i < RENEWALS; i++) {
			// CLOCK_BOOTTIME begins anew at a reboot: a time in the future was noted before the last one, and counts as none
			if (!strcmp(field.key, renewal_keys[i]))
				(void)text_to_number(field.value, 0, now, &renewals->made_at[i]);
		}
		if (!strcmp(field.key, "refused_count"))
			(void)text_to_number(field.value, 0, 100, &renewals->refused);
	}
}

static void renewals_write(const struct lock *lock, const struct renewals *renewals)
{
	BUF_AUTO(note, LOCK_NOTE_MAX);

	for (int i = 0; i < RENEWALS; i++)
		wire_put_number(&note, renewal_keys[i], renewals->made_at[i]);
	wire_put_number(&note, "refused_count", renewals->refused);
	lock_write_note(lock, &note);
}

// How long after the last one the next may be.
static int64_t renewals_pause(struct renewals *renewals, enum renewal kind, int64_t now)
{
	int64_t pause = REFUSED_PAUSE_MS;

	if (kind != RENEWAL_REFUSED)
		return renewals->made_at[kind] ? REPEAT_PAUSE_MS : 0;
	renewals->refused -= (now - renewals->made_at[kind]) / REFUSED_FORGET_MS;
	if (renewals->refused < REFUSED_WITHOUT_PAUSE) {
		renewals->refused = renewals->refused > 0 ? renewals->refused : 0;
		return 0;
	}
	for (int64_t i = REFUSED_WITHOUT_PAUSE; i < renewals->refused && pause < REFUSED_PAUSE_MAX_MS; i++)
		pause *= 2;
	return pause < REFUSED_PAUSE_MAX_MS ? pause : REFUSED_PAUSE_MAX_MS;
}

bool renewal_may_be_made(const struct profile *profile, enum renewal kind, int64_t *wait_s)
{
	char name[PROFILE_LOCK_NAME_MAX];
	struct renewals renewals;
	struct lock lock;
	int64_t now, left;

	*wait_s = 0;
	profile_dir_lock_name(name, profile, ".renewals");
	if (lock_take(&lock, name, 1000, NULL) != STATUS_OK)
		return true;
	now = clock_now().boot;
	renewals_read(&lock, &renewals);
	left = renewals_pause(&renewals, kind, now) - (now - renewals.made_at[kind]);
	if (left <= 0) {
		renewals.made_at[kind] = now;
		if (kind == RENEWAL_REFUSED)
			renewals.refused++;
		renewals_write(&lock, &renewals);
	}
	lock_release(&lock);
	*wait_s = left > 0 ? (left + 999) / 1000 : 0;
	return left <= 0;
}
