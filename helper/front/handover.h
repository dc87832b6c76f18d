// SPDX-License-Identifier: MIT
// From the front door to sk-core: with the same arguments, and with what was read of standard input given back.
#ifndef SK_HANDOVER_H
#define SK_HANDOVER_H

#include "base/buf.h"
#include "model/request.h"

// Runs sk-core in the place of this process. Returns an exit status, and only on failure, which it has reported.
int become_core(char **argv);

// The same for a tool that runs us by a name of its own.
int become_core_for_tool(int argc, char **argv);

// The same, where input is what was read of standard input.
int become_core_with_input(int (*become)(int argc, char **argv), int argc, char **argv, const struct buf *input);

// In a process of its own, that nobody waits for: has sk-core renew the profile's token for this request.
void start_renewal(const char *profile, const struct request *request);

const char *base_name(const char *path);

#endif
