# SPDX-License-Identifier: MIT
# Clients without a secret: the sources of identity tokens that are no file (GitHub's and Forgejo's Actions, commands), the other commands of
# sk-helper, and the presets.
load common
load identity

# --- GitHub's and Forgejo's Actions

# in_job: as a step of a job sees it.
in_job() { export ACTIONS_ID_TOKEN_REQUEST_URL=$JOB_URL ACTIONS_ID_TOKEN_REQUEST_TOKEN=$JOB_TOKEN; }

add_action() {
	sk-helper add job --token-endpoint "$TOKEN_ENDPOINT" --grant jwt-bearer --identity-token github-actions "$@"
}

# redirects_to URL: sets REDIRECTS, the URL of a server that knows nothing else.
redirects_to() {
	"$SK_NODE" -e 'require("node:http").createServer((request, response) => response.writeHead(302, { location: process.argv[1] }).end())
		.listen(0, "127.0.0.1", function () { console.log(this.address().port); })' "$1" >"$BATS_TEST_TMPDIR/port" 3>&- 4>&- &
	echo $! >>"$BATS_FILE_TMPDIR/pids"
	for _ in $(seq 100); do [ -s "$BATS_TEST_TMPDIR/port" ] && break; sleep 0.05; done
	REDIRECTS=http://127.0.0.1:$(cat "$BATS_TEST_TMPDIR/port")
}

actions_requests() { counted actions_requests; }

@test "Actions: a new token for each exchange, for the profile's audience" {
	in_job
	run -0 --separate-stderr add_action
	assert_equal "$(stats | jq -r .actions_last.query)" "api-version=2.0&audience=$(jq -rn --arg url "$FED_URL" '$url | @uri')"
	before=$(actions_requests)
	works
	works
	assert_equal "$(actions_requests)" $((before + 2))
	run -0 sk-helper get job
	assert_equal "$(actions_requests)" $((before + 2))
	peer '{"audience":"api://todo app/&x=1"}'
	sk-helper set job --assertion-audience 'api://todo%20app/&x=1'
	fails 6 1 invalid_grant
	assert_equal "$(stats | jq -r .actions_last.query)" 'api-version=2.0&audience=api%3A%2F%2Ftodo%2520app%2F%26x%3D1'
	peer '{"audience":"api://todo%20app/&x=1"}'
	edit timeout 7
	works
	# of 20 at once, one asks
	sk-helper erase job
	before=$(actions_requests)
	at_once 20 get_into
	assert_equal "$(cat "$BATS_TEST_TMPDIR"/[0-9]*.status | sort | uniq -c | xargs)" '20 0'
	assert_equal "$(actions_requests)" $((before + 1))
}

@test "Actions: a renewal that was refused does not come at every get" {
	in_job
	add_action
	old=$(sk-helper get job)
	make_older job 3300
	peer '{"audience":"other"}'
	before=$(requests)
	assert_equal "$(sk-helper get job)" "$old"
	noted refused
	for _ in 1 2 3; do assert_equal "$(sk-helper get job)" "$old"; done
	sleep 0.3
	assert_equal "$(requests)" $((before + 1))
}

@test "Actions: a job that may not have one is told what is missing" {
	in_job
	add_action --no-verify
	ACTIONS_ID_TOKEN_REQUEST_TOKEN=wrong fails 3 0 'HTTP 401: may this job have one? (permissions: id-token: write)'
	before=$(actions_requests)
	ACTIONS_ID_TOKEN_REQUEST_TOKEN='' fails 3 0 'are not set (permissions: id-token: write)'
	ACTIONS_ID_TOKEN_REQUEST_URL='' fails 3 0 'are not set (permissions: id-token: write)'
	unset ACTIONS_ID_TOKEN_REQUEST_URL ACTIONS_ID_TOKEN_REQUEST_TOKEN
	fails 3 0 'ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN are not set (permissions: id-token: write)'
	assert_equal "$(actions_requests)" "$before"
}

@test "Actions: answers that have no token, and one that never comes" {
	in_job
	add_action --no-verify
	while IFS='|' read -r fault status words; do
		peer "{\"actions_fault\":\"$fault\"}"
		[ "$fault" != hang ] || edit timeout 1
		fails "$status" 0 "$words"
	done <<-'TABLE'
		html|3|there is no identity token in its answer
		empty|3|there is no identity token in its answer
		no-value|3|there is no identity token in its answer
		big|8|the answer is larger than
		500|7|HTTP 500
		hang|7|no answer in time
	TABLE
	peer '{"actions_fault":null}'
	edit timeout 8
	works
}

