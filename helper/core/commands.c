// SPDX-License-Identifier: MIT
#include "core/commands.h"

#include <string.h>

const struct command commands[] = {
	{
		.name = "get",
		.arguments = "[NAME|URL|-]",
		.summary = "print a token: from the cache, or a new one",
		.run = command_get,
		.options = get_options,
		.has_formats = true,
		.example = "t=$(sk-helper get todo) && curl --oauth2-bearer \"$t\" https://api.example.com/",
	},
	{
		.name = "exec",
		.arguments = "[--env NAME=PROFILE]... [--] COMMAND...",
		.summary = "run a command with a token in its environment",
		.run = command_exec,
		.options = exec_options,
		.example = "sk-helper exec --env API_TOKEN=todo -- ./deploy.sh",
	},
	{
		.name = "hook",
		.arguments = "[TOOL [NAME]]",
		.summary = "print a tool's configuration that asks sk-helper, or list the tools",
		.run = command_hook,
		.example = "sk-helper hook claude-code todo",
	},
	{
		.name = "add",
		.arguments = "NAME --client-id ID --url URL|--issuer URL|--token-endpoint URL",
		.summary = "make a profile, and store its client secret or private key",
		.run = command_add,
		.options = add_options,
		.takes_keys = true,
		.example = "sk-helper add todo --url https://mcp.example.com/mcp --client-id m2m_1",
	},
	{
		.name = "list",
		.arguments = "",
		.summary = "show the profiles, where their secrets are, and what is cached",
		.run = command_list,
		.options = list_options,
		.example = "sk-helper list",
	},
	{
		.name = "doctor",
		.arguments = "[NAME]",
		.summary = "check the keyrings and a server, and say how to cure what is wrong",
		.run = command_doctor,
		.example = "sk-helper doctor todo",
	},
	{
		.name = "rotate",
		.arguments = "NAME",
		.summary = "replace a client secret or key, once the new one has proved to work",
		.run = command_rotate,
		.options = rotate_options,
		.example = "sk-helper rotate todo",
	},
	{
		.name = "public-key",
		.arguments = "NAME",
		.summary = "print the public part of a client's private key, to register it",
		.run = command_public_key,
		.example = "sk-helper public-key todo",
	},
	{
		.name = "refresh",
		.arguments = "NAME",
		.summary = "ask the servers again what 'add' found out from them",
		.run = command_refresh,
		.options = refresh_options,
		.example = "sk-helper refresh todo",
	},
	{
		.name = "revoke",
		.arguments = "NAME",
		.summary = "revoke the cached tokens at the server, and forget them",
		.run = command_revoke,
		.example = "sk-helper revoke todo",
	},
	{
		.name = "erase",
		.arguments = "[NAME|-]",
		.summary = "forget cached tokens; never a client secret",
		.run = command_erase,
		.example = "sk-helper erase todo",
	},
	{
		.name = "remove",
		.arguments = "NAME",
		.summary = "remove a profile, its client secret and its tokens",
		.run = command_remove,
		.example = "sk-helper remove todo",
	},
	{
		.name = "store",
		.arguments = "",
		.summary = "make or change a profile from key=value lines on standard input",
		.run = command_store,
		.example = "printf 'profile=todo\\nscope=todo:read\\n' | sk-helper store",
	},
	{
		.name = "help",
		.arguments = "[COMMAND]",
		.summary = "show this, or a command's options and an example",
		.run = command_help,
		.example = "sk-helper help get",
	},
	{
		.name = "tool",
		.arguments = "PROGRAM [ARGUMENT]...",
		.summary = "answer a tool that runs sk-helper by another name",
		.run = command_tool,
		.internal = true,
	},
	{
		.name = "renew",
		.arguments = "NAME [SCOPE [RESOURCE]]",
		.summary = "renew a cached token that is near its end",
		.run = command_renew,
		.internal = true,
	},
};
const size_t command_count = sizeof commands / sizeof commands[0];

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < command_count; i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

bool command_option(char ***args, const char *name, const char **value, bool *missing)
{
	size_t len = strlen(name);

	if (strncmp(**args, name, len) != 0 || ((**args)[len] && (**args)[len] != '='))
		return false;
	if ((**args)[len] == '=') {
		*value = **args + len + 1;
	} else if ((*args)[1]) {
		*value = *++*args;
	} else {
		*missing = true;
	}
	return true;
}
