# SPDX-License-Identifier: MIT
# A real systemd-journald alone, for everybody; and, for root, a real systemd as PID 1 with a journald of its own. Each lives in namespaces,
# its files below BATS_FILE_TMPDIR: one of each in a suite. Start them in setup_file, setup or a test, but never by 'run' or in a subshell:
# they are killed when the shell that started them ends, so that nothing outlives a suite that was killed itself.

JOURNALD=/lib/systemd/systemd-journald

# until_true COMMAND...: until it succeeds, for 10 s at most.
until_true() {
	for _ in $(seq 500); do
		"$@" 2>/dev/null && return 0
		sleep 0.02
	done
	echo "in vain for 10 s: $*" >&2
	return 1
}

# state PID LETTERS: one of those of proc(5). Whoever has ended may be a zombie yet.
state() { grep -qs "^State:[[:space:]]*[$2]" "/proc/$1/status"; }
ended() { [ ! -e "/proc/$1" ] || state "$1" ZX; }

# end PID: at once, even if it is frozen, and not before it has.
end() {
	kill -KILL "$1" 2>/dev/null || true
	until_true ended "$1"
}

# Nothing is dropped for being too much, the kernel's messages are not read, and an empty Audit= leaves the kernel's audit alone, which
# journald else switches on or off for the whole machine.
journald_settings() {
	mkdir -p "$1"
	printf '%s\n' '[Journal]' Storage=volatile SplitMode=none RateLimitIntervalSec=0 ReadKMsg=no Audit= >"$1/tests.conf"
}

# --- journald alone, where /run/systemd and /run/log are others; everything else is as outside

# Says on stderr why not.
can_run_journald() {
	local needed
	for needed in "$JOURNALD" /etc/machine-id /run/systemd /run/log; do
		[ -e "$needed" ] || { echo "no journald: there is no $needed" >&2; return 1; }
	done
	unshare --mount true 2>/dev/null || unshare --user --map-current-user --mount true 2>/dev/null ||
		{ echo 'no journald: neither mount namespaces nor user namespaces are allowed here' >&2; return 1; }
}

# Whoever may not make mount namespaces has his in a user namespace. There he is himself, without rights, but the user keyring is another
# one, and empty: what a command of in_journal is to find in it, another command of in_journal has put there. What holds the namespace starts
# a journald for each line that it reads, so that one that a test has started is there for the next test.
start_journald() {
	local dir=$BATS_FILE_TMPDIR/journal own=(--mount)
	can_run_journald || return 1
	unshare --mount true 2>/dev/null || own+=(--user --map-current-user --keep-caps)
	journald_settings "$dir/journald.conf.d"
	mkfifo "$dir/run"
	unshare "${own[@]}" setpriv --pdeathsig KILL bash -euc '
		for place in /run/systemd /run/log; do mount -n -t tmpfs -o mode=755 none "$place"; done
		cp -R "$1/journald.conf.d" /run/systemd
		exec 9<>"$1/run"
		while read -r -u 9; do
			SYSTEMD_LOG_TARGET=console setpriv --pdeathsig KILL "$2" 9<&- &
			echo $! >"$1/pid"
		done' bash "$dir" "$JOURNALD" </dev/null >"$dir/log" 2>&1 3>&- 4>&- &
	echo $! >"$dir/holder"
	disown
	run_journald || { cat "$dir/log" >&2; return 1; }
}

# in_journal COMMAND...: as it is started, with its standard input and output, in this folder.
in_journal() {
	local holder into
	holder=$(<"$BATS_FILE_TMPDIR/journal/holder")
	into=(nsenter --target "$holder" --mount --wdns="$PWD")
	[ "/proc/$holder/ns/user" -ef /proc/self/ns/user ] || into+=(--user --preserve-credentials)
	"${into[@]}" -- "$@"
}

# journal [ARGUMENT]...: of journalctl, which writes JSON; after what was sent before has arrived: a datagram does not overtake another. The
# kernel says _UID, _GID and _PID; _COMM, _EXE, _CMDLINE, _SYSTEMD_UNIT are missing if the sender has ended before journald has looked at it.
journal() {
	local mark=$RANDOM$RANDOM$RANDOM
	printf 'SYSLOG_IDENTIFIER=mark\nMESSAGE=%s\n' "$mark" | in_journal timeout 5 logger --journald
	until_true in_the_journal "MESSAGE=$mark" || return 1
	in_journal journalctl --quiet --no-pager --output=json "$@"
}
in_the_journal() { [ -n "$(in_journal journalctl --quiet --no-pager --output=cat "$1" 2>/dev/null)" ]; }

