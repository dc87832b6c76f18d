# SPDX-License-Identifier: MIT
# proxy and share for programs in a container: a namespace of its own for users, processes and the network, with a socket in it and nothing else
# of the user's. And systemd's sockets.
load common
load servers
load certificates

setup_file() {
	start_authorization_server
	start_todo_server
	start_faulty_server
}
teardown_file() { stop_peers; }
setup() {
	fresh_home
	unset SK_HELPER_SOCKET
	SOCKET=$BATS_TEST_TMPDIR/s/socket
}
teardown() { stop_servers; }

# contained COMMAND...: no network but a loopback of its own, no keyring, no home of the user's; the socket's directory at /run/sk-helper
contained() {
	bwrap --unshare-all --die-with-parent --new-session --ro-bind / / --dev /dev --proc /proc --tmpfs "$HOME" --tmpfs /run --bind "$BATS_TEST_TMPDIR/s" /run/sk-helper \
		--bind "$BATS_TEST_TMPDIR/box" /run/box --clearenv --setenv PATH "$PATH" --setenv HOME /run/box --setenv SK_NODE "$SK_NODE" \
		${ASAN_OPTIONS:+--setenv ASAN_OPTIONS "$ASAN_OPTIONS"} "$@"
}

add_todo_server() {
	mkdir -p "$BATS_TEST_TMPDIR/box"
	printf 'test_secret\n' | sk-helper add todo --url "$MCP_URL" --issuer "$ISSUER" --client-id m2m_todo --secret-store kernel --yes >/dev/null
}

@test "proxy: an MCP client without a network, at the secured server; nowhere in its sandbox is the token" {
	add_todo_server
	start_server proxy todo --socket "$SOCKET"
	run -0 contained "$SK_NODE" "$PEERS/mcp-over-socket.mjs" /run/sk-helper/socket http://localhost/todo create_todo '{"title":"from a box"}'
	assert_equal "$(jq -r .title <<<"$output")" 'from a box'
	# there is no other way out
	run ! contained curl -s --max-time 3 "$MCP_URL"
	# all memory of the program: the to-do is there, so that what is looked for would be found, and the token is not
	token=$(sk-helper get todo)
	run -0 contained "$BATS_TEST_DIRNAME/scan-memory" /run/box/waits "from a box,${token:20}" "$SK_NODE" "$PEERS/mcp-over-socket.mjs" \
		/run/sk-helper/socket http://localhost/todo list_todos '{}' /run/box/waits
	assert_line 'found: from a box'
	refute_line "found: ${token:20}"
	refute grep -r -q -e "$token" "$BATS_TEST_TMPDIR/box" "$BATS_TEST_TMPDIR/server.out" "$BATS_TEST_TMPDIR/server.err"
}

