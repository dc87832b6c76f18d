# SPDX-License-Identifier: MIT
# What 'hook' prints, taken as it is and given to its tool: the real one where there is one, else run as the tool would.
load common
load certificates

setup_file() {
	start_faulty_server
	start_peer recorder
	export RECORDER=$PEER_URL
	start_authorization_server
	start_todo_server
}
teardown_file() { stop_peers; }
setup() {
	fresh_home
	export GIT_TERMINAL_PROMPT=0 GIT_CONFIG_NOSYSTEM=1
	unset KUBERNETES_EXEC_INFO VAULT_ADDR
}

add_for() {
	local url=$1
	shift
	store_client p "$(endpoint_that_answers '{"body":{"access_token":"tok","token_type":"Bearer","expires_in":3600}}')" "url=$url" "$@"
}

seen_last() { curl -sk "$RECORDER/__stats" | jq -r '.seen[-1]'; }
hook() { sk-helper hook "$@" 2>/dev/null; }
# the command that a line "WORDS COMMAND" of it has
command_of() { hook "$1" p | sed -n "s|^$2||p"; }

# what its 'try' line says, with what is in capitals replaced
try_of() { sk-helper hook "$1" p 2>&1 | sed -n 's/^\(# \)\?try: //p' | sed -e 's/PACKAGE/pkg/' -e 's/IMAGE/x/g'; }
forget_seen() { curl -sk -H 'Authorization: none' "$RECORDER/" >/dev/null; }

@test "the list, and what is no tool or has no url" {
	run -0 --separate-stderr sk-helper hook
	assert [ "${#lines[@]}" -ge 20 ]
	assert_equal "$stderr" ''
	store_client plain "$FAULTY_URL/W10"
	run -2 --separate-stderr sk-helper hook claude-code plain
	assert_error "profile 'plain' has no url"
	run -0 sk-helper hook direnv plain
	run -2 --separate-stderr sk-helper hook frobnicate plain
	assert_error "no tool 'frobnicate'"
	run -3 --separate-stderr sk-helper hook git nobody
	assert_error "no profile 'nobody'"
	run -2 --separate-stderr sk-helper hook git plain extra
	assert_one_error
}

@test "every tool of the list is used by a test" {
	for tool in $(sk-helper hook | cut -d' ' -f1); do
		grep -qE "hook $tool p|BRIDGES=.*\b$tool\b|command_of $tool |^	($tool)\||run_as_command .*\b$tool\b" "$BATS_TEST_FILENAME" ||
			grep -qE "^@test \"hook: .*\b$tool\b" "$BATS_TEST_DIRNAME/sandboxes.bats" || fail "$tool"
	done
}

@test "claude-code and codex" {
	printf 'test_secret\n' | sk-helper add p --url "$MCP_URL" --issuer "$ISSUER" --client-id m2m_todo --secret-store kernel --yes >/dev/null
	run -0 "$SK_NODE" "$PEERS/agent.mjs" claude "$(hook claude-code p | jq -r .mcpServers.p.url)" "$(hook claude-code p | jq -r .mcpServers.p.headersHelper)"
	assert_output 200
	run -0 "$SK_NODE" "$PEERS/agent.mjs" codex "$(hook codex p | sed -n 's/^url = "\(.*\)"$/\1/p')" "$(hook codex p | sed -n 's/^http_headers_helper = "\(.*\)"$/\1/p')"
	assert_output 200
}

@test "claude-code-api, claude-code-otel and codex-provider" {
	add_for https://api.example.com/
	run -0 --separate-stderr sh -c "$(hook claude-code-api p | jq -r .apiKeyHelper)"
	assert_equal "$output" tok
	run -0 --separate-stderr sh -c "$(hook claude-code-otel p | jq -r .otelHeadersHelper)"
	assert_equal "$(jq -r .Authorization <<<"$output")" 'Bearer tok'
	program=$(hook codex-provider p | sed -n 's/^command = "\(.*\)"$/\1/p')
	mapfile -t args < <(hook codex-provider p | sed -n 's/^args = //p' | jq -r '.[]')
	run -0 --separate-stderr env -i HOME="$HOME" "$program" "${args[@]}" </dev/null
	assert_equal "$output" tok
}

@test "git" {
	add_for "$RECORDER/git/" username=oauth2
	hook git p >"$HOME/.gitconfig"
	run -0 git ls-remote "$RECORDER/git/repo"
	assert_equal "$(seen_last)" 'Basic oauth2:tok'
	run -128 git ls-remote "$RECORDER/other/repo"
}