@test "Actions: the job's credential goes to no plain http, to no other server, and in no second header" {
	in_job
	add_action --no-verify
	for url in http://example.com/x http://10.0.0.1/x http://127.0.0.1.example.com/x file:///etc/passwd; do
		ACTIONS_ID_TOKEN_REQUEST_URL=$url fails 8 0 'is no URL with https: nothing was sent'
	done
	# whoever has the job's credential gets identity tokens for every audience
	for host in evil.example.com actions.githubusercontent.com.evil.example.com evilactions.githubusercontent.com evil.com; do
		ACTIONS_ID_TOKEN_REQUEST_URL=https://$host/x.actions.githubusercontent.com fails 8 0 "leads to '$host', which is not GitHub"
	done
	sk-helper set job --identity-token github-actions:forge.example.com >/dev/null
	fails 8 0 "leads to '127.0.0.1', which is not GitHub"
	sk-helper set job --identity-token github-actions:127.0.0.1 >/dev/null
	works
	sk-helper set job --identity-token github-actions >/dev/null
	ACTIONS_ID_TOKEN_REQUEST_TOKEN='a b' fails 8 0 'is not one line of printable ASCII: nothing was sent'
	before=$(actions_requests)
	ACTIONS_ID_TOKEN_REQUEST_TOKEN=$'a\r\nX-Evil: 1' run ! --separate-stderr sk-helper get job
	assert_one_error
	assert_equal "$(actions_requests)" "$before"
	redirects_to "$JOB_URL"
	before=$(actions_requests)
	ACTIONS_ID_TOKEN_REQUEST_URL=$REDIRECTS fails 3 0 'HTTP 302'
	assert_equal "$(actions_requests)" "$before"
	# a URL without a query gets one
	ACTIONS_ID_TOKEN_REQUEST_URL=${JOB_URL%%\?*} fails 3 0 'HTTP 400'
	assert_equal "$(stats | jq -r .actions_last.query)" "audience=$(jq -rn --arg url "$FED_URL" '$url | @uri')"
	# what doctor has not been told to do, it does not do
	before=$(actions_requests)
	run -0 sk-helper doctor job --offline
	assert_line --regexp '^identity token +- +not looked at'
	run -0 sk-helper doctor
	assert_equal "$(actions_requests)" "$before"
	run -0 sk-helper doctor job
	assert [ "$(actions_requests)" -gt "$before" ]
}

# --- a command

# program: the one that is run, its text on standard input. Where nobody else can write.
program() {
	chmod go-w "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/test "$BATS_TEST_TMPDIR"
	{
		echo '#!/bin/sh'
		cat
	} >"$PROGRAM.new"
	chmod 700 "$PROGRAM.new"
	mv "$PROGRAM.new" "$PROGRAM"
}

# fresh [LINE]...: a program that says what it has and prints a new token.
fresh() {
	printf '%s\n' "echo ran >>'$BATS_TEST_TMPDIR/ran'" "$@" "exec curl -s '$FED_URL/platform/token'" | program
}

# add_command [WORD]...
# shellcheck disable=SC2120 # most of them have none
add_command() {
	rm -f "$BATS_TEST_TMPDIR/ran"
	sk-helper add job --token-endpoint "$TOKEN_ENDPOINT" --grant jwt-bearer --identity-token "command:$PROGRAM${*:+ $*}"
}

# In an ordinary user's namespace root's directories are nobody's that is known there: nothing is run, and nothing else can be seen.
nobody_has_root() {
	[ "$(stat -c %u /)" != 0 ] && [ "$(stat -c %u /)" != "$(id -u)" ] || return 1
	run -8 --separate-stderr add_command
	assert_error "others than you and root can write to '/': it is not used"
}

@test "a command gives a new token for each exchange, and is run for no other" {
	fresh "printf '<%s>' \"\$@\" >'$BATS_TEST_TMPDIR/words'"
	if nobody_has_root; then return; fi
	run -0 --separate-stderr add_command one "'two" '$HOME' '*' ';id'
	assert_equal "$stderr" ''
	assert_equal "$(cat "$BATS_TEST_TMPDIR/words")" "<one><'two><\$HOME><*><;id>"
	works
	works
	run -0 sk-helper get job
	assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/ran")" 3
	run -0 sk-helper list --json
	assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/ran")" 3
	sk-helper erase job
	at_once 20 get_into
	assert_equal "$(cat "$BATS_TEST_TMPDIR"/[0-9]*.status | sort | uniq -c | xargs)" '20 0'
	assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/ran")" 4
	# one that always says the same is a file
	cp "$JWT" "$BATS_TEST_TMPDIR/same"
	echo "cat '$BATS_TEST_TMPDIR/same'" | program
	works
	fails 7 0 'each is sent only once'
}

@test "a command is run however its profile is named, and for a renewal behind a get" {
	fresh
	if nobody_has_root; then return; fi
	store_client another "$TOKEN_ENDPOINT"
	add_command
	sk-helper set job --url http://127.0.0.1:1/mcp
	# gets COMMAND...: the line that was printed has a token that is new
	seen=
	gets() {
		sk-helper erase job
		run -0 --separate-stderr "$@"
		assert_equal "$stderr" ''
		[ -n "$output" ] && [[ $seen != *"$output"* ]] || fail "$*: $output"
		seen+=" $output"
	}
	sk-helper set another --default
	gets sk-helper get job
	gets sk-helper get http://127.0.0.1:1/mcp
	gets sk-helper get http://127.0.0.1:1/mcp/below
	gets eval "sk-helper get - <<<profile=job"
	gets eval "sk-helper get - <<<url=http://127.0.0.1:1/mcp"
	gets env SK_HELPER_PROFILE=job sk-helper get
	gets sk-helper exec --env TOKEN=job -- sh -c 'echo "$TOKEN"'
	gets sk-helper get job --format mcp-headers
	sk-helper set job --default
	gets sk-helper get
	run -0 sk-helper get job
	old=$output
	before=$(wc -l <"$BATS_TEST_TMPDIR/ran")
	make_older job 3300
	assert_equal "$(sk-helper get job)" "$old"
	renewed_behind "$old"
	old=$(sk-helper get job)
	make_older job 3300
	assert_equal "$(sk-helper get http://127.0.0.1:1/mcp)" "$old"
	renewed_behind "$old"
	assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/ran")" $((before + 2))
	run -0 sk-helper doctor job
	assert_line --regexp '^token +ok'
}

