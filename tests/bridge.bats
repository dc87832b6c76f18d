# SPDX-License-Identifier: MIT
# bridge: what a client gets, whatever the server does. The server is a stand-in that shows faults on demand; the real ones are in
# bridge-peers.bats.
load common
load bridge
load certificates

setup_file() {
	start_authorization_server
	start_peer mcp-faults
	export MCP_URL=$PEER_URL FAULTS
	FAULTS=$(jq -r .base "$PEER_READY")
}
teardown_file() { stop_peers; }
setup() {
	fresh_home
	printf 'test_secret\n' | sk-helper add tasks --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --scope todo:read \
		--resource http://127.0.0.1:1/mcp --url "$MCP_URL" --secret-store kernel >/dev/null 2>&1
	faults set '{"lost":404,"events":true,"session":true,"version":null,"silent":false,"slow_start":0,"slow_delete":false,"location":null,"away":false,"confirm_stream":false,"hang_notifications":false,"no_replay":false}' >/dev/null
	faults clear >/dev/null
	exec 6<&- 7>&-
}
# the test has ended with the bridge still there
teardown() {
	exec 6<&- 7>&-
	[ -z "${BRIDGE_CORE:-}" ] || { kill -9 "$BRIDGE_CORE" 2>/dev/null || true; }
}

