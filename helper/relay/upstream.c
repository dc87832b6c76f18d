// SPDX-License-Identifier: MIT
#include "relay/upstream.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/wire.h"
#include "model/challenge.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CONNECT_TIMEOUT_MS 10000
#define RETRIES_MAX	   3 // of a connection
#define RETRY_PERIOD_MS	   5000
#define REDIRECTS_MAX	   3
#define CONNECTIONS_KEPT   40 // as many as a bridge has at once: making them anew costs more than the rest of a call
#define UPLOAD_BUFFER_SIZE 16384
#define CHALLENGES_MAX	   24576
#define REFUSAL_MAX	   65536 // those and a token
#define COOKIES_MAX	   200
#define SHORT_BODY_MAX	   16384

// --- memory: libcurl has the token in headers and buffers that it frees by itself

static void upstream_memory_free(void *memory)
{
	if (memory)
		explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

static void *upstream_memory_resize(void *memory, size_t size)
{
	size_t old = memory ? malloc_usable_size(memory) : 0;
	void *larger;

	if (memory && size <= old)
		return memory;
	larger = malloc(size);
	if (larger && memory) {
		memcpy(larger, memory, old);
		upstream_memory_free(memory);
	}
	return larger;
}

// --- the upstream

enum status upstream_begin(struct upstream *upstream, const char *profile, const struct policy *policy,
			   const struct upstream *owner, struct err *err)
{
	enum status status;
	CURL *trial;

	*upstream = (struct upstream){ .policy = *policy, .moved_to = BUF_INIT(URL_MAX) };
	upstream->tokens = (struct token_source){ .profile = profile, .token = BUF_INIT(65536) };
	upstream->borrowed = owner != NULL;
	if (!owner)
		curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, upstream_memory_free, upstream_memory_resize, strdup, calloc);
	upstream->multi = owner ? owner->multi : curl_multi_init();
	trial = curl_easy_init();
	if (!upstream->multi || !trial)
		return err_set(err, STATUS_INTERNAL, "libcurl does not start");
	status = policy_apply(&upstream->policy, trial, err);
	curl_easy_cleanup(trial);
	if (status != STATUS_OK)
		return status;
	(void)snprintf(upstream->host, sizeof upstream->host, "%.*s", (int)upstream->policy.target.host_len,
		       upstream->policy.target.host);
	curl_multi_setopt(upstream->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
	upstream->share = curl_share_init();
	curl_share_setopt(upstream->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
	return status;
}

static void upstream_drop_curl(struct upstream *upstream, struct transfer *transfer)
{
	if (transfer->curl) {
		curl_multi_remove_handle(upstream->multi, transfer->curl);
		curl_easy_setopt(transfer->curl, CURLOPT_COOKIEFILE, NULL); // curl_easy_reset of libcurl 7.88 loses its memory
		curl_easy_reset(transfer->curl);
		if (upstream->idle_count < UPSTREAM_IDLE_MAX)
			upstream->idle[upstream->idle_count++] = transfer->curl;
		else
			curl_easy_cleanup(transfer->curl);
	}
	transfer->curl = NULL;
	curl_slist_free_all(transfer->all_headers);
	transfer->all_headers = NULL;
}

static void upstream_unlink(struct upstream *upstream, struct transfer *transfer)
{
	if (transfer->state == TRANSFER_IDLE)
		return;
	if (transfer->previous)
		transfer->previous->next = transfer->next;
	else
		upstream->first = transfer->next;
	if (transfer->next)
		transfer->next->previous = transfer->previous;
	transfer->next = transfer->previous = NULL;
	transfer->state = TRANSFER_IDLE;
}

void upstream_cancel(struct upstream *upstream, struct transfer *transfer)
{
	upstream_drop_curl(upstream, transfer);
	upstream_unlink(upstream, transfer);
	curl_slist_free_all(transfer->headers);
	transfer->headers = NULL;
	buf_free(&transfer->refusal);
	buf_free(&transfer->token);
	free(transfer->target);
	free(transfer->location);
	transfer->target = transfer->location = NULL;
}

void upstream_free(struct upstream *upstream)
{
	while (upstream->first)
		upstream_cancel(upstream, upstream->first);
	while (upstream->idle_count)
		curl_easy_cleanup(upstream->idle[--upstream->idle_count]);
	if (!upstream->borrowed)
		curl_multi_cleanup(upstream->multi);
	curl_share_cleanup(upstream->share);
	if (!upstream->borrowed)
		curl_global_cleanup();
	token_source_free(&upstream->tokens);
	policy_free(&upstream->policy);
	buf_free(&upstream->moved_to);
}

static void transfer_wait_for_token(struct transfer *transfer)
{
	transfer->state = TRANSFER_WAITS_FOR_TOKEN;
	transfer->waits_since = clock_now().boot;
}

void upstream_send(struct upstream *upstream, struct transfer *transfer)
{
	struct transfer *last = upstream->first;

	transfer->upstream = upstream;
	transfer->target = transfer->url ? strdup(transfer->url) : NULL;
	transfer->elsewhere = transfer->url != NULL;
	transfer->first_at = clock_now().boot;
	transfer->refusal = BUF_INIT(REFUSAL_MAX);
	transfer->token = BUF_INIT(65536);
	transfer_wait_for_token(transfer);
	transfer->next = NULL;
	while (last && last->next)
		last = last->next;
	transfer->previous = last;
	if (last)
		last->next = transfer;
	else
		upstream->first = transfer;
}

static void transfer_finish(struct upstream *upstream, struct transfer *transfer, enum transfer_end end, const char *why)
{
	char text[640];

	(void)snprintf(text, sizeof text, "%s", why); // it may be in what is freed now
	transfer_redact(transfer, text);
	upstream_cancel(upstream, transfer);
	if (transfer->on_end)
		transfer->on_end(transfer, end, text);
}

// --- what comes back

static bool transfer_can_begin_again(struct transfer *transfer)
{
	return !transfer->on_body || transfer->on_body_again(transfer);
}

static bool transfer_will_be_repeated(const struct upstream *upstream, struct transfer *transfer)
{
	bool wanted = transfer->status == 401 ?
			      !transfer->renewed && token_source_may_renew(&upstream->tokens, transfer->generation) :
			      transfer->status == 403 && transfer->wants_scope && !transfer->stepped_up;

	return wanted && transfer_can_begin_again(transfer);
}

static void transfer_take_challenge(struct transfer *transfer, const char *value)
{
	struct challenge challenge;

	// one with a control character, or beyond what a question can have, is left out
	if (!text_has_no_control(value, strlen(value)) || transfer->refusal.len + strlen(value) + 16 > CHALLENGES_MAX)
		return;
	wire_put(&transfer->refusal, "wwwauth[]", value);
	if (!challenge_parse(&challenge, value) || strcmp(challenge.error, "insufficient_scope") != 0)
		return;
	transfer->wants_scope = true;
	(void)snprintf(transfer->scope, sizeof transfer->scope, "%.*s", (int)sizeof transfer->scope - 1, challenge.scope);
}

static void transfer_begin_response(struct transfer *transfer, const char *line, size_t len)
{
	const char *space = memchr(line, ' ', len);

	transfer->status = space ? strtol(space, NULL, 10) : 0;
	transfer->provisional = transfer->status >= 100 && transfer->status < 200;
	transfer->wants_scope = false;
	transfer->scope[0] = transfer->content_type[0] = '\0';
	buf_reset(&transfer->refusal);
	free(transfer->location);
	transfer->location = NULL;
	transfer->is_coded = false;
	if (transfer->on_begin)
		transfer->on_begin(transfer);
}

// Only within the origin, and where the profile's URL covers it: elsewhere, the token would be somebody else's.
static bool transfer_may_follow(const struct transfer *transfer)
{
	const char *location = transfer->location;
	struct url url;

	return !transfer->upstream->plain && (transfer->status == 307 || transfer->status == 308) && location &&
	       transfer->redirects < REDIRECTS_MAX && strlen(location) <= URL_MAX &&
	       url_parse(&url, location, NULL) == STATUS_OK && url_covers(&transfer->upstream->policy.target, &url);
}

// As an absolute URL. libcurl has it only when the transfer is over (CURLINFO_REDIRECT_URL).
static void transfer_take_location(struct transfer *transfer, const char *value)
{
	CURLU *parts = curl_url();
	char *text = NULL;

	free(transfer->location);
	transfer->location = NULL;
	if (parts && curl_url_set(parts, CURLUPART_URL, transfer->policy.url, 0) == CURLUE_OK &&
	    curl_url_set(parts, CURLUPART_URL, value, 0) == CURLUE_OK &&
	    curl_url_get(parts, CURLUPART_URL, &text, 0) == CURLUE_OK)
		transfer->location = strdup(text);
	curl_free(text);
	curl_url_cleanup(parts);
}

// A request that cannot be sent again: the next one is sent with another token.
static void transfer_renew_for_next(struct transfer *transfer)
{
	struct token_source *tokens = &transfer->upstream->tokens;
	const struct token_wait wait = { .need = NEED_RENEWAL,
					 .refused_generation = transfer->generation,
					 .since = clock_now().boot };
	BUF_AUTO(lines, REFUSAL_MAX);

	if (tokens->asking || tokens->generation != transfer->generation ||
	    !token_source_may_renew(tokens, transfer->generation))
		return;
	wire_put_number(&lines, "http_status", 401);
	buf_add(&lines, transfer->refusal.data, transfer->refusal.len);
	wire_put(&lines, "credential", tokens->token.data);
	token_source_ask(tokens, &wait, &lines);
}

// The empty line after the headers.
static void transfer_end_headers(struct transfer *transfer)
{
	const char *type = NULL;

	if (transfer->provisional || transfer->is_coded)
		return;
	transfer->responded = true;
	if (curl_easy_getinfo(transfer->curl, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK && type)
		(void)snprintf(transfer->content_type, sizeof transfer->content_type, "%s", type);
	transfer->content_length = -1;
	curl_easy_getinfo(transfer->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &transfer->content_length);
	transfer->moves = transfer_may_follow(transfer);
	transfer->again = transfer->moves || transfer_will_be_repeated(transfer->upstream, transfer);
	if (transfer->status == 401 && !transfer->again && !transfer->renewed)
		transfer_renew_for_next(transfer);
	if (!transfer->again && transfer->on_response)
		transfer->on_response(transfer);
}

static bool transfer_body_is_short(const struct transfer *transfer)
{
	return transfer->content_length >= 0 && transfer->content_length <= SHORT_BODY_MAX;
}

static size_t transfer_take_header(char *data, size_t one, size_t len, void *context)
{
	struct transfer *transfer = context;
	size_t text_len = len;
	char *line, *colon;

	(void)one;
	// trailers are ignored
	if (transfer->responded)
		return len;
	if (len > 5 && !strncmp(data, "HTTP/", 5)) {
		transfer_begin_response(transfer, data, len);
		return len;
	}
	while (text_len && (data[text_len - 1] == '\r' || data[text_len - 1] == '\n'))
		text_len--;
	if (text_len == 0) {
		transfer_end_headers(transfer);
		// libcurl would undo a transfer's compression, to whatever length that is
		if (transfer->is_coded) {
			(void)snprintf(
				transfer->policy.why_refused, sizeof transfer->policy.why_refused,
				"the server sends a compressed transfer (Transfer-Encoding), which nobody has asked for");
			return 0;
		}
		// what a refusal has to say beyond its headers is not waited for, where it may be long
		return transfer->again && !transfer_body_is_short(transfer) ? 0 : len;
	}
	line = strndup(data, text_len);
	colon = line && strlen(line) == text_len ? strchr(line, ':') : NULL;
	if (colon) {
		*colon = '\0';
		colon += 1 + strspn(colon + 1, " \t");
		if (!strcasecmp(line, "www-authenticate"))
			transfer_take_challenge(transfer, colon);
		if (!strcasecmp(line, "location"))
			transfer_take_location(transfer, colon);
		transfer->is_coded =
			transfer->is_coded || (!strcasecmp(line, "transfer-encoding") && strcasecmp(colon, "chunked") != 0);
		transfer->upstream->cookie_count += !strcasecmp(line, "set-cookie");
		if (transfer->on_header)
			transfer->on_header(transfer, line, colon);
	}
	free(line);
	return len;
}

static size_t transfer_take_data(char *data, size_t one, size_t len, void *context)
{
	struct transfer *transfer = context;

	(void)one;
	if (transfer->again || !transfer->on_data)
		return len;
	switch (transfer->on_data(transfer, data, len)) {
	case FLOW_PAUSE:
		transfer->paused = true;
		return CURL_WRITEFUNC_PAUSE;
	case FLOW_STOP:
		return 0;
	default:
		return len;
	}
}

static size_t transfer_give_body(char *data, size_t one, size_t room, void *context)
{
	struct transfer *transfer = context;
	size_t left = transfer->body_len - transfer->body_sent, len = left < one * room ? left : one * room;

	memcpy(data, transfer->body + transfer->body_sent, len);
	transfer->body_sent += len;
	return len;
}

static size_t transfer_give_pieces(char *data, size_t one, size_t room, void *context)
{
	struct transfer *transfer = context;
	size_t len = transfer->on_body(transfer, data, one * room);

	transfer->body_waits = len == BODY_WAIT;
	return len;
}

// libcurl sends a request again by itself when a connection that it had kept ends before an answer. The server may have acted on it.
static int transfer_refuse_rewind(void *context, curl_off_t offset, int origin)
{
	(void)context, (void)offset, (void)origin;
	return CURL_SEEKFUNC_FAIL;
}

// --- sending

bool header_append(struct curl_slist **headers, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*headers, line);

	if (longer)
		*headers = longer;
	return longer != NULL;
}

static bool transfer_set_headers(struct upstream *upstream, struct transfer *transfer)
{
	BUF_AUTO(authorization, 65536 + 64);
	bool ok;

	buf_reset(&transfer->token);
	buf_add(&transfer->token, upstream->tokens.token.data, upstream->tokens.token.len);
	buf_adds(&authorization, "Authorization: Bearer ");
	buf_add(&authorization, upstream->tokens.token.data, upstream->tokens.token.len);
	ok = buf_ok(&authorization) && header_append(&transfer->all_headers, authorization.data) &&
	     header_append(&transfer->all_headers, "Expect:");
	for (struct curl_slist *own = transfer->headers; ok && own; own = own->next)
		ok = header_append(&transfer->all_headers, own->data);
	curl_easy_setopt(transfer->curl, CURLOPT_HTTPHEADER, transfer->all_headers);
	return ok;
}

static void transfer_set_method(struct transfer *transfer)
{
	CURL *curl = transfer->curl;

	if (transfer->on_body) {
		curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, transfer->body_total);
		curl_easy_setopt(curl, CURLOPT_READFUNCTION, transfer_give_pieces);
		curl_easy_setopt(curl, CURLOPT_READDATA, transfer);
		curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, transfer_refuse_rewind);
	} else if (!strcmp(transfer->method, "HEAD")) {
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
		return;
	} else if (transfer->body) {
		curl_easy_setopt(curl, CURLOPT_POST, 1L);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->body_len);
		curl_easy_setopt(curl, CURLOPT_READFUNCTION, transfer_give_body);
		curl_easy_setopt(curl, CURLOPT_READDATA, transfer);
		curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, transfer_refuse_rewind);
	} else {
		curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
	}
	if (transfer->on_body || strcmp(transfer->method, transfer->body ? "POST" : "GET") != 0)
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, transfer->method);
}

