// SPDX-License-Identifier: MIT
// SHA-256 (FIPS 180-4), for programs that link no crypto library: names that nobody can make collide, and whether a file is
// still the same; and tokens, to compare them where they must not be shown. Its working memory is not wiped.
#ifndef SK_SHA256_H
#define SK_SHA256_H

#include <stddef.h>

#define SHA256_SIZE	32
#define SHA256_HEX_SIZE 65

void sha256(const void *data, size_t len, unsigned char digest[SHA256_SIZE]);

// The digest of data in hexadecimal digits. digits: how many of them, at most 64; hex has room for one more.
void sha256_hex(const void *data, size_t len, char *hex, size_t digits);

#endif
