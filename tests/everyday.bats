# SPDX-License-Identifier: MIT
# The second meeting: a setting that must change, a secret that is gone, a server that says no, a word that was mistyped.
load common

setup_file() {
	start_authorization_server
	start_todo_server
	start_faulty_server
}
teardown_file() { stop_peers; }
setup() { fresh_home; }

@test "set changes what is given, show prints it, and a secret is asked for only where that matters" {
	add_todo
	run -0 --separate-stderr sk-helper set todo --scope todo:read --url https://a.example.com/x --timeout 9 </dev/null
	assert_output --partial "profile 'todo': $PROFILES/todo.conf (changed)"
	run -0 sk-helper show todo
	assert_line --index 0 "# $PROFILES/todo.conf"
	assert_line scope=todo:read
	assert_line url=https://a.example.com/x
	assert_line timeout=9
	# another URL is added, nothing is lost
	run -0 sk-helper set todo --url https://b.example.com
	assert_equal "$(grep -c ^url= "$PROFILES/todo.conf")" 2
	run -0 sk-helper set todo --unset scope --unset url --url https://c.example.com --unset timeout
	run -0 sk-helper show
	refute_line --partial scope=
	refute_line --partial timeout=
	assert_equal "$(sed -n s/^url=//p "$PROFILES/todo.conf")" https://c.example.com
	run -0 sk-helper get https://c.example.com/d
	# a client that it does not know: the secret is not sent there without being given again
	run -2 --separate-stderr sk-helper set todo --client-id other </dev/null
	assert_error "profile 'todo' not changed: client secret: standard input has none"
	run -6 --separate-stderr sk-helper set todo --client-id other <<<test_secret
	grep -qx client_id=m2m_todo "$PROFILES/todo.conf"
	# a key that has to be there
	run -2 --separate-stderr sk-helper set todo --unset client_id </dev/null
	assert_error 'client_id is missing'
}

@test "set says what is missing or mistyped, and changes nothing" {
	add_todo
	before=$(cat "$PROFILES/todo.conf")
	while IFS='|' read -r words says; do
		# shellcheck disable=SC2086 # words
		run ! --separate-stderr sk-helper set $words </dev/null
		assert_error "$says"
		assert_output ''
		assert_equal "$(cat "$PROFILES/todo.conf")" "$before"
	done <<'TABLE'
|the name of a profile is missing
todo|nothing to change
todo --scop x|did you mean '--scope'?
todo --unset scop|did you mean 'scope'?
tood --scope x|did you mean 'todo'?
todo --timeout 99|not a number from 1 to 60
todo --secret-store keychain|none of: secret-service kernel
TABLE
}

@test "the default: set --default, and what names it" {
	store_client one "$TOKEN_ENDPOINT" scope=todo:read
	store_client two "$TOKEN_ENDPOINT" scope=todo:write
	run -2 --separate-stderr sk-helper get
	assert_error 'which profile? '
	assert_error 'For example: sk-helper get '
	run -0 sk-helper set two --default
	assert_output "profile 'two' is the default now"
	assert_equal "$(sk-helper get --format json | jq -r .scope)" todo:write
	run -0 sk-helper set one --default --scope todo:read
	assert_equal "$(sk-helper get --format json | jq -r .scope)" todo:read
	run -3 --separate-stderr sk-helper set onee --default
	assert_error "did you mean 'one'?"
	# a link to somewhere else is no profile's
	ln -sfn ../../x "$PROFILES/default"
	run -2 --separate-stderr sk-helper get
	assert_error 'which profile? '
}

