// SPDX-License-Identifier: MIT
#include "model/auth-method.h"

#include <string.h>

const struct auth_method auth_methods[] = {
	{ "client_secret_post", false, false },
	{ "client_secret_basic", false, false },
	{ "private_key_jwt", true, false },
	{ "tls_client_auth", true, true },
	{ "self_signed_tls_client_auth", true, true },
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
