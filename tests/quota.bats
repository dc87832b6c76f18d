# SPDX-License-Identifier: MIT
# The kernel keyring's quota. It is the user's in all namespaces, so this suite runs alone.
# bats file_tags=serial
load common

setup_file() { start_authorization_server; }
teardown_file() { stop_peers; }
setup() { fresh_home; }
teardown() {
	keyctl clear @u
	# an unlink gives its bytes back a little later
	sleep 0.3
}

fill_quota() { "$TOOLS/keyring-tool" kernel fill 2>/dev/null; }

tokens() { "$TOOLS/keyring-tool" kernel list token 2>/dev/null | sort; }
runtime_dir() { dirname "$(lock_file todo)"; }
sealed() { (cd "$(runtime_dir)" && find tokens -name 'sealed-*' 2>/dev/null) || true; }
secret_is_kept() { "$TOOLS/keyring-tool" kernel get secret todo >/dev/null 2>&1; }

@test "our oldest token goes into a file, sealed, to make room for a new one; both are served, and the secret stays" {
	add_todo
	first=$(sk-helper get)
	# larger than the one that will want its place: the kernel gives the name's bytes back only later
	"$TOOLS/keyring-tool" kernel get token todo 2>/dev/null | sed "s/^access_token=.*/&$(printf '%0200d' 0)/" |
		"$TOOLS/keyring-tool" kernel put token todo '' 3600 2>/dev/null
	first=$first$(printf '%0200d' 0)
	sleep 1.1
	second=$(sk-helper get --scope todo:read)
	fill_quota
	run -0 --separate-stderr sk-helper get --scope todo:write
	assert_equal "$stderr" ''
	secret_is_kept
	assert_equal "$(tokens | wc -l)" 3
	assert_equal "$(sealed | wc -l)" 1
	assert_equal "$(sk-helper get --scope todo:read)" "$second"
	assert_equal "$(sk-helper get --scope todo:write)" "$output"
	# the oldest one, from its file
	requests=$(token_requests)
	assert_equal "$(sk-helper get)" "$first"
	assert_equal "$(token_requests)" "$requests"
	# it is nowhere in the file
	refute grep -qF "${first:0:20}" "$(runtime_dir)/$(sealed)"
	assert_equal "$(stat -c %a "$(runtime_dir)/$(sealed)")" 600
	# erase forgets it, too
	sk-helper erase
	assert_equal "$(tokens)$(sealed)" ''
}

@test "a sealed token that was changed, that is another's, or whose key is gone is a miss and no token" {
	add_todo
	first=$(sk-helper get)
	"$TOOLS/keyring-tool" kernel get token todo 2>/dev/null | sed "s/^access_token=.*/&$(printf '%0200d' 0)/" |
		"$TOOLS/keyring-tool" kernel put token todo '' 3600 2>/dev/null
	fill_quota
	sk-helper get --scope todo:write >/dev/null
	file=$(runtime_dir)/$(sealed)
	cp -p "$file" "$BATS_TEST_TMPDIR/sealed"
	# one bit
	printf '\001' | dd of="$file" bs=1 seek=60 conv=notrunc status=none
	touch -r "$BATS_TEST_TMPDIR/sealed" "$file"
	run -3 "$TOOLS/keyring-tool" kernel get token todo
	# one of another name
	cp -p "$BATS_TEST_TMPDIR/sealed" "${file/token:todo/token:other}"
	run -3 "$TOOLS/keyring-tool" kernel get token other
	rm "${file/token:todo/token:other}"
	cp -p "$BATS_TEST_TMPDIR/sealed" "$file"
	run -0 "$TOOLS/keyring-tool" kernel get token todo
	# a copy, and a link, of what was erased
	cp -p "$file" "$file.copy"
	ln "$file" "$file.link"
	"$TOOLS/keyring-tool" kernel del token todo
	for again in copy link; do
		mv "$file.$again" "$file"
		run -3 "$TOOLS/keyring-tool" kernel get token todo
	done
	# another boot
	sk-helper get >/dev/null
	sk-helper get --scope 'todo:write todo:read' >/dev/null
	slot=$(sealed | head -n 1 | cut -d: -f4)
	run -0 "$TOOLS/keyring-tool" kernel get token todo "$slot"
	keyctl unlink "$(keyctl search "$(keyctl search @u keyring sk-helper)" user seal)" "$(keyctl search @u keyring sk-helper)"
	run -3 "$TOOLS/keyring-tool" kernel get token todo "$slot"
}

@test "an expired token goes before one that is alive" {
	add_todo
	token=$(sk-helper get)
	"$TOOLS/keyring-tool" kernel get token todo 2>/dev/null | "$TOOLS/keyring-tool" kernel put token gone '' 1
	fill_quota
	sleep 1.5
	run -0 --separate-stderr sk-helper get --scope todo:read
	assert_equal "$stderr" ''
	assert_equal "$(sk-helper get)" "$token"
	assert_equal "$(tokens | wc -l)" 2
}

@test "a token that nothing can make room for is sealed, too" {
	add_todo
	sk-helper erase
	fill_quota
	run -0 --separate-stderr sk-helper get
	assert_equal "$stderr" ''
	requests=$(token_requests)
	assert_equal "$(sk-helper get)" "$output"
	assert_equal "$(token_requests)" "$requests"
	assert_equal "$(sealed | wc -l)" 1
}

@test "where there is no room for the key that seals tokens, a get goes on uncached, with one warning" {
	add_todo
	sk-helper erase
	keyctl unlink "$(keyctl search "$(keyctl search @u keyring sk-helper)" user seal)" "$(keyctl search @u keyring sk-helper)"
	sleep 0.2
	fill_quota
	for _ in 1 2; do
		run -0 --separate-stderr sk-helper get
		[[ $output == eyJ*.*.* ]]
		assert_equal "${#stderr_lines[@]}" 1
		[[ $stderr == sk-helper:\ *quota* ]] || fail "$stderr"
	done
	secret_is_kept
}

@test "add finds out before it asks for the secret" {
	fill_quota
	run -5 --separate-stderr add_todo
	assert_error quota
	refute [ -e "$PROFILES/todo.conf" ]
}

@test "doctor says what becomes of tokens when the quota is nearly used up" {
	store_client todo "$TOKEN_ENDPOINT"
	fill_quota
	run -0 sk-helper doctor
	assert_line --regexp '^kernel +ok .*tokens that it has no room for are kept in files in memory'
}
