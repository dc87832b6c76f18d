// SPDX-License-Identifier: MIT
// One request by http/policy.h, bounded in size and time.
#ifndef SK_HTTP_H
#define SK_HTTP_H

#include "base/buf.h"
#include "base/status.h"
#include "oauth/body.h"
#include "oauth/operation.h"

#include <stdbool.h>
#include <stdint.h>

#define HTTP_BODY_MAX 262144

enum http_method { HTTP_HEAD, HTTP_GET, HTTP_POST, HTTP_POST_MCP };

struct http_request {
	const char *url;
	enum http_method method;
	const struct body *body;     // of HTTP_POST
	const char *message;	     // of HTTP_POST_MCP, in JSON
	const char *bearer;	     // a credential for Authorization: bearer; NULL for none
	const char *user, *password; // for Basic, encoded already; NULL for none
	const char *certificate;     // the client's, a PEM file; NULL for none
	const struct buf *key;	     // and its private key, in PEM
	const char *ca_file, *proxy; // NULL for the system's and the environment's
	const char *ca_file_sha256;  // NULL or "": not bound by its content
	int64_t timeout_ms;
	bool untrusted_url, loopback_allowed; // as in struct policy
	bool headers_only;		      // the body, which may be a stream without an end, is not waited for
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
	bool was_sent;	    // something of the request has left, whatever came of it
	bool from_loopback; // it came from this machine itself, and not through a proxy
};

#define HTTP_RESPONSE_INIT ((struct http_response){ .body = BUF_INIT(HTTP_BODY_MAX), .retry_after = -1 })

void http_start(void);

// The operation "libraries": which libcurl this is, and its TLS library. Nothing is sent.
oauth_operation http_libraries;

// STATUS_OK with any HTTP status. STATUS_TEMPORARY: no answer. STATUS_POLICY: the server is not who it should be, or says
// too much.
enum status http_send(const struct http_request *request, struct http_response *response, struct err *err);
void http_response_free(struct http_response *response);

#endif
