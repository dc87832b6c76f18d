# SPDX-License-Identifier: MIT
# The bridge between real MCP clients and real MCP servers: each client with the configuration that 'hook --write' gives it.
# bats file_tags=plain
load common
load bridge
load clients

setup_file() {
	start_authorization_server
	start_faulty_server
	start_mcp_server everything
	export EVERYTHING_URL=$MCP_URL EVERYTHING_PID=$MCP_SERVER
	start_mcp_server both
	export BOTH_URL=$MCP_URL
}
teardown_file() { stop_peers; }
setup() { fresh_home; }

# What a client starts: sk-helper with the test's home, which the client does not know.
make_wrapper() {
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\nHOME=%q\nexport HOME\nexec %q "$@"\n' "$HOME" "$SK_BUILD/stage/bin/sk-helper" >"$BATS_TEST_TMPDIR/bin/sk"
	chmod +x "$BATS_TEST_TMPDIR/bin/sk"
}

add_tasks() {
	sk-helper remove tasks >/dev/null 2>&1 || true
	printf 'test_secret\n' | sk-helper add tasks --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --scope todo:read \
		--resource http://127.0.0.1:1/mcp --url "$1" --secret-store kernel --yes >/dev/null 2>&1
	make_wrapper
}

# configure TOOL: as hook writes it into the client's own file
configure() {
	client_home
	mkdir -p "$CLIENT_HOME/.config/sk-helper"
	cp -R "$HOME/.config/sk-helper/profiles" "$CLIENT_HOME/.config/sk-helper/"
	HOME=$CLIENT_HOME sk-helper hook "$1" tasks --write --yes >/dev/null
	rm -r "$CLIENT_HOME/.config/sk-helper"
	grep -rl "$SK_BUILD/stage/bin/sk-helper" "$CLIENT_HOME" | while read -r file; do
		sed -i "s|$SK_BUILD/stage/bin/sk-helper|$BATS_TEST_TMPDIR/bin/sk|" "$file"
	done
}

each_server() {
	local url
	for url in "$EVERYTHING_URL" "$BOTH_URL"; do
		add_tasks "$url"
		"$@"
	done
}

one_gemini() { configure gemini && list_gemini; }
one_qwen() { configure qwen && list_qwen; }
one_claude() { configure claude-code-bridge && list_claude; }
one_opencode() { configure opencode && list_opencode; }

@test "gemini mcp list" { each_server one_gemini; }
@test "qwen mcp list" { each_server one_qwen; }
@test "claude mcp list" { each_server one_claude; }
# it is published for this architecture alone
@test "opencode mcp list" { [ "$CLIENTS_ARCH" != x64 ] || each_server one_opencode; }

one_inspector() {
	client_home
	inspect "$BATS_TEST_TMPDIR/bin/sk" bridge tasks --method tools/list
	shows '"name": "echo"'
	inspect "$BATS_TEST_TMPDIR/bin/sk" bridge tasks --method tools/call --tool-name echo --tool-arg message=hi
	shows '"Echo: hi"'
}
@test "the inspector's command line: a list and a call" { each_server one_inspector; }

@test "a client shows what is wrong: an unreachable server, a missing profile" {
	add_tasks http://127.0.0.1:1/mcp
	configure claude-code-bridge
	run ! list_claude
	shows "Couldn't connect to server|Failed to connect to 127.0.0.1"
	sk-helper remove tasks
	run ! list_claude
	shows 'there is no profile'
}

# a model that wants the echo tool to be called, in OpenCode's configuration
one_call() {
	configure opencode
	"$SK_NODE" "$BATS_TEST_DIRNAME/clients/fake-model.mjs" "$CLIENT_HOME/url" "$CLIENT_HOME/model.log" >/dev/null 2>&1 3>&- 4>&- &
	echo $! >>"$BATS_FILE_TMPDIR/pids"
	for _ in $(seq 100); do [ -s "$CLIENT_HOME/url" ] && break; sleep 0.1; done
	jq --arg url "$(cat "$CLIENT_HOME/url")" '. + {autoupdate: false, share: "disabled", model: "fake/fake", small_model: "fake/fake", enabled_providers: ["fake"],
		permission: {"*": "allow"}, provider: {fake: {npm: "@ai-sdk/openai-compatible", name: "Fake", options: {baseURL: $url, apiKey: "x"},
		models: {fake: {name: "Fake", tool_call: true}}}}}' "$CLIENT_HOME/.config/opencode/opencode.json" >"$CLIENT_HOME/new"
	mv "$CLIENT_HOME/new" "$CLIENT_HOME/.config/opencode/opencode.json"
	run_client OPENCODE_DISABLE_AUTOUPDATE=1 OPENCODE_DISABLE_MODELS_FETCH=1 OPENCODE_DISABLE_LSP_DOWNLOAD=1 \
		"$CLIENTS/opencode-linux-$CLIENTS_ARCH/bin/opencode" run 'call echo'
	shows '^The tool said: Echo: from the agent$'
	grep -q '"results":\[.*Echo: from the agent' "$CLIENT_HOME/model.log"
}
@test "an agent calls a tool: OpenCode, with a simulated model" { [ "$CLIENTS_ARCH" != x64 ] || each_server one_call; }

