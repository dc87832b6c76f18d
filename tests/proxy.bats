# SPDX-License-Identifier: MIT
# proxy: programs that must not hold a token send their requests through it.
load common
load servers
load certificates

setup_file() {
	start_authorization_server
	start_faulty_server
	export ALLOWED_TOKENS=$BATS_FILE_TMPDIR/tokens
	start_peer echo-server "{\"tokens\":\"$ALLOWED_TOKENS\"}"
	export API=$PEER_URL
}
teardown_file() { stop_peers; }
setup() {
	ROOT_FILE=$BATS_TEST_DIRNAME/common.bash
	fresh_home
	unset SK_HELPER_SOCKET
	SOCKET=$BATS_TEST_TMPDIR/s/proxy.sock
	seq 1 30 | sed 's/^/tok-/' >"$ALLOWED_TOKENS"
}
teardown() { stop_servers; }

# add_api: a profile for /api of the server, whose token is tok-1, and then tok-2, and so on.
add_api() {
	store_client api "$(endpoint_that_answers "$(seq -s, -f "{\"test\":\"$BATS_TEST_NUMBER\",\"body\":{\"access_token\":\"tok-%g\",\"token_type\":\"Bearer\",\"expires_in\":3600}}" 1 9)")" \
		"url=$API/api"
}
start_proxy() {
	add_api
	start_server proxy api --socket "$SOCKET" "$@"
}
# request [CURL OPTION]... PATH
request() { curl -s --max-time 20 --unix-socket "$SOCKET" "${@:1:$#-1}" "http://localhost${*: -1}"; }
code() { request -o /dev/null -w '%{http_code}' "$@"; }
api_urls() { curl -s "$API/__stats" | jq -r '.urls[]'; }

# raw FILE: the bytes in it, sent to the socket as they are; what comes back until the end, or two seconds.
raw() {
	"$SK_NODE" -e '
		const socket = require("node:net").connect(process.argv[1]);
		socket.write(require("node:fs").readFileSync(process.argv[2]));
		socket.on("data", (data) => process.stdout.write(data)).on("close", () => process.exit(0)).on("error", () => process.exit(0));
		setTimeout(() => process.exit(0), 2000);' "$SOCKET" "$1"
}

@test "a request goes to the profile's URL, with the token, and comes back" {
	start_proxy
	run -0 request /api/echo?a=b%20c
	assert_equal "$(jq -r .url <<<"$output")" '/api/echo?a=b%20c'
	assert_equal "$(jq -r .headers.authorization <<<"$output")" 'Bearer tok-1'
	assert_equal "$(jq -r .headers.host <<<"$output")" "${API#http://}"
	run -0 request -X POST -d hello -H 'Content-Type: text/x' /api/echo
	assert_equal "$(jq -r '.method, .length, .headers["content-type"]' <<<"$output" | xargs)" 'POST 5 text/x'
	for method in PUT PATCH DELETE OPTIONS PROPFIND; do
		assert_equal "$(request -X "$method" /api/echo | jq -r .method)" "$method"
	done
	assert_equal "$(request -X PUT -d '' /api/echo | jq -r '.headers["content-length"]')" 0
	assert_equal "$(code /api/status/404)" 404
	assert_equal "$(code /api/status/204)" 204
	assert_equal "$(code /api/status/500)" 500
	assert_equal "$(code /api)" 200
	# one that was started first has printed where to send requests
	grep -q "^api: http://localhost/api at $SOCKET\$" "$BATS_TEST_TMPDIR/server.out"
	assert_equal "$(request /nope/x | jq -r .message)" "'/nope/x' is not served here, but what begins with /api"
	end_server INT
	assert_equal "$(cat "$BATS_TEST_TMPDIR/server.err")" ''
	[ ! -e "$SOCKET" ]
}

