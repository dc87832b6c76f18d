// SPDX-License-Identifier: MIT
// What none of our programs needs, and each gives up: for those that cannot stand behind the narrow walls of helper/http/sandbox.h.
#ifndef SK_CONFINE_H
#define SK_CONFINE_H

// For a program that runs our other programs, and nothing else: no other program can be run any more; no other process can be looked
// into or traced; no new namespace, no module, no io_uring, no listening, no socket but those that our programs need.
void confine_runner(void);

// For a program that talks to the session bus, and to nothing else: no network, no program, no kernel key, no file is written, and the
// above.
void confine_bus_client(void);

#endif
