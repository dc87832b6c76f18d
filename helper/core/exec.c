// SPDX-License-Identifier: MIT
// exec is the front door's (helper/front/exec.c), so that no process of ours stays, and nothing of what we do to ourselves is passed
// on to the command. It comes here only without a command.
#include "core/commands.h"

enum status command_exec(char **args, struct err *err)
{
	(void)args;
	return err_set(err, STATUS_USAGE, "exec: the command is missing: see 'sk-helper help exec'");
}
