# SPDX-License-Identifier: MIT
# get: which profile, whose words, from the cache or not. Against a real authorization server.
load common

setup_file() { start_authorization_server; }
teardown_file() { stop_peers; }
setup() { fresh_home; }

@test "a get gives the token that the server issued, and the next one does not ask it" {
	add_todo
	before=$(token_requests)
	run -0 --separate-stderr sk-helper get
	token=$output
	[[ $token == eyJ*.*.* ]]
	assert_equal "$stderr" ''
	run -0 --separate-stderr sk-helper get todo
	assert_equal "$output" "$token"
	assert_equal "$(token_requests)" "$before"
}

@test "add's proof is the first token: add and get are one request" {
	before=$(token_requests)
	add_todo
	sk-helper get >/dev/null
	assert_equal "$(token_requests)" $((before + 1))
}

@test "what is printed ends in one line feed and nothing else" {
	add_todo
	sk-helper get >"$BATS_TEST_TMPDIR/out"
	assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/out")" 1
	assert_equal "$(tail -c 1 "$BATS_TEST_TMPDIR/out" | od -An -tx1 | tr -d ' ')" 0a
}

@test "formats" {
	add_todo
	t=$(sk-helper get)
	while IFS='|' read -r format expected; do
		run -0 --separate-stderr sk-helper get todo --format "$format"
		assert_equal "$output" "$expected"
		assert_equal "$stderr" ''
	done <<TABLE
token|$t
header-value|Bearer $t
header|Authorization: Bearer $t
mcp-headers|{"Authorization":"Bearer $t"}
curl-config|oauth2-bearer = "$t"
env|ACCESS_TOKEN=$t
TABLE
	run -0 sk-helper get --format json
	assert_equal "$(jq -r '.access_token + " " + .token_type + " " + .scope' <<<"$output")" "$t Bearer todo:read todo:write"
	expires_in=$(jq .expires_in <<<"$output")
	[ "$expires_in" -gt 3500 ] && [ "$expires_in" -le 3600 ]
	expires_at=$(jq .expires_at <<<"$output")
	[ $((expires_at - $(date +%s) - expires_in)) -le 2 ]
}

@test "formats: help lists those that there are" {
	run -0 sk-helper help get
	for format in token header-value header mcp-headers curl-config json env; do
		assert_line --regexp "^  $format +"
	done
	run -2 --separate-stderr sk-helper get --format xml
	assert_error "no format 'xml'"
}

@test "get - answers in the style that it was asked in" {
	add_todo
	t=$(sk-helper get)
	run -0 --separate-stderr sk-helper get - <<<$'profile=todo\n'
	assert_line --index 0 profile=todo
	assert_line --index 1 authtype=Bearer
	assert_line --index 2 "credential=$t"
	assert_line --index 3 --regexp '^password_expiry_utc=[0-9]+$'
	assert_line --index 4 --regexp '^expires_in=3[56][0-9]{2}$'
	assert_line --index 5 lifetime=3600
	assert_line --index 6 'scope=todo:read todo:write'
	# the hard deadline, a margin before the token's end
	expiry=$(sed -n 's/password_expiry_utc=//p' <<<"$output")
	[ $((expiry - $(date +%s))) -le 3540 ]
}

@test "get - stops at the blank line, and does not wait for the end" {
	add_todo
	mkfifo "$BATS_TEST_TMPDIR/in"
	sk-helper get - <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" &
	exec 7>"$BATS_TEST_TMPDIR/in"
	printf 'profile=todo\n\n' >&7
	wait $!
	exec 7>&-
	grep -q ^credential= "$BATS_TEST_TMPDIR/out"
}

@test "get - on a miss hands the request on whole" {
	add_todo
	sk-helper erase todo
	run -0 sk-helper get - <<<$'profile=todo\nscope=todo:read\n'
	assert_line scope=todo:read
}

@test "get - with a bad request" {
	add_todo
	while IFS='|' read -r request says; do
		# shellcheck disable=SC2059 # the table's escapes
		run -2 --separate-stderr sk-helper get - < <(printf "$request")
		assert_error "$says"
	done <<'TABLE'
profile=todo\r\n|control character
profile=todo\nprofile=x\n|given twice
profile=../x\n|profile
nonsense\n|key=value
min_ttl=soon\n|min-ttl
profile=\n|empty
TABLE
	run -2 --separate-stderr sk-helper get - < <(head -c 70000 /dev/zero | tr '\0' x)
	assert_one_error
}

@test "a bare get never reads standard input" {
	add_todo
	for i in 1 2 3; do echo "$i"; done | while read -r line; do
		sk-helper get >/dev/null
		echo "$line"
	done >"$BATS_TEST_TMPDIR/lines"
	assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/lines")" 3
}

