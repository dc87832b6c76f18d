// SPDX-License-Identifier: MIT
// hook: what to write where, so that a tool asks sk-helper. One table; the README's snippets are compared with it.
#include "core/commands.h"
#include "model/profile-dir.h"
#include "model/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The words in braces are filled in: see placeholders below.
static const struct hook {
	const char *tool, *help, *where, *text;
	bool has_comments; // where goes into the text as one; else it is said on standard error
	enum { ANY_URL, ONLY_HOST, ONLY_HTTPS } only;
} hooks[] = {
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
	  "command = \"{sk}\"\n"
	  "args = [\"get\", \"{name}\"]\n",
	  true, ANY_URL },
	{ "git", "a git server (Bearer from git 2.46 on; before that with username= in the profile)", "~/.gitconfig",
	  "[credential \"{origin}\"]\n"
	  "\thelper =\n"
	  "\thelper = {bin}/git-credential-sk\n"
	  "\tuseHttpPath = true\n",
	  true, ANY_URL },
	{ "docker", "a container registry, for docker, podman, skopeo, helm and oras",
	  "~/.docker/config.json ({bin} must be in PATH)", "{ \"credHelpers\": { \"{host}\": \"sk\" } }\n", false, ONLY_HOST },
	{ "kubectl", "a Kubernetes API server", "users: of the kubeconfig",
	  "- name: \"{name}\"\n"
	  "  user:\n"
	  "    exec:\n"
	  "      apiVersion: client.authentication.k8s.io/v1\n"
	  "      command: {sk}\n"
	  "      args: [get, --format, kubernetes]\n"
	  "      interactiveMode: Never\n"
	  "      provideClusterInfo: true\n",
	  true, ANY_URL },
	{ "bazel", "a remote cache or repository of Bazel's", ".bazelrc",
	  "common --credential_helper={hostname}={bin}/bazel-credential-sk\n", true, ANY_URL },
	{ "terraform", "a Terraform or OpenTofu registry",
	  "~/.terraformrc, and: ln -s {bin}/sk-helper ~/.terraform.d/plugins/terraform-credentials-sk",
	  "credentials_helper \"sk\" {\n"
	  "  args = [\"--profile\", \"{name}\"]\n"
	  "}\n",
	  true, ONLY_HOST },
	{ "cargo", "a crate registry", "~/.cargo/config.toml",
	  "[registries.{word}]\n"
	  "index = \"sparse+{directory}\"\n"
	  "credential-provider = [\"{bin}/cargo-credential-sk\"]\n",
	  true, ANY_URL },
	{ "go", "a module proxy (Go 1.24)", "the shell's profile, or 'go env -w'",
	  "export GOAUTH='{sk} get {name} --format goauth'\n", true, ONLY_HTTPS },
	{ "pnpm", "a package registry, for pnpm",
	  "~/.npmrc, and: ln -s {bin}/sk-helper '{home}/.local/bin/pnpm-token-sk-{name}'",
	  "//{place}/:tokenHelper={home}/.local/bin/pnpm-token-sk-{name}\n", true, ANY_URL },
	{ "rclone", "a WebDAV server, for rclone", "~/.config/rclone/rclone.conf",
	  "[{name}]\n"
	  "type = webdav\n"
	  "url = {url}\n"
	  "bearer_token_command = {sk} get {name}\n",
	  true, ANY_URL },
	{ "vault", "a Vault or OpenBao server", "~/.vault", "token_helper = \"{bin}/vault-token-sk\"\n", true, ANY_URL },
	{ "pip", "a package index, for pip and uv", "a shell, once (pip 23.1)",
	  "ln -s {bin}/sk-helper '{home}/.local/bin/keyring'\n"
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
#define HOOKS (sizeof hooks / sizeof hooks[0])

// A URL of the profile's, in the parts that texts are made of.
struct place {
	const char *url; // NULL where it has none
	struct url parts;
	const char *rest; // behind the scheme
	size_t rest_len;  // up to the slashes at the end
};

static struct place place_of(const struct profile *profile)
{
	struct place place = { .url = profile->url_count ? profile->urls[0] : NULL };

	if (!place.url || url_parse(&place.parts, place.url, NULL) != STATUS_OK)
		return (struct place){ 0 };
	place.rest = place.parts.host;
	place.rest_len = strlen(place.rest);
	while (place.rest[place.rest_len - 1] == '/')
		place.rest_len--;
	return place;
}

// As it can stand in single quotes of a shell's.
static void put_quoted(struct buf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\'')
			buf_adds(out, "'\\''");
		else
			buf_addc(out, s[i]);
	}
}

static void put_sk(struct buf *out, const struct profile *profile, const struct place *place)
{
	(void)profile;
	(void)place;
	buf_adds(out, SK_BINDIR "/sk-helper");
}

static void put_bin(struct buf *out, const struct profile *profile, const struct place *place)
{
	(void)profile;
	(void)place;
	buf_adds(out, SK_BINDIR);
}

static void put_home(struct buf *out, const struct profile *profile, const struct place *place)
{
	(void)profile;
	(void)place;
	buf_adds(out, getenv("HOME") ? getenv("HOME") : "~");
}

static void put_name(struct buf *out, const struct profile *profile, const struct place *place)
{
	(void)place;
	buf_adds(out, profile->name);
}

