// SPDX-License-Identifier: MIT
#include "base/lock.h"

#include "base/clock.h"
#include "base/private-dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int lock_open_place(int number)
{
	unsigned uid = (unsigned)geteuid();
	char path[64];
	struct stat st;

	(void)snprintf(path, sizeof path, "/run/user/%u", uid);
	if (number == 0 && !(lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == uid))
		return -1;
	switch (number) {
	case 0:
		(void)snprintf(path, sizeof path, "/run/user/%u/sk-helper", uid);
		break;
	case 1:
		(void)snprintf(path, sizeof path, "/dev/shm/sk-helper-%u", uid);
		break;
	default:
		(void)snprintf(path, sizeof path, "/tmp/sk-helper-%u", uid);
	}
	return private_dir_open(AT_FDCWD, path);
}

int lock_open_dir(void)
{
	int fd = -1;

	for (int number = 0; number < LOCK_PLACES && fd < 0; number++)
		fd = lock_open_place(number);
	return fd;
}

// flock(2) with an end, by trying again: it has no timeout of its own, and a signal that interrupts it is the whole process's.
static bool lock_wait(int fd, int64_t wait_ms)
{
	int64_t end = clock_now().boot + wait_ms;
	long pause_ms = 2;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		const struct timespec pause = { 0, pause_ms * 1000000 };

		if (clock_now().boot >= end)
			return false;
		nanosleep(&pause, NULL);
		pause_ms = pause_ms < 25 ? pause_ms * 2 : 40;
	}
	return true;
}

enum status lock_take(struct lock *lock, const char *name, int64_t wait_ms, struct err *err)
{
	unsigned uid = (unsigned)geteuid();
	int dir = lock_open_dir();
	struct stat st;

	*lock = LOCK_NONE;
	if (dir < 0)
		return err_set(err, STATUS_UNAVAILABLE,
			       "there is no place for a lock: '/run/user/%u' is not there, and '/dev/shm/sk-helper-%u' and "
			       "'/tmp/sk-helper-%u' are not directories of yours alone (who has made them?)",
			       uid, uid, uid);
	// not unlinked, but by lock_remove: a lock file that is removed is two locks; O_NONBLOCK: a FIFO in its place must not hang us
	lock->fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	close(dir);
	if (lock->fd >= 0 && fstat(lock->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == uid) {
		if (lock_wait(lock->fd, wait_ms))
			return STATUS_OK;
		lock_release(lock);
		return err_set(err, STATUS_TEMPORARY,
			       "another sk-helper process has held the lock '%s' for too long: try again", name);
	}
	lock_release(lock);
	return err_set(err, STATUS_UNAVAILABLE, "the lock '%s' is not a file of yours: remove it", name);
}

void lock_release(struct lock *lock)
{
	if (lock->fd >= 0)
		close(lock->fd);
	lock->fd = -1;
}

void lock_remove(struct lock *lock, const char *name)
{
	int dir = lock->fd >= 0 ? lock_open_dir() : -1;

	if (dir >= 0) {
		(void)unlinkat(dir, name, 0);
		close(dir);
	}
	lock_release(lock);
}

bool lock_peek_note(const char *name, struct buf *note, struct stat *st)
{
	int dir = lock_open_dir(), fd;
	bool good;

	if (dir < 0)
		return false;
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	close(dir);
	good = fd >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode) && st->st_uid == geteuid() && buf_read(note, fd);
	if (fd >= 0)
		close(fd);
	return good;
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
