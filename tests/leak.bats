# SPDX-License-Identifier: MIT
# The client secret is in no argument, no environment, no file, no message, whatever the command; nor is a token, but where
# it was asked for.
# bats file_tags=plain
load common
load bus

SECRET='s3cret+%Zq&9 =x'

setup_file() {
	export HOME=$BATS_FILE_TMPDIR/home XDG_DATA_HOME=$BATS_FILE_TMPDIR/data
	mkdir -p "$HOME" "$XDG_DATA_HOME"
	start_bus
	start_authorization_server '{"clients":[{"id":"m2m_todo","secret":"s3cret+%Zq&9 =x"}]}'
}
teardown_file() { stop_peers; }
setup() {
	fresh_home
	use_bus
}

# traced STATUS COMMAND...: every exec with its arguments and environment, and every write to a file, socket or terminal.
traced() {
	local expected=$1 status=0
	shift
	strace -f -s 65536 -v -e trace=execve,write,writev,pwrite64,sendto,sendmsg,memfd_create -y -o "$BATS_TEST_TMPDIR/trace" "$@" \
		>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
	assert_equal "$* $status" "$* $expected"
	check_trace
}

# pipes between our own programs, and the sockets to the server and the keyring daemon, are what it is for; the journal's is not
check_trace() {
	local encoded='s3cret%2B%25Zq%269' kept
	refute grep -F -e "$SECRET" -e "$encoded" <(grep -F journal/socket "$BATS_TEST_TMPDIR/trace")
	kept=$(grep -F -e "$SECRET" -e "$encoded" "$BATS_TEST_TMPDIR/trace" | grep -v '^[0-9]* *\(write\|writev\|sendto\|sendmsg\)([0-9]*<\(pipe\|socket\|TCP\|UNIX\|UNIX-STREAM\):' || true)
	assert_equal "$kept" ''
	refute grep -qrF -e "$SECRET" -e "$encoded" "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err" "$HOME"
}

every_command() {
	local store=$1
	printf '%s\n' "$SECRET" >"$BATS_TEST_TMPDIR/../secret.$$"
	exec 9<"$BATS_TEST_TMPDIR/../secret.$$"
	rm "$BATS_TEST_TMPDIR/../secret.$$"
	traced 0 sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store "$store" <&9
	for command in 'get' 'get --fresh' 'get --format json --scope todo:read' 'list' 'list --json' 'doctor' 'help' 'erase' 'get' 'renew todo'; do
		# shellcheck disable=SC2086 # words
		traced 0 sk-helper $command </dev/null
	done
	traced 0 sk-helper get - <<<'profile=todo'
	traced 0 sk-helper store <<<$'profile=todo\nscope=todo:read'
	traced 0 sk-helper store <<<"profile=todo"$'\n'"client_secret=$SECRET"
	traced 0 sk-helper rotate todo <<<"$SECRET"
	traced 8 sk-helper store <<<$'profile=todo\ntoken_endpoint=https://evil.example.com/'
	traced 6 sk-helper add other --token-endpoint "$TOKEN_ENDPOINT" --client-id nobody --secret-store "$store" < <(printf '%s\n' "$SECRET")
	traced 0 sk-helper remove todo
	assert_equal "$(find "$HOME" -type f)" ''
}

@test "the secret, with the kernel keyring" { every_command kernel; }
@test "the secret, with the Secret Service" { every_command secret-service; }

# from_elsewhere OPTION...: a secret that is only read.
from_elsewhere() {
	SK_ADD=(sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo "$@")
	printf '%s\n' "$SECRET" >"$BATS_TEST_TMPDIR/../secret.$$"
	chmod 400 "$BATS_TEST_TMPDIR/../secret.$$"
	traced 0 "${SK_ADD[@]}" --audit all
	for command in 'get' 'get --fresh' 'get --format json' 'list' 'list --json' 'doctor todo' 'show' 'refresh todo' 'erase' 'set todo --scope todo:read' 'renew todo' 'log'; do
		# shellcheck disable=SC2086 # words
		strace -f -s 65536 -v -e trace=execve,write,writev,pwrite64,sendto,sendmsg,memfd_create -y -o "$BATS_TEST_TMPDIR/trace" sk-helper $command \
			>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" </dev/null || true
		check_trace
	done
	traced 2 sk-helper rotate todo <<<x
	traced 0 sk-helper remove todo
	rm -f "$BATS_TEST_TMPDIR/../secret.$$"
}

