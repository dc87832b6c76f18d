// SPDX-License-Identifier: MIT
// The identity token that GitHub Actions, and Forgejo Actions by the same contract, give to a job ("About security hardening with
// OpenID Connect" in GitHub's documentation).
#ifndef SK_ACTIONS_TOKEN_H
#define SK_ACTIONS_TOKEN_H

#include "oauth/operation.h"

// request->url: the job's ACTIONS_ID_TOKEN_REQUEST_URL; request->token: its ACTIONS_ID_TOKEN_REQUEST_TOKEN; request->audience: whom
// the identity token is to be for. Writes status and identity_token. STATUS_NOT_FOUND where the platform gives none.
oauth_operation actions_token_run;

#endif
