# SPDX-License-Identifier: MIT
# Real ssh-agents, with keys that cannot be copied out of them; and one that is not real, for the faults that those do not have.
# All end with stop_agents, which belongs in teardown.

# agent_process COMMAND...: sets AGENT_PID. In a session of its own, so that what it starts (a prompt, a module's helper) ends with it.
agent_process() {
	setsid "$@" </dev/null >>"$BATS_TEST_TMPDIR/agent.log" 2>&1 3>&- 4>&- &
	AGENT_PID=$!
	echo "$AGENT_PID" >>"$BATS_TEST_TMPDIR/agents"
}

stop_agents() {
	local pid
	[ -e "$BATS_TEST_TMPDIR/agents" ] || return 0
	while read -r pid; do
		# one that is frozen takes no other signal
		kill -KILL -- "-$pid" "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done <"$BATS_TEST_TMPDIR/agents"
	rm "$BATS_TEST_TMPDIR/agents"
}

# agent_in DIR [COMMAND...]: a real one, by a command that becomes another user; its socket in the directory.
agent_in() {
	local dir=$1
	shift
	# "s": the directories above are not the other user's. The prompt is what agent_askpass makes.
	SSH_ASKPASS=$BATS_TEST_TMPDIR/askpass SSH_ASKPASS_REQUIRE=force agent_process env -C "$dir" "$@" ssh-agent -D -a s
	export SSH_AUTH_SOCK=$dir/s
	for _ in $(seq 500); do
		# 2: nobody answers; 1: no keys
		ssh-add -l >/dev/null 2>&1 || [ $? != 1 ] || return 0
		sleep 0.02
	done
	cat "$BATS_TEST_TMPDIR/agent.log" >&2
	return 1
}

# start_agent: an empty one. Sets SSH_AUTH_SOCK.
start_agent() { agent_in "$(mktemp -d "$BATS_TEST_TMPDIR/agent.XXXXXX")"; }

# start_agent_of USER: it is another user's. Only root can do that, and then connect to it.
start_agent_of() {
	local dir
	dir=$(mktemp -d "$BATS_TEST_TMPDIR/agent.XXXXXX")
	chown "$1" "$dir"
	agent_in "$dir" setpriv --reuid="$1" --regid="$(id -g "$1")" --clear-groups
}

# agent_askpass: how the user answers prompts from now on, a shell command on standard input.
agent_askpass() {
	{
		echo '#!/bin/sh'
		cat
	} >"$BATS_TEST_TMPDIR/askpass.new"
	chmod 700 "$BATS_TEST_TMPDIR/askpass.new"
	mv "$BATS_TEST_TMPDIR/askpass.new" "$BATS_TEST_TMPDIR/askpass"
}

# ssh_add [OPTION]...: with the user's answers.
ssh_add() { SSH_ASKPASS=$BATS_TEST_TMPDIR/askpass SSH_ASKPASS_REQUIRE=force ssh-add -q "$@" </dev/null; }

# new_key TYPE: ed25519, ecdsa-256, ecdsa-384, ecdsa-521 or rsa. Sets KEY_FILE, and FINGERPRINT (SHA256:...).
new_key() {
	local type=${1%-*} bits=()
	case $1 in
	rsa) bits=(-b 2048) ;;
	ecdsa-*) bits=(-b "${1#*-}") ;;
	esac
	KEY_FILE=$(mktemp -d "$BATS_TEST_TMPDIR/key.XXXXXX")/$1
	ssh-keygen -q -t "$type" "${bits[@]}" -N '' -C "$1" -f "$KEY_FILE" </dev/null
	FINGERPRINT=$(ssh-keygen -lf "$KEY_FILE.pub" | cut -d' ' -f2)
}

# agent_key TYPE [SSH-ADD-OPTION]...: a new key, in the agent.
agent_key() {
	new_key "$1"
	ssh_add "${@:2}" "$KEY_FILE"
}

