# SPDX-License-Identifier: MIT
# The unit tests, each a program.
load common

unit() {
	run -0 "$TOOLS/unit/$1"
}

@test "every unit test is run here" {
	for file in "$BATS_TEST_DIRNAME"/unit/*.c; do
		grep -q "{ unit $(basename "$file" .c); }" "$BATS_TEST_FILENAME" || fail "$file is not run"
	done
}

@test "buf" { unit buf; }
@test "wire" { unit wire; }
@test "url" { unit url; }
@test "profile" { unit profile; }
@test "token" { unit token; }
@test "secret" { unit secret; }
@test "request" { unit request; }
@test "response" { unit response; }
@test "sandbox" { unit sandbox; }
@test "challenge" { unit challenge; }
@test "sha256" { unit sha256; }
@test "keys of an ssh-agent" { unit ssh-key; }
@test "walls" { unit address-rules; }
@test "proxy" { unit proxy; }
@test "configurations of other programs" { unit config-edit; }
