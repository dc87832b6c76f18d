# SPDX-License-Identifier: MIT
# An MCP client for the tests: what it says and hears is a line each.

# bridge_start [OPTION]...: sk-helper bridge, with its input and output as coprocess; stderr in $BRIDGE_ERRORS.
bridge_start() {
	BRIDGE_ERRORS=$BATS_TEST_TMPDIR/bridge.stderr
	coproc BRIDGE { exec sk-helper bridge "$@" 2>"$BRIDGE_ERRORS" 3>&- 4>&-; }
	BRIDGE_CORE=$BRIDGE_PID
	# what bash takes away when the process ends
	exec 6<&"${BRIDGE[0]}" 7>&"${BRIDGE[1]}"
	eval "exec ${BRIDGE[0]}<&- ${BRIDGE[1]}>&-"
}

say() { printf '%s\n' "$1" >&7; }

# hear [SECONDS]: the next line is then $heard.
hear() { read -r -t "${1:-10}" -u 6 heard; }

# hear_answer ID [SECONDS]: lines up to the answer with this id, which is JSON.
hear_answer() {
	while hear "${2:-10}"; do
		if [ "$(jq -c 'select(.method == null) | .id' <<<"$heard")" = "$1" ]; then return 0; fi
	done
	echo "no answer with id $1; stderr: $(cat "$BRIDGE_ERRORS")" >&2
	return 1
}

# call ID TOOL [ARGUMENTS]: as MCP 2025-06-18 has it.
call() { say "{\"jsonrpc\":\"2.0\",\"id\":$1,\"method\":\"tools/call\",\"params\":{\"name\":\"$2\",\"arguments\":${3:-"{}"}}}"; }
# modern ID METHOD [PARAMS]: as MCP 2026-07-28 has it.
modern() {
	local params=${3:-"{}"}
	say "{\"jsonrpc\":\"2.0\",\"id\":$1,\"method\":\"$2\",\"params\":$(jq -c '. + {_meta: {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}}' <<<"$params")}"
}

INITIALIZE='{"jsonrpc":"2.0","id":"init","method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}'
INITIALIZED='{"jsonrpc":"2.0","method":"notifications/initialized"}'

# begin_session: what each client does first.
begin_session() {
	say "$INITIALIZE"
	hear_answer '"init"'
	say "$INITIALIZED"
}

# bridge_stop: end of input; the status is then $bridge_status, and the rest of the output $rest.
bridge_stop() {
	exec 7>&-
	rest=$(timeout 10 cat <&6)
	bridge_status=0
	wait "$BRIDGE_CORE" || bridge_status=$?
	exec 6<&-
}

# of the fault server
faults() { curl -sS -X POST --data-binary "${2:-}" "$FAULTS/__$1"; }
seen() { curl -sS "$FAULTS/__stats" | jq -c "[.seen[] | select($1)] | length"; }
seen_rpc() { seen "(.body | type == \"string\" and startswith(\"{\") and (fromjson | .method == \"$1\"))"; }
result_text() { jq -r '.result.content[0].text' <<<"$heard"; }
