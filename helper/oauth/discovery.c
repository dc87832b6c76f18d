// SPDX-License-Identifier: MIT
#include "oauth/discovery.h"

#include "base/clock.h"
#include "base/json-read.h"
#include "base/text.h"
#include "base/wire.h"
#include "model/challenge.h"
#include "model/url.h"
#include "oauth/http.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define REDIRECTS_MAX 3
#define ISSUERS_SHOWN 8

struct discovery {
	const struct oauth_request *request;
	int64_t end;	       // of the time for all of it
	bool loopback_allowed; // the resource server, or the issuer that the user named, is on this machine
	char issuer[URL_MAX + 1];
	char resource[URL_MAX + 1];
	char scope[CHALLENGE_SCOPE_MAX + 1];
};

// A URL that a server named. Only a server on this machine may name another on this machine, or plain http.
static enum status check_named_url(struct url *url, const char *text, const char *named_by, const char *what, struct err *err)
{
	struct url by;

	if (url_parse(url, text, NULL) != STATUS_OK)
		return err_set(err, STATUS_POLICY, "%s: it is not a URL that can be used", what);
	if (!url_is_safe(url))
		return err_set(err, STATUS_POLICY, "%s: '%.*s' is plain http", what, url_shown(text), text);
	if (url_may_be_loopback(url) && (url_parse(&by, named_by, NULL) != STATUS_OK || !url_is_loopback(&by)))
		return err_set(err, STATUS_POLICY, "%s: '%.*s' is on this machine, but the server that names it is not", what,
			       url_shown(text), text);
	return STATUS_OK;
}

static enum status discovery_send(const struct discovery *discovery, struct http_request *http, struct http_response *response,
				  struct err *err)
{
	int64_t left = discovery->end - clock_now().boot;

	if (left <= 0)
		return err_set(err, STATUS_TEMPORARY, "no answer in time");
	http->ca_file = discovery->request->ca_file;
	http->proxy = discovery->request->proxy;
	http->timeout_ms = left;
	http->untrusted_url = true;
	http->loopback_allowed = discovery->loopback_allowed;
	return http_send(http, response, err);
}

// Gets a JSON object. A redirect is followed within the origin alone. STATUS_NOT_FOUND: the server says that it is not there.
static enum status get_json(const struct discovery *discovery, const char *address, cJSON **json, struct err *err)
{
	char at[URL_MAX + 1];
	struct url from, to;

	if (strlen(address) > URL_MAX)
		return err_set(err, STATUS_POLICY, "the URL is longer than %d bytes", URL_MAX);
	(void)snprintf(at, sizeof at, "%s", address);
	for (int hop = 0; hop <= REDIRECTS_MAX; hop++) {
		__attribute__((cleanup(http_response_free))) struct http_response response = HTTP_RESPONSE_INIT;
		struct http_request http = { .url = at, .method = HTTP_GET };
		enum status status = discovery_send(discovery, &http, &response, err);

		if (status != STATUS_OK)
			return status;
		if (response.code >= 300 && response.code < 400) {
			if (url_parse(&from, at, NULL) != STATUS_OK || url_parse(&to, response.redirect, NULL) != STATUS_OK ||
			    !url_same_origin(&from, &to))
				return err_set(err, STATUS_POLICY, "a redirect to another server, which is not followed");
			(void)snprintf(at, sizeof at, "%s", response.redirect);
			continue;
		}
		if (response.code == 429 || response.code >= 500)
			return err_set(err, STATUS_TEMPORARY, "HTTP %ld", response.code);
		if (response.code != 200)
			return err_set(err, STATUS_NOT_FOUND, "HTTP %ld", response.code);
		if (strncasecmp(response.content_type, "application/json", 16) != 0)
			return err_set(err, STATUS_POLICY, "the answer is not JSON, by its content type");
		*json = json_object(&response.body);
		return *json ? STATUS_OK : err_set(err, STATUS_POLICY, "the answer is not a JSON object");
	}
	return err_set(err, STATUS_POLICY, "more than %d redirects", REDIRECTS_MAX);
}

// Gets the first of the addresses that is there; STATUS_NOT_FOUND for none.
static enum status get_first(const struct discovery *discovery, char (*addresses)[URL_MAX + 100], size_t count, cJSON **json,
			     struct err *err)
{
	enum status status = STATUS_NOT_FOUND;

