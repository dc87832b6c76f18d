# SPDX-License-Identifier: MIT
# The bridge in front of real MCP servers, message by message.
load common
load bridge
load clients

setup_file() {
	start_authorization_server
	export DENIED=$BATS_FILE_TMPDIR/denied
	: >"$DENIED"
	start_peer todo-server "{\"issuer\":\"$ISSUER\",\"denied\":\"$DENIED\"}"
	export TODO_URL=$PEER_URL
	start_peer mcp-faults
	export FAULTS_URL=$PEER_URL
}
teardown_file() { stop_peers; }
setup() { fresh_home; }
teardown() {
	exec 6<&- 7>&-
	[ -z "${BRIDGE_CORE:-}" ] || { kill -9 "$BRIDGE_CORE" 2>/dev/null || true; }
}

add_todo_server() {
	printf 'test_secret\n' | sk-helper add todo --url "$TODO_URL" --issuer "$ISSUER" --client-id m2m_todo --secret-store kernel --yes >/dev/null 2>&1
}
add_open_server() {
	printf 'test_secret\n' | sk-helper add open --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --resource http://127.0.0.1:1/mcp --url "$1" \
		--secret-store kernel --yes >/dev/null 2>&1
}

@test "to-dos, at a server that takes no other token" {
	add_todo_server
	bridge_start todo
	begin_session
	call 1 create_todo '{"title":"by the bridge"}'
	hear_answer 1
	call 2 list_todos
	hear_answer 2
	assert_equal "$(result_text | jq -r '.[-1].title')" 'by the bridge'
	bridge_stop
	assert_equal "$bridge_status$rest" 0
}

@test "its token is refused in the middle, with four calls on their way: one new token, and four answers" {
	add_todo_server
	bridge_start todo
	begin_session
	call 1 list_todos
	hear_answer 1
	before=$(token_requests)
	sk-helper get todo >>"$DENIED"
	make_older todo 100
	for id in 2 3 4 5; do call "$id" list_todos; done
	for _ in 2 3 4 5; do hear; [[ $heard == *'"result"'* ]] || fail "$heard"; done
	assert_equal "$(token_requests)" $((before + 1))
	bridge_stop
}

@test "a client secret that was rotated in the middle is not noticed" {
	add_todo_server
	bridge_start todo
	begin_session
	printf 'test_secret\n' | sk-helper rotate todo >/dev/null 2>&1
	sk-helper erase todo
	sleep 1.1
	call 1 list_todos
	hear_answer 1
	[[ $heard == *'"result"'* ]]
	bridge_stop
}

@test "a server that is started anew in the middle of a session" {
	start_mcp_server everything
	add_open_server "$MCP_URL"
	bridge_start open
	begin_session
	call 1 echo '{"message":"before"}'
	hear_answer 1
	assert_equal "$(result_text)" 'Echo: before'
	kill "$MCP_SERVER"
	wait "$MCP_SERVER" || true
	start_mcp_server everything "$MCP_PORT"
	for id in 2 3 4; do call "$id" echo "{\"message\":\"$id\"}"; done
	answers=
	for _ in 2 3 4; do
		while hear; do [[ $heard == *'"result"'* || $heard == *'"error"'* ]] && break; done
		answers+="$(result_text) "
	done
	assert_equal "$(tr ' ' '\n' <<<"$answers" | grep '[0-9]' | sort | xargs)" '2 3 4'
	bridge_stop
}

@test "progress, and requests of the server's own: the client's roots and a sampling" {
	start_mcp_server everything
	add_open_server "$MCP_URL"
	bridge_start open
	say "${INITIALIZE/'"capabilities":{}'/'"capabilities":{"roots":{"listChanged":true},"sampling":{},"elicitation":{}}'}"
	hear_answer '"init"'
	say "$INITIALIZED"
	say '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"trigger-long-running-operation","arguments":{"duration":1,"steps":4},"_meta":{"progressToken":"p"}}}'
	call 2 trigger-sampling-request '{"prompt":"hello","maxTokens":10}'
	progress=0 answered=
	while [[ $answered != *1*2* && $answered != *2*1* ]]; do
		hear
		case $(jq -r '.method // "answer"' <<<"$heard") in
		notifications/progress) progress=$((progress + 1)) ;;
		roots/list) say "{\"jsonrpc\":\"2.0\",\"id\":$(jq .id <<<"$heard"),\"result\":{\"roots\":[{\"uri\":\"file:///x\",\"name\":\"x\"}]}}" ;;
		sampling/createMessage) say "{\"jsonrpc\":\"2.0\",\"id\":$(jq .id <<<"$heard"),\"result\":{\"role\":\"assistant\",\"model\":\"m\",\"content\":{\"type\":\"text\",\"text\":\"sampled\"}}}" ;;
		answer) answered+=$(jq .id <<<"$heard") ; [[ $heard != *'"id":2'* || $heard == *sampled* ]] || fail "$heard" ;;
		esac
	done
	assert [ "$progress" -ge 3 ]
	bridge_stop
}

@test "MCP 2026-07-28 at a server that checks its headers, and a legacy client at the same URL" {
	start_mcp_server both
	add_open_server "$MCP_URL"
	bridge_start open
	meta='"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}'
	say "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server/discover\",\"params\":{$meta}}"
	hear_answer 1
	[[ $heard == *'"result"'* ]] || fail "$heard"
	say "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"subscriptions/listen\",\"params\":{\"notifications\":{\"toolsListChanged\":true},$meta}}"
	say "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/call\",\"params\":{\"name\":\"echo\",\"arguments\":{\"message\":\"modern\"},$meta}}"
	hear_answer 3
	assert_equal "$(result_text)" 'Echo: modern'
	bridge_stop
	bridge_start open
	begin_session
	call 4 echo '{"message":"legacy"}'
	hear_answer 4
	assert_equal "$(result_text)" 'Echo: legacy'
	bridge_stop
}

@test "HTTP+SSE of 2024-11-05, with --sse" {
	start_mcp_server sse
	add_open_server "$MCP_URL"
	bridge_start open --sse
	begin_session
	for id in 1 2 3; do call "$id" echo "{\"message\":\"$id\"}"; done
	for _ in 1 2 3; do hear; [[ $heard == *'Echo: '* ]] || hear; done
	bridge_stop
	assert_equal "$bridge_status" 0
	# and without it, the client is told
	bridge_start open
	say "$INITIALIZE"
	hear_answer '"init"'
	[[ $heard == *'"error"'* ]]
	bridge_stop
}

@test "10,000 calls: the memory stays as it is" {
	add_open_server "$FAULTS_URL"
	mkdir -p "$BATS_TEST_TMPDIR/o"
	run -0 "$SK_NODE" "$BATS_TEST_DIRNAME/bench/bridge-client.mjs" echo 10000 200 sk-helper bridge open
	read -r before after end < <(jq -r '.rss | join(" ")' <<<"$output")
	echo "KiB: $before $after $end"
	[ -z "${SK_SANITIZED:-}" ] || return 0
	assert [ $((after - before)) -lt 1024 ]
	assert [ $((end - before)) -lt 3072 ]
}