@test "lines through a pipe: every request is answered, the session is ended, nothing is on stderr" {
	run -0 --separate-stderr sk-helper bridge tasks <<-LINES
	$INITIALIZE
	$INITIALIZED
	{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hello"}}}
	LINES
	assert_equal "$(jq -rs 'map(select(.id == 2)) | .[0].result.content[0].text' <<<"$output")" hello
	assert_equal "${#lines[@]}" 2
	assert_equal "$stderr" ''
	assert_equal "$(seen '.http == "DELETE"')" 1
	assert_equal "$(curl -sS "$FAULTS/__stats" | jq '.sessions | length')" 0
}

@test "no request of its own before the first message, and only the stream of events and the end beside the client's" {
	bridge_start tasks
	sleep 0.3
	assert_equal "$(seen true)" 0
	begin_session
	call 1 echo '{"message":"x"}'
	hear_answer 1
	bridge_stop
	assert_equal "$bridge_status" 0
	assert_equal "$(curl -sS "$FAULTS/__stats" | jq -c '[.seen[].http]')" '["POST","POST","GET","POST","DELETE"]'
}

@test "headers: the session and the version on everything after initialize, one type for each, no Origin, no Expect" {
	bridge_start tasks
	begin_session
	call 1 echo "{\"message\":\"$(printf 'x%.0s' {1..5000})\"}"
	hear_answer 1
	bridge_stop
	all=$(curl -sS "$FAULTS/__stats" | jq -c '[.seen[].headers]')
	assert_equal "$(jq '.[0] | has("mcp-session-id") or has("mcp-protocol-version")' <<<"$all")" false
	assert_equal "$(jq '[.[1:][] | select(.["mcp-session-id"] and .["mcp-protocol-version"] == "2025-06-18")] | length' <<<"$all")" 4
	assert_equal "$(jq '[.[] | select(has("origin") or has("expect") or has("mcp-method"))] | length' <<<"$all")" 0
	assert_equal "$(jq -r '.[0].accept, .[0]["content-type"]' <<<"$all")" $'application/json, text/event-stream\napplication/json'
	[[ $(jq -r '.[0]["user-agent"]' <<<"$all") == sk-helper/* ]]
	# load balancers pin a session with one
	assert_equal "$(jq -r '[.[].cookie] | @csv' <<<"$all")" ',"pin=1","pin=1","pin=1","pin=1"'
}

@test "bytes: numbers, text, order and escapes of both sides stay as they are" {
	bridge_start tasks
	begin_session
	say '{"jsonrpc":"2.0", "id":9007199254740993,"method":"tools/call","params":{"name":"raw","arguments":{"body":"{\"jsonrpc\":\"2.0\",\n \"id\": 9007199254740993,\r\n\"result\":{\"n\":1.10,\"s\":\"\\ud83d \\u0000 \\/\"}}"}}}'
	hear
	assert_equal "$heard" '{"jsonrpc":"2.0",  "id": 9007199254740993,  "result":{"n":1.10,"s":"\ud83d \u0000 \/"}}'
	bridge_stop
	run -0 curl -sS "$FAULTS/__stats"
	[[ $(jq -r '.seen[].body' <<<"$output") == *'"2.0", "id":9007199254740993,"method"'* ]]
}

# fails ID TOOL ARGUMENTS: the answer's error, as JSON.
fails() {
	call "$@"
	hear_answer "$1"
	jq -c .error <<<"$heard"
}

@test "each fault of HTTP is an error under the right id, once" {
	bridge_start tasks
	begin_session
	while IFS='|' read -r id tool arguments code text; do
		run -0 fails "$id" "$tool" "$arguments"
		assert_equal "$(jq .code <<<"$output")" "$code"
		[[ $(jq -r .message <<<"$output") == *"$text"* ]] || fail "$tool: $output"
	done <<-'TABLE'
	1|html|{}|-32603|HTTP 502 from 127.0.0.1: <html>
	2|refuse|{"status":500}|-32603|HTTP 500 from 127.0.0.1: {"error":"broken"}
	3|refuse|{"status":400,"body":{"jsonrpc":"2.0","id":null,"error":{"code":-32602,"message":"bad arguments"}}}|-32602|bad arguments
	4|refuse|{"status":403,"body":"no"}|-32603|HTTP 403 from 127.0.0.1
	5|empty|{}|-32603|before it answered
	6|other_id|{}|-32603|before it answered
	7|drop|{}|-32603|127.0.0.1
	8|cut|{}|-32603|before it answered
	9|raw|{"body":"this is no JSON"}|-32603|before it answered
	10|refuse|{"status":302,"headers":{"location":"http://127.0.0.1:1/"}}|-32603|HTTP 302
	TABLE
	# and it still works
	call 11 echo '{"message":"alive"}'
	hear_answer 11
	assert_equal "$(result_text)" alive
	bridge_stop
	assert_equal "$rest" ''
	refute grep -q '\[31m' "$BRIDGE_ERRORS"
}

@test "a call that the server has dropped is not sent again; what can be asked twice is" {
	bridge_start tasks
	begin_session
	call 1 drop
	hear_answer 1
	assert_equal "$(seen_rpc tools/call)" 1
	bridge_stop
}

@test "an answer that comes twice, or for nobody, reaches the client once" {
	bridge_start tasks
	begin_session
	call 1 twice
	hear_answer 1
	assert_equal "$(result_text)" once
	call 2 echo '{"message":"next"}'
	hear
	assert_equal "$(result_text)" next
	bridge_stop
	assert_equal "$rest" ''
}

@test "server-sent events, however they are cut" {
	bridge_start tasks
	begin_session
	call 1 odd_stream
	hear
	assert_equal "$heard" '{  "jsonrpc": "2.0",  "id": 1,  "result": {   "content": [    {     "type": "text",     "text": "odd é \ud83d"    }   ]  } }'
	bridge_stop
}

@test "a stream that ends without the answer is resumed where it stopped" {
	bridge_start tasks
	begin_session
	call 1 resume '{"retry":10}'
	hear_answer 1
	assert_equal "$(result_text)" resumed
	assert_equal "$(seen '.http == "GET" and .headers["last-event-id"] != null')" 1
	bridge_stop
}

@test "progress comes before the answer, and calls do not wait for each other" {
	bridge_start tasks
	begin_session
	call 1 slow '{"ms":600}'
	call 2 echo '{"message":"fast"}'
	hear_answer 2
	hear_answer 1
	bridge_stop
}

@test "a request of the server's is answered while the call that it belongs to runs" {
	bridge_start tasks
	begin_session
	for id in $(seq 100 140); do call "$id" hang; done
	call 1 ask
	say '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":100}}'
	for id in $(seq 101 140); do say "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":$id}}"; done
	while hear; do [[ $heard == *elicitation/create* ]] && break; done
	say '{"jsonrpc":"2.0","id":7,"result":{"action":"accept"}}'
	hear_answer 1
	assert_equal "$(result_text)" '{"action":"accept"}'
}

@test "cancel: the server is told, and what was not sent yet is not sent" {
	bridge_start tasks
	begin_session
	call 1 hang
	while [ "$(seen_rpc tools/call)" = 0 ]; do sleep 0.05; done
	say '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}'
	call 2 echo '{"message":"x"}'
	hear_answer 2
	while [ "$(seen_rpc notifications/cancelled)" = 0 ]; do sleep 0.05; done
}

@test "input that is not a JSON-RPC message is answered with an error" {
	bridge_start tasks
	say 'no json'
	hear
	assert_equal "$heard" '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"sk-helper: this is not JSON"}}'
	# the second time on standard error: it has no id to answer under
	say '{"jsonrpc":"2.0","id":{"a":1},"method":"x"}'
	say ''
	printf '%s\r\n' "$INITIALIZE" >&7
	hear_answer '"init"'
	{ printf '{"jsonrpc":"2.0","id":"long","method":"x","params":{"a":"'; head -c 68000000 /dev/zero | tr '\0' y; printf '"}}\n'; } >&7
	hear_answer '"long"' 20
	assert_equal "$(jq -r .error.message <<<"$heard")" 'sk-helper: a message is longer than 64 MiB'
	bridge_stop
	assert_equal "$(seen '.http == "POST"')" 1
	grep -q 'not a JSON-RPC message' "$BRIDGE_ERRORS"
}

@test "a batch goes as it is, and so does its answer" {
	bridge_start tasks
	begin_session
	say '[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"x"},{"jsonrpc":"2.0","id":2,"method":"ping"}]'
	hear
	assert_equal "$(jq -c 'map(.id)' <<<"$heard")" '[1,2]'
	bridge_stop
	assert_equal "$rest" ''
}

@test "large messages in both directions, and a client that does not read" {
	bridge_start tasks
	begin_session
	{ printf '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"'; head -c 3000000 /dev/zero | tr '\0' y; printf '"}}}\n'; } >&7
	hear_answer 1 20
	assert_equal "${#heard}" $((3000000 + 73))
	call 2 big_stream '{"count":40,"size":200000}'
	sleep 0.5
	# it still takes what comes, and asks for no more than it can keep
	for id in $(seq 10 20); do call "$id" echo '{"message":"still"}'; done
	bridge=$(pgrep -P "$BRIDGE_CORE" -x sk-bridge)
	assert [ "$(awk '/^VmRSS/ { print $2 }' "/proc/$bridge/status")" -lt 60000 ]
	count=0 found=0
	while hear 20; do
		count=$((count + 1))
		[[ $heard != *'"id":2}'* && $heard != *'"id":2,'* ]] || found=1
		[ "$count" -lt 52 ] || break
	done
	assert_equal "$found $count" '1 52'
	bridge_stop
}

@test "what a client does not read is not kept without end" {
	bridge_start tasks
	begin_session
	call 1 big_stream '{"count":500,"size":200000}'
	bridge=$(pgrep -P "$BRIDGE_CORE" -x sk-bridge)
	for _ in 1 2 3 4 5; do
		sleep 0.2
		[ -n "${SK_SANITIZED:-}" ] || assert [ "$(awk '/^VmRSS/ { print $2 }' "/proc/$bridge/status")" -lt 40000 ]
	done
	kill "$BRIDGE_CORE"
}

@test "a stream that is cut off in the middle of the answer, or twice, is asked for from the last whole event" {
	bridge_start tasks
	begin_session
	call 1 resume_cut
	hear_answer 1
	assert_equal "$(result_text)" whole
	call 2 resume_twice
	hear_answer 2
	assert_equal "$(result_text)" 'third time'
	bridge_stop
	# an event that is only there for its id is no message
	assert_equal "$(cat "$BRIDGE_ERRORS")" ''
}

@test "a server that gives one event each time it is asked is not asked without a pause" {
	bridge_start tasks
	begin_session
	call 1 resume_for_ever
	sleep 2
	kill "$BRIDGE_CORE"
	assert [ "$(seen '.http == "GET"')" -lt 20 ]
}

@test "a server that sends nonsense without end causes only a few lines on standard error" {
	bridge_start tasks
	begin_session
	call 1 noise '{"count":2000}'
	hear_answer 1
	assert_equal "$(result_text)" noisy
	bridge_stop
	assert [ "$(wc -l <"$BRIDGE_ERRORS")" -le 25 ]
}

@test "notifications are not all sent at once" {
	faults set '{"hang_notifications":true}' >/dev/null
	bridge_start tasks
	say "$INITIALIZE"
	hear_answer '"init"'
	for _ in $(seq 200); do say '{"jsonrpc":"2.0","method":"notifications/x"}'; done
	sleep 1
	assert [ "$(curl -sS "$FAULTS/__stats" | jq .most)" -le 40 ]
	kill "$BRIDGE_CORE"
}

# --- the session

@test "a session that the server has lost, as servers say it: one new one, and each call is answered" {
	for how in 404 400 '"text"' '"named"'; do
		faults set "{\"lost\":$how}" >/dev/null
		bridge_start tasks
		begin_session
		say '{"jsonrpc":"2.0","id":"s","method":"resources/subscribe","params":{"uri":"file:///a"}}'
		hear_answer '"s"'
		faults forget >/dev/null
		faults clear >/dev/null
		for id in 1 2 3 4; do call "$id" echo "{\"message\":\"$id\"}"; done
		answers=0
		while [ "$answers" -lt 4 ]; do
			hear
			[[ $heard == *list_changed* ]] || answers=$((answers + 1))
			[[ $heard != *error* ]] || fail "$heard"
		done
		assert_equal "$(seen_rpc initialize)" 1
		assert_equal "$(seen_rpc notifications/initialized)" 1
		call 5 echo '{"message":"5"}'
		hear_answer 5
		assert_equal "$(seen_rpc resources/subscribe)" 1
		bridge_stop
		[[ $rest != *sk-helper-bridge* ]]
		assert_equal "$(curl -sS "$FAULTS/__stats" | jq '.sessions | length')" 0
	done
}

@test "a new session of another version, or one that cannot be had: an error, and it is tried again later" {
	bridge_start tasks
	begin_session
	faults set '{"version":"2024-11-05"}' >/dev/null
	faults forget >/dev/null
	run -0 fails 1 echo
	[[ $output == *'does not know the session'* ]]
	faults set '{"version":null}' >/dev/null
	call 2 echo '{"message":"again"}'
	hear_answer 2
	assert_equal "$(result_text)" again
	bridge_stop
}

@test "a session that is lost before it is confirmed" {
	bridge_start tasks
	say "$INITIALIZE"
	hear_answer '"init"'
	faults forget >/dev/null
	say "$INITIALIZED"
	call 1 echo '{"message":"x"}'
	hear_answer 1 4
	assert_equal "$(result_text)" x
	assert_equal "$(seen_rpc initialize)" 2
	bridge_stop
}

@test "a session that cannot be renewed is not asked for again and again" {
	bridge_start tasks
	say "$INITIALIZE"
	hear_answer '"init"'
	faults forget >/dev/null
	faults set '{"away":true}' >/dev/null
	faults clear >/dev/null
	# lost at once, so that the calls wait for the new one
	say "$INITIALIZED"
	for id in 1 2 3; do call "$id" echo; done
	for id in 1 2 3; do hear; [[ $heard == *'"error"'* ]] || fail "$heard"; done
	sleep 0.5
	assert [ "$(seen_rpc initialize)" -le 4 ]
	faults set '{"away":false}' >/dev/null
	call 4 echo '{"message":"back"}'
	hear_answer 4
	assert_equal "$(result_text)" back
	bridge_stop
}

@test "a session that cannot be renewed is renewed with a later request" {
	bridge_start tasks
	begin_session
	call 1 echo; hear_answer 1
	faults forget >/dev/null
	faults set '{"away":true}' >/dev/null
	for id in 2 3; do
		run -0 fails "$id" echo
		[[ $output == *'does not know the session'* ]]
	done
	faults set '{"away":false}' >/dev/null
	call 4 echo '{"message":"back"}'
	hear_answer 4
	assert_equal "$(result_text)" back
	bridge_stop
}

@test "a call that was made is not made again when the session is lost before its answer" {
	bridge_start tasks
	begin_session
	run -0 fails 1 resume_lost
	assert_equal "$(seen_rpc tools/call)" 1
	call 4 echo; hear_answer 4
	faults clear >/dev/null
	call 2 late '{"status":502,"ms":700}'
	for _ in $(seq 50); do [ "$(seen_rpc tools/call)" -ge 1 ] && break; sleep 0.02; done
	faults forget >/dev/null
	call 3 echo '{"message":"x"}'
	hear_answer 3
	hear_answer 2
	[[ $heard == *'HTTP 502'* ]]
	assert_equal "$(seen '(.body | type == "string" and contains("\"late\""))')" 1
	bridge_stop
}

@test "the confirmation of a session is answered by a stream that stays open: calls go on" {
	faults set '{"confirm_stream":true}' >/dev/null
	bridge_start tasks
	begin_session
	call 1 echo '{"message":"x"}'
	hear_answer 1 3
	kill "$BRIDGE_CORE"
}

@test "a replay that is refused does not begin one session after the other" {
	bridge_start tasks
	begin_session
	say '{"jsonrpc":"2.0","id":"s","method":"logging/setLevel","params":{"level":"info"}}'
	hear_answer '"s"'
	faults set '{"no_replay":true}' >/dev/null
	faults forget >/dev/null
	faults clear >/dev/null
	call 1 echo; hear_answer 1
	sleep 0.5
	assert_equal "$(seen_rpc initialize)" 1
	bridge_stop
}

@test "what may have an effect is not sent twice when the connection ends before the answer" {
	bridge_start tasks
	begin_session
	for id in 1 2; do call "$id" echo; hear_answer "$id"; done
	# on a connection that was kept
	for method in vendor/charge tools/call; do
		say "{\"jsonrpc\":\"2.0\",\"id\":\"$method\",\"method\":\"$method\",\"params\":{\"name\":\"drop\",\"arguments\":{}}}"
		hear_answer "\"$method\""
		[[ $heard == *'ended before an answer came'* || $heard == *'error'* ]]
		assert_equal "$method $(seen "(.body | type == \"string\" and contains(\"drop\") and contains(\"$method\"))")" "$method 1"
		call 3 echo; hear_answer 3
	done
	bridge_stop
}

@test "an HTTP error whose body does not end is an error" {
	bridge_start tasks
	begin_session
	call 1 refuse_slowly
	hear_answer 1 8
	[[ $heard == *'HTTP 500'* ]]
	kill "$BRIDGE_CORE"
}

@test "initialize cannot be cancelled" {
	bridge_start tasks
	say "$INITIALIZE"$'\n''{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"init"}}'$'\n'"$INITIALIZED"
	call 1 echo '{"message":"x"}'
	hear_answer 1
	bridge_stop
}

@test "messages wait for initialize, and for its confirmation" {
	faults set '{"slow_start":300}' >/dev/null
	bridge_start tasks
	say "$INITIALIZE"
	say "$INITIALIZED"
	call 1 echo '{"message":"first"}'
	hear
	assert_equal "$(jq -r .id <<<"$heard")" init
	hear_answer 1
	bridge_stop
	assert_equal "$(curl -sS "$FAULTS/__stats" | jq -c '[.seen[] | select(.http == "POST") | .body | fromjson | .method]')" \
		'["initialize","notifications/initialized","tools/call"]'
}

@test "the stream of events: what the server says by itself, opened again when it ends, and not asked for where there is none" {
	bridge_start tasks
	begin_session
	for _ in $(seq 100); do [ "$(seen '.http == "GET"')" = 1 ] && break; sleep 0.02; done
	faults say '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"x"}}' >/dev/null
	hear
	[[ $heard == *resources/updated* ]]
	faults close >/dev/null
	for _ in $(seq 100); do [ "$(seen '.http == "GET"')" = 2 ] && break; sleep 0.05; done
	assert_equal "$(seen '.http == "GET" and .headers["last-event-id"] != null')" 1
	bridge_stop
	faults clear >/dev/null
	faults set '{"events":false}' >/dev/null
	bridge_start tasks
	begin_session
	for id in 1 2; do call "$id" echo; hear_answer "$id"; sleep 0.6; done
	assert_equal "$(seen '.http == "GET"')" 1
	bridge_stop
}

# --- the token

@test "a refused token causes one token request, however many calls it was refused for" {
	bridge_start tasks
	begin_session
	call 1 echo; hear_answer 1
	before=$(token_requests)
	faults deny >/dev/null
	make_older tasks 100
	for id in 2 3 4 5; do call "$id" echo '{"message":"ok"}'; done
	for _ in 2 3 4 5; do hear; [[ $heard == *'"ok"'* ]] || fail "$heard"; done
	assert_equal "$(token_requests)" $((before + 1))
	bridge_stop
	assert_equal "$(cat "$BRIDGE_ERRORS")" ''
}

@test "a token that is refused again and again: an error that says what to do, and no loop" {
	bridge_start tasks
	begin_session
	before=$(token_requests)
	for id in 1 2 3 4 5; do
		run -0 fails "$id" refuse_token
		assert_equal "$(jq -r .message <<<"$output")" "sk-helper: 127.0.0.1 refused the token of profile 'tasks' (401): run 'sk-helper doctor tasks'"
	done
	assert_equal "$(token_requests)" $((before + 1))
	bridge_stop
	assert_equal "$(cat "$BRIDGE_ERRORS")" "sk-helper: bridge: 127.0.0.1 refused the token of profile 'tasks' (401): run 'sk-helper doctor tasks'"
}

@test "a scope that a server wants: within scope_limit, kept for the next calls; beyond it, refused" {
	printf 'profile=tasks\nscope_limit=todo:read todo:write\n' | sk-helper store
	bridge_start tasks
	begin_session
	before=$(token_requests)
	call 1 needs_scope '{"scope":"todo:write"}'
	hear_answer 1
	assert_equal "$(result_text)" allowed
	sleep 1.2
	call 2 needs_scope '{"scope":"todo:write"}'
	hear_answer 2
	assert_equal "$(result_text)" allowed
	assert_equal "$(token_requests)" $((before + 1))
	run -0 fails 3 needs_scope '{"scope":"admin"}'
	[[ $output == *"the profile does not allow: 'admin'"* ]]
	bridge_stop
}

@test "no token: each request is answered with the reason, and it works as soon as there is one" {
	keyctl clear "$(keyctl search @u keyring sk-helper)"
	bridge_start tasks
	say "$INITIALIZE"
	hear_answer '"init"'
	[[ $heard == *"is not in the kernel keyring"* ]]
	assert_equal "$(seen true)" 0
	printf 'test_secret\n' | sk-helper add tasks --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --scope todo:read \
		--resource http://127.0.0.1:1/mcp --url "$MCP_URL" --secret-store kernel --yes >/dev/null 2>&1
	begin_session
	bridge_stop
}

@test "no such profile, no url, several urls: the client is told, and the status says it" {
	run -3 --separate-stderr sk-helper bridge nosuch <<<"$INITIALIZE"
	[[ $(jq -r .error.message <<<"$output") == *nosuch* ]]
	store_client none "$TOKEN_ENDPOINT"
	run -2 --separate-stderr sk-helper bridge none <<<"$INITIALIZE"
	[[ $(jq -r .error.message <<<"$output") == *"no url"* ]]
	printf 'profile=none\nurl=https://a.example\nurl=https://b.example\n' | sk-helper store
	run -2 --separate-stderr sk-helper bridge none <<<"$INITIALIZE"
	[[ $(jq -r .error.message <<<"$output") == *"--url"* ]]
	run -8 --separate-stderr sk-helper bridge tasks --url https://evil.example/mcp <<<"$INITIALIZE"
	run -2 --separate-stderr sk-helper bridge tasks other <<<"$INITIALIZE"
	assert_error 'not also'
}

@test "by URL alone" {
	run -0 sk-helper bridge --url "$MCP_URL" <<<"$INITIALIZE"
	[[ $output == *protocolVersion* ]]
}

@test "a redirect: followed within the URL, and nowhere else" {
	printf 'profile=tasks\nurl=%s\n' "$FAULTS/moved" | sk-helper store
	for code in 307 308; do
		printf 'profile=tasks\nurl=%s\n' "$FAULTS/moved/$code" | sk-helper store
		faults set "{\"location\":\"/mcp\"}" >/dev/null
		run -0 sk-helper bridge tasks --url "$FAULTS/moved/$code" <<<"$INITIALIZE"
		[[ $output == *"HTTP $code"* ]] || fail "$output"
		assert_equal "$(seen '.url == "/mcp"')" 0
	done
	printf 'profile=tasks\nurl=%s\n' "$FAULTS" | sk-helper store
	faults set "{\"location\":\"http://localhost:${FAULTS##*:}/mcp\"}" >/dev/null
	run -0 sk-helper bridge tasks --url "$FAULTS/moved/307" <<<"$INITIALIZE"
	[[ $output == *"HTTP 307"* ]]
	# within the url: followed, and what comes with the redirect is no answer
	printf 'profile=tasks\nurl=%s/moved\n' "$FAULTS" | sk-helper store
	faults set '{"location":"/moved/here"}' >/dev/null
	faults clear >/dev/null
	run -0 sk-helper bridge tasks --url "$FAULTS/moved" <<<"$INITIALIZE"
	[[ $output == *'"protocolVersion"'* ]] || fail "$output"
}

# --- HTTP+SSE

add_old() { printf 'profile=tasks\nurl=%s/sse\n' "$FAULTS" | sk-helper store; }

@test "--sse: where messages go is within the server, or they go nowhere" {
	add_old
	faults set '{"endpoint":"/messages?session=1"}' >/dev/null
	bridge_start tasks --url "$FAULTS/sse" --sse
	begin_session
	call 1 echo
	hear_answer 1
	assert_equal "$(result_text)" old
	assert_equal "$(seen '.url == "/messages?session=1"')" 3
	bridge_stop
	for endpoint in http://localhost:1/messages "http://localhost:${FAULTS##*:}/messages" //localhost/messages https://127.0.0.1/; do
		faults set "{\"endpoint\":\"$endpoint\"}" >/dev/null
		faults clear >/dev/null
		bridge_start tasks --url "$FAULTS/sse" --sse
		say "$INITIALIZE"
		hear_answer '"init"'
		[[ $heard == *'"error"'* ]] || fail "$endpoint: $heard"
		grep -q 'at another server' "$BRIDGE_ERRORS"
		kill "$BRIDGE_CORE"
		assert_equal "$(seen '.http == "POST"')" 0
	done
}

@test "--sse: the stream ends in the middle: errors for what is lost, and a new session" {
	add_old
	faults set '{"endpoint":"/messages"}' >/dev/null
	bridge_start tasks --url "$FAULTS/sse" --sse
	begin_session
	run -0 fails 1 end_stream
	[[ $output == *'before it answered'* || $output == *'without an answer'* ]]
	call 2 echo
	hear_answer 2
	assert_equal "$(result_text)" old
	assert_equal "$(seen_rpc initialize)" 2
	bridge_stop
}

# --- https

# over_tls HOST [OPTION]: the fault server with a certificate of a private CA for this name; FAULTS and MCP_URL are then its own
over_tls() {
	pki=$BATS_TEST_TMPDIR/pki
	make_ca "$pki"
	make_certificate "$pki" server "DNS:$1"
	start_peer mcp-faults "$(tls_options "$pki" server "$1" | jq -c ". + ${2:-"{}"}")"
	MCP_URL=$PEER_URL FAULTS=https://localhost:${PEER_URL##*:}
	FAULTS=${FAULTS%/mcp}
	export CURL_CA_BUNDLE=$pki/ca.pem
}
stats_of() { curl -sSk "$FAULTS/__stats"; }

@test "https, by HTTP/1.1 and by HTTP/2, with a private CA: calls at once beside the stream of events" {
	for options in '{}' '{"h2":true}'; do
		over_tls localhost "$options"
		store_client tls "$TOKEN_ENDPOINT" "url=$MCP_URL" "ca_file=$pki/ca.pem" resource=http://127.0.0.1:1/mcp "scope=todo:read"
		bridge_start tls
		begin_session
		for id in $(seq 1 40); do call "$id" slow '{"ms":60}'; done
		answers=0
		while [ "$answers" -lt 40 ]; do
			hear
			[[ $heard != *'"result"'* ]] || answers=$((answers + 1))
		done
		bridge_stop
		assert_equal "$bridge_status$(cat "$BRIDGE_ERRORS")" 0
		assert_equal "$(stats_of | jq -c '[.seen[].http] | group_by(.) | map([.[0], length])')" '[["DELETE",1],["GET",1],["POST",42]]'
		if [ "$options" != '{}' ]; then
			assert_equal "$(stats_of | jq -c '[.seen[].version] | unique')" '["2.0"]'
		fi
		sk-helper remove tls
	done
}

@test "https: a certificate that is not trusted, and the environment's opinion of it: nothing is sent" {
	over_tls localhost
	store_client tls "$TOKEN_ENDPOINT" "url=$MCP_URL" resource=http://127.0.0.1:1/mcp scope=todo:read
	SSL_CERT_FILE=$pki/ca.pem NODE_EXTRA_CA_CERTS=$pki/ca.pem run -0 sk-helper bridge tls <<<"$INITIALIZE"
	[[ $output == *'SSL certificate problem'* ]]
	assert_equal "$(stats_of | jq '.seen | length')" 0
	# nor for another name
	store_client other "$TOKEN_ENDPOINT" "url=${MCP_URL/localhost/127.0.0.1}" "ca_file=$pki/ca.pem" resource=http://127.0.0.1:1/mcp scope=todo:read
	run -0 sk-helper bridge other <<<"$INITIALIZE"
	[[ $output == *'-32603'* ]]
	assert_equal "$(stats_of | jq '.seen | length')" 0
}

@test "https through a proxy, of the environment and of the profile" {
	over_tls mcp.example.com
	start_peer proxy
	proxy=$PEER_URL
	store_client far "$TOKEN_ENDPOINT" "url=$MCP_URL" "ca_file=$pki/ca.pem" resource=http://127.0.0.1:1/mcp scope=todo:read
	https_proxy=$proxy run -0 sk-helper bridge far <<<"$INITIALIZE"
	[[ $output == *'"protocolVersion"'* ]] || fail "$output"
	printf 'profile=far\nproxy=%s\nclient_secret=test_secret\n' "$proxy" | sk-helper store
	run -0 sk-helper bridge far <<<"$INITIALIZE"
	[[ $output == *'"protocolVersion"'* ]] || fail "$output"
	assert_equal "$(curl -sS "$proxy/__stats" | jq -r '.connects | unique | join(" ")')" "${MCP_URL:8:-4}"
}

# --- MCP 2026-07-28

@test "2026-07-28: the headers, names that do not fit into one, and arguments that go into headers" {
	bridge_start tasks
	modern 1 tools/list
	hear_answer 1
	assert_equal "$(jq -c '[.result.tools[].name]' <<<"$heard")" '["plain","region"]'
	modern 2 tools/call '{"name":"region","arguments":{"place":{"region":"eu \u00e9"},"n":5,"b":true}}'
	hear_answer 2
	headers=$(result_text)
	assert_equal "$(jq -r '.["mcp-name"], .["mcp-param-region"], .["mcp-param-count"], .["mcp-param-flag"], .["mcp-method"], .["mcp-protocol-version"]' <<<"$headers" | xargs)" \
		"region =?base64?$(printf 'eu é' | base64)?= 5 true tools/call 2026-07-28"
	assert_equal "$(jq 'has("mcp-session-id")' <<<"$headers")" false
	modern 3 tools/call '{"name":" caf\u00e9","arguments":{}}'
	hear_answer 3
	assert_equal "$(result_text | jq -r '.["mcp-name"]')" "=?base64?$(printf ' café' | base64)?="
	modern 4 tools/call '{"name":"region","arguments":{"place":null}}'
	hear_answer 4
	assert_equal "$(result_text | jq 'has("mcp-param-region")')" false
	bridge_stop
	assert_equal "$(seen '.http != "POST"')" 0
	assert_equal "$(grep -c 'wrong_type, wrong_twice, wrong_place, wrong_name' "$BRIDGE_ERRORS")" 1
}

@test "2026-07-28: a tool that is not known is looked up once when the server wants its headers" {
	bridge_start tasks
	modern 1 tools/call '{"name":"region","arguments":{"place":{"region":"eu"}}}'
	hear_answer 1
	assert_equal "$(result_text | jq -r '.["mcp-param-region"]')" eu
	assert_equal "$(seen_rpc tools/list)" 1
	assert_equal "$(seen_rpc tools/call)" 2
	bridge_stop
	assert_equal "$rest" ''
}

@test "2026-07-28: cancel closes the request, and a subscription does not keep the bridge" {
	bridge_start tasks
	modern 1 tools/call '{"name":"hang","arguments":{}}'
	modern 2 subscriptions/listen
	hear
	[[ $heard == *acknowledged* ]]
	modern_cancel='{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}'
	say "$modern_cancel"
	for _ in $(seq 100); do [ "$(curl -sS "$FAULTS/__stats" | jq '.counts.closed // 0')" -ge 1 ] && break; sleep 0.02; done
	assert_equal "$(seen_rpc notifications/cancelled)" 0
	SECONDS=0
	bridge_stop
	assert [ "$SECONDS" -le 1 ]
	[[ $rest != *'"id":1,'* ]]
}

@test "2026-07-28: server/discover, which an older server refuses or never answers" {
	bridge_start tasks
	modern 1 server/discover
	hear_answer 1
	assert_equal "$(jq .error.code <<<"$heard")" -32601
	faults set '{"silent":true}' >/dev/null
	modern 2 server/discover
	hear_answer 2 8
	assert_equal "$(jq .error.code <<<"$heard")" -32601
	begin_session
	bridge_stop
}

# --- the end

@test "an sk-bridge that hangs is killed" {
	bridge_start tasks
	begin_session
	bridge=$(pgrep -P "$BRIDGE_CORE" -x sk-bridge)
	kill -STOP "$bridge"
	kill "$BRIDGE_CORE"
	SECONDS=0
	wait "$BRIDGE_CORE" || true
	assert [ "$SECONDS" -le 4 ]
	gone "$bridge"
}

# whoever adopts a process may not have asked for its status yet
is_there() { [ -e "/proc/$1" ] && [ "$(cut -d" " -f3 "/proc/$1/stat")" != Z ]; }

# gone PID...: within a second.
gone() {
	for pid in "$@"; do
		for _ in $(seq 50); do is_there "$pid" || break; sleep 0.02; done
		run ! is_there "$pid"
	done
}

@test "on a signal, when the client is gone, and when one of our processes is killed: the session is ended, and no process is left" {
	for how in TERM INT HUP stdout bridge core; do
		faults clear >/dev/null
		bridge_start tasks
		begin_session
		call 1 hang
		while [ "$(seen_rpc tools/call)" = 0 ]; do sleep 0.02; done
		bridge=$(pgrep -P "$BRIDGE_CORE" -x sk-bridge)
		case $how in
		stdout) exec 6<&- ; call 2 echo ;;
		bridge) kill -9 "$bridge" ;;
		core) kill -9 "$BRIDGE_CORE" ;;
		*) kill "-$how" "$BRIDGE_CORE" ;;
		esac
		gone "$bridge"
		wait "$BRIDGE_CORE" 2>/dev/null || true
		[ "$how" = bridge ] || assert_equal "$how $(seen '.http == "DELETE"')" "$how 1"
		exec 6<&- 7>&-
	done
}

@test "standard output that cannot be written: a notice, and an error" {
	run -1 --separate-stderr sh -c 'sk-helper bridge tasks >/dev/full' <<<"$INITIALIZE"
	[[ $stderr == *'No space left on device'* ]]
	assert_equal "$(seen '.http == "DELETE"')" 1
}

@test "whoever started it is killed: it ends, though its input stays open" {
	mkfifo "$BATS_TEST_TMPDIR/in"
	exec 7<>"$BATS_TEST_TMPDIR/in"
	bash -c 'sk-helper bridge tasks <&7 >"$1" 2>/dev/null 3>&- 4>&- & echo $! >"$2"; wait' _ "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/pid" 3>&- 4>&- &
	parent=$!
	say "$INITIALIZE"
	for _ in $(seq 200); do [ -s "$BATS_TEST_TMPDIR/out" ] && break; sleep 0.02; done
	core=$(cat "$BATS_TEST_TMPDIR/pid")
	kill -9 "$parent"
	gone "$core"
	assert_equal "$(seen '.http == "DELETE"')" 1
}

@test "a server that does not answer the end of the session is not waited for" {
	faults set '{"slow_delete":true}' >/dev/null
	bridge_start tasks
	begin_session
	start=$(date +%s%N)
	kill "$BRIDGE_CORE"
	wait "$BRIDGE_CORE" || true
	assert [ $((($(date +%s%N) - start) / 1000000)) -lt 900 ]
}
