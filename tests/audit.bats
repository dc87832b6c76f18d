# SPDX-License-Identifier: MIT
# The trail of who asked: one entry for each event, in a real journald that runs for this suite alone, and in the administrator's file.
# bats file_tags=serial
load common
load systemd

setup_file() {
	start_authorization_server
	start_faulty_server
	start_journald
}
teardown_file() {
	stop_peers
	stop_journald
}
setup() {
	fresh_home
	CONFIG=$SK_BUILD/stage/etc/sk-helper/config
	mkdir -p "$(dirname "$CONFIG")"
	rm -f "$CONFIG" "$(dirname "$(lock_file todo)")/audit-lost"
	# each test has profiles of its own name, because the journal keeps what others have left
	NAME=audit-$BATS_TEST_NUMBER
}
teardown() { rm -f "$CONFIG"; }

sk() { in_journal sk-helper "$@"; }
# An ordinary user's journal is in a user namespace, which has a kernel keyring of its own: what is used outside of it is stored outside.
outside() { printf 'test_secret\n' | sk-helper add "$NAME" >/dev/null; }
# add [OPTION]...
add() {
	printf 'test_secret\n' | sk add "$NAME" --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --scope todo:read --secret-store kernel "$@" >/dev/null
}

# shellcheck disable=SC2120 # some tests give fields
# events [FIELD=VALUE]...: the kinds of event of this test's profile, one a line.
events() { journal SYSLOG_IDENTIFIER=sk-helper SK_PROFILE="$NAME" "$@" | jq -r .SK_EVENT; }
# entry EVENT: the last one, as JSON.
entry() { journal SYSLOG_IDENTIFIER=sk-helper SK_PROFILE="$NAME" SK_EVENT="$1" | tail -n 1; }
fingerprint() { printf %s "$1" | sha256sum | cut -c 1-16; }
lost_file() { echo "$(dirname "$(lock_file "$NAME")")/audit-lost"; }

@test "what is issued, stored, erased and removed is written down, and what the cache answers is not" {
	add
	token=$(sk get "$NAME")
	sk get "$NAME" --fresh >/dev/null
	sk erase "$NAME" >/dev/null
	sk remove "$NAME" --yes >/dev/null
	run -0 events
	assert_output $'issued\nstored\nrenewed\nerased\nremoved'
	run -0 entry issued
	while IFS='|' read -r field value; do
		assert_equal "$field $(jq -r ".$field" <<<"$output")" "$field $value"
	done <<TABLE
_UID|$(id -u)
SK_UID|$(id -u)
SK_CLIENT_ID|m2m_todo
SK_TOKEN_ENDPOINT|$TOKEN_ENDPOINT
SK_PROFILE_FILE|$PROFILES/$NAME.conf
SK_AUTH_METHOD|client_secret_post
SK_SCOPE|todo:read
SK_GRANTED_SCOPE|todo:read
SK_LIFETIME|3600
SK_RESULT|ok
SK_EXIT_STATUS|0
SK_COMMAND|add
PRIORITY|6
SYSLOG_FACILITY|10
SK_TOKEN_SHA256|$(fingerprint "$token")
TABLE
	assert_equal "$(jq '.SK_EXPIRES_AT | tonumber > now' <<<"$output")" true
}

@test "each kind of event has a MESSAGE_ID of its own, which the manual has, too" {
	ids=$(grep -oE '"[0-9a-f]{32}"' "$BATS_TEST_DIRNAME/../helper/core/audit.c" | tr -d '"')
	assert_equal "$(sort -u <<<"$ids" | wc -l)" "$(grep -cE '^	\[AUDIT_' "$BATS_TEST_DIRNAME/../helper/core/audit.c")"
	for id in $ids; do grep -q "$id" "$BATS_TEST_DIRNAME/../helper/man/sk-helper-audit.7" || fail "the manual does not have $id"; done
	add
	assert_equal "$(entry issued | jq -r .MESSAGE_ID)" 0b9c4d91aaa24888a30dbe1986fa63e4
	assert_equal "$(entry stored | jq -r .MESSAGE_ID)" 7fe56e894f024a49a64384a7b7b43754
}

