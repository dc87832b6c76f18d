# SPDX-License-Identifier: MIT
# Many at once: a thousand profiles on one machine, and the simulation of a fleet (tests/bench/fleet.c). The keyring's quota is the user's in
# all namespaces, so this suite runs alone.
# bats file_tags=serial,plain
load common

export BATS_TEST_TIMEOUT=240

setup_file() {
	start_peer federation-server "{}"
	export FEDERATION_URL=$PEER_URL FEDERATION_READY=$PEER_READY
}
teardown_file() { stop_peers; }
setup() { fresh_home; }

exchanges() { curl -s "$FEDERATION_URL/__stats" | jq .exchanges; }

# each_get NUMBER: its share of the gets, over all profiles, each in an order of its own.
each_get() {
	local i profile
	for i in $(seq "$GETS"); do
		profile=$(((i * 7 + $1 * 131) % PROFILES_COUNT))
		printf '%s %s\n' "$profile" "$(sk-helper get "p$profile" 2>>"$BATS_TEST_TMPDIR/errors")"
	done >"$BATS_TEST_TMPDIR/got.$1"
}

# store_each NUMBER: an eighth of the profiles
store_each() {
	local i
	for i in $(seq $(($1 - 1)) 8 $((PROFILES_COUNT - 1))); do
		printf '%s\n' "profile=p$i" "token_endpoint=$FEDERATION_URL/oauth/token" "issuer=$(jq -r .issuer "$FEDERATION_READY")" grant=jwt-bearer \
			"identity_token=file:$BATS_TEST_TMPDIR/jwt" identity_token_reuse=yes token_cache=kernel resource=http://127.0.0.1:1/mcp \
			'scope=todo:read' | sk-helper store
	done
}

@test "1,000 profiles and 10,000 gets by 64 processes: no token is lost, no request is too many" {
	PROFILES_COUNT=1000 GETS=157
	curl -s "$FEDERATION_URL/platform/token?ttl=3000" >"$BATS_TEST_TMPDIR/jwt"
	at_once 8 store_each
	before=$(exchanges)
	at_once 64 each_get
	head -n 3 "$BATS_TEST_TMPDIR/errors" >&2
	cat "$BATS_TEST_TMPDIR"/got.* >"$BATS_TEST_TMPDIR/got"
	assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/got")" $((64 * GETS))
	# each get had a token, and each profile one token for all
	assert_equal "$(grep -c '^[0-9]* eyJ' "$BATS_TEST_TMPDIR/got")" $((64 * GETS))
	assert_equal "$(sort -u "$BATS_TEST_TMPDIR/got" | wc -l)" $PROFILES_COUNT
	assert_equal "$(($(exchanges) - before))" $PROFILES_COUNT
	# an ordinary user's quota has room for a few of them; they are all there
	assert_equal "$("$TOOLS/keyring-tool" kernel list token 2>/dev/null | wc -l)" $PROFILES_COUNT
}

@test "1,000,000 helpers that start at once: after the first hour, the worst second has at most 1.3 times the mean" {
	run -0 "$TOOLS/bench/fleet" --worst 1000000
	echo "$output"
	awk '{ exit !($1 > 1 && $1 <= 1.3) }' <<<"$output"
	# where nothing spreads them, it shows
	run -0 "$TOOLS/bench/fleet" --worst 100000 plain
	awk '{ exit !($1 > 20) }' <<<"$output"
}
