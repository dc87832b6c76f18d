// SPDX-License-Identifier: MIT
// After a reboot: the client secrets that the kernel keyring has lost.
#ifndef SK_ADD_MISSING_H
#define SK_ADD_MISSING_H

#include "base/status.h"

// Asks for each client secret that is missing, in the order of the profiles' names; a pipe gives one line for each. What cannot be asked for,
// such as a private key, is a warning. The status of the last one that is missing still.
enum status add_missing(struct err *err);

#endif