// What is behind the '?' is not a part of what was checked, and cannot change it.
static bool transfer_add_query(const struct transfer *transfer)
{
	BUF_AUTO(url, URL_MAX + QUERY_MAX);

	buf_adds(&url, transfer->policy.url);
	buf_adds(&url, transfer->query);
	// libcurl copies it
	return buf_ok(&url) && curl_easy_setopt(transfer->curl, CURLOPT_URL, url.data) == CURLE_OK;
}

static enum status transfer_set_up(struct upstream *upstream, struct transfer *transfer, struct err *err)
{
	// libcurl's streams of HTTP/2 hold up to 32 MB each that nobody has taken yet, and spin while a server takes no body
	bool has_http2 = upstream->policy.target.https && !upstream->plain;
	CURL *curl = transfer->curl;
	enum status status;

	if (transfer->elsewhere && !transfer->target)
		return err_set(err, STATUS_INTERNAL, "no memory");
	transfer->policy = upstream->policy;
	if (transfer->target)
		transfer->policy.url = transfer->target;
	else if (upstream->moved_to.len)
		transfer->policy.url = upstream->moved_to.data;
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->detail);
	curl_easy_setopt(curl, CURLOPT_PRIVATE, transfer);
	status = policy_apply(&transfer->policy, curl, err);
	if (status != STATUS_OK)
		return status;
	if (!url_same_origin(&upstream->policy.target, &transfer->policy.target))
		return err_set(err, STATUS_POLICY, "%s: the URL for this message is at another server: nothing was sent",
			       upstream->host);
	if (transfer->query && !transfer_add_query(transfer))
		return err_set(err, STATUS_INTERNAL, "no memory");
