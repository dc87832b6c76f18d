# SPDX-License-Identifier: MIT
# https: whose certificate, by which CA, through which proxy. What is not trusted is sent nothing.
load common
load certificates

setup_file() {
	export PKI=$BATS_FILE_TMPDIR/pki
	make_ca "$PKI"
	make_certificate "$PKI" good 'DNS:localhost,IP:127.0.0.1,DNS:as.example.test'
	make_certificate "$PKI" elsewhere 'DNS:elsewhere.example.com'
	make_certificate "$PKI" old 'DNS:localhost' expired
	start_authorization_server "$(tls_options "$PKI" good)"
}
teardown_file() { stop_peers; }
setup() { fresh_home; }

https_requests() { curl -s --cacert "$PKI/ca.pem" "$AS_URL/__stats" | jq .token_requests; }

# refused WORDS: a TLS failure, exit 8, and nothing was sent.
refused() {
	run -8 --separate-stderr sk-helper get f
	assert_error "profile 'f': token endpoint: TLS"
	assert_error "$1"
	assert_equal "$(curl -sk "$FAULTY_URL/__stats" | jq .requests)" 0
}

@test "a private CA, as a file and as a hashed directory" {
	before=$(https_requests)
	for ca in "$PKI/ca.pem" "$PKI/hashed"; do
		store_client "p$RANDOM" "$TOKEN_ENDPOINT" "ca_file=$ca" 'scope=todo:read'
		run -0 --separate-stderr sk-helper get "$(sk-helper list --names | tail -n 1)" --fresh
		assert_equal "$stderr" ''
	done
	assert_equal "$(https_requests)" $((before + 2))
	run -0 sk-helper doctor "$(sk-helper list --names | tail -n 1)"
	assert_line --regexp '^TLS +ok .*verified'
}

@test "a CA that is not trusted, here or in a variable of the caller's" {
	start_faulty_server "$(tls_options "$PKI" good)"
	store_client f "$(endpoint_that_answers '{}')" timeout=3
	refused certificate
	SSL_CERT_FILE=$PKI/ca.pem SSL_CERT_DIR=$PKI/hashed CURL_CA_BUNDLE=$PKI/ca.pem refused certificate
}

@test "a certificate of another host, and one that has expired" {
	start_faulty_server "$(tls_options "$PKI" elsewhere)"
	store_client f "$(endpoint_that_answers '{}')" timeout=3 "ca_file=$PKI/ca.pem"
	refused host
	start_faulty_server "$(tls_options "$PKI" old)"
	store_client f "$(endpoint_that_answers '{}')" timeout=3 "ca_file=$PKI/ca.pem"
	refused expired
}

@test "a ca_file that is missing, or has no certificate" {
	start_faulty_server "$(tls_options "$PKI" good)"
	run -8 --separate-stderr store_client f "$(endpoint_that_answers '{}')" timeout=3 "ca_file=$PKI/missing.pem"
	assert_error "'$PKI/missing.pem'"
	cp "$PKI/ca.pem" "$BATS_TEST_TMPDIR/private.pem"
	store_client f "$(endpoint_that_answers '{}')" timeout=3 "ca_file=$BATS_TEST_TMPDIR/private.pem"
	rm "$BATS_TEST_TMPDIR/private.pem"
	run -8 --separate-stderr sk-helper get f
	assert_error "'$BATS_TEST_TMPDIR/private.pem'"
	store_client f "$(endpoint_that_answers '{}')" timeout=3 "ca_file=$PKI/good.key"
	refused "'$PKI/good.key'"
}

@test "a ca_file that is swapped between check and use is not used" {
	request=$(printf '%s\n' "version=$(sk-helper --version | cut -d' ' -f2)" operation=token timeout_ms=3000 "token_endpoint=$TOKEN_ENDPOINT" \
		auth_method=client_secret_post client_id=m2m_todo client_secret=test_secret "ca_file=$PKI/ca.pem")
	oauth=$SK_BUILD/stage/libexec/sk-helper/sk-oauth
	run -0 "$oauth" <<<"$request"
	assert_line status=ok
	run -0 "$oauth" <<<"$request"$'\n'"ca_file_sha256=$(sha256sum <"$PKI/ca.pem" | cut -d' ' -f1)"
	assert_line status=ok
	run -0 "$oauth" <<<"$request"$'\n'"ca_file_sha256=$(sha256sum <"$PKI/good.pem" | cut -d' ' -f1)"
	assert_line status=policy
	assert_line --partial "was changed meanwhile"
	# programs of two versions do not understand each other
	run -0 "$oauth" <<<"${request/version=/version=0}"
	assert_line status=internal
	assert_line --partial 'another version'
}

@test "a server that speaks plain http where https is expected" {
	start_faulty_server
	store_client f "$(endpoint_that_answers '{}' | sed s/http:/https:/)" timeout=2
	run -7 --separate-stderr sk-helper get f
	assert_error 'token endpoint'
	assert_equal "$(faulty_requests)" 0
}

@test "the proxy of the environment, and the profile's" {
	start_peer proxy
	proxy=$PEER_URL
	endpoint=${TOKEN_ENDPOINT/localhost/as.example.test}
	store_client f "$endpoint" "ca_file=$PKI/ca.pem" 'scope=todo:read' timeout=3
	run -7 --separate-stderr sk-helper get f
	assert_error 'token endpoint'
	https_proxy=$proxy run -0 --separate-stderr sk-helper get f --fresh
	HTTPS_PROXY=$proxy run -0 sk-helper get f --fresh
	all_proxy=$proxy run -0 sk-helper get f --fresh
	https_proxy=$proxy no_proxy=example.test run -7 --separate-stderr sk-helper get f --fresh
	store_client g "$endpoint" "ca_file=$PKI/ca.pem" 'scope=todo:read' "proxy=$proxy"
	run -0 --separate-stderr sk-helper get g
	port=${endpoint#https://*:}
	assert_equal "$(curl -s "$proxy/__stats" | jq -c .connects)" "[$(printf '"as.example.test:%s",' "${port%%/*}"{,,,} | sed 's/,$//')]"
	run -2 --separate-stderr store_client g "$endpoint" "proxy=${proxy/\/\////user:pw@}"
	assert_error 'no password'
}

@test "no proxy for this machine itself" {
	start_faulty_server
	before=$(faulty_requests)
	store_client f "$(endpoint_that_answers '{"body":{"access_token":"tok","token_type":"Bearer"}}')"
	http_proxy=http://127.0.0.1:1 all_proxy=http://127.0.0.1:1 run -0 sk-helper get f
	assert_output tok
	assert_equal "$(faulty_requests)" $((before + 1))
}

@test "a proxy that is not there is a temporary failure" {
	store_client f "${TOKEN_ENDPOINT/localhost/as.example.test}" "ca_file=$PKI/ca.pem" timeout=2 proxy=http://127.0.0.1:1
	run -7 --separate-stderr sk-helper get f
	assert_error 'token endpoint'
}
