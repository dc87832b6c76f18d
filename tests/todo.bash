# SPDX-License-Identifier: MIT
# What the suites of the profile 'todo' share whose secret is elsewhere: what comes of its next get, at the real authorization server.

# works: the next get, which asks the server once.
works() {
	local before
	before=$(token_requests)
	run -0 --separate-stderr sk-helper get todo --fresh
	assert_equal "$stderr" ''
	assert_equal "$(token_requests)" $((before + 1))
}

# fails STATUS WORDS: the next get, which sends nothing.
fails() {
	local before
	before=$(token_requests)
	run "-$1" --separate-stderr timeout 15 sk-helper get todo --fresh
	assert_error "$2"
	assert_equal "$(token_requests)" "$before"
}

# edit KEY VALUE: by hand, so that nobody has said that it is right.
edit() {
	sed -i "/^$1=/d" "$PROFILES/todo.conf"
	printf '%s=%s\n' "$1" "$2" >>"$PROFILES/todo.conf"
}