	for (size_t i = 0; i < count && status == STATUS_NOT_FOUND; i++) {
		status = get_json(discovery, addresses[i], json, err);
		if (status != STATUS_OK)
			err_prefix(err, "%s", addresses[i]);
	}
	return status;
}

// "https://host/.well-known/NAME/path"
static void insert_well_known(char out[URL_MAX + 100], const char *text, const struct url *url, const char *name,
			      bool with_path)
{
	size_t len = url->path_len;

	while (len && url->path[len - 1] == '/')
		len--;
	(void)snprintf(out, URL_MAX + 100, "%.*s/.well-known/%s%.*s", (int)(url->path - text), text, name,
		       with_path ? (int)len : 0, url->path);
}

// --- the resource server

// Asks as an MCP client would, without a token, for the challenge that says where tokens come from.
static enum status ask_server(struct discovery *discovery, struct challenge *challenge, struct err *err)
{
	__attribute__((cleanup(http_response_free))) struct http_response response = HTTP_RESPONSE_INIT;
	struct http_request http = {
		.url = discovery->request->url,
		.method = HTTP_POST_MCP,
		.headers_only = true,
		.message =
			"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\","
			"\"capabilities\":{},\"clientInfo\":{\"name\":\"sk-helper\",\"version\":\"" SK_VERSION "\"}}}",
	};
	enum status status;

	memset(challenge, 0, sizeof *challenge);
	discovery->loopback_allowed = true; // the user typed this URL, so loopback is allowed
	status = discovery_send(discovery, &http, &response, err);
	discovery->loopback_allowed = response.from_loopback;
	// an API that is no MCP server may answer anything; what counts is whether it says where to go
	if (status == STATUS_OK && response.code == 401)
		(void)challenge_parse(challenge, response.wwwauth);
	return status;
}

static enum status get_resource_metadata(const struct discovery *discovery, const struct challenge *challenge, cJSON **json,
					 struct err *err)
{
	char addresses[2][URL_MAX + 100];
	const char *text = discovery->request->url;
	struct url url, named;
	enum status status = url_parse(&url, text, err);
	size_t count = 0;

	if (status != STATUS_OK)
		return status;
	if (*challenge->resource_metadata) {
		status = check_named_url(&named, challenge->resource_metadata, text, "resource_metadata", err);
		if (status == STATUS_OK && !url_same_origin(&named, &url))
			status = err_set(err, STATUS_POLICY, "resource_metadata: '%.*s' is another server's",
					 url_shown(challenge->resource_metadata), challenge->resource_metadata);
		(void)snprintf(addresses[count++], sizeof addresses[0], "%s", challenge->resource_metadata);
	} else {
		if (url.path_len > 1)
			insert_well_known(addresses[count++], text, &url, "oauth-protected-resource", true);
		insert_well_known(addresses[count++], text, &url, "oauth-protected-resource", false);
	}
	return status == STATUS_OK ? get_first(discovery, addresses, count, json, err) : status;
}

// A list of what may be in a scope, as words.
static void join_words(const cJSON *list, char *words, size_t size)
{
	const cJSON *item;
	size_t used = 0;

	words[0] = '\0';
	cJSON_ArrayForEach(item, list)
	{
		const char *word = cJSON_GetStringValue(item);
		int len;

		if (!word || !text_is_scope(word) || strchr(word, ' '))
			continue;
		len = snprintf(words + used, size - used, "%s%s", used ? " " : "", word);
		if (len < 0 || (size_t)len >= size - used) {
			words[0] = '\0'; // all of them or none: the server's own default
			return;
		}
		used += (size_t)len;
	}
}

// Which of the authorization servers that the resource server names: the one that was asked for, or the only one.
static enum status choose_issuer(struct discovery *discovery, const cJSON *list, struct err *err)
{
	const char *wanted = discovery->request->issuer, *only = NULL;
	char names[400] = "";
	const cJSON *item;
	int count = 0;

	cJSON_ArrayForEach(item, list)
	{
		const char *issuer = cJSON_GetStringValue(item);

		if (!issuer || !text_is_graphic(issuer) || strlen(issuer) > URL_MAX)
			continue;
		if (wanted && !strcmp(issuer, wanted)) {
			(void)snprintf(discovery->issuer, sizeof discovery->issuer, "%s", issuer);
			return STATUS_OK;
		}
		only = count++ ? NULL : issuer;
		if (count > ISSUERS_SHOWN)
			continue;
		(void)snprintf(names + strlen(names), sizeof names - strlen(names), "%s%.*s", *names ? ", " : "",
			       url_shown(issuer), issuer);
	}
	if (count == 0)
		return err_set(err, STATUS_POLICY, "its metadata names no authorization server");
	if (wanted)
		return err_set(err, STATUS_POLICY, "it names %s as its authorization server, not '%s'", names, wanted);
	if (!only)
		return err_set(err, STATUS_USAGE, "it names several authorization servers: choose one with --issuer: %s",
			       names);
	(void)snprintf(discovery->issuer, sizeof discovery->issuer, "%s", only);
	return STATUS_OK;
}

