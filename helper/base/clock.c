// SPDX-License-Identifier: MIT
#include "base/clock.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct moment clock_now(void)
{
	struct timespec wall = { 0 }, boot = { 0 };

	// by system call: finding the kernel's own code for it (vDSO) costs a process that asks once more than it saves
	syscall(SYS_clock_gettime, CLOCK_REALTIME, &wall);
	syscall(SYS_clock_gettime, CLOCK_BOOTTIME, &boot);
	return (struct moment){ wall.tv_sec, (int64_t)boot.tv_sec * 1000 + boot.tv_nsec / 1000000 };
}

void clock_boot_id(char id[BOOT_ID_SIZE])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t len = 0;

	if (fd >= 0) {
		len = read(fd, id, BOOT_ID_SIZE - 1);
		close(fd);
	}
	while (len > 0 && id[len - 1] == '\n')
		len--;
	id[len > 0 ? len : 0] = '\0';
}
