// SPDX-License-Identifier: MIT
// Who the client says it is, in one request to the authorization server: one way to do that, and never more (RFC 6749 section
// 2.3, RFC 7523, RFC 8705).
#ifndef SK_CLIENT_AUTH_H
#define SK_CLIENT_AUTH_H

#include "base/buf.h"
#include "base/status.h"
#include "oauth/body.h"
#include "oauth/http.h"
#include "oauth/operation.h"

struct client_auth {
	struct buf user, password, header, pem;
	// what the server must not repeat, in each form that it gets it in; NULL-terminated
	const char *secrets[6];
};

// Declare it with this macro: it is wiped on every return.
#define CLIENT_AUTH_AUTO(name) __attribute__((cleanup(client_auth_free))) struct client_auth name = CLIENT_AUTH_INIT
#define CLIENT_AUTH_INIT       ((struct client_auth){ BUF_INIT(65536), BUF_INIT(65536), BUF_INIT(131072), BUF_INIT(16384), { 0 } })

void client_auth_free(struct client_auth *auth);

// Whether the request says all that its auth_method needs.
bool client_auth_is_complete(const struct oauth_request *request);

// Adds it to body, and to http, which then points into auth. attempt: 0 for the first try, which decides which assertion it is.
enum status client_auth_add(const struct oauth_request *request, size_t attempt, struct client_auth *auth, struct body *body,
			    struct http_request *http, struct err *err);

#endif
