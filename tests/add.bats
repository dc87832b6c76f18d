# SPDX-License-Identifier: MIT
# add, store, erase, remove, list: a profile's life.
load common

setup_file() { start_authorization_server '{"clients":[
	{"id":"m2m_todo","secret":"test_secret"},
	{"id":"basic:id","secret":"a+b%c d:e/&=","method":"client_secret_basic"},
	{"id":"post","secret":"a+b%c d:e/&="}]}'; }
teardown_file() { stop_peers; }
setup() { fresh_home; }

secret_is_kept() { "$TOOLS/keyring-tool" kernel get secret "$1" >/dev/null 2>&1; }

@test "add says where the secret is, what that means for a reboot, and what it got" {
	run -0 --separate-stderr add_todo
	assert_line --partial "$PROFILES/todo.conf"
	assert_line --regexp 'in the kernel keyring, .*after a reboot'
	assert_line --regexp "token: .* 60 min, scope 'todo:read todo:write'"
	assert_equal "$stderr" ''
	assert_equal "$(stat -c %a "$PROFILES/todo.conf")" 600
	refute [ -n "$(grep -r test_secret "$HOME")" ]
}

@test "add without --secret-store says why it did not take the Secret Service" {
	run -0 --separate-stderr eval 'printf "test_secret\n" | sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo'
	assert_line --partial 'no desktop keyring here'
	grep -qx secret_store=kernel "$PROFILES/todo.conf"
}

@test "add with a wrong secret keeps nothing" {
	run -6 --separate-stderr eval 'printf "wrong\n" | sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store kernel'
	assert_error "profile 'todo' not added: token endpoint: HTTP 401 invalid_client"
	refute [ -e "$PROFILES/todo.conf" ]
	run ! secret_is_kept todo
	run -0 --separate-stderr "$TOOLS/keyring-tool" kernel list token
	assert_output ''
}

@test "add without the server keeps nothing, unless told not to ask it" {
	run -7 --separate-stderr eval 'printf "s\n" | sk-helper add todo --token-endpoint http://127.0.0.1:1/token --client-id c --secret-store kernel --timeout 2'
	assert_one_error
	refute [ -e "$PROFILES/todo.conf" ]
	run -0 eval 'printf "s\n" | sk-helper add todo --token-endpoint http://127.0.0.1:1/token --client-id c --secret-store kernel --no-verify'
	secret_is_kept todo
}

@test "add of a profile that is there asks for its secret, proves it, and keeps everything else" {
	add_todo --url https://a.example.com --username me --timeout 9
	before=$(cat "$PROFILES/todo.conf")
	run -6 --separate-stderr sk-helper add todo <<<wrong
	assert_error "profile 'todo' not changed: token endpoint: HTTP 401 invalid_client"
	run -0 sk-helper get --fresh
	clear_keys
	run -0 --separate-stderr sk-helper add todo <<<test_secret
	assert_line --partial 'token: works'
	assert_equal "$(cat "$PROFILES/todo.conf")" "$before"
	run -0 sk-helper get
}

@test "add with keys of a profile that is there changes those, and asks for the secret only where they decide who sees it" {
	add_todo --url https://a.example.com
	run -0 --separate-stderr sk-helper add todo --scope todo:read --url https://b.example.com </dev/null
	assert_line --partial "scope 'todo:read'"
	assert_equal "$(grep -c ^url= "$PROFILES/todo.conf")" 2
	# a change that the server refuses is not kept
	start_faulty_server
	store_client odd "$(endpoint_that_answers '{"status":400,"body":{"error":"invalid_scope"}}')" scope=good
	run -6 --separate-stderr sk-helper add odd --scope nonsense </dev/null
	assert_error "ask the server's owner"
	grep -qx scope=good "$PROFILES/odd.conf"
	run -2 --separate-stderr sk-helper add todo --client-id other </dev/null
	assert_error 'client secret: standard input has none'
	grep -qx client_id=m2m_todo "$PROFILES/todo.conf"
}

