// SPDX-License-Identifier: MIT
// Whatever an ssh-agent says: what is taken for a key has an id and a JWK, and what is taken for its signature has the length that a JWS
// of that key has. The input is a key's length in two bytes, the key, and a signature.
#include "model/ssh-key.h"
#include "base/base64.h"
#include "base/json-read.h"
#include "base/text.h"
#include "fuzz.h"

#include <cjson/cJSON.h>

static void check_jwk(const struct ssh_key *key)
{
	BUF_AUTO(id, 256);
	BUF_AUTO(jwk, 4096);
	cJSON *json;

	ssh_key_put_thumbprint(key, &id);
	MUST(buf_ok(&id) && id.len == 43 && text_is_graphic(id.data));
	ssh_key_put_jwk(key, id.data, &jwk);
	MUST(buf_ok(&jwk));
	json = json_object(&jwk);
	MUST(json && !strcmp(json_text(json, "kid"), id.data) && *json_text(json, "kty"));
	cJSON_Delete(json);
}

static void check_signature(const struct ssh_key *key, const uint8_t *data, size_t size)
{
	char *signature = input_text(data, size);
	BUF_AUTO(text, 4096);
	BUF_AUTO(bytes, 2048);
	struct err err = { 0 };

	buf_adds(&text, "header.claims.");
	if (ssh_key_put_signature(key, signature, size, &text, &err) == STATUS_OK) {
		MUST(buf_ok(&text));
		MUST(base64url_decode(&bytes, text.data + strlen("header.claims."), text.len - strlen("header.claims.")));
		MUST(bytes.len >= 64 && bytes.len <= 1024);
		MUST(!strcmp(ssh_key_algorithm(key, NULL), "ES512") ? bytes.len == 132 :
		     !strcmp(ssh_key_algorithm(key, NULL), "ES384") ? bytes.len == 96 :
		     !strcmp(ssh_key_algorithm(key, NULL), "RS256") ? bytes.len >= 256 :
								      bytes.len == 64);
	} else {
		MUST(*err.text && !strcmp(text.data, "header.claims."));
	}
	free(signature);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = size < 2 ? 0 : (size_t)data[0] << 8 | data[1];
	char fingerprint[SSH_FINGERPRINT_SIZE], *blob;
	struct err err = { 0 };
	struct ssh_key key;

	if (size < 2)
		return 0;
	data += 2;
	size -= 2;
	if (len > size)
		len = size;
	// without a NUL behind it, as a string in a message has none
	blob = malloc(len ? len : 1);
	MUST(blob);
	memcpy(blob, data, len);
	ssh_key_fingerprint(blob, len, fingerprint);
	MUST(strlen(fingerprint) == SSH_FINGERPRINT_SIZE - 1);
	if (ssh_key_parse(&key, blob, len, &err) == STATUS_OK) {
		check_jwk(&key);
		check_signature(&key, data + len, size - len);
	} else {
		MUST(*err.text);
	}
	free(blob);
	return 0;
}