@test "the asker's credentials, and what is between neighbours, do not go on; nor does the server's come back" {
	start_proxy
	run -0 request -H 'Authorization: Bearer mine' -H 'Cookie: a=b' -H 'Proxy-Authorization: x' -H 'X-Forwarded-For: 1.2.3.4' -H 'Forwarded: for=x' \
		-H 'Connection: x-drop, keep-alive' -H 'X-Drop: 1' -H 'Keep-Alive: 5' -H 'TE: trailers' -H 'X-Kept: 2' -H 'User-Agent: mine' /api/echo
	headers=$(jq -c .headers <<<"$output")
	assert_equal "$(jq -r '.authorization, .["x-kept"], .["user-agent"]' <<<"$headers" | xargs)" 'Bearer tok-1 2 mine'
	for name in cookie proxy-authorization x-forwarded-for forwarded x-drop keep-alive te; do
		assert_equal "$name $(jq -r --arg n "$name" '.[$n]' <<<"$headers")" "$name null"
	done
	# what libcurl would add by itself is not there either
	run -0 request -H 'Accept:' -H 'User-Agent:' /api/echo
	assert_equal "$(jq -r '.headers.accept' <<<"$output")" null
	run -0 request -i '/api/header?Set-Cookie=a%3Db&Alt-Svc=h3&WWW-Authenticate=Bearer&X-Kept=1&Strict-Transport-Security=x&Content-Location=https://elsewhere/'
	assert_line --partial 'X-Kept: 1'
	[[ ${output,,} != *set-cookie* && ${output,,} != *alt-svc* && ${output,,} != *www-auth* && ${output,,} != *strict-tr* && ${output,,} != *elsewhere* ]]
}

@test "a token that a server repeats in a header is blotted out" {
	start_proxy
	run -0 request -i /api/token-in-header
	assert_line --partial 'x-token: Bearer ?????'
	assert_line --partial 'x-other: kept'
	refute_output --partial tok-1
	for to in /api/x?t=tok-1 https://evil.example/x?t=tok-1; do
		run -0 request -i "/api/redirect/302?to=$(jq -rn --arg u "$to" '$u | @uri')"
		assert_output --partial 't=?????'
		refute_output --partial tok-1
	done
	# also the one that the request was sent with, when another has renewed it meanwhile
	request -i /api/token-in-header/800 >"$BATS_TEST_TMPDIR/slow" &
	pid=$!
	sleep 0.3
	sed -i /tok-1$/d "$ALLOWED_TOKENS"
	assert_equal "$(request /api/echo | jq -r .headers.authorization)" 'Bearer tok-2'
	wait "$pid"
	grep -q 'x-token: Bearer ?????' "$BATS_TEST_TMPDIR/slow"
	refute grep -q tok- "$BATS_TEST_TMPDIR/slow"
}

@test "headers by which servers are told another path, host or user do not go on" {
	start_proxy
	run -0 request -H 'X-Original-URL: /admin' -H 'X-Rewrite-URL: /admin' -H 'X_Forwarded_For: 1' -H 'Referer: http://localhost/secret' -H 'Remote-User: root' \
		-H 'X-Forwarded-User: root' -H 'x-ORIGINAL-host: x' -H 'X-Kept: 1' /api/echo
	assert_equal "$(jq -c '.headers | keys' <<<"$output")" '["accept","authorization","host","user-agent","x-kept"]'
}

@test "a server that answers before it has read the request, compresses the transfer, or speaks HTTP/2" {
	start_proxy
	head -c 8000000 /dev/zero >"$BATS_TEST_TMPDIR/large"
	run -0 request -i /api/coded
	[[ $(tail -n 1 <<<"$output" | jq -r .message) == *'compressed transfer'* ]] || fail "$output"
	# it answers, and reads no more: not for ever
	start=$SECONDS
	run request -H 'Expect:' -X POST --data-binary "@$BATS_TEST_TMPDIR/large" /api/deaf
	assert [ $((SECONDS - start)) -lt 20 ]
	assert_equal "$(request /api/fast)" ok
	end_server
	make_ca "$BATS_TEST_TMPDIR/pki"
	make_certificate "$BATS_TEST_TMPDIR/pki" server 'DNS:localhost,IP:127.0.0.1'
	start_peer echo-server "$(tls_options "$BATS_TEST_TMPDIR/pki" server | jq -c '. + {h2: true}')"
	store_client safe "$(endpoint_that_answers '{"body":{"access_token":"tok-20","token_type":"Bearer","expires_in":3600}}')" "url=$PEER_URL/api" "ca_file=$BATS_TEST_TMPDIR/pki/ca.pem"
	start_server proxy safe --socket "$SOCKET"
	assert_equal "$(request -X POST -d x /safe/echo | jq -r '.headers.authorization, .length' | xargs)" 'Bearer tok-20 1'
	assert_equal "$(curl -s --cacert "$BATS_TEST_TMPDIR/pki/ca.pem" "$PEER_URL/__stats" | jq -r '.versions | unique | join(" ")')" 1.1
}

