// SPDX-License-Identifier: MIT
#include "keyring/kernel-read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

// From the kernel's ABI; musl has no header for them. kernel.c checks them against libkeyutils'.
#include "keyring/kernel-abi.h"

bool serial_ok(struct serial serial)
{
	return serial.id > 0;
}

struct serial kernel_search(struct serial ring, const char *type, const char *name)
{
	return (struct serial){ (int32_t)syscall(SYS_keyctl, ABI_KEYCTL_SEARCH, ring.id, type, name, 0) };
}

// Whether the ring is this user's and this user's alone. An account that one becomes by su(1) has the caller's session
// keyring, and can have put a ring of its own there first, to read what is put into it.
static bool is_private(struct serial ring)
{
	char text[64], *at = text;
	long len = syscall(SYS_keyctl, ABI_KEYCTL_DESCRIBE, ring.id, text, sizeof text);
	unsigned long uid;

	// "keyring;1001;1001;003f0000;sk-helper"
	if (len <= 0 || (size_t)len > sizeof text || strncmp(text, "keyring;", 8) != 0)
		return false;
	uid = strtoul(text + 8, &at, 10);
	return uid == getauxval(AT_EUID) && *at++ == ';' && (at = strchr(at, ';')) && !strncmp(at, ";003f0000;", 10);
}

struct serial kernel_ring(void)
{
	struct serial ring = kernel_search((struct serial){ ABI_KEY_SPEC_USER_KEYRING }, "keyring", KERNEL_RING);

	if (serial_ok(ring) && !is_private(ring)) {
		errno = EACCES;
		return (struct serial){ 0 };
	}
	return ring;
}

bool kernel_errno_is_absence(int error)
{
	return error == ENOKEY || error == EKEYEXPIRED || error == EKEYREVOKED || error == EKEYREJECTED;
}

enum status kernel_error(int error, struct err *err)
{
	switch (error) {
	case ENOKEY:
	case EKEYEXPIRED:
	case EKEYREVOKED:
	case EKEYREJECTED:
		return err_set(err, STATUS_NOT_FOUND, "kernel keyring: nothing is stored");
	case EDQUOT:
		return err_set(err, STATUS_FULL,
			       "kernel keyring: this user's quota is used up, by more than sk-helper's tokens "
			       "('keyctl show @u' and 'cat /proc/key-users' tell by what)");
	case ENOSYS:
		return err_set(err, STATUS_UNAVAILABLE,
			       "kernel keyring: the kernel has none, or a container's seccomp rules hide it: "
			       "allow add_key, keyctl and request_key, or use another store");
	case EPERM:
		return err_set(err, STATUS_UNAVAILABLE,
			       "kernel keyring: not permitted here; in a container, its seccomp rules must "
			       "allow add_key, keyctl and request_key");
	case EACCES:
		return err_set(err, STATUS_DENIED,
			       "kernel keyring: the ring '" KERNEL_RING
			       "' in it was not made by sk-helper, or is open to others: look at it with 'keyctl show @u', "
			       "then unlink it");
	case EINVAL:
	case ENOMEM:
	default:
		return err_set(err, STATUS_INTERNAL, "kernel keyring: %s", strerror(error));
	}
}

enum status kernel_get(const struct keyring_key *key, struct buf *value, struct err *err)
{
	char name[KEYRING_NAME_MAX], *data;
	int error = 0;
	size_t room;

	keyring_name(name, key);
	// a key that is being replaced can vanish between search and read: look again
	for (int attempt = 0; attempt < 3; attempt++) {
		struct serial ring = kernel_ring(), serial = ring;
		long len;

		if (serial_ok(ring))
			serial = kernel_search(ring, "user", name);
		if (!serial_ok(serial))
			return kernel_error(errno, err);
		data = buf_reserve(value, KERNEL_VALUE_MAX, &room);
		len = data ? syscall(SYS_keyctl, ABI_KEYCTL_READ, serial.id, data, room) : (long)room + 1;
		if (len >= 0 && (size_t)len <= room) {
			buf_extend(value, (size_t)len);
			return STATUS_OK;
		}
		// the kernel fills in what there is room for, and says how long it is
		if (len >= 0) {
			if (data)
				explicit_bzero(data, room);
			return err_set(err, STATUS_INTERNAL, "kernel keyring: '%s' is too long", name);
		}
		error = errno;
		if (error != EACCES && !kernel_errno_is_absence(error))
			break;
	}
	return kernel_error(error == EACCES ? ENOKEY : error, err);
}
