# SPDX-License-Identifier: MIT
# What a person sees on a terminal of 80 columns, compared with files in tests/screens. After a change that is meant:
# UPDATE_SCREENS=1 make check TESTS=tests/screens.bats, and look at what git says has changed.
load common

SCREENS=$BATS_TEST_DIRNAME/screens

setup_file() {
	start_authorization_server
	start_todo_server
	start_faulty_server
}
teardown_file() { stop_peers; }
setup() {
	fresh_home
	# where lines are broken depends on how long it is
	HOME=$(mktemp -d /tmp/skXXXX)
	PROFILES=$HOME/.config/sk-helper/profiles
	export NO_COLOR=1 TERM=xterm
}

teardown() { rm -rf "$HOME"; }

# What differs from run to run and from machine to machine.
mask() {
	sed -E -e 's/\r//g' -e "s|$HOME|HOME|g" -e "s|$SK_BUILD/stage|PREFIX|g" -e 's/127\.0\.0\.1:[0-9]+/127.0.0.1:PORT/g' \
		-e 's/(59|60) min/60 min/g' -e 's/ +$//'
}

# screen NAME [EXPECT-LINES [SED-SCRIPT]]: runs COMMAND on such a terminal.
screen() {
	local name=$1
	export STEPS=${2:-}
	# shellcheck disable=SC2016 # expect's
	expect -c 'set timeout 20
		log_user 1
		spawn -noecho sh -c "stty columns 80; $env(COMMAND)"
		eval $env(STEPS)
		expect timeout { exit 99 } eof { exit [lindex [wait] 3] }' >"$BATS_TEST_TMPDIR/seen" || true
	mask <"$BATS_TEST_TMPDIR/seen" | sed -n "${3:-p}" >"$BATS_TEST_TMPDIR/screen"
	if [ -n "${UPDATE_SCREENS:-}" ]; then cp "$BATS_TEST_TMPDIR/screen" "$SCREENS/$name.txt"; fi
	diff -u "$SCREENS/$name.txt" "$BATS_TEST_TMPDIR/screen"
	# URLs and paths are not broken; all other lines fit
	assert_equal "$(grep -v -e HOME -e '://' -e PREFIX "$BATS_TEST_TMPDIR/screen" | awk 'length > 80')" ''
}

# The README's. The names of its servers are those that stand for any.
@test "a session: add, and a call with curl" {
	api=$(endpoint_that_answers '{"body":[{"id":1,"title":"try sk-helper"}]}')
	export api
	# shellcheck disable=SC2016 # the shell's that is started
	COMMAND='echo "$ sk-helper add"; sk-helper add --secret-store kernel
		echo "$ sk-helper get todo --format header | curl -H @- https://api.example.com/todos"
		sk-helper get todo --format header | curl -sS -H @- "$api"; echo' screen session '
		expect "Name of the profile" { send "todo\r" }
		expect "URL of" { send "$env(TOKEN_ENDPOINT)\r" }
		expect "Client id" { send "m2m_todo\r" }
		expect "not shown" { send "test_secret\r" }' 's|http://127.0.0.1:PORT|https://auth.example.com|g; s|HOME|~|; p'
}

@test "add, which asks" {
	COMMAND='sk-helper add' screen add '
		expect "Name of the profile" { send "tasks\r" }
		expect "URL of" { send "$env(MCP_URL)\r" }
		expect "Client id" { send "m2m_todo\r" }
		expect "y/N" { send "y\r" }
		expect "not shown" { send "test_secret\r" }'
}

@test "add after a reboot" {
	add_todo >/dev/null
	clear_keys
	COMMAND='sk-helper add todo' screen add-again 'expect "not shown" { send "test_secret\r" }'
}

@test "list" {
	add_todo --url https://mcp.example.com/mcp --url https://api.example.com >/dev/null
	store_client two "$TOKEN_ENDPOINT"
	store_client a-longer-name "$TOKEN_ENDPOINT" url=https://a.very.long.host.example.com/with/a/path/of/some/length scope='one:read one:write two:read'
	"$TOOLS/keyring-tool" kernel del secret two
	COMMAND='sk-helper list' screen list
}

@test "doctor of one profile" {
	add_todo --url https://mcp.example.com/mcp >/dev/null
	# the lines that are about this machine differ from machine to machine
	COMMAND='sk-helper doctor todo' screen doctor '' '/^profile/,/^sandbox/{ /^sandbox/!p }; /^token endpoint/,$p'
}

@test "help" {
	COMMAND='sk-helper help' screen help
	COMMAND='sk-helper get -h' screen help-get
	COMMAND='sk-helper add -h' screen help-add
}

@test "five errors" {
	COMMAND='sk-helper get' screen error-no-profile
	add_todo >/dev/null
	COMMAND='sk-helper get tood' screen error-no-such-profile
	COMMAND='sk-helper gte todo' screen error-no-such-command
	clear_keys
	COMMAND='sk-helper get todo' screen error-no-secret
	COMMAND='sk-helper set todo --scop x' screen error-no-such-option
}
