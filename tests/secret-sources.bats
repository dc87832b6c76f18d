# SPDX-License-Identifier: MIT
# Secrets that others keep, and that sk-helper only reads: files, systemd credentials, and what programs print; with a real authorization
# server that gets them, and real programs that have them.
load common
load todo
load bus
load engines

setup_file() {
	start_authorization_server
	start_faulty_server
	start_bus
}
teardown_file() { stop_peers; }
setup() {
	fresh_home
	SECRET_FILE=$BATS_TEST_TMPDIR/secret
	ELSEWHERE=$(endpoint_that_answers '{"status":500}')
	unset GNUPGHOME PASSWORD_STORE_DIR
}
teardown() { stop_engines; }

# --- a profile, and what comes of it

# add_source [OPTION]...
add_source() { sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo "$@"; }

# as_options WORD...: sets OPTIONS, a command's words as options.
as_options() {
	local word
	OPTIONS=()
	for word; do OPTIONS+=(--secret-command "$word"); done
}

# add_command [OPTION]...: the program that ENGINE_COMMAND has.
add_command() {
	as_options "${ENGINE_COMMAND[@]}"
	# where the test's own are, which is no usual place
	[[ ${PASSWORD_STORE_DIR:-} != "$BATS_TEST_TMPDIR"* ]] || OPTIONS+=(--secret-env GNUPGHOME --secret-env PASSWORD_STORE_DIR)
	add_source "${OPTIONS[@]}" "$@"
}

# The same without a question to anybody: what is to fail afterwards may not work now.
add_command_unproved() { add_command --no-verify "$@" >/dev/null; }

# new_secret FORMAT: what printf makes of it is in the file that is the secret.
new_secret() {
	# shellcheck disable=SC2059
	printf "$1" >"$SECRET_FILE"
	chmod 600 "$SECRET_FILE"
}

# credentials: as systemd makes them for a service.
credentials() {
	export CREDENTIALS_DIRECTORY=$BATS_TEST_TMPDIR/credentials
	[ ! -e "$CREDENTIALS_DIRECTORY" ] || chmod 700 "$CREDENTIALS_DIRECTORY"
	rm -rf "$CREDENTIALS_DIRECTORY"
	mkdir -m 700 "$CREDENTIALS_DIRECTORY"
	CREDENTIAL=$CREDENTIALS_DIRECTORY/sk-helper.todo
}

# new_credential FORMAT [NAME]
new_credential() {
	# shellcheck disable=SC2059
	printf "$1" >"$CREDENTIALS_DIRECTORY/${2:-sk-helper.todo}"
	chmod 400 "$CREDENTIALS_DIRECTORY/${2:-sk-helper.todo}"
}

# is_refused_by_server: something was sent, and it was not the secret.
is_refused_by_server() {
	local before
	before=$(token_requests)
	run -6 --separate-stderr sk-helper get todo --fresh
	assert_error invalid_client
	assert_equal "$(token_requests)" $((before + 1))
	# or the next request would have to wait
	rm -f "$(lock_file todo)"
}

calls() { wc -l <"$ENGINE_CALLS"; }

# In an ordinary user's namespace root's directories are nobody's that is known there: no program is run, and nothing else can be seen.
# true: for a test that needs no program of its own.
nobody_has_root() {
	[ "$(stat -c %u /)" != 0 ] && [ "$(stat -c %u /)" != "$(id -u)" ] || return 1
	run -8 --separate-stderr add_source --secret-command /bin/true
	assert_error "others than you and root can write to '/': it is not used"
}

# get_into NUMBER
get_into() {
	local status=0
	sk-helper get todo >"$BATS_TEST_TMPDIR/$1.out" 2>&1 || status=$?
	echo "$status" >"$BATS_TEST_TMPDIR/$1.status"
}
statuses() { cat "$BATS_TEST_TMPDIR"/[0-9]*.status | sort | uniq -c | xargs; }

# --- a file

@test "a file: its line is the secret, read for each request and for nothing else" {
	new_secret 'test_secret\n'
	run -0 --separate-stderr add_source --secret-file "$SECRET_FILE" --issuer "$ISSUER"
	assert_equal "$stderr" ''
	assert_line "client secret: the file '$SECRET_FILE': sk-helper reads it when a token is requested, and does not store it"
	assert_line --partial 'token: works'
	works
	new_secret 'another\n'
	is_refused_by_server
	# what is cached needs no secret
	rm "$SECRET_FILE"
	before=$(token_requests)
	run -0 --separate-stderr sk-helper get todo
	assert_equal "$(token_requests)" "$before"
	fails 3 "secret_file: '$SECRET_FILE': No such file or directory"
	new_secret 'test_secret\n'
	works
	# it is nowhere else
	run ! "$TOOLS/keyring-tool" kernel get secret todo
	run ! grep -r test_secret "$HOME"
}

@test "a file's path is one that is right everywhere" {
	new_secret test_secret
	cd "$BATS_TEST_TMPDIR"
	add_source --secret-file secret
	cd /
	works
	grep -qx "secret_file=$SECRET_FILE" "$PROFILES/todo.conf"
	edit secret_file secret
	fails 2 "'secret' is not an absolute path"
}

@test "who may write to a file decides whether it is read; who may read it does not" {
	new_secret 'test_secret\n'
	add_source --secret-file "$SECRET_FILE"
	for mode in 0400 0600 0440 0644 0444 0755; do
		chmod "$mode" "$SECRET_FILE"
		works
	done
	for mode in 0620 0602 0666 0664 0646; do
		chmod "$mode" "$SECRET_FILE"
		fails 8 "others can write to secret_file '$SECRET_FILE': it was not read"
		run -8 sk-helper doctor todo --offline
		assert_line --regexp '^client secret +BAD +others can write'
	done
}

@test "what is no file, such as a FIFO that nobody writes to, is refused at once" {
	new_secret 'test_secret\n'
	add_source --secret-file "$SECRET_FILE"
	rm "$SECRET_FILE"
	mkfifo "$SECRET_FILE"
	chmod 600 "$SECRET_FILE"
	SECONDS=0
	fails 8 "secret_file '$SECRET_FILE' is not a file"
	assert [ "$SECONDS" -le 3 ]
	rm "$SECRET_FILE"
	mkdir "$SECRET_FILE"
	fails 8 "secret_file '$SECRET_FILE' is not a file"
	rmdir "$SECRET_FILE"
	ln -s /dev/zero "$SECRET_FILE"
	fails 8 "secret_file '$SECRET_FILE' is not a file"
}

@test "a link is followed, as Kubernetes swaps one" {
	cd "$BATS_TEST_TMPDIR"
	mkdir ..1 ..2
	printf test_secret >..1/secret
	printf another >..2/secret
	ln -s ..1 ..data
	ln -s ..data/secret secret
	add_source --secret-file "$SECRET_FILE"
	works
	ln -s ..2 ..new
	mv -T ..new ..data
	is_refused_by_server
	ln -s ..1 ..new
	mv -T ..new ..data
	works
	rm ..data
	fails 3 'No such file or directory'
}

# --- a systemd credential

@test "a credential: that of the profile's name, or the one that the profile names" {
	credentials
	new_credential test_secret
	run -0 --separate-stderr add_source --secret-store credential
	assert_line --partial "client secret: the systemd credential 'sk-helper.todo': sk-helper reads it"
	works
	mv "$CREDENTIAL" "$CREDENTIALS_DIRECTORY/other"
	fails 3 "the systemd credential 'sk-helper.todo': No such file or directory (the unit wants LoadCredentialEncrypted=sk-helper.todo:PATH)"
	run -0 sk-helper set todo --secret-credential other
	works
	run -0 sk-helper show todo
	assert_line secret_store=credential
	assert_line secret_credential=other
	mv "$CREDENTIALS_DIRECTORY/other" "$CREDENTIAL"
	fails 3 "the systemd credential 'other'"
}

@test "where there are no credentials, it is said what makes them" {
	credentials
	new_credential test_secret
	add_source --secret-store credential >/dev/null
	for dir in '' credentials "$BATS_TEST_TMPDIR/nowhere" "$CREDENTIAL"; do
		CREDENTIALS_DIRECTORY=$dir fails 3 ''
	done
	CREDENTIALS_DIRECTORY=credentials fails 3 'this is no service whose unit has LoadCredential='
	ln -s credentials "$BATS_TEST_TMPDIR/link"
	CREDENTIALS_DIRECTORY=$BATS_TEST_TMPDIR/link fails 3 "'$BATS_TEST_TMPDIR/link'"
	unset CREDENTIALS_DIRECTORY
	fails 3 'there are no systemd credentials here: this is no service'
	run -3 sk-helper doctor todo --offline
	assert_line --regexp '^client secret +BAD +there are no systemd credentials here'
}