# After kill_journald it listens again, at new sockets; what it has written before is still there.
run_journald() {
	local dir=$BATS_FILE_TMPDIR/journal
	rm -f "$dir/pid"
	timeout 10 sh -c 'echo >"$1"' sh "$dir/run" || return 1
	until_true test -s "$dir/pid" && until_true in_journal test -S /run/systemd/journal/socket && journal --lines=0
}

# The sockets are there; nobody reads (frozen), nobody listens (killed), or there is none.
freeze_journald() {
	local pid
	pid=$(<"$BATS_FILE_TMPDIR/journal/pid")
	kill -STOP "$pid"
	until_true state "$pid" T
}
thaw_journald() { kill -CONT "$(<"$BATS_FILE_TMPDIR/journal/pid")"; }
kill_journald() { end "$(<"$BATS_FILE_TMPDIR/journal/pid")"; }
remove_journal_socket() { in_journal rm /run/systemd/journal/socket; }

stop_journald() {
	local dir=$BATS_FILE_TMPDIR/journal pid
	for pid in $(cat "$dir/pid" "$dir/holder" 2>/dev/null); do end "$pid"; done
	rm -rf "$dir"
}

# --- systemd as PID 1. Its /run, /tmp, /var, /dev and its cgroups are its own; the build folder and bats' own are the same; all else can only
# be read. The network is the machine's, and so are the keyrings: what a user keeps in his, he has after it, too.

# The first thing in a mount namespace: there cgroup2 is where it is expected, however the machine has mounted it.
CGROUPS='mount -n -t cgroup2 none /sys/fs/cgroup;'

# Says on stderr why not.
can_run_systemd() {
	[ "$(id -u)" = 0 ] || { echo 'no systemd as PID 1: needs root' >&2; return 1; }
	[ -x /lib/systemd/systemd ] && command -v bwrap >/dev/null || { echo 'no systemd as PID 1: systemd or bubblewrap is missing' >&2; return 1; }
	unshare --mount bash -euc "$CGROUPS"'mkdir "/sys/fs/cgroup/sk-helper.$$"; rmdir "/sys/fs/cgroup/sk-helper.$$"' 2>/dev/null ||
		{ echo 'no systemd as PID 1: no cgroup can be made here' >&2; return 1; }
}

