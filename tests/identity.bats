# SPDX-License-Identifier: MIT
# Clients without a secret: the platform's identity token is exchanged for an access token, is looked at before it is sent, and is
# sent once.
load common
load identity

jwt_sha256() { tr -d ' \t\r\n' <"$JWT" | sha256sum | cut -d' ' -f1; }

# source_is SOURCE: from now on.
source_is() { sk-helper set job --identity-token "$1" >/dev/null; }

# edit_only KEY VALUE: the profile, by hand, and nobody says that it is the user's.
edit_only() {
	sed -i "/^$1=/d" "$PROFILES/job.conf"
	printf '%s=%s\n' "$1" "$2" >>"$PROFILES/job.conf"
}

# --- what is sent

@test "as the client's assertion: the token, its type, and a client id only where there is one" {
	peer '{"client_id_rule":"forbidden"}'
	run -0 --separate-stderr add_job --grant client_credentials --scope todo:read --resource http://127.0.0.1:1/mcp
	assert_equal "$stderr" ''
	assert_line "identity token: from file:$JWT, for the audience $ISSUER"
	assert_equal "$(sent)" "{\"client_assertion\":\"JWT\",\"client_assertion_type\":\"$ASSERTION:jwt-bearer\",\"grant_type\":\"client_credentials\",\"resource\":\"http://127.0.0.1:1/mcp\",\"scope\":\"todo:read\"}"
	assert_equal "$(stats | jq -r '"\(.last.authorization) \(.last.content_type)"')" 'false application/x-www-form-urlencoded'
	# it is cached as any other
	before=$(requests)
	run -0 sk-helper get job
	assert_equal "$(requests)" "$before"
	peer '{"client_id_rule":"required"}'
	new_jwt
	fails 6 1 'client_id is missing'
	sk-helper set job --client-id job_todo --unset scope --unset resource
	new_jwt
	works
	assert_equal "$(sent)" "{\"client_assertion\":\"JWT\",\"client_assertion_type\":\"$ASSERTION:jwt-bearer\",\"client_id\":\"job_todo\",\"grant_type\":\"client_credentials\"}"
}

@test "as SPIFFE's assertion: its type; the issuer and the number may be missing" {
	new_jwt 'iss=&jti='
	run -0 add_job --grant client_credentials --assertion-type jwt-spiffe
	assert_equal "$(sent)" "{\"client_assertion\":\"JWT\",\"client_assertion_type\":\"$ASSERTION:jwt-spiffe\",\"grant_type\":\"client_credentials\"}"
}

@test "as a grant: the token, and nothing that says who the client is" {
	run -0 add_job --grant jwt-bearer --scope todo:read --resource http://127.0.0.1:1/mcp
	assert_equal "$(sent)" "{\"assertion\":\"JWT\",\"grant_type\":\"$GRANT_TYPE:jwt-bearer\",\"resource\":\"http://127.0.0.1:1/mcp\",\"scope\":\"todo:read\"}"
	assert_equal "$(stats | jq .last.authorization)" false
	sk-helper set job --client-id platform --unset scope --unset resource
	new_jwt
	works
	assert_equal "$(sent)" "{\"assertion\":\"JWT\",\"client_id\":\"platform\",\"grant_type\":\"$GRANT_TYPE:jwt-bearer\"}"
}

@test "in token exchange: what kind of token it is, what is wanted for it, and the audience" {
	run -0 add_job --grant token-exchange --audience urn:todo --param "requested_token_type=$TYPE:access_token"
	assert_equal "$(sent)" "{\"audience\":\"urn:todo\",\"grant_type\":\"$GRANT_TYPE:token-exchange\",\"requested_token_type\":\"$TYPE:access_token\",\"subject_token\":\"JWT\",\"subject_token_type\":\"$TYPE:jwt\"}"
	assert_equal "$(stats | jq .last.authorization)" false
	sk-helper set job --unset audience --unset param
	for kind in jwt id_token access_token; do
		sk-helper set job --subject-token-type "$kind"
		new_jwt
		works
		assert_equal "$(sent)" "{\"grant_type\":\"$GRANT_TYPE:token-exchange\",\"subject_token\":\"JWT\",\"subject_token_type\":\"$TYPE:$kind\"}"
	done
	sk-helper set job --subject-token-type urn:acme:kind
	new_jwt
	fails 6 1 invalid_request
	assert_equal "$(stats | jq -r .last.parameters.subject_token_type)" urn:acme:kind
}

