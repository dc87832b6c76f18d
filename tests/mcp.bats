# SPDX-License-Identifier: MIT
# The main job, end to end: a client secret in the keyring, a token of a real authorization server, to-dos at a real MCP
# server that takes no other.
load common

setup_file() {
	start_authorization_server
	start_todo_server
}
teardown_file() { stop_peers; }
setup() {
	fresh_home
	printf 'test_secret\n' | sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo \
		--scope 'todo:read todo:write' --resource "$MCP_URL" --url "$MCP_URL" --secret-store kernel "$@"
}

# call_tool NAME ARGUMENTS [CURL-OPTION]...: a tools/call, as any MCP client sends it.
call_tool() {
	local body="{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"$1\",\"arguments\":$2}}"
	shift 2
	curl -sS --fail-with-body "$MCP_URL" -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' \
		-d "$body" "$@"
}

@test "create_todo and list_todos with curl, and one token request for all of it" {
	before=$(token_requests)
	run -0 call_tool create_todo '{"title":"buy milk"}' --oauth2-bearer "$(sk-helper get todo)"
	assert_equal "$(jq -r '.result.content[0].text | fromjson | .title' <<<"$output")" 'buy milk'
	run -0 call_tool list_todos '{}' --oauth2-bearer "$(sk-helper get)"
	assert_equal "$(jq -r '.result.content[0].text | fromjson | .[-1].title' <<<"$output")" 'buy milk'
	assert_equal "$(token_requests)" "$before"
}

@test "by the server's URL, and in other formats" {
	run -0 call_tool list_todos '{}' -H "$(sk-helper get "$MCP_URL" --format header)"
	run -0 call_tool list_todos '{}' -H "Authorization: $(sk-helper get --format header-value)"
	run -0 call_tool list_todos '{}' -H "Authorization: $(sk-helper get todo --format mcp-headers | jq -r .Authorization)"
	run -0 call_tool list_todos '{}' --config <(sk-helper get --format curl-config)
	run -0 call_tool list_todos '{}' --oauth2-bearer "$(sk-helper get - <<<"url=$MCP_URL" | sed -n 's/^credential=//p')"
	run -0 call_tool list_todos '{}' --oauth2-bearer "$(eval "$(sk-helper get --format env)" && echo "$ACCESS_TOKEN")"
}

@test "a token that may only read cannot write" {
	run -0 call_tool list_todos '{}' --oauth2-bearer "$(sk-helper get --scope todo:read)"
	run call_tool create_todo '{"title":"no"}' --oauth2-bearer "$(sk-helper get --scope todo:read)"
	[[ $output != *'"title\":\"no'* ]]
	[[ $output == *rror* ]]
}

@test "the server says where its tokens come from, and takes no other" {
	run -22 call_tool list_todos '{}' --oauth2-bearer nonsense
	run -0 curl -sS -D - -o /dev/null "$MCP_URL" -X POST -H 'Content-Type: application/json' -d '{}'
	metadata=$(grep -io 'resource_metadata="[^"]*"' <<<"$output" | cut -d'"' -f2)
	run -0 curl -sS --fail "$metadata"
	assert_equal "$(jq -r '.authorization_servers[0]' <<<"$output")" "$ISSUER"
	assert_equal "$(jq -r .resource <<<"$output")" "$MCP_URL"
}

# With the README alone: the interactive add, the line that it prints, and after the kernel keyring was emptied, the command that the
# message names. Every answer is what is on the screen, or what the owner of the server gives to a newcomer: URL, client id, secret.
@test "a newcomer comes to an answer of the server with curl, and again after a reboot, without reading a manual" {
	sk-helper remove todo >/dev/null
	cat >"$BATS_TEST_TMPDIR/add.exp" <<-'EXPECT'
		set timeout 30
		spawn -noecho sh -c "sk-helper [lindex $argv 0]"
		expect {
			"Name of the profile" { send "mine\r"; exp_continue }
			"URL of the MCP server" { send "$env(MCP_URL)\r"; exp_continue }
			"Client id" { send "m2m_todo\r"; exp_continue }
			"y/N" { send "y\r"; exp_continue }
			"not shown" { send "test_secret\r"; exp_continue }
			timeout { exit 99 }
			eof { exit [lindex [wait] 3] }
		}
	EXPECT
	run -0 expect "$BATS_TEST_TMPDIR/add.exp" add
	try=$(sed -n 's/^Try it: *//p' <<<"$output" | tr -d '\r')
	[ -n "$try" ]
	call="$try -sS --fail-with-body"
	run -0 sh -c "$call"
	assert_output --partial '"result"'
	clear_keys
	run ! --separate-stderr sh -c "$call"
	cure=$(sed -n "s/.*'sk-helper \([^']*\)'.*/\1/p" <<<"$stderr" | head -n 1)
	assert_equal "$cure" 'add mine'
	run -0 expect "$BATS_TEST_TMPDIR/add.exp" "$cure"
	run -0 sh -c "$call"
	assert_output --partial '"result"'
}
