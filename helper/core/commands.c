// SPDX-License-Identifier: MIT
#include "core/commands.h"

#include "base/nearest.h"
#include "base/text.h"
#include "model/request.h"

#include <stdio.h>
#include <string.h>

#define OPTION_NAME_SIZE 32

const struct command commands[] = {
	{
		.group = GROUP_USE,
		.name = "get",
		.runs_sources = true,
		.arguments = "[NAME|URL|-]",
		.summary = "print a token: from the cache, or a new one",
		.run = command_get,
		.options = request_options,
		.has_formats = true,
		.example = "t=$(sk-helper get todo) && curl --oauth2-bearer \"$t\" https://api.example.com/",
		.asks_socket = true,
	},
	{
		.group = GROUP_USE,
		.name = "exec",
		.arguments = "[NAME] [--env VARIABLE[=NAME]]... [--] COMMAND...",
		.summary = "run a command with a token in its environment",
		.run = command_exec,
		.options = exec_options,
		.example = "sk-helper exec todo --env API_TOKEN -- ./deploy.sh",
		.asks_socket = true,
	},
	{
		.group = GROUP_USE,
		.name = "hook",
		.arguments = "[TOOL [NAME]]",
		.summary = "print or write a tool's configuration, or list the tools",
		.run = command_hook,
		.options = hook_options,
		.example = "sk-helper hook claude-code todo",
	},
	{
		.group = GROUP_USE,
		.name = "bridge",
		.arguments = "[NAME]",
		.summary = "run a local MCP server that forwards to a profile's URL",
		.run = command_bridge,
		.asks_itself = true,
		.options = bridge_options,
		.example = "sk-helper bridge todo",
	},
	{
		.group = GROUP_USE,
		.name = "proxy",
		.arguments = "NAME... --socket PATH|--listen 127.0.0.1:PORT",
		.summary = "run an HTTP proxy that adds the token, for a sandbox",
		.run = command_proxy,
		.options = proxy_options,
		.serves = true,
		.example = "sk-helper proxy todo --socket \"$XDG_RUNTIME_DIR/sk-helper-proxy-todo/proxy.sock\" --background",
	},
	{
		.group = GROUP_USE,
		.name = "share",
		.arguments = "NAME... --socket PATH",
		.summary = "answer requests for tokens from a container",
		.run = command_share,
		.options = share_options,
		.serves = true,
		.example = "sk-helper share todo --socket \"$XDG_RUNTIME_DIR/sk-helper-share-todo/share.sock\" --background",
	},
	{
		.group = GROUP_SETUP,
		.name = "add",
		.runs_sources = true,
		.arguments = "[NAME] [--url URL] [--client-id ID]",
		.summary = "make a profile, or store its client secret or key again",
		.run = command_add,
		.options = add_options,
		.takes_keys = true,
		.example = "sk-helper add todo --url https://mcp.example.com/mcp --client-id m2m_1",
	},
	{
		.group = GROUP_SETUP,
		.name = "set",
		.runs_sources = true,
		.arguments = "NAME [--KEY VALUE]... [--unset KEY]... [--default]",
		.summary = "change keys of a profile; its secret is asked for only if needed",
		.run = command_set,
		.options = set_options,
		.takes_keys = true,
		.example = "sk-helper set todo --scope 'todo:read todo:write'",
	},
	{
		.group = GROUP_SETUP,
		.name = "show",
		.arguments = "[NAME]",
		.summary = "print a profile, and where its file is",
		.run = command_show,
		.example = "sk-helper show todo",
	},
	{
		.group = GROUP_SETUP,
		.name = "edit",
		.arguments = "[NAME]",
		.summary = "edit a profile's file; it is kept only if it is valid",
		.run = command_edit,
		.runs_programs = true,
		.example = "sk-helper edit todo",
	},
	{
		.group = GROUP_SETUP,
		.name = "list",
		.arguments = "[NAME]",
		.summary = "show the profiles: what for, where the secrets are, what is cached",
		.run = command_list,
		.options = list_options,
		.example = "sk-helper list",
		.asks_socket = true,
	},
	{
		.group = GROUP_SETUP,
		.name = "rotate",
		.arguments = "NAME",
		.summary = "replace a client secret or key, once the new one works",
		.run = command_rotate,
		.options = rotate_options,
		.example = "sk-helper rotate todo",
	},
	{
		.group = GROUP_SETUP,
		.name = "public-key",
		.runs_sources = true,
		.arguments = "NAME",
		.summary = "print the public part of a client's private key, to register it",
		.run = command_public_key,
		.example = "sk-helper public-key todo",
	},
	{
		.group = GROUP_SETUP,
		.name = "remove",
		.arguments = "NAME|--all",
		.summary = "remove a profile, its client secret and its tokens",
		.run = command_remove,
		.options = remove_options,
		.example = "sk-helper remove todo",
	},
	{
		.group = GROUP_TROUBLE,
		.name = "doctor",
		.runs_sources = true,
		.arguments = "[NAME]",
		.summary = "check the keyrings, profiles and servers, and say what to do",
		.run = command_doctor,
		.options = doctor_options,
		.example = "sk-helper doctor todo",
		.asks_socket = true,
	},
	{
		.group = GROUP_TROUBLE,
		.name = "log",
		.arguments = "[NAME]",
		.summary = "show who has asked for tokens, and what came of it",
		.run = command_log,
		.options = log_options,
		.example = "sk-helper log todo --since '1 hour ago'",
		.runs_programs = true,
	},
	{
		.group = GROUP_TROUBLE,
		.name = "refresh",
		.arguments = "NAME",
		.summary = "ask the servers again what 'add' found out from them",
		.run = command_refresh,
		.options = refresh_options,
		.example = "sk-helper refresh todo",
	},
	{
		.group = GROUP_TROUBLE,
		.name = "erase",
		.arguments = "[NAME|-]",
		.summary = "forget cached tokens; never a client secret",
		.run = command_erase,
		.example = "sk-helper erase todo",
		.asks_socket = true,
	},
	{
		.group = GROUP_TROUBLE,
		.name = "revoke",
		.runs_sources = true,
		.arguments = "NAME",
		.summary = "revoke the cached tokens at the server, and forget them",
		.run = command_revoke,
		.example = "sk-helper revoke todo",
	},
	{
		.group = GROUP_PROGRAMS,
		.name = "store",
		.arguments = "",
		.summary = "make or change a profile from key=value lines on standard input",
		.run = command_store,
		.example = "printf 'profile=todo\\nscope=todo:read\\n' | sk-helper store",
	},
	{
		.group = GROUP_PROGRAMS,
		.name = "help",
		.arguments = "[COMMAND]",
		.summary = "show this, or a command's options and an example",
		.run = command_help,
		.example = "sk-helper help get",
		.asks_socket = true,
	},
	{
		.group = GROUP_PROGRAMS,
		.name = "version",
		.arguments = "",
		.summary = "print the version",
		.run = command_version,
		.example = "sk-helper version",
		.asks_socket = true,
	},
	{
		.name = "tool",
		.runs_sources = true,
		.arguments = "PROGRAM [ARGUMENT]...",
		.summary = "answer a tool that runs sk-helper by another name",
		.run = command_tool,
		.internal = true,
		.asks_socket = true,
	},
	{
		.name = "keyring-filter",
		.arguments = "",
		.summary = "write a seccomp filter that refuses the kernel keyring, for bwrap --seccomp",
		.run = command_keyring_filter,
		.internal = true,
		.asks_socket = true,
	},
	{
		.name = "renew",
		.runs_sources = true,
		.arguments = "NAME [SCOPE [RESOURCE]]",
		.summary = "renew a cached token that is near its end",
		.run = command_renew,
		.internal = true,
	},
};
const size_t command_count = sizeof commands / sizeof commands[0];

