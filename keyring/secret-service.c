// SPDX-License-Identifier: MIT
// The Secret Service's client half: runs sk-secret-service, which links libsecret, and ends it when it takes too long.
#include "keyring/keyring.h"

#include "base/clock.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "base/wire.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define DEADLINE_MS 2000
// The Secret Service has no lifetimes: the expiry goes before the value, inside what is encrypted.
#define EXPIRY_KEY "keyring_expires_at="

static const char *const environment[] = { "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "HOME", NULL };

static enum status service_converse(const struct buf *request, struct buf *answer,
				    void (*take)(const struct wire_field *field, void *context), void *context, struct err *err)
{
	const struct subprocess what = {
		.program = "sk-secret-service", .environment = environment, .input = request, .timeout_ms = DEADLINE_MS
	};
	enum status status;

	if (!buf_ok(request))
		return err_set(err, STATUS_INTERNAL, "secret service: what is to be kept is too long");
	status = subprocess_ask(&what, NULL, answer, take, context, err);
	if (status == STATUS_TEMPORARY)
		return err_set(err, STATUS_UNAVAILABLE,
			       "secret service: unresponsive for %d ms: is there a prompt open, or is the keyring daemon hung?",
			       DEADLINE_MS);
	err_prefix(err, "secret service");
	return status;
}

static void service_take_nothing(const struct wire_field *field, void *context)
{
	(void)field;
	(void)context;
}

static void service_put_request(struct buf *request, const char *operation, const struct keyring_key *key)
{
	char name[KEYRING_NAME_MAX];

	wire_put(request, "operation", operation);
	if (!key)
		return;
	keyring_name(name, key);
	wire_put(request, "name", name);
	wire_put(request, "path", key->path);
	// tokens live in the collection that is in memory only: the other is a file, written anew as a whole
	wire_put(request, "collection", key->role == KEYRING_TOKEN ? "session" : "default");
}

// The value is lines; over the pipe each goes as a field of its own.
static void put_lines(struct buf *request, const struct buf *value)
{
	const char *line = value->data, *end = value->data + value->len;

	while (line < end) {
		const char *lf = memchr(line, '\n', (size_t)(end - line));
		size_t len = lf ? (size_t)(lf - line) : (size_t)(end - line);

		if (!text_has_no_control(line, len)) {
			buf_fail(request);
			return;
		}
		buf_adds(request, "value=");
		buf_add(request, line, len);
		buf_addc(request, '\n');
		line += len + 1;
	}
}

struct taken {
	struct buf *value;
	int64_t expires_at;
};

static void take_value(const struct wire_field *field, void *context)
{
	struct taken *taken = context;

	if (strcmp(field->key, "value") != 0)
		return;
	if (text_starts(field->value, EXPIRY_KEY)) {
		(void)text_to_number(field->value + strlen(EXPIRY_KEY), 0, INT64_MAX, &taken->expires_at);
		return;
	}
	buf_add(taken->value, field->value, field->value_len);
	buf_addc(taken->value, '\n');
}

static enum status service_get(const struct keyring_key *key, struct buf *value, struct err *err)
{
	struct taken taken = { value, 0 };
	BUF_AUTO(request, 8192);
	BUF_AUTO(answer, 131072);
	enum status status;

	service_put_request(&request, "get", key);
	status = service_converse(&request, &answer, take_value, &taken, err);
	if (status == STATUS_OK && taken.expires_at && taken.expires_at <= clock_now().wall) {
		buf_reset(value);
		return err_set(err, STATUS_NOT_FOUND, "secret service: nothing is stored");
	}
	if (status == STATUS_OK && !buf_ok(value))
		return err_set(err, STATUS_INTERNAL, "secret service: the value is too long");
	return status;
}

static enum status service_put(const struct keyring_key *key, const struct buf *value, int64_t lifetime, struct err *err)
{
	BUF_AUTO(request, 131072);
	BUF_AUTO(answer, 4096);

	service_put_request(&request, "put", key);
	if (lifetime > 0)
		buf_addf(&request, "value=" EXPIRY_KEY "%lld\n", (long long)(clock_now().wall + lifetime));
	put_lines(&request, value);
	return service_converse(&request, &answer, service_take_nothing, NULL, err);
}

static enum status service_del(const struct keyring_key *key, struct err *err)
{
	BUF_AUTO(request, 8192);
	BUF_AUTO(answer, 4096);

	service_put_request(&request, "del", key);
	return service_converse(&request, &answer, service_take_nothing, NULL, err);
}

static enum status service_probe(struct err *err)
{
	BUF_AUTO(request, 8192);
	BUF_AUTO(answer, 4096);

	service_put_request(&request, "probe", NULL);
	return service_converse(&request, &answer, service_take_nothing, NULL, err);
}

struct service_listing {
	enum keyring_role role;
	void (*visit)(const struct keyring_key *key, void *context);
	void *context;
};

static void take_name(const struct wire_field *field, void *context)
{
	const struct service_listing *listing = context;
	char name[KEYRING_NAME_MAX];
	struct keyring_key key;

	if (strcmp(field->key, "name") != 0 || field->value_len >= sizeof name)
		return;
	memcpy(name, field->value, field->value_len + 1);
	if (keyring_key_from_name(&key, name) && key.role == listing->role)
		listing->visit(&key, listing->context);
}

static enum status service_list(enum keyring_role role, void (*visit)(const struct keyring_key *key, void *context),
				void *context, struct err *err)
{
	struct service_listing listing = { role, visit, context };
	BUF_AUTO(request, 8192);
	BUF_AUTO(answer, 131072);

	service_put_request(&request, "list", NULL);
	return service_converse(&request, &answer, take_name, &listing, err);
}

const struct keyring keyring_secret_service = {
	.name = "secret-service",
	.after_reboot = "it is on disk, encrypted with the login password: it survives a reboot",
	.can_put = true,
	.probe = service_probe,
	.get = service_get,
	.put = service_put,
	.del = service_del,
	.list = service_list,
};
