# SPDX-License-Identifier: MIT
# Tools that ask in their own words: the real ones where Debian or npm has them, each at a server that records what arrives; the
# others byte for byte by their published contract.
load common
load certificates

setup_file() {
	start_faulty_server
	export DENIED=$BATS_FILE_TMPDIR/denied
	: >"$DENIED"
	start_peer recorder "{\"denied\":\"$DENIED\"}"
	export RECORDER=$PEER_URL
}
teardown_file() { stop_peers; }
setup() {
	fresh_home
	: >"$DENIED"
	export GIT_TERMINAL_PROMPT=0 GIT_CONFIG_NOSYSTEM=1
	unset KUBERNETES_EXEC_INFO VAULT_ADDR BAO_ADDR
}

TOKENS='{"body":{"access_token":"tok1","token_type":"Bearer","expires_in":3600}},{"body":{"access_token":"tok2","token_type":"Bearer","expires_in":3600}},{"body":{"access_token":"tok3","token_type":"Bearer","expires_in":3600}}'

# add_for URL [LINE]...: the profile p, whose tokens are tok1, tok2, tok3.
add_for() {
	local url=$1
	shift
	store_client p "$(endpoint_that_answers "$TOKENS,{\"x\":$RANDOM$RANDOM}")" "url=$url" "$@"
}

seen() { curl -sk "$RECORDER/__stats" | jq -r '.seen[]'; }
seen_last() { seen | tail -n 1; }

# ask PROGRAM INPUT [ARGUMENT]...
ask() {
	local program=$1 input=$2
	shift 2
	run --separate-stderr "$program" "$@" < <(printf '%b' "$input")
}

expiry() { "$TOOLS/keyring-tool" kernel get token p 2>/dev/null | sed -n 's/^expires_at=//p'; }

@test "git: the real one, with a user name and password, because it knows no Bearer yet" {
	add_for "$RECORDER/" username=oauth2
	git config --global credential.helper sk
	run -0 git ls-remote "$RECORDER/git/repo"
	assert_equal "$(seen_last)" 'Basic oauth2:tok1'
	# refused: forgotten, and the next command has a new one
	echo tok1 >"$DENIED"
	run -128 git ls-remote "$RECORDER/git/repo"
	run -0 git ls-remote "$RECORDER/git/repo"
	assert_equal "$(seen_last)" 'Basic oauth2:tok2'
	# a server that no profile is for
	run -128 git ls-remote "${RECORDER/127.0.0.1/localhost}/git/repo"
	assert_output --partial 'terminal prompts disabled'
	assert_equal "$(seen_last)" 'Basic oauth2:tok2'
}

@test "git: Bearer where git knows it, and the expiry" {
	add_for https://git.example.com/
	request='protocol=https\nhost=git.example.com\npath=r.git\n'
	ask git-credential-sk "capability[]=authtype\ncapability[]=state\n$request\n" get
	assert_equal "$status|$stderr" '0|'
	assert_equal "$output" "capability[]=authtype
authtype=Bearer
credential=tok1
password_expiry_utc=$(($(expiry) - 60))"
	# without authtype, and no user name in the profile: nothing
	ask git-credential-sk "$request\n" get
	assert_equal "$status|$output|$stderr" '0||'
	sk-helper store <<<$'profile=p\nusername=oauth2'
	ask git-credential-sk "$request\n" get
	assert_equal "$output" "username=oauth2
password=tok1
password_expiry_utc=$(($(expiry) - 60))"
	# never both; and not for another user
	ask git-credential-sk "capability[]=authtype\n$request\n" get
	refute_output --partial username
	ask git-credential-sk "${request}username=other\n\n" get
	assert_equal "$status|$output" '0|'
}