const char *const command_groups[GROUPS] = {
	[GROUP_USE] = "use a token",
	[GROUP_SETUP] = "set up",
	[GROUP_TROUBLE] = "when something is wrong",
	[GROUP_PROGRAMS] = "for programs, and other",
};

// What people type who come from other programs.
static const struct {
	const char *word, *command;
} synonyms[] = {
	{ "-v", "version" },	 { "auth", "add" },	    { "check", "doctor" },  { "config", "set" },
	{ "configure", "hook" }, { "create", "add" },	    { "delete", "remove" }, { "diagnose", "doctor" },
	{ "forget", "erase" },	 { "info", "show" },	    { "init", "add" },	    { "login", "add" },
	{ "logout", "erase" },	 { "audit", "log" },	    { "history", "log" },   { "ls", "list" },
	{ "mcp", "bridge" },	 { "new", "add" },	    { "print", "get" },	    { "profiles", "list" },
	{ "rm", "remove" },	 { "run", "exec" },	    { "setup", "hook" },    { "status", "doctor" },
	{ "token", "get" },	 { "uninstall", "remove" }, { "unset", "set" },	    { "update", "set" },
};

enum status command_unknown(const char *name, struct err *err)
{
	struct nearest nearest = nearest_to(name);
	const char *meant = NULL;