@test "a refusal of the server's, with its code, and none for those who did not ask it" {
	sk-helper() { in_journal sk-helper "$@"; }
	store_client "$NAME" "$(endpoint_that_answers '{"status":401,"body":"{\"error\":\"invalid_client\",\"error_description\":\"nobody\"}"}')"
	run -6 sk get "$NAME"
	run -6 sk get "$NAME"
	run -0 entry refused
	assert_equal "$(jq -r '[.SK_ERROR, .SK_HTTP_STATUS, .SK_EXIT_STATUS, .PRIORITY] | join(" ")' <<<"$output")" 'invalid_client 401 6 4'
	assert_equal "$(jq -r '.SK_TOKEN_SHA256' <<<"$output")" null
	run -0 events
	assert_output $'stored\nrefused'
}

@test "what our own rules refuse is written down: a URL, a scope, a profile that was edited" {
	add --url https://mcp.example.com/
	printf 'profile=%s\nurl=https://other.example.com/\n\n' "$NAME" | run -8 sk get -
	printf 'profile=%s\nwwwauth[]=Bearer error="insufficient_scope", scope="admin"\n\n' "$NAME" | run -8 sk get -
	sed -i 's|^token_endpoint=.*|token_endpoint=https://evil.example.com/token|' "$PROFILES/$NAME.conf"
	run -8 sk get "$NAME"
	run -0 events SK_EVENT=denied
	assert_output $'denied\ndenied\ndenied'
	run -0 entry denied
	assert_equal "$(jq -r '.SK_RESULT + " " + .SK_EXIT_STATUS' <<<"$output")" 'policy 8'
	[[ $(jq -r .MESSAGE <<<"$output") == *"the secret was given for token_endpoint"* ]]
}

@test "the asker: the program above us, the tool's format, the URL, the agent's session" {
	add --url https://mcp.example.com/
	CLAUDE_CODE_MCP_SERVER_URL=https://mcp.example.com/mcp CLAUDE_CODE_MCP_SERVER_NAME=todo CLAUDE_CODE_SESSION_ID=5e55-10n \
		in_journal bash -c 'sk-helper get --format mcp-headers >/dev/null; sk-helper get '"$NAME"' --fresh --format mcp-headers >/dev/null; :'
	run -0 entry renewed
	while IFS='|' read -r field value; do
		assert_equal "$field $(jq -r ".$field" <<<"$output")" "$field $value"
	done <<-TABLE
	SK_ASKER_NAME|bash
	SK_ASKER_PROGRAM|$(readlink -f "$(command -v bash)")
	SK_FORMAT|mcp-headers
	SK_COMMAND|get
	SK_URL|https://mcp.example.com/mcp
	SK_MCP_SERVER|todo
	SK_AGENT_SESSION|5e55-10n
	SK_AGENT_SESSION_FROM|CLAUDE_CODE_SESSION_ID
	TABLE
	[[ $(jq -r .MESSAGE <<<"$output") == "profile '$NAME': its token was renewed, valid for "*" s; asked by bash (pid $(jq -r .SK_ASKER_PID <<<"$output"))" ]]
	# our own programs between us and the asker are not the asker
	in_journal python3 -c 'import subprocess, sys; subprocess.run(["sk-helper", "exec", sys.argv[1], "--", "true"])' "$NAME"
	sk erase "$NAME" >/dev/null
	in_journal python3 -c 'import subprocess, sys; subprocess.run(["sk-helper", "exec", sys.argv[1], "--", "true"])' "$NAME"
	run -0 entry issued
	[[ $(jq -r .SK_ASKER_NAME <<<"$output") == python3* ]]
	sk erase "$NAME" >/dev/null
	printf 'protocol=https\nhost=mcp.example.com\n\n' | in_journal git-credential-sk get >/dev/null
	assert_equal "$(entry issued | jq -r .SK_FORMAT)" git
}

