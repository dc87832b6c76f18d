// SPDX-License-Identifier: MIT
#include "key/client-key.h"

#include "base/base64.h"
#include "base/json-read.h"
#include "base/json.h"
#include "base/text.h"
#include "base/wire.h"
#include "model/assertion.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#define RSA_BITS_MIN	 2048
#define RSA_BITS_MAX	 8192
#define RSA_BITS_DEFAULT 3072
#define NUMBER_MAX	 (RSA_BITS_MAX / 8)

// Every algorithm, the usual one of each kind of key first (RFC 7518 section 3.1, RFC 8037).
static const struct algorithm {
	const char *name;
	const char *type;  // kty
	const char *curve; // crv; NULL for RSA
	const char *group; // the same, as OpenSSL calls it
	const char *digest;
	bool pss;
} algorithms[] = {
	{ "ES256", "EC", "P-256", "prime256v1", "SHA256", false }, { "ES384", "EC", "P-384", "secp384r1", "SHA384", false },
	{ "ES512", "EC", "P-521", "secp521r1", "SHA512", false },  { "EdDSA", "OKP", "Ed25519", NULL, NULL, false },
	{ "RS256", "RSA", NULL, NULL, "SHA256", false },	   { "PS256", "RSA", NULL, NULL, "SHA256", true },
};
#define ALGORITHMS (sizeof algorithms / sizeof algorithms[0])

static const char *key_id(const char *private_key)
{
	const char *space = strchr(private_key, ' ');

	return space && space[1] ? space + 1 : NULL;
}

static void free_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}
#define KEY_AUTO(name) __attribute__((cleanup(free_key))) EVP_PKEY *name = NULL

static bool fits(const struct algorithm *algorithm, const EVP_PKEY *key)
{
	char group[64] = "";

	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
		return !strcmp(algorithm->type, "RSA");
	case EVP_PKEY_ED25519:
		return !strcmp(algorithm->type, "OKP");
	case EVP_PKEY_EC:
		return algorithm->group && EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
		       !strcmp(group, algorithm->group);
	default:
		return false;
	}
}

// The one of that name, or the key's usual one where name is NULL; NULL when the key cannot do that.
static const struct algorithm *algorithm_of(const EVP_PKEY *key, const char *name)
{
	for (size_t i = 0; i < ALGORITHMS; i++) {
		if (fits(&algorithms[i], key) && (!name || !strcmp(name, algorithms[i].name)))
			return &algorithms[i];
	}
	return NULL;
}

// --- as a JWK

static bool push_number(OSSL_PARAM_BLD *params, const char *name, const char *encoded, BIGNUM **number)
{
	BUF_AUTO(bytes, NUMBER_MAX);

	if (!base64url_decode(&bytes, encoded, strlen(encoded)) || bytes.len == 0)
		return false;
	*number = BN_bin2bn((const unsigned char *)bytes.data, (int)bytes.len, NULL);
	return *number && OSSL_PARAM_BLD_push_BN(params, name, *number) == 1;
}

static EVP_PKEY *key_from_params(const char *type, OSSL_PARAM_BLD *builder)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY *key = NULL;

	if (!context || !params || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, params) != 1)
		key = NULL;
	for (OSSL_PARAM *param = params; param && param->key; param++)
		OPENSSL_cleanse(param->data, param->data_size);
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(context);
	return key;
}

