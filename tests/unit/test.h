// SPDX-License-Identifier: MIT
// Enough for unit tests: CHECK says where it does not hold, and main ends with TEST_END.
#ifndef SK_TEST_H
#define SK_TEST_H

#include <stdio.h>
#include <string.h>

static int test_failures;

#define CHECK(condition)                                                                                                       \
	((condition) ? (void)0 : (void)(test_failures++, fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition)))
#define CHECK_TEXT(is, should)                                                                                                 \
	(strcmp((is), (should)) == 0 ?                                                                                         \
		 (void)0 :                                                                                                     \
		 (void)(test_failures++, fprintf(stderr, "%s:%d: '%s' is not '%s'\n", __FILE__, __LINE__, (is), (should))))
#define TEST_END return test_failures ? 1 : 0

#endif
