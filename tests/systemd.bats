# SPDX-License-Identifier: MIT
# Secrets that systemd gives a service, under a real systemd; and what belongs to another user. For root alone, which can start the one and
# become the other; in the real keyrings, where nothing is left.
# bats file_tags=root
load common
load todo
load systemd
load ssh-agents

OTHER=nobody
# in there: of the administrator
ETC=$SK_BUILD/stage/etc/sk-helper/profiles

setup_file() {
	start_authorization_server
	mkdir -p "$SK_BUILD/stage/etc"
	start_systemd
	# its /etc/sk-helper, and a user with a home, are there alone
	in_systemd mount -n -t tmpfs -o mode=755 none "$SK_BUILD/stage/etc"
	in_systemd mkdir -p "$ETC" /var/lib/credentials
	in_systemd install -d -m 700 -o 61234 -g 61234 /var/lib/deploy
	{
		cat /etc/passwd
		echo deploy:x:61234:61234::/var/lib/deploy:/bin/sh
	} >"$BATS_FILE_TMPDIR/passwd"
	in_systemd mount -n --bind "$BATS_FILE_TMPDIR/passwd" /etc/passwd
}
teardown_file() {
	stop_systemd
	stop_peers
}
setup() {
	export HOME=$BATS_TEST_TMPDIR/home XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
	mkdir -p "$HOME"
	PROFILES=$XDG_CONFIG_HOME/sk-helper/profiles
}
teardown() {
	stop_agents
	for user in "$OTHER" deploy; do
		unit_run erase <<<"User=$user
ExecStart=$SK_BUILD/stage/bin/sk-helper erase todo" >/dev/null 2>&1 || true
	done
	in_systemd sh -c 'rm -rf "$1"/* /var/lib/credentials/* /var/lib/deploy/.config /var/lib/deploy/.cache' sh "$ETC"
	[ ! -e "$PROFILES/todo.conf" ] || sk-helper remove todo >/dev/null
}

# system_profile LINE...: todo, as the administrator has written it.
system_profile() {
	printf '%s\n' "token_endpoint=$TOKEN_ENDPOINT" client_id=m2m_todo "$@" | in_systemd tee "$ETC/todo.conf" >/dev/null
}

# encrypted_credential NAME: test_secret, in /var/lib/credentials, encrypted with the host's key.
encrypted_credential() {
	printf test_secret | in_systemd systemd-creds encrypt --with-key=host "--name=$1" - "/var/lib/credentials/$1" 2>/dev/null
}

# service LINE...: of a unit that runs 'sk-helper get todo'.
service() {
	{
		printf '%s\n' "$@"
		echo "ExecStart=$SK_BUILD/stage/bin/sk-helper get todo"
	} | unit_run todo
}