@test "a bridge runs the command of its profile, which it finds by name or by URL" {
	fresh
	if nobody_has_root; then return; fi
	store_client another "$TOKEN_ENDPOINT"
	add_command
	url=$(endpoint_that_answers '{"body":{"jsonrpc":"2.0","id":1,"result":{}}}')
	sk-helper set job --url "$url"
	sk-helper set another --default
	for words in job "--url $url"; do
		sk-helper erase job
		# shellcheck disable=SC2086 # words
		run -0 --separate-stderr timeout 10 sk-helper bridge $words \
			<<<'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}'
		assert_output '{"jsonrpc":"2.0","id":1,"result":{}}'
	done
}

@test "a command has no terminal, no input, a fixed PATH, and of our environment only what such programs need" {
	fresh "(: </dev/tty) 2>/dev/null && echo terminal >'$BATS_TEST_TMPDIR/terminal'" \
		"env >'$BATS_TEST_TMPDIR/environment'" "cat >'$BATS_TEST_TMPDIR/input'" "ls -l /proc/self/fd >'$BATS_TEST_TMPDIR/descriptors'"
	if nobody_has_root; then return; fi
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho evil\n' >"$BATS_TEST_TMPDIR/bin/curl"
	chmod 755 "$BATS_TEST_TMPDIR/bin/curl"
	export FOO_SECRET=x ANTHROPIC_API_KEY=x GITHUB_TOKEN=x CLIENT_SECRET=x BASH_ENV=/x LD_LIBRARY_PATH=/x SK_HELPER_PROFILE=job AWSX=x HOMEX=x
	export AWS_PROFILE=mine KUBECONFIG=/k AWS_CONFIG_FILE=/x CLOUDSDK_PYTHON=/x AWS_ENDPOINT_URL=https://x VAULT_ADDR=https://vault.example.com
	PATH=$BATS_TEST_TMPDIR/bin:$PATH run -0 add_command <<<words
	assert_equal "$(sed 's/=.*//' "$BATS_TEST_TMPDIR/environment" | sort | grep -vxE 'AWS_.*|CLOUDSDK_.*|LANG|LC_.*|TZ|USER|LOGNAME|https?_proxy|HTTPS_PROXY|no_proxy|NO_PROXY|[AL]SAN_OPTIONS|DBUS_SESSION_BUS_ADDRESS|GOOGLE_.*|SSH_AUTH_SOCK|PWD|OLDPWD|SHLVL|_' | xargs)" \
		'HOME PATH'
	run -0 cat "$BATS_TEST_TMPDIR/environment"
	assert_line AWS_PROFILE=mine
	assert_line PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	refute_line --partial FOO_SECRET
	refute_line --regexp 'CONFIG|PYTHON|ENDPOINT|_ADDR='
	refute_line --partial ANTHROPIC
	assert_equal "$(cat "$BATS_TEST_TMPDIR/input")" ''
	# 3 is the list's own
	assert_equal "$(grep -cE ' [0-9]+ -> ' "$BATS_TEST_TMPDIR/descriptors")" 4
	run -0 expect -c '
		set timeout 20
		spawn sk-helper get job --fresh
		expect timeout { exit 9 } eof { exit [lindex [wait] 3] }'
	assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/ran")" 2
	refute [ -e "$BATS_TEST_TMPDIR/terminal" ]
}

