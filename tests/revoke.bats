# SPDX-License-Identifier: MIT
# revoke (RFC 7009): out of use at the server, then forgotten here.
load common

setup_file() {
	start_authorization_server '{"format":"opaque"}'
	start_faulty_server
}
teardown_file() { stop_peers; }
setup() { fresh_home; }

add_opaque() {
	printf 'test_secret\n' | sk-helper add todo --issuer "$ISSUER" --client-id m2m_todo --secret-store kernel --scope todo:read \
		--resource http://127.0.0.1:1/mcp >/dev/null
}

is_active() {
	curl -s "$AS_URL/introspect" -d client_id=m2m_todo -d client_secret=test_secret -d "token=$1" | jq .active
}
revocations() { curl -s "$AS_URL/__stats" | jq .revocations; }

@test "the tokens of a profile, of all scopes, are revoked and forgotten" {
	add_opaque
	one=$(sk-helper get)
	two=$(sk-helper get --scope todo:write)
	assert_equal "$(is_active "$one") $(is_active "$two")" 'true true'
	run -0 --separate-stderr sk-helper revoke todo
	assert_output "profile 'todo': 2 tokens revoked"
	assert_equal "$stderr" ''
	assert_equal "$(is_active "$one") $(is_active "$two")" 'false false'
	[ "$(sk-helper get)" != "$one" ]
	sk-helper erase todo
	before=$(revocations)
	run -0 --separate-stderr sk-helper revoke todo
	assert_output "profile 'todo': 0 tokens revoked"
	assert_equal "$(revocations)" "$before"
}

@test "a token that the server cannot revoke is removed from the cache, and the message says so" {
	start_authorization_server '{"format":"jwt"}'
	add_opaque
	token=$(sk-helper get)
	run -6 --separate-stderr sk-helper revoke todo
	assert_error 'The server cannot revoke such tokens. It was removed from the cache, and is valid until it expires, at '
	[ "$(sk-helper get)" != "$token" ]
}

@test "what cannot be revoked now is kept, to be tried again" {
	good='{"body":{"access_token":"tok","token_type":"Bearer","expires_in":600}}'
	store_client f "$(endpoint_that_answers "$good")" "revocation_endpoint=$(endpoint_that_answers '{"status":503},{"status":503},{"status":503},{"status":401,"body":{"error":"invalid_client"}},{"status":307,"headers":{"location":"/x"}},{"status":200}')"
	assert_equal "$(sk-helper get f)" tok
	before=$(faulty_requests)
	run -7 --separate-stderr sk-helper revoke f
	assert_error "profile 'f': revocation endpoint: HTTP 503"
	run -6 --separate-stderr sk-helper revoke f
	assert_error invalid_client
	run -8 --separate-stderr sk-helper revoke f
	assert_error redirect
	assert_equal "$(sk-helper get f)" tok
	run -0 --separate-stderr sk-helper revoke f
	assert_equal "$(faulty_requests)" $((before + 6))
	[[ $(curl -s "$FAULTY_URL/__stats" | jq -r .last.body) == 'token=tok&token_type_hint=access_token&client_id=m2m_todo&client_secret=test_secret' ]]
	# its token is gone: the next get asks
	sk-helper get f >/dev/null
	assert_equal "$(faulty_requests)" $((before + 7))
}

@test "the secret and the token go to no endpoint that somebody wrote into the profile" {
	add_opaque
	before=$(faulty_requests)
	sed -i "s|^revocation_endpoint=.*|revocation_endpoint=$FAULTY_URL/W10|" "$PROFILES/todo.conf"
	run -8 --separate-stderr sk-helper revoke todo
	assert_error 'the secret was given for revocation_endpoint'
	assert_equal "$(faulty_requests)" "$before"
}

@test "a token of another server's is not shown to this one" {
	add_opaque
	store_client todo "$(endpoint_that_answers '{"status":500}')" "revocation_endpoint=$(endpoint_that_answers '{"status":200}')" "issuer=$FAULTY_URL"
	before=$(faulty_requests)
	run -0 sk-helper revoke todo
	assert_equal "$(faulty_requests)" "$before"
	run -0 "$TOOLS/keyring-tool" kernel list token
	refute_output --partial token:
}

@test "without an endpoint, or a profile" {
	store_client f "$TOKEN_ENDPOINT"
	run -2 --separate-stderr sk-helper revoke f
	assert_error 'no revocation_endpoint'
	run -3 --separate-stderr sk-helper revoke nobody
	assert_error "no profile 'nobody'"
	run -2 --separate-stderr sk-helper revoke
	assert_one_error
}

@test "a server that repeats the token does not get it onto the terminal" {
	token=TOKEN-abcdefghijklmnop-123456
	store_client f "$(endpoint_that_answers "{\"body\":\"{\\\"access_token\\\":\\\"$token\\\",\\\"token_type\\\":\\\"Bearer\\\",\\\"expires_in\\\":600}\"}")" \
		"revocation_endpoint=$(endpoint_that_answers "{\"status\":400,\"body\":\"{\\\"error\\\":\\\"invalid_request\\\",\\\"error_description\\\":\\\"$token is malformed\\\"}\"}")"
	assert_equal "$(sk-helper get f)" "$token"
	run -6 --separate-stderr sk-helper revoke f
	assert_error 'its words repeat a secret'
}