@test "edit keeps a copy that is valid, and nothing else" {
	add_todo
	export VISUAL="$BATS_TEST_TMPDIR/editor --wait" EDITOR=/bin/false
	printf '#!/bin/sh\n[ "$1" = --wait ] && sed -i "s/^scope=.*/scope=todo:read/; \\$ a # a note" "$2"\n' >"$BATS_TEST_TMPDIR/editor"
	chmod +x "$BATS_TEST_TMPDIR/editor"
	run -0 --separate-stderr sk-helper edit todo
	assert_output "profile 'todo' is changed"
	grep -qx '# a note' "$PROFILES/todo.conf"
	grep -qx scope=todo:read "$PROFILES/todo.conf"
	assert_equal "$(stat -c %a "$PROFILES/todo.conf")" 600
	before=$(cat "$PROFILES/todo.conf")
	printf '#!/bin/sh\necho scop=x >>"$2"\n' >"$BATS_TEST_TMPDIR/editor"
	run -2 --separate-stderr sk-helper edit todo </dev/null
	assert_error "did you mean 'scope'?"
	assert_equal "$(cat "$PROFILES/todo.conf")" "$before"
	assert_equal "$(ls "$PROFILES")" todo.conf
	printf '#!/bin/sh\nsed -i s/m2m_todo/other/ "$2"\n' >"$BATS_TEST_TMPDIR/editor"
	run -0 sk-helper edit todo
	assert_output --partial "is not sent until 'sk-helper add todo' asks for it again"
	run -8 --separate-stderr sk-helper get --fresh
	VISUAL=/bin/false run -2 --separate-stderr sk-helper edit todo
	assert_error 'the editor'
}

@test "edit mends a profile that is not valid" {
	add_todo
	echo scop=x >>"$PROFILES/todo.conf"
	run -2 --separate-stderr sk-helper get todo
	assert_error "did you mean 'scope'?"
	printf '#!/bin/sh\nsed -i /^scop=/d "$1"\n' >"$BATS_TEST_TMPDIR/editor"
	chmod +x "$BATS_TEST_TMPDIR/editor"
	VISUAL=$BATS_TEST_TMPDIR/editor run -0 --separate-stderr sk-helper edit todo
	assert_output "profile 'todo' is valid again"
	run -0 sk-helper get todo
}

@test "a new profile: add asks for what is missing, and says how to do it without a question" {
	run -0 expect -c '
		set timeout 20
		spawn sk-helper add
		expect "Name of the profile" { send "a name\r" }
		expect "letters, digits" { expect "Name of the profile"; send "todo\r" }
		expect "URL of" { send "$env(TOKEN_ENDPOINT)\r" }
		expect "Client id" { send "m2m_todo\r" }
		expect "not shown" { send "test_secret\r" }
		expect "token: works"
		expect -re "sk-helper add todo --token-endpoint \[^ \]* --client-id m2m_todo\r"
		expect timeout { exit 9 } eof { exit [lindex [wait] 3] }'
	run -0 sk-helper get todo
}

@test "a new profile by an MCP server's URL: what was found is shown once, and asked about once" {
	run -0 expect -c '
		set timeout 20
		spawn sk-helper add tasks
		expect "URL of" { send "$env(MCP_URL)\r" }
		expect "Client id" { send "m2m_todo\r" }
		expect "\[y/N\]" { send "y\r" }
		expect "not shown" { send "test_secret\r" }
		expect timeout { exit 9 } eof { exit [lindex [wait] 3] }'
	assert_equal "$(grep -c 'token endpoint: ' <<<"$output")" 1
	run -0 sk-helper get "$MCP_URL"
}

@test "a server that does not say where its tokens come from: add asks for that" {
	api=$AS_URL/api run -0 expect -c '
		set timeout 20
		spawn sk-helper add todo --client-id m2m_todo
		expect "URL of" { send "$env(api)\r" }
		expect "token endpoint, or its issuer" { send "$env(TOKEN_ENDPOINT)\r" }
		expect "not shown" { send "test_secret\r" }
		expect "token: works"
		expect timeout { exit 9 } eof { exit [lindex [wait] 3] }'
	grep -q ^url= "$PROFILES/todo.conf"
}

