// SPDX-License-Identifier: MIT
#include "oauth/http.h"

#include "base/text.h"
#include "base/wire.h"
#include "http/policy.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void http_start(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

void http_response_free(struct http_response *response)
{
	buf_free(&response->body);
}

static size_t take_body(char *data, size_t one, size_t len, void *context)
{
	struct buf *body = context;

	(void)one;
	buf_add(body, data, len);
	return buf_ok(body) ? len : 0;
}

// A request on its way.
struct transfer {
	const struct http_request *request;
	struct http_response *response;
	struct policy policy;
	bool provisional; // the headers that come are of an answer before the last one (100)
	bool seen_all;	  // of what was to be waited for
};

// Several headers are a list in several parts (RFC 9110 section 5.3). What does not fit is left out whole.
static void take_challenge(struct http_response *response, const char *value, size_t len)
{
	size_t used = strlen(response->wwwauth);

	while (len && (value[len - 1] == '\r' || value[len - 1] == '\n'))
		len--;
	if (len && !memchr(value, '\0', len) && used + len + 3 <= sizeof response->wwwauth)
		(void)snprintf(response->wwwauth + used, sizeof response->wwwauth - used, "%s%.*s", used ? ", " : "", (int)len,
			       value);
}

static size_t take_header(char *data, size_t one, size_t len, void *context)
{
	struct transfer *transfer = context;
	struct http_response *response = transfer->response;
	char date[64];

	(void)one;
	if (len > 9 && !strncmp(data, "HTTP/", 5)) {
		transfer->provisional = data[9] == '1';
		response->wwwauth[0] = '\0';
		response->date = 0;
	}
	if (len > 17 && !strncasecmp(data, "WWW-Authenticate:", 17))
		take_challenge(response, data + 17, len - 17);
	if (len > 5 && len < sizeof date && !strncasecmp(data, "Date:", 5)) {
		memcpy(date, data + 5, len - 5);
		date[len - 5] = '\0';
		response->date = curl_getdate(date, NULL);
		if (response->date < 0)
			response->date = 0;
	}
	// the empty line after them
	transfer->seen_all = transfer->request->headers_only && !transfer->provisional && len == 2;
	return transfer->seen_all ? 0 : len;
}

// A credential that is not a line of its own would be two headers.
static enum status add_bearer(const struct http_request *request, struct curl_slist **headers, struct err *err)
{
	BUF_AUTO(line, 16384);

	if (!request->bearer)
		return STATUS_OK;
	buf_adds(&line, "Authorization: bearer ");
	buf_adds(&line, request->bearer);
	if (!buf_ok(&line) || !text_is_graphic(request->bearer))
		return err_set(err, STATUS_POLICY, "the credential for it is not one line of printable ASCII");
	*headers = curl_slist_append(*headers, line.data);
	return STATUS_OK;
}

static void set_method(CURL *curl, const struct http_request *request, struct curl_slist **headers)
{
	switch (request->method) {
	case HTTP_HEAD:
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
		break;
	case HTTP_GET:
		*headers = curl_slist_append(*headers, "Accept: application/json");
		curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
		break;
	case HTTP_POST:
		*headers = curl_slist_append(*headers, "Accept: application/json");
		if (request->body->is_json)
			*headers = curl_slist_append(*headers, "Content-Type: application/json");
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body->text.len);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body->text.data);
		break;
	case HTTP_POST_MCP:
		*headers = curl_slist_append(*headers, "Accept: application/json, text/event-stream");
		*headers = curl_slist_append(*headers, "Content-Type: application/json");
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->message);
		break;
	}
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *headers);
}

static enum status set_client_certificate(CURL *curl, const struct http_request *request, struct err *err)
{
	// not copied: the caller's buf outlives the transfer
	struct curl_blob key = { request->key->data, request->key->len, CURL_BLOB_NOCOPY };

	curl_easy_setopt(curl, CURLOPT_SSLCERT, request->certificate);
	curl_easy_setopt(curl, CURLOPT_SSLCERTTYPE, "PEM");
	curl_easy_setopt(curl, CURLOPT_SSLKEYTYPE, "PEM");
	if (curl_easy_setopt(curl, CURLOPT_SSLKEY_BLOB, &key) != CURLE_OK)
		return err_set(err, STATUS_INTERNAL, "this libcurl takes no key from memory");
	return STATUS_OK;
}

static enum status set_up(CURL *curl, struct transfer *transfer, struct err *err)
{
	const struct http_request *request = transfer->request;
	enum status status;

	transfer->policy = (struct policy){ .url = request->url,
					    .ca_file = request->ca_file,
					    .ca_sha256 = request->ca_file_sha256,
					    .proxy = request->proxy,
					    .untrusted_url = request->untrusted_url,
					    .loopback_allowed = request->loopback_allowed };
	status = policy_apply(&transfer->policy, curl, err);
	if (status != STATUS_OK)
		return status;
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer->response->body);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
	if (request->user) {
		curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(curl, CURLOPT_USERNAME, request->user);
		curl_easy_setopt(curl, CURLOPT_PASSWORD, request->password);
	}
	return request->certificate ? set_client_certificate(curl, request, err) : STATUS_OK;
}

