// SPDX-License-Identifier: MIT
// How we talk HTTP: TLS verified, no redirects, no netrc, one protocol, no proxy on the way to this machine itself, and only to
// addresses that may be meant. One piece, for every program of ours that opens a connection.
#ifndef SK_POLICY_H
#define SK_POLICY_H

#include "base/buf.h"
#include "base/status.h"
#include "model/url.h"

#include <curl/curl.h>
#include <stdbool.h>

struct policy {
	// what is asked for
	const char *url;
	const char *ca_file;   // NULL: the system's
	const char *ca_sha256; // what ca_file must be (base/sha256.h); NULL or "": it is not bound by its content
	const char *proxy;     // NULL: the environment's
	bool untrusted_url;    // a server named the URL: link-local addresses and others that no server has are refused
	bool loopback_allowed; // with untrusted_url: that may be this machine's
	// what is found out
	struct url target;
	bool proxied;	       // the connection is to a proxy
	bool went_to_loopback; // it was made to this machine itself, without a proxy
	bool request_began; // the connection was there, behind a proxy's CONNECT, too, and the request was sent or about to be
	struct buf
		ca; // the content of ca_file, where it is bound: read once, also where the policy is copied for further transfers
	char why_refused[200]; // why a connection was not made, or not used; "" where it was
};

// Sets all of that on curl; policy must live as long as the transfer. STATUS_USAGE or POLICY for a URL that must not be asked. After
// the transfer, why_refused goes before libcurl's own error.
enum status policy_apply(struct policy *policy, CURL *curl, struct err *err);
void policy_free(struct policy *policy);

#endif
