// SPDX-License-Identifier: MIT
// Reads a client's secret, or its private key, from where others keep it: a systemd credential, a file, a program. The list of them is in
// secret-source.c; a key in an ssh-agent is never read (core/ssh-agent.c).
#ifndef SK_SECRET_SOURCE_H
#define SK_SECRET_SOURCE_H

#include "base/buf.h"
#include "base/status.h"
#include "model/profile.h"

// Appends the secret: one line, without its line end, which has passed secret_text_check(); or a private key, as it is kept (PKCS#8 in
// base64). What it may be used for must have been checked before (binding_check). STATUS_NOT_FOUND: the source gives none, STATUS_POLICY:
// others could have put it there, or it cannot be a secret, STATUS_TEMPORARY: it took too long.
enum status secret_source_read(const struct profile *profile, struct buf *secret, struct err *err);

// Where it comes from, in words: "the program '/usr/bin/pass'".
void secret_source_describe(const struct profile *profile, struct buf *words);

// STATUS_OK where nothing speaks against the place as far as that can be seen without reading it; err then has words about it that a user
// should know, "" for none.
enum status secret_source_look(const struct profile *profile, struct err *err);

#endif
