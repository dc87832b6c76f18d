// SPDX-License-Identifier: MIT
// What is asked for: a token for whom, of which profile, with which scope and how much life, and in which format. One request
// goes all the way from the command line, or a tool's message, down to the token endpoint.
#ifndef SK_REQUEST_H
#define SK_REQUEST_H

#include "base/buf.h"
#include "base/options.h"
#include "base/status.h"
#include "model/profile.h"
#include "model/url.h"

#include <stdbool.h>
#include <stdint.h>

#define REQUEST_MAX	    65535 // bytes on standard input
#define REQUEST_MIN_TTL_MAX 86400

#define REQUEST_CHALLENGES_MAX 8

// How a state[] of ours begins.
#define REQUEST_STATE "sk:"

// Why a new token is wanted though the cached one has not expired.
enum renewal {
	RENEWAL_NONE,	      // it is not, but for --fresh
	RENEWAL_REFUSED,      // a server has refused it
	RENEWAL_SAME_PROCESS, // the process that was given it asks again, which may mean that
	RENEWAL_SAME_SERVER,  // another process asks again for the same server, a weaker sign
	RENEWALS
};

// The strings point into argv, into the text that was read, or into the profile.
struct request {
	// For whom. Set url with request_set_url, which parses it once.
	const char *profile;		  // a profile's name; NULL: to be chosen
	const char *usage;		  // how the command is told one, for a message (profile_dir_choose)
	const char *url;		  // NULL: none
	struct url target;		  // url, parsed
	enum status url_status;		  // STATUS_OK, or why no token can be for url; request_check_url says it in words
	const char *scheme, *host, *path; // git's: a URL in parts, from which request_parse makes url
	char joined[URL_MAX + 1];

	// What. NULL is the profile's own until request_resolve fills it in.
	const char *scope, *resource;
	bool keep_scope; // scopes in WWW-Authenticate headers are ignored: the asker is no MCP client

	// How good the token must be.
	int64_t min_ttl;	   // seconds that it must live
	bool long_lived;	   // not one that is about to be renewed: the asker keeps it for a whole connection
	bool fresh;		   // requested after this request began
	enum renewal renewal;	   // the last one may have been refused:
	const char *refused_token; // it is this one; NULL where that is not known, and any that is not of just now is meant

	// What the asker was told by a server: WWW-Authenticate headers, and the token that it had.
	const char *wwwauth[REQUEST_CHALLENGES_MAX];
	size_t wwwauth_count;
	const char *credential;	       // git's password, too
	const char *credential_sha256; // or this of it, in hexadecimal digits, where it must not be shown
	int64_t http_status;	       // with which the server refused that token; 0: not known

	const char *asker; // who has asked the one who asks us (helper/core/share.c), in words, for the trail (core/audit.h)

	// git's
	const char *username; // of the credential that is wanted
	const char *state;    // what we answered last time, when that was refused
	bool takes_bearer;    // it understands authtype
	bool keeps_state;     // and state

	// How it is answered.
	const char *format; // what --format says; NULL for nothing
	bool from_stdin;    // "get -": the rest of the request is to be read
	bool from_person;   // somebody sits at the terminal
	bool prompts;	    // a program may ask there for what the secret is locked with
	bool quiet;	    // the user means to see the token on the terminal
};

// The options of get and of exec, which the front door answers by itself where it can.
extern const struct option request_options[], exec_options[];

// The request for a profile's own scope and resource.
struct request request_of(const struct profile *profile);

// From the words after "get": [NAME|URL|-] and options. STATUS_USAGE.
enum status request_from_args(struct request *request, char **args, struct err *err);

// From a message, which it cuts up in place; what request has already, stays. A URL that is none is no error here. STATUS_USAGE.
enum status request_parse(struct request *request, char *text, size_t len, struct err *err);

void request_set_url(struct request *request, const char *url);

// request->url_status, with the reason. STATUS_OK, too, for a request without a URL.
enum status request_check_url(const struct request *request, struct err *err);

// Fills in the profile's scope and resource where the request has none. STATUS_POLICY when it names a resource that is neither
// the profile's nor one of its URLs.
enum status request_resolve(struct request *request, const struct profile *profile, struct err *err);

#endif
