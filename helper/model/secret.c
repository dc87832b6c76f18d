// SPDX-License-Identifier: MIT
#include "secret.h"

#include "text.h"
#include "wire.h"

#include <string.h>

static const struct {
	const char *key;
	size_t in_secret, in_profile;
} bound[] = {
#define BOUND(name)                                                                                                            \
	{                                                                                                                      \
#name, offsetof(struct secret, name), offsetof(struct profile, name)                                           \
	}
	BOUND(token_endpoint),
	BOUND(issuer),
	BOUND(ca_file),
	BOUND(proxy),
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char **at(struct secret *secret, size_t offset)
{
	return (const char **)((char *)secret + offset);
}

static const char *of(const void *noun, size_t offset)
{
	const char *text = *(const char *const *)((const char *)noun + offset);

	return text ? text : "";
}

enum status secret_parse(struct secret *secret, char *record, size_t len, struct err *err)
{
	struct wire wire = wire_message(record, len);
	struct wire_field field;
	enum wire_result result;

	*secret = (struct secret){ "", "", "", "", "", "" };
	while ((result = wire_next(&wire, &field, NULL)) == WIRE_FIELD) {
		if (!strcmp(field.key, "client_secret"))
			secret->client_secret = field.value;
		if (!strcmp(field.key, "previous_secret"))
			secret->previous_secret = field.value;
		for (size_t i = 0; i < COUNT(bound); i++) {
			if (!strcmp(field.key, bound[i].key))
				*at(secret, bound[i].in_secret) = field.value;
		}
	}
	if (result != WIRE_END || !*secret->client_secret || !*secret->token_endpoint)
		return err_set(err, STATUS_INTERNAL,
			       "the client secret's record in the keyring is damaged: give the secret again");
	return STATUS_OK;
}

void secret_write(const char *client_secret, const char *previous_secret, const struct profile *profile, struct buf *b)
{
	for (size_t i = 0; i < COUNT(bound); i++)
		wire_put(b, bound[i].key, of(profile, bound[i].in_profile));
	wire_put(b, "previous_secret", previous_secret);
	wire_put(b, "client_secret", client_secret);
}

enum status secret_check(const struct secret *secret, const struct profile *profile, struct err *err)
{
	for (size_t i = 0; i < COUNT(bound); i++) {
		const char *was = of(secret, bound[i].in_secret), *is = of(profile, bound[i].in_profile);

		if (strcmp(was, is) != 0)
			return err_set(err, STATUS_POLICY,
				       "the secret was given for %s '%s', and the profile now says '%s': nothing was sent; "
				       "if that is right, give the secret again with 'sk-helper store'",
				       bound[i].key, was, is);
	}
	return STATUS_OK;
}

enum status secret_text_check(const char *client_secret, struct err *err)
{
	size_t len = strlen(client_secret);

	if (len == 0)
		return err_set(err, STATUS_USAGE, "client secret: empty");
	if (len > SECRET_MAX)
		return err_set(err, STATUS_USAGE, "client secret: longer than %d bytes", SECRET_MAX);
	if (!text_has_no_control(client_secret, len))
		return err_set(err, STATUS_USAGE, "client secret: it has a control character (a carriage return, a tab?)");
	return STATUS_OK;
}