@test "docker" {
	add_for "$RECORDER/"
	hook docker p >"$HOME/auth.json"
	run -0 skopeo list-tags --tls-verify=false --authfile "$HOME/auth.json" "docker://${RECORDER#http://}/x"
	assert_equal "$(seen_last)" 'Basic oauth2accesstoken:tok'
	# skopeo's part of the line
	forget_seen
	try=$(try_of docker)
	run sh -c "${try##*, or: } --tls-verify=false --authfile '$HOME/auth.json'"
	assert_equal "$(seen_last)" 'Basic oauth2accesstoken:tok'
}

@test "kubectl" {
	make_ca "$BATS_TEST_TMPDIR/pki"
	make_certificate "$BATS_TEST_TMPDIR/pki" server 'DNS:localhost'
	start_peer recorder "$(tls_options "$BATS_TEST_TMPDIR/pki" server)"
	RECORDER=$PEER_URL
	add_for "$RECORDER/"
	{
		printf 'apiVersion: v1\nkind: Config\ncurrent-context: c\n'
		printf 'clusters: [{name: c, cluster: {server: "%s", certificate-authority: "%s"}}]\n' "$RECORDER" "$BATS_TEST_TMPDIR/pki/ca.pem"
		printf 'contexts: [{name: c, context: {cluster: c, user: p}}]\nusers:\n'
		# version 1 came with 1.22; Debian's may be older
		if kubectl version --client 2>/dev/null | grep -qE 'v1\.(1[0-9]|2[01])\.'; then hook kubectl p | sed 's|/v1$|/v1beta1|'; else hook kubectl p; fi
	} >"$HOME/kubeconfig"
	run -0 kubectl --kubeconfig "$HOME/kubeconfig" get --raw /version
	assert_equal "$(seen_last)" 'Bearer tok'
	forget_seen
	KUBECONFIG=$HOME/kubeconfig run sh -c "$(try_of kubectl)"
	assert_equal "$(seen_last)" 'Bearer tok'
}

@test "rclone" {
	add_for "$RECORDER/dav"
	# by PATH: Debian's rclone splits a command at every space
	hook rclone p | sed "s|\"*$SK_BUILD/stage/bin/sk-helper\"*|sk-helper|" >"$HOME/rclone.conf"
	run -0 rclone lsf --config "$HOME/rclone.conf" p:
	assert_equal "$(seen_last)" 'Bearer tok'
}

@test "pnpm" {
	add_for "$RECORDER/"
	mkdir -p "$HOME/.local/bin"
	sh -c "$(hook pnpm p | sed -n 's/^# then: //p')"
	{ echo "registry=$RECORDER/"; hook pnpm p; } >"$HOME/.npmrc"
	cd "$HOME" && echo '{}' >package.json
	run -0 "$SK_NODE" "$BATS_TEST_DIRNAME/node_modules/pnpm/bin/pnpm.cjs" add pkg --lockfile-only
	assert_equal "$(seen_last)" 'Bearer tok'
	forget_seen
	pnpm() { "$SK_NODE" "$BATS_TEST_DIRNAME/node_modules/pnpm/bin/pnpm.cjs" "$@"; }
	run eval "$(try_of pnpm)"
	assert_equal "$(seen_last)" 'Bearer tok'
}

@test "npm, which has no helper; hook npm p" {
	add_for "$RECORDER/npm/"
	sk-helper hook npm p --write --yes
	cd "$HOME"
	run sh -c "$(try_of npm)"
	assert_equal "$(seen_last)" 'Bearer tok'
}

@test "the lines that say how to try it, tried: curl, git, pip, rclone; hook other p" {
	add_for "$RECORDER/git/" username=oauth2
	run -0 sh -c "$(try_of curl)"
	assert_equal "$(seen_last)" 'Bearer tok'
	hook git p >"$HOME/.gitconfig"
	run -0 sh -c "$(try_of git)"
	assert_equal "$(seen_last)" 'Basic oauth2:tok'
	run -0 sh -c "$(try_of pip)"
	sk-helper hook rclone p --write --yes >/dev/null
	sed -i "s|\"*$SK_BUILD/stage/bin/sk-helper\"*|sk-helper|" "$HOME/.config/rclone/rclone.conf"
	run -0 sh -c "$(try_of rclone)"
	assert_equal "$(seen_last)" 'Bearer tok'
	run -0 sh -c "$(hook other p | sed -n 's/^\(.* curl -H @-\) URL .*/\1/p') '$RECORDER/git/x'"
	run -0 sh -c "$(hook other p | sed -n 's/^\(.* exec p --\) COMMAND .*/\1 printenv ACCESS_TOKEN/p')"
	assert_output tok
}