static EVP_PKEY *rsa_from_jwk(const cJSON *json)
{
	static const char *const names[][2] = {
		{ "n", OSSL_PKEY_PARAM_RSA_N },		 { "e", OSSL_PKEY_PARAM_RSA_E },
		{ "d", OSSL_PKEY_PARAM_RSA_D },		 { "p", OSSL_PKEY_PARAM_RSA_FACTOR1 },
		{ "q", OSSL_PKEY_PARAM_RSA_FACTOR2 },	 { "dp", OSSL_PKEY_PARAM_RSA_EXPONENT1 },
		{ "dq", OSSL_PKEY_PARAM_RSA_EXPONENT2 }, { "qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1 },
	};
	enum { COUNT = sizeof names / sizeof names[0] };
	OSSL_PARAM_BLD *params = OSSL_PARAM_BLD_new();
	BIGNUM *numbers[COUNT] = { NULL };
	EVP_PKEY *key = NULL;
	bool ok = params != NULL;

	for (size_t i = 0; i < COUNT && ok; i++)
		ok = push_number(params, names[i][1], json_text(json, names[i][0]), &numbers[i]);
	if (ok)
		key = key_from_params("RSA", params);
	for (size_t i = 0; i < COUNT; i++)
		BN_clear_free(numbers[i]);
	OSSL_PARAM_BLD_free(params);
	return key;
}

static EVP_PKEY *ec_from_jwk(const cJSON *json, const struct algorithm *algorithm)
{
	OSSL_PARAM_BLD *params = OSSL_PARAM_BLD_new();
	const char *x = json_text(json, "x"), *y = json_text(json, "y");
	BUF_AUTO(point, 256);
	BIGNUM *number = NULL;
	EVP_PKEY *key = NULL;

	// uncompressed: SEC 1 section 2.3.3
	buf_addc(&point, 4);
	if (params && base64url_decode(&point, x, strlen(x)) && base64url_decode(&point, y, strlen(y)) &&
	    OSSL_PARAM_BLD_push_utf8_string(params, OSSL_PKEY_PARAM_GROUP_NAME, algorithm->group, 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(params, OSSL_PKEY_PARAM_PUB_KEY, point.data, point.len) == 1 &&
	    push_number(params, OSSL_PKEY_PARAM_PRIV_KEY, json_text(json, "d"), &number))
		key = key_from_params("EC", params);
	BN_clear_free(number);
	OSSL_PARAM_BLD_free(params);
	return key;
}

static EVP_PKEY *ed25519_from_jwk(const cJSON *json)
{
	const char *d = json_text(json, "d");
	BUF_AUTO(seed, 64);

	if (!base64url_decode(&seed, d, strlen(d)))
		return NULL;
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)seed.data, seed.len);
}

static EVP_PKEY *key_from_jwk(const cJSON *json)
{
	const char *type = json_text(json, "kty"), *curve = json_text(json, "crv");

	if (!strcmp(type, "RSA"))
		return rsa_from_jwk(json);
	for (size_t i = 0; i < ALGORITHMS; i++) {
		if (!algorithms[i].curve || strcmp(algorithms[i].type, type) != 0 || strcmp(algorithms[i].curve, curve) != 0)
			continue;
		return algorithms[i].group ? ec_from_jwk(json, &algorithms[i]) : ed25519_from_jwk(json);
	}
	return NULL;
}

static void put_number(struct buf *json, const char *name, const EVP_PKEY *key, const char *param, size_t size)
{
	unsigned char bytes[NUMBER_MAX];
	BIGNUM *number = NULL;

	if (EVP_PKEY_get_bn_param(key, param, &number) != 1 || BN_num_bytes(number) > NUMBER_MAX) {
		buf_fail(json);
	} else {
		if (!size)
			size = (size_t)BN_num_bytes(number);
		buf_addf(json, "\"%s\":\"", name);
		if (BN_bn2binpad(number, bytes, (int)size) < 0)
			buf_fail(json);
		base64url_encode(json, bytes, size);
		buf_addc(json, '"');
	}
	BN_free(number);
}

static size_t coordinate_size(const EVP_PKEY *key)
{
	return ((size_t)EVP_PKEY_get_bits(key) + 7) / 8;
}

