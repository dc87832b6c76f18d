// SPDX-License-Identifier: MIT
#include "discover.h"

#include "oauth-client.h"
#include "text.h"

#include <string.h>

// RFC 8414 section 2: without a list it is client_secret_basic.
static const char *choose_method(const char *methods)
{
	bool post = text_has_word(methods, "client_secret_post", strlen("client_secret_post"));
	bool basic = text_has_word(methods, "client_secret_basic", strlen("client_secret_basic"));

	return post ? "client_secret_post" : basic || !*methods ? "client_secret_basic" : NULL;
}

static void fill_in(const char **member, const char *value)
{
	if (!*member && *value)
		*member = value;
}

enum status discover(struct profile *profile, struct buf *answer, struct err *err)
{
	struct profile asking = *profile, found = *profile;
	struct metadata metadata;
	enum status status;

	asking.token_endpoint = NULL;
	if (!asking.timeout)
		asking.timeout = 8;
	status = oauth_discover(&asking, profile->url_count ? profile->urls[0] : NULL, answer, &metadata, err);
	if (status != STATUS_OK)
		return status;
	if (!found.auth_method) {
		found.auth_method = choose_method(metadata.auth_methods);
		if (!found.auth_method)
			return err_set(err, STATUS_POLICY, "authorization server: it takes no client secret, but: %s",
				       metadata.auth_methods);
	}
	fill_in(&found.issuer, metadata.issuer);
	fill_in(&found.token_endpoint, metadata.token_endpoint);
	fill_in(&found.resource, metadata.resource);
	fill_in(&found.scope, metadata.scope);
	*profile = found;
	return STATUS_OK;
}
