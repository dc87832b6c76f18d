// SPDX-License-Identifier: MIT
#include "core/ask-key.h"

#include "base/clock.h"
#include "base/debug.h"
#include "base/subprocess.h"

#include <string.h>

#define KEY_TIMEOUT_MS 20000 // RSA keys take their time to be made

static enum status key_ask(const struct buf *request, struct buf *answer,
			   void (*take)(const struct wire_field *field, void *context), void *context, struct err *err)
{
	static const char *const no_environment[] = { NULL };
	const struct subprocess what = {
		.program = "sk-key", .environment = no_environment, .input = request, .timeout_ms = KEY_TIMEOUT_MS
	};
	int64_t began_at = clock_now().boot;
	enum status status;

	if (!buf_ok(request))
		return err_set(err, STATUS_USAGE, "private key: it is too long, or its id has a control character");
	status = subprocess_ask(&what, NULL, answer, take, context, err);
	debug_say("sk-key answered after %lld ms: %s", (long long)(clock_now().boot - began_at), status_word(status));
	return status;
}

static void key_take_field(const struct wire_field *field, void *context)
{
	struct client_key *key = context;

	if (!strcmp(field->key, "private_key"))
		key->private_key = field->value;
	else if (!strcmp(field->key, "public_jwk"))
		key->public_jwk = field->value;
	else if (!strcmp(field->key, "algorithms"))
		key->algorithms = field->value;
}

static enum status key_ask_for_one(const struct buf *request, struct buf *answer, struct client_key *key, struct err *err)
{
	*key = (struct client_key){ "", "", "" };
	return key_ask(request, answer, key_take_field, key, err);
}

enum status key_describe(const char *private_key, struct buf *answer, struct client_key *key, struct err *err)
{
	BUF_AUTO(request, 65536);

	wire_put(&request, "operation", "describe");
	wire_put(&request, "private_key", private_key);
	return key_ask_for_one(&request, answer, key, err);
}

enum status key_import(const struct buf *text, const char *id, struct buf *answer, struct client_key *key, struct err *err)
{
	BUF_AUTO(request, 65536);

	wire_put(&request, "operation", "import");
	wire_put(&request, "key_id", id);
	buf_addc(&request, '\n');
	buf_add(&request, text->data, text->len);
	return key_ask_for_one(&request, answer, key, err);
}

enum status key_generate(const char *algorithm, const char *id, struct buf *answer, struct client_key *key, struct err *err)
{
	BUF_AUTO(request, 1024);

	wire_put(&request, "operation", "generate");
	wire_put(&request, "algorithm", algorithm);
	wire_put(&request, "key_id", id);
	return key_ask_for_one(&request, answer, key, err);
}

struct key_signing {
	const char **assertions;
	size_t count;
};

static void key_take_assertion(const struct wire_field *field, void *context)
{
	struct key_signing *signing = context;

	if (!strcmp(field->key, "client_assertion") && signing->count < ASSERTIONS_MAX)
		signing->assertions[signing->count++] = field->value;
}

enum status key_sign(const char *private_key, const struct assertion *wanted, size_t count, struct buf *answer,
		     const char *assertions[ASSERTIONS_MAX], struct err *err)
{
	struct key_signing signing = { assertions, 0 };
	BUF_AUTO(request, 65536);
	enum status status;

	wire_put(&request, "operation", "sign");
	wire_put(&request, "private_key", private_key);
	wire_put(&request, "algorithm", wanted->algorithm);
	wire_put(&request, "client_id", wanted->client_id);
	wire_put(&request, "audience", wanted->audience);
	wire_put_number(&request, "count", (long long)count);
	status = key_ask(&request, answer, key_take_assertion, &signing, err);
	if (status == STATUS_OK && signing.count != count)
		status = err_set(err, STATUS_INTERNAL, "sk-key: its answer is incomplete");
	return status;
}