# Of the units of the machine there are five, and no generator makes more. It has not the capabilities that change a machine, and cannot
# write to /proc/sys: it would, for every process. Mounts are shared in there, as they are at a boot: without that, a service cannot read its
# credentials. One thing differs from a boot: nobody gains rights by a set-user-ID program (bwrap sets no_new_privs).
start_systemd() {
	local dir=$BATS_FILE_TMPDIR/systemd
	local without=-audit_control,-audit_read,-bpf,-mac_admin,-mac_override,-net_admin,-perfmon,-sys_boot,-sys_module,-sys_rawio,-sys_time,-syslog
	can_run_systemd || return 1
	# in there, each folder on the way to these is open to all users, whatever it is outside: bats' own is root's alone
	mkdir -p "$dir/units" "$BATS_RUN_TMPDIR/test"
	journald_settings "$dir/journald.conf.d"
	cp /lib/systemd/system/{basic.target,sysinit.target,systemd-journald.service,systemd-journald.socket,systemd-journald-dev-log.socket} "$dir/units"
	printf '%s\n' '[Unit]' 'Requires=basic.target systemd-journald.service' 'After=basic.target systemd-journald.service' >"$dir/units/default.target"
	unshare --mount bash -euc "$CGROUPS"'
		exec 9>"$1/info"
		mkdir "/sys/fs/cgroup/sk-helper.$$"
		echo $$ >"/sys/fs/cgroup/sk-helper.$$/cgroup.procs"
		exec setpriv --pdeathsig KILL bwrap --unshare-pid --unshare-ipc --unshare-uts --unshare-cgroup --as-pid-1 --die-with-parent --info-fd 9 \
			--cap-add ALL --ro-bind / / --proc /proc --ro-bind /proc/sys /proc/sys --dev /dev --bind "/sys/fs/cgroup/sk-helper.$$" /sys/fs/cgroup \
			--tmpfs /run --perms 1777 --tmpfs /tmp --tmpfs /var --perms 1777 --dir /var/tmp --dir /var/lib/systemd --symlink ../run /var/run \
			--dir "${2%/*}" --bind "$2" "$2" --dir "$3" --bind "$3/file" "$3/file" --bind "$3/test" "$3/test" \
			--dir /run/systemd --bind "$1/units" /run/systemd/system --ro-bind "$1/journald.conf.d" /run/systemd/journald.conf.d \
			--clearenv --setenv PATH /usr/sbin:/usr/bin:/sbin:/bin --setenv container bwrap \
			--setenv SYSTEMD_UNIT_PATH /run/systemd/system --setenv SYSTEMD_GENERATOR_PATH /nonexistent \
			sh -c "mount -n --make-rshared / && exec setpriv --bounding-set $4 /lib/systemd/systemd --system --show-status=no"' \
		bash "$dir" "$SK_BUILD" "$BATS_RUN_TMPDIR" "$without" </dev/null >"$dir/log" 2>&1 3>&- 4>&- &
	echo $! >"$dir/monitor"
	disown
	until_true grep -q child-pid "$dir/info" && sed -n 's/.*"child-pid": \([0-9]*\).*/\1/p' "$dir/info" >"$dir/pid" && until_true systemd_is_up ||
		{ cat "$dir/log" >&2; return 1; }
	# only its own processes are to be in its cgroups
	nsenter --target "$(<"$dir/monitor")" --mount -- sh -c 'echo "$1" >/sys/fs/cgroup/cgroup.procs' sh "$(<"$dir/monitor")"
}
systemd_is_up() { in_systemd systemctl --quiet is-active default.target 2>/dev/null; }

# in_systemd COMMAND...: as root, outside of any unit, in the folder /.
in_systemd() { nsenter --target "$(<"$BATS_FILE_TMPDIR/systemd/pid")" --mount --pid --uts --ipc --cgroup -- "$@"; }

# unit_run NAME: a oneshot service. Standard input has the rest of its [Service]; other sections may follow. Its standard output, standard
# error and exit status (or the number of the signal that ended it). If it could not even be run, the manager's words are on stderr.
unit_run() {
	local dir=$BATS_FILE_TMPDIR/systemd status=0
	{
		printf '%s\n' '[Service]' Type=oneshot "StandardOutput=append:$dir/$1.out" "StandardError=append:$dir/$1.err"
		cat
	} >"$dir/units/$1.service"
	: >"$dir/$1.out"
	: >"$dir/$1.err"
	in_systemd systemctl daemon-reload || return 1
	# or, if it cannot be started, it has the status of the time before
	in_systemd systemctl reset-failed "$1.service" 2>/dev/null || true
	if ! in_systemd systemctl start "$1.service" 2>"$dir/$1.said"; then
		status=$(in_systemd systemctl show --property=ExecMainStatus --value "$1.service")
		[ "$status" != 0 ] || { status=1; cat "$dir/$1.said" >&2; }
		[ "$status" -lt 200 ] || in_systemd sh -c 'journalctl --sync
			journalctl --quiet --no-pager --output=cat "INVOCATION_ID=$(systemctl show --property=InvocationID --value "$1")"' sh "$1.service" >&2
	fi
	cat "$dir/$1.out"
	cat "$dir/$1.err" >&2
	return "$status"
}

# Kills PID 1, with which the kernel ends all that runs in there.
stop_systemd() {
	local dir=$BATS_FILE_TMPDIR/systemd pid
	[ -e "$dir/monitor" ] || return 0
	for pid in $(cat "$dir/pid" "$dir/monitor" 2>/dev/null); do end "$pid"; done
	until_true unshare --mount bash -euc "$CGROUPS"'
		own=/sys/fs/cgroup/sk-helper.$1
		[ ! -d "$own" ] || find "$own" -depth -type d -exec rmdir {} +' bash "$(<"$dir/monitor")"
	rm -rf "$dir"
}
