// SPDX-License-Identifier: MIT
// An entry of systemd's journal, in the journal's native protocol: one datagram of KEY=value lines. No library, and nobody is waited for.
#ifndef SK_JOURNAL_H
#define SK_JOURNAL_H

#include "base/buf.h"

#include <stdbool.h>

#define JOURNAL_VALUE_MAX 1024 // what is longer is cut

enum journal_result {
	JOURNAL_SENT,
	JOURNAL_ABSENT, // there is no journal here
	JOURNAL_LOST,	// it is there, and has no room now, or does not answer
};

// Appends a field; nothing where value is NULL or "". key: A-Z, 0-9 and _, and no _ in front, which the journal would drop without a word. What is
// not printable ASCII becomes '?', so that a value has one line.
void journal_put(struct buf *entry, const char *key, const char *value);
void journal_put_number(struct buf *entry, const char *key, long long value);

// Whether there is a journal.
bool journal_is_there(void);

// Sends it at once, or not at all. JOURNAL_LOST, too, for an entry that failed, as one that is too long has.
enum journal_result journal_send(const struct buf *entry);

#endif
