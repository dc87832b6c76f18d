# SPDX-License-Identifier: MIT
# What goes wrong, and what a user is told: the exit status and one line.
load common

setup_file() { start_faulty_server; }
teardown_file() { stop_peers; }
setup() { fresh_home; }

# fails STATUS WORDS ANSWERS: a get at an endpoint that answers so.
fails() {
	store_client f "$(endpoint_that_answers "$3")" timeout=2
	run "-$1" --separate-stderr sk-helper get f
	assert_error "profile 'f': token endpoint: "
	assert_error "$2"
}

# gets TOKEN ANSWERS
gets() {
	store_client f "$(endpoint_that_answers "$2")" timeout=3
	run -0 --separate-stderr sk-helper get f
	assert_equal "$output" "$1"
	assert_equal "$stderr" ''
}

TOKEN='"access_token":"tok","token_type":"Bearer"'

@test "answers that are refused" {
	while IFS='|' read -r status says answers; do
		fails "$status" "$says" "$answers"
	done <<'TABLE'
6|HTTP 401 invalid_client: no|{"status":401,"body":{"error":"invalid_client","error_description":"no"}}
6|HTTP 400 invalid_scope|{"status":400,"body":{"error":"invalid_scope"}}
6|HTTP 200 invalid_client|{"body":{"error":"invalid_client"}}
6|HTTP 403|{"status":403}
6|HTML page|{"status":404,"headers":{"content-type":"text/html"},"body":"<html>"}
8|HTML page|{"headers":{"content-type":"text/html"},"body":"<html>"}
8|the body is empty|{"body":""}
8|not a JSON object|{"body":"{\"access_token\":"}
8|no access_token|{"body":{}}
8|token_type is 'mac'|{"body":{"access_token":"t","token_type":"mac"}}
8|printable ASCII|{"body":{"access_token":"a\nb","token_type":"Bearer"}}
8|redirect|{"status":302,"headers":{"location":"/elsewhere"}}
8|redirect|{"status":307,"headers":{"location":"/elsewhere"}}
8|larger than|{"body":"0123456789abcdef","repeat":20000}
7|HTTP 503|{"status":503}
7|try again in 30 s|{"status":429,"headers":{"retry-after":"30"}}
7|in time|{"hang":true}
TABLE
}

@test "a redirect is not followed" {
	before=$(faulty_requests)
	fails 8 redirect '{"status":307,"headers":{"location":"/W3siYm9keSI6IiJ9XQ"}}'
	assert_equal "$(faulty_requests)" $((before + 1))
}

@test "what is temporary is tried again, inside the deadline" {
	gets tok '{"status":503},{"status":500},{"body":{'"$TOKEN"'}}'
	gets tok '{"status":429,"headers":{"retry-after":"1"}},{"body":{'"$TOKEN"'}}'
}

@test "what is final is asked once" {
	before=$(faulty_requests)
	fails 6 invalid_client '{"status":401,"body":{"error":"invalid_client"}}'
	assert_equal "$(faulty_requests)" $((before + 1))
}

@test "three attempts are the most" {
	before=$(faulty_requests)
	fails 7 'HTTP 500' '{"status":500}'
	assert [ "$(faulty_requests)" -le $((before + 3)) ]
}

@test "the deadline is for all attempts together" {
	SECONDS=0
	fails 7 'in time' '{"status":503,"delay":500},{"hang":true}'
	assert [ "$SECONDS" -le 4 ]
}

@test "lifetimes that make no sense are replaced by a short default" {
	for expires in '' ',"expires_in":0' ',"expires_in":-1' ',"expires_in":"x"' ',"expires_in":null'; do
		gets tok '{"body":{'"$TOKEN$expires"'}}'
		run -0 sk-helper get f --format json
		left=$(jq .expires_in <<<"$output")
		assert [ "$left" -gt 50 -a "$left" -le 60 ]
	done
	gets tok '{"body":{'"$TOKEN"',"expires_in":"120"}}'
	assert [ "$(sk-helper get f --format json | jq .expires_in)" -gt 100 ]
	gets tok '{"body":{'"$TOKEN"',"expires_in":1e300}}'
	assert [ "$(sk-helper get f --format json | jq .expires_in)" -le 2592000 ]
}

