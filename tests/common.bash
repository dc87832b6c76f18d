# SPDX-License-Identifier: MIT
# What every suite loads: a home of its own, the real servers, and a few words for what is asked again and again.

bats_require_minimum_version 1.8.0
bats_load_library bats-support
bats_load_library bats-assert

: "${SK_BUILD:?run by tests/run}" "${SK_NODE:?}"
PATH=$SK_BUILD/stage/bin:$PATH
TOOLS=$SK_BUILD/tests
PEERS=$BATS_TEST_DIRNAME/peers
export BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT:-60}
export ASAN_OPTIONS=exitcode=99:detect_leaks=1:log_path=$SK_BUILD/asan.log
export LSAN_OPTIONS=suppressions=$BATS_TEST_DIRNAME/lsan.supp:print_suppressions=0
# not the bus of whoever runs the tests
export DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent
unset SSH_AUTH_SOCK CREDENTIALS_DIRECTORY XDG_CONFIG_HOME XDG_RUNTIME_DIR DISPLAY WAYLAND_DISPLAY SK_HELPER_PROFILE \
	https_proxy HTTPS_PROXY http_proxy all_proxy ALL_PROXY no_proxy NO_PROXY SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE

# A home, empty, and no keys from the test before.
fresh_home() {
	export HOME=$BATS_TEST_TMPDIR/home
	mkdir -p "$HOME"
	PROFILES=$HOME/.config/sk-helper/profiles
	clear_keys
}

clear_keys() {
	local ring
	if ring=$(keyctl search @u keyring sk-helper 2>/dev/null); then
		keyctl clear "$ring"
		keyctl unlink "$ring" @u >/dev/null
	fi
	rm -rf "/run/user/$(id -u)/sk-helper/tokens" "/dev/shm/sk-helper-$(id -u)/tokens"
	# what was unlinked is counted for a while yet; root's quota has room for it
	[ "$(id -u)" != 0 ] || return 0
	for _ in $(seq 100); do
		[ "$(awk -F'[ /]+' -v uid="$(id -u):" '$2 == uid || $1 == uid { print $(NF - 1) }' /proc/key-users)" -gt 4000 ] || break
		sleep 0.02
	done
}

# start_peer FILE [OPTIONS]: sets PEER_URL, PEER_READY (its facts); ended by stop_peers.
start_peer() {
	PEER_READY=$BATS_FILE_TMPDIR/$1.$RANDOM.json
	"$SK_NODE" "$PEERS/$1.mjs" "$PEER_READY" "${2:-"{}"}" >"$PEER_READY.log" 2>&1 3>&- 4>&- &
	echo $! >>"$BATS_FILE_TMPDIR/pids"
	for _ in $(seq 300); do
		[ -s "$PEER_READY" ] && break
		sleep 0.1
	done
	[ -s "$PEER_READY" ] || { cat "$PEER_READY.log" >&2; return 1; }
	PEER_URL=$(jq -r .url "$PEER_READY")
	export PEER_URL PEER_READY
}

stop_peers() {
	local pid
	[ -e "$BATS_FILE_TMPDIR/pids" ] || return 0
	while read -r pid; do kill "$pid" 2>/dev/null && kill -CONT "$pid" 2>/dev/null || true; done <"$BATS_FILE_TMPDIR/pids"
	rm "$BATS_FILE_TMPDIR/pids"
}

start_authorization_server() {
	start_peer authorization-server "${1:-"{}"}"
	export ISSUER TOKEN_ENDPOINT
	ISSUER=$(jq -r .issuer "$PEER_READY")
	TOKEN_ENDPOINT=$(jq -r .token_endpoint "$PEER_READY")
	AS_URL=$PEER_URL
	export AS_URL
}

# A real MCP server, which takes the authorization server's tokens; that one runs already.
start_todo_server() {
	start_peer todo-server "{\"issuer\":\"$ISSUER\"}"
	export MCP_URL=$PEER_URL
}

