# SPDX-License-Identifier: MIT
# The Secret Service: a real gnome-keyring-daemon on a bus of its own, in every state that one meets.
load common
load bus

setup_file() {
	export HOME=$BATS_FILE_TMPDIR/home XDG_DATA_HOME=$BATS_FILE_TMPDIR/data
	mkdir -p "$HOME" "$XDG_DATA_HOME"
	start_bus
	echo "$KEYRING_PID" >"$BATS_FILE_TMPDIR/daemon"
	start_authorization_server
}
teardown_file() { stop_peers; }
setup() {
	fresh_home
	use_bus
	KEYRING_PID=$(cat "$BATS_FILE_TMPDIR/daemon")
	secret-tool clear application sk-helper || true
}

add_to_service() {
	printf 'test_secret\n' | sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --resource http://127.0.0.1:1/mcp "$@"
}

lock() {
	dbus-send --session --print-reply --dest=org.freedesktop.secrets /org/freedesktop/secrets org.freedesktop.Secret.Service.Lock \
		array:objpath:/org/freedesktop/secrets/collection/login >/dev/null
}

# Another daemon on the same keyring, told the password.
unlock() {
	kill -CONT "$KEYRING_PID"
	kill "$KEYRING_PID"
	while kill -0 "$KEYRING_PID" 2>/dev/null; do sleep 0.02; done
	start_keyring_daemon
	echo "$KEYRING_PID" >"$BATS_FILE_TMPDIR/daemon"
}

# fails_in_time STATUS WORDS: a get that must be told so within the deadline.
fails_in_time() {
	SECONDS=0
	run "-$1" --separate-stderr sk-helper get --fresh
	assert_error "$2"
	assert [ "$SECONDS" -le 3 ]
}

@test "add takes the Secret Service where it answers, and says so" {
	run -0 --separate-stderr add_to_service
	assert_line --regexp 'Secret Service|secret-service'
	grep -qx secret_store=secret-service "$PROFILES/todo.conf"
	grep -qx token_cache=kernel "$PROFILES/todo.conf"
	run -0 secret-tool search --all application sk-helper
	assert_output --partial 'test_secret'
	run -0 sk-helper get --fresh
	[[ $output == eyJ* ]]
	run -0 sk-helper list
	assert_line --regexp '^todo .* secret-service, stored'
	run -0 sk-helper doctor todo
	assert_line --regexp '^secret-service +ok .*works: unlocked'
	run -0 sk-helper remove todo
	run -1 secret-tool lookup application sk-helper
}

@test "what is written into the profile stays: no other store is taken when it is away" {
	add_to_service
	DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent run -5 --separate-stderr sk-helper get --fresh
	assert_error 'no bus'
	# the cached token needs no store
	DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent run -0 sk-helper get
}

@test "a secret that an edited profile has left elsewhere goes with it" {
	store_client todo "$TOKEN_ENDPOINT"
	sed -i 's/^secret_store=.*/secret_store=secret-service/' "$PROFILES/todo.conf"
	run -0 --separate-stderr sk-helper remove todo
	run -0 "$TOOLS/keyring-tool" kernel list secret
	refute_output --partial todo
}

@test "tokens, too, can be kept there" {
	add_to_service --token-cache secret-service
	before=$(token_requests)
	token=$(sk-helper get)
	assert_equal "$(sk-helper get)" "$token"
	assert_equal "$(token_requests)" "$before"
	run -0 "$TOOLS/keyring-tool" kernel list token
	refute_output --partial token:
	run -0 sk-helper erase todo
	[ "$(sk-helper get)" != "$token" ]
}

@test "locked is told apart from not found, and nothing is asked for" {
	add_to_service
	lock
	fails_in_time 4 locked
	run -4 --separate-stderr add_to_service --yes --secret-store secret-service
	assert_error locked
	run -4 sk-helper doctor
	assert_line --regexp '^secret-service +BAD .*locked'
	unlock
	run -0 sk-helper get --fresh
	secret-tool clear application sk-helper
	fails_in_time 3 'not in the secret-service keyring'
}

@test "add does not put the secret elsewhere because the keyring is locked" {
	lock
	run -4 --separate-stderr add_to_service
	assert_error locked
	refute [ -e "$PROFILES/todo.conf" ]
	run -0 add_to_service --secret-store kernel
	unlock
}

