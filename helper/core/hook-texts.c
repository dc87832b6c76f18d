// SPDX-License-Identifier: MIT
// What 'hook' prints for each tool: the one list. The README's and the manual's snippets are compared with it, and each is used by
// tests/hooks.bats.
#include "core/hook-texts.h"

// An MCP server that is started: sk-helper is it (bridge), for the one at the profile's URL.
#define BRIDGE_ENTRY "{ \"command\": \"{json-sk}\", \"args\": [{bridge-args}] }"

// What shows that an agent has the MCP server, where no command of it does.
#define TRY_RESTART "restart it: its list of MCP servers then has '{name}'"

#define CLAUDE_CODE_FILES                                                                                                      \
	.format = CONFIG_JSON, .place = "mcpServers/{name}", .user_file = "~/.claude.json", .project_file = ".mcp.json",       \
	.note_is_for_project = true,                                                                                           \
	.note = "Claude Code will ask you to approve this server, because it comes from the project's file",                   \
	.try = TRY_RESTART
#define CODEX_FILES                                                                                                            \
	.has_comments = true, .format = CONFIG_TOML, .place = "mcp_servers.{word}", .user_file = "~/.codex/config.toml",       \
	.project_file = ".codex/config.toml", .try = "codex mcp list"

// A block of lines in a file of the user's, or of a project's.
#define LINES_FILES(block, user, project)                                                                                      \
	.format = CONFIG_LINES, .place = (block), .user_file = (user), .project_file = (project)

// What runs outside of a container, for programs in it: the proxy or share, on a socket in a directory that is mounted into it. The units of
// systemd (helper/systemd) have the same directories.
#define PROXY_DIR     "${XDG_RUNTIME_DIR:-$HOME}/sk-helper-proxy-{name}"
#define SHARE_DIR     "${XDG_RUNTIME_DIR:-$HOME}/sk-helper-share-{name}"
#define PROXY_COMMAND "{sk} proxy {name} --socket \"" PROXY_DIR "/proxy.sock\" --background\n"
#define SHARE_COMMAND "{sk} share {name} --socket \"" SHARE_DIR "/share.sock\" --background\n"
#define RUN_PROXY     "# outside: this, or systemctl --user enable --now sk-helper-proxy@{name}.socket\n" PROXY_COMMAND
#define RUN_SHARE     "# outside: this, or systemctl --user enable --now sk-helper-share@{name}.socket\n" SHARE_COMMAND
#define SAY_PROXY(mark)                                                                                                        \
	mark " outside: systemctl --user enable --now sk-helper-proxy@{name}.socket, or:\n" mark " " PROXY_COMMAND
#define SAY_SHARE(mark)                                                                                                        \
	mark " outside: systemctl --user enable --now sk-helper-share@{name}.socket, or:\n" mark " " SHARE_COMMAND
#define IN_PROXY                                                                                                               \
	"# inside: requests for http://localhost/{name} go to the profile's url, with the token that stays outside, such as\n" \
	"#   curl --unix-socket /run/sk-helper/proxy.sock http://localhost/{name}\n"
#define IN_SHARE "# inside: sk-helper, and the names that tools run it by, ask outside\n"
// A user namespace is no border for the kernel keyring, so bubblewrap is given a filter.
#define NO_KEYRING(dir) "{sk} keyring-filter >\"" dir "/no-keyring\"\n"
#define BWRAP		"--die-with-parent --ro-bind / / --dev /dev --proc /proc --tmpfs /run --tmpfs \"$HOME\""

#define CONTAINER_FILES                                                                                                        \
	.files = "proxy share", .are_ways = true, .has_comments = true,                                                        \
	.note = "choose one: with proxy no token is inside, with share a token and no secret (sk-helper-ci(7))"

