// SPDX-License-Identifier: MIT
#include "model/ssh-key.h"

#include "base/base64.h"
#include "test.h"

#include <stdlib.h>

// A blob that is exactly as large as it must be, so that a byte too far is found.
struct blob {
	unsigned char *data;
	size_t len;
};

static struct blob cut(const struct buf *b, size_t len)
{
	struct blob blob = { malloc(len ? len : 1), len };

	memcpy(blob.data, b->data, len);
	return blob;
}

static enum status parse(const struct buf *b, size_t len, struct ssh_key *key, struct err *err)
{
	struct blob blob = cut(b, len);
	enum status status = ssh_key_parse(key, blob.data, blob.len, err);

	free(blob.data);
	return status;
}

static void put_text(struct buf *b, const char *text)
{
	ssh_put_string(b, text, strlen(text));
}

// What others say of keys that they made: ssh-keygen -l, and jose's calculateJwkThumbprint.
static void keys_are_what_others_say(void)
{
	static const struct {
		const char *blob, *fingerprint, *thumbprint, *algorithm;
		unsigned flags;
	} keys[] = {
		{ "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBPe5zRQjLk1Du7UpL2W5Mf9sIsHGuBLuPgDKPhnWTcYDEu8ysdnILCF08L"
		  "Q1iTTeDLpn1DcxCUTqj9exKk9hXag=",
		  "SHA256:bbq6hG2zQ7BC4KhAdGqwF3D3o6fkJExS0WI51wX/ozw", "t-J2FJQooumhsNcW-t3pLPm6VLyBZMXLdf46kASdjBY", "ES256",
		  0 },
		{ "AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBFaKD1jODrLWMLPWJC0OLCqwseq2vasyC+toVEsMWZPZOi56SorstNytjc"
		  "Vimu3mrd/oloN9TtcfTexHXiTpOVdfYULRUFES0skeSu9EDXwQ4vFh8iJyNgQSXEObfBgBng==",
		  "SHA256:k/faqKKc2RwEZusYQf/v0ql22BOCLw8fwpZvwdZfTtE", "TeHk2GQvEdtVs9GX7NFPc8-e5PHJOkCdRhvEoEs6lpo", "ES384",
		  0 },
		{ "AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAChlWKPDLHiZeI4C44jfKgldbbxOysMNtBw52z0hWKop31vCIlvFr1m19"
		  "wOPwqsWaS7TnFJHjOSzhdkhf7zA0CkCwFlAGILzf5+OKSFeZ38nbA2AmRO5PDJCh/lcpPLtF0uAuBiondH3/1OoFrRHrtpD5VTzvhVWWDc5+Dz"
		  "G/hz4B5lRA==",
		  "SHA256:nh7W2wPUMACC2NFQXJWRZ0cUVXFbwqHBGMmC9GlXpB4", "3rXwL43KxOUB-BivQSZMt93TDaoSDbfFPY67mGV71w8", "ES512",
		  0 },
		{ "AAAAC3NzaC1lZDI1NTE5AAAAINxQRlsXposcaw6WHcUSe+WF0z24a9JLfFtreM72ASpz",
		  "SHA256:cpyyazMBjN8CpMiYDv0TVSu2eml0b0Pgp7yl8iLzPUc", "gCNxlTYRYslcmHyKBOXDtrw8ddtz2cmYtkv7hVmZwYw", "EdDSA",
		  0 },
		{ "AAAAB3NzaC1yc2EAAAADAQABAAABAQCdx9Osvd5qL25dq0fsw7bA8bDZu6gRksXvjrOmqhSGyEcbPZWxUsROsq5mSjQABzZeV+lapP1UM9Zjeh"
		  "dNe5fbSyxCGdcnS33n9t6yC0OjNA9jmW6tgyZrRqPGsqGR1L27nPpt0DWGDkpGJo3mTTGCyNWth7wKpsxd3v7F2Vrg+PLWfDMhgJ03VOBLcbMl"
		  "hbzn4B/onJtjiugl3TeyucUUTpDrLj4IC03Zn1kuYJsgIE1eErQEQiYdytLnlt43HuDdzzPa7j9shR61qM8PwNuXodoVc1cE7BrE4T05l+fV28"
		  "0ql3IdXgtEIr7EkyVytmc+zltmbGqBUwhoY5dWie4d",
		  "SHA256:n9ls66DMsSVjS+Ql45m3F9K6Y3HQytg956YCMAo5k2o", "uHCTIJx560dXEvAkboNL_4VYY_gCAP5Oy6YgW7rqXEU", "RS256",
		  2 },
	};

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		char fingerprint[SSH_FINGERPRINT_SIZE];
		BUF_AUTO(blob, 4096);
		BUF_AUTO(thumbprint, 4096);
		BUF_AUTO(jwk, 4096);
		struct ssh_key key;
		struct err err;

		CHECK(base64_decode(&blob, keys[i].blob, strlen(keys[i].blob)));
		ssh_key_fingerprint(blob.data, blob.len, fingerprint);
		CHECK_TEXT(fingerprint, keys[i].fingerprint);
		CHECK(ssh_key_parse(&key, blob.data, blob.len, &err) == STATUS_OK);
		ssh_key_put_thumbprint(&key, &thumbprint);
		CHECK_TEXT(thumbprint.data, keys[i].thumbprint);
		CHECK_TEXT(ssh_key_algorithm(&key, NULL), keys[i].algorithm);
		CHECK(ssh_key_algorithm(&key, keys[i].algorithm) != NULL);
		CHECK(!ssh_key_algorithm(&key, "PS256") && !ssh_key_algorithm(&key, "HS256"));
		CHECK(ssh_key_flags(&key) == keys[i].flags);
		ssh_key_put_jwk(&key, "a \"name\"", &jwk);
		CHECK(buf_ok(&jwk) && strstr(jwk.data, ",\"kid\":\"a \\\"name\\\"\",\"use\":\"sig\"}"));
		// whatever is missing, it is no key
		for (size_t len = 0; len < blob.len; len++)
			CHECK(parse(&blob, len, &key, &err) == STATUS_UNAVAILABLE);
	}
}

