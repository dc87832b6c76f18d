// SPDX-License-Identifier: MIT
// hook: what to write where, so that a tool asks sk-helper. One table; the README's snippets are compared with it.
#include "commands.h"
#include "profiles.h"
#include "text.h"
#include "url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// In the text, {sk} is our path, {bin} its directory, {home} the user's; {name} the profile, {url} its first url, and of that
// {origin}, {host} (with a port), {hostname} (without), {place} (all behind the scheme, without a slash at the end).
static const struct hook {
	const char *tool, *help, *where, *text;
	bool has_comments; // where goes into the text as one; else it is said on standard error
} hooks[] = {
	{ "claude-code", "an MCP server in Claude Code", ".mcp.json in the project, or 'claude mcp add-json'",
	  "{ \"mcpServers\": { \"{name}\": {\n"
	  "    \"type\": \"http\", \"url\": \"{url}\",\n"
	  "    \"headersHelper\": \"{sk} get --format mcp-headers\" } } }\n",
	  false },
	{ "claude-code-api", "the API that Claude Code talks to", "~/.claude/settings.json",
	  "{ \"apiKeyHelper\": \"{sk} get {name}\" }\n", false },
	{ "claude-code-otel", "Claude Code's telemetry", "~/.claude/settings.json",
	  "{ \"otelHeadersHelper\": \"{sk} get {name} --format mcp-headers\" }\n", false },
	{ "codex", "an MCP server in Codex", "~/.codex/config.toml",
	  "[mcp_servers.{name}]\n"
	  "url = \"{url}\"\n"
	  "http_headers_helper = \"{sk} get {name} --format mcp-headers\"\n",
	  true },
	{ "codex-provider", "a model provider of Codex", "~/.codex/config.toml",
	  "[model_providers.{name}.auth]\n"
	  "command = \"{sk}\"\n"
	  "args = [\"get\", \"{name}\"]\n",
	  true },
	{ "git", "a git server (Bearer from git 2.46 on; before that with username= in the profile)", "~/.gitconfig",
	  "[credential \"{origin}\"]\n"
	  "\thelper =\n"
	  "\thelper = {bin}/git-credential-sk\n"
	  "\tuseHttpPath = true\n",
	  true },
	{ "docker", "a container registry, for docker, podman, skopeo, helm and oras",
	  "~/.docker/config.json ({bin} must be in PATH)", "{ \"credHelpers\": { \"{host}\": \"sk\" } }\n", false },
	{ "kubectl", "a Kubernetes API server", "users: of the kubeconfig",
	  "- name: {name}\n"
	  "  user:\n"
	  "    exec:\n"
	  "      apiVersion: client.authentication.k8s.io/v1\n"
	  "      command: {sk}\n"
	  "      args: [get, --format, kubernetes]\n"
	  "      interactiveMode: Never\n"
	  "      provideClusterInfo: true\n",
	  true },
	{ "bazel", "a remote cache or repository of Bazel's", ".bazelrc",
	  "common --credential_helper={hostname}={bin}/bazel-credential-sk\n", true },
	{ "terraform", "a Terraform or OpenTofu registry",
	  "~/.terraformrc, and: ln -s {bin}/sk-helper ~/.terraform.d/plugins/terraform-credentials-sk",
	  "credentials_helper \"sk\" {\n"
	  "  args = [\"--profile\", \"{name}\"]\n"
	  "}\n",
	  true },
	{ "cargo", "a crate registry", "~/.cargo/config.toml",
	  "[registries.{name}]\n"
	  "index = \"sparse+{url}\"\n"
	  "credential-provider = [\"{bin}/cargo-credential-sk\"]\n",
	  true },
	{ "go", "a module proxy (Go 1.24)", "the shell's profile, or 'go env -w'",
	  "export GOAUTH='{sk} get {name} --format goauth'\n", true },
	{ "pnpm", "a package registry, for pnpm", "~/.npmrc, and: ln -s {bin}/sk-helper {home}/.local/bin/pnpm-token-sk-{name}",
	  "//{place}/:tokenHelper={home}/.local/bin/pnpm-token-sk-{name}\n", true },
	{ "rclone", "a WebDAV server, for rclone", "~/.config/rclone/rclone.conf",
	  "[{name}]\n"
	  "type = webdav\n"
	  "url = {url}\n"
	  "bearer_token_command = {sk} get {name}\n",
	  true },
	{ "vault", "a Vault or OpenBao server", "~/.vault", "token_helper = \"{bin}/vault-token-sk\"\n", true },
	{ "pip", "a package index, for pip and uv", "a shell, once (pip 23.1)",
	  "ln -s {bin}/sk-helper {home}/.local/bin/keyring\n"
	  "pip config set global.keyring-provider subprocess\n"
	  "pip config set global.index-url {origin-with-user}/simple/\n",
	  true },
	{ "google", "Google's client libraries (workload identity federation)", "credential_source of the credential's JSON",
	  "{ \"executable\": { \"command\": \"{sk} get {name} --format google\", \"timeout_millis\": 10000 } }\n", false },
	{ "curl", "curl, in a script", "a script", "t=$({sk} get {name}) && curl --oauth2-bearer \"$t\" {url}\n", true },
	{ "direnv", "a variable in a directory", ".envrc; it is as old as the directory's shell",
	  "ACCESS_TOKEN=$({sk} get {name}) && export ACCESS_TOKEN\n", true },
	{ "systemd", "a credential of a service of the user's",
	  "~/.config/systemd/user: {name}-token.socket, {name}-token@.service, and a line of the service's own",
	  "# {name}-token.socket\n"
	  "[Socket]\n"
	  "ListenStream=%t/{name}-token\n"
	  "Accept=yes\n"
	  "[Install]\n"
	  "WantedBy=sockets.target\n"
	  "# {name}-token@.service\n"
	  "[Service]\n"
	  "ExecStart={sk} get {name}\n"
	  "StandardInput=null\n"
	  "StandardOutput=socket\n"
	  "# the service that wants it, read when it starts: $CREDENTIALS_DIRECTORY/token\n"
	  "[Service]\n"
	  "LoadCredential=token:%t/{name}-token\n",
	  true },
};
#define HOOKS (sizeof hooks / sizeof hooks[0])

