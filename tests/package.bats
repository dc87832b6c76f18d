# SPDX-License-Identifier: MIT
# The Debian package: built, looked at by lintian, installed, used and purged; and the source archive, which builds and passes
# tests of its own.
# bats file_tags=root,serial,plain
BATS_TEST_TIMEOUT=400
load common

ROOT=$BATS_TEST_DIRNAME/..

setup_file() { start_faulty_server; }
teardown_file() { stop_peers; }
setup() { export HOME=$BATS_TEST_TMPDIR/home; mkdir -p "$HOME"; }

@test "make deb: without errors of lintian's; installed, it works; purged, nothing stays" {
	run -1 dpkg-query -W sk-helper # not one that is somebody's
	run -0 make -s -C "$ROOT" deb
	deb=$ROOT/build/$(basename "${lines[-1]}")
	run lintian --allow-root --fail-on error "$deb"
	assert_equal "$status" 0
	refute_line --regexp '^E:'
	dpkg-deb -f "$deb" Depends | grep -q 'libsecret-1-0.*libssl3'
	run -0 dpkg -i "$deb"
	installed=$(dpkg -L sk-helper)
	for file in /usr/bin/sk-helper /usr/bin/git-credential-sk /usr/libexec/sk-helper/sk-oauth /usr/share/man/man1/sk-helper.1.gz \
		/usr/share/man/man7/sk-helper-protocol.7.gz /usr/share/bash-completion/completions/sk-helper; do
		grep -qx "$file" <<<"$installed" || fail "$file"
	done
	endpoint=$(endpoint_that_answers '{"body":{"access_token":"tok","token_type":"Bearer","expires_in":600}}')
	run -0 unshare --user --map-current-user sh -c '
		printf "profile=p\ntoken_endpoint=$1\nclient_id=x\nsecret_store=kernel\nclient_secret=s\nurl=https://x.example.com/\n" | /usr/bin/sk-helper store &&
		/usr/bin/sk-helper get && printf "protocol=https\nhost=x.example.com\ncapability[]=authtype\n\n" | /usr/bin/git-credential-sk get' sh "$endpoint"
	assert_line --index 0 tok
	assert_line credential=tok
	run -0 dpkg --purge sk-helper
	while read -r file; do [ -d "$file" ] || refute [ -e "$file" ]; done <<<"$installed"
}

@test "make dist: what is committed, which builds and passes tests" {
	run -0 make -s -C "$ROOT" dist
	tar -C "$BATS_TEST_TMPDIR" -xzf "$ROOT/${lines[-1]}"
	tree=$(echo "$BATS_TEST_TMPDIR"/sk-helper-*)
	if [ -e "$ROOT/.git" ]; then
		assert_equal "$(cd "$tree" && find . -type f -printf '%P\n' | sort)" "$(git -C "$ROOT" ls-tree -r --name-only HEAD | sort)"
	fi
	cp -R "$BATS_TEST_DIRNAME/node_modules" "$tree/tests/"
	run env -i HOME="$HOME" PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 make -s -C "$tree" check TESTS=tests/get.bats
	assert_success
	assert_line --index -1 --regexp '^[0-9]+ passed, 0 failed$'
}