@test "each tool's text ends with a line to try it" {
	add_for https://a.example.com
	for tool in $(sk-helper hook | cut -d' ' -f1); do
		case $tool in other | skill | google | jetbrains | copilot-api | claude-code-api | claude-code-otel | codex-provider) continue ;; esac
		sk-helper hook "$tool" p 2>&1 | grep -q '^\(# \)\?try: ' || fail "$tool"
	done
}

@test "several URLs: an entry for each, where the tool has one for each; else --url chooses" {
	add_for https://a.example.com url=https://b.example.com
	assert_equal "$(hook git p | grep -c '^\[credential')" 2
	assert_equal "$(hook docker p | jq -c '.credHelpers | keys')" '["a.example.com","b.example.com"]'
	run -0 --separate-stderr sk-helper hook claude-code p
	assert_equal "$(jq -r .mcpServers.p.url <<<"$output")" https://a.example.com
	[[ $stderr == *'first of 2 urls'* ]]
	run -0 --separate-stderr sk-helper hook claude-code p --url https://b.example.com
	assert_equal "$(jq -r .mcpServers.p.url <<<"$output")" https://b.example.com
	run -8 --separate-stderr sk-helper hook claude-code p --url https://c.example.com
	assert_error "'sk-helper set p --url URL' adds one"
	sk-helper hook docker p --write --yes >/dev/null
	assert_equal "$(jq -c '.credHelpers | keys' "$HOME/.docker/config.json")" '["a.example.com","b.example.com"]'
}