// What a placeholder stands for, appended; false when the profile does not have it.
static bool put_value(struct buf *out, const char *name, size_t len, const struct profile *profile)
{
	const char *url = profile->url_count ? profile->urls[0] : NULL, *home = getenv("HOME"), *text = NULL;
	struct url parts;
	size_t size = 0;

#define IS(word) (len == strlen(word) && !strncmp(name, word, len))
	if (IS("sk"))
		text = SK_BINDIR "/sk-helper";
	else if (IS("bin"))
		text = SK_BINDIR;
	else if (IS("home"))
		text = home ? home : "~";
	else if (IS("name"))
		text = profile->name;
	if (text) {
		buf_adds(out, text);
		return true;
	}
	if (!url || url_parse(&parts, url, NULL) != STATUS_OK)
		return false;
	text = url;
	size = strlen(url);
	if (IS("host") || IS("hostname") || IS("place"))
		text = parts.host;
	if (IS("host"))
		size = (size_t)(parts.path - parts.host);
	else if (IS("hostname"))
		size = parts.host_len;
	else if (IS("origin"))
		size = (size_t)(parts.path - url);
	else if (IS("place"))
		size = (size_t)(parts.path - parts.host) + parts.path_len;
	else if (IS("origin-with-user")) {
		buf_add(out, url, (size_t)(parts.host - url));
		buf_adds(out, profile->username ? profile->username : "oauth2");
		buf_addc(out, '@');
		text = parts.host;
		size = (size_t)(parts.path - parts.host);
	}
	while (IS("place") && size && text[size - 1] == '/')
		size--;
#undef IS
	buf_add(out, text, size);
	return true;
}

// False when the profile lacks what the text needs.
static bool fill_in(struct buf *out, const char *text, const struct profile *profile)
{
	while (*text) {
		size_t len = *text == '{' ? strspn(text + 1, "abcdefghijklmnopqrstuvwxyz-") : 0;

		if (len && text[len + 1] == '}') {
			if (!put_value(out, text + 1, len, profile))
				return false;
			text += len + 2;
		} else {
			buf_addc(out, *text++);
		}
	}
	return true;
}

static enum status print(const struct hook *hook, const struct profile *profile, struct err *err)
{
	BUF_AUTO(where, 16384);
	BUF_AUTO(text, 65536);

	if (!fill_in(&where, hook->where, profile) || !fill_in(&text, hook->text, profile))
		return err_set(err, STATUS_USAGE,
			       "profile '%s' has no url, which %s needs: 'sk-helper store' adds one (printf "
			       "'profile=%s\\nurl=https://...\\n' | sk-helper store)",
			       profile->name, hook->tool, profile->name);
	if (!buf_ok(&where) || !buf_ok(&text))
		return err_set(err, STATUS_INTERNAL, "it does not fit");
	if (hook->has_comments)
		printf("# %s\n", where.data);
	else
		fprintf(stderr, "%s:\n", where.data);
	fputs(text.data, stdout);
	return STATUS_OK;
}

static enum status list_hooks(void)
{
	for (size_t i = 0; i < HOOKS; i++)
		printf("%-16s  %s\n", hooks[i].tool, hooks[i].help);
	return STATUS_OK;
}

enum status command_hook(char **args, struct err *err)
{
	BUF_AUTO(text, PROFILE_FILE_MAX);
	char name[PROFILE_NAME_MAX + 1];
	struct profile profile;
	enum status status;

	if (!args[0])
		return list_hooks();
	if (args[1] && args[2])
		return err_set(err, STATUS_USAGE, "hook takes a tool and one profile, not also '%s'", args[2]);
	for (size_t i = 0; i < HOOKS; i++) {
		if (strcmp(hooks[i].tool, args[0]) != 0)
			continue;
		status = profiles_choose(name, args[1], NULL, err);
		if (status == STATUS_OK)
			status = profiles_load(name, &text, &profile, err);
		return status == STATUS_OK ? print(&hooks[i], &profile, err) : status;
	}
	return err_set(err, STATUS_USAGE, "hook: no tool '%s': 'sk-helper hook' lists them", args[0]);
}
