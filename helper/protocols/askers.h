// SPDX-License-Identifier: MIT
// Who was given which token. Hooks such as an MCP client's headers helper are not told that a token was refused: they are only
// run again. So the same asker that asks again for the same token is taken to say so.
//
// An asker is the server that the hook's environment names, and the process that asks, seen through the shells in between.
// The same process and server count at once (Codex asks again within milliseconds). The same server from another process
// counts after two seconds: it outlives the agent's process, but several agents that start together are no refusal.
#ifndef SK_ASKERS_H
#define SK_ASKERS_H

#include "model/profile.h"
#include "model/request.h"

#include <stdbool.h>

// Whether asking again counts for this profile (renew_on_repeat).
bool askers_count(const struct profile *profile);

// Why whoever asks now may have had this token refused: RENEWAL_SAME_PROCESS, RENEWAL_SAME_SERVER; or RENEWAL_NONE where it was not
// given it, which is then noted as given, or where nothing can be remembered. server_name: what the environment says; NULL or "" for nothing.
enum renewal askers_was_given(const struct profile *profile, const char *server_name, const char *access_token);

// Remembers that it is given to whoever asks now.
void askers_note(const struct profile *profile, const char *server_name, const char *access_token);

#endif