@test "git: what gets no credential" {
	add_for https://git.example.com/r/ username=oauth2
	while IFS='|' read -r expected request; do
		ask git-credential-sk "$request\n" get
		assert_equal "$request $status $output" "$request $expected "
	done <<'TABLE'
0|
0|capability[]=authtype\n
0|protocol=https\nhost=evil.example.com\npath=r\ncapability[]=authtype\n
0|protocol=https\nhost=git.example.com\ncapability[]=authtype\n
0|protocol=https\nhost=git.example.com:444\npath=r\ncapability[]=authtype\n
0|protocol=http\nhost=git.example.com\npath=r\ncapability[]=authtype\n
0|protocol=https\nhost=git.example.com.evil.example\npath=r\ncapability[]=authtype\n
2|protocol=https\ncapability[]=authtype\n
2|host=git.example.com\npath=r\ncapability[]=authtype\n
2|protocol=https\nhost=git.example.com\npath=r\nhost=evil.example.com\n
2|protocol=https\nhost=git.example.com\r\npath=r\n
2|protocol=https\nhost=git.example.com/r\n
2|protocol=https\nhost=evil@git.example.com\npath=r\n
2|nonsense\n
TABLE
	# a line that is too long is not cut so that its tail is read as another
	ask git-credential-sk "wwwauth[]=$(printf '%070000d' 1)\nprotocol=https\nhost=git.example.com\npath=r\n\n" get
	assert_equal "$status|$output" '2|'
}

@test "git: erase, store and other operations" {
	add_for https://git.example.com/
	request='protocol=https\nhost=git.example.com\n'
	bearer="capability[]=authtype\n$request"
	ask git-credential-sk "$bearer\n" get
	for body in '' 'password=other\n' 'authtype=Bearer\ncredential=tok9\n'; do
		ask git-credential-sk "$request$body\n" erase
		assert_equal "$status|$output|$stderr" '0||'
	done
	ask git-credential-sk "protocol=https\nhost=evil.example.com\ncredential=tok1\n\n" erase
	assert_equal "$(sk-helper get p)" tok1
	ask git-credential-sk "${request}authtype=Bearer\ncredential=tok1\nwwwauth[]=Bearer\n\n" erase
	assert_equal "$status|$output|$stderr" '0||'
	assert_equal "$(sk-helper get p)" tok2
	# late news of the old one
	ask git-credential-sk "${request}password=tok1\n\n" erase
	assert_equal "$(sk-helper get p)" tok2
	for operation in store approve ''; do
		ask git-credential-sk "${request}username=u\npassword=p\n\n" $operation
		assert_equal "$status|$output|$stderr" '0||'
	done
	ask git-credential-sk '' capability
	assert_equal "$output" $'version 0\ncapability authtype\ncapability state'
	# and the client's secret is untouched
	run -0 "$TOOLS/keyring-tool" kernel get secret p
}

@test "git: once more in the same process, where the profile says so" {
	add_for https://git.example.com/ git_retry=yes
	request='capability[]=authtype\ncapability[]=state\nprotocol=https\nhost=git.example.com\n'
	ask git-credential-sk "$request\n" get
	assert_line --index 4 'capability[]=state'
	assert_line 'state[]=sk:1'
	assert_line 'continue=1'
	make_older p 100
	ask git-credential-sk "${request}state[]=sk:1\nwwwauth[]=Bearer\n\n" get
	assert_line credential=tok2
	refute_output --partial continue
}

@test "git: when a profile covers the URL and there is no token, git neither prompts nor asks other helpers" {
	store_client p "$(endpoint_that_answers '{"status":401,"body":{"error":"invalid_client"}}')" url=https://git.example.com/
	ask git-credential-sk 'protocol=https\nhost=git.example.com\ncapability[]=authtype\n\n' get
	assert_equal "$status|$output" '6|quit=1'
	assert_equal "${#stderr_lines[@]}" 1
}

@test "docker: skopeo, at a registry" {
	add_for "$RECORDER/"
	mkdir -p "$HOME/auth"
	printf '{"credHelpers":{"%s":"sk"}}' "${RECORDER#http://}" >"$HOME/auth/auth.json"
	run -0 skopeo list-tags --tls-verify=false --authfile "$HOME/auth/auth.json" "docker://${RECORDER#http://}/x"
	assert_equal "$(seen_last)" 'Basic oauth2accesstoken:tok1'
	sk-helper store <<<$'profile=p\nusername=robot'
	run -0 skopeo list-tags --tls-verify=false --authfile "$HOME/auth/auth.json" "docker://${RECORDER#http://}/x"
	assert_equal "$(seen_last)" 'Basic robot:tok1'
}

