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
	assert_equal "$(count_of 'openat\|open')" 1
}

@test "a cached get: at most 25 system calls" {
	if file_is_musl; then limit=25; else limit=40; fi
	assert [ "$(syscalls f)" -le "$limit" ]
	assert [ "$(syscalls f --format json)" -le "$limit" ]
	assert [ "$(syscalls https://mcp.example.com/x)" -le "$limit" ]
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
sk-core libcjson libkeyutils
sk-oauth libcjson libcrypto libcurl
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
