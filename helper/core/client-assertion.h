// SPDX-License-Identifier: MIT
// What a client with a key proves itself with at the token endpoint: assertions that were signed just now, by sk-key or by an ssh-agent.
#ifndef SK_CLIENT_ASSERTION_H
#define SK_CLIENT_ASSERTION_H

#include "base/buf.h"
#include "base/status.h"
#include "model/profile.h"
#include "model/secret.h"

// Appends them to a request, as client_assertion=; nothing where the client's method is another one. One for each try where the key is ours;
// of an ssh-agent's key one alone, because it may ask a person each time. The errors of key_sign and of ssh_agent_sign.
enum status client_assertion_put(const struct profile *profile, const struct secret *secret, struct buf *request,
				 struct err *err);

#endif