@test "docker: to the letter" {
	add_for https://registry.example.com/
	for server in registry.example.com https://registry.example.com 'registry.example.com\n' https://registry.example.com/v1/; do
		ask docker-credential-sk "$server" get
		assert_equal "$status|$stderr" '0|'
		assert_equal "$output" "{\"ServerURL\":\"$(printf '%b' "$server")\",\"Username\":\"oauth2accesstoken\",\"Secret\":\"tok1\"}"
	done
	ask docker-credential-sk evil.example.com get
	assert_equal "$status|$output|$stderr" '3|credentials not found in native keychain|'
	ask docker-credential-sk '' get
	assert_equal "$status|$output" '2|no credentials server URL'
	ask docker-credential-sk unused list
	assert_equal "$status|$output" '0|{"https://registry.example.com/":"oauth2accesstoken"}'
	ask docker-credential-sk '' version
	assert_equal "$output" "docker-credential-sk (sk-helper) $(sk-helper --version | cut -d' ' -f2)"
	ask docker-credential-sk '{"ServerURL":"registry.example.com","Username":"u","Secret":"s"}' store
	assert_equal "$status" 2
	assert_output --partial 'stores no passwords'
	refute_output --partial '"s"'
	ask docker-credential-sk registry.example.com erase
	assert_equal "$status|$output|$stderr" '0||'
	assert_equal "$(sk-helper get p)" tok2
	ask docker-credential-sk evil.example.com erase
	assert_equal "$status|$output" '0|'
	ask docker-credential-sk 'registry.example.com\0evil' get
	assert_equal "$status" 2
	ask docker-credential-sk x frobnicate
	assert_equal "$status" 2
}