// The members that RFC 7638 takes a thumbprint of, in its order, without the braces.
static void put_public_members(struct buf *json, const EVP_PKEY *key)
{
	const struct algorithm *algorithm = algorithm_of(key, NULL);
	unsigned char raw[32];
	size_t len = sizeof raw;

	if (!strcmp(algorithm->type, "RSA")) {
		put_number(json, "e", key, OSSL_PKEY_PARAM_RSA_E, 0);
		buf_adds(json, ",\"kty\":\"RSA\",");
		put_number(json, "n", key, OSSL_PKEY_PARAM_RSA_N, 0);
		return;
	}
	buf_addf(json, "\"crv\":\"%s\",\"kty\":\"%s\",", algorithm->curve, algorithm->type);
	if (algorithm->group) {
		put_number(json, "x", key, OSSL_PKEY_PARAM_EC_PUB_X, coordinate_size(key));
		buf_addc(json, ',');
		put_number(json, "y", key, OSSL_PKEY_PARAM_EC_PUB_Y, coordinate_size(key));
		return;
	}
	if (EVP_PKEY_get_raw_public_key(key, raw, &len) != 1)
		buf_fail(json);
	buf_adds(json, "\"x\":\"");
	base64url_encode(json, raw, len);
	buf_addc(json, '"');
}

static void put_thumbprint(struct buf *id, const char *members)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	BUF_AUTO(json, 4096);
	unsigned len = 0;

	buf_adds(&json, "{");
	buf_adds(&json, members);
	buf_adds(&json, "}");
	if (EVP_Digest(json.data, json.len, digest, &len, EVP_sha256(), NULL) != 1)
		buf_fail(id);
	base64url_encode(id, digest, len);
}

// --- reading and making

static bool is_strong(EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_bits(key);

	return EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA || (bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX);
}

// A public key that is another one's would be registered, and never work.
static bool is_a_pair(EVP_PKEY *key)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	bool pair = context && EVP_PKEY_pairwise_check(context) == 1;

	EVP_PKEY_CTX_free(context);
	return pair;
}

static void put_private_key(struct buf *answer, const EVP_PKEY *key, const char *id)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	unsigned char *der = NULL;
	int len = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;

	if (len > 0) {
		buf_adds(answer, "private_key=");
		base64_encode(answer, der, (size_t)len);
		if (*id)
			buf_addc(answer, ' ');
		buf_adds(answer, id);
		buf_addc(answer, '\n');
		OPENSSL_clear_free(der, (size_t)len);
	} else {
		buf_fail(answer);
	}
	PKCS8_PRIV_KEY_INFO_free(info);
}

static bool id_ok(const char *id)
{
	return strlen(id) <= 200 && (!*id || text_is_graphic(id));
}

// id: "" where the key has none.
static enum status answer_with(EVP_PKEY *key, const char *id, struct buf *answer, struct err *err)
{
	BUF_AUTO(members, 4096);
	BUF_AUTO(list, 256);

	if (!algorithm_of(key, NULL))
		return err_set(err, STATUS_USAGE,
			       "private key: this kind of key is not supported: use P-256, P-384, P-521, Ed25519 or RSA");
	if (!id_ok(id))
		return err_set(err, STATUS_USAGE,
			       "private key: its id (kid) must be at most 200 printable ASCII characters without spaces");
	if (!is_strong(key))
		return err_set(err, STATUS_USAGE, "private key: an RSA key has %d to %d bits", RSA_BITS_MIN, RSA_BITS_MAX);
	if (!is_a_pair(key))
		return err_set(err, STATUS_USAGE,
			       "private key: its public part does not belong to its private part: export the key again");
	put_public_members(&members, key);
	for (size_t i = 0; i < ALGORITHMS; i++) {
		if (fits(&algorithms[i], key))
			buf_addf(&list, "%s%s", list.len ? " " : "", algorithms[i].name);
	}
	wire_put(answer, "status", "ok");
	put_private_key(answer, key, id);
	wire_put(answer, "algorithms", list.data);
	buf_adds(answer, "public_jwk={");
	buf_adds(answer, members.data);
	if (*id)
		json_put(answer, ",\"kid\":", id);
	buf_adds(answer, ",\"use\":\"sig\"}\n");
	return buf_ok(&members) && buf_ok(answer) ? STATUS_OK : err_set(err, STATUS_INTERNAL, "private key: cannot be written");
}

