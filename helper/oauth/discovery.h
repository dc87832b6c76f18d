// SPDX-License-Identifier: MIT
// From a resource server's URL to the authorization server that its tokens come from: RFC 9728, then RFC 8414 or OpenID
// Connect Discovery, as the MCP specification (2025-11-25, 2026-07-28) orders them. No credential is sent. Everything that is
// read is a peer's word: what would lead elsewhere than it may is refused, with the reason.
#ifndef SK_DISCOVERY_H
#define SK_DISCOVERY_H

#include "oauth/operation.h"

// request->url: the resource server, or NULL with request->issuer; request->issuer: the only one that will do, or NULL.
// Writes status, issuer and token_endpoint; where the authorization server says them, and they are fit for it: auth_methods,
// signing_algs, grant_types (words with a space between), revocation_endpoint, mtls_token_endpoint, mtls_revocation_endpoint; where the
// resource server does: resource, scope. STATUS_NOT_FOUND when there is no metadata.
oauth_operation discovery_run;

#endif
