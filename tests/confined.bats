# SPDX-License-Identifier: MIT
# What our programs cannot do, while they run. By strace, which sanitizers do not run under, and alone, because a program is replaced.
# bats file_tags=serial,plain
load common

setup_file() {
	start_authorization_server
	start_faulty_server
}
teardown_file() { stop_peers; }
setup() { fresh_home; }
teardown() {
	for program in "$OAUTH_PROGRAM" "$BRIDGE_PROGRAM"; do
		[ ! -e "$program.real" ] || mv "$program.real" "$program"
	done
}
OAUTH_PROGRAM=$SK_BUILD/stage/libexec/sk-helper/sk-oauth
BRIDGE_PROGRAM=$SK_BUILD/stage/libexec/sk-helper/sk-bridge

# hanging_get: a get whose server never answers; sets CORE and OAUTH, the processes that wait.
hanging_get() {
	store_client hang "$(endpoint_that_answers '{"hang":true}')" timeout=20
	sk-helper get hang >/dev/null 2>&1 3>&- 4>&- &
	CORE=$!
	OAUTH=
	for _ in $(seq 200); do OAUTH=$(pgrep -P "$CORE" -x sk-oauth) && grep -q '^Seccomp:.*2' "/proc/$OAUTH/status" && break; sleep 0.02; done
	[ -n "$OAUTH" ]
}

@test "the program that talks to the network, and the one that runs it, stand behind their walls while they wait" {
	hanging_get
	for pid in "$CORE" "$OAUTH"; do
		run -0 grep -E '^(Seccomp|NoNewPrivs):' "/proc/$pid/status"
		assert_output $'NoNewPrivs:\t1\nSeccomp:\t2'
	done
	assert_equal "$(tr '\0' '\n' <"/proc/$OAUTH/environ" 2>/dev/null | grep -v -e SAN_OPTIONS -e '^GNUTLS_NO_IMPLICIT_INIT=1$')" ''
	kill "$CORE"
}

@test "the walls are there before anything is sent, and before a bus is asked" {
	store_client one "$TOKEN_ENDPOINT"
	strace -f -o "$BATS_TEST_TMPDIR/trace" -e trace=landlock_restrict_self,prctl,seccomp,connect sk-helper get one >/dev/null
	# whose arguments only root may see; sk-core's Landlock, its filter, sk-oauth's Landlock, its filter, and then the connection
	run -0 awk '/landlock_restrict_self\(.*= 0/ { print "landlock" } /PR_SET_SECCOMP.*= 0/ { print "seccomp" } /connect\(/ { print "connect"; exit }' "$BATS_TEST_TMPDIR/trace"
	assert_output $'landlock\nseccomp\nlandlock\nseccomp\nconnect'
	# the same of the sk-oauth that says which libraries it has, and then sk-secret-service's
	DBUS_SESSION_BUS_ADDRESS=unix:path=$BATS_TEST_TMPDIR/none strace -f -o "$BATS_TEST_TMPDIR/trace" -e trace=landlock_restrict_self,prctl,seccomp,connect sk-helper doctor one >/dev/null || true
	run -0 awk '/landlock_restrict_self\(.*= 0/ { print "landlock" } /PR_SET_SECCOMP.*= 0/ { print "seccomp" } /connect\(/ { print "connect"; exit }' "$BATS_TEST_TMPDIR/trace"
	assert_output $'landlock\nseccomp\nlandlock\nseccomp\nlandlock\nseccomp\nconnect'
}

@test "a rename that fails puts the old secret back" {
	store_client todo "$TOKEN_ENDPOINT"
	before=$("$TOOLS/keyring-tool" kernel get secret todo 2>/dev/null)
	run -1 --separate-stderr strace -f -o /dev/null -e trace=rename -e inject=rename:error=ENOSPC sk-helper store \
		<<<$'profile=todo\ntoken_endpoint=https://new.example.com/token\nclient_secret=new'
	assert_error 'No space left on device'
	assert_equal "$("$TOOLS/keyring-tool" kernel get secret todo 2>/dev/null)" "$before"
	run -0 sk-helper get todo --fresh
}

@test "sk-core runs no program but sk-helper's own" {
	add_todo >/dev/null
	mv "$OAUTH_PROGRAM" "$OAUTH_PROGRAM.real"
	# what another program's place would be for whoever has taken sk-core over: a shell
	printf '#!/bin/sh\necho status=ok\n' >"$OAUTH_PROGRAM"
	chmod 755 "$OAUTH_PROGRAM"
	run -1 --separate-stderr sk-helper get --fresh
	status=$?
	mv "$OAUTH_PROGRAM.real" "$OAUTH_PROGRAM"
	assert_error 'Permission denied'
	run -0 sk-helper get --fresh
}