@test "Bazel and others of that protocol" {
	add_for https://cache.example.com/x
	ask bazel-credential-sk '{"uri":"https://cache.example.com/x/y","unknown":1}' get
	assert_equal "$status|$stderr" '0|'
	assert_equal "$output" "{\"headers\":{\"Authorization\":[\"Bearer tok1\"]},\"expires\":\"$(date -u -d "@$(($(expiry) - 60))" +%Y-%m-%dT%H:%M:%SZ)\"}"
	while IFS='|' read -r expected input; do
		ask bazel-credential-sk "$input" get
		assert_equal "$input $status $output" "$input $expected "
		assert_one_error
	done <<'TABLE'
3|{"uri":"https://evil.example.com/x"}
3|{"uri":"https://cache.example.com/xy"}
8|{"uri":"http://cache.example.com/x"}
2|{"uri":"cache.example.com/x"}
2|{"url":"https://cache.example.com/x"}
2|{"uri":["https://cache.example.com/x"]}
2|{"uri":"https://cache.example.com/x"
2|[]
2|
2|{"uri":"https://cache.example.com/x\\u0000"}
TABLE
	ask bazel-credential-sk '{"uri":"https://cache.example.com/x"}' store
	assert_equal "$status|$output" '2|'
	# only a path can be configured: a link's name says the profile
	ln -s "$SK_BUILD/stage/bin/sk-helper" "$BATS_TEST_TMPDIR/bazel-credential-sk-p"
	ask "$BATS_TEST_TMPDIR/bazel-credential-sk-p" '{"uri":"https://cache.example.com/x"}' get
	assert_output --partial tok1
	ask "$BATS_TEST_TMPDIR/bazel-credential-sk-p" '{"uri":"https://evil.example.com/x"}' get
	assert_equal "$status|$output" '8|'
}

@test "Terraform and OpenTofu" {
	add_for https://tf.example.com/
	ask terraform-credentials-sk '' get tf.example.com
	assert_equal "$status|$output|$stderr" '0|{"token":"tok1"}|'
	ask terraform-credentials-sk '' --profile=p get tf.example.com
	assert_equal "$output" '{"token":"tok1"}'
	ask terraform-credentials-sk '' get evil.example.com
	assert_equal "$status|$output|$stderr" '0|{}|'
	ask terraform-credentials-sk '{"token":"x"}' store tf.example.com
	assert_equal "$status|$output" '2|'
	ask terraform-credentials-sk '' forget evil.example.com
	assert_equal "$status|$output|$stderr" '0||'
	ask terraform-credentials-sk '' forget tf.example.com
	assert_equal "$(sk-helper get p)" tok2
	for words in 'frobnicate x' get ''; do
		# shellcheck disable=SC2086 # words
		ask terraform-credentials-sk '' $words
		assert_equal "$status|$output" '2|'
	done
}

@test "Cargo" {
	add_for https://crates.example.com/
	request='{"v":1,"registry":{"index-url":"sparse+https://crates.example.com/index/","name":"m"},"kind":"get","operation":"read"}\n'
	ask cargo-credential-sk "$request" --cargo-plugin
	assert_equal "$status|$stderr" '0|'
	assert_line --index 0 '{"v":[1]}'
	assert_line --index 1 "{\"Ok\":{\"kind\":\"get\",\"token\":\"Bearer tok1\",\"cache\":\"expires\",\"expiration\":$(($(expiry) - 60)),\"operation_independent\":true}}"
	# several, one after the other
	ask cargo-credential-sk "${request/crates/evil}${request/\"get\"/\"login\"}$request" --cargo-plugin
	assert_line --index 1 '{"Err":{"kind":"url-not-supported"}}'
	assert_line --index 2 '{"Err":{"kind":"operation-not-supported"}}'
	assert_line --index 3 --partial '"Bearer tok1"'
	ask cargo-credential-sk "${request%\}*},\"args\":[\"--profile\",\"p\"]}\n" --cargo-plugin
	assert_line --index 1 --partial '"Bearer tok1"'
	for bad in 'nonsense\n' '{"v":1}\n' "${request%\}*},\"args\":[\"--profile\",\"../x\"]}\n"; do
		ask cargo-credential-sk "$bad" --cargo-plugin
		assert_line --index 1 --partial '{"Err":{"kind":"other","message":"'
		refute_output --partial tok1
	done
	ask cargo-credential-sk "$request" get
	assert_equal "$status" 2
	assert_error 'is run by Cargo'
	# the other way: a command that prints the header's value
	assert_equal "$(sk-helper get p --format header-value)" 'Bearer tok1'
}

@test "kubectl" {
	make_ca "$BATS_TEST_TMPDIR/pki"
	make_certificate "$BATS_TEST_TMPDIR/pki" server 'DNS:localhost'
	start_peer recorder "$(tls_options "$BATS_TEST_TMPDIR/pki" server | jq -c ".denied = \"$DENIED\"")"
	RECORDER=$PEER_URL
	add_for "$RECORDER/"
	cat >"$HOME/kubeconfig" <<-YAML
	apiVersion: v1
	kind: Config
	current-context: c
	clusters: [{name: c, cluster: {server: "$RECORDER", certificate-authority: "$BATS_TEST_TMPDIR/pki/ca.pem"}}]
	contexts: [{name: c, context: {cluster: c, user: u}}]
	users:
	- name: u
	  user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: sk-helper, args: [get, --format, kubernetes],
	    interactiveMode: Never, provideClusterInfo: true}}
	YAML
	run -0 kubectl --kubeconfig "$HOME/kubeconfig" get --raw /version
	assert_equal "$(seen_last)" 'Bearer tok1'
}

@test "kubernetes: to the letter" {
	add_for https://k8s.example.com/
	time=$(sk-helper get >/dev/null && date -u -d "@$(($(expiry) - 60))" +%Y-%m-%dT%H:%M:%SZ)
	for version in v1 v1beta1; do
		export KUBERNETES_EXEC_INFO='{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/'$version'","spec":{"cluster":{"server":"https://k8s.example.com/"},"interactive":false}}'
		run -0 --separate-stderr sk-helper get --format kubernetes
		assert_equal "$output" '{"apiVersion":"client.authentication.k8s.io/'$version'","kind":"ExecCredential","status":{"token":"tok1","expirationTimestamp":"'"$time"'"}}'
	done
	KUBERNETES_EXEC_INFO=${KUBERNETES_EXEC_INFO/k8s.ex/evil.ex} run -3 --separate-stderr sk-helper get --format kubernetes
	assert_one_error
	KUBERNETES_EXEC_INFO=${KUBERNETES_EXEC_INFO/k8s.ex/evil.ex} run -8 --separate-stderr sk-helper get p --format kubernetes
	assert_one_error
	KUBERNETES_EXEC_INFO=${KUBERNETES_EXEC_INFO/v1beta1/v2} run -2 --separate-stderr sk-helper get --format kubernetes
	KUBERNETES_EXEC_INFO=nonsense run -2 --separate-stderr sk-helper get --format kubernetes
	KUBERNETES_EXEC_INFO='' run -0 sk-helper get p --format kubernetes
}

