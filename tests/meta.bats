# SPDX-License-Identifier: MIT
# That a failing test fails the run, whatever way it fails.
# bats file_tags=plain
load common

# runs STATUS LAST-LINE TEST: tests/run, with this as its only suite.
runs() {
	printf '%s\n' "$3" >"$BATS_TEST_TMPDIR/one.bats"
	run "-$1" "$BATS_TEST_DIRNAME/run" "$BATS_TEST_TMPDIR/one.bats"
	assert_equal "${lines[-1]}" "$2"
}

@test "a test that passes, one that fails, one that is skipped, none at all" {
	runs 0 '1 passed, 0 failed' '@test "a" { true; }'
	runs 1 '1 passed, 1 failed' $'@test "a" { true; }\n@test "b" { false; }'
	runs 1 '0 passed, 1 failed' '@test "a" { skip; }'
	runs 1 '0 passed, 1 failed' ''
}

@test "a suite that cannot be read, that fails before its tests, or that is cut off" {
	runs 1 '0 passed, 1 failed' '@test "a" {'
	runs 1 '0 passed, 1 failed' $'setup_file() { false; }\n@test "a" { true; }'
	run -1 "$BATS_TEST_DIRNAME/run" "$BATS_TEST_TMPDIR/none.bats"
}

@test "a sanitizer's report fails the run" {
	mkdir "$BATS_TEST_TMPDIR/build"
	SK_BUILD=$BATS_TEST_TMPDIR/build runs 1 '1 passed, 1 failed' "@test \"a\" { echo leak >'$BATS_TEST_TMPDIR/build/asan.log.1'; }"
}

@test "make check fails when a test fails" {
	printf '@test "a" { false; }\n' >"$BATS_TEST_TMPDIR/one.bats"
	run -2 make -s -C "$BATS_TEST_DIRNAME/.." check TESTS="$BATS_TEST_TMPDIR/one.bats"
	assert_line '0 passed, 1 failed'
}

@test "every kind of peer, suite and tool is used" {
	cd "$BATS_TEST_DIRNAME"
	for peer in peers/*.mjs; do
		name=$(basename "$peer" .mjs)
		[ "$name" = serve ] || grep -q "start_peer $name\|start $name\|PEERS/$name.mjs" ./*.bats ./*.bash || fail "$name"
	done
}