@test "another scope is another token, each cached" {
	add_todo
	before=$(token_requests)
	run -0 sk-helper get --scope todo:read --format json
	assert_equal "$(jq -r .scope <<<"$output")" todo:read
	first=$(jq -r .access_token <<<"$output")
	assert_equal "$(sk-helper get --scope todo:read)" "$first"
	assert_equal "$(token_requests)" $((before + 1))
	[ "$(sk-helper get)" != "$first" ]
}

@test "--fresh gets a new one, which then is the cached one" {
	add_todo
	old=$(sk-helper get)
	new=$(sk-helper get --fresh)
	[ "$old" != "$new" ]
	assert_equal "$(sk-helper get)" "$new"
}

@test "--min-ttl asks for more life than a cached token has" {
	add_todo
	before=$(token_requests)
	sk-helper get --min-ttl 3000 >/dev/null
	assert_equal "$(token_requests)" "$before"
	sleep 1.1
	run -0 --separate-stderr sk-helper get --min-ttl 3600
	assert_equal "$(token_requests)" $((before + 1))
	assert_equal "$stderr" ''
}

@test "which profile: named, by variable, the only one, the default" {
	run -3 --separate-stderr sk-helper get
	assert_error 'there is no profile yet'
	add_todo
	sk-helper get >/dev/null
	run -3 --separate-stderr sk-helper get other
	assert_error "no profile 'other'"
	store_client second "$TOKEN_ENDPOINT" token_cache=none
	run -2 --separate-stderr sk-helper get
	assert_error 'which profile? todo, second. For example: sk-helper get todo'
	SK_HELPER_PROFILE=todo run -0 sk-helper get
	assert_equal "$output" "$(sk-helper get todo)"
	store_client default "$TOKEN_ENDPOINT" token_cache=none
	run -0 sk-helper get
	SK_HELPER_PROFILE=../../etc/passwd run -2 --separate-stderr sk-helper get
	assert_error "a profile's name"
}

@test "which profile: by URL, the longest that covers it, and never a default" {
	add_todo --url https://mcp.example.com
	printf 'test_secret\n' | sk-helper add deep --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store kernel \
		--url https://mcp.example.com/deep --url https://other.example.com:8443/x
	todo=$(sk-helper get todo)
	deep=$(sk-helper get deep)
	assert_equal "$(sk-helper get https://mcp.example.com/)" "$todo"
	assert_equal "$(sk-helper get https://mcp.example.com/deeper)" "$todo"
	assert_equal "$(sk-helper get https://MCP.example.com:443/deep/er?x=1)" "$deep"
	assert_equal "$(sk-helper get https://other.example.com:8443/x)" "$deep"
	for url in https://example.com https://mcp.example.com.evil.com https://mcp.example.com:444/ https://other.example.com:8443/; do
		run -3 --separate-stderr sk-helper get "$url"
		assert_error "covers '$url'"
	done
	run -8 --separate-stderr sk-helper get http://mcp.example.com/
	assert_error 'plain http'
	run -2 --separate-stderr sk-helper get https://mcp.example.com@evil.com/
	assert_one_error
	run -0 sk-helper get - <<<'url=https://mcp.example.com/deep'
	assert_line profile=deep
	run -8 --separate-stderr sk-helper get - <<<$'profile=deep\nurl=https://mcp.example.com/'
	assert_error 'none of its urls covers'
	run -3 --separate-stderr sk-helper get - <<<'url=https://evil.com/'
	assert_one_error
}

@test "an empty name or URL, as of a variable that is not set, is an error" {
	add_todo --url https://mcp.example.com
	run -2 --separate-stderr sk-helper get "" --format mcp-headers
	assert_error 'the name or URL is empty'
	for command in erase doctor remove; do
		run -2 --separate-stderr sk-helper "$command" ""
		assert_one_error
	done
	SK_HELPER_PROFILE='' run -0 sk-helper get
}

@test "two profiles that cover a URL alike: name one" {
	store_client one "$TOKEN_ENDPOINT" url=https://a.example.com/x
	store_client two "$TOKEN_ENDPOINT" url=https://a.example.com/x
	run -2 --separate-stderr sk-helper get https://a.example.com/x
	assert_error 'both cover'
}

@test "a profile edited to request something else needs a new token; with another endpoint, nothing is sent" {
	add_todo
	before=$(token_requests)
	sed -i 's/^scope=.*/scope=todo:read/' "$PROFILES/todo.conf"
	run -0 sk-helper get --format json
	assert_equal "$(jq -r .scope <<<"$output")" todo:read
	assert_equal "$(token_requests)" $((before + 1))
	start_faulty_server
	sed -i "s|^token_endpoint=.*|token_endpoint=$FAULTY_URL/W10|" "$PROFILES/todo.conf"
	run -8 --separate-stderr sk-helper get
	assert_error 'nothing was sent'
	assert_equal "$(faulty_requests)" 0
}

