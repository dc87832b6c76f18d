# SPDX-License-Identifier: MIT
# After a 401 or a 403: what the server said is handed to "get -", and decides what is asked for.
load common

setup_file() {
	start_authorization_server
	start_faulty_server
}
teardown_file() { stop_peers; }
setup() { fresh_home; }

# ask LINE...: a request, and its answer's fields as variables
ask() {
	run -0 --separate-stderr sk-helper get - < <(printf '%s\n' "$@")
	assert_equal "$stderr" ''
	credential=$(sed -n 's/^credential=//p' <<<"$output")
	scope=$(sed -n 's/^scope=//p' <<<"$output")
}

add_with_scope() {
	printf 'test_secret\n' | sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store kernel \
		--resource http://127.0.0.1:1/mcp --url http://127.0.0.1:1/mcp --scope "$1" --scope-limit 'todo:read todo:write' >/dev/null
}

@test "the scope of a 401 is what is asked for, and its token is cached by it" {
	add_with_scope 'todo:read todo:write'
	before=$(token_requests)
	ask profile=todo 'wwwauth[]=Bearer realm="x", scope="todo:read"'
	assert_equal "$scope" todo:read
	first=$credential
	ask profile=todo 'wwwauth[]=Basic realm="x"' 'wwwauth[]=Bearer scope="todo:read"'
	assert_equal "$credential" "$first"
	assert_equal "$(token_requests)" $((before + 1))
	# the profile's own is another one, still there
	ask profile=todo
	assert_equal "$scope" 'todo:read todo:write'
	assert_equal "$(token_requests)" $((before + 1))
	# a scope that is named is not overruled
	ask profile=todo scope=todo:write 'wwwauth[]=Bearer scope="todo:read"'
	assert_equal "$scope" todo:write
}

@test "insufficient_scope is a step up: what was asked for, and what is wanted now" {
	add_with_scope todo:read
	ask profile=todo 'wwwauth[]=Bearer error="insufficient_scope", scope="todo:write todo:read"'
	assert_equal "$scope" 'todo:read todo:write'
	before=$(token_requests)
	old=$credential
	ask profile=todo 'wwwauth[]=Bearer error="insufficient_scope", scope="todo:write"'
	assert_equal "$credential" "$old"
	assert_equal "$(token_requests)" "$before"
	# bounded
	sk-helper store <<<$'profile=todo\nscope_limit=*'
	long=$(printf 's%04d ' $(seq 340))
	run -8 --separate-stderr sk-helper get - < <(printf 'profile=todo\nscope=%s\nwwwauth[]=Bearer error="insufficient_scope", scope="%s"\n' \
		"${long% }" "$(printf 't%04d ' $(seq 330) | sed 's/ $//')")
	assert_error 'more and more scopes'
}

@test "a server does not get more scopes than the profile allows" {
	printf 'test_secret\n' | sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store kernel \
		--resource http://127.0.0.1:1/mcp --url http://127.0.0.1:1/mcp --scope todo:read >/dev/null
	before=$(token_requests)
	for challenge in 'Bearer scope="todo:read payroll:admin delete:all"' 'Bearer error="insufficient_scope", scope="payroll:admin delete:all"'; do
		run -8 --separate-stderr sk-helper get - <<<"url=http://127.0.0.1:1/mcp"$'\n'"wwwauth[]=$challenge"
		assert_error "scopes that the profile does not allow: 'payroll:admin delete:all'"
	done
	assert_equal "$(token_requests)" "$before"
	# what it may have; and a part of it
	ask profile=todo 'wwwauth[]=Bearer scope="todo:read"'
	assert_equal "$scope" todo:read
	sk-helper store <<<$'profile=todo\nscope_limit=todo:read todo:write'
	ask profile=todo 'wwwauth[]=Bearer error="insufficient_scope", scope="todo:write"'
	assert_equal "$scope" 'todo:read todo:write'
	# a profile without any scope allows none to be chosen by a server
	store_client plain "$TOKEN_ENDPOINT" url=http://127.0.0.1:2/
	run -8 --separate-stderr sk-helper get - <<<$'profile=plain\nwwwauth[]=Bearer scope="todo:read"'
	assert_error "'todo:read'"
	# the internal renewal is no way around the profile
	run -8 --separate-stderr sk-helper renew todo todo:read https://evil.example.com/
	assert_error 'neither'
}

