# SPDX-License-Identifier: MIT
# Other accounts. For root alone, which can become them; in root's real keyring.
# bats file_tags=root
load common
load bus
load servers

OTHER=nobody

setup_file() { start_authorization_server; }
teardown_file() { stop_peers; }
setup() {
	export HOME=$BATS_TEST_TMPDIR/home XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
	mkdir -p "$HOME"
	name=sk-helper-su-test
	printf 'test_secret\n' | sk-helper add "$name" --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store kernel >/dev/null
	ring=$(keyctl search @u keyring sk-helper)
	token=$(keyctl search "$ring" user "$("$TOOLS/keyring-tool" kernel name token "$name" 2>/dev/null)")
	secret=$(keyctl search "$ring" user "$("$TOOLS/keyring-tool" kernel name secret "$name" 2>/dev/null)")
}
teardown() {
	stop_servers
	sk-helper remove sk-helper-su-test
}

# as_other WAY COMMAND: by su, runuser or setpriv, all of which keep the session keyring; with a usual login's, which has a
# link to the user keyring in it.
as_other() {
	case $1 in
	su) set -- su -s /bin/sh "$OTHER" -c "$2" ;;
	runuser) set -- runuser -u "$OTHER" -- sh -c "$2" ;;
	setpriv) set -- setpriv --reuid="$OTHER" --clear-groups sh -c "$2" ;;
	esac
	keyctl session - sh -c 'keyctl link @u @s && exec "$@"' sh "$@" 2>&1
}

@test "an account that one becomes by su can read neither token nor secret" {
	open=$(echo visible | keyctl padd user sk-helper-su-test-open @u)
	for way in su runuser setpriv; do
		for key in "$token" "$secret" "$ring"; do
			run as_other "$way" "keyctl pipe $key"
			[ "$status" != 0 ]
			assert_output --partial denied
		done
		run as_other "$way" "keyctl search @s user token:$name"
		[ "$status" != 0 ]
		# a key with the default permissions is read that way: the check can fail
		run as_other "$way" "keyctl pipe $open"
		assert_output --partial visible
	done
	keyctl unlink "$open" @u
	run -0 keyctl pipe "$token"
	assert_line --partial access_token=
}

@test "a ring that another account put there first is not used" {
	sk-helper remove "$name"
	keyctl unlink "$ring" @u
	user_ring=$(keyctl show @u | sed -n '2s/^ *\([0-9]*\).*/\1/p')
	as_other setpriv "keyctl newring sk-helper $user_ring && keyctl setperm \$(keyctl search $user_ring keyring sk-helper) 0x3f3f3f3f"
	run -5 --separate-stderr sk-helper add "$name" --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store kernel <<<test_secret
	assert_error 'was not made by sk-helper'
	# nor one of our own that was opened to others
	keyctl unlink "$(keyctl search @u keyring sk-helper)" @u
	opened=$(keyctl newring sk-helper @u)
	run -5 --separate-stderr sk-helper add "$name" --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store kernel <<<test_secret
	assert_error 'open to others'
	keyctl unlink "$opened" @u
	printf 'test_secret\n' | sk-helper add "$name" --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store kernel >/dev/null
}

@test "another user's bus is not given the secret" {
	bus=$(mktemp -d)
	chown "$OTHER" "$bus"
	cat >"$bus/conf" <<-XML
	<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
	<busconfig><type>session</type><listen>unix:path=$bus/socket</listen>
	<policy context="default"><allow user="*"/><allow send_destination="*"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
	XML
	setpriv --reuid="$OTHER" --clear-groups dbus-daemon --config-file="$bus/conf" --nofork --nopidfile >/dev/null 2>&1 3>&- 4>&- &
	echo $! >>"$BATS_FILE_TMPDIR/pids"
	for _ in $(seq 100); do [ -S "$bus/socket" ] && break; sleep 0.05; done
	DBUS_SESSION_BUS_ADDRESS=unix:path=$bus/socket run -5 --separate-stderr sk-helper add other --token-endpoint "$TOKEN_ENDPOINT" \
		--client-id m2m_todo --secret-store secret-service <<<test_secret
	rm -rf "$bus"
	assert_error "another user's"
}

@test "a profile of another user's is refused" {
	chown "$OTHER" "$XDG_CONFIG_HOME/sk-helper/profiles/$name.conf"
	run -8 --separate-stderr sk-helper get
	assert_error 'belongs to another user'
	chown root "$XDG_CONFIG_HOME/sk-helper/profiles/$name.conf"
}

@test "a lock directory that another user made first is not used" {
	run -0 unshare --mount sh -c "
		mount -t tmpfs none /dev/shm && mount -t tmpfs none /run && mkdir -m 777 /dev/shm/sk-helper-0 && chown $OTHER /dev/shm/sk-helper-0
		sk-helper get --fresh >/dev/null && ls -A /dev/shm/sk-helper-0"
	assert_output ''
}

