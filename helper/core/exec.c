// SPDX-License-Identifier: MIT
// exec is done by the front door (helper/front/exec.c), so that no process of ours remains, and the command inherits
// none of our process settings. sk-core is run only when the command is missing.
#include "core/commands.h"

enum status command_exec(char **args, struct err *err)
{
	(void)args;
	return err_set(err, STATUS_USAGE, "exec: the command is missing: see 'sk-helper help exec'");
}
