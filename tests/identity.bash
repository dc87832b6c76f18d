# SPDX-License-Identifier: MIT
# What the suites of clients without a secret share: a platform and an authorization server, a profile called job, and what comes of it.

setup_file() {
	start_peer federation-server
	export FED_URL=$PEER_URL ISSUER TOKEN_ENDPOINT JOB_URL JOB_TOKEN
	ISSUER=$(jq -r .issuer "$PEER_READY")
	TOKEN_ENDPOINT=$(jq -r .token_endpoint "$PEER_READY")
	JOB_URL=$(jq -r .actions_url "$PEER_READY")
	JOB_TOKEN=$(jq -r .actions_token "$PEER_READY")
	start_faulty_server
}
teardown_file() {
	local sha256
	# marks are made in /tmp, too, where nothing of a test's is to stay
	for sha256 in $(stats | jq -r '.assertions[].sha256'); do rm -f "/tmp/sk-helper-$(id -u)/sent-$sha256"; done
	stop_peers
}

setup() {
	local name
	fresh_home
	# whoever runs the tests may be a job of a platform
	for name in $(compgen -e | grep -E '^(ACTIONS|ANTHROPIC|AZURE|OPENAI)_'); do unset "$name"; done
	peer '{"client_id_rule":null,"json":null,"single_use":null,"errors":null,"audience":null,"fail":null,"delay":null,"actions_fault":null}'
	JWT=$BATS_TEST_TMPDIR/jwt
	PROGRAM=$BATS_TEST_TMPDIR/platform-token
	# shellcheck disable=SC2119
	new_jwt
}

# --- the peer, and what came

# peer OPTIONS: as it is to be from now on.
peer() { curl -sSf "$FED_URL/__set" -d "$1" >/dev/null; }

# new_jwt [QUERY]: the platform renews the token in the file.
# shellcheck disable=SC2120 # the suites do
new_jwt() {
	curl -sSf "$FED_URL/platform/token?${1:-}" -o "$JWT.new"
	mv "$JWT.new" "$JWT"
}

stats() { curl -sSf "$FED_URL/__stats"; }

# counted NAME: one of its numbers. It is asked for so often that a jq would be felt.
counted() {
	[[ $(stats) =~ \"$1\":([0-9]+) ]]
	echo "${BASH_REMATCH[1]}"
}
requests() { counted token_requests; }

# The parameters of the last request; what came twice is an array, and so equals nothing here.
sent() { stats | jq -cS '.last.parameters | map_values(if type == "object" then "JWT" else . end)'; }

# How often the token of the file has come.
times_sent() {
	local sha256
	sha256=$(tr -d ' \t\r\n' <"$JWT" | sha256sum | cut -d' ' -f1)
	[[ $(stats) =~ \"$sha256\",\"times\":([0-9]+) ]] || { echo 0; return; }
	echo "${BASH_REMATCH[1]}"
}

# --- the profile, and what comes of it

add_job() { sk-helper add job --token-endpoint "$TOKEN_ENDPOINT" --issuer "$ISSUER" --identity-token "file:$JWT" "$@"; }

# works: the next exchange, which is one request.
works() {
	local before
	before=$(requests)
	run -0 --separate-stderr sk-helper get job --fresh
	assert_equal "$stderr" ''
	assert_equal "$(requests)" $((before + 1))
}

# fails STATUS REQUESTS WORDS: the next exchange, and how many requests it makes.
fails() {
	local before
	before=$(requests)
	run "-$1" --separate-stderr timeout 8 sk-helper get job --fresh
	assert_error "$3"
	assert_equal "$(requests)" $((before + $2))
}

# assert_warning WORDS WORDS: in one line on stderr.
assert_warning() {
	assert_equal "${#stderr_lines[@]}" 1
	[[ $stderr == "sk-helper: warning: "*"$1"*"$2"* ]] || fail "expected '$1' and '$2' in: $stderr"
}

# says_all COMMAND...: with all that the profile's file says, because what is elsewhere than below the home of the user database is believed only so.
says_all() {
	local key value options=()
	while IFS='=' read -r key value; do options+=("--${key//_/-}" "$value"); done < <(grep '^[a-z]' "$PROFILES/job.conf")
	sk-helper "$@" "${options[@]}"
}

# edit KEY VALUE: the profile, by hand; and then it is the user's again, which it need not be said to be below the user's own home.
edit() {
	sed -i "/^$1=/d" "$PROFILES/job.conf"
	printf '%s=%s\n' "$1" "$2" >>"$PROFILES/job.conf"
	says_all set job >/dev/null 2>&1 || true
}

# get_into NUMBER
get_into() {
	local status=0
	sk-helper get job >"$BATS_TEST_TMPDIR/$1.out" 2>&1 || status=$?
	echo "$status" >"$BATS_TEST_TMPDIR/$1.status"
}

# The marks of tokens that were sent.
marks() { find "$(dirname "$(lock_file job)")" -name 'sent-*' | wc -l; }

GRANT_TYPE=urn:ietf:params:oauth:grant-type
TYPE=urn:ietf:params:oauth:token-type
ASSERTION=urn:ietf:params:oauth:client-assertion-type

# renewed_behind OLD: until a get has another token.
renewed_behind() {
	for _ in $(seq 100); do
		[ "$(sk-helper get job)" = "$1" ] || return 0
		sleep 0.05
	done
	return 1
}

# noted STATUS: until the last request is known to have ended so.
noted() {
	for _ in $(seq 100); do
		grep -qx "status=$1" "$(lock_file job)" && return 0
		sleep 0.05
	done
	return 1
}
