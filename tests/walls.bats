# SPDX-License-Identifier: MIT
# The promises of the README's "What it protects against": for each, the attack. Each test goes red when the line that keeps
# its promise is taken out.
load common

setup_file() {
	start_authorization_server
	start_faulty_server
}
teardown_file() { stop_peers; }
setup() { fresh_home; }

# --- a profile is its file

# hostile_home LINE...: another configuration directory with a profile "todo" that differs from the user's in these lines.
hostile_home() {
	HOSTILE=$BATS_TEST_TMPDIR/repository/.config
	mkdir -p "$HOSTILE/sk-helper/profiles"
	{ grep -v '^url=\|^scope=' "$PROFILES/todo.conf" && printf '%s\n' "$@"; } >"$HOSTILE/sk-helper/profiles/todo.conf"
}

@test "another home with a profile of the same name gets neither the token nor a new one" {
	add_todo --url https://api.example.com/mcp >/dev/null
	hostile_home url=https://evil.example/mcp 'scope=todo:read todo:write'
	before=$(token_requests)
	run -3 --separate-stderr env XDG_CONFIG_HOME="$HOSTILE" CLAUDE_CODE_MCP_SERVER_URL=https://evil.example/mcp sk-helper get --format mcp-headers
	assert_error 'is not in the kernel keyring'
	mkdir -p "$BATS_TEST_TMPDIR/home2"
	cp -R "$HOSTILE" "$BATS_TEST_TMPDIR/home2/.config"
	run -3 --separate-stderr env HOME="$BATS_TEST_TMPDIR/home2" sk-helper get todo
	assert_error 'is not in the kernel keyring'
	assert_equal "$(token_requests)" "$before"
	run -0 sk-helper get https://api.example.com/mcp
}

@test "a token record that another file's key has is a miss" {
	add_todo >/dev/null
	hostile_home 'scope=todo:read todo:write'
	"$TOOLS/keyring-tool" kernel get token todo 2>/dev/null | XDG_CONFIG_HOME=$HOSTILE "$TOOLS/keyring-tool" kernel put token todo '' 3000 2>/dev/null
	XDG_CONFIG_HOME=$HOSTILE run -3 --separate-stderr sk-helper get todo
	"$TOOLS/keyring-tool" kernel get secret todo 2>/dev/null | XDG_CONFIG_HOME=$HOSTILE "$TOOLS/keyring-tool" kernel put secret todo 2>/dev/null
	XDG_CONFIG_HOME=$HOSTILE run -8 --separate-stderr sk-helper get todo
	assert_error 'the secret was stored for the profile at'
}

@test "another home's remove, store, erase and add leave the user's secret and token alone" {
	add_todo >/dev/null
	token=$(sk-helper get todo)
	XDG_CONFIG_HOME=/nonexistent run -3 sk-helper remove todo
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/other
	store_client todo "$TOKEN_ENDPOINT"
	run -0 sk-helper erase todo
	run -0 add_todo --yes
	run -0 sk-helper remove todo
	unset XDG_CONFIG_HOME
	assert_equal "$(sk-helper get todo)" "$token"
	run -0 sk-helper get todo --fresh
}

@test "one file has one path: a home with slashes and dots in it is the same home" {
	add_todo >/dev/null
	token=$(sk-helper get todo)
	before=$(token_requests)
	HOME=$HOME//./ run -0 sk-helper get todo
	assert_output "$token"
	assert_equal "$(token_requests)" "$before"
}

# --- both or neither

@test "killed between the keyring and the file: the old profile still works, and so does the change when it is made again" {
	store_client todo "$TOKEN_ENDPOINT"
	run strace -f -o /dev/null -e trace=rename -e inject=rename:signal=KILL sk-helper store \
		<<<$'profile=todo\ntoken_endpoint=https://new.example.com/token\nclient_secret=new'
	[ "$status" != 0 ]
	"$TOOLS/keyring-tool" kernel get secret todo 2>/dev/null | grep -qx client_secret=new
	run -0 sk-helper get todo --fresh
	store_client todo "$TOKEN_ENDPOINT"
	run -0 sk-helper get todo --fresh
	assert_equal "$("$TOOLS/keyring-tool" kernel get secret todo 2>/dev/null | grep -c client_secret=)" 1
}

# --- addresses

# with_hosts COMMAND...: with names of our own for addresses of this machine and of a cloud's metadata service.
with_hosts() {
	printf '127.0.0.1 localhost as.test\n169.254.169.254 metadata.test\n' >"$BATS_TEST_TMPDIR/hosts"
	unshare --user --map-current-user --mount --keep-caps bash -c 'mount --bind "$0" /etc/hosts && exec setpriv --ambient-caps=-all --inh-caps=-all "$@"' \
		"$BATS_TEST_TMPDIR/hosts" "$@"
}

@test "an address is checked after its name was resolved" {
	start_peer metadata-server
	for case in 'metadata.test:link-local' 'as.test:plain http'; do
		answers='{"prm":{"body":{"resource":"{{self}}","authorization_servers":["https://'${case%%:*}':1"]}}}'
		[ "${case%%:*}" != as.test ] || answers='{"prm":{"body":{"resource":"{{self}}","authorization_servers":["http://as.test:1"]}}}'
		server=$PEER_URL/$(jq -c . <<<"$answers" | base64 -w0 | tr '+/' '-_' | tr -d =)
		run -8 --separate-stderr with_hosts sk-helper add meta --url "$server" --client-id c --secret-store kernel --no-verify <<<secret
		assert_error "${case#*:}"
	done
}

