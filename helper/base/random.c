// SPDX-License-Identifier: MIT
#include "base/random.h"

#include "base/clock.h"

#include <sys/random.h>

uint32_t random_number(void)
{
	uint32_t number = 0;

	if (getrandom(&number, sizeof number, GRND_NONBLOCK) != (ssize_t)sizeof number)
		number = (uint32_t)clock_now().boot;
	return number;
}
