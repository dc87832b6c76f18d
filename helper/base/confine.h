// SPDX-License-Identifier: MIT
// Takes from a process the rights that none of our programs needs. For those that cannot use the stricter
// helper/http/sandbox.h.
#ifndef SK_CONFINE_H
#define SK_CONFINE_H

#include <stdbool.h>

// For a program that runs our other programs, and nothing else: no other program can be run any more, but with runs_others; no other process
// can be looked into or traced; no new namespace, no module, no io_uring, no listening, no socket but those that our programs need.
void confine_runner(bool runs_others);

// The same for a server, which listens; and then, from when it does, no other socket can be listened on.
void confine_server(bool runs_others);
void confine_listening_ends(void);

// For a program that talks to the session bus alone: the same rights are taken, and also the network, running programs,
// the kernel's keys and writing files.
void confine_bus_client(void);

// For a program that reads its standard input, computes and answers: nothing else is left to it, no file, no socket, no other process.
void confine_computing(void);

#endif