@test "as JSON: the same parameters, and the type says so" {
	peer '{"json":true}'
	run -6 --separate-stderr add_job --grant jwt-bearer
	assert_error 'the body must be application/json'
	for grant in jwt-bearer token-exchange client_credentials; do
		new_jwt
		run -0 add_job --grant "$grant" --scope todo:read --token-request json
		assert_equal "$(stats | jq -r .last.content_type)" application/json
		as_json=$(sent)
		peer '{"json":false}'
		sk-helper set job --token-request form
		new_jwt
		works
		assert_equal "$(sent)" "$as_json"
		peer '{"json":true}'
		sk-helper remove job
	done
}

@test "parameters of the profile's own arrive as they are, in a form and in JSON" {
	odd='a "b" \ & c=d+e%20 </script>'
	new_jwt
	run -0 add_job --grant jwt-bearer --param "note=$odd" --param organization_id=00000000-0000-4000-8000-000000000001
	expected=$(jq -ncS --arg note "$odd" "{assertion: \"JWT\", grant_type: \"$GRANT_TYPE:jwt-bearer\", note: \$note, organization_id: \"00000000-0000-4000-8000-000000000001\"}")
	assert_equal "$(sent)" "$expected"
	peer '{"json":true}'
	sk-helper set job --token-request json
	new_jwt
	works
	assert_equal "$(sent)" "$expected"
}

@test "a client that has a secret, too, shows both" {
	run -0 sk-helper add job --token-endpoint "$TOKEN_ENDPOINT" --identity-token "file:$JWT" --grant token-exchange --auth-method client_secret_post \
		--client-id m2m_todo --secret-store kernel <<<test_secret
	assert_line --partial 'client secret: in the kernel keyring'
	assert_equal "$(sent)" "{\"client_id\":\"m2m_todo\",\"client_secret\":\"test_secret\",\"grant_type\":\"$GRANT_TYPE:token-exchange\",\"subject_token\":\"JWT\",\"subject_token_type\":\"$TYPE:jwt\"}"
	new_jwt
	run -0 sk-helper rotate job <<<test_secret
	# Basic, and what it is for: not in the body, too
	printf 'profile=basic\ntoken_endpoint=%s\nclient_id=m2m_todo\nauth_method=client_secret_basic\nclient_secret=test_secret\nsecret_store=kernel\ngrant=jwt-bearer\nidentity_token=file:%s\nassertion_audience=%s\n' \
		"$(endpoint_that_answers '{"body":{"access_token":"tok","token_type":"Bearer"}}')" "$JWT" "$ISSUER" | sk-helper store
	new_jwt
	run -0 sk-helper get basic
	assert_output tok
	curl -s "$FAULTY_URL/__stats" | jq -r .last.body | tr '&' '\n' | grep -vxF -e "assertion=$(cat "$JWT")" >"$BATS_TEST_TMPDIR/left"
	assert_equal "$(cat "$BATS_TEST_TMPDIR/left")" "grant_type=$(jq -rn --arg type "$GRANT_TYPE:jwt-bearer" '$type | @uri')"
	assert_equal "$(curl -s "$FAULTY_URL/__stats" | jq -r .last.headers.authorization)" "Basic $(printf m2m_todo:test_secret | base64)"
	rm -f "/tmp/sk-helper-$(id -u)/sent-$(jwt_sha256)"
}

# --- where it comes from

@test "a file is read for each exchange, as kubelet swaps it: a link to a link" {
	volume=$BATS_TEST_TMPDIR/volume
	mkdir -p "$volume/..2026_1" "$volume/..2026_2"
	mv "$JWT" "$volume/..2026_1/token"
	ln -s ..2026_1 "$volume/..data"
	ln -s ..data/token "$volume/token"
	JWT=$volume/..2026_2/token
	new_jwt
	JWT=$volume/token
	run -0 add_job --grant jwt-bearer
	assert_equal "$(times_sent)" 1
	ln -s ..2026_2 "$volume/..data_tmp"
	mv -T "$volume/..data_tmp" "$volume/..data"
	assert_equal "$(times_sent)" 0
	works
	assert_equal "$(times_sent)" 1
}

