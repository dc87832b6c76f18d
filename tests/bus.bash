# SPDX-License-Identifier: MIT
# A session bus with a real gnome-keyring-daemon on it, unlocked with a password.

# start_bus [no-daemon [SERVICES]]: sets BUS_ADDRESS, and with it DBUS_SESSION_BUS_ADDRESS, which common.bash takes from each test:
# call use_bus in its setup.
start_bus() {
	local config=$BATS_FILE_TMPDIR/bus.$RANDOM.conf
	cat >"$config" <<-XML
	<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
	<busconfig><type>session</type><listen>unix:path=$config.socket</listen>
	<servicedir>${2:-/nonexistent}</servicedir>
	<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
	XML
	dbus-daemon --config-file="$config" --nofork --nopidfile 3>&- 4>&- >"$config.log" 2>&1 &
	echo $! >>"$BATS_FILE_TMPDIR/pids"
	for _ in $(seq 100); do [ -S "$config.socket" ] && break; sleep 0.05; done
	export BUS_ADDRESS=unix:path=$config.socket
	use_bus
	if [ "${1:-}" != no-daemon ]; then start_keyring_daemon; fi
}

use_bus() { export DBUS_SESSION_BUS_ADDRESS=$BUS_ADDRESS; }

# The password is "pw"; a keyring that exists with another stays locked.
start_keyring_daemon() {
	printf pw | gnome-keyring-daemon --foreground --unlock --components=secrets --control-directory="$BATS_FILE_TMPDIR/control.$RANDOM" \
		3>&- 4>&- >"$BATS_FILE_TMPDIR/keyring.log" 2>&1 &
	for _ in $(seq 100); do
		KEYRING_PID=$(pgrep -u "$(id -u)" -f "control-directory=$BATS_FILE_TMPDIR" | tail -n 1)
		[ -n "$KEYRING_PID" ] && secret_service_answers && break
		sleep 0.05
	done
	export KEYRING_PID
	echo "$KEYRING_PID" >>"$BATS_FILE_TMPDIR/pids"
}

secret_service_answers() {
	dbus-send --session --print-reply --dest=org.freedesktop.secrets /org/freedesktop/secrets \
		org.freedesktop.Secret.Service.ReadAlias string:default 2>/dev/null | grep -q 'object path "/org'
}