@test "Go" {
	add_for https://proxy.example.com/mod
	answer=$'https://proxy.example.com/mod\n\nAuthorization: Bearer tok1\n'
	run -0 --separate-stderr --keep-empty-lines sk-helper get --format goauth </dev/null
	assert_equal "$output" "$answer"$'\n'
	# it is asked again, for what was refused, and told how
	make_older p 100
	ask sk-helper 'HTTP/1.1 404 Not Found\nX: y\n\n' get --format goauth https://proxy.example.com/mod/x
	assert_output --partial tok1
	ask sk-helper 'HTTP/1.1 401 Unauthorized\nWww-Authenticate: Bearer error="invalid_token"\n\n' get --format goauth https://proxy.example.com/mod/x
	assert_output --partial tok2
	make_older p 100
	ask sk-helper 'HTTP/1.1 401 Unauthorized\n\n' get p --format goauth https://proxy.example.com/mod/x
	assert_output --partial tok3
	ask sk-helper 'HTTP/1.1 401 Unauthorized\n\n' get --format goauth https://evil.example.com/
	assert_equal "$status|$output|$stderr" '0||'
	store_client plain "$(endpoint_that_answers "$TOKENS")" "url=http://127.0.0.1:1/"
	run -2 --separate-stderr sk-helper get plain --format goauth
	assert_error 'no https url'
}

@test "pnpm" {
	add_for "$RECORDER/"
	# pnpm gives the path to a shell as it is
	ln -s "$SK_BUILD/stage/bin/pnpm-token-sk" "$BATS_TEST_TMPDIR/pnpm-token-sk"
	printf 'registry=%s/\n//%s/:tokenHelper=%s/pnpm-token-sk\n' "$RECORDER" "${RECORDER#http://}" "$BATS_TEST_TMPDIR" >"$HOME/.npmrc"
	cd "$HOME" && echo "{}" >package.json
	run -0 "$SK_NODE" "$BATS_TEST_DIRNAME/node_modules/pnpm/bin/pnpm.cjs" add pkg --lockfile-only
	assert_equal "$(seen_last)" 'Bearer tok1'
	run -2 --separate-stderr pnpm-token-sk extra
	assert_one_error
	ln -s "$SK_BUILD/stage/bin/sk-helper" "$BATS_TEST_TMPDIR/pnpm-token-sk-p"
	store_client q "$FAULTY_URL/W10"
	run -0 "$BATS_TEST_TMPDIR/pnpm-token-sk-p"
	assert_output 'Bearer tok1'
}

@test "rclone" {
	add_for "$RECORDER/"
	run -0 rclone lsf --config /dev/null --webdav-url "$RECORDER/dav" --webdav-bearer-token-command 'sk-helper get p' :webdav:
	assert_equal "$(seen_last)" 'Bearer tok1'
}

@test "Vault and OpenBao" {
	add_for https://vault.example.com/
	export VAULT_ADDR=https://vault.example.com
	ask vault-token-sk '' get
	assert_equal "$status|$output|$stderr" '0|tok1|'
	ask vault-token-sk hvs.x store
	assert_equal "$status|$output|$stderr" '0||'
	ask vault-token-sk '' erase
	assert_equal "$(sk-helper get p)" tok2
	VAULT_ADDR=https://evil.example.com ask vault-token-sk '' get
	assert_equal "$status|$output|$stderr" '0||'
	unset VAULT_ADDR
	ask vault-token-sk '' get
	assert_equal "$status|$output" '0|'
	BAO_ADDR=https://vault.example.com ask vault-token-sk '' get
	assert_output tok2
	# one of them asks, and it does not say which
	ln -s "$SK_BUILD/stage/bin/sk-helper" "$BATS_TEST_TMPDIR/vault-token-sk-p"
	for program in vault-token-sk "$BATS_TEST_TMPDIR/vault-token-sk-p"; do
		VAULT_ADDR=https://vault.example.com BAO_ADDR=https://evil.example.com ask "$program" '' get
		assert_equal "$status|$output|$stderr" '0||'
	done
}

