// SPDX-License-Identifier: MIT
// show: a profile's file, with where it is. It has no secret in it.
#include "core/commands.h"

#include <stdio.h>

enum status command_show(char **args, struct err *err)
{
	char name[PROFILE_NAME_MAX + 1], path[PROFILE_PATH_MAX];
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	BUF_AUTO(keys, PROFILE_FILE_MAX);
	struct profile profile;
	const char *wanted = NULL;
	enum status status = command_take_usual_profile("show", args, &wanted, err);

	if (status == STATUS_OK)
		status = profile_dir_choose(name, wanted, "show NAME", err);
	if (status == STATUS_OK)
		status = profile_dir_load(name, &text, &profile, err);
	if (status != STATUS_OK)
		return status;
	command_show_path(&profile, path);
	profile_write(&profile, &keys);
	printf("# %s\n%s", path, keys.data);
	return STATUS_OK;
}
