// SPDX-License-Identifier: MIT
// What the fuzzers share: a copy of the input that ends in NUL, as all our parsers want it, and a check that stops.
#ifndef SK_FUZZ_H
#define SK_FUZZ_H

#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)                                                                                                        \
	do {                                                                                                                   \
		if (!(condition)) {                                                                                            \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                        \
			abort();                                                                                               \
		}                                                                                                              \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Exactly as large as it must be, so that a byte too far is found. The caller frees it.
static inline char *input_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	MUST(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

#endif