// What an error of libcurl means for us: whether trying again can help.
static enum status http_explain(CURL *curl, CURLcode code, const char *detail, const struct http_request *request,
				const struct http_response *response, struct err *err)
{
	const char *text = *detail ? detail : curl_easy_strerror(code);
	long os_error = 0;

	switch (code) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
		return err_set(err, STATUS_POLICY,
			       "TLS: %s: nothing was sent; a private CA is named with --ca-file (ca_file= in the profile)",
			       text);
	case CURLE_SSL_CACERT_BADFILE:
		return err_set(err, STATUS_POLICY, "TLS: the CA certificates cannot be read: '%s'",
			       request->ca_file ? request->ca_file : "the system's");
	case CURLE_SSL_CERTPROBLEM:
		return err_set(
			err, STATUS_POLICY,
			"TLS: certificate '%s' cannot be used: does the file exist, and does it belong to the private key?",
			request->certificate ? request->certificate : "");
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_RECV_ERROR: // where TLS 1.3 has the server's opinion of it
		// without an error of the system's it is the TLS library's: an alert of the server's
		curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &os_error);
		if (request->certificate && os_error == 0)
			return err_set(err, STATUS_REFUSED, "TLS: the server does not take certificate '%s': %s",
				       request->certificate, text);
		break;
	case CURLE_WRITE_ERROR:
		if (!buf_ok(&response->body))
			return err_set(err, STATUS_POLICY, "the answer is larger than %d bytes", HTTP_BODY_MAX);
		break;
	case CURLE_OPERATION_TIMEDOUT:
		return err_set(err, STATUS_TEMPORARY, "no answer in time (%s)", text);
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return err_set(err, code == CURLE_COULDNT_RESOLVE_PROXY ? STATUS_TEMPORARY : STATUS_POLICY, "%s", text);
	default:
		break;
	}
	return err_set(err, STATUS_TEMPORARY, "%s", text);
}

static void read_headers(CURL *curl, struct http_response *response)
{
	curl_off_t retry_after = 0;
	const char *text = NULL;

	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &response->code);
	if (curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &text) == CURLE_OK && text)
		(void)snprintf(response->content_type, sizeof response->content_type, "%s", text);
	if (curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after) == CURLE_OK && retry_after > 0)
		response->retry_after = retry_after < 86400 ? retry_after : 86400;
	if (curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &text) == CURLE_OK && text &&
	    strlen(text) < sizeof response->redirect)
		(void)snprintf(response->redirect, sizeof response->redirect, "%s", text);
	if (curl_easy_getinfo(curl, CURLINFO_PRIMARY_IP, &text) == CURLE_OK && text)
		(void)snprintf(response->address, sizeof response->address, "%s", text);
}

// One of them may be a credential.
static void http_wipe_headers(struct curl_slist *headers)
{
	for (; headers; headers = headers->next)
		explicit_bzero(headers->data, strlen(headers->data));
}

enum status http_send(const struct http_request *request, struct http_response *response, struct err *err)
{
	char detail[CURL_ERROR_SIZE] = "";
	CURL *curl = curl_easy_init();
	struct curl_slist *headers = NULL;
	struct transfer transfer = { .request = request, .response = response };
	enum status status;
	CURLcode code;

	if (!curl)
		return err_set(err, STATUS_INTERNAL, "libcurl does not start");
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
	status = set_up(curl, &transfer, err);
	if (status == STATUS_OK)
		status = add_bearer(request, &headers, err);
	if (status == STATUS_OK) {
		set_method(curl, request, &headers);
		code = curl_easy_perform(curl);
		response->was_sent = transfer.policy.request_began;
		response->from_loopback = transfer.policy.went_to_loopback;
		if (code != CURLE_OK && !transfer.seen_all && *transfer.policy.why_refused)
			status = err_set(err, STATUS_POLICY, "%s", transfer.policy.why_refused);
		else if (code == CURLE_OK || transfer.seen_all)
			read_headers(curl, response);
		else
			status = http_explain(curl, code, detail, request, response, err);
	}
	http_wipe_headers(headers);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	policy_free(&transfer.policy);
	return status;
}

enum status http_libraries(const struct oauth_request *request, struct buf *answer, struct oauth_failure *failure,
			   struct err *err)
{
	const curl_version_info_data *data = curl_version_info(CURLVERSION_NOW);
	char text[128];

	(void)request, (void)failure, (void)err;
	wire_put(answer, "status", "ok");
	(void)snprintf(text, sizeof text, "libcurl %s with %s", data->version,
		       data->ssl_version ? data->ssl_version : "no TLS");
	wire_put(answer, "libraries", text);
	return STATUS_OK;
}
