// SPDX-License-Identifier: MIT
// One HTTPS request, with what libcurl must not do switched off: no redirects, no netrc, no other protocols, no proxy on the
// way to this machine itself, bounded in size and time.
#ifndef SK_HTTP_H
#define SK_HTTP_H

#include "base/buf.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

#define HTTP_BODY_MAX 262144

enum http_method { HTTP_HEAD, HTTP_GET, HTTP_POST_FORM, HTTP_POST_JSON };

struct http_request {
	const char *url;
	enum http_method method;
	const struct buf *form;
	const char *json;
	const char *user, *password; // for Basic, encoded already; NULL for none
	const char *certificate;     // the client's, a PEM file; NULL for none
	const struct buf *key;	     // and its private key, in PEM
	const char *ca_file, *proxy; // NULL for the system's and the environment's
	int64_t timeout_ms;
	bool wary; // a peer named the URL: addresses that no server has are refused (link-local: a cloud's metadata service)
	bool no_loopback;  // and this machine's
	bool headers_only; // the body, which may be a stream without an end, is not waited for
};

struct http_response {
	long code;
	struct buf body;
	char content_type[64];
	char redirect[2049]; // where a 3xx leads; "" for nowhere
	char wwwauth[8193];  // the WWW-Authenticate headers, one after the other as in a list; "" where there is none
	int64_t retry_after; // seconds; -1 where the server did not say
	int64_t date;	     // the server's clock; 0 where it did not say
	char address[64];
};

#define HTTP_RESPONSE_INIT ((struct http_response){ .body = BUF_INIT(HTTP_BODY_MAX), .retry_after = -1 })

void http_start(void);
void http_stop(void);

// STATUS_OK with any HTTP status. STATUS_TEMPORARY: no answer. STATUS_POLICY: the server is not who it should be, or says
// too much.
enum status http_send(const struct http_request *request, struct http_response *response, struct err *err);
void http_response_free(struct http_response *response);

// Appends s as application/x-www-form-urlencoded; and a parameter of a form, unless value is NULL.
void http_form_encode(struct buf *b, const char *s);
void http_add_parameter(struct buf *form, const char *name, const char *value);

#endif
