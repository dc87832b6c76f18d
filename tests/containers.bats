# SPDX-License-Identifier: MIT
# A client without a secret in a container whose filter of system calls denies the keyring: docker's default (EPERM), one that says ENOSYS,
# and podman's, which lets keys be read and none be stored. Its /run/user and /dev/shm are its own.
load common

setup_file() {
	start_peer federation-server '{"single_use":true}'
	export FEDERATION_URL=$PEER_URL
	ISSUER=$(jq -r .issuer "$PEER_READY")
	export ISSUER
}
teardown_file() { stop_peers; }
setup() {
	fresh_home
	JWT=$BATS_TEST_TMPDIR/jwt
	curl -s "$FEDERATION_URL/platform/token" >"$JWT"
}

# pod_lines CACHE: for 'store'. Below another home than the user's own, a profile must be written by sk-helper.
pod_lines() {
	printf '%s\n' profile=pod "token_endpoint=$FEDERATION_URL/oauth/token" "issuer=$ISSUER" grant=jwt-bearer "identity_token=file:$JWT" "token_cache=$1"
}

exchanges() { curl -s "$FEDERATION_URL/__stats" | jq .exchanges; }

# contained FILTER COMMAND...: FILTER is what tests/deny-keyring takes, with '+' between its words
contained() {
	local filter=${1//+/ }
	shift
	# shellcheck disable=SC2086 # words
	"$BATS_TEST_DIRNAME/deny-keyring" $filter >"$BATS_TEST_TMPDIR/filter"
	bwrap --dev-bind / / --tmpfs /dev/shm --tmpfs /run --die-with-parent --seccomp 9 "$@" 9<"$BATS_TEST_TMPDIR/filter"
}

# What is done in it; the arguments are where things are.
in_container='
set -eu
sk-helper add pod --token-endpoint "$1/oauth/token" --issuer "$2" --grant jwt-bearer --identity-token "file:$3" --resource http://127.0.0.1:1/mcp
first=$(sk-helper get pod)
for i in $(seq 20); do sk-helper get pod >"$4/$i" & done
wait
cat "$4"/* | sort -u | grep -cx "$first"
sk-helper doctor pod || true
find /dev/shm -printf "%M %p\n"
'

@test "add finds out that there is no keyring, and tokens are kept in memory: one exchange for all" {
	for filter in EPERM ENOSYS EPERM+add_key+request_key; do
		rm -rf "$HOME/.config" "$BATS_TEST_TMPDIR/got"
		mkdir "$BATS_TEST_TMPDIR/got"
		curl -s "$FEDERATION_URL/platform/token" >"$JWT"
		before=$(exchanges)
		run -0 --separate-stderr contained "$filter" bash -c "$in_container" bash "$FEDERATION_URL" "$ISSUER" "$JWT" "$BATS_TEST_TMPDIR/got"
		assert_equal "$(($(exchanges) - before))" 1
		assert_line 1
		grep -qx token_cache=runtime "$PROFILES/pod.conf" || fail "$filter: $(cat "$PROFILES/pod.conf")"
		assert_line --regexp '^runtime +ok +works: files of yours alone in ./dev/shm/sk-helper-[0-9]+/tokens., in memory'
		assert_line --regexp "^drwx------ /dev/shm/sk-helper-[0-9]+/tokens$"
		assert_line --regexp "^-rw------- /dev/shm/sk-helper-[0-9]+/tokens/token:pod:[0-9a-f]*$"
	done
}

@test "doctor explains what the filter denies" {
	run contained EPERM sk-helper doctor
	assert_line --regexp '^kernel .*not permitted here; in a container, its seccomp rules must allow'
	run contained ENOSYS sk-helper doctor
	assert_line --regexp "^kernel .*a container's seccomp rules hide it"
}

@test "a profile that names the kernel keyring: the token is used, and a warning says how it can be kept" {
	pod_lines kernel >"$BATS_TEST_TMPDIR/lines"
	run -0 --separate-stderr contained EPERM sh -c 'sk-helper store <"$1" && sk-helper get pod' sh "$BATS_TEST_TMPDIR/lines"
	assert [ -n "$output" ]
	[[ $stderr == *"the token was not cached"*"'sk-helper set pod --token-cache runtime'"* ]] || fail "$stderr"
}

@test "the runtime directory is memory: nothing is written where it is a disk" {
	mkdir -p "$BATS_TEST_TMPDIR/disk/run" "$BATS_TEST_TMPDIR/disk/shm"
	chmod 1777 "$BATS_TEST_TMPDIR/disk/shm"
	pod_lines runtime >"$BATS_TEST_TMPDIR/lines"
	# only where this is no tmpfs itself
	[ "$(stat -f -c %T "$BATS_TEST_TMPDIR")" = tmpfs ] && return 0
	run -0 --separate-stderr bwrap --dev-bind / / --bind "$BATS_TEST_TMPDIR/disk/run" /run --bind "$BATS_TEST_TMPDIR/disk/shm" /dev/shm \
		sh -c 'sk-helper store <"$1" && sk-helper get pod' sh "$BATS_TEST_TMPDIR/lines"
	[[ $stderr == *"there is no directory in memory"* ]] || fail "$stderr"
	assert_equal "$(find "$BATS_TEST_TMPDIR/disk" -name 'token:*')" ''
}

@test "a directory or a file that is another's, or open to others, is not read" {
	add_pod() { sk-helper add pod --token-endpoint "$FEDERATION_URL/oauth/token" --issuer "$ISSUER" --grant jwt-bearer --identity-token "file:$JWT" --token-cache runtime >/dev/null; }
	add_pod
	token=$(sk-helper get pod)
	dir=$(dirname "$(lock_file pod)")/tokens
	before=$(exchanges)
	chmod 755 "$dir"
	run -7 --separate-stderr sk-helper get pod
	chmod 700 "$dir"
	assert_equal "$(sk-helper get pod)" "$token"
	file=$(find "$dir" -name 'token:pod:*')
	chmod 644 "$file"
	run -7 --separate-stderr sk-helper get pod
	chmod 600 "$file"
	mv "$file" "$BATS_TEST_TMPDIR/elsewhere"
	ln -s "$BATS_TEST_TMPDIR/elsewhere" "$file"
	run -7 --separate-stderr sk-helper get pod
	assert_equal "$(exchanges)" "$before"
}

@test "expired tokens are removed, and of more than 4,096 the oldest" {
	"$TOOLS/keyring-tool" runtime put token gone '' 1 <<<x
	dir=$(dirname "$(lock_file pod)")/tokens
	sleep 1.1
	"$TOOLS/keyring-tool" runtime put token one '' 60 <<<x
	assert_equal "$(find "$dir" -type f | wc -l)" 1
	for i in $(seq 4095); do : >"$dir/token:p$i:0"; done
	touch -d '1 hour' "$dir"/token:p*
	for name in last later; do
		"$TOOLS/keyring-tool" runtime put token $name '' 60 <<<x
		assert_equal "$(find "$dir" -type f | wc -l)" 4096
	done
	run -3 "$TOOLS/keyring-tool" runtime get token one
	assert_equal "$("$TOOLS/keyring-tool" runtime get token last 2>/dev/null)" x
}
