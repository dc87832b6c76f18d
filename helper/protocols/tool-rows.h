// SPDX-License-Identifier: MIT
// What the files of this folder give to the list in tools.c.
#ifndef SK_TOOL_ROWS_H
#define SK_TOOL_ROWS_H

#include "protocols/tools.h"

typedef enum status tool_parser(struct tool_call *call, struct buf *out, struct err *err);
typedef enum status tool_writer(const struct tool_call *call, const struct answer *answer, struct buf *out, struct err *err);
typedef enum status tool_refuser(const struct tool_call *call, enum tool_failure why, struct buf *out, struct err *err);

tool_parser git_parse, docker_parse, bazel_parse, terraform_parse, cargo_parse, vault_parse, pnpm_parse, keyring_parse,
	kubernetes_parse, goauth_parse, google_parse;
tool_writer git_write, docker_write, bazel_write, terraform_write, cargo_write, bare_write, pnpm_write, keyring_write,
	kubernetes_write, goauth_write, google_write;
tool_refuser git_refuse, docker_refuse, terraform_refuse, cargo_refuse, vault_refuse, keyring_refuse, goauth_refuse,
	google_refuse;
// bare_write: the token and a line end, which serves several.
void docker_write_entry(struct buf *out, bool first, const char *url, const struct profile *profile);

#endif