@test "share: git, skopeo, curl, kubectl and a headers hook, without a keyring" {
	mkdir -p "$BATS_TEST_TMPDIR/box"
	make_ca "$BATS_TEST_TMPDIR/pki"
	make_certificate "$BATS_TEST_TMPDIR/pki" server 'DNS:localhost'
	cp -r "$BATS_TEST_TMPDIR/pki" "$BATS_TEST_TMPDIR/box/pki"
	store_client p "$(endpoint_that_answers '{"body":{"access_token":"tok","token_type":"Bearer","expires_in":3600}}')" username=oauth2 \
		url=http://127.0.0.1:8080/ url=https://localhost:8443/
	start_server share p --socket "$SOCKET"
	cat >"$BATS_TEST_TMPDIR/box/script" <<-'SCRIPT'
		set -eu
		export SK_HELPER_SOCKET=/run/sk-helper/socket GIT_TERMINAL_PROMPT=0 GIT_CONFIG_NOSYSTEM=1
		# the servers are in here, too: there is no other network
		"$SK_NODE" "$1/recorder.mjs" /run/box/ready '{"port":8080}' &
		"$SK_NODE" "$1/recorder.mjs" /run/box/ready2 "$2" &
		while [ ! -s /run/box/ready ] || [ ! -s /run/box/ready2 ]; do sleep 0.05; done
		last() { curl -s --cacert /run/box/pki/ca.pem "$1/__stats" | jq -r '.seen[-1]'; }
		git -c credential.helper= -c credential.helper=sk -c credential.useHttpPath=true ls-remote http://127.0.0.1:8080/git/repo
		echo "git: $(last http://127.0.0.1:8080)"
		printf '{"credHelpers":{"127.0.0.1:8080":"sk"}}' >/run/box/auth.json
		skopeo list-tags --tls-verify=false --authfile /run/box/auth.json docker://127.0.0.1:8080/x >/dev/null
		echo "skopeo: $(last http://127.0.0.1:8080)"
		t=$(sk-helper get) && curl -s --oauth2-bearer "$t" http://127.0.0.1:8080/git/HEAD >/dev/null
		echo "curl: $(last http://127.0.0.1:8080)"
		echo "hook: $(CLAUDE_CODE_MCP_SERVER_URL=http://127.0.0.1:8080/x sk-helper get --format mcp-headers)"
		kubectl --kubeconfig /run/box/kubeconfig get --raw /version >/dev/null
		echo "kubectl: $(last https://localhost:8443)"
		sk-helper list
		sk-helper doctor >/dev/null
	SCRIPT
	version=v1
	if kubectl version --client 2>/dev/null | grep -qE 'v1\.(1[0-9]|2[01])\.'; then version=v1beta1; fi
	cat >"$BATS_TEST_TMPDIR/box/kubeconfig" <<-CONFIG
		apiVersion: v1
		kind: Config
		current-context: c
		clusters: [{name: c, cluster: {server: "https://localhost:8443", certificate-authority: /run/box/pki/ca.pem}}]
		contexts: [{name: c, context: {cluster: c, user: p}}]
		users: [{name: p, user: {exec: {apiVersion: client.authentication.k8s.io/$version, command: sk-helper, args: [get, --format, kubernetes], interactiveMode: Never, provideClusterInfo: true}}}]
	CONFIG
	tls=$(BATS_TEST_TMPDIR=/run/box tls_options /run/box/pki server | jq -c '. + {port: 8443}')
	run -0 contained bash /run/box/script "$PEERS" "$tls"
	assert_line 'git: Basic oauth2:tok'
	assert_line 'skopeo: Basic oauth2:tok'
	assert_line 'curl: Bearer tok'
	assert_line 'hook: {"Authorization":"Bearer tok"}'
	assert_line 'kubectl: Bearer tok'
	assert_line --partial 'p: for http://127.0.0.1:8080/'
	assert_equal "$(find "$BATS_TEST_TMPDIR/box" -name '*sk-helper*')" ''
}

@test "proxy for a program that can only speak to a port: a forwarder in the sandbox" {
	add_todo_server
	start_server proxy todo --socket "$SOCKET"
	run -0 contained "$SK_NODE" -e '
		const net = require("node:net");
		net.createServer((socket) => { const up = net.connect("/run/sk-helper/socket"); socket.pipe(up).pipe(socket); }).listen(8080, "127.0.0.1", async () => {
			const response = await fetch("http://127.0.0.1:8080/todo", { method: "POST", headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
				body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "t", version: "1" } } }) });
			console.log(response.status, (await response.text()).includes("Todo"));
			process.exit(0);
		});'
	assert_output '200 true'
}

# what 'hook' prints for it: the lines of one of its files
hook_file() { sk-helper hook "$1" todo --file "$2" 2>/dev/null; }
# the command of a line that begins so, with paths as they are in the sandbox of these tests
line_of() { hook_file "$1" "$2" | grep "^$3"; }

