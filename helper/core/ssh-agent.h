// SPDX-License-Identifier: MIT
// A client's private key that stays in an ssh-agent (OpenSSH's, gpg-agent, 1Password, a TPM's or a smart card's), which signs with it:
// draft-ietf-sshm-ssh-agent. The profile names the key by its fingerprint; no other one is used.
#ifndef SK_SSH_AGENT_H
#define SK_SSH_AGENT_H

#include "base/buf.h"
#include "base/status.h"
#include "core/ask-key.h"
#include "model/assertion.h"
#include "model/profile.h"

// Each of them fails, within the profile's secret_timeout, with: STATUS_NOT_FOUND: there is no agent, or not with this key; STATUS_LOCKED: it
// shows no key at all; STATUS_DENIED: it refuses to sign; STATUS_TEMPORARY: it does not answer; STATUS_POLICY: it is another user's;
// STATUS_USAGE: a key that cannot be used; STATUS_UNAVAILABLE: what answers is no agent.

// Tells of the key: its public part and what it can sign with. The strings of key point into answer.
enum status ssh_agent_describe(const struct profile *profile, struct buf *answer, struct client_key *key, struct err *err);

// Appends one signed assertion to text. Of wanted, algorithm may be NULL, for the key's usual one, and key_id is the profile's, or the key's
// thumbprint.
enum status ssh_agent_sign(const struct profile *profile, const struct assertion *wanted, struct buf *text, struct err *err);

// Whether the agent is one that sshd forwards from another machine, whose administrator can have it sign, too.
bool ssh_agent_is_forwarded(const struct profile *profile);

#endif
