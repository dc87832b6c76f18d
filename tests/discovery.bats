# SPDX-License-Identifier: MIT
# From an MCP server's URL to a token: what the servers say, in which order they are asked, and what is not believed.
load common

setup_file() {
	start_authorization_server
	start_todo_server
	start_peer metadata-server
	export METADATA_URL=$PEER_URL
}
teardown_file() { stop_peers; }
setup() { fresh_home; }

# add_from ANSWERS [OPTION]...: add for a server with such metadata; the secret is never asked for in vain.
add_from() {
	server=$METADATA_URL/$(printf %s "$1" | jq -c . | base64 -w0 | tr '+/' '-_' | tr -d =)
	shift
	sk-helper remove meta >/dev/null 2>&1 || true
	sk-helper add meta --url "$server" --client-id c --secret-store kernel --no-verify --timeout 3 "$@" <<<secret
}

# The same, by a user who names the server itself as the issuer, and takes what it says.
add_agreed() {
	local answers=$1
	shift
	server=$METADATA_URL/$(printf %s "$answers" | jq -c . | base64 -w0 | tr '+/' '-_' | tr -d =)
	add_from "$answers" --issuer "$server" --yes "$@"
}

asked() { curl -s "$METADATA_URL/__stats" | jq -r '.asked | join(" ")'; }

pinned() { sed -n "s/^$1=//p" "$PROFILES/${2:-meta}.conf"; }

# refused STATUS WORDS ANSWERS [OPTION]...
refused() {
	local expected=$1 words=$2
	shift 2
	run "-$expected" --separate-stderr add_from "$@" --yes
	assert_error "$words"
	refute [ -e "$PROFILES/meta.conf" ]
	[[ $(asked) != *token* ]]
}

PRM='"resource":"{{self}}","authorization_servers":["{{self}}"]'
AS='"issuer":"{{self}}","token_endpoint":"{{self}}/token"'
GOOD='"prm":{"body":{'$PRM'}},"oauth":{"body":{'$AS'}}'

@test "end to end: an MCP server's URL and a client id are all that it takes" {
	run -0 --separate-stderr sk-helper add todo --url "$MCP_URL" --issuer "$ISSUER" --client-id m2m_todo --secret-store kernel --yes <<<test_secret
	assert_line "authorization server: $ISSUER"
	assert_line --partial "token endpoint: $TOKEN_ENDPOINT"
	assert_line "resource: $MCP_URL"
	assert_equal "$stderr" ''
	assert_equal "$(pinned issuer todo)" "$ISSUER"
	assert_equal "$(pinned resource todo)" "$MCP_URL"
	assert_equal "$(pinned scope todo)" 'todo:read todo:write'
	before=$(token_requests)
	run -0 curl -sS --fail-with-body "$MCP_URL" --oauth2-bearer "$(sk-helper get "$MCP_URL")" -H 'Content-Type: application/json' \
		-H 'Accept: application/json, text/event-stream' \
		-d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_todo","arguments":{"title":"found"}}}'
	assert_output --partial found
	assert_equal "$(token_requests)" "$before"
}

@test "where the secret goes, the user is asked; without a terminal, only --issuer is a yes" {
	for yes in '' --yes; do
		# shellcheck disable=SC2086 # a word or none
		run -2 --separate-stderr sk-helper add todo --url "$MCP_URL" --client-id m2m_todo --secret-store kernel $yes <<<test_secret
		assert_error "send the client secret to '$TOKEN_ENDPOINT', because '$MCP_URL' accepts its tokens. If that is right, repeat the command with --issuer '$ISSUER'."
		refute [ -e "$PROFILES/todo.conf" ]
	done
	run -0 --separate-stderr sk-helper add todo --url "$MCP_URL" --client-id m2m_todo --secret-store kernel --issuer "$ISSUER" --scope todo:read <<<test_secret
	run -0 expect -c '
		set timeout 20
		spawn sk-helper add todo2 --url $env(MCP_URL) --client-id m2m_todo --secret-store kernel
		expect "send the client secret to" { send "y\r" }
		expect "not shown" { send "test_secret\r" }
		expect timeout { exit 9 } eof { exit [lindex [wait] 3] }'
	run -0 sk-helper get todo2
	run -2 expect -c '
		set timeout 20
		spawn sk-helper add todo3 --url $env(MCP_URL) --client-id m2m_todo --secret-store kernel
		expect "send the client secret to" { send "n\r" }
		expect timeout { exit 9 } eof { exit [lindex [wait] 3] }'
	refute [ -e "$PROFILES/todo3.conf" ]
}