@test "after a reboot, add --missing asks for each secret that is not there" {
	store_client one "$TOKEN_ENDPOINT"
	store_client two "$TOKEN_ENDPOINT"
	clear_keys
	store_client three "$TOKEN_ENDPOINT"
	run -0 --separate-stderr sk-helper add --missing <<<$'test_secret\ntest_secret'
	assert_line --partial "profile 'one', client id 'm2m_todo', for "
	assert_line --partial "profile 'two', client id 'm2m_todo', for "
	refute_line --partial three
	sk-helper get one >/dev/null
	sk-helper get two >/dev/null
	run -0 sk-helper add --missing </dev/null
	assert_output 'no client secret is missing'
	clear_keys
	run -6 --separate-stderr sk-helper add --missing <<<$'test_secret\nwrong\ntest_secret'
	assert_equal "${stderr_lines[-1]}" 'sk-helper: add: 1 of 3 missing secrets could not be stored'
	run -2 --separate-stderr sk-helper add one --missing
	assert_one_error
}

@test "add --dry-run shows what would be written, and asks for nothing" {
	run -0 --separate-stderr sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store kernel --dry-run </dev/null
	assert_line "token_endpoint=$TOKEN_ENDPOINT"
	assert_line --partial "would be asked for, kept in the kernel keyring, and sent to $TOKEN_ENDPOINT"
	refute [ -e "$HOME/.config" ]
	run -0 sk-helper list --names
	assert_output ''
}

@test "add asks, too, where only a secret of that name is stored" {
	add_todo
	rm "$PROFILES/todo.conf"
	run -2 --separate-stderr add_todo
	assert_error 'a client secret is already stored'
}

@test "add on a terminal: the secret is asked for, and not shown" {
	run -0 expect -c '
		set timeout 20
		spawn sk-helper add todo --token-endpoint $env(TOKEN_ENDPOINT) --client-id m2m_todo --secret-store kernel
		expect "not shown" { send "test_secret\r" }
		expect timeout { exit 9 } eof { exit [lindex [wait] 3] }'
	refute_output --partial test_secret
	run -0 sk-helper get
}

@test "add on a terminal: Ctrl-C puts the echo back" {
	run -0 expect -c '
		set timeout 20
		spawn sh -c "sk-helper add todo --token-endpoint $env(TOKEN_ENDPOINT) --client-id m2m_todo --secret-store kernel; stty -a"
		expect "not shown" { after 200; send "\003" }
		expect -re { (-?)echo } { if {$expect_out(1,string) ne ""} { exit 1 } }
		exit 0'
	refute [ -e "$PROFILES/todo.conf" ]
}

@test "client secrets that are not valid are refused" {
	while IFS='|' read -r secret says; do
		run -2 --separate-stderr sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store kernel \
			< <(printf '%b' "$secret")
		assert_error "$says"
	done <<'TABLE'
|standard input has none
\n|standard input has none
secret\r\n|control character
a\0b\n|NUL
TABLE
	run -2 --separate-stderr sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store kernel \
		< <(head -c 5000 /dev/zero | tr '\0' x)
	assert_error 'too long'
}

@test "a secret with characters that need encoding, in the body and with Basic" {
	printf 'a+b%%c d:e/&=\n' >"$BATS_TEST_TMPDIR/secret"
	run -0 sk-helper add one --token-endpoint "$TOKEN_ENDPOINT" --client-id post --secret-store kernel <"$BATS_TEST_TMPDIR/secret"
	run -0 sk-helper add two --token-endpoint "$TOKEN_ENDPOINT" --client-id basic:id --auth-method client_secret_basic \
		--secret-store kernel <"$BATS_TEST_TMPDIR/secret"
}