	for (size_t i = 0; i < sizeof synonyms / sizeof synonyms[0]; i++) {
		if (!strcmp(synonyms[i].word, name))
			meant = synonyms[i].command;
	}
	for (size_t i = 0; i < command_count && !meant; i++) {
		if (!commands[i].internal)
			nearest_offer(&nearest, commands[i].name);
	}
	if (!meant && profile_name_ok(name) && profile_dir_exists(name))
		return err_set(err, STATUS_USAGE,
			       "there is no command '%.64s', but a profile: did you mean 'sk-helper get %.64s'?", name, name);
	meant = meant ? meant : nearest_word(&nearest);
	if (meant)
		return err_set(err, STATUS_USAGE, "there is no command '%.64s': did you mean 'sk-helper %s'?", name, meant);
	return err_set(err, STATUS_USAGE, "there is no command '%.64s': 'sk-helper help' lists the commands", name);
}

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < command_count; i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

const struct profile_key *command_option_key(const char *option)
{
	char name[OPTION_NAME_SIZE];
	size_t len = strlen(option + 2);

	if (len >= sizeof name)
		return NULL;
	for (size_t i = 0; i <= len; i++)
		name[i] = option[2 + i] == '-' ? '_' : option[2 + i];
	return profile_key_find(name);
}

const struct option *command_options(const struct command *command)
{
	static struct option options[OPTIONS_MAX];
	static char names[OPTIONS_MAX][OPTION_NAME_SIZE];
	size_t count = 0;

	for (size_t i = 0; command->takes_keys && i < profile_key_count && count < OPTIONS_MAX - 1; i++, count++) {
		(void)snprintf(names[i], OPTION_NAME_SIZE, "--%s", profile_keys[i].name);
		for (char *underscore; (underscore = strchr(names[i], '_'));)
			*underscore = '-';
		options[count] = (struct option){ names[i], profile_keys[i].argument, profile_keys[i].help };
	}
	for (const struct option *own = command->options; own && own->name && count < OPTIONS_MAX - 1; own++)
		options[count++] = *own;
	options[count] = (struct option){ 0 };
	return options;
}

struct one_profile {
	const char *command, *name;
};

static enum status take_one_profile(void *context, const char *option, const char *value, struct err *err)
{
	struct one_profile *one = context;

	(void)option;
	if (one->name)
		return err_set(err, STATUS_USAGE, "%s takes the name of one profile, not also '%s'", one->command, value);
	one->name = value;
	return STATUS_OK;
}

enum status command_take_usual_profile(const char *command, char **args, const char **name, struct err *err)
{
	const struct options parser = { command, NULL, false };
	struct one_profile one = { command, NULL };
	enum status status = options_parse(&parser, &args, take_one_profile, &one, err);

	*name = one.name;
	return status;
}

enum status command_needs_profile(const char *command, struct err *err)
{
	return err_set(err, STATUS_USAGE, "%s: the name of a profile is missing: 'sk-helper list' shows them", command);
}

enum status command_take_profile(const char *command, char **args, const char **name, struct err *err)
{
	enum status status = command_take_usual_profile(command, args, name, err);

	if (status == STATUS_OK && !*name)
		return command_needs_profile(command, err);
	return status;
}

void command_show_path(const struct profile *profile, char shown[PROFILE_PATH_MAX])
{
	(void)snprintf(shown, PROFILE_PATH_MAX, "%s", profile->path);
	text_sanitize(shown);
}
