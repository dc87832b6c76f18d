# SPDX-License-Identifier: MIT
# What a cached get costs, in counts: they do not jitter. Times are 'make bench'.
# bats file_tags=plain
load common

setup_file() { start_faulty_server; }
teardown_file() { stop_peers; }
setup() {
	fresh_home
	store_client f "$(endpoint_that_answers '{"body":"x","repeat":1200,"wrap":true}')" url=https://mcp.example.com/
	sk-helper get f >/dev/null
}

# syscalls ARGUMENT...: those of a cached get, into a file, by name.
syscalls() {
	strace -f -o "$BATS_TEST_TMPDIR/trace" sk-helper get "$@" >/dev/null
	sed -n 's/^[0-9]* *\([a-z0-9_]*\)(.*/\1/p' "$BATS_TEST_TMPDIR/trace" >"$BATS_TEST_TMPDIR/calls"
	wc -l <"$BATS_TEST_TMPDIR/calls"
}

count_of() { grep -cx "$1" "$BATS_TEST_TMPDIR/calls" || true; }

@test "a cached get: no exec, no socket, one write" {
	for args in f '' 'f --format json' https://mcp.example.com/x; do
		# shellcheck disable=SC2086 # words
		syscalls $args >/dev/null
		assert_equal "$(count_of execve)" 1
		assert_equal "$(count_of 'socket\|connect\|fork\|vfork\|clone\|clone3')" 0
		assert_equal "$(count_of 'write\|writev\|sendfile')" 1
	done
	syscalls f >/dev/null
	# the profile, and the administrator's settings, which are not there
	assert_equal "$(count_of 'openat\|open')" 2
}

@test "a cached get: at most 19 system calls, 26 by URL" {
	if file_is_musl; then more=0; else more=15; fi
	assert [ "$(syscalls f)" -le $((19 + more)) ]
	assert [ "$(syscalls f --format json)" -le $((19 + more)) ]
	assert [ "$(syscalls https://mcp.example.com/x)" -le $((26 + more)) ]
}

@test "a cached get from the runtime directory: what opening a file needs, and no more" {
	if file_is_musl; then more=0; else more=15; fi
	sed 's/^token_cache=.*//' "$PROFILES/f.conf" >"$PROFILES/r.conf"
	chmod 600 "$PROFILES/r.conf"
	sk-helper set r --token-cache runtime >/dev/null
	"$TOOLS/keyring-tool" kernel get token f 2>/dev/null | sed "s|^profile=.*|profile=$PROFILES/r.conf|" |
		"$TOOLS/keyring-tool" runtime put token r '' 3000 2>/dev/null
	# those of the keyring are four; a place that is not there, one that is, the directory in it, its owner, the file, its owner and content
	assert [ "$(syscalls r)" -le $((24 + more)) ]
	assert_equal "$(count_of execve)" 1
	assert_equal "$(count_of 'keyctl')" 0
	assert_equal "$(count_of 'write')" 1
	rm "$PROFILES/r.conf"
}

@test "a cached get: at most 12 page faults" {
	file_is_musl || return 0 # glibc's start alone has more
	small_profile
	for args in 'get s' 'get s --format json' 'get https://small.example.com/x'; do
		# shellcheck disable=SC2086 # words
		count=$("$TOOLS/faults" "$(command -v sk-helper)" $args)
		assert [ "$count" -le 12 ]
	done
}

# The other one has its server's answer in its URL.
small_profile() {
	{ sed -e 's|^token_endpoint=.*|token_endpoint=http://127.0.0.1:1/token|' -e 's|^url=.*|url=https://small.example.com/|' "$PROFILES/f.conf"; } >"$PROFILES/s.conf"
	chmod 600 "$PROFILES/s.conf"
	"$TOOLS/keyring-tool" kernel get token f 2>/dev/null | sed -e "s|^profile=.*|profile=$PROFILES/s.conf|" -e 's|^token_endpoint=.*|token_endpoint=http://127.0.0.1:1/token|' |
		"$TOOLS/keyring-tool" kernel put token s '' 3000 2>/dev/null
}