@test "requests whose arguments do not fit are over when their connection is" {
	start_proxy --idle 3
	url="/api/echo?$(printf 'a&%.0s' $(seq 8000))"
	for _ in $(seq 4); do request "$url" >/dev/null || true; done
	for _ in $(seq 100); do kill -0 "$SERVER_PID" 2>/dev/null || break; sleep 0.1; done
	run ! kill -0 "$SERVER_PID"
}

@test "nothing above the profile's URL, and no other server" {
	start_proxy
	before=$(api_urls | wc -l)
	printf '%s\n' /api/../other /api/x/../../other /api/%2e%2e/other '/api/..%2fother' '/api/..;/other' '/api/%252e%252e/x' '/api/x%00' \
		'/api/x%5c..%5cother' '/api\other' '/api/./x' /other /apix /api%2f.. / // //api/x '/nope/x' '/api/%2e%2e%2fother' '/api/..%5cother' \
		'/api/"x"' '/%61pi/x' >"$BATS_TEST_TMPDIR/paths"
	while read -r path; do
		printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$path" >"$BATS_TEST_TMPDIR/raw"
		run -0 raw "$BATS_TEST_TMPDIR/raw"
		[[ $output == 'HTTP/1.1 40'[04]* ]] || fail "$path: $output"
	done <"$BATS_TEST_TMPDIR/paths"
	for line in "GET http://localhost/api/x HTTP/1.1" "GET $API/api/x HTTP/1.1" "GET https://evil.example/api HTTP/1.1" "CONNECT evil.example:443 HTTP/1.1" \
		'TRACE /api/echo HTTP/1.1' 'TRACK /api/echo HTTP/1.1' 'OPTIONS * HTTP/1.1' 'GET api/x HTTP/1.1'; do
		printf '%s\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$line" >"$BATS_TEST_TMPDIR/raw"
		run -0 raw "$BATS_TEST_TMPDIR/raw"
		[[ $output != 'HTTP/1.1 2'* && $output != *tok-* ]] || fail "$line: $output"
	done
	assert_equal "$(api_urls | wc -l)" "$before"
	# what is no way up
	for path in '/api/a%2Fb' /api/x//y '/api/...' '/api/.hidden' '/api/x?u=/../..' '/api/x?a={b}|c' '/api/'; do
		printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$path" >"$BATS_TEST_TMPDIR/raw"
		run -0 raw "$BATS_TEST_TMPDIR/raw"
		[[ $output == 'HTTP/1.1 200'* && $output == *"\"url\":\"$path\""* ]] || fail "$path: $output"
	done
}

@test "redirects: within the profile's URL they are passed on, rewritten; others are not" {
	start_proxy
	for to in /api/echo "$API/api/echo" ../echo; do
		run -0 request -o /dev/null -w '%{http_code} %{redirect_url}' "/api/redirect/302?to=$to"
		assert_output '302 http://localhost/api/echo'
	done
	assert_equal "$(request -L "/api/redirect/307?to=/api/echo%3Fq=1" | jq -r .url)" '/api/echo?q=1'
	for to in https://evil.example/api /other /apix http://localhost:1/api '//evil.example/api' /api/../other; do
		run -0 request "/api/redirect/302?to=$to"
		[[ $(jq -r .message <<<"$output") == *'does not cover'* ]] || fail "$to: $output"
		assert_equal "$(code "/api/redirect/302?to=$to")" 502
	done
	# with 201, a Location that leads elsewhere is left out
	run -0 request -i '/api/redirect/201?to=https://evil.example/'
	refute_output --partial evil
	run -0 request -i '/api/redirect/201?to=/api/new'
	assert_line --partial 'ocation: /api/new'
}