@test "white space around the token is not sent" {
	printf ' \r\n\t%s\r\n \n' "$(cat "$JWT")" >"$JWT.padded"
	mv "$JWT.padded" "$JWT"
	run -0 add_job --grant jwt-bearer
	assert_equal "$(times_sent)" 1
	# in the middle of it, it is none
	new_jwt
	sed -i 's/\./.\n/' "$JWT"
	fails 8 0 'not one line of printable ASCII: nothing was sent'
}

@test "a token of nearly 16 KiB goes all the way, and a larger one nowhere" {
	new_jwt pad=11900
	assert [ "$(wc -c <"$JWT")" -gt 16000 ] && assert [ "$(wc -c <"$JWT")" -le 16384 ]
	for request in form json; do
		peer "{\"json\":$([ "$request" = json ] && echo true || echo false)}"
		run -0 add_job --grant jwt-bearer --token-request "$request"
		assert_equal "$(times_sent)" 1
		new_jwt pad=11900
	done
	LARGE=$(cat "$JWT") run -0 sk-helper add other --token-endpoint "$TOKEN_ENDPOINT" --token-request json --grant jwt-bearer --identity-token env:LARGE
	assert_equal "$(times_sent)" 1
	new_jwt pad=12300
	assert [ "$(wc -c <"$JWT")" -gt 16384 ]
	fails 8 0 'is larger than 16384 bytes'
	before=$(requests)
	LARGE=$(cat "$JWT") run -8 --separate-stderr sk-helper get other --fresh
	assert_error 'the environment variable LARGE is longer than 16384 bytes'
	assert_equal "$(requests)" "$before"
}

@test "what is no file, or none to be trusted, is not sent, and no FIFO is waited for" {
	add_job --grant jwt-bearer --no-verify
	chmod o+w "$JWT"
	fails 8 0 "every user can write to '$JWT': nothing was sent"
	chmod o-w "$JWT"
	ln -s "$JWT" "$JWT.link"
	source_is "file:$JWT.link"
	chmod o+w "$JWT"
	fails 8 0 'every user can write to'
	source_is "file:$JWT"
	rm "$JWT"
	fails 3 0 "'$JWT': No such file or directory"
	mkfifo "$JWT"
	fails 8 0 "'$JWT' is not a file"
	rm "$JWT"
	mkdir "$JWT"
	fails 8 0 "'$JWT' is not a file"
	rmdir "$JWT"
	head -c 20480 /dev/zero | tr '\0' x >"$JWT"
	fails 8 0 'is larger than 16384 bytes'
	: >"$JWT"
	fails 3 0 'there is nothing in it'
	printf ' \n\t\r\n' >"$JWT"
	fails 3 0 'there is nothing in it'
	new_jwt
	works
}

@test "a variable that is not set, or has nothing in it" {
	add_job --grant jwt-bearer --no-verify --identity-token env:PLATFORM_TOKEN 2>/dev/null ||
		sk-helper add job --token-endpoint "$TOKEN_ENDPOINT" --grant jwt-bearer --no-verify --identity-token env:PLATFORM_TOKEN
	fails 3 0 'the environment variable PLATFORM_TOKEN is not set'
	export PLATFORM_TOKEN=
	fails 3 0 'the environment variable PLATFORM_TOKEN is not set'
	PLATFORM_TOKEN=' '
	fails 3 0 'there is nothing in it'
	PLATFORM_TOKEN=$(cat "$JWT")
	works
	assert_equal "$(times_sent)" 1
	# it stays the same for the whole job
	fails 7 0 'variable is not renewed'
	# nor is a refusal of it temporary, whatever else is changed
	new_jwt
	PLATFORM_TOKEN=$(cat "$JWT")
	peer '{"fail":[{"status":400,"body":{"error":"invalid_grant"}}]}'
	fails 6 1 invalid_grant
	edit timeout 7
	fails 6 0 'and refused (HTTP 400), and each is sent only once'
}

# --- whom it is for, and when