@test "hook: docker-run, podman-run, compose, devcontainer, bwrap, ssh: what they print, used" {
	add_todo_server
	export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/run
	mkdir -m 700 "$XDG_RUNTIME_DIR"
	for way in 1 2; do
		kind=$(cut -d' ' -f$way <<<'proxy share')
		SOCKET=$XDG_RUNTIME_DIR/sk-helper-$kind-todo/$kind.sock
		dir=$(dirname "$SOCKET")
		# what runs outside, as the line says
		server=$(line_of docker-run $way "[^#]*sk-helper'\\? $kind ")
		for tool in podman-run bwrap ssh; do assert_equal "$(line_of $tool $way "[^#]*sk-helper'\\? $kind ")" "$server"; done
		eval "words=($server)"
		assert_equal "$(realpath "${words[0]}")" "$(realpath "$(command -v sk-helper)")"
		# it returns when it listens, and does not keep what reads its output waiting
		run -0 timeout 10 bash -c "$server | cat"
		[ -S "$SOCKET" ]
		SERVER_PID=$(sk-helper list --json | jq -r '.[0].served[0].pid')
		echo "$SERVER_PID" >>"$BATS_TEST_TMPDIR/servers"
		# the mount, and the variable, of each kind of container
		for tool in docker-run podman-run; do
			eval "words=($(line_of $tool $way "${tool%-run} run"))"
			assert_line_has() { [[ " ${words[*]} " == *" $1 "* ]] || fail "$tool: ${words[*]}"; }
			assert_line_has "-v $dir:/run/sk-helper"
			[ $way = 1 ] || assert_line_has '-e SK_HELPER_SOCKET=/run/sk-helper/share.sock'
		done
		hook_file compose $way | grep -qx "    user: \"$(id -u)\""
		assert_equal "$(hook_file compose $way | sed -n 's/^    volumes: \["\(.*\)"\]$/\1/p')" "\${XDG_RUNTIME_DIR}/sk-helper-$kind-todo:/run/sk-helper"
		assert_equal "$(hook_file devcontainer $way | grep -v '^//' | jq -r '.mounts[0]')" "source=\${localEnv:XDG_RUNTIME_DIR}/sk-helper-$kind-todo,target=/run/sk-helper,type=bind"
		[ $way = 1 ] || assert_equal "$(hook_file devcontainer 2 | grep -v '^//' | jq -r .containerEnv.SK_HELPER_SOCKET)" /run/sk-helper/share.sock
		[ $way = 1 ] || hook_file compose 2 | grep -qx '    environment: { SK_HELPER_SOCKET: /run/sk-helper/share.sock }'
		# bubblewrap's own line, with a command
		if [ $way = 1 ]; then command='curl -s -o /dev/null -w %{http_code} --unix-socket /run/sk-helper/proxy.sock http://localhost/todo'; else command='sk-helper get'; fi
		sh -c "$(line_of bwrap $way '.* keyring-filter')"
		run -0 sh -c "$(line_of bwrap $way bwrap | sed "s|COMMAND|$command|")"
		if [ $way = 1 ]; then [[ $output =~ ^(4|2)0[0-9]$ && $output != 401 ]]; else assert_output "$(sk-helper get todo)"; fi
		# ssh's forwarding: the other end of it, here
		forward=$(line_of ssh $way ssh | sed -n 's/^ssh -R "\(.*\)" HOST$/\1/p')
		eval "forward=\"$forward\""
		assert_equal "$forward" "/tmp/sk-helper-$kind-todo.sock:$SOCKET"
		# nor is the keyring there, by the numbers of its keys, which /proc/keys tells
		ring=$(keyctl search @u keyring sk-helper)
		key=$(keyctl rlist "$ring" | tr ' ' '\n' | head -n 1)
		keyctl print "$key" >/dev/null
		run ! sh -c "$(line_of bwrap $way bwrap | sed "s|COMMAND|keyctl print $key|")"
		run ! sh -c "$(line_of bwrap $way bwrap | sed "s|COMMAND|keyctl show @u|")"
		kill "$SERVER_PID"
		for _ in $(seq 50); do [ -S "$SOCKET" ] || break; sleep 0.05; done
		[ ! -e "$SOCKET" ]
	done
	for tool in compose devcontainer; do
		hook_file $tool 1 | grep -q 'outside: systemctl --user enable --now sk-helper-proxy@todo.socket'
	done
}

# activated COMMAND...: with a socket in SOCKET, as systemd would give it
activated() {
	exec perl -MSocket -MPOSIX -e '
		my ($path, @command) = @ARGV;
		$^F = 255; # what is opened is left open by exec
		unlink $path;
		socket(my $listener, AF_UNIX, SOCK_STREAM, 0) or die $!;
		bind($listener, pack_sockaddr_un($path)) && listen($listener, 5) or die $!;
		fileno $listener == 3 or POSIX::dup2(fileno $listener, 3);
		$ENV{LISTEN_FDS} = 1; $ENV{LISTEN_PID} = $$;
		exec @command;' "$SOCKET" "$@"
}

@test "systemd: the units are good, and the commands take the socket that they are given" {
	XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR run -0 systemd-analyze verify --user --man=no "$SK_BUILD"/stage/lib/systemd/user/sk-helper-{share,proxy}@.{socket,service}
	for unit in share proxy; do
		assert_equal "$(sed -n 's/^ExecStart=//p' "$SK_BUILD/stage/lib/systemd/user/sk-helper-$unit@.service")" "\"$SK_BUILD/stage/bin/sk-helper\" $unit %i --idle 600"
	done
	add_todo_server
	mkdir -m 700 "$BATS_TEST_TMPDIR/s"
	activated sk-helper share todo --idle 600 >"$BATS_TEST_TMPDIR/server.out" 2>&1 3>&- 4>&- &
	echo $! >>"$BATS_TEST_TMPDIR/servers"
	for _ in $(seq 100); do [ -S "$SOCKET" ] && break; sleep 0.05; done
	run -0 env SK_HELPER_SOCKET="$SOCKET" sk-helper get todo
	stop_servers
	sleep 0.3
	# it is systemd's to remove
	[ -S "$SOCKET" ]
	activated sk-helper proxy todo >"$BATS_TEST_TMPDIR/server.out" 2>&1 3>&- 4>&- &
	echo $! >>"$BATS_TEST_TMPDIR/servers"
	for _ in $(seq 100); do curl -s --unix-socket "$SOCKET" http://localhost/ >/dev/null && break; sleep 0.05; done
	run -0 curl -s --unix-socket "$SOCKET" -o /dev/null -w '%{http_code}' http://localhost/todo
	[ "$output" != 000 ] && [ "$output" != 401 ] && [ "$output" != 502 ]
	# the variables alone, with a descriptor that is no socket
	run -2 --separate-stderr bash -c 'exec 3</dev/null; LISTEN_FDS=1 LISTEN_PID=1 exec sk-helper share todo'
	assert_error '--socket PATH is missing'
	run -8 --separate-stderr bash -c 'exec 3</dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec sk-helper share todo'
	assert_error 'is not in the file system'
}

@test "2 GiB in each direction at flat memory" {
	start_peer echo-server
	store_client api "$(endpoint_that_answers '{"body":{"access_token":"tok","token_type":"Bearer","expires_in":3600}}')" "url=$PEER_URL/api"
	start_server proxy api --socket "$SOCKET"
	# in KiB, of all processes of ours: what each has for itself; and with its part of what they share, which only root may look at
	own_memory() { for pid in "$SERVER_PID" $(pgrep -P "$SERVER_PID"); do cat "/proc/$pid/status"; done | awk '/^RssAnon:/ { sum += $2 } END { print sum }'; }
	memory() { for pid in "$SERVER_PID" $(pgrep -P "$SERVER_PID"); do cat "/proc/$pid/smaps_rollup"; done 2>/dev/null | awk '/^Pss:/ { sum += $2 } END { print sum + 0 }'; }
	assert_equal "$(curl -s --unix-socket "$SOCKET" http://localhost/api/fast)" ok
	assert_equal "$(curl -s --unix-socket "$SOCKET" http://localhost/api/size/2147483648 | wc -c)" 2147483648
	assert_equal "$(head -c 2147483648 /dev/zero | curl -s -T - --unix-socket "$SOCKET" http://localhost/api/echo | jq .length)" 2147483648
	[ -n "${SK_SANITIZED:-}" ] || assert [ "$(own_memory)" -le 4096 ]
	[ -n "${SK_SANITIZED:-}" ] || assert [ "$(memory)" -le 12288 ]
}
