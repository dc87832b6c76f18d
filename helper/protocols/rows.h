// SPDX-License-Identifier: MIT
// What the files of this folder give to the list in protocols.c.
#ifndef SK_ROWS_H
#define SK_ROWS_H

#include "protocols/protocols.h"

typedef enum status protocol_writer(const struct answer *answer, struct buf *out, struct err *err);

protocol_writer write_token, write_header_value, write_header, write_curl_config, write_env; // plain.c
protocol_writer write_mcp_headers, write_json;						     // json.c

// Appends before, and then the header's value as a JSON string: "Bearer TOKEN".
void put_bearer(struct buf *out, const char *before, const char *access_token);

#endif
