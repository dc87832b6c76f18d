# SPDX-License-Identifier: MIT
# Profiles in the system's directory, which the other suites would see: so this one runs alone.
# bats file_tags=serial
load common

setup_file() { start_authorization_server; }
teardown_file() { stop_peers; }
setup() { fresh_home; }
teardown() { rm -rf "$SK_BUILD/stage/etc/sk-helper"; }

@test "the system's profiles are there for all, and the user's come first" {
	etc=$SK_BUILD/stage/etc/sk-helper/profiles
	add_todo
	mkdir -p "$etc"
	sed 's/^client_id=.*/client_id=wrong/' "$PROFILES/todo.conf" >"$etc/todo.conf"
	cp "$PROFILES/todo.conf" "$etc/shared.conf"
	run -0 sk-helper get todo
	run -0 sk-helper list
	assert_line --partial shared
	assert_equal "$(grep -c '^todo' <<<"$output")" 1
	run -3 --separate-stderr sk-helper get shared
	assert_error 'not in the kernel keyring'
		run -8 --separate-stderr sk-helper remove shared
	assert_error "the profile is the system's"
}

@test "a get by URL finds the system's profiles, but not those that the user's hide" {
	etc=$SK_BUILD/stage/etc/sk-helper/profiles
	mkdir -p "$etc"
	add_todo
	{ cat "$PROFILES/todo.conf" && echo url=https://mcp.example.com/; } >"$etc/todo.conf"
	run -3 --separate-stderr sk-helper get https://mcp.example.com/
	assert_error 'no profile has a'
	cp "$etc/todo.conf" "$etc/all.conf"
	run -3 --separate-stderr sk-helper get https://mcp.example.com/
	assert_error "profile 'all': its client secret is not in"
}