#if LIBCURL_VERSION_NUM >= 0x075700
	curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L); // the end does not wait for a name server
#endif
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)(has_http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
	curl_easy_setopt(curl, CURLOPT_PIPEWAIT, has_http2 ? 1L : 0L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BUFFER_SIZE);
	curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(curl, CURLOPT_TCP_KEEPIDLE, 30L);
	curl_easy_setopt(curl, CURLOPT_TCP_KEEPINTVL, 30L);
	// cookies, in memory: load balancers pin sessions with them
	if (!upstream->plain) {
		curl_easy_setopt(curl, CURLOPT_SHARE, upstream->share);
		curl_easy_setopt(curl, CURLOPT_COOKIEFILE, "");
	}
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, transfer_take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, transfer_take_data);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
	transfer_set_method(transfer);
	return transfer_set_headers(upstream, transfer) ? STATUS_OK : err_set(err, STATUS_INTERNAL, "no memory");
}

static void transfer_start(struct upstream *upstream, struct transfer *transfer)
{
	struct err err = { STATUS_OK, "" };

	transfer->curl = upstream->idle_count ? upstream->idle[--upstream->idle_count] : curl_easy_init();
	transfer->status = 0;
	transfer->body_sent = 0;
	transfer->responded = transfer->again = transfer->moves = transfer->paused = transfer->body_waits = false;
	transfer->detail[0] = '\0';
	transfer->generation = upstream->tokens.generation;
	if (!transfer->curl || transfer_set_up(upstream, transfer, &err) != STATUS_OK ||
	    curl_multi_add_handle(upstream->multi, transfer->curl) != CURLM_OK) {
		transfer_finish(upstream, transfer, END_NOT_SENT,
				*err.text ? err.text : "no request could be made: is there no memory?");
		return;
	}
	transfer->state = TRANSFER_RUNS;
	transfer->sent_at = clock_now().boot;
}