start_faulty_server() {
	start_peer faulty-server "${1:-"{}"}"
	export FAULTY_URL=$PEER_URL
}

# A token endpoint of the faulty server's that gives these answers, one after the other.
endpoint_that_answers() {
	printf '%s/%s' "$FAULTY_URL" "$(printf '%s' "[$1]" | base64 -w0 | tr '+/' '-_' | tr -d =)"
}

token_requests() {
	curl -s "$AS_URL/__stats" | jq .token_requests
}

faulty_requests() {
	curl -s "$FAULTY_URL/__stats" | jq .requests
}

# add_todo [OPTION]...: the usual profile, at the authorization server, its secret in the kernel keyring.
add_todo() {
	printf 'test_secret\n' | sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo \
		--scope 'todo:read todo:write' --resource http://127.0.0.1:1/mcp --secret-store kernel "$@"
}

# store_client NAME ENDPOINT [LINE]...: without asking the server anything.
store_client() {
	local name=$1 endpoint=$2
	shift 2
	{
		printf 'profile=%s\ntoken_endpoint=%s\nclient_id=m2m_todo\nsecret_store=kernel\nclient_secret=test_secret\n' "$name" "$endpoint"
		[ $# = 0 ] || printf '%s\n' "$@"
	} | sk-helper store
}

# One line on stderr, nothing on stdout.
assert_one_error() {
	assert_equal "$output" ''
	assert_equal "${#stderr_lines[@]}" 1
	[[ $stderr == sk-helper:\ * ]] || fail "not an error of ours: $stderr"
}

assert_error() {
	assert_one_error
	[[ $stderr == *"$1"* ]] || fail "expected '$1' in: $stderr"
}

# make_older NAME SECONDS: the cached token was issued so much earlier.
make_older() {
	"$TOOLS/keyring-tool" kernel get token "$1" 2>/dev/null |
		awk -F= -v OFS== -v age="$2" '/^(issued_at|expires_at)=/ { $2 -= age } /^boot_expires_ms=/ { $2 -= age * 1000 } 1' |
		"$TOOLS/keyring-tool" kernel put token "$1" '' 3000 2>/dev/null
}

# The lock of a profile: NAME, and what it is for.
lock_file() {
	local dir=/run/user/$(id -u)/sk-helper
	[ -d "$dir" ] || dir=/dev/shm/sk-helper-$(id -u)
	echo "$dir/$1-$("$TOOLS/keyring-tool" kernel name token "$1" 2>/dev/null | cut -d: -f3)${2:-.lock}"
}

# hold_lock NAME: until release_lock. Those who want a token of the profile meanwhile wait, so that they all have begun when the first
# of them asks.
hold_lock() {
	HELD_LOCK=$(lock_file "$1")
	exec 8>>"$HELD_LOCK"
	flock -x 8
}

# waiting_for_lock N: until so many processes of this suite sleep in sk-core, which nothing but the lock makes them do before they ask.
# What files they have open only root may see.
waiting_for_lock() {
	local group
	group=$(cut -d' ' -f5 "/proc/$$/stat")
	for _ in $(seq 400); do
		[ "$(cat /proc/[0-9]*/stat 2>/dev/null | awk -v group="$group" '$2 == "(sk-core)" && $3 == "S" && $5 == group' | wc -l)" -ge "$1" ] &&
			return 0
		sleep 0.05
	done
	return 1
}

release_lock() { exec 8>&-; }

# limited LIMIT COMMAND...: under prlimit(1); stderr through a pipe, which no limit of size is for.
limited() {
	{
		prlimit "$@" 2>&1 >&5 | cat >&2
		return "${PIPESTATUS[0]}"
	} 5>&1
}

# at_once N COMMAND...: N of them side by side, each with its number as the last argument; then waits for them. A bare
# "wait" would wait for bats' own timer, too.
at_once() {
	local count=$1 i pids=()
	shift
	for i in $(seq "$count"); do
		"$@" "$i" 3>&- 4>&- &
		pids+=($!)
	done
	wait "${pids[@]}" || true
}