@test "--issuer that the server does not name is refused" {
	run -8 --separate-stderr sk-helper add todo --url "$MCP_URL" --client-id m2m_todo --secret-store kernel --issuer https://other.example.com <<<test_secret
	assert_error "not 'https://other.example.com'"
}

@test "--issuer alone: only the authorization server is asked" {
	run -0 --separate-stderr sk-helper add todo --issuer "$ISSUER" --client-id m2m_todo --secret-store kernel <<<test_secret
	assert_equal "$(pinned token_endpoint todo)" "$TOKEN_ENDPOINT"
	assert_equal "$(pinned resource todo)" ''
}

@test "an issuer with a path, like a Scalekit resource's" {
	start_authorization_server '{"issuer":"/resources/res_123"}'
	run -0 --separate-stderr sk-helper add todo --issuer "$ISSUER" --client-id m2m_todo --secret-store kernel <<<test_secret
	assert_equal "$(pinned token_endpoint todo)" "$TOKEN_ENDPOINT"
	run -0 sk-helper get --fresh
}

@test "what is asked, and in which order" {
	while IFS='|' read -r order answers; do
		rm -f "$PROFILES/meta.conf"
		run -0 --separate-stderr add_agreed "$answers"
		assert_equal "$answers $(asked)" "$answers $order"
	done <<TABLE
mcp prm oauth|{$GOOD}
mcp prm_root oauth|{"mcp":{"status":401,"headers":{"www-authenticate":"Bearer resource_metadata=\"{{base}}/.well-known/oauth-protected-resource\""}},"prm_root":{"body":{$PRM}},"oauth":{"body":{$AS}}}
mcp prm prm_root oauth|{"prm_root":{"body":{$PRM}},"oauth":{"body":{$AS}}}
mcp prm oauth oidc|{"prm":{"body":{$PRM}},"oidc":{"body":{$AS}}}
mcp prm oauth oidc appended_oidc|{"prm":{"body":{$PRM}},"appended_oidc":{"body":{$AS}}}
mcp prm oauth oidc appended_oidc appended_oauth|{"prm":{"body":{$PRM}},"appended_oauth":{"body":{$AS}}}
TABLE
}

@test "what a server chooses is shown and asked about, also where the issuer is named" {
	answers="{\"prm\":{\"body\":{$PRM,\"scopes_supported\":[\"todo:read\",\"payroll:admin\"]}},\"oauth\":{\"body\":{$AS}}}"
	export server=$METADATA_URL/$(printf %s "$answers" | jq -c . | base64 -w0 | tr '+/' '-_' | tr -d =)
	run -2 --separate-stderr add_from "$answers" --issuer "$server"
	assert_error "the server names the scopes 'todo:read payroll:admin'. Choose with --scope, or use --yes"
	run -2 expect -c '
		set timeout 20
		spawn sk-helper add meta --url $env(server) --issuer $env(server) --client-id c --secret-store kernel --no-verify
		expect "request tokens with this scope and resource" { send "n\r" }
		expect timeout { exit 9 } eof { exit [lindex [wait] 3] }'
	assert_output --partial 'scope: todo:read payroll:admin'
	refute [ -e "$PROFILES/meta.conf" ]
	run -0 add_from "$answers" --issuer "$server" --scope todo:read
	assert_equal "$(pinned scope)" todo:read
	# a resource that is more than the URL, which a token is then good for
	sk-helper remove meta
	run -2 --separate-stderr add_from "{\"prm\":{\"body\":{\"resource\":\"{{base}}\",\"authorization_servers\":[\"{{self}}\"]}},\"oauth\":{\"body\":{$AS}}}" \
		--issuer "$METADATA_URL/$(printf %s "{\"prm\":{\"body\":{\"resource\":\"{{base}}\",\"authorization_servers\":[\"{{self}}\"]}},\"oauth\":{\"body\":{$AS}}}" | jq -c . | base64 -w0 | tr '+/' '-_' | tr -d =)"
	assert_error "the server names the resource '$METADATA_URL'"
}

@test "a method that the user names wins over the server's list, with a warning" {
	answers="{\"prm\":{\"body\":{$PRM}},\"oauth\":{\"body\":{$AS,\"token_endpoint_auth_methods_supported\":[\"none\"]}}}"
	refused 8 'it lists: none' "$answers"
	run -0 --separate-stderr add_agreed "$answers" --auth-method client_secret_post
	assert_equal "$(pinned auth_method)" client_secret_post
	assert_equal "$stderr" "sk-helper: warning: the server's metadata does not list auth_method 'client_secret_post' (it lists: none)"
}