@test "audience and resource are sent as they are" {
	start_faulty_server
	endpoint=$(endpoint_that_answers '{"body":{"access_token":"t","token_type":"Bearer"}}')
	store_client odd "$endpoint" 'resource=urn:x:a%20b' 'audience=https://a.example.com/' 'scope=a b'
	sk-helper get odd >/dev/null
	body=$(curl -s "$FAULTY_URL/__stats" | jq -r .last.body)
	assert_equal "$body" 'grant_type=client_credentials&scope=a+b&resource=urn%3Ax%3Aa%2520b&audience=https%3A%2F%2Fa.example.com%2F&client_id=m2m_todo&client_secret=test_secret'
	assert_equal "$(curl -s "$FAULTY_URL/__stats" | jq -r .last.headers.authorization)" null
}

@test "store makes a profile, changes it, and asks for the secret where that matters" {
	store_client todo "$TOKEN_ENDPOINT" scope=todo:read
	run -0 sk-helper get --format json
	assert_equal "$(jq -r .token_type <<<"$output")" Bearer
	run -0 --separate-stderr sk-helper store <<<$'profile=todo\nresource=http://127.0.0.1:1/mcp\nurl=https://a.example.com'
	assert_equal "$output$stderr" ''
	run -0 sk-helper get https://a.example.com --format json
	assert_equal "$(jq -r .scope <<<"$output")" todo:read
	for line in token_endpoint=https://evil.example.com/token proxy=http://evil:1 ca_file=/tmp/evil.pem issuer=https://evil.example.com; do
		run -8 --separate-stderr sk-helper store <<<"profile=todo"$'\n'"$line"
		assert_error 'the secret was given for'
	done
	run -0 sk-helper get --fresh
	run -3 --separate-stderr sk-helper store <<<$'profile=new\ntoken_endpoint=https://a.example.com/\nclient_id=x\nsecret_store=kernel'
	assert_error 'client_secret='
	refute [ -e "$PROFILES/new.conf" ]
	run -2 --separate-stderr sk-helper store <<<'client_id=x'
	assert_error 'profile: missing'
}

@test "erase forgets tokens of all scopes and never the secret" {
	add_todo
	sk-helper get >/dev/null
	sk-helper get --scope todo:read >/dev/null
	before=$(token_requests)
	run -0 --separate-stderr sk-helper erase todo
	assert_output "profile 'todo': 2 cached tokens forgotten; the client secret is kept"
	run -0 --separate-stderr "$TOOLS/keyring-tool" kernel list token
	assert_output ''
	sk-helper get >/dev/null
	assert_equal "$(token_requests)" $((before + 1))
	run -0 sk-helper erase
	run -3 --separate-stderr sk-helper erase other
	assert_one_error
}

@test "erase - with a credential forgets that one alone" {
	add_todo
	old=$(sk-helper get)
	new=$(sk-helper get --fresh)
	run -0 sk-helper erase - <<<$'profile=todo\ncredential='"$old"
	assert_equal "$(sk-helper get)" "$new"
	run -0 sk-helper erase - <<<$'profile=todo\ncredential='"$new"
	[ "$(sk-helper get)" != "$new" ]
	run -2 --separate-stderr sk-helper erase - <<<"credential=$new"
	assert_error 'needs profile= or url='
}

@test "remove takes profile, secret and tokens away" {
	add_todo
	sk-helper get >/dev/null
	run -0 --separate-stderr sk-helper remove todo
	assert_output "removed profile 'todo': its file, its client secret (kernel keyring), 1 cached token"
	assert_equal "$stderr" ''
	refute [ -e "$PROFILES/todo.conf" ]
	for role in secret token probe; do
		run -0 --separate-stderr "$TOOLS/keyring-tool" kernel list "$role"
		assert_output ''
	done
	run -3 --separate-stderr sk-helper remove todo
	assert_one_error
}

@test "remove gets rid of a damaged profile" {
	add_todo
	echo nonsense >"$PROFILES/todo.conf"
	run -2 --separate-stderr sk-helper get
	assert_error 'line 1'
	run -0 sk-helper remove todo
	run ! secret_is_kept todo
}