// Its name helps where only the path was mistyped; one of another origin is not shown, which a hostile server could choose.
static enum status refuse_resource(const char *resource, const char *asked, struct err *err)
{
	struct url named, url;

	if (resource && url_parse(&named, resource, NULL) == STATUS_OK && url_parse(&url, asked, NULL) == STATUS_OK &&
	    url_same_origin(&named, &url))
		return err_set(err, STATUS_POLICY,
			       "its metadata is for another resource, '%.*s': is that the URL that you mean?",
			       url_shown(resource), resource);
	return err_set(err, STATUS_POLICY, "its metadata is for another resource");
}

// RFC 9728 section 3.3 wants the resource to be the URL itself; servers name a parent of it, as the MCP SDKs allow.
static enum status read_resource_metadata(struct discovery *discovery, const cJSON *json, struct err *err)
{
	const char *resource = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "resource"));
	const char *text = discovery->request->url;
	struct url url, covered;
	enum status status;

	if (!resource || url_parse(&url, resource, NULL) != STATUS_OK || url_parse(&covered, text, NULL) != STATUS_OK ||
	    !url_covers(&url, &covered))
		return refuse_resource(resource, text, err);
	// verbatim: authorization servers compare it to the letter
	(void)snprintf(discovery->resource, sizeof discovery->resource, "%s", resource);
	if (!*discovery->scope)
		join_words(cJSON_GetObjectItemCaseSensitive(json, "scopes_supported"), discovery->scope,
			   sizeof discovery->scope);
	status = choose_issuer(discovery, cJSON_GetObjectItemCaseSensitive(json, "authorization_servers"), err);
	return status == STATUS_OK ? check_named_url(&url, discovery->issuer, text, "authorization server", err) : status;
}

static enum status find_issuer(struct discovery *discovery, struct err *err)
{
	struct challenge challenge;
	cJSON *json = NULL;
	enum status status = ask_server(discovery, &challenge, err);

	if (status == STATUS_OK) {
		memcpy(discovery->scope, challenge.scope, sizeof discovery->scope);
		status = get_resource_metadata(discovery, &challenge, &json, err);
	}
	if (status == STATUS_OK)
		status = read_resource_metadata(discovery, json, err);
	cJSON_Delete(json);
	if (status == STATUS_NOT_FOUND && discovery->request->issuer) {
		// it says nothing of itself, and the user says where to go
		(void)snprintf(discovery->issuer, sizeof discovery->issuer, "%s", discovery->request->issuer);
		return STATUS_OK;
	}
	if (status == STATUS_NOT_FOUND)
		return err_set(
			err, status,
			"the server does not say which authorization server it accepts: name that with --token-endpoint or --issuer");
	return status;
}

// --- the authorization server

static enum status get_issuer_metadata(const struct discovery *discovery, cJSON **json, struct err *err)
{
	char addresses[4][URL_MAX + 100];
	const char *issuer = discovery->issuer;
	struct url url;
	enum status status = url_parse(&url, issuer, err);
	size_t count = 0, len;

	if (status != STATUS_OK)
		return status;
	if (url.has_query)
		return err_set(err, STATUS_POLICY, "an issuer has no query");
	insert_well_known(addresses[count++], issuer, &url, "oauth-authorization-server", true);
	insert_well_known(addresses[count++], issuer, &url, "openid-configuration", true);
	if (url.path_len > 1) {
		len = strlen(issuer);
		while (len && issuer[len - 1] == '/')
			len--;
		(void)snprintf(addresses[count++], sizeof addresses[0], "%.*s/.well-known/openid-configuration", (int)len,
			       issuer);
		// not in the specification: how Scalekit's resources have it, too
		(void)snprintf(addresses[count++], sizeof addresses[0], "%.*s/.well-known/oauth-authorization-server", (int)len,
			       issuer);
	}
	status = get_first(discovery, addresses, count, json, err);
	if (status == STATUS_NOT_FOUND)
		return err_set(
			err, status,
			"'%.*s' has no metadata at its %zu well-known URLs, the last one '%.300s': check the issuer, or name "
			"--token-endpoint",
			url_shown(issuer), issuer, count, count ? addresses[count - 1] : "");
	return status;
}