@test "a command that fails says why, with its last words" {
	fresh
	if nobody_has_root; then return; fi
	add_command
	printf '%s\n' 'echo zero >&2' 'echo first >&2' 'printf "log in again\\033[31m \\n\\n" >&2' 'exit 4' | program
	fails 3 0 "'$PROGRAM' failed (status 4): first log in again?[31m"
	[[ $stderr != *zero* && $stderr != *$'\e'* ]]
	echo 'exit 0' | program
	fails 3 0 "'$PROGRAM' ended without an error, and printed nothing"
	echo 'echo' | program
	fails 3 0 'there is nothing in it'
	# what it had printed before it failed is of no use
	echo "curl -s '$FED_URL/platform/token'; exit 1" | program
	fails 3 0 'failed (status 1): it gave no reason'
	program <<<"echo 'cannot read' $(cat "$JWT") >&2; exit 1"
	fails 3 0 'failed (status 1): (its words have a token in them)'
	[[ $stderr != *eyJ* ]]
	echo 'kill -9 $$' | program
	fails 3 0 'failed (signal 9)'
	program <<<'head -c 102400 /dev/zero | tr "\0" x'
	fails 8 0 'printed more than 65536 bytes'
	program <<<'head -c 20480 /dev/zero | tr "\0" x'
	fails 8 0 'printed more than a secret or a token can be'
	# 1 MiB of complaints does not stop it, and no length of them hides the last ones
	for bytes in 1048576 8185; do
		program <<<"{ head -c $bytes /dev/zero | tr '\0' x; echo; echo log in again; } >&2; exit 1"
		fails 3 0 'failed (status 1): log in again'
	done
	fresh 'head -c 1048576 /dev/zero | tr "\0" x >&2'
	works
	chmod -x "$PROGRAM"
	fails 3 0 'Permission denied'
	rm "$PROGRAM"
	fails 3 0 'No such file or directory'
	mkdir "$PROGRAM"
	fails 3 0 'is not a file'
}

# gone PID...: a zombie of a caller's that has ended is as good as gone.
gone() {
	local pid
	for pid; do
		for _ in $(seq 40); do
			grep -q '^State:[[:space:]]*[^ZX]' "/proc/$pid/status" 2>/dev/null || continue 2
			sleep 0.05
		done
		return 1
	done
}

@test "what a command has started is not waited for" {
	fresh
	if nobody_has_root; then return; fi
	add_command
	fresh "sleep 300 & echo \$! >'$BATS_TEST_TMPDIR/pid'"
	SECONDS=0
	works
	assert [ "$SECONDS" -le 5 ]
	gone "$(cat "$BATS_TEST_TMPDIR/pid")"
}

@test "a command that never ends is ended, with all that it has started" {
	fresh
	if nobody_has_root; then return; fi
	add_command
	printf '%s\n' "sleep 300 & echo \$! >'$BATS_TEST_TMPDIR/pids'" "echo \$\$ >>'$BATS_TEST_TMPDIR/pids'" 'sleep 300' | program
	SECONDS=0
	before=$(requests)
	run -7 --separate-stderr sk-helper get job --fresh
	assert_error "'$PROGRAM' did not end within 10 s, and was ended"
	assert [ "$SECONDS" -ge 9 ] && assert [ "$SECONDS" -le 14 ]
	assert_equal "$(requests)" "$before"
	# shellcheck disable=SC2046 # numbers
	gone $(cat "$BATS_TEST_TMPDIR/pids")
}

@test "a command whose asker is killed does not outlive it" {
	fresh
	if nobody_has_root; then return; fi
	add_command
	printf '%s\n' "sleep 300 & echo \$! >'$BATS_TEST_TMPDIR/pids'" "echo \$\$ >>'$BATS_TEST_TMPDIR/pids'" 'sleep 300' | program
	sk-helper get job --fresh >/dev/null 2>&1 3>&- 4>&- &
	asker=$!
	for _ in $(seq 100); do [ "$(wc -l <"$BATS_TEST_TMPDIR/pids" 2>/dev/null)" = 2 ] && break; sleep 0.05; done
	kill -9 "$asker"
	# shellcheck disable=SC2046 # numbers
	gone $(cat "$BATS_TEST_TMPDIR/pids")
}

# not_run WORDS
not_run() {
	rm -f "$BATS_TEST_TMPDIR/ran"
	fails 8 0 "others than you and root can write to '$1"
	refute [ -e "$BATS_TEST_TMPDIR/ran" ]
}

@test "a command that others could replace is not run" {
	fresh
	if nobody_has_root; then return; fi
	add_command
	for mode in 720 702 777; do
		chmod "$mode" "$PROGRAM"
		not_run "$PROGRAM'"
	done
	chmod 700 "$PROGRAM"
	open=$BATS_TEST_TMPDIR/open
	mkdir -p "$open/below" "$BATS_TEST_TMPDIR/closed"
	cp -p "$PROGRAM" "$open/program"
	cp -p "$PROGRAM" "$open/below/program"
	cp -p "$PROGRAM" "$BATS_TEST_TMPDIR/closed/program"
	ln -s "$open/program" "$BATS_TEST_TMPDIR/link"
	ln -s "$BATS_TEST_TMPDIR/closed/program" "$open/link"
	ln -s "$open/link" "$BATS_TEST_TMPDIR/link-to-link"
	ln -s "$BATS_TEST_TMPDIR/closed" "$open/directory"
	ln -s open/below "$BATS_TEST_TMPDIR/link-to-directory"
	for mode in 777 770; do
		chmod "$mode" "$open"
		for path in open/program open/below/program link open/link link-to-link open/directory/program link-to-directory/program; do
			edit identity_token "command:$BATS_TEST_TMPDIR/$path"
			not_run "$open"
		done
	done
	chmod 755 "$open"
	for path in open/program open/below/program link open/link link-to-link open/directory/program link-to-directory/program; do
		edit identity_token "command:$BATS_TEST_TMPDIR/$path"
		works
	done
}

