// SPDX-License-Identifier: MIT
// set: changes keys of a profile. The client secret is asked for only where the change decides who sees it.
#include "core/add.h"
#include "core/commands.h"
#include "core/keep.h"
#include "model/profile-dir.h"

#include <stdio.h>

enum status command_set(char **args, struct err *err)
{
	struct add_options options;
	enum status status = add_options_parse(&options, "set", args, err);
	const char *name = options.change.given.name;

	if (status != STATUS_OK)
		return status;
	if (!*name)
		return command_needs_profile("set", err);
	if (change_is_empty(&options.change) && !options.is_default)
		return err_set(
			err, STATUS_USAGE,
			"set: nothing to change: name a key, such as --scope, or --unset KEY ('sk-helper help set' shows the keys)");
	if (!change_is_empty(&options.change))
		status = add_client(&options, NULL, err);
	if (status == STATUS_OK && options.is_default)
		status = keep_prepare(err);
	if (status == STATUS_OK && options.is_default)
		status = profile_dir_set_default(name, err);
	if (status == STATUS_OK && options.is_default)
		printf("profile '%s' is the default now\n", name);
	return status;
}
