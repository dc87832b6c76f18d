// SPDX-License-Identifier: MIT
// Answers a tool in its own words.
#ifndef SK_TOOL_H
#define SK_TOOL_H

#include "base/status.h"
#include "model/request.h"
#include "protocols/tools.h"

// For "get --format NAME": what the command line says of profile, scope and so on counts.
enum status tool_answer(const struct tool *tool, const struct request *request, struct err *err);

#endif
