// SPDX-License-Identifier: MIT
// Landlock (landlock(7)): which files and TCP ports a process, and what it runs, can reach from here on. Best effort: each kernel
// enforces what its version of the interface knows.
#ifndef SK_LANDLOCK_H
#define SK_LANDLOCK_H

#include <stdbool.h>
#include <stdint.h>

// What is closed, but for what is then allowed.
struct landlock {
	bool reads, writes, runs; // files and directories
	bool connects, binds;	  // TCP
	bool others;		  // signals to processes outside, and abstract Unix sockets
	int abi;		  // the version of the interface; 0: this kernel has none, and nothing is enforced
	int ruleset;
};

// Begins with what is closed. Ends with landlock_enter, also where abi is 0.
void landlock_begin(struct landlock *landlock);

// Opens a file, or a directory with all below it, for reading or for running. What is not there, or is a directory where directories is
// false, is left closed.
void landlock_allow_reading(struct landlock *landlock, const char *path, bool directories);
void landlock_allow_running(struct landlock *landlock, const char *path);

void landlock_allow_connecting(struct landlock *landlock, unsigned port);

// Enforces it. The version that is enforced now; 0 for none.
int landlock_enter(struct landlock *landlock);

#endif