// --- how a transfer ended

// The server has refused the token: another one is wanted.
static void transfer_wait_for_new_token(struct transfer *transfer)
{
	BUF_AUTO(lines, REFUSAL_MAX);

	wire_put_number(&lines, "http_status", transfer->status);
	buf_add(&lines, transfer->refusal.data, transfer->refusal.len);
	buf_reset(&transfer->refusal);
	buf_add(&transfer->refusal, lines.data, lines.len);
	transfer->renewed = transfer->renewed || transfer->status == 401;
	transfer->stepped_up = transfer->stepped_up || transfer->status == 403;
	transfer_wait_for_token(transfer);
}

static bool is_before_sending(CURLcode code, CURL *curl)
{
	long sent = 0;

	curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &sent);
	return sent == 0 && code != CURLE_ABORTED_BY_CALLBACK && code != CURLE_PEER_FAILED_VERIFICATION &&
	       code != CURLE_URL_MALFORMAT && code != CURLE_UNSUPPORTED_PROTOCOL && code != CURLE_SSL_CACERT_BADFILE;
}

static void transfer_explain(const struct upstream *upstream, struct transfer *transfer, CURLcode code, char *why, size_t size)
{
	const char *text = *transfer->policy.why_refused  ? transfer->policy.why_refused :
			   code == CURLE_SEND_FAIL_REWIND ? "the connection ended before an answer came" :
			   *transfer->detail		  ? transfer->detail :
							    curl_easy_strerror(code);

	(void)snprintf(why, size, "%s: %.300s", upstream->host, text);
	text_sanitize(why);
}