# hanging_bridge: a bridge with a call that is not answered; sets CORE and BRIDGE.
hanging_bridge() {
	store_client hang "$(endpoint_that_answers '{"body":{"access_token":"tok","token_type":"Bearer","expires_in":600}}')" "url=$(endpoint_that_answers '{"hang":true}')"
	mkfifo "$BATS_TEST_TMPDIR/in"
	sk-helper bridge hang <"$BATS_TEST_TMPDIR/in" >/dev/null 2>&1 3>&- 4>&- &
	CORE=$!
	exec 7>"$BATS_TEST_TMPDIR/in"
	echo '{"jsonrpc":"2.0","id":1,"method":"ping"}' >&7
	BRIDGE=
	for _ in $(seq 200); do BRIDGE=$(pgrep -P "$CORE" -x sk-bridge) && grep -q '^Seccomp:.*2' "/proc/$BRIDGE/status" && break; sleep 0.02; done
	[ -n "$BRIDGE" ]
}

@test "the bridge: the same walls, nothing of the environment, and no descriptor of sk-core's" {
	SECRET_VARIABLE=x hanging_bridge
	for pid in "$CORE" "$BRIDGE"; do
		run -0 grep -E '^(Seccomp|NoNewPrivs):' "/proc/$pid/status"
		assert_output $'NoNewPrivs:\t1\nSeccomp:\t2'
	done
	assert_equal "$(tr '\0' '\n' <"/proc/$BRIDGE/environ" 2>/dev/null | grep -v -e '^GNUTLS_NO_IMPLICIT_INIT=1$')" ''
	if [ "$(id -u)" = 0 ]; then
		# its streams, the socket to sk-core, signals; then what libcurl has opened
		assert_equal "$(cd "/proc/$BRIDGE/fd" && for fd in 3 4; do readlink "$fd" | sed 's/:.*//'; done | xargs)" 'socket anon_inode'
		# sk-core has given input and output away
		assert_equal "$(readlink "/proc/$CORE/fd/0" "/proc/$CORE/fd/1" | xargs)" '/dev/null /dev/null'
	fi
	exec 7>&-
	kill "$CORE"
}

@test "the bridge: its walls are there before it connects to anything" {
	store_client one "$(endpoint_that_answers '{"body":{"access_token":"tok","token_type":"Bearer","expires_in":600}}')" "url=$(endpoint_that_answers '{"body":{"jsonrpc":"2.0","id":1,"result":{}}}')"
	sk-helper get one >/dev/null
	strace -f -o "$BATS_TEST_TMPDIR/trace" -e trace=landlock_restrict_self,prctl,seccomp,connect sk-helper bridge one <<<'{"jsonrpc":"2.0","id":1,"method":"ping"}' >"$BATS_TEST_TMPDIR/out"
	grep -q '"result"' "$BATS_TEST_TMPDIR/out"
	# sk-core's, and then its own
	run -0 awk '/landlock_restrict_self\(.*= 0/ { print "landlock" } /PR_SET_SECCOMP.*= 0/ { print "seccomp" } /connect\(/ { print "connect"; exit }' "$BATS_TEST_TMPDIR/trace"
	assert_output $'landlock\nseccomp\nlandlock\nseccomp\nconnect'
}

@test "the bridge: whoever has taken sk-bridge over gets the token of its own profile, for its own URL and scopes, and nothing else" {
	store_client one "$(endpoint_that_answers '{"body":{"access_token":"tok-one","token_type":"Bearer","expires_in":600}}')" url=https://one.example.com/mcp scope=small
	store_client two "$(endpoint_that_answers '{"body":{"access_token":"tok-two","token_type":"Bearer","expires_in":600}}')" url=https://two.example.com/mcp
	sk-helper get two >/dev/null
	mv "$BRIDGE_PROGRAM" "$BRIDGE_PROGRAM.real"
	install -m 755 "$TOOLS/fake-bridge" "$BRIDGE_PROGRAM"
	escape=$'\e'
	run -0 --separate-stderr sk-helper bridge one <<-LINES
	ask=two
	ask=one;profile=two
	ask=one;url=https://two.example.com/mcp
	ask=one;profile=two;url=https://two.example.com/mcp;;profile=two
	notice=a notice
	notice=an escape ${escape}[31m
	notice=another: 2J
	nonsense
	ask=one;http_status=403;credential=tok-one;wwwauth[]=Bearer error="insufficient_scope", scope="large"
	ask=one;scope=large
	LINES
	assert_equal "$(grep -c '^credential=tok-one$' <<<"$output")" 4
	refute_output --partial tok-two
	assert_line "message=this profile is not served"
	# nor a scope that the profile does not allow: not when a server wants it, and not when it is asked for
	assert_line --partial "the profile does not allow: 'large'"
	assert_equal "$(curl -s "$FAULTY_URL/__stats" | jq -c '[.bodies[] | select(contains("large"))] | length')" 0
	# what it has to say is one line, with our name before it
	assert_equal "$(sort <<<"$stderr")" $'sk-helper: bridge: a notice\nsk-helper: bridge: another: ??2J'
}
