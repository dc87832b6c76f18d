// SPDX-License-Identifier: MIT
// keyring-filter: a filter of system calls for sandboxes of others (bwrap --seccomp): no kernel keyring. A user namespace alone is no border
// for that: keys can be read by their number, which /proc/keys tells (keyrings(7)).
#include "base/syscall-filter.h"
#include "core/commands.h"

#include <stdio.h>
#include <unistd.h>

enum status command_keyring_filter(char **args, struct err *err)
{
	static const struct syscall_rule rules[] = { FORBID(add_key, EPERM), FORBID(keyctl, EPERM),
						     FORBID(request_key, EPERM) };
	size_t len;
	const void *filter = syscall_filter_code(rules, sizeof rules / sizeof rules[0], SYSCALLS_ALLOWED, &len);

	if (*args)
		return err_set(err, STATUS_USAGE, "keyring-filter takes no '%s'", *args);
	if (isatty(STDOUT_FILENO))
		return err_set(err, STATUS_USAGE,
			       "keyring-filter writes a program for the kernel, which is not for a terminal");
	if (!filter)
		return err_set(err, STATUS_UNAVAILABLE, "keyring-filter: there is none for this architecture");
	if (fwrite(filter, 1, len, stdout) != len)
		return err_set(err, STATUS_INTERNAL, "standard output: cannot be written");
	return STATUS_OK;
}
