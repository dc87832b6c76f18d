# SPDX-License-Identifier: MIT
# Real MCP clients, offline and with a home of their own each, and real MCP servers behind HTTP.

CLIENTS=$BATS_TEST_DIRNAME/clients/node_modules
case $(uname -m) in aarch64) CLIENTS_ARCH=arm64 ;; *) CLIENTS_ARCH=x64 ;; esac

# start_mcp_server everything|both|sse [PORT]: MCP_URL is then its URL. "everything" has sessions; "both" is MCP 2026-07-28, and what was
# before; "sse" is the transport of MCP 2024-11-05.
start_mcp_server() {
	local everything=$CLIENTS/@modelcontextprotocol/server-everything/dist/index.js port=$BATS_FILE_TMPDIR/port.$RANDOM wanted=${2:-0} path=/mcp
	case $1 in
	everything) set -- "$everything" streamableHttp ;;
	sse)
		set -- "$everything" sse
		path=/sse
		;;
	both) set -- "$CLIENTS/mcp-proxy/dist/bin/mcp-proxy.mjs" --host 127.0.0.1 --port 0 --server stream --gracefulShutdownTimeout 500 -- "$SK_NODE" "$everything" stdio ;;
	esac
	PORT=$wanted PORT_FILE=$port "$SK_NODE" --require "$BATS_TEST_DIRNAME/clients/loopback.cjs" "$@" >"$port.log" 2>&1 </dev/null 3>&- 4>&- &
	MCP_SERVER=$!
	echo "$MCP_SERVER" >>"$BATS_FILE_TMPDIR/pids"
	for _ in $(seq 300); do
		[ -s "$port" ] && break
		sleep 0.1
	done
	[ -s "$port" ] || { cat "$port.log" >&2; return 1; }
	export MCP_URL MCP_PORT MCP_SERVER
	MCP_PORT=$(cat "$port")
	MCP_URL=http://127.0.0.1:$MCP_PORT$path
}

# client_home: an empty home for a client, in CLIENT_HOME.
client_home() {
	CLIENT_HOME=$(mktemp -d "$BATS_TEST_TMPDIR/client.XXXXXX")
	mkdir -m 700 "$CLIENT_HOME/work" "$CLIENT_HOME/tmp" "$CLIENT_HOME/run"
}

# run_client [NAME=VALUE]... PROGRAM ARGUMENT...: with nothing of our environment, in a process group of its own; what it prints is then
# in $CLIENT_HOME/out. Fails when a process of it is still there a second after it.
run_client() {
	local variables=() status=0 pid
	while [[ $1 == *=* ]]; do
		variables+=("$1")
		shift
	done
	# npm_config_*: one of them installs a package into its home otherwise
	(cd "$CLIENT_HOME/work" && exec env -i HOME="$CLIENT_HOME" PATH="$(dirname "$SK_NODE"):/usr/local/bin:/usr/bin:/bin" TMPDIR="$CLIENT_HOME/tmp" LANG=C.UTF-8 \
		TERM=dumb CI=1 NO_COLOR=1 XDG_RUNTIME_DIR="$CLIENT_HOME/run" NODE_DISABLE_COMPILE_CACHE=1 npm_config_offline=true \
		npm_config_registry=http://127.0.0.1:9/ "${variables[@]}" timeout -k 5 50 "$@") >"$CLIENT_HOME/out.raw" 2>&1 </dev/null 3>&- 4>&- &
	pid=$!
	wait "$pid" || status=$?
	# some colour it all the same
	sed 's,\x1b\[[0-9;]*m,,g' "$CLIENT_HOME/out.raw" >"$CLIENT_HOME/out"
	for _ in $(seq 20); do
		pgrep -g "$pid" -r D,R,S >/dev/null || break
		sleep 0.1
	done
	if pgrep -g "$pid" -r D,R,S >/dev/null; then
		echo "it has left processes behind: $(pgrep -g "$pid" -a)" >&2
		kill -KILL -- "-$pid"
		status=99
	fi
	[ "$status" = 0 ] || cat "$CLIENT_HOME/out" >&2
	return "$status"
}

# shows REGEX: the client has printed that.
shows() { grep -Eq -- "$1" "$CLIENT_HOME/out" || { cat "$CLIENT_HOME/out" >&2; return 1; }; }

# Each of these lists the server that is in the client's own file (hook TOOL NAME --write puts it there), and fails when the client
# cannot use it.
list_gemini() {
	run_client GEMINI_CLI_TRUST_WORKSPACE=true "$SK_NODE" "$CLIENTS/@google/gemini-cli/bundle/gemini.js" mcp list
	shows '^✓ tasks: .* - Connected$'
}
list_qwen() {
	run_client "$SK_NODE" "$CLIENTS/@qwen-code/qwen-code/cli-entry.js" mcp list
	shows '^✓ tasks: .* - Connected$'
}
list_opencode() {
	run_client OPENCODE_DISABLE_AUTOUPDATE=1 OPENCODE_DISABLE_MODELS_FETCH=1 OPENCODE_DISABLE_LSP_DOWNLOAD=1 \
		"$CLIENTS/opencode-linux-$CLIENTS_ARCH/bin/opencode" mcp list
	shows '✓ tasks connected'
}
list_claude() {
	run_client CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 DISABLE_AUTOUPDATER=1 DISABLE_TELEMETRY=1 \
		"$CLIENTS/@anthropic-ai/claude-code-linux-$CLIENTS_ARCH/claude" mcp list
	shows '^tasks: .* ✔ Connected$'
}
inspect() {
	run_client MCP_INSPECTOR_SECRET_STORE=memory "$SK_NODE" "$CLIENTS/@modelcontextprotocol/inspector/clients/launcher/build/index.js" --cli "$@"
}