@test "a secret that was mistyped is asked for again, three times in all" {
	run -0 expect -c '
		set timeout 20
		spawn sk-helper add todo --token-endpoint $env(TOKEN_ENDPOINT) --client-id m2m_todo --secret-store kernel
		expect "not shown" { send "wrong\r" }
		expect "does not accept the client id"
		expect "not shown" { send "test_secret\r" }
		expect "token: works"
		expect timeout { exit 9 } eof { exit [lindex [wait] 3] }'
	run -6 expect -c '
		set timeout 20
		spawn sk-helper add two --token-endpoint $env(TOKEN_ENDPOINT) --client-id m2m_todo --secret-store kernel
		for {set i 0} {$i < 3} {incr i} { expect "not shown" { send "wrong$i\r" } }
		expect timeout { exit 9 } eof { exit [lindex [wait] 3] }'
	refute [ -e "$PROFILES/two.conf" ]
}

@test "store on a terminal says what it is for, and waits for nothing" {
	run -2 expect -c '
		set timeout 20
		spawn sk-helper store
		expect "for programs:"
		expect timeout { exit 9 } eof { exit [lindex [wait] 3] }'
}

# What a server says, by its code and by who it is; then what is to be tried.
@test "what the server refused has a second sentence" {
	while IFS='|' read -r status body keys says; do
		endpoint=$(endpoint_that_answers "{\"status\":$status,\"body\":$body}")
		run ! --separate-stderr eval "echo s | sk-helper add x --token-endpoint $endpoint --client-id c --secret-store kernel $keys"
		assert_error "$says"
		assert_output ''
	done <<'TABLE'
401|{"error":"invalid_client"}||the client id 'c' with this secret: check both; if both are right, it may want --auth-method client_secret_basic
401|{"error":"invalid_client"}|--auth-method client_secret_basic|it may want --auth-method client_secret_post
400|{"error":"invalid_scope"}|--scope nope|The scope 'nope' was requested: ask the server's owner
400|{"error":"invalid_scope"}|--scope a,b|separated by blanks, not by commas
400|{"error":"invalid_scope"}||name one with --scope
403|{"error":"access_denied"}||ask the server's owner
400|{"error":"unauthorized_client"}||may not use the client credentials grant: turn that on
400|{"error":"unsupported_grant_type"}||check the token endpoint
400|{"error":"invalid_target"}|--resource urn:x|does not know the resource 'urn:x'
400|{"error":"invalid_target"}||name it with --resource
400|{"error":"invalid_request"}||many servers want --scope, --audience or --resource
404|"gone"||Usual paths are /oauth/token
TABLE
	endpoint=$(endpoint_that_answers '{"status":401,"body":{"error":"invalid_client"}}')
	run -6 --separate-stderr sk-helper add x --token-endpoint "$endpoint" --client-id c --secret-store kernel <<<' s'
	assert_error 'begins or ends with a blank'
	# Keycloak is known by its path
	run -6 --separate-stderr sk-helper add x --token-endpoint "$FAULTY_URL/realms/r/protocol/openid-connect/token/${endpoint##*/}" --client-id c --secret-store kernel <<<s
	assert_error "in Keycloak, 'Client authentication' must be on"
}

@test "exec takes the profile as everybody types it" {
	store_client todo "$TOKEN_ENDPOINT"
	store_client two "$TOKEN_ENDPOINT"
	token=$(sk-helper get two)
	run -0 --separate-stderr sk-helper exec two -- printenv ACCESS_TOKEN
	assert_output "$token"
	run -0 --separate-stderr sk-helper exec two --env API_TOKEN --env OTHER=todo -- sh -c 'echo "$API_TOKEN $OTHER"'
	assert_output "$token $(sk-helper get todo)"
	run -0 --separate-stderr sk-helper exec --env API_TOKEN=two -- printenv API_TOKEN
	assert_output "$token"
	# which one is meant is said in exec's own words
	run -2 --separate-stderr sk-helper exec -- true
	assert_error 'which profile? '
	assert_error ' -- COMMAND'
	sk-helper set two --default >/dev/null
	run -127 --separate-stderr sk-helper exec two
	assert_error "'two': it is a profile, and no command: sk-helper exec NAME -- COMMAND"
	run -127 --separate-stderr sk-helper exec twoo -- true
	assert_error 'no profile and no command'
	# a command's own "--" is the command's
	run -0 --separate-stderr sk-helper exec echo -- x
	assert_output -- '-- x'
	run -0 --separate-stderr sk-helper exec -- echo -- x
	assert_output -- '-- x'
}

