// SPDX-License-Identifier: MIT
#include "model/oauth-error.h"

#include <string.h>

// RFC 6749 section 5.2, RFC 7009 section 2.2.1, RFC 8707 section 2, and what servers send besides.
static const struct {
	const char *code;
	bool temporary;
} errors[OAUTH_ERRORS] = {
	[OAUTH_ERROR_NONE] = { "", false },
	[OAUTH_ERROR_OTHER] = { "an error", false },
	[OAUTH_INVALID_REQUEST] = { "invalid_request", false },
	[OAUTH_INVALID_CLIENT] = { "invalid_client", false },
	[OAUTH_INVALID_GRANT] = { "invalid_grant", false },
	[OAUTH_UNAUTHORIZED_CLIENT] = { "unauthorized_client", false },
	[OAUTH_UNSUPPORTED_GRANT_TYPE] = { "unsupported_grant_type", false },
	[OAUTH_INVALID_SCOPE] = { "invalid_scope", false },
	[OAUTH_INVALID_TARGET] = { "invalid_target", false },
	[OAUTH_ACCESS_DENIED] = { "access_denied", false },
	[OAUTH_UNSUPPORTED_TOKEN_TYPE] = { "unsupported_token_type", false },
	[OAUTH_TEMPORARILY_UNAVAILABLE] = { "temporarily_unavailable", true },
	[OAUTH_SERVER_ERROR] = { "server_error", true },
	[OAUTH_SLOW_DOWN] = { "slow_down", true },
	[OAUTH_TOO_MANY_REQUESTS] = { "too_many_requests", true },
	[OAUTH_RATE_LIMIT_EXCEEDED] = { "rate_limit_exceeded", true },
};

enum oauth_error oauth_error_find(const char *code)
{
	for (int i = 0; i < OAUTH_ERRORS; i++) {
		if (!strcmp(code, errors[i].code))
			return (enum oauth_error)i;
	}
	return OAUTH_ERROR_OTHER;
}

const char *oauth_error_code(enum oauth_error error)
{
	return errors[error].code;
}

bool oauth_error_is_temporary(enum oauth_error error)
{
	return errors[error].temporary;
}