static void transfer_end_failed(struct upstream *upstream, struct transfer *transfer, CURLcode code)
{
	bool unsent = is_before_sending(code, transfer->curl);
	char why[640];

	transfer_explain(upstream, transfer, code, why, sizeof why);
	if (unsent && transfer->retries < RETRIES_MAX && !*transfer->policy.why_refused &&
	    clock_now().boot - transfer->first_at < RETRY_PERIOD_MS && transfer_can_begin_again(transfer)) {
		// 0.2, 0.4, 0.8 seconds: an agent waits for some seconds for the first answer
		transfer->retry_at = clock_now().boot + (200 << transfer->retries);
		transfer->retries++;
		upstream_drop_curl(upstream, transfer);
		transfer->state = TRANSFER_WAITS_TO_RETRY;
		return;
	}
	// a connection that was kept has ended while it was idle, most probably
	if (!unsent && !transfer->responded && transfer->repeatable && transfer->retries < RETRIES_MAX &&
	    !*transfer->policy.why_refused) {
		transfer->retries = RETRIES_MAX;
		upstream_drop_curl(upstream, transfer);
		transfer_wait_for_token(transfer);
		return;
	}
	transfer_finish(upstream, transfer,
			transfer->responded			? END_CUT_OFF :
			transfer->is_coded			? END_LOST :
			unsent || *transfer->policy.why_refused ? END_NOT_SENT :
								  END_LOST,
			why);
}