// RFC 8037, A.2 and A.3; RFC 7638, 3.1.
static void keys_are_what_the_standards_say(void)
{
	static const char x[] = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
	static const char n[] =
		"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiF"
		"V4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9"
		"c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1"
		"jF44-csFCur-kEgU8awapJzKnqDKgw";
	BUF_AUTO(bytes, 1024);
	BUF_AUTO(blob, 1024);
	BUF_AUTO(text, 1024);
	struct ssh_key key;
	struct err err;

	CHECK(base64url_decode(&bytes, x, strlen(x)));
	put_text(&blob, "ssh-ed25519");
	ssh_put_string(&blob, bytes.data, bytes.len);
	CHECK(ssh_key_parse(&key, blob.data, blob.len, &err) == STATUS_OK);
	ssh_key_put_thumbprint(&key, &text);
	CHECK_TEXT(text.data, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
	buf_reset(&text);
	ssh_key_put_jwk(&key, "k", &text);
	CHECK_TEXT(text.data,
		   "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\",\"kid\":\"k\","
		   "\"use\":\"sig\"}");

	// its first bit is set, so SSH has a zero before it, and a JWK has none
	buf_reset(&bytes);
	buf_addc(&bytes, 0);
	CHECK(base64url_decode(&bytes, n, strlen(n)));
	buf_reset(&blob);
	put_text(&blob, "ssh-rsa");
	ssh_put_string(&blob, "\1\0\1", 3);
	ssh_put_string(&blob, bytes.data, bytes.len);
	CHECK(ssh_key_parse(&key, blob.data, blob.len, &err) == STATUS_OK);
	buf_reset(&text);
	ssh_key_put_thumbprint(&key, &text);
	CHECK_TEXT(text.data, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

// A key of one or two strings; curve: "" where the kind has none.
static void put_parts(struct buf *blob, const char *type, const char *curve, const char *first, size_t first_len,
		      const char *second, size_t second_len)
{
	put_text(blob, type);
	if (*curve)
		put_text(blob, curve);
	ssh_put_string(blob, first, first_len);
	if (second)
		ssh_put_string(blob, second, second_len);
}

static enum status parse_parts(const char *type, const char *curve, const char *first, size_t first_len, const char *second,
			       size_t second_len, struct err *err)
{
	BUF_AUTO(blob, 8192);
	struct ssh_key key;

	put_parts(&blob, type, curve, first, first_len, second, second_len);
	CHECK(buf_ok(&blob));
	return parse(&blob, blob.len, &key, err);
}

static void what_is_no_key_is_refused(void)
{
	char bytes[2048];
	struct err err;

	memset(bytes, 4, sizeof bytes);
	CHECK(parse_parts("ssh-ed25519", "", bytes, 32, NULL, 0, &err) == STATUS_OK);
	CHECK(parse_parts("ssh-ed25519", "", bytes, 31, NULL, 0, &err) == STATUS_UNAVAILABLE);
	CHECK(parse_parts("ssh-ed25519", "", bytes, 33, NULL, 0, &err) == STATUS_UNAVAILABLE);
	CHECK(parse_parts("ecdsa-sha2-nistp256", "nistp256", bytes, 65, NULL, 0, &err) == STATUS_OK);
	CHECK(parse_parts("ecdsa-sha2-nistp256", "nistp384", bytes, 65, NULL, 0, &err) == STATUS_UNAVAILABLE);
	CHECK(parse_parts("ecdsa-sha2-nistp256", "nistp25", bytes, 65, NULL, 0, &err) == STATUS_UNAVAILABLE);
	CHECK(parse_parts("ecdsa-sha2-nistp256", "nistp256", bytes, 64, NULL, 0, &err) == STATUS_UNAVAILABLE);
	CHECK(parse_parts("ecdsa-sha2-nistp256", "nistp256", bytes, 66, NULL, 0, &err) == STATUS_UNAVAILABLE);
	CHECK(parse_parts("ecdsa-sha2-nistp384", "nistp384", bytes, 97, NULL, 0, &err) == STATUS_OK);
	CHECK(parse_parts("ecdsa-sha2-nistp521", "nistp521", bytes, 133, NULL, 0, &err) == STATUS_OK);
	CHECK(parse_parts("ecdsa-sha2-nistp521", "nistp521", bytes, 131, NULL, 0, &err) == STATUS_UNAVAILABLE);
	// a point that is compressed
	bytes[0] = 2;
	CHECK(parse_parts("ecdsa-sha2-nistp256", "nistp256", bytes, 65, NULL, 0, &err) == STATUS_UNAVAILABLE);
	CHECK(parse_parts("ecdsa-sha2-nistp256", "nistp256", bytes, 33, NULL, 0, &err) == STATUS_UNAVAILABLE);
	CHECK(parse_parts("ecdsa-sha2-nistp256", "nistp256", bytes, 0, NULL, 0, &err) == STATUS_UNAVAILABLE);
	// RSA: 2048 to 8192 bits, without the zeros in front
	CHECK(parse_parts("ssh-rsa", "", "\3", 1, bytes, 256, &err) == STATUS_OK);
	CHECK(parse_parts("ssh-rsa", "", "\3", 1, bytes, 1024, &err) == STATUS_OK);
	CHECK(parse_parts("ssh-rsa", "", "\3", 1, bytes, 255, &err) == STATUS_USAGE &&
	      strstr(err.text, "and this one has 2040"));
	CHECK(parse_parts("ssh-rsa", "", "\3", 1, bytes, 1025, &err) == STATUS_USAGE);
	CHECK(parse_parts("ssh-rsa", "", "", 0, bytes, 256, &err) == STATUS_UNAVAILABLE);
	CHECK(parse_parts("ssh-rsa", "", "\0\0", 2, bytes, 256, &err) == STATUS_UNAVAILABLE);
	memset(bytes, 0, 300);
	CHECK(parse_parts("ssh-rsa", "", "\3", 1, bytes, 300, &err) == STATUS_USAGE);
	bytes[44] = 1;
	CHECK(parse_parts("ssh-rsa", "", "\3", 1, bytes, 300, &err) == STATUS_OK);
	bytes[44] = 0;
	bytes[45] = 1;
	CHECK(parse_parts("ssh-rsa", "", "\3", 1, bytes, 300, &err) == STATUS_USAGE);
	// other kinds have their reasons, and what they call themselves goes nowhere else
	CHECK(parse_parts("sk-ssh-ed25519@openssh.com", "", bytes, 32, NULL, 0, &err) == STATUS_USAGE &&
	      strstr(err.text, "FIDO"));
	CHECK(parse_parts("sk-ecdsa-sha2-nistp256@openssh.com", "nistp256", bytes, 65, NULL, 0, &err) == STATUS_USAGE &&
	      strstr(err.text, "FIDO"));
	CHECK(parse_parts("ssh-ed25519-cert-v01@openssh.com", "", bytes, 32, NULL, 0, &err) == STATUS_USAGE &&
	      strstr(err.text, "of the kind 'ssh-ed25519-cert-v01@openssh.com'"));
	CHECK(parse_parts("ssh-dss", "", bytes, 32, NULL, 0, &err) == STATUS_USAGE);
	CHECK(parse_parts("ssh-ed2551", "", bytes, 32, NULL, 0, &err) == STATUS_USAGE);
	memset(bytes, 'x', sizeof bytes);
	bytes[2047] = '\0';
	CHECK(parse_parts(bytes, "", bytes, 32, NULL, 0, &err) == STATUS_USAGE && strlen(err.text) < 200);
}

// --- signatures

static enum status signed_with(const char *type, const char *curve, const char *first, size_t first_len, const char *second,
			       size_t second_len, const char *name, const struct buf *value, struct buf *text, struct err *err)
{
	BUF_AUTO(blob, 8192);
	BUF_AUTO(signature, 8192);
	struct ssh_key key;
	struct blob exact;
	enum status status;

	put_parts(&blob, type, curve, first, first_len, second, second_len);
	CHECK(ssh_key_parse(&key, blob.data, blob.len, err) == STATUS_OK);
	put_text(&signature, name);
	ssh_put_string(&signature, value->data, value->len);
	buf_reset(text);
	// whatever is missing, it is none
	for (size_t len = 0; len < signature.len; len++) {
		exact = cut(&signature, len);
		CHECK(ssh_key_put_signature(&key, exact.data, exact.len, text, err) == STATUS_UNAVAILABLE && text->len == 0);
		free(exact.data);
	}
	exact = cut(&signature, signature.len);
	status = ssh_key_put_signature(&key, exact.data, exact.len, text, err);
	free(exact.data);
	CHECK(status == STATUS_OK || text->len == 0);
	return status;
}

static enum status ec_signed(const char *r, size_t r_len, const char *s, size_t s_len, struct buf *text, struct err *err)
{
	char point[65];
	BUF_AUTO(value, 1024);

	memset(point, 4, sizeof point);
	ssh_put_string(&value, r, r_len);
	ssh_put_string(&value, s, s_len);
	return signed_with("ecdsa-sha2-nistp256", "nistp256", point, sizeof point, NULL, 0, "ecdsa-sha2-nistp256", &value, text,
			   err);
}

// The bytes of a signature that was written.
static void decoded(const struct buf *text, struct buf *bytes)
{
	buf_reset(bytes);
	CHECK(base64url_decode(bytes, text->data, text->len));
}

static void numbers_of_a_signature_are_padded(void)
{
	char number[64], should[64];
	BUF_AUTO(text, 4096);
	BUF_AUTO(bytes, 4096);
	struct err err;

	memset(number, 0x81, sizeof number);
	memset(should, 0x81, sizeof should);
	CHECK(ec_signed(number, 32, number, 32, &text, &err) == STATUS_OK);
	decoded(&text, &bytes);
	CHECK(bytes.len == 64 && !memcmp(bytes.data, should, 64));
	// SSH's zero in front of a number whose first bit is set
	number[0] = 0;
	CHECK(ec_signed(number, 33, number, 33, &text, &err) == STATUS_OK);
	decoded(&text, &bytes);
	CHECK(bytes.len == 64 && !memcmp(bytes.data, should, 64));
	// one that is shorter
	CHECK(ec_signed("\1", 1, "\2\3", 2, &text, &err) == STATUS_OK);
	memset(should, 0, sizeof should);
	should[31] = 1;
	should[62] = 2;
	should[63] = 3;
	decoded(&text, &bytes);
	CHECK(bytes.len == 64 && !memcmp(bytes.data, should, 64));
	// none, and one that is longer
	number[0] = (char)0x81;
	CHECK(ec_signed("", 0, number, 32, &text, &err) == STATUS_UNAVAILABLE);
	CHECK(ec_signed(number, 32, "", 0, &text, &err) == STATUS_UNAVAILABLE);
	CHECK(ec_signed("\0\0", 2, number, 32, &text, &err) == STATUS_UNAVAILABLE);
	CHECK(ec_signed(number, 33, number, 32, &text, &err) == STATUS_UNAVAILABLE);
	CHECK(ec_signed(number, 32, number, 33, &text, &err) == STATUS_UNAVAILABLE);
}

static void a_signature_is_of_its_key(void)
{
	char bytes[1200];
	BUF_AUTO(value, 2048);
	BUF_AUTO(text, 4096);
	BUF_AUTO(raw, 2048);
	struct err err;

	memset(bytes, 1, sizeof bytes);
	buf_add(&value, bytes, 64);
	CHECK(signed_with("ssh-ed25519", "", bytes, 32, NULL, 0, "ssh-ed25519", &value, &text, &err) == STATUS_OK);
	decoded(&text, &raw);
	CHECK(raw.len == 64 && !memcmp(raw.data, bytes, 64));
	CHECK(signed_with("ssh-ed25519", "", bytes, 32, NULL, 0, "ssh-rsa", &value, &text, &err) == STATUS_UNAVAILABLE);
	CHECK(strstr(err.text, "is not one of 'ssh-ed25519' (it says 'ssh-rsa')"));
	buf_addc(&value, 1);
	CHECK(signed_with("ssh-ed25519", "", bytes, 32, NULL, 0, "ssh-ed25519", &value, &text, &err) == STATUS_UNAVAILABLE);
	buf_reset(&value);
	buf_add(&value, bytes, 63);
	CHECK(signed_with("ssh-ed25519", "", bytes, 32, NULL, 0, "ssh-ed25519", &value, &text, &err) == STATUS_UNAVAILABLE);
	// of an RSA key it is as long as the key, and of SHA-256
	buf_reset(&value);
	buf_add(&value, bytes, 256);
	CHECK(signed_with("ssh-rsa", "", "\3", 1, bytes, 256, "rsa-sha2-256", &value, &text, &err) == STATUS_OK);
	decoded(&text, &raw);
	CHECK(raw.len == 256 && !memcmp(raw.data, bytes, 256));
	CHECK(signed_with("ssh-rsa", "", "\3", 1, bytes, 256, "ssh-rsa", &value, &text, &err) == STATUS_UNAVAILABLE);
	CHECK(signed_with("ssh-rsa", "", "\3", 1, bytes, 256, "rsa-sha2-512", &value, &text, &err) == STATUS_UNAVAILABLE);
	buf_addc(&value, 1);
	CHECK(signed_with("ssh-rsa", "", "\3", 1, bytes, 256, "rsa-sha2-256", &value, &text, &err) == STATUS_UNAVAILABLE);
	buf_reset(&value);
	buf_add(&value, bytes, 255);
	CHECK(signed_with("ssh-rsa", "", "\3", 1, bytes, 256, "rsa-sha2-256", &value, &text, &err) == STATUS_OK);
	decoded(&text, &raw);
	CHECK(raw.len == 256 && raw.data[0] == 0 && !memcmp(raw.data + 1, bytes, 255));
	buf_reset(&value);
	CHECK(signed_with("ssh-rsa", "", "\3", 1, bytes, 256, "rsa-sha2-256", &value, &text, &err) == STATUS_UNAVAILABLE);
	// the largest one there may be
	buf_reset(&value);
	buf_add(&value, bytes, 1024);
	CHECK(signed_with("ssh-rsa", "", "\3", 1, bytes, 1024, "rsa-sha2-256", &value, &text, &err) == STATUS_OK);
	// a name that is anything
	memset(bytes, 'n', sizeof bytes);
	bytes[1000] = '\0';
	CHECK(signed_with("ssh-ed25519", "", bytes, 32, NULL, 0, bytes, &value, &text, &err) == STATUS_UNAVAILABLE);
	CHECK(strlen(err.text) < 200);
}

static void messages_are_read_from_the_front(void)
{
	static const unsigned char message[] = { 7, 0, 0, 1, 2, 0, 0, 0, 2, 'a', 'b', 0, 0, 0, 0, 255, 255, 255, 255 };
	struct ssh_reader reader = { message, sizeof message, false };
	struct ssh_string string;

	CHECK(ssh_read_byte(&reader) == 7);
	CHECK(ssh_read_number(&reader) == 258);
	string = ssh_read_string(&reader);
	CHECK(string.len == 2 && !memcmp(string.data, "ab", 2));
	string = ssh_read_string(&reader);
	CHECK(string.len == 0 && string.data && !reader.failed);
	string = ssh_read_string(&reader);
	CHECK(string.len == 0 && string.data && reader.failed);
	// and once something was not there, nothing is
	CHECK(ssh_read_byte(&reader) == 0 && ssh_read_number(&reader) == 0 && reader.failed);
	reader = (struct ssh_reader){ message, 3, false };
	CHECK(ssh_read_number(&reader) == 0 && reader.failed);
	CHECK(ssh_read_byte(&reader) == 0);
	reader = (struct ssh_reader){ message, 0, false };
	CHECK(ssh_read_byte(&reader) == 0 && reader.failed);
}

int main(void)
{
	keys_are_what_others_say();
	keys_are_what_the_standards_say();
	what_is_no_key_is_refused();
	numbers_of_a_signature_are_padded();
	a_signature_is_of_its_key();
	messages_are_read_from_the_front();
	TEST_END;
}
