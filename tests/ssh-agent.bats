# SPDX-License-Identifier: MIT
# Private keys that sign, and are never seen: in real ssh-agents, in a PKCS#11 token behind one, and in one that has every fault; and those
# that sk-key alone is given. With a real authorization server, which checks what was signed.
load common
load todo
load ssh-agents

setup_file() { start_faulty_server; }
teardown_file() { stop_peers; }
setup() { fresh_home; }
teardown() { stop_agents; }

# --- a profile, and what comes of it

# add_agent [OPTION]...: a client whose key is the agent's with FINGERPRINT, at a server that is there or will be.
add_agent() {
	sk-helper add todo --client-id todo --token-endpoint "${TOKEN_ENDPOINT:-http://127.0.0.1:1/t}" --issuer "${ISSUER:-http://127.0.0.1:1}" \
		--ssh-agent "$FINGERPRINT" "$@"
}

# register: starts a server whose client has the agent's key with FINGERPRINT, and adds the profile.
register() {
	local jwk
	unset TOKEN_ENDPOINT ISSUER
	jwk=$(add_agent --no-verify | tail -n 1)
	start_authorization_server "{\"clients\":[{\"id\":\"todo\",\"method\":\"private_key_jwt\",\"keys\":[$jwk]}]}"
	add_agent >/dev/null
}

# at_server: the profile at one that is there without knowing its key, for what must not come that far.
at_server() {
	[ -n "${AS_URL:-}" ] || start_authorization_server
	add_agent --no-verify "$@" >/dev/null
}

assertion() { curl -s "$AS_URL/__stats" | jq -r ".assertion.$1"; }