static void transfer_follow_redirect(struct upstream *upstream, struct transfer *transfer)
{
	free(transfer->target);
	transfer->target = transfer->location;
	transfer->location = NULL;
	transfer->redirects++;
	if (transfer->status == 308 && !transfer->elsewhere) {
		buf_reset(&upstream->moved_to);
		buf_adds(&upstream->moved_to, transfer->target);
	}
	upstream_drop_curl(upstream, transfer);
	transfer_wait_for_token(transfer);
}

// A server can set ever new ones.
static void upstream_limit_cookies(struct upstream *upstream, CURL *curl)
{
	if (upstream->cookie_count <= COOKIES_MAX)
		return;
	upstream->cookie_count = 0;
	curl_easy_setopt(curl, CURLOPT_COOKIELIST, "ALL"); // to be removed
}

static void transfer_end(struct upstream *upstream, struct transfer *transfer, CURLcode code)
{
	upstream_limit_cookies(upstream, transfer->curl);
	if (transfer->moves) {
		transfer_follow_redirect(upstream, transfer);
	} else if (transfer->again) {
		upstream_drop_curl(upstream, transfer);
		transfer_wait_for_new_token(transfer);
	} else if (code == CURLE_OK) {
		transfer_finish(upstream, transfer, END_RESPONSE, "");
	} else if (code == CURLE_WRITE_ERROR && transfer->responded) {
		transfer_finish(upstream, transfer, END_STOPPED, "");
	} else {
		transfer_end_failed(upstream, transfer, code);
	}
}

// --- the loop's part

