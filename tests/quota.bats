# SPDX-License-Identifier: MIT
# The kernel keyring's quota. It is the user's in all namespaces, so this suite runs alone.
# bats file_tags=serial
load common

setup_file() { start_authorization_server; }
teardown_file() { stop_peers; }
setup() { fresh_home; }
teardown() {
	keyctl clear @u
	# an unlink gives its bytes back a little later
	sleep 0.3
}

fill_quota() { "$TOOLS/keyring-tool" kernel fill 2>/dev/null; }

tokens() { "$TOOLS/keyring-tool" kernel list token 2>/dev/null | sort; }
secret_is_kept() { "$TOOLS/keyring-tool" kernel get secret todo >/dev/null 2>&1; }

@test "our oldest token makes room for a new one; the secret stays" {
	add_todo
	before=$(tokens)
	# larger than the one that will want its place: the kernel gives the name's bytes back only later
	"$TOOLS/keyring-tool" kernel get token todo 2>/dev/null | sed "s/^access_token=.*/&$(printf '%0200d' 0)/" |
		"$TOOLS/keyring-tool" kernel put token todo '' 3600 2>/dev/null
	sleep 1.1
	second=$(sk-helper get --scope todo:read)
	fill_quota
	run -0 --separate-stderr sk-helper get --scope todo:write
	assert_equal "$stderr" ''
	secret_is_kept
	assert_equal "$(tokens | wc -l)" 2
	refute [ "$(tokens | grep -x "$before")" ]
	assert_equal "$(sk-helper get --scope todo:read)" "$second"
	assert_equal "$(sk-helper get --scope todo:write)" "$output"
}

@test "an expired token goes before one that is alive" {
	add_todo
	token=$(sk-helper get)
	"$TOOLS/keyring-tool" kernel get token todo 2>/dev/null | "$TOOLS/keyring-tool" kernel put token gone '' 1
	fill_quota
	sleep 1.5
	run -0 --separate-stderr sk-helper get --scope todo:read
	assert_equal "$stderr" ''
	assert_equal "$(sk-helper get)" "$token"
	assert_equal "$(tokens | wc -l)" 2
}

@test "where nothing of ours is left to drop, a get goes on uncached, with one warning" {
	add_todo
	sk-helper erase
	fill_quota
	for _ in 1 2; do
		run -0 --separate-stderr sk-helper get
		[[ $output == eyJ*.*.* ]]
		assert_equal "${#stderr_lines[@]}" 1
		[[ $stderr == sk-helper:\ *quota* ]] || fail "$stderr"
	done
	secret_is_kept
}

@test "add finds out before it asks for the secret" {
	fill_quota
	run -5 --separate-stderr add_todo
	assert_error quota
	refute [ -e "$PROFILES/todo.conf" ]
}

@test "a quota that is nearly used up is a warning of doctor's, with its cure" {
	store_client todo "$TOKEN_ENDPOINT"
	fill_quota
	run -0 sk-helper doctor
	assert_line --regexp '^kernel +warn .*cached tokens are thrown out.*--token-cache secret-service'
}
