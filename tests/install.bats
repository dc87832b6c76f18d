# SPDX-License-Identifier: MIT
# make install and uninstall, and what a changed directory does to a build.
# bats file_tags=plain
load common

ROOT=$BATS_TEST_DIRNAME/..
CHECKED="$SK_BUILD/stage"

# as 'make check' built it: nothing is compiled again
make_checked() { make -s -C "$ROOT" B="build/${SK_BUILD##*/}" prefix="$CHECKED" sysconfdir="$CHECKED/etc" "$@"; }

@test "install puts there what uninstall takes away, and nothing else" {
	mkdir -p "$BATS_TEST_TMPDIR/root/keep"
	make_checked DESTDIR="$BATS_TEST_TMPDIR/root" install
	installed=$(cd "$BATS_TEST_TMPDIR/root$CHECKED" && find . -type f -printf '%P %m\n' | sort)
	assert_equal "$installed" "bin/sk-helper 755
lib/systemd/user/sk-helper-proxy@.service 644
lib/systemd/user/sk-helper-proxy@.socket 644
lib/systemd/user/sk-helper-share@.service 644
lib/systemd/user/sk-helper-share@.socket 644
libexec/sk-helper/sk-bridge 711
libexec/sk-helper/sk-core 711
libexec/sk-helper/sk-key 711
libexec/sk-helper/sk-oauth 711
libexec/sk-helper/sk-proxy 711
libexec/sk-helper/sk-secret-service 711
share/bash-completion/completions/sk-helper 644
share/fish/vendor_completions.d/sk-helper.fish 644
share/man/man1/sk-helper.1 644
share/man/man5/sk-helper-profile.5 644
share/man/man7/sk-helper-audit.7 644
share/man/man7/sk-helper-ci.7 644
share/man/man7/sk-helper-protocol.7 644
share/man/man7/sk-helper-servers.7 644
share/man/man7/sk-helper-troubleshooting.7 644
share/sk-helper/skills/sk-helper/SKILL.md 644
share/zsh/site-functions/_sk-helper 644"
	for link in git-credential-sk docker-credential-sk bazel-credential-sk terraform-credentials-sk cargo-credential-sk vault-token-sk pnpm-token-sk; do
		assert_equal "$(readlink "$BATS_TEST_TMPDIR/root$CHECKED/bin/$link")" sk-helper
	done
	make_checked DESTDIR="$BATS_TEST_TMPDIR/root" uninstall
	assert_equal "$(find "$BATS_TEST_TMPDIR/root" -not -type d)" ''
	# below the prefix: the clone itself may be called sk-helper
	assert_equal "$(find "$BATS_TEST_TMPDIR/root$CHECKED" -name sk-helper)" ''
	assert [ -d "$BATS_TEST_TMPDIR/root/keep" ]
	# and what is not there is no error
	make_checked DESTDIR="$BATS_TEST_TMPDIR/root" uninstall
}

@test "each directory can be chosen by its GNU name" {
	d=$BATS_TEST_TMPDIR/d
	# how the directories lie to each other is compiled in, so not with what the other suites use
	make -s -C "$ROOT" B="$BATS_TEST_TMPDIR/build" CFLAGS=-O0 prefix="$d/p" sysconfdir="$d/etc" bindir="$d/b" mandir="$d/m" bashcompletiondir="$d/bash" zshcompletiondir="$d/zsh" fishcompletiondir="$d/fish" systemduserunitdir="$d/u" install
	assert_equal "$(cd "$d" && find . -type f | sort | xargs)" './b/sk-helper ./bash/sk-helper ./fish/sk-helper.fish ./m/man1/sk-helper.1 ./m/man5/sk-helper-profile.5 ./m/man7/sk-helper-audit.7 ./m/man7/sk-helper-ci.7 ./m/man7/sk-helper-protocol.7 ./m/man7/sk-helper-servers.7 ./m/man7/sk-helper-troubleshooting.7 ./p/libexec/sk-helper/sk-bridge ./p/libexec/sk-helper/sk-core ./p/libexec/sk-helper/sk-key ./p/libexec/sk-helper/sk-oauth ./p/libexec/sk-helper/sk-proxy ./p/libexec/sk-helper/sk-secret-service ./p/share/sk-helper/skills/sk-helper/SKILL.md ./u/sk-helper-proxy@.service ./u/sk-helper-proxy@.socket ./u/sk-helper-share@.service ./u/sk-helper-share@.socket ./zsh/_sk-helper'
}