@test "a token that is refused: one new one, and the request is sent once more; else 502, and why" {
	start_proxy
	request /api/echo >/dev/null
	sed -i /tok-1$/d "$ALLOWED_TOKENS"
	run -0 request -X POST --data-binary "@$ROOT_FILE" /api/echo
	assert_equal "$(jq -r '.headers.authorization, .length' <<<"$output" | xargs)" "Bearer tok-2 $(stat -c %s "$ROOT_FILE")"
	# the server refuses whatever it is sent
	: >"$ALLOWED_TOKENS"
	run -0 request /api/echo
	assert_equal "$(code /api/echo)" 502
	[[ $(jq -r .message <<<"$output") == *"refused the token of profile 'api' (401)"* ]]
	refute_output --partial tok-
	# no token to be had
	store_client bad "$(endpoint_that_answers '{"status":400,"body":{"error":"unauthorized_client"}}')" "url=$API/api"
	end_server
	start_server proxy bad --socket "$SOCKET"
	run -0 request /bad/echo
	[[ $(jq -r .message <<<"$output") == *"there is no token: profile 'bad'"*unauthorized_client* ]] || fail "$output"
}

@test "a body that is too long to be kept is not sent again, but the next one has a new token" {
	start_proxy
	request /api/echo >/dev/null
	sed -i /tok-1$/d "$ALLOWED_TOKENS"
	head -c 5000000 /dev/zero >"$BATS_TEST_TMPDIR/large"
	# a server that reads all of it before it says no
	run -0 request -X POST -H 'Expect:' --data-binary "@$BATS_TEST_TMPDIR/large" '/api/echo?late'
	[[ $(jq -r .message <<<"$output") == *'too long to be sent again'* ]] || fail "$output"
	run -0 request -X POST --data-binary "@$BATS_TEST_TMPDIR/large" '/api/echo?late'
	assert_equal "$(jq -r '.length, .headers.authorization' <<<"$output" | xargs)" '5000000 Bearer tok-2'
}

@test "uploads and downloads: long, of unknown length, with Expect, HEAD, ranges, kept connections" {
	start_proxy
	head -c 20000000 /dev/urandom >"$BATS_TEST_TMPDIR/large"
	sum=$(sha256sum "$BATS_TEST_TMPDIR/large" | cut -d' ' -f1)
	request /api/echo >/dev/null
	assert_equal "$(request -T "$BATS_TEST_TMPDIR/large" /api/echo | jq -r .sha256)" "$sum"
	assert_equal "$(request -T - /api/echo <"$BATS_TEST_TMPDIR/large" | jq -r '.sha256, .headers["transfer-encoding"]' | xargs)" "$sum chunked"
	assert_equal "$(request -H 'Expect: 100-continue' -T "$BATS_TEST_TMPDIR/large" /api/echo | jq -r .sha256)" "$sum"
	assert_equal "$(request /api/size/30000000 | wc -c)" 30000000
	assert_equal "$(request /api/chunks/30000000 | wc -c)" 30000000
	run -0 request -I /api/size/1234
	assert_line --partial 'Content-Length: 1234'
	assert_equal "$(request -r 10-19 /api/range)" klmnopqrst
	assert_equal "$(code -r 10-19 /api/range)" 206
	run -0 curl -s --max-time 20 --unix-socket "$SOCKET" -w '%{num_connects} ' -o /dev/null http://localhost/api/fast --next --unix-socket "$SOCKET" -s -w '%{num_connects}' -o /dev/null http://localhost/api/fast
	assert_output '1 0'
	assert_equal "$(request --http1.0 /api/chunks/100000 | wc -c)" 100000
	assert_equal "$(request --compressed /api/fast)" ok
}