@test "nor one that is reached by a directory's link that others could replace" {
	fresh
	if nobody_has_root; then return; fi
	add_command
	open=$BATS_TEST_TMPDIR/open
	mkdir -p "$open" "$BATS_TEST_TMPDIR/closed"
	cp -p "$PROGRAM" "$BATS_TEST_TMPDIR/closed/program"
	ln -s "$BATS_TEST_TMPDIR/closed" "$open/directory"
	ln -s "$open/directory" "$BATS_TEST_TMPDIR/link-to-link"
	edit identity_token "command:$BATS_TEST_TMPDIR/link-to-link/program"
	works
	chmod 777 "$open"
	not_run "$open"
}

@test "a command line is a path and words" {
	fresh
	if nobody_has_root; then return; fi
	for command in "command:$(basename "$PROGRAM")" command: command 'command: /bin/true'; do
		run -2 --separate-stderr sk-helper add job --token-endpoint "$TOKEN_ENDPOINT" --grant jwt-bearer --identity-token "$command" --no-verify
		assert_error 'identity_token: '
	done
	# words that a get is given are no command
	add_command
	run -2 sk-helper get job --identity-token "command:$BATS_TEST_TMPDIR/other"
}

# --- the other commands

@test "doctor says whose token it is, for whom and how long, and which one comes next" {
	add_job --grant jwt-bearer --no-verify
	run -0 sk-helper doctor job --offline
	assert_line --regexp "^identity token +ok +issuer '$FED_URL/platform', subject 'job:1', for '$ISSUER', ends in (600|59[0-9]) s"
	refute_line --partial 'client secret'
	run -0 sk-helper doctor job
	assert_line --regexp '^token +ok +the server gave a new one'
	assert_equal "$(times_sent)" 1
	# it does not use up what is used up
	run -0 sk-helper doctor job
	assert_line --regexp '^identity token +- +it was sent [0-9]+ s ago, and each is sent only once'
	assert_equal "$(times_sent)" 1
	while IFS='|' read -r query words; do
		new_jwt "$query"
		run ! sk-helper doctor job
		assert_line --regexp "^identity token +[^ ]+ +.*$words"
		assert_equal "$(times_sent)" 0
	done <<-'TABLE'
		ttl=-60|expired 6
		aud=other|it is for 'other'
	TABLE
	rm "$JWT"
	run ! sk-helper doctor job
	assert_line --partial 'No such file or directory'
}

@test "list, show and remove know that there is no secret" {
	add_job --grant jwt-bearer
	run -0 sk-helper list
	assert_line --regexp '^job .* identity token +(59|60) min$'
	run -0 sk-helper list --json
	assert_equal "$(jq -r '.[0] | "\(.identity_token) \(.secret) \(.secret_store) \(.auth_method) \(.client_id) \(.token_cached)"' <<<"$output")" "file:$JWT none none none  true"
	run -0 sk-helper show job
	assert_line "identity_token=file:$JWT"
	assert_line grant=jwt-bearer
	refute_line --regexp '^client_id='
	run -0 --separate-stderr sk-helper remove job
	assert_output "removed profile 'job': its file, there was no client secret, 1 cached token"
	assert_equal "$stderr" ''
	run -0 "$TOOLS/keyring-tool" kernel list token
	refute_output --partial token:
}

@test "add --dry-run shows the profile, and reads and sends nothing" {
	before=$(requests)
	rm "$JWT"
	run -0 --separate-stderr add_job --grant token-exchange --param organization_id=1 --dry-run
	assert_output "# $PROFILES/job.conf, a new file
token_endpoint=$TOKEN_ENDPOINT
auth_method=none
grant=token-exchange
identity_token=file:$JWT
param=organization_id=1
issuer=$ISSUER
secret_store=none
token_cache=kernel
# there is no client secret: the identity token from file:$JWT would be sent to $TOKEN_ENDPOINT"
	assert_equal "$stderr" ''
	refute [ -e "$PROFILES/job.conf" ]
	assert_equal "$(requests)" "$before"
}

@test "what is proved wrong is not added" {
	new_jwt aud=other
	run -8 --separate-stderr add_job --grant jwt-bearer
	assert_error "profile 'job' not added: identity token (file:$JWT): it is for 'other'"
	refute [ -e "$PROFILES/job.conf" ]
	new_jwt
	peer '{"audience":"other"}'
	run -6 --separate-stderr add_job --grant jwt-bearer
	assert_error "profile 'job' not added: token endpoint: HTTP 400 invalid_grant"
	refute [ -e "$PROFILES/job.conf" ]
}

@test "commands for secrets say that there is none" {
	add_job --grant jwt-bearer
	cp "$PROFILES/job.conf" "$BATS_TEST_TMPDIR/before"
	for command in 'rotate job' 'public-key job'; do
		# shellcheck disable=SC2086 # a command and a name
		run -2 --separate-stderr sk-helper $command <<<secret
		assert_error "its client has no secret and no key: it proves itself with the identity token that 'file:$JWT' gives"
	done
	run -2 --separate-stderr sk-helper store <<<$'profile=job\nclient_secret=secret'
	assert_error 'client_secret is given, and the client proves itself with an identity token'
	cmp "$PROFILES/job.conf" "$BATS_TEST_TMPDIR/before"
	run -0 sk-helper store <<<$'profile=job\nscope=todo:read'
	run -0 --separate-stderr sk-helper erase job
	new_jwt
	works
}