@test "one build is good for every prefix: moved, it works; what another user could have put there is not run" {
	fresh_home
	cp -a "$CHECKED" "$BATS_TEST_TMPDIR/a b"
	moved="$BATS_TEST_TMPDIR/a b"
	run -0 --separate-stderr "$moved/bin/sk-helper" list --json
	assert_output '[]'
	run -0 --separate-stderr "$moved/bin/sk-helper" hook direnv
	assert_output --partial "$moved/bin/sk-helper"
	mkdir "$BATS_TEST_TMPDIR/links" && ln -s "$moved/bin/sk-helper" "$BATS_TEST_TMPDIR/links/"
	run -0 "$BATS_TEST_TMPDIR/links/sk-helper" list --json
	# what is compiled in is the same
	run -0 make -s -C "$ROOT" B="build/${SK_BUILD##*/}" prefix=/elsewhere sysconfdir="$CHECKED/etc" all
	refute_output --partial ' CC '
	for path in libexec/sk-helper libexec/sk-helper/sk-core; do
		chmod o+w "$moved/$path"
		run -8 --separate-stderr "$moved/bin/sk-helper" list
		assert_error 'is not run: it, or its directory, belongs to another user, or others can write to it'
		chmod o-w "$moved/$path"
	done
	# in a user namespace, root's programs belong to nobody
	[ "$(stat -c %u "$CHECKED/bin/sk-helper")" = "$(id -u)" ]
	run -0 unshare --user "$moved/bin/sk-helper" list --json
	# a directory that others of the user's group can write to is no reason not to run the front door from it
	chmod g+w "$moved/bin"
	run -0 "$moved/bin/sk-helper" list --json
	rm "$moved/libexec/sk-helper/sk-core"
	run -1 --separate-stderr "$moved/bin/sk-helper" list
	assert_error 'is sk-helper installed completely?'
}

@test "a tilde that the shell has left alone is the home directory" {
	run -0 make -n -C "$ROOT" B="build/${SK_BUILD##*/}" prefix='~/x' sysconfdir="$CHECKED/etc" install
	assert_output --partial "'$HOME/x/bin/sk-helper'"
	refute_output --partial "'~"
}

@test "install ends with what is missing, and with the first command" {
	run -0 env HOME="$BATS_TEST_TMPDIR" "$ROOT/helper/package/installed" "$BATS_TEST_TMPDIR/bin" /nowhere/bash /nowhere/zsh
	assert_output --partial "$BATS_TEST_TMPDIR/bin is not in PATH"
	assert_line --partial 'sk-helper add'
	PATH=$BATS_TEST_TMPDIR/bin:$PATH run -0 "$ROOT/helper/package/installed" "$BATS_TEST_TMPDIR/bin" /nowhere/bash /nowhere/zsh
	refute_output --partial 'not in PATH'
}

@test "without musl the front door is built with the system's compiler, static too, and works" {
	build=$BATS_TEST_TMPDIR/build
	make -s -C "$ROOT" B="$build" FRONT_CC=cc sysconfdir="$CHECKED/etc" "$build/sk-helper"
	run readelf -d "$build/sk-helper"
	refute_output --partial NEEDED
	fresh_home
	start_faulty_server
	store_client f "$(endpoint_that_answers '{"body":{"access_token":"tok","token_type":"Bearer"}}')"
	sk-helper get f >/dev/null
	cp -a "$CHECKED" "$BATS_TEST_TMPDIR/stage"
	cp "$build/sk-helper" "$BATS_TEST_TMPDIR/stage/bin/"
	run -0 --separate-stderr "$BATS_TEST_TMPDIR/stage/bin/sk-helper" get f --fresh
	assert_equal "$output$stderr" tok
	stop_peers
}

@test "clean removes what was built, and leaves what git has" {
	tree=$BATS_TEST_TMPDIR/tree
	mkdir -p "$tree"
	(cd "$ROOT" && tar -cf - --exclude=./build --exclude=node_modules --exclude=./.git .) | tar -xf - -C "$tree"
	before=$(cd "$tree" && find . | sort)
	mkdir -p "$tree/build/x" "$tree/tests/node_modules/x" "$tree/tests/clients/node_modules/x"
	run -0 make -s -C "$tree" clean
	assert_equal "$(cd "$tree" && find . | sort)" "$before"
}
