# SPDX-License-Identifier: MIT
# What 'hook' prints, taken as it is and given to its tool: the real one where there is one, else run as the tool would.
load common
load certificates

setup_file() {
	start_faulty_server
	start_peer recorder
	export RECORDER=$PEER_URL
	start_authorization_server
	start_peer todo-server "{\"issuer\":\"$ISSUER\"}"
	export MCP_URL=$PEER_URL
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
		grep -qE "hook $tool p|command_of $tool |^	($tool)\||run_as_command .*\b$tool\b" "$BATS_TEST_FILENAME" || fail "$tool"
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
	sh -c "$(hook pnpm p | sed -n 's/^# .*and: //p')"
	{ echo "registry=$RECORDER/"; hook pnpm p; } >"$HOME/.npmrc"
	cd "$HOME" && echo '{}' >package.json
	run -0 "$SK_NODE" "$BATS_TEST_DIRNAME/node_modules/pnpm/bin/pnpm.cjs" add pkg --lockfile-only
	assert_equal "$(seen_last)" 'Bearer tok'
}

@test "pip: the keyring command" {
	add_for https://pypi.example.com/
	mkdir -p "$HOME/.local/bin"
	sh -c "$(hook pip p | grep '^ln')"
	index=$(command_of pip 'pip config set global.index-url ')
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
	sh -c "$(hook terraform p | sed -n 's/^# .*and: //p')"
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