@test "what does not go together is refused" {
	while IFS='|' read -r words options; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr sk-helper add job --token-endpoint "$TOKEN_ENDPOINT" --no-verify $options <<<secret
		assert_equal "$options: $status" "$options: 2"
		assert_error "$words"
	done <<-TABLE
		does not go with identity_token and grant client_credentials|--identity-token file:$JWT --grant client_credentials --auth-method client_secret_post --client-id c --secret-store kernel
		does not go with identity_token and grant client_credentials|--identity-token file:$JWT --grant client_credentials --client-id c --generate-key --secret-store kernel
		goes with grant client_credentials alone|--identity-token file:$JWT --grant jwt-bearer --auth-method workload_identity
		identity_token is missing: grant jwt-bearer exchanges one|--grant jwt-bearer --client-id c --secret-store kernel
		identity_token is missing: grant token-exchange exchanges one|--grant token-exchange --client-id c --secret-store kernel
		identity_token is missing: auth_method workload_identity|--auth-method workload_identity --client-id c
		grant: 'password' is none of: client_credentials jwt-bearer token-exchange|--identity-token file:$JWT --grant password
		assertion_type: 'saml' is none of: jwt-bearer jwt-spiffe|--identity-token file:$JWT --assertion-type saml
		subject_token_type: 'saml' is none of: jwt id_token access_token|--identity-token file:$JWT --subject-token-type saml
		token_request: 'xml' is none of: form json|--identity-token file:$JWT --token-request xml
		identity_token_reuse: 'maybe' is none of: yes no|--identity-token file:$JWT --identity-token-reuse maybe
		'vault:x' is none of: file:/PATH, env:VARIABLE, github-actions[:HOST], command:/PATH WORD|--identity-token vault:x
		github-actions: 'a/b' is not the name of a host|--identity-token github-actions:a/b
		file: 'token' is not an absolute path|--identity-token file:token
		env: '1A' is not the name of an environment variable|--identity-token env:1A
		env: 'A=B' is not the name of an environment variable|--identity-token env:A=B
	TABLE
}

@test "a profile with a secret becomes one without, and the secret is not kept" {
	printf 'test_secret\n' | sk-helper add job --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store kernel
	"$TOOLS/keyring-tool" kernel get secret job >/dev/null 2>&1
	run -0 sk-helper set job --identity-token "file:$JWT" --grant jwt-bearer --unset client_id
	assert_line 'its client secret was removed from the kernel keyring'
	assert_equal "$(sent)" "{\"assertion\":\"JWT\",\"grant_type\":\"$GRANT_TYPE:jwt-bearer\"}"
	run ! "$TOOLS/keyring-tool" kernel get secret job
	# and back
	printf 'test_secret\n' >"$BATS_TEST_TMPDIR/in"
	run -0 --separate-stderr sk-helper set job --unset identity_token --client-id m2m_todo --secret-store kernel <"$BATS_TEST_TMPDIR/in"
	assert_equal "$(grep -c 'grant\|identity' "$PROFILES/job.conf")" 0
	run -0 sk-helper get job --fresh
}

@test "a client secret that works is not given up for an identity token that does not" {
	printf 'test_secret\n' | sk-helper add job --token-endpoint "$TOKEN_ENDPOINT" --client-id m2m_todo --secret-store kernel
	run -3 --separate-stderr sk-helper set job --identity-token file:/nonexistent --grant jwt-bearer
	run -2 --separate-stderr sk-helper set job --identity-token "file:$JWT" --grant jwt-bearer --no-verify
	assert_error 'its client secret would be removed'
	run -0 sk-helper get job --fresh
}

@test "a profile that the environment leads to, and that sk-helper has not written, sends nothing and runs nothing" {
	mkdir -p "$BATS_TEST_TMPDIR/repository/sk-helper/profiles"
	chmod 700 "$BATS_TEST_TMPDIR/repository/sk-helper/profiles"
	for source in "file:$JWT" "command:/usr/bin/touch $BATS_TEST_TMPDIR/ran"; do
		printf '%s\n' "token_endpoint=$TOKEN_ENDPOINT" grant=jwt-bearer "identity_token=$source" "assertion_audience=$ISSUER" >"$BATS_TEST_TMPDIR/repository/sk-helper/profiles/job.conf"
		chmod 600 "$BATS_TEST_TMPDIR/repository/sk-helper/profiles/job.conf"
		XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/repository fails 8 0 'and sk-helper has not written it so since the last reboot: nothing was sent'
		XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/repository run sk-helper doctor job
		refute [ -e "$BATS_TEST_TMPDIR/ran" ]
	done
	# below the home of the user database nothing more is asked
	add_job --grant jwt-bearer
	new_jwt
	echo '# a change of its own' >>"$PROFILES/job.conf"
	works
	sed -i 's/^assertion_audience=.*//; s/^issuer=.*/assertion_audience=other/' "$PROFILES/job.conf"
	fails 8 0 'is not below your home'
}

