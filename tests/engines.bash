# SPDX-License-Identifier: MIT
# Programs that print a secret: real ones, each with a store of its own that has the text "test_secret", and some that fail in the ways that
# programs do. Each function sets ENGINE_COMMAND, the program and its words. What one needs of the environment is exported. All ends with
# stop_engines, which belongs in teardown.
# shellcheck disable=SC2119,SC2120 # words that nobody here gives are the suites'

# --- real ones

# engine_gpg [PASSPHRASE]: a key, and an agent that gpg starts when it wants one.
engine_gpg() {
	export GNUPGHOME=$BATS_TEST_TMPDIR/gnupg
	# the longest name of a socket in it is S.gpg-agent.browser, and 107 bytes are what a socket's path may have
	[ ${#GNUPGHOME} -le 87 ] || GNUPGHOME=$(mktemp -d /tmp/gnupg.XXXXXX)
	echo "$GNUPGHOME" >"$BATS_TEST_TMPDIR/gnupghome"
	[ ! -e "$GNUPGHOME/trustdb.gpg" ] || return 0
	mkdir -p "$GNUPGHOME"
	chmod 700 "$GNUPGHOME"
	# how often a passphrase is hashed is measured otherwise, for seconds
	echo 's2k-count 65536' >"$GNUPGHOME/gpg-agent.conf"
	gpg --batch --quiet --pinentry-mode loopback --passphrase "${1:-}" --quick-generate-key test future-default default never 2>/dev/null 3>&- 4>&-
}

# engine_pass [LINE]...: the secret is the first line of its entry, the others come after it.
engine_pass() {
	engine_gpg
	export PASSWORD_STORE_DIR=$BATS_TEST_TMPDIR/store
	pass init test >/dev/null 3>&- 4>&-
	printf '%s\n' test_secret "$@" | pass insert -m todo/client >/dev/null 3>&- 4>&-
	ENGINE_COMMAND=(/usr/bin/pass show todo/client)
}

# Its key has a passphrase, which nobody has told the agent.
engine_pass_locked() {
	engine_gpg pw
	engine_pass
	# or it would still know it
	gpg-connect-agent reloadagent /bye >/dev/null
}

# Debian's gopass is another program than gopass.pw's: it has no "-o". It reads the store of pass.
engine_gopass() {
	engine_pass "$@"
	ENGINE_COMMAND=(/usr/bin/gopass show todo/client)
}

engine_age() {
	local dir=$BATS_TEST_TMPDIR/age
	mkdir -p "$dir"
	age-keygen -o "$dir/key" 2>"$dir/public"
	printf test_secret | age -r "$(sed 's/.*: //' "$dir/public")" -o "$dir/secret.age"
	ENGINE_COMMAND=(/usr/bin/age -d -i "$dir/key" "$dir/secret.age")
}

# The host's key is one of the test's own, so that none is made for this machine, and so that not only root can do it.
engine_systemd_creds() {
	local dir=$BATS_TEST_TMPDIR/creds
	local key=SYSTEMD_CREDENTIAL_SECRET=$dir/host
	mkdir -p "$dir"
	# says that the disk is not encrypted
	printf test_secret | env "$key" systemd-creds encrypt --with-key=host --name=todo - "$dir/todo" 2>/dev/null
	ENGINE_COMMAND=(/usr/bin/env "$key" /usr/bin/systemd-creds decrypt --name=todo "$dir/todo" -)
}

# On the bus that start_bus (bus.bash) has started.
engine_secret_tool() {
	use_bus
	printf test_secret | secret-tool store --label=todo service todo-engine
	ENGINE_COMMAND=(/usr/bin/secret-tool lookup service todo-engine)
}

# A key that its user can read, whatever the session keyring is.
engine_keyctl() {
	local key
	# only who has the key in a session keyring can set its permissions, and a session that 'su' makes has the user's keyring not
	key=$(printf test_secret | keyctl session - sh -c 'keyctl link @u @s && key=$(keyctl padd user "$1" @u) && keyctl setperm "$key" 0x3f1f0000 && echo "$key"' \
		sh "todo-engine.$$" 2>/dev/null)
	[ -n "$key" ]
	echo "$key" >>"$BATS_TEST_TMPDIR/engine.keys"
	ENGINE_COMMAND=(/usr/bin/keyctl pipe "$key")
}

# --- faults

# engine_script LINE...: of a shell script. Where nobody else can write; it says which process it is, for engines_running.
engine_script() {
	chmod go-w "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
	ENGINE_COMMAND=("$BATS_TEST_TMPDIR/engine")
	printf '%s\n' '#!/bin/sh' "cd '$BATS_TEST_TMPDIR' && echo \$\$ >>engine.pids || exit 99" "$@" >"${ENGINE_COMMAND[0]}.new"
	chmod 700 "${ENGINE_COMMAND[0]}.new"
	mv "${ENGINE_COMMAND[0]}.new" "${ENGINE_COMMAND[0]}"
}

# engine_hangs [deaf]: and when it is deaf, it does so although it is told to end.
engine_hangs() { engine_script "${1:+trap '' HUP INT TERM}" 'exec sleep infinity'; }
engine_floods() { engine_script 'exec yes test_secret'; }

# engine_fails [TEXT]: with status 7 and two lines on stderr, after the text.
engine_fails() { engine_script "printf %s '${1:-}'" 'printf "one line\nno \033[31mitem\033[0m\a\b\tis named so\r\n" >&2' 'exit 7'; }

# engine_prints FORMAT [WORD]...: what printf makes of them, and nothing else.
engine_prints() {
	# shellcheck disable=SC2059
	printf "$@" >"$BATS_TEST_TMPDIR/engine.text"
	engine_script 'exec cat engine.text'
}

# How often it was run is the number of lines in ENGINE_CALLS. It takes a while, so that calls that are not one after another meet.
engine_counts() {
	ENGINE_CALLS=$BATS_TEST_TMPDIR/engine.calls
	: >"$ENGINE_CALLS"
	engine_script 'echo call >>engine.calls' 'sleep 0.3' 'echo test_secret'
}

# engine_daemonizes [away]: prints the secret and ends, but what it has started has its stdout; "away": and is in a session of its own.
engine_daemonizes() {
	engine_script 'rm -f engine.started' \
		"${1:+setsid }sh -c 'echo \$\$ >>engine.pids; : >engine.started; exec sleep infinity' &" \
		'until [ -e engine.started ]; do sleep 0.01; done' 'echo test_secret'
}

# It asks on the terminal, and says in ENGINE_ASKED how that went: "no terminal", "asked", "answered".
engine_asks_terminal() {
	ENGINE_ASKED=$BATS_TEST_TMPDIR/engine.asked
	rm -f "$ENGINE_ASKED"
	engine_script '(exec 3<>/dev/tty) 2>/dev/null || { echo "no terminal" >engine.asked; echo "engine: cannot ask for a password" >&2; exit 1; }' \
		'echo asked >engine.asked' 'printf "Password: " >/dev/tty' 'read -r answer </dev/tty' 'echo answered >engine.asked' 'echo test_secret'
}

# --- the end

# engines_running: the processes of scripts that have not ended. It is theirs alone to be in the test's directory.
engines_running() {
	local pid
	[ -e "$BATS_TEST_TMPDIR/engine.pids" ] || return 0
	while read -r pid; do
		if [ "/proc/$pid/cwd" -ef "$BATS_TEST_TMPDIR" ]; then echo "$pid"; fi
	done <"$BATS_TEST_TMPDIR/engine.pids"
}

stop_engines() {
	local pid key home
	for pid in $(engines_running); do kill -KILL "$pid" 2>/dev/null || true; done
	[ ! -e "$BATS_TEST_TMPDIR/engine.keys" ] || while read -r key; do keyctl unlink "$key" @u || true; done <"$BATS_TEST_TMPDIR/engine.keys"
	[ -e "$BATS_TEST_TMPDIR/gnupghome" ] || return 0
	home=$(cat "$BATS_TEST_TMPDIR/gnupghome")
	pid=$(gpg-connect-agent --homedir "$home" --no-autostart 'getinfo pid' /bye 2>/dev/null | sed -n 's/^D //p')
	[ -z "$pid" ] || kill -KILL "$pid" || true
	# one that has ended stays a zombie where nobody waits for it
	while [ -n "$pid" ] && grep -q '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$pid/status" 2>/dev/null; do sleep 0.01; done
	# where gpg has its sockets when there is a directory for the user
	gpgconf --homedir "$home" --remove-socketdir 2>/dev/null || true
	rmdir "/run/user/$(id -u)/gnupg" 2>/dev/null || true
	rm -rf "$home"
}