@test "get --min-ttl beyond what the server gives: an error that says so, and one request in all" {
	store_client f "$(endpoint_that_answers '{"body":{"access_token":"tok","token_type":"Bearer","expires_in":3600}}')"
	before=$(curl -s "$FAULTY_URL/__stats" | jq -r .requests)
	for _ in 1 2 3; do
		run -8 --separate-stderr sk-helper get f --min-ttl 7200
		assert_error "wants a token for 7200 s, and the server's tokens are valid for 3600 s"
		assert_output ''
	done
	assert_equal "$(curl -s "$FAULTY_URL/__stats" | jq -r .requests)" $((before + 1))
	run -0 sk-helper get f --min-ttl 3000
	assert_output tok
}

@test "remove says what it removed, asks on a terminal, and takes all" {
	add_todo
	sk-helper get todo >/dev/null
	run -2 expect -c '
		set timeout 20
		spawn sk-helper remove todo
		expect "remove profile \x27todo\x27, its client secret (kernel keyring) and its cached tokens? " { send "\r" }
		expect timeout { exit 9 } eof { exit [lindex [wait] 3] }'
	sk-helper get todo >/dev/null
	run -0 --separate-stderr sk-helper erase todo
	assert_output "profile 'todo': 1 cached token forgotten; the client secret is kept"
	run -0 --separate-stderr sk-helper remove todo
	assert_output "removed profile 'todo': its file, its client secret (kernel keyring), 0 cached tokens"
	store_client one "$TOKEN_ENDPOINT"
	store_client two "$TOKEN_ENDPOINT"
	run -2 --separate-stderr sk-helper remove --all
	assert_error 'use --yes'
	run -2 --separate-stderr sk-helper remove one --all
	assert_one_error
	run -0 --separate-stderr sk-helper remove --all --yes
	assert_line --index 0 --partial "removed profile 'one'"
	assert_line --index 1 --partial "removed profile 'two'"
	run -0 sk-helper list --names
	assert_output ''
	run -0 sk-helper remove --all
	assert_output 'there is no profile'
}

@test "remove --force: where a keyring does not answer, the file goes, and what may be left is said" {
	store_client todo "$TOKEN_ENDPOINT"
	sed -i 's/^secret_store=.*/secret_store=secret-service/' "$PROFILES/todo.conf"
	run -5 --separate-stderr sk-helper remove todo
	assert_one_error
	[ -e "$PROFILES/todo.conf" ]
	run -0 --separate-stderr sk-helper remove todo --force
	assert_equal "${stderr_lines[0]:0:83}" 'sk-helper: warning: the client secret may still be in the secret-service keyring: '"${stderr_lines[0]:82:1}"
	refute [ -e "$PROFILES/todo.conf" ]
}

@test "no lock file is made for a name that never was a profile" {
	locks() { find "/run/user/$(id -u)/sk-helper" "/dev/shm/sk-helper-$(id -u)" -name 'never-was*' 2>/dev/null; }
	for words in 'doctor never-was' 'get never-was' 'erase never-was' 'revoke never-was' 'remove never-was' 'rotate never-was' 'add never-was' 'set never-was --scope x'; do
		# shellcheck disable=SC2086 # words
		run ! --separate-stderr sk-helper $words </dev/null
		assert_equal "$(locks)" ''
	done
}

@test "get - on a terminal says what it reads" {
	add_todo
	run -0 expect -c '
		set timeout 20
		spawn sk-helper get -
		expect "reads key=value lines" { send "profile=todo\r\r" }
		expect "authtype=Bearer"
		expect timeout { exit 9 } eof { exit [lindex [wait] 3] }'
}

