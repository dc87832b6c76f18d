// SPDX-License-Identifier: MIT
// A public key as an ssh-agent has it (RFC 4253 section 6.6, RFC 5656, RFC 8709), as a JWK; and an agent's signature as a JWS has it
// (draft-ietf-sshm-ssh-agent, RFC 7518 section 3).
#ifndef SK_SSH_KEY_H
#define SK_SSH_KEY_H

#include "base/buf.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SSH_FINGERPRINT_SIZE 51 // "SHA256:", 43 characters, NUL

// Bytes of a message, read from the front: numbers with 32 bits, strings behind their length.
struct ssh_reader {
	const unsigned char *at;
	size_t left;
	bool failed; // something was not there
};

struct ssh_string {
	const unsigned char *data; // never NULL
	size_t len;
};

unsigned char ssh_read_byte(struct ssh_reader *reader);
uint32_t ssh_read_number(struct ssh_reader *reader);
struct ssh_string ssh_read_string(struct ssh_reader *reader);
void ssh_put_string(struct buf *message, const void *data, size_t len); // behind its length

// Points into the blob that was parsed.
struct ssh_key {
	const struct ssh_key_kind *kind;
	struct ssh_string numbers[2]; // Ed25519: the key; EC: x, y; RSA: e, n, without leading zeros
};

// STATUS_USAGE for a kind of key that cannot sign what OAuth wants, with what to use; STATUS_UNAVAILABLE for what is no key.
enum status ssh_key_parse(struct ssh_key *key, const void *blob, size_t len, struct err *err);

// As 'ssh-add -l' prints it.
void ssh_key_fingerprint(const void *blob, size_t len, char text[SSH_FINGERPRINT_SIZE]);

// The algorithm of this name, or the key's usual one where it is NULL. NULL: the key, or the agent, cannot do that.
const char *ssh_key_algorithm(const struct ssh_key *key, const char *wanted);

// What goes with the request for a signature.
uint32_t ssh_key_flags(const struct ssh_key *key);

// Appends the RFC 7638 thumbprint; and the JWK, with this id.
void ssh_key_put_thumbprint(const struct ssh_key *key, struct buf *text);
void ssh_key_put_jwk(const struct ssh_key *key, const char *id, struct buf *text);

// Appends an agent's signature in base64url. STATUS_UNAVAILABLE where it is none of this key's: of another algorithm, such as RSA with SHA-1,
// or of another length.
enum status ssh_key_put_signature(const struct ssh_key *key, const void *blob, size_t len, struct buf *text, struct err *err);

#endif
