// SPDX-License-Identifier: MIT
#include "model/auth-method.h"

#include <string.h>

const struct auth_method auth_methods[] = {
	{ .name = "client_secret_post", .has_secret = true },
	{ .name = "client_secret_basic", .has_secret = true },
	{ .name = "private_key_jwt", .has_secret = true, .uses_key = true },
	{ .name = "tls_client_auth", .has_secret = true, .uses_key = true, .uses_certificate = true },
	{ .name = "self_signed_tls_client_auth", .has_secret = true, .uses_key = true, .uses_certificate = true },
	{ .name = "workload_identity", .uses_identity = true },
	{ .name = "none" },
};
const size_t auth_method_count = sizeof auth_methods / sizeof auth_methods[0];

const struct auth_method *auth_method_find(const char *name)
{
	for (size_t i = 0; i < auth_method_count; i++) {
		if (!strcmp(auth_methods[i].name, name))
			return &auth_methods[i];
	}
	return NULL;
}

bool auth_method_has_secret(const char *name)
{
	const struct auth_method *method = name ? auth_method_find(name) : NULL;

	return !method || method->has_secret;
}

bool auth_method_uses_key(const char *name)
{
	const struct auth_method *method = name ? auth_method_find(name) : NULL;

	return method && method->uses_key;
}

bool auth_method_uses_certificate(const char *name)
{
	const struct auth_method *method = name ? auth_method_find(name) : NULL;

	return method && method->uses_certificate;
}
