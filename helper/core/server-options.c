// SPDX-License-Identifier: MIT
#include "core/server-options.h"

#include "base/harden.h"
#include "base/listen-fds.h"
#include "base/text.h"
#include "core/trust.h"
#include "model/profile-dir.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define IDLE_MAX 604800 // a week

static enum status server_options_add_name(struct server_options *options, const char *command, const char *name,
					   struct err *err)
{
	if (!*name)
		return err_set(err, STATUS_USAGE, "%s: the name of a profile is empty: is a variable not set?", command);
	for (size_t i = 0; i < options->name_count; i++) {
		if (!strcmp(options->names[i], name))
			return STATUS_OK;
	}
	if (options->name_count == SERVER_PROFILES_MAX)
		return err_set(err, STATUS_USAGE, "%s: more than %d profiles: start another one for the rest", command,
			       SERVER_PROFILES_MAX);
	options->names[options->name_count++] = name;
	return profile_name_check(name, err);
}

enum status server_options_take(struct server_options *options, const char *command, const char *option, const char *value,
				struct err *err)
{
	int64_t number;

	if (!option)
		return server_options_add_name(options, command, value, err);
	if (!strcmp(option, "--socket")) {
		options->socket = value;
		return STATUS_OK;
	}
	if (!strcmp(option, "--idle")) {
		if (!text_to_number(value, 1, IDLE_MAX, &options->idle))
			return err_set(err, STATUS_USAGE, "--idle: '%s' is not a number of seconds from 1 to %d", value,
				       IDLE_MAX);
		return STATUS_OK;
	}
	if (!strcmp(option, "--background")) {
		options->background = true;
		return STATUS_OK;
	}
	if (strcmp(option, "--allow-uid") != 0)
		return STATUS_NOT_FOUND;
	if (!text_to_number(value, 0, UINT32_MAX - 1, &number))
		return err_set(err, STATUS_USAGE, "--allow-uid: '%s' is not the number of a user ('id -u NAME' prints it)",
			       value);
	if (options->uid_count == SERVER_UIDS_MAX)
		return err_set(err, STATUS_USAGE, "--allow-uid: given more than %d times", SERVER_UIDS_MAX);
	options->uids[options->uid_count++] = (uid_t)number;
	return STATUS_OK;
}

enum status server_options_check(const struct server_options *options, const char *command, struct err *err)
{
	if (options->name_count == 0)
		return err_set(err, STATUS_USAGE, "%s: the name of a profile is missing: 'sk-helper list' shows them", command);
	for (size_t i = 0; i < options->name_count; i++) {
		BUF_AUTO(text, PROFILE_TEXT_MAX);
		struct profile profile;
		enum status status = profile_dir_load(options->names[i], &text, &profile, err);

		if (status == STATUS_OK)
			status = trust_profile_place(&profile, err);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

enum status server_options_open(const struct server_options *options, const char *command, struct server_socket *server,
				struct err *err)
{
	*server = (struct server_socket){ .fd = -1, .uid_count = options->uid_count };
	memcpy(server->uids, options->uids, sizeof server->uids);
	if (options->socket)
		return server_socket_listen_at(server, options->socket, err);
	if (listen_fds_count() > 0)
		return server_socket_inherit(server, err);
	return err_set(err, STATUS_USAGE, "%s: %s, such as --socket \"$XDG_RUNTIME_DIR/sk-helper-%s-%s/%s.sock\"", command,
		       strcmp(command, "proxy") != 0 ? "--socket PATH is missing" :
						       "--socket PATH or --listen 127.0.0.1:PORT is missing",
		       command, options->names[0], command);
}

enum status server_options_go_on(const struct server_options *options, bool *returns, struct err *err)
{
	pid_t pid = 0;

	*returns = false;
	if (!options->background)
		return STATUS_OK;
	(void)fflush(stdout);
	pid = fork();
	if (pid < 0)
		return err_set(err, STATUS_INTERNAL, "there can be no process in the background: %s", strerror(errno));
	*returns = pid > 0;
	if (!*returns)
		harden_leave_terminal();
	return STATUS_OK;
}
