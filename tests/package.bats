# SPDX-License-Identifier: MIT
# The packages: made, looked at by the tools that read them, unpacked or installed, used and purged; equal wherever they are made; and
# the source archive, which builds and passes tests of its own.
# bats file_tags=root,serial,plain
BATS_TEST_TIMEOUT=400
load common
load bus

ROOT=$BATS_TEST_DIRNAME/..
VERSION=$(sed -n 's/^VERSION = //p' "$ROOT/Makefile")
MACHINE=$(uname -m)
LINKS='git-credential-sk docker-credential-sk bazel-credential-sk terraform-credentials-sk cargo-credential-sk vault-token-sk pnpm-token-sk'
PRIVATE='sk-bridge sk-core sk-key sk-oauth sk-proxy sk-secret-service'

setup_file() {
	make -s -C "$ROOT" deps-package
	start_faulty_server
}
teardown_file() { stop_peers; }
setup() { export HOME=$BATS_TEST_TMPDIR/home XDG_DATA_HOME=$BATS_TEST_TMPDIR/data; mkdir -p "$HOME" "$XDG_DATA_HOME"; }

# makes TARGET [VARIABLE=VALUE]...: sets made, what the last line names.
makes() {
	run -0 make -s -j2 -C "$ROOT" "$@"
	made=$ROOT/${lines[-1]}
	assert [ -s "$made" ]
}

# gives_tokens DIRECTORY: the programs there, with a kernel keyring of their own.
gives_tokens() {
	local endpoint
	endpoint=$(endpoint_that_answers '{"body":{"access_token":"tok","token_type":"Bearer","expires_in":600}}')
	run -0 unshare --user --map-current-user sh -c '
		printf "profile=p\ntoken_endpoint=$1\nclient_id=x\nsecret_store=kernel\nclient_secret=s\nurl=https://x.example.com/\n" | "$2/sk-helper" store &&
		"$2/sk-helper" get && printf "protocol=https\nhost=x.example.com\ncapability[]=authtype\n\n" | "$2/git-credential-sk" get' sh "$endpoint" "$1"
	assert_line --index 0 tok
	assert_line credential=tok
}

# needs PROGRAM: the libraries that it is linked to, in one line.
needs() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\.so\..*/\1/p' | grep -v '^ld-linux' | sort | xargs; }

@test "make deb: without a word of lintian's; installed, it works; purged, nothing stays" {
	run -1 dpkg-query -W sk-helper # not one that is somebody's
	makes deb
	deb=$made
	run -0 lintian --allow-root --fail-on error,warning "$deb"
	assert_output ''
	dpkg-deb -f "$deb" Depends | grep -q 'libsecret-1-0.*libssl3'
	assert_equal "$(dpkg-deb -f "$deb" Recommends Suggests)" $'Recommends: ca-certificates\nSuggests: gnome-keyring | keepassxc'
	run -0 dpkg -i "$deb"
	installed=$(dpkg -L sk-helper)
	for file in /usr/bin/sk-helper /usr/bin/git-credential-sk /usr/libexec/sk-helper/sk-oauth /usr/share/man/man1/sk-helper.1.gz \
		/usr/share/man/man7/sk-helper-protocol.7.gz /usr/share/bash-completion/completions/sk-helper; do
		grep -qx "$file" <<<"$installed" || fail "$file"
	done
	for program in $PRIVATE; do assert_equal "$(stat -c '%a %U' "/usr/libexec/sk-helper/$program")" '711 root'; done
	gives_tokens /usr/bin
	run -0 dpkg --purge sk-helper
	while read -r file; do [ -d "$file" ] || refute [ -e "$file" ]; done <<<"$installed"
}

@test "who packages, and where the project is, is said by the packager alone" {
	makes deb
	assert_equal "$(dpkg-deb -f "$made" Homepage)" ''
	makes rpm
	assert_equal "$(rpm -qp --qf '%{URL}' "$made")" '(none)'
	makes deb HOMEPAGE=https://sk.example.org/ DEB_MAINTAINER="Ann O'Hara <ann@example.org>"
	assert_equal "$(dpkg-deb -f "$made" Homepage Maintainer)" $'Homepage: https://sk.example.org/\nMaintainer: Ann O\'Hara <ann@example.org>'
	makes rpm HOMEPAGE=https://sk.example.org/
	assert_equal "$(rpm -qp --qf '%{URL}' "$made")" https://sk.example.org/
}

