# SPDX-License-Identifier: MIT
# Servers for what is no suite. Wants work, a directory, and pids, an array to be ended.

# start NAME OPTIONS: a server; what it says of itself is then in $work/NAME.json.
start() {
	"$SK_NODE" "tests/peers/$1.mjs" "$work/$1.json" "$2" >"$work/$1.log" 2>&1 &
	pids+=($!)
	for _ in $(seq 300); do
		[ -s "$work/$1.json" ] && return 0
		sleep 0.1
	done
	cat "$work/$1.log" >&2
	return 1
}

# fact NAME KEY: what it says of itself.
fact() { sed -n "s/.*\"$2\":\"\\([^\"]*\\)\".*/\\1/p" "$work/$1.json"; }
