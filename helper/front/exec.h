// SPDX-License-Identifier: MIT
// exec: runs a command with tokens in its environment, for programs that read nothing else.
#ifndef SK_EXEC_H
#define SK_EXEC_H

// args: the words after "exec". get: prints a token for the words after "get" as this program does, and returns the exit status.
// It is called in a process of its own. Returns an exit status, and only on failure: nothing was run then. 126 and 127 as env(1)
// has them, where the command cannot be run.
int exec_run(char **args, int (*get)(char **argv));

#endif
