// SPDX-License-Identifier: MIT
// The two clocks that a token's life is measured on.
#ifndef SK_CLOCK_H
#define SK_CLOCK_H

#include <stdint.h>

// Wall time can be stepped by anyone who sets the clock; boot time cannot, and counts through suspend, but means nothing
// after a reboot. A moment is both.
struct moment {
	int64_t wall; // seconds since 1970
	int64_t boot; // milliseconds of CLOCK_BOOTTIME
};

struct moment clock_now(void);

#define BOOT_ID_SIZE 40

// The kernel's boot id, or "" where it cannot be read.
void clock_boot_id(char id[BOOT_ID_SIZE]);

#endif