@test "a hook without any variable of the session finds its bus, where systemd has it" {
	export XDG_DATA_HOME=$BATS_TEST_TMPDIR/data
	mkdir -p "$XDG_DATA_HOME"
	start_bus
	printf 'test_secret\n' | sk-helper add in-service --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store secret-service >/dev/null
	run -0 --separate-stderr unshare --mount sh -c '
		mount -t tmpfs none /run && mkdir -p /run/user/0 && chmod 700 /run/user/0 && : >/run/user/0/bus && mount --bind "$1" /run/user/0/bus &&
		exec env -i HOME="$HOME" XDG_CONFIG_HOME="$XDG_CONFIG_HOME" PATH="$PATH" USER=root LANG=C sk-helper get in-service --fresh' sh "${BUS_ADDRESS#unix:path=}"
	assert_equal "$stderr" ''
	[ -n "$output" ]
	sk-helper remove in-service
}

@test "plain http: a secret does not go to a server of another user's, whoever has closed or never opened the port" {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -keyout "$BATS_TEST_TMPDIR/key" -out "$BATS_TEST_TMPDIR/cert" 2>/dev/null
	chmod 755 "$BATS_TEST_TMPDIR" && chmod 644 "$BATS_TEST_TMPDIR/key"
	dir=$(mktemp -d) && chmod 755 "$dir" && cp "$BATS_TEST_TMPDIR/key" "$BATS_TEST_TMPDIR/cert" "$dir"
	# it speaks TLS, and would show in its output whatever else comes
	setpriv --reuid="$OTHER" --clear-groups openssl s_server -accept 127.0.0.1:0 -cert "$dir/cert" -key "$dir/key" >"$dir/out" 2>&1 < <(exec sleep 30 3>&- 4>&-) 3>&- 4>&- &
	echo $! >>"$BATS_FILE_TMPDIR/pids"
	for _ in $(seq 100); do grep -q '^ACCEPT' "$dir/out" && break; sleep 0.05; done
	port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' "$dir/out")
	[ -n "$port" ]
	run -8 --separate-stderr sk-helper add lo --token-endpoint "http://127.0.0.1:$port/token" --client-id c --secret-store kernel <<<s3cret
	assert_error "belongs to another user (uid $(id -u "$OTHER"))"
	run -8 --separate-stderr sk-helper add lo --token-endpoint "http://localhost:$port/token" --client-id c --secret-store kernel <<<s3cret
	refute grep -q s3cret "$dir/out"
	rm -rf "$dir"
}

