// SPDX-License-Identifier: MIT
// Random numbers to spread requests by; nothing is protected with them.
#ifndef SK_RANDOM_H
#define SK_RANDOM_H

#include <stdint.h>

// Never waits for the kernel to gather more.
uint32_t random_number(void);

#endif