static void transfer_use_token(struct upstream *upstream, struct transfer *transfer)
{
	struct token_source *tokens = &upstream->tokens;
	bool refused = transfer->refusal.len > 0;
	const struct token_wait wait = {
		.need = !refused		? NEED_TOKEN :
			transfer->status == 403 ? NEED_SCOPE :
						  NEED_RENEWAL,
		.refused_generation = transfer->generation,
		.since = transfer->waits_since,
		.who = transfer,
	};

	switch (token_source_state(tokens, &wait)) {
	case TOKEN_READY:
		buf_reset(&transfer->refusal);
		transfer_start(upstream, transfer);
		break;
	case TOKEN_WANTED:
		if (refused)
			wire_put(&transfer->refusal, "credential", tokens->token.data);
		token_source_ask(tokens, &wait, refused ? &transfer->refusal : NULL);
		break;
	case TOKEN_FAILED:
		transfer_finish(upstream, transfer, END_NO_TOKEN, tokens->why);
		break;
	case TOKEN_AWAITED:
		break;
	}
}

void upstream_step(struct upstream *upstream)
{
	struct transfer *transfer, *next;
	CURLMsg *message;
	int left;

	for (transfer = upstream->first; transfer; transfer = next) {
		next = transfer->next;
		if (transfer->state == TRANSFER_WAITS_TO_RETRY && transfer->retry_at <= clock_now().boot)
			transfer_wait_for_token(transfer);
		if (transfer->state == TRANSFER_WAITS_FOR_TOKEN)
			transfer_use_token(upstream, transfer);
	}
	if (upstream->borrowed)
		return;
	curl_multi_perform(upstream->multi, &left);
	while ((message = curl_multi_info_read(upstream->multi, &left))) {
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
		transfer_end(transfer->upstream, transfer, message->data.result);
	}
}

int upstream_timeout(const struct upstream *upstream)
{
	int64_t now = clock_now().boot, soonest = -1;

	for (const struct transfer *transfer = upstream->first; transfer; transfer = transfer->next) {
		int64_t wait = transfer->retry_at > now ? transfer->retry_at - now : 0;

		if (transfer->state == TRANSFER_WAITS_FOR_TOKEN && !upstream->tokens.asking)
			return 0;
		if (transfer->state == TRANSFER_WAITS_TO_RETRY && (soonest < 0 || wait < soonest))
			soonest = wait;
	}
	return (int)soonest;
}

void upstream_resume(struct upstream *upstream)
{
	for (struct transfer *transfer = upstream->first; transfer; transfer = transfer->next) {
		if (transfer->paused)
			transfer_continue_response(transfer);
	}
}

// Both directions are paused apart: the one that goes on must not take the other with it.
static void transfer_set_pauses(struct transfer *transfer)
{
	if (transfer->curl)
		curl_easy_pause(transfer->curl, (transfer->paused ? CURLPAUSE_RECV : CURLPAUSE_RECV_CONT) |
							(transfer->body_waits ? CURLPAUSE_SEND : CURLPAUSE_SEND_CONT));
}

void transfer_continue_response(struct transfer *transfer)
{
	if (!transfer->paused)
		return;
	transfer->paused = false;
	transfer_set_pauses(transfer);
}

void transfer_continue_body(struct transfer *transfer)
{
	if (!transfer->body_waits)
		return;
	transfer->body_waits = false;
	transfer_set_pauses(transfer);
}

static void redact(const struct buf *token, char *text, size_t len)
{
	char *at = text;

	while (token->len && (at = memmem(at, len - (size_t)(at - text), token->data, token->len))) {
		memset(at, '?', token->len);
		at += token->len;
	}
}

void upstream_redact(const struct upstream *upstream, struct buf *text)
{
	redact(&upstream->tokens.token, text->data, text->len);
}

void transfer_redact(const struct transfer *transfer, char *text)
{
	redact(&transfer->token, text, strlen(text));
	redact(&transfer->upstream->tokens.token, text, strlen(text));
}

void upstream_shrink(struct upstream *upstream)
{
	while (upstream->idle_count)
		curl_easy_cleanup(upstream->idle[--upstream->idle_count]);
	malloc_trim(0);
}

void upstream_take_answer(struct upstream *upstream, const struct core_answer *answer)
{
	token_source_take(&upstream->tokens, answer);
}
