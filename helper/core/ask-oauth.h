// SPDX-License-Identifier: MIT
// The client half of sk-oauth, the program that talks to the network.
#ifndef SK_ASK_OAUTH_H
#define SK_ASK_OAUTH_H

#include "base/buf.h"
#include "base/status.h"
#include "model/oauth-error.h"
#include "model/profile.h"
#include "model/request.h"
#include "model/secret.h"
#include "model/token.h"

#include <stdbool.h>
#include <stdint.h>

// What programs that talk to the network get of our environment, and what is added to it.
extern const char *const oauth_environment[];
// GnuTLS, which libraries of libcurl's that are not used here bring with them, would start itself while it is loaded: a twentieth of
// sk-oauth's start (gnutls manual, "Initialization"). A libcurl that uses it starts it by itself.
#define OAUTH_SETTING "GNUTLS_NO_IMPLICIT_INIT=1"

// What a token endpoint granted. The strings point into the caller's buf.
struct grant {
	const char *access_token; // has passed token_text_ok()
	const char *scope;	  // "" where the server did not say
	int64_t expires_in;	  // 0 where the server did not say anything that makes sense
};

// What a server answered to a request that failed, as far as it is data.
struct endpoint_failure {
	enum oauth_error error;
	int64_t http_status; // 0 where there was no answer
	int64_t retry_after; // the seconds that it wants not to be asked; 0 where it did not say
	bool was_asked;	     // a request was made; false where it failed before
	bool was_kept_back;  // nothing of the request has left
};

// Starts the program, which takes longer than all else, so that it is ready when its request is; the next request of any kind
// goes to it. Where there is none after all, it is to be stopped.
void oauth_start(void);
void oauth_stop(void);

// Sends the client secret to the profile's token endpoint: secret_check() must have said yes. STATUS_REFUSED, TEMPORARY or
// POLICY with the reason; nothing in err is the secret, even when the server repeats it.
// identity_token: the platform's, NULL where the profile has none.
enum status oauth_request_token(const struct profile *profile, const struct request *request, const struct secret *secret,
				const char *identity_token, struct buf *answer, struct grant *grant,
				struct endpoint_failure *failure, struct err *err);

// Asks GitHub's or Forgejo's Actions for an identity token for this audience, with what they have put into the environment. STATUS_NOT_FOUND:
// they give none.
enum status oauth_actions_token(const struct profile *profile, const char *url, const char *bearer, const char *audience,
				struct buf *token, struct err *err);

// Revokes a token (RFC 7009) at the profile's revocation_endpoint, which must be there. The same errors; STATUS_REFUSED, too,
// where the server cannot revoke such tokens.
enum status oauth_revoke_token(const struct profile *profile, const char *access_token, const struct secret *secret,
			       const char *identity_token, struct endpoint_failure *failure, struct err *err);

// What the servers say of themselves; "" for what they do not. The strings point into the caller's buf.
struct metadata {
	const char *issuer, *token_endpoint, *revocation_endpoint;
	const char *mtls_token_endpoint, *mtls_revocation_endpoint; // RFC 8705 section 5: for those with a certificate
	const char *resource, *scope;
	const char *auth_methods, *signing_algs, *grant_types; // words with a space between them
};

// Asks the resource server at url, or else the profile's issuer; no credential is sent. Both given: the issuer must be one
// that the resource server names. STATUS_NOT_FOUND when there is no metadata.
enum status oauth_discover(const struct profile *profile, const char *url, struct buf *answer, struct metadata *metadata,
			   struct err *err);

// Which libraries talk to the network, "libcurl 7.88.1 with OpenSSL/3.0.11": "" where that cannot be asked.
void oauth_libraries(struct buf *answer, char *text, size_t size);

struct endpoint_report {
	int64_t http_status;
	int64_t date; // the server's clock, seconds since 1970; 0 where it did not say
	const char *address;
	int64_t landlock; // the version that holds the program that talks to the network (helper/http/sandbox.h); 0 for none
	bool seccomp;
};

// Looks at the token endpoint: without any credential, but for the connection's where the method is a TLS one and there is a
// secret (may be NULL).
enum status oauth_probe_endpoint(const struct profile *profile, const struct secret *secret, struct buf *answer,
				 struct endpoint_report *report, struct err *err);

#endif
