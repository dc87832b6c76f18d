// SPDX-License-Identifier: MIT
// Who has asked for a token: the process that has run us, as far as the kernel tells. It is evidence and no proof: programs of the same user
// can run us in each other's name.
#ifndef SK_AUDIT_ASKER_H
#define SK_AUDIT_ASKER_H

#include "base/buf.h"

#define ASKER_TEXT 256

struct audit_asker {
	int pid;		  // of the first program above us that is not ours; 0: not known
	char name[32];		  // what the kernel calls it (comm); "" where that is not known, as for all that follow
	char program[ASKER_TEXT]; // its file
	char terminal[32];	  // "pts/3"
	char unit[ASKER_TEXT];	  // systemd's service, scope or slice
	char login[32];		  // the kernel's number of the login session (audit session id)
};

// Looks, before the walls (base/confine.h), behind which a process is shown no other one (landlock(7), "Ptrace restrictions"); and then tells.
// pid: of the process above us; 0 for the parent. A renewal in the background has none any more.
void audit_asker_look(int pid);
const struct audit_asker *audit_asker(void);

// The agent's, or the CI job's, own id of its session, from the environment; NULL for none. *variable: which variable has it.
const char *audit_agent_session(const char **variable);

#endif
