// SPDX-License-Identifier: MIT
#include "oauth/http.h"

#include "model/url.h"

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

void http_add_parameter(struct buf *form, const char *name, const char *value)
{
	if (!value)
		return;
	if (form->len)
		buf_addc(form, '&');
	buf_adds(form, name);
	buf_addc(form, '=');
	http_form_encode(form, value);
}

static size_t take_body(char *data, size_t one, size_t len, void *context)
{
	struct buf *body = context;

	(void)one;
	buf_add(body, data, len);
	return buf_ok(body) ? len : 0;
}

// What must not be connected to; and why it was tried, NULL where it was not.
struct walls {
	bool no_loopback;
	const char *refused;
};

// A request on its way.
struct transfer {
	const struct http_request *request;
	struct http_response *response;
	struct walls walls;
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

// 169.254.0.0/16, fe80::/10 and fd00:ec2::254, with what no server has: asked after the name was resolved, so that there is
// nothing between check and use.
static bool is_forbidden(const struct sockaddr *address)
{
	// Amazon's, the one metadata service over IPv6 that is not at a link-local address
	static const unsigned char amazon[16] = { 0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54 };

	if (address->sa_family == AF_INET) {
		uint32_t ip = ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr);

		return ip >> 16 == 0xa9fe || ip >> 24 == 0 || ip >> 28 >= 0xe;
	}
	if (address->sa_family == AF_INET6) {
		const struct in6_addr *ip = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;

		return IN6_IS_ADDR_LINKLOCAL(ip) || IN6_IS_ADDR_UNSPECIFIED(ip) || IN6_IS_ADDR_MULTICAST(ip) ||
		       IN6_IS_ADDR_V4MAPPED(ip) || !memcmp(ip, amazon, sizeof amazon);
	}
	return true;
}

static bool is_this_machine(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 == 127;
	return address->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

// "127.0.0.1", "[::1]"
static bool read_address(const struct url *url, struct sockaddr_storage *address)
{
	struct sockaddr_in *v4 = (void *)address;
	struct sockaddr_in6 *v6 = (void *)address;
	char host[INET6_ADDRSTRLEN];
	bool bracketed = *url->host == '[';
	size_t len = url->host_len - (bracketed ? 2 : 0);

	memset(address, 0, sizeof *address);
	if (len >= sizeof host)
		return false;
	memcpy(host, url->host + bracketed, len);
	host[len] = '\0';
	address->ss_family = bracketed ? AF_INET6 : AF_INET;
	return bracketed ? inet_pton(AF_INET6, host, &v6->sin6_addr) == 1 : inet_pton(AF_INET, host, &v4->sin_addr) == 1;
}

static const char *why_not_to(const struct walls *walls, const struct sockaddr *address)
{
	if (is_forbidden(address))
		return "its address is a link-local one, or none that a server has";
	return walls->no_loopback && is_this_machine(address) ? "its address is this machine's, and who names it is elsewhere" :
								NULL;
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct walls *walls = context;
	const char *why = why_not_to(walls, &address->addr);

	(void)purpose;
	if (!why)
		return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	walls->refused = why;
	return CURL_SOCKET_BAD;
}

// A proxy is not asked for what would not be done without one. The address that a connection is made to is the proxy's then,
// which may be this machine's.
static enum status check_address(const struct http_request *request, const struct url *url, struct walls *walls,
				 struct err *err)
{
	static const char *const variables[] = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" };
	struct sockaddr_storage address;
	const char *why;

	walls->no_loopback = request->no_loopback;
	why = read_address(url, &address) ? why_not_to(walls, (struct sockaddr *)&address) : NULL;
	if (why)
		return err_set(err, STATUS_POLICY, "%s", why);
	if (request->proxy)
		walls->no_loopback = false;
	for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
		if (getenv(variables[i]) && *getenv(variables[i]))
			walls->no_loopback = false;
	}
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
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer->response->body);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
	// a proxy's are not the server's
	curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
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
	if (request->certificate)
		status = set_client_certificate(curl, request, err);
	if (status != STATUS_OK)
		return status;
	if (!request->wary)
		return STATUS_OK;
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, &transfer->walls);
	return check_address(request, &url, &transfer->walls, err);
}

// What an error of libcurl means for us: whether trying again can help.
static enum status explain(CURLcode code, const char *detail, const struct http_request *request,
			   const struct http_response *response, struct err *err)
{
	const char *text = *detail ? detail : curl_easy_strerror(code);

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
		return err_set(err, STATUS_POLICY, "TLS: certificate '%s' cannot be used: is it there, and the private key's?",
			       request->certificate ? request->certificate : "");
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_RECV_ERROR: // where TLS 1.3 has the server's opinion of it
		if (request->certificate && strstr(text, "alert"))
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
	if (status == STATUS_OK) {
		set_method(curl, request, &headers);
		code = curl_easy_perform(curl);
		// one of several addresses may have been good
		if (transfer.walls.refused && code == CURLE_COULDNT_CONNECT)
			status = err_set(err, STATUS_POLICY, "%s", transfer.walls.refused);
		else if (code == CURLE_OK || transfer.seen_all)
			read_headers(curl, response);
		else
			status = explain(code, detail, request, response, err);
	}
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return status;
}
