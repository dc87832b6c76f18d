// SPDX-License-Identifier: MIT
#include "base/nearest.h"

#include <string.h>

// How many letters may be wrong, by the length of what was typed.
static unsigned nearest_limit(size_t len)
{
	return len < 3 ? 0 : len < 5 ? 1 : len < 9 ? 2 : 3;
}

static unsigned nearest_min(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

// How many letters must be changed, put in, left out, or exchanged with their neighbour (the optimal string alignment distance).
static unsigned nearest_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned rows[3][NEAREST_WORD_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *now = rows[2];

	for (size_t j = 0; j <= b_len; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned *oldest = before;

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			now[j] = nearest_min(nearest_min(last[j], now[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = nearest_min(now[j], before[j - 2] + 1);
		}
		before = last;
		last = now;
		now = oldest;
	}
	return last[b_len];
}

struct nearest nearest_to(const char *typed)
{
	return (struct nearest){ .typed = typed, .distance = nearest_limit(strlen(typed)) + 1 };
}

void nearest_offer(struct nearest *nearest, const char *word)
{
	size_t typed_len = strlen(nearest->typed), len = strlen(word);
	unsigned distance;

	if (typed_len < 3 || typed_len > NEAREST_WORD_MAX || len > NEAREST_WORD_MAX)
		return;
	// "doc" for "doctor"
	distance = !strncmp(word, nearest->typed, typed_len) ? 1 : nearest_distance(nearest->typed, typed_len, word, len);
	if (distance >= nearest->distance)
		return;
	nearest->distance = distance;
	memcpy(nearest->best, word, len + 1);
}

const char *nearest_word(const struct nearest *nearest)
{
	return *nearest->best ? nearest->best : NULL;
}

enum status nearest_suggest(const struct nearest *nearest, struct err *err)
{
	const char *word = nearest_word(nearest);

	if (!err)
		return STATUS_USAGE;
	return word ? err_suffix(err, ": did you mean '%s'?", word) : err->status;
}
