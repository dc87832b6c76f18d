// SPDX-License-Identifier: MIT
// exec, as far as it is not the front door's: what its words mean. It runs the command itself (helper/front/exec.c), so that no
// process of ours stays, and nothing of what we do to ourselves is passed on.
#include "core/commands.h"

const struct option exec_options[] = {
	{ "--env", "NAME=PROFILE", "the variable, and whose token; ACCESS_TOKEN of the usual profile; may be repeated" },
	{ NULL, NULL, NULL },
};

enum status command_exec(char **args, struct err *err)
{
	(void)args;
	return err_set(err, STATUS_USAGE, "exec: which command? see 'sk-helper help exec'");
}