@test "pip's and uv's keyring" {
	add_for https://pypi.example.com/ username=oauth2
	ln -s "$SK_BUILD/stage/bin/sk-helper" "$BATS_TEST_TMPDIR/keyring"
	ask "$BATS_TEST_TMPDIR/keyring" '' get https://pypi.example.com/simple/ oauth2
	assert_equal "$status|$output|$stderr" '0|tok1|'
	ask "$BATS_TEST_TMPDIR/keyring" '' get https://pypi.example.com/simple/ --mode creds
	assert_equal "$output" $'oauth2\ntok1'
	ask "$BATS_TEST_TMPDIR/keyring" '' get https://pypi.example.com/simple/ other
	assert_equal "$status|$output" '3|'
	ask "$BATS_TEST_TMPDIR/keyring" '' get https://evil.example.com/ oauth2
	assert_equal "$status|$output" '3|'
	assert_equal "$stderr" ''
	# by host alone, as pip asks again after a plain http URL
	ln -s "$SK_BUILD/stage/bin/sk-helper" "$BATS_TEST_TMPDIR/keyring-p"
	for service in pypi.example.com pypi.example.com:443; do
		for program in keyring keyring-p; do
			ask "$BATS_TEST_TMPDIR/$program" '' get "$service" oauth2
			assert_equal "$status|$output|$stderr" '3||'
		done
	done
	ask "$BATS_TEST_TMPDIR/keyring" '' get http://pypi.example.com/simple/ oauth2
	assert_equal "$status|$output|$stderr" '3||'
	ask "$BATS_TEST_TMPDIR/keyring" '' get https://pypi.example.com/simple/ --mode password
	assert_equal "$status|$output" '2|'
	ask "$BATS_TEST_TMPDIR/keyring" '' set x y
	assert_equal "$status|$output" '2|'
}

@test "Google's libraries: failures, too, are an answer, and standard error is silent" {
	add_for https://x.example.com/
	run -0 --separate-stderr sk-helper get p --format google
	assert_equal "$stderr" ''
	assert_equal "$(jq -c 'del(.expiration_time)' <<<"$output")" '{"version":1,"success":true,"token_type":"urn:ietf:params:oauth:token-type:jwt","id_token":"tok1"}'
	assert_equal "$(jq .expiration_time <<<"$output")" $(($(expiry) - 60))
	run -0 --separate-stderr sk-helper get nobody --format google
	assert_equal "$stderr" ''
	assert_equal "$(jq -r '"\(.version) \(.success) \(.code)"' <<<"$output")" '1 false not-found'
}

@test "program names that are not valid" {
	ln -s "$SK_BUILD/stage/bin/sk-helper" "$BATS_TEST_TMPDIR/frobnicate"
	run -2 --separate-stderr "$BATS_TEST_TMPDIR/frobnicate" get
	assert_error "'frobnicate' is not one of the names"
	ln -s "$SK_BUILD/stage/bin/sk-helper" "$BATS_TEST_TMPDIR/pnpm-token-sk-..x"
	run -2 --separate-stderr "$BATS_TEST_TMPDIR/pnpm-token-sk-..x"
	assert_error "a profile's name"
	run -2 --separate-stderr sk-helper get --format frobnicate
	assert_error "no format 'frobnicate'"
}