@test "a token for somebody else is not sent" {
	add_job --grant jwt-bearer --no-verify
	while IFS='|' read -r query words; do
		new_jwt "$query"
		fails 8 0 "it is for '$words' (aud), and not for '$ISSUER': nothing was sent"
	done <<TABLE
aud=https://kubernetes.default.svc|https://kubernetes.default.svc
aud=$ISSUER/|$ISSUER/
aud=${ISSUER%?}|${ISSUER%?}
aud=x$ISSUER|x$ISSUER
aud=HTTP${ISSUER#http}|HTTP${ISSUER#http}
aud=one&aud=two|one, two
aud=|nobody
TABLE
	new_jwt "aud=one&aud=$ISSUER"
	works
	new_jwt "aud=$ISSUER"
	works
}

# The origin, where no issuer is known; and what the user says goes before both.
@test "whom a token must be for: the issuer, else the token endpoint's origin, else what the profile says" {
	add_job --grant jwt-bearer --no-verify --issuer "$ISSUER/realms/one" 2>/dev/null ||
		sk-helper add job --token-endpoint "$TOKEN_ENDPOINT" --grant jwt-bearer --no-verify --identity-token "file:$JWT" --issuer "$ISSUER/realms/one"
	fails 8 0 "and not for '$ISSUER/realms/one'"
	new_jwt "aud=$ISSUER/realms/one"
	peer "{\"audience\":\"$ISSUER/realms/one\"}"
	works
	new_jwt aud=api://todo
	sk-helper set job --assertion-audience api://todo
	peer '{"audience":"api://todo"}'
	works
	sk-helper remove job
	sk-helper add job --token-endpoint "$TOKEN_ENDPOINT" --grant jwt-bearer --no-verify --identity-token "file:$JWT"
	fails 8 0 "and not for '$FED_URL'"
	new_jwt "aud=$TOKEN_ENDPOINT"
	fails 8 0 "and not for '$FED_URL'"
	new_jwt "aud=$FED_URL"
	peer '{"audience":null}'
	works
}

@test "a token that has ended, that has not begun, or that never ends is not sent" {
	add_job --grant jwt-bearer --no-verify
	new_jwt ttl=-100
	fails 8 0 'it expired 10'
	[[ $stderr =~ it\ expired\ 10[0-9]\ s\ ago:\ nothing\ was\ sent ]]
	new_jwt ttl=0
	fails 8 0 's ago: nothing was sent'
	new_jwt nbf=300
	fails 8 0 'it is not valid for another'
	[[ $stderr =~ another\ (300|29[0-9])\ s\ \(nbf\):\ nothing\ was\ sent ]]
	new_jwt noexp=1
	fails 8 0 'it has no end (exp): nothing was sent'
	# clocks that differ a little: it is waited for
	new_jwt nbf=2
	works
}

# jwt HEADER PAYLOAD SIGNATURE: into the file.
jwt() { printf '%s.%s.%s\n' "$(encode "$1")" "$(encode "$2")" "$3" >"$JWT"; }
encode() { printf %s "$1" | base64 -w0 | tr '+/' '-_' | tr -d =; }

@test "what is no signed JWT is not sent" {
	add_job --grant jwt-bearer --no-verify
	good="{\"aud\":\"$ISSUER\",\"exp\":$(($(date +%s) + 600))}"
	IFS=. read -r header payload signature <<<"$(cat "$JWT")"
	while IFS='|' read -r words text; do
		printf '%s\n' "$text" >"$JWT"
		fails 8 0 "$words"
	done <<TABLE
not a signed JWT|opaque-token
not a signed JWT|$header.$payload
not a signed JWT|$header.$payload.
not a signed JWT|.$payload.$signature
not a signed JWT|$header..$signature
not a signed JWT|$header.$payload.$signature.
not a signed JWT|$header.$payload.$signature.x.y
not a signed JWT|$header.$header.$payload.$signature.x
not a signed JWT|$header.!$payload.$signature
its claims are not a JSON object|$header.$(encode hello).$signature
its claims are not a JSON object|$header.$(encode '["aud"]').$signature
its claims are not a JSON object|$header.$(encode "$good$good").$signature
its claims are not a JSON object|$header.$(encode "${good%?}").$signature
TABLE
	# claims of the wrong kind
	for exp in '"9999999999"' true null -5 1e400 0; do
		jwt '{"alg":"ES256"}' "{\"aud\":\"$ISSUER\",\"exp\":$exp}" "$signature"
		fails 8 0 nothing\ was\ sent
	done
	for aud in null 5 '{"a":"'"$ISSUER"'"}' '[["'"$ISSUER"'"]]' '[]'; do
		jwt '{"alg":"ES256"}' "{\"aud\":$aud,\"exp\":$(($(date +%s) + 600))}" "$signature"
		fails 8 0 "not for '$ISSUER'"
	done
	for auds in "\"aud\":\"$ISSUER\",\"aud\":\"other\"" "\"aud\":\"other\",\"aud\":\"$ISSUER\"" "\"aud\":\"$ISSUER\",\"aud\":\"$ISSUER\""; do
		jwt '{"alg":"ES256"}' "{$auds,\"exp\":$(($(date +%s) + 600))}" "$signature"
		fails 8 0 'it names its audience (aud) twice'
	done
	# who it is from is the server's to say
	jwt '{"alg":"ES256"}' "$good" "$signature"
	fails 6 1 invalid_grant
}

# --- once

@test "a token whose request has left is never sent again, and the next one is, at once" {
	add_job --grant jwt-bearer --no-verify
	for fault in 500 503 429 close lost hang; do
		new_jwt
		# there would be time to try again, but where it is waited for
		[ "$fault" != hang ] || edit timeout 1
		peer "{\"fail\":[\"$fault\"]}"
		fails 7 1 ''
		fails 7 0 ''
		assert_equal "$fault $(times_sent)" "$fault 1"
		new_jwt
		# but for Retry-After, which is not the token's
		[ "$fault" != 429 ] || { fails 7 0 'is not asked again for'; sleep 1.1; }
		works
	done
	edit timeout 8
	# an answer that is of no use is an answer
	for answer in '{"status":302,"headers":{"location":"/oauth/token"}}' '{"status":200,"body":"<html>"}'; do
		new_jwt
		peer "{\"fail\":[$answer]}"
		fails 8 1 ''
		fails 7 0 's ago, and each is sent only once: the platform has not renewed it yet (it ends in '
		new_jwt
		works
	done
	# after the good answer, too
	fails 7 0 '--identity-token-reuse yes'
}

@test "a refusal is the token's that was refused: the next one is sent at once, and that one never" {
	for grant in jwt-bearer client_credentials; do
		new_jwt
		add_job --grant "$grant" --no-verify
		peer '{"fail":[{"status":401,"body":{"error":"invalid_client","error_description":"who is that?"}}]}'
		fails 6 1 'who is that?'
		# there is no secret that could be rotated
		[[ $stderr != *rotate* && $stderr != *"new secret"* && $stderr != *"this secret"* ]] || fail "no help: $stderr"
		fails 6 0 'is not asked again for'
		[[ $stderr != *rotate* && $stderr != *"new secret"* && $stderr != *"this secret"* ]] || fail "no help: $stderr"
		assert_equal "$(times_sent)" 1
		new_jwt
		works
		sk-helper remove job
	done
}

@test "a token that has not left is sent later" {
	for endpoint in http://127.0.0.1:1/token https://127.0.0.1:1/token "https://${TOKEN_ENDPOINT#http://}" https://no-such-host.invalid/token; do
		new_jwt
		sk-helper add job --token-endpoint "$endpoint" --assertion-audience "$ISSUER" --grant jwt-bearer --identity-token "file:$JWT" --no-verify --timeout 1
		before=$(marks)
		fails 7 0 'token endpoint'
		assert_equal "$endpoint $(marks)" "$endpoint $before"
		sk-helper set job --token-endpoint "$TOKEN_ENDPOINT" --timeout 8
		works
		assert_equal "$(marks)" $((before + 1))
		sk-helper remove job
	done
}

@test "the mark of a token that was sent has no part of it, and goes when the token has long ended" {
	add_job --grant jwt-bearer
	dir=$(dirname "$(lock_file job)")
	mark=$dir/sent-$(jwt_sha256)
	assert_equal "$(stat -c '%a %s %Y' "$mark")" "600 0 $(stats | jq .last.parameters.assertion.exp)"
	# it is in more than one place, so that another environment has it, too
	rm "$mark"
	fails 7 0 'each is sent only once'
	rm -f "/tmp/sk-helper-$(id -u)/${mark##*/}" "/dev/shm/sk-helper-$(id -u)/${mark##*/}"
	# as long as its end is not an hour ago, a server whose clock is late takes it
	touch -d '-3500 seconds' "$mark"
	fails 7 0 'each is sent only once'
	touch -d '-3700 seconds' "$mark"
	new_jwt
	works
	refute [ -e "$mark" ]
	# a refusal is noted in it, and does not make it older
	new_jwt ttl=1200
	peer '{"fail":[{"status":400,"body":{"error":"invalid_grant"}}]}'
	fails 6 1 invalid_grant
	mark=$dir/sent-$(jwt_sha256)
	assert_equal "$(stat -c %Y "$mark") $(cat "$mark")" "$(stats | jq .last.parameters.assertion.exp) 400"
}

@test "a mark in any of the places counts: at a login or logout, the first of them is another one" {
	add_job --grant jwt-bearer
	find "$(dirname "$(lock_file job)")" -name 'sent-*' -delete
	fails 7 0 'and each is sent only once'
	rm -f "/tmp/sk-helper-$(id -u)/sent-$(jwt_sha256)"
	fails 7 0 'and each is sent only once'
}

@test "where the server takes a token more than once, it is tried again and used again" {
	add_job --grant jwt-bearer --no-verify --identity-token-reuse yes --timeout 4
	peer '{"fail":["500"]}'
	before=$(requests)
	run -0 --separate-stderr sk-helper get job
	assert_equal "$(requests)" $((before + 2))
	assert_equal "$(times_sent)" 2
	works
	assert_equal "$(times_sent)" 3
	# what is final is final
	peer '{"fail":[{"status":400,"body":{"error":"invalid_grant"}}]}'
	fails 6 1 invalid_grant
}

@test "two profiles with the same file: one exchange" {
	add_job --grant jwt-bearer
	before=$(requests)
	run -7 --separate-stderr sk-helper add other --token-endpoint "$TOKEN_ENDPOINT" --grant token-exchange --identity-token "file:$JWT"
	assert_error "profile 'other' not added: identity token (file:$JWT): it was sent "
	refute [ -e "$PROFILES/other.conf" ]
	sk-helper add other --token-endpoint "$TOKEN_ENDPOINT" --grant token-exchange --identity-token "file:$JWT" --no-verify
	run -7 sk-helper get other
	assert_equal "$(requests)" "$before"
	new_jwt
	run -0 sk-helper get other
	assert_equal "$(requests)" $((before + 1))
}

@test "20 at once: one exchange, and all of them have its token" {
	peer '{"single_use":true,"delay":200}'
	for grant in jwt-bearer client_credentials; do
		new_jwt
		add_job --grant "$grant" --no-verify
		before=$(requests)
		at_once 20 get_into
		assert_equal "$(cat "$BATS_TEST_TMPDIR"/[0-9]*.status | sort | uniq -c | xargs)" '20 0'
		assert_equal "$(cat "$BATS_TEST_TMPDIR"/[0-9]*.out | sort -u | wc -l)" 1
		assert_equal "$(times_sent) $(requests)" "1 $((before + 1))"
		# and one refusal
		sk-helper erase job
		new_jwt
		peer '{"fail":[{"status":401,"body":{"error":"invalid_grant"}}]}'
		at_once 20 get_into
		assert_equal "$(cat "$BATS_TEST_TMPDIR"/[0-9]*.status | sort | uniq -c | xargs)" '20 6'
		assert_equal "$(times_sent) $(requests)" "1 $((before + 2))"
		sk-helper remove job
	done
}

# --- while an access token is there

@test "near its end, the access token is served while the platform has not renewed its own, and renewed when it has" {
	peer '{"single_use":true}'
	add_job --grant jwt-bearer
	old=$(sk-helper get job)
	make_older job 3300
	before=$(requests)
	assert_equal "$(sk-helper get job)" "$old"
	noted temporary
	for _ in 1 2 3; do assert_equal "$(sk-helper get job)" "$old"; done
	sleep 0.3
	assert_equal "$(requests)" "$before"
	new_jwt
	renewed_behind "$old"
	assert_equal "$(requests)" $((before + 1))
	# but not behind the hard margin
	make_older job 3560
	run -7 --separate-stderr sk-helper get job
	assert_error 'each is sent only once'
}

@test "near its end, the access token is served though the server refuses the renewal, which comes again with the next identity token" {
	add_job --grant jwt-bearer
	old=$(sk-helper get job)
	make_older job 3300
	new_jwt
	peer '{"errors":"anthropic","audience":"other"}'
	before=$(requests)
	assert_equal "$(sk-helper get job)" "$old"
	noted refused
	for _ in 1 2 3; do assert_equal "$(sk-helper get job)" "$old"; done
	sleep 0.3
	assert_equal "$(requests)" $((before + 1))
	peer '{"errors":null,"audience":null}'
	new_jwt
	renewed_behind "$old"
	assert_equal "$(requests)" $((before + 2))
}

@test "a hook that wants a long life is served what is there, and has a new one as soon as the platform has" {
	hook() { sh -c 'sk-helper get job --format mcp-headers; exit $?' | jq -r .Authorization; }
	add_job --grant jwt-bearer
	sk-helper store <<<$'profile=job\nrenew_on_repeat=no'
	old=$(hook)
	make_older job 3300
	before=$(requests)
	run -0 --separate-stderr sk-helper get job --format mcp-headers
	assert_equal "$(jq -r .Authorization <<<"$output")" "$old"
	assert_warning 'each is sent only once' 'good for a shorter time'
	# a final refusal, too
	new_jwt
	peer '{"fail":[{"status":400,"body":{"error":"invalid_grant"}}]}'
	run -0 --separate-stderr sk-helper get job --format mcp-headers
	assert_equal "$(jq -r .Authorization <<<"$output")" "$old"
	assert_warning invalid_grant 'good for a shorter time'
	run -0 --separate-stderr sk-helper get job --min-ttl 1200
	assert_equal "Bearer $output" "$old"
	assert_equal "$(requests)" $((before + 1))
	new_jwt
	[ "$(hook)" != "$old" ]
	assert_equal "$(requests)" $((before + 2))
}

# The home of the tests is not that of the user database: what is changed by hand there is not believed, and what is not believed is
# not served from the cache either.
@test "another source, audience, grant or parameter: another access token" {
	new_jwt "aud=$ISSUER&aud=other"
	cp "$JWT" "$JWT.other"
	add_job --grant client_credentials --identity-token-reuse yes
	seen=$(sk-helper get job)
	before=$(requests)
	count=0
	# changed KEY: its token is one that was not there before
	changed() {
		run -0 --separate-stderr sk-helper get job
		[[ $seen != *"$output"* ]] || fail "$1: the token is the old one"
		seen+=" $output"
		assert_equal "$(sk-helper get job)" "$output"
		assert_equal "$1 $(requests)" "$1 $((before + ++count))"
	}
	while read -r key value; do
		cp "$PROFILES/job.conf" "$BATS_TEST_TMPDIR/as-it-was"
		edit_only "$key" "$value"
		run -8 --separate-stderr sk-helper get job
		assert_error 'sk-helper has not written it so since the last reboot: nothing was sent'
		assert_equal "$(requests)" $((before + count))
		cp "$BATS_TEST_TMPDIR/as-it-was" "$PROFILES/job.conf"
		sk-helper set job "--${key//_/-}" "$value"
		changed "$key"
	done <<-TABLE
		assertion_type jwt-spiffe
		assertion_type jwt-bearer
		identity_token file:$JWT.other
		identity_token file:$JWT
		assertion_audience other
		assertion_audience $ISSUER
		param organization_id=1
		param organization_id=2
		param workspace_id=2
	TABLE
	sk-helper set job --grant jwt-bearer
	changed grant
	sk-helper set job --grant token-exchange
	changed grant
	for kind in id_token jwt; do
		edit_only subject_token_type "$kind"
		run -8 sk-helper get job
		# a change of something else does not make it right
		run -8 sk-helper set job --subject-token-type "$kind"
		run -2 sk-helper set job --identity-token "file:$JWT" --subject-token-type "$kind"
		says_all set job
		changed subject_token_type
	done
	edit_only grant jwt-bearer
	run -8 sk-helper get job
	edit_only grant token-exchange
	printf 'param=x=1\n' >>"$PROFILES/job.conf"
	says_all set job
	changed param
	# what has no part in it
	edit_only timeout 3
	[[ $seen == *" $(sk-helper get job)" ]]
	assert_equal "$(requests)" $((before + count))
}

@test "a profile that others could replace sends nothing" {
	add_job --grant jwt-bearer
	chmod o+w "$PROFILES"
	new_jwt
	fails 8 0 "other users can write to '$PROFILES'"
	chmod o-w "$PROFILES"
	works
}

# --- what the server says

@test "a refusal without a code of OAuth's has the server's words" {
	peer '{"errors":"anthropic","audience":"other"}'
	add_job --grant jwt-bearer --no-verify
	fails 6 1 'HTTP 401 authentication_error: Authentication failed'
	fails 6 0 'HTTP 401'
	peer '{"errors":null}'
	new_jwt
	fails 6 1 'HTTP 400 invalid_grant: unexpected "aud" claim value'
}

@test "a server that repeats the token does not get it printed" {
	for grant in jwt-bearer token-exchange client_credentials; do
		new_jwt
		jwt=$(cat "$JWT")
		add_job --grant "$grant" --no-verify
		peer "{\"fail\":[{\"status\":400,\"body\":{\"error\":\"invalid_request\",\"error_description\":\"got $jwt\"}}]}"
		fails 6 1 'its words repeat a secret'
		[[ $stderr != *"${jwt##*.}"* ]]
		sk-helper remove job
	done
}

@test "an identity token that the server gives back is no access token" {
	add_job --grant jwt-bearer --no-verify
	peer "{\"fail\":[{\"status\":200,\"body\":{\"access_token\":\"$(cat "$JWT")\",\"token_type\":\"Bearer\"}}]}"
	fails 8 1 'the access token is the identity token itself'
}

@test "nothing that is printed or kept has the identity token" {
	jwt=$(cat "$JWT")
	all=$BATS_TEST_TMPDIR/all
	export SK_HELPER_DEBUG=1 PLATFORM_TOKEN=$jwt
	{
		add_job --grant jwt-bearer
		sk-helper get job
		sk-helper get job --fresh || true
		for command in list show doctor 'list --json' 'doctor --json' 'doctor --offline'; do
			# shellcheck disable=SC2086 # a command and its option
			sk-helper $command job || true
		done
		sk-helper set job --identity-token env:PLATFORM_TOKEN
		sk-helper doctor job || true
		sk-helper get job --fresh || true
		sk-helper list
		sk-helper list --json
		sk-helper doctor || true
	} >"$all" 2>&1
	unset SK_HELPER_DEBUG
	assert [ "$(grep -c 'an identity token of' "$all")" -ge 1 ]
	for part in ${jwt//./ }; do
		refute grep -qF -- "$part" "$all"
		refute grep -rqF -- "$part" "$HOME" "$(dirname "$(lock_file job)")"
		refute grep -qF -- "$part" /proc/keys
	done
	run -0 "$TOOLS/keyring-tool" kernel get token job
	[[ $output != *"${jwt##*.}"* ]]
}

# --- parameters

@test "a parameter that sk-helper sets itself, or that is a secret, has no place in a profile" {
	for name in grant_type assertion client_id client_assertion client_assertion_type client_secret subject_token subject_token_type scope resource audience; do
		run -2 --separate-stderr add_job --grant jwt-bearer --no-verify --param "$name=x"
		assert_error "param: '$name' is set by sk-helper itself"
	done
	for name in actor_token password code code_verifier device_code refresh_token private_key; do
		run -2 --separate-stderr add_job --grant jwt-bearer --no-verify --param "$name=x"
		assert_error "param: '$name' "
	done
	# names that only begin or end so are others
	run -0 add_job --grant jwt-bearer --no-verify --param scopes=x --param my_assertion=x --param Scope=x
	# nor by hand
	edit param scope=admin
	run -2 --separate-stderr sk-helper get job
	assert_error "param: 'scope' is set by sk-helper itself"
}

@test "a parameter is NAME=VALUE, once, and there are 16" {
	for param in x =v x= 'a b=c' 'a&b=c' 'a%3d=c' 'ü=1' "$(printf '%0101d' 1)=x"; do
		run -2 --separate-stderr add_job --grant jwt-bearer --no-verify --param "$param"
		assert_error 'is not NAME=VALUE'
	done
	for param in $'x=\x01' x=ü $'x=a\nscope=admin'; do
		run -2 --separate-stderr add_job --grant jwt-bearer --no-verify --param "$param"
		assert_error 'only printable ASCII'
	done
	run -2 --separate-stderr add_job --grant jwt-bearer --no-verify --param a=1 --param ab=2 --param a=2
	assert_error "param: 'a' is given twice"
	params=()
	for i in $(seq 16 -1 1); do params+=(--param "p$i=$i"); done
	run -2 --separate-stderr add_job --grant jwt-bearer --no-verify "${params[@]}" --param p17=17
	assert_error 'param: given more than 16 times'
	refute [ -e "$PROFILES/job.conf" ]
	run -0 add_job --grant jwt-bearer "${params[@]}"
	assert_equal "$(stats | jq '.last.parameters | length')" 18
}