@test "a token that is a JWT is named by its jti, too, and nothing else of it is shown" {
	add --resource https://api.example.com/
	token=$(sk get "$NAME")
	payload=$(cut -d. -f2 <<<"$token" | tr '_-' '/+')
	while [ $((${#payload} % 4)) != 0 ]; do payload+='='; done
	run -0 entry issued
	assert_equal "$(jq -r .SK_TOKEN_JTI <<<"$output")" "$(base64 -d <<<"$payload" | jq -r .jti)"
	[[ $output != *"$(cut -d. -f3 <<<"$token")"* ]]
}

@test "audit=all: what the cache answers, too; for one profile, or for all" {
	add
	sk get "$NAME" >/dev/null
	sk set "$NAME" --audit all >/dev/null
	sk get "$NAME" >/dev/null
	sk get "$NAME" --format json >/dev/null
	run -0 events SK_EVENT=served
	assert_output $'served\nserved'
	assert_equal "$(entry served | jq -r .SK_FORMAT)" json
	sk set "$NAME" --unset audit >/dev/null
	sk get "$NAME" >/dev/null
	echo audit=all >"$CONFIG"
	sk get "$NAME" >/dev/null
	printf 'profile=%s\n\n' "$NAME" | sk get - >/dev/null
	run -0 events SK_EVENT=served
	assert_equal "${#lines[@]}" 4
	# the one that was issued just now is not told of a second time
	sk get "$NAME" --fresh >/dev/null
	run -0 events SK_EVENT=served
	assert_equal "${#lines[@]}" 4
}

@test "audit=off is the administrator's alone: a profile can ask for more, and not for less" {
	echo audit=off >"$CONFIG"
	add
	sk get "$NAME" --fresh >/dev/null
	run -0 events
	assert_output ''
	sk set "$NAME" --audit issue >/dev/null
	sk get "$NAME" --fresh >/dev/null
	run -0 events
	assert_output renewed
	run -2 --separate-stderr sk set "$NAME" --audit off
	assert_error "audit: 'off' is none of: issue all"
	echo audit=all >"$CONFIG"
	sk get "$NAME" >/dev/null
	run -0 events
	assert_output $'renewed\nserved'
}

@test "the administrator's settings: what is wrong with them is said by doctor, and stops nothing" {
	add
	while IFS='|' read -r line says; do
		# shellcheck disable=SC2059 # lines
		printf "$line\n" >"$CONFIG"
		run -0 sk get "$NAME" --fresh
		run sk doctor --offline
		assert_line --regexp "^audit +BAD .*$says"
	done <<-'TABLE'
	audit=some|audit: 'some' is none of: off issue all
	audit_level=all|there is no key 'audit_level'
	audit=off\naudit=all|audit: given twice
	audit_file=/a\naudit_file=/b|audit_file: given twice
	#%4100s\naudit=off|longer than 4096 bytes
	audit_file=log|audit_file: 'log' is not an absolute path
	audit|line 1: not 'key=value'
	TABLE
	echo audit=off >"$CONFIG"
	chmod 666 "$CONFIG"
	run -0 sk get "$NAME" --fresh
	run sk doctor --offline
	assert_line --regexp '^audit +BAD .*others than root can write to it'
	# what is right counts: audit=off, before it was said twice
	assert_equal "$(events | grep -c renewed)" 7
	rm "$CONFIG"
	run sk doctor --offline
	assert_line --regexp '^audit +ok +each token that is issued is written to the journal; 0 lost'
}

@test "a journal that does not read costs nothing: no waiting, no error; what is lost is counted, and told by the next entry" {
	add
	sk set "$NAME" --audit all >/dev/null
	freeze_journald
	for _ in $(seq 40); do
		run -0 --separate-stderr in_journal timeout 5 sk-helper get "$NAME"
		assert_equal "$stderr" ''
	done
	lost=$(stat -c %s "$(lost_file)")
	assert [ "$lost" -gt 5 ]
	run sk doctor --offline
	assert_line --regexp "^audit +warn .*; $lost lost"
	thaw_journald
	journal SYSLOG_IDENTIFIER=sk-helper >/dev/null
	run -0 sk get "$NAME"
	assert_equal "$(entry served | jq -r .SK_LOST)" "$lost"
	refute [ -e "$(lost_file)" ]
	run -0 sk get "$NAME"
	assert_equal "$(entry served | jq -r .SK_LOST)" null
}

@test "nobody listens, or there is no journal: a token all the same" {
	add
	kill_journald
	run -0 --separate-stderr sk get "$NAME" --fresh
	assert_equal "$stderr" ''
	assert_equal "$(stat -c %s "$(lost_file)")" 1
	remove_journal_socket
	run -0 --separate-stderr sk get "$NAME" --fresh
	assert_equal "$stderr" ''
	assert_equal "$(stat -c %s "$(lost_file)")" 1
	run sk doctor --offline
	assert_line --regexp '^audit +- +there is no journal here, and no audit_file in '
	run_journald
	run -0 sk get "$NAME" --fresh
	assert_equal "$(entry renewed | jq -r .SK_LOST)" 1
}

@test "audit_file: a JSON object a line, for the user alone, in one write" {
	file=$BATS_TEST_TMPDIR/$(id -u).log
	echo "audit_file=$BATS_TEST_TMPDIR/%u.log" >"$CONFIG"
	sk() { sk-helper "$@"; }
	add
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 strace -f -o "$BATS_TEST_TMPDIR/trace" -e trace=write -P "$file" sk-helper get "$NAME" --fresh >/dev/null
	# only root's strace(1) is shown which file it is
	[ "$(id -u)" != 0 ] || assert_equal "$(grep -c 'write(' "$BATS_TEST_TMPDIR/trace")" 1
	assert_equal "$(stat -c '%a' "$file")" 600
	assert_equal "$(jq -r .event "$file" | xargs)" 'issued stored renewed'
	assert_equal "$(tail -n 1 "$file" | jq -r '[.profile, .client_id, .result, .asker_name, .message_id] | join(" ")')" \
		"$NAME m2m_todo ok strace 268d2d1ee2544def8c940872d8eef4d0"
	[[ $(tail -n 1 "$file" | jq -r .time) =~ ^20[0-9-]*T[0-9:]*Z$ ]]
	# what cannot be written to stops nothing, and is counted
	for bad in "$BATS_TEST_TMPDIR/none/log" "$BATS_TEST_TMPDIR" /dev/null "$BATS_TEST_TMPDIR/link" "$BATS_TEST_TMPDIR/fifo" "$BATS_TEST_TMPDIR/open" "$BATS_TEST_TMPDIR/two"; do
		rm -f "$(lost_file)" "$BATS_TEST_TMPDIR/two" "$BATS_TEST_TMPDIR/one"
		touch "$BATS_TEST_TMPDIR/open" "$BATS_TEST_TMPDIR/one"
		chmod 666 "$BATS_TEST_TMPDIR/open"
		ln "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
		ln -sf "$file" "$BATS_TEST_TMPDIR/link"
		[ -e "$BATS_TEST_TMPDIR/fifo" ] || mkfifo "$BATS_TEST_TMPDIR/fifo"
		echo "audit_file=$bad" >"$CONFIG"
		run -0 --separate-stderr timeout 10 sk-helper get "$NAME" --fresh
		assert_equal "$stderr" ''
		assert_equal "$bad $(stat -c %s "$(lost_file)")" "$bad 1"
	done
	assert_equal "$(wc -l <"$file")" 3
	# with a journal that answers, too: each is counted, and none is forgotten
	sk() { in_journal sk-helper "$@"; }
	rm -f "$CONFIG"
	add
	rm -f "$(lost_file)"
	echo "audit_file=$BATS_TEST_TMPDIR/none/log" >"$CONFIG"
	for _ in 1 2 3; do sk get "$NAME" --fresh >/dev/null; done
	assert_equal "$(stat -c %s "$(lost_file)")" 3
	echo audit=issue >"$CONFIG"
	sk get "$NAME" --fresh >/dev/null
	refute [ -e "$(lost_file)" ]
	assert_equal "$(entry renewed | jq -r .SK_LOST)" 3
}

@test "the query of a URL is not written down" {
	add --url https://mcp.example.com/
	sk get "https://mcp.example.com/x?token=secret-in-a-query" --fresh >/dev/null
	run -0 entry renewed
	assert_equal "$(jq -r .SK_URL <<<"$output")" https://mcp.example.com/x
	# the journal adds the command line that the user has typed
	[[ $(jq -c 'del(._CMDLINE)' <<<"$output") != *secret-in-a-query* ]]
}

@test "a renewal in the background is written down with who has asked; a command's refusal, too" {
	start_authorization_server '{"ttl":60}'
	add
	for _ in $(seq 60); do
		in_journal bash -c "sk-helper get '$NAME' >/dev/null; sleep 1; :"
		[ "$(events SK_EVENT=renewed)" = '' ] || break
	done
	assert_equal "$(entry renewed | jq -r .SK_ASKER_NAME)" bash
	sed -i 's|^token_endpoint=.*|token_endpoint=https://evil.example.com/token|' "$PROFILES/$NAME.conf"
	run -8 sk public-key "$NAME"
	run -0 entry denied
	assert_equal "$(jq -r .SK_COMMAND <<<"$output")" public-key
}

@test "several at once write whole lines" {
	file=$BATS_TEST_TMPDIR/log
	printf 'audit=all\naudit_file=%s\n' "$file" >"$CONFIG"
	sk() { sk-helper "$@"; }
	add
	before=$(wc -l <"$file")
	pids=()
	for _ in $(seq 30); do
		sk-helper get "$NAME" >/dev/null 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	assert_equal "$(wc -l <"$file")" $((before + 30))
	assert_equal "$(jq -r .event "$file" | grep -c served)" 30
}

@test "log reads it back: all, or one profile; from the file where there is no journal" {
	add
	run -0 sk log "$NAME"
	assert_line --partial "profile '$NAME': a token was issued, valid for 36"
	assert_line --partial "profile '$NAME': its client was added, or its secret was stored"
	assert_equal "${#lines[@]}" 2
	run -0 sk log "$NAME" --json --lines 1
	assert_equal "$(jq -r .SK_EVENT <<<"$output")" stored
	run -0 sk log --since '1 hour ago'
	assert_line --partial "profile '$NAME': a token was issued"
	run -0 sk log --since tomorrow
	assert_output '-- No entries --'
	run -0 sk log other --json
	assert_output ''
	run -2 --separate-stderr sk log "$NAME" other
	assert_error "log takes the name of one profile, not also 'other'"
	run -2 --separate-stderr sk log --lines 0
	assert_error "--lines: '0' is not a number from 1 to 1000000"
	run -2 --separate-stderr sk log '../x'
	assert_error "a profile's name is"
	outside
	echo "audit_file=$BATS_TEST_TMPDIR/log" >"$CONFIG"
	sk-helper get "$NAME" --fresh >/dev/null
	printf 'not JSON\n{"time":"now","profile":"%s","message":"a \\u001b[31m b"}\n' "$NAME" >>"$BATS_TEST_TMPDIR/log"
	run -0 sk-helper log "$NAME"
	assert_line --regexp "^20[0-9-]*T[0-9:]*Z profile '$NAME': its token was renewed"
	assert_line 'now a ?[31m b'
	run -0 sk-helper log other
	assert_output ''
	run -0 sk-helper log "$NAME" --json
	assert_equal "$(head -n 1 <<<"$output" | jq -r .event)" renewed
	run -0 sk-helper log "$NAME" --lines 1
	assert_output 'now a ?[31m b'
	run -2 --separate-stderr sk-helper log --follow
	assert_error 'are for systemd'
}

@test "no token, secret or assertion is in any entry" {
	echo "audit_file=$BATS_TEST_TMPDIR/log" >"$CONFIG"
	add --audit all
	token=$(sk get "$NAME")
	sk get "$NAME" >/dev/null
	printf 'profile=%s\nhttp_status=401\ncredential=%s\n\n' "$NAME" "$token" | sk get - >/dev/null
	newer=$(sk get "$NAME")
	printf 'test_secret\n' | sk rotate "$NAME" >/dev/null
	sk refresh "$NAME" || true
	sk revoke "$NAME" || true
	sk erase "$NAME"
	journal SYSLOG_IDENTIFIER=sk-helper >"$BATS_TEST_TMPDIR/journal"
	for secret in test_secret "$token" "$newer"; do
		run ! grep -F -- "$secret" "$BATS_TEST_TMPDIR/journal" "$BATS_TEST_TMPDIR/log"
	done
	grep -q "$(fingerprint "$token")" "$BATS_TEST_TMPDIR/journal"
}

@test "a token that another program gives out: the log names the one behind it" {
	add --audit all --url https://mcp.example.com/
	mkdir -m 700 "$BATS_TEST_TMPDIR/s"
	in_journal sk-helper share "$NAME" --socket "$BATS_TEST_TMPDIR/s/s" --idle 30 --background
	SK_HELPER_SOCKET=$BATS_TEST_TMPDIR/s/s sk-helper get >/dev/null
	run -0 entry served
	assert_equal "$(jq -r .SK_ASKER_BEHIND <<<"$output" | sed 's/pid .*/pid/')" "user $(id -u), pid"
}
