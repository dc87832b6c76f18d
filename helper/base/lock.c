// SPDX-License-Identifier: MIT
#include "base/lock.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// Opens a directory that is ours alone, made if need be; -1 when it is not, whoever made it first.
static int open_private_dir(const char *path)
{
	struct stat st;
	int fd;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & 0777) != 0700) {
		close(fd);
		return -1;
	}
	return fd;
}

static int open_run_dir(void)
{
	unsigned uid = (unsigned)geteuid();
	char path[64];
	struct stat st;
	int fd = -1;

	(void)snprintf(path, sizeof path, "/run/user/%u", uid);
	if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == uid) {
		(void)snprintf(path, sizeof path, "/run/user/%u/sk-helper", uid);
		fd = open_private_dir(path);
	}
	if (fd < 0) {
		(void)snprintf(path, sizeof path, "/dev/shm/sk-helper-%u", uid);
		fd = open_private_dir(path);
	}
	if (fd < 0) {
		(void)snprintf(path, sizeof path, "/tmp/sk-helper-%u", uid);
		fd = open_private_dir(path);
	}
	return fd;
}

static void wake(int number)
{
	(void)number;
}

// flock(2) with an end. A timer of its own (alarm(2) is the process's deadline) whose handler does nothing but interrupt it;
// it repeats, for the case that it rings just before flock() begins to wait.
static bool wait_for_flock(int fd, int64_t wait_ms)
{
	const struct itimerspec often = { { 0, 50000000 }, { 0, 50000000 } };
	const struct sigaction action = { .sa_handler = wake };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	int64_t end = clock_now().boot + wait_ms;
	bool have = flock(fd, LOCK_EX | LOCK_NB) == 0;
	struct sigaction old;
	sigset_t ours, mask;
	timer_t timer;

	if (have || wait_ms <= 0 || timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
		return have;
	sigemptyset(&ours);
	sigaddset(&ours, SIGUSR1);
	sigaction(SIGUSR1, &action, &old);
	// who changes something whole has blocked all of them
	sigprocmask(SIG_UNBLOCK, &ours, &mask);
	timer_settime(timer, 0, &often, NULL);
	while (!have && clock_now().boot < end) {
		have = flock(fd, LOCK_EX) == 0;
		if (!have && errno != EINTR)
			break;
	}
	timer_delete(timer);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	sigaction(SIGUSR1, &old, NULL);
	return have;
}

bool lock_take(struct lock *lock, const char *name, int64_t wait_ms)
{
	int dir = open_run_dir();

	lock->fd = -1;
	if (dir < 0)
		return true;
	// never unlinked: a lock file that is removed is two locks
	lock->fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	close(dir);
	if (lock->fd < 0)
		return true;
	if (wait_for_flock(lock->fd, wait_ms))
		return true;
	close(lock->fd);
	lock->fd = -1;
	return false;
}

void lock_release(struct lock *lock)
{
	if (lock->fd >= 0)
		close(lock->fd);
	lock->fd = -1;
}

void lock_read_note(const struct lock *lock, struct buf *note)
{
	buf_reset(note);
	if (lock->fd >= 0 && lseek(lock->fd, 0, SEEK_SET) == 0)
		(void)buf_read(note, lock->fd);
}

void lock_write_note(const struct lock *lock, const struct buf *note)
{
	if (lock->fd >= 0 && ftruncate(lock->fd, 0) == 0 && lseek(lock->fd, 0, SEEK_SET) == 0)
		(void)buf_write(note, lock->fd);
}
