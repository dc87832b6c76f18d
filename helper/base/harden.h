// SPDX-License-Identifier: MIT
// What every program of ours does first.
#ifndef SK_HARDEN_H
#define SK_HARDEN_H

// Closes stray descriptors, fills the gaps at 0, 1, 2, forbids core dumps, ptrace and /proc/PID access by the same user, and
// new privileges. A descriptor 1 that was closed becomes one that cannot be written, so that the answer's write fails
// instead of going into the first file that is opened. Best effort: none of it is fatal.
void harden(void);

// Ends this process after so many seconds, whatever it is doing.
void harden_deadline(unsigned seconds);

#endif