@test "a URL without https://, and the URL of the resource that is nearly the one typed" {
	run -2 --separate-stderr sk-helper add x --token-endpoint acme.scalekit.dev/oauth/token --client-id c <<<s
	assert_error "did you mean 'https://acme.scalekit.dev...'?"
	run -2 --separate-stderr sk-helper add x --token-endpoint hunter2 --client-id c <<<s
	[[ $stderr != *hunter2* ]] || fail "$stderr"
	run -8 --separate-stderr sk-helper add x --url "${MCP_URL%mcp}mpc" --client-id m2m_todo <<<test_secret
	assert_error "its metadata is for another resource, '$MCP_URL': is that the URL that you mean?"
}

@test "after a refusal, a person's --fresh asks again; a loop's does not" {
	store_client f "$(endpoint_that_answers '{"status":401,"body":{"error":"invalid_client"}},{"body":{"access_token":"tok","token_type":"Bearer"}}')"
	run -6 sk-helper get f
	sleep 1.2
	run -6 --separate-stderr sk-helper get f --fresh
	assert_error 'the server is not asked again for'
	run -0 expect -c 'spawn -noecho sk-helper get f --fresh --quiet; expect eof; exit [lindex [wait] 3]'
	assert_output --partial tok
}

@test "--help, -h, -V, version, --debug, short options: wherever people type them" {
	add_todo
	for words in 'get -h' 'get --help' 'get todo -h' 'add -h' 'add todo --help' 'exec -h' 'list -h' 'set -h' 'help get' 'remove todo -h'; do
		# shellcheck disable=SC2086 # words
		run -0 --separate-stderr sk-helper $words
		assert_line --index 0 --partial "usage: sk-helper "
	done
	for word in -V --version version; do
		run -0 sk-helper "$word"
		assert_output --regexp '^sk-helper [0-9]'
	done
	run -0 sk-helper exec -- echo -h
	assert_output -- -h
	assert_equal "$(sk-helper get -f json | jq -r .token_type)" Bearer
	run -0 sk-helper exec -e T=todo -- printenv T
	run -0 sk-helper list -j
	run -2 --separate-stderr sk-helper get -x
	assert_error "get has no option '-x'"
	run -0 --separate-stderr sk-helper get todo --fresh --debug
	[[ $stderr == *"profile 'todo' is $PROFILES/todo.conf"*"the kernel keyring was asked for the client secret: ok"*"a token is requested from $TOKEN_ENDPOINT"* ]]
	[[ $stderr != *test_secret* && $stderr != *"$output"* ]]
	SK_HELPER_DEBUG=1 run -0 --separate-stderr sk-helper get todo
	[[ $stderr == *'the kernel keyring has a token with'* && $stderr != *"$output"* ]]
	run -0 --separate-stderr sk-helper --debug get todo
	[[ $stderr == *'sk-helper: debug: '* ]]
}

@test "a command that is not there: what was meant, most probably" {
	while read -r typed meant; do
		run -2 --separate-stderr sk-helper "$typed" todo
		assert_error "did you mean 'sk-helper $meant'?"
	done <<'TABLE'
gte get
rm remove
ls list
login add
status doctor
doc doctor
TABLE
	run -2 --separate-stderr sk-helper xyzzy
	assert_error "'sk-helper help' lists the commands"
}

# the whole command that a message names
cure_of() {
	local quoted
	quoted=$(grep -o "'sk-helper [^']*'" <<<"$1" | head -n 1 | tr -d "'")
	echo "${quoted:-$(sed -n 's/.*For example: //p' <<<"$1")}"
}

# What has to be wrong, what is typed, and then: the command of the message cures it. The last two columns are what that command
# reads, and what takes the place of the URL, SCOPES or FORMAT in it.
@test "the command that a message names cures what it is about" {
	while IFS='|' read -r break command input word; do
		clear_keys
		rm -rf "$PROFILES"
		store_client todo "$TOKEN_ENDPOINT" "url=https://a.example.com"
		eval "$break"
		run ! --separate-stderr eval "$command" </dev/null
		cure=$(cure_of "${stderr_lines[-1]}")
		[ -n "$cure" ] || fail "$command: $stderr"
		said=$stderr
		eval "word=$word"
		run -0 --separate-stderr eval "$(sed -E -e 's#NAME#todo#' -e "s#URL|SCOPES#'$word'#" <<<"$cure")" <<<"$input"
		# what the message names in the place of what was typed
		case $said in *'For example'* | *'did you mean'* | *'sk-helper help'* | *'give the name'* | *'takes its request'*) continue ;; esac
		run -0 --separate-stderr eval "$command"
	done <<'TABLE'