@test "a profile that others can write, or that is no regular file, is refused" {
	add_todo
	chmod g+w "$PROFILES/todo.conf"
	run -8 --separate-stderr sk-helper get
	assert_error 'others can write it'
	rm "$PROFILES/todo.conf"
	mkfifo "$PROFILES/todo.conf"
	run -8 --separate-stderr sk-helper get todo
	assert_error 'not a regular file'
}

@test "a client secret in a profile file is refused, and not repeated" {
	add_todo
	echo client_secret=s3cret >>"$PROFILES/todo.conf"
	run -8 --separate-stderr sk-helper get
	assert_error 'a profile must not contain a secret'
	[[ $stderr != *s3cret* ]]
}

@test "nothing is read from the current directory" {
	cd "$BATS_TEST_TMPDIR"
	mkdir -p sk-helper/profiles .config/sk-helper/profiles
	echo client_id=x | tee todo.conf sk-helper/profiles/todo.conf .config/sk-helper/profiles/todo.conf >/dev/null
	XDG_CONFIG_HOME=. run -3 --separate-stderr sk-helper get todo
	assert_error "no profile 'todo'"
}

@test "a cleared environment will do" {
	add_todo
	run -0 --separate-stderr env -i HOME="$HOME" "$(command -v sk-helper)" get
	assert_equal "$output" "$(sk-helper get)"
	assert_equal "$stderr" ''
}

@test "usage errors are one line, exit 2" {
	while read -r args; do
		# shellcheck disable=SC2086 # words
		run -2 --separate-stderr sk-helper $args </dev/null
		assert_one_error
	done <<'TABLE'

frobnicate
get one two
get --frobnicate
get --scope
get --min-ttl 1h
get - --format json
add
add todo
add todo --token-endpoint
add todo --token-endpoint https://a.example.com/ --client-secret x
remove
remove a b
list --xml
store now
erase a b
help frobnicate
TABLE
	run -0 sk-helper --version
	assert_output --regexp '^sk-helper [0-9]+\.[0-9]+\.[0-9]+$'
}

@test "get - and erase - with a host, as git asks: only what a profile is for" {
	add_todo --url https://mcp.example.com/mcp
	token=$(sk-helper get todo)
	run -0 --separate-stderr sk-helper get - <<<$'protocol=https\nhost=mcp.example.com\npath=mcp/x\n'
	assert_line "credential=$token"
	while IFS='|' read -r expected request; do
		# shellcheck disable=SC2059 # the table's escapes
		run "-$expected" --separate-stderr sk-helper get - < <(printf "$request")
		assert_one_error
		# shellcheck disable=SC2059
		run "-$expected" --separate-stderr sk-helper erase - < <(printf "$request")
		assert_one_error
	done <<'TABLE'
3|protocol=https\nhost=github.com\n
3|protocol=https\nhost=mcp.example.com\n
3|protocol=https\nhost=mcp.example.com:444\npath=mcp\n
8|protocol=http\nhost=mcp.example.com\npath=mcp\n
2|protocol=ssh\nhost=mcp.example.com\npath=mcp\n
2|host=mcp.example.com\n
2|protocol=https\n
2|path=mcp\n
2|protocol=https\nhost=mcp.example.com/mcp\n
2|protocol=https://mcp.example.com/mcp/\nhost=evil.example.com\n
2|protocol=https\nhost=x@mcp.example.com\npath=mcp\n
2|protocol=https\nhost=mcp.example.com\nurl=https://mcp.example.com/mcp\n
8|profile=todo\nprotocol=https\nhost=github.com\n
TABLE
	run -2 sk-helper get - < <(printf 'protocol=https\nhost=mcp.example.com\npath=%02100d\n' 1)
	assert_equal "$(sk-helper get todo)" "$token"
	sk-helper erase - <<<$'protocol=https\nhost=mcp.example.com\npath=mcp\n'
	[ "$(sk-helper get todo)" != "$token" ]
}

@test "get - does not wait for more behind a NUL" {
	add_todo
	SECONDS=0
	run -2 --separate-stderr sk-helper get - < <(printf 'profile=todo\0x\n\n'; exec sleep 10)
	assert_error 'control character'
	assert [ "$SECONDS" -le 5 ]
}

@test "a private key in a profile file, or given to store, is refused, too" {
	add_todo
	run -8 --separate-stderr sk-helper store <<<$'profile=todo\nprivate_key=MIG'
	assert_error 'a profile must not contain a secret'
	echo private_key=MIGxyz >>"$PROFILES/todo.conf"
	run -8 --separate-stderr sk-helper get todo
	assert_error 'a profile must not contain a secret'
	[[ $stderr != *MIGxyz* ]]
}
