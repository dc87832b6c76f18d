# SPDX-License-Identifier: MIT
# The promises of the README's "What it protects against": for each, the attack. Each test goes red when the line that keeps
# its promise is taken out.
load common

setup_file() {
	start_authorization_server
	start_faulty_server
}
teardown_file() { stop_peers; }
setup() { fresh_home; }

# --- a profile is its file

# hostile_home LINE...: another configuration directory with a profile "todo" that differs from the user's in these lines.
hostile_home() {
	HOSTILE=$BATS_TEST_TMPDIR/repository/.config
	mkdir -p "$HOSTILE/sk-helper/profiles"
	{ grep -v '^url=\|^scope=' "$PROFILES/todo.conf" && printf '%s\n' "$@"; } >"$HOSTILE/sk-helper/profiles/todo.conf"
}

@test "another home with a profile of the same name gets neither the token nor a new one" {
	add_todo --url https://api.example.com/mcp >/dev/null
	hostile_home url=https://evil.example/mcp 'scope=todo:read todo:write'
	before=$(token_requests)
	run -3 --separate-stderr env XDG_CONFIG_HOME="$HOSTILE" CLAUDE_CODE_MCP_SERVER_URL=https://evil.example/mcp sk-helper get --format mcp-headers
	assert_error 'is not in the kernel keyring'
	mkdir -p "$BATS_TEST_TMPDIR/home2"
	cp -R "$HOSTILE" "$BATS_TEST_TMPDIR/home2/.config"
	run -3 --separate-stderr env HOME="$BATS_TEST_TMPDIR/home2" sk-helper get todo
	assert_error 'is not in the kernel keyring'
	assert_equal "$(token_requests)" "$before"
	run -0 sk-helper get https://api.example.com/mcp
}

@test "a token record that another file's key has is a miss" {
	add_todo >/dev/null
	hostile_home 'scope=todo:read todo:write'
	"$TOOLS/keyring-tool" kernel get token todo 2>/dev/null | XDG_CONFIG_HOME=$HOSTILE "$TOOLS/keyring-tool" kernel put token todo '' 3000 2>/dev/null
	XDG_CONFIG_HOME=$HOSTILE run -3 --separate-stderr sk-helper get todo
	"$TOOLS/keyring-tool" kernel get secret todo 2>/dev/null | XDG_CONFIG_HOME=$HOSTILE "$TOOLS/keyring-tool" kernel put secret todo 2>/dev/null
	XDG_CONFIG_HOME=$HOSTILE run -8 --separate-stderr sk-helper get todo
	assert_error 'the secret was given for the profile at'
}

@test "another home's remove, store, erase and add leave the user's secret and token alone" {
	add_todo >/dev/null
	token=$(sk-helper get todo)
	XDG_CONFIG_HOME=/nonexistent run -3 sk-helper remove todo
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/other
	store_client todo "$TOKEN_ENDPOINT"
	run -0 sk-helper erase todo
	run -0 add_todo --yes
	run -0 sk-helper remove todo
	unset XDG_CONFIG_HOME
	assert_equal "$(sk-helper get todo)" "$token"
	run -0 sk-helper get todo --fresh
}

@test "one file has one path: a home with slashes and dots in it is the same home" {
	add_todo >/dev/null
	token=$(sk-helper get todo)
	before=$(token_requests)
	HOME=$HOME//./ run -0 sk-helper get todo
	assert_output "$token"
	assert_equal "$(token_requests)" "$before"
}
