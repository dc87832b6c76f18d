# SPDX-License-Identifier: MIT
# What the other suites would see, so that this one runs alone: the system's profiles, the lock of the kernel keyring, and a
# program of ours that is not itself.
# bats file_tags=serial
load common
load bus

setup_file() { start_authorization_server; }
teardown_file() { stop_peers; }
setup() { fresh_home; }
teardown() {
	rm -rf "$SK_BUILD/stage/etc/sk-helper"
	[ ! -e "$SERVICE.real" ] || mv "$SERVICE.real" "$SERVICE"
	rm -f "$SERVICE.late" "$SERVICE.cut"
}
SERVICE=$SK_BUILD/stage/libexec/sk-helper/sk-secret-service

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

@test "a store that took effect but reported a failure is undone" {
	export XDG_DATA_HOME=$BATS_FILE_TMPDIR/data
	mkdir -p "$XDG_DATA_HOME"
	start_bus
	printf 'test_secret\n' | sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo >/dev/null
	before=$(cat "$PROFILES/todo.conf")
	# the answer comes after the deadline
	mv "$SERVICE" "$SERVICE.real"
	cp "$TOOLS/late-service" "$SERVICE"
	echo client_secret=new >"$SERVICE.late"
	run -5 --separate-stderr sk-helper store <<<$'profile=todo\nscope=todo:read\nclient_secret=new'
	assert_error unresponsive
	assert_equal "$(cat "$PROFILES/todo.conf")" "$before"
	run -0 sk-helper get todo --fresh
	# nor is one left that was not there before
	run -5 --separate-stderr sk-helper store <<<$'profile=other\ntoken_endpoint=https://as.example.com/t\nclient_id=x\nsecret_store=secret-service\nclient_secret=new'
	refute [ -e "$PROFILES/other.conf" ]
	run secret-tool search --all application sk-helper
	refute_output --partial 'secret:other'
	# where it cannot be taken back, that is said
	: >"$SERVICE.late"
	run -5 --separate-stderr sk-helper store <<<$'profile=todo\nclient_secret=new'
	assert_error 'could not be restored'
}

@test "a process that holds the kernel keyring's lock delays a store for some seconds only" {
	dir=/run/user/$(id -u)/sk-helper
	[ -d "$dir" ] || dir=/dev/shm/sk-helper-$(id -u)
	add_todo >/dev/null
	flock -x "$dir/ring.lock" sleep 30 3>&- 4>&- &
	echo $! >>"$BATS_FILE_TMPDIR/pids"
	sleep 0.3
	SECONDS=0
	store_client todo "$TOKEN_ENDPOINT" || true
	assert [ "$SECONDS" -le 20 ]
	pkill -P $! || true
	run -0 sk-helper get --fresh
}

@test "an answer that was cut off is no answer" {
	export XDG_DATA_HOME=$BATS_TEST_TMPDIR/data
	mkdir -p "$XDG_DATA_HOME"
	start_bus
	printf 'test_secret\n' | sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store secret-service >/dev/null
	mv "$SERVICE" "$SERVICE.real"
	cp "$TOOLS/late-service" "$SERVICE"
	run -0 sk-helper get --fresh
	: >"$SERVICE.cut"
	run -1 --separate-stderr sk-helper get --fresh
	assert_error 'sk-secret-service ended without a complete answer'
}

@test "the administrator's profile: its secret is stored, and nothing is copied" {
	etc=$SK_BUILD/stage/etc/sk-helper/profiles
	mkdir -p "$etc"
	printf 'token_endpoint=%s\nclient_id=m2m_todo\nsecret_store=kernel\n' "$TOKEN_ENDPOINT" >"$etc/shared.conf"
	run -0 --separate-stderr sk-helper add shared <<<test_secret
	assert_line --partial 'token: works'
	refute [ -e "$PROFILES/shared.conf" ]
	run -0 sk-helper get shared
	printf 'profile=shared\nclient_secret=test_secret\n' | sk-helper store
	refute [ -e "$PROFILES/shared.conf" ]
	for words in 'set shared --scope x' 'add shared --scope x' 'edit shared'; do
		# shellcheck disable=SC2086 # words
		run -8 --separate-stderr sk-helper $words </dev/null
		assert_error "it is the system's profile"
	done
	rm "$etc/shared.conf"
}

@test "remove --all leaves the administrator's profiles, and their secrets" {
	etc=$SK_BUILD/stage/etc/sk-helper/profiles
	mkdir -p "$etc"
	printf 'token_endpoint=%s\nclient_id=m2m_todo\nsecret_store=kernel\n' "$TOKEN_ENDPOINT" >"$etc/shared.conf"
	sk-helper add shared <<<test_secret >/dev/null
	add_todo >/dev/null
	run -0 sk-helper remove --all --yes
	assert_output --partial "removed profile 'todo'"
	refute_output --partial shared
	run -0 sk-helper get shared
}