@test "a credential that others can read, or that is not one, is not read" {
	credentials
	new_credential test_secret
	add_source --secret-store credential >/dev/null
	for mode in 0705 0701 0702 0720 0777; do
		chmod "$mode" "$CREDENTIALS_DIRECTORY"
		fails 8 "'$CREDENTIALS_DIRECTORY' (CREDENTIALS_DIRECTORY) is not yours alone: nothing was read from it"
	done
	for mode in 0500 0700 0550; do
		chmod "$mode" "$CREDENTIALS_DIRECTORY"
		works
	done
	chmod 700 "$CREDENTIALS_DIRECTORY"
	for mode in 0404 0402 0401 0420 0410 0444; do
		chmod "$mode" "$CREDENTIAL"
		fails 8 "the systemd credential 'sk-helper.todo' is not a file that is yours alone: it was not read"
	done
	# the group's bits are an access list's, where the file is root's
	chmod 440 "$CREDENTIAL"
	if [ "$(id -u)" = 0 ]; then
		works
	else
		fails 8 'is not a file that is yours alone'
	fi
	chmod 400 "$CREDENTIAL"
	mv "$CREDENTIAL" "$CREDENTIALS_DIRECTORY/elsewhere"
	ln -s elsewhere "$CREDENTIAL"
	fails 8 'Too many levels of symbolic links'
	rm "$CREDENTIAL"
	mkfifo -m 400 "$CREDENTIAL"
	SECONDS=0
	fails 8 'is not a file that is yours alone'
	assert [ "$SECONDS" -le 3 ]
	rm "$CREDENTIAL"
	mkdir -m 700 "$CREDENTIAL"
	fails 8 'is not a file that is yours alone'
}

@test "a credential's name is a file's name, and leads nowhere else" {
	credentials
	new_credential test_secret
	new_credential test_secret ok
	for name in ../secret /etc/hostname a/b . .. .hidden 'a b' "$(printf 'x%.0s' {1..256})"; do
		run -2 --separate-stderr add_source --secret-credential "$name" --no-verify
		assert_error 'is not the name of a systemd credential'
	done
	run -0 add_source --secret-credential ok
	edit secret_credential ../credentials/ok
	fails 2 'is not the name of a systemd credential'
}

# --- what may be in it

# given_as SOURCE FORMAT: what printf makes of it is what the source has.
given_as() {
	case $1 in
	file) new_secret "$2" ;;
	credential) rm -f "$CREDENTIAL" && new_credential "$2" ;;
	command) engine_prints "$2" ;;
	esac
}

# each_source: all that there are here, with a profile, and SOURCE.
each_source() {
	local store
	new_secret test_secret
	credentials
	new_credential test_secret
	for SOURCE in file credential command; do
		case $SOURCE in
		file) as_store=(--secret-file "$SECRET_FILE") ;;
		credential) as_store=(--secret-store credential) ;;
		command)
			if nobody_has_root; then continue; fi
			engine_prints test_secret
			as_store=(--secret-command "${ENGINE_COMMAND[0]}")
			;;
		esac
		[ ! -e "$PROFILES/todo.conf" ] || sk-helper remove todo >/dev/null
		add_source "${as_store[@]}" >/dev/null
		"$@"
	done
}

takes_off_one_line_end() {
	for format in test_secret 'test_secret\n' 'test_secret\r\n'; do
		given_as "$SOURCE" "$format"
		works
	done
	while IFS='|' read -r status words format; do
		given_as "$SOURCE" "$format"
		fails "$status" "$words"
		[[ $stderr != *test_secret* ]] || fail "the secret is shown: $stderr"
	done <<-'TABLE'
		8|it has more than one line|test_secret\n\n
		8|it has more than one line|test_secret\r\n\r\n
		8|it has more than one line|test_secret\nnotes\n
		8|has a control character|test_secret\r
		8|has a control character|test_secret\r\r\n
		8|has a control character|test\tsecret\n
		8|has a control character|\033test_secret\n
		8|it has a NUL byte|test_secret\0
		8|it has a NUL byte|\0test_secret
		8|it has a NUL byte|test_secret\0\n
		3||
		3|there is nothing in it|\n
		3|there is nothing in it|\r\n
	TABLE
	# a space is the secret's own
	given_as "$SOURCE" 'test_secret \n'
	is_refused_by_server
}

@test "one line end is taken off, and nothing else; what cannot be a secret is not sent" {
	each_source takes_off_one_line_end
}

has_a_greatest_length() {
	given_as "$SOURCE" "$(printf 'x%.0s' {1..4096})\n"
	is_refused_by_server
	given_as "$SOURCE" "$(printf 'x%.0s' {1..4097})\n"
	fails 8 'it is longer than 4096 bytes'
	given_as "$SOURCE" "$(head -c 40000 /dev/zero | tr '\0' x)"
	fails 8 ''
}

@test "a secret has 4096 bytes at most" {
	each_source has_a_greatest_length
}

takes_the_first_line() {
	sk-helper set todo --secret-first-line yes >/dev/null
	for format in test_secret 'test_secret\n' 'test_secret\nuser: me\n' 'test_secret\r\nuser: me\r\n' 'test_secret\n\n' 'test_secret\n\t\0\n'; do
		given_as "$SOURCE" "$format"
		works
	done
	given_as "$SOURCE" '\ntest_secret\n'
	fails 3 'there is nothing in it'
	given_as "$SOURCE" 'test_\tsecret\nuser: me\n'
	fails 8 'has a control character'
}

@test "the first line alone, where the profile says so" {
	each_source takes_the_first_line
}

# --- private keys