@test "a proxy for others does not open this machine to a server elsewhere" {
	load certificates
	make_ca "$BATS_TEST_TMPDIR/pki"
	make_certificate "$BATS_TEST_TMPDIR/pki" far 'DNS:mcp.example.test'
	start_peer metadata-server "$(tls_options "$BATS_TEST_TMPDIR/pki" far mcp.example.test)"
	metadata=$PEER_URL
	start_peer proxy
	server=$metadata/$(jq -c . <<<'{"prm":{"body":{"resource":"{{self}}","authorization_servers":["https://as.test:1"]}}}' | base64 -w0 | tr '+/' '-_' | tr -d =)
	# the name as.test is this machine's own, and no_proxy has it asked directly
	https_proxy=$PEER_URL no_proxy=.test:,as.test run -8 --separate-stderr with_hosts sk-helper add meta --url "$server" --client-id c --secret-store kernel \
		--no-verify --ca-file "$BATS_TEST_TMPDIR/pki/ca.pem" <<<secret
	assert_error "this machine's own"
}

# --- what a secret is bound to

@test "a CA file that has changed is not believed with the secret" {
	load certificates
	make_ca "$BATS_TEST_TMPDIR/pki"
	make_certificate "$BATS_TEST_TMPDIR/pki" server 'DNS:localhost,IP:127.0.0.1'
	start_peer authorization-server "$(tls_options "$BATS_TEST_TMPDIR/pki" server)"
	endpoint=$(jq -r .token_endpoint "$PEER_READY")
	cp "$BATS_TEST_TMPDIR/pki/ca.pem" "$BATS_TEST_TMPDIR/ca.pem"
	run -0 sk-helper add tls --token-endpoint "$endpoint" --client-id m2m_todo --secret-store kernel --ca-file "$BATS_TEST_TMPDIR/ca.pem" <<<test_secret
	run -0 sk-helper get tls --fresh
	make_ca "$BATS_TEST_TMPDIR/evil"
	cat "$BATS_TEST_TMPDIR/evil/ca.pem" >>"$BATS_TEST_TMPDIR/ca.pem"
	run -8 --separate-stderr sk-helper get tls --fresh
	assert_error 'has changed since the client secret was given'
	run -0 sk-helper store <<<$'profile=tls\nclient_secret=test_secret'
	run -0 sk-helper get tls --fresh
	rm "$BATS_TEST_TMPDIR/ca.pem"
	run -8 --separate-stderr sk-helper get tls --fresh
	assert_error 'No such file'
}

@test "a directory of profiles that others can write to is not believed with a secret" {
	store_client todo "$TOKEN_ENDPOINT"
	for dir in "$PROFILES" "${PROFILES%/*}"; do
		chmod g+w "$dir"
		run -8 --separate-stderr sk-helper get todo --fresh
		assert_error "other users can write to '$dir'"
		run -8 --separate-stderr sk-helper add other --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store kernel <<<test_secret
		assert_error "other users can write to '$dir'"
		chmod g-w "$dir"
	done
	run -0 sk-helper get todo --fresh
}

# --- words

@test "what hook prints from the environment is quoted for the shell it is pasted into" {
	store_client m "$TOKEN_ENDPOINT" url=https://packages.example.com/
	export XDG_CONFIG_HOME=$HOME/.config
	HOME="/x'; touch PWN; echo '" run -0 --separate-stderr sk-helper hook pip m
	assert_line --partial "'/x'\\''; touch PWN; echo '\\''/.local/bin/keyring'"
	HOME=$'/x\033[31m' run -2 --separate-stderr sk-helper hook pip m
	assert_error 'control character'
}

@test "a y that was typed before the question is no answer to it" {
	add_todo >/dev/null
	run -0 expect -c '
		set timeout 20
		spawn -noecho sh -c "stty -echo; echo ready; sleep 0.7; exec sk-helper add todo --token-endpoint $env(TOKEN_ENDPOINT) --client-id m2m_todo --secret-store kernel"
		expect ready { send "y\r" }
		expect {\[y/N\]} { after 300; send "n\r" }
		expect "not shown" { exit 7 } "nothing was changed" { exit 0 } timeout { exit 9 }'
}

@test "what an argument says is not a terminal's command in our messages" {
	run -2 --separate-stderr sk-helper exec $'--e\033[31mvil'
	[[ $stderr != *$'\033'* ]]
	add_todo >/dev/null
	run -127 --separate-stderr sk-helper exec --env A=todo -- $'/no\033[31mne'
	[[ $stderr == *'/no'* && $stderr != *$'\033'* ]]
}

@test "one odd item in the Secret Service, or a directory among the profiles, does not hide the rest" {
	load bus
	export XDG_DATA_HOME=$BATS_TEST_TMPDIR/data
	mkdir -p "$XDG_DATA_HOME"
	start_bus
	printf 'test_secret\n' | sk-helper add todo --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store secret-service --url https://mcp.example.com/ >/dev/null
	printf x | secret-tool store --label=odd application sk-helper name $'secret:\nevil'
	run -0 sk-helper list
	assert_line --regexp '^todo .* secret-service, stored'
	mkdir "$PROFILES/x.conf"
	run -1 --separate-stderr sk-helper get https://mcp.example.com/
	assert_error "'$PROFILES/x.conf': Is a directory: it may be the profile that is wanted, so repair or remove it"
	run -0 sk-helper get todo
}

@test "list shows all profiles, however many" {
	add_todo >/dev/null
	for i in $(seq 1200); do cp "$PROFILES/todo.conf" "$PROFILES/p$i.conf"; done
	assert_equal "$(sk-helper list --names | wc -l)" 1201
	assert_equal "$(sk-helper list --json | jq length)" 1201
	assert_equal "$(sk-helper list --json | jq -c '[.[] | select(.secret == "stored") | .profile]')" '["todo"]'
}