@test "an endpoint for revocation on another server is named in the question" {
	answers="{\"prm\":{\"body\":{$PRM}},\"oauth\":{\"body\":{$AS,\"revocation_endpoint\":\"https://third.example.com/revoke\"}}}"
	run -2 --separate-stderr add_from "$answers"
	assert_error "and, to revoke tokens, to 'https://third.example.com/revoke'"
}

@test "scope: the challenge's, else the metadata's, else none; never instead of the user's" {
	while IFS='|' read -r scope answers; do
		run -0 --separate-stderr add_agreed "$answers"
		assert_equal "$(pinned scope)" "$scope"
	done <<TABLE
one|{"mcp":{"status":401,"headers":{"www-authenticate":"Bearer scope=\"one\""}},"prm":{"body":{$PRM,"scopes_supported":["two","three"]}},"oauth":{"body":{$AS}}}
two three|{"prm":{"body":{$PRM,"scopes_supported":["two","three"]}},"oauth":{"body":{$AS}}}
|{$GOOD}
|{"prm":{"body":{$PRM,"scopes_supported":"two"}},"oauth":{"body":{$AS}}}
TABLE
	run -0 --separate-stderr add_agreed "{\"prm\":{\"body\":{$PRM,\"scopes_supported\":[\"two\"]}},\"oauth\":{\"body\":{$AS}}}" --scope mine --resource urn:mine
	assert_equal "$(pinned scope) $(pinned resource)" 'mine urn:mine'
}

@test "how a client says who it is: as the metadata has it" {
	while IFS='|' read -r method list; do
		run -0 --separate-stderr add_agreed "{\"prm\":{\"body\":{$PRM}},\"oauth\":{\"body\":{$AS$list}}}"
		assert_equal "$(pinned auth_method)" "$method"
	done <<'TABLE'
client_secret_basic|
client_secret_basic|,"token_endpoint_auth_methods_supported":["client_secret_basic"]
client_secret_post|,"token_endpoint_auth_methods_supported":["none","client_secret_post","client_secret_basic"]
client_secret_post|,"token_endpoint_auth_methods_supported":["client_secret_post"]
TABLE
	rm "$PROFILES/meta.conf"
	refused 8 'no way to use a client secret (it lists: private_key_jwt): if the server accepts one all the same, say how with --auth-method' "{\"prm\":{\"body\":{$PRM}},\"oauth\":{\"body\":{$AS,\"token_endpoint_auth_methods_supported\":[\"private_key_jwt\"]}}}"
}

@test "a resource that is a parent of the URL will do, taken to the letter; and a redirect within the origin" {
	run -0 add_agreed "{\"prm\":{\"body\":{\"resource\":\"{{base}}\",\"authorization_servers\":[\"{{self}}\"]}},\"oauth\":{\"body\":{$AS}}}"
	assert_equal "$(pinned resource)" "$METADATA_URL"
	run -0 add_agreed "{\"prm\":{\"status\":308,\"headers\":{\"location\":\"/.well-known/oauth-protected-resource\"}},\"prm_root\":{\"body\":{$PRM}},\"oauth\":{\"body\":{$AS}}}"
}

