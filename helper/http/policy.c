// SPDX-License-Identifier: MIT
#include "http/policy.h"

#include "base/sha256.h"
#include "http/address-rules.h"
#include "http/loopback.h"
#include "http/proxy.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CA_FILE_MAX (4 << 20)

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

// The first that there is; looked for once. NULL for none.
static const char *hashed_directory(void)
{
	static const char *const directories[] = { "/etc/ssl/certs", "/etc/pki/tls/certs", "/etc/openssl/certs" };
	static const char *found;
	static bool looked;

	for (size_t i = 0; !looked && !found && i < sizeof directories / sizeof directories[0]; i++)
		found = is_hashed_directory(directories[i]) ? directories[i] : NULL;
	looked = true;
	return found;
}

// Parsing a bundle of 145 certificates takes 26 ms, looking up the one that is needed in a hashed directory next to nothing,
// and the trust is the same. Where there is no such directory, libcurl's own default.
static void set_certificates(const struct policy *policy, CURL *curl)
{
	struct curl_blob content = { policy->ca.data, policy->ca.len, CURL_BLOB_NOCOPY };
	const char *ca_file = policy->ca_file;
	struct stat st;

	if (policy->ca.len) {
		curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &content);
		curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
		return;
	}
	if (ca_file) {
		bool directory = stat(ca_file, &st) == 0 && S_ISDIR(st.st_mode);

		curl_easy_setopt(curl, CURLOPT_CAINFO, directory ? NULL : ca_file);
		curl_easy_setopt(curl, CURLOPT_CAPATH, directory ? ca_file : NULL);
		return;
	}
	if (hashed_directory()) {
		curl_easy_setopt(curl, CURLOPT_CAINFO, NULL);
		curl_easy_setopt(curl, CURLOPT_CAPATH, hashed_directory());
	}
}

// The file is read once, and what was checked is what is used: whoever can write it could change it in between.
static enum status read_bound_ca_file(struct policy *policy, struct err *err)
{
	char hex[SHA256_HEX_SIZE] = "";
	int fd;

	if (policy->ca.len)
		return STATUS_OK;
	policy->ca = (struct buf)BUF_INIT(CA_FILE_MAX);
	if (!policy->ca_file || !policy->ca_sha256 || !*policy->ca_sha256)
		return STATUS_OK;
	fd = open(policy->ca_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0 && buf_read(&policy->ca, fd))
		sha256_hex(policy->ca.data, policy->ca.len, hex, SHA256_HEX_SIZE - 1);
	if (fd >= 0)
		close(fd);
	if (!strcmp(hex, policy->ca_sha256))
		return STATUS_OK;
	return err_set(err, STATUS_POLICY, "ca_file '%s' was changed meanwhile: nothing was sent", policy->ca_file);
}

void policy_free(struct policy *policy)
{
	buf_free(&policy->ca);
}

static void set_protocols(CURL *curl, bool https)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, https ? "https" : "http");
#else
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS, https ? CURLPROTO_HTTPS : CURLPROTO_HTTP);
#endif
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct policy *policy = context;
	const char *why = NULL;

	(void)purpose;
	// a proxy's address is the user's own choice; the server's is the proxy's to resolve
	if (!policy->proxied && policy->untrusted_url)
		why = address_why_refused(&address->addr, policy->loopback_allowed);
	if (!why)
		return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	(void)snprintf(policy->why_refused, sizeof policy->why_refused, "%s", why);
	return CURL_SOCKET_BAD;
}

static int close_socket(void *context, curl_socket_t fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} local = { .any.sa_family = AF_UNSPEC };
	socklen_t len = sizeof local;

	(void)context;
	if (getsockname(fd, &local.any, &len) == 0)
		loopback_forget(ntohs(local.any.sa_family == AF_INET6 ? local.v6.sin6_port : local.v4.sin_port));
	return close(fd);
}

// Called by libcurl when the connection is there and nothing has been sent yet.
static int before_request(void *context, char *address, char *local_address, int port, int local_port)
{
	struct policy *policy = context;

	(void)local_address;
	// of several connections that were tried, this one is used
	policy->went_to_loopback = !policy->proxied && address_text_is_loopback(address);
	if (policy->target.https || loopback_is_ours(address, (unsigned)port, (unsigned)local_port, policy->why_refused)) {
		policy->why_refused[0] = '\0'; // one of several addresses was good
		policy->request_began = true;
		return CURL_PREREQFUNC_OK;
	}
	return CURL_PREREQFUNC_ABORT;
}

static void set_proxy(struct policy *policy, CURL *curl)
{
	const char *proxy = proxy_for(&policy->target, policy->proxy);

	policy->proxied = proxy != NULL;
	// "": none, whatever the environment says; and no list of libcurl's own
	curl_easy_setopt(curl, CURLOPT_PROXY, proxy ? proxy : "");
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "");
	// a proxy's headers are not the server's
	curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

enum status policy_apply(struct policy *policy, CURL *curl, struct err *err)
{
	enum status status = url_parse(&policy->target, policy->url, err);
	const char *why;

	if (status != STATUS_OK)
		return status;
	if (!url_is_safe(&policy->target))
		return err_set(err, STATUS_POLICY, "'%.*s' is plain http: only https is used, or http to this machine itself",
			       url_shown(policy->url), policy->url);
	why = policy->untrusted_url ? address_why_url_refused(&policy->target, policy->loopback_allowed) : NULL;
	if (why)
		return err_set(err, STATUS_POLICY, "%s", why);
	status = read_bound_ca_file(policy, err);
	if (status != STATUS_OK)
		return status;
	curl_easy_setopt(curl, CURLOPT_URL, policy->url);
	set_protocols(curl, policy->target.https);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "sk-helper/" SK_VERSION);
	set_certificates(policy, curl);
	set_proxy(policy, curl);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, policy);
	curl_easy_setopt(curl, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
	// libcurl 7.80
	curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, before_request);
	curl_easy_setopt(curl, CURLOPT_PREREQDATA, policy);
	return STATUS_OK;
}
