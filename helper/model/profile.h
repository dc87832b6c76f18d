// SPDX-License-Identifier: MIT
// A profile: one registered OAuth client, for one use. A file of key=value lines, with no secret in it.
#ifndef SK_PROFILE_H
#define SK_PROFILE_H

#include "base/buf.h"
#include "base/status.h"
#include "model/url.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROFILE_NAME_MAX     64
#define PROFILE_FILE_MAX     16384
#define PROFILE_URLS_MAX     16
#define PROFILE_PARAMS_MAX   16
#define PROFILE_WORDS_MAX    32 // of a command
#define PROFILE_ENV_MAX	     16
#define PROFILE_FILE_ID_SIZE 17
#define PROFILE_BINDING_SIZE 65

// The strings point into the text that was parsed, or are the caller's; what is absent is NULL.
struct profile {
	char name[PROFILE_NAME_MAX + 1];
	const char *path;		    // of its file: what is kept for a profile is kept for this very file
	char file_id[PROFILE_FILE_ID_SIZE]; // 16 hexadecimal digits of the path's SHA-256, for the names of keys and locks
	const char *client_id;
	const char *issuer;
	const char *token_endpoint;
	const char *revocation_endpoint;
	const char *auth_method; // never NULL after profile_parse or profile_complete
	const char *grant;	 // NULL: client_credentials
	const char *
		identity_token; // where the platform's identity token comes from (model/identity-source.h); NULL: there is none
	const char *identity_token_reuse;	// "yes": the server takes the same one more than once; else no
	const char *assertion_type;		// NULL: jwt-bearer
	const char *subject_token_type;		// NULL: jwt
	const char *token_request;		// "json", or else a form
	const char *params[PROFILE_PARAMS_MAX]; // NAME=VALUE, sent with the token request as they are
	size_t param_count;
	const char *certificate;	// a PEM file; with a TLS method
	const char *assertion_alg;	// NULL: the key's usual one
	const char *assertion_audience; // of what the key signs, and what an identity token must be for; NULL: the issuer
	const char *scope;		// what is asked for
	const char *scope_limit;	// the most that a server can make us ask for; NULL: scope
	const char *resource;
	const char *audience;
	const char *urls[PROFILE_URLS_MAX];
	size_t url_count;
	const char *secret_store;      // "none" where there is no secret; never NULL after profile_parse or profile_complete
	const char *secret_credential; // of systemd's; NULL: sk-helper.NAME
	const char *secret_file;       // with secret_store file
	const char *secret_command[PROFILE_WORDS_MAX +
				   1]; // with secret_store command: a program's path, and its words; ends with NULL
	size_t secret_command_count;
	const char *secret_env[PROFILE_ENV_MAX + 1]; // names of variables that the program gets besides the usual ones
	size_t secret_env_count;
	const char *secret_first_line; // "yes": what follows the first line is no part of it; else no
	int64_t secret_timeout;	       // seconds that a program, or an ssh-agent, may take
	const char *ssh_agent;	       // with secret_store ssh-agent: the key's fingerprint, SHA256:...
	const char *ssh_agent_socket;  // NULL: the environment's SSH_AUTH_SOCK
	const char *ssh_agent_kid;     // what the server calls the key; NULL: its thumbprint (RFC 7638)
	const char *token_cache;       // never NULL after profile_parse or profile_complete
	const char *audit;	       // "issue" or "all": more than the administrator asks for; NULL: what that is
	const char *renew_on_repeat;   // "no", or else yes
	const char *username;	       // NULL: the token is no password
	const char *git_retry;	       // "yes", or else no
	const char *ca_file;
	const char *proxy;
	int64_t timeout;     // seconds that a token request may take, all attempts together
	int64_t default_ttl; // seconds that a token is kept whose server names no lifetime
	// the SHA-256 of the keys that decide what a token stands for and are not in its record one by one; "" where none is set
	char token_binding[PROFILE_BINDING_SIZE];
};