@test "metadata that is refused: each with its reason, and nothing is sent" {
	while IFS='|' read -r status words answers; do
		refused "$status" "$words" "$answers"
	done <<TABLE
3|--token-endpoint or --issuer|{}
3|has no metadata at its |{"prm":{"body":{$PRM}}}
8|another resource|{"prm":{"body":{"resource":"{{self}}x","authorization_servers":["{{self}}"]}}}
8|another resource|{"prm":{"body":{"resource":"https://mcp.example.com/","authorization_servers":["{{self}}"]}}}
8|another resource|{"prm":{"body":{"authorization_servers":["{{self}}"]}}}
8|names no authorization server|{"prm":{"body":{"resource":"{{self}}"}}}
8|names no authorization server|{"prm":{"body":{"resource":"{{self}}","authorization_servers":[]}}}
2|choose one with --issuer|{"prm":{"body":{"resource":"{{self}}","authorization_servers":["{{self}}","https://b.example.com"]}}}
8|is plain http|{"prm":{"body":{"resource":"{{self}}","authorization_servers":["http://as.example.com"]}}}
8|not a URL|{"prm":{"body":{"resource":"{{self}}","authorization_servers":["https://user:pw@as.example.com"]}}}
8|of another issuer|{"prm":{"body":{$PRM}},"oauth":{"body":{"issuer":"https://as.example.com","token_endpoint":"{{self}}/token"}}}
8|of another issuer|{"prm":{"body":{$PRM}},"oauth":{"body":{"issuer":"{{self}}/","token_endpoint":"{{self}}/token"}}}
8|of another issuer|{"prm":{"body":{$PRM}},"oauth":{"body":{"token_endpoint":"{{self}}/token"}}}
8|no token_endpoint|{"prm":{"body":{$PRM}},"oauth":{"body":{"issuer":"{{self}}"}}}
8|is plain http|{"prm":{"body":{$PRM}},"oauth":{"body":{"issuer":"{{self}}","token_endpoint":"http://as.example.com/token"}}}
8|redirect to another server|{"prm":{"status":302,"headers":{"location":"https://evil.example.com/"}}}
8|redirect to another server|{"prm":{"body":{$PRM}},"oauth":{"status":307,"headers":{"location":"http://localhost:1/"}}}
8|redirects|{"prm":{"status":302,"headers":{"location":"{{base}}/.well-known/oauth-protected-resource"}},"prm_root":{"status":302,"headers":{"location":"/.well-known/oauth-protected-resource"}}}
8|another server's|{"mcp":{"status":401,"headers":{"www-authenticate":"Bearer resource_metadata=\"https://evil.example.com/x\""}}}
8|is plain http|{"mcp":{"status":401,"headers":{"www-authenticate":"Bearer resource_metadata=\"http://evil.example.com/x\""}}}
8|content type|{"prm":{"headers":{"content-type":"text/html"},"body":{$PRM}}}
8|not a JSON object|{"prm":{"body":[]}}
8|not a JSON object|{"prm":{"body":{$PRM},"repeat":2}}
8|larger than|{"prm":{"body":{$PRM},"repeat":9000}}
8|link-local|{"prm":{"body":{"resource":"{{self}}","authorization_servers":["https://169.254.169.254"]}}}
8|link-local|{"prm":{"body":{"resource":"{{self}}","authorization_servers":["https://[fe80::1]"]}}}
7|HTTP 503|{"prm":{"status":503}}
TABLE
}

@test "the metadata of another machine's server cannot name this machine" {
	# a proxy for a name that no resolver knows: it is elsewhere, as far as anybody can tell
	load certificates
	make_ca "$BATS_TEST_TMPDIR/pki"
	make_certificate "$BATS_TEST_TMPDIR/pki" far 'DNS:mcp.example.test'
	start_peer metadata-server "$(tls_options "$BATS_TEST_TMPDIR/pki" far mcp.example.test)"
	METADATA_URL=$PEER_URL
	start_peer proxy
	export https_proxy=$PEER_URL
	for there in http://127.0.0.1:1 https://localhost:1 'https://[::1]:1' 'https://[0:0::0:1]:1' https://a.LocalHost:1; do
		run -8 --separate-stderr add_from "{\"prm\":{\"body\":{\"resource\":\"{{self}}\",\"authorization_servers\":[\"$there\"]}}}" --yes --ca-file "$BATS_TEST_TMPDIR/pki/ca.pem"
		assert_error 'is on this machine'
		run -8 --separate-stderr add_from "{\"prm\":{\"body\":{$PRM}},\"oauth\":{\"body\":{\"issuer\":\"{{self}}\",\"token_endpoint\":\"$there/token\"}}}" --yes --ca-file "$BATS_TEST_TMPDIR/pki/ca.pem"
		assert_error 'is on this machine'
	done
	# nor to a cloud's metadata service: the proxy is not asked for it
	for there in 169.254.169.254 '[fe80::1]' '[fd00:ec2::254]'; do
		run -8 --separate-stderr add_from "{\"prm\":{\"body\":{\"resource\":\"{{self}}\",\"authorization_servers\":[\"https://$there\"]}}}" --yes --ca-file "$BATS_TEST_TMPDIR/pki/ca.pem"
		assert_error link-local
	done
	run -0 add_agreed "{$GOOD}" --ca-file "$BATS_TEST_TMPDIR/pki/ca.pem"
}

