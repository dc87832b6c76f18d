# SPDX-License-Identifier: MIT
# Agents and the MCP SDK's client, each as it runs its helper, at a real MCP server; and what a refused token costs.
load common

setup_file() {
	start_authorization_server
	export DENIED=$BATS_FILE_TMPDIR/denied
	: >"$DENIED"
	start_peer todo-server "{\"issuer\":\"$ISSUER\",\"denied\":\"$DENIED\"}"
	export MCP_URL=$PEER_URL
	start_peer todo-server "{\"issuer\":\"$ISSUER\",\"require\":\"todo:write\"}"
	export STRICT_URL=$PEER_URL
	start_faulty_server
}
teardown_file() { stop_peers; }
setup() {
	fresh_home
	unset CLAUDE_CODE_MCP_SERVER_NAME CLAUDE_CODE_MCP_SERVER_URL
	printf 'test_secret\n' | sk-helper add todo --url "$MCP_URL" --issuer "$ISSUER" --client-id m2m_todo --secret-store kernel --yes >/dev/null
}

mcp_client() { "$SK_NODE" "$PEERS/mcp-client.mjs" "$@"; }
agent() { "$SK_NODE" "$PEERS/agent.mjs" "$@"; }

# The cached token is an older one, and the server takes it no more.
deny_token() {
	sk-helper get todo >>"$DENIED"
	make_older todo 100
}

@test "the MCP SDK's client: tools are called, with the token that add got" {
	before=$(token_requests)
	run -0 mcp_client "$MCP_URL" create_todo '{"title":"sdk"}'
	assert_equal "$(jq -r .title <<<"$output")" sdk
	run -0 mcp_client "$MCP_URL" list_todos '{}' 3
	assert_equal "$(jq -r '.[-1].title' <<<"$output" | sort -u)" sdk
	assert_equal "$(token_requests)" "$before"
}

one_client() { mcp_client "$MCP_URL" list_todos '{}' >"$BATS_TEST_TMPDIR/$1.out" 2>&1; }

@test "a 401 costs one new token, however many clients get it" {
	deny_token
	before=$(token_requests)
	at_once 4 one_client
	for i in 1 2 3 4; do jq -e . <"$BATS_TEST_TMPDIR/$i.out" >/dev/null || fail "$(cat "$BATS_TEST_TMPDIR/$i.out")"; done
	assert_equal "$(token_requests)" $((before + 1))
}

@test "a 403 for a scope: a step up, kept for the next time" {
	printf 'test_secret\n' | sk-helper add strict --url "$STRICT_URL" --issuer "$ISSUER" --client-id m2m_todo --secret-store kernel --yes --scope todo:read \
		--scope-limit "todo:read todo:write" >/dev/null
	before=$(token_requests)
	run -0 mcp_client "$STRICT_URL" create_todo '{"title":"up"}'
	assert_equal "$(jq -r .title <<<"$output")" up
	assert_equal "$(token_requests)" $((before + 1))
	run -0 mcp_client "$STRICT_URL" create_todo '{"title":"again"}'
	assert_equal "$(token_requests)" $((before + 1))
}

@test "as Claude Code and as Codex run it: a call, and a call whose token is refused" {
	while IFS='|' read -r kind command; do
		# as 30 seconds later: one renewal is allowed for who only asks again
		rm -f "$(lock_file todo .renewals)"
		before=$(token_requests)
		run -0 agent "$kind" "$MCP_URL" "$command"
		assert_output 200
		assert_equal "$(token_requests)" "$before"
		deny_token
		run -0 agent "$kind" "$MCP_URL" "$command"
		assert_output 200
		assert_equal "$(token_requests)" $((before + 1))
	done <<-'TABLE'
	claude|sk-helper get --format mcp-headers
	claude|sk-helper get todo --format mcp-headers
	codex|sk-helper get todo --format mcp-headers
	codex|exec sk-helper get todo --format mcp-headers
	TABLE
}

@test "several agents start at once" {
	one_agent() { agent claude "$MCP_URL" 'sk-helper get --format mcp-headers' >"$BATS_TEST_TMPDIR/$1.out" 2>&1; }
	before=$(token_requests)
	at_once 6 one_agent
	assert_equal "$(cat "$BATS_TEST_TMPDIR"/[1-6].out | sort | uniq -c | xargs)" '6 200'
	assert_equal "$(token_requests)" "$before"
}

@test "a helper that is killed with its group leaves no process, and no lock" {
	store_client killed "$(endpoint_that_answers '{"hang":true},{"body":{"access_token":"tok","token_type":"Bearer","expires_in":600}}')" timeout=30
	agent codex "$MCP_URL" 'sk-helper get killed --format mcp-headers' 1500 >"$BATS_TEST_TMPDIR/out" 3>&- 4>&- &
	agent=$!
	pids=
	for _ in $(seq 100); do
		core=$(pgrep -f '^sk-helper get killed' | head -n 1) && oauth=$(pgrep -P "$core" -x sk-oauth) && pids="$core $oauth" && break
		sleep 0.02
	done
	[ -n "$pids" ]
	wait "$agent" || true
	assert_equal "$(cat "$BATS_TEST_TMPDIR/out")" deadline
	for pid in $pids; do
		for _ in $(seq 40); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
		run ! kill -0 "$pid"
	done
	SECONDS=0
	run -0 sk-helper get killed
	assert_output tok
	assert [ "$SECONDS" -le 2 ]
}

@test "a server that hangs is an error before the agent's patience ends" {
	store_client f "$(endpoint_that_answers '{"hang":true}')"
	run -1 agent claude "$FAULTY_URL" 'sk-helper get f --format mcp-headers'
	refute_output --partial deadline
}
