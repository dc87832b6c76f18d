# SPDX-License-Identifier: MIT
# At a terminal, which expect(1) makes; and not one word more anywhere else.
load common

setup_file() { start_faulty_server; }
teardown_file() { stop_peers; }
setup() {
	fresh_home
	export TERM=xterm
	unset NO_COLOR
	store_client p "$(endpoint_that_answers '{"body":{"access_token":"tok","token_type":"Bearer","expires_in":3600}}')"
}

# on_terminal WORDS...: what a terminal shows; exit status as it was.
on_terminal() {
	export COMMAND="$*"
	run expect -c 'set timeout 30
		log_user 1
		spawn -noecho sh -c $env(COMMAND)
		expect timeout { exit 99 } eof { exit [lindex [wait] 3] }'
}

@test "a token on the terminal: a warning, from the cache as well, and not with --quiet" {
	for _ in 1 2; do
		on_terminal sk-helper get p
		assert_line --partial tok
		assert_line --partial 'warning: the token is now on the terminal'
	done
	on_terminal sk-helper get p --quiet
	refute_output --partial warning
	on_terminal 'echo "$(sk-helper get p)" >/dev/null'
	assert_output ''
	run -0 --separate-stderr sk-helper get p
	assert_equal "$stderr" ''
}

@test "colours at a terminal, and not with NO_COLOR, in a dumb one or in a pipe" {
	on_terminal sk-helper doctor p
	assert_output --partial $'\e[32mok'
	on_terminal sk-helper list
	assert_output --partial $'\e[1mPROFILE'
	for words in 'NO_COLOR=1 sk-helper list' 'TERM=dumb sk-helper list' 'sk-helper list | cat' 'NO_COLOR=1 sk-helper doctor p'; do
		on_terminal "$words"
		refute_output --partial $'\e'
	done
}

@test "what takes longer than a second says so, at a terminal alone" {
	slow='{"delay":1500,"body":{"access_token":"tok","token_type":"Bearer"}}'
	store_client p "$(endpoint_that_answers "$slow")"
	on_terminal 'sk-helper get p >/dev/null'
	assert_output --partial 'waiting for the authorization server ...'
	run -0 --separate-stderr sk-helper get p --fresh
	assert_equal "$stderr" ''
	store_client q "$(endpoint_that_answers '{"body":{"access_token":"tok","token_type":"Bearer"}}')"
	on_terminal 'sk-helper get q >/dev/null'
	assert_output ''
}

@test "Ctrl-C while it waits leaves nothing behind" {
	store_client p "$(endpoint_that_answers '{"hang":true},{"body":{"access_token":"tok","token_type":"Bearer"}}')" timeout=30
	run expect -c 'set timeout 20
		spawn -noecho sk-helper get p
		expect "waiting for"
		send "\003"
		expect timeout { exit 99 } eof { exit 0 }'
	assert_equal "$status" 0
	SECONDS=0
	run -0 sk-helper get p
	assert_output tok
	assert [ "$SECONDS" -le 2 ]
	assert_equal "$(ls -A "$PROFILES")" p.conf
}
