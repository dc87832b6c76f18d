// SPDX-License-Identifier: MIT
// A tool that runs us by a name of its own, answered from the cache where that needs no JSON parser.
#ifndef SK_FRONT_TOOL_H
#define SK_FRONT_TOOL_H

// Returns an exit status. What the cache cannot answer, sk-core does.
int tool_front(int argc, char **argv);

#endif
