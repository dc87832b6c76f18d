// SPDX-License-Identifier: MIT
// The reading half of the kernel keyring, by system call: the front door links no library but its libc.
#ifndef SK_KERNEL_READ_H
#define SK_KERNEL_READ_H

#include "base/buf.h"
#include "base/status.h"
#include "keyring/keyring.h"

#include <stdbool.h>
#include <stdint.h>

#define KERNEL_RING	 "sk-helper"
#define KERNEL_VALUE_MAX 32767

// A key's number. -1 is what the kernel returns on error and also means "my thread's keyring", which keyctl(2) would gladly
// clear: so a serial is a type of its own, and is usable only when it is positive.
struct serial {
	int32_t id;
};

bool serial_ok(struct serial serial);

// Our ring in the user keyring; not ok with errno set when there is none.
struct serial kernel_ring(void);
struct serial kernel_search(struct serial ring, const char *type, const char *name);

// Whether errno says that there is nothing, rather than that something went wrong.
bool kernel_errno_is_absence(int error);

// Fills value. STATUS_NOT_FOUND, DENIED, UNAVAILABLE.
enum status kernel_get(const struct keyring_key *key, struct buf *value, struct err *err);

// The sentence for an errno of add_key(2) or keyctl(2), and its cure.
enum status kernel_error(int error, struct err *err);

#endif
