# SPDX-License-Identifier: MIT
# A client secret's life: the new one, the one before it, and what a server may do meanwhile.
load common

setup_file() {
	start_authorization_server '{"clients":[{"id":"m2m_todo","secret":"new_secret"}]}'
	start_faulty_server
}
teardown_file() { stop_peers; }
setup() { fresh_home; }

record() { "$TOOLS/keyring-tool" kernel get secret "${1:-todo}" 2>/dev/null; }

@test "rotate: the new secret proves itself, and the old one stays behind it" {
	store_client todo "$TOKEN_ENDPOINT"
	run -6 sk-helper get
	before=$(token_requests)
	run -0 --separate-stderr sk-helper rotate todo <<<new_secret
	assert_equal "$stderr" ''
	run -0 sk-helper get
	# its proof is the first token
	assert_equal "$(token_requests)" $((before + 1))
	record | grep -qx client_secret=new_secret
	record | grep -qx previous_secret=test_secret
}

@test "a new secret that does not work changes nothing" {
	printf 'new_secret\n' | sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store kernel >/dev/null
	before=$(record)
	run -6 --separate-stderr sk-helper rotate todo <<<wrong
	assert_error "profile 'todo' not rotated: token endpoint: HTTP 401 invalid_client"
	assert_equal "$(record)" "$before"
	run -0 sk-helper get --fresh
	run -2 --separate-stderr sk-helper rotate todo </dev/null
	assert_error 'standard input has none'
	run -3 --separate-stderr sk-helper rotate other <<<x
	assert_one_error
}

@test "the previous secret is tried when the server does not know the client, and for nothing else" {
	store_client f "$(endpoint_that_answers '{"status":401,"body":{"error":"invalid_scope","error_description":"not an invalid_client thing"}}')"
	record f | sed 's/^client_secret=.*/previous_secret=old\nclient_secret=new/' | "$TOOLS/keyring-tool" kernel put secret f 2>/dev/null
	before=$(faulty_requests)
	run -6 --separate-stderr sk-helper get f
	assert_error 'invalid_scope'
	[[ $stderr != *rotate* ]]
	assert_equal "$(faulty_requests)" $((before + 1))
}

@test "the previous secret is dropped once the new one has worked for a day" {
	store_client f "$(endpoint_that_answers '{"body":{"access_token":"tok","token_type":"Bearer"}}')"
	record f | sed 's/^client_secret=.*/previous_secret=old\nclient_secret=new/' | "$TOOLS/keyring-tool" kernel put secret f 2>/dev/null
	run -0 sk-helper get f --fresh
	record f | grep -qx previous_secret=old
	worked=$(record f | sed -n 's/^worked_at=//p')
	assert [ "$worked" -ge $(($(date +%s) - 60)) ]
	run -0 sk-helper get f --fresh
	assert_equal "$(record f | sed -n 's/^worked_at=//p')" "$worked"
	record f | sed "s/^worked_at=.*/worked_at=$((worked - 86500))/" | "$TOOLS/keyring-tool" kernel put secret f 2>/dev/null
	run -0 sk-helper get f --fresh
	run ! grep -q previous_secret <(record f)
	record f | grep -qx client_secret=new
}

@test "when the server does not know the new one, the previous one is tried, once" {
	printf 'new_secret\n' | sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store kernel >/dev/null
	# rotated, and the server was taken back to before
	record | sed 's/^client_secret=.*/previous_secret=new_secret\nclient_secret=newer/' | "$TOOLS/keyring-tool" kernel put secret todo 2>/dev/null
	sk-helper erase todo
	before=$(token_requests)
	run -0 --separate-stderr sk-helper get todo
	assert_equal "${#stderr_lines[@]}" 1
	[[ $stderr == *'accepts the previous one'* ]]
	assert_equal "$(token_requests)" $((before + 2))
	record | sed 's/^previous_secret=.*/previous_secret=older/' | "$TOOLS/keyring-tool" kernel put secret todo 2>/dev/null
	before=$(token_requests)
	run -6 --separate-stderr sk-helper get todo --fresh
	assert_error invalid_client
	assert_equal "$(token_requests)" $((before + 2))
}

@test "the previous one is not tried for anything else than a secret that is not known" {
	store_client f "$(endpoint_that_answers '{"status":400,"body":{"error":"invalid_scope"}}')"
	record f | sed 's/^client_secret=.*/previous_secret=old\nclient_secret=new/' | "$TOOLS/keyring-tool" kernel put secret f 2>/dev/null
	before=$(faulty_requests)
	run -6 sk-helper get f
	assert_equal "$(faulty_requests)" $((before + 1))
}

@test "rotate sends nothing where the profile was edited to another endpoint" {
	store_client todo "$TOKEN_ENDPOINT"
	sed -i "s|^token_endpoint=.*|token_endpoint=$FAULTY_URL/W10|" "$PROFILES/todo.conf"
	before=$(faulty_requests)
	run -8 --separate-stderr sk-helper rotate todo <<<new_secret
	assert_error 'the secret was given for'
	assert_equal "$(faulty_requests)" "$before"
}