// Nobody is asked for a passphrase.
static int no_passphrase(char *out, int size, int writing, void *context)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)context;
	return -1;
}

static EVP_PKEY *key_from_pkcs8(const char *private_key)
{
	PKCS8_PRIV_KEY_INFO *info;
	const unsigned char *at;
	BUF_AUTO(der, 8192);
	EVP_PKEY *key;

	if (!base64_decode(&der, private_key, strcspn(private_key, " ")))
		return NULL;
	at = (const unsigned char *)der.data;
	info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der.len);
	key = info ? EVP_PKCS82PKEY(info) : NULL;
	PKCS8_PRIV_KEY_INFO_free(info);
	return key;
}

static EVP_PKEY *key_from_pem(const char *text, size_t len)
{
	BIO *bio = BIO_new_mem_buf(text, (int)len);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;

	BIO_free(bio);
	return key;
}

static enum status import_jwk(const cJSON *json, const char *given_id, struct buf *answer, struct err *err)
{
	const char *id = given_id ? given_id : json_text(json, "kid");
	KEY_AUTO(key);

	key = key_from_jwk(json);
	if (!key)
		return err_set(err, STATUS_USAGE, "private key: a JWK, but not a private key that is understood: %s",
			       cJSON_GetObjectItemCaseSensitive(json, "keys") ? "it is a set of them: take one out" :
			       *json_text(json, "d") ? "is it whole, and P-256, P-384, P-521, Ed25519 or RSA?" :
						       "it has no private part");
	return answer_with(key, id, answer, err);
}

enum status client_key_import(const struct key_request *request, struct buf *answer, struct err *err)
{
	const struct buf body = { .data = (char *)(uintptr_t)request->body, .len = request->body_len };
	const char *text = request->body;
	enum status status;
	KEY_AUTO(key);
	cJSON *json;

	if (strlen(text) != request->body_len)
		return err_set(err, STATUS_USAGE, "private key: not PEM, and not a JWK: it has a NUL byte (a DER file?)");
	json = json_object(&body);
	if (json) {
		status = import_jwk(json, request->key_id, answer, err);
		cJSON_Delete(json);
		return status;
	}
	key = key_from_pem(text, request->body_len);
	if (key)
		return answer_with(key, request->key_id ? request->key_id : "", answer, err);
	if (strstr(text, "ENCRYPTED"))
		return err_set(
			err, STATUS_USAGE,
			"private key: it has a passphrase: 'openssl pkey -in FILE' takes that off, and --private-key - reads "
			"what it prints");
	if (strstr(text, "BEGIN OPENSSH"))
		return err_set(err, STATUS_USAGE,
			       "private key: in OpenSSH's format: 'ssh-keygen -p -m PEM -f COPY' changes a copy of it to PEM");
	if (strstr(text, "BEGIN PUBLIC KEY") || strstr(text, "BEGIN CERTIFICATE"))
		return err_set(err, STATUS_USAGE, "private key: this is a public key or a certificate: give the private key");
	return err_set(err, STATUS_USAGE, "private key: not a private key in PEM, and not a JWK");
}

static EVP_PKEY *make_key(const struct algorithm *algorithm)
{
	if (!strcmp(algorithm->type, "RSA"))
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)RSA_BITS_DEFAULT);
	if (!algorithm->group)
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	return EVP_PKEY_Q_keygen(NULL, NULL, "EC", algorithm->curve);
}

enum status client_key_generate(const struct key_request *request, struct buf *answer, struct err *err)
{
	const char *name = request->algorithm ? request->algorithm : algorithms[0].name;
	BUF_AUTO(members, 4096);
	BUF_AUTO(id, 128);
	KEY_AUTO(key);