@test "a tool's other names, one that was mistyped, one that is not known, and a profile in its place" {
	add_for https://a.example.com
	for pair in claude:claude-code podman:docker skopeo:docker helm:docker oras:docker uv:pip tofu:terraform bao:vault; do
		assert_equal "$(hook "${pair%:*}" p)" "$(hook "${pair#*:}" p)"
	done
	run -2 --separate-stderr sk-helper hook gti p
	assert_error "did you mean 'git'?"
	run -2 --separate-stderr sk-helper hook frobnicator p
	assert_error 'Three ways work for any tool'
	run -2 --separate-stderr sk-helper hook p git
	assert_error "'p' is a profile: the tool comes first, as in 'sk-helper hook git p'"
}

@test "systemd: one of its files" {
	add_for https://a.example.com
	run -0 --separate-stderr sk-helper hook systemd p --file 2
	assert_line --index 0 '[Service]'
	assert [ "${#lines[@]}" = 4 ]
	run -2 --separate-stderr sk-helper hook systemd p --file 4
	assert_one_error
	run -2 --separate-stderr sk-helper hook git p --file 1
	assert_one_error
}

@test "--write into a file of lines keeps what is there, and --remove gives it back" {
	add_for https://a.example.com
	printf '[user]\n\tname = me' >"$HOME/.gitconfig"
	run -0 sk-helper hook git p --write --yes
	assert_equal "$(git config --global user.name) $(git config --global credential.https://a.example.com.useHttpPath)" 'me true'
	sed -i 's/useHttpPath = true/useHttpPath = false/' "$HOME/.gitconfig"
	run -0 sk-helper hook git p --write --yes
	assert_equal "$(git config --global credential.https://a.example.com.useHttpPath)" true
	run -0 sk-helper hook git p --remove --yes
	assert_equal "$(cat "$HOME/.gitconfig")" $'[user]\n\tname = me'
	printf '# end sk-helper git https://a.example.com\n' >>"$HOME/.gitconfig"
	run -2 --separate-stderr sk-helper hook git p --write --yes
	[[ $stderr == *'do not belong together'* ]]
}

@test "pip: the keyring command" {
	add_for https://pypi.example.com/
	mkdir -p "$HOME/.local/bin"
	sh -c "$(hook pip p | grep '^ln')"
	index=$(hook pip p | sed -n 's/.* --index-url \(.*\) PACKAGE$/\1/p')
	assert_equal "$index" "'https://oauth2@pypi.example.com/simple/'"
	index=${index//\'/}
	run -0 --separate-stderr "$HOME/.local/bin/keyring" get "${index/oauth2@/}" oauth2
	assert_equal "$output|$stderr" 'tok|'
}

@test "bazel, cargo, terraform and vault: the programs that they run" {
	add_for https://x.example.com/
	program=$(command_of bazel 'common --credential_helper=x.example.com=')
	assert_equal "$("$program" get <<<'{"uri":"https://x.example.com/y"}' | jq -r '.headers.Authorization[0]')" 'Bearer tok'
	program=$(hook cargo p | sed -n 's/^credential-provider = //p' | jq -r '.[0]')
	index=$(hook cargo p | sed -n 's/^index = //p')
	assert_equal "$("$program" --cargo-plugin <<<"{\"v\":1,\"registry\":{\"index-url\":$index},\"kind\":\"get\",\"operation\":\"read\"}" | jq -r '.Ok.token // empty')" 'Bearer tok'
	mkdir -p "$HOME/.terraform.d/plugins"
	sh -c "$(hook terraform p | sed -n 's/^# then: //p')"
	mapfile -t args < <(hook terraform p | sed -n 's/^  args = //p' | jq -r '.[]')
	run -0 "$HOME/.terraform.d/plugins/terraform-credentials-sk" "${args[@]}" get x.example.com
	assert_output '{"token":"tok"}'
	program=$(hook vault p | sed -n 's/^token_helper = //p' | jq -r .)
	VAULT_ADDR=https://x.example.com run -0 "$program" get
	assert_output tok
}

@test "go, curl, direnv and google: the commands" {
	add_for "$RECORDER/api"
	eval "$(hook curl p)" >/dev/null
	assert_equal "$(seen_last)" 'Bearer tok'
	eval "$(hook direnv p)"
	run -0 printenv ACCESS_TOKEN
	assert_output tok
	command=$(hook google p | jq -r .executable.command)
	# split at spaces, no shell; where the programs are in a directory with a space in its name, that cannot be
	eval "words=($command)"
	run -0 "${words[@]}"
	assert_equal "$(jq -r .id_token <<<"$output")" tok
	add_for https://x.example.com/
	eval "$(hook go p)"
	eval "words=($GOAUTH)"
	run -0 "${words[@]}"
	assert_line 'Authorization: Bearer tok'
}

@test "systemd: the units' command, on a socket" {
	add_for https://x.example.com/
	eval "command=($(command_of systemd ExecStart=))"
	"$SK_NODE" -e '
		const { createServer } = require("node:net");
		const { spawn } = require("node:child_process");
		const [path, ...command] = process.argv.slice(1);
		const server = createServer((socket) => {
			socket.pause();
			spawn(command[0], command.slice(1), { stdio: ["ignore", socket, "inherit"] }).on("exit", () => { socket.destroy(); server.close(); });
		}).listen(path);' "$BATS_TEST_TMPDIR/socket" "${command[@]}" 3>&- 4>&- &
	echo $! >>"$BATS_FILE_TMPDIR/pids"
	for _ in $(seq 100); do [ -S "$BATS_TEST_TMPDIR/socket" ] && break; sleep 0.05; done
	run -0 "$SK_NODE" -e 'require("node:net").connect(process.argv[1]).on("data", (data) => process.stdout.write(data))' "$BATS_TEST_TMPDIR/socket"
	assert_output tok
}

# --- agents that start an MCP server

BRIDGES='amp claude-code-bridge claude-desktop cline codex-bridge continue copilot-cli cursor gemini goose jetbrains junie kilo kiro opencode qwen roo vscode windsurf zed'

# bridge_words FILE: the command in it, and its arguments, a line each; in JSON, TOML or YAML
bridge_words() {
	if jq -e . "$1" >/dev/null 2>&1; then
		jq -r '.. | objects | select(.command) | [.command, .args // []] | flatten | .[]' "$1"
	else
		{ sed -n 's/^ *\(command\|cmd\)[ =:]*\("[^"]*"\)$/\2/p' "$1"; sed -n 's/^ *args[ =:]*\(\[.*\]\)$/\1/p' "$1"; } | jq -rs 'flatten | .[]'
	fi
}

# starts FILE: what is in it is an MCP server
starts() {
	local words
	mapfile -t words < <(bridge_words "$1")
	[ "${#words[@]}" -ge 3 ]
	"${words[@]}" <<<'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}' |
		jq -e '.result.serverInfo.name == "Todo"' >/dev/null
}

add_todo_server() {
	printf 'test_secret\n' | sk-helper add p --url "$MCP_URL" --issuer "$ISSUER" --client-id m2m_todo --secret-store kernel --yes >/dev/null
}

@test "agents that start an MCP server: the printed entry starts a working one" {
	add_todo_server
	for tool in $BRIDGES; do
		hook "$tool" p >"$BATS_TEST_TMPDIR/printed"
		starts "$BATS_TEST_TMPDIR/printed" || fail "$tool: $(cat "$BATS_TEST_TMPDIR/printed")"
	done
	# with several urls, the one is named
	printf 'profile=p\nurl=%s\nurl=https://other.example.com/\n' "$MCP_URL" | sk-helper store
	hook vscode p >"$BATS_TEST_TMPDIR/printed"
	grep -q '"--url"' "$BATS_TEST_TMPDIR/printed"
	starts "$BATS_TEST_TMPDIR/printed"
}

@test "without a profile, what is to be filled in is shown" {
	for tool in $(sk-helper hook | cut -d' ' -f1); do
		run -0 --separate-stderr sk-helper hook "$tool"
		assert [ -n "$output" ]
	done
	run -0 --separate-stderr sk-helper hook vscode
	[[ $output == *'"NAME"'* && $stderr == *'NAME'* ]]
	run -3 --separate-stderr sk-helper hook vscode --write --yes
	assert_one_error
}

# the file that a line of 'hook --write' names
written() { sed -n 's/^\(\/[^:]*\): written.*/\1/p'; }

@test "--write puts it into the tool's own file, a second time changes nothing, --remove takes it out" {
	add_todo_server
	export XDG_CONFIG_HOME=$HOME/config
	mkdir -p "$XDG_CONFIG_HOME" && mv "$HOME/.config/sk-helper" "$XDG_CONFIG_HOME/"
	printf 'test_secret\n' | sk-helper add p --url "$MCP_URL" --issuer "$ISSUER" --client-id m2m_todo --secret-store kernel --yes >/dev/null
	mkdir -p "$HOME/project" && cd "$HOME/project"
	count=0
	for tool in $(sk-helper hook | cut -d' ' -f1); do
		for where in '' --project; do
			# shellcheck disable=SC2086 # no word, or one
			run --separate-stderr sk-helper hook "$tool" p --write --yes $where
			[ "$status" = 2 ] && [[ $stderr == *"knows no file"* || $stderr == *"has no url"* || $stderr == *"sends only a host"* || $stderr == *"over https only"* ]] && continue
			assert_equal "$tool $where $status $stderr" "$tool $where 0 "
			file=$(written <<<"$output")
			[ -e "$file" ] || fail "$tool $where: $output"
			count=$((count + 1))
			[[ " $BRIDGES " != *" $tool "* ]] || starts "$file" || fail "$tool: $(cat "$file")"
			# shellcheck disable=SC2086
			run -0 sk-helper hook "$tool" p --write --yes $where
			assert_output --partial 'nothing was changed'
			# shellcheck disable=SC2086
			run -0 sk-helper hook "$tool" p --remove --yes $where
			! grep -q sk-helper "$file" 2>/dev/null || fail "$tool $where: $(cat "$file")"
			# shellcheck disable=SC2086
			run -0 sk-helper hook "$tool" p --remove --yes $where
			assert_output --partial 'nothing was changed'
		done
	done
	assert [ "$count" -ge 48 ]
	# a project's file is for all who work in it, the user's own for nobody else
	assert_equal "$(stat -c %a "$HOME/project/.mcp.json")" 644
	assert_equal "$(stat -c %a "$HOME/.cursor/mcp.json")" 600
}

@test "--write keeps what is there, and the old file beside it" {
	add_todo_server
	mkdir -p "$HOME/.config/zed"
	printf '// my settings\n{\n  "theme": "dark", // at night\n  "context_servers": {\n    "other": { "command": "x" },\n  },\n}\n' >"$HOME/.config/zed/settings.json"
	chmod 640 "$HOME/.config/zed/settings.json"
	cp "$HOME/.config/zed/settings.json" "$BATS_TEST_TMPDIR/before"
	run -0 sk-helper hook zed p --write --yes
	# what is in the file is not shown to whoever has not asked
	refute_output --partial theme
	diff "$BATS_TEST_TMPDIR/before" "$HOME/.config/zed/settings.json.before-sk-helper"
	assert_equal "$(stat -c %a "$HOME/.config/zed/settings.json" "$HOME/.config/zed/settings.json.before-sk-helper" | xargs)" '640 640'
	assert_equal "$(diff "$BATS_TEST_TMPDIR/before" "$HOME/.config/zed/settings.json" | grep -c '^<')" 0
	run -0 sk-helper hook zed p --remove --yes
	diff "$BATS_TEST_TMPDIR/before" "$HOME/.config/zed/settings.json"
	# of several changes, the file before the first one is kept
	run -0 sk-helper hook zed p --write --yes
	run -0 sk-helper hook zed p --remove --yes
	diff "$BATS_TEST_TMPDIR/before" "$HOME/.config/zed/settings.json.before-sk-helper"
	# a link stays one
	mkdir "$HOME/dotfiles" && mv "$HOME/.config/zed/settings.json" "$HOME/dotfiles/zed.json" && ln -s "$HOME/dotfiles/zed.json" "$HOME/.config/zed/settings.json"
	run -0 sk-helper hook zed p --write --yes
	[ -L "$HOME/.config/zed/settings.json" ]
	grep -q sk-helper "$HOME/dotfiles/zed.json"
}

@test "--write asks on the terminal, after it has shown what changes; without one, nothing is written" {
	add_todo_server
	mkdir -p "$HOME/.cursor" && printf '{\n  "a": 1\n}\n' >"$HOME/.cursor/mcp.json"
	run -2 --separate-stderr sk-helper hook cursor p --write </dev/null
	assert_error 'add --yes'
	run -0 expect -c '
		set timeout 10
		spawn -noecho sk-helper hook cursor p --write
		expect "+  \"mcpServers\": {"
		expect "Change *mcp.json* \[y/N\]"
		send "n\r"
		expect "nothing was changed" { } timeout { exit 1 }
		expect eof
		spawn -noecho sk-helper hook cursor p --write
		expect "\[y/N\]"
		send "y\r"
		expect "written" { exit 0 } timeout { exit 1 }'
	starts "$HOME/.cursor/mcp.json"
}

@test "--write leaves alone what it does not understand, entries of others, and links in a project" {
	add_todo_server
	mkdir -p "$HOME/.cursor" "$HOME/project/.cursor"
	printf 'this is no JSON\n' >"$HOME/.cursor/mcp.json"
	run -2 --separate-stderr sk-helper hook cursor p --write --yes
	[[ $stderr == *'was not changed'* && $output == *mcpServers* ]]
	assert_equal "$(cat "$HOME/.cursor/mcp.json")" 'this is no JSON'
	cd "$HOME/project"
	printf '{}\n' >"$HOME/secret.json"
	ln -s "$HOME/secret.json" .mcp.json
	run -8 --separate-stderr sk-helper hook claude-code p --write --yes --project
	assert_error 'symbolic link'
	rmdir .cursor && ln -s "$HOME/.cursor" .cursor
	run -8 --separate-stderr sk-helper hook cursor p --write --yes --project
	assert_error 'symbolic link'
	assert_equal "$(cat "$HOME/secret.json")" '{}'
	printf '{"mcpServers":{"p":{"command":"mine","env":{"A":"1"}}}}' >"$HOME/.cursor/mcp.json"
	for what in --write --remove; do
		run -2 --separate-stderr sk-helper hook cursor p "$what" --yes
		[[ $stderr == *"is not this one of sk-helper's"* ]]
		assert_equal "$(jq -r .mcpServers.p.command "$HOME/.cursor/mcp.json")" mine
	done
	mkdir -p "$HOME/.claude" && printf '{ "apiKeyHelper": "/opt/my/helper" }' >"$HOME/.claude/settings.json"
	run -2 sk-helper hook claude-code-api p --remove --yes
	grep -q /opt/my/helper "$HOME/.claude/settings.json"
	# two profiles whose names become the same table
	store_client my.idx "$TOKEN_ENDPOINT" url=https://x.example.com/
	store_client my-idx "$TOKEN_ENDPOINT" url=https://y.example.com/
	run -0 sk-helper hook codex my.idx --write --yes
	run -2 sk-helper hook codex my-idx --write --yes
	run -2 sk-helper hook codex my-idx --remove --yes
	grep -q x.example.com "$HOME/.codex/config.toml"
	mkfifo "$HOME/project/opencode.json"
	run -2 --separate-stderr sk-helper hook opencode p --write --yes --project
	assert_error 'is not a regular file'
	for words in 'hook --write' 'hook cursor p --write --remove' 'hook cursor p --yes' 'hook kubectl p --write' 'hook jetbrains p --write'; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr sk-helper $words
		assert_one_error
	done
}

@test "skill: a skill for agents, whose commands work; hook skill p" {
	run -0 --separate-stderr sk-helper hook skill
	skill=$output
	# the Agent Skills format: a name that is that of the folder, and a description of at most 1024 characters
	assert_equal "$(sed -n '2s/^name: //p' <<<"$skill")" sk-helper
	description=$(sed -n '3s/^description: //p' <<<"$skill")
	assert [ "${#description}" -gt 50 ] && assert [ "${#description}" -le 1024 ]
	run -0 sk-helper hook skill --write --yes
	assert_equal "$(cat "$HOME/.claude/skills/sk-helper/SKILL.md")" "$skill"
	run -0 sk-helper hook skill --remove --yes
	[ ! -e "$HOME/.claude/skills/sk-helper/SKILL.md" ]
	printf 'mine\n' >"$HOME/.claude/skills/sk-helper/SKILL.md"
	run -2 --separate-stderr sk-helper hook skill --remove --yes
	assert_error 'was not changed'
	# its commands: with this test's server in the place of the examples'
	printf 'test_secret\n' | sk-helper add tasks --url "$MCP_URL" --issuer "$ISSUER" --client-id m2m_todo --secret-store kernel --yes >/dev/null
	api=$(endpoint_that_answers '{}')
	printf '#!/bin/sh\nprintenv ACCESS_TOKEN | wc -l\n' >"$HOME/deploy.sh" && chmod +x "$HOME/deploy.sh"
	cd "$HOME"
	sed -n '/^```sh$/,/^```$/p' <<<"$skill" | grep -v '^```' | sed "s|https://api.example.com/|$api|" >"$HOME/commands"
	assert [ "$(wc -l <"$HOME/commands")" -ge 4 ]
	run -0 bash -e "$HOME/commands"
	run -0 bash -ec "$(sed -n 's/^   \(sk-helper hook .*\)$/\1/p' <<<"$skill")"
	starts "$HOME/.config/Code/User/mcp.json"
	# each option and command that it names is one
	for word in $(grep -oE '\-\-[a-z][a-z-]+' <<<"$skill" | grep -v -e --fail -e --oauth | sort -u); do
		grep -q -e "$word" <<<"$(sk-helper help hook; sk-helper help add; sk-helper help exec)" || fail "$word"
	done
	# the plugin that carries it
	jq -e '.name == "sk-helper"' "$BATS_TEST_DIRNAME/../helper/plugin/.claude-plugin/plugin.json" >/dev/null
	assert_equal "$(jq -r .version "$BATS_TEST_DIRNAME/../helper/plugin/.claude-plugin/plugin.json")" "$(sk-helper --version | cut -d' ' -f2)"
}

@test "copilot-api: the command that Copilot CLI runs for each request to a model" {
	add_for https://api.example.com/
	eval "$(hook copilot-api p)"
	run -0 --separate-stderr sh -c "$COPILOT_PROVIDER_API_KEY_COMMAND"
	assert_equal "$output" tok
}

@test "odd names and URLs" {
	store_client my.idx "$(endpoint_that_answers '{"body":{"access_token":"tok","token_type":"Bearer"}}')" "url=$RECORDER/a;touch\$(x)'b" username='a@b:c'
	run -0 eval "$(hook curl my.idx)"
	assert_equal "$(seen_last)" 'Bearer tok'
	for tool in codex codex-provider cargo; do
		run -0 hook "$tool" my.idx
		assert_line --regexp '^\[[a-z_]+\.my-idx(\.auth)?\]$'
	done
	assert_equal "$(hook cargo my.idx | sed -n 's/^index = "\(.*\)"$/\1/p' | tail -c 2)" /
	hook pip my.idx | grep -q 'a%40b%3Ac@'
	run -0 hook kubectl my.idx
	assert_line '- name: "my.idx"'
	for tool in docker terraform; do
		run -2 --separate-stderr sk-helper hook "$tool" my.idx
		assert_error 'sends only a host'
	done
	run -2 --separate-stderr sk-helper hook go my.idx
	assert_error 'over https'
}