@test "remove finds the secret of a profile whose file has gone" {
	add_todo
	rm "$PROFILES/todo.conf"
	run -0 sk-helper remove todo
	run ! secret_is_kept todo
	run -0 --separate-stderr "$TOOLS/keyring-tool" kernel list token
	assert_output ''
	run -3 --separate-stderr sk-helper remove todo
	assert_error "no profile 'todo'"
}

@test "list: a table for people, JSON for programs, names for completion" {
	run -0 sk-helper list --json
	assert_output '[]'
	add_todo
	store_client second "$TOKEN_ENDPOINT"
	echo nonsense >"$PROFILES/third.conf"
	run -0 sk-helper list
	assert_line --index 0 --regexp '^PROFILE +FOR +SCOPE +SECRET +TOKEN$'
	assert_line --index 1 --regexp "^second +no url; tokens from 127.0.0.1 +kernel, stored +none\$"
	assert_line --index 2 --regexp '^third .*line 1'
	assert_line --index 3 --regexp "^todo +http://127.0.0.1:1/mcp +todo:read todo:write +kernel, stored +(59|60) min\$"
	sk-helper set todo --url https://a.example.com --url https://b.example.com --default >/dev/null
	run -0 sk-helper list todo
	assert_line --index 1 --regexp '^todo +https://a.example.com \(\+1\) '
	assert [ "${#lines[@]}" = 2 ]
	run -3 --separate-stderr sk-helper list tood
	assert_error "did you mean 'todo'?"
	run -0 sk-helper list
	assert_line --regexp '^todo \(default\) '
	run -0 sk-helper list --names
	assert_output $'second\nthird\ntodo'
	run -0 sk-helper list --json
	assert_equal "$(jq -c '.[2] | [.profile, .secret, .token_cached]' <<<"$output")" '["todo","stored",true]'
	"$TOOLS/keyring-tool" kernel del secret todo
	run -0 sk-helper list
	assert_line --regexp '^todo +.* kernel, missing'
}

@test "a secret that is gone after a reboot: the message says so" {
	add_todo
	sk-helper erase
	"$TOOLS/keyring-tool" kernel del secret todo
	run -3 --separate-stderr sk-helper get
	# the tests' own user namespace has other keyrings than the user outside
	if grep -q ' 0 *0 4294967295$' /proc/self/uid_map; then reason='empty after a reboot'; else reason='this is a user namespace'; fi
	assert_error "$reason"
	assert_error "'sk-helper add todo' asks for it"
}

@test "doctor: the keyrings, the secret, the server and its clock" {
	add_todo
	run -0 --separate-stderr sk-helper doctor todo
	assert_line --regexp '^secret-service +- .*no bus'
	assert_line --regexp '^kernel +ok .*quota used: [0-9]+ of'
	assert_line --regexp '^client secret +ok '
	assert_line --regexp "^token endpoint +ok +$TOKEN_ENDPOINT"
	assert_line --regexp '^clock +ok +within [0-9] s'
	assert_line --regexp "^token +ok .*valid for 3600 s, scope 'todo:read todo:write'"
	assert_equal "$stderr" ''
	store_client away http://127.0.0.1:1/token timeout=2
	run -7 --separate-stderr sk-helper doctor away
	assert [ "${#stderr_lines[@]}" = 1 ]
	run -3 --separate-stderr sk-helper doctor none
	assert_one_error
	# all of them, without asking a server
	run -0 sk-helper doctor
	assert_line --regexp '^sk-helper +ok +version .*Linux .*libcurl .*profiles in '
	assert_line --regexp '^profile +ok +away '
	assert_line --regexp '^profile +ok +todo '
	refute_line --regexp '^token endpoint'
	run -0 sk-helper doctor away --offline
	refute_line --regexp '^token endpoint'
	# each is looked at, though one is not valid
	echo scop=x >>"$PROFILES/away.conf"
	run -2 --separate-stderr sk-helper doctor
	assert_line --regexp "^profile +BAD .*did you mean 'scope'\?.*'sk-helper edit away' opens it"
	assert_line --regexp '^profile +ok +todo '
	assert_equal "${#stderr_lines[@]}" 1
	run -2 --separate-stderr sk-helper doctor --json
	assert_equal "$(jq -r '.[] | select(.result == "BAD") | .profile' <<<"$output")" away
	assert_equal "$(jq -r '.[] | select(.check == "client secret") | .profile + " " + .result' <<<"$output")" 'todo ok'
}

