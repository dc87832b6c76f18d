// SPDX-License-Identifier: MIT
// What 'add' and 'set' do, once their words are read.
#ifndef SK_ADD_H
#define SK_ADD_H

#include "base/status.h"
#include "core/add-ask.h"
#include "core/add-options.h"

#include <stdbool.h>

// Makes or changes the profile that the options name, takes and proves its secret where that is needed, and says what was done. asked:
// what the user was asked for before, NULL for nothing.
enum status add_client(struct add_options *options, struct add_asked *asked, struct err *err);

#endif