@test "a server that refuses every token does not use up the client's quota" {
	answers=$(for i in $(seq 15); do printf ',{"body":{"access_token":"token-%s","token_type":"Bearer","expires_in":600}}' "$i"; done)
	store_client f "$(endpoint_that_answers "${answers#,}")"
	before=$(faulty_requests) began=$SECONDS
	for _ in $(seq 14); do
		token=$(sk-helper get f)
		run --separate-stderr sk-helper get - <<<$'profile=f\ncredential='"$token"$'\nwwwauth[]=Bearer error="invalid_token"'
		[ "$status" = 0 ] || break
	done
	assert_equal "$status" 7
	assert_error 'servers have refused several new tokens in a row'
	# the first, four at once, and then one a second at the most, however slow the machine is
	assert [ "$(faulty_requests)" -le $((before + 5 + SECONDS - began)) ]
	# other requests are served
	run -0 sk-helper get f
}

@test "invalid_token with the token: that one is not given again, a newer one is" {
	add_with_scope todo:read
	old=$(sk-helper get)
	before=$(token_requests)
	ask profile=todo "credential=$old" 'wwwauth[]=Bearer error="invalid_token"'
	[ "$credential" != "$old" ]
	new=$credential
	# late news of the old one costs nothing
	ask profile=todo "credential=$old" 'wwwauth[]=Bearer error="invalid_token"'
	assert_equal "$credential" "$new"
	assert_equal "$(token_requests)" $((before + 1))
}

refused() { sk-helper get - <<<$'profile=f\nwwwauth[]=Bearer error="invalid_token"' >"$BATS_TEST_TMPDIR/$1.out"; }

@test "invalid_token without the token: one new token for all that are refused" {
	answers='{"body":{"access_token":"old","token_type":"Bearer","expires_in":3600}},{"delay":200,"body":{"access_token":"new","token_type":"Bearer","expires_in":3600}},{"status":500}'
	store_client f "$(endpoint_that_answers "$answers")"
	sk-helper get f >/dev/null
	# a token of just now is taken for the new one
	ask profile=f 'wwwauth[]=Bearer error="invalid_token"'
	assert_equal "$credential" old
	make_older f 100
	before=$(faulty_requests)
	at_once 10 refused
	assert_equal "$(cat "$BATS_TEST_TMPDIR"/*.out | grep -c '^credential=new$')" 10
	assert_equal "$(faulty_requests)" $((before + 1))
	assert_equal "$(sk-helper get f)" new
}

@test "another resource, where the profile's url covers it" {
	add_with_scope todo:read
	ask url=http://127.0.0.1:1/mcp resource=http://127.0.0.1:1/mcp/deep
	[ "$credential" != "$(sk-helper get)" ]
	[[ $(cut -d. -f2 <<<"$credential" | tr '_-' '/+' | base64 -d 2>/dev/null) == *'"aud":"http://127.0.0.1:1/mcp/deep"'* ]]
	old=$credential
	ask url=http://127.0.0.1:1/mcp resource=http://127.0.0.1:1/mcp/deep
	assert_equal "$credential" "$old"
	for resource in https://evil.example.com/ urn:other http://127.0.0.1:1/mc; do
		run -8 --separate-stderr sk-helper get - <<<"profile=todo"$'\n'"resource=$resource"
		assert_error "neither the profile's own nor covered by one of its urls"
	done
}

@test "a header that is not a Bearer challenge changes nothing" {
	add_with_scope todo:read
	token=$(sk-helper get)
	for header in 'Bearer scope="a' 'Bearer scope="a", scope="b"' 'DPoP error="invalid_token"' "$(printf 'Bearer scope="%0*d"' 3000 1)" ''; do
		ask profile=todo "wwwauth[]=$header"
		assert_equal "$credential" "$token"
	done
}

@test "mcp-headers is for the server that the asker's environment names" {
	add_with_scope todo:read
	store_client other "$TOKEN_ENDPOINT" url=https://other.example.com/
	token=$(sk-helper get todo)
	sk-helper store <<<$'profile=todo\nrenew_on_repeat=no'
	# without knowing for which server, and without a name, nobody gets the usual profile's token
	sk-helper remove other
	run -8 --separate-stderr sk-helper get --format mcp-headers
	assert_error 'CLAUDE_CODE_MCP_SERVER_URL is not set'
	CLAUDE_CODE_MCP_SERVER_URL='' SK_HELPER_PROFILE=todo run -8 sk-helper get --format mcp-headers
	KUBERNETES_EXEC_INFO='{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{}}' run -3 --separate-stderr sk-helper get --format kubernetes
	assert_error 'does not say which server the token is for'
	store_client other "$TOKEN_ENDPOINT" url=https://other.example.com/
	export CLAUDE_CODE_MCP_SERVER_URL=http://127.0.0.1:1/mcp
	assert_equal "$(sk-helper get --format mcp-headers | jq -r .Authorization)" "Bearer $token"
	assert_equal "$(sk-helper get todo --format mcp-headers | jq -r .Authorization)" "Bearer $token"
	run -8 --separate-stderr sk-helper get other --format mcp-headers
	assert_error 'none of its urls covers'
	SK_HELPER_PROFILE=other run -0 sk-helper get --format mcp-headers
	assert_equal "$(jq -r .Authorization <<<"$output")" "Bearer $token"
	CLAUDE_CODE_MCP_SERVER_URL=https://evil.example.com/mcp run -3 --separate-stderr sk-helper get --format mcp-headers
	assert_error 'no profile has'
	# other formats are for whoever asks
	run -0 sk-helper get other
}