// A dot would make two keys of it in TOML, and Cargo takes none at all.
static void put_word(struct buf *out, const struct profile *profile, const struct place *place)
{
	(void)place;
	for (const char *s = profile->name; *s; s++)
		buf_addc(out, *s == '.' ? '-' : *s);
}

static void put_url(struct buf *out, const struct profile *profile, const struct place *place)
{
	(void)profile;
	buf_adds(out, place->url);
}

static void put_quoted_url(struct buf *out, const struct profile *profile, const struct place *place)
{
	(void)profile;
	put_quoted(out, place->url, strlen(place->url));
}

static void put_directory(struct buf *out, const struct profile *profile, const struct place *place)
{
	(void)profile;
	buf_add(out, place->url, (size_t)(place->rest - place->url) + place->rest_len);
	buf_addc(out, '/');
}

static void put_origin(struct buf *out, const struct profile *profile, const struct place *place)
{
	(void)profile;
	buf_add(out, place->url, (size_t)(place->parts.path - place->url));
}

static void put_host(struct buf *out, const struct profile *profile, const struct place *place)
{
	(void)profile;
	buf_add(out, place->parts.host, (size_t)(place->parts.path - place->parts.host));
}

static void put_hostname(struct buf *out, const struct profile *profile, const struct place *place)
{
	(void)profile;
	buf_add(out, place->parts.host, place->parts.host_len);
}

static void put_rest(struct buf *out, const struct profile *profile, const struct place *place)
{
	(void)profile;
	buf_add(out, place->rest, place->rest_len);
}

// "https://USER@host/path/", to stand in single quotes.
static void put_index(struct buf *out, const struct profile *profile, const struct place *place)
{
	static const char hex[] = "0123456789ABCDEF";

	buf_add(out, place->url, (size_t)(place->rest - place->url));
	for (const char *s = profile->username ? profile->username : "oauth2"; *s; s++) {
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~", *s)) {
			buf_addc(out, *s);
		} else {
			buf_addc(out, '%');
			buf_addc(out, hex[(unsigned char)*s >> 4]);
			buf_addc(out, hex[*s & 15]);
		}
	}
	buf_addc(out, '@');
	put_quoted(out, place->rest, place->rest_len);
	buf_addc(out, '/');
}

static const struct placeholder {
	const char *name;
	void (*put)(struct buf *out, const struct profile *profile, const struct place *place);
	bool needs_url;
} placeholders[] = {
	{ "sk", put_sk, false },
	{ "bin", put_bin, false },
	{ "home", put_home, false },
	{ "name", put_name, false },
	{ "word", put_word, false },
	{ "url", put_url, true },
	{ "quoted-url", put_quoted_url, true },
	{ "directory", put_directory, true },
	{ "origin", put_origin, true },
	{ "host", put_host, true },
	{ "hostname", put_hostname, true },
	{ "place", put_rest, true },
	{ "index", put_index, true },
};

static const struct placeholder *find_placeholder(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof placeholders / sizeof placeholders[0]; i++) {
		if (strlen(placeholders[i].name) == len && !strncmp(placeholders[i].name, name, len))
			return &placeholders[i];
	}
	return NULL;
}

// False when the profile lacks what the text needs.
static bool fill_in(struct buf *out, const char *text, const struct profile *profile, const struct place *place)
{
	while (*text) {
		size_t len = *text == '{' ? strspn(text + 1, "abcdefghijklmnopqrstuvwxyz-") : 0;
		const struct placeholder *placeholder = len && text[len + 1] == '}' ? find_placeholder(text + 1, len) : NULL;

		if (!placeholder) {
			buf_addc(out, *text++);
			continue;
		}
		if (placeholder->needs_url && !place->url)
			return false;
		placeholder->put(out, profile, place);
		text += len + 2;
	}
	return true;
}

// What the tool asks for must be what the profile is for.
static enum status check_url(const struct hook *hook, const struct profile *profile, const struct place *place, struct err *err)
{
	if (!place->url)
		return STATUS_OK;
	if (hook->only == ONLY_HOST && place->rest_len > (size_t)(place->parts.path - place->parts.host))
		return err_set(
			err, STATUS_USAGE,
			"%s sends only a host, and so no token is for its request: profile '%s' has a url with a path, '%.*s'",
			hook->tool, profile->name, url_shown(place->url), place->url);
	if (hook->only == ONLY_HTTPS && !place->parts.https)
		return err_set(err, STATUS_USAGE, "%s sends no credential but over https: profile '%s' has the url '%.*s'",
			       hook->tool, profile->name, url_shown(place->url), place->url);
	return STATUS_OK;
}

static enum status print(const struct hook *hook, const struct profile *profile, struct err *err)
{
	const struct place place = place_of(profile);
	BUF_AUTO(where, 16384);
	BUF_AUTO(text, 65536);
	enum status status = check_url(hook, profile, &place, err);

	if (status != STATUS_OK)
		return status;
	if (!fill_in(&where, hook->where, profile, &place) || !fill_in(&text, hook->text, profile, &place))
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
	BUF_AUTO(text, PROFILE_TEXT_MAX);
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
		status = profile_dir_choose(name, args[1], err);
		if (status == STATUS_OK)
			status = profile_dir_load(name, &text, &profile, err);
		return status == STATUS_OK ? print(&hooks[i], &profile, err) : status;
	}
	return err_set(err, STATUS_USAGE, "hook: no tool '%s': 'sk-helper hook' lists them", args[0]);
}