@test "a daemon that hangs is unresponsive, within the deadline" {
	add_to_service
	kill -STOP "$KEYRING_PID"
	fails_in_time 5 unresponsive
	SECONDS=0
	run -5 sk-helper doctor
	assert_line --regexp '^secret-service +BAD .*unresponsive'
	assert [ "$SECONDS" -le 3 ]
	# however many profiles there are
	for i in 1 2 3 4 5; do cp "$PROFILES/todo.conf" "$PROFILES/t$i.conf"; done
	SECONDS=0
	run -0 sk-helper list
	assert_equal "$(grep -c 'secret-service, unavailable' <<<"$output")" 6
	assert [ "$SECONDS" -le 3 ]
	kill -CONT "$KEYRING_PID"
}

@test "a bus that never answers" {
	add_to_service
	"$SK_NODE" -e 'require("net").createServer().listen(process.argv[1])' "$BATS_TEST_TMPDIR/bus" >/dev/null 2>&1 3>&- 4>&- &
	echo $! >>"$BATS_FILE_TMPDIR/pids"
	for _ in $(seq 100); do [ -S "$BATS_TEST_TMPDIR/bus" ] && break; sleep 0.05; done
	DBUS_SESSION_BUS_ADDRESS=unix:path=$BATS_TEST_TMPDIR/bus fails_in_time 5 unresponsive
}

@test "bus addresses that are not valid, or that would start a bus" {
	add_to_service
	for address in unix:path=/nonexistent autolaunch: tcp:host=127.0.0.1,port=1 'unix:path=/nonexistent;autolaunch:' unixexec:path=/bin/true nonsense; do
		DBUS_SESSION_BUS_ADDRESS=$address fails_in_time 5 'no bus'
	done
}

@test "without the address, the bus is where a systemd session has it" {
	add_to_service
	mkdir -p "$BATS_TEST_TMPDIR/run"
	ln -s "${BUS_ADDRESS#unix:path=}" "$BATS_TEST_TMPDIR/run/bus"
	unset DBUS_SESSION_BUS_ADDRESS
	XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/run run -0 sk-helper get --fresh
	[[ $output == eyJ* ]]
}

@test "a probe starts nothing; a get starts what the session would" {
	add_to_service
	mkdir -p "$BATS_TEST_TMPDIR/services"
	start_bus no-daemon "$BATS_TEST_TMPDIR/services"
	fails_in_time 5 'no provider'
	cat >"$BATS_TEST_TMPDIR/services/secrets.service" <<-SERVICE
	[D-BUS Service]
	Name=org.freedesktop.secrets
	Exec=/bin/touch $BATS_TEST_TMPDIR/started
	SERVICE
	dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.ReloadConfig >/dev/null
	run -5 sk-helper doctor
	assert_line --regexp '^secret-service +BAD .*not running'
	refute [ -e "$BATS_TEST_TMPDIR/started" ]
	run -5 --separate-stderr sk-helper get --fresh
	assert_one_error
	assert [ -e "$BATS_TEST_TMPDIR/started" ]
}

@test "a secret that moves to another keyring does not stay in the first" {
	add_to_service
	run -0 --separate-stderr sk-helper store <<<$'profile=todo\nsecret_store=kernel\nclient_secret=test_secret'
	run -1 secret-tool lookup application sk-helper
	run -0 sk-helper get --fresh
	run -0 add_to_service --yes --secret-store secret-service
	run -3 --separate-stderr "$TOOLS/keyring-tool" kernel get secret todo
	run -0 sk-helper remove todo
	run -1 secret-tool lookup application sk-helper
}

@test "remove keeps the file while a keyring that may have the secret is locked" {
	add_to_service
	chmod g+w "$PROFILES/todo.conf"
	lock
	run -4 --separate-stderr sk-helper remove todo
	assert_error locked
	assert [ -e "$PROFILES/todo.conf" ]
	unlock
	run -0 sk-helper remove todo
	run -1 secret-tool lookup application sk-helper
}

@test "set moves the secret to another keyring" {
	store_client todo "$TOKEN_ENDPOINT"
	run -0 --separate-stderr sk-helper set todo --secret-store secret-service </dev/null
	run -3 "$TOOLS/keyring-tool" kernel get secret todo
	run -0 sk-helper get todo
	run -0 --separate-stderr sk-helper set todo --secret-store kernel </dev/null
	run -0 sk-helper get todo --fresh
}
