// SPDX-License-Identifier: MIT
// What every program of ours does first.
#ifndef SK_HARDEN_H
#define SK_HARDEN_H

#include <stdbool.h>

// Closes stray descriptors, opens /dev/null where 0, 1 or 2 is closed, and makes the process undumpable: no core file,
// no ptrace, and no access to /proc/PID by the same user. A descriptor 1 that was closed is opened read-only, so that
// writing the answer fails instead of going into the first file that is opened. No failure here is fatal.
void harden_process(void);
// The same for a program that is given more descriptors: those up to last stay open.
void harden_process_but(int last);

// For a server: as many open files as may be, up to 1024.
void harden_open_files(void);

// How many sockets systemd has given to this process (sd_listen_fds(3)), where it runs a command that serves: "share" or "proxy".
int harden_count_sockets(const char *command);

// For a program that waits, or that runs another one. The other program cannot write a core file either and cannot gain
// privileges; no signal is blocked, because a blocked SIGALRM would disable the deadline; and a write to a closed pipe,
// or beyond the file size limit, fails with an error instead of ending the process by a signal.
void harden_runner(void);

// For a program that another of ours runs: ends when that one ends, however that came.
void die_with_parent(void);

// SIGTERM, SIGINT and SIGHUP are read from the descriptor that is returned (signalfd(2), non-blocking), so that what is under way can be
// ended in order. -1 where there is none.
int harden_take_signals(void);

// Gives up the caller's descriptors 0 to 2 and its session: whoever waits for the end of its output need not wait for us.
void harden_leave_terminal(void);

// The first half of it: the descriptors alone.
void harden_leave_descriptors(void);

// Forks; true in the child, false in the parent, also when no child could be made. The child is in a session of its own
// and has none of the caller's descriptors: the shell's "$(...)" waits until every process that has its pipe has ended.
bool fork_detached(void);

// Ends this process after so many seconds, whatever it is doing.
void harden_deadline(unsigned seconds);

#endif