clear_keys|sk-helper get todo|test_secret
clear_keys|sk-helper doctor todo --offline|test_secret
echo url=https://a.example.com >"$HOME/in"; clear_keys|sk-helper get - <"$HOME/in"|test_secret
printf 'profile=todo\nclient_secret=wrong\n' >"$HOME/in"; sk-helper store <"$HOME/in"|sk-helper get todo|test_secret
sed -i '$ a issuer=https://i.example.com' "$PROFILES/todo.conf"|sk-helper get todo|test_secret
sed -i '$ a proxy=https://p.example.com' "$PROFILES/todo.conf"; export VISUAL="sed -i /^proxy=/d"|sk-helper get todo|test_secret
sed -i /^url=/d "$PROFILES/todo.conf"|sk-helper hook claude-code todo||https://b.example.com
sed -i /^url=/d "$PROFILES/todo.conf"|sk-helper bridge todo||https://b.example.com
true|sk-helper hook claude-code todo --url https://b.example.com||https://b.example.com
echo url=https://b.example.com >"$HOME/in"|sk-helper get - <"$HOME/in"||https://b.example.com
echo scop=x >>"$PROFILES/todo.conf"; export VISUAL="sed -i /^scop=/d"|sk-helper doctor todo --offline|
true|sk-helper refresh todo|test_secret|$ISSUER
true|sk-helper get todo >/dev/null; sk-helper revoke todo|test_secret|$ISSUER
store_client two "$TOKEN_ENDPOINT"|sk-helper erase|
store_client two "$TOKEN_ENDPOINT"|sk-helper set --scope todo:read|
true|sk-helper get --format mcp-headers|
true|sk-helper todo|
true|sk-helper gte|
true|sk-helper frobnicate|
true|sk-helper get --frobnicate|
true|sk-helper get --format frobnicate|
true|sk-helper hook frobnicate todo|
true|sk-helper exec|
true|sk-helper add|
true|sk-helper set todo|
true|sk-helper store todo|test_secret
TABLE
}

@test "a keyring that does not answer is left for another one, and the secret asked for" {
	store_client todo "$TOKEN_ENDPOINT"
	sed -i 's/^secret_store=.*/secret_store=secret-service/' "$PROFILES/todo.conf"
	run -5 --separate-stderr sk-helper get todo
	run -0 --separate-stderr sk-helper set todo --secret-store kernel <<<test_secret
	run -0 sk-helper get todo
}

@test "a secret that works is not replaced by one that is not proved, without a question" {
	add_todo
	run -2 --separate-stderr sk-helper add todo --no-verify <<<wrong
	assert_error 'the new one is not proved'
	run -2 --separate-stderr sk-helper add todo --generate-key --issuer "$ISSUER" </dev/null
	assert_error 'the new one is not proved'
	run -0 sk-helper get todo --fresh
	run -0 sk-helper add todo --no-verify --yes <<<test_secret
	run -0 sk-helper get todo --fresh
}

@test "another server's token endpoint takes the old server's other endpoints away" {
	store_client todo "$(endpoint_that_answers '{}')" "revocation_endpoint=$FAULTY_URL/revoke" "issuer=$FAULTY_URL"
	run -0 --separate-stderr sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" <<<test_secret
	refute grep -qE '^(issuer|revocation_endpoint)=' "$PROFILES/todo.conf"
	# on the same server they stay
	run -0 --separate-stderr sk-helper set todo --issuer "$ISSUER" --revocation-endpoint "$ISSUER/oauth/revoke" <<<test_secret
	run -0 --separate-stderr sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" </dev/null
	grep -q '^revocation_endpoint=' "$PROFILES/todo.conf"
}

