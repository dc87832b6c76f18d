// SPDX-License-Identifier: MIT
#include "http.h"

#include "url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>

void http_start(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

void http_stop(void)
{
	curl_global_cleanup();
}

void http_response_free(struct http_response *response)
{
	buf_free(&response->body);
}

void http_form_encode(struct buf *b, const char *s)
{
	static const char hex[] = "0123456789ABCDEF";

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
		    c == '_') {
			buf_addc(b, *s);
		} else if (c == ' ') {
			buf_addc(b, '+');
		} else {
			buf_addc(b, '%');
			buf_addc(b, hex[c >> 4]);
			buf_addc(b, hex[c & 15]);
		}
	}
}

static size_t take_body(char *data, size_t one, size_t len, void *context)
{
	struct buf *body = context;

	(void)one;
	buf_add(body, data, len);
	return buf_ok(body) ? len : 0;
}

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
	struct http_response *response = context;
	char date[64];

	(void)one;
	if (len > 17 && !strncasecmp(data, "WWW-Authenticate:", 17))
		take_challenge(response, data + 17, len - 17);
	if (len > 5 && len < sizeof date && !strncasecmp(data, "Date:", 5)) {
		memcpy(date, data + 5, len - 5);
		date[len - 5] = '\0';
		response->date = curl_getdate(date, NULL);
		if (response->date < 0)
			response->date = 0;
	}
	return len;
}

// "0a1b2c3d.0": how OpenSSL names the certificates of a directory that it can look them up in.
static bool is_hashed_name(const char *name)
{
	return strspn(name, "0123456789abcdef") == 8 && name[8] == '.' && name[9] >= '0' && name[9] <= '9';
}

static bool is_hashed_directory(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir)))
		found = is_hashed_name(entry->d_name);
	if (dir)
		closedir(dir);
	return found;
}

// Parsing a bundle of 145 certificates takes 26 ms, looking up the one that is needed in a hashed directory next to nothing,
// and the trust is the same. Where there is no such directory, libcurl's own default.
static void set_certificates(CURL *curl, const char *ca_file)
{
	static const char *const directories[] = { "/etc/ssl/certs", "/etc/pki/tls/certs", "/etc/openssl/certs" };
	struct stat st;

	if (ca_file) {
		bool directory = stat(ca_file, &st) == 0 && S_ISDIR(st.st_mode);

		curl_easy_setopt(curl, CURLOPT_CAINFO, directory ? NULL : ca_file);
		curl_easy_setopt(curl, CURLOPT_CAPATH, directory ? ca_file : NULL);
		return;
	}
	for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++) {
		if (is_hashed_directory(directories[i])) {
			curl_easy_setopt(curl, CURLOPT_CAINFO, NULL);
			curl_easy_setopt(curl, CURLOPT_CAPATH, directories[i]);
			return;
		}
	}
}

static void set_protocols(CURL *curl, bool https)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, https ? "https" : "http");
#else
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS, https ? CURLPROTO_HTTPS : CURLPROTO_HTTP);
#endif
}

// 169.254.0.0/16 and fe80::/10, with what no server has: asked after the name was resolved, so that there is nothing between
// check and use.
static bool is_forbidden(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		uint32_t ip = ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr);

		return ip >> 16 == 0xa9fe || ip >> 24 == 0 || ip >> 28 >= 0xe;
	}
	if (address->sa_family == AF_INET6) {
		const struct in6_addr *ip = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;

		return IN6_IS_ADDR_LINKLOCAL(ip) || IN6_IS_ADDR_UNSPECIFIED(ip) || IN6_IS_ADDR_MULTICAST(ip) ||
		       IN6_IS_ADDR_V4MAPPED(ip);
	}
	return true;
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	bool *refused = context;

	(void)purpose;
	*refused = is_forbidden(&address->addr);
	return *refused ? CURL_SOCKET_BAD : socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
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
	case HTTP_POST_FORM:
		*headers = curl_slist_append(*headers, "Accept: application/json");
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->form->len);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->form->data);
		break;
	case HTTP_POST_JSON:
		*headers = curl_slist_append(*headers, "Accept: application/json, text/event-stream");
		*headers = curl_slist_append(*headers, "Content-Type: application/json");
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->json);
		break;
	}
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *headers);
}

static enum status set_up(CURL *curl, const struct http_request *request, struct http_response *response, struct err *err)
{
	struct url url;
	enum status status = url_parse(&url, request->url, err);

	if (status != STATUS_OK)
		return status;
	if (!url_is_safe(&url))
		return err_set(err, STATUS_POLICY, "'%s' is plain http: only https, or http to this machine itself",
			       request->url);
	curl_easy_setopt(curl, CURLOPT_URL, request->url);
	set_protocols(curl, url.https);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "sk-helper/" SK_VERSION);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &response->body);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, response);
	set_certificates(curl, request->ca_file);
	if (url_is_loopback(&url))
		curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	else if (request->proxy)
		curl_easy_setopt(curl, CURLOPT_PROXY, request->proxy);
	if (request->user) {
		curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(curl, CURLOPT_USERNAME, request->user);
		curl_easy_setopt(curl, CURLOPT_PASSWORD, request->password);
	}
	return STATUS_OK;
}

// What an error of libcurl means for us: whether trying again can help.
static enum status explain(CURLcode code, const char *detail, const struct http_request *request,
			   const struct http_response *response, struct err *err)
{
	const char *text = *detail ? detail : curl_easy_strerror(code);

	switch (code) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
		return err_set(err, STATUS_POLICY, "TLS: %s: nothing was sent; a private CA is named with ca_file=", text);
	case CURLE_SSL_CACERT_BADFILE:
		return err_set(err, STATUS_POLICY, "TLS: the CA certificates cannot be read: '%s'",
			       request->ca_file ? request->ca_file : "the system's");
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

enum status http_send(const struct http_request *request, struct http_response *response, struct err *err)
{
	char detail[CURL_ERROR_SIZE] = "";
	CURL *curl = curl_easy_init();
	struct curl_slist *headers = NULL;
	bool refused = false;
	enum status status;
	CURLcode code;

	if (!curl)
		return err_set(err, STATUS_INTERNAL, "libcurl does not start");
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
	status = set_up(curl, request, response, err);
	if (status == STATUS_OK) {
		set_method(curl, request, &headers);
		if (request->wary) {
			curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
			curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, &refused);
		}
		code = curl_easy_perform(curl);
		if (refused)
			status = err_set(err, STATUS_POLICY, "its address is a link-local one, or none that a server has");
		else if (code == CURLE_OK)
			read_headers(curl, response);
		else
			status = explain(code, detail, request, response, err);
	}
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return status;
}
