// SPDX-License-Identifier: MIT
// Carries HTTP requests to the URL of one profile, with its token: which is renewed when a server refuses it, and widened when a server
// wants more scope. What is sent where is decided here, for the bridge and the proxy alike: to no other origin, and never twice
// where a server may have acted on it already.
#ifndef SK_UPSTREAM_H
#define SK_UPSTREAM_H

#include "base/buf.h"
#include "http/policy.h"
#include "model/url.h"
#include "relay/token-source.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#define UPSTREAM_IDLE_MAX 32
#define QUERY_MAX	  16384

struct transfer;

struct upstream {
	CURLM *multi;
	bool borrowed; // the multi is another upstream's, which performs for both
	bool plain; // for requests of others: redirects and cookies are theirs to see, and nothing is remembered of one for the next
	CURLSH *share; // for cookies
	unsigned cookie_count;
	struct token_source tokens;
	struct policy policy; // what all transfers have in common
	char host[256];	      // for messages
	struct transfer *first;
	struct buf moved_to; // where a permanent redirect leads; "" for none
	CURL *idle[UPSTREAM_IDLE_MAX];
	size_t idle_count;
};

// How it ended.
enum transfer_end {
	END_RESPONSE, // with a whole response
	END_CUT_OFF,  // in the middle of a response
	END_LOST,     // without a response: the server may have acted on it
	END_NOT_SENT, // nothing was sent
	END_NO_TOKEN, // nothing was sent, or it was refused: there is no (new) token
	END_STOPPED,  // on_data said so
};

// What on_body returns besides a number of bytes; 0: the body has ended.
#define BODY_WAIT CURL_READFUNC_PAUSE // there is no more yet: transfer_continue_body says when
#define BODY_STOP CURL_READFUNC_ABORT

enum transfer_flow { FLOW_GO_ON, FLOW_PAUSE /* nothing of this piece was taken */, FLOW_STOP };

// A request on its way. It must live until on_end, or until it is cancelled.
struct transfer {
	// What is sent; the strings must live as long.
	const char *method;
	const char *url;	    // NULL: the upstream's own; it must be of the same origin
	const char *query;	    // behind url, from its '?' on; NULL for none
	struct curl_slist *headers; // besides Authorization; freed by the upstream
	const char *body;	    // NULL for none
	size_t body_len;
	// Or a body that comes in pieces, which are copied to data. body_total: -1 where it is not known.
	size_t (*on_body)(struct transfer *transfer, char *data, size_t room);
	bool (*on_body_again)(struct transfer *transfer); // it is wanted from its beginning; false: that is gone
	curl_off_t body_total;
	bool repeatable; // it can be sent again although the server may have acted on it
	// What is called, from upstream_step, and on_data from transfer_continue_response, too; any may be NULL. They may start transfers, and cancel none.
	void (*on_begin)(struct transfer *transfer); // of a response, whose headers come next: also one that is not the last
	void (*on_header)(struct transfer *transfer, const char *name, const char *value);
	void (*on_response)(struct transfer *transfer); // status and content_type are known
	enum transfer_flow (*on_data)(struct transfer *transfer, const char *data, size_t len);
	void (*on_end)(struct transfer *transfer, enum transfer_end end, const char *why);
	void *owner;
	// What is known of the response.
	long status; // 0: none yet
	char content_type[128];
	curl_off_t content_length; // -1 where it is not known
	bool wants_scope;	   // a 403 with insufficient_scope
	char scope[256];	   // which scope, "" where that was not said
	int64_t sent_at;	   // CLOCK_BOOTTIME in ms; 0: not yet
	bool paused, body_waits;
	// The upstream's own.
	enum {
		TRANSFER_IDLE,
		TRANSFER_WAITS_FOR_TOKEN,
		TRANSFER_WAITS_TO_RETRY,
		TRANSFER_RUNS,
	} state;
	struct upstream *upstream;
	CURL *curl;
	struct policy policy;
	struct curl_slist *all_headers;
	struct buf refusal; // what the server said of the token, as lines of a question
	struct buf token;   // that was sent
	char *location;	    // where the response redirects to; NULL for none
	char *target;	    // url, or where a redirect that was followed leads; NULL: the upstream's own
	size_t body_sent;
	unsigned generation; // of the token that was sent
	bool renewed, stepped_up, provisional, responded;
	bool is_coded;	// the response is compressed for the transfer
	bool elsewhere; // it is not sent to the upstream's own URL
	bool again;	// it will be sent once more: this response is not the owner's
	bool moves;	// and that to where a redirect leads
	unsigned retries, redirects;
	int64_t first_at, waits_since, retry_at;
	char detail[CURL_ERROR_SIZE];
	struct transfer *next, *previous;
};

// Prepares; policy has url, ca_file, ca_sha256 and proxy set, and is then the upstream's. STATUS_POLICY or USAGE for what must not be
// asked. Before the sandbox is entered.
// owner: an upstream whose connections and loop this one shares; NULL for none. The owner is stepped last, and freed last.
enum status upstream_begin(struct upstream *upstream, const char *profile, const struct policy *policy,
			   const struct upstream *owner, struct err *err);
void upstream_free(struct upstream *upstream);

// Adds "name: value", in libcurl's form (CURLOPT_HTTPHEADER(3)), to a list that may be NULL. False, and the list is as it was, where
// there is no memory.
bool header_append(struct curl_slist **headers, const char *line);

// Starts a transfer, as soon as there is a token. Nothing is called before the next upstream_step.
void upstream_send(struct upstream *upstream, struct transfer *transfer);

// There is more of its body.
void transfer_continue_body(struct transfer *transfer);

// The owner takes data again, of which it has refused some (FLOW_PAUSE).
void transfer_continue_response(struct transfer *transfer);

// Ends one without calling on_end. Also for one that is idle.
void upstream_cancel(struct upstream *upstream, struct transfer *transfer);

// Does what can be done now without waiting. Then upstream_timeout says in how many milliseconds there is more to do at the latest;
// -1: when curl_multi_poll says so.
void upstream_step(struct upstream *upstream);
int upstream_timeout(const struct upstream *upstream);

// Lets those that were paused go on.
void upstream_resume(struct upstream *upstream);

// Gives memory back, after many transfers at once.
void upstream_shrink(struct upstream *upstream);

// Replaces the token in text by question marks: the upstream's, and for a transfer also the one that it was sent with.
void upstream_redact(const struct upstream *upstream, struct buf *text);
void transfer_redact(const struct transfer *transfer, char *text);

// sk-core's answer to a question for a token.
void upstream_take_answer(struct upstream *upstream, const struct core_answer *answer);

#endif