@test "refresh asks again, and refuses another issuer" {
	sk-helper add todo --url "$MCP_URL" --issuer "$ISSUER" --client-id m2m_todo --secret-store kernel --yes <<<test_secret >/dev/null
	run -0 --separate-stderr sk-helper refresh todo
	assert_equal "$output$stderr" 'nothing has changed'
	# the token endpoint has moved: asked about, and the secret goes along
	old=$TOKEN_ENDPOINT
	sed -i "s|^token_endpoint=.*|token_endpoint=$ISSUER/old|" "$PROFILES/todo.conf"
	"$TOOLS/keyring-tool" kernel get secret todo 2>/dev/null | sed "s|^token_endpoint=.*|token_endpoint=$ISSUER/old|" |
		"$TOOLS/keyring-tool" kernel put secret todo 2>/dev/null
	run -2 --separate-stderr sk-helper refresh todo
	assert_error "send the client secret to '$old' from now on"
	run -0 --separate-stderr sk-helper refresh todo --yes
	assert_output --partial "token endpoint: '$old'"
	run -0 sk-helper get --fresh
	# another issuer
	"$TOOLS/keyring-tool" kernel get secret todo 2>/dev/null | sed 's|^issuer=.*|issuer=https://was.example.com|' |
		"$TOOLS/keyring-tool" kernel put secret todo 2>/dev/null
	sed -i 's|^issuer=.*|issuer=https://was.example.com|' "$PROFILES/todo.conf"
	run -8 --separate-stderr sk-helper refresh todo --yes
	assert_error "not 'https://was.example.com'"
	# a profile that was edited to lead elsewhere is no reason to send the secret there
	sed -i "s|^issuer=.*|issuer=$ISSUER|" "$PROFILES/todo.conf"
	run -8 --separate-stderr sk-helper refresh todo --yes
	assert_error 'the secret was given for'
	store_client plain "$TOKEN_ENDPOINT"
	run -2 --separate-stderr sk-helper refresh plain
	assert_error 'has no issuer'
}

@test "a server that is not there, or hangs" {
	run -7 --separate-stderr sk-helper add todo --url http://127.0.0.1:1/mcp --client-id c --secret-store kernel --timeout 2 <<<x
	assert_error 'http://127.0.0.1:1/mcp'
}

@test "a server that begins to answer and never ends is not waited for" {
	SECONDS=0
	run -0 --separate-stderr add_agreed "{\"mcp\":{\"status\":200,\"open\":true,\"headers\":{\"content-type\":\"text/event-stream\"}},$GOOD}"
	run -0 --separate-stderr add_agreed "{\"mcp\":{\"status\":401,\"open\":true,\"headers\":{\"www-authenticate\":\"Bearer scope=\\\"one\\\"\"}},$GOOD}"
	assert_equal "$(pinned scope)" one
	assert [ "$SECONDS" -le 10 ]
}

@test "a long name does not hide where the secret goes" {
	export LONG="{\"pad\":\"$(printf '%0700d' 1)\",$GOOD}"
	export LONG_URL=$METADATA_URL/$(printf %s "$LONG" | jq -c . | base64 -w0 | tr '+/' '-_' | tr -d =)
	run -2 expect -c '
		set timeout 20
		set stty_init "columns 4000"
		match_max 100000
		spawn sk-helper add meta --url $env(LONG_URL) --client-id c --secret-store kernel --no-verify
		expect {\[y/N\]} { send "n\r" }
		expect timeout { exit 9 } eof { exit [lindex [wait] 3] }'
	assert_line --partial "authorization server: $LONG_URL"
	assert_line --partial "send the client secret to '$LONG_URL/token', because '$LONG_URL' accepts its tokens? [y/N]"
}

@test "refresh does not take away what the user chose" {
	sk-helper add todo --url "$MCP_URL" --issuer "$ISSUER" --client-id m2m_todo --secret-store kernel --yes --auth-method client_secret_basic --resource urn:mine --no-verify <<<test_secret >/dev/null
	run -2 --separate-stderr sk-helper refresh todo
	assert_error "resource: '$MCP_URL', was 'urn:mine' change the profile?"
	assert_equal "$(pinned resource todo)" urn:mine
	run -0 --separate-stderr sk-helper refresh todo --yes
	assert_output "resource: '$MCP_URL', was 'urn:mine'"
	assert_equal "$(pinned auth_method todo)" client_secret_basic
	# changed by another while it asks
	sed -i 's/^resource=.*/resource=urn:mine/' "$PROFILES/todo.conf"
	run -7 expect -c '
		set timeout 20
		spawn sk-helper refresh todo
		expect "change the profile" { exec sk-helper store << "profile=todo\nscope=other\n"; send "y\r" }
		expect timeout { exit 9 } eof { exit [lindex [wait] 3] }'
	assert_output --partial 'another process has changed the profile in the'
	assert_equal "$(pinned resource todo)" urn:mine
	assert_equal "$(pinned scope todo)" other
}