@test "make rpm: its files, modes and words; what it asks for is on other distributions too; installed elsewhere, it works" {
	makes rpm
	run -0 rpm -qpl "$made"
	for program in sk-helper $LINKS; do assert_line "/usr/bin/$program"; done
	for program in $LINKS; do assert_line "/usr/share/man/man1/$program.1.gz"; done
	for manual in "$ROOT"/helper/man/*; do assert_line "/usr/share/man/man${manual##*.}/${manual##*/}.gz"; done
	assert_line /usr/share/licenses/sk-helper/LICENSE
	assert_line /usr/share/sk-helper/skills/sk-helper/SKILL.md
	# folders that others have, too, are not ours
	refute_line --regexp '^/usr(/bin|/libexec|/share|/share/man.*/man[0-9])?$'
	refute_line --partial build-id

	run -0 rpm -qp --qf '[%{FILEMODES:octal} %{FILEUSERNAME}:%{FILEGROUPNAME} %{FILENAMES}\n]' "$made"
	for program in $PRIVATE; do assert_line "100711 root:root /usr/libexec/sk-helper/$program"; done
	assert_line '100755 root:root /usr/bin/sk-helper'
	refute_line --regexp ' (root:[^r]|[^r/][^:/]*:)'

	run -0 rpm -qpi "$made"
	assert_line --regexp "^Version +: $VERSION\$"
	assert_line --regexp '^License +: MIT$'
	refute_line --regexp '^(Packager|Vendor|URL) '
	assert_line --partial 'OAuth tokens for scripts and agents'

	run -0 rpm -qpR "$made"
	for library in libcurl.so.4 libsecret-1.so.0 libcrypto.so.3 libkeyutils.so.1 libcjson.so.1; do assert_line --partial "$library()"; done
	refute_line --partial CURL_
	assert_equal "$(rpm -qp --recommends "$made")" ca-certificates
	assert_equal "$(rpm -qp --suggests "$made")" '(gnome-keyring or keepassxc)'

	run -0 rpm --root "$BATS_TEST_TMPDIR/root" --nodeps -i "$made"
	gives_tokens "$BATS_TEST_TMPDIR/root/usr/bin"
}

@test "make tarball: works where it is unpacked, and needs few libraries" {
	makes tarball
	assert_equal "$(basename "$made")" "sk-helper-$VERSION-linux-$MACHINE.tar.gz"
	mkdir "$BATS_TEST_TMPDIR/a b"
	tar -C "$BATS_TEST_TMPDIR/a b" -xzf "$made"
	tree="$BATS_TEST_TMPDIR/a b/sk-helper-$VERSION-linux-$MACHINE"
	assert_equal "$(cd "$BATS_TEST_TMPDIR/a b" && echo *)" "${tree##*/}"
	assert_equal "$(cd "$tree" && echo *)" 'bin lib libexec share'
	assert [ -s "$tree/share/doc/sk-helper/LICENSE" ]
	run -0 tar -tvzf "$made" --numeric-owner
	refute_line --regexp '^.{10} (0/[^0]|[^0])'
	assert_equal "$(grep -c '^-rwx--x--x ' <<<"$output")" 6
	assert_equal "$(needs "$tree/bin/sk-helper")" ''
	# a library that has an archive is in the program
	assert_equal "$(needs "$tree/libexec/sk-helper/sk-core")" 'libc libcjson'
	assert_equal "$(needs "$tree/libexec/sk-helper/sk-oauth")" 'libc libcjson libcurl'
	assert_equal "$(needs "$tree/libexec/sk-helper/sk-key")" 'libc libcjson libcrypto'
	assert_equal "$(needs "$tree/libexec/sk-helper/sk-bridge")" 'libc libcurl'
	assert_equal "$(needs "$tree/libexec/sk-helper/sk-proxy")" 'libc libcurl libmicrohttpd'
	assert_equal "$(needs "$tree/libexec/sk-helper/sk-secret-service")" 'libc libgio-2.0 libglib-2.0 libgobject-2.0 libsecret-1'
	gives_tokens "$tree/bin"
}

@test "make tarball-aarch64: its programs run, and give a token" {
	makes tarball-aarch64
	tar -C "$BATS_TEST_TMPDIR" -xzf "$made"
	tree=$BATS_TEST_TMPDIR/sk-helper-$VERSION-linux-aarch64
	for program in bin/sk-helper libexec/sk-helper/sk-core libexec/sk-helper/sk-key libexec/sk-helper/sk-oauth libexec/sk-helper/sk-bridge libexec/sk-helper/sk-proxy libexec/sk-helper/sk-secret-service; do
		run -0 readelf -h "$tree/$program"
		assert_line --regexp 'Machine: +AArch64'
	done
	assert_equal "$(needs "$tree/bin/sk-helper")" ''
	assert_equal "$(needs "$tree/libexec/sk-helper/sk-core")" 'libc libcjson'
	run -0 --separate-stderr "$BATS_TEST_DIRNAME/aarch64" "$ROOT/build/sysroot-arm64" "$tree/bin/sk-helper" version
	assert_output "sk-helper $VERSION"
	# qemu knows no kernel keyring: the secret and the token are in the Secret Service
	start_bus
	endpoint=$(endpoint_that_answers '{"body":{"access_token":"tok","token_type":"Bearer","expires_in":600}}')
	run -0 "$BATS_TEST_DIRNAME/aarch64" "$ROOT/build/sysroot-arm64" sh -c '
		printf "profile=p\ntoken_endpoint=$1\nclient_id=x\nsecret_store=secret-service\ntoken_cache=secret-service\nclient_secret=s\n" | "$2/sk-helper" store &&
		"$2/sk-helper" get && "$2/sk-helper" get p && "$2/sk-helper" doctor --offline' sh "$endpoint" "$tree/bin"
	assert_line --index 0 tok
	assert_line --index 1 tok
	assert_line --partial ' aarch64; '
}