@test "exec: the token in a variable, and nothing else of ours" {
	add_for https://x.example.com/
	run -0 --separate-stderr sk-helper exec --env A=p --env=B=https://x.example.com/y -- sh -c 'echo "$A $B $(cat /proc/$PPID/comm)"; ulimit -c; umask; grep -E "^(NoNewPrivs|SigIgn)" /proc/self/status; echo "$#"; cat <&7' sh one two 7< <(echo seven)
	assert_equal "$stderr" ''
	assert_line --index 0 "tok1 tok1 bash"
	assert_line --index 1 "$(ulimit -c)"
	assert_line --index 2 "$(umask)"
	assert_line --regexp '^NoNewPrivs:.*0$'
	assert_line seven
	run -0 sk-helper exec printenv ACCESS_TOKEN
	assert_output tok1
	run -5 sk-helper exec -- sh -c 'exit 5'
	run -3 --separate-stderr sk-helper exec --env A=nobody -- touch "$BATS_TEST_TMPDIR/ran"
	assert_error "no profile 'nobody'"
	refute [ -e "$BATS_TEST_TMPDIR/ran" ]
	for words in '--env 1A=p true' '--env A-B=p true' '--env =p true' '--frobnicate true' '--env' '--' ''; do
		# shellcheck disable=SC2086 # words
		run -2 --separate-stderr sk-helper exec $words
		assert_one_error
	done
	run -127 --separate-stderr sk-helper exec /nonexistent
	assert_one_error
	run -126 --separate-stderr sk-helper exec /etc
	assert_one_error
}

@test "git: a path is escaped again that git has unescaped" {
	add_for https://git.example.com/git
	sk-helper get p >/dev/null
	capable='capability[]=authtype\nprotocol=https\nhost=git.example.com\n'
	for path in 'git/my repo' 'git/ü' 'git/100%%' 'git/a?b' 'git/a#b'; do
		ask git-credential-sk "${capable}path=${path//%%/%}\n\n" get
		assert_line credential=tok1
	done
	for path in 'git?evil/repo' 'git#x' 'git/../x' 'git\\\\x'; do
		ask git-credential-sk "${capable}path=$path\n\n" get
		assert_equal "$path $status $output $stderr" "$path 0  "
	done
}

@test "no profile for the URL, and a profile without a token, are different answers" {
	add_for https://x.example.com/ username=u
	# not http at all
	for request in 'protocol=smtp\nhost=x.example.com\n' 'protocol=cert\nhost=x\npath=y\n' 'protocol=https\nhost=x.example.com.\n'; do
		ask git-credential-sk "$request\n" get
		assert_equal "$request $status $output $stderr" "$request 0  "
	done
	ask cargo-credential-sk '{"v":1,"registry":{"index-url":"ssh://x.example.com/"},"kind":"get","operation":"read"}\n' --cargo-plugin
	assert_line --index 1 '{"Err":{"kind":"url-not-supported"}}'
	# a profile that is meant, and damaged or mistyped
	ask terraform-credentials-sk '' --profile typo get x.example.com
	assert_equal "$status|$output" '3|'
	chmod g+w "$PROFILES/p.conf"
	ask terraform-credentials-sk '' get x.example.com
	assert_equal "$status|$output" '8|'
	ask git-credential-sk 'protocol=https\nhost=x.example.com\n\n' get
	assert_equal "$status|$output" '8|quit=1'
	chmod g-w "$PROFILES/p.conf"
	# what cannot be read is no reason to end git for everybody
	mkdir "$PROFILES/x.conf"
	ask git-credential-sk 'protocol=https\nhost=github.com\n\n' get
	refute_output --partial quit
}

@test "a standard input that never ends is left alone where there is nothing to read" {
	add_for https://tf.example.com/
	for words in 'docker-credential-sk version' docker-credential-sk 'git-credential-sk capability' git-credential-sk 'terraform-credentials-sk get tf.example.com' \
		bazel-credential-sk 'cargo-credential-sk --help' 'vault-token-sk get' pnpm-token-sk 'sk-helper get p --format goauth'; do
		SECONDS=0
		# shellcheck disable=SC2086 # words
		run $words < <(exec sleep 20)
		assert [ "$SECONDS" -le 5 ]
	done
}

@test "a server's challenge does not widen the scope that git and Go request" {
	add_for https://x.example.com/ scope=read
	ask git-credential-sk 'capability[]=authtype\nprotocol=https\nhost=x.example.com\nwwwauth[]=Bearer scope="admin delete"\n\n' get
	assert_line credential=tok1
	run curl -s "$FAULTY_URL/__stats"
	[[ $(jq -r .last.body <<<"$output") == *'scope=read&'* ]]
}