@test "a service has its secret encrypted on the disk, and nowhere else" {
	system_profile secret_store=credential
	encrypted_credential sk-helper.todo
	run ! in_systemd grep -r test_secret /var/lib/credentials
	before=$(token_requests)
	run -0 --separate-stderr service "User=$OTHER" LoadCredentialEncrypted=sk-helper.todo:/var/lib/credentials/sk-helper.todo
	assert_equal "$stderr" ''
	assert [ ${#output} -ge 20 ]
	token=$output
	assert_equal "$(token_requests)" $((before + 1))
	# what is cached needs no credential; what is not is told what it is that is missing
	run -0 --separate-stderr service "User=$OTHER"
	assert_output "$token"
	unit_run erase <<<"User=$OTHER
ExecStart=$SK_BUILD/stage/bin/sk-helper erase todo"
	run -3 --separate-stderr service "User=$OTHER"
	assert_error 'there are no systemd credentials here: this is no service'
	encrypted_credential other
	run -3 --separate-stderr service "User=$OTHER" LoadCredentialEncrypted=other:/var/lib/credentials/other
	assert_error "the systemd credential 'sk-helper.todo': No such file or directory (the unit wants LoadCredentialEncrypted=sk-helper.todo:PATH)"
	assert_equal "$(token_requests)" $((before + 1))
}

@test "a plain file of root's as a credential, by a name of its own, for a service with a home" {
	in_systemd install -m 600 /dev/stdin /var/lib/credentials/plain <<<test_secret
	unit=("User=deploy" LoadCredential=the-secret:/var/lib/credentials/plain)
	run -0 --separate-stderr unit_run add <<<"$(printf '%s\n' "${unit[@]}")
ExecStart=$SK_BUILD/stage/bin/sk-helper add todo --token-endpoint $TOKEN_ENDPOINT --client-id m2m_todo --secret-credential the-secret"
	assert_line --partial "client secret: the systemd credential 'the-secret'"
	assert_line --partial 'token: works'
	run -0 in_systemd stat -c '%a %U' /var/lib/deploy/.config/sk-helper/profiles/todo.binding
	assert_output '600 deploy'
	run -0 --separate-stderr unit_run fresh <<<"$(printf '%s\n' "${unit[@]}")
ExecStart=$SK_BUILD/stage/bin/sk-helper get todo --fresh"
	assert [ ${#output} -ge 20 ]
	# what the unit gives, doctor sees
	run -0 --separate-stderr unit_run doctor <<<"$(printf '%s\n' "${unit[@]}")
ExecStart=$SK_BUILD/stage/bin/sk-helper doctor todo"
	assert_line --regexp "^client secret +ok +from the systemd credential 'the-secret', for this server"
	# below the user's own home, by the user database, no record is needed
	in_systemd rm /var/lib/deploy/.config/sk-helper/profiles/todo.binding
	run -0 --separate-stderr unit_run fresh <<<"$(printf '%s\n' "${unit[@]}")
ExecStart=$SK_BUILD/stage/bin/sk-helper get todo --fresh"
	# where a variable leads, it is
	in_systemd cp -r /var/lib/deploy/.config /var/lib/credentials/led
	in_systemd chown -R deploy /var/lib/credentials/led
	run -8 --separate-stderr unit_run led <<<"$(printf '%s\n' "${unit[@]}")
Environment=XDG_CONFIG_HOME=/var/lib/credentials/led
ExecStart=$SK_BUILD/stage/bin/sk-helper get todo --fresh"
	assert_error 'is not below your home'
}

@test "a private key as a credential" {
	openssl ecparam -name prime256v1 -genkey -noout -out "$BATS_TEST_TMPDIR/key.pem"
	jwk=$(sk-helper add key --client-id key --private-key "$BATS_TEST_TMPDIR/key.pem" --secret-store kernel --token-endpoint http://127.0.0.1:1/t --issuer http://127.0.0.1:1 --no-verify | tail -n 1)
	sk-helper remove key >/dev/null
	start_authorization_server "{\"clients\":[{\"id\":\"key\",\"method\":\"private_key_jwt\",\"keys\":[$jwk]}]}"
	printf '%s\n' "token_endpoint=$TOKEN_ENDPOINT" "issuer=$ISSUER" client_id=key auth_method=private_key_jwt secret_store=credential |
		in_systemd tee "$ETC/todo.conf" >/dev/null
	in_systemd systemd-creds encrypt --with-key=host --name=sk-helper.todo - /var/lib/credentials/key <"$BATS_TEST_TMPDIR/key.pem" 2>/dev/null
	run -0 --separate-stderr service "User=$OTHER" LoadCredentialEncrypted=sk-helper.todo:/var/lib/credentials/key
	assert [ ${#output} -ge 20 ]
	assert_equal "$stderr" ''
}

@test "a file of root's that all may read, as containers have secrets, is one for every user; a file that others may write is one for none" {
	start_authorization_server
	system_profile secret_file=/var/lib/credentials/file
	in_systemd install -m 444 /dev/stdin /var/lib/credentials/file <<<test_secret
	run -0 --separate-stderr service "User=$OTHER"
	assert [ ${#output} -ge 20 ]
	before=$(token_requests)
	unit_run erase <<<"User=$OTHER
ExecStart=$SK_BUILD/stage/bin/sk-helper erase todo"
	in_systemd chown 61234 /var/lib/credentials/file
	run -8 --separate-stderr service "User=$OTHER"
	assert_error "secret_file '/var/lib/credentials/file' belongs to neither you nor root: it was not read"
	in_systemd chown 0:0 /var/lib/credentials/file
	in_systemd chmod 464 /var/lib/credentials/file
	run -8 --separate-stderr service "User=$OTHER"
	assert_error "others can write to secret_file"
	in_systemd chmod 400 /var/lib/credentials/file
	run -3 --separate-stderr service "User=$OTHER"
	assert_error 'Permission denied'
	assert_equal "$(token_requests)" "$before"
}

@test "a program that all may run is one for every user, with the user's rights" {
	start_authorization_server
	in_systemd install -m 755 /dev/stdin /var/lib/credentials/program <<<'#!/bin/sh
id -un >&2
[ "$1" = fail ] && exit 1
echo test_secret'
	system_profile secret_command=/var/lib/credentials/program
	run -0 --separate-stderr service "User=$OTHER"
	assert [ ${#output} -ge 20 ]
	unit_run erase <<<"User=$OTHER
ExecStart=$SK_BUILD/stage/bin/sk-helper erase todo"
	system_profile secret_command=/var/lib/credentials/program secret_command=fail
	run -3 --separate-stderr service "User=$OTHER"
	assert_error "failed (status 1): $OTHER"
	# another user's is not run
	in_systemd chown 61234 /var/lib/credentials/program
	run -8 --separate-stderr service "User=$OTHER"
	assert_error "others than you and root can write to '/var/lib/credentials/program': it is not used"
}

# --- what belongs to another user, here

# add_here OPTION...
add_here() { sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --token-cache none --no-verify "$@" >/dev/null; }

@test "another user's file is not read, and neither is another user's credential" {
	file=$BATS_TEST_TMPDIR/secret
	install -m 600 -o "$OTHER" /dev/stdin "$file" <<<test_secret
	add_here --secret-file "$file"
	fails 8 "secret_file '$file' belongs to neither you nor root: it was not read"
	ln -s secret "$BATS_TEST_TMPDIR/link"
	add_here --secret-file "$BATS_TEST_TMPDIR/link"
	fails 8 'belongs to neither you nor root'
	# it is whose file it is that counts
	chown 0 "$file"
	run -0 sk-helper get todo --fresh
	export CREDENTIALS_DIRECTORY=$BATS_TEST_TMPDIR/credentials
	install -d -m 500 -o "$OTHER" "$CREDENTIALS_DIRECTORY"
	install -m 400 /dev/stdin "$CREDENTIALS_DIRECTORY/sk-helper.todo" <<<test_secret
	add_here --secret-store credential
	fails 8 "is not yours alone: nothing was read from it"
	chown 0 "$CREDENTIALS_DIRECTORY"
	run -0 sk-helper get todo --fresh
	chown "$OTHER" "$CREDENTIALS_DIRECTORY/sk-helper.todo"
	fails 8 'is not a file that is yours alone'
	# the group's right to read is another's, where the group is not root's
	chown "0:$(id -g "$OTHER")" "$CREDENTIALS_DIRECTORY/sk-helper.todo"
	chmod 440 "$CREDENTIALS_DIRECTORY/sk-helper.todo"
	fails 8 'is not a file that is yours alone'
	chgrp 0 "$CREDENTIALS_DIRECTORY/sk-helper.todo"
	run -0 sk-helper get todo --fresh
}

@test "another user's program is not run, nor one in another user's directory, nor by another user's link" {
	chmod go-w "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
	program=$BATS_TEST_TMPDIR/program
	printf '#!/bin/sh\necho ran >>"%s"\necho test_secret\n' "$BATS_TEST_TMPDIR/ran" >"$program"
	chmod 755 "$program"
	chown "$OTHER" "$program"
	add_here --secret-command "$program"
	fails 8 "others than you and root can write to '$program': it is not used"
	chown 0 "$program"
	run -0 sk-helper get todo --fresh
	rm "$BATS_TEST_TMPDIR/ran"
	install -d -m 755 -o "$OTHER" "$BATS_TEST_TMPDIR/theirs"
	install -d -m 1777 "$BATS_TEST_TMPDIR/sticky"
	cp -p "$program" "$BATS_TEST_TMPDIR/theirs/program"
	add_here --secret-command "$BATS_TEST_TMPDIR/theirs/program"
	fails 8 "others than you and root can write to '$BATS_TEST_TMPDIR/theirs': it is not used"
	# where all can put something, a link may be anybody's
	ln -s "$program" "$BATS_TEST_TMPDIR/sticky/link"
	chown -h "$OTHER" "$BATS_TEST_TMPDIR/sticky/link"
	add_here --secret-command "$BATS_TEST_TMPDIR/sticky/link"
	fails 8 "others than you and root can write to '$BATS_TEST_TMPDIR/sticky/link': it is not used"
	assert [ ! -e "$BATS_TEST_TMPDIR/ran" ]
	chown -h 0 "$BATS_TEST_TMPDIR/sticky/link"
	run -0 sk-helper get todo --fresh
	# a sticky directory of another user's is that user's
	chown "$OTHER" "$BATS_TEST_TMPDIR/sticky"
	fails 8 "others than you and root can write to '$BATS_TEST_TMPDIR/sticky'"
}

@test "another user's ssh-agent is not asked" {
	start_agent_of "$OTHER"
	agent_key ed25519
	sk-helper store <<<"profile=todo
token_endpoint=$TOKEN_ENDPOINT
issuer=$ISSUER
client_id=m2m_todo
ssh_agent=$FINGERPRINT"
	fails 8 "what listens at '$SSH_AUTH_SOCK' belongs to user $(id -u "$OTHER"): nothing was sent to it"
	run -8 --separate-stderr sk-helper public-key todo
	assert_error 'nothing was sent to it'
	# and root's is asked, whoever asks
	stop_agents
	start_agent
	ssh_add "$KEY_FILE"
	run -0 sk-helper public-key todo
}
