# SPDX-License-Identifier: MIT
# README, help, manuals and completions agree with the tables, and every command in the README works.
# bats file_tags=plain
load common
load bus
load engines
load ssh-agents
load systemd

export ROOT=$BATS_TEST_DIRNAME/..

setup_file() {
	start_authorization_server
	start_todo_server
	start_faulty_server
}
teardown_file() { stop_peers; }
setup() { fresh_home; }
teardown() {
	stop_engines
	stop_agents
	stop_journald
}

commands() { sk-helper help | sed -n '/^exit status:/q; /^use a token/,$s/^  \([a-z-]*\) .*/\1/p'; }
options_of() { sk-helper help "$1" | sed -n 's/^  \(--[a-z-]*\)[ ,].*/\1/p'; }
formats() { sk-helper help get | sed -n '/^formats:/,/^$/s/^  \([a-z-]*\) .*/\1/p'; }

# The README's commands, one to a line.
readme_commands() { sed -n '/^```sh$/,/^```$/p' "$ROOT/README.md" | grep -v '^```'; }

@test "every command in the README works" {
	# its hosts are stand-ins: the authorization server is the real one, and what is called answers anything
	api=$(endpoint_that_answers '{}')
	readme_commands | grep -v '^make' | sed -e "s|https://ACME.scalekit.dev/oauth/token|$TOKEN_ENDPOINT|" -e "s|--url https://mcp.example.com/mcp|--url $MCP_URL --issuer $ISSUER --yes|" \
		-e 's|m2m_…|m2m_todo --secret-store kernel|' -e "/curl/s|https://api.example.com/todos|$api|" -e 's|--idle 60|--idle 3|' >"$BATS_TEST_TMPDIR/commands"
	# up to what takes all of it away
	sed '/^sk-helper remove/,$d' "$BATS_TEST_TMPDIR/commands" >"$BATS_TEST_TMPDIR/script"
	printf 'test_secret\n%.0s' 1 2 3 >"$BATS_TEST_TMPDIR/in"
	run -0 bash -e "$BATS_TEST_TMPDIR/script" <"$BATS_TEST_TMPDIR/in"
	assert_equal "$(curl -s "$FAULTY_URL/__stats" | jq -r .last.headers.authorization | cut -c1-7)" 'Bearer '
	assert_line authtype=Bearer
	assert_line --partial 'the new client secret works'
	assert_line 'no client secret is missing'
	assert_equal "$(sk-helper list --names | sort | xargs)" 'tasks todo'
	run -0 bash -e <(sed -n '/^sk-helper remove/,$p' "$BATS_TEST_TMPDIR/commands")
	assert_line --partial "removed profile 'todo'"
	refute [ -e "$HOME/.config/sk-helper" ]
	refute [ -e "/dev/shm/sk-helper-$(id -u)" ]
}

# The README's lines for jobs and pods.
readme_job_commands() { sed -n '/^```yaml$/,/^```$/p' "$ROOT/README.md" | sed -n 's/^ *\(- \)\?\(sk-helper .*\)/\2/p'; }