@test "the packages are equal, byte for byte, wherever they are made" {
	other="$BATS_TEST_TMPDIR/another folder"
	packages=$(make -s -j2 -C "$ROOT" deb rpm tarball tarball-aarch64 | grep '^build/')
	assert_equal "$(wc -l <<<"$packages")" 4
	mkdir -p "$other/build"
	tar -C "$ROOT" -cf - --exclude=./build --exclude=node_modules . | tar -C "$other" -xf -
	ln -s "$(cd "$ROOT" && pwd)/build/sysroot-arm64" "$other/build/"
	run -0 env TZ=Asia/Tokyo sh -c 'umask 027; make -s -j2 -C "$0" deb rpm tarball tarball-aarch64' "$other"
	for package in $packages; do
		run -0 cmp "$ROOT/$package" "$other/$package"
	done
}

@test "a package's date is the last commit's or, in an archive, the newest of CHANGELOG.md; another can be given" {
	tree=$BATS_TEST_TMPDIR/tree
	mkdir -p "$tree/helper/package"
	cp "$ROOT/helper/package/epoch" "$tree/helper/package/"
	printf '## Unreleased\n\n## 0.2.0 - 2026-11-25\n\n## 0.1.0 - 2026-09-30\n' >"$tree/CHANGELOG.md"
	# the repository around it is somebody else's
	git -C "$BATS_TEST_TMPDIR" -c init.defaultBranch=main init -q
	git -C "$BATS_TEST_TMPDIR" -c user.name=a -c user.email=a@example.org commit -q --allow-empty -m a
	assert_equal "$("$tree/helper/package/epoch")" "$(date -u -d 2026-11-25 +%s)"
	git -C "$tree" -c init.defaultBranch=main init -q
	GIT_COMMITTER_DATE='1600000000 +0900' git -C "$tree" -c user.name=a -c user.email=a@example.org commit -q --allow-empty -m a
	assert_equal "$("$tree/helper/package/epoch")" 1600000000
	SOURCE_DATE_EPOCH=1500000000 makes rpm
	assert_equal "$(rpm -qp --qf '%{BUILDTIME}' "$made")" 1500000000
}