@test "events come when they are sent: as many as one a second is in an hour" {
	start_proxy
	run -0 timeout 20 bash -c "curl -sN --unix-socket '$SOCKET' http://localhost/api/events/3600/1 | grep -c ^data:"
	assert_output 3600
	# the first one long before the last one
	first=$(timeout 20 curl -sN --unix-socket "$SOCKET" http://localhost/api/events/20/200 2>/dev/null | head -n 1 | tr -d '\r')
	assert_equal "$first" 'id: 1'
}

@test "programs that go away take their request with them; a server that hangs, ends in the middle, or says too much" {
	start_proxy
	request /api/echo >/dev/null
	open=$(curl -s "$API/__stats" | jq .open)
	timeout 1 curl -s --unix-socket "$SOCKET" http://localhost/api/hang || true
	timeout 1 curl -sN --unix-socket "$SOCKET" http://localhost/api/events/1000/50 >/dev/null || true
	for _ in $(seq 50); do [ "$(curl -s "$API/__stats" | jq .open)" = "$open" ] && break; sleep 0.1; done
	assert_equal "$(curl -s "$API/__stats" | jq .open)" "$open"
	run -18 request /api/half
	run -0 request /api/more
	assert_output more
	run -0 request /api/garbage
	assert_equal "$(code /api/garbage)" 502
	assert_equal "$(code /api/many-headers)" 502
	run -0 request -X POST -H 'Expect:' --data-binary "@$BATS_TEST_DIRNAME/bridge.bats" /api/early
	assert_output 'too large'
	assert_equal "$(request /api/fast)" ok
}

@test "requests that two readers could read differently are refused, and nothing of them is a request of its own" {
	start_proxy
	request /api/fast >/dev/null
	while IFS='|' read -r name text; do
		before=$(api_urls | wc -l)
		printf '%b' "$text" >"$BATS_TEST_TMPDIR/raw"
		run -0 raw "$BATS_TEST_TMPDIR/raw"
		[[ $(head -n 1 <<<"$output") == 'HTTP/1.1 '[45]* || -z $output ]] || fail "$name: $output"
		refute grep -q smuggled <(api_urls)
		assert_equal "$name $(api_urls | wc -l)" "$name $before"
	done <<-'TABLE'
		two lengths|POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\nhelloGET /api/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n
		two equal lengths|POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello
		a list of lengths|POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5, 5\r\n\r\nhello
		a length with a sign|POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: +5\r\n\r\nhello
		chunked and a length|POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n
		another encoding|POST /api/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: identity\r\n\r\nhello
		two encodings|POST /api/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n
		chunked, written oddly|POST /api/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n
		a blank before the colon|POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length : 5\r\n\r\nhello
		no host|GET /api/x HTTP/1.1\r\n\r\n
		two hosts|GET /api/x HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n
		a header without a colon|GET /api/x HTTP/1.1\r\nHost: localhost\r\nfoo\r\n\r\n
		an upgrade|GET /api/x HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n
		chunked with HTTP/1.0|POST /api/x HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n
	TABLE
	# a folded header, lines that end with LF alone, a header without a name: refused, or read in one way only
	for text in 'GET /api/fast HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n GET /api/smuggled HTTP/1.1\r\nConnection: close\r\n\r\n' \
		'GET /api/fast HTTP/1.1\nHost: localhost\nConnection: close\n\n' 'POST /api/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\nhello\n0\n\n' \
		'GET /api/fast HTTP/1.1\r\nHost: localhost\r\n: x\r\nConnection: close\r\n\r\n'; do
		printf '%b' "$text" >"$BATS_TEST_TMPDIR/raw"
		run -0 raw "$BATS_TEST_TMPDIR/raw"
		refute grep -q smuggled <(api_urls)
	done
	assert_equal "$(request /api/fast)" ok
}

@test "browsers are kept out: an Origin, a Host that is not ours (DNS rebinding), a page of another site" {
	start_proxy --allow-origin https://good.example --allow-host box.internal
	before=$(api_urls | wc -l)
	for header in 'Origin: https://evil.example' 'Origin: null' 'Origin: http://localhost' 'Host: evil.example' 'Host: localhost.evil.example' 'Host: 127.0.0.1.nip.io' \
		'Host: localhost:x' 'Host: user@localhost' 'Sec-Fetch-Site: cross-site' 'Sec-Fetch-Site: same-origin'; do
		assert_equal "$header $(code -H "$header" /api/fast)" "$header 403"
	done
	assert_equal "$(api_urls | wc -l)" "$before"
	for header in 'Origin: https://good.example' 'Host: 127.0.0.1:99' 'Host: [::1]' 'Host: LOCALHOST' 'Host: box.internal' 'Sec-Fetch-Site: none'; do
		assert_equal "$header $(code -H "$header" /api/fast)" "$header 200"
	done
	run -0 request -H 'Origin: https://good.example' /api/echo
	assert_equal "$(jq -r .headers.origin <<<"$output")" null
}

@test "on loopback: behind a secret path, that is printed once" {
	add_api
	sk-helper proxy api --listen 127.0.0.1:0 >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- 4>&- &
	echo $! >>"$BATS_TEST_TMPDIR/servers"
	for _ in $(seq 100); do [ -s "$BATS_TEST_TMPDIR/out" ] && break; sleep 0.05; done
	url=$(sed -n 's/^api: //p' "$BATS_TEST_TMPDIR/out")
	[[ $url =~ ^http://127\.0\.0\.1:[0-9]+/[0-9a-f]{32}/api$ ]] || fail "$url"
	assert_equal "$(curl -s "$url/echo" | jq -r .headers.authorization)" 'Bearer tok-1'
	base=${url%/*/api}
	secret=${url#"$base"/}
	secret=${secret%/api}
	for path in /api/fast /fast "/${secret:0:31}/api/fast" "/${secret}0/api/fast" "/${secret^^}/api/fast" "/$secret" "/$secret/" "/$secret/../$secret/api"; do
		got=$(curl -s --path-as-is -o /dev/null -w '%{http_code}' "$base$path")
		[ "$got" = 404 ] || [ "$got" = 400 ] || fail "$path: $got"
	done
	run -0 curl -s -o /dev/null -w '%{redirect_url}' "$url/redirect/302?to=/api/echo"
	assert_output "$url/echo"
	assert_equal "$(curl -s -o /dev/null -w '%{http_code}' -H 'Host: evil.example' "$url/fast")" 403
	run -8 --separate-stderr sk-helper proxy api --url https://elsewhere.example.com --listen 127.0.0.1:0
	assert_one_error
	for words in '--allow-origin * --listen 127.0.0.1:0' '--allow-origin https://a.example/x --listen 127.0.0.1:0' '--allow-host box:80 --listen 127.0.0.1:0' '--listen 0.0.0.0:0' '--listen 192.168.0.1:80' '--listen example.com:80' '--listen 127.0.0.1' '--listen 127.0.0.1:99999' '--listen 127.0.0.1:0 --socket x' \
		'--listen 127.0.0.1:0 --allow-uid 5' ''; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr sk-helper proxy api $words
		assert_one_error
	done
}

@test "several profiles, each with its own token; a profile with several urls" {
	add_api
	store_client two "$(endpoint_that_answers '{"body":{"access_token":"tok-20","token_type":"Bearer","expires_in":3600}}')" "url=$API/two/" "url=$API/three"
	run -2 --separate-stderr sk-helper proxy api two --socket "$SOCKET"
	assert_error 'has several urls'
	start_server proxy api two --url "$API/two/" --socket "$SOCKET"
	assert_equal "$(request /api/echo | jq -r '.headers.authorization')" 'Bearer tok-1'
	assert_equal "$(request /two/echo | jq -r '.headers.authorization, .url' | xargs)" 'Bearer tok-20 /two/echo'
	assert_equal "$(request /two | jq -r .url)" /two/
	run -0 sk-helper list
	assert_output --partial "proxy of api two at $SOCKET"
	run -0 sk-helper list --json
	assert_equal "$(jq -r '.[1].served[0].command' <<<"$output")" proxy
}

@test "headers without end, connections that say nothing, and what is not HTTP" {
	start_proxy
	{ printf 'GET /api/fast HTTP/1.1\r\nHost: localhost\r\n'; seq -f 'X-%g: y' 100000 | sed 's/$/\r/'; printf '\r\n'; } >"$BATS_TEST_TMPDIR/raw"
	run -0 raw "$BATS_TEST_TMPDIR/raw"
	[[ -z $output || $output == 'HTTP/1.1 4'* ]] || fail "${output:0:100}"
	{ printf 'GET /api/'; head -c 200000 /dev/zero | tr '\0' x; printf ' HTTP/1.1\r\nHost: localhost\r\n\r\n'; } >"$BATS_TEST_TMPDIR/raw"
	run -0 raw "$BATS_TEST_TMPDIR/raw"
	[[ -z $output || $output == 'HTTP/1.1 4'* ]] || fail "${output:0:100}"
	head -c 100000 /dev/urandom >"$BATS_TEST_TMPDIR/raw"
	run -0 raw "$BATS_TEST_TMPDIR/raw"
	"$SK_NODE" -e '
		const net = require("node:net");
		for (let i = 0; i < 100; i++) net.connect(process.argv[1]).on("error", () => {}).write("GET /api");
		setTimeout(() => process.exit(0), 20000);' "$SOCKET" 3>&- 4>&- &
	echo $! >>"$BATS_TEST_TMPDIR/servers"
	sleep 0.3
	assert_equal "$(request /api/fast)" ok
}

@test "keys rotated, and tokens renewed, while requests run" {
	start_proxy
	request /api/fast >/dev/null
	for i in $(seq 40); do { request "/api/chunks/200000" | wc -c; } >"$BATS_TEST_TMPDIR/n.$i" & pids[i]=$!; done
	sed -i /tok-1$/d "$ALLOWED_TOKENS"
	run -0 sk-helper rotate api <<<another_secret
	for i in $(seq 41 60); do { request -X POST -d x /api/echo | jq -r .length; } >"$BATS_TEST_TMPDIR/n.$i" & pids[i]=$!; done
	for pid in "${pids[@]}"; do wait "$pid"; done
	assert_equal "$(cat "$BATS_TEST_TMPDIR"/n.* | sort | uniq -c | xargs)" '20 1 40 200000'
}

@test "a client in Python: several requests on a connection, an upload in pieces, HEAD" {
	start_proxy
	run -0 python3 - "$SOCKET" <<-'PYTHON'
		import http.client, json, socket, sys

		class Connection(http.client.HTTPConnection):
		    def connect(self):
		        self.sock = socket.socket(socket.AF_UNIX)
		        self.sock.settimeout(20)
		        self.sock.connect(sys.argv[1])

		connection = Connection('localhost')
		for i in range(3):
		    connection.request('GET', f'/api/echo?{i}')
		    print(json.load(connection.getresponse())['url'])
		connection.request('POST', '/api/echo', (b'x' * 1000 for _ in range(100)), encode_chunked=True, headers={'Transfer-Encoding': 'chunked'})
		print(json.load(connection.getresponse())['length'])
		connection.request('HEAD', '/api/size/77')
		response = connection.getresponse()
		print(response.status, response.headers['Content-Length'], len(response.read()))
	PYTHON
	assert_output $'/api/echo?0\n/api/echo?1\n/api/echo?2\n100000\n200 77 0'
}

@test "the process that carries the requests: its sandbox and its environment" {
	export SECRET_OF_SHELL=visible
	start_proxy
	request /api/fast >/dev/null
	proxy=$(pgrep -P "$SERVER_PID" -x sk-proxy)
	# whoever may look at it finds nothing of the user's there
	refute grep -qz SECRET_OF_SHELL <(cat "/proc/$proxy/environ" 2>/dev/null)
	if [ -z "${SK_SANITIZED:-}" ]; then
		# a filter of its own, besides those of the process that has started it
		filters() { sed -n 's/^Seccomp_filters:[[:space:]]*//p' "/proc/$1/status"; }
		assert [ "$(filters "$proxy")" -gt "$(filters "$SERVER_PID")" ]
		grep -q '^NoNewPrivs:.*1' "/proc/$proxy/status"
	fi
}

@test "headers that come slowly, a byte at a time, have their place for 30 seconds and no longer" {
	start_proxy
	run -0 "$SK_NODE" -e '
		const start = Date.now();
		const socket = require("node:net").connect(process.argv[1]);
		socket.write("GET /api/fast HTTP/1.1\r\nHost: localhost\r\n");
		setInterval(() => socket.write("X"), 1000);
		socket.on("error", () => {}).on("close", () => { console.log(Math.round((Date.now() - start) / 1000)); process.exit(0); });
		setTimeout(() => process.exit(1), 45000);' "$SOCKET"
	assert [ "$output" -ge 29 ] && assert [ "$output" -le 36 ]
}

@test "--idle ends a proxy that nobody uses, and not one that is used" {
	start_proxy --idle 2
	timeout 10 curl -sN --unix-socket "$SOCKET" http://localhost/api/events/30/100 >"$BATS_TEST_TMPDIR/events"
	assert_equal "$(grep -c ^data "$BATS_TEST_TMPDIR/events")" 30
	for _ in $(seq 60); do kill -0 "$SERVER_PID" 2>/dev/null || break; sleep 0.1; done
	run ! kill -0 "$SERVER_PID"
	[ ! -e "$SOCKET" ]
}