// RFC 8414 section 3.3: the issuer in the metadata must be the one that was asked, or the metadata is another server's.
// A slash at the end may be missing, because many servers leave it out.
static bool is_same_issuer(const char *named, const char *issuer)
{
	size_t len = strlen(issuer);

	return named && (!strcmp(named, issuer) ||
			 (len && issuer[len - 1] == '/' && strlen(named) == len - 1 && !strncmp(named, issuer, len - 1)));
}

static void put_words(const cJSON *json, const char *name, const char *as, struct buf *answer)
{
	char words[1200];

	join_words(cJSON_GetObjectItemCaseSensitive(json, name), words, sizeof words);
	wire_put(answer, as, words);
}

// A place where a credential would go: what is not fit for that is as good as not there.
static enum status discovery_put_endpoint(const struct discovery *discovery, const cJSON *json, const char *name,
					  const char *as, struct buf *answer, struct err *err)
{
	const char *endpoint = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
	struct url url;
	enum status status = endpoint ? check_named_url(&url, endpoint, discovery->issuer, name, err) : STATUS_NOT_FOUND;

	if (status == STATUS_OK)
		wire_put(answer, as, endpoint);
	return status;
}

static enum status discovery_put_endpoints(const struct discovery *discovery, const cJSON *json, struct buf *answer,
					   struct err *err)
{
	const cJSON *aliases = cJSON_GetObjectItemCaseSensitive(json, "mtls_endpoint_aliases");

	// not everybody needs these
	(void)discovery_put_endpoint(discovery, json, "revocation_endpoint", "revocation_endpoint", answer, NULL);
	(void)discovery_put_endpoint(discovery, aliases, "token_endpoint", "mtls_token_endpoint", answer, NULL);
	(void)discovery_put_endpoint(discovery, aliases, "revocation_endpoint", "mtls_revocation_endpoint", answer, NULL);
	return discovery_put_endpoint(discovery, json, "token_endpoint", "token_endpoint", answer, err);
}

static enum status read_issuer_metadata(const struct discovery *discovery, const cJSON *json, struct buf *answer,
					struct err *err)
{
	const char *issuer = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "issuer"));

	if (!is_same_issuer(issuer, discovery->issuer))
		return err_set(err, STATUS_POLICY, "the metadata of '%.*s' is of another issuer", url_shown(discovery->issuer),
			       discovery->issuer);
	if (!cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "token_endpoint")))
		return err_set(err, STATUS_POLICY, "the metadata of '%.*s' has no token_endpoint", url_shown(discovery->issuer),
			       discovery->issuer);
	wire_put(answer, "status", "ok");
	wire_put(answer, "issuer", issuer);
	wire_put(answer, "resource", discovery->resource);
	wire_put(answer, "scope", discovery->scope);
	put_words(json, "token_endpoint_auth_methods_supported", "auth_methods", answer);
	put_words(json, "token_endpoint_auth_signing_alg_values_supported", "signing_algs", answer);
	put_words(json, "grant_types_supported", "grant_types", answer);
	return discovery_put_endpoints(discovery, json, answer, err);
}

enum status discovery_run(const struct oauth_request *request, struct buf *answer, struct oauth_failure *failure,
			  struct err *err)
{
	struct discovery discovery = { .request = request, .loopback_allowed = true };
	cJSON *json = NULL;
	int64_t timeout = 0;
	enum status status = STATUS_OK;

	(void)failure;
	if ((!request->url && !request->issuer) || !text_to_number(request->timeout_ms, 1, 60000, &timeout))
		return err_set(err, STATUS_INTERNAL, "sk-oauth: its request is incomplete");
	discovery.end = clock_now().boot + timeout;
	if (request->url)
		status = find_issuer(&discovery, err);
	else
		(void)snprintf(discovery.issuer, sizeof discovery.issuer, "%s", request->issuer);
	if (status != STATUS_OK) {
		err_prefix(err, "%.*s", url_shown(request->url), request->url);
		return status;
	}
	status = get_issuer_metadata(&discovery, &json, err);
	if (status == STATUS_OK)
		status = read_issuer_metadata(&discovery, json, answer, err);
	cJSON_Delete(json);
	if (status != STATUS_OK)
		err_prefix(err, "authorization server");
	return status;
}
