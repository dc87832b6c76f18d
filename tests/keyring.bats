# SPDX-License-Identifier: MIT
# The keyring's interface: one conformance suite, run for each backend, each step a process of its own. Then what is
# particular to the kernel's.
load common

setup_file() {
	export HOME=$BATS_FILE_TMPDIR/home XDG_DATA_HOME=$BATS_FILE_TMPDIR/data
	mkdir -p "$HOME" "$XDG_DATA_HOME"
	start_bus
}
teardown_file() { stop_peers; }
setup() {
	clear_keys
	use_bus
}
load bus

tool() { "$TOOLS/keyring-tool" "$@"; }

put_numbered() { tool "$1" put "$2" "$3" <<<"value $4" 2>/dev/null; }
put_in_ring() { tool kernel put secret "p$1" <<<"$1" 2>/dev/null; }

conformance() {
	local backend=$1 value=$'line one\nline=two\nü\n'

	run -0 --separate-stderr tool "$backend" probe
	run -3 --separate-stderr tool "$backend" get secret c1
	run -3 --separate-stderr tool "$backend" del secret c1

	# what is put is what is got, in another process
	tool "$backend" put secret c1 <<<"${value%$'\n'}"
	tool "$backend" get secret c1 >"$BATS_TEST_TMPDIR/got"
	printf %s "$value" | cmp - "$BATS_TEST_TMPDIR/got"

	# a second put replaces, larger and smaller
	tool "$backend" put secret c1 <<<"$(head -c 4000 /dev/zero | tr '\0' y)"
	assert_equal "$(tool "$backend" get secret c1 2>/dev/null | wc -c)" 4001
	tool "$backend" put secret c1 <<<short
	assert_equal "$(tool "$backend" get secret c1 2>/dev/null)" short

	# roles, profiles and slots are kept apart
	tool "$backend" put token c1 <<<token
	tool "$backend" put token c1 slot <<<other
	tool "$backend" put secret c2 <<<second
	assert_equal "$(tool "$backend" get secret c1 2>/dev/null)" short
	assert_equal "$(tool "$backend" get token c1 2>/dev/null)" token
	assert_equal "$(tool "$backend" get token c1 slot 2>/dev/null)" other
	assert_equal "$(tool "$backend" list secret 2>/dev/null | sort)" $'secret:c1\nsecret:c2'
	assert_equal "$(tool "$backend" list token 2>/dev/null | sort)" $'token:c1\ntoken:c1:slot'

	# two files of the same name are two profiles
	XDG_CONFIG_HOME=/other tool "$backend" put secret c1 <<<elsewhere
	assert_equal "$(tool "$backend" get secret c1 2>/dev/null)" short
	assert_equal "$(XDG_CONFIG_HOME=//other/./ tool "$backend" get secret c1 2>/dev/null)" elsewhere
	XDG_CONFIG_HOME=/other tool "$backend" del secret c1
	assert_equal "$(tool "$backend" get secret c1 2>/dev/null)" short

	# a lifetime ends; a put without one has none
	tool "$backend" put token c1 '' 1 <<<brief
	tool "$backend" put secret c2 '' 1 <<<brief
	tool "$backend" put secret c2 <<<lasting
	sleep 1.6
	run -3 --separate-stderr tool "$backend" get token c1
	assert_equal "$(tool "$backend" get secret c2 2>/dev/null)" lasting
	# what has ended can be put again
	tool "$backend" put token c1 '' 60 <<<again
	assert_equal "$(tool "$backend" get token c1 2>/dev/null)" again

	# large values; what is deleted is gone
	head -c 16384 /dev/zero | tr '\0' z >"$BATS_TEST_TMPDIR/large"
	echo >>"$BATS_TEST_TMPDIR/large"
	tool "$backend" put token big <"$BATS_TEST_TMPDIR/large"
	tool "$backend" get token big 2>/dev/null | cmp - "$BATS_TEST_TMPDIR/large"
	for key in 'token big' 'token c1' 'token c1 slot' 'secret c1' 'secret c2'; do
		# shellcheck disable=SC2086 # words
		tool "$backend" del $key
	done
	assert_equal "$(tool "$backend" list secret 2>/dev/null)$(tool "$backend" list token 2>/dev/null)" ''

	# many writers and readers at once: always a whole value, one key
	at_once 8 put_numbered "$backend" token race
	run -0 --separate-stderr tool "$backend" get token race
	[[ $output == value\ [1-8] ]]
	assert_equal "$(tool "$backend" list token 2>/dev/null)" token:race
	tool "$backend" del token race
}

@test "conformance: kernel" { conformance kernel; }
@test "conformance: secret-service" { conformance secret-service; }

@test "conformance: runtime" { conformance runtime; }

@test "every backend passes the conformance suite" {
	for name in $(sed -n 's/^\t\.name = "\(.*\)",$/\1/p' "$BATS_TEST_DIRNAME"/../keyring/*.c); do
		grep -q "{ conformance $name; }" "$BATS_TEST_FILENAME" || fail "$name is not tested"
	done
}

@test "kernel: ring and keys are the user's alone, and hang in the user keyring" {
	tool kernel put secret p <<<x
	ring=$(keyctl search @u keyring sk-helper)
	for key in $ring $(keyctl search "$ring" user "$(tool kernel name secret p 2>/dev/null)"); do
		run -0 keyctl rdescribe "$key"
		assert_output --regexp ';003f0000;'
	done
}

@test "kernel: each write sets the timeout, which any write takes away" {
	tool kernel put token p '' 100 <<<x
	grep -q 'token:p' <(grep ' 1m \| 9[0-9]s ' /proc/keys)
	tool kernel put token p '' 100 <<<yy
	grep 'token:p' /proc/keys | grep -vq ' perm '
}

@test "kernel: works with a revoked session keyring, and with a new one" {
	tool kernel put secret p <<<x
	assert_equal "$(keyctl session - "$TOOLS/keyring-tool" kernel get secret p 2>/dev/null)" x
	run -0 keyctl session - sh -c "keyctl revoke @s; '$TOOLS/keyring-tool' kernel get secret p"
	assert_line x
	# nothing of the user's is possessed there: what a systemd service of the system has
	clear_keys
	keyctl session - "$TOOLS/keyring-tool" kernel put secret p <<<y
	keyctl session - "$TOOLS/keyring-tool" kernel put secret p <<<z
	assert_equal "$(tool kernel get secret p 2>/dev/null)" z
	ring=$(keyctl search @u keyring sk-helper)
	for key in $ring $(keyctl search "$ring" user "$(tool kernel name secret p 2>/dev/null)"); do
		run -0 keyctl rdescribe "$key"
		assert_output --regexp ';003f0000;'
	done
}

@test "kernel: a ring that is there is never replaced" {
	at_once 10 put_in_ring
	assert_equal "$(tool kernel list secret 2>/dev/null | wc -l)" 10
}

@test "kernel: seccomp rules that hide it are named" {
	# which does not work under strace
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
	run -5 --separate-stderr strace -f -o /dev/null -e trace=keyctl -e inject=keyctl:error=ENOSYS "$TOOLS/keyring-tool" kernel probe
	assert_output ''
	[[ $stderr == *seccomp* ]]
	run -5 --separate-stderr strace -f -o /dev/null -e trace=keyctl,add_key -e inject=keyctl,add_key:error=EPERM "$TOOLS/keyring-tool" kernel put secret p <<<x
	[[ $stderr == *container* ]]
}
