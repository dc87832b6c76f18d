// SPDX-License-Identifier: MIT
#include "model/assertion.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/json.h"

#include <sys/random.h>

static void assertion_write_header(const struct assertion *assertion, struct buf *text)
{
	BUF_AUTO(json, 4096);

	json_put(&json, "{\"alg\":", assertion->algorithm);
	buf_adds(&json, ",\"typ\":\"client-authentication+jwt\"");
	if (assertion->key_id)
		json_put(&json, ",\"kid\":", assertion->key_id);
	buf_adds(&json, "}");
	base64url_encode(text, json.data, json.len);
	if (!buf_ok(&json))
		buf_fail(text);
}

enum status assertion_write(const struct assertion *assertion, struct buf *text, struct err *err)
{
	BUF_AUTO(json, 8192);
	unsigned char random[16];
	int64_t now = clock_now().wall;

	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		return err_set(err, STATUS_INTERNAL, "no random numbers");
	assertion_write_header(assertion, text);
	json_put(&json, "{\"iss\":", assertion->client_id);
	json_put(&json, ",\"sub\":", assertion->client_id);
	json_put(&json, ",\"aud\":", assertion->audience);
	buf_adds(&json, ",\"jti\":\"");
	base64url_encode(&json, random, sizeof random);
	buf_addf(&json, "\",\"iat\":%lld,\"exp\":%lld}", (long long)now, (long long)now + ASSERTION_SECONDS);
	buf_addc(text, '.');
	base64url_encode(text, json.data, json.len);
	if (!buf_ok(&json))
		buf_fail(text);
	return buf_ok(text) ? STATUS_OK : err_set(err, STATUS_INTERNAL, "the assertion is too long");
}
