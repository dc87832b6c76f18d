// SPDX-License-Identifier: MIT
// Numbers of the kernel's key management, as in linux/keyctl.h: they are its ABI and do not change.
#ifndef SK_KERNEL_ABI_H
#define SK_KERNEL_ABI_H

#define ABI_KEY_SPEC_USER_KEYRING (-4)
#define ABI_KEYCTL_DESCRIBE	  6
#define ABI_KEYCTL_SEARCH	  10
#define ABI_KEYCTL_READ		  11

#endif