@test "docker: a registry on this machine, with TLS" {
	add_for https://localhost:5001/
	ask docker-credential-sk localhost:5001 get
	assert_output --partial tok1
	assert_equal "$(docker-credential-sk list <<<unused)" '{"https://localhost:5001/":"oauth2accesstoken"}'
	store_client q "$FAULTY_URL/W10" url=https://localhost:5001/
	assert_equal "$(docker-credential-sk list <<<unused)" '{"https://localhost:5001/":"oauth2accesstoken"}'
}

@test "exec: nothing runs without its token, whatever the caller has left" {
	add_for https://x.example.com/
	cat >"$BATS_TEST_TMPDIR/ignoring.mjs" <<-'JS'
	import { spawnSync } from 'node:child_process';
	const { status, stdout } = spawnSync('sh', ['-c', 'trap "" CHLD; exec "$@"', 'sh', ...process.argv.slice(2)], { stdio: ['ignore', 'pipe', 'inherit'] });
	process.stdout.write(stdout);
	process.exit(status);
	JS
	run -3 --separate-stderr "$SK_NODE" "$BATS_TEST_TMPDIR/ignoring.mjs" sk-helper exec --env A=nobody -- echo ran
	assert_equal "$output" ''
	run -0 --separate-stderr "$SK_NODE" "$BATS_TEST_TMPDIR/ignoring.mjs" sk-helper exec --env A=p -- printenv A
	assert_equal "$output" tok1
	for value in - --format=json --help -- ''; do
		run -2 --separate-stderr sk-helper exec "--env" "A=$value" echo ran
		assert_one_error
	done
	# all arguments, and no signal that is ignored
	run -0 sk-helper exec -- sh -c 'echo "$#:$*"; grep ^SigIgn /proc/self/status' sh one two three
	assert_line --index 0 '3:one two three'
	assert_line --index 1 "$(grep ^SigIgn /proc/self/status)"
	# a miss, with standard input and output closed
	sk-helper erase p
	run -0 sh -c 'sk-helper exec -- sh -c "printenv ACCESS_TOKEN >&2" <&- >&-'
	assert_output tok2
}

@test "a request that is too long is refused whole: its end is no request of its own" {
	add_for https://victim.example.com/mcp username=u
	run -0 sk-helper get p
	# what a server or a repository chooses: 65536 bytes, and then a request for another profile
	over() { printf '%s' "$1" && head -c $((65536 - ${#1})) /dev/zero | tr '\0' A && printf '%s' "$2"; }
	run -2 --separate-stderr git-credential-sk get < <(over $'protocol=https\nhost=evil.example\npath=' $'url=https://victim.example.com/mcp\n\n')
	assert_error 'at most 65535'
	run -2 --separate-stderr docker-credential-sk get < <(over evil.example/ https://victim.example.com/mcp)
	assert_error 'at most 65535'
	run -2 --separate-stderr bazel-credential-sk get < <(over '{"uri":"https://evil.example/' '{"uri":"https://victim.example.com/mcp"}')
	assert_error 'at most 65535'
	run -2 --separate-stderr sk-helper get - < <(over $'url=https://evil.example/' $'url=https://victim.example.com/mcp\n\n')
	assert_equal "$output" ''
}

@test "the profile in a link's name is the only one that the link answers with" {
	add_for https://registry.example.com username=u
	sk-helper get p >/dev/null
	ln -s "$(command -v sk-helper)" "$BATS_TEST_TMPDIR/docker-credential-sk-other"
	run --separate-stderr "$BATS_TEST_TMPDIR/docker-credential-sk-other" --profile p get < <(printf registry.example.com)
	assert [ "$status" != 0 ]
	refute_output --partial tok1
}

@test "a cached answer that cannot be written is an error that is said; one that is handed on needs no file" {
	add_for https://git.example.com username=u
	sk-helper get p >/dev/null
	request=$'protocol=https\nhost=git.example.com\n\n'
	run -1 --separate-stderr bash -c 'git-credential-sk get >/dev/full' < <(printf %s "$request")
	assert_error 'standard output: No space left'
	run -0 --separate-stderr bash -c 'ulimit -f 0; git-credential-sk get' < <(printf 'protocol=https\nhost=nobody.example.com\n\n')
	assert_equal "$output$stderr" ''
}