@test "default_ttl is the profile's to set" {
	store_client f "$(endpoint_that_answers '{"body":{'"$TOKEN"'}}')" default_ttl=900
	assert [ "$(sk-helper get f --format json | jq .expires_in)" -gt 890 ]
}

@test "a token of 16 KiB goes all the way" {
	store_client f "$(endpoint_that_answers '{"body":"x","repeat":16384,"wrap":true}')"
	sk-helper get f >"$BATS_TEST_TMPDIR/out"
	sk-helper get f >"$BATS_TEST_TMPDIR/again"
	assert_equal "$(wc -c <"$BATS_TEST_TMPDIR/out")" 16385
	cmp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/again"
	for format in token header mcp-headers curl-config json env; do
		sk-helper get f --format "$format" | grep -q xxxxxxxx
	done
}

@test "a server that repeats the secret does not get it onto the terminal" {
	store_client f "$(endpoint_that_answers '{"status":401,"body":{"error":"invalid_client","error_description":"{{secret}} is wrong"}}')"
	run -6 --separate-stderr sk-helper get f
	assert_error invalid_client
	[[ $stderr != *test_secret* ]]
	store_client f "$(endpoint_that_answers '{"status":401,"body":{"error":"{{secret}}"}}')"
	run -6 --separate-stderr sk-helper get f
	[[ $stderr != *test_secret* ]]
}

@test "a server's error text cannot control the terminal" {
	store_client f "$(endpoint_that_answers '{"status":400,"body":{"error":"x","error_description":"\u001b]0;evil\u0007\r\nsk-helper: fine"}}')"
	run -6 --separate-stderr sk-helper get f
	assert_one_error
	[[ $stderr != *$'\e'* && $stderr != *$'\r'* ]]
}

@test "no network, no such host" {
	store_client f https://127.0.0.1:1/token timeout=2
	run -7 --separate-stderr sk-helper get f
	assert_error 'token endpoint'
	store_client g https://no-such-host.invalid/token timeout=2
	run -7 --separate-stderr sk-helper get g
	assert_error 'token endpoint'
}

@test "plain http is for this machine alone" {
	run -8 --separate-stderr store_client f http://as.example.com/token
	assert_error 'plain http'
	run -8 --separate-stderr sk-helper add f --token-endpoint http://as.example.com/token --client-id x </dev/null
	assert_error 'plain http'
}

@test "a token that a shell could run is not given to one" {
	store_client f "$(endpoint_that_answers '{"body":{"access_token":"$(id)","token_type":"Bearer"}}')"
	run -8 --separate-stderr sk-helper get f --format env
	assert_error 'shell'
	run -0 sk-helper get f --format curl-config
	store_client g "$(endpoint_that_answers '{"body":{"access_token":"a\"b\\c","token_type":"Bearer"}}')"
	run -0 sk-helper get g --format curl-config
	assert_output 'oauth2-bearer = "a\"b\\c"'
	run -0 sk-helper get g --format mcp-headers
	assert_equal "$(jq -r .Authorization <<<"$output")" 'Bearer a"b\c'
	run -0 sk-helper get g --format json
	assert_equal "$(jq -r .access_token <<<"$output")" 'a"b\c'
}

@test "a full disk on stdout, a closed stdout, a closed stdin" {
	gets tok '{"body":{'"$TOKEN"'}}'
	run -1 --separate-stderr eval 'sk-helper get f >/dev/full'
	assert_error 'No space left'
	run -1 --separate-stderr eval 'sk-helper get f >&-'
	assert_error 'standard output'
	run -0 --separate-stderr eval 'sk-helper get f <&-'
	assert_equal "$output" tok
	run -0 eval 'sk-helper get f 2>&-'
	assert_output tok
	run -1 --separate-stderr eval 'sk-helper help >/dev/full'
	assert_error 'standard output'
}

@test "a stray descriptor of the caller's is not written to" {
	gets tok '{"body":{'"$TOKEN"'}}'
	exec 8>"$BATS_TEST_TMPDIR/stray"
	sk-helper get f >&- 2>&- <&- || true
	exec 8>&-
	refute [ -s "$BATS_TEST_TMPDIR/stray" ]
}