# thumbprint JWK: as another library has it (RFC 7638).
thumbprint() {
	# jose is a module of the authorization server's
	(cd "$BATS_TEST_DIRNAME" && "$SK_NODE" --input-type=module -e '
		import { calculateJwkThumbprint } from "jose";
		console.log(await calculateJwkThumbprint(JSON.parse(process.argv[1])));' "$1")
}

# --- keys that sign

@test "every kind of key signs, as the server wants it, and is named by its thumbprint" {
	start_agent
	clients=
	while read -r name type alg; do
		agent_key "$type"
		jwk=$(sk-helper add "$name" --client-id "$name" --token-endpoint http://127.0.0.1:1/t --issuer http://127.0.0.1:1 --ssh-agent "$FINGERPRINT" --no-verify | tail -n 1)
		assert_equal "$(jq -r .kid <<<"$jwk")" "$(thumbprint "$jwk")"
		assert_equal "$(jq -r .use <<<"$jwk")" sig
		assert_equal "$(sk-helper public-key "$name")" "$jwk"
		clients+="${clients:+,}{\"id\":\"$name\",\"method\":\"private_key_jwt\",\"keys\":[$jwk]}"
		echo "$name $alg $FINGERPRINT" >>"$BATS_TEST_TMPDIR/keys"
	done <<-'TABLE'
		ed ed25519 EdDSA
		ec256 ecdsa-256 ES256
		ec384 ecdsa-384 ES384
		ec521 ecdsa-521 ES512
		rsa rsa RS256
	TABLE
	start_authorization_server "{\"clients\":[$clients],\"algs\":[\"ES256\",\"ES384\",\"ES512\",\"EdDSA\",\"RS256\"]}"
	while read -r name alg fingerprint; do
		run -0 --separate-stderr sk-helper add "$name" --token-endpoint "$TOKEN_ENDPOINT" --issuer "$ISSUER"
		assert_equal "$stderr" ''
		assert_line --partial 'token: works'
		assert_line "private key: the key $fingerprint in an ssh-agent, which signs; sk-helper never sees it"
		# a coordinate, or a number of a signature, is shorter once in 128 times
		for _ in 1 2 3; do
			run -0 --separate-stderr sk-helper get "$name" --fresh
			assert_equal "$(assertion header.alg)" "$alg"
		done
		assert_equal "$(assertion header.kid)" "$(sk-helper public-key "$name" | jq -r .kid)"
		assert_equal "$(assertion header.typ)" client-authentication+jwt
		assert_equal "$(assertion claims.aud) $(assertion claims.iss) $(assertion claims.sub)" "$ISSUER $name $name"
		assert_equal "$(assertion 'claims | .exp - .iat')" 120
		assert_equal "$(sk-helper show "$name" | sed -n 's/^auth_method=//p')" private_key_jwt
	done <"$BATS_TEST_TMPDIR/keys"
	# what the server is to believe is in nobody's keyring
	run ! "$TOOLS/keyring-tool" kernel get secret rsa
}

@test "keys of a PKCS#11 token, which nobody can copy" {
	start_softhsm
	for FINGERPRINT in "$FINGERPRINT_EC" "$FINGERPRINT_RSA"; do
		assert [ -n "$FINGERPRINT" ]
		register
		works
		first=$(assertion claims.jti)
		works
		[ "$(assertion claims.jti)" != "$first" ]
	done
}

@test "the server's own name for the key, by ssh_agent_kid or --key-id" {
	start_agent
	agent_key ed25519
	run -0 --separate-stderr add_agent --key-id their-id --no-verify
	assert_equal "$(tail -n 1 <<<"$output" | jq -r .kid)" their-id
	assert_equal "$(sk-helper show todo | sed -n 's/^ssh_agent_kid=//p')" their-id
	jwk=$(sk-helper public-key todo)
	assert_equal "$(jq -r .kid <<<"$jwk")" their-id
	start_authorization_server "{\"clients\":[{\"id\":\"todo\",\"method\":\"private_key_jwt\",\"keys\":[$jwk]}]}"
	run -0 add_agent
	works
	assert_equal "$(assertion header.kid)" their-id
	run -0 sk-helper set todo --ssh-agent-kid other
	assert_equal "$(sk-helper public-key todo | jq -r .kid)" other
	run -0 sk-helper set todo --unset ssh_agent_kid
	assert_equal "$(sk-helper public-key todo | jq -r .kid)" "$(thumbprint "$jwk")"
}

@test "a server that does not know the key: the profile is made before, and the key is shown" {
	start_agent
	agent_key ecdsa-256
	start_authorization_server
	run -6 --separate-stderr add_agent
	assert_error 'invalid_client'
	[[ ${stderr,,} == *'run this again with --no-verify: that makes the profile'* ]]
	assert [ ! -e "$PROFILES/todo.conf" ]
	unset TOKEN_ENDPOINT ISSUER
	run -0 --separate-stderr add_agent --no-verify
	assert_line 'its public key, to register with the client, before the first token:'
	jwk=$(sk-helper public-key todo)
	[[ $output == *"$jwk" ]]
	start_authorization_server "{\"clients\":[{\"id\":\"todo\",\"method\":\"private_key_jwt\",\"keys\":[$jwk]}]}"
	run -0 sk-helper set todo --token-endpoint "$TOKEN_ENDPOINT" --issuer "$ISSUER" --ssh-agent "$FINGERPRINT"
	works
}

# --- which key, which agent

@test "a key by its fingerprint alone, among others and beside its certificate" {
	start_agent
	agent_key ed25519
	agent_certificate ed25519
	certified=$FINGERPRINT
	agent_key ecdsa-256
	FINGERPRINT=$certified
	register
	works
	assert_equal "$(assertion header.alg)" EdDSA
	# the certificate alone is not the key
	ssh-add -q -D 2>/dev/null
	agent_key rsa
	FINGERPRINT=$certified
	fails 3 "it has 1 key, but none with the fingerprint $certified"
	agent_key ed25519
	fails 3 "it has 2 keys, but none with the fingerprint $certified"
	sk-helper erase todo
	run -3 sk-helper doctor todo
	assert_line --regexp '^private key +BAD +ssh-agent: it has 2 keys'
}

@test "an agent that is locked, or empty, is told from one without the key" {
	start_agent
	agent_key ed25519
	register
	agent_lock
	fails 4 "it shows no key: it is locked or empty ('ssh-add -X' unlocks it, 'ssh-add FILE' adds a key)"
	run -4 --separate-stderr sk-helper public-key todo
	assert_error 'it shows no key'
	run -4 sk-helper doctor todo --offline
	assert_line --regexp '^private key +BAD +ssh-agent: it shows no key'
	# what is cached needs no key
	agent_unlock
	works
	agent_lock
	run -0 sk-helper get todo
	agent_unlock
	ssh-add -q -D 2>/dev/null
	fails 4 'it shows no key'
}

@test "a key for certain hosts alone does not sign" {
	start_agent
	agent_key_constrained ed25519
	at_server
	fails 5 'it refuses to sign: its question was answered with no (ssh-add -c), the key is for certain hosts alone (ssh-add -h)'
}

@test "a key that asks: yes, no, and nobody answers" {
	start_agent
	agent_key_confirming ed25519 yes
	register
	: >"$ASKED"
	works
	assert_equal "$(wc -l <"$ASKED")" 1
	# nothing of it is asked for what needs no signature
	run -0 sk-helper get todo
	run -0 sk-helper public-key todo
	run -0 sk-helper doctor todo --offline
	assert_line --regexp '^private key +ok +in the ssh-agent, which can sign with EdDSA'
	run -0 sk-helper list
	assert_equal "$(wc -l <"$ASKED")" 1
	# once for all that wait
	sk-helper erase todo
	at_once 5 get_into
	assert_equal "$(cat "$BATS_TEST_TMPDIR"/[0-9]*.status | xargs)" '0 0 0 0 0'
	assert_equal "$(wc -l <"$ASKED")" 2
	agent_askpass <<<"echo asked >>'$ASKED'; echo no; exit 1"
	fails 5 'it refuses to sign'
	agent_askpass <<<'exec sleep infinity'
	run -0 sk-helper set todo --secret-timeout 2
	SECONDS=0
	fails 7 "it did not answer within 2 s: does it ask for confirmation (ssh-add -c, a security key's button), or hang? --secret-timeout SECONDS (of 'sk-helper add' or 'set') gives it more time"
	assert [ "$SECONDS" -ge 2 ] && assert [ "$SECONDS" -le 4 ]
}

# get_into NUMBER
get_into() {
	local status=0
	sk-helper get todo >"$BATS_TEST_TMPDIR/$1.out" 2>&1 || status=$?
	echo "$status" >"$BATS_TEST_TMPDIR/$1.status"
}

@test "a person who takes three seconds is waited for" {
	start_agent
	agent_key_confirming ed25519 yes
	register
	agent_askpass <<<'sleep 3; echo yes'
	works
}

@test "an agent that does not answer at all" {
	start_agent
	agent_key ed25519
	register
	sk-helper set todo --secret-timeout 1 >/dev/null
	agent_frozen
	SECONDS=0
	fails 7 'it did not answer within 1 s'
	assert [ "$SECONDS" -le 3 ]
	run -7 --separate-stderr timeout 5 sk-helper public-key todo
	assert_error 'it did not answer within 1 s'
	run -7 timeout 5 sk-helper doctor todo --offline
	kill -CONT "$AGENT_PID"
	works
}

@test "an agent that has no room for one more that waits" {
	start_agent
	agent_key ed25519
	at_server --secret-timeout 2
	agent_frozen
	"$SK_NODE" -e '
		const net = require("node:net");
		for (let i = 0; i < 400; i++) net.connect(process.argv[1]).on("error", () => {});
		setInterval(() => {}, 1000);' "$SSH_AUTH_SOCK" >/dev/null 2>&1 3>&- 4>&- &
	echo $! >>"$BATS_TEST_TMPDIR/agents"
	for _ in $(seq 100); do
		run --separate-stderr timeout 5 sk-helper get todo
		[[ $stderr == *'where others are waiting, too'* ]] && break
		[ "$status" = 7 ]
	done
	assert_equal "$status" 7
	assert_error "it does not answer at '$SSH_AUTH_SOCK', where others are waiting, too"
}

@test "no agent, and what is none" {
	start_agent
	agent_key ed25519
	at_server
	real=$SSH_AUTH_SOCK
	for SSH_AUTH_SOCK in '' "$BATS_TEST_TMPDIR/nowhere" "$KEY_FILE" "$BATS_TEST_TMPDIR"; do
		fails 3 "ssh-agent: "
	done
	SSH_AUTH_SOCK='' fails 3 "there is none: SSH_AUTH_SOCK is not set. Start one ('eval"
	SSH_AUTH_SOCK=$BATS_TEST_TMPDIR/nowhere fails 3 "it cannot be reached at '$BATS_TEST_TMPDIR/nowhere': No such file or directory"
	SSH_AUTH_SOCK=$KEY_FILE fails 3 'Connection refused'
	for SSH_AUTH_SOCK in s ./s "@s"; do fails 8 "'$SSH_AUTH_SOCK' is not an absolute path (SSH_AUTH_SOCK)"; done
	SSH_AUTH_SOCK=/$(printf 'x%.0s' {1..120}) fails 2 'the path of a socket has at most 107 bytes'
	unset SSH_AUTH_SOCK
	fails 3 'SSH_AUTH_SOCK is not set'
	run -3 sk-helper doctor todo --offline
	assert_line --regexp '^private key +BAD +ssh-agent: there is none'
	# one that the profile names is the one, wherever the environment leads
	start_fake_agent none
	export SSH_AUTH_SOCK
	FINGERPRINT=$(sk-helper show todo | sed -n 's/^ssh_agent=//p')
	run -0 sk-helper set todo --ssh-agent-socket "$real" --ssh-agent "$FINGERPRINT" --no-verify
	run -0 sk-helper public-key todo
	assert_equal "$(cat "$AGENT_ASKED")" ''
	# a relative path becomes an absolute one
	cd "$(dirname "$real")"
	run -0 sk-helper set todo --ssh-agent-socket s --no-verify
	cd /
	run -0 sk-helper public-key todo
	run -0 sk-helper show todo
	assert_line "ssh_agent_socket=$real"
	edit ssh_agent_socket s
	run -2 --separate-stderr sk-helper public-key todo
	assert_error 'is not an absolute path'
}

@test "words that are no fingerprint, and what does not go together" {
	start_agent
	agent_key rsa
	start_authorization_server
	while IFS='|' read -r words options; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr sk-helper add todo --client-id todo --token-endpoint "$TOKEN_ENDPOINT" --issuer "$ISSUER" --no-verify $options
		assert_equal "$options: $status" "$options: 2"
		assert_error "$words"
		assert [ ! -e "$PROFILES/todo.conf" ]
	done <<-TABLE
		is not a key's SHA256 fingerprint, SHA256: and 43 characters|--ssh-agent MD5:00:11
		is not a key's SHA256 fingerprint|--ssh-agent ${FINGERPRINT}x
		is not a key's SHA256 fingerprint|--ssh-agent ${FINGERPRINT%?}
		is not a key's SHA256 fingerprint|--ssh-agent ${FINGERPRINT%?}=
		is not a key's SHA256 fingerprint|--ssh-agent ${FINGERPRINT#SHA256:}
		is not a key's SHA256 fingerprint|--ssh-agent $KEY_FILE
		ssh_agent is missing: secret_store ssh-agent needs it|--secret-store ssh-agent
		it goes with secret_store ssh-agent, and secret_store is kernel|--ssh-agent $FINGERPRINT --secret-store kernel
		it signs for auth_method private_key_jwt alone, and not for client_secret_post|--ssh-agent $FINGERPRINT --auth-method client_secret_post
		--certificate needs its private key: --private-key FILE|--ssh-agent $FINGERPRINT --auth-method tls_client_auth --certificate $KEY_FILE.pub
		--private-key stores a key, and secret_store ssh-agent has it already|--ssh-agent $FINGERPRINT --private-key $KEY_FILE
		an ssh-agent cannot sign with PS256: RS256 is what it has|--ssh-agent $FINGERPRINT --assertion-alg PS256
	TABLE
	# an algorithm that the key has not
	at_server --assertion-alg ES256
	fails 2 "assertion_alg: the key cannot do 'ES256'"
	unset SSH_AUTH_SOCK
	run -2 --separate-stderr sk-helper rotate todo --private-key "$KEY_FILE"
	assert_error "not rotated: its key is in an ssh-agent: add the new one there (ssh-add), and then 'sk-helper set todo --ssh-agent SHA256:... --no-verify'"
	run -2 --separate-stderr sk-helper store <<<$'profile=todo\nclient_secret=x'
	assert_error "client_secret is given, and secret_store 'ssh-agent' is only read"
	run -2 --separate-stderr sk-helper add todo --generate-key
	assert_error '--generate-key stores a key, and secret_store ssh-agent has it already'
}

@test "a key of a FIDO token, and others that OAuth has no algorithm for" {
	start_authorization_server
	start_fake_agent none sign fido
	run -2 --separate-stderr add_agent --no-verify
	assert_error 'it is a key of a FIDO token (sk-ssh-ed25519@openssh.com), which signs more than OAuth servers understand: use an ed25519, ecdsa or rsa key'
	assert_equal "$(cat "$AGENT_ASKED")" list
	start_agent
	KEY_FILE=$BATS_TEST_TMPDIR/short
	openssl genrsa -out "$KEY_FILE" 1024 2>/dev/null
	chmod 600 "$KEY_FILE"
	ssh_add "$KEY_FILE"
	FINGERPRINT=$(ssh-add -l | cut -d' ' -f2)
	run -2 --separate-stderr add_agent --no-verify
	assert_error 'an RSA key has 2048 to 8192 bits, and this one has 1024: use another one'
}

# --- an agent with faults

# stored_for_agent: the profile without a question to the agent.
stored_for_agent() {
	# 'store' changes no source of a profile that is there
	rm -f "$PROFILES"/todo.*
	sk-helper store <<<"profile=todo
token_endpoint=$TOKEN_ENDPOINT
issuer=$ISSUER
client_id=todo
ssh_agent=$FINGERPRINT
secret_timeout=1"
}

# fault BEHAVIOUR AT KEY STATUS WORDS
fault() {
	start_fake_agent "$1" "$2" "$3"
	stored_for_agent
	SECONDS=0
	fails "$4" "$5"
	assert [ "$SECONDS" -le 4 ] || fail "$*: $SECONDS s"
	[ "$2" = list ] || grep -q ^sign "$AGENT_ASKED" || fail "$*: it was not asked"
	stop_agents
}

@test "every fault of an agent is one error, within the deadline, and nothing is sent to the server" {
	start_authorization_server
	for at in list sign; do
		for behaviour in huge large empty truncated closes unknown other-kind garbage noise overlong; do
			fault "$behaviour" "$at" ed25519 5 "ssh-agent: "
		done
		for behaviour in stalls silent slow; do
			fault "$behaviour" "$at" ec 7 'it did not answer within 1 s'
		done
	done
	fault overlong sign ec 5 'is no ssh-agent, or it has closed the connection'
	# some that are locked say no where others have an empty list
	fault refuses list ed25519 4 'it shows no key: it is locked or empty'
	fault refuses sign ed25519 5 'it refuses to sign'
	for key in ed25519 ec; do
		fault short sign "$key" 5 "the ssh-agent's signature is not one of"
	done
	fault sha1 sign rsa 5 "the ssh-agent's signature is not one of 'rsa-sha2-256' (it says 'ssh-rsa'): it was not sent"
}

@test "a signature by another key, or of another length, is not one that the server believes" {
	start_fake_agent other-key
	jwk=$(add_agent --no-verify | tail -n 1)
	start_authorization_server "{\"clients\":[{\"id\":\"todo\",\"method\":\"private_key_jwt\",\"keys\":[$jwk]}]}"
	stored_for_agent
	run -6 --separate-stderr sk-helper get todo --fresh
	assert_error invalid_client
}

@test "numbers of a signature that are shorter than their field, and words that come after an answer" {
	for behaviour in short-r short-s trailing none; do
		start_fake_agent "$behaviour" sign ec
		register
		works
		assert_equal "$(assertion header.alg)" ES256
		stop_agents
	done
	start_fake_agent none sign rsa
	register
	works
	# flag 2: SHA-256
	run -0 grep -c '^sign 2 ' "$AGENT_ASKED"
}

@test "an agent is asked once for a token, and not at all for one that is cached" {
	start_fake_agent none sign ec
	register
	: >"$AGENT_ASKED"
	works
	assert_equal "$(cut -d' ' -f1,2 "$AGENT_ASKED" | xargs)" 'list sign 0'
	# what it signs names the server, and is a JWS
	assert_equal "$(sed -n 's/^sign 0 [^.]*\.//p' "$AGENT_ASKED" | tr '_-' '/+' | base64 -d 2>/dev/null | jq -r .aud)" "$ISSUER"
	run -0 sk-helper get todo
	run -0 sk-helper list
	run -0 sk-helper list --json
	assert_equal "$(jq -r '.[0] | "\(.secret) \(.secret_store) \(.auth_method)"' <<<"$output")" 'elsewhere ssh-agent private_key_jwt'
	run -0 sk-helper show todo
	assert_equal "$(wc -l <"$AGENT_ASKED")" 2
	: >"$AGENT_ASKED"
	run -0 sk-helper public-key todo
	run -0 sk-helper doctor todo --offline
	assert_equal "$(sort -u "$AGENT_ASKED")" list
	sk-helper erase todo
	: >"$AGENT_ASKED"
	at_once 10 get_into
	assert_equal "$(cat "$BATS_TEST_TMPDIR"/[0-9]*.status | sort | uniq -c | xargs)" '10 0'
	assert_equal "$(grep -c ^sign "$AGENT_ASKED")" 1
}

@test "an agent is asked once for a request that is tried again" {
	start_fake_agent none sign ed25519
	answers='{"status":503},{"status":503},{"body":{"access_token":"t","token_type":"Bearer"}}'
	sk-helper add todo --client-id todo --token-endpoint "$(endpoint_that_answers "$answers")" --issuer "$FAULTY_URL" --ssh-agent "$FINGERPRINT" --no-verify >/dev/null
	: >"$AGENT_ASKED"
	before=$(faulty_requests)
	run --separate-stderr sk-helper get todo
	assert_equal "$(grep -c ^sign "$AGENT_ASKED")" 1
	# what was sent once is not sent again
	assert_equal "$(curl -s "$FAULTY_URL/__stats" | jq -r '.bodies[]' | grep -o 'client_assertion=[^&]*' | sort | uniq -d | wc -l)" 0
	assert [ "$(faulty_requests)" -gt "$before" ]
}

# --- what the key may be used for

# proofs_elsewhere: how many requests with one came to the faulty server.
proofs_elsewhere() { curl -s "$FAULTY_URL/__stats" | jq '[.bodies[] | select(contains("client_"))] | length'; }

@test "an edited profile: the agent is not asked, and nothing is sent" {
	start_fake_agent none sign ed25519
	register
	cp "$PROFILES/todo.conf" "$BATS_TEST_TMPDIR/saved"
	: >"$AGENT_ASKED"
	elsewhere=$(endpoint_that_answers '{"status":500}')
	before=$(proofs_elsewhere)
	while IFS='|' read -r key value; do
		edit "$key" "$value"
		fails 8 "the secret was given for $key '"
		run -8 sk-helper doctor todo
		assert_line --regexp '^private key +BAD +the secret was given for'
		assert_equal "$key: $(cat "$AGENT_ASKED")" "$key: "
		cp "$BATS_TEST_TMPDIR/saved" "$PROFILES/todo.conf"
	done <<-TABLE
		token_endpoint|$elsewhere
		issuer|$FAULTY_URL
		assertion_audience|https://evil.example.com
		proxy|http://127.0.0.1:1
		ssh_agent|SHA256:$(printf 'A%.0s' {1..43})
		ssh_agent_socket|$BATS_TEST_TMPDIR/other
	TABLE
	# what doctor has asked the other server is no proof of anything
	assert_equal "$(proofs_elsewhere)" "$before"
	works
	# the user says that it is right
	edit assertion_audience "$ISSUER"
	fails 8 'the secret was given for assertion_audience'
	run -0 --separate-stderr add_agent
	assert_line --partial 'token: works'
	works
}

@test "a profile that the environment leads to: the agent is not asked" {
	start_fake_agent none sign ed25519
	start_authorization_server
	repository=$BATS_TEST_TMPDIR/repository/sk-helper/profiles
	mkdir -p "$repository"
	printf '%s\n' "token_endpoint=$TOKEN_ENDPOINT" "issuer=$ISSUER" client_id=todo "ssh_agent=$FINGERPRINT" >"$repository/todo.conf"
	chmod 600 "$repository/todo.conf"
	chmod -R go-w "$BATS_TEST_TMPDIR/repository"
	XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/repository fails 8 "is not below your home (/etc/passwd), and sk-helper has not written it so since the last reboot: nothing was sent. If it is yours: 'sk-helper add todo' with all its options makes it again"
	assert_equal "$(cat "$AGENT_ASKED")" ''
}

@test "a secret becomes a key in an agent, and the secret is removed; and back" {
	start_agent
	agent_key ed25519
	jwk=$(add_agent --no-verify | tail -n 1)
	sk-helper remove todo >/dev/null
	start_authorization_server "{\"clients\":[{\"id\":\"todo\",\"method\":\"private_key_jwt\",\"keys\":[$jwk]},{\"id\":\"m2m_todo\",\"secret\":\"test_secret\"}]}"
	add_todo --issuer "$ISSUER" >/dev/null
	# a proof that fails changes nothing
	cp "$PROFILES/todo.conf" "$BATS_TEST_TMPDIR/before"
	run -6 --separate-stderr sk-helper set todo --ssh-agent "$FINGERPRINT"
	assert_error "profile 'todo' not changed"
	run -3 --separate-stderr sk-helper set todo --client-id todo --ssh-agent "SHA256:$(printf 'A%.0s' {1..43})"
	cmp "$PROFILES/todo.conf" "$BATS_TEST_TMPDIR/before"
	works
	run -0 --separate-stderr sk-helper set todo --client-id todo --ssh-agent "$FINGERPRINT" --ssh-agent-socket "$SSH_AUTH_SOCK" \
		--ssh-agent-kid "$(jq -r .kid <<<"$jwk")"
	assert_equal "$stderr" ''
	run ! "$TOOLS/keyring-tool" kernel get secret todo
	works
	assert_equal "$(assertion header.alg)" EdDSA
	run -0 --separate-stderr sk-helper set todo --client-id m2m_todo --secret-store kernel <<<test_secret
	run ! grep -E '^ssh_agent|private_key_jwt' "$PROFILES/todo.conf"
	works
	run -0 sk-helper remove todo
	assert_equal "$(ls -A "$PROFILES")" ''
}

@test "list, doctor and remove say where the key is" {
	start_agent
	agent_key ed25519
	register
	run -0 sk-helper list
	assert_line --regexp '^todo .* ssh-agent +(59|60) min$'
	run -0 sk-helper doctor todo
	assert_line --regexp '^private key +ok +in the ssh-agent, which can sign with EdDSA'
	assert_line --regexp '^token +ok'
	run -0 --separate-stderr sk-helper remove todo
	assert_output "removed profile 'todo': its file, its secret was not touched (secret_store ssh-agent), 1 cached token"
	assert_equal "$(ssh-add -l | wc -l)" 1
}

@test "doctor warns of an agent that sshd forwards" {
	# a process of that name is what it is known by
	cp "$(command -v ssh-agent)" "$BATS_TEST_TMPDIR/sshd"
	export SSH_AUTH_SOCK=$BATS_TEST_TMPDIR/s
	agent_process "$BATS_TEST_TMPDIR/sshd" -D -a "$SSH_AUTH_SOCK"
	for _ in $(seq 200); do [ -S "$SSH_AUTH_SOCK" ] && break; sleep 0.02; done
	agent_key ed25519
	register
	run -0 sk-helper doctor todo --offline
	assert_line --regexp '^private key +warn +in an ssh-agent that sshd forwards'
	works
}

@test "a dry run asks the agent nothing" {
	start_fake_agent none sign ed25519
	start_authorization_server
	run -0 --separate-stderr add_agent --dry-run
	assert_line "# requests to $TOKEN_ENDPOINT would be signed with the key $FINGERPRINT in an ssh-agent"
	assert_equal "$(cat "$AGENT_ASKED")" ''
	assert [ ! -e "$PROFILES/todo.conf" ]
}

# --- keys that sk-helper keeps: who sees them

# traced COMMAND...: sets TRACE
traced() {
	TRACE=$BATS_TEST_TMPDIR/trace
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 strace -f -v -s 65536 -o "$TRACE" \
		-e trace=execve,read,write,openat,open,openat2,socket,connect,socketpair,memfd_create,clone,clone3,fork,vfork,seccomp,prctl "$@"
}

# nothing_to_see KEY: only root's strace(1) is shown what our programs have in memory; for another's, there is nothing in the trace. With
# sanitizers, programs open files for themselves.
nothing_to_see() {
	[ -z "${SK_SANITIZED:-}" ] || return 0
	[ "$(id -u)" != 0 ] || return 1
	run ! grep -F "$1" "$TRACE"
}

# process PROGRAM: what the process that became it did since.
process() {
	local pid
	pid=$(sed -n "s/^\([0-9]*\) .*execve(\"[^\"]*\/$1\".*/\1/p" "$TRACE" | tail -n 1)
	[ -n "$pid" ] || fail "$1 was not run"
	# a call that another process's came into the middle of is put together again
	awk -v pid="$pid" -v start="/$1\"" '
		$1 == pid && /execve\(/ && index($0, start) { on = 1 }
		!on || $1 != pid { next }
		sub(/ <unfinished \.\.\.>$/, "") { begun = $0; next }
		match($0, /^[0-9]+ +<\.\.\. [a-z0-9_]+ resumed>/) { print begun substr($0, RLENGTH + 1); next }
		{ print }' "$TRACE"
}

@test "sk-oauth never gets a private key, and sk-key, which does, has no network and opens no file" {
	answers='{"body":{"access_token":"t","token_type":"Bearer"}}'
	sk-helper add todo --client-id todo --token-endpoint "$(endpoint_that_answers "$answers")" --issuer "$FAULTY_URL" --secret-store kernel --generate-key >/dev/null
	key=$("$TOOLS/keyring-tool" kernel get secret todo 2>/dev/null | sed -n 's/^private_key=//p' | cut -d' ' -f1)
	[ -n "$key" ]
	traced sk-helper get todo --fresh >/dev/null
	if nothing_to_see "$key"; then return; fi
	process sk-oauth >"$BATS_TEST_TMPDIR/oauth"
	grep -q 'read.*client_assertion=' "$BATS_TEST_TMPDIR/oauth"
	run ! grep -E "private_key=|$key" "$BATS_TEST_TMPDIR/oauth"
	process sk-key >"$BATS_TEST_TMPDIR/key"
	# the check can fail
	grep -q "private_key=$key" "$BATS_TEST_TMPDIR/key"
	run ! grep -E 'socket|connect|clone|fork|memfd' "$BATS_TEST_TMPDIR/key"
	# once it reads what it is asked, nothing is opened, and it writes to its output alone
	sed -n '/read(0, /,$p' "$BATS_TEST_TMPDIR/key" >"$BATS_TEST_TMPDIR/key.asked"
	[ -s "$BATS_TEST_TMPDIR/key.asked" ]
	# which it has given up before that
	sed '/read(0, /,$d' "$BATS_TEST_TMPDIR/key" | grep -qE '(SECCOMP_SET_MODE_FILTER|PR_SET_SECCOMP).* = 0'
	run ! grep -E 'open' "$BATS_TEST_TMPDIR/key.asked"
	run ! grep -E 'write\(([02-9]|1[0-9])' "$BATS_TEST_TMPDIR/key.asked"
	# nor before, but for the libraries
	run ! grep -E 'openat?2?\(.*(openssl.cnf|/home/|/tmp/|/root/|O_WRONLY|O_RDWR|O_CREAT)' "$BATS_TEST_TMPDIR/key"
	# in no argument and no variable
	run ! grep -E "execve.*$key" "$TRACE"
}

@test "a key in an agent: sk-oauth gets what it signed, and no way to the agent" {
	start_fake_agent none sign ed25519
	answers='{"body":{"access_token":"t","token_type":"Bearer"}}'
	sk-helper add todo --client-id todo --token-endpoint "$(endpoint_that_answers "$answers")" --issuer "$FAULTY_URL" --ssh-agent "$FINGERPRINT" --no-verify >/dev/null
	traced sk-helper get todo --fresh >/dev/null
	if nothing_to_see client_assertion; then return; fi
	process sk-oauth >"$BATS_TEST_TMPDIR/oauth"
	grep -q 'read.*client_assertion=' "$BATS_TEST_TMPDIR/oauth"
	run ! grep -E 'connect\(.*AF_UNIX|SSH_AUTH_SOCK' "$BATS_TEST_TMPDIR/oauth"
	run ! grep -E 'execve\(.*sk-key' "$TRACE"
	body=$(curl -s "$FAULTY_URL/__stats" | jq -r .last.body)
	[[ $body == *client_assertion=* && $body != *private_key* && $body != *client_secret* ]]
}

@test "an assertion lives two minutes, and is a new one for each try" {
	answers='{"status":503},{"status":503},{"body":{"access_token":"t","token_type":"Bearer"}}'
	sk-helper add todo --client-id todo --token-endpoint "$(endpoint_that_answers "$answers")" --issuer "$FAULTY_URL" --secret-store kernel --generate-key >/dev/null
	run -0 sk-helper get todo
	curl -s "$FAULTY_URL/__stats" | jq -r '.bodies[-3:][]' | grep -o 'client_assertion=[^&]*' | cut -d. -f2 | while read -r claims; do
		base64 -d <<<"$(tr '_-' '/+' <<<"$claims")===" 2>/dev/null || true
		echo
	done >"$BATS_TEST_TMPDIR/claims"
	assert_equal "$(jq -r .jti "$BATS_TEST_TMPDIR/claims" | sort -u | wc -l)" 3
	assert_equal "$(jq -r '.exp - .iat' "$BATS_TEST_TMPDIR/claims" | sort -u)" 120
}