@test "doctor notices a clock that is off" {
	start_faulty_server
	store_client off "$(endpoint_that_answers '{"headers":{"date":"Sat, 01 Jan 2000 00:00:00 GMT"}}')"
	run -8 --separate-stderr sk-helper doctor off
	assert_line --regexp '^clock +BAD +[0-9]+ s away'
}

@test "store that is cut short, by a limit or a signal, leaves what was there working" {
	store_client f "$TOKEN_ENDPOINT"
	before=$("$TOOLS/keyring-tool" kernel get secret f 2>/dev/null)
	change="profile=f"$'\n'"token_endpoint=https://a.example.com/"$'\n'"client_secret=other"
	run -1 --separate-stderr limited --fsize=0 sk-helper store <<<"$change"
	assert_error 'File too large'
	assert_equal "$("$TOOLS/keyring-tool" kernel get secret f 2>/dev/null)" "$before"
	# a signal between the secret and the file waits until both are there
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 run strace -f -o /dev/null -e inject=rename:signal=INT -e trace=rename sk-helper store <<<"$change"
	assert_equal "$(sed -n 's/^token_endpoint=//p' "$PROFILES/f.conf")" https://a.example.com/
	"$TOOLS/keyring-tool" kernel get secret f 2>/dev/null | grep -qx token_endpoint=https://a.example.com/
	assert_equal "$(find "$PROFILES" -name '*~')" ''
}

store_numbered() { store_client f "https://a.example.com/$1"; }

@test "stores at once: the profile and its secret are of the same one" {
	for _ in 1 2 3; do
		at_once 6 store_numbered
		endpoint=$(sed -n 's/^token_endpoint=//p' "$PROFILES/f.conf")
		"$TOOLS/keyring-tool" kernel get secret f 2>/dev/null | grep -qx "token_endpoint=$endpoint"
	done
}

@test "what is in a URL or in a wrong argument is not repeated" {
	for url in https://user:hunter2@a.example.com/x 'https://a.example.com/x?access_token=hunter2' hunter2://x; do
		run --separate-stderr sk-helper get - <<<"url=$url"
		assert_one_error
		[[ $stderr != *hunter2* ]] || fail "$stderr"
		run -2 --separate-stderr sk-helper store <<<$'profile=f\nclient_id=x\nsecret_store=kernel\ntoken_endpoint='"${url/x\?/x\#}"
		[[ $stderr != *hunter2* ]] || fail "$stderr"
	done
	for args in 'todo hunter2' 'todo --client_secret=hunter2' 'todo --client-secret hunter2' 'todo --pass=hunter2'; do
		# shellcheck disable=SC2086 # words
		run -2 --separate-stderr sk-helper add $args
		assert_one_error
		[[ $stderr != *hunter2* ]] || fail "$stderr"
	done
}

@test "a ring of very many keys is listed and cleared whole" {
	add_todo
	ring=$(keyctl search @u keyring sk-helper)
	for i in $(seq 1100); do printf 'add user token:x%s:0123456789abcdef y %s\n' "$i" "$ring"; done >"$BATS_TEST_TMPDIR/keys"
	# an ordinary user's quota does not allow so many
	if ! xargs -L 1 keyctl <"$BATS_TEST_TMPDIR/keys" >/dev/null 2>&1; then
		[ "$(id -u)" != 0 ]
		keyctl clear "$ring"
		return 0
	fi
	run -0 sk-helper list
	assert_line --regexp '^todo .* kernel, stored'
	run -0 sk-helper remove todo
	run -3 keyctl search "$ring" user "$("$TOOLS/keyring-tool" kernel name token todo 2>/dev/null)" || [ "$status" != 0 ]
	run ! secret_is_kept todo
}

