# SPDX-License-Identifier: MIT
# Keys instead of secrets: private_key_jwt (RFC 7523, and its revision) and mutual TLS (RFC 8705), with a real authorization
# server that detects replays.
load common
load certificates

setup_file() { start_faulty_server; }
teardown_file() { stop_peers; }
setup() { fresh_home; }

# add_key NAME [OPTION]...: a client with a key, at an authorization server that is there or will be.
add_key() {
	local name=$1
	shift
	sk-helper add "$name" --client-id "$name" --secret-store kernel "$@"
}

# make_keys NAME[:ALG]...: profiles with a new key each, at nobody's server; their public keys, as the clients of one.
make_keys() {
	local one clients=
	for one; do
		jwk=$(add_key "${one%:*}" --generate-key --token-endpoint http://127.0.0.1:1/t --issuer http://127.0.0.1:1 \
			--assertion-alg "$([ "${one#*:}" = "$one" ] && echo ES256 || echo "${one#*:}")" | tail -n 1)
		clients+="${clients:+,}{\"id\":\"${one%:*}\",\"method\":\"private_key_jwt\",\"keys\":[$jwk]}"
	done
	echo "[$clients]"
}

# move_to_server NAME...: the profiles, and what their keys are bound to, to the server that runs now.
move_to_server() {
	local name
	for name; do
		sed -i "s|^token_endpoint=.*|token_endpoint=$TOKEN_ENDPOINT|; s|^issuer=.*|issuer=$ISSUER|" "$PROFILES/$name.conf"
		record "$name" | sed "s|^token_endpoint=.*|token_endpoint=$TOKEN_ENDPOINT|; s|^issuer=.*|issuer=$ISSUER|" |
			"$TOOLS/keyring-tool" kernel put secret "$name" 2>/dev/null
	done
}

record() { "$TOOLS/keyring-tool" kernel get secret "$1" 2>/dev/null; }
pinned() { sed -n "s/^$1=//p" "$PROFILES/$2.conf"; }
assertion() { curl -s "$AS_URL/__stats" | jq -r ".assertion.$1"; }

# node_key TYPE OPTIONS: writes $BATS_TEST_TMPDIR/key.pem, key.jwk (with a kid) and public.jwk, made by another library.
node_key() {
	"$SK_NODE" -e '
		const { generateKeyPairSync } = require("node:crypto");
		const { writeFileSync } = require("node:fs");
		const [dir, type, options] = process.argv.slice(1);
		const { privateKey, publicKey } = generateKeyPairSync(type, JSON.parse(options));
		writeFileSync(dir + "/key.pem", privateKey.export({ type: "pkcs8", format: "pem" }));
		if (type !== "ed25519") writeFileSync(dir + "/old.pem", privateKey.export({ type: type === "ec" ? "sec1" : "pkcs1", format: "pem" }));
		writeFileSync(dir + "/key.jwk", JSON.stringify({ kid: "their-id", ...privateKey.export({ format: "jwk" }) }, null, "\t"));
		writeFileSync(dir + "/public.jwk", JSON.stringify({ kid: "their-id", ...publicKey.export({ format: "jwk" }) }));
	' "$BATS_TEST_TMPDIR" "$1" "$2"
}

# register JWK [OPTIONS]: a server whose client todo has that key
register() {
	start_authorization_server "{\"clients\":[{\"id\":\"todo\",\"method\":\"private_key_jwt\",\"keys\":[$1]}]${2:+,$2}}"
}

@test "a key that was made here: register what is printed, and tokens come; one assertion for each, as rfc7523bis has it" {
	clients=$(make_keys todo)
	start_authorization_server "{\"clients\":$clients}"
	move_to_server todo
	run -0 --separate-stderr sk-helper get todo
	assert [ ${#output} -ge 20 ]
	assert_equal "$stderr" ''
	assert_equal "$(assertion header.typ)" client-authentication+jwt
	assert_equal "$(assertion header.alg)" ES256
	assert_equal "$(assertion header.kid)" "$(jq -r '.[0].keys[0].kid' <<<"$clients")"
	assert_equal "$(assertion claims.aud)" "$ISSUER"
	assert_equal "$(assertion claims.iss)$(assertion claims.sub)" todotodo
	first=$(assertion claims.jti)
	assert [ ${#first} -ge 22 ]
	assert [ "$(assertion 'claims | .exp - .iat')" -le 300 ]
	run -0 sk-helper get todo --fresh
	[ "$(assertion claims.jti)" != "$first" ]
	run -0 sk-helper get todo
	assert_equal "$(token_requests)" 2
}

@test "every algorithm" {
	start_authorization_server "{\"clients\":$(make_keys a1:ES256 a2:ES384 a3:ES512 a4:EdDSA a5:RS256 a6:PS256),\"algs\":[\"ES256\",\"ES384\",\"ES512\",\"EdDSA\",\"RS256\",\"PS256\"]}"
	move_to_server a1 a2 a3 a4 a5 a6
	for name in a1 a2 a3 a4 a5 a6; do
		run -0 --separate-stderr sk-helper get "$name"
		assert_equal "$(assertion header.alg)" "$(pinned assertion_alg "$name")"
	done
	run -2 --separate-stderr sk-helper add x --generate-key --assertion-alg HS256 --client-id x --token-endpoint "$TOKEN_ENDPOINT" --issuer "$ISSUER"
	assert_one_error
}

@test "the key that one has: PEM in its forms, JWK, from a file and from standard input" {
	while read -r type options; do
		node_key "$type" "$options"
		register "$(<"$BATS_TEST_TMPDIR/public.jwk")" '"algs":["ES256","ES512","EdDSA","RS256"]'
		for file in key.pem old.pem key.jwk; do
			[ -e "$BATS_TEST_TMPDIR/$file" ] || continue
			run -0 --separate-stderr add_key todo --private-key "$BATS_TEST_TMPDIR/$file" --issuer "$ISSUER" --yes
			assert_equal "$stderr" ''
			assert_line --partial 'token: works'
			# the same key as another library has it
			assert_equal "$(tail -n 1 <<<"$output" | jq -cS 'del(.kid,.use)')" "$(jq -cS 'del(.kid)' "$BATS_TEST_TMPDIR/public.jwk")"
		done
		rm -f "$BATS_TEST_TMPDIR/old.pem"
		assert_equal "$(assertion header.kid)" their-id
		run -0 --separate-stderr add_key todo --private-key - --issuer "$ISSUER" --yes <"$BATS_TEST_TMPDIR/key.pem"
		assert_equal "$(assertion header.kid)" null
		run -0 --separate-stderr add_key todo --private-key "$BATS_TEST_TMPDIR/key.pem" --key-id their-id --issuer "$ISSUER" --yes
		assert_equal "$(assertion header.kid)" their-id
		assert_equal "$(tail -n 1 <<<"$output" | jq -r .kid)" their-id
		assert_equal "$(sk-helper public-key todo)" "$(tail -n 1 <<<"$output")"
		assert_equal "$(pinned auth_method todo)" private_key_jwt
	done <<-'TABLE'
	ec {"namedCurve":"P-256"}
	ec {"namedCurve":"P-521"}
	ed25519 {}
	rsa {"modulusLength":2048}
	TABLE
}

@test "keys that cannot be used: each with its reason, and nothing is stored" {
	cd "$BATS_TEST_TMPDIR"
	node_key ec '{"namedCurve":"P-256"}'
	openssl pkcs8 -topk8 -in key.pem -passout pass:x -out encrypted.pem 2>/dev/null
	openssl pkey -in key.pem -pubout -out public.pem
	openssl pkey -in key.pem -outform DER -out key.der
	openssl genrsa 1024 >weak.pem 2>/dev/null
	openssl ecparam -name secp256k1 -genkey -noout >curve.pem
	openssl genpkey -algorithm X25519 >x25519.pem
	head -c 100 key.pem >cut.pem
	jq '.d = "AAAA"' key.jwk >zero.jwk
	jq '.x = .y' key.jwk >other.jwk
	jq 'del(.y)' key.jwk >half.jwk
	jq '.d = .d + "!"' key.jwk >odd.jwk
	echo '{"kty":"oct","k":"AAAA"}' >oct.jwk
	head -c 40000 /dev/zero | tr '\0' x >huge.pem
	: >empty.pem
	ssh-keygen -q -t ed25519 -N '' -f openssh
	jq '{keys: [.]}' key.jwk >set.jwk
	while read -r file words; do
		run -2 --separate-stderr add_key todo --private-key "$file" --token-endpoint "$FAULTY_URL/W10" --issuer "$FAULTY_URL" --no-verify
		assert_error "$words"
	done <<-'TABLE'
	encrypted.pem it has a passphrase
	public.pem this is a public key or a certificate
	openssh in OpenSSH
	set.jwk it is a set of them
	key.der not PEM
	weak.pem an RSA key has 2048 to
	curve.pem this kind of key is not supported
	x25519.pem this kind of key is not supported
	cut.pem not a private key in PEM
	zero.jwk private key:
	other.jwk private key:
	half.jwk private key: a JWK, but
	odd.jwk private key: a JWK, but
	public.jwk it has no private part
	oct.jwk private key: a JWK, but
	huge.pem too large
	empty.pem not a private key
	/nonexistent No such file
	TABLE
	refute [ -e "$PROFILES/todo.conf" ]
	run -0 sk-helper list --names
	assert_output ''
	[ "$(record todo)" = '' ]
}

@test "options that do not go together" {
	node_key ec '{"namedCurve":"P-256"}'
	while IFS='|' read -r words options; do
		# shellcheck disable=SC2086 # words
		run -2 --separate-stderr add_key todo --token-endpoint "$FAULTY_URL/W10" $options </dev/null
		assert_error "$words"
	done <<TABLE
cannot be used together|--private-key $BATS_TEST_TMPDIR/key.pem --generate-key --issuer $FAULTY_URL
needs --private-key FILE or --generate-key|--auth-method private_key_jwt --issuer $FAULTY_URL
--certificate needs its private key|--certificate /tmp/x.pem
--certificate needs its private key|--certificate /tmp/x.pem --generate-key
--key-id needs|--key-id x
uses a client secret, not a private key|--auth-method client_secret_basic --generate-key --issuer $FAULTY_URL
issuer or assertion_audience is missing|--generate-key
certificate is missing|--generate-key --auth-method tls_client_auth --issuer $FAULTY_URL
TABLE
}

@test "a client assertion is a new one for each attempt" {
	add_key f --generate-key --issuer "$FAULTY_URL" --token-endpoint "$(endpoint_that_answers '{"status":503},{"status":503},{"body":{"access_token":"t","token_type":"Bearer"}}')" >/dev/null
	run -0 sk-helper get f
	assert_equal "$(curl -s "$FAULTY_URL/__stats" | jq -r '.bodies[-3:][]' | grep -o 'client_assertion=[^&]*' | sort -u | wc -l)" 3
	# the key itself went nowhere
	key=$(record f | sed -n 's/^private_key=//p' | cut -d' ' -f1)
	[ -n "$key" ]
	run curl -s "$FAULTY_URL/__stats"
	refute_output --partial "${key:10:40}"
}

@test "a server that repeats the assertion does not get it onto the terminal" {
	add_key f --generate-key --issuer "$FAULTY_URL" --token-endpoint "$(endpoint_that_answers '{"status":401,"body":{"error":"invalid_client","error_description":"{{assertion}}"}}')" >/dev/null
	run -6 --separate-stderr sk-helper get f
	assert_error 'words repeat a secret'
}

@test "discovery: the key's algorithm, where the server takes another than the usual one" {
	clients=$(make_keys todo:RS256)
	start_authorization_server "{\"clients\":$clients,\"algs\":[\"PS256\"]}"
	rm "$PROFILES/todo.conf"
	openssl genrsa 2048 >"$BATS_TEST_TMPDIR/key.pem" 2>/dev/null
	run -0 --separate-stderr add_key todo --private-key "$BATS_TEST_TMPDIR/key.pem" --issuer "$ISSUER" --no-verify --yes
	assert_equal "$(pinned assertion_alg todo)" PS256
	openssl ecparam -name prime256v1 -genkey -noout >"$BATS_TEST_TMPDIR/key.pem"
	run -8 --separate-stderr add_key other --private-key "$BATS_TEST_TMPDIR/key.pem" --issuer "$ISSUER" --no-verify
	assert_error 'it accepts signatures with PS256, but the key can sign only with: ES256'
	start_authorization_server '{"methods":["client_secret_post"]}'
	run -8 --separate-stderr add_key other --private-key "$BATS_TEST_TMPDIR/key.pem" --issuer "$ISSUER" --no-verify
	assert_error 'no way to use a private key (it lists: client_secret_post)'
}

@test "an old server that expects its token endpoint as the audience" {
	node_key ec '{"namedCurve":"P-256"}'
	register "$(<"$BATS_TEST_TMPDIR/public.jwk")" '"audience":"token_endpoint"'
	run -6 --separate-stderr add_key todo --private-key "$BATS_TEST_TMPDIR/key.pem" --issuer "$ISSUER"
	assert_error invalid_client
	run -0 --separate-stderr add_key todo --private-key "$BATS_TEST_TMPDIR/key.pem" --issuer "$ISSUER" --assertion-audience "$TOKEN_ENDPOINT"
	# who changes that in the profile could use the signature elsewhere
	sed -i 's|^assertion_audience=.*|assertion_audience=https://evil.example.com|' "$PROFILES/todo.conf"
	run -8 --separate-stderr sk-helper get todo --fresh
	assert_error 'the secret was given for assertion_audience'
}

@test "a private key is never sent as if it were a client secret" {
	add_key f --generate-key --issuer "$FAULTY_URL" --token-endpoint "$(endpoint_that_answers '{"status":500}')" >/dev/null
	before=$(faulty_requests)
	for method in client_secret_post client_secret_basic; do
		sed -i "s/^auth_method=.*/auth_method=$method/" "$PROFILES/f.conf"
		run -8 --separate-stderr sk-helper get f
		assert_error 'what is stored is a private key'
	done
	store_client s "$(endpoint_that_answers '{"status":500}')" "issuer=$FAULTY_URL"
	run -8 --separate-stderr sk-helper store <<<$'profile=s\nauth_method=private_key_jwt'
	assert_error 'needs a private key'
	run -2 --separate-stderr sk-helper store <<<$'profile=f\nauth_method=private_key_jwt\nclient_secret=x'
	assert_error 'needs a private key'
	assert_equal "$(faulty_requests)" "$before"
}

@test "rotate: a new key that works, with the previous one behind it" {
	node_key ec '{"namedCurve":"P-256"}'
	mv "$BATS_TEST_TMPDIR/key.jwk" "$BATS_TEST_TMPDIR/old.jwk"
	old=$(<"$BATS_TEST_TMPDIR/public.jwk")
	node_key ed25519 '{}'
	new=$(jq -c 'del(.kid)' "$BATS_TEST_TMPDIR/public.jwk")
	register "$old,$new" '"algs":["ES256","EdDSA"]'
	add_key todo --private-key "$BATS_TEST_TMPDIR/old.jwk" --issuer "$ISSUER" >/dev/null
	run -2 --separate-stderr sk-helper rotate todo </dev/null
	assert_error 'has a private key: give the new one with --private-key'
	run -0 --separate-stderr sk-helper rotate todo --private-key "$BATS_TEST_TMPDIR/key.pem"
	assert_equal "$(assertion header.alg)" EdDSA
	# a server that knows the old one alone
	register "$old" '"algs":["ES256","EdDSA"]'
	move_to_server todo
	run -0 --separate-stderr sk-helper get todo --fresh
	[[ $stderr == *'refuses the new private key, and accepts the previous one'* ]]
	assert_equal "$(assertion header.kid)" their-id
	openssl ecparam -name prime256v1 -genkey -noout >"$BATS_TEST_TMPDIR/unknown.pem"
	before=$(record todo)
	run -6 --separate-stderr sk-helper rotate todo --private-key "$BATS_TEST_TMPDIR/unknown.pem"
	assert_error 'not rotated'
	assert_equal "$(record todo)" "$before"
	store_client s "$TOKEN_ENDPOINT"
	run -2 --separate-stderr sk-helper rotate s --private-key "$BATS_TEST_TMPDIR/key.pem"
	assert_error 'has a client secret'
}

# A server with TLS by a private CA, that knows certificates of that CA by subject, and one that nobody signed.
start_tls_server() {
	pki=$BATS_TEST_TMPDIR/pki
	make_ca "$pki"
	make_certificate "$pki" server 'DNS:localhost'
	make_certificate "$pki" client 'DNS:client.example.com'
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=self -keyout "$pki/self.key" -out "$pki/self.pem" 2>/dev/null
	start_authorization_server "$(tls_options "$pki" server localhost | jq -c ".tls.client_ca = \"$pki/ca.pem\" | .clients = [
		{id: \"ca\", method: \"tls_client_auth\", subject: \"CN=server\"},
		{id: \"self\", method: \"self_signed_tls_client_auth\", certificate: \"$pki/self.pem\"}]")"
}

@test "mutual TLS: a certificate of a private CA, and one that is self-signed, at the endpoint that is for them" {
	start_tls_server
	mtls=$(jq -r .mtls_url "$PEER_READY")
	run -0 --separate-stderr add_key ca --certificate "$pki/client.pem" --private-key "$pki/client.key" --issuer "$ISSUER" --ca-file "$pki/ca.pem"
	assert_equal "$stderr" ''
	assert_equal "$(pinned auth_method ca)" tls_client_auth
	assert_equal "$(pinned token_endpoint ca)" "$mtls/oauth/token"
	assert_equal "$(pinned revocation_endpoint ca)" "$mtls/oauth/revoke"
	run -0 --separate-stderr add_key self --certificate "$pki/self.pem" --private-key "$pki/self.key" --issuer "$ISSUER" --ca-file "$pki/ca.pem" \
		--auth-method self_signed_tls_client_auth --resource http://127.0.0.1:1/mcp
	token=$(sk-helper get self)
	# bound to the certificate
	cut -d. -f2 <<<"$token" | tr '_-' '/+' | base64 -d 2>/dev/null | grep -q '"x5t#S256"' || fail "$token"
	# another's certificate, one that is not the key's, none
	run -6 --separate-stderr add_key self --certificate "$pki/client.pem" --private-key "$pki/client.key" --issuer "$ISSUER" --ca-file "$pki/ca.pem" \
		--auth-method self_signed_tls_client_auth --yes
	assert_error invalid_client
	run -8 --separate-stderr add_key x --certificate "$pki/client.pem" --private-key "$pki/self.key" --issuer "$ISSUER" --ca-file "$pki/ca.pem"
	assert_error "certificate '$pki/client.pem' cannot be used"
	run -8 --separate-stderr add_key x --certificate "$pki/nowhere.pem" --private-key "$pki/self.key" --issuer "$ISSUER" --ca-file "$pki/ca.pem"
	assert_error 'cannot be used'
}

@test "doctor and list know of keys" {
	clients=$(make_keys todo)
	start_authorization_server "{\"clients\":$clients}"
	move_to_server todo
	run -0 sk-helper list
	assert_line --partial 'kernel, key stored'
	run -0 sk-helper doctor todo
	assert_line --regexp '^private key +ok'
	run -0 sk-helper remove todo
	[ "$(record todo)" = '' ]
}

@test "a private key is not asked for on a terminal, which would show it" {
	run -2 expect -c '
		set timeout 10
		spawn sk-helper add todo --client-id x --issuer http://127.0.0.1:1 --token-endpoint http://127.0.0.1:1/t --secret-store kernel --private-key -
		expect timeout { exit 9 } eof { exit [lindex [wait] 3] }'
	assert_output --partial 'not from a terminal'
}

@test "a key larger than the kernel updates in place: what is there stays when there is no room for both" {
	clients=$(make_keys todo:RS256)
	start_authorization_server "{\"clients\":$clients}"
	move_to_server todo
	for _ in 1 2; do
		openssl genrsa 4096 >"$BATS_TEST_TMPDIR/new.pem" 2>/dev/null
		run -6 sk-helper rotate todo --private-key "$BATS_TEST_TMPDIR/new.pem"
	done
	openssl genrsa 6144 >"$BATS_TEST_TMPDIR/large.pem" 2>/dev/null
	run -0 add_key large --private-key "$BATS_TEST_TMPDIR/large.pem" --issuer "$ISSUER" --no-verify
	run -0 add_key large --private-key "$BATS_TEST_TMPDIR/large.pem" --issuer "$ISSUER" --no-verify --yes
	[ "$(record large | wc -c)" -gt 4096 ]
	run -0 sk-helper get todo
}

@test "doctor: a certificate that is gone or another's, a request that was refused a moment ago" {
	start_tls_server
	run -0 --separate-stderr add_key self --certificate "$pki/self.pem" --private-key "$pki/self.key" --issuer "$ISSUER" --ca-file "$pki/ca.pem" \
		--auth-method self_signed_tls_client_auth
	refute_output --partial 'public key'
	run -0 sk-helper doctor self
	assert_line --partial 'ours can be used'
	# both at once, and not one alone
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=self2 -keyout "$pki/self2.key" -out "$pki/self2.pem" 2>/dev/null
	run -8 sk-helper rotate self --private-key "$pki/self2.key"
	run -6 --separate-stderr sk-helper rotate self --private-key "$pki/self2.key" --certificate "$pki/self2.pem"
	assert_error invalid_client
	cd "$pki"
	run -0 --separate-stderr sk-helper rotate self --private-key self.key --certificate self.pem
	mv self.pem gone.pem
	run -8 --separate-stderr sk-helper doctor self
	[[ $output == *'cannot be used'* ]]
	run -8 --separate-stderr sk-helper get self --fresh
	store_client f "$(endpoint_that_answers '{"status":401,"body":{"error":"invalid_client"}}')"
	run -6 --separate-stderr sk-helper get f
	assert_error "If the client has a new secret, 'sk-helper rotate f' asks for it"
	run sk-helper doctor f
	assert_line --regexp '^last request +BAD .*not asked again for'
}
