// SPDX-License-Identifier: MIT
// The formats of one line.
#include "protocols/rows.h"

#include <string.h>

static enum status put_line(struct buf *out, const char *before, const char *token, const char *after)
{
	buf_adds(out, before);
	buf_adds(out, token);
	buf_adds(out, after);
	return STATUS_OK;
}

enum status write_token(const struct answer *answer, struct buf *out, struct err *err)
{
	(void)err;
	return put_line(out, "", answer->token->access_token, "\n");
}

enum status write_header_value(const struct answer *answer, struct buf *out, struct err *err)
{
	(void)err;
	return put_line(out, "Bearer ", answer->token->access_token, "\n");
}

enum status write_header(const struct answer *answer, struct buf *out, struct err *err)
{
	(void)err;
	return put_line(out, "Authorization: Bearer ", answer->token->access_token, "\n");
}

// curl(1), -K: within double quotes, backslash escapes itself and the quote.
enum status write_curl_config(const struct answer *answer, struct buf *out, struct err *err)
{
	(void)err;
	buf_adds(out, "oauth2-bearer = \"");
	for (const char *s = answer->token->access_token; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_addc(out, '\\');
		buf_addc(out, *s);
	}
	buf_adds(out, "\"\n");
	return STATUS_OK;
}

// This line is given to eval, to --env-file, to $GITHUB_ENV: no quoting suits them all, and a server chooses the token. So
// only what RFC 6750 section 2.1 allows, which no shell reads as anything else.
enum status write_env(const struct answer *answer, struct buf *out, struct err *err)
{
	const char *token = answer->token->access_token;

	if (strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=") != strlen(token) ||
	    *token == '~' || *token == '=')
		return err_set(err, STATUS_POLICY,
			       "the token has characters that a shell could read as its own: "
			       "use another format than env");
	return put_line(out, "ACCESS_TOKEN=", token, "\n");
}