	for (size_t i = 0; i < ALGORITHMS && !key; i++) {
		if (!strcmp(algorithms[i].name, name))
			key = make_key(&algorithms[i]);
	}
	if (!key)
		return err_set(err, STATUS_INTERNAL, "private key: none for '%s' can be made", name);
	put_public_members(&members, key);
	put_thumbprint(&id, members.data);
	return answer_with(key, request->key_id ? request->key_id : id.data, answer, err);
}

enum status client_key_describe(const struct key_request *request, struct buf *answer, struct err *err)
{
	const char *id = request->private_key ? key_id(request->private_key) : NULL;
	KEY_AUTO(key);

	key = request->private_key ? key_from_pkcs8(request->private_key) : NULL;
	if (!key)
		return err_set(err, STATUS_INTERNAL, "the private key in the keyring is damaged: give it again");
	return answer_with(key, id ? id : "", answer, err);
}

// --- signing

// OpenSSL's ECDSA signatures are ASN.1; in a JWS they are the two numbers, one after the other (RFC 7518 section 3.4).
static bool put_ecdsa(struct buf *text, const unsigned char *der, size_t len, size_t size)
{
	ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)len);
	unsigned char raw[2 * 66];
	bool ok = signature && size <= 66 && BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, (int)size) > 0 &&
		  BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + size, (int)size) > 0;

	if (ok)
		base64url_encode(text, raw, 2 * size);
	ECDSA_SIG_free(signature);
	return ok;
}

static bool sign(EVP_PKEY *key, const struct algorithm *algorithm, struct buf *text)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *options = NULL;
	unsigned char signature[NUMBER_MAX];
	size_t len = sizeof signature;
	bool ok = context && EVP_DigestSignInit_ex(context, &options, algorithm->digest, NULL, NULL, key, NULL) == 1;

	if (ok && algorithm->pss)
		ok = EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
		     EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1;
	ok = ok && EVP_DigestSign(context, signature, &len, (const unsigned char *)text->data, text->len) == 1;
	EVP_MD_CTX_free(context);
	if (!ok)
		return false;
	buf_addc(text, '.');
	if (algorithm->group)
		return put_ecdsa(text, signature, len, coordinate_size(key));
	base64url_encode(text, signature, len);
	return true;
}

enum status client_key_sign(const struct key_request *request, struct buf *answer, struct err *err)
{
	struct assertion assertion = { .client_id = request->client_id, .audience = request->audience };
	const struct algorithm *algorithm;
	int64_t count = 0;
	KEY_AUTO(key);

	if (!request->private_key || !request->client_id || !request->audience ||
	    !text_to_number(request->count ? request->count : "", 1, ASSERTIONS_MAX, &count))
		return err_set(err, STATUS_INTERNAL, "sk-key: its request is incomplete");
	key = key_from_pkcs8(request->private_key);
	if (!key)
		return err_set(err, STATUS_INTERNAL, "the private key in the keyring is damaged: give it again");
	algorithm = algorithm_of(key, request->algorithm);
	if (!algorithm)
		return err_set(err, STATUS_USAGE, "assertion_alg: the key cannot do '%s'",
			       request->algorithm ? request->algorithm : "anything");
	assertion.algorithm = algorithm->name;
	assertion.key_id = key_id(request->private_key);
	wire_put(answer, "status", "ok");
	for (int64_t i = 0; i < count; i++) {
		BUF_AUTO(text, ASSERTION_MAX);
		enum status status = assertion_write(&assertion, &text, err);

		if (status != STATUS_OK)
			return status;
		if (!sign(key, algorithm, &text) || !buf_ok(&text))
			return err_set(err, STATUS_INTERNAL, "the private key does not sign");
		wire_put(answer, "client_assertion", text.data);
	}
	return STATUS_OK;
}