# agent_key_confirming TYPE ANSWER: the agent asks the user each time; ANSWER is yes, no, or never. Each time it has asked, there is a line
# in ASKED.
agent_key_confirming() {
	local answer="echo $2"
	ASKED=$BATS_TEST_TMPDIR/asked
	: >"$ASKED"
	[ "$2" != never ] || answer='exec sleep infinity'
	printf '%s\n' "echo asked >>'$ASKED'" "$answer" | agent_askpass
	agent_key "$1" -c
}

# agent_key_constrained TYPE: only for logging in to one host, so that the agent signs nothing else with it.
agent_key_constrained() {
	local hosts=$BATS_TEST_TMPDIR/known_hosts
	new_key ed25519
	printf 'host.example.com %s\n' "$(cat "$KEY_FILE.pub")" >"$hosts"
	agent_key "$1" -H "$hosts" -h host.example.com
}

# agent_certificate TYPE: a key that is in the agent twice, alone and with a certificate. ssh-add -l has one fingerprint for both.
agent_certificate() {
	local authority
	new_key ed25519
	authority=$KEY_FILE
	new_key "$1"
	ssh-keygen -q -s "$authority" -I test -n somebody "$KEY_FILE.pub"
	ssh_add "$KEY_FILE"
}

# The agent denies that it has keys, until agent_unlock.
agent_lock() { echo 'echo pw' | agent_askpass && ssh_add -x; }
agent_unlock() { echo 'echo pw' | agent_askpass && ssh_add -X; }

# Connections are made, by the kernel, but nobody answers.
agent_frozen() { kill -STOP "$AGENT_PID"; }

# start_softhsm: an agent with the keys of a PKCS#11 token, as a smart card is one. Sets FINGERPRINT_EC and FINGERPRINT_RSA.
start_softhsm() {
	local dir=$BATS_TEST_TMPDIR/softhsm
	export SOFTHSM2_CONF=$dir/conf
	mkdir -p "$dir/tokens"
	printf 'directories.tokendir = %s\nlog.level = ERROR\n' "$dir/tokens" >"$SOFTHSM2_CONF"
	openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$dir/1"
	openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$dir/2"
	softhsm2-util --init-token --free --label test --so-pin 123456 --pin 123456 >/dev/null
	softhsm2-util --import "$dir/1" --token test --pin 123456 --label ec --id 01 >/dev/null
	softhsm2-util --import "$dir/2" --token test --pin 123456 --label rsa --id 02 >/dev/null
	rm "$dir/1" "$dir/2"
	# the agent has the configuration from its environment
	start_agent
	echo 'echo 123456' | agent_askpass
	ssh_add -s /usr/lib/softhsm/libsofthsm2.so
	FINGERPRINT_EC=$(ssh-add -l | sed -n 's/.* \(SHA256:[^ ]*\) .*(ECDSA)$/\1/p')
	FINGERPRINT_RSA=$(ssh-add -l | sed -n 's/.* \(SHA256:[^ ]*\) .*(RSA)$/\1/p')
}

# start_fake_agent BEHAVIOUR [list|sign [ed25519|ec|rsa|fido]]: it has one fault (see peers/fake-agent.mjs), in what it answers to that
# request. Sets SSH_AUTH_SOCK, FINGERPRINT, and AGENT_ASKED, a file in which each request is a line.
start_fake_agent() {
	local dir
	dir=$(mktemp -d "$BATS_TEST_TMPDIR/agent.XXXXXX")
	export SSH_AUTH_SOCK=$dir/s
	AGENT_ASKED=$dir/asked
	: >"$AGENT_ASKED"
	agent_process "$SK_NODE" "$PEERS/fake-agent.mjs" "$dir/ready" "$(jq -nc '$ARGS.named' --arg socket "$SSH_AUTH_SOCK" \
		--arg log "$AGENT_ASKED" --arg behaviour "$1" --arg at "${2:-sign}" --arg key "${3:-ed25519}")"
	for _ in $(seq 500); do
		[ -s "$dir/ready" ] && break
		kill -0 "$AGENT_PID" 2>/dev/null || break
		sleep 0.02
	done
	FINGERPRINT=$(jq -er .fingerprint "$dir/ready") || { cat "$BATS_TEST_TMPDIR/agent.log" >&2; return 1; }
}
