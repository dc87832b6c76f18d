// SPDX-License-Identifier: MIT
// The word that was meant, most probably, by one that is not there: for "did you mean".
#ifndef SK_NEAREST_H
#define SK_NEAREST_H

#include "base/status.h"

#include <stddef.h>

#define NEAREST_WORD_MAX 64

struct nearest {
	const char *typed;
	unsigned distance; // of the best one
	char best[NEAREST_WORD_MAX + 1];
};

// Then each word that is there is offered. typed must live as long.
struct nearest nearest_to(const char *typed);
void nearest_offer(struct nearest *nearest, const char *word);

// The nearest of them; NULL where none is near.
const char *nearest_word(const struct nearest *nearest);

// Appends ": did you mean 'WORD'?" to the message, where there is such a word, and returns its status.
enum status nearest_suggest(const struct nearest *nearest, struct err *err);

#endif
