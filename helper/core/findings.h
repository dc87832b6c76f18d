// SPDX-License-Identifier: MIT
// What 'doctor' has found: printed line by line for people, or as JSON for programs.
#ifndef SK_FINDINGS_H
#define SK_FINDINGS_H

#include "base/status.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

enum level {
	LEVEL_OK,   // it is as it should be
	LEVEL_NONE, // it is not there, and need not be
	LEVEL_WARN, // it works, and may not for long
	LEVEL_BAD,
};

struct findings {
	bool json;
	cJSON *list;	     // with json
	const char *profile; // that the next ones are about; NULL for this machine
	struct err worst;    // of those that are LEVEL_BAD, the first
};

struct findings findings_begin(bool json);

// status: what a LEVEL_BAD one makes of the exit status.
void findings_add(struct findings *findings, const char *what, enum level level, enum status status, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

// Prints the JSON, where that is wanted, and returns the status of the first LEVEL_BAD one, or STATUS_OK.
enum status findings_end(struct findings *findings, struct err *err);

#endif