@test "the README's commands for clients without a secret work: those of the vendors at a stand-in" {
	start_peer federation-server "{}"
	platform_issuer=$(jq -r .issuer "$PEER_READY")
	api=$(endpoint_that_answers '{}')
	ACTIONS_ID_TOKEN_REQUEST_URL=$(jq -r .actions_url "$PEER_READY")
	ACTIONS_ID_TOKEN_REQUEST_TOKEN=$(jq -r .actions_token "$PEER_READY")
	ID_TOKEN=$(curl -s "$PEER_URL/platform/token")
	export ACTIONS_ID_TOKEN_REQUEST_URL ACTIONS_ID_TOKEN_REQUEST_TOKEN ID_TOKEN
	for name in pod claude openai; do curl -s "$PEER_URL/platform/token" >"$BATS_TEST_TMPDIR/$name"; done
	export ANTHROPIC_IDENTITY_TOKEN_FILE=$BATS_TEST_TMPDIR/claude ANTHROPIC_FEDERATION_RULE_ID=fdrl_1 ANTHROPIC_ORGANIZATION_ID=1
	export OPENAI_IDENTITY_TOKEN_FILE=$BATS_TEST_TMPDIR/openai OPENAI_IDENTITY_PROVIDER_ID=1 OPENAI_SERVICE_ACCOUNT_ID=2
	vendor="--token-endpoint $PEER_URL/oauth/token --assertion-audience $platform_issuer --url $api --token-request form"
	readme_job_commands | sed -e "s|https://auth.example.com|$platform_issuer|" -e "/curl/s|https://[a-z./0-9]*\$|$api|" -e "s|file:/var/run/secrets/identity/token|file:$BATS_TEST_TMPDIR/pod|" \
		-e "s|--preset [ao][a-z]*$|& $vendor|" >"$BATS_TEST_TMPDIR/script"
	assert_equal "$(grep -c . "$BATS_TEST_TMPDIR/script")" 9
	run -0 bash -e -o pipefail "$BATS_TEST_TMPDIR/script"
	assert_equal "$(grep -c 'token: works' <<<"$output")" 5
	assert_equal "$(curl -s "$PEER_URL/__stats" | jq .exchanges)" 5
	assert_equal "$(curl -s "$FAULTY_URL/__stats" | jq -r .last.headers.authorization | cut -c1-7)" 'Bearer '
	# what was left out here is what the vendors want
	run -0 sk-helper add claude2 --preset anthropic --dry-run
	assert_line token_endpoint=https://api.anthropic.com/v1/oauth/token
	assert_line token_request=json
	run -0 sk-helper add openai2 --preset openai --dry-run
	assert_line token_endpoint=https://auth.openai.com/oauth/token
}

# The README's lines for secrets and keys that are elsewhere.
readme_elsewhere_commands() { sed -n '/^```bash$/,/^```$/p' "$ROOT/README.md" | grep -v '^```\|^#'; }

@test "the README's commands for secrets and keys that are elsewhere work: those of the vendors with a stand-in" {
	# in a user namespace of an ordinary user nobody is root, so no program is trusted
	[ "$(stat -c %u /)" = 0 ] || return 0
	engine_pass
	start_agent
	agent_key ed25519
	start_journald
	# it prints the secret, and the words that it is run with
	engine_script 'echo "$*" >>"$HOME/words"' 'echo test_secret'
	printf 'test_secret\n' >"$BATS_TEST_TMPDIR/todo"
	readme_elsewhere_commands | sed -e "s|https://ACME.scalekit.dev/oauth/token|$TOKEN_ENDPOINT|" -e "s|https://ACME.scalekit.dev|$ISSUER|" -e 's|m2m_…|m2m_todo|' \
		-e "s|/run/secrets/todo|'$BATS_TEST_TMPDIR/todo'|" -e "s#/usr/bin/\(op\|vault\)#'${ENGINE_COMMAND[0]}'#" -e "s|SHA256:…|$FINGERPRINT|" \
		-e "s|--secret-command todo --secret-first|--secret-command todo/client --secret-env GNUPGHOME --secret-env PASSWORD_STORE_DIR --secret-first|" >"$BATS_TEST_TMPDIR/script"
	assert_equal "$(grep -c . "$BATS_TEST_TMPDIR/script")" 9
	# what needs a server that knows the key is run below
	grep -v "^sk-helper get" "$BATS_TEST_TMPDIR/script" >"$BATS_TEST_TMPDIR/first"
	run in_journal bash -e "$BATS_TEST_TMPDIR/first"
	echo "$output"
	assert_success
	assert_equal "$(grep -c '^token: works' <<<"$output")" 4
	assert_line --partial "profile 'deploy': its client was added"
	jwk=$(grep -m 1 '^{"crv":"Ed25519"' <<<"$output")
	assert_equal "$(cat "$HOME/words")" $'read op://Vault/todo/secret\nkv get -address=https://vault.example.com -field=client_secret secret/todo'
	start_authorization_server "{\"clients\":[{\"id\":\"m2m_todo\",\"method\":\"private_key_jwt\",\"alg\":\"EdDSA\",\"keys\":[$jwk]}],\"algs\":[\"EdDSA\"]}"
	sk-helper set deploy --token-endpoint "$TOKEN_ENDPOINT" --issuer "$ISSUER" >/dev/null
	run -0 bash -e -o pipefail <(grep '^sk-helper get' "$BATS_TEST_TMPDIR/script" | sed "s|https://api.example.com/todos|$(endpoint_that_answers '{}')|")
	assert_equal "$(curl -s "$FAULTY_URL/__stats" | jq -r .last.headers.authorization | cut -c1-7)" 'Bearer '
}