# made_keys: a private key in both forms, key.pem and key.jwk, and the public one, public.jwk.
made_keys() {
	"$SK_NODE" -e '
		const { generateKeyPairSync } = require("node:crypto");
		const { writeFileSync } = require("node:fs");
		const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
		process.chdir(process.argv[1]);
		writeFileSync("key.pem", privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
		writeFileSync("key.jwk", JSON.stringify(privateKey.export({ format: "jwk" }), null, "\t"), { mode: 0o600 });
		writeFileSync("public.jwk", JSON.stringify(publicKey.export({ format: "jwk" })));
	' "$BATS_TEST_TMPDIR"
}

# add_key_from OPTION...: of a client that has that key.
add_key_from() {
	sk-helper add key --client-id key --auth-method private_key_jwt --token-endpoint "$TOKEN_ENDPOINT" --issuer "$ISSUER" "$@"
}

@test "a private key from a file, a credential and a program, as PEM and as JWK" {
	made_keys
	public=$(<"$BATS_TEST_TMPDIR/public.jwk")
	start_authorization_server "{\"clients\":[{\"id\":\"key\",\"method\":\"private_key_jwt\",\"keys\":[$public]}]}"
	credentials
	for form in pem jwk; do
		file=$BATS_TEST_TMPDIR/key.$form
		run -0 --separate-stderr add_key_from --secret-file "$file"
		assert_equal "$stderr" ''
		assert_line --partial "private key: the file '$file': sk-helper reads it"
		run -0 --separate-stderr sk-helper get key --fresh
		assert_equal "$(sk-helper public-key key | jq -cS 'del(.use,.kid)')" "$(jq -cS . <<<"$public")"
		install -m 400 "$file" "$CREDENTIALS_DIRECTORY/key"
		run -0 --separate-stderr add_key_from --secret-credential key
		run -0 --separate-stderr sk-helper get key --fresh
		rm "$CREDENTIALS_DIRECTORY/key"
		nobody_has_root || {
			run -0 --separate-stderr add_key_from --secret-command /bin/cat --secret-command "$file"
			run -0 --separate-stderr sk-helper get key --fresh
			run -0 --separate-stderr sk-helper public-key key
			assert_equal "$(jq -cS 'del(.use,.kid)' <<<"$output")" "$(jq -cS . <<<"$public")"
		}
	done
}

@test "a private key that is none, or another kind of secret, is not sent" {
	made_keys
	new_secret test_secret
	add_key_from --secret-file "$SECRET_FILE" --no-verify
	before=$(token_requests)
	run -8 --separate-stderr sk-helper get key
	assert_error "the secret from the file '$SECRET_FILE': private key: not a private key in PEM"
	cp "$BATS_TEST_TMPDIR/public.jwk" "$SECRET_FILE"
	run -8 --separate-stderr sk-helper get key
	assert_error 'it has no private part'
	# and a key is no client secret
	cp "$BATS_TEST_TMPDIR/key.pem" "$SECRET_FILE"
	add_source --secret-file "$SECRET_FILE" --no-verify
	fails 8 'it has more than one line'
	sed -i s/^auth_method=.*/auth_method=client_secret_post/ "$PROFILES/key.conf"
	run -8 --separate-stderr sk-helper get key
	assert_error "auth_method 'client_secret_post' needs a client secret, and what was checked is a private key"
	assert_equal "$(token_requests)" "$before"
}

# --- programs

@test "pass: the first line of an entry, without a question" {
	engine_pass 'user: me' 'url: https://example.com'
	if nobody_has_root; then return; fi
	add_command_unproved
	fails 8 "it has more than one line: if the first one is the secret, say so: --secret-first-line yes (of 'sk-helper add' or 'set')"
	run -0 --separate-stderr add_command --secret-first-line yes
	assert_equal "$stderr" ''
	assert_line --partial "client secret: the program '/usr/bin/pass'"
	works
}

@test "pass with a key that is locked: its own words, and no hang" {
	engine_pass_locked
	if nobody_has_root; then return; fi
	add_command_unproved --secret-timeout 8
	SECONDS=0
	fails 3 "'/usr/bin/pass' failed (status"
	assert [ "$SECONDS" -le 9 ]
	[[ $stderr == *gpg* ]]
}

# works_with ENGINE
works_with() {
	"engine_$1"
	if nobody_has_root; then return; fi
	run -0 --separate-stderr add_command
	assert_equal "$stderr" ''
	works
	run -0 sk-helper list
	assert_line --regexp '^todo .* command '
}

@test "gopass" { works_with gopass; }
@test "age" { works_with age; }
@test "systemd-creds" { works_with systemd_creds; }
@test "secret-tool" { works_with secret_tool; }
@test "keyctl" { works_with keyctl; }

@test "a program's words are its arguments, one each and in their order, whatever is in them" {
	engine_script 'printf "<%s>" "$@" >words' 'echo test_secret'
	if nobody_has_root; then return; fi
	words=(one '$(touch evil)' '`touch evil`' 'two words' ';touch' '*' "it's" '"' '\n' '--' -x '' 'a=b' '&& touch evil' '|' '>evil' é)
	# an empty word cannot be in a line of the profile
	run -2 --separate-stderr add_source --secret-command "${ENGINE_COMMAND[0]}" --secret-command ''
	assert_error 'secret_command: empty'
	kept=()
	for word in "${words[@]}"; do [ -z "$word" ] || kept+=("$word"); done
	ENGINE_COMMAND+=("${kept[@]}")
	cd "$BATS_TEST_TMPDIR"
	run -0 --separate-stderr add_command
	assert_equal "$(cat words)" "$(printf '<%s>' "${kept[@]}")"
	rm words
	works
	assert_equal "$(cat words)" "$(printf '<%s>' "${kept[@]}")"
	assert [ ! -e evil ]
	# and it is what the manual says it is: a line each
	assert_equal "$(grep -c ^secret_command= "$PROFILES/todo.conf")" $((${#kept[@]} + 1))
}

@test "a program is an absolute path, and a profile has 32 words at most" {
	if nobody_has_root; then return; fi
	for command in printf ./engine '$HOME/engine' ''; do
		run -2 --separate-stderr add_source --secret-command "$command" --secret-command test_secret --no-verify
		assert_error 'secret_command: '
		[ -z "$command" ] || assert_error "secret_command: '$command' is not an absolute path"
	done
	run -2 --separate-stderr add_source --secret-command $'/bin/echo\nx'
	assert_error 'it has a control character'
	engine_script 'echo "$#" >words' 'echo test_secret'
	# shellcheck disable=SC2046 # numbers
	as_options "${ENGINE_COMMAND[0]}" $(seq 31)
	run -0 add_source "${OPTIONS[@]}"
	assert_equal "$(cat "$BATS_TEST_TMPDIR/words")" 31
	run -2 --separate-stderr add_source "${OPTIONS[@]}" --secret-command 32
	assert_error 'secret_command: given more than 32 times'
}

@test "a program has no input, no terminal, a session of its own and no descriptor of ours" {
	engine_script 'cat >input' '(: </dev/tty) 2>/dev/null && echo terminal >terminal' \
		'read -r pid comm state parent group leader rest </proc/self/stat' 'echo "$pid $group $leader" >session' \
		'ls -l /proc/self/fd >descriptors' 'readlink /proc/self/fd/0 >stdin' 'echo test_secret'
	if nobody_has_root; then return; fi
	add_command >/dev/null <<<words
	cd "$BATS_TEST_TMPDIR"
	run -0 expect -c '
		set timeout 20
		spawn sk-helper get todo --fresh
		expect timeout { exit 9 } eof { exit [lindex [wait] 3] }'
	assert_equal "$(cat input)" ''
	assert_equal "$(cat stdin)" /dev/null
	assert [ ! -e terminal ]
	# read(1) of a shell is the shell's
	read -r pid group leader <session
	assert_equal "$group $leader" "$pid $pid"
	# 3 is the list's own
	assert_equal "$(grep -cE ' [0-9]+ -> ' descriptors)" 4
}

@test "a program gets a fixed PATH, what such programs need, what secret_env names, and nothing else of our environment" {
	engine_script 'env >environment' 'echo test_secret'
	if nobody_has_root; then return; fi
	cd "$BATS_TEST_TMPDIR"
	# what whoever runs the tests has of what is let through
	for name in $(compgen -e | grep -E '^(KUBERNETES|AWS|GOOGLE|CLOUDSDK|AZURE|ARM|BUILDKITE|CI|VAULT|BAO|OP|ACTIONS_ID_TOKEN|SPIFFE|SSL_CERT)_|_(proxy|PROXY)$'); do unset "$name"; done
	export LD_LIBRARY_PATH=/x PYTHONPATH=/x PYTHONSTARTUP=/x GIT_DIR=/x GIT_CONFIG_COUNT=1 BASH_ENV=/x ENV=/x IFS=x NODE_OPTIONS=x PERL5LIB=/x \
		FOO_SECRET=x CLIENT_SECRET=x GITHUB_TOKEN=x SK_HELPER_PROFILE=todo AWSX=x HOMEX=x TERM=xterm DISPLAY=:9 WAYLAND_DISPLAY=x \
		AWS_CONFIG_FILE=/x CLOUDSDK_PYTHON=/x AWS_ENDPOINT_URL=https://x VAULT_CACERT_PATH=/x PASSWORD_STORE_DIRX=x MINE=one MINE2=two MIN=three \
		CREDENTIALS_DIRECTORY=/x VAULT_ADDR=https://vault.example.com BAO_ADDR=x OP_SERVICE_ACCOUNT_TOKEN=x BW_SESSION=x AWS_PROFILE=mine GNUPGHOME=/g PASSWORD_STORE_DIR=/p LC_ALL=C
	PATH=$BATS_TEST_TMPDIR/bin:$PATH run -0 add_command
	assert_equal "$(sed 's/=.*//' environment | sort | grep -vxE 'LANG|LC_.*|TZ|USER|LOGNAME|[AL]SAN_OPTIONS|PWD|OLDPWD|SHLVL|_' | xargs)" \
		'AWS_PROFILE BW_SESSION HOME OP_SERVICE_ACCOUNT_TOKEN PATH'
	run -0 cat environment
	assert_line PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	assert_line AWS_PROFILE=mine
	run -0 sk-helper set todo --secret-env MINE --secret-env FOO_SECRET --secret-env NOT_SET
	run -0 cat environment
	assert_line MINE=one
	assert_line FOO_SECRET=x
	refute_line MINE2=two
	refute_line MIN=three
	refute_line --regexp '^NOT_SET'
	works
	grep -qx MINE=one environment
	for name in LD_PRELOAD LD_AUDIT PATH; do
		run -2 --separate-stderr sk-helper set todo --secret-env "$name"
		assert_error 'would change which program is run'
	done
	for name in 'A=B' 1A 'A B' A-B; do
		run -2 --separate-stderr sk-helper set todo --secret-env "$name"
		assert_error 'is not the name of an environment variable'
	done
}

@test "a program that fails says why in its last words, without control characters; what it had printed is of no use" {
	engine_fails test_secret
	if nobody_has_root; then return; fi
	add_command_unproved
	fails 3 "'${ENGINE_COMMAND[0]}' failed (status 7): "
	[[ $stderr == *'is named so'* ]] || fail "$stderr"
	[[ $stderr != *[[:cntrl:]]* && $stderr != *test_secret* ]] || fail "$stderr"
	engine_script 'echo first >&2' 'exit 1'
	fails 3 'failed (status 1): first'
	engine_script 'exit 1'
	fails 3 'failed (status 1): it gave no reason'
	engine_script 'kill -9 $$'
	fails 3 'failed (signal 9)'
	engine_script 'echo nothing here >&2'
	fails 3 'printed nothing: nothing here'
	engine_script 'echo "token eyJhbGciOiJub25lIn0.e30." >&2' 'exit 1'
	fails 3 'its words have a token in them'
	engine_script 'head -c 1048576 /dev/zero | tr "\0" x >&2' 'echo >&2' 'echo log in again >&2' 'exit 1'
	fails 3 'log in again'
	engine_script 'head -c 1048576 /dev/zero | tr "\0" x >&2' 'echo test_secret'
	works
	chmod -x "${ENGINE_COMMAND[0]}"
	fails 3 'Permission denied'
	rm "${ENGINE_COMMAND[0]}"
	fails 3 'No such file or directory'
	mkdir "${ENGINE_COMMAND[0]}"
	fails 3 'is not a file'
}

@test "a program that never ends is ended at its deadline, with all that it has started" {
	engine_hangs
	if nobody_has_root; then return; fi
	add_command_unproved --secret-timeout 2
	for deaf in '' deaf; do
		engine_hangs $deaf
		SECONDS=0
		fails 7 "'${ENGINE_COMMAND[0]}' did not end within 2 s, and was ended"
		assert [ "$SECONDS" -ge 2 ] && assert [ "$SECONDS" -le 5 ]
		assert_equal "$(engines_running)" ''
	done
	# its children have its output, too
	engine_script 'sh -c "echo \$\$ >>engine.pids; exec sleep infinity" &' 'exec sleep infinity'
	fails 7 'did not end within 2 s'
	assert_equal "$(engines_running)" ''
}

@test "a program that prints without an end is ended when it has printed too much" {
	engine_floods
	if nobody_has_root; then return; fi
	add_command_unproved
	SECONDS=0
	fails 8 'printed more than 65536 bytes'
	assert [ "$SECONDS" -le 5 ]
	assert_equal "$(engines_running)" ''
}

@test "what a program leaves running is not waited for" {
	engine_daemonizes
	if nobody_has_root; then return; fi
	add_command_unproved
	for away in '' away; do
		engine_daemonizes $away
		SECONDS=0
		works
		assert [ "$SECONDS" -le 5 ]
		# it can leave, but only so
		[ -n "$away" ] || assert_equal "$(engines_running)" ''
	done
}

@test "a program whose asker is killed does not outlive it" {
	engine_hangs
	if nobody_has_root; then return; fi
	add_command_unproved
	sk-helper get todo >/dev/null 2>&1 3>&- 4>&- &
	asker=$!
	for _ in $(seq 100); do [ -n "$(engines_running)" ] && break; sleep 0.05; done
	[ -n "$(engines_running)" ]
	kill -9 "$asker"
	for _ in $(seq 60); do [ -z "$(engines_running)" ] && break; sleep 0.05; done
	assert_equal "$(engines_running)" ''
}

# not_run WHOSE: what others could write to.
not_run() {
	: >"$ENGINE_CALLS"
	fails 8 "others than you and root can write to '$1"
	assert_equal "$(calls)" 0
}

@test "a program that others could replace is not run" {
	engine_counts
	if nobody_has_root; then return; fi
	program=$BATS_TEST_TMPDIR/program
	cp -p "${ENGINE_COMMAND[0]}" "$program"
	add_source --secret-command "$program" --no-verify >/dev/null
	for mode in 720 702 777; do
		chmod "$mode" "$program"
		not_run "$program'"
	done
	chmod 700 "$program"
	works
	open=$BATS_TEST_TMPDIR/open
	mkdir -p "$open/below" "$BATS_TEST_TMPDIR/closed"
	for place in open open/below closed; do cp -p "$program" "$BATS_TEST_TMPDIR/$place/program"; done
	cd "$BATS_TEST_TMPDIR"
	ln -s "$open/program" link
	ln -s ../closed/program open/link
	ln -s open/link link-to-link
	ln -s "$BATS_TEST_TMPDIR/closed" open/directory
	ln -s open/directory link-to-directory
	paths=(open/program open/below/program open/../open/program link open/link link-to-link open/directory/program link-to-directory/program)
	chmod 777 open
	for path in "${paths[@]}"; do
		sk-helper set todo --secret-command "$BATS_TEST_TMPDIR/$path" --no-verify >/dev/null
		not_run "$open'"
	done
	chmod 755 open
	for path in "${paths[@]}"; do
		run -0 --separate-stderr sk-helper set todo --secret-command "$BATS_TEST_TMPDIR/$path"
		assert_equal "$stderr" ''
	done
	# links that never end, and more of them than anybody has
	ln -s closed/program chain0
	for i in $(seq 20); do ln -s "chain$((i - 1))" "chain$i"; done
	sk-helper set todo --secret-command "$BATS_TEST_TMPDIR/chain10" >/dev/null
	sk-helper set todo --secret-command "$BATS_TEST_TMPDIR/chain20" --no-verify >/dev/null
	fails 3 'Too many levels of symbolic links'
	ln -s loop loop
	sk-helper set todo --secret-command "$BATS_TEST_TMPDIR/loop" --no-verify >/dev/null
	fails 3 'Too many levels of symbolic links'
}

# --- a program that asks a person

# at_terminal WORDS...: what expect(1) does at a terminal where the program asks: it answers.
at_terminal() {
	export COMMAND="$*"
	run expect -c 'set timeout 20
		spawn -noecho sh -c $env(COMMAND)
		expect {
			"Password: " { send "pw\r"; exp_continue }
			timeout { exit 99 }
			eof { exit [lindex [wait] 3] }
		}'
}

@test "a program may ask on the terminal where --prompt says so, and not without it" {
	engine_asks_terminal
	if nobody_has_root; then return; fi
	as_options "${ENGINE_COMMAND[@]}"
	at_terminal sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo "${OPTIONS[@]}"
	assert_equal "$status" 3
	# a terminal has its lines broken
	[[ $(tr -s ' \r\n' ' ' <<<"$output") == *'engine: cannot ask for a password'* ]]
	assert_equal "$(cat "$ENGINE_ASKED")" 'no terminal'
	at_terminal sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo "${OPTIONS[@]}" --prompt
	assert_equal "$status" 0
	assert_output --partial 'token: works'
	assert_equal "$(cat "$ENGINE_ASKED")" answered
	at_terminal sk-helper get todo --fresh
	assert_equal "$status" 3
	assert_equal "$(cat "$ENGINE_ASKED")" 'no terminal'
	at_terminal 'sk-helper get todo --fresh --prompt >/dev/null'
	assert_equal "$status" 0
	assert_equal "$(cat "$ENGINE_ASKED")" answered
	# where there is no terminal, --prompt changes nothing
	run -3 --separate-stderr setsid sk-helper get todo --fresh --prompt
	assert_equal "$(cat "$ENGINE_ASKED")" 'no terminal'
}

@test "a program that may ask gets what it needs to find the terminal or a window, and no other one does" {
	engine_script 'env >environment' 'echo test_secret'
	if nobody_has_root; then return; fi
	export TERM=xterm DISPLAY=:9 WAYLAND_DISPLAY=wayland-9 XAUTHORITY=/x GPG_TTY=/elsewhere
	add_command >/dev/null
	run ! grep -E '^(TERM|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|GPG_TTY)=' "$BATS_TEST_TMPDIR/environment"
	at_terminal 'sk-helper get todo --fresh --prompt'
	assert_equal "$status" 0
	run -0 cat "$BATS_TEST_TMPDIR/environment"
	for line in TERM=xterm DISPLAY=:9 WAYLAND_DISPLAY=wayland-9 XAUTHORITY=/x; do assert_line "$line"; done
	assert_line --regexp '^GPG_TTY=/dev/(pts/[0-9]+|tty)$'
	assert_equal "$(grep -c ^GPG_TTY= "$BATS_TEST_TMPDIR/environment")" 1
}

@test "a person who is asked has two minutes, and Ctrl-C ends the program and nothing else's terminal" {
	engine_asks_terminal
	if nobody_has_root; then return; fi
	add_command_unproved --secret-timeout 1
	engine_script 'stty -echo </dev/tty' 'printf "Password: " >/dev/tty' 'read -r answer </dev/tty' 'echo test_secret'
	run expect -c 'set timeout 20
		spawn -noecho sh -c "sk-helper get todo --fresh --prompt >/dev/null"
		expect "Password: "
		sleep 3
		send "pw\r"
		expect timeout { exit 99 } eof { exit [lindex [wait] 3] }'
	assert_equal "$status" 0
	before=$(token_requests)
	run expect -c 'set timeout 20
		spawn -noecho sh -c "sk-helper get todo --fresh --prompt; echo status \$?; stty -a"
		expect "Password: "
		send "\003"
		expect timeout { exit 99 } eof { exit 0 }'
	assert_equal "$status" 0
	assert_output --partial 'status 3'
	assert_output --partial 'failed (signal'
	# what is typed is shown again
	assert_output --regexp '[^-]echo '
	assert_equal "$(engines_running)" ''
	assert_equal "$(token_requests)" "$before"
}

# --- how often

@test "a program is run once for all that ask at once, once for add, and not for what is cached" {
	engine_counts
	if nobody_has_root; then return; fi
	add_command --dry-run >/dev/null
	assert_equal "$(calls)" 0
	add_command --no-verify >/dev/null
	assert_equal "$(calls)" 0
	run -0 add_command
	assert_equal "$(calls)" 1
	run -0 sk-helper get todo
	run -0 sk-helper list
	run -0 sk-helper list --json
	run -0 sk-helper show todo
	run -0 sk-helper doctor todo --offline
	assert_line --regexp "^client secret +- +not looked at: the program '${ENGINE_COMMAND[0]}' is run when a token is requested"
	run -0 sk-helper doctor
	assert_equal "$(calls)" 1
	run -0 sk-helper doctor todo
	assert_line --regexp "^client secret +ok +from the program '${ENGINE_COMMAND[0]}', for this server"
	assert_line --regexp '^token +ok'
	assert_equal "$(calls)" 2
	sk-helper erase todo
	before=$(token_requests)
	at_once 10 get_into
	assert_equal "$(statuses)" '10 0'
	assert_equal "$(calls)" 3
	assert_equal "$(token_requests)" $((before + 1))
}

@test "a program that fails is not run once more for each that waits" {
	engine_counts
	if nobody_has_root; then return; fi
	add_command_unproved
	engine_script 'echo call >>engine.calls' 'sleep 0.3' 'echo closed >&2' 'exit 1'
	hold_lock todo
	pids=()
	for i in $(seq 10); do
		get_into "$i" 3>&- 4>&- 8>&- &
		pids+=($!)
	done
	waiting_for_lock 10
	release_lock
	wait "${pids[@]}"
	assert_equal "$(statuses)" '10 3'
	assert_equal "$(calls)" 1
	# and the next one tries it again
	engine_counts
	works
}

@test "those who wait for a slow program wait as long as it may take" {
	engine_counts
	if nobody_has_root; then return; fi
	add_command_unproved --timeout 1 --secret-timeout 15
	engine_script 'echo call >>engine.calls' 'sleep 9' 'echo test_secret'
	at_once 2 get_into
	assert_equal "$(statuses)" '2 0'
	assert_equal "$(calls)" 1
}

@test "a renewal behind a get runs it, and nobody waits for that" {
	engine_counts
	if nobody_has_root; then return; fi
	add_command >/dev/null
	old=$(sk-helper get todo)
	make_older todo 3300
	assert_equal "$(sk-helper get todo)" "$old"
	for _ in $(seq 100); do [ "$(sk-helper get todo)" = "$old" ] || break; sleep 0.05; done
	[ "$(sk-helper get todo)" != "$old" ]
	assert_equal "$(calls)" 2
}

@test "a program is run however its profile is named, by each command that needs a secret" {
	engine_counts
	if nobody_has_root; then return; fi
	store_client another "$TOKEN_ENDPOINT"
	add_command --issuer "$ISSUER" --revocation-endpoint "$ISSUER/oauth/revoke" >/dev/null
	sk-helper set todo --url http://127.0.0.1:1/mcp >/dev/null
	# runs COMMAND...: which prints a token, a new one.
	runs() {
		sk-helper erase todo
		: >"$ENGINE_CALLS"
		run -0 --separate-stderr "$@"
		assert_equal "$*: $stderr" "$*: "
		[ -n "$output" ] || fail "$*: nothing"
		assert_equal "$*: $(calls)" "$*: 1"
	}
	sk-helper set another --default
	runs sk-helper get todo
	runs sk-helper get http://127.0.0.1:1/mcp
	runs sk-helper get http://127.0.0.1:1/mcp/below
	runs eval 'sk-helper get - <<<profile=todo'
	runs eval 'sk-helper get - <<<url=http://127.0.0.1:1/mcp'
	runs env SK_HELPER_PROFILE=todo sk-helper get
	runs sk-helper exec --env TOKEN=todo -- sh -c 'echo "$TOKEN"'
	runs sk-helper get todo --format mcp-headers
	sk-helper set todo --default
	runs sk-helper get
	: >"$ENGINE_CALLS"
	run -0 sk-helper revoke todo
	assert_equal "$(calls)" 1
	url=$(endpoint_that_answers '{"body":{"jsonrpc":"2.0","id":1,"result":{}}}')
	sk-helper set todo --unset url --url "$url" >/dev/null
	for words in todo "--url $url"; do
		# shellcheck disable=SC2086 # words
		runs timeout 10 sk-helper bridge $words \
			<<<'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}'
	done
}

@test "commands that need no secret run nothing: refresh, add --missing, erase, remove" {
	engine_counts
	if nobody_has_root; then return; fi
	add_command --issuer "$ISSUER" --revocation-endpoint "$ISSUER/oauth/revoke" >/dev/null
	: >"$ENGINE_CALLS"
	run -0 sk-helper refresh todo
	assert_output 'nothing has changed'
	run -0 sk-helper add --missing
	assert_output 'no client secret is missing'
	run -0 sk-helper set todo --scope todo:read
	run -0 sk-helper erase todo
	edit issuer "$FAULTY_URL"
	run -8 --separate-stderr sk-helper refresh todo
	assert_error 'the secret was given for issuer'
	run -0 sk-helper remove todo
	assert_equal "$(calls)" 0
}

# --- where it must not be

@test "the secret is in no argument and no variable of any program, and in no file" {
	new_secret 'test_secret\n'
	add_source --secret-file "$SECRET_FILE" >/dev/null
	nobody_has_root || {
		engine_prints 'test_secret\n'
		add_command >/dev/null
	}
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 strace -f -v -s 65536 -e trace=execve,execveat,openat,write -o "$BATS_TEST_TMPDIR/trace" \
		sk-helper get todo --fresh >/dev/null
	# what our programs are given, only root's strace(1) is shown
	[ "$(id -u)" != 0 ] || grep -q 'execve(.*sk-oauth' "$BATS_TEST_TMPDIR/trace"
	run ! grep -E 'execve.*test_secret' "$BATS_TEST_TMPDIR/trace"
	# it goes into pipes alone: nothing that was opened for writing has it
	run ! grep -rl test_secret "$HOME" /dev/shm "/run/user/$(id -u)"
}

# --- what it may be used for

# at_home COMMAND...: where the home of the user database is the test's.
at_home() {
	sed "s|^\(\([^:]*:\)\{2\}$(id -u):\([^:]*:\)\{2\}\)[^:]*|\1$HOME|" /etc/passwd >"$BATS_TEST_TMPDIR/passwd"
	unshare --user --map-current-user --mount --keep-caps bash -euc 'mount -n --bind "$1" /etc/passwd; shift
		exec setpriv --ambient-caps=-all --inh-caps=-all "$@"' bash "$BATS_TEST_TMPDIR/passwd" "$@"
}

# refused_by_binding WORDS: nothing is run, read or sent.
refused_by_binding() {
	fails 8 "$1"
	[ ! -e "${ENGINE_CALLS:-/nonexistent}" ] || assert_equal "$(calls)" 0
}

# each_edit SOURCE: what decides who sees the secret, changed by hand, one at a time.
each_edit() {
	local key value
	cp "$PROFILES/todo.conf" "$BATS_TEST_TMPDIR/as-added.conf"
	while IFS='|' read -r key value; do
		edit "$key" "$value"
		refused_by_binding "the secret was given for $key '"
		[[ $stderr == *"and the profile now says '$value': nothing was sent; if that is right, 'sk-helper add todo' checks it again"* ]]
		run -8 sk-helper doctor todo
		[ ! -e "${ENGINE_CALLS:-/nonexistent}" ] || assert_equal "$(calls)" 0
		cp "$BATS_TEST_TMPDIR/as-added.conf" "$PROFILES/todo.conf"
	done
	works
}

@test "an edited profile: its file is not read, and nothing is sent" {
	new_secret 'test_secret\n'
	add_source --secret-file "$SECRET_FILE" >/dev/null
	printf evil >"$BATS_TEST_TMPDIR/other"
	chmod 600 "$BATS_TEST_TMPDIR/other"
	each_edit <<-TABLE
		token_endpoint|$ELSEWHERE
		issuer|$FAULTY_URL
		client_id|another
		revocation_endpoint|$ELSEWHERE
		proxy|http://127.0.0.1:1
		secret_file|$BATS_TEST_TMPDIR/other
	TABLE
	# what does not decide that may be changed
	edit scope todo:read
	works
	# what doctor has asked the other server is no proof of anything
	run ! grep client_ <<<"$(curl -s "$FAULTY_URL/__stats" | jq -r '.bodies[]')"
	# not opened at all, however it looks now
	edit token_endpoint "$ELSEWHERE"
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 run -8 strace -f -o "$BATS_TEST_TMPDIR/trace" -e trace=openat sk-helper get todo --fresh
	run ! grep -F "$SECRET_FILE" "$BATS_TEST_TMPDIR/trace"
}

@test "an edited profile: its program is not run, and add checks it again" {
	engine_counts
	if nobody_has_root; then return; fi
	add_command --secret-command one --secret-env MINE >/dev/null
	: >"$ENGINE_CALLS"
	cp "$PROFILES/todo.conf" "$BATS_TEST_TMPDIR/saved"
	while IFS=% read -r change key; do
		sed -i "$change" "$PROFILES/todo.conf"
		refused_by_binding "the secret was given for $key '"
		run -8 sk-helper doctor todo
		assert_equal "$(calls)" 0
		cp "$BATS_TEST_TMPDIR/saved" "$PROFILES/todo.conf"
	done <<-TABLE
		s|^token_endpoint=.*|token_endpoint=$ELSEWHERE|%token_endpoint
		s|^secret_command=one|secret_command=two|%secret_command
		/^secret_command=one/d%secret_command
		\$a secret_command=three%secret_command
		s|^secret_command=/.*|secret_command=/bin/true|%secret_command
		s|^secret_env=MINE|secret_env=OTHER|%secret_env
		\$a secret_env=OTHER%secret_env
		/^secret_env=/d%secret_env
		\$a proxy=http://127.0.0.1:1%proxy
		\$a issuer=$FAULTY_URL%issuer
	TABLE
	works
	: >"$ENGINE_CALLS"
	sed -i 's/^secret_command=one/secret_command=two/' "$PROFILES/todo.conf"
	refused_by_binding 'the secret was given for secret_command'
	# where the environment could have led to it, 'add' alone is not enough
	run -8 --separate-stderr sk-helper add todo
	assert_error "If it is yours: 'sk-helper add todo' with all its options makes it again"
	assert_equal "$(calls)" 0
	run -0 --separate-stderr at_home sk-helper add todo
	assert_line --partial 'token: works'
	assert_equal "$(calls)" 1
	works
	# 'set' of something else does not make it right
	sed -i 's/^secret_command=two/secret_command=three/' "$PROFILES/todo.conf"
	run -8 sk-helper set todo --scope todo:read
	run -8 at_home sk-helper set todo --scope todo:read
	: >"$ENGINE_CALLS"
	refused_by_binding 'the secret was given for secret_command'
	: >"$ENGINE_CALLS"
	as_options "${ENGINE_COMMAND[0]}" four
	run -2 --separate-stderr sk-helper set todo "${OPTIONS[@]}"
	run -0 --separate-stderr add_source "${OPTIONS[@]}"
	assert_equal "$(calls)" 1
	works
}

@test "a CA file whose content has changed: nothing is read, run or sent" {
	new_secret test_secret
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=one -keyout /dev/null -out "$BATS_TEST_TMPDIR/ca.pem" 2>/dev/null
	cp "$BATS_TEST_TMPDIR/ca.pem" "$BATS_TEST_TMPDIR/ca.saved"
	add_source --secret-file "$SECRET_FILE" --ca-file "$BATS_TEST_TMPDIR/ca.pem" >/dev/null
	works
	echo >>"$BATS_TEST_TMPDIR/ca.pem"
	fails 8 "ca_file '$BATS_TEST_TMPDIR/ca.pem' has changed since the client secret was given"
	cp "$BATS_TEST_TMPDIR/ca.saved" "$BATS_TEST_TMPDIR/ca.pem"
	works
	rm "$BATS_TEST_TMPDIR/ca.pem"
	fails 8 'ca_file'
	echo >"$BATS_TEST_TMPDIR/ca.pem"
	if nobody_has_root; then return; fi
	cp "$BATS_TEST_TMPDIR/ca.saved" "$BATS_TEST_TMPDIR/ca.pem"
	engine_counts
	add_command >/dev/null
	: >"$ENGINE_CALLS"
	echo >>"$BATS_TEST_TMPDIR/ca.pem"
	refused_by_binding 'has changed since'
	run -0 sk-helper add todo
	works
}

@test "the record of what a secret is for: damaged, no file, another profile's" {
	new_secret test_secret
	add_source --secret-file "$SECRET_FILE" >/dev/null
	binding=$PROFILES/todo.binding
	assert_equal "$(stat -c %a "$binding")" 600
	run ! grep test_secret "$binding"
	cp "$binding" "$BATS_TEST_TMPDIR/saved"
	for content in '' 'garbage' $'token_endpoint=x\nclient_secret' 'profile=/x'; do
		printf '%s' "$content" >"$binding"
		fails 8 'is damaged: nothing was sent'
	done
	rm "$binding"
	mkfifo "$binding"
	fails 8 "'$binding' cannot be read"
	rm "$binding"
	ln -s "$BATS_TEST_TMPDIR/saved" "$binding"
	fails 8 "'$binding'"
	rm "$binding"
	head -c 40000 /dev/zero | tr '\0' x >"$binding"
	fails 8 "'$binding' cannot be read"
	run -0 sk-helper add todo
	works
	# its own is for its own place
	cp "$PROFILES/todo.conf" "$PROFILES/copy.conf"
	cp "$binding" "$PROFILES/copy.binding"
	run -8 --separate-stderr sk-helper get copy
	assert_error 'the secret was stored for the profile at'
}

@test "a profile whose record is gone: below the user's own home it is used as it stands, elsewhere only as it was written" {
	new_secret test_secret
	add_source --secret-file "$SECRET_FILE" >/dev/null
	rm "$PROFILES/todo.binding"
	# as it was written in this boot
	works
	edit issuer "$ISSUER"
	run -8 --separate-stderr at_home sk-helper get todo --fresh
	assert_error "the profile was changed since sk-helper has written it: nothing was sent; if that is right, 'sk-helper add todo' checks it again"
	# after a reboot, there is only the file
	rm "$(dirname "$(lock_file todo)")"/profile-*
	fails 8 "is not below your home (/etc/passwd), and sk-helper has not written it so since the last reboot: nothing was sent. If it is yours: 'sk-helper add todo' with all its options makes it again"
	before=$(token_requests)
	run -0 at_home sk-helper get todo --fresh
	assert_equal "$(token_requests)" $((before + 1))
	run -0 add_source --secret-file "$SECRET_FILE"
	works
	assert [ -e "$PROFILES/todo.binding" ]
	# with a record, the home does not make an edited one right
	edit issuer "$ISSUER/other"
	run -8 --separate-stderr at_home sk-helper get todo --fresh
	assert_error "the secret was given for issuer"
}

@test "a profile that the environment leads to is not used: its program is not run, its file not read" {
	new_secret test_secret
	repository=$BATS_TEST_TMPDIR/repository
	for dir in "$repository/sk-helper" "$repository/.config/sk-helper"; do
		mkdir -p "$dir/profiles"
		chmod -R go-w "$repository"
		for source in "secret_file=$SECRET_FILE" "secret_command=/usr/bin/touch
secret_command=$BATS_TEST_TMPDIR/ran" secret_store=credential; do
			printf '%s\n' "token_endpoint=$TOKEN_ENDPOINT" client_id=m2m_todo "$source" >"$dir/profiles/todo.conf"
			chmod 600 "$dir/profiles/todo.conf"
			for leads in "XDG_CONFIG_HOME=$repository" "HOME=$repository"; do
				[ -e "${leads#*=}/sk-helper" ] || [ "${leads%%=*}" = HOME ] || continue
				before=$(token_requests)
				run --separate-stderr env "$leads" sk-helper get todo
				[ "$status" = 8 ] || [ "$status" = 3 ] || fail "$leads: $status $stderr"
				[ "$status" != 3 ] || [[ $stderr == *'no profile'* ]] || fail "$leads: $stderr"
				[ "$status" != 8 ] || [[ $stderr == *'is not below your home'* ]] || fail "$leads: $stderr"
				run ! env "$leads" sk-helper doctor todo
				# nor is what it names proved by an 'add' that names nothing
				run ! env "$leads" sk-helper add todo
				assert_equal "$(token_requests)" "$before"
				assert [ ! -e "$BATS_TEST_TMPDIR/ran" ]
			done
		done
	done
	XDG_CONFIG_HOME=$repository run -8 sk-helper get todo
	HOME=$repository run -8 sk-helper get todo
}

@test "a change of something else makes no profile trusted that the environment leads to" {
	new_secret test_secret
	repository=$BATS_TEST_TMPDIR/repository
	mkdir -p "$repository/sk-helper/profiles"
	chmod -R go-w "$repository"
	printf '%s\n' "token_endpoint=$TOKEN_ENDPOINT" client_id=m2m_todo "secret_file=$SECRET_FILE" >"$repository/sk-helper/profiles/todo.conf"
	chmod 600 "$repository/sk-helper/profiles/todo.conf"
	export XDG_CONFIG_HOME=$repository
	fails 8 'is not below your home'
	run sk-helper set todo --scope todo:read
	fails 8 'is not below your home'
	# what the user names is not put into what is there, which would say where it goes
	run -2 --separate-stderr sk-helper set todo --secret-file "$SECRET_FILE"
	assert_error 'cannot be trusted, so nothing in it is used: give --token-endpoint, --issuer or --url too'
	run -2 --separate-stderr sk-helper add todo --secret-file "$SECRET_FILE" </dev/null
	assert_error 'give --token-endpoint, --issuer or --url too'
	run -2 --separate-stderr sk-helper add todo --secret-file "$SECRET_FILE" --token-endpoint "$TOKEN_ENDPOINT" </dev/null
	assert_error 'give --client-id too'
	printf 'token_endpoint=%s\nclient_id=other\nsecret_command=%s\nsecret_env=THEIRS\n' "$ELSEWHERE" /bin/true \
		>"$repository/sk-helper/profiles/todo.conf"
	run -0 --separate-stderr add_source --secret-file "$SECRET_FILE"
	run ! grep -e "$ELSEWHERE" -e THEIRS -e other "$repository/sk-helper/profiles/todo.conf"
	works
}

# --- from one place to another

in_kernel() { "$TOOLS/keyring-tool" kernel get secret todo 2>/dev/null; }

@test "a secret in a keyring becomes one that is elsewhere, and the one in the keyring is removed; and back" {
	new_secret test_secret
	add_todo >/dev/null
	in_kernel | grep -qx client_secret=test_secret
	# what does not work changes nothing
	for wrong in "--secret-file $BATS_TEST_TMPDIR/nowhere" "--secret-credential nothing" '--secret-command /bin/false'; do
		cp "$PROFILES/todo.conf" "$BATS_TEST_TMPDIR/before"
		# shellcheck disable=SC2086 # words
		run ! sk-helper set todo $wrong
		cmp "$PROFILES/todo.conf" "$BATS_TEST_TMPDIR/before"
		assert_equal "$(ls -A "$PROFILES")" todo.conf
		works
	done
	new_secret wrong
	run -6 --separate-stderr sk-helper set todo --secret-file "$SECRET_FILE"
	assert_error "profile 'todo' not changed"
	cmp "$PROFILES/todo.conf" "$BATS_TEST_TMPDIR/before"
	works
	new_secret test_secret
	run -0 --separate-stderr sk-helper set todo --secret-file "$SECRET_FILE"
	assert_equal "$stderr" ''
	assert_equal "$(in_kernel)" ''
	works
	run -0 --separate-stderr sk-helper set todo --secret-store kernel <<<test_secret
	assert_equal "$stderr" ''
	in_kernel | grep -qx client_secret=test_secret
	rm "$SECRET_FILE"
	works
	assert_equal "$(ls -A "$PROFILES")" todo.conf
	refute_source
	if nobody_has_root; then return; fi
	engine_prints test_secret
	as_options "${ENGINE_COMMAND[@]}"
	run -0 --separate-stderr sk-helper set todo "${OPTIONS[@]}" --secret-env MINE
	assert_equal "$(in_kernel)" ''
	works
	run -0 --separate-stderr sk-helper set todo --secret-store kernel <<<test_secret
	refute_source
	works
}

refute_source() {
	run ! grep -E '^secret_(file|command|env|credential)=' "$PROFILES/todo.conf"
}

@test "a source that does not work is not added" {
	for source in "--secret-file $BATS_TEST_TMPDIR/nowhere" '--secret-store credential' '--secret-command /bin/false'; do
		# shellcheck disable=SC2086 # words
		run ! --separate-stderr add_source $source
		assert_error "profile 'todo' not added"
		assert_equal "$(ls -A "$PROFILES")" ''
	done
	new_secret wrong
	run -6 --separate-stderr add_source --secret-file "$SECRET_FILE"
	assert_error "profile 'todo' not added"
	assert_equal "$(ls -A "$PROFILES")" ''
}

@test "what does not go together is refused" {
	new_secret test_secret
	while IFS='|' read -r words options; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr add_source --no-verify $options <<<secret
		assert_equal "$options: $status" "$options: 2"
		assert_error "$words"
	done <<-TABLE
		it goes with secret_store file, and secret_store is kernel|--secret-store kernel --secret-file $SECRET_FILE
		it goes with secret_store command, and secret_store is file|--secret-store file --secret-command /bin/true
		it goes with secret_store|--secret-file $SECRET_FILE --secret-command /bin/true
		secret_file is missing: secret_store file needs it|--secret-store file
		secret_command is missing: secret_store command needs it|--secret-store command
		secret_store: 'vault' is none of|--secret-store vault
		is not a number from 1 to 120|--secret-file $SECRET_FILE --secret-timeout 121
		is not a number from 1 to 120|--secret-file $SECRET_FILE --secret-timeout 0
		secret_first_line: 'maybe' is none of: yes no|--secret-file $SECRET_FILE --secret-first-line maybe
		secret_command: given more than 32 times|$(printf -- '--secret-command /x %.0s' {1..33})
		secret_env: given more than 16 times|--secret-command /x $(printf -- '--secret-env X %.0s' {1..17})
	TABLE
}

@test "a private key that is given, or made, does not go together with a source that has one" {
	made_keys
	new_secret test_secret
	for key in "--private-key $BATS_TEST_TMPDIR/key.pem" --generate-key; do
		for source in "--secret-file $SECRET_FILE" "--secret-credential x" '--secret-command /bin/true' "--secret-store file --secret-file $SECRET_FILE" \
			'--secret-store credential'; do
			# shellcheck disable=SC2086 # words
			run --separate-stderr add_source --issuer "$ISSUER" --no-verify $source $key
			assert_equal "$source $key: $status" "$source $key: 2"
			assert_error "${key%% *} stores a key, and secret_store"
			assert_equal "$(ls -A "$PROFILES")" ''
		done
	done
	# and of a profile that is there
	add_source --secret-file "$SECRET_FILE" >/dev/null
	cp "$PROFILES/todo.conf" "$BATS_TEST_TMPDIR/before"
	run -2 --separate-stderr sk-helper add todo --private-key "$BATS_TEST_TMPDIR/key.pem"
	assert_error "--private-key stores a key, and secret_store file has it already"
	cmp "$PROFILES/todo.conf" "$BATS_TEST_TMPDIR/before"
}

@test "commands that change a secret say that this one is only read" {
	new_secret test_secret
	add_source --secret-file "$SECRET_FILE" >/dev/null
	cp "$PROFILES/todo.conf" "$BATS_TEST_TMPDIR/before"
	run -2 --separate-stderr sk-helper rotate todo <<<new
	assert_error "its client secret is in secret_store file, which sk-helper only reads: change it there; 'sk-helper get todo --fresh' then checks that it works"
	run -2 --separate-stderr sk-helper rotate todo --private-key "$SECRET_FILE"
	assert_error 'which sk-helper only reads'
	run -2 --separate-stderr sk-helper store <<<$'profile=todo\nclient_secret=new'
	assert_error "client_secret is given, and secret_store 'file' is only read: leave one of them out"
	run -2 --separate-stderr sk-helper public-key todo
	assert_error 'its client has a client secret, and no private key'
	cmp "$PROFILES/todo.conf" "$BATS_TEST_TMPDIR/before"
	works
	# what does not concern the secret can be stored
	run -0 sk-helper store <<<$'profile=todo\nscope=todo:read'
	works
	# a token that is cached is forgotten, and the file stays
	run -0 --separate-stderr sk-helper erase todo
	works
}

@test "store makes a profile whose secret is elsewhere, for programs" {
	new_secret test_secret
	run -0 --separate-stderr sk-helper store <<<"profile=todo
token_endpoint=$TOKEN_ENDPOINT
client_id=m2m_todo
secret_file=$SECRET_FILE"
	works
	assert [ -e "$PROFILES/todo.binding" ]
	# where it comes from, and goes, it does not change: it proves nothing
	for line in "secret_file=$BATS_TEST_TMPDIR/other" "token_endpoint=$ELSEWHERE"; do
		run -8 --separate-stderr sk-helper store <<<"profile=todo
$line"
		assert_error "this changes where its secret comes from, or where it goes, and secret_store 'file' is only read"
	done
	works
}

@test "list, show, doctor and remove say where the secret is" {
	new_secret test_secret
	add_source --secret-file "$SECRET_FILE" >/dev/null
	run -0 sk-helper list
	assert_line --regexp '^todo .* file +(59|60) min$'
	run -0 sk-helper list --json
	assert_equal "$(jq -r '.[0] | "\(.secret) \(.secret_store) \(.auth_method) \(.token_cached)"' <<<"$output")" 'elsewhere file client_secret_post true'
	run -0 sk-helper show todo
	assert_line secret_store=file
	assert_line "secret_file=$SECRET_FILE"
	run -0 sk-helper doctor todo
	assert_line --regexp "^client secret +ok +from the file '$SECRET_FILE', for this server"
	assert_line --regexp '^token +ok'
	chmod 644 "$SECRET_FILE"
	run -0 sk-helper doctor todo --offline
	assert_line --regexp "^client secret +warn.* every user of this machine"
	rm "$SECRET_FILE"
	run -3 sk-helper doctor todo --offline
	assert_line --regexp '^client secret +BAD +secret_file: .*No such file or directory'
	run -0 --separate-stderr sk-helper remove todo
	assert_output "removed profile 'todo': its file, its secret was not touched (secret_store file), 1 cached token"
	assert_equal "$(ls -A "$PROFILES")" ''
}

@test "a dry run shows the plan, and reads, runs and sends nothing" {
	before=$(token_requests)
	run -0 --separate-stderr add_source --secret-file "$BATS_TEST_TMPDIR/nowhere" --dry-run
	assert_line "# $TOKEN_ENDPOINT would get the secret that the file '$BATS_TEST_TMPDIR/nowhere' has"
	assert_line secret_store=file
	run -0 --separate-stderr add_source --secret-command /usr/bin/touch --secret-command "$BATS_TEST_TMPDIR/ran" --dry-run
	assert_line "# $TOKEN_ENDPOINT would get the secret that the program '/usr/bin/touch' has"
	assert [ ! -e "$BATS_TEST_TMPDIR/ran" ]
	run -0 --separate-stderr add_source --secret-command /usr/bin/touch --secret-command "$BATS_TEST_TMPDIR/ran" --no-verify
	assert [ ! -e "$BATS_TEST_TMPDIR/ran" ]
	assert_equal "$(token_requests)" "$before"
}

# --- what a repository can set, and what it can have an agent run

@test "a HOME or XDG_CONFIG_HOME with '..' in it leads nowhere, whatever it begins with" {
	engine_script 'echo ran >"$BATS_TEST_TMPDIR/ran"' 'echo test_secret'
	if nobody_has_root; then return; fi
	add_command >/dev/null
	mkdir -p "$BATS_TEST_TMPDIR/repo/.config/sk-helper/profiles"
	cp "$PROFILES/todo.conf" "$BATS_TEST_TMPDIR/repo/.config/sk-helper/profiles/evil.conf"
	for way in "HOME=$HOME/.config/sk-helper/profiles/../../../../repo" "XDG_CONFIG_HOME=$PROFILES/../../../../repo/.config" "HOME=$BATS_TEST_TMPDIR/repo/.."; do
		run -8 --separate-stderr at_home env "$way" sk-helper get evil
		assert_error "there is '..' in HOME or XDG_CONFIG_HOME, which is not followed"
	done
}

@test "a program is run in / and with the home of its profile; a bus or a runtime directory that is not the user's own is not passed on" {
	engine_script 'pwd >here' 'env >environment' 'echo test_secret'
	sed -i "s|>here|>'$BATS_TEST_TMPDIR/here'|; s|>environment|>'$BATS_TEST_TMPDIR/environment'|" "$BATS_TEST_TMPDIR/engine"
	sed -i '/^cd /d' "$BATS_TEST_TMPDIR/engine"
	if nobody_has_root; then return; fi
	cd "$BATS_TEST_TMPDIR"
	DBUS_SESSION_BUS_ADDRESS='unix:path=/x;unixexec:path=/bin/true' XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR SSL_CERT_FILE=/x GNUPGHOME=/x VAULT_ADDR=x CLOUDSDK_PYTHON=x \
		add_command >/dev/null
	assert_equal "$(cat here)" /
	run -0 cat environment
	assert_line "HOME=$HOME"
	refute_line --regexp '^(DBUS_SESSION_BUS_ADDRESS|XDG_RUNTIME_DIR|SSL_CERT_FILE|GNUPGHOME|VAULT_ADDR|CLOUDSDK_PYTHON)='
	own=$HOME
	XDG_CONFIG_HOME=$own/.config HOME=$BATS_TEST_TMPDIR/other run -0 sk-helper get todo --fresh
	run -0 cat environment
	refute_line "HOME=$BATS_TEST_TMPDIR/other"
}

@test "store does not lead a secret elsewhere, and does not put another source in its place" {
	new_secret test_secret
	add_source --secret-file "$SECRET_FILE" >/dev/null
	before=$(token_requests)
	for line in "token_endpoint=$ELSEWHERE" "secret_file=/etc/passwd" "secret_command=/bin/true" secret_store=kernel; do
		printf 'profile=todo\n%s\n' "$line" >"$BATS_TEST_TMPDIR/request"
		run ! --separate-stderr sk-helper store <"$BATS_TEST_TMPDIR/request"
	done
	run -0 sk-helper store <<<$'profile=todo\nscope=todo:read'
	assert_equal "$(token_requests)" "$before"
	works
	# nor does it give up a secret that works
	store_client kept "$TOKEN_ENDPOINT"
	for line in "secret_file=$SECRET_FILE" secret_command=/bin/true; do
		printf 'profile=kept\n%s\n' "$line" >"$BATS_TEST_TMPDIR/request"
		run -8 --separate-stderr sk-helper store <"$BATS_TEST_TMPDIR/request"
		assert_error "'sk-helper set kept' changes it, and checks that it works"
	done
	run -2 --separate-stderr sk-helper add kept --secret-file "$SECRET_FILE" --no-verify
	assert_error 'leave --no-verify out'
	run -0 sk-helper get kept --fresh
}

@test "an identity token that was put into a profile with a secret is not read where the environment leads to it" {
	store_client kept "$TOKEN_ENDPOINT"
	printf 'grant=token-exchange\nidentity_token=file:%s\n' "$SECRET_FILE" >>"$PROFILES/kept.conf"
	run -8 --separate-stderr sk-helper get kept
	assert_error 'sk-helper has not written it so since the last reboot'
}

@test "a file in a directory that others can write to is not read; a link of theirs is not followed" {
	mkdir "$BATS_TEST_TMPDIR/open"
	SECRET_FILE=$BATS_TEST_TMPDIR/open/secret
	new_secret test_secret
	add_source --secret-file "$SECRET_FILE" >/dev/null
	chmod 777 "$BATS_TEST_TMPDIR/open"
	fails 8 "others than you and root can write to '$BATS_TEST_TMPDIR/open'"
	run sk-helper doctor todo
	assert_line --regexp '^client secret +BAD .*others than you and root can write'
	chmod 1777 "$BATS_TEST_TMPDIR/open"
	if [ "$(id -u)" = 0 ]; then works; fi
}

@test "public-key, where a program has the private key; set, which takes out what the program needs" {
	openssl genpkey -algorithm ed25519 -out "$BATS_TEST_TMPDIR/key.pem" 2>/dev/null
	if nobody_has_root; then return; fi
	run -0 sk-helper add pub --token-endpoint "$TOKEN_ENDPOINT" --issuer "$ISSUER" --client-id m2m_todo --auth-method private_key_jwt --no-verify \
		--secret-command /bin/cat --secret-command "$BATS_TEST_TMPDIR/key.pem"
	run -0 sk-helper public-key pub
	assert_equal "$(jq -r .crv <<<"$output")" Ed25519
	engine_script '[ "$MINE" = here ] || exit 1' 'echo test_secret'
	MINE=here add_command --secret-env MINE >/dev/null
	MINE=here run -3 sk-helper set todo --unset secret_env
	MINE=here works
	# another place for the secret takes out what belonged to the old one
	new_secret test_secret
	run -0 sk-helper set todo --secret-file "$SECRET_FILE"
	run ! grep -q '^secret_\(command\|env\)' "$PROFILES/todo.conf"
	run -2 --separate-stderr sk-helper set todo --secret-env MINE
	assert_error 'secret_env: it does not go with secret_store file'
}

@test "a record that was changed with the profile, a change of something else, and a secret of a keyring's that is said to be elsewhere, do not help" {
	new_secret test_secret
	printf 'other' >"$BATS_TEST_TMPDIR/other"
	chmod 600 "$BATS_TEST_TMPDIR/other"
	add_source --secret-file "$SECRET_FILE" >/dev/null
	before=$(token_requests)
	# both files, by hand
	sed -i "s|$SECRET_FILE|$BATS_TEST_TMPDIR/other|" "$PROFILES/todo.conf" "$PROFILES/todo.binding"
	run -8 --separate-stderr at_home sk-helper get todo --fresh
	assert_error 'the profile was changed since sk-helper has written it'
	# and a change of something else does not make them right
	rm "$PROFILES/todo.binding"
	run -8 at_home sk-helper set todo --scope todo:read
	run -8 at_home sk-helper add todo --no-verify --scope todo:read
	printf 'profile=todo\nscope=todo:read\n' >"$BATS_TEST_TMPDIR/request"
	run -8 at_home sk-helper store <"$BATS_TEST_TMPDIR/request"
	run -8 at_home sk-helper get todo --fresh
	# a profile with a secret in the keyring
	store_client kept "$TOKEN_ENDPOINT"
	sed -i "s|^secret_store=.*|secret_store=file\nsecret_file=$BATS_TEST_TMPDIR/other|" "$PROFILES/kept.conf"
	run -8 --separate-stderr at_home sk-helper get kept
	assert_error 'the profile was changed since sk-helper has written it'
	assert_equal "$(token_requests)" "$before"
}
