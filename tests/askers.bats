# SPDX-License-Identifier: MIT
# Hooks that are run once for each connection, and that only ask again when a token was refused: as the agents run them, with
# their environment, through a shell, from a process that stays.
load common

setup_file() { start_authorization_server; }
teardown_file() { stop_peers; }
setup() {
	fresh_home
	printf 'test_secret\n' | sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store kernel \
		--scope todo:read --url http://127.0.0.1:1/mcp >/dev/null
	unset CLAUDE_CODE_MCP_SERVER_NAME CLAUDE_CODE_MCP_SERVER_URL
}

# agent TIMES [PAUSE-MS]: one process that runs its hook so often, through a shell; prints the tokens.
agent() {
	"$SK_NODE" -e '
		const { execFileSync } = require("node:child_process");
		const [times, pause] = process.argv.slice(1).map(Number);
		for (let i = 0; i < times; i++) {
			if (i) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
			const out = execFileSync("/bin/sh", ["-c", "sk-helper get todo --format mcp-headers; exit $?"], { stdio: ["ignore", "pipe", "inherit"] });
			console.log(JSON.parse(out).Authorization);
		}' "$1" "${2:-0}"
}

@test "the same process that asks again gets a new token, at once, and then that one for a while" {
	make_older todo 100
	before=$(token_requests)
	run -0 agent 4
	[ "${lines[0]}" != "${lines[1]}" ]
	assert_equal "${lines[2]}" "${lines[1]}"
	assert_equal "${lines[3]}" "${lines[1]}"
	assert_equal "$(token_requests)" $((before + 1))
}

@test "a token of just now is renewed, too, once in 30 seconds" {
	before=$(token_requests)
	run -0 agent 5
	[ "${lines[0]}" != "${lines[1]}" ]
	assert_equal "$(sort -u <<<"$output" | wc -l)" 2
	assert_equal "$(token_requests)" $((before + 1))
	# the weak sign, another process for the same server, has a budget of its own; and 30 seconds later there is another one
	export CLAUDE_CODE_MCP_SERVER_NAME=todo CLAUDE_CODE_MCP_SERVER_URL=http://127.0.0.1:1/mcp
	run -0 agent 1
	sleep 2.1
	run -0 agent 1
	assert_equal "$(token_requests)" $((before + 2))
	awk -F= -v OFS== '/^same_/ && $2 > 31000 { $2 -= 31000 } 1' "$(lock_file todo .renewals)" >"$BATS_TEST_TMPDIR/note"
	cat "$BATS_TEST_TMPDIR/note" >"$(lock_file todo .renewals)"
	unset CLAUDE_CODE_MCP_SERVER_NAME CLAUDE_CODE_MCP_SERVER_URL
	run -0 agent 2
	assert_equal "$(token_requests)" $((before + 3))
}

@test "a herd that was given one token and has it refused gets one new one" {
	before=$(token_requests)
	cat >"$BATS_TEST_TMPDIR/two" <<-'SH'
		sk-helper get todo --format mcp-headers
		sleep 0.5
		sk-helper get todo --format mcp-headers
		:
	SH
	many() { bash "$BATS_TEST_TMPDIR/two" >"$BATS_TEST_TMPDIR/$1.out"; }
	at_once 6 many
	assert_equal "$(sort -u "$BATS_TEST_TMPDIR"/*.out | wc -l)" 2
	assert_equal "$(token_requests)" $((before + 1))
}

@test "other processes are other askers: agents that start one after the other are no refusal" {
	make_older todo 100
	before=$(token_requests)
	first=$(agent 1)
	assert_equal "$(agent 1)" "$first"
	assert_equal "$(agent 1)" "$first"
	assert_equal "$(token_requests)" "$before"
}

one_agent() { agent 1 >"$BATS_TEST_TMPDIR/$1.out"; }

@test "by the server's name: together they are no refusal, two seconds later another process is one" {
	export CLAUDE_CODE_MCP_SERVER_NAME=todo CLAUDE_CODE_MCP_SERVER_URL=http://127.0.0.1:1/mcp
	make_older todo 100
	before=$(token_requests)
	at_once 5 one_agent
	assert_equal "$(cat "$BATS_TEST_TMPDIR"/*.out | sort -u | wc -l)" 1
	assert_equal "$(token_requests)" "$before"
	first=$(cat "$BATS_TEST_TMPDIR/1.out")
	sleep 2.1
	# another server's name is another asker
	CLAUDE_CODE_MCP_SERVER_NAME=other run -0 agent 1
	assert_output "$first"
	run -0 agent 1
	[ "$output" != "$first" ]
	assert_equal "$(token_requests)" $((before + 1))
}

@test "a profile can turn it off" {
	sk-helper store <<<$'profile=todo\nrenew_on_repeat=no'
	make_older todo 100
	before=$(token_requests)
	run -0 agent 3
	assert_equal "$(sort -u <<<"$output" | wc -l)" 1
	assert_equal "$(token_requests)" "$before"
}

@test "a connection gets a token with a good part of its life left" {
	# a quarter of an hour is left of an hour: another asker would be served this one, and it would be renewed behind
	make_older todo 3000
	old=$(sk-helper get --format header-value)
	[ "$(agent 1)" != "$old" ]
}

@test "while the server is away, who asks again gets the token that there is" {
	make_older todo 100
	sk-helper list >/dev/null
	first=$(agent 1)
	sed -i "s|^token_endpoint=.*|token_endpoint=http://127.0.0.1:1/token|" "$PROFILES/todo.conf"
	for role in secret token; do
		"$TOOLS/keyring-tool" kernel get "$role" todo 2>/dev/null | sed "s|^token_endpoint=.*|token_endpoint=http://127.0.0.1:1/token|" |
			"$TOOLS/keyring-tool" kernel put "$role" todo '' "$([ "$role" = token ] && echo 3000 || echo 0)" 2>/dev/null
	done
	run -0 agent 2
	assert_equal "$output" "$first"$'\n'"$first"
}

@test "a cleared environment, a closed or odd standard input, no terminal" {
	for input in '</dev/null' '<&-' '< <(sleep 5)'; do
		run -0 --separate-stderr env -i HOME="$HOME" PATH="$PATH" USER=x LANG=C bash -c "sk-helper get todo --format mcp-headers $input"
		assert_equal "$stderr" ''
		jq -e .Authorization <<<"$output" >/dev/null
	done
}

@test "the variables that are read have no part that a hook's environment is cleared of" {
	run grep -rhoE 'getenv\("[A-Za-z_]+"|_VARIABLE +"[A-Z_]+"|"[A-Z]+_[A-Z_]*(URL|NAME)"' "$BATS_TEST_DIRNAME"/../helper
	# a platform's names, and systemd's, are not ours to choose
	output=$(grep -v '"ACTIONS_\|"CREDENTIALS_DIRECTORY"' <<<"$output")
	refute_output --regexp '(^|_|")(TOKEN|SECRET|PASSWORD|PASSWD|KEY|AUTH|COOKIE|PAT|CREDENTIALS?)(_|"|$)'
	assert_output --partial SK_HELPER_PROFILE
}