@test "words of a request are no source: whoever chooses a scope or a URL runs nothing" {
	fresh
	if nobody_has_root; then return; fi
	add_command
	evil="--identity-token=command:/usr/bin/touch $BATS_TEST_TMPDIR/evil"
	# what the front door runs behind a get; first, because a refused scope is not asked for again at once
	run sk-helper renew job "$evil"
	run sk-helper get job --scope "$evil" --fresh
	run sk-helper get job "$evil"
	run sk-helper doctor job "$evil"
	run sk-helper get - <<<"profile=job
scope=$evil"
	refute [ -e "$BATS_TEST_TMPDIR/evil" ]
}

@test "a server's own metadata tells the endpoints, and refresh changes nothing without a reason" {
	run -0 --separate-stderr sk-helper add job --issuer "$ISSUER" --identity-token "file:$JWT" --grant jwt-bearer
	assert_line "token endpoint: $TOKEN_ENDPOINT"
	assert_equal "$(times_sent)" 1
	run -0 --separate-stderr sk-helper refresh job
	assert_output 'nothing has changed'
	new_jwt
	run -0 sk-helper add assertion --issuer "$ISSUER" --identity-token "file:$JWT" --grant client_credentials
	run -0 --separate-stderr sk-helper refresh assertion
	assert_output 'nothing has changed'
}

@test "a token of a client without a secret is revoked" {
	before=$(counted revocations)
	sk-helper add job --issuer "$ISSUER" --identity-token "file:$JWT" --grant jwt-bearer
	run -0 --separate-stderr sk-helper revoke job
	assert_equal "$(counted revocations)" $((before + 1))
	assert_equal "$(times_sent)" 1
}

# --- ready-made profiles

# planned PRESET [OPTION]...: what a profile would have, without the lines around it.
planned() {
	run -0 --separate-stderr sk-helper add x --preset "$@" --dry-run
	assert_equal "$stderr" ''
	output=$(grep -v '^#' <<<"$output")
}

# needs WORDS PRESET [OPTION]...
needs() {
	local words=$1
	shift
	run -2 --separate-stderr sk-helper add x --preset "$@" --dry-run
	assert_error "preset '$1': it needs $words"
}

@test "preset anthropic" {
	export ANTHROPIC_BASE_URL=https://evil.example.com ANTHROPIC_API_KEY=x
	needs '--identity-token SOURCE, or ANTHROPIC_IDENTITY_TOKEN_FILE' anthropic
	export ANTHROPIC_IDENTITY_TOKEN=value
	needs '--param federation_rule_id=fdrl_..., or ANTHROPIC_FEDERATION_RULE_ID' anthropic
	export ANTHROPIC_FEDERATION_RULE_ID=fdrl_1
	needs '--param organization_id=UUID, or ANTHROPIC_ORGANIZATION_ID' anthropic
	export ANTHROPIC_ORGANIZATION_ID=00000000-0000-4000-8000-000000000001 ANTHROPIC_WORKSPACE_ID=''
	planned anthropic
	assert_output 'token_endpoint=https://api.anthropic.com/v1/oauth/token
url=https://api.anthropic.com
auth_method=none
grant=jwt-bearer
identity_token=env:ANTHROPIC_IDENTITY_TOKEN
assertion_audience=https://api.anthropic.com
token_request=json
param=federation_rule_id=fdrl_1
param=organization_id=00000000-0000-4000-8000-000000000001
secret_store=none
token_cache=kernel'
	export ANTHROPIC_IDENTITY_TOKEN_FILE=/var/run/token ANTHROPIC_SERVICE_ACCOUNT_ID=svac_1 ANTHROPIC_WORKSPACE_ID=default
	planned anthropic
	assert_line identity_token=file:/var/run/token
	assert_line param=service_account_id=svac_1
	assert_line param=workspace_id=default
	# what is given goes before what the environment says
	planned anthropic --identity-token github-actions --param workspace_id=wrkspc_1
	assert_line identity_token=github-actions
	assert_line param=workspace_id=wrkspc_1
	refute_line param=workspace_id=default
}

@test "preset openai" {
	export OPENAI_BASE_URL=https://evil.example.com
	needs '--identity-token SOURCE, or OPENAI_IDENTITY_TOKEN_FILE' openai
	export OPENAI_IDENTITY_TOKEN_FILE=/var/run/token
	needs '--param identity_provider_id=ID, or OPENAI_IDENTITY_PROVIDER_ID' openai
	export OPENAI_IDENTITY_PROVIDER_ID=idp_1
	needs '--param service_account_id=ID, or OPENAI_SERVICE_ACCOUNT_ID' openai
	export OPENAI_SERVICE_ACCOUNT_ID=svc_1
	planned openai
	assert_output 'token_endpoint=https://auth.openai.com/oauth/token
url=https://api.openai.com
auth_method=none
grant=token-exchange
identity_token=file:/var/run/token
assertion_audience=https://api.openai.com/v1
subject_token_type=jwt
token_request=json
param=identity_provider_id=idp_1
param=service_account_id=svc_1
secret_store=none
token_cache=kernel'
}