@test "every preset is in the manual, in the help and in the completions" {
	for preset in $(sed -n 's/^\t{ "\([a-z-]*\)", "[^"]*", preset_.*/\1/p' "$ROOT/helper/core/presets.c"); do
		grep -qx "\.It Cm $preset" "$ROOT/helper/man/sk-helper.1" || fail "$preset: manual"
		sk-helper help add | tr '\n' ' ' | grep -q -- "--preset.*$preset" || fail "$preset: help"
		for file in "$ROOT"/completions/*; do grep -q "preset.*$preset" "$file" || fail "$file: $preset"; done
		count=$((${count:-0} + 1))
	done
	assert_equal "$count" 6
}

@test "the README's session is a real one (tests/screens.bats)" {
	diff <(sed -n '/^```console$/,/^```$/p' "$ROOT/README.md" | sed '1d;$d') "$BATS_TEST_DIRNAME/screens/session.txt"
}

@test "the README's table of tools: each is one that hook knows" {
	for tool in $(grep '^|.*sk-helper hook' "$ROOT/README.md" | grep -oE 'sk-helper hook [a-z-]+`|`[a-z-]+`' | tr -d '`' | sed 's/.* //' | sort -u); do
		run --separate-stderr sk-helper hook "$tool"
		[ "$status" = 0 ] || fail "$tool: $stderr"
	done
}

# The README's configuration for this agent, with the test's server in it.
readme_configuration() { sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$ROOT/README.md" | grep -v '^```' | sed "s|https://mcp.example.com/mcp|$MCP_URL|"; }

# What hook prints, but for where sk-helper is, and for the quotes that a path with a space needs.
without_path() {
	sed -E "s|\"!'$SK_BUILD/stage/bin'/git-credential-sk\"|git-credential-sk|; s|'?$SK_BUILD/stage/bin'?/(sk-helper\|git-credential-sk)'?|\1|"
}

@test "the configurations in the README work, run as their agents run them" {
	printf 'test_secret\n' | sk-helper add tasks --url "$MCP_URL" --issuer "$ISSUER" --client-id m2m_todo --secret-store kernel --yes >/dev/null
	helper=$(readme_configuration json | jq -r '.mcpServers.tasks.headersHelper')
	run -0 "$SK_NODE" "$PEERS/agent.mjs" claude "$(readme_configuration json | jq -r '.mcpServers.tasks.url')" "$helper"
	assert_output 200
	# they are what 'hook' prints, but for where sk-helper is
	for tool in claude-code:json codex:toml; do
		assert_equal "$(sk-helper hook "${tool%:*}" tasks 2>/dev/null | grep -v '^#' | without_path)" "$(readme_configuration "${tool#*:}")"
	done
	helper=$(readme_configuration toml | sed -n 's/^http_headers_helper = "\(.*\)"$/\1/p')
	run -0 "$SK_NODE" "$PEERS/agent.mjs" codex "$(readme_configuration toml | sed -n 's/^url = "\(.*\)"$/\1/p')" "$helper"
	assert_output 200
}

@test "every make target in the README and in CONTRIBUTING is there" {
	for target in $(grep -ho 'make [a-z =-]*' "$ROOT/README.md" "$ROOT/CONTRIBUTING.md" | sed 's/^make//' | tr ' ' '\n' | grep -v '^-\|=\|^$\|^is$\|^and$' | sort -u); do
		run make -n -C "$ROOT" "$target"
		refute_output --partial 'No rule to make target'
	done
	run -0 grep -x 'make deps demo' "$ROOT/README.md"
	run -0 grep -x 'make deps check' "$ROOT/README.md"
}

@test "help: every command has a page with an example, and no other is shown" {
	assert_equal "$(commands | xargs)" 'get exec hook bridge proxy share add set show edit list rotate public-key remove doctor log refresh erase revoke store help version'
	for command in $(commands); do
		run -0 --separate-stderr sk-helper help "$command"
		assert_line --index 0 --partial "usage: sk-helper $command"
		assert_line example:
		assert_equal "$stderr" ''
	done
	run -2 --separate-stderr sk-helper help renew
	assert_one_error
	# no line is wider than a terminal
	assert_equal "$(sk-helper help | awk 'length > 80')" ''
}

@test "usage: what a page shows as an option is taken, and nothing else" {
	for command in $(commands); do
		for option in $(options_of "$command"); do
			# log --follow stays
			run --separate-stderr timeout 3 sk-helper "$command" "$option" </dev/null
			[[ $stderr != *"no option"* ]] || fail "$command $option: $stderr"
		done
		run -2 --separate-stderr sk-helper "$command" --frobnicate </dev/null
		assert_one_error
	done
}

@test "the manuals name every command, option, format, key and exit status" {
	manual=$(mandoc -T utf8 "$ROOT/helper/man/sk-helper.1" | sed 's/.\x08//g')
	for command in $(commands); do
		grep -q "sk-helper $command" <<<"$manual" || fail "$command"
		for option in $(options_of "$command"); do
			grep -qe "$option" <<<"$manual" || fail "$command $option"
		done
	done
	for format in $(formats); do grep -qE "^ +$format( |$)" <<<"$manual" || fail "$format"; done
	sk-helper help | sed -n '/^exit status:/,$s/^  \([0-9]\)  \(.*\)/\1 \2/p' >"$BATS_TEST_TMPDIR/statuses"
	assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/statuses")" 9
	while read -r number meaning; do grep -qE "^ +$number +$meaning\$" <<<"$manual" || fail "$number $meaning"; done <"$BATS_TEST_TMPDIR/statuses"
	protocol=$(mandoc -T utf8 "$ROOT/helper/man/sk-helper-protocol.7" | sed 's/.\x08//g')
	for program in $(sed -n 's/^LINKS = //p' "$ROOT/Makefile") $(sed -n 's/.*\.name = "\(.*\)".*/\1/p' "$ROOT/helper/protocols/tools.c"); do
		grep -qw -e "$program" <<<"$protocol" || fail "$program"
	done
	assert_equal "$(sed -n 's/.*\.program = "\(.*-.*\)".*/\1/p' "$ROOT/helper/protocols/tools.c" | sort | xargs)" "$(sed -n 's/^LINKS = //p' "$ROOT/Makefile" | tr ' ' '\n' | sort | xargs)"
	profile=$(mandoc -T utf8 "$ROOT/helper/man/sk-helper-profile.5" | sed 's/.\x08//g')
	for option in $(options_of add | grep -v -e --no-verify -e --yes -e --private-key -e --generate-key -e --key-id -e --missing -e --dry-run -e --preset -e --prompt); do
		key=${option#--}
		grep -q "^     ${key//-/_}=" <<<"$profile" || fail "$key"
	done
}

# All string literals of the code, those that follow each other joined.
literals() {
	cat "$ROOT"/helper/*/*.c "$ROOT"/keyring/*.c "$ROOT"/keyring/*/*.c | tr '\n' ' ' | sed -E 's/"[[:space:]]*"//g'
}

@test "the messages that troubleshooting explains are the code's" {
	literals >"$BATS_TEST_TMPDIR/literals"
	count=0
	while read -r message; do
		count=$((count + 1))
		# libcurl's own
		[ "$message" != 'Could not resolve host' ] || continue
		# between what differs
		message=${message//"'...'"/...}
		while read -r part; do
			[ -z "$part" ] || grep -qF -e "$part" "$BATS_TEST_TMPDIR/literals" || fail "$message: $part"
		done <<<"${message//.../$'\n'}"
	done < <(sed -n 's/^\.It Sy "\(.*\)"$/\1/p' "$ROOT/helper/man/sk-helper-troubleshooting.7")
	assert [ "$count" -ge 30 ]
}

# The messages of failures that a user meets without a mistake in what was typed, as the code has them: a line each.
failure_messages() {
	"$SK_NODE" -e '
		const { readFileSync } = require("node:fs");
		for (const path of process.argv.slice(1)) {
			const call = /err_set\([^;"]*STATUS_(POLICY|TEMPORARY|REFUSED|LOCKED|UNAVAILABLE|DENIED|FULL|NOT_FOUND)[^;"]*((?:"(?:[^"\\]|\\.)*"\s*)+)/g;
			for (const [, , literals] of readFileSync(path, "utf8").matchAll(call))
				console.log(literals.replace(/"\s*"/g, "").trim().replace(/^"|"$/g, ""));
		}' "$ROOT"/helper/*/*.c "$ROOT"/keyring/*.c "$ROOT"/keyring/*/*.c
}

@test "troubleshooting explains every message about a failure" {
	entries=()
	while read -r entry; do entries+=("*${entry//.../*}*"); done < <(sed -n 's/^\.It Sy "\(.*\)"$/\1/p' "$ROOT/helper/man/sk-helper-troubleshooting.7")
	count=0
	while read -r message; do
		# of another part of the message, or of another message, alone: "%s: %s", "HTTP %ld"
		words=${message//%[a-z]/}
		words=${words//[^[:lower:]]/}
		[ "${#words}" -ge 5 ] || continue
		count=$((count + 1))
		explained=false
		for entry in "${entries[@]}"; do
			# shellcheck disable=SC2053 # it is a pattern
			[[ $message != $entry ]] || explained=true
		done
		"$explained" || fail "$message"
	done < <(failure_messages)
	assert [ "$count" -ge 90 ]
}

@test "the commands in the manual pages are commands, with options that they have" {
	while read -r words; do
		read -r _ command rest <<<"$words"
		sk-helper help "$command" >"$BATS_TEST_TMPDIR/help" || fail "$words"
		for option in $(grep -oE -e '--[a-z][a-z-]*' <<<"$rest"); do
			[ "$command" = exec ] || grep -qE -e "^  $option( |,|$)" "$BATS_TEST_TMPDIR/help" || fail "$words: $option"
		done
	done < <(grep -hE '^(\.Dl )?sk-helper [a-z]' "$ROOT"/helper/man/sk-helper-{troubleshooting,servers,ci}.7 | sed -e 's/^\.Dl //' -e 's/|.*//')
}

@test "the manual's snippets are what hook prints, but for where sk-helper is" {
	store_client todo "$FAULTY_URL/W10" url=https://mcp.example.com/mcp
	for tool in git codex; do
		snippet=$(sed -n "/^\.\\\\\" hook $tool\$/,/^\.Ed\$/p" "$ROOT/helper/man/sk-helper-protocol.7" | sed '1d;$d')
		[ -n "$snippet" ]
		assert_equal "$snippet" "$(sk-helper hook "$tool" todo | grep -v '^#' | without_path)"
	done
}

@test "the completions know every command, option and format" {
	for file in "$ROOT"/completions/sk-helper.*; do
		for word in $(commands) $(formats); do grep -qw -e "$word" "$file" || fail "$file: $word"; done
		for command in $(commands); do
			for option in $(options_of "$command"); do
				grep -qE -e "(--|-l )${option#--}\b" "$file" || fail "$file: $option"
			done
		done
	done
}

# complete_bash WORD...: what bash offers for the last one
complete_bash() {
	bash -c '
		. "$1"
		shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_sk_helper
		printf "%s\n" "${COMPREPLY[@]}"' bash "$ROOT/completions/sk-helper.bash" "$@"
}

@test "completion in bash" {
	add_todo
	assert_equal "$(complete_bash sk-helper '' | sort | xargs)" "$(commands | sort | xargs)"
	for command in get add set list doctor remove; do
		assert_equal "$(complete_bash sk-helper "$command" -- | sort | xargs)" "$(options_of "$command" | sort | xargs)"
	done
	assert_equal "$(complete_bash sk-helper get --format '' | sort | xargs)" "$(formats | sort | xargs)"
	assert_equal "$(complete_bash sk-helper get t)" todo
	assert_equal "$(complete_bash sk-helper remove '')" todo
	assert_equal "$(complete_bash sk-helper hook '' | sort | xargs)" "$(sk-helper hook | cut -d' ' -f1 | sort | xargs)"
	assert_equal "$(complete_bash sk-helper hook git '')" todo
	assert_equal "$(complete_bash sk-helper add x --secret-store k)" kernel
}

@test "completion in bash, by its TAB" {
	add_todo
	run -0 expect -c '
		set timeout 10
		spawn -noecho bash --norc --noprofile -i
		send "PS1=READY; . \"$env(ROOT)/completions/sk-helper.bash\"; bind \"set bell-style none\"; echo LO\"\"ADED\r"
		expect LOADED
		foreach {typed wanted} {
			"sk-helper doct\t" "doctor "
			"sk-helper get to\t" "get todo "
			"sk-helper get --fo\t" "--format "
			"sk-helper get --format mcp\t" "mcp-headers "
			"sk-helper hook dire\t" "direnv "
			"sk-helper add --secret-store se\t" "secret-service "
		} {
			send $typed
			expect -re $wanted {} timeout { exit 1 }
			send "\025"
		}
		exit 0'
}

@test "completion in fish" {
	add_todo
	complete_fish() { fish --no-config -c "source '$ROOT/completions/sk-helper.fish'; complete -C '$1'" | cut -f1 | sort | xargs; }
	assert_equal "$(complete_fish 'sk-helper ')" "$(commands | sort | xargs)"
	assert_equal "$(complete_fish 'sk-helper get --')" "$(options_of get | sort | xargs)"
	assert_equal "$(complete_fish 'sk-helper add --')" "$(options_of add | sort | xargs)"
	assert_equal "$(complete_fish 'sk-helper get --format ')" "$(formats | sort | xargs)"
	assert_equal "$(complete_fish 'sk-helper get t')" todo
	assert_equal "$(complete_fish 'sk-helper hook ')" "$(sk-helper hook | cut -d' ' -f1 | sort | xargs)"
	assert_equal "$(complete_fish 'sk-helper hook git ')" todo
}

@test "completion in fish, by its TAB" {
	add_todo
	export TERM=xterm
	run -0 expect -c '
		set timeout 10
		spawn -noecho fish --no-config -i
		expect -re {[>#] }
		send "source \"$env(ROOT)/completions/sk-helper.fish\"; echo LO\"\"ADED\r"
		expect LOADED
		expect -re {[>#] }
		foreach {typed wanted} {
			"sk-helper doct\t" "doctor"
			"sk-helper get --format mcp\t" "mcp-headers"
			"sk-helper hook dire\t" "direnv"
			"sk-helper add --secret-store se\t" "secret-service"
		} {
			send $typed
			expect -re $wanted {} timeout { exit 1 }
			send "\025"
		}
		exit 0'
}

@test "completion in zsh" {
	mkdir "$BATS_TEST_TMPDIR/functions"
	cp "$ROOT/completions/sk-helper.zsh" "$BATS_TEST_TMPDIR/functions/_sk-helper"
	export FUNCTIONS=$BATS_TEST_TMPDIR/functions
	add_todo
	run -0 expect -c '
		set timeout 10
		spawn -noecho zsh -f -i
		send "PS1=READY; fpath=(\$FUNCTIONS \$fpath); autoload -U compinit; compinit -u -D; echo LO\"\"ADED\r"
		expect LOADED
		# the bell may ring in the midst of a word
		foreach {typed wanted} {
			"sk-helper doct\t" "doct.?or"
			"sk-helper get to\t" "get to.?do"
			"sk-helper get --fo\t" "--format"
			"sk-helper get --format mcp\t" "mcp-headers"
			"sk-helper hook dire\t" "direnv"
			"sk-helper add --secret-store se\t" "secret-service"
		} {
			send $typed
			expect -re $wanted {} timeout { exit 1 }
			send "\025"
		}
		exit 0'
}

@test "the version is one, everywhere" {
	version=$(sed -n 's/^VERSION = //p' "$ROOT/Makefile")
	assert_equal "$(sk-helper --version)" "sk-helper $version"
	grep -q "^## \(Unreleased\|$version\)" "$ROOT/CHANGELOG.md"
}
