# SPDX-License-Identifier: MIT
# share: programs without a keyring ask for tokens on a socket.
load common
load servers

setup_file() {
	start_authorization_server
	start_faulty_server
	start_peer recorder
	export RECORDER=$PEER_URL
}
teardown_file() { stop_peers; }
setup() {
	fresh_home
	unset SK_HELPER_SOCKET
	SOCKET=$BATS_TEST_TMPDIR/s/share.sock
	export GIT_TERMINAL_PROMPT=0 GIT_CONFIG_NOSYSTEM=1
}
teardown() { stop_servers; }

# The command, as in a container: no profile, no keyring of the user's, and the socket.
inside() { env -i PATH="$PATH" HOME="$BATS_TEST_TMPDIR/inside" GIT_TERMINAL_PROMPT=0 GIT_CONFIG_NOSYSTEM=1 ${ASAN_OPTIONS:+"ASAN_OPTIONS=$ASAN_OPTIONS"} SK_HELPER_SOCKET="$SOCKET" "$@"; }

# raw LINE...: a request, in the wire of the socket itself.
raw() { printf '%s\n' "$@" '' | "$SK_NODE" -e '
	const socket = require("node:net").connect(process.argv[1]);
	process.stdin.pipe(socket, { end: false });
	socket.on("data", (data) => process.stdout.write(data)).on("error", () => process.exit(1));' "$SOCKET"; }

share_todo() {
	add_todo --url https://api.example.com/v1 >/dev/null 2>&1
	start_server share todo --socket "$SOCKET"
}

# In the place of share: somebody who writes down what is said to it, into "heard", and answers with a token of its own.
start_listener() {
	"$SK_NODE" -e '
		const { createServer } = require("node:net");
		const { appendFileSync } = require("node:fs");
		createServer((socket) => socket.on("data", (data) => {
			appendFileSync(process.argv[2], data);
			socket.end("profile=p\nurl=https://a.example.com\nauthtype=Bearer\ncredential=evil\nexpires_in=60\nlifetime=60\nend=yes\n");
		})).listen(process.argv[1]);' "$SOCKET" "$BATS_TEST_TMPDIR/heard" 3>&- 4>&- &
	echo $! >>"$BATS_TEST_TMPDIR/servers"
	for _ in $(seq 100); do [ -S "$SOCKET" ] && break; sleep 0.05; done
}

@test "get, in every format, by name and by URL; one token request for all" {
	share_todo
	before=$(token_requests)
	run -0 --separate-stderr inside sk-helper get
	token=$output
	assert_equal "$stderr" ''
	assert_equal "$token" "$(sk-helper get todo)"
	for words in todo https://api.example.com/v1/x 'todo --format header' 'todo --format json' 'todo --format mcp-headers' 'todo --format env' \
		'todo --format curl-config' 'todo --format goauth' 'todo --format kubernetes' 'todo --format google'; do
		# shellcheck disable=SC2086
		run -0 inside sk-helper get $words
		[[ $output == *"$token"* ]] || fail "$words: $output"
	done
	run -0 inside sk-helper get todo --format json
	left=$(jq .expires_in <<<"$output")
	assert [ "$left" -gt 3500 ] && assert [ "$left" -le 3600 ]
	run -0 inside sk-helper get - <<<'url=https://api.example.com/v1/y'
	assert_line "credential=$token"
	assert_equal "$(token_requests)" "$before"
	# nor is what is here ever taken for what is there
	run -5 --separate-stderr env SK_HELPER_SOCKET=/nonexistent sk-helper get todo
	run env SK_HELPER_SOCKET=/nonexistent docker-credential-sk get <<<https://api.example.com/v1
	refute_output --partial "$token"
	# nothing is left there
	assert_equal "$(find "$BATS_TEST_TMPDIR/inside" 2>/dev/null)" ''
}

@test "exec, and the tools' own names" {
	share_todo
	token=$(sk-helper get todo)
	run -0 inside sk-helper exec printenv ACCESS_TOKEN
	assert_output "$token"
	run -0 inside sk-helper exec todo -- printenv ACCESS_TOKEN
	assert_output "$token"
	run -0 inside sk-helper exec --env A=todo -- printenv A
	assert_output "$token"
	run -127 --separate-stderr inside sk-helper exec nope -- printenv ACCESS_TOKEN
	assert_error 'there is no profile and no command of this name'
	run -0 inside docker-credential-sk get <<<https://api.example.com/v1
	assert_equal "$(jq -r .Secret <<<"$output")" "$token"
	run -0 inside docker-credential-sk list
	assert_output '{"https://api.example.com/v1":"oauth2accesstoken"}'
	run -0 inside bazel-credential-sk get <<<'{"uri":"https://api.example.com/v1/z"}'
	assert_equal "$(jq -r '.headers.Authorization[0]' <<<"$output")" "Bearer $token"
	run -0 inside terraform-credentials-sk --profile todo get api.example.com
	run -0 inside env VAULT_ADDR=https://api.example.com/v1 vault-token-sk get
	assert_output "$token"
	run -0 inside cargo-credential-sk --cargo-plugin <<<'{"v":1,"registry":{"index-url":"sparse+https://api.example.com/v1/"},"kind":"get","operation":"read"}'
	assert_output --partial "$token"
}

@test "git and curl, in a namespace without a network of its own but loopback's recorder" {
	sk-helper store <<-REQUEST
		profile=p
		token_endpoint=$(endpoint_that_answers '{"body":{"access_token":"tok","token_type":"Bearer","expires_in":3600}}')
		client_id=m2m_todo
		client_secret=test_secret
		secret_store=kernel
		url=$RECORDER/git/
		username=oauth2
	REQUEST
	start_server share p --socket "$SOCKET"
	mkdir -p "$BATS_TEST_TMPDIR/inside"
	printf '[credential "%s"]\n\thelper =\n\thelper = sk\n\tuseHttpPath = true\n' "$RECORDER" >"$BATS_TEST_TMPDIR/inside/.gitconfig"
	run -0 inside git ls-remote "$RECORDER/git/repo"
	assert_equal "$(curl -s "$RECORDER/__stats" | jq -r '.seen[-1]')" 'Basic oauth2:tok'
	run -128 inside git ls-remote "$RECORDER/other/repo"
	run -0 inside sh -c "sk-helper get p --format header | curl -s -H @- '$RECORDER/git/HEAD'"
	assert_equal "$(curl -s "$RECORDER/__stats" | jq -r '.seen[-1]')" 'Bearer tok'
}

@test "a token that was refused is renewed, and it is not shown to whoever listens at the socket" {
	endpoint=$(endpoint_that_answers '{"body":{"access_token":"one","token_type":"Bearer","expires_in":3600}},{"body":{"access_token":"two","token_type":"Bearer","expires_in":3600}},{"body":{"access_token":"three","token_type":"Bearer","expires_in":3600}}')
	store_client p "$endpoint" url=https://a.example.com
	start_server share p --socket "$SOCKET"
	run -0 inside sk-helper get p
	assert_output one
	run -0 inside sk-helper get - <<<$'url=https://a.example.com\ncredential=one\nhttp_status=401'
	assert_line credential=two
	# one that is not the cached one does nothing
	run -0 inside sk-helper get - <<<$'url=https://a.example.com\ncredential=one\nhttp_status=401'
	assert_line credential=two
	run -0 inside git-credential-sk erase <<<$'protocol=https\nhost=a.example.com\nusername=x\npassword=other'
	assert_equal "$(sk-helper get p)" two
	run -0 inside git-credential-sk erase <<<$'protocol=https\nhost=a.example.com\nusername=x\npassword=two'
	assert_equal "$(sk-helper get p)" three
	end_server
	# a listener of somebody else's hears of no token
	start_listener
	run inside git-credential-sk erase <<<$'protocol=https\nhost=a.example.com\nusername=x\npassword=three'
	run -0 inside sk-helper get - <<<$'profile=p\ncredential=three\nhttp_status=401'
	[ -s "$BATS_TEST_TMPDIR/heard" ]
	refute grep -q three "$BATS_TEST_TMPDIR/heard"
}

@test "only what is shared: other profiles, URLs and scopes are refused, and there is no secret" {
	share_todo
	sk-helper set todo --scope todo:read --scope-limit todo:read </dev/null
	store_client other "$TOKEN_ENDPOINT" url=https://other.example.com
	run -3 --separate-stderr inside sk-helper get other
	assert_error "profile 'other' is not shared here"
	run -3 --separate-stderr inside sk-helper get https://other.example.com/x
	assert_error 'no profile that is shared'
	run -8 --separate-stderr inside sk-helper get todo --scope 'todo:read todo:write'
	assert_error "asks for scopes that the profile does not allow: 'todo:write'"
	run -8 --separate-stderr inside sk-helper get - <<<$'profile=todo\nresource=https://elsewhere.example.com/'
	assert_one_error
	run -0 raw operation=profiles
	refute_output --partial client_id
	refute_output --partial token_endpoint
	for line in operation=frobnicate profile=other operation=erase 'profile=todo
credential' 'client_secret=x'; do
		run -0 raw profile=todo "$line"
		assert_line --partial end=yes
		refute_output --partial test_secret
	done
	run -2 --separate-stderr inside sk-helper erase todo
	assert_error 'erase NAME: run it outside'
	for command in 'add x' store 'remove todo --yes' 'set todo' 'hook git' 'bridge todo' 'share todo --socket x'; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr inside sk-helper $command
		assert_error "does not work where SK_HELPER_SOCKET is set"
	done
}

@test "a request that does not fit is refused, and never asked for the default profile" {
	share_todo
	printf 'profile=default\ntoken_endpoint=%s\nclient_id=m2m_todo\nsecret_store=kernel\nclient_secret=test_secret\n' "$TOKEN_ENDPOINT" | sk-helper store
	sk-helper get default >/dev/null
	# of every length near the longest one that is read
	for length in $(seq 65380 5 65500); do
		huge=$(head -c "$length" /dev/zero | tr '\0' x)
		for lines in "wwwauth[]=$huge" "operation=erase
credential=$huge"; do
			run -0 raw "url=https://api.example.com/v1" "$lines"
			[[ $output == status=* || $output == profile=todo* || $output == end=yes ]] || fail "$length: ${output:0:200}"
		done
	done
	# its token is there as before
	before=$(token_requests)
	sk-helper get default >/dev/null
	assert_equal "$(token_requests)" "$before"
}

@test "a fresh token, and one that lives long enough, are asked for outside; fresh ones not again and again" {
	share_todo
	old=$(inside sk-helper get todo)
	before=$(token_requests)
	new=$(inside sk-helper get todo --fresh)
	assert [ "$old" != "$new" ]
	assert_equal "$(token_requests)" $((before + 1))
	run -7 --separate-stderr inside sk-helper get todo --fresh
	assert_error 'new tokens were asked for too often: the next one in 10 s'
	run -8 --separate-stderr inside sk-helper get todo --min-ttl 7200
	assert_error '--min-ttl wants a token for 7200 s'
}

@test "64 askers at once: one token request" {
	share_todo
	sk-helper erase todo >/dev/null
	before=$(token_requests)
	for i in $(seq 64); do inside sk-helper get todo >"$BATS_TEST_TMPDIR/token.$i" 2>"$BATS_TEST_TMPDIR/error.$i" & pids[i]=$!; done
	for pid in "${pids[@]}"; do wait "$pid"; done
	assert_equal "$(cat "$BATS_TEST_TMPDIR"/error.* )" ''
	assert_equal "$(sort -u "$BATS_TEST_TMPDIR"/token.* | wc -l)" 1
	assert_equal "$(token_requests)" $((before + 1))
}

@test "the socket: its mode and directory, what is there already, another server, and its end" {
	add_todo >/dev/null 2>&1
	start_server share todo --socket "$SOCKET"
	assert_equal "$(stat -c '%a %F' "$SOCKET")" '600 socket'
	assert_equal "$(stat -c %a "$BATS_TEST_TMPDIR/s")" 700
	run -7 --separate-stderr sk-helper share todo --socket "$SOCKET"
	assert_error 'another server listens'
	end_server INT
	assert_equal "$(cat "$BATS_TEST_TMPDIR/server.err")" ''
	[ ! -e "$SOCKET" ]
	# what a killed one leaves behind is replaced
	start_server share todo --socket "$SOCKET"
	end_server KILL
	[ -S "$SOCKET" ]
	start_server share todo --socket "$SOCKET"
	run -0 inside sk-helper get todo
	# somebody else's socket in its place is not taken away at the end
	rm "$SOCKET"
	"$SK_NODE" -e 'require("node:net").createServer().listen(process.argv[1])' "$SOCKET" 3>&- 4>&- &
	echo $! >>"$BATS_TEST_TMPDIR/servers"
	for _ in $(seq 100); do [ -S "$SOCKET" ] && break; sleep 0.05; done
	end_server
	[ -S "$SOCKET" ]
	echo keep >"$BATS_TEST_TMPDIR/s/file"
	run -8 --separate-stderr sk-helper share todo --socket "$BATS_TEST_TMPDIR/s/file"
	assert_error 'is not a socket of yours'
	assert_equal "$(cat "$BATS_TEST_TMPDIR/s/file")" keep
	mkdir -m 777 "$BATS_TEST_TMPDIR/open"
	run -8 --separate-stderr sk-helper share todo --socket "$BATS_TEST_TMPDIR/open/x"
	assert_error 'other users can write to the directory'
	run -2 --separate-stderr sk-helper share todo --socket "$BATS_TEST_TMPDIR/s/$(printf 'x%.0s' $(seq 120))"
	assert_error 'longer than'
	run -2 --separate-stderr sk-helper share todo
	assert_error '--socket PATH is missing'
	run -2 --separate-stderr sk-helper share
	assert_error 'the name of a profile is missing'
	run -3 --separate-stderr sk-helper share nope --socket "$SOCKET"
	assert_error "no profile 'nope'"
}

@test "no server, one that comes back, and a hostile one" {
	run -5 --separate-stderr inside sk-helper get
	assert_error "nobody answers at '$SOCKET'"
	run -2 --separate-stderr env SK_HELPER_SOCKET=relative sk-helper get
	assert_error 'is not the absolute path of a socket'
	share_todo
	end_server
	# within a second
	{ sleep 0.5; start_server share todo --socket "$SOCKET"; } &
	run -0 inside sk-helper get todo
	wait $!
	stop_servers
	rm -f "$SOCKET"
	while IFS='|' read -r answer status; do
		rm -f "$SOCKET"
		"$SK_NODE" -e '
			const [path, answer] = process.argv.slice(1);
			require("node:net").createServer((socket) => socket.on("data", () => socket.end(JSON.parse(`"${answer}"`)))).listen(path);' "$SOCKET" "$answer" 3>&- 4>&- &
		pid=$!
		for _ in $(seq 100); do [ -S "$SOCKET" ] && break; sleep 0.05; done
		run "-$status" --separate-stderr inside sk-helper get todo
		assert_one_error
		refute_output --partial $'\033'
		kill "$pid"
	done <<-'TABLE'
		|5
		garbage|5
		profile=todo\ncredential=cut|5
		end=yes\n|3
		profile=todo\nend=yes\n|1
		profile=todo\nurl=ftp://x\nend=yes\n|1
		profile=../../x\nend=yes\n|1
		profile=todo\ncredential=a b\nexpires_in=5\nlifetime=9\nend=yes\n|1
		profile=todo\ncredential=a\nexpires_in=-5\nlifetime=9\nend=yes\n|1
		status=ok\nmessage=x\nend=yes\n|1
		status=frobnicate\nend=yes\n|1
		status=policy\nmessage=bad \u001b[31m news\nend=yes\n|8
	TABLE
}

@test "askers who send nothing, half a request, or too much, do not keep others from being answered" {
	share_todo
	"$SK_NODE" -e '
		const net = require("node:net");
		for (let i = 0; i < 60; i++) net.connect(process.argv[1]).on("error", () => {});
		for (let i = 0; i < 20; i++) net.connect(process.argv[1]).on("error", () => {}).write("profile=to");
		for (let i = 0; i < 4; i++) { const s = net.connect(process.argv[1]).on("error", () => {}); s.write("x=" + "y".repeat(300000)); }
		setTimeout(() => process.exit(0), 20000);' "$SOCKET" 3>&- 4>&- &
	echo $! >>"$BATS_TEST_TMPDIR/servers"
	sleep 0.5
	# all places are taken, for ten seconds
	run -0 inside sk-helper get todo
	run -0 inside sk-helper get todo
}

@test "no asker can have new tokens, or tokens of new kinds, as often as it likes" {
	share_todo
	for i in $(seq 16); do inside sk-helper get - <<<"profile=todo"$'\n'"resource=https://api.example.com/v1/$i" >/dev/null; done
	run -8 --separate-stderr inside sk-helper get - <<<$'profile=todo\nresource=https://api.example.com/v1/17'
	assert_error 'more than 16 scopes and resources'
	run -0 inside sk-helper get - <<<$'profile=todo\nresource=https://api.example.com/v1/16'
	run -0 inside sk-helper get todo
	before=$(token_requests)
	for _ in $(seq 12); do
		token=$(inside sk-helper get todo)
		inside sk-helper erase - <<<"profile=todo"$'\n'"credential=$token" || true
	done
	assert [ $(($(token_requests) - before)) -le 7 ]
	# what is cached is still answered, also to those who want it to live for a while
	run -0 inside sk-helper get todo
	for _ in $(seq 10); do run -0 inside sk-helper get todo --min-ttl 60; done
}

@test "erase with a token of other scopes; a password that is no token is shown to nobody" {
	share_todo
	token=$(inside sk-helper get todo --scope todo:read)
	other=$(inside sk-helper get todo)
	inside sk-helper erase - <<<"profile=todo"$'\n'"credential=$token"
	assert [ "$(inside sk-helper get todo --scope todo:read)" != "$token" ]
	assert_equal "$(inside sk-helper get todo)" "$other"
	end_server
	start_listener
	run -0 inside git-credential-sk erase <<<$'protocol=https\nhost=a.example.com\nusername=x\npassword=hunter2'
	run inside sk-helper get 'https://a.example.com/x?key=hunter3'
	refute grep -q "$(printf hunter2 | sha256sum | cut -d' ' -f1)" "$BATS_TEST_TMPDIR/heard"
	refute grep -q hunter "$BATS_TEST_TMPDIR/heard"
}

@test "exec runs a command that has options and '--' of its own" {
	share_todo
	run -0 inside sk-helper exec sh -c 'echo "hi $1"' -- x
	assert_output 'hi x'
	run -0 inside sk-helper exec env -- printenv ACCESS_TOKEN
	assert_output "$(sk-helper get todo)"
}

@test "few open files, askers that go away, and nohup" {
	add_todo --url https://api.example.com/v1 >/dev/null 2>&1
	SERVER_PID=$(bash -c 'ulimit -n 100; trap "" HUP; sk-helper share todo --socket "$1" </dev/null >/dev/null 2>&1 3>&- 4>&- & echo $!' - "$SOCKET")
	echo "$SERVER_PID" >>"$BATS_TEST_TMPDIR/servers"
	for _ in $(seq 100); do [ -S "$SOCKET" ] && break; sleep 0.05; done
	run -0 inside sk-helper get todo
	kill -HUP "$SERVER_PID"
	# more than there are files for
	"$SK_NODE" -e '
		const net = require("node:net");
		for (let i = 0; i < 90; i++) net.connect(process.argv[1]).on("error", () => {}).write("profile=todo\n");
		setTimeout(() => process.exit(0), 500);' "$SOCKET"
	run -0 inside sk-helper get todo
	# those that go while they are answered
	slow=$(endpoint_that_answers '{"delay":3000,"body":{"access_token":"late","token_type":"Bearer","expires_in":3600}}')
	store_client slow "$slow"
	kill "$SERVER_PID"
	for _ in $(seq 50); do [ -S "$SOCKET" ] || break; sleep 0.05; done
	start_server share todo slow --socket "$SOCKET"
	"$SK_NODE" -e '
		const net = require("node:net");
		for (let i = 0; i < 64; i++) net.connect(process.argv[1]).on("error", () => {}).write("profile=slow\n\n");
		setTimeout(() => process.exit(0), 500);' "$SOCKET"
	start=$SECONDS
	run -0 inside sk-helper get todo
	assert [ $((SECONDS - start)) -le 2 ]
	ticks() { awk '{ print $14 + $15 }' "/proc/$SERVER_PID/stat"; }
	sleep 4
	before=$(ticks)
	sleep 1
	assert [ $(($(ticks) - before)) -le 5 ]
	assert_equal "$(pgrep -P "$SERVER_PID" | wc -l)" 0
}

@test "a profile that was removed meanwhile; another server's socket; somebody who speaks HTTP" {
	share_todo
	run -0 timeout 5 curl -s --http0.9 --unix-socket "$SOCKET" http://localhost/
	assert_output --partial status=usage
	sk-helper remove todo --yes >/dev/null
	for command in get 'get todo' 'get https://api.example.com/v1'; do
		# shellcheck disable=SC2086
		run -3 --separate-stderr inside sk-helper $command
		assert_error 'no profile is shared any more'
	done
	end_server
	add_todo --url https://api.example.com/v1 >/dev/null 2>&1
	start_server proxy todo --socket "$SOCKET"
	run -5 --separate-stderr inside sk-helper get
	assert_error "is it 'sk-helper share', and not 'proxy'?"
}

@test "--background returns when it listens, and nothing waits for it" {
	add_todo >/dev/null 2>&1
	run -0 timeout 5 bash -c "sk-helper share todo --socket '$SOCKET' --background --idle 60 | cat"
	assert_output "todo: SK_HELPER_SOCKET=$SOCKET"
	sk-helper list --json | jq -r '.[0].served[0].pid' >"$BATS_TEST_TMPDIR/servers"
	run -0 inside sk-helper get todo
	run -7 --separate-stderr sk-helper share todo --socket "$SOCKET" --background
	assert_one_error
}

@test "--idle ends a server that nobody uses; list shows those that run" {
	share_todo
	inside sk-helper get todo >/dev/null
	run -0 sk-helper list
	assert_output --partial "share"
	assert_output --partial "$SOCKET"
	run -0 sk-helper list --json
	end_server
	run -0 sk-helper list
	refute_output --partial "$SOCKET"
	start_server share todo --socket "$SOCKET" --idle 1
	for _ in $(seq 60); do kill -0 "$SERVER_PID" 2>/dev/null || break; sleep 0.1; done
	run ! kill -0 "$SERVER_PID"
	[ ! -e "$SOCKET" ]
	run -2 --separate-stderr sk-helper share todo --socket "$SOCKET" --idle 0
	assert_one_error
}
