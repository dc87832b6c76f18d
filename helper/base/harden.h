// SPDX-License-Identifier: MIT
// What every program of ours does first.
#ifndef SK_HARDEN_H
#define SK_HARDEN_H

#include <stdbool.h>

// Closes stray descriptors, fills the gaps at 0, 1, 2, and forbids core dumps, ptrace and /proc/PID access by the same user: what
// cannot be dumped writes no core file. A
// descriptor 1 that was closed becomes one that cannot be written, so that the answer's write fails instead of going into
// the first file that is opened. Best effort: none of it is fatal.
void harden_process(void);

// For whoever waits, or runs another program: no core file of that one either; no new privileges; no signal stays blocked, as the caller may have left it, or
// no deadline would ever come; and a write to a closed pipe or beyond a file size limit fails instead of killing us without a
// word.
void harden_runner(void);

// For a program that another of ours runs: ends when that one ends, however that came.
void die_with_parent(void);

// Forks, and is true in the child: in a session of its own, with nothing of the caller's, because "$(...)" waits until the last
// holder of its pipe has gone. False in the parent, whether there is a child or not.
bool fork_detached(void);

// Ends this process after so many seconds, whatever it is doing.
void harden_deadline(unsigned seconds);

#endif
