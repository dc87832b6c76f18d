// SPDX-License-Identifier: MIT
// What 'hook' prints for each tool: the one list. The README's and the manual's snippets are compared with it, and each is used by
// tests/hooks.bats.
#include "core/hook-texts.h"

const struct hook hooks[] = {
	{ "claude-code", "an MCP server in Claude Code", ".mcp.json in the project, or 'claude mcp add-json'",
	  "{ \"mcpServers\": { \"{name}\": {\n"
	  "    \"type\": \"http\", \"url\": \"{url}\",\n"
	  "    \"headersHelper\": \"{sk} get --format mcp-headers\" } } }\n",
	  false, ANY_URL },
	{ "claude-code-api", "the API that Claude Code talks to", "~/.claude/settings.json",
	  "{ \"apiKeyHelper\": \"{sk} get {name}\" }\n", false, ANY_URL },
	{ "claude-code-otel", "Claude Code's telemetry", "~/.claude/settings.json",
	  "{ \"otelHeadersHelper\": \"{sk} get {name} --format mcp-headers\" }\n", false, ANY_URL },
	{ "codex", "an MCP server in Codex", "~/.codex/config.toml",
	  "[mcp_servers.{word}]\n"
	  "url = \"{url}\"\n"
	  "http_headers_helper = \"{sk} get {name} --format mcp-headers\"\n",
	  true, ANY_URL },
	{ "codex-provider", "a model provider of Codex", "~/.codex/config.toml",
	  "[model_providers.{word}.auth]\n"
	  "command = \"{raw-sk}\"\n"
	  "args = [\"get\", \"{name}\"]\n",
	  true, ANY_URL },
	{ "git", "a git server (Bearer from git 2.46 on; before that with username= in the profile)", "~/.gitconfig",
	  "[credential \"{origin}\"]\n"
	  "\thelper =\n"
	  "\thelper = {git-helper}\n"
	  "\tuseHttpPath = true\n",
	  true, ANY_URL },
	{ "docker", "a container registry, for docker, podman, skopeo, helm and oras",
	  "~/.docker/config.json ({raw-bin} must be in PATH)", "{ \"credHelpers\": { \"{host}\": \"sk\" } }\n", false,
	  ONLY_HOST },
	{ "kubectl", "a Kubernetes API server", "users: of the kubeconfig",
	  "- name: \"{name}\"\n"
	  "  user:\n"
	  "    exec:\n"
	  "      apiVersion: client.authentication.k8s.io/v1\n"
	  "      command: {raw-sk}\n"
	  "      args: [get, --format, kubernetes]\n"
	  "      interactiveMode: Never\n"
	  "      provideClusterInfo: true\n",
	  true, ANY_URL },
	{ "bazel", "a remote cache or repository of Bazel's", ".bazelrc",
	  "common --credential_helper={hostname}={raw-bin}/bazel-credential-sk\n", true, ANY_URL },
	{ "terraform", "a Terraform or OpenTofu registry",
	  "~/.terraformrc, and: ln -s {bin}/sk-helper ~/.terraform.d/plugins/terraform-credentials-sk",
	  "credentials_helper \"sk\" {\n"
	  "  args = [\"--profile\", \"{name}\"]\n"
	  "}\n",
	  true, ONLY_HOST },
	{ "cargo", "a crate registry", "~/.cargo/config.toml",
	  "[registries.{word}]\n"
	  "index = \"sparse+{directory}\"\n"
	  "credential-provider = [\"{raw-bin}/cargo-credential-sk\"]\n",
	  true, ANY_URL },
	{ "go", "a module proxy (Go 1.24)", "the shell's profile, or 'go env -w'",
	  "export GOAUTH='{double-quoted-sk} get {name} --format goauth'\n", true, ONLY_HTTPS },
	{ "pnpm", "a package registry, for pnpm",
	  "~/.npmrc, and: ln -s {bin}/sk-helper '{quoted-home}/.local/bin/pnpm-token-sk-{name}'",
	  "//{place}/:tokenHelper={home}/.local/bin/pnpm-token-sk-{name}\n", true, ANY_URL },
	{ "rclone", "a WebDAV server, for rclone", "~/.config/rclone/rclone.conf",
	  "[{name}]\n"
	  "type = webdav\n"
	  "url = {url}\n"
	  "bearer_token_command = {double-quoted-sk} get {name}\n",
	  true, ANY_URL },
	{ "vault", "a Vault or OpenBao server", "~/.vault", "token_helper = \"{raw-bin}/vault-token-sk\"\n", true, ANY_URL },
	{ "pip", "a package index, for pip and uv", "a shell, once (pip 23.1)",
	  "ln -s {bin}/sk-helper '{quoted-home}/.local/bin/keyring'\n"
	  "pip config set global.keyring-provider subprocess\n"
	  "pip config set global.index-url '{index}simple/'\n",
	  true, ANY_URL },
	{ "google", "Google's client libraries (workload identity federation)", "credential_source of the credential's JSON",
	  "{ \"executable\": { \"command\": \"{sk} get {name} --format google\", \"timeout_millis\": 10000 } }\n", false,
	  ANY_URL },
	{ "curl", "curl, in a script", "a script", "t=$({sk} get {name}) && curl --oauth2-bearer \"$t\" '{quoted-url}'\n", true,
	  ANY_URL },
	{ "direnv", "a variable in a directory", ".envrc; it is as old as the directory's shell",
	  "ACCESS_TOKEN=$({sk} get {name}) && export ACCESS_TOKEN\n", true, ANY_URL },
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
	  true, ANY_URL },
};
const size_t hook_count = sizeof hooks / sizeof hooks[0];