// What each key is: the one list of them.
struct profile_key {
	const char *name;
	size_t offset; // of its member in struct profile
	enum { KEY_TEXT, KEY_LIST, KEY_NUMBER } kind;
	size_t count;		  // of a list, which may be given more than once: the offset of how many there are
	size_t most;		  // and how many there may be
	int64_t min, max, preset; // of a number
	// NULL, or checks a value: STATUS_OK, or an error that names neither key nor profile
	enum status (*check)(const char *value, struct err *err);
	bool binds_secret; // decides who will see the client secret: a change needs the secret again
	bool binds_token;  // is a part of token_binding
	bool is_whole;	   // of a list: what is given takes the place of all of it
	const char *argument;
	const char *help;
};

extern const struct profile_key profile_keys[];
extern const size_t profile_key_count;

const struct profile_key *profile_key_find(const char *name);

// A name is 1 to 64 of A-Z a-z 0-9 . _ - and begins with a letter or a digit: it becomes a file name.
bool profile_name_ok(const char *name);
enum status profile_name_check(const char *name, struct err *err);

// Says which file the profile is. The path is kept as a pointer.
void profile_set_path(struct profile *p, const char *path);

// STATUS_USAGE: there is no such key; err names the nearest one.
enum status profile_key_unknown(const char *name, struct err *err);

// Sets one key, checked. A second value replaces nothing, it is an error (but for a list, where it is one more).
enum status profile_set(struct profile *p, const char *key, const char *value, struct err *err);

// Whether the key has a value.
bool profile_has(const struct profile *p, const struct profile_key *key);

// Whether the two have the same value, or none.
bool profile_key_same(const struct profile *p, const struct profile *other, const struct profile_key *key);

// Appends the key as the file has it, a line for each value; nothing where it has none.
void profile_write_key(const struct profile *p, const struct profile_key *key, struct buf *b);

// The value of a text; NULL for a list or a number.
const char *profile_get(const struct profile *p, const struct profile_key *key);

// The values of a list, and how many there are. Of no other key.
const char **profile_list(struct profile *p, const struct profile_key *key, size_t **count);

// Whether something secret is kept for its client; where not, it proves itself with the platform's identity token alone. Also of a
// profile that is not complete yet.
bool profile_has_secret(const struct profile *p);

// Whom an identity token of the profile's must be for: assertion_audience, else the issuer, else the token endpoint's origin.
// room is for the latter.
const char *profile_identity_audience(const struct profile *p, char room[URL_MAX + 1]);

// Whether the secret is not in a keyring of ours: it is only read there, or asked to sign. Also of a profile that is not complete yet.
bool profile_secret_is_elsewhere(const struct profile *p);

// secret_timeout, or its usual value. Also of a profile that is not complete yet.
int64_t profile_secret_timeout(const struct profile *p);

// Where no secret_store is named, the key that says where the secret is names it, too. STATUS_USAGE for keys that contradict each other.
enum status profile_infer_store(struct profile *p, struct err *err);

// Whether the keys about the secret fit its store, where that is known already. STATUS_USAGE.
enum status profile_check_store(const struct profile *p, struct err *err);

// Reads the file's text, which it cuts up in place and p then points into. p is undefined on failure.
enum status profile_parse(struct profile *p, const char *name, char *text, size_t len, struct err *err);

// Fills in the defaults, and checks what one key alone cannot tell.
enum status profile_complete(struct profile *p, struct err *err);

// The file's text. b fails when it would be too long.
void profile_write(const struct profile *p, struct buf *b);

// Whether the two have the same keys: their files' texts are the same. Not the name, nor where the file is.
bool profile_same(const struct profile *p, const struct profile *other);

// How well the profile's URLs cover this one: the length of the longest that does, 0 for none.
size_t profile_covers(const struct profile *p, const struct url *url);

#endif