@test "preset entra" {
	export AZURE_AUTHORITY_HOST=https://evil.example.com
	needs '--token-endpoint URL, or AZURE_TENANT_ID' entra
	export AZURE_TENANT_ID=11111111-1111-4111-8111-111111111111
	needs '--client-id ID, or AZURE_CLIENT_ID' entra
	export AZURE_CLIENT_ID=22222222-2222-4222-8222-222222222222
	needs '--identity-token SOURCE, or AZURE_FEDERATED_TOKEN_FILE' entra
	export AZURE_FEDERATED_TOKEN_FILE=/var/run/token
	needs '--scope RESOURCE/.default' entra
	planned entra --scope https://graph.microsoft.com/.default
	assert_output 'token_endpoint=https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token
client_id=22222222-2222-4222-8222-222222222222
scope=https://graph.microsoft.com/.default
auth_method=workload_identity
grant=client_credentials
identity_token=file:/var/run/token
identity_token_reuse=yes
assertion_audience=api://AzureADTokenExchange
secret_store=none
token_cache=kernel'
	for tenant in ../x .. a/b 'a?b' 'a#b' a%2fb 'a b' 'a@b' $'a\nb' 'x:1'; do
		AZURE_TENANT_ID=$tenant run -2 --separate-stderr sk-helper add x --preset entra --scope s/.default --dry-run
		assert_error "preset 'entra': "
	done
}

@test "preset google" {
	needs '--audience //iam.googleapis.com/projects/N/' google
	audience=//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/one
	needs '--identity-token SOURCE' google --audience "$audience"
	planned google --audience "$audience" --identity-token file:/var/run/token
	assert_output "token_endpoint=https://sts.googleapis.com/v1/token
scope=https://www.googleapis.com/auth/cloud-platform
audience=$audience
auth_method=none
grant=token-exchange
identity_token=file:/var/run/token
identity_token_reuse=yes
assertion_audience=https:$audience
subject_token_type=jwt
param=requested_token_type=$TYPE:access_token
secret_store=none
token_cache=kernel"
}

@test "preset keycloak" {
	needs '--issuer https://HOST/realms/REALM' keycloak
	needs '--identity-token file:/PATH' keycloak --issuer "$ISSUER"
	planned keycloak --issuer "$ISSUER" --identity-token "file:$JWT"
	assert_output "token_endpoint=$TOKEN_ENDPOINT
auth_method=workload_identity
grant=client_credentials
identity_token=file:$JWT
identity_token_reuse=yes
issuer=$ISSUER
revocation_endpoint=$ISSUER/oauth/revoke
secret_store=none
token_cache=kernel"
	# and it works, with the server's own metadata
	peer '{"client_id_rule":"forbidden"}'
	run -0 --separate-stderr sk-helper add job --preset keycloak --issuer "$ISSUER" --identity-token "file:$JWT"
	works
}

@test "preset github-actions" {
	planned github-actions --token-endpoint "$TOKEN_ENDPOINT" --grant jwt-bearer
	assert_output "token_endpoint=$TOKEN_ENDPOINT
auth_method=none
grant=jwt-bearer
identity_token=github-actions
secret_store=none
token_cache=kernel"
	in_job
	run -0 sk-helper add job --preset github-actions --token-endpoint "$TOKEN_ENDPOINT" --grant jwt-bearer
	works
}

@test "a preset that is not there, and those that are" {
	run -2 --separate-stderr sk-helper add x --preset opnai --dry-run
	assert_error "there is no preset 'opnai': did you mean 'openai'?"
	run -2 --separate-stderr sk-helper add x --preset '' --dry-run
	assert_error "there is no preset ''"
	run -0 sk-helper help add
	offered=$(tr -s ' \n' '  ' <<<"$output")
	for preset in anthropic entra github-actions google keycloak openai; do
		[[ $offered == *"fill in what a server wants:"*"$preset"* ]]
		grep -qw -- "${preset/-/.*}" "$BATS_TEST_DIRNAME"/../helper/man/sk-helper-profile.5 "$BATS_TEST_DIRNAME"/../helper/man/sk-helper.1 ||
			fail "no manual names the preset $preset"
	done
	grep -q preset "$BATS_TEST_DIRNAME"/../helper/man/sk-helper.1
}

# --- exec

@test "exec: the command gets the access token, and not what that was got with" {
	PLATFORM_TOKEN=$(cat "$JWT")
	export PLATFORM_TOKEN
	sk-helper add job --token-endpoint "$TOKEN_ENDPOINT" --issuer "$ISSUER" --grant jwt-bearer --identity-token env:PLATFORM_TOKEN >/dev/null
	run -0 --separate-stderr sk-helper exec job -- env
	assert_line "ACCESS_TOKEN=$(sk-helper get job)"
	refute_line --regexp '^PLATFORM_TOKEN='
	in_job
	sk-helper set job --identity-token github-actions >/dev/null
	run -0 --separate-stderr sk-helper exec job -- env
	refute_line --regexp '^ACTIONS_ID_TOKEN_REQUEST_TOKEN='
}
