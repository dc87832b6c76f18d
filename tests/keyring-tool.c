// SPDX-License-Identifier: MIT
// The keyring's interface, for the shell: each step of the conformance suite is a process of its own.
//   keyring-tool kernel fill: takes up the user's quota, but for the last few bytes.
//   keyring-tool BACKEND probe|get|put|del|list|name ROLE [PROFILE [SLOT [LIFETIME]]]; a value on stdin or stdout.
// PROFILE is the user's, whether its file is there or not; name prints what its key is called.
#include "base/installed.h"
#include "keyring/keyring.h"
#include "model/profile-dir.h"

#include <keyutils.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print_key(const struct keyring_key *key, void *context)
{
	char name[KEYRING_NAME_MAX];

	(void)context;
	keyring_name(name, key);
	// without the file's hash, which each test has another one of
	memmove(strrchr(name, ':') - (key->slot ? strlen(key->file_id) + 1 : 0), key->slot ? strrchr(name, ':') : "",
		key->slot ? strlen(key->slot) + 2 : 1);
	puts(name);
}

static enum keyring_role role_of(const char *word)
{
	return !strcmp(word, "secret") ? KEYRING_SECRET : !strcmp(word, "token") ? KEYRING_TOKEN : KEYRING_PROBE;
}

// By one process, so that nothing that another gives back while it is done stays free.
static void fill_quota(void)
{
	static const char nothing[32000];
	unsigned number = 0;
	char name[32];

	for (size_t size = sizeof nothing; size >= 4; size /= 2) {
		do
			(void)snprintf(name, sizeof name, "fill %u", number++);
		while (add_key("user", name, nothing, size, KEY_SPEC_USER_KEYRING) >= 0);
	}
}

int main(int argc, char **argv)
{
	const struct keyring *keyring = argc > 2 ? keyring_find(argv[1]) : NULL;
	char path[PROFILE_PATH_MAX], name[KEYRING_NAME_MAX];
	struct profile profile = { 0 };
	struct keyring_key key = { 0 };
	BUF_AUTO(value, 65536);
	struct err err = { 0 };
	enum status status = STATUS_USAGE;

	installed_use(SK_LIBEXECDIR "/sk-helper");
	if (!keyring)
		return 2;
	if (argc > 3)
		key.role = role_of(argv[3]);
	if (argc > 4)
		(void)snprintf(profile.name, sizeof profile.name, "%s", argv[4]);
	if (argc > 4 && profile_dir_make_own(&profile, path, NULL) == STATUS_OK)
		key = keyring_key(role_of(argv[3]), &profile, NULL);
	if (argc > 5)
		key.slot = argv[5];
	if (!strcmp(argv[2], "probe")) {
		status = keyring->probe(&err);
	} else if (!strcmp(argv[2], "get")) {
		status = keyring->get(&key, &value, &err);
		if (status == STATUS_OK && !buf_write(&value, STDOUT_FILENO))
			status = STATUS_INTERNAL;
	} else if (!strcmp(argv[2], "put")) {
		if (buf_read(&value, STDIN_FILENO))
			status = keyring->put(&key, &value, argc > 6 ? atoll(argv[6]) : 0, &err);
	} else if (!strcmp(argv[2], "del")) {
		status = keyring->del(&key, &err);
	} else if (!strcmp(argv[2], "fill")) {
		fill_quota();
		status = STATUS_OK;
	} else if (!strcmp(argv[2], "name")) {
		keyring_name(name, &key);
		puts(name);
		status = STATUS_OK;
	} else if (!strcmp(argv[2], "list")) {
		status = keyring->list(key.role, print_key, NULL, &err);
	}
	fprintf(stderr, "%s: %s\n", status_word(status), err.text);
	return status_exit_code(status);
}