@test "a directory of profiles that cannot be read is not an empty one" {
	add_todo
	chmod 000 "$PROFILES"
	if [ "$(id -u)" != 0 ]; then
		run -1 --separate-stderr sk-helper get
		assert_error 'Permission denied'
	fi
	chmod 700 "$PROFILES"
}

@test "a profile that is made while add waits for its secret is not replaced" {
	mkfifo "$BATS_TEST_TMPDIR/in"
	sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store kernel <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	adder=$!
	exec 7>"$BATS_TEST_TMPDIR/in"
	sleep 0.3
	store_client todo "$TOKEN_ENDPOINT" scope=todo:read
	echo test_secret >&7
	exec 7>&-
	status=0
	wait "$adder" || status=$?
	assert_equal "$status" 7
	grep -q 'meanwhile: nothing was changed' "$BATS_TEST_TMPDIR/out"
	grep -qx scope=todo:read "$PROFILES/todo.conf"
}

@test "Ctrl-Z at the prompt: it is asked again, without echo" {
	export BASH_SILENCE_DEPRECATION_WARNING=1
	run -0 expect -c '
		set timeout 20
		spawn bash --norc -i
		send "PS1=READY:; set -m\r"
		expect -re "READY:$"
		send "sk-helper add todo --token-endpoint $env(TOKEN_ENDPOINT) --client-id m2m_todo --secret-store kernel\r"
		expect "not shown" { sleep 0.2; send "\032" }
		expect "Stopped"
		expect -re "READY:$"
		send "fg\r"
		expect "not shown" { sleep 0.2; send "test_secret\r" }
		expect "token: works" { exit 0 } timeout { exit 9 }'
	refute_output --partial test_secret
}

@test "relative paths, a warning for a second profile with the same URL, and errors for what is not allowed" {
	cd "$BATS_TEST_TMPDIR"
	: >ca.pem
	sk-helper add a --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store kernel --ca-file ca.pem --url https://mcp.example.com/ <<<test_secret >/dev/null
	grep -qx "ca_file=$BATS_TEST_TMPDIR/ca.pem" "$PROFILES/a.conf"
	run -0 --separate-stderr sk-helper add b --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store kernel --url https://mcp.example.com/ <<<test_secret
	assert_equal "$stderr" "sk-helper: warning: profile 'a' has the same url: a request by URL must now name one of the two profiles"
	assert_equal "$(sk-helper list --json | jq -r '.[0].urls[0] + .[0].auth_method')" https://mcp.example.com/client_secret_post
	for words in 'list --json --names' 'help get list' 'doctor --jsn' 'refresh a --yse' 'rotate a --yse'; do
		# shellcheck disable=SC2086 # words
		run -2 --separate-stderr sk-helper $words </dev/null
		assert_one_error
	done
	run -2 --separate-stderr sk-helper store <<<$'profile=a\nscopee=x'
	assert_error "a profile has no key 'scopee': did you mean 'scope'?"
}

@test "remove takes what an edited profile does not name any more" {
	store_client todo "$TOKEN_ENDPOINT"
	sk-helper get todo >/dev/null
	: >"$PROFILES/todo.conf~"
	sed -i 's/^token_cache=.*/token_cache=none/; s/^secret_store=.*/secret_store=kernel/' "$PROFILES/todo.conf"
	run -0 --separate-stderr sk-helper remove todo
	assert_equal "$stderr" ''
	run -0 "$TOOLS/keyring-tool" kernel list token
	refute_output --partial todo
	assert_equal "$(ls -A "$PROFILES")" ''
}