# tool_calls COMMAND...: as syscalls, of a program with the standard input that there is.
tool_calls() {
	strace -f -o "$BATS_TEST_TMPDIR/trace" "$@" >"$BATS_TEST_TMPDIR/out"
	sed -n 's/^[0-9]* *\([a-z0-9_]*\)(.*/\1/p' "$BATS_TEST_TMPDIR/trace" >"$BATS_TEST_TMPDIR/calls"
	wc -l <"$BATS_TEST_TMPDIR/calls"
}

@test "a tool whose protocol has no JSON in its requests is answered by the front door alone" {
	file_is_musl && limit=32 || limit=47
	printf 'username=u\n' >>"$PROFILES/f.conf"
	export VAULT_ADDR=https://mcp.example.com
	while IFS='|' read -r program input expected; do
		# shellcheck disable=SC2086 # words
		assert [ "$(printf %b "$input" | tool_calls $program)" -le "$limit" ]
		assert_equal "$(count_of execve)" 1
		grep -q "$expected" "$BATS_TEST_TMPDIR/out"
	done <<'TABLE'
git-credential-sk get|protocol=https\nhost=mcp.example.com\ncapability[]=authtype\n\n|^credential=xxx
git-credential-sk get|protocol=https\nhost=mcp.example.com\n\n|^password=xxx
docker-credential-sk get|mcp.example.com|"Secret":"xxx
terraform-credentials-sk get mcp.example.com||"token":"xxx
vault-token-sk get||^xxx
TABLE
}

@test "a connection's first get is answered by the front door alone, the same one's second is sk-core's" {
	export CLAUDE_CODE_MCP_SERVER_URL=https://mcp.example.com/x CLAUDE_CODE_MCP_SERVER_NAME=x
	tool_calls sk-helper get --format mcp-headers
	assert_equal "$(count_of execve)" 1
	sleep 2.1
	tool_calls sk-helper get --format mcp-headers
	assert [ "$(count_of execve)" -gt 1 ]
}

# glibc's own start is some ten calls more
file_is_musl() { command -v musl-gcc >/dev/null && [ "$(stat -c %s "$(command -v sk-helper)")" -lt 300000 ]; }

@test "a cached get does not grow with the number of profiles and keys" {
	few=$(syscalls f)
	for i in $(seq 200); do
		cp "$PROFILES/f.conf" "$PROFILES/p$i.conf"
		[ "$i" -gt 40 ] || "$TOOLS/keyring-tool" kernel put token "p$i" '' 600 <<<x 2>/dev/null
	done
	assert_equal "$(syscalls f)" "$few"
}

@test "no library but the libc is in the front door" {
	run readelf -d "$(command -v sk-helper)"
	refute_output --partial NEEDED
}

@test "each program links what it is for, and nothing else" {
	# libm and ld.so are parts of the libc
	while read -r program libraries; do
		run -0 readelf -d "$SK_BUILD/stage/libexec/sk-helper/$program"
		needed=$(sed -n 's/.*NEEDED.*\[\(lib.*\)\.so.*/\1/p' <<<"$output" | grep -vx 'libc\|libm' | sort | xargs)
		assert_equal "$program $needed" "$program $libraries"
	done <<'TABLE'
sk-core libcjson libkeyutils libsodium
sk-key libcjson libcrypto
sk-oauth libcjson libcurl
sk-bridge libcurl
sk-proxy libcurl libmicrohttpd
sk-secret-service libgio-2.0 libglib-2.0 libgobject-2.0 libsecret-1
TABLE
}

@test "the programs cannot be read or traced by another process of the user, and leave no core" {
	for call in 'prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE' 'prctl(PR_SET_NO_NEW_PRIVS, 1' 'setrlimit(RLIMIT_CORE\|prlimit64(0, RLIMIT_CORE'; do
		strace -f -o "$BATS_TEST_TMPDIR/trace" sk-helper get f --fresh >/dev/null
		# front door, core and the token request
		assert [ "$(grep -c "$call" "$BATS_TEST_TMPDIR/trace")" -ge 3 ]
	done
}
