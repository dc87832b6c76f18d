// SPDX-License-Identifier: MIT
// One request of a program's, its way to a server, and the response's way back. The callbacks of the HTTP server library.
#ifndef SK_PROXY_EXCHANGE_H
#define SK_PROXY_EXCHANGE_H

#include "proxy/proxy.h"

// The library's: a request begins, goes on, and is over (MHD_OPTION_URI_LOG_CALLBACK, MHD_AccessHandlerCallback,
// MHD_OPTION_NOTIFY_COMPLETED). context is the proxy.
void *exchange_begin(void *context, const char *target, struct MHD_Connection *connection);
enum MHD_Result exchange_handle(void *context, struct MHD_Connection *connection, const char *url, const char *method,
				const char *version, const char *data, size_t *size, void **exchange);
void exchange_end(void *context, struct MHD_Connection *connection, void **exchange, enum MHD_RequestTerminationCode how);

// Whether its headers have come.
bool exchange_has_begun(const struct exchange *exchange);

// To be called now and then: ends what does not go on.
void exchange_check_progress(struct exchange *exchange);

// The program has gone while its exchange waited.
void exchange_lost(struct exchange *exchange);

#endif