@test "a secret that is read from a file, from a systemd credential, or from a program" {
	from_elsewhere --secret-file "$BATS_TEST_TMPDIR/../secret.$$"
	mkdir -m 700 "$BATS_TEST_TMPDIR/credentials"
	printf '%s\n' "$SECRET" >"$BATS_TEST_TMPDIR/credentials/client"
	chmod 400 "$BATS_TEST_TMPDIR/credentials/client"
	export CREDENTIALS_DIRECTORY=$BATS_TEST_TMPDIR/credentials
	from_elsewhere --secret-store credential --secret-credential client
	[ "$(stat -c %u /)" = 0 ] || return 0
	# cat itself writes it to a pipe
	from_elsewhere --secret-command /bin/cat --secret-command "$BATS_TEST_TMPDIR/../secret.$$"
}

@test "the check itself finds a secret that is in an argument, or in a file" {
	run traced 0 /bin/echo "$SECRET"
	[ "$status" != 0 ]
	run traced 0 sh -c 'cat >"$HOME/file"' <<<"$SECRET"
	[ "$status" != 0 ]
}

@test "a secret that is given as an argument is refused and not repeated" {
	for args in "--client-secret $SECRET" "--client-secret=$SECRET"; do
		# shellcheck disable=SC2086 # words
		run -2 --separate-stderr sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo $args </dev/null
		[[ $stderr != *s3cret* ]]
	done
	run -2 --separate-stderr sk-helper store <<<"$SECRET"
	[[ $stderr != *s3cret* ]]
	run -2 --separate-stderr sk-helper store <<<"profile=todo"$'\n'"client_secert=$SECRET"
	[[ $stderr != *s3cret* ]]
}

@test "a token is in no argument, no file and no message" {
	printf '%s\n' "$SECRET" | sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store kernel >"$BATS_TEST_TMPDIR/said"
	token=$(sk-helper get)
	strace -f -s 65536 -v -e trace=execve,write,writev,pwrite64 -y -o "$BATS_TEST_TMPDIR/trace" sk-helper list >"$BATS_TEST_TMPDIR/out"
	strace -f -s 65536 -v -e trace=execve,write,writev,pwrite64 -y -o "$BATS_TEST_TMPDIR/trace2" sk-helper doctor >"$BATS_TEST_TMPDIR/out2"
	refute grep -qrF "$token" "$BATS_TEST_TMPDIR/said" "$BATS_TEST_TMPDIR"/trace* "$BATS_TEST_TMPDIR"/out* "$HOME"
}

@test "a bridge's token is in no argument, no environment, no file and no message, also when the server repeats it" {
	# what a server repeats of a request is its own affair; on standard error it is ours
	start_peer mcp-faults
	printf '%s\n' "$SECRET" | sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store kernel --resource http://127.0.0.1:1/mcp --url "$PEER_URL" >/dev/null
	token=$(sk-helper get todo)
	mapfile -t calls <<-LINES
	{"jsonrpc":"2.0","id":"init","method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{}}}
	{"jsonrpc":"2.0","method":"notifications/initialized"}
	{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"repeat_token","arguments":{}}}
	{"jsonrpc":"2.0","method":"notifications/repeat_token"}
	LINES
	printf '%s\n' "${calls[@]}" | strace -f -s 65536 -v -e trace=execve,write,writev,pwrite64 -y -o "$BATS_TEST_TMPDIR/trace" sk-helper bridge todo >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
	grep -q 'HTTP 500' "$BATS_TEST_TMPDIR/out"
	grep -q 'was not delivered' "$BATS_TEST_TMPDIR/err"
	# nor is its beginning
	refute grep -qF "${token:0:40}" "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
	# but for the pipe from the front door to sk-core
	assert_equal "$(grep -F "$token" "$BATS_TEST_TMPDIR/trace" | grep -cv 'write(1<pipe:')" 0
	session=$(curl -sS "${PEER_URL%/mcp}/__stats" | jq -r '.seen[1].headers["mcp-session-id"]')
	refute grep -qF "$session" "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
}
