# SPDX-License-Identifier: MIT
# Other accounts. For root alone, which can become them; in root's real keyring.
# bats file_tags=root
load common
load bus

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
teardown() { sk-helper remove sk-helper-su-test; }

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
