// SPDX-License-Identifier: MIT
#include "model/ssh-key.h"

#include "base/base64.h"
#include "base/json.h"
#include "base/sha256.h"

#include <stdio.h>
#include <string.h>

#define RSA_BYTES_MIN	   256
#define RSA_BYTES_MAX	   1024
#define SIGNATURE_SIZE_MAX 1024

enum ssh_family { SSH_ED25519, SSH_EC, SSH_RSA };

static const struct ssh_key_kind {
	const char *type, *curve; // as SSH calls it
	const char *signature;	  // what a signature calls itself
	enum ssh_family family;
	const char *jwk_curve, *algorithm; // RFC 7518 section 3.1
	size_t size;			   // of a coordinate; 0: the modulus'
	uint32_t flags;			   // SSH_AGENT_RSA_SHA2_256: without it RSA signs with SHA-1
} ssh_key_kinds[] = {
	{ "ssh-ed25519", NULL, "ssh-ed25519", SSH_ED25519, "Ed25519", "EdDSA", 32, 0 },
	{ "ecdsa-sha2-nistp256", "nistp256", "ecdsa-sha2-nistp256", SSH_EC, "P-256", "ES256", 32, 0 },
	{ "ecdsa-sha2-nistp384", "nistp384", "ecdsa-sha2-nistp384", SSH_EC, "P-384", "ES384", 48, 0 },
	{ "ecdsa-sha2-nistp521", "nistp521", "ecdsa-sha2-nistp521", SSH_EC, "P-521", "ES512", 66, 0 },
	{ "ssh-rsa", NULL, "rsa-sha2-256", SSH_RSA, NULL, "RS256", 0, 2 },
};

// --- messages

static const unsigned char *ssh_read_bytes(struct ssh_reader *reader, size_t count)
{
	const unsigned char *at = reader->at;

	if (reader->failed || reader->left < count) {
		reader->failed = true;
		return NULL;
	}
	reader->at += count;
	reader->left -= count;
	return at;
}

unsigned char ssh_read_byte(struct ssh_reader *reader)
{
	const unsigned char *at = ssh_read_bytes(reader, 1);

	return at ? *at : 0;
}

uint32_t ssh_read_number(struct ssh_reader *reader)
{
	const unsigned char *at = ssh_read_bytes(reader, 4);

	return at ? (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3] : 0;
}

struct ssh_string ssh_read_string(struct ssh_reader *reader)
{
	static const unsigned char nothing[1];
	uint32_t len = ssh_read_number(reader);
	const unsigned char *at = ssh_read_bytes(reader, len);

	return at ? (struct ssh_string){ at, len } : (struct ssh_string){ nothing, 0 };
}

void ssh_put_string(struct buf *message, const void *data, size_t len)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_addc(message, (char)(len >> shift & 255));
	buf_add(message, data, len);
}

static bool ssh_string_is(struct ssh_string string, const char *text)
{
	return string.len == strlen(text) && !memcmp(string.data, text, string.len);
}

// A number has a zero in front where its first bit would make it negative (RFC 4251 section 5).
static struct ssh_string ssh_read_unsigned(struct ssh_reader *reader)
{
	struct ssh_string number = ssh_read_string(reader);

	for (; number.len && !*number.data; number.len--)
		number.data++;
	return number;
}

// --- keys

static enum status ssh_key_refuse(struct ssh_string type, struct err *err)
{
	char name[64];

	(void)snprintf(name, sizeof name, "%.*s", type.len < 63 ? (int)type.len : 63, (const char *)type.data);
	if (!strncmp(name, "sk-", 3))
		return err_set(
			err, STATUS_USAGE,
			"it is a key of a FIDO token (%s), which signs more than OAuth servers understand: use an ed25519, "
			"ecdsa or rsa key",
			name);
	return err_set(err, STATUS_USAGE, "it is a key of the kind '%s': use an ed25519, ecdsa or rsa key", name);
}

static void ssh_key_read_numbers(struct ssh_key *key, struct ssh_reader *reader)
{
	const struct ssh_key_kind *kind = key->kind;
	struct ssh_string point;

	if (kind->family == SSH_RSA) {
		key->numbers[0] = ssh_read_unsigned(reader);
		key->numbers[1] = ssh_read_unsigned(reader);
		reader->failed = reader->failed || !key->numbers[0].len;
		return;
	}
	if (kind->family == SSH_EC && !ssh_string_is(ssh_read_string(reader), kind->curve))
		reader->failed = true;
	point = ssh_read_string(reader);
	if (kind->family == SSH_ED25519) {
		key->numbers[0] = point;
		reader->failed = reader->failed || point.len != kind->size;
		return;
	}
	// uncompressed: SEC 1 section 2.3.3
	if (point.len != 1 + 2 * kind->size || point.data[0] != 4) {
		reader->failed = true;
		return;
	}
	key->numbers[0] = (struct ssh_string){ point.data + 1, kind->size };
	key->numbers[1] = (struct ssh_string){ point.data + 1 + kind->size, kind->size };
}

enum status ssh_key_parse(struct ssh_key *key, const void *blob, size_t len, struct err *err)
{
	struct ssh_reader reader = { blob, len, false };
	struct ssh_string type = ssh_read_string(&reader);