@test "make release: everything, with sums; makepkg builds Arch's package from the source archive" {
	run -0 make -s -C "$ROOT" release HOMEPAGE='https://sk.example.org/?a&b'
	assert_equal "$(grep ^url "$ROOT/build/release/PKGBUILD")" "url='https://sk.example.org/?a&b'"
	run -0 make -s -C "$ROOT" release
	cd "$ROOT/build/release"
	assert_equal "$(echo *)" "PKGBUILD SHA256SUMS sk-helper-$VERSION-1.$MACHINE.rpm sk-helper-$VERSION-linux-aarch64.tar.gz sk-helper-$VERSION-linux-$MACHINE.tar.gz sk-helper-$VERSION.tar.gz sk-helper_${VERSION}_$(dpkg --print-architecture).deb"
	run -0 sha256sum --strict -c SHA256SUMS
	assert_equal "${#lines[@]}" 6
	run -0 shellcheck PKGBUILD
	refute grep -q '@[A-Z0-9]*@\|^url' PKGBUILD
	# makepkg does not want to be root, and looks at the sum itself; that Arch's packages are not there is no matter
	mkdir -m 755 "$BATS_TEST_TMPDIR/arch"
	cp PKGBUILD "sk-helper-$VERSION.tar.gz" "$BATS_TEST_TMPDIR/arch/"
	chown -R nobody: "$BATS_TEST_TMPDIR/arch"
	cd "$BATS_TEST_TMPDIR/arch"
	chmod o+x "$BATS_RUN_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_TEST_TMPDIR"
	local -a as_nobody=(runuser -u nobody -- env -i HOME="$PWD" PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 MAKEFLAGS=-j2 PACMAN=true PKGEXT=.pkg.tar)
	run -0 "${as_nobody[@]}" makepkg --nodeps
	run -0 tar -tvf "sk-helper-$VERSION-1-$MACHINE.pkg.tar"
	assert_line --regexp '^-rwxr-xr-x root/root .* usr/bin/sk-helper$'
	for program in $PRIVATE; do assert_line --regexp "^-rwx--x--x root/root .* usr/lib/sk-helper/$program\$"; done
	assert_line --regexp ' usr/share/licenses/sk-helper/LICENSE$'
	# the front door finds the others in Arch's folders
	mkdir tree
	tar -C tree -xf "sk-helper-$VERSION-1-$MACHINE.pkg.tar"
	gives_tokens "$PWD/tree/usr/bin"
	# another archive than the one that was released
	rm ./*.pkg.tar
	echo >>"sk-helper-$VERSION.tar.gz"
	run "${as_nobody[@]}" makepkg --nodeps --verifysource
	assert_failure
	assert_output --partial FAILED
}

@test "the Nix expression is one, of this version, and with the folders that the Makefile knows" {
	# no Nix packages here: what it hands to nixpkgs is looked at
	run -0 --separate-stderr env NIX_STATE_DIR="$BATS_TEST_TMPDIR/nix" NIX_LOCALSTATE_DIR="$BATS_TEST_TMPDIR/nix" nix-instantiate --store dummy:// --eval --strict --json -E "
		let pkgs = { stdenv = { mkDerivation = given: given; cc.libc.static = 1; }; pkg-config = 1; cjson = 1; curl = 1; keyutils = 1;
			libsecret = 1; openssl = 1; lib.licenses.mit = \"MIT\"; };
			package = import $(cd "$ROOT" && pwd)/helper/package/default.nix { inherit pkgs; };
		in { inherit (package) pname version makeFlags meta; libraries = builtins.length package.buildInputs; }"
	assert_equal "$(jq -c '[.pname, .version, .meta.license, .meta.mainProgram, .libraries]' <<<"$output")" "[\"sk-helper\",\"$VERSION\",\"MIT\",\"sk-helper\",8]"
	for name in $(jq -r '.makeFlags[]' <<<"$output" | cut -d= -f1); do
		grep -q "^$name ?=" "$ROOT/Makefile" || fail "$name"
	done
}

@test "the Containerfile copies all that the build needs" {
	tree=$BATS_TEST_TMPDIR/tree
	mkdir "$tree"
	while read -r from to; do
		mkdir -p "$(dirname "$tree/$to")"
		cp -R "$ROOT/$from" "$tree/$to"
	done < <(sed -n 's/^COPY \([^-].*\)/\1/p' "$ROOT/helper/package/Containerfile")
	assert [ -x "$tree/tests/deps" ]
	command=$(sed -n '/^RUN make/,/[^\\]$/p' "$ROOT/helper/package/Containerfile" | sed 's/^RUN //')
	assert [ -n "$command" ]
	# -B: nothing is left out because it is there already
	run -0 make -C "$tree" -n -B prefix=/usr DESTDIR="$BATS_TEST_TMPDIR/stage" install
	assert_line --partial helper/man/sk-helper.1
	run -0 env CFLAGS=-O0 MAKEFLAGS=-j2 sh -c "cd '$tree' && ${command//\/stage/$BATS_TEST_TMPDIR/stage}"
	run -0 "$BATS_TEST_TMPDIR/stage/usr/bin/sk-helper" list --json
	assert_output '[]'
}

@test "make dist: what is committed, which builds and passes tests" {
	makes dist
	tar -C "$BATS_TEST_TMPDIR" -xzf "$made"
	tree=$(echo "$BATS_TEST_TMPDIR"/sk-helper-*)
	if [ -e "$ROOT/.git" ]; then
		assert_equal "$(cd "$tree" && find . -type f -printf '%P\n' | sort)" "$(git -C "$ROOT" ls-tree -r --name-only HEAD | sort)"
	fi
	# an archive makes the same archive wherever it is
	run -0 make -s -C "$tree" dist
	first=$(sha256sum <"$tree/${lines[-1]}")
	cp -R "$tree" "$BATS_TEST_TMPDIR/copy"
	find "$BATS_TEST_TMPDIR/copy" -exec touch {} +
	run -0 make -s -C "$BATS_TEST_TMPDIR/copy" dist
	assert_equal "$(sha256sum <"$BATS_TEST_TMPDIR/copy/${lines[-1]}")" "$first"
	# what 'make check' would fetch
	ln -s "$(cd "$BATS_TEST_DIRNAME/node_modules" && pwd)" "$tree/tests/node_modules"
	ln -s "$(cd "$BATS_TEST_DIRNAME/clients/node_modules" && pwd)" "$tree/tests/clients/node_modules"
	run env -i HOME="$HOME" PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 make -s -j2 -C "$tree" check TESTS=tests/get.bats
	assert_success
	assert_line --index -1 --regexp '^[0-9]+ passed, 0 failed$'
}
