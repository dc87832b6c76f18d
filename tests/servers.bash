# SPDX-License-Identifier: MIT
# Starting and ending 'sk-helper share' and 'sk-helper proxy' in a test.

# start_server COMMAND [ARGUMENT]...: sets SERVER_PID; ended by stop_servers. Returns when its socket, in SOCKET, is there.
start_server() {
	sk-helper "$@" >"$BATS_TEST_TMPDIR/server.out" 2>"$BATS_TEST_TMPDIR/server.err" </dev/null 3>&- 4>&- &
	SERVER_PID=$!
	echo "$SERVER_PID" >>"$BATS_TEST_TMPDIR/servers"
	for _ in $(seq 100); do
		! [ -S "$SOCKET" ] || return 0
		kill -0 "$SERVER_PID" 2>/dev/null || break
		sleep 0.05
	done
	cat "$BATS_TEST_TMPDIR/server.err" >&2
	return 1
}

# end_server [SIGNAL]: ends the one that was started last, and waits for it.
end_server() {
	kill "-${1:-TERM}" "$SERVER_PID"
	wait "$SERVER_PID" || true
}

stop_servers() {
	local pid
	[ -e "$BATS_TEST_TMPDIR/servers" ] || return 0
	while read -r pid; do kill "$pid" 2>/dev/null || true; done <"$BATS_TEST_TMPDIR/servers"
}