# --- the conformance suite

# Makes a profile for the scenario's server, and is then the bridge.
make_conformance_server() {
	cat >"$BATS_TEST_TMPDIR/server" <<-SCRIPT
	#!/bin/bash
	# URL ID SECRET KEY-FILE IDENTITY-TOKEN: the last four may be empty
	export HOME='$HOME'
	exec 2>>'$BATS_TEST_TMPDIR/server.log'
	sk='$SK_BUILD/stage/bin/sk-helper'
	name=c\$\$
	issuer() { { curl -sf "\${1%/mcp}/.well-known/oauth-protected-resource/mcp" || curl -sf "\${1%/mcp}/.well-known/oauth-protected-resource"; } | jq -r '.authorization_servers[0]'; }
	if [ -n "\$5" ]; then
		printf '%s' "\$5" >'$BATS_TEST_TMPDIR/identity-token'
		"\$sk" add "\$name" --url "\$1" --identity-token 'file:$BATS_TEST_TMPDIR/identity-token' --issuer "\$(issuer "\$1")" --yes >&2
	elif [ -n "\$4" ]; then
		"\$sk" add "\$name" --url "\$1" --client-id "\$2" --auth-method private_key_jwt --private-key "\$4" --issuer "\$(issuer "\$1")" --secret-store kernel --yes >&2
	elif [ -n "\$3" ]; then
		printf '%s\n' "\$3" | "\$sk" add "\$name" --url "\$1" --client-id "\$2" --issuer "\$(issuer "\$1")" --secret-store kernel --yes >&2
	else
		printf 'test_secret\n' | "\$sk" add "\$name" --url "\$1" --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --resource http://127.0.0.1:1/mcp --secret-store kernel --yes >&2
	fi
	exec "\$sk" bridge "\$name"
	SCRIPT
	chmod +x "$BATS_TEST_TMPDIR/server"
}

# conforms SCENARIO: the suite splits a command at spaces, and what it prints has the counts
conforms() {
	# the suite's folder may have a space in its name
	ln -sfn "$BATS_TEST_DIRNAME/clients" "$BATS_TEST_TMPDIR/clients"
	client_home
	run_client BRIDGE_COMMAND="[\"$BATS_TEST_TMPDIR/server\",\"{url}\",\"{client_id}\",\"{client_secret}\",\"{key_file}\",\"{valid_jwt}\"]" \
		"$SK_NODE" "$CLIENTS/@modelcontextprotocol/conformance/dist/index.js" client \
		--command "node --preserve-symlinks-main $BATS_TEST_TMPDIR/clients/conformance-client.mjs" --scenario "$1" --timeout 20000 || { cat "$BATS_TEST_TMPDIR/server.log" >&2; return 1; }
	shows '^Passed: ([0-9]+)/\1, 0 failed, 0 warnings'
}

@test "MCP conformance: sessions, calls, elicitation, a stream that is resumed" {
	make_conformance_server
	for scenario in initialize tools_call elicitation-sep1034-client-defaults sse-retry; do conforms "$scenario"; done
}

@test "MCP conformance: the headers of 2026-07-28, tools that must not be offered, versions, schemas" {
	make_conformance_server
	for scenario in http-standard-headers http-custom-headers http-invalid-tool-headers request-metadata json-schema-ref-no-deref; do conforms "$scenario"; done
}

@test "MCP conformance: client credentials, with a secret and with a key" {
	make_conformance_server
	for scenario in auth/client-credentials-basic auth/client-credentials-jwt; do conforms "$scenario"; done
}

# SEP-1933: that the identity token is exchanged by jwt-bearer, without client authentication, is read from the server's metadata
@test "MCP conformance: workload identity" {
	make_conformance_server
	conforms auth/wif-jwt-bearer
	shows 'valid-bearer-token *\] SUCCESS'
	assert_equal "$(sed -n 's/^grant=//p' "$HOME"/.config/sk-helper/profiles/c*.conf)" jwt-bearer
}