@test "a tenth issuer of many is found where the user names it" {
	list=$(for i in $(seq 12); do printf '"https://as%d.example.com",' "$i"; done)
	answers="{\"prm\":{\"body\":{\"resource\":\"{{self}}\",\"authorization_servers\":[$list\"{{self}}\"]}},\"oauth\":{\"body\":{$AS}}}"
	server=$METADATA_URL/$(printf %s "$answers" | jq -c . | base64 -w0 | tr '+/' '-_' | tr -d =)
	run -0 --separate-stderr sk-helper add meta --url "$server" --issuer "$server" --client-id c --secret-store kernel --no-verify <<<secret
	rm "$PROFILES/meta.conf"
	run -2 --separate-stderr add_from "$answers" --yes
	assert_error 'choose one with --issuer'
}

@test "endpoints that are not fit for a secret are as good as not there, where they are not needed" {
	run -0 --separate-stderr add_agreed "{\"prm\":{\"body\":{$PRM}},\"oauth\":{\"body\":{$AS,\"revocation_endpoint\":\"http://as.example.com/revoke\",\"mtls_endpoint_aliases\":{\"token_endpoint\":\"/x\"}}}}"
	assert_equal "$(pinned revocation_endpoint)" ''
	run -0 --separate-stderr add_agreed "{\"prm\":{\"body\":{$PRM}},\"oauth\":{\"body\":{$AS,\"revocation_endpoint\":\"{{self}}/revoke\"}}}"
	[ "$(pinned revocation_endpoint)" ]
}

@test "like a Scalekit environment: the resource's own issuer, its metadata appended, and tokens that the environment issues" {
	token=$(printf '{"alg":"RS256"}' | base64 -w0).$(printf '{"iss":"https://env.example.com"}' | base64 -w0 | tr -d =).x
	answers="{\"mcp\":{\"status\":401,\"headers\":{\"www-authenticate\":\"Bearer resource_metadata=\\\"{{base}}/.well-known/oauth-protected-resource\\\"\"}},
		\"prm_root\":{\"body\":{$PRM,\"scopes_supported\":[\"todo:read\"]}},\"appended_oauth\":{\"body\":{$AS}},
		\"token\":{\"body\":{\"access_token\":\"$token\",\"token_type\":\"Bearer\",\"expires_in\":300}}}"
	server=$METADATA_URL/$(printf %s "$answers" | jq -c . | base64 -w0 | tr '+/' '-_' | tr -d =)
	asked >/dev/null
	run -0 --separate-stderr sk-helper add meta --url "$server" --issuer "$server" --client-id m2m_1 --secret-store kernel --yes <<<secret
	assert_equal "$(asked)" 'mcp prm_root oauth oidc appended_oidc appended_oauth token'
	assert_equal "$(sk-helper get "$server")" "$token"
	assert_equal "$(asked)" ''
	# nobody is asked again where tokens come from
	run -0 sk-helper get meta --fresh
	assert_equal "$(asked)" token
}

@test "a refresh that was killed between the secret and the profile is made up for" {
	sk-helper add todo --url "$MCP_URL" --issuer "$ISSUER" --client-id m2m_todo --secret-store kernel --yes <<<test_secret >/dev/null
	sed -i "s|^token_endpoint=.*|token_endpoint=$ISSUER/old|" "$PROFILES/todo.conf"
	run -8 --separate-stderr sk-helper get todo --fresh
	assert_error "'sk-helper edit todo' undoes it"
	run -0 sk-helper refresh todo --yes
	run -0 sk-helper get todo --fresh
}

@test "an issuer is pinned as it spells itself" {
	run -0 --separate-stderr sk-helper add todo --issuer "$ISSUER/" --client-id m2m_todo --secret-store kernel <<<test_secret
	assert_equal "$(pinned issuer todo)" "$ISSUER"
}

@test "refresh keeps a method that works, where the server has no list" {
	server=$METADATA_URL/$(printf %s "{$GOOD}" | jq -c . | base64 -w0 | tr '+/' '-_' | tr -d =)
	sk-helper add meta --url "$server" --issuer "$server" --client-id c --secret-store kernel --no-verify --yes --auth-method client_secret_post <<<secret >/dev/null
	run -0 sk-helper refresh meta --yes
	assert_equal "$(pinned auth_method)" client_secret_post
}
