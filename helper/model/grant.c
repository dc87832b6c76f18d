// SPDX-License-Identifier: MIT
#include "model/grant.h"

#include <string.h>

const struct grant_kind grant_kinds[] = {
	{ "client_credentials", "client_credentials", NULL },
	{ "jwt-bearer", "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion" },
	{ "token-exchange", "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token" },
};
const size_t grant_kind_count = sizeof grant_kinds / sizeof grant_kinds[0];

const struct grant_kind *grant_find(const char *name)
{
	if (!name)
		return &grant_kinds[0];
	for (size_t i = 0; i < grant_kind_count; i++) {
		if (!strcmp(grant_kinds[i].name, name))
			return &grant_kinds[i];
	}
	return NULL;
}

// draft-ietf-oauth-spiffe-client-auth has the second one
const char *grant_assertion_type(const char *name)
{
	return name && !strcmp(name, "jwt-spiffe") ? "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe" :
						     "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
}

const char *grant_subject_token_type(const char *name)
{
	if (!name || !strcmp(name, "jwt"))
		return "urn:ietf:params:oauth:token-type:jwt";
	if (!strcmp(name, "id_token"))
		return "urn:ietf:params:oauth:token-type:id_token";
	if (!strcmp(name, "access_token"))
		return "urn:ietf:params:oauth:token-type:access_token";
	return name;
}