const struct hook hooks[] = {
	{ .tool = "claude-code",
	  .help = "an MCP server in Claude Code",
	  .text = "{\n"
		  "    \"type\": \"http\", \"url\": \"{json-url}\",\n"
		  "    \"headersHelper\": \"{json-sk-word} get --format mcp-headers\" }",
	  CLAUDE_CODE_FILES },
	{ .tool = "claude-code-api",
	  .help = "Claude Code's own API key (apiKeyHelper)",
	  .text = "\"{json-sk-word} get {name}\"",
	  .format = CONFIG_JSON,
	  .place = "apiKeyHelper",
	  .user_file = "~/.claude/settings.json" },
	{ .tool = "claude-code-otel",
	  .help = "Claude Code's telemetry",
	  .text = "\"{json-sk-word} get {name} --format mcp-headers\"",
	  .format = CONFIG_JSON,
	  .place = "otelHeadersHelper",
	  .user_file = "~/.claude/settings.json" },
	{ .tool = "codex",
	  .help = "an MCP server in Codex",
	  .text = "url = \"{json-url}\"\n"
		  "http_headers_helper = \"{json-sk-word} get {name} --format mcp-headers\"\n",
	  CODEX_FILES },
	{ .tool = "codex-provider",
	  .help = "a model provider of Codex",
	  .text = "command = \"{json-sk}\"\n"
		  "args = [\"get\", \"{name}\"]\n",
	  .has_comments = true,
	  .format = CONFIG_TOML,
	  .place = "model_providers.{word}.auth",
	  .user_file = "~/.codex/config.toml" },
	{ .tool = "git",
	  .help = "a git server (Bearer from git 2.46 on; before that with username= in the profile)",
	  .text = "{git-note}"
		  "[credential \"{origin}\"]\n"
		  "\thelper =\n"
		  "\thelper = {git-helper}\n"
		  "\tuseHttpPath = true\n",
	  .has_comments = true,
	  .each_url = true,
	  LINES_FILES("git {origin}", "~/.gitconfig", NULL),
	  .try = "git ls-remote '{quoted-url}'" },
	{ .tool = "docker",
	  .help = "a container registry, for docker, podman, skopeo, helm and oras",
	  .text = "\"sk\"",
	  .mark = "\"sk\"",
	  .only = ONLY_HOST,
	  .format = CONFIG_JSON,
	  .place = "credHelpers/{host}",
	  .user_file = "~/.docker/config.json",
	  .each_url = true,
	  .note = "{raw-bin} must be in PATH",
	  .try = "docker pull {host}/IMAGE, or: skopeo inspect docker://{host}/IMAGE" },
	{ .tool = "kubectl",
	  .help = "a Kubernetes API server",
	  .where = "users: of the kubeconfig",
	  .text = "- name: \"{name}\"\n"
		  "  user:\n"
		  "    exec:\n"
		  "      apiVersion: client.authentication.k8s.io/v1\n"
		  "      command: {raw-sk}\n"
		  "      args: [get, --format, kubernetes]\n"
		  "      interactiveMode: Never\n"
		  "      provideClusterInfo: true\n",
	  .has_comments = true,
	  .try = "kubectl --user '{name}' get namespaces" },
	{ .tool = "bazel",
	  .help = "a remote cache or repository for Bazel",
	  .text = "common --credential_helper={hostname}={raw-bin}/bazel-credential-sk\n",
	  .has_comments = true,
	  .each_url = true,
	  LINES_FILES("bazel {hostname}", "~/.bazelrc", ".bazelrc"),
	  .try = "bazel build //..." },
	{ .tool = "terraform",
	  .help = "a Terraform or OpenTofu registry",
	  .text = "credentials_helper \"sk\" {\n"
		  "  args = [\"--profile\", \"{name}\"]\n"
		  "}\n",
	  .has_comments = true,
	  .only = ONLY_HOST,
	  LINES_FILES("terraform", "~/.terraformrc", NULL),
	  .note = "then: mkdir -p ~/.terraform.d/plugins && ln -sf {bin}/sk-helper ~/.terraform.d/plugins/terraform-credentials-sk",
	  .try = "terraform init" },
	{ .tool = "cargo",
	  .help = "a crate registry",
	  .text = "index = \"sparse+{directory}\"\n"
		  "credential-provider = [\"{raw-bin}/cargo-credential-sk\"]\n",
	  .has_comments = true,
	  .format = CONFIG_TOML,
	  .place = "registries.{word}",
	  .mark = "cargo-credential-sk",
	  .user_file = "~/.cargo/config.toml",
	  .project_file = ".cargo/config.toml",
	  .try = "cargo search --registry {word} NAME" },
	{ .tool = "go",
	  .help = "a module proxy (Go 1.24)",
	  .text = "export GOAUTH='{double-quoted-sk} get {name} --format goauth'\n",
	  .has_comments = true,
	  .only = ONLY_HTTPS,
	  LINES_FILES("go", "~/.profile", NULL),
	  .note = "or 'go env -w'",
	  .try = "go list -m -versions MODULE" },
	{ .tool = "pnpm",
	  .help = "a package registry, for pnpm",
	  .text = "//{place}/:tokenHelper={home}/.local/bin/pnpm-token-sk-{name}\n",
	  .has_comments = true,
	  LINES_FILES("pnpm {name}", "~/.npmrc", NULL),
	  .note = "then: ln -sf {bin}/sk-helper '{quoted-home}/.local/bin/pnpm-token-sk-{name}'",
	  .try = "pnpm --dir \"$(mktemp -d)\" add PACKAGE --lockfile-only --registry '{quoted-url}'" },
	{ .tool = "npm",
	  .help = "a package registry, for npm, which has no helper: a variable",
	  .text = "//{place}/:_authToken=${NPM_TOKEN}\n",
	  .has_comments = true,
	  LINES_FILES("npm {name}", "~/.npmrc", ".npmrc"),
	  .note = "then run npm as: {sk} exec {name} --env NPM_TOKEN -- npm install",
	  .try = "{sk} exec {name} --env NPM_TOKEN -- npm view PACKAGE --registry '{quoted-url}'" },
	{ .tool = "rclone",
	  .help = "a WebDAV server, for rclone",
	  .text = "[{name}]\n"
		  "type = webdav\n"
		  "url = {url}\n"
		  "bearer_token_command = {double-quoted-sk} get {name}\n",
	  .has_comments = true,
	  LINES_FILES("rclone {name}", "~/.config/rclone/rclone.conf", NULL),
	  .try = "rclone lsf {name}:" },
	{ .tool = "vault",
	  .help = "a Vault or OpenBao server",
	  .text = "token_helper = \"{raw-bin}/vault-token-sk\"\n",
	  .has_comments = true,
	  LINES_FILES("vault", "~/.vault", NULL),
	  .try = "vault token lookup" },
	{ .tool = "pip",
	  .help = "a package index, for pip and uv",
	  .where = "a shell, once (pip 23.1 or newer)",
	  .text = "# this takes the place of Python's own 'keyring' command; a virtual environment's bin is a place, too\n"
		  "ln -s {bin}/sk-helper '{quoted-home}/.local/bin/keyring'\n"
		  "pip config set global.keyring-provider subprocess\n"
		  "# for each command, so that other projects keep the public index\n"
		  "pip download --no-deps --index-url '{index}simple/' PACKAGE\n"
		  "# undo: rm '{quoted-home}/.local/bin/keyring'; pip config unset global.keyring-provider\n",
	  .has_comments = true,
	  .try = "{bin}/sk-helper get {name} >/dev/null && echo the token is there" },
	{ .tool = "google",
	  .help = "Google's client libraries (workload identity federation)",
	  .where = "credential_source of the credential's JSON",
	  .text = "{ \"executable\": { \"command\": \"{sk} get {name} --format google\", \"timeout_millis\": 10000 } }\n" },
	{ .tool = "curl",
	  .help = "curl, in a script",
	  .where = "a script",
	  .text = "t=$({sk} get {name}) && curl --oauth2-bearer \"$t\" '{quoted-url}'\n",
	  .has_comments = true,
	  .try = "{sk} get {name} --format header | curl -H @- '{quoted-url}'" },
	{ .tool = "direnv",
	  .help = "a variable in a directory",
	  .text = "ACCESS_TOKEN=$({sk} get {name}) && export ACCESS_TOKEN\n",
	  .has_comments = true,
	  LINES_FILES("direnv {name}", NULL, ".envrc"),
	  .note = "the token is not renewed while the shell runs",
	  .try = "direnv allow && direnv exec . printenv ACCESS_TOKEN" },
	{ .tool = "systemd",
	  .help = "a credential for a user service (systemd)",
	  .where = "~/.config/systemd/user",
	  .files = "{name}-token.socket {name}-token@.service SERVICE",
	  .text = "[Socket]\n"
		  "ListenStream=%t/{name}-token\n"
		  "Accept=yes\n"
		  "[Install]\n"
		  "WantedBy=sockets.target\n" NEXT_FILE "[Service]\n"
		  "ExecStart={sk} get {name}\n"
		  "StandardInput=null\n"
		  "StandardOutput=socket\n" NEXT_FILE
		  "# it finds the token in $CREDENTIALS_DIRECTORY/token, as it is when the service starts\n"
		  "[Service]\n"
		  "LoadCredential=token:%t/{name}-token\n",
	  .has_comments = true,
	  .try = "systemctl --user daemon-reload && systemctl --user start {name}-token.socket && "
		 "socat -u UNIX-CONNECT:$XDG_RUNTIME_DIR/{name}-token - | wc -c" },
	// --- programs in containers
	{ .tool = "docker-run",
	  .help = "programs in a container of docker",
	  .where = "a shell",
	  .text = RUN_PROXY IN_PROXY "docker run --rm -it --user \"$(id -u):$(id -g)\" -v \"" PROXY_DIR
				     ":/run/sk-helper\" IMAGE\n" NEXT_FILE RUN_SHARE IN_SHARE
				     "docker run --rm -it --user \"$(id -u):$(id -g)\" -v \"" SHARE_DIR
				     ":/run/sk-helper\" -e SK_HELPER_SOCKET=/run/sk-helper/share.sock IMAGE\n",
	  .try = "in the container: curl --unix-socket /run/sk-helper/proxy.sock http://localhost/{name}, or: sk-helper get",
	  CONTAINER_FILES },
	{ .tool = "podman-run",
	  .help = "programs in a container of podman, without root",
	  .where = "a shell",
	  .text = RUN_PROXY IN_PROXY
	  "podman run --rm -it -v \"" PROXY_DIR ":/run/sk-helper\" IMAGE\n" NEXT_FILE RUN_SHARE IN_SHARE
	  "podman run --rm -it -v \"" SHARE_DIR ":/run/sk-helper\" -e SK_HELPER_SOCKET=/run/sk-helper/share.sock IMAGE\n",
	  .try = "in the container: curl --unix-socket /run/sk-helper/proxy.sock http://localhost/{name}, or: sk-helper get",
	  CONTAINER_FILES },
	{ .tool = "compose",
	  .help = "programs in a service of docker compose",
	  .where = "compose.yaml",
	  .text = SAY_PROXY(
		  "#") "services:\n"
		       "  SERVICE:\n"
		       "    user: \"{uid}\"\n"
		       "    volumes: [\"${XDG_RUNTIME_DIR}/sk-helper-proxy-{name}:/run/sk-helper\"]\n" NEXT_FILE SAY_SHARE(
			       "#") "services:\n"
				    "  SERVICE:\n"
				    "    user: \"{uid}\"\n"
				    "    volumes: [\"${XDG_RUNTIME_DIR}/sk-helper-share-{name}:/run/sk-helper\"]\n"
				    "    environment: { SK_HELPER_SOCKET: /run/sk-helper/share.sock }\n",
	  .try = "docker compose run SERVICE sk-helper get, or curl --unix-socket /run/sk-helper/proxy.sock http://localhost/{name}",
	  CONTAINER_FILES },
	{ .tool = "devcontainer",
	  .help = "programs in a development container",
	  .where = ".devcontainer/devcontainer.json",
	  .text = SAY_PROXY(
		  "//") "{\n"
			"  \"mounts\": [\"source=${localEnv:XDG_RUNTIME_DIR}/sk-helper-proxy-{name},target=/run/sk-helper,type=bind\"]\n"
			"}\n" NEXT_FILE SAY_SHARE(
				"//") "{\n"
				      "  \"mounts\": [\"source=${localEnv:XDG_RUNTIME_DIR}/sk-helper-share-{name},target=/run/sk-helper,type=bind\"],\n"
				      "  \"containerEnv\": { \"SK_HELPER_SOCKET\": \"/run/sk-helper/share.sock\" }\n"
				      "}\n",
	  .try = "in the container: curl --unix-socket /run/sk-helper/proxy.sock http://localhost/{name}, or: sk-helper get",
	  CONTAINER_FILES },
	{ .tool = "bwrap",
	  .help = "a program in bubblewrap, without a network",
	  .where = "a shell",
	  .text = RUN_PROXY IN_PROXY NO_KEYRING(
		  PROXY_DIR) "bwrap --unshare-all " BWRAP " --bind \"" PROXY_DIR
			     "\" /run/sk-helper --seccomp 9 COMMAND 9<\"" PROXY_DIR
			     "/no-keyring\"\n" NEXT_FILE RUN_SHARE IN_SHARE
			     "# where sk-helper is below $HOME: also --ro-bind with its directories, behind --tmpfs\n" NO_KEYRING(
				     SHARE_DIR) "bwrap --unshare-all --share-net " BWRAP " --bind \"" SHARE_DIR
						"\" /run/sk-helper --setenv SK_HELPER_SOCKET /run/sk-helper/share.sock --seccomp 9 COMMAND 9<\"" SHARE_DIR
						"/no-keyring\"\n",
	  .try = "with COMMAND: curl --unix-socket /run/sk-helper/proxy.sock http://localhost/{name}, or: sk-helper get",
	  CONTAINER_FILES },
	{ .tool = "ssh",
	  .help = "programs on another machine, while an ssh session lasts",
	  .where = "a shell",
	  .text = RUN_PROXY
	  "ssh -R \"/tmp/sk-helper-proxy-{name}.sock:" PROXY_DIR "/proxy.sock\" HOST\n"
	  "# there: curl --unix-socket /tmp/sk-helper-proxy-{name}.sock http://localhost/{name}\n" NEXT_FILE RUN_SHARE
	  "ssh -R \"/tmp/sk-helper-share-{name}.sock:" SHARE_DIR "/share.sock\" HOST\n"
	  "# there: export SK_HELPER_SOCKET=/tmp/sk-helper-share-{name}.sock\n",
	  .try = "there: sk-helper get, or: curl --unix-socket /tmp/sk-helper-proxy-{name}.sock http://localhost/{name}",
	  CONTAINER_FILES },
	// --- agents that cannot ask, and start an MCP server instead
	{ .tool = "claude-code-bridge",
	  .help = "an MCP server in Claude Code, through sk-helper bridge",
	  .text = BRIDGE_ENTRY,
	  CLAUDE_CODE_FILES },
	{ .tool = "codex-bridge",
	  .help = "an MCP server in Codex, through sk-helper bridge",
	  .text = "command = \"{json-sk}\"\n"
		  "args = [{bridge-args}]\n",
	  CODEX_FILES },
	{ .tool = "amp",
	  .help = "an MCP server in Amp",
	  .text = BRIDGE_ENTRY,
	  .format = CONFIG_JSON,
	  .place = "amp.mcpServers/{name}",
	  .user_file = "~/.config/amp/settings.json",
	  .project_file = ".amp/settings.json",
	  .try = TRY_RESTART },
	{ .tool = "claude-desktop",
	  .help = "an MCP server in Claude Desktop",
	  .text = BRIDGE_ENTRY,
	  .format = CONFIG_JSON,
	  .place = "mcpServers/{name}",
	  .user_file = "~/.config/Claude/claude_desktop_config.json",
	  .try = TRY_RESTART },
	{ .tool = "cline",
	  .help = "an MCP server in Cline",
	  .text = BRIDGE_ENTRY,
	  .format = CONFIG_JSON,
	  .place = "mcpServers/{name}",
	  .user_file = "~/.config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
	  .try = TRY_RESTART },
	{ .tool = "continue",
	  .help = "an MCP server in Continue",
	  .text = "name: \"{name}\"\n"
		  "version: 0.0.1\n"
		  "schema: v1\n"
		  "mcpServers:\n"
		  "  - name: \"{name}\"\n"
		  "    command: \"{json-sk}\"\n"
		  "    args: [{bridge-args}]\n",
	  .format = CONFIG_FILE,
	  .place = "",
	  .project_file = ".continue/mcpServers/{name}.yaml",
	  .has_comments = true,
	  .try = TRY_RESTART },
	{ .tool = "copilot-cli",
	  .help = "an MCP server in Copilot CLI",
	  .text = "{ \"type\": \"local\", \"command\": \"{json-sk}\", \"args\": [{bridge-args}], \"tools\": [\"*\"] }",
	  .format = CONFIG_JSON,
	  .place = "mcpServers/{name}",
	  .user_file = "~/.copilot/mcp-config.json",
	  .project_file = ".github/mcp.json",
	  .note_is_for_project = true,
	  .note = "Copilot CLI uses a project's file in folders that it trusts",
	  .try = TRY_RESTART },
	{ .tool = "cursor",
	  .help = "an MCP server in Cursor",
	  .text = BRIDGE_ENTRY,
	  .format = CONFIG_JSON,
	  .place = "mcpServers/{name}",
	  .user_file = "~/.cursor/mcp.json",
	  .project_file = ".cursor/mcp.json",
	  .try = TRY_RESTART },
	{ .tool = "gemini",
	  .help = "an MCP server in Gemini CLI",
	  .text = BRIDGE_ENTRY,
	  .format = CONFIG_JSON,
	  .place = "mcpServers/{name}",
	  .user_file = "~/.gemini/settings.json",
	  .project_file = ".gemini/settings.json",
	  .note_is_for_project = true,
	  .note = "Gemini CLI starts servers in folders that it trusts",
	  .try = "gemini mcp list" },
	{ .tool = "goose",
	  .help = "an MCP server in Goose",
	  .text = "type: stdio\n"
		  "name: \"{name}\"\n"
		  "cmd: \"{json-sk}\"\n"
		  "args: [{bridge-args}]\n"
		  "enabled: true\n"
		  "timeout: 300\n",
	  .format = CONFIG_YAML,
	  .place = "extensions/{name}",
	  .user_file = "~/.config/goose/config.yaml",
	  .has_comments = true,
	  .try = TRY_RESTART },
	{ .tool = "jetbrains",
	  .help = "an MCP server in JetBrains' AI Assistant",
	  .where = "Settings, Tools, AI Assistant, Model Context Protocol (MCP): add, as JSON",
	  .text = "{ \"mcpServers\": { \"{name}\": " BRIDGE_ENTRY " } }\n" },
	{ .tool = "junie",
	  .help = "an MCP server in JetBrains' Junie",
	  .text = BRIDGE_ENTRY,
	  .format = CONFIG_JSON,
	  .place = "mcpServers/{name}",
	  .user_file = "~/.junie/mcp/mcp.json",
	  .project_file = ".junie/mcp/mcp.json",
	  .try = TRY_RESTART },
	{ .tool = "kilo",
	  .help = "an MCP server in Kilo Code",
	  .text = BRIDGE_ENTRY,
	  .format = CONFIG_JSON,
	  .place = "mcpServers/{name}",
	  .user_file = "~/.config/Code/User/globalStorage/kilocode.kilo-code/settings/mcp_settings.json",
	  .project_file = ".kilocode/mcp.json",
	  .try = TRY_RESTART },
	{ .tool = "kiro",
	  .help = "an MCP server in Kiro",
	  .text = BRIDGE_ENTRY,
	  .format = CONFIG_JSON,
	  .place = "mcpServers/{name}",
	  .user_file = "~/.kiro/settings/mcp.json",
	  .project_file = ".kiro/settings/mcp.json",
	  .try = TRY_RESTART },
	{ .tool = "opencode",
	  .help = "an MCP server in OpenCode",
	  .text = "{ \"type\": \"local\", \"command\": [\"{json-sk}\", {bridge-args}], \"enabled\": true }",
	  .format = CONFIG_JSON,
	  .place = "mcp/{name}",
	  .user_file = "~/.config/opencode/opencode.json",
	  .project_file = "opencode.json",
	  .try = "opencode mcp list" },
	{ .tool = "qwen",
	  .help = "an MCP server in Qwen Code",
	  .text = BRIDGE_ENTRY,
	  .format = CONFIG_JSON,
	  .place = "mcpServers/{name}",
	  .user_file = "~/.qwen/settings.json",
	  .project_file = ".qwen/settings.json",
	  .note_is_for_project = true,
	  .note = "'qwen mcp approve' allows a server of a project's file",
	  .try = "qwen mcp list" },
	{ .tool = "roo",
	  .help = "an MCP server in Roo Code",
	  .text = BRIDGE_ENTRY,
	  .format = CONFIG_JSON,
	  .place = "mcpServers/{name}",
	  .user_file = "~/.config/Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json",
	  .project_file = ".roo/mcp.json",
	  .try = TRY_RESTART },
	{ .tool = "vscode",
	  .help = "an MCP server in VS Code",
	  .text = "{ \"type\": \"stdio\", \"command\": \"{json-sk}\", \"args\": [{bridge-args}] }",
	  .format = CONFIG_JSON,
	  .place = "servers/{name}",
	  .user_file = "~/.config/Code/User/mcp.json",
	  .project_file = ".vscode/mcp.json",
	  .try = TRY_RESTART },
	{ .tool = "windsurf",
	  .help = "an MCP server in Windsurf",
	  .text = BRIDGE_ENTRY,
	  .format = CONFIG_JSON,
	  .place = "mcpServers/{name}",
	  .user_file = "~/.codeium/windsurf/mcp_config.json",
	  .try = TRY_RESTART },
	{ .tool = "zed",
	  .help = "an MCP server in Zed",
	  .text = "{ \"command\": \"{json-sk}\", \"args\": [{bridge-args}], \"env\": {} }",
	  .format = CONFIG_JSON,
	  .place = "context_servers/{name}",
	  .user_file = "~/.config/zed/settings.json",
	  .project_file = ".zed/settings.json",
	  .try = TRY_RESTART },
	{ .tool = "copilot-api",
	  .help = "the model provider that Copilot CLI talks to",
	  .text = "export COPILOT_PROVIDER_API_KEY_COMMAND='{double-quoted-sk} get {name}'\n",
	  .has_comments = true,
	  LINES_FILES("copilot-api", "~/.profile", NULL) },
	{ .tool = "other",
	  .help = "any other tool: three ways that always work",
	  .where = "any tool can have a token in one of these ways",
	  .text = "{sk} get {name} --format header | curl -H @- URL   # a header, through a pipe\n"
		  "{sk} exec {name} -- COMMAND                        # a variable, ACCESS_TOKEN, for one command\n"
		  "{sk} bridge {name}                                 # a local MCP server, for an agent to start\n",
	  .has_comments = true },
	{ .tool = HOOK_SKILL,
	  .help = "a skill for agents: how they use sk-helper, and set it up with you",
	  .text = "{skill}",
	  .format = CONFIG_FILE,
	  .place = "",
	  .user_file = "~/.claude/skills/sk-helper/SKILL.md",
	  .project_file = ".claude/skills/sk-helper/SKILL.md" },
};
const size_t hook_count = sizeof hooks / sizeof hooks[0];

const struct hook_alias hook_aliases[] = {
	{ "claude", "claude-code" },
	{ "podman", "docker" },
	{ "docker-compose", "compose" },
	{ "container", "docker-run" },
	{ "sandbox", "bwrap" },
	{ "skopeo", "docker" },
	{ "helm", "docker" },
	{ "oras", "docker" },
	{ "buildah", "docker" },
	{ "crane", "docker" },
	{ "uv", "pip" },
	{ "poetry", "pip" },
	{ "twine", "pip" },
	{ "tofu", "terraform" },
	{ "opentofu", "terraform" },
	{ "bao", "vault" },
	{ "openbao", "vault" },
	{ "k9s", "kubectl" },
	{ "golang", "go" },
	{ "code", "vscode" },
	{ "copilot", "copilot-cli" },
	{ "github-copilot", "copilot-cli" },
	{ "gemini-cli", "gemini" },
	{ "qwen-code", "qwen" },
	{ "yarn", "npm" },
	{ "wget", "curl" },
	{ "httpie", "curl" },
	{ "mcp", "other" },
	{ "mcp-remote", "other" },
	{ "python", "other" },
	{ "github-actions", "other" },
};
const size_t hook_alias_count = sizeof hook_aliases / sizeof hook_aliases[0];