@test "a home that cannot be written" {
	mkdir -p "$BATS_TEST_TMPDIR/file"
	touch "$BATS_TEST_TMPDIR/file/home"
	HOME=$BATS_TEST_TMPDIR/file/home run -2 --separate-stderr sk-helper add f --token-endpoint https://a.example.com/ --client-id x <<<secret
	assert_error 'profiles cannot be written to'
	gets tok '{"body":{'"$TOKEN"'}}'
	sk-helper erase f
	chmod -R a-w "$HOME"
	run -0 --separate-stderr sk-helper get f
	assert_equal "$output$stderr" tok
	chmod -R u+w "$HOME"
}

@test "a server that repeats what it was sent, in whatever form, does not get it printed" {
	secret='p@ss%w+rd&long=x'
	say() { endpoint_that_answers "{\"status\":400,\"body\":\"{\\\"error\\\":\\\"x\\\",\\\"error_description\\\":\\\"got $1\\\"}\"}"; }
	while IFS='|' read -r method echo; do
		printf 'profile=f\ntoken_endpoint=%s\nclient_id=m2m_todo\nsecret_store=kernel\nauth_method=%s\nclient_secret=%s\n' "$(say "$echo")" "$method" "$secret" |
			sk-helper store
		run -6 --separate-stderr sk-helper get f
		assert_error 'its words repeat a secret'
	done <<'TABLE'
client_secret_basic|{{authorization}}
client_secret_post|{{secret}}
client_secret_post|p%40ss%25w%2Brd%26long%3Dx
TABLE
	# nor as a scope that it says it granted
	store_client f "$(endpoint_that_answers '{"body":{'"$TOKEN"',"scope":"{{secret}} a"}}')"
	run -0 sk-helper get f --format json
	assert_equal "$(jq -r .scope <<<"$output")" null
}

@test "a Retry-After beyond all bounds" {
	fails 7 'try again in 86400 s' '{"status":429,"headers":{"retry-after":"9223372036854775807"}}'
}

@test "limits of the caller's: one line and a status, never a silent end" {
	store_client f "$(endpoint_that_answers '{"body":{'"$TOKEN"'}}')"
	run -0 --separate-stderr limited --fsize=0 sk-helper get f
	assert_equal "$output" tok
	sk-helper erase f
	run -0 --separate-stderr limited --fsize=0 sk-helper get - <<<'profile=f'
	assert_line credential=tok
	sk-helper erase f
	# where neither a pipe nor a file in memory can be had
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 run -1 --separate-stderr strace -o /dev/null -e trace=memfd_create,pipe2 \
		-e inject=memfd_create,pipe2:error=EMFILE sk-helper get - <<<'profile=f'
	assert_error 'cannot be handed on'
	# a pipe that has no room is not waited for
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 run -0 --separate-stderr strace -o /dev/null -e trace=write \
		-e inject=write:error=EAGAIN:when=1 sk-helper get - <<<'profile=f'
	assert_line credential=tok
	# with 3 of them, not even the dynamic loader starts
	for limit in --nofile=4 --nofile=5 --nofile=6 --nproc=1; do
		run --separate-stderr limited "$limit" sk-helper get f --fresh
		[ "$status" = 0 ] || { [ "$status" -le 8 ] && assert_one_error; }
	done
}

@test "a full pipe that does not block gets the whole answer once" {
	store_client f "$(endpoint_that_answers '{"body":"x","repeat":16384,"wrap":true}')"
	sk-helper get f >/dev/null
	# node's pipes are non-blocking; the reader is late
	"$SK_NODE" -e '
		const { spawn } = require("node:child_process");
		const child = spawn("sh", ["-c", "head -c 61440 /dev/zero; sk-helper get f"], { stdio: ["ignore", "pipe", "inherit"] });
		let size = 0;
		child.stdout.on("data", (chunk) => { size += chunk.length; });
		child.stdout.pause();
		setTimeout(() => child.stdout.resume(), 500);
		child.on("close", (code) => { console.log(code, size); });' >"$BATS_TEST_TMPDIR/out"
	assert_equal "$(cat "$BATS_TEST_TMPDIR/out")" "0 $((61440 + 16385))"
}