	*key = (struct ssh_key){ 0 };
	for (size_t i = 0; i < sizeof ssh_key_kinds / sizeof ssh_key_kinds[0]; i++) {
		if (ssh_string_is(type, ssh_key_kinds[i].type))
			key->kind = &ssh_key_kinds[i];
	}
	if (!reader.failed && !key->kind)
		return ssh_key_refuse(type, err);
	if (!reader.failed)
		ssh_key_read_numbers(key, &reader);
	if (reader.failed)
		return err_set(err, STATUS_UNAVAILABLE, "the ssh-agent's key is damaged");
	if (key->kind->family == SSH_RSA && (key->numbers[1].len < RSA_BYTES_MIN || key->numbers[1].len > RSA_BYTES_MAX))
		return err_set(err, STATUS_USAGE, "an RSA key has %d to %d bits, and this one has %zu: use another one",
			       RSA_BYTES_MIN * 8, RSA_BYTES_MAX * 8, key->numbers[1].len * 8);
	return STATUS_OK;
}

void ssh_key_fingerprint(const void *blob, size_t len, char text[SSH_FINGERPRINT_SIZE])
{
	unsigned char digest[SHA256_SIZE];
	BUF_AUTO(encoded, 64);

	sha256(blob, len, digest);
	base64_encode(&encoded, digest, sizeof digest);
	(void)snprintf(text, SSH_FINGERPRINT_SIZE, "SHA256:%.43s", encoded.data);
}

const char *ssh_key_algorithm(const struct ssh_key *key, const char *wanted)
{
	return !wanted || !strcmp(wanted, key->kind->algorithm) ? key->kind->algorithm : NULL;
}

uint32_t ssh_key_flags(const struct ssh_key *key)
{
	return key->kind->flags;
}

// --- as a JWK

static void ssh_key_put_number(struct buf *json, const char *before, struct ssh_string number)
{
	buf_adds(json, before);
	base64url_encode(json, number.data, number.len);
	buf_addc(json, '"');
}

// The members that RFC 7638 takes a thumbprint of, in its order, without the braces.
static void ssh_key_put_members(const struct ssh_key *key, struct buf *json)
{
	if (key->kind->family == SSH_RSA) {
		ssh_key_put_number(json, "\"e\":\"", key->numbers[0]);
		ssh_key_put_number(json, ",\"kty\":\"RSA\",\"n\":\"", key->numbers[1]);
		return;
	}
	buf_addf(json, "\"crv\":\"%s\",\"kty\":\"%s\"", key->kind->jwk_curve, key->kind->family == SSH_EC ? "EC" : "OKP");
	ssh_key_put_number(json, ",\"x\":\"", key->numbers[0]);
	if (key->kind->family == SSH_EC)
		ssh_key_put_number(json, ",\"y\":\"", key->numbers[1]);
}

void ssh_key_put_thumbprint(const struct ssh_key *key, struct buf *text)
{
	unsigned char digest[SHA256_SIZE];
	BUF_AUTO(json, 4096);

	buf_addc(&json, '{');
	ssh_key_put_members(key, &json);
	buf_addc(&json, '}');
	if (!buf_ok(&json))
		buf_fail(text);
	sha256(json.data, json.len, digest);
	base64url_encode(text, digest, sizeof digest);
}

void ssh_key_put_jwk(const struct ssh_key *key, const char *id, struct buf *text)
{
	buf_addc(text, '{');
	ssh_key_put_members(key, text);
	json_put(text, ",\"kid\":", id);
	buf_adds(text, ",\"use\":\"sig\"}");
}

// --- signatures

// Left of what has fewer bytes, zeros.
static bool ssh_pad(struct ssh_string number, size_t size, unsigned char *out)
{
	if (number.len > size)
		return false;
	memset(out, 0, size - number.len);
	memcpy(out + size - number.len, number.data, number.len);
	return true;
}

// RFC 5656 section 3.1.2: the two numbers, which a JWS has one after the other in a fixed length (RFC 7518 section 3.4).
static bool ssh_pad_pair(struct ssh_string pair, size_t size, unsigned char *out)
{
	struct ssh_reader reader = { pair.data, pair.len, false };
	struct ssh_string r = ssh_read_unsigned(&reader), s = ssh_read_unsigned(&reader);

	return !reader.failed && r.len && s.len && ssh_pad(r, size, out) && ssh_pad(s, size, out + size);
}

enum status ssh_key_put_signature(const struct ssh_key *key, const void *blob, size_t len, struct buf *text, struct err *err)
{
	const struct ssh_key_kind *kind = key->kind;
	struct ssh_reader reader = { blob, len, false };
	struct ssh_string name = ssh_read_string(&reader), value = ssh_read_string(&reader);
	size_t size = kind->family == SSH_RSA ? key->numbers[1].len : 2 * kind->size;
	unsigned char bytes[SIGNATURE_SIZE_MAX];
	bool good = !reader.failed && ssh_string_is(name, kind->signature);

	if (good && kind->family == SSH_EC)
		good = ssh_pad_pair(value, kind->size, bytes);
	else if (good)
		good = value.len && (kind->family == SSH_RSA || value.len == size) && ssh_pad(value, size, bytes);
	if (!good)
		return err_set(err, STATUS_UNAVAILABLE,
			       "the ssh-agent's signature is not one of '%s' (it says '%.*s'): it was not sent",
			       kind->signature, name.len < 40 ? (int)name.len : 40, (const char *)name.data);
	base64url_encode(text, bytes, size);
	return STATUS_OK;
}