@test "plain http: a server of another user's beside ours, for all addresses of IPv6, changes nothing" {
	port=${TOKEN_ENDPOINT#http://*:}
	port=${port%%/*}
	out=$(mktemp)
	setpriv --reuid="$OTHER" --clear-groups openssl s_server -6 -accept "[::]:$port" -nocert >"$out" 2>&1 < <(exec sleep 30 3>&- 4>&-) 3>&- 4>&- &
	echo $! >>"$BATS_FILE_TMPDIR/pids"
	for _ in $(seq 100); do grep -q '^ACCEPT' "$out" && break; sleep 0.05; done
	grep -q '^ACCEPT' "$out"
	run -0 sk-helper get --fresh
	rm "$out"
}

@test "the private programs cannot be read by others, so the kernel keeps their memory closed from the first instruction on" {
	for program in sk-core sk-key sk-oauth sk-bridge sk-proxy sk-secret-service; do
		file=$SK_BUILD/stage/libexec/sk-helper/$program
		assert_equal "$(stat -c '%a %u' "$file")" '711 0'
	done
	# what that is worth: another user's process of such a program, from its first instruction on
	dir=$(mktemp -d) && chmod 755 "$dir"
	install -m 711 /bin/sleep "$dir/closed"
	install -m 755 /bin/sleep "$dir/open"
	for kind in open closed; do
		# by a shell: setpriv itself has capabilities left when it runs a program
		setpriv --reuid="$OTHER" --clear-groups sh -c 'exec "$1" 30' sh "$dir/$kind" >/dev/null 2>&1 3>&- 4>&- &
		pid=$!
		for _ in $(seq 100); do [ "$(readlink "/proc/$pid/exe")" = "$dir/$kind" ] && break; sleep 0.02; done
		run setpriv --reuid="$OTHER" --clear-groups cat "/proc/$pid/maps"
		kill "$pid"
		[ "$kind:$status" = open:0 ] || [ "$kind:$status" = closed:1 ] || fail "$kind $status"
	done
	rm -rf "$dir"
}

@test "where the user's session has a bus, no variable leads to another one" {
	export XDG_DATA_HOME=$BATS_TEST_TMPDIR/data
	mkdir -p "$XDG_DATA_HOME"
	start_bus
	# the attacker's: a bus of this user's own, with nothing on it
	ours=$BUS_ADDRESS
	start_bus no-daemon
	run -0 --separate-stderr unshare --mount bash -c '
		mount -t tmpfs none /run && mkdir -p /run/user/0 && chmod 700 /run/user/0 && : >/run/user/0/bus && mount --bind "$1" /run/user/0/bus &&
		printf "test_secret\n" | sk-helper add in-session --token-endpoint "$2" --client-id m2m_todo --secret-store secret-service &&
		for address in /run/user/0/../../tmp/x "/run/user/0/%2e%2e/%2e%2e/%2e%2e$3" "/run/user/0/bus,path=$3"; do
			DBUS_SESSION_BUS_ADDRESS=unix:path=$address sk-helper get in-session --fresh >/dev/null || exit 1
		done &&
		XDG_RUNTIME_DIR=/tmp sk-helper get in-session --fresh >/dev/null' bash "${ours#unix:path=}" "$TOKEN_ENDPOINT" "${BUS_ADDRESS#unix:path=}"
	assert_output --partial "the bus that DBUS_SESSION_BUS_ADDRESS names is not your session's, and is not used"
	DBUS_SESSION_BUS_ADDRESS=$ours run -0 sk-helper remove in-session
}

@test "variables that change what a program does before its first line do not reach our programs" {
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 run -0 env LD_AUDIT= LD_DEBUG_OUTPUT=/tmp/x GCONV_PATH=/tmp MALLOC_TRACE=/tmp/x GLIBC_TUNABLES=x=1 NLSPATH=/tmp LOCPATH=/tmp SSLKEYLOGFILE=/tmp/x \
		OPENSSL_CONF=/tmp/x G_MESSAGES_DEBUG=all SECRET_BACKEND=file SECRET_FILE_TEST_PATH=/tmp/x \
		strace -f -v -s 4096 -e trace=execve -o "$BATS_TEST_TMPDIR/trace" sk-helper get --fresh
	run -0 grep -c 'execve("[^"]*/libexec/sk-helper/' "$BATS_TEST_TMPDIR/trace"
	assert_output 2
	run ! grep -E 'execve\("[^"]*/libexec/sk-helper/.*"(LD_|GCONV_PATH|MALLOC_|GLIBC_TUNABLES|NLSPATH|LOCPATH|SSLKEYLOGFILE|OPENSSL_|G_MESSAGES|SECRET_)' "$BATS_TEST_TMPDIR/trace"
}

# asked_by_other SOCKET: what share answers the other account.
asked_by_other() {
	setpriv --reuid="$OTHER" --clear-groups perl -MIO::Socket::UNIX \
		-e '$s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die; print $s "profile=sk-helper-su-test\n\n"; print while <$s>' "$1"
}

@test "share: another account is refused, whatever the socket's mode, and may with --allow-uid" {
	SOCKET=$BATS_TEST_TMPDIR/s/share.sock
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
	mkdir -m 755 "$BATS_TEST_TMPDIR/s"
	start_server share "$name" --socket "$SOCKET"
	run ! asked_by_other "$SOCKET"
	chmod 666 "$SOCKET"
	run -0 asked_by_other "$SOCKET"
	assert_output --partial 'status=denied'
	refute_output --partial credential=
	end_server
	grep -q "'--allow-uid $(id -u "$OTHER")' would allow it" "$BATS_TEST_TMPDIR/server.err"
	start_server share "$name" --socket "$SOCKET" --allow-uid "$(id -u "$OTHER")"
	run -0 asked_by_other "$SOCKET"
	assert_output --partial credential=
	stop_servers
}

@test "proxy: another account's connection is closed, whatever the socket's mode" {
	sk-helper set "$name" --url "$TOKEN_ENDPOINT"
	SOCKET=$BATS_TEST_TMPDIR/s/proxy.sock
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
	mkdir -m 755 "$BATS_TEST_TMPDIR/s"
	as_other_curl() { setpriv --reuid="$OTHER" --clear-groups curl -s -o /dev/null -w '%{http_code}' --unix-socket "$SOCKET" "http://localhost/$name"; }
	start_server proxy "$name" --socket "$SOCKET"
	run ! as_other_curl
	chmod 666 "$SOCKET"
	run ! as_other_curl
	assert_output 000
	end_server
	grep -q 'another user has connected' "$BATS_TEST_TMPDIR/server.err"
	start_server proxy "$name" --socket "$SOCKET" --allow-uid "$(id -u "$OTHER")"
	run -0 as_other_curl
	refute_output 000
	stop_servers
}
