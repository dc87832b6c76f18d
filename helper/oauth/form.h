// SPDX-License-Identifier: MIT
// The body of a POST: application/x-www-form-urlencoded.
#ifndef SK_FORM_H
#define SK_FORM_H

#include "base/buf.h"

// Appends a parameter, unless value is NULL.
void form_add(struct buf *form, const char *name, const char *value);

#endif