@test "where the secret goes is in the question for it" {
	run -0 expect -c '
		set timeout 20
		spawn sk-helper add todo --token-endpoint $env(TOKEN_ENDPOINT) --client-id m2m_todo --secret-store kernel
		expect "for $env(TOKEN_ENDPOINT) (not shown)" { send "test_secret\r" }
		expect timeout { exit 9 } eof { exit [lindex [wait] 3] }'
}

@test "exec: options that are wrong are said, and the exit status is the reason's" {
	run -3 --separate-stderr sk-helper exec -- true
	assert_error 'there is no profile yet'
	store_client todo "$TOKEN_ENDPOINT"
	for words in 'exec todo --evn A -- true' 'exec todo --env A=-x -- true'; do
		# shellcheck disable=SC2086 # words
		run -2 --separate-stderr sk-helper $words
		assert_error 'exec'
	done
}

@test "a default that was removed is none any more; a file in its place stays" {
	store_client one "$TOKEN_ENDPOINT"
	store_client two "$TOKEN_ENDPOINT"
	sk-helper set two --default >/dev/null
	sk-helper remove two >/dev/null
	refute [ -L "$PROFILES/default" ]
	run -0 sk-helper get
	echo mine >"$PROFILES/default"
	run -2 --separate-stderr sk-helper set one --default
	assert_error 'is a file of yours'
	assert_equal "$(cat "$PROFILES/default")" mine
}

@test "what cannot be looked at is said: by doctor, and by add --missing" {
	store_client todo "$TOKEN_ENDPOINT"
	sed 's/^secret_store=.*/secret_store=secret-service/' "$PROFILES/todo.conf" >"$PROFILES/away.conf"
	run -5 --separate-stderr sk-helper add --missing </dev/null
	assert_equal "${stderr_lines[-1]}" 'sk-helper: add: 1 of 1 missing secrets could not be stored'
	rm "$PROFILES/away.conf"
	rm -r "$PROFILES"
	ln -s profiles "$PROFILES"
	run ! sk-helper doctor --offline
	assert_line --regexp '^profiles +BAD '
}

@test "an issuer typed where the server does not name one; and a change by hand is undone without the secret" {
	api=$AS_URL/api run -0 expect -c '
		set timeout 20
		spawn sk-helper add i1 --client-id m2m_todo
		expect "URL of" { send "$env(api)\r" }
		expect "token endpoint, or its issuer" { send "$env(ISSUER)\r" }
		expect {
			"y/N" { send "y\r"; exp_continue }
			"not shown" { send "test_secret\r" }
		}
		expect "token: works"
		expect timeout { exit 9 } eof { exit [lindex [wait] 3] }'
	store_client todo "$TOKEN_ENDPOINT"
	sed -i s/m2m_todo/other/ "$PROFILES/todo.conf"
	run -8 --separate-stderr sk-helper get todo
	run -0 --separate-stderr sk-helper set todo --client-id m2m_todo </dev/null
	run -0 sk-helper get todo
}

@test "words in the wrong form: a key as others set it, a URL without its option, a scope with commas" {
	store_client todo "$TOKEN_ENDPOINT"
	run -2 --separate-stderr sk-helper set todo scope=todo:read
	assert_error 'did you mean --scope VALUE?'
	run -2 --separate-stderr sk-helper set todo https://a.example.com
	assert_error 'did you mean --url URL?'
	run -0 --separate-stderr sk-helper set todo --scope todo:read,todo:write
	[[ $stderr == *'several scopes are separated by spaces'* ]]
	run -2 --separate-stderr sk-helper todo
	assert_error "did you mean 'sk-helper get todo'?"
	store_client two "$TOKEN_ENDPOINT"
	run -3 --separate-stderr sk-helper exec nope -- true
	assert_error "there is no profile 'nope'"
	unset VISUAL EDITOR
	run -2 --separate-stderr sk-helper edit todo </dev/null
	assert_error 'there is no terminal for an editor'
}
